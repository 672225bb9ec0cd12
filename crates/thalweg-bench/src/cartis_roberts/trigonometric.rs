//! A trigonometric system in which every cosine occurs in every equation (Moré, Garbow, Hillstrom 1981, number 26, as in CUTEst
//! ARGTRIG, where the sine has a weight, too). Any n = m. `n - sum_j cos x_j + i (1 - cos x_i - sin x_i)`

use crate::ResidualFunction;

pub(super) const FUNCTION: ResidualFunction = ResidualFunction { residuals, jacobian };

fn residuals(x: &[f64], r: &mut [f64]) {
    let shared = x.len() as f64 - x.iter().map(|x| x.cos()).sum::<f64>();
    for (i, x) in x.iter().enumerate() {
        let weight = (i + 1) as f64;
        r[i] = shared + weight * (1.0 - x.cos() - x.sin());
    }
}

fn jacobian(x: &[f64], jac: &mut [f64]) {
    let n = x.len();
    for (i, row) in jac.chunks_exact_mut(n).enumerate() {
        row.iter_mut().zip(x).for_each(|(d, x)| *d = x.sin());
        row[i] += (i + 1) as f64 * (x[i].sin() - x[i].cos());
    }
}
