//! From results to JSON.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use thalweg_space::params::Params;

use super::document::{Changes, Document, Parameters, Planned, Report, Search, Table};
use super::numbers::{Number, wrapped};
use super::{FORMAT, VERSION, outputs, structure};
use crate::convergence;
use crate::history::History;
use crate::result::{Direction, Extras, OptimizeResult};

pub(super) fn text<P: Params>(result: &OptimizeResult<P>, with_history: bool) -> String {
    let structure = structure::of_paths(&result.params.leaf_paths());
    let mut document = document(result, with_history);
    document.format = Some(FORMAT.to_string());
    document.version = Some(VERSION);
    document.library = Some(format!("thalweg {}", env!("CARGO_PKG_VERSION")));
    document.names = Some(result.params.leaf_names());
    document.params.structure = Some(structure.clone());
    document.start_params.structure = Some(structure);
    // Maps have words as keys, and numbers that are not finite are words: nothing can go wrong.
    serde_json::to_string(&document).unwrap_or_default()
}

fn document<P: Params>(result: &OptimizeResult<P>, with_history: bool) -> Document {
    let parameters =
        |params: &P| Parameters { values: wrapped(&params.to_flat()), structure: None };
    let mut outputs = outputs_of(&result.extras);
    let mut take = |names: &[&str]| names.iter().find_map(|&name| outputs.remove(name));
    let jac = take(&["gradient", "jacobian"]);
    let (hess, hess_inv) = (take(&["hessian"]), take(&["hessian_inverse"]));
    let history = result.history.as_ref().filter(|_| with_history).map(table);
    let search = result.multistart.as_ref().map(|info| {
        let rows = |points: &[P]| points.iter().map(|p| wrapped(&p.to_flat())).collect();
        Box::new(Search {
            start_params: rows(&info.start_params),
            local_optima: info.local_optima.iter().map(|run| document(run, with_history)).collect(),
            exploration_sample: rows(&info.exploration_sample),
            exploration_results: wrapped(&info.exploration_results),
            n_exploration_evals: Some(info.n_exploration_evals),
            n_discoveries: Some(info.n_discoveries),
            failures: info.failures.clone(),
            warnings: info.warnings.clone(),
        })
    });
    Document {
        format: None,
        version: None,
        library: None,
        algorithm: result.algorithm.clone(),
        direction: match result.direction {
            Direction::Minimize => "minimize".to_string(),
            Direction::Maximize => "maximize".to_string(),
        },
        names: None,
        params: parameters(&result.params),
        fun: Number(result.fun),
        start_params: parameters(&result.start_params),
        start_fun: Some(Number(result.start_fun)),
        n_free: result.n_free,
        message: Some(result.message.clone()),
        success: Some(result.success),
        status: Some(json!(result.status.as_str())),
        n_fun_evals: Some(result.n_fun_evals),
        n_jac_evals: Some(result.n_jac_evals),
        n_hess_evals: Some(result.n_hess_evals),
        n_iterations: Some(result.n_iterations),
        max_constraint_violation: Some(Number(result.max_constraint_violation)),
        is_feasible: Some(result.is_feasible),
        jac,
        hess,
        hess_inv,
        algorithm_output: Some(outputs),
        constraint_plan: plan(result),
        convergence_report: result.convergence_report().map(|report| Report {
            one_step: changes(&report.one_step),
            five_steps: changes(&report.five_steps),
        }),
        history,
        multistart_info: search,
    }
}

fn outputs_of(extras: &Extras) -> BTreeMap<String, Value> {
    extras.iter().map(|(name, extra)| (name.to_string(), outputs::write(extra))).collect()
}

/// Null without constraints.
fn plan<P>(result: &OptimizeResult<P>) -> Option<Vec<Planned>> {
    let planned = result.constraint_plan.constraints.iter().map(|entry| Planned {
        index: entry.index,
        kind: entry.kind.to_string(),
        handling: entry.handling.word().to_string(),
        text: entry.handling.to_string(),
    });
    let planned: Vec<Planned> = planned.collect();
    (!planned.is_empty()).then_some(planned)
}

fn changes(changes: &convergence::Changes) -> Changes {
    Changes {
        relative_criterion_change: Number(changes.relative_criterion_change),
        relative_params_change: Number(changes.relative_params_change),
        absolute_criterion_change: Number(changes.absolute_criterion_change),
        absolute_params_change: Number(changes.absolute_params_change),
    }
}

fn table(history: &History) -> Table {
    let value = |&value: &f64| (!value.is_nan()).then_some(Number(value));
    // Without parameters, rows are empty, and the walk over them has no end to find.
    let rows =
        if history.dim() == 0 { Vec::new() } else { history.params().map(wrapped).collect() };
    Table {
        params: rows,
        fun: history.values().iter().map(value).collect(),
        start_time: wrapped(history.start_times()),
        stop_time: wrapped(history.stop_times()),
        batches: history.batches().to_vec(),
        task: history.tasks().iter().map(|task| task.as_str().to_string()).collect(),
    }
}
