//! Nelder-Mead against scipy: the same points in the same order, to the last bit, and the same counts.
//!
//! `golden/neldermead.json` is written by `scripts/reference/golden_neldermead.py`, of the same objectives.

mod objectives;

use objectives::{dict_sphere, number, numbers, objective};
use serde_json::Value;
use thalweg_algorithms::algorithms::neldermead::NelderMead;
use thalweg_core::{Algorithm, Problem, ProblemSpec, Stop, testing::FunctionOracle};

#[test]
fn every_point_and_count_agrees_with_scipy() {
    let golden: Value = serde_json::from_str(include_str!("golden/neldermead.json")).unwrap();
    for case in golden["cases"].as_array().unwrap() {
        let name = format!("{} from {}", case["function"], case["x0"]);
        let algorithm = NelderMead {
            adaptive: case["adaptive"].as_bool().unwrap(),
            convergence_xtol_abs: number(&case["xatol"]),
            convergence_ftol_abs: number(&case["fatol"]),
            probe_bounds: false,
            ..Default::default()
        };
        let spec = ProblemSpec {
            lower: numbers(&case["lower"]),
            upper: numbers(&case["upper"]),
            n_outputs: 1,
            ..Default::default()
        };
        let budget = case["maxfev"].as_u64().unwrap();
        let mut oracle = FunctionOracle::scalar(objective(case["function"].as_str().unwrap()))
            .with_budget(budget);
        let outcome = algorithm.solve(&mut Problem::new(&mut oracle, &spec), &numbers(&case["x0"]));

        let trace = case["trace"].as_array().unwrap();
        for (i, (point, (_, ours))) in trace.iter().zip(&oracle.trace).enumerate() {
            assert_eq!(*ours, numbers(point), "{name}: evaluation {i}");
        }
        assert_eq!(oracle.n_evaluations, case["nfev"].as_u64().unwrap(), "{name}");
        if case["success"].as_bool().unwrap() {
            let finish = outcome.unwrap();
            assert_eq!(oracle.iterations.len() as u64, case["nit"].as_u64().unwrap(), "{name}");
            assert_eq!(finish.x, numbers(&case["x"]), "{name}");
            assert_eq!(finish.value, number(&case["fun"]), "{name}");
        } else {
            assert_eq!(outcome.unwrap_err(), Stop::MaxEvaluations(budget), "{name}");
        }
    }
}

#[test]
fn the_printed_example_of_five_variables_comes_out() {
    let mut oracle = FunctionOracle::scalar(dict_sphere);
    let spec = ProblemSpec::unconstrained(5);
    let mut problem = Problem::new(&mut oracle, &spec);
    let finish = NelderMead::default().solve(&mut problem, &[0.0, 1.0, 2.0, 3.0, 4.0]).unwrap();
    assert!(finish.verdict.is_success());
    assert_eq!(finish.value, 1.6760003634613059e-16);
    assert_eq!((oracle.n_evaluations, oracle.iterations.len()), (805, 507));
}
