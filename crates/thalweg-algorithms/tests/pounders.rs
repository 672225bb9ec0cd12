//! POUNDERS where it has to be more than fast: bounds, undefined residuals, wrong curvatures, batches, its ends.

use thalweg_algorithms::algorithms::pounders::{Pounders, SubproblemSolver};
use thalweg_core::{Algorithm, Finish, Problem, ProblemSpec, Verdict, testing::FunctionOracle};

const FREE: (f64, f64) = (f64::NEG_INFINITY, f64::INFINITY);

fn run(
    options: &Pounders,
    oracle: &mut FunctionOracle<'_>,
    m: usize,
    bounds: &[(f64, f64)],
    x0: &[f64],
) -> Finish {
    let (lower, upper) = bounds.iter().copied().unzip();
    let spec = ProblemSpec { lower, upper, n_outputs: m, ..Default::default() };
    let finish = options.solve(&mut Problem::new(oracle, &spec), x0).unwrap();
    for (_, x) in &oracle.trace {
        let inside = x.iter().zip(bounds).all(|(x, (low, high))| (low..=high).contains(&x));
        assert!(inside, "{x:?} is not within {bounds:?}");
    }
    finish
}

fn rosenbrock(x: &[f64], out: &mut [f64]) {
    out[0] = 10.0 * (x[1] - x[0] * x[0]);
    out[1] = 1.0 - x[0];
}

fn option_of(finish: &Finish) -> &'static str {
    let Verdict::Converged(test) = &finish.verdict else { panic!("{finish:?}") };
    test.option
}

#[test]
fn a_curved_valley_is_followed_to_the_end() {
    let mut oracle = FunctionOracle::least_squares(2, rosenbrock);
    let finish = run(&Pounders::default(), &mut oracle, 2, &[FREE; 2], &[-1.2, 1.0]);
    assert_eq!(option_of(&finish), "convergence_gtol_abs");
    assert!(finish.value < 1e-16, "{finish:?}");
    assert!(oracle.trace.len() < 45, "{}", oracle.trace.len());
}

#[test]
fn active_bounds_are_met_exactly_by_both_solvers() {
    for solver in [SubproblemSolver::Bntr, SubproblemSolver::Gqtpar] {
        let options = Pounders { trustregion_subproblem_solver: solver, ..Pounders::default() };
        let mut oracle = FunctionOracle::least_squares(2, rosenbrock);
        let finish = run(&options, &mut oracle, 2, &[(-2.0, 0.5), FREE], &[0.3, 1.0]);
        assert_eq!(finish.x[0], 0.5);
        assert!(finish.verdict.is_success(), "{finish:?}");
        assert!((finish.x[1] - 0.25).abs() < 1e-6, "{finish:?}");
    }
}

#[test]
fn a_start_at_a_bound_and_a_narrow_box_are_no_obstacle() {
    let bounds = [(-1.2, -1.19), (0.99, 4.0)];
    let mut oracle = FunctionOracle::least_squares(2, rosenbrock);
    let finish = run(&Pounders::default(), &mut oracle, 2, &bounds, &[-1.2, 4.0]);
    assert!(finish.verdict.is_success(), "{finish:?}");
    assert_eq!(finish.x[0], -1.19);
    assert!((finish.x[1] - 1.4161).abs() < 1e-5, "{finish:?}");
}

#[test]
fn every_test_of_the_gradient_can_end_the_run() {
    let hill = |x: &[f64], out: &mut [f64]| {
        rosenbrock(x, out);
        out[2] = 2.0 + x[0] * x[1];
    };
    let off =
        Pounders { convergence_gtol_abs: 0.0, convergence_gtol_rel: 0.0, ..Pounders::default() };
    for (options, option) in [
        (Pounders { convergence_gtol_abs: 1e-4, ..off.clone() }, "convergence_gtol_abs"),
        (Pounders { convergence_gtol_rel: 1e-4, ..off.clone() }, "convergence_gtol_rel"),
        (
            Pounders { convergence_gtol_scaled: Some(1e-4), ..off.clone() },
            "convergence_gtol_scaled",
        ),
        (off, "trustregion_minimal_radius"),
    ] {
        let mut oracle = FunctionOracle::least_squares(3, hill);
        let finish = run(&options, &mut oracle, 3, &[FREE; 2], &[-1.2, 1.0]);
        assert_eq!(option_of(&finish), option, "{finish:?}");
    }
}

#[test]
fn an_edge_beyond_which_residuals_are_undefined_is_no_obstacle() {
    let edge = |x: &[f64], out: &mut [f64]| {
        out[0] = if x[0] < 0.2 { f64::NAN } else { x[0].ln() };
        out[1] = x[1] - x[0];
    };
    for start in [4.0, 0.2] {
        let mut oracle = FunctionOracle::least_squares(2, edge);
        let finish = run(&Pounders::default(), &mut oracle, 2, &[FREE; 2], &[start, -1.0]);
        assert!(finish.x.iter().all(|x| (x - 1.0).abs() < 1e-6), "{finish:?}");
    }
}

#[test]
fn what_is_not_finite_at_or_around_the_start_is_no_success() {
    let lonely = |x: &[f64], out: &mut [f64]| out[0] = if x == [1.0] { 0.5 } else { f64::NAN };
    for (start, reason) in [
        (1.0, "the residuals are not finite near the best point"),
        (2.0, "the residuals are not finite at the start"),
    ] {
        let mut oracle = FunctionOracle::least_squares(1, lonely);
        let finish = run(&Pounders::default(), &mut oracle, 1, &[FREE], &[start]);
        let Verdict::Stalled(said) = &finish.verdict else { panic!("{finish:?}") };
        assert_eq!(said, reason);
    }
    let huge = |x: &[f64], out: &mut [f64]| out[0] = if x[0] > 1.0 { 1e153 } else { -1e153 };
    let mut oracle = FunctionOracle::least_squares(1, huge);
    let small = Pounders { trustregion_initial_radius: Some(1e-5), ..Pounders::default() };
    let finish = run(&small, &mut oracle, 1, &[FREE], &[1.0]);
    let Verdict::Stalled(said) = &finish.verdict else { panic!("{finish:?}") };
    assert_eq!(said, "the model of the residuals is not finite");
}

#[test]
fn the_radius_ends_at_the_precision_of_large_parameters() {
    let far = |x: &[f64], out: &mut [f64]| out[0] = (x[0] - 3e12).abs() / 1e12 + 1.0;
    let mut oracle = FunctionOracle::least_squares(1, far);
    let options = Pounders {
        convergence_gtol_abs: 0.0,
        convergence_gtol_rel: 0.0,
        trustregion_initial_radius: None,
        trustregion_maximal_radius: 1e13,
        ..Pounders::default()
    };
    let finish = run(&options, &mut oracle, 1, &[FREE], &[1e12]);
    assert_eq!(option_of(&finish), "");
    assert!((finish.x[0] - 3e12).abs() < 1e6, "{finish:?}");
}

#[test]
fn the_first_points_are_one_batch() {
    let mut oracle = FunctionOracle::least_squares(2, rosenbrock);
    let spec = ProblemSpec { n_outputs: 2, ..ProblemSpec::unconstrained(2) };
    Pounders::default().solve(&mut Problem::new(&mut oracle, &spec), &[-1.2, 1.0]).unwrap();
    let first: Vec<&[f64]> = oracle.trace[..3].iter().map(|(_, x)| &x[..]).collect();
    assert_eq!(first, [[-1.2, 1.0], [-1.2 + 0.1, 1.0], [-1.2, 1.1]]);
}
