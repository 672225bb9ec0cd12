//! Subplex against NLopt: the same points in the same order, to the last bit.
//!
//! `golden/subplex.json` is written by `scripts/reference/golden_subplex.py`, of the same objectives.

mod objectives;

use objectives::{number, numbers, objective};
use serde_json::Value;
use thalweg_algorithms::algorithms::subplex::Subplex;
use thalweg_core::{Algorithm, Problem, ProblemSpec, testing::FunctionOracle};

#[test]
fn every_point_agrees_with_nlopt_within_bounds_and_without() {
    let golden: Value = serde_json::from_str(include_str!("golden/subplex.json")).unwrap();
    let algorithm = Subplex {
        convergence_xtol_rel: 0.0,
        convergence_xtol_abs: 0.0,
        convergence_ftol_rel: 0.0,
        convergence_ftol_abs: 0.0,
    };
    for case in golden["cases"].as_array().unwrap() {
        let name = format!("{} from {}", case["function"], case["x0"]);
        let spec = ProblemSpec {
            lower: numbers(&case["lower"]),
            upper: numbers(&case["upper"]),
            n_outputs: 1,
            ..Default::default()
        };
        let trace = case["trace"].as_array().unwrap();
        let mut oracle = FunctionOracle::scalar(objective(case["function"].as_str().unwrap()))
            .with_budget(trace.len() as u64);
        let _ = algorithm.solve(&mut Problem::new(&mut oracle, &spec), &numbers(&case["x0"]));
        assert_eq!(oracle.trace.len(), trace.len(), "{name}");
        for (i, (point, (_, ours))) in trace.iter().zip(&oracle.trace).enumerate() {
            let point: Vec<f64> = point.as_array().unwrap().iter().map(number).collect();
            assert_eq!(*ours, point, "{name}: evaluation {i}");
        }
    }
}
