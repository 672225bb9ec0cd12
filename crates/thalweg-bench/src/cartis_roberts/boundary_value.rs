//! A discrete boundary value problem (Moré, Garbow, Hillstrom 1981, number 28; CUTEst BDVALUES, MOREBVNE), and one with a constant
//! in the equation (Lukšan 1996, number 21; CUTEst LUKSAN21). Any n = m.
//! `2 x_i - x_(i-1) - x_(i+1) + h^2 (x_i + t_i + 1)^3 / 2 (+ 1)`, `t_i = i h`, `h = 1 / (n + 1)`.
//!
//! In CUTEst's BDVALUES the points `t_i` are those of the right neighbours. In optimagic's MOREBVNE, which this one follows so that
//! results compare, the last difference is `x_(n-1)` alone.

use super::chain::{left, right, set_neighbours};
use crate::Function;

/// What tells the three problems apart.
#[derive(Clone, Copy)]
pub(super) struct Variant {
    constant: f64,
    /// How many points `t_i` is further to the right.
    shift: f64,
    /// Whether the last difference is whole.
    whole: bool,
}

pub(super) const BDVALUES: Variant = Variant { constant: 0.0, shift: 1.0, whole: true };
pub(super) const LUKSAN: Variant = Variant { constant: 1.0, shift: 0.0, whole: true };
pub(super) const MOREBVNE: Variant = Variant { constant: 0.0, shift: 0.0, whole: false };

/// The equations at `n` points.
pub(super) fn function(variant: Variant, n: usize) -> Function {
    Function::with_parameter(variant, n, residuals, jacobian)
}

/// The start `factor t_i (t_i - 1)`.
pub(super) fn start(factor: f64, n: usize) -> Vec<f64> {
    let h = step(n);
    (1..=n).map(|i| i as f64 * h).map(|t| factor * t * (t - 1.0)).collect()
}

fn step(n: usize) -> f64 {
    1.0 / (n + 1) as f64
}

/// The coefficients of the left neighbour, the parameter itself and the right neighbour.
fn difference(variant: &Variant, i: usize, n: usize) -> [f64; 3] {
    if variant.whole || i + 1 < n { [-1.0, 2.0, -1.0] } else { [1.0, 0.0, 0.0] }
}

fn residuals(variant: &Variant, x: &[f64], r: &mut [f64]) {
    let n = x.len();
    let h = step(n);
    for i in 0..n {
        let t = ((i + 1) as f64 + variant.shift) * h;
        let [a, b, c] = difference(variant, i, n);
        let difference = a * left(x, i) + b * x[i] + c * right(x, i);
        r[i] = difference + h * h / 2.0 * (x[i] + t + 1.0).powi(3) + variant.constant;
    }
}

fn jacobian(variant: &Variant, x: &[f64], jac: &mut [f64]) {
    let n = x.len();
    let h = step(n);
    jac.fill(0.0);
    for (i, row) in jac.chunks_exact_mut(n).enumerate() {
        let t = ((i + 1) as f64 + variant.shift) * h;
        let [a, b, c] = difference(variant, i, n);
        row[i] = b + 1.5 * h * h * (x[i] + t + 1.0).powi(2);
        set_neighbours(row, i, a, c);
    }
}
