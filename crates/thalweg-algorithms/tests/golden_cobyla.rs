//! COBYLA against scipy and NLopt: the same points in the same order, as long as the rules are the same.
//!
//! `golden/cobyla.json` is written by `scripts/reference/golden_cobyla.py`, of the same objectives.

mod objectives;

use objectives::{number, numbers, objective};
use serde_json::Value;
use thalweg_algorithms::algorithms::cobyla::{Cobyla, FirstSteps, Rules};
use thalweg_core::{
    Algorithm, Iteration, OptionCall, Oracle, Problem, ProblemSpec, Request, Stop, Values, Want,
};

/// Reference, objective, constraints, number of variables, number of first points that agree. They do until a tie is decided by rounding,
/// scipy leaves the bounds, or the own rules begin: by Powell's after eight (n + 1) evaluations, with constraints after the first points;
/// by PRIMA's with constraints after four (n + 1), from which on the models have curvature.
const AGREEING: [(&str, &str, &str, usize, usize); 22] = [
    ("scipy", "rosenbrock", "none", 2, 7),
    ("scipy", "rosenbrock", "none", 5, 60),
    ("scipy", "powell_singular", "none", 4, 60),
    ("scipy", "bard", "none", 3, 18),
    ("scipy", "brown_almost_linear", "none", 10, 31),
    ("scipy", "absolute", "none", 4, 17),
    ("scipy", "freudenstein_roth", "none", 2, 32),
    ("scipy", "sphere", "none", 2, 15),
    ("scipy", "rosenbrock", "disc", 2, 12),
    ("scipy", "rosenbrock", "parabola", 2, 12),
    ("scipy", "sphere", "disc", 2, 9),
    ("nlopt", "rosenbrock", "none", 2, 30),
    ("nlopt", "rosenbrock", "none", 5, 50),
    ("nlopt", "powell_singular", "none", 4, 43),
    ("nlopt", "bard", "none", 3, 34),
    ("nlopt", "brown_almost_linear", "none", 10, 28),
    ("nlopt", "absolute", "none", 4, 42),
    ("nlopt", "freudenstein_roth", "none", 2, 24),
    ("nlopt", "sphere", "none", 2, 4),
    ("nlopt", "rosenbrock", "disc", 2, 4),
    ("nlopt", "rosenbrock", "parabola", 2, 4),
    ("nlopt", "sphere", "disc", 2, 3),
];
/// Steps of both sides solve the same problem in different ways.
const ROUNDING: f64 = 1e-6;

/// Objective and constraints, and the points at which they were asked for.
struct Traced {
    objective: fn(&[f64]) -> f64,
    constraints: fn(&[f64]) -> Vec<f64>,
    budget: usize,
    points: Vec<Vec<f64>>,
}

impl Oracle for Traced {
    fn answer(&mut self, request: &Request<'_>, values: &mut Values) -> Result<(), Stop> {
        if self.points.len() >= self.budget {
            return Err(Stop::MaxEvaluations(self.budget as u64));
        }
        let x = request.iter().next().unwrap();
        self.points.push(x.to_vec());
        let constraints = (self.constraints)(x);
        values.prepare(request.want, 1, request.dim, 1, constraints.len());
        values.values[0] = (self.objective)(x);
        if request.want.contains(Want::CONSTRAINTS) {
            values.constraints.copy_from_slice(&constraints);
        }
        Ok(())
    }

    fn iteration(&mut self, _: &Iteration<'_>) -> Result<(), Stop> {
        Ok(())
    }

    fn call(&mut self, call: OptionCall) -> Result<Vec<f64>, Stop> {
        call.answer().map_err(|error| Stop::Failed(error.message))
    }
}

fn disc(x: &[f64]) -> Vec<f64> {
    vec![4.0 - (x[0] * x[0] + x[1] * x[1]), x[0] - x[1] * x[1]]
}

fn parabola(x: &[f64]) -> Vec<f64> {
    vec![10.0 * (x[1] - x[0] * x[0])]
}

type Constraints = (fn(&[f64]) -> Vec<f64>, Vec<(f64, f64)>);

fn constraints(name: &str) -> Constraints {
    match name {
        "disc" => (disc, vec![(0.0, f64::INFINITY); 2]),
        "parabola" => (parabola, vec![(0.0, 0.0)]),
        _ => (|_| Vec::new(), Vec::new()),
    }
}

fn algorithm(reference: &str) -> Cobyla {
    let own = Cobyla::default();
    let own = Cobyla {
        convergence_xtol_rel: 0.0,
        convergence_ftol_rel: 0.0,
        convergence_ftol_abs: 0.0,
        ..own
    };
    if reference == "nlopt" {
        return Cobyla { rules: Rules::Powell, ..own };
    }
    Cobyla {
        convergence_xtol_abs: 1e-10,
        first_steps: FirstSteps::Equal,
        rules: Rules::Prima,
        ..own
    }
}

/// Our points for a case.
fn points(case: &Value) -> Vec<Vec<f64>> {
    let (constraints, limits) = constraints(case["constraints"].as_str().unwrap());
    let spec = ProblemSpec {
        lower: numbers(&case["lower"]),
        upper: numbers(&case["upper"]),
        constraint_tolerances: vec![1e-8; limits.len()],
        constraint_limits: limits,
        n_outputs: 1,
        ..Default::default()
    };
    let mut oracle = Traced {
        objective: objective(case["function"].as_str().unwrap()),
        constraints,
        budget: case["trace"].as_array().unwrap().len(),
        points: Vec::new(),
    };
    let algorithm = algorithm(case["reference"].as_str().unwrap());
    let _ = algorithm.solve(&mut Problem::new(&mut oracle, &spec), &numbers(&case["x0"]));
    oracle.points
}

#[test]
fn first_points_are_those_of_scipy_and_of_nlopt() {
    let golden: Value = serde_json::from_str(include_str!("golden/cobyla.json")).unwrap();
    let cases = golden["cases"].as_array().unwrap();
    assert_eq!(cases.len(), AGREEING.len());
    for (case, (reference, function, constraints, n, agreeing)) in cases.iter().zip(AGREEING) {
        let name = format!("{reference} {function} {constraints} {n}");
        assert_eq!((&case["reference"], &case["function"]), (&reference.into(), &function.into()));
        assert_eq!(case["constraints"], constraints, "{name}");
        assert_eq!(numbers(&case["x0"]).len(), n, "{name}");
        let trace = case["trace"].as_array().unwrap();
        let near = |(theirs, ours): &(&Value, &Vec<f64>)| {
            let theirs: Vec<f64> = theirs.as_array().unwrap().iter().map(number).collect();
            theirs.iter().zip(*ours).all(|(t, o)| (t - o).abs() <= ROUNDING * t.abs().max(1.0))
        };
        let ours = points(case);
        let found = trace.iter().zip(&ours).take_while(near).count();
        assert!(found >= agreeing, "{name}: {found} points agree, of {agreeing}");
    }
}

/// A gradient between those that are too steep for a step and those that are scaled, down to the last radius: no step would be tried.
#[test]
fn steep_gradients_do_not_end_a_run_where_it_began() {
    let spec = ProblemSpec::unconstrained(2);
    let mut oracle = Traced {
        objective: |x| 4e11 * (x[0] * x[0] + 0.5 * x[1] * x[1]).sqrt(),
        constraints: |_| Vec::new(),
        budget: 1000,
        points: Vec::new(),
    };
    let algorithm = Cobyla { convergence_xtol_abs: 1e-2, ..algorithm("scipy") };
    let finish = algorithm.solve(&mut Problem::new(&mut oracle, &spec), &[3.0, -2.0]).unwrap();
    assert!(finish.x.iter().all(|x| x.abs() < 0.1), "{:?}", finish.x);
}
