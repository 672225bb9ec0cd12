//! Numerical derivatives for Python: which points to evaluate, and what follows from the values.

use std::sync::{Mutex, MutexGuard};

use numpy::{PyArray1, PyArray2, PyArrayMethods, PyUntypedArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use thalweg::diff::{
    Bounds, Candidate, DiffError, DiffOptions, FirstPlan as First, Plan, Report,
    SecondPlan as Second,
};

use crate::errors::{Kind, error};
use crate::numeric::{new_array, shape_text, to_f64_array, to_vec, vector};
use crate::options::{numerical_derivatives, value_error};

/// A plan between its steps.
struct State<P> {
    plan: P,
    report: Report,
}

fn lock<P>(state: &Mutex<State<P>>) -> MutexGuard<'_, State<P>> {
    state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Make a plan from what Python gives.
fn plan<P: Plan>(
    x: &Bound<'_, PyAny>,
    lower: Option<&Bound<'_, PyAny>>,
    upper: Option<&Bound<'_, PyAny>>,
    options: DiffOptions,
    names: Option<Vec<String>>,
    make: impl FnOnce(usize, Bounds<'_>, &DiffOptions) -> Result<P, DiffError>,
    update: impl FnOnce(&mut P, &[f64]) -> Result<(), DiffError>,
) -> PyResult<Mutex<State<P>>> {
    let py = x.py();
    let x = to_vec(x)?;
    let side = |side: Option<&Bound<'_, PyAny>>, none: f64| -> PyResult<Option<Vec<f64>>> {
        let Some(side) = side else { return Ok(None) };
        let mut side = to_vec(side)?;
        side.iter_mut().filter(|bound| bound.is_nan()).for_each(|bound| *bound = none);
        Ok(Some(side))
    };
    let (lower, upper) = (side(lower, f64::NEG_INFINITY)?, side(upper, f64::INFINITY)?);
    let bounds = Bounds { lower: lower.as_deref(), upper: upper.as_deref() };
    let wrong = |error: DiffError| specification_error(py, &error, names.as_deref());
    let mut plan = make(x.len(), bounds, &options).map_err(wrong)?;
    update(&mut plan, &x).map_err(wrong)?;
    Ok(Mutex::new(State { plan, report: Report::default() }))
}

/// The exception for a derivative that cannot be planned, with the names of parameters where they are known.
fn specification_error(py: Python<'_>, wrong: &DiffError, names: Option<&[String]>) -> PyErr {
    let kind = match wrong {
        DiffError::CrossedBounds { .. } => Kind::Bounds,
        DiffError::OutsideBounds { .. } | DiffError::NotFinite { .. } => Kind::Params,
        _ => Kind::NumdiffOptions,
    };
    let name = |j: usize| names.and_then(|names| names.get(j).cloned()).unwrap_or(j.to_string());
    error(py, kind, wrong.with_names(name))
}

fn points<'py, P: Plan>(
    py: Python<'py>,
    state: &Mutex<State<P>>,
) -> PyResult<Bound<'py, PyArray2<f64>>> {
    let state = lock(state);
    let (points, shape) = (state.plan.to_points(), [state.plan.n_points(), state.plan.n_params()]);
    drop(state);
    PyArray1::from_vec(py, points).reshape(shape)
}

type CandidateRow = (String, usize, usize, usize, f64, f64);

/// What extrapolation chose from, as rows of (method, terms, parameter, output, value, error).
fn candidates(
    state: &Mutex<State<First>>,
    f0: Option<&Bound<'_, PyAny>>,
    evals: &Bound<'_, PyAny>,
) -> PyResult<Vec<CandidateRow>> {
    let evals = to_f64_array(evals)?;
    let m = evals.shape().last().copied().unwrap_or(0);
    let (data, f0) = (evals.to_vec()?, f0.map(to_vec).transpose()?);
    let found = lock(state).plan.candidates(f0.as_deref(), &data, m).map_err(value_error)?;
    let row =
        |c: Candidate| (c.method.to_string(), c.terms, c.parameter, c.output, c.value, c.error);
    Ok(found.into_iter().map(row).collect())
}

/// The derivative from f0 (m,) and evals (k, m); its shape is (m, n) or (m, n, n).
fn finish<'py, P: Plan>(
    state: &Mutex<State<P>>,
    f0: Option<&Bound<'py, PyAny>>,
    evals: &Bound<'py, PyAny>,
    order: u32,
) -> PyResult<Bound<'py, PyAny>> {
    let evals = to_f64_array(evals)?;
    let &[rows, m] = evals.shape() else {
        let text =
            format!("evals has shape {}, but needs two dimensions", shape_text(evals.shape()));
        return Err(PyValueError::new_err(text));
    };
    let (data, f0) = (evals.to_vec()?, f0.map(to_vec).transpose()?);
    let mut state = lock(state); // from here on no Python code runs
    if rows != state.plan.n_points() {
        let text = format!("evals has {rows} rows, but there are {} points", state.plan.n_points());
        return Err(PyValueError::new_err(text));
    }
    let mut out = vec![0.0; state.plan.derivative_len(m)];
    state.report = state.plan.finish(f0.as_deref(), &data, m, &mut out).map_err(value_error)?;
    let n = state.plan.n_params();
    let shape = if order == 1 { vec![m, n] } else { vec![m, n, n] };
    drop(state);
    Ok(new_array(evals.py(), &out, &shape))
}

fn extend<'py, P: Plan>(
    py: Python<'py>,
    state: &Mutex<State<P>>,
) -> PyResult<Bound<'py, PyArray2<f64>>> {
    let mut state = lock(state);
    let added = state.plan.extend();
    let (k, n) = (added.len(), state.plan.n_params());
    let mut points = vec![0.0; k * n];
    for (i, row) in added.zip(points.chunks_exact_mut(n.max(1))) {
        state.plan.write_point(i, row);
    }
    drop(state);
    PyArray1::from_vec(py, points).reshape([k, n])
}

macro_rules! plan_class {
    ($(#[$doc:meta])* $name:ident, $plan:ty, $order:expr, $defaults:expr, { $($extra:tt)* }) => {
        $(#[$doc])*
        #[pyclass(frozen, module = "thalweg._thalweg")]
        pub(crate) struct $name {
            state: Mutex<State<$plan>>,
        }

        #[pymethods]
        impl $name {
            #[new]
            #[pyo3(signature = (x, lower=None, upper=None, options=None, names=None))]
            fn new(
                x: &Bound<'_, PyAny>,
                lower: Option<&Bound<'_, PyAny>>,
                upper: Option<&Bound<'_, PyAny>>,
                options: Option<&Bound<'_, PyDict>>,
                names: Option<Vec<String>>,
            ) -> PyResult<Self> {
                let options = numerical_derivatives(options, $defaults)?.options;
                let state = plan(x, lower, upper, options, names, <$plan>::new, <$plan>::update)?;
                Ok($name { state })
            }

            /// The points to evaluate, shape (k, n); x itself is not among them.
            #[getter]
            fn points<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f64>>> {
                points(py, &self.state)
            }

            /// Whether the values at x are needed.
            #[getter]
            fn needs_f0(&self) -> bool {
                lock(&self.state).plan.needs_f0()
            }

            /// Parameters without room between their bounds; their entries are 0.
            #[getter]
            fn fixed(&self) -> Vec<usize> {
                lock(&self.state).plan.fixed().to_vec()
            }

            /// The derivative from the values f0 (m,) at x and evals (k, m) at the points; NaN marks a failed evaluation.
            #[pyo3(signature = (f0, evals))]
            fn finish<'py>(
                &self,
                f0: Option<&Bound<'py, PyAny>>,
                evals: &Bound<'py, PyAny>,
            ) -> PyResult<Bound<'py, PyAny>> {
                finish(&self.state, f0, evals, $order)
            }

            /// Parameters with an entry that could not be computed.
            #[getter]
            fn failed(&self) -> Vec<usize> {
                lock(&self.state).report.failed.clone()
            }

            /// Parameters with an entry that was computed by another formula, because an evaluation failed.
            #[getter]
            fn repaired(&self) -> Vec<usize> {
                lock(&self.state).report.repaired.clone()
            }

            /// Further points, shape (k2, n), that may replace what failed; their values go below the former ones.
            fn extend<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f64>>> {
                extend(py, &self.state)
            }

            $($extra)*
        }
    };
}

plan_class!(
    /// First derivatives at one point.
    FirstPlan, First, 1, DiffOptions::for_jacobian(), {
        /// Error estimates (m, n) of an extrapolated derivative; None without extrapolation.
        #[getter]
        fn errors<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyArray2<f64>>>> {
            let state = lock(&self.state);
            let n = state.plan.n_params().max(1);
            let errors = state.plan.errors().map(<[f64]>::to_vec);
            drop(state);
            errors.map(|errors| vector(py, &errors).reshape([errors.len() / n, n])).transpose()
        }

        /// All limits of an extrapolated derivative, as tuples (method, terms, parameter, output, value, error).
        #[pyo3(signature = (f0, evals))]
        fn candidates(
            &self,
            f0: Option<&Bound<'_, PyAny>>,
            evals: &Bound<'_, PyAny>,
        ) -> PyResult<Vec<CandidateRow>> {
            candidates(&self.state, f0, evals)
        }
    }
);

plan_class!(
    /// Second derivatives at one point.
    SecondPlan, Second, 2, DiffOptions::new(thalweg::diff::Method::CentralCross), {
        /// Always None: second derivatives are not extrapolated.
        #[getter]
        fn errors(&self) -> Option<Py<PyAny>> {
            None
        }
    }
);
