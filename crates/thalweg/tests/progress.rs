//! Progress and `tracing`: what is told while a run goes on, and at its end, however it ends.

use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::Duration;

use thalweg::{ErrorHandling, MultistartOptions, OptimizeError, ProgressReport, minimize};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

#[allow(clippy::ptr_arg)] // what is optimized is a vector
fn sphere(x: &Vec<f64>) -> f64 {
    x.iter().map(|x| x * x).sum()
}

#[test]
fn progress_is_told_on_the_way_and_at_the_end() {
    let mut told: Vec<ProgressReport> = Vec::new();
    let slow = |x: &Vec<f64>| {
        sleep(Duration::from_millis(10));
        sphere(x)
    };
    let result = minimize(slow, vec![1.0; 3])
        .algorithm("neldermead")
        .option("stopping_maxfun", 60)
        .progress_with(|report| told.push(report.clone()))
        .run()
        .unwrap();
    let most = 10.0 * told.last().unwrap().seconds + 2.0;
    assert!(told.len() >= 4 && told.len() as f64 <= most, "{told:?}");
    assert!(told.is_sorted_by_key(|report| report.n_evaluations));
    let last = told.last().unwrap();
    assert_eq!((last.n_evaluations, last.share, last.best), (60, Some(1.0), result.fun));
    assert_eq!(last.n_iterations, result.n_iterations);
    assert_eq!(last.end.as_deref(), Some("stopped: 60 evaluations are used up (stopping_maxfun)"));
}

#[test]
fn the_end_is_told_after_errors_and_panics() {
    let mut last = None;
    let failing = |x: &Vec<f64>| if x[0] < 1.0 { Err("broken") } else { Ok(sphere(x)) };
    let run = minimize(failing, vec![1.0; 3])
        .algorithm("neldermead")
        .progress_with(|report| last = report.end.clone());
    assert!(matches!(run.run(), Err(OptimizeError::User { .. })));
    assert!(last.unwrap().contains("broken"));

    let mut last = None;
    let panicking = |x: &Vec<f64>| if x[0] < 1.0 { panic!("a bug") } else { sphere(x) };
    let run = minimize(panicking, vec![1.0; 3])
        .algorithm("neldermead")
        .progress_with(|report| last = report.end.clone());
    let ended = catch_unwind(AssertUnwindSafe(|| run.run().map(|result| result.fun)));
    match ended {
        Err(_) => assert_eq!(last.as_deref(), Some("ended by an error")),
        Ok(ended) => assert!(ended.is_err() && last.unwrap().contains("a bug")),
    }
}

#[test]
fn ask_and_tell_has_no_progress_of_its_own() {
    let error = thalweg::ask_tell(vec![1.0; 2]).algorithm("neldermead").progress(true).suspend();
    let message = error.err().unwrap().to_string();
    assert!(message.starts_with("progress cannot be used with ask_tell"), "{message}");
}

/// Keeps what it is told, a line an event.
struct Listener {
    level: Level,
    lines: Arc<Mutex<Vec<String>>>,
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        match field.name() {
            "message" => self.0.insert_str(0, &format!("{value:?}")),
            name => self.0 += &format!(" {name}={value:?}"),
        }
    }
}

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "thalweg" && *metadata.level() <= self.level
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        self.lines.lock().unwrap().push(format!("{} {}", event.metadata().level(), line.0));
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

fn heard(level: Level, run: impl FnOnce()) -> Vec<String> {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let listener = Listener { level, lines: Arc::clone(&lines) };
    tracing::subscriber::with_default(listener, run);
    lines.lock().unwrap().clone()
}

#[test]
fn runs_tell_tracing_what_they_do() {
    let mut iterations = 0;
    let lines = heard(Level::DEBUG, || {
        let result = minimize(sphere, vec![1.0; 3]).algorithm("lbfgsb").run().unwrap();
        iterations = result.n_iterations;
    });
    assert_eq!(lines[0], "INFO run begins algorithm=\"lbfgsb\" direction=Minimize n_params=3");
    assert!(lines[1].starts_with("DEBUG iteration iteration=1 fun="), "{lines:?}");
    assert!(
        lines.last().unwrap().starts_with("INFO run ends status=\"converged\" fun="),
        "{lines:?}"
    );
    assert_eq!(lines.len() as u64, iterations + 2);

    let lines = heard(Level::WARN, || {
        let failing = |x: &Vec<f64>| if x[0] < 0.5 { Err("broken") } else { Ok(sphere(x)) };
        let run = || minimize(failing, vec![1.0; 2]).algorithm("neldermead");
        run().error_handling(ErrorHandling::Continue).run().unwrap();
        assert!(run().run().is_err());
    });
    let failed =
        "WARN evaluation failed; a penalty takes its place function=\"fun\" error=\"broken\"";
    assert_eq!(lines[0], failed);
    assert!(lines.last().unwrap().starts_with("WARN run fails error="), "{lines:?}");
}

#[test]
fn searches_tell_of_all_their_runs_once() {
    let fun = |x: &Vec<f64>| x.iter().map(|x| x * x - (6.0 * x).cos()).sum::<f64>();
    let mut runs = 0;
    let lines = heard(Level::DEBUG, || {
        let options = MultistartOptions { n_samples: Some(20), ..Default::default() };
        let result = minimize(fun, vec![2.0, 1.0])
            .algorithm("lbfgsb")
            .bounds(.., -3.0, 3.0)
            .multistart(options)
            .run()
            .unwrap();
        runs = result.multistart.unwrap().n_optimizations();
    });
    assert!(runs > 1);
    assert_eq!(lines.iter().filter(|line| line.starts_with("INFO")).count(), 2);
    let first =
        lines.iter().filter(|line| line.starts_with("DEBUG iteration iteration=1 ")).count();
    assert!(first >= runs, "{first} of {runs}");
}
