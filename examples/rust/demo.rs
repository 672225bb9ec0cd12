//! The main job, on real data, by several algorithms.
//!
//! 1. A nonlinear least-squares fit: electron mobility of semiconductors (NIST's data set Thurber), compared with NIST's
//!    certified estimates.
//! 2. A maximum-likelihood fit: when did the flow of the Nile change? A struct as parameters, bounds, a fixed parameter.
//!
//! `examples/python/demo.py` is the same in Python.

mod data;
mod nile;

use std::cell::Cell;
use std::time::Instant;

use nile::{Nile, Noise};
use thalweg::{OptimizeError, OptimizeResult, least_squares, likelihood};

/// A ratio of two cubic polynomials, and its derivative by the seven parameters.
fn model(b: &[f64; 7], x: f64) -> (f64, [f64; 7]) {
    let [x1, x2, x3] = [x, x * x, x * x * x];
    let denominator = 1.0 + b[4] * x1 + b[5] * x2 + b[6] * x3;
    let ratio = (b[0] + b[1] * x1 + b[2] * x2 + b[3] * x3) / denominator;
    let by = [1.0, x1, x2, x3, -ratio * x1, -ratio * x2, -ratio * x3];
    (ratio, by.map(|d| d / denominator))
}

fn least_squares_fit() -> Result<(), OptimizeError> {
    let [x, y] = data::THURBER.observations();
    let [far, _, certified, deviations] = data::THURBER.certified();
    let start: [f64; 7] = std::array::from_fn(|i| far[i]);
    let jobs = [
        ("levenberg_marquardt", 1e-13, false),
        ("levenberg_marquardt", 1e-13, true),
        ("trf", 1e-13, false),
        ("trf", 1e-13, true),
        ("lbfgsb", 1e-13, false),
        ("neldermead", 1e-13, false),
    ];
    let mut rows = Vec::new();
    for (algorithm, tolerance, closed_form) in jobs {
        let calls = Cell::new(0);
        let residuals = |b: &[f64; 7]| -> Vec<f64> {
            calls.set(calls.get() + 1);
            x.iter().zip(&y).map(|(&x, y)| model(b, x).0 - y).collect()
        };
        let mut run = least_squares(residuals, start)
            .algorithm(algorithm)
            .option("convergence_ftol_rel", tolerance)
            .option("stopping_maxfun", 20_000);
        if closed_form {
            run = run.derivative(|b, jac| {
                for (row, &x) in jac.chunks_exact_mut(7).zip(&x) {
                    row.copy_from_slice(&model(b, x).1);
                }
            });
        }
        let begin = Instant::now();
        let result = run.run()?;
        let seconds = begin.elapsed().as_secs_f64();
        if rows.is_empty() {
            println!(
                "{result}\n\n  parameter        estimate       certified   standard deviation"
            );
            for i in 0..7 {
                let (estimate, certified) = (result.params[i], certified[i]);
                println!("  b{:<8} {estimate:15.8} {certified:15.8} {:20.8}", i + 1, deviations[i]);
            }
        }
        let name =
            if closed_form { format!("{algorithm}, closed-form jac") } else { algorithm.into() };
        let digits = format!("{:.1}", data::digits(&result.params, &certified));
        rows.push(Row::new(name, &result, calls.get(), seconds, digits));
    }
    table(&rows, "digits");
    println!("(digits: in which all seven estimates agree with NIST's, at most 11)");
    Ok(())
}

fn likelihood_fit() -> Result<(), OptimizeError> {
    let [years, flow] = data::nile();
    let jobs = [
        ("lbfgsb", 1890.0),
        ("neldermead", 1890.0),
        ("neldermead_parallel", 1890.0),
        ("lbfgsb", 1920.0),
        ("differential_evolution", 1920.0),
    ];
    let mut rows = Vec::new();
    let mut values = Vec::new();
    for (algorithm, year) in jobs {
        let noise = Noise { sd: 150.0, autocorrelation: 0.0 };
        let start = Nile { level: 1000.0, shift: -100.0, year, width: 1.0, noise };
        let calls = Cell::new(0);
        let contributions = |nile: &Nile| {
            calls.set(calls.get() + 1);
            nile.contributions(&years, &flow)
        };
        let begin = Instant::now();
        let result = likelihood(contributions, start)
            .algorithm(algorithm)
            .bounds("level", 500.0, 1500.0)
            .bounds("shift", -600.0, 600.0)
            .bounds("year", 1875.0, 1965.0)
            .bounds("noise_sd", 20.0, 400.0)
            .bounds("noise_autocorrelation", -0.9, 0.9)
            .run()?;
        let seconds = begin.elapsed().as_secs_f64();
        if rows.is_empty() {
            println!("{result}\n\n{:#?}", result.params);
        }
        let name = format!("{algorithm} from {year}");
        rows.push(Row::new(name, &result, calls.get(), seconds, String::new()));
        values.push(result.fun);
    }
    let best = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    for (row, value) in rows.iter_mut().zip(values) {
        row.distance = format!("{:.1e}", best - value);
    }
    table(&rows, "short of best");
    println!(
        "(The likelihood has a second peak: a local algorithm that starts in 1920 stays there.)"
    );
    Ok(())
}

/// A line of the comparison.
struct Row {
    name: String,
    fun: f64,
    n_fun_evals: u64,
    n_jac_evals: u64,
    /// Calls of the function, those for numerical derivatives included.
    calls: u64,
    seconds: f64,
    distance: String,
    end: String,
}

impl Row {
    fn new<P>(
        name: String,
        result: &OptimizeResult<P>,
        calls: u64,
        seconds: f64,
        distance: String,
    ) -> Self {
        let end = if result.success { "ok".to_string() } else { result.message.clone() };
        let (n_fun_evals, n_jac_evals) = (result.n_fun_evals, result.n_jac_evals);
        Row { name, fun: result.fun, n_fun_evals, n_jac_evals, calls, seconds, distance, end }
    }
}

fn table(rows: &[Row], measure: &str) {
    println!(
        "\n{:37}{:>18}{:>13}{:>13}{:>7}{:>7}{measure:>15}  end",
        "algorithm", "fun", "evaluations", "derivatives", "calls", "ms"
    );
    for row in rows {
        let ms = 1000.0 * row.seconds;
        println!(
            "{:37}{:18.9}{:13}{:13}{:7}{ms:7.1}{:>15}  {}",
            row.name, row.fun, row.n_fun_evals, row.n_jac_evals, row.calls, row.distance, row.end
        );
    }
}

fn main() -> Result<(), OptimizeError> {
    println!("1. Least squares: NIST's Thurber, from the far start\n");
    least_squares_fit()?;
    println!("\n\n2. Maximum likelihood: the flow of the Nile, 1871-1970\n");
    likelihood_fit()
}
