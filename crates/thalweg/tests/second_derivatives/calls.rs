//! Every call is counted, limits are kept, and what is wrong is said.

use std::cell::Cell;

use thalweg::core::{Algorithm, Finish, Problem, Stop, Task};
use thalweg::{ConstraintHandling, ErrorHandling, NonlinearConstraint, Options, minimize};

use crate::maps::{Run, hessian, run};
use crate::{message, rosenbrock, rosenbrock_gradient, rosenbrock_hessian};

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
    // An algorithm without any use for it is not kept from running.
    let result = run_with_probabilities().hessian(hessian).algorithm("lbfgsb").run().unwrap();
    assert_eq!(result.n_hess_evals, 0);
}

fn run_with_probabilities<'a>() -> Run<'a> {
    run().probability([0, 1, 2])
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
    #[algorithm(name = "undeclared", kind = Scalar, needs(gradient))]
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
    #[algorithm(name = "products", kind = Scalar, needs(gradient, hessian))]
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
