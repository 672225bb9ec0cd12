//! The format, field by field.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::numbers::Number;

/// A result. Only the outermost one says what format it has; local optima of a search are results, too.
#[derive(Deserialize, Serialize)]
pub(super) struct Document {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub library: Option<String>,
    pub algorithm: String,
    pub direction: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<Vec<String>>,
    pub params: Parameters,
    pub fun: Number,
    pub start_params: Parameters,
    pub start_fun: Option<Number>,
    pub n_free: usize,
    pub message: Option<String>,
    pub success: Option<bool>,
    pub status: Option<Value>,
    pub n_fun_evals: Option<u64>,
    pub n_jac_evals: Option<u64>,
    pub n_hess_evals: Option<u64>,
    pub n_iterations: Option<u64>,
    pub max_constraint_violation: Option<Number>,
    pub is_feasible: Option<bool>,
    pub jac: Option<Value>,
    pub hess: Option<Value>,
    pub hess_inv: Option<Value>,
    pub algorithm_output: Option<BTreeMap<String, Value>>,
    pub constraint_plan: Option<Vec<Planned>>,
    pub convergence_report: Option<Report>,
    pub history: Option<Table>,
    pub multistart_info: Option<Box<Search>>,
}

/// Parameters: the flat vector, and how it was taken apart.
#[derive(Deserialize, Serialize)]
pub(super) struct Parameters {
    pub values: Vec<Number>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub structure: Option<Value>,
}

/// How a constraint was handled.
#[derive(Deserialize, Serialize)]
pub(super) struct Planned {
    pub index: usize,
    pub kind: String,
    pub handling: String,
    pub text: String,
}

/// The table of the printed report.
#[derive(Deserialize, Serialize)]
pub(super) struct Report {
    pub one_step: Changes,
    pub five_steps: Changes,
}

#[derive(Deserialize, Serialize)]
pub(super) struct Changes {
    pub relative_criterion_change: Number,
    pub relative_params_change: Number,
    pub absolute_criterion_change: Number,
    pub absolute_params_change: Number,
}

/// A history in columns; `fun` is null where only a derivative was computed.
#[derive(Deserialize, Serialize)]
pub(super) struct Table {
    pub params: Vec<Vec<Number>>,
    pub fun: Vec<Option<Number>>,
    pub start_time: Vec<Number>,
    pub stop_time: Vec<Number>,
    pub batches: Vec<u64>,
    pub task: Vec<String>,
}

/// What a search from many starts found.
#[derive(Deserialize, Serialize)]
pub(super) struct Search {
    pub start_params: Vec<Vec<Number>>,
    pub local_optima: Vec<Document>,
    pub exploration_sample: Vec<Vec<Number>>,
    pub exploration_results: Vec<Number>,
    pub n_exploration_evals: Option<u64>,
    pub n_discoveries: Option<usize>,
    pub failures: Vec<(usize, String)>,
    #[serde(default)]
    pub warnings: Vec<String>,
}
