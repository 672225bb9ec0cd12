//! Rheinboldt's semiconductor problem by differences, on its way to the true equation (Moré 1990, problem 10; CUTEst SEMICON2,
//! SEMICN2U). Any n = m. CUTEst's first variant has bounds that are not active at the solution; both are without bounds here, as in
//! optimagic's set.

use super::chain::{left, right, set_neighbours};
use crate::ResidualFunction;

pub(super) const FUNCTION: ResidualFunction = ResidualFunction { residuals, jacobian };

/// How far along the way: 1 is the true equation.
const LAMBDA: f64 = 0.2;
/// The length of the interval, nine tenths of which have the first doping.
const LENGTH: f64 = 1e-4;
const BETA: f64 = 40.0;
/// The charges of the two parts.
const CHARGES: [f64; 2] = [1e12, 1e13];
/// The potential at the right end; it is zero at the left one.
const END: f64 = 700.0;

/// The two exponential terms of the equation at a potential.
fn terms(u: f64, n: usize) -> (f64, f64) {
    let weight = weight(n);
    let falling = weight * CHARGES[0] * (-LAMBDA * BETA * u).exp();
    let rising = weight * CHARGES[1] * (LAMBDA * BETA * (u - LAMBDA * END)).exp();
    (falling, rising)
}

/// `lambda h^2`.
fn weight(n: usize) -> f64 {
    let h = LENGTH / (n + 1) as f64;
    LAMBDA * h * h
}

fn residuals(u: &[f64], r: &mut [f64]) {
    let n = u.len();
    for i in 0..n {
        let (falling, rising) = terms(u[i], n);
        let doping = if 10 * (i + 1) <= 9 * n { CHARGES[0] } else { -CHARGES[1] };
        let end = if i + 1 == n { LAMBDA * END } else { 0.0 };
        r[i] = left(u, i) - 2.0 * u[i] + right(u, i) + end + falling - rising - weight(n) * doping;
    }
}

fn jacobian(u: &[f64], jac: &mut [f64]) {
    let n = u.len();
    jac.fill(0.0);
    for (i, row) in jac.chunks_exact_mut(n).enumerate() {
        let (falling, rising) = terms(u[i], n);
        row[i] = -2.0 - LAMBDA * BETA * (falling + rising);
        set_neighbours(row, i, 1.0, 1.0);
    }
}
