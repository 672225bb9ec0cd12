//! Records, logs, searches from many starts and lockstep batches.

use std::cell::Cell;

use thalweg::algorithms::newton_cg::NewtonCg;
use thalweg::core::{SolverKind, Task};
use thalweg::drivers::{Blueprint, Tape, Tell, lockstep};
use thalweg::{Closures, MultistartOptions, Optimization, SecondDerivatives, minimize, resolve};

use crate::{message, rosenbrock, rosenbrock_gradient, rosenbrock_hessian};

type Run<'a> = Optimization<'a, [f64; 2], Closures<'a, [f64; 2], fn(&[f64; 2]) -> f64>>;

fn newton<'a>() -> Run<'a> {
    minimize(rosenbrock as fn(&[f64; 2]) -> f64, [-1.2, 1.0])
        .gradient(rosenbrock_gradient)
        .algorithm("newton_cg")
}

fn with_products<'a>(calls: &'a Cell<u64>) -> Run<'a> {
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
