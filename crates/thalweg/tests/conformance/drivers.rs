//! Every algorithm under every driver: the same points and the same result.

use crate::support::{Probe, blueprint, catalog, rosenbrock, shifted};
use thalweg::drivers::{
    Ask, Backend, Blueprint, Exchange, Recording, Replaying, Suspended, Tell, lockstep,
};
use thalweg::{FlatResult, OptimizeError};

const START: [f64; 3] = [-1.2, 1.0, 0.3];

/// What two runs must share: everything but the times.
fn essence(result: Result<FlatResult, OptimizeError>) -> FlatResult {
    FlatResult { history: None, ..result.expect("a result") }
}

fn answer(probe: &mut Probe, ask: &Ask) -> Tell {
    Tell::outputs(ask.iter().flat_map(|x| probe.outputs(x).expect("no failure")).collect())
}

fn suspended(blueprint: Blueprint, backend: Backend, probe: &mut Probe) -> FlatResult {
    let mut run = Suspended::start(blueprint, backend).expect("a stack");
    while let Some(ask) = run.ask() {
        let tell = answer(probe, ask);
        run.tell(tell).expect("an answer that fits");
    }
    essence(run.finish())
}

#[test]
fn ask_and_tell_ask_for_the_points_of_the_direct_driver() {
    for entry in catalog() {
        let mut direct = Probe::new(entry.spec.features.kind, rosenbrock);
        let expected = essence(blueprint(entry, &START).run(&mut direct));
        for backend in [Backend::Coroutine, Backend::Thread] {
            let mut probe = Probe::new(entry.spec.features.kind, rosenbrock);
            let result = suspended(blueprint(entry, &START), backend, &mut probe);
            assert_eq!(probe.points, direct.points, "{} {backend:?}", entry.spec.name);
            assert_eq!(result, expected, "{} {backend:?}", entry.spec.name);
        }
    }
}

#[test]
fn a_batch_may_be_evaluated_in_any_order_and_in_parts() {
    for entry in catalog() {
        let mut direct = Probe::new(entry.spec.features.kind, rosenbrock);
        let expected = essence(blueprint(entry, &START).run(&mut direct));
        let mut run =
            Suspended::start(blueprint(entry, &START), Backend::Coroutine).expect("a stack");
        while let Some(ask) = run.ask() {
            // Backwards, and each point by a worker of its own.
            let mut outputs: Vec<Vec<f64>> = Vec::new();
            for x in ask.points.chunks_exact(ask.dim).rev() {
                let mut worker = Probe::new(entry.spec.features.kind, rosenbrock);
                outputs.push(worker.outputs(x).expect("no failure"));
            }
            outputs.reverse();
            run.tell(Tell::outputs(outputs.concat())).expect("an answer that fits");
        }
        assert_eq!(essence(run.finish()), expected, "{}", entry.spec.name);
    }
}

#[test]
fn lockstep_runs_do_not_notice_each_other() {
    for entry in catalog() {
        let starts = [START, [2.0, 0.5, -1.0], [0.0, 0.0, 0.0], [1.0, 1.0, 1.0]];
        let blueprints = starts.iter().map(|start| blueprint(entry, start)).collect();
        let mut probe = Probe::new(entry.spec.features.kind, rosenbrock);
        let mut rounds = 0;
        let results = lockstep(blueprints, |round| {
            rounds += 1;
            Tell::outputs(
                round.iter().flat_map(|(_, x)| probe.outputs(x).expect("no failure")).collect(),
            )
        });
        let mut total = 0;
        for (start, result) in starts.iter().zip(results) {
            let mut direct = Probe::new(entry.spec.features.kind, rosenbrock);
            let expected = essence(blueprint(entry, start).run(&mut direct));
            assert_eq!(essence(result), expected, "{}", entry.spec.name);
            total += direct.points.len();
        }
        assert_eq!(probe.points.len(), total, "{}", entry.spec.name);
        assert!(rounds < total, "{}: batches are merged", entry.spec.name);
    }
}

#[test]
fn a_failing_run_leaves_the_lockstep_and_the_others_go_on() {
    for entry in catalog() {
        let blueprints = vec![blueprint(entry, &START), blueprint(entry, &[3.0, 3.0, 3.0])];
        let kind = entry.spec.features.kind;
        let mut probe = Probe::new(kind, shifted);
        let mut rounds = 0;
        let results = lockstep(blueprints, |round| {
            rounds += 1;
            let mut tell = Tell::outputs(
                round.iter().flat_map(|(_, x)| probe.outputs(x).expect("no failure")).collect(),
            );
            if rounds == 3 {
                let first = round.runs.iter().position(|&run| run == 0).expect("run 0 still runs");
                let error = thalweg::UserError::new("lost worker");
                tell.failures.push(thalweg::Failure { index: first, what: "fun", error });
            }
            tell
        });
        let [failed, other] = results.try_into().expect("two results");
        assert!(
            failed.expect_err("fails").to_string().contains("lost worker"),
            "{}",
            entry.spec.name
        );
        assert!(other.expect("goes on").fun < 1e-2, "{}", entry.spec.name);
    }
}

/// Runs with a recording, and returns the record.
fn recorded(blueprint: Blueprint, probe: &mut Probe) -> (FlatResult, Vec<Exchange>) {
    let mut tape = Vec::new();
    let result = essence(blueprint.run(&mut Recording::new(probe, &mut tape)));
    (result, tape)
}

#[test]
fn a_stopped_run_is_replayed_to_the_last_bit() {
    for entry in catalog() {
        let mut probe = Probe::new(entry.spec.features.kind, rosenbrock);
        let (expected, tape) = recorded(blueprint(entry, &START), &mut probe);
        for kept in [0, 1, tape.len() / 2, tape.len()] {
            let mut fresh = Probe::new(entry.spec.features.kind, rosenbrock);
            fresh.n_outputs = probe.n_outputs;
            let result =
                blueprint(entry, &START).run(&mut Replaying::new(&mut fresh, &tape[..kept]));
            assert_eq!(essence(result), expected, "{} after {kept}", entry.spec.name);
            let replayed: usize =
                tape[..kept].iter().map(|row| row.points.len() / START.len()).sum();
            assert_eq!(fresh.points.len(), probe.points.len() - replayed, "{}", entry.spec.name);
        }
    }
}

#[test]
fn a_replay_that_differs_says_at_which_evaluation() {
    for entry in catalog() {
        let mut probe = Probe::new(entry.spec.features.kind, rosenbrock);
        let (_, mut tape) = recorded(blueprint(entry, &START), &mut probe);
        let changed = 4.min(tape.len() - 1);
        let before: usize = tape[1..changed].iter().map(|row| row.points.len() / START.len()).sum();
        tape[changed].points[0] += 1e-9;
        let error = blueprint(entry, &START).run(&mut Replaying::new(&mut probe, &tape));
        let message = error.expect_err(entry.spec.name).to_string();
        let expected = format!("does not repeat the recorded one at evaluation {}:", before + 1);
        assert!(message.contains(&expected), "{}: {message}", entry.spec.name);
    }
}

#[test]
fn an_answer_of_the_wrong_size_is_refused_and_can_be_repaired() {
    let entry = &catalog()[0];
    let mut run = Suspended::start(blueprint(entry, &START), Backend::Coroutine).expect("a stack");
    let mut probe = Probe::new(entry.spec.features.kind, rosenbrock);
    let tell = answer(&mut probe, run.ask().expect("a batch"));
    run.tell(tell).expect("fits");
    let error = run.tell(Tell::outputs(vec![])).expect_err("no outputs");
    assert!(error.to_string().starts_with("0 outputs were told for "), "{error}");
    let tell = answer(&mut probe, run.ask().expect("still waits"));
    run.tell(tell).expect("fits");
    let result = run.finish().expect("an interrupted result");
    assert_eq!(result.status, thalweg::Status::Interrupted);
}
