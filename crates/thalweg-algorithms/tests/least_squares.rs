//! What the least-squares algorithms with derivatives promise beyond the conformance suite.

use proptest::prelude::*;
use thalweg_algorithms::algorithms::dogbox::Dogbox;
use thalweg_algorithms::algorithms::levenberg_marquardt::LevenbergMarquardt;
use thalweg_algorithms::algorithms::trf::{TrSolver, Trf};
use thalweg_core::{
    Algorithm, Finish, Problem, ProblemSpec, Stop, Verdict, testing::FunctionOracle,
};

/// A curve a exp(-b t) + c with data from (2, 1, 0.5), in parameters divided by `units`.
fn curve(units: [f64; 3]) -> FunctionOracle<'static> {
    let model = move |x: &[f64], t: f64| {
        let decay = (-x[1] * units[1] * t).exp();
        let slopes = [units[0] * decay, -units[1] * t * units[0] * x[0] * decay, units[2]];
        (units[0] * x[0] * decay + units[2] * x[2], slopes)
    };
    FunctionOracle::least_squares(8, move |x, r| {
        for (i, r) in r.iter_mut().enumerate() {
            let t = i as f64 / 2.0;
            *r = model(x, t).0 - (2.0 * (-t).exp() + 0.5);
        }
    })
    .with_jacobian(move |x, j| {
        for (i, row) in j.chunks_exact_mut(3).enumerate() {
            row.copy_from_slice(&model(x, i as f64 / 2.0).1);
        }
    })
}

/// Two residuals in three unknowns: a sphere of radius 2 and a saddle.
fn sphere_and_saddle() -> FunctionOracle<'static> {
    FunctionOracle::least_squares(2, |x, r| {
        r[0] = x[0] * x[0] + x[1] * x[1] + x[2] * x[2] - 4.0;
        r[1] = x[0] - x[1] * x[2];
    })
    .with_jacobian(|x, j| {
        j.copy_from_slice(&[2.0 * x[0], 2.0 * x[1], 2.0 * x[2], 1.0, -x[2], -x[1]]);
    })
}

fn free(n: usize, m: usize) -> ProblemSpec {
    ProblemSpec { n_outputs: m, ..ProblemSpec::unconstrained(n) }
}

fn solve(
    algorithm: &dyn Algorithm,
    oracle: &mut FunctionOracle<'_>,
    spec: &ProblemSpec,
    x0: &[f64],
) -> Result<Finish, Stop> {
    algorithm.solve(&mut Problem::new(oracle, spec), x0)
}

/// All algorithms, trf and dogbox with both of their solvers.
fn all() -> Vec<Box<dyn Algorithm>> {
    vec![
        Box::new(LevenbergMarquardt::default()),
        Box::new(Trf::default()),
        Box::new(Trf { tr_solver: Some(TrSolver::Lsmr), ..Trf::default() }),
        Box::new(Dogbox::default()),
        Box::new(Dogbox { tr_solver: Some(TrSolver::Lsmr), ..Dogbox::default() }),
    ]
}

#[test]
fn fewer_residuals_than_parameters() {
    for algorithm in all() {
        let finish =
            solve(&*algorithm, &mut sphere_and_saddle(), &free(3, 2), &[1.0, 2.0, -0.5]).unwrap();
        assert!(finish.verdict.is_success() && finish.value < 1e-14, "{algorithm:?}: {finish:?}");
    }
}

#[test]
fn a_trial_without_finite_residuals_is_rejected() {
    // ln x from 20: the full step leads to a negative x.
    for algorithm in all() {
        let mut oracle = FunctionOracle::least_squares(1, |x, r| r[0] = x[0].ln())
            .with_jacobian(|x, j| j[0] = 1.0 / x[0]);
        let finish = solve(&*algorithm, &mut oracle, &free(1, 1), &[20.0]).unwrap();
        assert!(oracle.trace.iter().any(|(_, x)| x[0] < 0.0), "{algorithm:?} never overshot");
        assert!((finish.x[0] - 1.0).abs() < 1e-7, "{algorithm:?}: {finish:?}");
        assert!(oracle.iterations.iter().all(|(_, value)| value.is_finite()));
    }
}

#[test]
fn not_finite_at_the_start() {
    for algorithm in all() {
        for (at_start, jacobian) in [(f64::NAN, 1.0), (1e200, 1.0), (1.0, f64::INFINITY)] {
            let mut oracle = FunctionOracle::least_squares(1, |_, r| r[0] = at_start)
                .with_jacobian(|_, j| j[0] = jacobian);
            let finish = solve(&*algorithm, &mut oracle, &free(1, 1), &[1.0]).unwrap();
            assert!(
                matches!(&finish.verdict, Verdict::Stalled(why) if why.contains("not finite at the start"))
            );
        }
    }
}

#[test]
fn tolerances_of_zero_end_without_success() {
    let lm = LevenbergMarquardt {
        convergence_ftol_rel: 0.0,
        convergence_xtol_rel: 0.0,
        convergence_gtol_rel: 0.0,
        ..Default::default()
    };
    let trf = Trf {
        convergence_ftol_rel: 0.0,
        convergence_xtol_rel: 0.0,
        convergence_gtol_rel: 0.0,
        ..Default::default()
    };
    let algorithms: [&dyn Algorithm; 2] = [&lm, &trf];
    for algorithm in algorithms {
        // Residuals that cannot vanish: x^2 + 1 and x.
        let mut oracle = FunctionOracle::least_squares(2, |x, r| {
            r.copy_from_slice(&[x[0] * x[0] + 1.0, x[0] - 0.3]);
        })
        .with_jacobian(|x, j| j.copy_from_slice(&[2.0 * x[0], 1.0]))
        .with_budget(500);
        let finish = solve(algorithm, &mut oracle, &free(1, 2), &[3.0]).unwrap();
        assert!(matches!(finish.verdict, Verdict::Stalled(_)), "{finish:?}");
    }
}

#[test]
fn start_at_the_solution_takes_one_evaluation() {
    for algorithm in all() {
        let mut oracle = curve([1.0; 3]);
        let finish = solve(&*algorithm, &mut oracle, &free(3, 8), &[2.0, 1.0, 0.5]).unwrap();
        assert!(finish.verdict.is_success());
        assert_eq!((oracle.n_evaluations, finish.value), (1, 0.0));
    }
}

#[test]
fn a_budget_ends_the_run() {
    for algorithm in all() {
        let mut oracle = curve([1.0; 3]).with_budget(3);
        let stop = solve(&*algorithm, &mut oracle, &free(3, 8), &[1.0, 0.2, 0.0]).unwrap_err();
        assert_eq!(stop, Stop::MaxEvaluations(3));
    }
}

#[test]
fn a_jacobian_of_zeros_is_stationary() {
    for algorithm in all() {
        let mut oracle =
            FunctionOracle::least_squares(2, |_, r| r.fill(1.0)).with_jacobian(|_, j| j.fill(0.0));
        let finish = solve(&*algorithm, &mut oracle, &free(2, 2), &[1.0, 2.0]).unwrap();
        assert!(finish.verdict.is_success());
        assert_eq!(oracle.n_evaluations, 1);
    }
}

proptest! {
    /// Levenberg-Marquardt does not notice the units of the parameters, but for rounding: the columns are pivoted otherwise.
    #[test]
    fn lm_is_invariant_to_units(exponents in proptest::array::uniform3(-6i32..6)) {
        let units = exponents.map(|e| 10.0_f64.powi(e));
        let run = |units: [f64; 3]| {
            let mut oracle = curve(units);
            let x0: Vec<f64> = [1.0, 0.2, 0.1].iter().zip(units).map(|(x, u)| x / u).collect();
            let lm = LevenbergMarquardt::default();
            let finish = solve(&lm, &mut oracle, &free(3, 8), &x0).unwrap();
            let x: Vec<f64> = finish.x.iter().zip(units).map(|(x, u)| x * u).collect();
            (oracle.n_evaluations, x)
        };
        let ((n, x), (n_plain, x_plain)) = (run(units), run([1.0; 3]));
        prop_assert!(n.abs_diff(n_plain) <= 1);
        prop_assert!((0..3).all(|i| (x[i] - x_plain[i]).abs() < 1e-7));
    }

    /// No point outside the bounds is ever asked for, and the end is stationary within them.
    #[test]
    fn trf_keeps_bounds(
        corner in proptest::array::uniform3(-1.0f64..3.0),
        width in proptest::array::uniform3(1e-3f64..3.0),
        place in proptest::array::uniform3(0.0f64..=1.0),
        lsmr in any::<bool>(),
    ) {
        let upper: Vec<f64> = (0..3).map(|i| corner[i] + width[i]).collect();
        let x0: Vec<f64> = (0..3).map(|i| (corner[i] + place[i] * width[i]).min(upper[i])).collect();
        let spec = ProblemSpec { lower: corner.to_vec(), upper: upper.clone(), n_outputs: 8, ..Default::default() };
        let trf = Trf { tr_solver: lsmr.then_some(TrSolver::Lsmr), ..Trf::default() };
        let mut oracle = curve([1.0; 3]).with_budget(2000);
        let finish = solve(&trf, &mut oracle, &spec, &x0);
        for (_, x) in &oracle.trace {
            prop_assert!((0..3).all(|i| corner[i] <= x[i] && x[i] <= upper[i]), "{:?}", x);
        }
        if let Ok(finish) = finish {
            prop_assert!(finish.verdict.is_success(), "{:?}", finish);
            prop_assert!(finish.value <= oracle.iterations.first().map_or(f64::INFINITY, |i| i.1));
        }
    }
}
