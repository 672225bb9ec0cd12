//! Freudenstein and Roth's function as a chain (Moré, Garbow, Hillstrom 1981, number 2; CUTEst FREURONE). Any n, m = 2 (n - 1):
//! all first residuals, then all second ones.

use crate::ResidualFunction;

pub(super) const FUNCTION: ResidualFunction = ResidualFunction { residuals, jacobian };

fn residuals(x: &[f64], r: &mut [f64]) {
    let links = x.len() - 1;
    for i in 0..links {
        let (x, y) = (x[i], x[i + 1]);
        r[i] = -13.0 + x + ((5.0 - y) * y - 2.0) * y;
        r[links + i] = -29.0 + x + ((y + 1.0) * y - 14.0) * y;
    }
}

fn jacobian(x: &[f64], jac: &mut [f64]) {
    let n = x.len();
    jac.fill(0.0);
    for (i, y) in x.iter().skip(1).enumerate() {
        let (first, second) = (i * n + i, (n - 1 + i) * n + i);
        jac[first] = 1.0;
        jac[first + 1] = (10.0 - 3.0 * y) * y - 2.0;
        jac[second] = 1.0;
        jac[second + 1] = (3.0 * y + 2.0) * y - 14.0;
    }
}
