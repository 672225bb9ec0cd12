//! The search: local runs, the best point so far, and when to stop.

use thalweg_core::{Stop, Verdict};
use thalweg_space::Space;

use super::explore::{Exploration, Explored, interrupted};
use super::fitted::{can_fit, fitted_points};
use super::info::MultistartInfo;
use super::local::{Local, user_point};
use super::options::{LocalErrors, MultistartOptions, Sizes, WeightError};
use crate::convergence::ConvergenceReport;
use crate::drivers::Outcome;
use crate::error::{InvalidKind, OptimizeError};
use crate::objective::{Failure, UserError, UserErrorKind};
use crate::pipeline::{Specification, start_of};
use crate::result::{Direction, FlatResult};
use crate::status::Status;

/// Coordinates smaller than this are compared as if they had this size.
const FLOOR: f64 = 0.1;
/// The most bowls that are fitted to local optima before a batch.
const FITTED: usize = 3;

/// The state of a search.
pub(super) struct Search<'s, 'a> {
    spec: Specification<'a>,
    space: &'s Space,
    exploration: &'s Exploration<'s>,
    options: &'s MultistartOptions,
    maximize: bool,
    explored: Explored,
    /// The point that is mixed into starts, and its value; smaller is better.
    best: (Vec<f64>, f64),
    /// The local run that found it.
    best_run: Option<usize>,
    /// Runs that did not fail, and their points in the algorithm's space.
    optima: Vec<FlatResult>,
    points: Vec<Vec<f64>>,
    starts: Vec<Vec<f64>>,
    /// Minima of bowls that were looked at.
    looked_at: Vec<Vec<f64>>,
    failures: Vec<(usize, String)>,
    warnings: Vec<String>,
    /// Why the search ended before its time.
    stop: Option<(Status, String)>,
}

impl<'s, 'a> Search<'s, 'a> {
    pub fn new(
        spec: Specification<'a>,
        exploration: &'s Exploration<'s>,
        options: &'s MultistartOptions,
        mut warnings: Vec<String>,
        mut explored: Explored,
    ) -> Self {
        let maximize = spec.direction == Direction::Maximize;
        let (space, start_fun) = (exploration.space, exploration.start_fun);
        let (failed, first) = &explored.failed;
        if *failed > 0 {
            warnings.push(format!(
                "{failed} of {} points of the exploration could not be evaluated and are left out. The first error: {first}",
                explored.n_evaluations
            ));
        }
        let best = match (explored.points.first(), explored.values.first()) {
            (Some(point), Some(&value)) => (point.clone(), value),
            _ => (space.start().to_vec(), if maximize { -start_fun } else { start_fun }),
        };
        let stop = explored.stop.take();
        let (best_run, optima, points) = (None, Vec::new(), Vec::new());
        let (starts, looked_at, failures) = (Vec::new(), Vec::new(), Vec::new());
        Search {
            spec,
            space,
            exploration,
            options,
            maximize,
            explored,
            best,
            best_run,
            optima,
            points,
            starts,
            looked_at,
            failures,
            warnings,
            stop,
        }
    }

    /// End here if a failure demands it, if no point has a value, or if the target is reached already.
    pub fn check_exploration(&mut self) -> Result<(), OptimizeError> {
        if let Some(failure) = self.explored.fatal.take() {
            return Err(self.failed(failure));
        }
        if self.explored.points.is_empty() && self.stop.is_none() {
            let (failed, first) = &self.explored.failed;
            let reason = if *failed > 0 { first.as_str() } else { "no value is a finite number" };
            let message = format!(
                "All function evaluations of the exploration phase ({}) are invalid: {reason}",
                self.explored.n_evaluations
            );
            let error = UserError::new(message);
            return Err(self.failed(Failure { index: 0, what: "exploration", error }));
        }
        let sign = if self.maximize { -1.0 } else { 1.0 };
        if let (None, Some(target)) = (&self.stop, self.spec.limits.target)
            && self.best.1 <= sign * target
            && !self.is_constrained()
        {
            let stop = Stop::Target { value: sign * self.best.1, target };
            self.stop = Some((Status::from(&stop), stop.to_string()));
        }
        Ok(())
    }

    /// Local runs in batches, until there were enough of them.
    pub fn run_locally(&mut self, sizes: Sizes, of_catalog: bool) -> Result<(), OptimizeError> {
        let available = self.explored.points.len();
        if available < sizes.n_runs && self.stop.is_none() {
            self.warnings.push(format!(
                "There are {available} points of the exploration to start from, fewer than the {} local runs that were asked \
                 for; there will be {available}.",
                sizes.n_runs
            ));
        }
        let n_runs = sizes.n_runs.min(available);
        let mut done = 0;
        while done < n_runs && self.stop.is_none() {
            if let Some(stop) = self.exploration.stop_before(&self.spec) {
                self.stop = Some(stop);
                break;
            }
            let fitted = self.fitted_start();
            if let Some(failure) = self.explored.fatal.take() {
                return Err(self.failed(failure));
            }
            if self.stop.is_some() || (fitted.is_none() && self.is_settled()) {
                break;
            }
            let until = n_runs.min(done + sizes.batch);
            let weight = self.weight(done, n_runs)?;
            let mut starts: Vec<Vec<f64>> =
                (done..until).map(|j| self.mixed(weight, &self.explored.points[j])).collect();
            if let Some(fitted) = fitted {
                starts[0] = fitted;
            }
            let outcomes = self.run_batch(&starts, of_catalog);
            for (start, outcome) in starts.iter().zip(outcomes) {
                let Some(outcome) = outcome else { break };
                self.starts.push(user_point(self.space, start));
                self.take(done, outcome)?;
                done += 1;
                if self.is_settled() {
                    break; // later runs of the batch are not needed
                }
            }
            done = if self.is_settled() { done } else { until };
        }
        Ok(())
    }

    /// The minimum of a bowl that is fitted to the local optima, if it is better than the best of them.
    fn fitted_start(&mut self) -> Option<Vec<f64>> {
        let n = self.space.n_free();
        let mut order: Vec<usize> = (0..self.optima.len()).collect();
        let value = |&i: &usize| self.optima[i].fun * if self.maximize { -1.0 } else { 1.0 };
        order.retain(|i| value(i).is_finite() && self.optima[*i].is_feasible);
        order.sort_by(|a, b| value(a).total_cmp(&value(b)).then(a.cmp(b)));
        let values: Vec<f64> = order.iter().map(value).collect();
        let points: Vec<&[f64]> = order.iter().map(|&i| self.points[i].as_slice()).collect();
        let given = self.options.sample.is_some();
        let count = if given { 0 } else { self.options.n_fitted_points.min(FITTED) };
        let mut fitted = Vec::new();
        for point in fitted_points(&points, &values, n, count, 1).chunks_exact(n) {
            if !self.looked_at.iter().any(|known| self.is_same(known, point)) {
                self.looked_at.push(point.to_vec());
                fitted.extend_from_slice(point);
            }
        }
        if fitted.is_empty() {
            return None;
        }
        let (spec, explored) = (&mut self.spec, &mut self.explored);
        let start = self.exploration.best_below(self.best.1, &fitted, spec, explored);
        self.stop = self.stop.take().or(self.explored.stop.take());
        start
    }

    fn run_batch(&mut self, starts: &[Vec<f64>], of_catalog: bool) -> Vec<Option<Outcome>> {
        let Exploration { clock, n_cores, .. } = *self.exploration;
        let limit = self.spec.limits.max_seconds;
        self.spec.limits.max_seconds =
            limit.map(|seconds| (seconds - clock.elapsed().as_secs_f64()).max(0.0));
        let raises = self.options.error_handling == LocalErrors::Raise;
        let ends_search = |outcome: &Outcome| ends_search(outcome, raises);
        let (spec, space) = (&mut self.spec, self.space);
        let mut local = Local { spec, space, n_cores, of_catalog, told_to_stop: false };
        let outcomes = local.run(starts, &ends_search);
        if local.told_to_stop {
            self.stop = Some(stopped(&Stop::Callback));
        }
        self.spec.limits.max_seconds = limit;
        outcomes
    }

    /// Take note of how run `number` ended.
    fn take(&mut self, number: usize, outcome: Outcome) -> Result<(), OptimizeError> {
        let failure = match outcome {
            // An algorithm that failed by itself.
            Ok(result) if result.status == Status::Failed => {
                let error = UserError::new(result.message);
                Failure { index: 0, what: "algorithm", error }
            }
            Ok(result) => {
                self.add(result);
                return Ok(());
            }
            Err(OptimizeError::User { failure, .. } | OptimizeError::Start(failure)) => failure,
            Err(other) => {
                let error = UserError::new(other.to_string());
                Failure { index: 0, what: "fun", error }
            }
        };
        match failure.error.kind {
            UserErrorKind::Interrupt => {
                self.stop.get_or_insert_with(interrupted);
            }
            UserErrorKind::Ordinary if self.options.error_handling == LocalErrors::Continue => {
                self.failures.push((number, failure.error.message));
            }
            _ => return Err(self.failed(failure)),
        }
        Ok(())
    }

    /// A result, and what it means for the search.
    fn add(&mut self, result: FlatResult) {
        let value = if self.maximize { -result.fun } else { result.fun };
        let point = self.space.to_internal(&result.params);
        let is_wrong = |run: &FlatResult| run.status == Status::Invalid || !run.is_feasible;
        let known = self.best_run.map(|run| is_wrong(&self.optima[run]));
        let better = match (known, is_wrong(&result)) {
            (None, _) | (Some(true), false) => true,
            (Some(false), true) => false,
            _ => value <= self.best.1,
        };
        let ends = match result.status {
            Status::Interrupted if self.stop.is_none() => Some(interrupted()),
            Status::TargetReached | Status::Unbounded | Status::Callback => {
                Some((result.status, result.message.clone()))
            }
            Status::MaxSeconds => {
                self.spec.limits.max_seconds.map(|seconds| stopped(&Stop::MaxSeconds(seconds)))
            }
            _ => None,
        };
        self.stop = self.stop.take().or(ends);
        if better {
            self.best = (point.clone(), value);
            self.best_run = Some(self.optima.len());
        }
        self.points.push(point);
        self.optima.push(result);
    }

    /// w x* + (1 - w) x, within the bounds in spite of rounding.
    fn mixed(&self, weight: f64, x: &[f64]) -> Vec<f64> {
        let lower = |i: usize| self.space.lower().map_or(f64::NEG_INFINITY, |lower| lower[i]);
        let upper = |i: usize| self.space.upper().map_or(f64::INFINITY, |upper| upper[i]);
        let mix = |(i, (best, x)): (usize, (&f64, &f64))| {
            let mixed = if best == x { *x } else { weight * best + (1.0 - weight) * x };
            mixed.clamp(lower(i), upper(i))
        };
        self.best.0.iter().zip(x).enumerate().map(mix).collect()
    }

    fn weight(&mut self, done: usize, n_runs: usize) -> Result<f64, OptimizeError> {
        let what = "mixing_weight_method";
        match self.options.weight(done, n_runs) {
            Ok(weight) => Ok(weight),
            Err(WeightError::Failed(error)) => Err(self.failed(Failure { index: 0, what, error })),
            Err(WeightError::Range(weight, iteration)) => {
                let message = format!(
                    "Invalid multistart options: {what} returned {weight:?} for iteration {iteration}, but has to return a \
                     number from 0 to 1."
                );
                Err(OptimizeError::invalid(InvalidKind::Multistart, message))
            }
        }
    }

    /// How many local optima are the best one.
    fn n_discoveries(&self) -> usize {
        self.points.iter().filter(|x| self.is_same(x, &self.best.0)).count()
    }

    /// Whether the best optimum was found often enough. Where there are other optima, too, that says something only after as many
    /// runs as it takes to fit a bowl to their optima.
    fn is_settled(&self) -> bool {
        let (found, runs) = (self.n_discoveries(), self.points.len());
        let n = self.space.n_free();
        let fits = self.options.n_fitted_points > 0 && self.options.sample.is_none() && can_fit(n);
        found >= self.options.convergence_max_discoveries
            && (found == runs || !fits || runs > 2 * n)
    }

    /// Whether two points are one, as far as the search is concerned: ||(x - y) / max(|y|, 0.1)|| is within the tolerance.
    fn is_same(&self, x: &[f64], y: &[f64]) -> bool {
        let pairs = x.iter().zip(y);
        let square = pairs.map(|(x, y)| ((x - y) / y.abs().max(FLOOR)).powi(2)).sum::<f64>();
        square.sqrt() <= self.options.convergence_xtol_rel
    }

    /// The error for a failure that ends the search, with what was found until then.
    fn failed(&mut self, failure: Failure) -> OptimizeError {
        self.stop = Some((Status::Failed, failure.error.message.clone()));
        OptimizeError::User { failure, partial: Box::new(self.result()) }
    }

    /// The result of the search.
    pub fn finish(mut self) -> Result<FlatResult, OptimizeError> {
        Ok(self.result())
    }

    fn result(&mut self) -> FlatResult {
        let mut result = match self.best_run {
            Some(run) if !self.exploration_is_better() => self.optima[run].clone(),
            _ => self.at_explored(),
        };
        result.algorithm = format!("multistart_{}", self.spec.algorithm_name);
        result.start_params = start_of(&self.spec, self.space);
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
    fn is_constrained(&self) -> bool {
        !self.spec.nonlinear.is_empty()
            || !self.spec.extra_rows.is_empty()
            || !self.space.surplus_rows().is_empty()
    }

    /// The best point of the exploration.
    fn at_explored(&self) -> FlatResult {
        let (start, n) = (start_of(&self.spec, self.space), self.space.n_free());
        let mut result = FlatResult::at_start(&self.spec, start, n, self.exploration.start_fun);
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

/// Whether the search ends with this outcome, so that the other runs of the batch need not go on.
fn ends_search(outcome: &Outcome, raises: bool) -> bool {
    match outcome {
        Ok(result) => {
            matches!(
                result.status,
                Status::Interrupted
                    | Status::TargetReached
                    | Status::Unbounded
                    | Status::Callback
                    | Status::MaxSeconds
            ) || (raises && result.status == Status::Failed)
        }
        Err(OptimizeError::User { failure, .. } | OptimizeError::Start(failure)) => {
            raises || failure.error.kind != UserErrorKind::Ordinary
        }
        Err(_) => raises,
    }
}

fn stopped(stop: &Stop) -> (Status, String) {
    (Status::from(stop), stop.to_string())
}
