//! The stacks of suspended runs: large problems, and very many runs.

use crate::support::{blueprint, catalog, rosenbrock};
use thalweg::core::SolverKind;
use thalweg::drivers::{Backend, Suspended, Tell};

fn outputs(kind: SolverKind, x: &[f64]) -> Vec<f64> {
    let residuals = rosenbrock(x);
    match kind {
        SolverKind::LeastSquares => residuals,
        SolverKind::Scalar => vec![residuals.iter().map(|r| r * r).sum()],
        SolverKind::Likelihood => residuals.iter().map(|r| r * r).collect(),
    }
}

#[test]
fn two_hundred_parameters_fit_on_the_stack() {
    for entry in catalog() {
        let mut blueprint = blueprint(entry, &[-1.2; 200]);
        blueprint.resolved.limits.max_evaluations = 800;
        blueprint.resolved.limits.max_iterations = 4;
        let mut run = Suspended::start(blueprint, Backend::Coroutine).expect("a stack");
        while let Some(ask) = run.ask() {
            let all = ask.iter().flat_map(|x| outputs(entry.spec.features.kind, x)).collect();
            run.tell(Tell::outputs(all)).expect("fits");
        }
        let result = run.finish().expect(entry.spec.name);
        assert!(result.fun <= result.start_fun, "{}", entry.spec.name);
    }
}

#[test]
fn ten_thousand_runs_wait_in_one_process() {
    let entry = thalweg::algorithms::find("lbfgsb").expect("in the catalog");
    let kind = entry.spec.features.kind;
    let mut runs: Vec<Suspended> = (0..10_000)
        .map(|i| {
            let start = [i as f64 / 5_000.0 - 1.0, 1.0];
            Suspended::start(blueprint(entry, &start), Backend::Coroutine).expect("a stack")
        })
        .collect();
    for _ in 0..3 {
        for run in &mut runs {
            let all = run.ask().map(|ask| ask.iter().flat_map(|x| outputs(kind, x)).collect());
            if let Some(all) = all {
                run.tell(Tell::outputs(all)).expect("fits");
            }
        }
    }
    assert!(runs.iter().all(|run| run.ask().is_some()));
    let result = runs.pop().expect("10 000 runs").finish().expect("a result");
    assert!(!result.success);
}
