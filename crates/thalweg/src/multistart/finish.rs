//! The result of a search.

use thalweg_core::Verdict;

use super::info::MultistartInfo;
use super::local::user_point;
use super::search::Search;
use crate::convergence::ConvergenceReport;
use crate::error::OptimizeError;
use crate::objective::Failure;
use crate::pipeline::start_params;
use crate::result::FlatResult;
use crate::status::Status;

impl Search<'_, '_> {
    /// The error for a failure that ends the search, with what was found until then.
    pub(super) fn failed(&mut self, failure: Failure) -> OptimizeError {
        self.stop = Some((Status::Failed, failure.error.message.clone()));
        OptimizeError::User { failure, partial: Box::new(self.result()) }
    }

    /// The result of the search.
    pub(super) fn finish(mut self) -> Result<FlatResult, OptimizeError> {
        Ok(self.result())
    }

    fn result(&mut self) -> FlatResult {
        let mut result = match self.best_run {
            Some(run) if !self.exploration_is_better() => self.optima[run].clone(),
            _ => self.at_explored(),
        };
        result.algorithm = format!("multistart_{}", self.spec.algorithm_name);
        result.start_params = start_params(&self.spec, self.space);
        result.start_fun = self.exploration.start_fun;
        result.n_fun_evals = self.optima.iter().map(|run| run.n_fun_evals).sum();
        result.n_jac_evals = self.optima.iter().map(|run| run.n_jac_evals).sum();
        result.n_hess_evals = self.optima.iter().map(|run| run.n_hess_evals).sum();
        result.n_iterations = self.optima.iter().map(|run| run.n_iterations).sum();
        if let Some((status, message)) = self.stop.take() {
            (result.status, result.message) = (status, message);
        }
        result.success = result.status.is_success();
        result.multistart = Some(Box::new(self.info()));
        result
    }

    /// Whether the exploration found a point that no local run is as good as: those that would have been failed.
    fn exploration_is_better(&self) -> bool {
        let better = |&value: &f64| value < self.best.1;
        !self.is_constrained() && self.explored.values.first().is_some_and(better)
    }

    /// Whether there are constraints that points of the exploration need not satisfy: they are starts, and nothing else.
    pub(super) fn is_constrained(&self) -> bool {
        !self.spec.nonlinear.is_empty()
            || !self.spec.extra_rows.is_empty()
            || !self.space.surplus_rows().is_empty()
    }

    /// The best point of the exploration.
    fn at_explored(&self) -> FlatResult {
        let (start, start_fun) = (start_params(&self.spec, self.space), self.exploration.start_fun);
        let mut result = FlatResult::at_start(&self.spec, start, self.space, start_fun);
        if self.is_constrained() {
            // Nobody has asked what the constraints are there.
            (result.is_feasible, result.max_constraint_violation) = (false, f64::NAN);
        }
        if let (Some(x), Some(&value)) =
            (self.explored.points.first(), self.explored.values.first())
        {
            result.params = user_point(self.space, x);
            result.fun = if self.maximize { -value } else { value };
        }
        let failed: Vec<String> =
            self.failures.iter().map(|(run, message)| format!("run {run}: {message}")).collect();
        let (status, reason) = match self.optima.len() {
            0 => (Status::Failed, format!("none of the {} local runs succeeded", failed.len())),
            _ => {
                let reason =
                    "no local run found a point as good as the best one of the exploration";
                let verdict = Verdict::Stalled(reason.to_string());
                (Status::from(&verdict), verdict.to_string())
            }
        };
        result.status = status;
        result.message = format!("{reason}; the best point of the exploration is returned");
        if !failed.is_empty() {
            result.message += &format!(". {}", failed.join(". "));
        }
        result
    }

    fn info(&mut self) -> MultistartInfo<Vec<f64>> {
        if let (Some((run, message)), false) = (self.failures.first(), self.optima.is_empty()) {
            self.warnings.push(format!(
                "{} of {} local runs failed and are left out. The first error, of run {run}: {message}",
                self.failures.len(),
                self.failures.len() + self.optima.len()
            ));
        }
        let steps = self.optima.iter().map(|run| (run.fun, run.params.as_slice()));
        let convergence = ConvergenceReport::of_steps(steps, self.maximize);
        let n_discoveries = self.n_discoveries();
        let sign = if self.maximize { -1.0 } else { 1.0 };
        MultistartInfo {
            start_params: std::mem::take(&mut self.starts),
            local_optima: std::mem::take(&mut self.optima),
            exploration_sample: self
                .explored
                .points
                .iter()
                .map(|x| user_point(self.space, x))
                .collect(),
            exploration_results: self.explored.values.iter().map(|value| sign * value).collect(),
            n_exploration_evals: self.explored.n_evaluations,
            n_discoveries,
            convergence,
            failures: std::mem::take(&mut self.failures),
            warnings: std::mem::take(&mut self.warnings),
        }
    }
}
