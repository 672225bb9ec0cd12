//! Progress: what a run has done so far, told while it goes on.
//!
//! A [`Progress`] is a sink of the run's events. It counts, and looks at the clock only every few milliseconds; what it tells is
//! told at a [`Pace`], and never takes more than one part in a hundred of the time. Nothing that a display does can end the run.

mod report;
mod terminal;

use std::time::{Duration, Instant};

use thalweg_core::{Event, Sink, StepOutcome, Task};

use crate::error::OptimizeError;
use crate::limits::Limits;
use crate::result::{Direction, FlatResult};

pub use report::ProgressReport;
pub(crate) use terminal::terminal;

/// The clock is looked at so often.
const LOOK: Duration = Duration::from_millis(10);

/// An evaluation that took longer than this many seconds is reason enough to look.
const LONG: f64 = 2e-3;

/// Telling takes at most this part of the time.
const SHARE: u32 = 100;

/// How often progress is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Ten times a second: for a display that is drawn over.
    Steady,
    /// After a second, and then at intervals that grow to five minutes: for lines that stay.
    Growing,
}

impl Pace {
    fn interval(self, elapsed: Duration) -> Duration {
        match self {
            Pace::Steady => Duration::from_millis(100),
            Pace::Growing => (elapsed / 4).clamp(Duration::from_secs(1), Duration::from_secs(300)),
        }
    }
}

/// What progress is told to.
pub(crate) type Show<'a> = Box<dyn FnMut(&ProgressReport) + Send + 'a>;

/// A sink that tells how far a run is.
pub struct Progress<'a> {
    now: ProgressReport,
    limits: Limits,
    maximize: bool,
    /// Whether the value of the last iteration is told instead of the best one: where constraints may be violated, the best
    /// value says nothing.
    constrained: bool,
    /// In a search from many starts: how many local runs have ended, and how many there may be, if somebody has set that.
    ended: u64,
    most_runs: Option<usize>,
    begin: Instant,
    pace: Pace,
    /// Events until the clock is looked at, and how many they were at the last look.
    countdown: u32,
    stride: u32,
    looked: Instant,
    next: Duration,
    show: Show<'a>,
}

impl<'a> Progress<'a> {
    /// Progress of a run within these limits, told to `show`.
    pub fn new(
        direction: Direction,
        limits: Limits,
        pace: Pace,
        show: impl FnMut(&ProgressReport) + Send + 'a,
    ) -> Self {
        let begin = Instant::now();
        Progress {
            now: ProgressReport::default(),
            limits,
            maximize: direction == Direction::Maximize,
            constrained: false,
            ended: 0,
            most_runs: None,
            begin,
            pace,
            countdown: 1,
            stride: 1,
            looked: begin,
            next: pace.interval(Duration::ZERO),
            show: Box::new(show),
        }
    }

    /// Tell the value of the last iteration instead of the best one, which may violate constraints.
    #[must_use]
    pub fn constrained(mut self, constrained: bool) -> Self {
        self.constrained = constrained;
        self
    }

    /// In a search from many starts, limits of evaluations and iterations are those of single runs.
    #[must_use]
    pub fn searching(mut self, searching: bool) -> Self {
        if searching {
            let unlimited = Limits::default();
            self.limits.max_evaluations = unlimited.max_evaluations;
            self.limits.max_iterations = unlimited.max_iterations;
            self.now.local_runs = Some(0);
        }
        self
    }

    /// The limit of local runs of a search from many starts, if somebody has set one.
    #[must_use]
    pub fn at_most(mut self, local_runs: Option<usize>) -> Self {
        self.most_runs = local_runs;
        self
    }

    /// The run has ended: tell it for the last time, with the reason.
    pub fn finish(&mut self, reason: &str) {
        if self.now.end.is_none() {
            self.now.end = Some(reason.to_string());
            self.tell(Instant::now());
        }
    }

    /// The run has ended like this.
    pub fn end(&mut self, ended: &Result<FlatResult, OptimizeError>) {
        match ended {
            Ok(result) => self.finish(&result.message),
            Err(error) => self.finish(&error.to_string()),
        }
    }

    fn look(&mut self) {
        let now = Instant::now();
        let took = now - self.looked;
        self.looked = now;
        // As many events as fill the time until the next look, but never many more than the last time.
        let fits = LOOK.as_secs_f64() / took.as_secs_f64().max(1e-9) * f64::from(self.stride);
        self.stride = (fits as u32).clamp(1, self.stride.saturating_mul(4));
        self.countdown = self.stride;
        if now - self.begin >= self.next {
            self.tell(now);
        }
    }

    fn tell(&mut self, now: Instant) {
        let elapsed = now - self.begin;
        self.now.seconds = elapsed.as_secs_f64();
        self.now.share = self.share();
        (self.show)(&self.now);
        let took = now.elapsed();
        self.next = elapsed + self.pace.interval(elapsed).max(took * SHARE);
    }

    /// The largest part of a limit that is used up, of the limits that somebody has set.
    fn share(&self) -> Option<f64> {
        let unset = Limits::default();
        let part = |used: u64, most: u64, unset: u64| {
            (most != unset).then(|| used as f64 / most.max(1) as f64)
        };
        let parts = [
            part(self.now.n_evaluations, self.limits.max_evaluations, unset.max_evaluations),
            part(self.now.n_iterations, self.limits.max_iterations, unset.max_iterations),
            self.most_runs.map(|most| self.ended as f64 / most.max(1) as f64),
            self.limits.max_seconds.map(|most| self.now.seconds / most.max(f64::MIN_POSITIVE)),
        ];
        let largest = parts.into_iter().flatten().reduce(f64::max)?;
        Some(largest.min(1.0))
    }

    fn take_value(&mut self, value: f64) {
        let best = self.now.best;
        let better = if self.maximize { value > best } else { value < best };
        if better || best.is_nan() {
            self.now.best = value;
        }
    }
}

impl Sink for Progress<'_> {
    fn record(&mut self, event: &Event<'_>) {
        if let Event::Evaluation { value, task, start, stop, .. } = *event {
            if task.is_evaluation() {
                self.now.n_evaluations += 1;
            }
            self.now.exploring = task == Task::Exploration;
            if let (Some(value), false) = (value, self.constrained) {
                self.take_value(value);
            }
            self.countdown = self.countdown.saturating_sub(1);
            if self.countdown == 0 || stop - start > LONG {
                self.look();
            }
        } else if let Event::StepBegan { exploration: false, .. } = *event {
            self.now.local_runs = self.now.local_runs.map(|runs| runs + 1);
        } else if let Event::StepEnded { step, outcome, .. } = *event {
            // Step 0 is the exploration.
            self.ended += u64::from(step > 0 && outcome != StepOutcome::Skipped);
        } else if let Event::Iteration { value, .. } = *event {
            self.now.n_iterations += 1;
            if self.constrained {
                self.now.best = value;
            }
        }
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        self.finish("ended by an error");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    type Told = Arc<Mutex<Vec<ProgressReport>>>;

    fn progress(limits: Limits, pace: Pace) -> (Progress<'static>, Told) {
        let told: Told = Arc::default();
        let to = Arc::clone(&told);
        let show = move |report: &ProgressReport| to.lock().unwrap().push(report.clone());
        (Progress::new(Direction::Minimize, limits, pace, show), told)
    }

    fn evaluate(progress: &mut Progress<'_>, value: f64, task: Task, seconds: f64) {
        let (value, batch, stop) = (Some(value), 0, seconds);
        let (params, start, error) = (&[][..], 0.0, None);
        progress.record(&Event::Evaluation {
            params,
            value,
            task,
            step: 0,
            batch,
            start,
            stop,
            error,
            replayed: false,
        });
    }

    #[test]
    fn a_short_run_is_told_once_at_its_end() {
        let (mut progress, told) = progress(Limits::default(), Pace::Steady);
        for value in [3.0, 1.0, 2.0] {
            evaluate(&mut progress, value, Task::Fun, 1e-6);
        }
        evaluate(&mut progress, 1.0, Task::Jac, 1e-6);
        progress.record(&Event::Iteration { number: 1, params: &[], value: 1.0 });
        progress.finish("converged");
        progress.finish("twice");
        drop(progress);
        let told = told.lock().unwrap();
        assert_eq!(told.len(), 1);
        assert_eq!((told[0].n_evaluations, told[0].n_iterations, told[0].best), (3, 1, 1.0));
        assert_eq!(told[0].end.as_deref(), Some("converged"));
        assert_eq!((told[0].share, told[0].local_runs), (None, None));
    }

    #[test]
    fn a_run_that_never_ends_by_itself_is_told_of_all_the_same() {
        let (progress, told) = progress(Limits::default(), Pace::Growing);
        drop(progress);
        assert_eq!(told.lock().unwrap()[0].end.as_deref(), Some("ended by an error"));
    }

    #[test]
    fn slow_evaluations_are_told_at_once_and_quick_ones_at_the_pace() {
        let (mut slow, told) = progress(Limits::default(), Pace::Steady);
        slow.next = Duration::ZERO;
        slow.countdown = 1000;
        evaluate(&mut slow, 1.0, Task::Fun, 0.5);
        assert_eq!(told.lock().unwrap().len(), 1);
        evaluate(&mut slow, 1.0, Task::Fun, 0.5);
        assert_eq!(told.lock().unwrap().len(), 1, "not before a tenth of a second is over");
    }

    #[test]
    fn the_share_is_that_of_the_limit_that_is_nearest() {
        let limits = Limits { max_evaluations: 10, max_seconds: Some(1e9), ..Limits::default() };
        let (mut progress, told) = progress(limits, Pace::Growing);
        evaluate(&mut progress, 1.0, Task::Fun, 0.0);
        evaluate(&mut progress, 1.0, Task::FunAndJac, 0.0);
        progress.finish("done");
        assert_eq!(told.lock().unwrap()[0].share, Some(0.2));
    }

    #[test]
    fn searches_count_their_runs() {
        let limits = Limits { max_evaluations: 10, ..Limits::default() };
        let (progress, told) = progress(limits, Pace::Growing);
        let mut progress = progress.searching(true);
        evaluate(&mut progress, 1.0, Task::Exploration, 0.0);
        assert!(progress.now.exploring);
        progress.record(&Event::StepBegan { step: 0, exploration: true, start: 0.0 });
        for step in [1, 2] {
            progress.record(&Event::StepBegan { step, exploration: false, start: 0.0 });
            evaluate(&mut progress, 1.0, Task::Fun, 0.0);
        }
        progress.finish("done");
        let told = told.lock().unwrap();
        assert_eq!((told[0].local_runs, told[0].share, told[0].exploring), (Some(2), None, false));
    }

    #[test]
    fn searches_use_up_their_local_runs() {
        let (progress, told) = progress(Limits::default(), Pace::Growing);
        let mut progress = progress.searching(true).at_most(Some(4));
        let outcomes = [StepOutcome::Complete, StepOutcome::Complete, StepOutcome::Skipped];
        for (step, outcome) in (0..).zip(outcomes) {
            progress.record(&Event::StepEnded { step, outcome, n_iterations: 0, stop: 0.0 });
        }
        progress.finish("done");
        assert_eq!(told.lock().unwrap()[0].share, Some(0.25));
    }

    #[test]
    fn with_constraints_the_value_is_that_of_the_last_iteration() {
        let (progress, told) = progress(Limits::default(), Pace::Growing);
        let mut progress = progress.constrained(true);
        evaluate(&mut progress, -10.0, Task::Fun, 0.0);
        progress.record(&Event::Iteration { number: 1, params: &[], value: 2.0 });
        progress.finish("done");
        assert_eq!(told.lock().unwrap()[0].best, 2.0);
    }

    #[test]
    fn intervals_grow() {
        let seconds = |elapsed| Pace::Growing.interval(Duration::from_secs(elapsed)).as_secs();
        assert_eq!([seconds(0), seconds(40), seconds(100_000)], [1, 10, 300]);
    }
}
