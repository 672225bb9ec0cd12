//! The search: local runs, the best point so far, and when to stop.

use thalweg_core::{Event, StepOutcome, Stop};
use thalweg_space::Space;

use super::apart::apart;
use super::explore::{Exploration, Explored, interrupted, tell};
use super::fitted::can_fit;
use super::local::{Local, user_point};
use super::options::{LocalErrors, MultistartOptions, Sizes, WeightError};
use crate::drivers::Outcome;
use crate::error::{InvalidKind, OptimizeError};
use crate::objective::{Failure, UserError, UserErrorKind};
use crate::pipeline::Specification;
use crate::result::{Direction, FlatResult};
use crate::status::Status;

/// Coordinates smaller than this are compared as if they had this size.
pub(super) const FLOOR: f64 = 0.1;

/// The state of a search.
pub(super) struct Search<'s, 'a> {
    pub(super) spec: Specification<'a>,
    pub(super) space: &'s Space,
    pub(super) exploration: &'s Exploration<'s>,
    pub(super) options: &'s MultistartOptions,
    pub(super) maximize: bool,
    pub(super) explored: Explored,
    /// The point that is mixed into starts, and its value; smaller is better.
    pub(super) best: (Vec<f64>, f64),
    /// The local run that found it.
    pub(super) best_run: Option<usize>,
    /// Runs that did not fail, and their points in the algorithm's space.
    pub(super) optima: Vec<FlatResult>,
    pub(super) points: Vec<Vec<f64>>,
    /// Where they began, in the algorithm's space.
    pub(super) began: Vec<Vec<f64>>,
    pub(super) starts: Vec<Vec<f64>>,
    /// Minima of bowls that were looked at.
    pub(super) looked_at: Vec<Vec<f64>>,
    /// Best optima that others were asked to confirm, and how many others.
    pub(super) tested: Vec<(Vec<f64>, usize)>,
    /// How many optima had their coordinates tried in the best one, and which one that was.
    pub(super) crossed: (usize, usize),
    pub(super) weights: Vec<(usize, f64)>,
    pub(super) failures: Vec<(usize, String)>,
    pub(super) warnings: Vec<String>,
    /// How many local runs were begun, those whose results were thrown away among them.
    pub(super) n_steps: u64,
    /// Why the search ended before its time.
    pub(super) stop: Option<(Status, String)>,
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
        let (starts, looked_at, tested) = (Vec::new(), Vec::new(), Vec::new());
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
            began: Vec::new(),
            starts,
            looked_at,
            tested,
            crossed: (0, 0),
            weights: Vec::new(),
            failures: Vec::new(),
            warnings,
            n_steps: 0,
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
            let points = match available {
                1 => "is 1 point".to_string(),
                _ => format!("are {available} points"),
            };
            self.warnings.push(format!(
                "There {points} of the exploration to start from, fewer than the {} local runs that were asked for; there will \
                 be {available}.",
                sizes.n_runs
            ));
        }
        let n_runs = sizes.n_runs.min(available);
        // Runs that begin before it is certain that they are wanted must not tell the user's callback anything.
        let one = self.spec.callback.is_some() || !of_catalog;
        let ahead = if one { 1 } else { self.exploration.n_cores };
        let order = self.order(n_runs);
        let (mut done, mut pending) = (0, None);
        while done < n_runs && self.stop.is_none() {
            if let Some(stop) = self.exploration.stop_before(&self.spec) {
                self.stop = Some(stop);
                break;
            }
            let suggested = pending.take().or_else(|| self.suggested_start());
            if let Some(failure) = self.explored.fatal.take() {
                return Err(self.failed(failure));
            }
            if self.stop.is_some() || (suggested.is_none() && self.is_settled()) {
                break;
            }
            let until = n_runs.min(done + sizes.batch.unwrap_or(ahead));
            let mut starts = Vec::with_capacity(until - done);
            for j in done..until {
                let weight = self.weight(if sizes.batch.is_some() { done } else { j }, n_runs)?;
                starts.push(self.mixed(weight, &self.explored.points[order[j]]));
            }
            if let Some(suggested) = suggested {
                starts[0] = suggested;
            }
            let speculative = sizes.batch.is_none();
            let outcomes = self.run_batch(&starts, of_catalog, !speculative);
            if let (false, Some(cause)) = (speculative, outcomes.iter().flatten().find_map(ending))
            {
                // Runs before it, which were ended because of it, must not seem to be the reason.
                self.stop.get_or_insert(cause);
            }
            let (first_step, before) = (self.n_steps + 1 - starts.len() as u64, done);
            for (start, outcome) in starts.iter().zip(outcomes) {
                let Some(outcome) = outcome else { break };
                self.starts.push(user_point(self.space, start));
                let best = self.best_run;
                self.take(done, start, outcome)?;
                done += 1;
                if (self.is_settled() && self.stop.is_none())
                    || (speculative && self.stop.is_some())
                {
                    break; // later runs of the batch are not needed
                }
                if speculative && done < until {
                    // The next run began as if this one would tell nothing new.
                    pending = if best == self.best_run { self.suggested_start() } else { None };
                    if best != self.best_run || pending.is_some() {
                        break;
                    }
                }
            }
            self.skip(first_step + (done - before) as u64);
        }
        Ok(())
    }

    /// What runs from this step on found is not needed.
    fn skip(&mut self, first: u64) {
        let (outcome, stop) = (StepOutcome::Skipped, self.exploration.clock.seconds());
        for step in first..=self.n_steps {
            let event = Event::StepEnded { step, outcome, n_iterations: 0, stop };
            tell(&mut self.spec, &event);
        }
    }

    /// Which points of the exploration become starts, one after the other.
    fn order(&self, n_runs: usize) -> Vec<usize> {
        let points = &self.explored.points;
        if self.looks_at_large() {
            apart(points, self.space.n_free(), n_runs)
        } else {
            (0..points.len()).collect()
        }
    }

    /// Whether the landscape at large guides the search: always, unless turned off or with points of the user.
    pub(super) fn looks_at_large(&self) -> bool {
        self.options.n_fitted_points > 0 && self.options.sample.is_none()
    }

    fn run_batch(
        &mut self,
        starts: &[Vec<f64>],
        of_catalog: bool,
        all_wanted: bool,
    ) -> Vec<Option<Outcome>> {
        let n_cores = self.exploration.n_cores;
        let raises = self.options.error_handling == LocalErrors::Raise;
        let all_wanted = all_wanted || starts.len() == 1;
        let ends_search = |outcome: &Outcome| all_wanted && ends_search(outcome, raises);
        let (spec, space) = (&mut self.spec, self.space);
        let first_step = self.n_steps + 1;
        self.n_steps += starts.len() as u64;
        let mut local = Local { spec, space, n_cores, of_catalog, first_step, told_to_stop: false };
        let outcomes = local.run(starts, &ends_search);
        if local.told_to_stop {
            self.stop = Some(stopped(&Stop::Callback));
        }
        outcomes
    }

    /// Take note of how run `number` ended.
    fn take(
        &mut self,
        number: usize,
        start: &[f64],
        outcome: Outcome,
    ) -> Result<(), OptimizeError> {
        let failure = match outcome {
            // An algorithm that failed by itself.
            Ok(result) if result.status == Status::Failed => {
                let error = UserError::new(result.message);
                Failure { index: 0, what: "algorithm", error }
            }
            Ok(result) => {
                self.add(result);
                self.began.push(start.to_vec());
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
            Status::Interrupted => Some(interrupted()),
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

    /// The weight of the best point; the user's function is asked once for each number of runs.
    fn weight(&mut self, done: usize, n_runs: usize) -> Result<f64, OptimizeError> {
        if let Some((_, known)) = self.weights.iter().find(|(number, _)| *number == done) {
            return Ok(*known);
        }
        let weight = self.new_weight(done, n_runs)?;
        self.weights.push((done, weight));
        Ok(weight)
    }

    fn new_weight(&mut self, done: usize, n_runs: usize) -> Result<f64, OptimizeError> {
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
    pub(super) fn n_discoveries(&self) -> usize {
        self.points.iter().filter(|x| self.is_same(x, &self.best.0)).count()
    }

    /// Whether the best optimum was found often enough. Where there are other optima, too, that says something only after as many
    /// runs as it takes to fit a bowl to their optima, and one to try it.
    fn is_settled(&self) -> bool {
        let (found, runs) = (self.n_discoveries(), self.points.len());
        let n = self.space.n_free();
        let fits = self.looks_at_large() && can_fit(n);
        found >= self.options.convergence_max_discoveries
            && (found == runs || !fits || runs >= 2 * n + 2)
    }

    /// Whether two points are one, as far as the search is concerned: ||(x - y) / max(|y|, 0.1)|| is within the tolerance.
    pub(super) fn is_same(&self, x: &[f64], y: &[f64]) -> bool {
        let pairs = x.iter().zip(y);
        let square = pairs.map(|(x, y)| ((x - y) / y.abs().max(FLOOR)).powi(2)).sum::<f64>();
        square.sqrt() <= self.options.convergence_xtol_rel
    }
}

/// Why a result ends the search, if it does and was not ended itself because of another.
fn ending(outcome: &Outcome) -> Option<(Status, String)> {
    let result = outcome.as_ref().ok()?;
    matches!(result.status, Status::TargetReached | Status::Unbounded)
        .then(|| (result.status, result.message.clone()))
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
