//! Hessians and products with them, from every source and in every space: what the algorithm is told is the derivative of the
//! gradient that it is told.

use std::cell::Cell;
use std::sync::{Arc, Mutex};

use thalweg::algorithms::newton_cg::NewtonCg;
use thalweg::core::{Algorithm, Finish, Problem, SolverKind, Stop, Task};
use thalweg::drivers::{Blueprint, Tape, Tell, lockstep};
use thalweg::{
    Closures, ConstraintHandling, ErrorHandling, MultistartOptions, NonlinearConstraint,
    Optimization, OptimizeError, Options, Scaling, SecondDerivatives, likelihood, maximize,
    minimize, resolve,
};

type Report = Arc<Mutex<Vec<[f64; 2]>>>;

/// Compares second derivatives with differences of gradients at the start and at two points near it.
#[derive(Clone, Debug, Options)]
#[algorithm(name = "comparer", kind = Scalar, needs(gradient, hessian), supports(bounds), crate = thalweg::core)]
struct Comparer {
    /// The lengths of the differences.
    #[option(default = 1e-5)]
    length: f64,
    /// Whether to ask for Hessians before products.
    #[option(default = true)]
    hessian_first: bool,
}

thread_local! {
    static REPORT: Report = Report::default();
}

impl Algorithm for Comparer {
    fn solve(&self, problem: &mut Problem<'_>, x0: &[f64]) -> Result<Finish, Stop> {
        let n = x0.len();
        let (mut gradient, mut hessian, mut product) = (Vec::new(), Vec::new(), Vec::new());
        for number in 0..3 {
            let mut x: Vec<f64> =
                x0.iter().enumerate().map(|(i, x)| x + 0.05 * (number * (i + 1)) as f64).collect();
            problem.clip(&mut x);
            if number != 1 {
                problem.value_and_gradient(&x, &mut gradient)?;
            }
            let d: Vec<f64> = (0..n).map(|i| 1.0 - 0.6 * i as f64).collect();
            if !self.hessian_first {
                problem.hessian_product(&x, &d, &mut product)?;
            }
            problem.hessian(&x, &mut hessian)?;
            if self.hessian_first {
                problem.hessian_product(&x, &d, &mut product)?;
            }
            let worst = |a: f64, b: f64| (a - b).abs() / (1.0 + b.abs());
            let mut worst_entry: f64 = 0.0;
            let mut expected = vec![0.0; n];
            for j in 0..n {
                let [mut low, mut high] = [x.clone(), x.clone()];
                low[j] = (x[j] - self.length).max(problem.lower()[j]);
                high[j] = (x[j] + self.length).min(problem.upper()[j]);
                let (mut below, mut above) = (Vec::new(), Vec::new());
                problem.gradient(&low, &mut below)?;
                problem.gradient(&high, &mut above)?;
                for i in 0..n {
                    let entry = (above[i] - below[i]) / (high[j] - low[j]);
                    worst_entry = worst_entry.max(worst(hessian[i * n + j], entry));
                    assert_eq!(hessian[i * n + j].to_bits(), hessian[j * n + i].to_bits());
                    expected[i] += hessian[i * n + j] * d[j];
                }
            }
            let pairs = product.iter().zip(&expected);
            let worst_product = pairs.fold(0.0, |most: f64, (a, b)| most.max(worst(*a, *b)));
            REPORT.with(|report| {
                report.lock().expect("one thread").push([worst_entry, worst_product]);
            });
        }
        Ok(Finish::stalled(x0.to_vec(), f64::INFINITY, "compared"))
    }
}

// ------------------------------------------------------------------------------------------------------- an objective

const START: [f64; 4] = [0.2, 0.3, 0.5, 1.5];

fn value(x: &[f64; 4]) -> f64 {
    (x[0] * x[1]).exp() + x[2].powi(3) * x[3] + (x[3] - x[0]).powi(4) + x[1].sin()
}

fn gradient(x: &[f64; 4]) -> [f64; 4] {
    let (e, q) = ((x[0] * x[1]).exp(), 4.0 * (x[3] - x[0]).powi(3));
    [x[1] * e - q, x[0] * e + x[1].cos(), 3.0 * x[2] * x[2] * x[3], x[2].powi(3) + q]
}

fn hessian(x: &[f64; 4], h: &mut [f64]) {
    let (e, q) = ((x[0] * x[1]).exp(), 12.0 * (x[3] - x[0]).powi(2));
    let (mixed, c) = ((1.0 + x[0] * x[1]) * e, 3.0 * x[2] * x[2]);
    h.copy_from_slice(&[
        x[1] * x[1] * e + q,
        mixed,
        0.0,
        -q,
        mixed,
        x[0] * x[0] * e - x[1].sin(),
        0.0,
        0.0,
        0.0,
        0.0,
        6.0 * x[2] * x[3],
        c,
        -q,
        0.0,
        c,
        q,
    ]);
}

fn product(x: &[f64; 4], d: &[f64], out: &mut [f64]) {
    let mut h = [0.0; 16];
    hessian(x, &mut h);
    for (out, row) in out.iter_mut().zip(h.chunks_exact(4)) {
        *out = row.iter().zip(d).map(|(h, d)| h * d).sum();
    }
}

type Run<'a> = Optimization<'a, [f64; 4], Closures<'a, [f64; 4], fn(&[f64; 4]) -> f64>>;

fn run<'a>() -> Run<'a> {
    minimize(value as fn(&[f64; 4]) -> f64, START)
}

/// The largest errors of Hessians and products, and the counts of first and second derivatives.
fn compare(run: Run<'_>, comparer: Comparer) -> (f64, f64, u64) {
    REPORT.with(|report| report.lock().expect("one thread").clear());
    let result = run.algorithm(comparer).run().expect("it runs");
    assert_eq!(result.message.matches("compared").count(), 1, "{}", result.message);
    let report = REPORT.with(|report| report.lock().expect("one thread").clone());
    assert_eq!(report.len(), 3);
    let worst = |which: usize| report.iter().fold(0.0, |most: f64, pair| most.max(pair[which]));
    (worst(0), worst(1), result.n_hess_evals)
}

/// The run in every space.
fn spaces<'a>(make: impl Fn() -> Run<'a>) -> Vec<(&'static str, Run<'a>)> {
    let scaled = Scaling { clipping_value: 1e-3, magnitude: 3.0, ..Scaling::default() };
    vec![
        ("as it is", make()),
        ("within bounds", make().bounds(0, 0.2, 1.0).bounds(3, f64::NEG_INFINITY, 1.5)),
        ("fixed", make().fix(1)),
        ("equal", make().equal([1, 2]).repair_start(true)),
        ("scaled", make().scaling(scaled.clone())),
        ("fixed and scaled", make().fix(2).scaling(scaled.clone())),
        ("probabilities", make().probability([0, 1, 2])),
        ("probabilities, scaled", make().probability([0, 1, 2]).scaling(scaled)),
        ("covariance", make().covariance([2, 0, 3], 0.0)),
    ]
}

#[test]
fn closed_forms_are_pulled_back_through_every_map() {
    for hessian_first in [true, false] {
        let comparer = Comparer { hessian_first, ..Comparer::default() };
        for (space, run) in spaces(|| run().gradient(gradient).hessian(hessian)) {
            let (entries, products, count) = compare(run, comparer.clone());
            // At a bound the differences are one-sided ones.
            let tolerance = if space == "within bounds" { 1e-5 } else { 1e-6 };
            assert!(entries < tolerance && products < 1e-9, "{space}: {entries:e} {products:e}");
            assert_eq!(count, 3, "{space}: one Hessian for each point");
        }
        for (space, run) in spaces(|| run().gradient(gradient).hessian_product(product)) {
            let (entries, products, _) = compare(run, comparer.clone());
            let tolerance = if space == "within bounds" { 1e-5 } else { 1e-6 };
            assert!(entries < tolerance && products < 1e-9, "{space}: {entries:e} {products:e}");
        }
    }
}

#[test]
fn differences_stand_in_for_them() {
    for hessian_first in [true, false] {
        for (space, run) in spaces(|| run().gradient(gradient)) {
            let comparer = Comparer { hessian_first, ..Comparer::default() };
            let (entries, products, count) = compare(run, comparer);
            assert!(entries < 1e-5 && products < 1e-5, "{space}: {entries:e} {products:e}");
            // What is made of a known Hessian costs nothing.
            assert_eq!(count, if hessian_first { 3 } else { 6 }, "{space}");
        }
        // Of the value alone; the differences of numerical gradients with which they are compared are not good themselves.
        for (space, run) in spaces(run) {
            let comparer = Comparer { hessian_first, length: 1e-3 };
            let (entries, products, _) = compare(run, comparer);
            assert!(entries < 2e-2 && products < 2e-2, "{space}: {entries:e} {products:e}");
        }
    }
}

#[test]
fn the_sign_is_turned_for_maximization() {
    let run = maximize(value as fn(&[f64; 4]) -> f64, START);
    let (entries, products, _) = compare(
        run.gradient(gradient).hessian(hessian).probability([0, 1, 2]),
        Comparer::default(),
    );
    assert!(entries < 1e-6 && products < 1e-9, "{entries:e} {products:e}");
}

#[test]
fn contributions_have_the_hessian_of_their_sum() {
    let fun = |x: &[f64; 2]| [-(x[0] - 1.0).powi(2), -(x[1] + 2.0).powi(4), -x[0] * x[1]];
    let run = || {
        likelihood(fun, [0.0, 0.0]).derivative(|x, jacobian| {
            jacobian.copy_from_slice(&[
                -2.0 * (x[0] - 1.0),
                0.0,
                0.0,
                -4.0 * (x[1] + 2.0).powi(3),
                -x[1],
                -x[0],
            ]);
        })
    };
    let with = run().hessian(|x, h| {
        h.copy_from_slice(&[-2.0, -1.0, -1.0, -12.0 * (x[1] + 2.0).powi(2)]);
    });
    for (run, tolerance) in [(with, 1e-6), (run(), 1e-5)] {
        REPORT.with(|report| report.lock().expect("one thread").clear());
        run.algorithm(Comparer::default()).run().expect("it runs");
        let report = REPORT.with(|report| report.lock().expect("one thread").clone());
        assert!(report.iter().flatten().all(|error| *error < tolerance), "{report:?}");
    }
}

// ------------------------------------------------------------------------------------- counts, history, limits, failures

/// A function with a curved valley.
fn rosenbrock(x: &[f64; 2]) -> f64 {
    100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2)
}

fn rosenbrock_gradient(x: &[f64; 2]) -> [f64; 2] {
    let t = x[1] - x[0] * x[0];
    [-400.0 * t * x[0] - 2.0 * (1.0 - x[0]), 200.0 * t]
}

fn rosenbrock_hessian(x: &[f64; 2], h: &mut [f64]) {
    h.copy_from_slice(&[
        1200.0 * x[0] * x[0] - 400.0 * x[1] + 2.0,
        -400.0 * x[0],
        -400.0 * x[0],
        200.0,
    ]);
}

#[test]
fn every_call_is_counted_and_stands_in_the_history() {
    let calls = Cell::new(0);
    let counted = |x: &[f64; 2], h: &mut [f64]| {
        calls.set(calls.get() + 1);
        rosenbrock_hessian(x, h);
    };
    let run = || minimize(rosenbrock, [-1.2, 1.0]).gradient(rosenbrock_gradient);
    let result = run().hessian(counted).algorithm("newton_cg").run().unwrap();
    assert!(result.success && result.fun < 1e-8, "{result}");
    assert_eq!(result.n_hess_evals, calls.get());
    assert!(result.n_hess_evals <= result.n_iterations + 1, "one Hessian for each iteration");
    let history = result.history.expect("collected");
    let rows = history.tasks().iter().filter(|&&task| task == Task::Hess).count();
    assert_eq!(rows as u64, calls.get());

    let products = Cell::new(0);
    let by_products = run().algorithm("newton_cg").hessian_product(|x, d, out| {
        products.set(products.get() + 1);
        let mut h = [0.0; 4];
        rosenbrock_hessian(x, &mut h);
        out.copy_from_slice(&[h[0] * d[0] + h[1] * d[1], h[2] * d[0] + h[3] * d[1]]);
    });
    let by_products = by_products.run().unwrap();
    assert_eq!(by_products.n_hess_evals, products.get());
    assert_eq!((by_products.fun, by_products.n_fun_evals), (result.fun, result.n_fun_evals));

    // Without them, gradients do what the products did.
    let without = run().algorithm("newton_cg").run().unwrap();
    assert_eq!(without.n_hess_evals, 0);
    assert!(without.n_jac_evals > by_products.n_jac_evals);
}

#[test]
fn a_hessian_that_is_no_use_is_refused_by_name() {
    let residuals = |x: &[f64; 2]| [x[0] - 1.0, x[1] + 1.0];
    let run = thalweg::least_squares(residuals, [0.0, 0.0]).hessian(|_, h| h.fill(0.0));
    let error = run.algorithm("levenberg_marquardt").run().unwrap_err().to_string();
    assert!(
        error.starts_with(
            "levenberg_marquardt is a least_squares algorithm and has no use for hess, the second derivative of a single value. \
             Leave hess out, or use a scalar algorithm that uses second derivatives: dogleg, newton_cg, trust_exact, trust_krylov, trust_ncg."
        ),
        "{error}"
    );
    let run = run_with_probabilities().hessian_product(product);
    assert_eq!(
        run.algorithm(Comparer::default()).run().unwrap_err().to_string(),
        "hessp is given without jac, but constraints[0] (probability) is kept by a change of variables that is not linear. The \
         second derivative with respect to the new variables needs the gradient, too: give jac as well (in Rust .gradient or \
         .derivative), or leave hessp out, so that the Hessian is numerical."
    );
    // An algorithm without any use for it is not kept from running.
    let result = run_with_probabilities().hessian(hessian).algorithm("lbfgsb").run().unwrap();
    assert_eq!(result.n_hess_evals, 0);
}

fn run_with_probabilities<'a>() -> Run<'a> {
    run().probability([0, 1, 2])
}

fn message(error: OptimizeError) -> String {
    match error {
        OptimizeError::User { failure, .. } => {
            format!("{}: {}", failure.function(), failure.error.message)
        }
        other => other.to_string(),
    }
}

#[test]
fn wrong_hessians_end_the_run_with_what_is_wrong() {
    let run = |hessian: fn(&[f64; 2], &mut [f64])| {
        let run = minimize(rosenbrock, [-1.2, 1.0]).gradient(rosenbrock_gradient).hessian(hessian);
        message(run.algorithm("newton_cg").run().unwrap_err())
    };
    assert_eq!(
        run(|_, h| h.copy_from_slice(&[1.0, 2.0, 3.0, 4.0])),
        "hess: the Hessian returned by hess is not symmetric: entry [0, 1] is 2, but entry [1, 0] is 3."
    );
    assert_eq!(
        run(|_, h| h.copy_from_slice(&[1.0, 0.0, 0.0, f64::NAN])),
        "hess: the Hessian returned by hess is not finite: [1, 0, 0, NaN] at params [-1.2, 1]"
    );
    let products = minimize(rosenbrock, [-1.2, 1.0])
        .gradient(rosenbrock_gradient)
        .hessian_product(|_, _, out| out.copy_from_slice(&[f64::INFINITY, 1.0]));
    assert_eq!(
        message(products.algorithm("newton_cg").run().unwrap_err()),
        "hessp: what hessp returned is not finite: [inf, 1] at params [-1.2, 1]"
    );
}

#[test]
fn an_algorithm_asks_only_for_what_it_declares() {
    #[derive(Clone, Debug, Options)]
    #[algorithm(name = "undeclared", kind = Scalar, needs(gradient), crate = thalweg::core)]
    struct Undeclared {
        /// The place of the only request.
        #[option(default = 0.0)]
        at: f64,
    }
    impl Algorithm for Undeclared {
        fn solve(&self, problem: &mut Problem<'_>, x0: &[f64]) -> Result<Finish, Stop> {
            problem.hessian(&[self.at; 2], &mut Vec::new())?;
            Ok(Finish::stalled(x0.to_vec(), 0.0, ""))
        }
    }
    let error =
        minimize(rosenbrock, [-1.2, 1.0]).algorithm(Undeclared::default()).run().unwrap_err();
    assert_eq!(
        message(error),
        "algorithm: the algorithm asks for second derivatives; it has to declare that it needs or supports them"
    );
}

#[test]
fn a_penalty_stands_in_for_a_hessian_that_failed() {
    let failures = Cell::new(0);
    let result = minimize(rosenbrock, [-1.2, 1.0])
        .gradient(rosenbrock_gradient)
        .hessian(|x, h| {
            rosenbrock_hessian(x, h);
            if x[0] < -1.1 {
                h[0] = f64::NAN;
            }
        })
        .algorithm("newton_cg")
        .error_handling(ErrorHandling::Continue)
        .on_failure(|_| failures.set(failures.get() + 1))
        .run()
        .unwrap();
    assert!(failures.get() > 0);
    assert!(result.fun.is_finite(), "{result}");
}

#[test]
fn the_time_limit_is_kept_between_products() {
    #[derive(Clone, Debug, Options)]
    #[algorithm(name = "products", kind = Scalar, needs(gradient, hessian), crate = thalweg::core)]
    struct Products {
        /// The size of the direction.
        #[option(default = 1.0)]
        size: f64,
    }
    impl Algorithm for Products {
        fn solve(&self, problem: &mut Problem<'_>, x0: &[f64]) -> Result<Finish, Stop> {
            loop {
                problem.hessian_product(x0, &[self.size, 0.0], &mut Vec::new())?;
            }
        }
    }
    let run = minimize(rosenbrock, [-1.2, 1.0]).gradient(rosenbrock_gradient);
    let run = run.algorithm(Products::default()).option("stopping_maxtime", 0.05);
    assert!(!run.run().unwrap().success);
}

#[test]
fn constraints_that_an_augmented_lagrangian_keeps_bend_the_hessian() {
    for name in ["trust_exact", "trust_ncg", "newton_cg"] {
        let disc = NonlinearConstraint::new(|x: &[f64; 2]| x[0].powi(2) + x[1].powi(2)).upper(1.0);
        let disc = disc.derivative(|x, out| out.copy_from_slice(&[2.0 * x[0], 2.0 * x[1]]));
        let result =
            minimize(|x: &[f64; 2]| (x[0] - 2.0).powi(2) + (x[1] - 1.0).powi(2), [0.1, 0.2])
                .gradient(|x| [2.0 * (x[0] - 2.0), 2.0 * (x[1] - 1.0)])
                .hessian(|_, h| h.copy_from_slice(&[2.0, 0.0, 0.0, 2.0]))
                .algorithm(name)
                .constraint(disc)
                .constraint_handling(ConstraintHandling::AugmentedLagrangian)
                .run()
                .unwrap();
        assert!(result.success, "{name}: {result}");
        let expected = [2.0 / 5.0_f64.sqrt(), 1.0 / 5.0_f64.sqrt()];
        assert!((result.params[0] - expected[0]).abs() < 1e-4, "{name}: {:?}", result.params);
        assert_eq!(result.n_hess_evals, 0, "{name}: nobody asks for that of the objective alone");
    }
}

#[test]
fn every_newton_method_takes_every_source() {
    for name in ["trust_exact", "trust_ncg", "trust_krylov", "dogleg", "newton_cg"] {
        let run =
            || minimize(rosenbrock, [-1.2, 1.0]).gradient(rosenbrock_gradient).algorithm(name);
        let whole = run().hessian(rosenbrock_hessian).run().unwrap();
        let products = run().hessian_product(|x, d, out| {
            let mut h = [0.0; 4];
            rosenbrock_hessian(x, &mut h);
            out.copy_from_slice(&[h[0] * d[0] + h[1] * d[1], h[2] * d[0] + h[3] * d[1]]);
        });
        let products = products.run().unwrap();
        assert!(whole.success && whole.fun < 1e-8, "{name}: {whole}");
        assert_eq!(whole.params, products.params, "{name}");
        assert!(whole.n_hess_evals <= products.n_hess_evals);
        let gradients = run().run().unwrap();
        assert!(gradients.success && gradients.fun < 1e-8, "{name}: {gradients}");
        let values = minimize(rosenbrock, [-1.2, 1.0]).algorithm(name).run().unwrap();
        assert!(values.fun < 1e-6, "{name}: {values}");
    }
}

#[test]
fn a_wrong_second_derivative_is_found_by_differences() {
    let wrong = |x: &[f64; 2], h: &mut [f64]| {
        rosenbrock_hessian(x, h);
        h[3] = 100.0;
    };
    let run = || minimize(rosenbrock, [-1.2, 1.0]);
    for run in [run(), run().gradient(rosenbrock_gradient)] {
        let check = run.hessian(wrong).check_hessian().unwrap();
        assert_eq!(check.to_string(), "largest relative difference 5.00e-1 at '1', '1'");
    }
    let right = run().gradient(rosenbrock_gradient).hessian(rosenbrock_hessian);
    assert!(right.check_hessian().unwrap().agrees(1e-6));
    let products = run().hessian_product(|x, d, out| {
        let mut h = [0.0; 4];
        rosenbrock_hessian(x, &mut h);
        out.copy_from_slice(&[h[0] * d[0] + h[1] * d[1], h[2] * d[0] + h[3] * d[1]]);
    });
    assert!(products.check_hessian().unwrap().agrees(1e-3));
    assert_eq!(
        run().check_hessian().unwrap_err().to_string(),
        "check_hessian needs a scalar objective with a closed-form second derivative: give one with .hessian(..) or \
         .hessian_product(..)"
    );
}

// ---------------------------------------------------------------------------------------------------------- drivers, logs

fn newton<'a>() -> Optimization<'a, [f64; 2], Closures<'a, [f64; 2], fn(&[f64; 2]) -> f64>> {
    minimize(rosenbrock as fn(&[f64; 2]) -> f64, [-1.2, 1.0])
        .gradient(rosenbrock_gradient)
        .algorithm("newton_cg")
}

fn with_products<'a>(
    calls: &'a Cell<u64>,
) -> Optimization<'a, [f64; 2], Closures<'a, [f64; 2], fn(&[f64; 2]) -> f64>> {
    newton().hessian_product(move |x, d, out| {
        calls.set(calls.get() + 1);
        let mut h = [0.0; 4];
        rosenbrock_hessian(x, &mut h);
        out.copy_from_slice(&[h[0] * d[0] + h[1] * d[1], h[2] * d[0] + h[3] * d[1]]);
    })
}

#[test]
fn a_record_repeats_second_derivatives_too() {
    let calls = Cell::new(0);
    let mut tape = Tape::new();
    let whole = with_products(&calls).record(&mut tape).run().unwrap();
    calls.set(0);
    let again = with_products(&calls).replay(&tape).run().unwrap();
    assert_eq!((again.params, again.n_hess_evals), (whole.params, whole.n_hess_evals));
    assert_eq!(calls.get(), 0);

    let place = tape.iter().position(|exchange| !exchange.directions.is_empty()).unwrap();
    tape[place].directions[0] += 1.0;
    let error = message(with_products(&calls).replay(&tape).run().unwrap_err());
    assert!(error.ends_with("the record holds the product with another direction"), "{error}");
    tape[place].directions.clear();
    let error = message(with_products(&calls).replay(&tape).run().unwrap_err());
    assert!(error.ends_with("the record holds another quantity than the one asked for"), "{error}");
}

#[test]
fn a_run_is_resumed_without_asking_for_a_second_derivative_again() {
    let folder = tempfile::tempdir().unwrap();
    for (name, products) in [("hessian.db", false), ("products.db", true)] {
        let calls = Cell::new(0);
        let run = || match products {
            true => with_products(&calls),
            false => newton().hessian(|x, h| {
                calls.set(calls.get() + 1);
                rosenbrock_hessian(x, h);
            }),
        };
        let whole = run().run().unwrap();
        let of_whole = calls.replace(0);
        let path = folder.path().join(name);
        let logged = || run().log(path.as_path()).resume(true);
        logged().option("stopping_maxfun", 12).run().unwrap();
        let of_first = calls.replace(0);
        let second = logged().run().unwrap();
        assert_eq!((second.params, second.fun), (whole.params, whole.fun), "{name}");
        assert_eq!(second.n_hess_evals, whole.n_hess_evals);
        assert_eq!(of_first + calls.get(), of_whole, "{name}");
        assert!(of_first > 0 && calls.get() > 0);
        // The log tells them apart from other evaluations.
        let history = thalweg::LogReader::open(&path).unwrap().read_history(-1).unwrap();
        let rows = history.task.iter().filter(|&&task| task == Task::Hess as u8).count();
        assert_eq!(rows as u64, whole.n_hess_evals);
        // Another source of second derivatives makes another run.
        let error = newton().log(path.as_path()).resume(true).run().unwrap_err().to_string();
        assert!(error.contains("second derivative"), "{error}");
    }
}

#[test]
fn searches_from_many_starts_hand_second_derivatives_out() {
    let run = |threads: usize| {
        let options = MultistartOptions { n_samples: Some(40), ..MultistartOptions::default() };
        minimize(rosenbrock as fn(&[f64; 2]) -> f64, [-1.2, 1.0])
            .gradient(rosenbrock_gradient)
            .hessian(rosenbrock_hessian)
            .soft_bounds([0, 1], -2.0, 2.0)
            .algorithm("newton_cg")
            .multistart(options)
            .threads(threads)
            .run()
            .unwrap()
    };
    let (alone, together) = (run(1), run(2));
    assert!(alone.success && alone.fun < 1e-8, "{alone}");
    assert!(alone.n_hess_evals > 0);
    assert_eq!(alone.params, together.params);
}

#[test]
fn lockstep_merges_products_with_their_directions() {
    let starts = [[-1.2, 1.0], [2.0, 2.0], [0.0, -1.0]];
    let blueprints = starts.map(|x| Blueprint {
        has_derivative: true,
        second_derivatives: SecondDerivatives { hessian: false, product: true },
        ..Blueprint::new(SolverKind::Scalar, x.to_vec(), resolve("newton_cg").unwrap())
    });
    let mut merged = 0;
    let results = lockstep(blueprints.into(), |round| {
        let mut tell = Tell::default();
        for (i, (_, x)) in round.iter().enumerate() {
            let x = [x[0], x[1]];
            if round.wants_outputs {
                tell.outputs.push(rosenbrock(&x));
            }
            if round.wants_derivative {
                tell.derivatives.extend(rosenbrock_gradient(&x));
            }
            if round.wants_product {
                let (d, mut h) = (&round.directions[2 * i..2 * i + 2], [0.0; 4]);
                rosenbrock_hessian(&x, &mut h);
                tell.derivatives.extend([h[0] * d[0] + h[1] * d[1], h[2] * d[0] + h[3] * d[1]]);
                merged = merged.max(i + 1);
            }
        }
        tell
    });
    assert_eq!(merged, 3);
    for (start, result) in starts.into_iter().zip(results) {
        let direct = minimize(rosenbrock as fn(&[f64; 2]) -> f64, start)
            .gradient(rosenbrock_gradient)
            .hessian_product(|x, d, out| {
                let mut h = [0.0; 4];
                rosenbrock_hessian(x, &mut h);
                out.copy_from_slice(&[h[0] * d[0] + h[1] * d[1], h[2] * d[0] + h[3] * d[1]]);
            })
            .algorithm(NewtonCg::default())
            .run()
            .unwrap();
        let result = result.unwrap();
        assert_eq!(
            (&result.params[..], result.n_hess_evals),
            (&direct.params[..], direct.n_hess_evals)
        );
    }
}
