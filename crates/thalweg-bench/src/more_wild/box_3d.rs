//! Box's three-dimensional exponential fit (Moré, Garbow, Hillstrom 1981, number 12). n = 3, any m (here 10).

use crate::ResidualFunction;

pub(super) const FUNCTION: ResidualFunction = ResidualFunction { residuals, jacobian };

fn residuals(x: &[f64], r: &mut [f64]) {
    for (i, r) in r.iter_mut().enumerate() {
        let u = (i + 1) as f64;
        let t = u / 10.0;
        *r = (-t * x[0]).exp() - (-t * x[1]).exp() + ((-u).exp() - (-t).exp()) * x[2];
    }
}

fn jacobian(x: &[f64], jac: &mut [f64]) {
    for (i, row) in jac.chunks_exact_mut(3).enumerate() {
        let u = (i + 1) as f64;
        let t = u / 10.0;
        row.copy_from_slice(&[
            -t * (-t * x[0]).exp(),
            t * (-t * x[1]).exp(),
            (-u).exp() - (-t).exp(),
        ]);
    }
}
