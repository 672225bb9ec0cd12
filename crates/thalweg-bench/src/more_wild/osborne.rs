//! Osborne's two curve fits: two exponentials (n = 5, m = 33), and an exponential with three Gaussian peaks
//! (n = 11, m = 65) (Moré, Garbow, Hillstrom 1981, numbers 17 and 19).

use crate::ResidualFunction;

pub(super) const ONE: ResidualFunction =
    ResidualFunction { residuals: one, jacobian: one_jacobian };

pub(super) const TWO: ResidualFunction =
    ResidualFunction { residuals: two, jacobian: two_jacobian };

const Y_ONE: [f64; 33] = [
    0.844, 0.908, 0.932, 0.936, 0.925, 0.908, 0.881, 0.850, 0.818, 0.784, 0.751, 0.718, 0.685,
    0.658, 0.628, 0.603, 0.580, 0.558, 0.538, 0.522, 0.506, 0.490, 0.478, 0.467, 0.457, 0.448,
    0.438, 0.431, 0.424, 0.420, 0.414, 0.411, 0.406,
];

const Y_TWO: [f64; 65] = [
    1.366, 1.191, 1.112, 1.013, 0.991, 0.885, 0.831, 0.847, 0.786, 0.725, 0.746, 0.679, 0.608,
    0.655, 0.616, 0.606, 0.602, 0.626, 0.651, 0.724, 0.649, 0.649, 0.694, 0.644, 0.624, 0.661,
    0.612, 0.558, 0.533, 0.495, 0.500, 0.423, 0.395, 0.375, 0.372, 0.391, 0.396, 0.405, 0.428,
    0.429, 0.523, 0.562, 0.607, 0.653, 0.672, 0.708, 0.633, 0.668, 0.645, 0.632, 0.591, 0.559,
    0.597, 0.625, 0.739, 0.710, 0.729, 0.720, 0.636, 0.581, 0.428, 0.292, 0.162, 0.098, 0.054,
];

fn one(x: &[f64], r: &mut [f64]) {
    for (i, y) in Y_ONE.into_iter().enumerate() {
        let t = 10.0 * i as f64;
        r[i] = y - (x[0] + x[1] * (-t * x[3]).exp() + x[2] * (-t * x[4]).exp());
    }
}

fn one_jacobian(x: &[f64], jac: &mut [f64]) {
    for (i, row) in jac.chunks_exact_mut(5).enumerate() {
        let t = 10.0 * i as f64;
        let (first, second) = ((-t * x[3]).exp(), (-t * x[4]).exp());
        row.copy_from_slice(&[-1.0, -first, -second, x[1] * t * first, x[2] * t * second]);
    }
}

/// The Gaussian peaks: height `x[1 + k]`, sharpness `x[5 + k]`, centre `x[8 + k]`.
const PEAKS: usize = 3;

fn two(x: &[f64], r: &mut [f64]) {
    for (i, y) in Y_TWO.into_iter().enumerate() {
        let t = i as f64 / 10.0;
        let mut model = x[0] * (-t * x[4]).exp();
        for k in 0..PEAKS {
            model += x[1 + k] * (-x[5 + k] * (t - x[8 + k]).powi(2)).exp();
        }
        r[i] = y - model;
    }
}

fn two_jacobian(x: &[f64], jac: &mut [f64]) {
    for (i, row) in jac.chunks_exact_mut(11).enumerate() {
        let t = i as f64 / 10.0;
        let decay = (-t * x[4]).exp();
        row[0] = -decay;
        row[4] = x[0] * t * decay;
        for k in 0..PEAKS {
            let offset = t - x[8 + k];
            let peak = (-x[5 + k] * offset * offset).exp();
            row[1 + k] = -peak;
            row[5 + k] = x[1 + k] * offset * offset * peak;
            row[8 + k] = -2.0 * x[1 + k] * x[5 + k] * offset * peak;
        }
    }
}
