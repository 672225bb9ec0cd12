//! Levenberg-Marquardt and trust region reflective against scipy: the same points in the same order, and the same counts.
//!
//! `golden/least_squares.json` is written by `scripts/reference/golden_least_squares.py`, which holds the same residuals.

use serde_json::Value;
use thalweg_algorithms::find;
use thalweg_core::{OptionValue, Problem, ProblemSpec, Verdict, Want, testing::FunctionOracle};

/// Writes residuals and Jacobian (row-major).
type Residuals = fn(&[f64], &mut Vec<f64>, &mut Vec<f64>);

fn rosenbrock(x: &[f64], r: &mut Vec<f64>, j: &mut Vec<f64>) {
    r.extend([10.0 * (x[1] - x[0] * x[0]), 1.0 - x[0]]);
    j.extend([-20.0 * x[0], 10.0, -1.0, 0.0]);
}

fn freudenstein_roth(x: &[f64], r: &mut Vec<f64>, j: &mut Vec<f64>) {
    let (a, b) = (x[0], x[1]);
    r.extend([-13.0 + a + ((5.0 - b) * b - 2.0) * b, -29.0 + a + ((b + 1.0) * b - 14.0) * b]);
    j.extend([1.0, (10.0 - 3.0 * b) * b - 2.0, 1.0, (3.0 * b + 2.0) * b - 14.0]);
}

fn bard(x: &[f64], r: &mut Vec<f64>, j: &mut Vec<f64>) {
    const Y: [f64; 15] =
        [0.14, 0.18, 0.22, 0.25, 0.29, 0.32, 0.35, 0.39, 0.37, 0.58, 0.73, 0.96, 1.34, 2.1, 4.39];
    for (i, y) in Y.iter().enumerate() {
        let u = (i + 1) as f64;
        let v = 16.0 - u;
        let w = u.min(v);
        let slope = u / (v * x[1] + w * x[2]).powi(2);
        r.push(y - (x[0] + u / (v * x[1] + w * x[2])));
        j.extend([-1.0, v * slope, w * slope]);
    }
}

fn box_3d(x: &[f64], r: &mut Vec<f64>, j: &mut Vec<f64>) {
    for i in 1..=10 {
        let t = 0.1 * f64::from(i);
        let (first, second) = ((-t * x[0]).exp(), (-t * x[1]).exp());
        let third = (-10.0 * t).exp() - (-t).exp();
        r.push(first - second + third * x[2]);
        j.extend([-t * first, t * second, third]);
    }
}

fn exponential_fit(x: &[f64], r: &mut Vec<f64>, j: &mut Vec<f64>) {
    for i in 0..12 {
        let t = 0.5 * f64::from(i);
        let decay = (-x[1] * t).exp();
        let data = 2.5 * (-1.3 * t).exp() + 0.5 + 0.05 * (3.0 * t).cos();
        r.push(x[0] * decay + x[2] - data);
        j.extend([decay, -x[0] * t * decay, 1.0]);
    }
}

fn residuals(name: &str) -> Residuals {
    match name {
        "rosenbrock" => rosenbrock,
        "freudenstein_roth" => freudenstein_roth,
        "bard" => bard,
        "box_3d" => box_3d,
        "exponential_fit" => exponential_fit,
        other => panic!("no residuals {other}"),
    }
}

fn number(value: &Value) -> f64 {
    value.as_str().unwrap().parse().unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(number).collect()
}

fn close(ours: &[f64], theirs: &[f64]) -> bool {
    ours.iter().zip(theirs).all(|(a, b)| (a - b).abs() <= 1e-6 * (1e-3 + b.abs()))
}

/// The option whose test scipy's status names; either of two for status 4.
fn options_of(status: i64) -> &'static [&'static str] {
    match status {
        1 => &["convergence_gtol_rel"],
        2 => &["convergence_ftol_rel"],
        3 => &["convergence_xtol_rel"],
        4 => &["convergence_ftol_rel", "convergence_xtol_rel"],
        other => panic!("no convergence in status {other}"),
    }
}

#[test]
fn points_counts_and_ends_agree_with_scipy() {
    let golden: Value = serde_json::from_str(include_str!("golden/least_squares.json")).unwrap();
    let cases = golden["cases"].as_array().unwrap();
    assert!(cases.len() > 30);
    for case in cases {
        let label = format!(
            "{} {} {} {} from {}",
            case["method"], case["function"], case["tr_solver"], case["x_scale"], case["x0"]
        );
        let lm = case["method"] == "lm";
        let mut algorithm =
            (find(if lm { "levenberg_marquardt" } else { "trf" }).unwrap().create)();
        let word = |key: &str| OptionValue::Text(case[key].as_str().unwrap().to_string());
        algorithm.set_option("x_scale", &word("x_scale")).unwrap();
        if !lm {
            algorithm.set_option("tr_solver", &word("tr_solver")).unwrap();
        }

        let function = residuals(case["function"].as_str().unwrap());
        let m = case["n_residuals"].as_u64().unwrap() as usize;
        let part = |x: &[f64], first: bool, out: &mut [f64]| {
            let (mut r, mut j) = (Vec::new(), Vec::new());
            function(x, &mut r, &mut j);
            out.copy_from_slice(if first { &r } else { &j });
        };
        let mut oracle = FunctionOracle::least_squares(m, |x, r| part(x, true, r))
            .with_jacobian(|x, j| part(x, false, j));
        let spec = ProblemSpec {
            lower: numbers(&case["lower"]),
            upper: numbers(&case["upper"]),
            n_outputs: m,
            ..Default::default()
        };
        let finish =
            algorithm.solve(&mut Problem::new(&mut oracle, &spec), &numbers(&case["x0"])).unwrap();

        let points: Vec<_> =
            oracle.trace.iter().filter(|(want, _)| want.is_evaluation()).map(|(_, x)| x).collect();
        let jacobians =
            oracle.trace.iter().filter(|(want, _)| want.contains(Want::JACOBIAN)).count();
        for (k, theirs) in case["trace"].as_array().unwrap().iter().map(numbers).enumerate() {
            assert!(close(points[k], &theirs), "{label}, {k}: {:?}, {theirs:?}", points[k]);
        }
        assert_eq!(points.len() as u64, case["n_evaluations"].as_u64().unwrap(), "{label}");
        assert_eq!(jacobians as u64, case["n_jacobians"].as_u64().unwrap(), "{label}");
        assert!(close(&finish.x, &numbers(&case["x"])), "{label}");
        let value = number(&case["sum_of_squares"]);
        assert!((finish.value - value).abs() <= 1e-9 * value + 1e-15, "{label}");
        let Verdict::Converged(test) = &finish.verdict else {
            panic!("{label}: {}", finish.verdict)
        };
        let expected = options_of(case["status"].as_i64().unwrap());
        assert!(expected.contains(&test.option), "{label}: {}, scipy {}", test, case["status"]);
    }
}
