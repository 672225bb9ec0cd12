//! Reports as HTML.

use pyo3::prelude::*;
use thalweg::HtmlReport;

use crate::history::HistoryData;

/// The report of a result as a piece of HTML. Everything that is given is text, and is escaped.
#[pyfunction]
pub(crate) fn html_report(
    sentences: Vec<String>,
    introduction: String,
    columns: Vec<String>,
    rows: Vec<(String, Vec<String>)>,
    footnote: String,
    history: Option<&HistoryData>,
    maximize: bool,
) -> String {
    let report = |values: &[f64]| {
        HtmlReport { sentences, introduction, columns, rows, footnote, values, maximize }
            .to_string()
    };
    match history {
        Some(history) => report(history.lock().values()),
        None => report(&[]),
    }
}
