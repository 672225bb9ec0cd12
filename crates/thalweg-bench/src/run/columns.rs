//! From the history of a run to the columns that reports read.

use thalweg::History;

use crate::function::Scratch;
use crate::problem::BenchmarkProblem;
use crate::results::Evaluations;

/// By as much may a point violate a constraint and still count.
const FEASIBILITY: f64 = 1e-6;

/// The evaluations of a run: the objective without noise, but never below that of the solution.
///
/// A derivative alone counts as an evaluation if it is at a point of its own, and as part of an earlier one otherwise. At points
/// that violate a constraint by more than 1e-6 the objective counts as infinite: they solve nothing.
pub(super) fn evaluations(problem: &BenchmarkProblem, history: &History) -> Evaluations {
    let mut columns = Evaluations::default();
    let mut scratch = Scratch::default();
    let began = history.start_times().first().copied().unwrap_or(0.0);
    let params = history.params().take(history.len());
    for (row, x) in params.enumerate() {
        let is_derivative = !history.tasks()[row].is_evaluation();
        // Mostly it is the last one.
        let mut earlier = columns.params.rchunks_exact(x.len().max(1));
        if is_derivative && earlier.any(|earlier| earlier == x) {
            continue;
        }
        let value = match history.values()[row] {
            _ if is_derivative || problem.noisy => problem.noise_free.value(x, &mut scratch),
            value => value,
        };
        columns.params.extend_from_slice(x);
        columns.criterion.push(counted(problem, x, value));
        columns.seconds.push(history.stop_times()[row] - began);
        columns.batches.push(history.batches()[row]);
    }
    columns
}

/// The value as it counts.
pub(crate) fn counted(problem: &BenchmarkProblem, x: &[f64], value: f64) -> f64 {
    let is_feasible = problem.constraints.as_ref().is_none_or(|constraints| {
        let mut values = vec![0.0; constraints.lower.len()];
        (constraints.values)(x, &mut values);
        let limits = constraints.lower.iter().zip(&constraints.upper);
        limits.zip(values).all(|((lower, upper), value)| {
            lower - FEASIBILITY <= value && value <= upper + FEASIBILITY
        })
    });
    match problem.solution.value {
        _ if !is_feasible => f64::INFINITY,
        Some(optimum) if value < optimum => optimum,
        _ => value,
    }
}
