//! Two penalty functions (Moré, Garbow, Hillstrom 1981, numbers 23 and 24; CUTEst PENLT1NE, PENLT2NE). Any n; m = n + 1 and
//! m = 2n.
//!
//! As in optimagic's set, so that results compare, the first one draws its parameters to 2 (CUTEst: to 1), and the second one has the
//! weight 1e-5 where CUTEst has its root.

use crate::ResidualFunction;

pub(super) const ONE: ResidualFunction =
    ResidualFunction { residuals: one, jacobian: one_jacobian };

pub(super) const TWO: ResidualFunction =
    ResidualFunction { residuals: two, jacobian: two_jacobian };

/// The weight of the penalties.
const WEIGHT: f64 = 1e-5;

/// Its square root.
fn root() -> f64 {
    WEIGHT.sqrt()
}

fn one(x: &[f64], r: &mut [f64]) {
    let n = x.len();
    for i in 0..n {
        r[i] = root() * (x[i] - 2.0);
    }
    r[n] = x.iter().map(|x| x * x).sum::<f64>() - 0.25;
}

fn one_jacobian(x: &[f64], jac: &mut [f64]) {
    let n = x.len();
    jac.fill(0.0);
    for i in 0..n {
        jac[i * n + i] = root();
        jac[n * n + i] = 2.0 * x[i];
    }
}

fn two(x: &[f64], r: &mut [f64]) {
    let n = x.len();
    let growth = |x: f64| (x / 10.0).exp();
    r[0] = x[0] - 0.2;
    for i in 1..n {
        let target = growth((i + 1) as f64) + growth(i as f64);
        r[i] = WEIGHT * (growth(x[i]) + growth(x[i - 1]) - target);
        r[n + i - 1] = WEIGHT * (growth(x[i]) - growth(-1.0));
    }
    r[2 * n - 1] = (0..n).map(|j| (n - j) as f64 * x[j] * x[j]).sum::<f64>() - 1.0;
}

fn two_jacobian(x: &[f64], jac: &mut [f64]) {
    let n = x.len();
    let slope = |x: f64| WEIGHT * (x / 10.0).exp() / 10.0;
    jac.fill(0.0);
    jac[0] = 1.0;
    for i in 1..n {
        jac[i * n + i] = slope(x[i]);
        jac[i * n + i - 1] = slope(x[i - 1]);
        jac[(n + i - 1) * n + i] = slope(x[i]);
    }
    for j in 0..n {
        jac[(2 * n - 1) * n + j] = 2.0 * (n - j) as f64 * x[j];
    }
}
