//! The objectives of the golden traces: the formulas of `scripts/reference/objectives.py`, operation by operation.

use serde_json::Value;

fn sum_of_squares(residuals: impl IntoIterator<Item = f64>) -> f64 {
    residuals.into_iter().fold(0.0, |total, r| total + r * r)
}

pub fn dict_sphere(x: &[f64]) -> f64 {
    x[0] * x[0] + x[1] * x[1] + (x[2] * x[2] + x[3] * x[3] + x[4] * x[4])
}

fn rosenbrock(x: &[f64]) -> f64 {
    sum_of_squares(x.windows(2).flat_map(|w| [10.0 * (w[1] - w[0] * w[0]), 1.0 - w[0]]))
}

fn powell_singular(x: &[f64]) -> f64 {
    let (u, v) = (x[1] - 2.0 * x[2], x[0] - x[3]);
    (x[0] + 10.0 * x[1]) * (x[0] + 10.0 * x[1])
        + 5.0 * ((x[2] - x[3]) * (x[2] - x[3]))
        + (u * u) * (u * u)
        + 10.0 * ((v * v) * (v * v))
}

fn freudenstein_roth(x: &[f64]) -> f64 {
    let (a, b) = (x[0], x[1]);
    sum_of_squares([-13.0 + a + ((5.0 - b) * b - 2.0) * b, -29.0 + a + ((b + 1.0) * b - 14.0) * b])
}

fn bard(x: &[f64]) -> f64 {
    const Y: [f64; 15] =
        [0.14, 0.18, 0.22, 0.25, 0.29, 0.32, 0.35, 0.39, 0.37, 0.58, 0.73, 0.96, 1.34, 2.1, 4.39];
    sum_of_squares(Y.iter().enumerate().map(|(i, y)| {
        let u = (i + 1) as f64;
        let v = 16.0 - u;
        y - (x[0] + u / (v * x[1] + u.min(v) * x[2]))
    }))
}

fn brown_almost_linear(x: &[f64]) -> f64 {
    let n = x.len();
    let total = x.iter().fold(0.0, |total, v| total + v);
    let product = x.iter().fold(1.0, |product, v| product * v);
    let residuals = x[..n - 1].iter().map(|v| v + total - (n as f64 + 1.0));
    sum_of_squares(residuals.chain([product - 1.0]))
}

fn absolute(x: &[f64]) -> f64 {
    x.iter().enumerate().fold(0.0, |total, (i, v)| total + (i + 1) as f64 * (v - 0.5).abs())
}

/// The objective of this name.
pub fn objective(name: &str) -> fn(&[f64]) -> f64 {
    match name {
        "sphere" => |x| sum_of_squares(x.iter().copied()),
        "dict_sphere" => dict_sphere,
        "rosenbrock" => rosenbrock,
        "powell_singular" => powell_singular,
        "freudenstein_roth" => freudenstein_roth,
        "bard" => bard,
        "brown_almost_linear" => brown_almost_linear,
        "absolute" => absolute,
        other => panic!("no objective {other}"),
    }
}

/// A number that is written as text.
pub fn number(value: &Value) -> f64 {
    value.as_str().unwrap().parse().unwrap()
}

/// Numbers that are written as text.
pub fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(number).collect()
}
