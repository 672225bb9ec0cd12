//! Constraints under every driver: the same points and the same result.

use thalweg::core::SolverKind;
use thalweg::drivers::{
    Ask, Backend, Blueprint, Recording, Replaying, Suspended, Tape, Tell, lockstep,
};
use thalweg::{
    Answer, Batch, Bounds, ConstraintHandling, Failure, FlatResult, NonlinearConstraint,
    NonlinearLimits, Objective, StartValues, ask_tell, minimize,
};

const START: [f64; 2] = [0.2, 0.3];

/// Rosenbrock's residuals on a disc (numerical derivative) and above a line (closed form).
struct OnDisc {
    kind: SolverKind,
    points: Vec<Vec<f64>>,
}

impl OnDisc {
    fn new(kind: SolverKind) -> Self {
        OnDisc { kind, points: Vec::new() }
    }

    fn outputs(&self, x: &[f64]) -> Vec<f64> {
        let residuals = [10.0 * (x[1] - x[0] * x[0]), 1.0 - x[0]];
        match self.kind {
            SolverKind::Scalar => vec![residuals.iter().map(|r| r * r).sum()],
            SolverKind::LeastSquares => residuals.to_vec(),
            SolverKind::Likelihood => residuals.iter().map(|r| r * r).collect(),
        }
    }

    fn constraints(x: &[f64]) -> [f64; 2] {
        [x[0] * x[0] + x[1] * x[1], x[1] - 0.1 * x[0]]
    }

    fn answer(&mut self, batch: &Batch<'_>) -> Tell {
        let mut tell = Tell::default();
        for x in batch.iter() {
            self.points.push(x.to_vec());
            if batch.wants_outputs {
                tell.outputs.extend(self.outputs(x));
            }
            if batch.wants_constraints {
                tell.constraints.extend(OnDisc::constraints(x));
            }
            if batch.wants_constraint_derivative {
                tell.constraint_derivatives.extend([f64::NAN, f64::NAN, -0.1, 1.0]);
            }
        }
        tell
    }
}

impl Objective for OnDisc {
    fn kind(&self) -> SolverKind {
        self.kind
    }
    fn n_outputs(&self) -> usize {
        if self.kind == SolverKind::Scalar { 1 } else { 2 }
    }
    fn has_derivative(&self) -> bool {
        false
    }
    fn start(&mut self, x: &[f64]) -> Result<StartValues, Failure> {
        self.points.push(x.to_vec());
        let constraints = OnDisc::constraints(x).map(|value| vec![value]).to_vec();
        Ok(StartValues { outputs: self.outputs(x), constraints, ..StartValues::default() })
    }
    fn evaluate(&mut self, batch: &Batch<'_>, answer: Answer<'_>, _: &mut Vec<Failure>) {
        let tell = self.answer(batch);
        answer.outputs.copy_from_slice(&tell.outputs);
        answer.constraints.copy_from_slice(&tell.constraints);
        answer.constraint_derivatives.copy_from_slice(&tell.constraint_derivatives);
    }
}

/// Every algorithm of the catalog with the constraints around it.
fn blueprints(start: [f64; 2]) -> impl Iterator<Item = (&'static str, Blueprint)> {
    thalweg::algorithms::CATALOG.iter().map(move |entry| {
        let mut resolved = thalweg::resolve(entry.spec.name).expect("the catalog's own name");
        resolved.limits.max_evaluations = 1_500;
        let line =
            NonlinearLimits { has_derivative: true, ..NonlinearLimits::new(0.0, f64::INFINITY) };
        let mut blueprint = Blueprint {
            nonlinear: vec![NonlinearLimits::new(f64::NEG_INFINITY, 1.0), line],
            constraint_handling: ConstraintHandling::AugmentedLagrangian,
            ..Blueprint::new(entry.spec.features.kind, start.to_vec(), resolved)
        };
        if entry.spec.features.needs_bounds {
            blueprint.bounds = Bounds::new([-2.0, -2.0], [2.0, 2.0]);
        }
        (entry.spec.name, blueprint)
    })
}

fn essence(mut result: FlatResult) -> FlatResult {
    result.history = None;
    result
}

#[test]
fn every_algorithm_of_the_catalog_keeps_constraints() {
    for (name, blueprint) in blueprints(START) {
        let result = blueprint.clone().run(&mut OnDisc::new(blueprint.kind)).expect(name);
        assert!(result.max_constraint_violation <= 1e-5, "{name}: {result}");
        assert!((result.fun - 0.045674808).abs() < 5e-3, "{name}: {result}");
    }
}

#[test]
fn suspended_runs_ask_for_the_points_of_the_direct_driver() {
    for (name, blueprint) in blueprints(START) {
        let mut direct = OnDisc::new(blueprint.kind);
        let expected = essence(blueprint.clone().run(&mut direct).expect(name));
        for backend in [Backend::Coroutine, Backend::Thread] {
            let mut own = OnDisc::new(blueprint.kind);
            let mut run = Suspended::start(blueprint.clone(), backend).expect("a stack");
            while let Some(ask) = run.ask() {
                let tell = own.answer(&Ask::batch(ask));
                run.tell(tell).expect("fits");
            }
            assert_eq!(essence(run.finish().expect(name)), expected, "{name}");
            assert_eq!(own.points, direct.points, "{name}");
        }
    }
}

#[test]
fn lockstep_gives_the_results_of_single_runs() {
    for (name, _) in blueprints(START) {
        let starts = [[0.2, 0.3], [-0.5, 0.5], [0.0, 0.9]];
        let of = |start| blueprints(start).find(|(own, _)| *own == name).expect("there").1;
        let kind = of(START).kind;
        let single =
            starts.map(|start| essence(of(start).run(&mut OnDisc::new(kind)).expect(name)));
        let mut own = OnDisc::new(kind);
        let together = lockstep(starts.map(of).to_vec(), |round| {
            own.answer(&Batch {
                points: &round.points,
                dim: round.dim,
                wants_outputs: round.wants_outputs,
                wants_constraints: round.wants_constraints,
                wants_constraint_derivative: round.wants_constraint_derivative,
                ..Batch::default()
            })
        });
        for (together, single) in together.into_iter().zip(single) {
            assert_eq!(essence(together.expect(name)), single, "{name}");
        }
    }
}

#[test]
fn a_record_repeats_the_run_from_anywhere() {
    for (name, blueprint) in blueprints(START) {
        let mut tape = Tape::new();
        let mut own = OnDisc::new(blueprint.kind);
        let whole = blueprint.clone().run(&mut Recording::new(&mut own, &mut tape)).expect(name);
        for kept in [0, 1, 2, tape.len() / 2, tape.len()] {
            let mut own = OnDisc::new(blueprint.kind);
            let result = blueprint.clone().run(&mut Replaying::new(&mut own, &tape[..kept]));
            assert_eq!(essence(result.expect(name)), essence(whole.clone()), "{name} {kept}");
        }
    }
}

#[test]
fn two_hundred_parameters_fit_on_the_stack() {
    for (name, mut blueprint) in blueprints(START) {
        blueprint.start = vec![0.01; 200];
        blueprint.nonlinear.truncate(1);
        blueprint.resolved.limits.max_evaluations = 600;
        blueprint.resolved.limits.max_iterations = 4;
        if blueprint.bounds.lower.is_some() {
            blueprint.bounds = Bounds::new(vec![-2.0; 200], vec![2.0; 200]);
        }
        let kind = blueprint.kind;
        let mut run = Suspended::start(blueprint, Backend::Coroutine).expect("a stack");
        while let Some(ask) = run.ask() {
            let mut tell = Tell::default();
            for x in ask.iter() {
                let residuals = x.iter().map(|x| x - 1.0);
                if ask.wants_outputs {
                    match kind {
                        SolverKind::Scalar => tell.outputs.push(residuals.map(|r| r * r).sum()),
                        SolverKind::LeastSquares => tell.outputs.extend(residuals),
                        SolverKind::Likelihood => tell.outputs.extend(residuals.map(|r| r * r)),
                    }
                }
                if ask.wants_constraints {
                    tell.constraints.push(x.iter().map(|x| x * x).sum());
                }
            }
            run.tell(tell).expect("fits");
        }
        let result = run.finish().expect(name);
        assert!(result.fun <= result.start_fun, "{name}");
    }
}

#[test]
fn answers_without_the_constraints_are_refused() {
    let (_, blueprint) = blueprints(START).next().expect("an algorithm");
    let mut own = OnDisc::new(blueprint.kind);
    let mut run = Suspended::start(blueprint, Backend::Coroutine).expect("a stack");
    let mut tell = own.answer(&run.ask().expect("a batch").batch());
    tell.constraints.pop();
    let error = run.tell(tell).expect_err("is refused").to_string();
    assert_eq!(error, "1 values of constraints were told, but 2 are expected");
}

#[test]
fn closures_are_called_where_the_objective_is_asked_for() {
    let fun = |x: &[f64; 2]| 100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2);
    let disc = || {
        NonlinearConstraint::new(|x: &[f64; 2]| [x[0] * x[0] + x[1] * x[1], x[0]])
            .upper([1.0, 2.0])
            .derivative(|x, out| out.copy_from_slice(&[2.0 * x[0], 2.0 * x[1], 1.0, 0.0]))
    };
    for algorithm in ["lbfgsb", "neldermead"] {
        let direct = minimize(fun, START).constraint(disc()).algorithm(algorithm);
        let direct = direct.constraint_handling(ConstraintHandling::AugmentedLagrangian);
        let direct = direct.run().expect("runs");
        let run = ask_tell(START).constraint(disc()).algorithm(algorithm);
        let run = run.constraint_handling(ConstraintHandling::AugmentedLagrangian);
        let mut run = run.suspend().expect("a batch");
        while let Some(points) = run.ask() {
            assert!(run.wants_outputs());
            run.tell(&points.iter().map(fun).collect::<Vec<_>>()).expect("fits");
        }
        let result = run.finish().expect("a result");
        assert_eq!((result.params, result.fun), (direct.params, direct.fun), "{algorithm}");
        assert_eq!(result.extras, direct.extras, "{algorithm}");
    }
}

#[test]
fn a_closure_with_constraints_is_recorded_and_replayed() {
    macro_rules! run {
        () => {
            minimize(|x: &[f64; 2]| x[0] + x[1], START)
                .nonlinear(|x: &[f64; 2]| x[0] * x[0] + x[1] * x[1], -1.0, 1.0)
                .constraint_handling(ConstraintHandling::AugmentedLagrangian)
                .algorithm("lbfgsb")
        };
    }
    let mut tape = Tape::new();
    let whole = run!().record(&mut tape).run().expect("runs");
    for kept in 0..tape.len() {
        let result = run!().replay(&tape[..kept]).run().expect("runs");
        assert_eq!((result.params, result.fun), (whole.params, whole.fun), "{kept}");
    }
    if let Some(constraints) = &mut tape[2].constraints {
        constraints[0][0] = f64::NAN; // the answer is another, and so is what follows
    }
    assert!(run!().replay(&tape).run().is_err());
}
