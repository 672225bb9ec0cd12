//! Sparse fits of four values by four parameters, blocks of which overlap by two, by Lukšan (1996): 15 (signomial), 16 (exponential),
//! 17 (trigonometric). CUTEst LUKSAN15, LUKSAN16, LUKSAN17. n = 2 k + 2, m = 4 k.
//!
//! With `l = 1, ..., 4` for the equations of a block and `q = 1, ..., 4` for its parameters:
//! * 15: `y_l - sum_(p=1..3) p^2 / l prod_q |x_q|^(q / (p l))`
//! * 16: `y_l - sum_(p=1..3) p^2 / l exp(sum_q q x_q / (p l))`
//! * 17: `y_l + sum_q (l q^2 sin x_q - l^2 q cos x_q)`, with the sign of optimagic's set

use crate::ResidualFunction;

pub(super) const SIGNOMIAL: ResidualFunction =
    ResidualFunction { residuals: signomial, jacobian: signomial_jacobian };

pub(super) const EXPONENTIAL: ResidualFunction =
    ResidualFunction { residuals: exponential, jacobian: exponential_jacobian };

pub(super) const TRIGONOMETRIC: ResidualFunction =
    ResidualFunction { residuals: trigonometric, jacobian: trigonometric_jacobian };

/// The values that 15 and 16 fit, and those of 17.
const Y: [f64; 4] = [35.8, 11.2, 6.2, 4.4];
const Y_TRIGONOMETRIC: [f64; 4] = [30.6, 72.2, 124.4, 187.4];

/// The start -0.8, 1.2, -1.2, 0.8, and so on.
pub(super) fn start(n: usize) -> Vec<f64> {
    [-0.8, 1.2, -1.2, 0.8].into_iter().cycle().take(n).collect()
}

/// The blocks of parameters.
fn blocks(x: &[f64]) -> impl Iterator<Item = &[f64]> {
    x.windows(4).step_by(2)
}

/// The numbers 1 to 4 as `l` and `q`.
const NUMBERS: [f64; 4] = [1.0, 2.0, 3.0, 4.0];

/// `sum_p p^2 / l exp(s / (p l))` and its derivative with respect to `s`.
fn sum(s: f64, l: f64) -> (f64, f64) {
    [1.0, 2.0, 3.0].into_iter().fold((0.0, 0.0), |(value, slope), p| {
        let term = p * p / l * (s / (p * l)).exp();
        (value + term, slope + term / (p * l))
    })
}

/// Residuals `y_l - sum(s)` with one number `s` per block.
fn fill(x: &[f64], r: &mut [f64], s: impl Fn(&[f64]) -> f64) {
    for (x, r) in blocks(x).zip(r.chunks_exact_mut(4)) {
        let s = s(x);
        for (k, r) in r.iter_mut().enumerate() {
            *r = Y[k] - sum(s, NUMBERS[k]).0;
        }
    }
}

fn fill_jacobian(
    x: &[f64],
    jac: &mut [f64],
    s: impl Fn(&[f64]) -> f64,
    derivative: impl Fn(f64, f64) -> f64,
) {
    let n = x.len();
    jac.fill(0.0);
    for (k, (x, rows)) in blocks(x).zip(jac.chunks_exact_mut(4 * n)).enumerate() {
        let s = s(x);
        for (row, l) in rows.chunks_exact_mut(n).zip(NUMBERS) {
            let slope = sum(s, l).1;
            for (q, &x) in x.iter().enumerate() {
                row[2 * k + q] = -slope * derivative(NUMBERS[q], x);
            }
        }
    }
}

/// The logarithm of the product.
fn logarithm(x: &[f64]) -> f64 {
    x.iter().zip(NUMBERS).map(|(x, q)| q * x.abs().ln()).sum()
}

fn weighted_sum(x: &[f64]) -> f64 {
    x.iter().zip(NUMBERS).map(|(x, q)| q * x).sum()
}

fn signomial(x: &[f64], r: &mut [f64]) {
    fill(x, r, logarithm);
}

fn signomial_jacobian(x: &[f64], jac: &mut [f64]) {
    fill_jacobian(x, jac, logarithm, |q, x| q / x);
}

fn exponential(x: &[f64], r: &mut [f64]) {
    fill(x, r, weighted_sum);
}

fn exponential_jacobian(x: &[f64], jac: &mut [f64]) {
    fill_jacobian(x, jac, weighted_sum, |q, _| q);
}

fn trigonometric(x: &[f64], r: &mut [f64]) {
    for (x, r) in blocks(x).zip(r.chunks_exact_mut(4)) {
        for (k, l) in NUMBERS.into_iter().enumerate() {
            let waves = x.iter().zip(NUMBERS).map(|(x, q)| l * q * (q * x.sin() - l * x.cos()));
            r[k] = Y_TRIGONOMETRIC[k] + waves.sum::<f64>();
        }
    }
}

fn trigonometric_jacobian(x: &[f64], jac: &mut [f64]) {
    let n = x.len();
    jac.fill(0.0);
    for (k, (x, rows)) in blocks(x).zip(jac.chunks_exact_mut(4 * n)).enumerate() {
        for (row, l) in rows.chunks_exact_mut(n).zip(NUMBERS) {
            for (column, (x, q)) in x.iter().zip(NUMBERS).enumerate() {
                row[2 * k + column] = l * q * (q * x.cos() + l * x.sin());
            }
        }
    }
}
