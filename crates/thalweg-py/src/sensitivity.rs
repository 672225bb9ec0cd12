//! The sensitivity of an objective to its parameters, for Python.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use thalweg::core::SolverKind;
use thalweg::{OptimizeError, Sensitivity, SensitivityOf, sensitivity as measure};

use crate::interrupt::{Flag, Guard};
use crate::objective::{Functions, Objective};
use crate::outcome::outcome_error;
use crate::solve::{Arguments, check_start, guarded};
use crate::space::Space;

/// A row per free parameter, `(name, value, derivative, scale, effect, ratio, verdict)`, and the whole as a table.
type Rows = Vec<(String, f64, f64, f64, f64, f64, &'static str)>;

/// How sensitive `objective` is to each free parameter at the start. Arguments as in `solve`.
#[pyfunction]
#[pyo3(signature = (objective, *, lower=None, upper=None, space=None, scaling=None, soft_lower=None, soft_upper=None,
    numdiff=None))]
#[allow(clippy::too_many_arguments)] // keyword arguments of Python
pub(crate) fn sensitivity(
    objective: &Bound<'_, Objective>,
    lower: Option<&Bound<'_, PyAny>>,
    upper: Option<&Bound<'_, PyAny>>,
    space: Option<&Bound<'_, Space>>,
    scaling: Option<(String, f64, f64)>,
    soft_lower: Option<&Bound<'_, PyAny>>,
    soft_upper: Option<&Bound<'_, PyAny>>,
    numdiff: Option<&Bound<'_, PyDict>>,
) -> PyResult<(Rows, String)> {
    let py = objective.py();
    let algorithm = PyString::new(py, "neldermead"); // none runs
    let arguments = Arguments {
        algorithm: algorithm.as_any(),
        options: None,
        maximize: false,
        lower,
        upper,
        space,
        scaling,
        soft: (soft_lower, soft_upper),
        numdiff,
        error_handling: "raise",
        penalty: None,
    };
    let (bounds, (constraints, build_options)) = (arguments.bounds()?, arguments.constraints());
    let (scaling, soft_bounds) = (arguments.scaling()?, arguments.soft_bounds()?);
    let how = arguments.numerical_derivatives()?;
    let flag = Flag::default();
    let mut functions = objective.get().take()?;
    let guard = Guard::install(py, &flag);
    functions.prepare(SolverKind::Scalar, Arc::clone(&flag), None, true);
    let tree = functions.tree().clone_ref(py);
    let work = |functions: &mut Functions| -> Result<Sensitivity, OptimizeError> {
        let tree = tree.get();
        check_start(tree)?;
        let names = |position: usize| Python::attach(|py| tree.name(py, position));
        let of = SensitivityOf {
            start: tree.start(),
            names: &names,
            bounds: &bounds,
            constraints: &constraints,
            space: build_options,
            scaling,
            soft_bounds: &soft_bounds,
            numerical_derivatives: &how,
        };
        measure(functions, &of)
    };
    let ended = if functions.kind_is_open() { functions.evaluate_start(py).err() } else { None };
    let measured = match ended {
        Some(failed) => Ok(Err(OptimizeError::Start(failed))),
        None => guarded(py, || work(&mut functions)),
    };
    objective.get().put_back(functions);
    guard.restore(py)?;
    let found = measured?.map_err(|wrong| outcome_error(py, wrong, tree.get()))?;
    let text = found.to_string();
    let row = |p: thalweg::ParameterSensitivity| {
        let verdict = p.verdict();
        (p.name, p.value, p.derivative, p.scale, p.effect, p.ratio, verdict)
    };
    Ok((found.parameters.into_iter().map(row).collect(), text))
}
