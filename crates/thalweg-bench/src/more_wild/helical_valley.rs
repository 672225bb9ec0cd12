//! Fletcher and Powell's helical valley (Moré, Garbow, Hillstrom 1981, number 7). n = m = 3.

use std::f64::consts::TAU;

use crate::ResidualFunction;

pub(super) const FUNCTION: ResidualFunction = ResidualFunction { residuals, jacobian };

/// The angle of `(x1, x2)` in turns, between -1/4 and 3/4: the branch cut lies on the negative `x2` axis.
fn turns(x1: f64, x2: f64) -> f64 {
    if x1 > 0.0 {
        (x2 / x1).atan() / TAU
    } else if x1 < 0.0 {
        (x2 / x1).atan() / TAU + 0.5
    } else if x2 == 0.0 {
        0.0
    } else {
        0.25_f64.copysign(x2)
    }
}

fn residuals(x: &[f64], r: &mut [f64]) {
    r[0] = 10.0 * (x[2] - 10.0 * turns(x[0], x[1]));
    r[1] = 10.0 * (x[0].hypot(x[1]) - 1.0);
    r[2] = x[2];
}

/// Undefined (NaN) on the axis of the helix, `x1 = x2 = 0`, where the function has a kink.
fn jacobian(x: &[f64], jac: &mut [f64]) {
    let radius = x[0].hypot(x[1]);
    let (cos, sin) = (x[0] / radius, x[1] / radius);
    let slope = 100.0 / (TAU * radius);
    jac.copy_from_slice(&[
        slope * sin,
        -slope * cos,
        10.0,
        10.0 * cos,
        10.0 * sin,
        0.0,
        0.0,
        0.0,
        1.0,
    ]);
}
