//! What the tests of several algorithms share.

use thalweg_core::ProblemSpec;
use thalweg_core::testing::FunctionOracle;

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
