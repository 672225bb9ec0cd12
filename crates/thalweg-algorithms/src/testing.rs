//! What the tests of several algorithms share.

use thalweg_core::testing::FunctionOracle;
use thalweg_core::{Algorithm, Finish, Problem, ProblemSpec};

/// Rosenbrock's valley, chained.
pub(crate) fn rosenbrock(x: &[f64]) -> f64 {
    x.windows(2).map(|w| 100.0 * (w[1] - w[0] * w[0]).powi(2) + (1.0 - w[0]).powi(2)).sum()
}

pub(crate) fn rosenbrock_gradient(x: &[f64], g: &mut [f64]) {
    g.fill(0.0);
    for i in 0..x.len() - 1 {
        let valley = x[i + 1] - x[i] * x[i];
        g[i] -= 400.0 * x[i] * valley + 2.0 * (1.0 - x[i]);
        g[i + 1] += 200.0 * valley;
    }
}

/// A scalar problem with these bounds.
pub(crate) fn boxed(lower: &[f64], upper: &[f64]) -> ProblemSpec {
    ProblemSpec {
        lower: lower.to_vec(),
        upper: upper.to_vec(),
        ..ProblemSpec::unconstrained(lower.len())
    }
}

/// Every point that was asked for lies within the bounds.
#[track_caller]
pub(crate) fn assert_within_bounds(oracle: &FunctionOracle<'_>, spec: &ProblemSpec) {
    for (_, x) in &oracle.trace {
        for i in 0..x.len() {
            assert!((spec.lower[i]..=spec.upper[i]).contains(&x[i]), "{x:?} leaves the bounds");
        }
    }
}

/// Solve from `x0`, without bounds.
pub(crate) fn run(
    algorithm: &dyn Algorithm,
    oracle: &mut FunctionOracle<'_>,
    x0: &[f64],
) -> Finish {
    let spec = ProblemSpec::unconstrained(x0.len());
    algorithm.solve(&mut Problem::new(oracle, &spec), x0).unwrap()
}

/// (x^2 - 1)^2 + y^2 + z^4: negative curvature along x near 0, none along z at 0.
pub(crate) fn wells<'a>() -> FunctionOracle<'a> {
    FunctionOracle::scalar(|x| (x[0] * x[0] - 1.0).powi(2) + x[1] * x[1] + x[2].powi(4))
        .with_gradient(|x, g| {
            g.copy_from_slice(&[4.0 * x[0] * (x[0] * x[0] - 1.0), 2.0 * x[1], 4.0 * x[2].powi(3)]);
        })
}

/// [`wells`] with its Hessian.
pub(crate) fn with_hessian(oracle: FunctionOracle<'_>) -> FunctionOracle<'_> {
    oracle.with_hessian(|x, h| {
        h.fill(0.0);
        (h[0], h[4], h[8]) = (12.0 * x[0] * x[0] - 4.0, 2.0, 12.0 * x[2] * x[2]);
    })
}

/// [`wells`] with products of its Hessian.
pub(crate) fn with_products(oracle: FunctionOracle<'_>) -> FunctionOracle<'_> {
    oracle.with_hessian_product(|x, d, p| {
        p.copy_from_slice(&[
            (12.0 * x[0] * x[0] - 4.0) * d[0],
            2.0 * d[1],
            12.0 * x[2] * x[2] * d[2],
        ]);
    })
}
