//! The 27 nonlinear regressions of NIST's Statistical Reference Datasets, each from both of its starts: models, observations, and
//! certified parameters and sums of squares.
//!
//! The residuals are observations minus model. Every model is written once; derivatives are exact, by automatic differentiation. The
//! first starts are far from the solution, the second ones near; from some of the first ones many methods fail.
//!
//! Reference: Statistical Reference Datasets, National Institute of Standards and Technology,
//! <https://www.itl.nist.gov/div898/strd/nls/nls_main.shtml>

use std::f64::consts::{PI, TAU};
use std::sync::Arc;

use crate::dual::{Dual, in_each_direction, value_of};
use crate::function::Function;
use crate::points::stored_point;
use crate::problem::{BenchmarkProblem, Solution};

/// Starts, certified values and observations.
const DATASETS: &str = include_str!("../data/nist_strd.tsv");

/// The model of an observation: parameters and predictors.
type Model = fn(&[Dual], &[f64]) -> Dual;

/// Names and models.
const MODELS: [(&str, Model); 27] = [
    ("bennett5", |b, x| b[0] * ((b[1] + x[0]).ln() * (-1.0 / b[2])).exp()),
    ("boxbod", saturation),
    ("chwirut1", |b, x| (-b[0] * x[0]).exp() / (b[1] + b[2] * x[0])),
    ("chwirut2", |b, x| (-b[0] * x[0]).exp() / (b[1] + b[2] * x[0])),
    ("danwood", |b, x| b[0] * (b[1] * x[0].ln()).exp()),
    ("eckerle4", |b, x| b[0] / b[1] * (-0.5 * ((x[0] - b[2]) / b[1]).square()).exp()),
    ("enso", enso),
    ("gauss1", two_peaks),
    ("gauss2", two_peaks),
    ("gauss3", two_peaks),
    ("hahn1", |b, x| polynomial(&b[..4], x[0]) / (1.0 + x[0] * polynomial(&b[4..], x[0]))),
    ("kirby2", |b, x| polynomial(&b[..3], x[0]) / (1.0 + x[0] * polynomial(&b[3..], x[0]))),
    ("lanczos1", three_decays),
    ("lanczos2", three_decays),
    ("lanczos3", three_decays),
    ("mgh09", |b, x| b[0] * x[0] * (x[0] + b[1]) / (x[0] * (x[0] + b[2]) + b[3])),
    ("mgh10", |b, x| b[0] * (b[1] / (x[0] + b[2])).exp()),
    ("mgh17", |b, x| b[0] + b[1] * (-x[0] * b[3]).exp() + b[2] * (-x[0] * b[4]).exp()),
    ("misra1a", saturation),
    ("misra1b", |b, x| b[0] * (1.0 - (1.0 + 0.5 * x[0] * b[1]).powi(-2))),
    ("misra1c", |b, x| b[0] * (1.0 - (1.0 + 2.0 * x[0] * b[1]).powf(-0.5))),
    ("misra1d", |b, x| b[0] * b[1] * x[0] / (1.0 + b[1] * x[0])),
    ("nelson", |b, x| b[0] - b[1] * x[0] * (-b[2] * x[1]).exp()),
    ("rat42", |b, x| b[0] / (1.0 + (b[1] - b[2] * x[0]).exp())),
    ("rat43", |b, x| b[0] * (-(1.0 + (b[1] - b[2] * x[0]).exp()).ln() / b[3]).exp()),
    ("roszman1", |b, x| b[0] - b[1] * x[0] - (b[2] / (x[0] - b[3])).atan() / PI),
    ("thurber", |b, x| polynomial(&b[..4], x[0]) / (1.0 + x[0] * polynomial(&b[4..], x[0]))),
];

/// The problems of the set.
pub fn nist() -> Vec<BenchmarkProblem> {
    MODELS.into_iter().flat_map(|(name, model)| [1, 2].map(|k| problem(name, model, k))).collect()
}

fn problem(name: &str, model: Model, start: usize) -> BenchmarkProblem {
    let stored = |what: &str| stored_point(DATASETS, name, what);
    let solution =
        Solution { params: Some(stored("certified")), value: Some(stored("sum_of_squares")[0]) };
    let function = regression(model, observations(name));
    BenchmarkProblem::new(
        format!("{name}_start_{start}"),
        function,
        stored(&format!("start_{start}")),
        solution,
    )
}

/// An observation and its predictors.
type Observation = (f64, [f64; 2]);

fn observations(name: &str) -> Vec<Observation> {
    let (y, x) = (stored_point(DATASETS, name, "y"), stored_point(DATASETS, name, "x"));
    if name == "nelson" {
        // The only one with two predictors, and in logarithms.
        let second = stored_point(DATASETS, name, "x2");
        let rows = y.iter().zip(&x).zip(&second);
        return rows.map(|((y, a), b)| (y.ln(), [*a, *b])).collect();
    }
    y.into_iter().zip(x).map(|(y, x)| (y, [x, 0.0])).collect()
}

fn regression(model: Model, observations: Vec<Observation>) -> Function {
    let n_residuals = observations.len();
    let observations: Arc<[Observation]> = observations.into();
    let shared = observations.clone();
    let residuals = move |b: &[f64], r: &mut [f64]| {
        value_of(b, |b| {
            for (r, (y, x)) in r.iter_mut().zip(&*shared) {
                *r = y - model(b, x).value;
            }
        });
    };
    let jacobian = move |b: &[f64], jac: &mut [f64]| {
        let n = b.len();
        in_each_direction(b, |j, b| {
            for (row, (_, x)) in jac.chunks_exact_mut(n).zip(&*observations) {
                row[j] = -model(b, x).slope;
            }
        });
    };
    Function::LeastSquares {
        n_residuals,
        residuals: Arc::new(residuals),
        jacobian: Arc::new(jacobian),
    }
}

/// `b_1 (1 - exp(-b_2 x))`.
fn saturation(b: &[Dual], x: &[f64]) -> Dual {
    b[0] * (1.0 - (-b[1] * x[0]).exp())
}

/// A polynomial by Horner's rule, the constant first.
fn polynomial(coefficients: &[Dual], x: f64) -> Dual {
    coefficients.iter().rev().fold(Dual::default(), |sum, c| sum * x + *c)
}

/// An exponential decay with two Gaussian peaks.
fn two_peaks(b: &[Dual], x: &[f64]) -> Dual {
    let peak = |b: &[Dual]| b[0] * (-((x[0] - b[1]) / b[2]).square()).exp();
    b[0] * (-b[1] * x[0]).exp() + peak(&b[2..5]) + peak(&b[5..8])
}

fn three_decays(b: &[Dual], x: &[f64]) -> Dual {
    b.chunks_exact(2).map(|b| b[0] * (-b[1] * x[0]).exp()).sum()
}

/// A year's cycle and two more, of unknown periods.
fn enso(b: &[Dual], x: &[f64]) -> Dual {
    let cycle = |cos: Dual, sin: Dual, period: Dual| {
        let angle = TAU * x[0] / period;
        cos * angle.cos() + sin * angle.sin()
    };
    b[0] + cycle(b[1], b[2], Dual::constant(12.0))
        + cycle(b[4], b[5], b[3])
        + cycle(b[7], b[8], b[6])
}
