//! `dogleg`, `trust_exact`, `trust_krylov` and `trust_ncg` evaluate the same points as scipy's methods of these names.
//!
//! The record is made by `scripts/reference/golden_trust_region.py`, which has the same functions. Of `trust_exact` and `trust_krylov`,
//! which solve for their steps by iterations of their own, points agree as far as these do.

use serde_json::Value;
use thalweg_algorithms::find;
use thalweg_core::testing::FunctionOracle;
use thalweg_core::{OptionValue, Problem, ProblemSpec};

/// Writes gradient and Hessian, returns the value.
type Function = fn(&[f64], &mut [f64], &mut [f64]) -> f64;

fn function(name: &str) -> Function {
    match name {
        "rosenbrock" => rosenbrock,
        "freudenstein_roth" => freudenstein_roth,
        "powell_singular" => powell_singular,
        "wells" => wells,
        "quartic" => quartic,
        _ => panic!("no function {name}"),
    }
}

fn rosenbrock(x: &[f64], g: &mut [f64], h: &mut [f64]) -> f64 {
    let n = x.len();
    g.fill(0.0);
    h.fill(0.0);
    let mut value = 0.0;
    for i in 0..n - 1 {
        let (valley, shift) = (x[i + 1] - x[i] * x[i], 1.0 - x[i]);
        value += 100.0 * valley * valley + shift * shift;
        g[i] += -400.0 * x[i] * valley - 2.0 * shift;
        g[i + 1] += 200.0 * valley;
        h[i * n + i] += 1200.0 * x[i] * x[i] - 400.0 * x[i + 1] + 2.0;
        h[(i + 1) * n + i + 1] += 200.0;
        h[i * n + i + 1] = -400.0 * x[i];
        h[(i + 1) * n + i] = -400.0 * x[i];
    }
    value
}

/// Adds `weight` times the p-th power of `row * x` with its derivatives.
fn add(weight: f64, row: &[f64], r: f64, p: i32, g: &mut [f64], h: &mut [f64]) -> f64 {
    let (n, power) = (row.len(), f64::from(p));
    for i in 0..n {
        g[i] += weight * power * r.powi(p - 1) * row[i];
        for j in 0..n {
            h[i * n + j] += weight * power * (power - 1.0) * r.powi(p - 2) * row[i] * row[j];
        }
    }
    weight * r.powi(p)
}

fn freudenstein_roth(x: &[f64], g: &mut [f64], h: &mut [f64]) -> f64 {
    g.fill(0.0);
    h.fill(0.0);
    let y = x[1];
    let (first, second) =
        (-13.0 + x[0] + ((5.0 - y) * y - 2.0) * y, -29.0 + x[0] + ((1.0 + y) * y - 14.0) * y);
    let value = add(1.0, &[1.0, 10.0 * y - 3.0 * y * y - 2.0], first, 2, g, h)
        + add(1.0, &[1.0, 2.0 * y + 3.0 * y * y - 14.0], second, 2, g, h);
    h[3] += 2.0 * (first * (10.0 - 6.0 * y) + second * (2.0 + 6.0 * y));
    value
}

fn powell_singular(x: &[f64], g: &mut [f64], h: &mut [f64]) -> f64 {
    g.fill(0.0);
    h.fill(0.0);
    add(1.0, &[1.0, 10.0, 0.0, 0.0], x[0] + 10.0 * x[1], 2, g, h)
        + add(5.0, &[0.0, 0.0, 1.0, -1.0], x[2] - x[3], 2, g, h)
        + add(1.0, &[0.0, 1.0, -2.0, 0.0], x[1] - 2.0 * x[2], 4, g, h)
        + add(10.0, &[1.0, 0.0, 0.0, -1.0], x[0] - x[3], 4, g, h)
}

fn wells(x: &[f64], g: &mut [f64], h: &mut [f64]) -> f64 {
    let n = x.len();
    h.fill(0.0);
    let mut value = 0.0;
    for i in 0..n {
        value += (x[i] * x[i] - 1.0).powi(2) + 0.3 * x[i];
        g[i] = 4.0 * x[i] * (x[i] * x[i] - 1.0) + 0.3;
        h[i * n + i] = 12.0 * x[i] * x[i] - 4.0;
    }
    for i in 0..n - 1 {
        let pull = x[i + 1] - x[i];
        value += 0.5 * pull * pull;
        g[i] -= pull;
        g[i + 1] += pull;
        h[i * n + i] += 1.0;
        h[(i + 1) * n + i + 1] += 1.0;
        h[i * n + i + 1] = -1.0;
        h[(i + 1) * n + i] = -1.0;
    }
    value
}

fn quartic(x: &[f64], g: &mut [f64], h: &mut [f64]) -> f64 {
    let n = x.len();
    h.fill(1.0);
    let sum: f64 = x.iter().sum();
    let mut value = 0.5 * sum * sum - sum;
    for i in 0..n {
        let weight = 1.0 + i as f64;
        value += weight * (x[i].powi(4) + x[i] * x[i]);
        g[i] = weight * (4.0 * x[i].powi(3) + 2.0 * x[i]) + sum - 1.0;
        h[i * n + i] += weight * (12.0 * x[i] * x[i] + 2.0);
    }
    value
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

#[test]
fn same_points_and_counts_as_scipy() {
    let record: Value = serde_json::from_str(include_str!("golden/trust_region.json")).unwrap();
    let cases = record.as_array().unwrap();
    assert_eq!(cases.len(), 34);
    let mut failures = Vec::new();
    for case in cases {
        let (method, name) = (case["method"].as_str().unwrap(), case["name"].as_str().unwrap());
        let fun = function(case["function"].as_str().unwrap());
        let start = numbers(&case["start"]);
        let n = start.len();
        let both = || (vec![0.0; n], vec![0.0; n * n]);
        let mut oracle = FunctionOracle::scalar(|x| {
            let (mut g, mut h) = both();
            fun(x, &mut g, &mut h)
        })
        .with_gradient(|x, g| {
            fun(x, g, &mut both().1);
        })
        .with_hessian(|x, h| {
            fun(x, &mut both().0, h);
        });
        let mut algorithm = (find(&method.replace('-', "_")).unwrap().create)();
        algorithm.set_option("convergence_gtol_abs", &OptionValue::Float(1e-6)).unwrap();
        algorithm.set_option("norm", &OptionValue::Float(2.0)).unwrap();
        if method == "trust-krylov" {
            algorithm.set_option("inexact", &OptionValue::Bool(false)).unwrap();
        }
        let spec = ProblemSpec::unconstrained(n);
        let finish = algorithm.solve(&mut Problem::new(&mut oracle, &spec), &start).unwrap();

        let points: Vec<&Vec<f64>> =
            oracle.trace.iter().filter(|(want, _)| want.is_evaluation()).map(|(_, x)| x).collect();
        let (count, value) =
            (case["n_evaluations"].as_u64().unwrap(), case["value"].as_f64().unwrap());
        if case["success"].as_bool().unwrap() {
            // Over many iterations rounding alone moves the end by some. Steps in the rounding of the objective, scipy repeats.
            let slack = if count > 50 { count / 20 } else { 1 };
            if (points.len() as u64).abs_diff(count) > slack {
                failures
                    .push(format!("{method} {name}: {} evaluations, not {count}", points.len()));
            }
            if (finish.value - value).abs() > 1e-8 * value.abs().max(1.0) {
                failures
                    .push(format!("{method} {name}: ends at {:e}, not {value:e}", finish.value));
            }
        }
        // Rounding grows from step to step; what ends an iteration for a step is some more of it.
        let first = if method == "trust-krylov" { 1e-7 } else { 1e-13 };
        for (k, point) in case["points"].as_array().unwrap().iter().enumerate() {
            let Some(mine) = points.get(k) else { break };
            let tolerance = (first * 3f64.powi(k as i32)).max(1e-11);
            let error = mine
                .iter()
                .zip(numbers(point))
                .map(|(mine, theirs)| (mine - theirs).abs() / theirs.abs().max(1.0))
                .fold(0.0, f64::max);
            if error > tolerance {
                let text = format!("point {k} is off by {error:.1e} > {tolerance:.1e}");
                failures.push(format!("{method} {name}: {text}"));
                break;
            }
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}
