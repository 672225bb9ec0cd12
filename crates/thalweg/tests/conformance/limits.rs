//! Budgets, targets and interruptions.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::support::{Probe, blueprint, catalog, expect, rosenbrock};
use thalweg::core::{SolverKind, Task};
use thalweg::{
    Answer, Batch, Failure, IterationReport, Objective, Specification, StartValues, Status,
};

#[test]
fn the_budget_of_evaluations_is_kept_exactly() {
    for entry in catalog() {
        for budget in [1, 2, 7] {
            let mut probe = Probe::new(entry.spec.features.kind, rosenbrock);
            let mut blueprint = blueprint(entry, &[-1.2, 1.0, -0.5]);
            blueprint.resolved.limits.max_evaluations = budget;
            let result = expect(entry, blueprint.run(&mut probe));
            assert!(result.n_fun_evals <= budget, "{}: {}", entry.spec.name, result.n_fun_evals);
            assert_eq!(result.status, Status::MaxEvaluations, "{}", entry.spec.name);
            let history = result.history.as_ref().expect("history is on by default");
            let evaluated = |task: &&Task| task.is_evaluation();
            let rows = history.tasks().iter().filter(evaluated).count();
            assert_eq!(rows as u64, result.n_fun_evals, "{}", entry.spec.name);
            // The best point of the history is what is returned.
            let best = history.values().iter().copied().fold(result.start_fun, f64::min);
            assert_eq!(result.fun, best, "{}", entry.spec.name);
        }
    }
}

#[test]
fn the_number_of_iterations_is_kept() {
    for entry in catalog() {
        let mut probe = Probe::new(entry.spec.features.kind, rosenbrock);
        let mut blueprint = blueprint(entry, &[-1.2, 1.0, -0.5]);
        blueprint.resolved.limits.max_iterations = 3;
        let result = expect(entry, blueprint.run(&mut probe));
        assert_eq!(result.n_iterations, 3, "{}", entry.spec.name);
        assert_eq!(result.status, Status::MaxIterations, "{}", entry.spec.name);
    }
}

#[test]
fn no_time_means_no_evaluation() {
    for entry in catalog() {
        let mut probe = Probe::new(entry.spec.features.kind, rosenbrock);
        let mut blueprint = blueprint(entry, &[-1.2, 1.0, -0.5]);
        blueprint.resolved.limits.max_seconds = Some(0.0);
        let result = expect(entry, blueprint.run(&mut probe));
        assert_eq!(result.status, Status::MaxSeconds, "{}", entry.spec.name);
        assert_eq!((result.n_fun_evals, probe.points.len()), (0, 1), "{}", entry.spec.name);
        assert_eq!(result.params, result.start_params);
    }
}

#[test]
fn the_target_ends_the_run() {
    for entry in catalog() {
        let mut probe = Probe::new(entry.spec.features.kind, rosenbrock);
        let mut blueprint = blueprint(entry, &[-1.2, 1.0, -0.5]);
        blueprint.resolved.limits.target = Some(4.5);
        let result = expect(entry, blueprint.run(&mut probe));
        assert_eq!(result.status, Status::TargetReached, "{}: {}", entry.spec.name, result.message);
        assert!(result.success && result.fun <= 4.5);
    }
}

/// Runs `entry` with a callback and an interrupt flag, which `watch` may set.
fn observed(
    entry: &thalweg::core::CatalogEntry,
    interrupt: Option<Arc<AtomicBool>>,
    callback: &mut dyn FnMut(&IterationReport<'_>) -> bool,
) -> thalweg::FlatResult {
    let blueprint = blueprint(entry, &[-1.2, 1.0, -0.5]);
    let mut probe = Probe::new(entry.spec.features.kind, rosenbrock);
    let result = thalweg::optimize(Specification {
        objective: &mut probe,
        start: &blueprint.start,
        names: &|i| i.to_string(),
        direction: blueprint.direction,
        success_message: None,
        algorithm: blueprint.resolved.algorithm,
        algorithm_name: blueprint.resolved.name,
        limits: blueprint.resolved.limits,
        bounds: blueprint.bounds,
        constraints: Vec::new(),
        nonlinear: Vec::new(),
        extra_rows: Vec::new(),
        constraint_handling: Default::default(),
        space: blueprint.space,
        numerical_derivatives: blueprint.numerical_derivatives,
        n_cores: 1,
        error_handling: blueprint.error_handling,
        penalty: blueprint.penalty,
        collect_history: false,
        callback: Some(callback),
        on_failure: None,
        sinks: Vec::new(),
        interrupt,
        seed: 0,
        multistart: None,
        log: None,
        on_space: None,
        clock: thalweg::Clock::start(),
        step: 0,
        scaling: None,
        soft_bounds: thalweg::Bounds::none(),
    });
    expect(entry, result)
}

#[test]
fn the_callback_sees_every_iteration_and_can_end_the_run() {
    for entry in catalog() {
        let mut seen = Vec::new();
        let result = observed(entry, None, &mut |report| {
            assert_eq!(report.params.len(), 3);
            seen.push(report.iteration);
            report.iteration == 4
        });
        assert_eq!(seen, [1, 2, 3, 4], "{}", entry.spec.name);
        assert_eq!(result.status, Status::Callback, "{}", entry.spec.name);
        assert!(result.history.is_none(), "history was off");
    }
}

#[test]
fn an_interrupt_returns_the_best_point_so_far() {
    for entry in catalog() {
        let flag = Arc::new(AtomicBool::new(false));
        let set = flag.clone();
        let result = observed(entry, Some(flag), &mut |report| {
            set.store(report.iteration == 2, Ordering::Relaxed);
            false
        });
        assert_eq!(result.status, Status::Interrupted, "{}", entry.spec.name);
        assert!(result.fun <= result.start_fun && !result.success);
    }
}

/// An objective that counts how large the batches are.
struct Batches {
    sizes: Vec<usize>,
    kind: SolverKind,
}

impl Objective for Batches {
    fn kind(&self) -> SolverKind {
        self.kind
    }
    fn n_outputs(&self) -> usize {
        if self.kind == SolverKind::Scalar { 1 } else { 4 }
    }
    fn has_derivative(&self) -> bool {
        false
    }
    fn start(&mut self, x: &[f64]) -> Result<StartValues, Failure> {
        let mut probe = Probe::new(self.kind, rosenbrock);
        Ok(StartValues { outputs: probe.outputs(x).unwrap_or_default(), ..Default::default() })
    }
    fn evaluate(&mut self, batch: &Batch<'_>, answer: Answer<'_>, _: &mut Vec<Failure>) {
        let Answer { outputs, .. } = answer;
        self.sizes.push(batch.len());
        let m = self.n_outputs();
        let mut probe = Probe::new(self.kind, rosenbrock);
        for (x, out) in batch.iter().zip(outputs.chunks_exact_mut(m)) {
            out.copy_from_slice(&probe.outputs(x).unwrap_or_default());
        }
    }
}

#[test]
fn parallel_algorithms_ask_for_batches() {
    for entry in catalog().iter().filter(|entry| entry.spec.features.parallel) {
        let mut objective = Batches { sizes: Vec::new(), kind: entry.spec.features.kind };
        let mut blueprint = blueprint(entry, &[-1.2, 1.0, -0.5]);
        blueprint
            .resolved
            .set("n_cores", &thalweg::core::OptionValue::Integer(2))
            .expect("an option");
        expect(entry, blueprint.run(&mut objective));
        let batches = objective.sizes.iter().filter(|size| **size > 1).count();
        assert!(batches > 0, "{}: {:?}", entry.spec.name, objective.sizes);
    }
}
