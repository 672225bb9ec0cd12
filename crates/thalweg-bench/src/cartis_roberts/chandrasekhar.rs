//! Chandrasekhar's H equation of radiative transfer (Moré 1990, problem 4; CUTEst CHANDHEQ), as a problem in its grid. Any n = m.
//!
//! The equation is `h_i - 1 - (c / 2n) sum_j t_i h_i h_j / (t_i + t_j)`, `c = 1`. In optimagic's set, which this one follows so that
//! results compare, the parameters are the points `t_i` and all `h_i` are 1. The residuals then always add up to `-n / 4`, so that
//! the least sum of squares is `n / 16`, where all points are equal, and not the value 0 that is stored there.

use crate::ResidualFunction;

pub(super) const FUNCTION: ResidualFunction = ResidualFunction { residuals, jacobian };

/// The start `t_i = i / n`.
pub(super) fn start(n: usize) -> Vec<f64> {
    (1..=n).map(|i| i as f64 / n as f64).collect()
}

fn residuals(t: &[f64], r: &mut [f64]) {
    let weight = -0.5 / t.len() as f64;
    for (r, own) in r.iter_mut().zip(t) {
        *r = weight * t.iter().map(|other| own / (own + other)).sum::<f64>();
    }
}

fn jacobian(t: &[f64], jac: &mut [f64]) {
    let weight = -0.5 / t.len() as f64;
    for (i, row) in jac.chunks_exact_mut(t.len()).enumerate() {
        let own = t[i];
        let mut sum = 0.0;
        for (d, other) in row.iter_mut().zip(t) {
            let square = (own + other).powi(2);
            *d = -weight * own / square;
            sum += weight * other / square;
        }
        row[i] += sum;
    }
}
