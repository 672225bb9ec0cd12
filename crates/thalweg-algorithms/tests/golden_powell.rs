//! Powell's method against scipy: the same points in the same order, to the last bit.
//!
//! `golden/powell.json` is written by `scripts/reference/golden_powell.py`, of the same objectives. Points that were asked for before
//! are left out on both sides: scipy asks again for the start of every line search, thalweg does not.

mod objectives;

use objectives::{number, numbers, objective};
use serde_json::Value;
use thalweg_algorithms::algorithms::powell::Powell;
use thalweg_core::{Algorithm, Problem, ProblemSpec, testing::FunctionOracle};

#[test]
fn every_point_agrees_with_scipy() {
    let golden: Value = serde_json::from_str(include_str!("golden/powell.json")).unwrap();
    for case in golden["cases"].as_array().unwrap() {
        let name = format!("{} from {}", case["function"], case["x0"]);
        let algorithm = Powell {
            convergence_xtol_rel: number(&case["xtol"]),
            convergence_ftol_rel: number(&case["ftol"]),
        };
        let spec = ProblemSpec {
            lower: numbers(&case["lower"]),
            upper: numbers(&case["upper"]),
            n_outputs: 1,
            ..Default::default()
        };
        let mut oracle = FunctionOracle::scalar(objective(case["function"].as_str().unwrap()));
        let finish =
            algorithm.solve(&mut Problem::new(&mut oracle, &spec), &numbers(&case["x0"])).unwrap();

        let mut points: Vec<&Vec<f64>> = Vec::new();
        for (_, x) in &oracle.trace {
            if !points.contains(&x) {
                points.push(x);
            }
        }
        let trace = case["trace"].as_array().unwrap();
        for (i, (expected, ours)) in trace.iter().zip(&points).enumerate() {
            assert_eq!(**ours, numbers(expected), "{name}: point {i}");
        }
        assert!(finish.verdict.is_success(), "{name}: {:?}", finish.verdict);
        // Between bounds scipy accepts worse points in the end, thalweg does not: the counts differ then.
        if spec.lower.iter().chain(&spec.upper).all(|bound| bound.is_infinite()) {
            assert_eq!(points.len() as u64, case["n_points"].as_u64().unwrap(), "{name}");
            assert_eq!(oracle.iterations.len() as u64, case["nit"].as_u64().unwrap(), "{name}");
            assert_eq!(finish.x, numbers(&case["x"]), "{name}");
            assert_eq!(finish.value, number(&case["fun"]), "{name}");
        }
    }
}
