//! Compass search against pygmo: the same points in the same order, to the last bit, and the same counts.
//!
//! `golden/compass_search.json` is written by `scripts/reference/golden_compass_search.py`, of the same objectives. pygmo evaluates
//! the start with its population, before its first point here.

mod objectives;

use objectives::{number, numbers, objective};
use serde_json::Value;
use thalweg_algorithms::algorithms::compass_search::CompassSearch;
use thalweg_core::{Algorithm, Problem, ProblemSpec, testing::FunctionOracle};

#[test]
fn every_point_and_count_agrees_with_pygmo() {
    let golden: Value = serde_json::from_str(include_str!("golden/compass_search.json")).unwrap();
    for case in golden["cases"].as_array().unwrap() {
        let name = format!("{} from {}", case["function"], case["x0"]);
        let algorithm = CompassSearch {
            start_range: number(&case["start_range"]),
            stop_range: number(&case["stop_range"]),
            reduction_coeff: number(&case["reduction_coeff"]),
            ..Default::default()
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
        for (i, (point, (_, ours))) in
            case["trace"].as_array().unwrap().iter().zip(&oracle.trace).enumerate()
        {
            assert_eq!(*ours, numbers(point), "{name}: evaluation {i}");
        }
        assert_eq!(oracle.n_evaluations, case["nfev"].as_u64().unwrap(), "{name}");
        assert!(finish.verdict.is_success(), "{name}: {:?}", finish.verdict);
        assert_eq!(finish.x, numbers(&case["x"]), "{name}");
        assert_eq!(finish.value, number(&case["fun"]), "{name}");
    }
}
