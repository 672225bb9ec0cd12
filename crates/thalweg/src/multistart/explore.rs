//! The exploration: the objective at every point of the sample.

use thalweg_core::{Event, StepOutcome, Task};
use thalweg_space::Space;

use super::fitted::fitted_points;
use super::sample::Sample;
use crate::aggregate::Aggregate;
use crate::logging::Clock;
use crate::objective::{Answer, Batch, Failure, UserErrorKind};
use crate::pipeline::Specification;
use crate::status::Status;

/// The most numbers of sample points that are evaluated at once.
const CHUNK_NUMBERS: usize = 1 << 20;

/// Points for each coefficient of a bowl that is fitted to explored points.
const PER_COEFFICIENT: usize = 3;

/// What the exploration found, best first.
#[derive(Default)]
pub(super) struct Explored {
    /// Points of the algorithm's space whose value is a number.
    pub points: Vec<Vec<f64>>,
    /// Their values; smaller is better.
    pub values: Vec<f64>,
    /// How many points were evaluated.
    pub n_evaluations: u64,
    /// How many failed, and the first message.
    pub failed: (usize, String),
    /// Why the exploration ended before its last point.
    pub stop: Option<(Status, String)>,
    /// A failure that always ends a run.
    pub fatal: Option<Failure>,
    /// The step that evaluations are told of: 0, and later the next local run.
    pub step: u64,
}

/// How the exploration is evaluated.
pub(super) struct Exploration<'e> {
    pub space: &'e Space,
    pub n_cores: usize,
    pub clock: Clock,
    pub aggregate: Aggregate,
    /// The objective at the start, in the user's sign.
    pub start_fun: f64,
}

impl Exploration<'_> {
    /// Evaluate the sample, in one batch where nothing speaks against it. Failures never end the exploration.
    pub fn run(&self, spec: &mut Specification<'_>, sample: &Sample) -> Explored {
        let n = self.space.n_free();
        let start = self.clock.seconds();
        tell(spec, &Event::StepBegan { step: 0, exploration: true, start });
        let mut explored = Explored::default();
        let mut found = Vec::new();
        let mut done = 0;
        if sample.begins_with_start {
            found.push(self.start_fun);
            (done, explored.n_evaluations) = (1, 1);
            self.report(spec, &explored, &sample.points[..n], (&[self.start_fun], &[]), 0.0);
        }
        spec.objective.keep_going(true);
        // The last points wait: the minima of fitted bowls take the places of as many of them as there are.
        let (mut points, waiting) = (sample.points.clone(), sample.n_fitted * n);
        let rest = points.split_off(points.len() - waiting);
        self.evaluate_all(spec, &points[done * n..], &mut explored, &mut found);
        if explored.stop.is_none() && explored.fatal.is_none() && !rest.is_empty() {
            let mut further = self.fit(&points, &found, sample.n_fitted);
            further.extend_from_slice(&rest[..waiting - further.len()]);
            self.evaluate_all(spec, &further, &mut explored, &mut found);
            points.extend(further);
        }
        spec.objective.keep_going(false);
        let outcome =
            if explored.fatal.is_some() { StepOutcome::Failed } else { StepOutcome::Complete };
        let stop = self.clock.seconds();
        tell(spec, &Event::StepEnded { step: 0, outcome, n_iterations: 0, stop });
        let found = self.sorted(found);
        explored.points = found.iter().map(|&(_, i)| points[i * n..(i + 1) * n].to_vec()).collect();
        explored.values = found.into_iter().map(|(value, _)| value).collect();
        explored
    }

    /// The points whose value is a number, best first; smaller is better.
    fn sorted(&self, found: Vec<f64>) -> Vec<(f64, usize)> {
        let sign = if self.aggregate.maximize { -1.0 } else { 1.0 };
        let numbered = found.into_iter().enumerate();
        let finite = numbered.filter(|(_, value)| value.is_finite());
        let mut sorted: Vec<_> = finite.map(|(i, value)| (sign * value, i)).collect();
        sorted.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        sorted
    }

    /// The minima of bowls that are fitted to what was found.
    fn fit(&self, points: &[f64], found: &[f64], count: usize) -> Vec<f64> {
        let n = self.space.n_free();
        let (values, order): (Vec<f64>, Vec<usize>) =
            self.sorted(found.to_vec()).into_iter().unzip();
        let sorted: Vec<&[f64]> = order.iter().map(|&i| &points[i * n..(i + 1) * n]).collect();
        fitted_points(&sorted, &values, n, count, PER_COEFFICIENT)
    }

    /// The values of further points during the search, smaller is better; infinite where there is none.
    pub fn further(
        &self,
        points: &[f64],
        spec: &mut Specification<'_>,
        explored: &mut Explored,
    ) -> Vec<f64> {
        let mut found = Vec::new();
        spec.objective.keep_going(true);
        self.evaluate_all(spec, points, explored, &mut found);
        spec.objective.keep_going(false);
        found.resize(points.len() / self.space.n_free(), f64::NAN);
        let sign = if self.aggregate.maximize { -1.0 } else { 1.0 };
        found.iter().map(|v| if v.is_finite() { sign * v } else { f64::INFINITY }).collect()
    }

    /// Evaluate points in as few batches as possible and append their values to `found`, NaN for those that fail.
    fn evaluate_all(
        &self,
        spec: &mut Specification<'_>,
        points: &[f64],
        explored: &mut Explored,
        found: &mut Vec<f64>,
    ) {
        let n = self.space.n_free();
        let mut rest = points;
        let mut chunk = self.first_chunk(spec);
        while !rest.is_empty() && explored.stop.is_none() && explored.fatal.is_none() {
            if let Some(stop) = self.stop_before(spec) {
                explored.stop = Some(stop);
                break;
            }
            let (now, later) = rest.split_at(rest.len().min(chunk * n));
            let begin = self.clock.seconds();
            found.extend(self.evaluate(spec, now, explored, begin));
            chunk = self.next_chunk(spec, chunk, self.clock.seconds() - begin);
            rest = later;
        }
    }

    /// The values of one batch, up to a failure that ends the run.
    fn evaluate(
        &self,
        spec: &mut Specification<'_>,
        points: &[f64],
        explored: &mut Explored,
        begin: f64,
    ) -> Vec<f64> {
        let n = self.space.n_free();
        let (k, m) = (points.len() / n, spec.objective.n_outputs());
        let (mut work, n_user) = (self.space.workspace(), self.space.n_user());
        let mut user = vec![0.0; k * n_user];
        for (x, user) in points.chunks_exact(n).zip(user.chunks_exact_mut(n_user)) {
            self.space.to_user(x, user, &mut work);
        }
        let mut outputs = vec![0.0; k * m];
        let mut failures = Vec::new();
        let batch = Batch {
            points: &user,
            dim: n_user,
            wants_outputs: true,
            n_cores: self.n_cores,
            ..Batch::default()
        };
        let answer = Answer { outputs: &mut outputs, ..Answer::default() };
        spec.objective.evaluate(&batch, answer, &mut failures);
        // What comes after a failure that ends the run was not evaluated.
        let ends = failures.iter().position(|f| f.error.kind != UserErrorKind::Ordinary);
        let until = ends.map_or(k, |i| failures[i].index.min(k));
        let mut failed = vec![false; k];
        failures.iter().for_each(|failure| failed[failure.index] = true);
        let values: Vec<f64> = (0..until)
            .map(|i| {
                if failed[i] {
                    f64::NAN
                } else {
                    self.aggregate.user_value(&outputs[i * m..(i + 1) * m])
                }
            })
            .collect();
        explored.n_evaluations += until as u64;
        self.report(spec, explored, &points[..until * n], (&values, &failures), begin);
        for failure in failures {
            match failure.error.kind {
                UserErrorKind::Ordinary => {
                    if explored.failed.0 == 0 {
                        explored.failed.1.clone_from(&failure.error.message);
                    }
                    explored.failed.0 += 1;
                }
                UserErrorKind::Interrupt => explored.stop = Some(interrupted()),
                UserErrorKind::Fatal => explored.fatal = Some(failure),
            }
        }
        values
    }

    /// Tell the sinks.
    fn report(
        &self,
        spec: &mut Specification<'_>,
        explored: &Explored,
        points: &[f64],
        (values, failures): (&[f64], &[Failure]),
        begin: f64,
    ) {
        if spec.sinks.is_empty() {
            return;
        }
        let end = self.clock.seconds();
        let (mut work, mut user) = (self.space.workspace(), vec![0.0; self.space.n_user()]);
        for (i, (x, &value)) in points.chunks_exact(self.space.n_free()).zip(values).enumerate() {
            self.space.to_user(x, &mut user, &mut work);
            let failure = failures.iter().find(|failure| failure.index == i);
            let logged = self.clock.logged(&user, Task::Exploration);
            let (start, stop) = logged.unwrap_or((begin, end));
            let event = Event::Evaluation {
                params: &user,
                value: Some(value).filter(|value| !value.is_nan()),
                task: Task::Exploration,
                step: explored.step,
                batch: (i / self.n_cores) as u64,
                start,
                stop,
                error: failure.map(|failure| failure.error.message.as_str()),
                replayed: logged.is_some(),
            };
            tell(spec, &event);
        }
    }

    pub fn stop_before(&self, spec: &Specification<'_>) -> Option<(Status, String)> {
        if spec
            .interrupt
            .as_ref()
            .is_some_and(|flag| flag.load(std::sync::atomic::Ordering::Relaxed))
        {
            return Some(interrupted());
        }
        let seconds = spec.limits.max_seconds?;
        let stop = thalweg_core::Stop::MaxSeconds(seconds);
        (self.clock.seconds() >= seconds).then(|| (Status::MaxSeconds, stop.to_string()))
    }

    /// All points at once, as memory allows; a limit on seconds has to be looked at in between.
    fn first_chunk(&self, spec: &Specification<'_>) -> usize {
        if spec.limits.max_seconds.is_some() { self.n_cores } else { self.largest_chunk() }
    }

    /// Double the chunk as long as it takes a small part of the time.
    fn next_chunk(&self, spec: &Specification<'_>, chunk: usize, took: f64) -> usize {
        match spec.limits.max_seconds {
            Some(seconds) if took > seconds / 50.0 => chunk,
            _ => (2 * chunk).min(self.largest_chunk()),
        }
    }

    fn largest_chunk(&self) -> usize {
        (CHUNK_NUMBERS / self.space.n_user()).max(self.n_cores)
    }
}

/// Tell the sinks.
pub(super) fn tell(spec: &mut Specification<'_>, event: &Event<'_>) {
    spec.sinks.iter_mut().for_each(|sink| sink.record(event));
}

/// The user pressed Ctrl-C, or set the flag.
pub(super) fn interrupted() -> (Status, String) {
    (Status::Interrupted, thalweg_core::Stop::Interrupted.to_string())
}
