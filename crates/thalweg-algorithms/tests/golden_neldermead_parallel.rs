//! The parallel Nelder-Mead method against optimagic, with 1 to 3 vertices that move: the same points.
//!
//! `golden/neldermead_parallel.json` is written by `scripts/reference/golden_neldermead_parallel.py`, of the same objectives. The order
//! within an iteration differs: optimagic's workers make their second steps at once, ours all together. In a shrink, optimagic evaluates
//! the best vertex again.

mod objectives;

use objectives::{numbers, objective};
use serde_json::Value;
use thalweg_algorithms::algorithms::neldermead_parallel::{InitSimplexMethod, NelderMeadParallel};
use thalweg_core::{Algorithm, Problem, ProblemSpec, testing::FunctionOracle};

fn method(name: &str) -> InitSimplexMethod {
    match name {
        "gao_han" => InitSimplexMethod::GaoHan,
        "pfeffer" => InitSimplexMethod::Pfeffer,
        "nash" => InitSimplexMethod::Nash,
        "varadhan_borchers" => InitSimplexMethod::VaradhanBorchers,
        other => panic!("no rule {other}"),
    }
}

#[test]
fn the_points_are_those_of_optimagic() {
    let golden: Value =
        serde_json::from_str(include_str!("golden/neldermead_parallel.json")).unwrap();
    for case in golden["cases"].as_array().unwrap() {
        let name = format!("{} from {} with {}", case["function"], case["x0"], case["n_cores"]);
        let algorithm = NelderMeadParallel {
            init_simplex_method: method(case["init_simplex_method"].as_str().unwrap()).into(),
            adaptive: case["adaptive"].as_bool().unwrap(),
            n_cores: case["n_cores"].as_u64().unwrap() as usize,
            convergence_ftol_abs: 0.0,
            convergence_xtol_abs: 0.0,
        };
        let x0 = numbers(&case["x0"]);
        let theirs: Vec<Vec<f64>> = case["trace"].as_array().unwrap().iter().map(numbers).collect();
        // One iteration more than theirs, for what they have in another order.
        let budget = (theirs.len() + 2 * algorithm.n_cores) as u64;
        let mut oracle = FunctionOracle::scalar(objective(case["function"].as_str().unwrap()))
            .with_budget(budget);
        let spec = ProblemSpec::unconstrained(x0.len());
        let _ = algorithm.solve(&mut Problem::new(&mut oracle, &spec), &x0);
        for (i, point) in theirs.iter().enumerate() {
            let near = |x: &[f64]| {
                x.iter().zip(point).all(|(a, b)| (a - b).abs() <= 1e-8 * b.abs().max(1.0))
            };
            assert!(
                oracle.trace.iter().any(|(_, x)| near(x)),
                "{name}: evaluation {i} at {point:?} is not among ours"
            );
        }
    }
}
