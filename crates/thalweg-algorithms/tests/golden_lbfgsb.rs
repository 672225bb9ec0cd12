//! `lbfgsb` asks for the same points as scipy's L-BFGS-B, and ends after as many evaluations and iterations.
//!
//! The record is made by `scripts/reference/golden_lbfgsb.py`, which has the same functions.

use std::f64::consts::PI;

use serde_json::Value;
use thalweg_algorithms::algorithms::lbfgsb::Lbfgsb;
use thalweg_core::testing::FunctionOracle;
use thalweg_core::{Algorithm, Problem, ProblemSpec};

/// Writes the gradient, returns the value.
type Function = fn(&[f64], &mut [f64]) -> f64;

fn function(name: &str) -> Function {
    match name {
        "rosenbrock" => rosenbrock,
        "driver" => driver,
        "powell_singular" => powell_singular,
        "freudenstein_roth" => freudenstein_roth,
        "helical_valley" => helical_valley,
        "bard" => bard,
        "brown_dennis" => brown_dennis,
        _ => panic!("no function {name}"),
    }
}

fn rosenbrock(x: &[f64], g: &mut [f64]) -> f64 {
    let mut value = 0.0;
    g.fill(0.0);
    for i in 0..x.len() - 1 {
        let (valley, shift) = (x[i + 1] - x[i] * x[i], 1.0 - x[i]);
        value += 100.0 * valley * valley + shift * shift;
        g[i] += -400.0 * x[i] * valley - 2.0 * shift;
        g[i + 1] += 200.0 * valley;
    }
    value
}

fn driver(x: &[f64], g: &mut [f64]) -> f64 {
    let mut value = 0.25 * (x[0] - 1.0).powi(2);
    g.fill(0.0);
    g[0] = 2.0 * (x[0] - 1.0);
    for i in 1..x.len() {
        let valley = x[i] - x[i - 1].powi(2);
        value += valley * valley;
        g[i] += 8.0 * valley;
        g[i - 1] -= 16.0 * x[i - 1] * valley;
    }
    4.0 * value
}

/// Adds the square of a residual with its derivatives.
fn add(r: f64, derivatives: &[f64], g: &mut [f64]) -> f64 {
    g.iter_mut().zip(derivatives).for_each(|(g, d)| *g += 2.0 * r * d);
    r * r
}

fn powell_singular(x: &[f64], g: &mut [f64]) -> f64 {
    g.fill(0.0);
    let (a, b) = (x[1] - 2.0 * x[2], x[0] - x[3]);
    let (s5, s10) = (5f64.sqrt(), 10f64.sqrt());
    add(x[0] + 10.0 * x[1], &[1.0, 10.0, 0.0, 0.0], g)
        + add(s5 * (x[2] - x[3]), &[0.0, 0.0, s5, -s5], g)
        + add(a * a, &[0.0, 2.0 * a, -4.0 * a, 0.0], g)
        + add(s10 * b * b, &[2.0 * s10 * b, 0.0, 0.0, -2.0 * s10 * b], g)
}

fn freudenstein_roth(x: &[f64], g: &mut [f64]) -> f64 {
    g.fill(0.0);
    let y = x[1];
    add(-13.0 + x[0] + ((5.0 - y) * y - 2.0) * y, &[1.0, 10.0 * y - 3.0 * y * y - 2.0], g)
        + add(-29.0 + x[0] + ((1.0 + y) * y - 14.0) * y, &[1.0, 2.0 * y + 3.0 * y * y - 14.0], g)
}

fn helical_valley(x: &[f64], g: &mut [f64]) -> f64 {
    g.fill(0.0);
    let mut turn = x[1].atan2(x[0]) / (2.0 * PI);
    if x[0] < 0.0 && x[1] < 0.0 {
        turn += 1.0;
    }
    let square = x[0] * x[0] + x[1] * x[1];
    let radius = square.sqrt();
    let factor = 100.0 / (2.0 * PI) / square;
    add(10.0 * (x[2] - 10.0 * turn), &[factor * x[1], -factor * x[0], 10.0], g)
        + add(10.0 * (radius - 1.0), &[10.0 * x[0] / radius, 10.0 * x[1] / radius, 0.0], g)
        + add(x[2], &[0.0, 0.0, 1.0], g)
}

const BARD: [f64; 15] =
    [0.14, 0.18, 0.22, 0.25, 0.29, 0.32, 0.35, 0.39, 0.37, 0.58, 0.73, 0.96, 1.34, 2.10, 4.39];

fn bard(x: &[f64], g: &mut [f64]) -> f64 {
    g.fill(0.0);
    let mut value = 0.0;
    for (i, y) in BARD.iter().enumerate() {
        let (u, v) = (i as f64 + 1.0, 15.0 - i as f64);
        let w = u.min(v);
        let below = v * x[1] + w * x[2];
        let squared = below * below;
        value += add(y - (x[0] + u / below), &[-1.0, u * v / squared, u * w / squared], g);
    }
    value
}

fn brown_dennis(x: &[f64], g: &mut [f64]) -> f64 {
    g.fill(0.0);
    let mut value = 0.0;
    for i in 1..=20 {
        let t = f64::from(i) / 5.0;
        let (a, b) = (x[0] + t * x[1] - t.exp(), x[2] + t.sin() * x[3] - t.cos());
        value += add(a * a + b * b, &[2.0 * a, 2.0 * a * t, 2.0 * b, 2.0 * b * t.sin()], g);
    }
    value
}

fn numbers(value: &Value, missing: f64) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap_or(missing)).collect()
}

#[test]
fn same_points_and_counts_as_scipy() {
    let record: Value = serde_json::from_str(include_str!("golden/lbfgsb.json")).unwrap();
    let mut failures = Vec::new();
    for case in record.as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        let fun = function(case["function"].as_str().unwrap());
        let start = numbers(&case["start"], f64::NAN);
        let spec = ProblemSpec {
            lower: numbers(&case["lower"], f64::NEG_INFINITY),
            upper: numbers(&case["upper"], f64::INFINITY),
            ..ProblemSpec::unconstrained(start.len())
        };
        let n = start.len();
        let mut oracle =
            FunctionOracle::scalar(|x| fun(x, &mut vec![0.0; n])).with_gradient(|x, g| {
                fun(x, g);
            });
        let algorithm = Lbfgsb {
            limited_memory_storage_length: case["memory"].as_u64().unwrap() as usize,
            ..Lbfgsb::default()
        };
        let finish = algorithm.solve(&mut Problem::new(&mut oracle, &spec), &start).unwrap();

        let counts = (oracle.n_evaluations, oracle.iterations.len() as u64);
        let expected =
            (case["n_evaluations"].as_u64().unwrap(), case["n_iterations"].as_u64().unwrap());
        // Over hundreds of iterations rounding alone moves the end by some.
        let slack = if expected.0 > 100 { expected.0 / 20 } else { 0 };
        if counts.0.abs_diff(expected.0).max(counts.1.abs_diff(expected.1)) > slack {
            failures
                .push(format!("{name}: (evaluations, iterations) {counts:?}, scipy {expected:?}"));
        }
        let value = case["value"].as_f64().unwrap();
        if (finish.value - value).abs() > 1e-7 * value.abs().max(1.0) {
            failures.push(format!("{name}: ends at {:e}, scipy at {value:e}", finish.value));
        }
        let stride = case["stride"].as_u64().unwrap() as usize;
        for (k, point) in case["points"].as_array().unwrap().iter().enumerate() {
            let Some((_, mine)) = oracle.trace.get(k) else { break };
            // Rounding grows from step to step, to 1e-6 in the end; at first it is that of large gradients.
            let tolerance = (1e-13 * 3f64.powi(k as i32)).max(1e-11);
            let kept = mine.iter().step_by(stride);
            let error = kept
                .zip(numbers(point, f64::NAN))
                .map(|(mine, theirs)| (mine - theirs).abs() / theirs.abs().max(1.0))
                .fold(0.0, f64::max);
            if error > tolerance {
                failures.push(format!("{name}: point {k} is off by {error:.1e} > {tolerance:.1e}"));
                break;
            }
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}
