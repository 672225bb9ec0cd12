//! The objective at given points, for plots.

use numpy::PyArray1;
use pyo3::prelude::*;
use thalweg::core::SolverKind;
use thalweg::{Answer, Batch, Failure, Objective as _, UserErrorKind};

use crate::errors::summary;
use crate::interrupt::Flag;
use crate::numeric::{to_vec, vector};
use crate::objective::{BatchEvaluator, Cause, Cores, Functions, Objective, start_error, sum_up};

/// The objective as one number at each of `points` (k, n), in the user's sign: least squares and likelihoods are summed up. NaN
/// where it failed; what failures say is the second part. Points that are the start are not evaluated a second time.
///
/// # Errors
/// The objective failed at the start, or raised what is no ordinary exception.
#[pyfunction]
#[pyo3(signature = (objective, points, batch_evaluator=None, n_cores=1))]
pub(crate) fn objective_values<'py>(
    objective: &Bound<'py, Objective>,
    points: &Bound<'py, PyAny>,
    batch_evaluator: Option<Py<PyAny>>,
    n_cores: usize,
) -> PyResult<(Bound<'py, PyArray1<f64>>, Vec<String>)> {
    let py = objective.py();
    let points = to_vec(&points.call_method0("ravel")?)?;
    let batches = batch_evaluator.map(|callable| BatchEvaluator::new(callable, Cores::default()));
    let mut functions = objective.get().take()?;
    functions.prepare(SolverKind::Scalar, Flag::default(), batches, false);
    let evaluated = evaluate(py, &mut functions, &points, n_cores);
    objective.get().put_back(functions);
    let (values, failed) = evaluated?;
    Ok((vector(py, &values), failed))
}

fn evaluate(
    py: Python<'_>,
    functions: &mut Functions,
    points: &[f64],
    n_cores: usize,
) -> PyResult<(Vec<f64>, Vec<String>)> {
    let at_start = functions.evaluate_start(py).map_err(|failed| start_error(py, failed))?;
    let tree = functions.tree().clone_ref(py);
    let (start, kind) = (tree.get().start(), functions.kind());
    let dim = start.len().max(1);
    let others: Vec<f64> =
        points.chunks_exact(dim).filter(|point| *point != start).flatten().copied().collect();

    let (m, k) = (functions.n_outputs(), others.len() / dim);
    let (mut outputs, mut failures) = (vec![f64::NAN; k * m], Vec::new());
    if k > 0 {
        let batch =
            Batch { points: &others, dim, wants_outputs: true, n_cores, ..Batch::default() };
        let answer = Answer { outputs: &mut outputs, ..Answer::default() };
        functions.evaluate(&batch, answer, &mut failures);
    }
    let mut said = Vec::new();
    for failure in failures {
        let position = failure.index;
        said.push(text_of(failure)?);
        outputs[position * m..(position + 1) * m].fill(f64::NAN);
    }

    let start_value = one_number(kind, &at_start.outputs);
    let mut values = outputs.chunks_exact(m.max(1)).map(|outputs| one_number(kind, outputs));
    let value = |point: &[f64]| match point == start {
        true => start_value,
        false => values.next().unwrap_or(f64::NAN),
    };
    Ok((points.chunks_exact(dim).map(value).collect(), said))
}

fn one_number(kind: SolverKind, outputs: &[f64]) -> f64 {
    match kind {
        SolverKind::Scalar => outputs[0],
        kind => sum_up(kind, outputs),
    }
}

/// What an ordinary failure says; any other is raised.
fn text_of(failure: Failure) -> PyResult<String> {
    let ordinary = failure.error.kind == UserErrorKind::Ordinary;
    let cause = failure.error.cause.and_then(|cause| cause.downcast::<Cause>().ok());
    let Some(cause) = cause else { return Ok(failure.error.message) };
    let error = cause.into_error();
    if ordinary { Ok(summary(&error)) } else { Err(error) }
}
