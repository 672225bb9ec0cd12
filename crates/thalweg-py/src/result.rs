//! The result of a run for Python.

use numpy::PyArray1;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;
use thalweg::core::Extra;
use thalweg::{Extras, FlatResult, Status};

use crate::algorithm::{OWN_TEST, Reported};
use crate::history::HistoryData;
use crate::multistart::RawMultistart;
use crate::numeric::vector;
use crate::options::extra_to_python;
use crate::space::{Plan, plan_for_python};
use crate::tree::Tree;

/// What a run found. The package makes its `OptimizeResult` from it.
#[pyclass(frozen, get_all, module = "thalweg._thalweg")]
pub(crate) struct RawResult {
    params: Py<PyAny>,
    flat_params: Py<PyArray1<f64>>,
    fun: f64,
    start_fun: f64,
    status: Py<PyAny>,
    /// None where a user-defined algorithm does not say.
    success: Option<bool>,
    message: String,
    n_fun_evals: u64,
    n_jac_evals: u64,
    n_hess_evals: u64,
    /// None where a user-defined algorithm does not say.
    n_iterations: Option<u64>,
    n_free: usize,
    jac: Option<Py<PyAny>>,
    hess: Option<Py<PyAny>>,
    hess_inv: Option<Py<PyAny>>,
    max_constraint_violation: f64,
    is_feasible: bool,
    algorithm_output: Py<PyDict>,
    history: Option<Py<HistoryData>>,
    multistart: Option<Py<RawMultistart>>,
    constraint_plan: Plan,
}

impl RawResult {
    /// The result in the user's terms; `reported` is what a user-defined algorithm said itself.
    pub(crate) fn new(
        py: Python<'_>,
        mut result: FlatResult,
        tree: &Tree,
        reported: Option<Reported>,
    ) -> PyResult<Self> {
        let extras = &mut result.extras;
        let jac = take(py, extras, &["gradient", "jacobian"])?;
        let hess = take(py, extras, &["hessian"])?;
        let hess_inv = take(py, extras, &["hessian_inverse"])?;
        let best_seen = best_seen(py, extras, tree)?;
        let algorithm_output = PyDict::new(py);
        for (name, extra) in extras.iter() {
            algorithm_output.set_item(&**name, extra_to_python(py, extra)?)?;
        }
        if let Some(best_seen) = best_seen {
            algorithm_output.set_item("best_seen", best_seen)?;
        }
        let status = status(py, result.status)?;
        let history = result.history.map(|history| Py::new(py, HistoryData::new(history)));
        let multistart = result.multistart.map(|info| RawMultistart::new(py, *info));
        let multistart = multistart.transpose()?.map(|info| Py::new(py, info));
        let mut raw = RawResult {
            params: tree.build(py, &result.params)?.unbind(),
            flat_params: vector(py, &result.params).unbind(),
            fun: result.fun,
            start_fun: result.start_fun,
            status,
            success: Some(result.success),
            message: result.message,
            n_fun_evals: result.n_fun_evals,
            n_jac_evals: result.n_jac_evals,
            n_hess_evals: result.n_hess_evals,
            n_iterations: Some(result.n_iterations),
            n_free: result.n_free,
            jac,
            hess,
            hess_inv,
            max_constraint_violation: result.max_constraint_violation,
            is_feasible: result.is_feasible,
            algorithm_output: algorithm_output.unbind(),
            history: history.transpose()?,
            multistart: multistart.transpose()?,
            constraint_plan: plan_for_python(&result.constraint_plan),
        };
        if let Some(reported) = reported {
            raw.adopt(py, reported)?;
        }
        Ok(raw)
    }

    /// Take over what a user-defined algorithm reports and nobody else can know.
    fn adopt(&mut self, py: Python<'_>, reported: Reported) -> PyResult<()> {
        if reported.success.is_none() && self.success == Some(true) {
            (self.success, self.status) = (None, py.None());
            self.message.clear();
        }
        let refused = self.success == Some(false) && reported.success != Some(false);
        match reported.message {
            // Why it is no success has to be said, whatever the algorithm says.
            Some(message) if refused => {
                let own = format!("converged: {OWN_TEST}");
                let said = format!("the algorithm reported: {message}");
                self.message = self.message.replace(&own, &said);
            }
            Some(message) => self.message = message,
            None => {}
        }
        if let Some(status) = reported.status {
            self.status = status;
        }
        self.n_iterations = reported.n_iterations;
        self.n_hess_evals = reported.n_hess_evals.unwrap_or(self.n_hess_evals);
        for (name, derivative) in reported.opaque {
            self.algorithm_output.bind(py).set_item(format!("internal_{name}"), derivative)?;
        }
        if let Some(info) = reported.info {
            self.algorithm_output.bind(py).update(info.bind(py).as_mapping())?;
        }
        Ok(())
    }
}

/// The better point of the run that is not the result, as parameters and value.
fn best_seen<'py>(
    py: Python<'py>,
    extras: &mut Extras,
    tree: &Tree,
) -> PyResult<Option<Bound<'py, PyDict>>> {
    let (Some(Extra::Vector(params)), Some(Extra::Number(fun))) =
        (extras.remove("best_seen"), extras.remove("best_seen_fun"))
    else {
        return Ok(None);
    };
    let best_seen = PyDict::new(py);
    best_seen.set_item("params", tree.build(py, &params)?)?;
    best_seen.set_item("fun", fun)?;
    Ok(Some(best_seen))
}

/// The status as the package's `Status`, made once for each.
fn status(py: Python<'_>, status: Status) -> PyResult<Py<PyAny>> {
    static STATUSES: PyOnceLock<Vec<Py<PyAny>>> = PyOnceLock::new();
    let make = || -> PyResult<Vec<Py<PyAny>>> {
        let class = py.import("thalweg._status")?.getattr("Status")?;
        let words = Status::WORDS.iter().enumerate();
        words.map(|(number, word)| class.call1((number, word)).map(Bound::unbind)).collect()
    };
    Ok(STATUSES.get_or_try_init(py, make)?[status as usize].clone_ref(py))
}

/// Take the first of these outputs out of the others.
fn take(py: Python<'_>, extras: &mut Extras, names: &[&str]) -> PyResult<Option<Py<PyAny>>> {
    let found = names.iter().find_map(|&name| extras.remove(name));
    found.map(|extra| extra_to_python(py, &extra).map(Bound::unbind)).transpose()
}
