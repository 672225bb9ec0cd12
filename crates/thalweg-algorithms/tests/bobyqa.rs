//! BOBYQA and NEWUOA: what is special about them.

use serde_json::Value;
use thalweg_algorithms::algorithms::bobyqa::Bobyqa;
use thalweg_algorithms::algorithms::newuoa::Newuoa;
use thalweg_core::{
    Algorithm, Experience, Finish, Problem, ProblemSpec, Verdict, testing::FunctionOracle,
};

const FREE: (f64, f64) = (f64::NEG_INFINITY, f64::INFINITY);
const SEARCH: Bobyqa = Bobyqa {
    convergence_xtol_rel: 1e-6,
    convergence_xtol_abs: 0.0,
    convergence_ftol_rel: 0.0,
    convergence_ftol_abs: 0.0,
};
const ELDER: Newuoa = Newuoa {
    convergence_xtol_rel: 1e-6,
    convergence_xtol_abs: 0.0,
    convergence_ftol_rel: 0.0,
    convergence_ftol_abs: 0.0,
};

fn run(
    search: impl Algorithm,
    oracle: &mut FunctionOracle<'_>,
    bounds: &[(f64, f64)],
    x0: &[f64],
) -> Finish {
    let (lower, upper) = bounds.iter().copied().unzip();
    let spec = ProblemSpec { lower, upper, n_outputs: 1, ..Default::default() };
    let finish = search.solve(&mut Problem::new(oracle, &spec), x0).unwrap();
    for (_, x) in &oracle.trace {
        let inside = x.iter().zip(bounds).all(|(x, (low, high))| (low..=high).contains(&x));
        assert!(inside, "{x:?} is not within {bounds:?}");
    }
    finish
}

fn rosenbrock(x: &[f64]) -> f64 {
    x.windows(2).map(|w| 100.0 * (w[1] - w[0] * w[0]).powi(2) + (1.0 - w[0]).powi(2)).sum()
}

#[test]
fn first_steps_go_no_farther_than_the_solution_is_expected() {
    let experience = Experience { reach: vec![0.02, 0.01], ..Experience::default() };
    let spec = ProblemSpec { experience, ..ProblemSpec::unconstrained(2) };
    let minimize = |spec: &ProblemSpec| {
        let mut oracle = FunctionOracle::scalar(rosenbrock);
        let finish = SEARCH.solve(&mut Problem::new(&mut oracle, spec), &[1.01, 1.02]).unwrap();
        assert!(finish.verdict.is_success() && finish.value < 1e-9, "{finish:?}");
        oracle.trace.into_iter().map(|(_, x)| x).collect::<Vec<_>>()
    };
    let (near, far) = (minimize(&spec), minimize(&ProblemSpec::unconstrained(2)));
    let farthest = near[..5].iter().map(|x| (x[0] - 1.01).abs()).fold(0.0, f64::max);
    assert!((0.019..0.021).contains(&farthest), "{:?}", &near[..5]);
    assert!(near.len() < far.len(), "{} evaluations instead of {}", near.len(), far.len());
}

#[test]
fn a_separable_quadratic_takes_little_more_than_the_first_points() {
    let bowl = |x: &[f64]| -> f64 {
        x.iter().enumerate().map(|(i, x)| (i + 1) as f64 * (x - 0.3).powi(2)).sum()
    };
    let mut oracle = FunctionOracle::scalar(bowl);
    let finish = run(SEARCH, &mut oracle, &[FREE; 6], &[1.0; 6]);
    assert!(finish.verdict.is_success(), "{finish:?}");
    let soon = oracle.trace[..20].iter().map(|(_, x)| bowl(x)).fold(f64::INFINITY, f64::min);
    assert!(soon < 1e-3 * bowl(&[1.0; 6]), "{soon}");
}

#[test]
fn curved_valleys_and_active_bounds_are_followed_to_the_end() {
    let finish =
        run(SEARCH, &mut FunctionOracle::scalar(rosenbrock), &[FREE; 3], &[-1.2, 1.0, 1.0]);
    assert!(finish.value < 1e-10, "{finish:?}");
    let bounds = [(-2.0, 0.5), FREE, (0.1, 4.0)];
    let start = [0.3, 1.0, 0.1];
    for finish in [
        run(SEARCH, &mut FunctionOracle::scalar(rosenbrock), &bounds, &start),
        run(ELDER, &mut FunctionOracle::scalar(rosenbrock), &bounds, &start),
    ] {
        assert_eq!((finish.x[0], finish.x[2]), (0.5, 0.1));
        assert!(finish.verdict.is_success() && (finish.x[1] - 0.27155).abs() < 1e-3, "{finish:?}");
    }
}

#[test]
fn an_edge_beyond_which_the_objective_is_undefined_is_no_obstacle() {
    let edge = |x: &[f64]| {
        if x[0] < 0.2 { f64::NAN } else { x[0] - x[0].ln() / 2.0 + (x[1] - x[0]).powi(2) }
    };
    let finish = run(SEARCH, &mut FunctionOracle::scalar(edge), &[FREE; 2], &[2.0, -1.0]);
    assert!(finish.x.iter().all(|x| (x - 0.5).abs() < 1e-3), "{finish:?}");
}

#[test]
fn what_is_finite_at_the_start_only_is_no_success() {
    let lonely = |x: &[f64]| if x == [1.0, 1.0] { 0.0 } else { f64::NAN };
    let finish = run(SEARCH, &mut FunctionOracle::scalar(lonely), &[FREE; 2], &[1.0, 1.0]);
    let Verdict::Stalled(reason) = &finish.verdict else { panic!("{finish:?}") };
    assert_eq!(reason, "the objective is not finite at any point but the start");
}

#[test]
fn a_model_that_overflows_is_no_success() {
    let huge = |x: &[f64]| if x[0] > 1.5 { 1.7e308 } else { -1.7e308 };
    let finish = run(SEARCH, &mut FunctionOracle::scalar(huge), &[FREE; 2], &[1.0, 1.0]);
    let Verdict::Stalled(reason) = &finish.verdict else { panic!("{finish:?}") };
    assert_eq!(reason, "the interpolation model is not finite");
}

#[test]
fn the_last_radius_is_that_of_the_larger_tolerance() {
    let bowl = |x: &[f64]| (x[0] - 3.0).powi(2) + x[1].abs();
    for (xtol_abs, option) in [(0.0, "convergence_xtol_rel"), (0.2, "convergence_xtol_abs")] {
        let search = Bobyqa { convergence_xtol_abs: xtol_abs, ..SEARCH };
        let finish = run(search, &mut FunctionOracle::scalar(bowl), &[FREE; 2], &[20.0, 1.0]);
        let Verdict::Converged(test) = &finish.verdict else { panic!("{finish:?}") };
        assert_eq!((test.option, test.tolerance), (option, (xtol_abs / 20.0).max(1e-6)));
    }
}

#[test]
fn the_first_points_are_those_of_nlopt() {
    // From scripts/reference/golden_quadratic_models.py; later points differ by rounding, and by the rules for fine radii.
    let golden: Value = serde_json::from_str(include_str!("golden/quadratic_models.json")).unwrap();
    for case in golden["cases"].as_array().unwrap() {
        let numbers = |key: &str| -> Vec<f64> {
            case[key].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
        };
        let mut oracle = FunctionOracle::scalar(rosenbrock);
        let (start, points) = (numbers("start"), numbers("points"));
        let n = start.len();
        oracle.max_evaluations = (points.len() / n) as u64;
        let (lower, upper) = (numbers("lower"), numbers("upper"));
        let open = |bounds: &[f64], none: f64| -> Vec<f64> {
            bounds.iter().map(|b| if b.abs() >= 1e300 { none } else { *b }).collect()
        };
        let (lower, upper) = (open(&lower, f64::NEG_INFINITY), open(&upper, f64::INFINITY));
        let spec = ProblemSpec { lower, upper, n_outputs: 1, ..Default::default() };
        let mut problem = Problem::new(&mut oracle, &spec);
        let end = match case["algorithm"].as_str().unwrap() {
            "LN_BOBYQA" => SEARCH.solve(&mut problem, &start),
            _ => ELDER.solve(&mut problem, &start),
        };
        assert!(end.is_err(), "the budget ends it: {end:?}");
        for (k, ((_, x), y)) in oracle.trace.iter().zip(points.chunks_exact(n)).enumerate() {
            for (a, b) in x.iter().zip(y) {
                assert!((a - b).abs() <= 1e-8 * (1.0 + b.abs()), "{case}\npoint {k}: {x:?}, {y:?}");
            }
        }
    }
}
