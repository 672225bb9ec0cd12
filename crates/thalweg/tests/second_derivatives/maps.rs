//! What the algorithm is told is the derivative of the gradient that it is told, whatever map is between it and the user.

use std::sync::{Arc, Mutex};

use thalweg::core::{Algorithm, Finish, Problem, Stop};
use thalweg::{Closures, Optimization, Options, Scaling, likelihood, maximize, minimize};

type Report = Arc<Mutex<Vec<[f64; 2]>>>;

/// Compares second derivatives with differences of gradients at the start and at two points near it.
#[derive(Clone, Debug, Options)]
#[algorithm(name = "comparer", kind = Scalar, needs(gradient, hessian), supports(bounds))]
pub(crate) struct Comparer {
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

pub(crate) fn hessian(x: &[f64; 4], h: &mut [f64]) {
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

pub(crate) fn product(x: &[f64; 4], d: &[f64], out: &mut [f64]) {
    let mut h = [0.0; 16];
    hessian(x, &mut h);
    for (out, row) in out.iter_mut().zip(h.chunks_exact(4)) {
        *out = row.iter().zip(d).map(|(h, d)| h * d).sum();
    }
}

pub(crate) type Run<'a> = Optimization<'a, [f64; 4], Closures<'a, [f64; 4], fn(&[f64; 4]) -> f64>>;

pub(crate) fn run<'a>() -> Run<'a> {
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
        ("scaled", make().scaling(scaled)),
        ("fixed and scaled", make().fix(2).scaling(scaled)),
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

/// Where only second derivatives are given, what the map's bend needs of the gradient comes from differences.
#[test]
fn closed_forms_without_a_gradient_are_pulled_back_too() {
    for hessian_first in [true, false] {
        // The differences of numerical gradients with which they are compared are not good themselves.
        let comparer = Comparer { hessian_first, length: 1e-3 };
        let with = spaces(|| run().hessian(hessian));
        for (space, run) in with.into_iter().chain(spaces(|| run().hessian_product(product))) {
            let (entries, products, _) = compare(run, comparer.clone());
            assert!(entries < 2e-2 && products < 1e-6, "{space}: {entries:e} {products:e}");
        }
    }
}

/// Hessians from the given one and numerical gradients are those from both closed forms.
#[test]
fn a_numerical_gradient_makes_the_same_hessian_as_a_given_one() {
    let spaces = |given: bool| {
        spaces(move || {
            let run = run().hessian(hessian);
            if given { run.gradient(gradient) } else { run }
        })
    };
    for ((space, with), (_, without)) in spaces(true).into_iter().zip(spaces(false)) {
        let hessians = [with, without].map(|run| {
            HESSIAN.with(|told| told.borrow_mut().clear());
            run.algorithm(Teller::default()).run().expect("it runs");
            HESSIAN.with(|told| told.borrow().clone())
        });
        let [with, without] = hessians;
        assert!(!with.is_empty() && with.len() == without.len());
        for (a, b) in with.iter().zip(&without) {
            assert!((a - b).abs() < 1e-6 * (1.0 + a.abs()), "{space}: {with:?} {without:?}");
        }
    }
}

/// Tells the Hessian at a point near the start.
#[derive(Clone, Debug, Options)]
#[algorithm(name = "teller", kind = Scalar, needs(gradient, hessian), supports(bounds))]
struct Teller {
    /// How far from the start that point is.
    #[option(default = 0.05)]
    shift: f64,
}

thread_local! {
    static HESSIAN: std::cell::RefCell<Vec<f64>> = const { std::cell::RefCell::new(Vec::new()) };
}

impl Algorithm for Teller {
    fn solve(&self, problem: &mut Problem<'_>, x0: &[f64]) -> Result<Finish, Stop> {
        let mut x: Vec<f64> = x0.iter().map(|x| x + self.shift).collect();
        problem.clip(&mut x);
        let mut hessian = Vec::new();
        problem.hessian(&x, &mut hessian)?;
        HESSIAN.with(|told| told.replace(hessian));
        Ok(Finish::stalled(x, f64::INFINITY, "told"))
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
