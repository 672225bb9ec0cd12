//! Poore's tubular chemical reactor by differences, for concentration and temperature, and with the concentration eliminated
//! (Moré 1990, problem 8; CUTEst CHEMRCTA, CHEMRCTB). Any number of points.
//!
//! The boundary equations at the inflow are CUTEst's, whose coefficient of the second point is `-h Pe` where the scheme has
//! `1 - h Pe`, and its equations of the temperature are without the exchange of heat, as in optimagic's set.

use crate::ResidualFunction;

/// n = m, even: concentrations, then temperatures.
pub(super) const TWO_FIELDS: ResidualFunction =
    ResidualFunction { residuals: two_fields, jacobian: two_fields_jacobian };

/// n = m: temperatures.
pub(super) const TEMPERATURE: ResidualFunction =
    ResidualFunction { residuals: temperature, jacobian: temperature_jacobian };

/// The Peclet numbers of mass and heat.
const MASS: f64 = 1.0;
const HEAT: f64 = 5.0;
/// Damköhler's number.
const DAMKOEHLER: f64 = 0.135;
/// The heat of the reaction.
const REACTION_HEAT: f64 = 0.5;
/// The activation energy.
const ACTIVATION: f64 = 25.0;

/// The rate of the reaction per concentration at a temperature, and its derivative.
fn rate(t: f64) -> (f64, f64) {
    let rate = (ACTIVATION - ACTIVATION / t).exp();
    (rate, rate * ACTIVATION / (t * t))
}

/// Diffusion and flow on `points` points: the coefficients of an inner point's left neighbour, itself, and its right neighbour.
fn transport(peclet: f64, points: usize) -> [f64; 3] {
    let inverse = (points - 1) as f64; // 1 / h
    let diffusion = inverse * inverse / peclet;
    [diffusion + inverse, -2.0 * diffusion - inverse, diffusion]
}

/// `h Pe`.
fn inflow(peclet: f64, points: usize) -> f64 {
    peclet / (points - 1) as f64
}

/// The rows of a field's first, inner and last equations without the reaction; the first has the constant `h Pe`, too.
fn without_reaction(peclet: f64, u: &[f64], i: usize) -> f64 {
    let last = u.len() - 1;
    if i == 0 {
        let inflow = inflow(peclet, u.len());
        return inflow - u[0] - inflow * u[1];
    }
    if i == last {
        return u[last] - u[last - 1];
    }
    let [left, own, right] = transport(peclet, u.len());
    left * u[i - 1] + own * u[i] + right * u[i + 1]
}

fn set_without_reaction(peclet: f64, row: &mut [f64], i: usize) {
    let (points, last) = (row.len(), row.len() - 1);
    if i == 0 {
        row[..2].copy_from_slice(&[-1.0, -inflow(peclet, points)]);
    } else if i == last {
        row[last - 1..].copy_from_slice(&[-1.0, 1.0]);
    } else {
        row[i - 1..i + 2].copy_from_slice(&transport(peclet, points));
    }
}

/// The order of the equations: both first ones, the inner ones of the concentration, those of the temperature, both last ones.
fn rows(points: usize, i: usize) -> (usize, usize) {
    match i {
        0 => (0, 1),
        _ if i + 1 == points => (2 * points - 2, 2 * points - 1),
        _ => (i + 1, points + i - 1),
    }
}

fn two_fields(x: &[f64], r: &mut [f64]) {
    let points = x.len() / 2;
    let (u, t) = x.split_at(points);
    for i in 0..points {
        let inner = i > 0 && i + 1 < points;
        let reaction = if inner { DAMKOEHLER * u[i] * rate(t[i]).0 } else { 0.0 };
        let (mass, heat) = rows(points, i);
        r[mass] = without_reaction(MASS, u, i) - reaction;
        r[heat] = without_reaction(HEAT, t, i) + REACTION_HEAT * reaction;
    }
}

fn two_fields_jacobian(x: &[f64], jac: &mut [f64]) {
    let (n, points) = (x.len(), x.len() / 2);
    let (u, t) = x.split_at(points);
    jac.fill(0.0);
    for i in 0..points {
        let inner = i > 0 && i + 1 < points;
        let (rate, slope) = rate(t[i]);
        let (mass, heat) = rows(points, i);
        set_without_reaction(MASS, &mut jac[mass * n..][..points], i);
        set_without_reaction(HEAT, &mut jac[heat * n + points..][..points], i);
        if inner {
            for (row, weight) in [(mass, -DAMKOEHLER), (heat, REACTION_HEAT * DAMKOEHLER)] {
                jac[row * n + i] += weight * rate;
                jac[row * n + points + i] += weight * u[i] * slope;
            }
        }
    }
}

/// The concentration is what the temperature leaves of `1 + B`.
fn temperature(t: &[f64], r: &mut [f64]) {
    for i in 0..t.len() {
        let inner = i > 0 && i + 1 < t.len();
        let left = 1.0 + REACTION_HEAT - t[i];
        let reaction = if inner { DAMKOEHLER * left * rate(t[i]).0 } else { 0.0 };
        r[i] = without_reaction(HEAT, t, i) + reaction;
    }
}

fn temperature_jacobian(t: &[f64], jac: &mut [f64]) {
    jac.fill(0.0);
    for (i, row) in jac.chunks_exact_mut(t.len()).enumerate() {
        set_without_reaction(HEAT, row, i);
        if i > 0 && i + 1 < t.len() {
            let (rate, slope) = rate(t[i]);
            row[i] += DAMKOEHLER * ((1.0 + REACTION_HEAT - t[i]) * slope - rate);
        }
    }
}
