//! Brown's almost-linear function: all residuals linear but one product (Moré, Garbow, Hillstrom 1981, number 27).
//! Any n = m.

use crate::ResidualFunction;

pub(crate) const FUNCTION: ResidualFunction = ResidualFunction { residuals, jacobian };

fn residuals(x: &[f64], r: &mut [f64]) {
    let n = x.len();
    let shift = x.iter().sum::<f64>() - (n + 1) as f64;
    for i in 0..n - 1 {
        r[i] = x[i] + shift;
    }
    r[n - 1] = x.iter().product::<f64>() - 1.0;
}

fn jacobian(x: &[f64], jac: &mut [f64]) {
    let n = x.len();
    jac.fill(1.0);
    for i in 0..n - 1 {
        jac[i * n + i] = 2.0;
    }
    // The product of all other parameters: from the left, then from the right. No division, so zeros are fine.
    let row = &mut jac[(n - 1) * n..];
    let mut product = 1.0;
    for j in 0..n {
        row[j] = product;
        product *= x[j];
    }
    product = 1.0;
    for j in (0..n).rev() {
        row[j] *= product;
        product *= x[j];
    }
}
