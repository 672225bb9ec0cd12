//! Chains of small problems by Lukšan (1996): 11 (serpentine), 12 to 14 (after problems 47, 48 and 53 of Hock and Schittkowski), 22
//! (attracting and repelling). CUTEst LUKSAN11 to LUKSAN14, LUKSAN22.
//!
//! Two residuals are those of optimagic's set, so that results compare: the last one of each link of 13 is `x_2 x_5 - 10` (CUTEst:
//! `x_1 x_5 - 10`), and the last one of 22 is `-10 x_(n-1)^2` (CUTEst: `10 (x_(n-1)^2 - x_n)`).
//!
//! Reference: L. Lukšan, Hybrid methods in large sparse nonlinear least squares, J. Optim. Theory Appl. 89 (1996),
//! <https://doi.org/10.1007/BF02275350>

use crate::ResidualFunction;

/// Any n, m = 2 (n - 1).
pub(super) const SERPENTINE: ResidualFunction =
    ResidualFunction { residuals: serpentine, jacobian: serpentine_jacobian };

/// n = 3 k + 2, m = 6 k.
pub(super) const TWELVE: ResidualFunction =
    ResidualFunction { residuals: twelve, jacobian: twelve_jacobian };

/// n = 3 k + 2, m = 7 k.
pub(super) const THIRTEEN: ResidualFunction =
    ResidualFunction { residuals: thirteen, jacobian: thirteen_jacobian };

/// n = 3 k + 2, m = 7 k.
pub(super) const FOURTEEN: ResidualFunction =
    ResidualFunction { residuals: fourteen, jacobian: fourteen_jacobian };

/// Any n, m = 2 (n - 1).
pub(super) const ATTRACTING: ResidualFunction =
    ResidualFunction { residuals: attracting, jacobian: attracting_jacobian };

fn serpentine(x: &[f64], r: &mut [f64]) {
    for (i, r) in r.chunks_exact_mut(2).enumerate() {
        r[0] = 20.0 * x[i] / (1.0 + x[i] * x[i]) - 10.0 * x[i + 1];
        r[1] = x[i] - 1.0;
    }
}

fn serpentine_jacobian(x: &[f64], jac: &mut [f64]) {
    let n = x.len();
    jac.fill(0.0);
    for (i, rows) in jac.chunks_exact_mut(2 * n).enumerate() {
        let square = x[i] * x[i];
        rows[i] = 20.0 * (1.0 - square) / (1.0 + square).powi(2);
        rows[i + 1] = -10.0;
        rows[n + i] = 1.0;
    }
}

/// The links of a chain: five parameters, of which two belong to the next link, too.
fn links(x: &[f64]) -> impl Iterator<Item = [f64; 5]> {
    x.windows(5).step_by(3).map(|x| [x[0], x[1], x[2], x[3], x[4]])
}

/// Writes the Jacobian of each link to its place.
fn set_links<const M: usize>(
    x: &[f64],
    jac: &mut [f64],
    derivatives: impl Fn([f64; 5]) -> [[f64; 5]; M],
) {
    let n = x.len();
    jac.fill(0.0);
    for (k, (x, rows)) in links(x).zip(jac.chunks_exact_mut(M * n)).enumerate() {
        for (row, derivatives) in rows.chunks_exact_mut(n).zip(derivatives(x)) {
            row[3 * k..3 * k + 5].copy_from_slice(&derivatives);
        }
    }
}

fn twelve(x: &[f64], r: &mut [f64]) {
    for ([a, b, c, d, e], r) in links(x).zip(r.chunks_exact_mut(6)) {
        r[0] = 10.0 * (a * a - b);
        r[1] = c - 1.0;
        r[2] = (d - 1.0).powi(2);
        r[3] = (e - 1.0).powi(3);
        r[4] = d * a * a + (d - e).sin() - 10.0;
        r[5] = b + c.powi(4) * d * d - 20.0;
    }
}

fn twelve_jacobian(x: &[f64], jac: &mut [f64]) {
    set_links(x, jac, |[a, _, c, d, e]| {
        let cos = (d - e).cos();
        [
            [20.0 * a, -10.0, 0.0, 0.0, 0.0],
            [0.0, 0.0, 1.0, 0.0, 0.0],
            [0.0, 0.0, 0.0, 2.0 * (d - 1.0), 0.0],
            [0.0, 0.0, 0.0, 0.0, 3.0 * (e - 1.0).powi(2)],
            [2.0 * a * d, 0.0, 0.0, a * a + cos, -cos],
            [0.0, 1.0, 4.0 * c.powi(3) * d * d, 2.0 * c.powi(4) * d, 0.0],
        ]
    });
}

fn thirteen(x: &[f64], r: &mut [f64]) {
    for ([a, b, c, d, e], r) in links(x).zip(r.chunks_exact_mut(7)) {
        r[0] = 10.0 * (a * a - b);
        r[1] = 10.0 * (b * b - c);
        r[2] = (c - d).powi(2);
        r[3] = (d - e).powi(2);
        r[4] = a + b * b + c - 30.0;
        r[5] = b - c * c + d - 10.0;
        r[6] = b * e - 10.0;
    }
}

fn thirteen_jacobian(x: &[f64], jac: &mut [f64]) {
    set_links(x, jac, |[a, b, c, d, e]| {
        [
            [20.0 * a, -10.0, 0.0, 0.0, 0.0],
            [0.0, 20.0 * b, -10.0, 0.0, 0.0],
            [0.0, 0.0, 2.0 * (c - d), -2.0 * (c - d), 0.0],
            [0.0, 0.0, 0.0, 2.0 * (d - e), -2.0 * (d - e)],
            [1.0, 2.0 * b, 1.0, 0.0, 0.0],
            [0.0, 1.0, -2.0 * c, 1.0, 0.0],
            [0.0, e, 0.0, 0.0, b],
        ]
    });
}

fn fourteen(x: &[f64], r: &mut [f64]) {
    for ([a, b, c, d, e], r) in links(x).zip(r.chunks_exact_mut(7)) {
        r[0] = 10.0 * (a * a - b);
        r[1] = b + c - 2.0;
        r[2] = d - 1.0;
        r[3] = e - 1.0;
        r[4] = a + 3.0 * b;
        r[5] = c + d - 2.0 * e;
        r[6] = 10.0 * (b * b - e);
    }
}

fn fourteen_jacobian(x: &[f64], jac: &mut [f64]) {
    set_links(x, jac, |[a, b, ..]| {
        [
            [20.0 * a, -10.0, 0.0, 0.0, 0.0],
            [0.0, 1.0, 1.0, 0.0, 0.0],
            [0.0, 0.0, 0.0, 1.0, 0.0],
            [0.0, 0.0, 0.0, 0.0, 1.0],
            [1.0, 3.0, 0.0, 0.0, 0.0],
            [0.0, 0.0, 1.0, 1.0, -2.0],
            [0.0, 20.0 * b, 0.0, 0.0, -10.0],
        ]
    });
}

fn attracting(x: &[f64], r: &mut [f64]) {
    let n = x.len();
    r[0] = x[0] - 1.0;
    r[2 * n - 3] = -10.0 * x[n - 2] * x[n - 2];
    for i in 0..n - 2 {
        r[2 * i + 1] = 10.0 * (x[i] * x[i] - x[i + 1]);
        let (before, after) = (x[i] - x[i + 1], x[i + 1] - x[i + 2]);
        r[2 * i + 2] = 2.0 * (-before * before).exp() + (-2.0 * after * after).exp();
    }
}

fn attracting_jacobian(x: &[f64], jac: &mut [f64]) {
    let n = x.len();
    jac.fill(0.0);
    jac[0] = 1.0;
    jac[(2 * n - 3) * n + n - 2] = -20.0 * x[n - 2];
    for i in 0..n - 2 {
        let rows = &mut jac[(2 * i + 1) * n..];
        rows[i] = 20.0 * x[i];
        rows[i + 1] = -10.0;
        let row = &mut rows[n..];
        let (before, after) = (x[i] - x[i + 1], x[i + 1] - x[i + 2]);
        let first = -4.0 * before * (-before * before).exp();
        let second = -4.0 * after * (-2.0 * after * after).exp();
        row[i] = first;
        row[i + 1] = second - first;
        row[i + 2] = -second;
    }
}
