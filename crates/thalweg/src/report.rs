//! The report of a result, as text and as HTML.

mod html;
mod sparkline;

use crate::convergence::ConvergenceReport;
use crate::multistart::MultistartInfo;
use crate::result::{Direction, OptimizeResult};

pub use html::HtmlReport;

const FOOTNOTE: &str = "(***: change <= 1e-10, **: change <= 1e-8, *: change <= 1e-5. Change refers to a change between \
                        accepted steps. The first column only considers the last step. The second column considers the \
                        last five steps.)";

/// The columns of the table.
const COLUMNS: [&str; 2] = ["one_step", "five_steps"];

/// The report, in sections separated by blank lines.
pub(crate) fn report<P>(result: &OptimizeResult<P>) -> String {
    let mut sections = sentences(result);
    if let Some(report) = result.convergence_report() {
        sections.push(introduction(&result.algorithm));
        sections.push(text_table(&rows(&report)));
        sections.push(FOOTNOTE.to_string());
    }
    sections.join("\n\n")
}

/// The report as a piece of HTML with the table and a plot of the history.
pub(crate) fn html<P>(result: &OptimizeResult<P>) -> String {
    let report = result.convergence_report();
    HtmlReport {
        sentences: sentences(result),
        introduction: introduction(&result.algorithm),
        columns: COLUMNS.map(str::to_string).to_vec(),
        rows: report.as_ref().map(rows).unwrap_or_default(),
        footnote: FOOTNOTE.to_string(),
        values: result.history.as_ref().map_or(&[], |history| history.values()),
        maximize: result.direction == Direction::Maximize,
    }
    .to_string()
}

/// What happened, a sentence for each section.
fn sentences<P>(result: &OptimizeResult<P>) -> Vec<String> {
    let mut sentences = vec![headline(result)];
    let better = match result.direction {
        Direction::Minimize => result.fun < result.start_fun,
        Direction::Maximize => result.fun > result.start_fun,
    };
    let verb = if better { "improved" } else { "changed" };
    sentences.push(format!(
        "The value of criterion {verb} from {} to {}.",
        python_float(result.start_fun),
        python_float(result.fun)
    ));
    if let Some(info) = &result.multistart {
        sentences.push(multistart(info));
    }
    if !result.message.is_empty() {
        sentences.push(format!("The {} algorithm reported: {}", result.algorithm, result.message));
    }
    sentences
}

fn introduction(algorithm: &str) -> String {
    format!(
        "Independent of the convergence criteria used by {algorithm}, the strength of convergence can be assessed by \
         the following criteria:"
    )
}

/// The rows of the table: a name and two changes with their stars.
fn rows(report: &ConvergenceReport) -> Vec<(String, Vec<String>)> {
    let rows = report.one_step.rows().into_iter().zip(report.five_steps.rows());
    let cell = |change: f64| format!("{}{}", significant(change), stars(change));
    rows.map(|((name, last), (_, window))| (name.to_string(), vec![cell(last), cell(window)]))
        .collect()
}

/// What a search from many starts did.
fn multistart<P>(info: &MultistartInfo<P>) -> String {
    let failed = match info.failures.len() {
        0 => String::new(),
        failed => format!(", {failed} more failed"),
    };
    format!(
        "Multistart explored {} points and made {} local optimizations{failed}; the best optimum was found {} times.",
        info.n_exploration_evals,
        info.n_optimizations(),
        info.n_discoveries
    )
}

fn headline<P>(result: &OptimizeResult<P>) -> String {
    let verb = match result.direction {
        Direction::Minimize => "Minimize",
        Direction::Maximize => "Maximize",
    };
    let adverb = if result.success { "successfully" } else { "unsuccessfully" };
    let mut counts = vec![format!("{} criterion evaluations", result.n_fun_evals)];
    if result.n_jac_evals > 0 {
        counts.push(format!("{} derivative evaluations", result.n_jac_evals));
    }
    counts.push(format!("{} iterations", result.n_iterations));
    let last = counts.pop().unwrap_or_default();
    format!(
        "{verb} with {} free parameters terminated {adverb} after {} and {last}.",
        result.n_free,
        counts.join(", ")
    )
}

fn text_table(rows: &[(String, Vec<String>)]) -> String {
    let cells =
        |i: usize| rows.iter().map(|(_, cells)| format!(" {}", cells[i])).collect::<Vec<_>>();
    let (one, five) = (column(COLUMNS[0], &cells(0)), column(COLUMNS[1], &cells(1)));
    let names = std::iter::once("").chain(rows.iter().map(|(name, _)| name.as_str()));
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let lines = names.zip(one.iter().zip(&five));
    let lines: Vec<String> =
        lines.map(|(name, (one, five))| format!("{name:width$} {one} {five}")).collect();
    lines.join("\n")
}

/// A column as data frames are printed: cells aligned to the right, then header and cells centred.
fn column(header: &str, cells: &[String]) -> Vec<String> {
    let width = cells.iter().map(String::len).max().unwrap_or(0);
    let total = width.max(header.len());
    let cells = cells.iter().map(|cell| centre(&format!("{cell:>width$}"), total));
    std::iter::once(centre(header, total)).chain(cells).collect()
}

/// Centred as Python's `str.center` does it: an odd space goes to the left when the width is odd, too.
fn centre(text: &str, width: usize) -> String {
    let space = width - text.len();
    let left = space / 2 + (space & width & 1);
    format!("{}{text}{}", " ".repeat(left), " ".repeat(space - left))
}

fn stars(value: f64) -> &'static str {
    match value {
        v if v <= 1e-10 => "***",
        v if v <= 1e-8 => "** ",
        v if v <= 1e-5 => "*  ",
        _ => "   ",
    }
}

/// A number with four significant digits, as C's `%.4g` writes it.
pub(crate) fn significant(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return if value == 0.0 { "0".into() } else { format!("{value}") };
    }
    let scientific = format!("{value:.3e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let trim = |digits: &str| {
        if digits.contains('.') {
            digits.trim_end_matches('0').trim_end_matches('.').to_string()
        } else {
            digits.to_string()
        }
    };
    if (-4..4).contains(&exponent) {
        trim(&format!("{value:.*}", (3 - exponent) as usize))
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{}e{sign}{:02}", trim(mantissa), exponent.abs())
    }
}

/// A number as Python prints it.
pub(crate) fn python_float(value: f64) -> String {
    let text = format!("{value:?}");
    match text.split_once('e') {
        Some((mantissa, exponent)) => {
            let mantissa = mantissa.strip_suffix(".0").unwrap_or(mantissa);
            let (sign, digits) = match exponent.strip_prefix('-') {
                Some(digits) => ('-', digits),
                None => ('+', exponent),
            };
            format!("{mantissa}e{sign}{digits:0>2}")
        }
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_in_c_and_python() {
        assert_eq!(significant(1.9678e-15), "1.968e-15");
        assert_eq!(significant(0.000123456), "0.0001235");
        assert_eq!(significant(1234.56), "1235");
        assert_eq!(significant(12345.6), "1.235e+04");
        assert_eq!(significant(0.1), "0.1");
        assert_eq!(python_float(30.0), "30.0");
        assert_eq!(python_float(1.6760003634613059e-16), "1.6760003634613059e-16");
        assert_eq!(python_float(1e22), "1e+22");
    }
}
