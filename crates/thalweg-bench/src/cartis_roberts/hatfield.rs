//! A quadratic system from the test problems of the Optimisation Centre in Hatfield (CUTEst HATFLDG). n = m = 25.

use crate::ResidualFunction;

pub(super) const FUNCTION: ResidualFunction = ResidualFunction { residuals, jacobian };

/// The parameter in the middle, which every equation has.
const MIDDLE: usize = 12;

/// The parameters in the order of their equations: the first and the last one come last.
fn order(last: usize) -> impl Iterator<Item = usize> {
    (1..last).chain([0, last])
}

fn residuals(x: &[f64], r: &mut [f64]) {
    let last = x.len() - 1;
    for (i, r) in order(last).zip(r) {
        let product = match i {
            0 => -x[0] * x[1],
            _ if i == last => x[last - 1] * x[last],
            _ => x[i] * (x[i - 1] - x[i + 1]),
        };
        *r = product + x[i] - x[MIDDLE] + 1.0;
    }
}

fn jacobian(x: &[f64], jac: &mut [f64]) {
    let last = x.len() - 1;
    jac.fill(0.0);
    for (i, row) in order(last).zip(jac.chunks_exact_mut(x.len())) {
        row[i] = 1.0;
        row[MIDDLE] -= 1.0;
        if i == 0 {
            row[0] -= x[1];
            row[1] -= x[0];
        } else if i == last {
            row[last] += x[last - 1];
            row[last - 1] += x[last];
        } else {
            row[i] += x[i - 1] - x[i + 1];
            row[i - 1] += x[i];
            row[i + 1] -= x[i];
        }
    }
}
