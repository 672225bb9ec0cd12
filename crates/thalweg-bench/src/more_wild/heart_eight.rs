//! The human heart dipole problem, eight equations in eight unknowns (Nelson, Hodgkin 1981; also MINPACK-2).
//!
//! Two dipoles with complex moments `alpha = x1 + i x3`, `beta = x2 + i x4` sit at the complex positions
//! `z = x5 + i x7`, `y = x6 + i x8`. The residuals are real and imaginary parts of the measured power moments
//! `alpha z^k + beta y^k - s_k` for k = 0, 1, 2, 3.

use crate::ResidualFunction;

pub(super) const FUNCTION: ResidualFunction = ResidualFunction { residuals, jacobian };

/// The measurements `s_k`.
const MEASURED: [Complex; 4] = [(-0.69, -0.044), (-1.57, -1.31), (-2.65, 2.0), (-12.6, 9.48)];

/// The columns of the real and the imaginary part of `alpha, beta, z, y` in the parameter vector.
const COLUMNS: [(usize, usize); 4] = [(0, 2), (1, 3), (4, 6), (5, 7)];

/// Real and imaginary part.
type Complex = (f64, f64);

fn times(a: Complex, b: Complex) -> Complex {
    (a.0 * b.0 - a.1 * b.1, a.0 * b.1 + a.1 * b.0)
}

fn unpack(x: &[f64]) -> [Complex; 4] {
    COLUMNS.map(|(re, im)| (x[re], x[im]))
}

fn residuals(x: &[f64], r: &mut [f64]) {
    let [alpha, beta, z, y] = unpack(x);
    let (mut first, mut second) = (alpha, beta); // alpha z^k, beta y^k
    for (k, s) in MEASURED.into_iter().enumerate() {
        r[2 * k] = first.0 + second.0 - s.0;
        r[2 * k + 1] = first.1 + second.1 - s.1;
        (first, second) = (times(first, z), times(second, y));
    }
}

/// Each equation is analytic in the four complex unknowns, so the Cauchy-Riemann equations turn one complex
/// derivative into four real ones.
fn jacobian(x: &[f64], jac: &mut [f64]) {
    let [alpha, beta, z, y] = unpack(x);
    let (mut z_power, mut y_power) = ((1.0, 0.0), (1.0, 0.0)); // z^k, y^k
    let (mut z_slope, mut y_slope) = ((0.0, 0.0), (0.0, 0.0)); // k z^(k-1), k y^(k-1)
    for (k, rows) in jac.chunks_exact_mut(16).enumerate() {
        let slopes = [z_power, y_power, times(alpha, z_slope), times(beta, y_slope)];
        for ((re, im), d) in COLUMNS.into_iter().zip(slopes) {
            (rows[re], rows[im]) = (d.0, -d.1);
            (rows[8 + re], rows[8 + im]) = (d.1, d.0);
        }
        let degree = (k + 1) as f64;
        z_slope = (degree * z_power.0, degree * z_power.1);
        y_slope = (degree * y_power.0, degree * y_power.1);
        (z_power, y_power) = (times(z_power, z), times(y_power, y));
    }
}
