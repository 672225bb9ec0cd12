//! Progress for Python's displays.

use pyo3::prelude::*;
use thalweg::core::Sink;
use thalweg::{Direction, FlatResult, Limits, Multistart, OptimizeError, Pace, Progress};

use crate::interrupt::{Flag, is_ctrl_c};

/// How far a run is: what displays of progress are called with. Its text is one line.
///
/// `best_fun` is None before the first value, `share` None where no limit was set, `n_local_runs` None but in a search from
/// many starts, `message` None until the run has ended.
#[pyclass(frozen, get_all, module = "thalweg._thalweg")]
pub(crate) struct ProgressReport {
    n_fun_evals: u64,
    n_iterations: u64,
    best_fun: Option<f64>,
    seconds: f64,
    share: Option<f64>,
    exploring: bool,
    n_local_runs: Option<u64>,
    message: Option<String>,
    line: String,
}

#[pymethods]
impl ProgressReport {
    fn __str__(&self) -> &str {
        &self.line
    }

    fn __repr__(&self) -> String {
        format!("<ProgressReport: {}>", self.line)
    }
}

impl ProgressReport {
    fn new(report: &thalweg::ProgressReport) -> Self {
        ProgressReport {
            n_fun_evals: report.n_evaluations,
            n_iterations: report.n_iterations,
            best_fun: Some(report.best).filter(|best| !best.is_nan()),
            seconds: report.seconds,
            share: report.share,
            exploring: report.exploring,
            n_local_runs: report.local_runs,
            message: report.end.clone(),
            line: report.to_string(),
        }
    }
}

/// A display of Python as a sink; without a display there is none.
pub(crate) struct Shown<'a>(Option<Progress<'a>>);

impl<'a> Shown<'a> {
    /// `display` is called with reports; it draws over what it showed before, or writes lines.
    pub(crate) fn new(
        display: Option<(Py<PyAny>, bool)>,
        direction: Direction,
        limits: Limits,
        flag: Flag,
    ) -> Self {
        Shown(display.map(|(display, draws_over)| {
            let pace = if draws_over { Pace::Steady } else { Pace::Growing };
            Progress::new(direction, limits, pace, move |report| show(&display, report, &flag))
        }))
    }

    /// What is known of the run only where it begins.
    pub(crate) fn of_run(self, constrained: bool, search: Option<&Multistart>) -> Self {
        let most = search.and_then(|search| search.options().stopping_maxopt);
        Shown(self.0.map(|progress| {
            progress.constrained(constrained).searching(search.is_some()).at_most(most)
        }))
    }

    pub(crate) fn sink(&mut self) -> Option<&mut dyn Sink> {
        self.0.as_mut().map(|progress| progress as &mut dyn Sink)
    }

    pub(crate) fn end(&mut self, ended: &Result<FlatResult, OptimizeError>) {
        if let Some(progress) = &mut self.0 {
            progress.end(ended);
        }
    }
}

/// Displays keep their troubles to themselves. What gets here is Ctrl-C, of which the handler has taken note, or an exit.
fn show(display: &Py<PyAny>, report: &thalweg::ProgressReport, flag: &Flag) {
    Python::attach(|py| {
        let report = Py::new(py, ProgressReport::new(report));
        let shown = report.and_then(|report| display.bind(py).call1((report,)).map(drop));
        if let Err(error) = shown
            && !is_ctrl_c(py, &error, flag)
        {
            flag.store(true, std::sync::atomic::Ordering::Relaxed);
        }
    });
}
