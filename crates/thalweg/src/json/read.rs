//! From JSON to results, and what can be wrong with it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use thalweg_core::{Extra, Task};
use thalweg_space::{ConstraintPlan, PlannedConstraint};

use super::document::{Changes, Document, Report, Search, Table};
use super::numbers::{Number, plain};
use super::{FORMAT, JsonError, VERSION, outputs};
use crate::convergence::{self, ConvergenceReport};
use crate::history::{History, Row};
use crate::multistart::MultistartInfo;
use crate::result::{Direction, FlatResult, OptimizeResult};
use crate::status::Status;

/// What says whether the rest can be read.
#[derive(Deserialize)]
struct Head {
    format: Option<Value>,
    version: Option<Value>,
}

pub(super) fn result(text: &str) -> Result<FlatResult, JsonError> {
    let head: Head = serde_json::from_str(text).map_err(|error| not_json(&error))?;
    if head.format.as_ref().and_then(Value::as_str) != Some(FORMAT) {
        let found = head.format.map_or("is missing".to_string(), |found| format!("is {found}"));
        return Err(JsonError::new(format!(
            "This is no result of thalweg: \"format\" {found}, but has to be \"{FORMAT}\"."
        )));
    }
    match head.version.as_ref().and_then(Value::as_u64) {
        Some(1..=VERSION) => {}
        Some(version) if version > VERSION => {
            return Err(JsonError::new(format!(
                "This result has version {version} of the format, and this thalweg ({}) reads versions up to {VERSION}: \
                 use a newer one.",
                env!("CARGO_PKG_VERSION")
            )));
        }
        _ => {
            let found =
                head.version.map_or("is missing".to_string(), |found| format!("is {found}"));
            return Err(JsonError::new(format!(
                "This result is damaged: \"version\" {found}, but has to be a whole number from 1 to {VERSION}."
            )));
        }
    }
    let document: Document = serde_json::from_str(text).map_err(damaged)?;
    flat(document)
}

fn not_json(error: &serde_json::Error) -> JsonError {
    let (line, column) = (error.line(), error.column());
    JsonError::new(if error.is_eof() && line > 0 && column > 0 {
        format!(
            "This result is incomplete: the text ends in the middle of it (line {line}, column {column})."
        )
    } else {
        format!("This is no result of thalweg, which would be a JSON object: {error}.")
    })
}

fn damaged(what: impl std::fmt::Display) -> JsonError {
    JsonError::new(format!("This result is damaged: {what}."))
}

fn flat(document: Document) -> Result<FlatResult, JsonError> {
    let params = plain(document.params.values);
    let start_params = plain(document.start_params.values);
    let n = params.len();
    check_length("start_params", start_params.len(), n)?;
    if let Some(names) = &document.names {
        check_length("names", names.len(), n)?;
    }
    let success = document.success.unwrap_or(false);
    let mut extras: BTreeMap<Cow<'static, str>, Extra> = BTreeMap::new();
    for (name, value) in document.algorithm_output.unwrap_or_default() {
        extras.insert(name.into(), outputs::read(&value));
    }
    let derivatives = [
        (document.jac, "gradient", "jacobian"),
        (document.hess, "hessian", "hessian"),
        (document.hess_inv, "hessian_inverse", "hessian_inverse"),
    ];
    for (value, vector, matrix) in derivatives {
        let Some(value) = value.filter(|value| !value.is_null()) else { continue };
        let extra = outputs::read(&value);
        let name = if matches!(extra, Extra::Matrix(..)) { matrix } else { vector };
        extras.insert(name.into(), extra);
    }
    let violation = document.max_constraint_violation.map_or(0.0, |Number(value)| value);
    let status = status(document.status.as_ref(), success)?;
    let report = document.convergence_report.map(|report| report_of(&report));
    let history = document.history.map(|table| history(table, n)).transpose()?;
    Ok(OptimizeResult {
        params,
        fun: document.fun.0,
        start_params,
        start_fun: document.start_fun.map_or(f64::NAN, |Number(value)| value),
        algorithm: document.algorithm,
        direction: direction(&document.direction)?,
        n_free: document.n_free,
        message: document.message.unwrap_or_default(),
        status,
        success,
        n_fun_evals: document.n_fun_evals.unwrap_or(0),
        n_jac_evals: document.n_jac_evals.unwrap_or(0),
        n_hess_evals: document.n_hess_evals.unwrap_or(0),
        n_iterations: document.n_iterations.unwrap_or(0),
        max_constraint_violation: violation,
        is_feasible: document.is_feasible.unwrap_or(success),
        constraint_plan: plan(document.constraint_plan.unwrap_or_default())?,
        extras,
        kept_report: report.filter(|_| history.is_none() && document.multistart_info.is_none()),
        history,
        multistart: match document.multistart_info {
            Some(info) => Some(Box::new(search(*info, report, n)?)),
            None => None,
        },
    })
}

fn check_length(what: &str, found: usize, n: usize) -> Result<(), JsonError> {
    if found == n {
        return Ok(());
    }
    Err(damaged(format!("{what} has {found} entries, but there are {n} parameters")))
}

fn direction(word: &str) -> Result<Direction, JsonError> {
    match word {
        "minimize" => Ok(Direction::Minimize),
        "maximize" => Ok(Direction::Maximize),
        _ => Err(damaged(format!(
            "direction is {word:?}, but has to be \"minimize\" or \"maximize\""
        ))),
    }
}

/// Algorithms of Python users have numbers of their own, of which only the success is known here.
fn status(word: Option<&Value>, success: bool) -> Result<Status, JsonError> {
    match word {
        Some(Value::String(word)) => {
            Status::from_word(word).ok_or_else(|| damaged(format!("{word:?} is no status")))
        }
        _ => Ok(if success { Status::Converged } else { Status::Stalled }),
    }
}

fn plan(planned: Vec<super::document::Planned>) -> Result<ConstraintPlan, JsonError> {
    let read = |entry: super::document::Planned| {
        let handling = entry.text.parse().map_err(damaged)?;
        Ok(PlannedConstraint { index: entry.index, kind: entry.kind.into(), handling })
    };
    let constraints = planned.into_iter().map(read).collect::<Result<_, JsonError>>()?;
    Ok(ConstraintPlan { constraints })
}

fn report_of(report: &Report) -> ConvergenceReport {
    let changes = |changes: &Changes| convergence::Changes {
        relative_criterion_change: changes.relative_criterion_change.0,
        relative_params_change: changes.relative_params_change.0,
        absolute_criterion_change: changes.absolute_criterion_change.0,
        absolute_params_change: changes.absolute_params_change.0,
    };
    ConvergenceReport {
        one_step: changes(&report.one_step),
        five_steps: changes(&report.five_steps),
    }
}

fn history(table: Table, n: usize) -> Result<History, JsonError> {
    let rows = table.params.len();
    let lengths = [
        ("fun", table.fun.len()),
        ("start_time", table.start_time.len()),
        ("stop_time", table.stop_time.len()),
        ("batches", table.batches.len()),
        ("task", table.task.len()),
    ];
    if let Some((column, length)) = lengths.into_iter().find(|(_, length)| *length != rows) {
        return Err(damaged(format!(
            "the history's column {column} has {length} entries, but its column params has {rows}"
        )));
    }
    let mut history = History::new(n);
    for (i, row) in table.params.into_iter().enumerate() {
        let params = plain(row);
        check_length(&format!("row {i} of the history's column params"), params.len(), n)?;
        let word = &table.task[i];
        let task = Task::from_word(word)
            .ok_or_else(|| damaged(format!("{word:?} in the history is no task")))?;
        history.add(Row {
            params: &params,
            value: table.fun[i].map_or(f64::NAN, |Number(value)| value),
            task,
            batch: table.batches[i],
            start: table.start_time[i].0,
            stop: table.stop_time[i].0,
        });
    }
    Ok(history)
}

fn search(
    info: Search,
    convergence: Option<ConvergenceReport>,
    n: usize,
) -> Result<MultistartInfo<Vec<f64>>, JsonError> {
    let points = |what: &str, points: Vec<Vec<Number>>| -> Result<Vec<Vec<f64>>, JsonError> {
        let point = |point| {
            let point = plain(point);
            check_length(&format!("a point of {what}"), point.len(), n)?;
            Ok(point)
        };
        points.into_iter().map(point).collect()
    };
    Ok(MultistartInfo {
        start_params: points("multistart_info.start_params", info.start_params)?,
        local_optima: info.local_optima.into_iter().map(flat).collect::<Result<_, _>>()?,
        exploration_sample: points("multistart_info.exploration_sample", info.exploration_sample)?,
        exploration_results: plain(info.exploration_results),
        n_exploration_evals: info.n_exploration_evals.unwrap_or(0),
        n_discoveries: info.n_discoveries.unwrap_or(0),
        convergence,
        failures: info.failures,
        warnings: info.warnings,
    })
}
