//! The sets against optimagic's functions, against numerical derivatives, and against what they say of their solutions.

use std::collections::HashMap;

use thalweg_bench::{BenchmarkProblem, Function, SETS, SetOptions, get_benchmark_problems};

/// What `scripts/reference/golden_benchmark_sets.py` writes.
const GOLDEN: &str = include_str!("../data/benchmark_sets_golden.tsv");

fn set(name: &str) -> Vec<BenchmarkProblem> {
    get_benchmark_problems(name, &SetOptions::default()).unwrap()
}

/// The points of the comparison; the script has the same formula.
fn point(start: &[f64], k: usize) -> Vec<f64> {
    let wave = |j: usize| (k as f64 * (j + 1) as f64).sin();
    let moved = start.iter().enumerate().map(|(j, x)| match k {
        0 => *x,
        1 => x + 0.1 * wave(j),
        _ => x + 0.05 * (1.0 + x.abs()) * wave(j),
    });
    moved.collect()
}

fn residuals(problem: &BenchmarkProblem, x: &[f64]) -> Vec<f64> {
    let mut r = vec![f64::NAN; problem.n_residuals().unwrap()];
    problem.residuals(x, &mut r);
    r
}

#[test]
fn residuals_are_those_of_optimagic() {
    let mut problems: HashMap<(&str, String), BenchmarkProblem> = HashMap::new();
    for name in ["more_wild", "cartis_roberts", "example", "estimagic"] {
        problems.extend(set(name).into_iter().map(|p| ((name, p.name.clone()), p)));
    }
    let mut lines = 0;
    for line in GOLDEN.lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let [set, name, k, m, _, ref sums @ ..] = cells[..] else { panic!("{line}") };
        let problem = &problems[&(set, name.to_string())];
        assert_eq!(problem.n_residuals().unwrap().to_string(), m, "{name}");
        let r = residuals(problem, &point(&problem.start, k.parse().unwrap()));
        let weighted = |weight: &dyn Fn(f64) -> f64| -> f64 {
            r.iter().enumerate().map(|(i, r)| weight((i + 1) as f64) * r).sum()
        };
        let square: f64 = r.iter().map(|r| r * r).sum();
        let ours =
            [square, weighted(&f64::sin), weighted(&f64::cos), weighted(&|i| i / r.len() as f64)];
        let scale = square.sqrt() * (r.len() as f64).sqrt();
        for (i, (ours, theirs)) in ours.into_iter().zip(sums).enumerate() {
            let theirs: f64 = theirs.parse().unwrap();
            let scale = if i == 0 { square } else { scale };
            assert!((ours - theirs).abs() <= 1e-10 * scale, "{name} {k} {i}: {ours} {theirs}");
        }
        lines += 1;
    }
    assert_eq!((problems.len(), lines), (54 + 60 + 10 + 32, 3 * (54 + 60 + 10 + 32)));
}

/// The largest difference between a derivative and its central differences of fourth order, relative to the largest derivative.
fn derivative_error(
    x: &[f64],
    rows: usize,
    values: &dyn Fn(&[f64], &mut [f64]),
    derivative: &dyn Fn(&[f64], &mut [f64]),
) -> f64 {
    let n = x.len();
    // Prefilled with NaN: every entry has to be written.
    let mut jac = vec![f64::NAN; rows * n];
    derivative(x, &mut jac);
    let scale = jac.iter().fold(0.0_f64, |scale, d| scale.max(d.abs()));
    let at = |j: usize, step: f64| {
        let (mut moved, mut values_there) = (x.to_vec(), vec![0.0; rows]);
        moved[j] += step;
        values(&moved, &mut values_there);
        values_there
    };
    let mut worst = 0.0_f64;
    // Where no parameter is zero, the models may have some that are far smaller than others.
    let smallest = if x.contains(&0.0) { 0.1 } else { 1e-6 };
    for j in 0..n {
        let h = 5e-6 * x[j].abs().max(smallest);
        let [near, far] = [h, 2.0 * h].map(|h| (at(j, h), at(j, -h)));
        for i in 0..rows {
            let difference = (8.0 * (near.0[i] - near.1[i]) - (far.0[i] - far.1[i])) / (12.0 * h);
            let error = (jac[i * n + j] - difference).abs();
            assert!(!error.is_nan(), "row {i}, column {j}");
            worst = worst.max(error);
        }
    }
    // Where a function is flat, its differences are rounding.
    let size = at(0, 0.0).iter().fold(0.0_f64, |size, value| size.max(value.abs()));
    if worst == 0.0 { 0.0 } else { worst / scale.max(1e-4 * size) }
}

#[test]
fn derivatives_agree_with_central_differences() {
    for set in SETS {
        for p in (set.problems)() {
            if p.name.ends_with("_with_steps") {
                continue; // they are zero between the steps
            }
            for k in 0..2 {
                let x = point(&p.start, k);
                let error = match &p.function {
                    Function::LeastSquares { n_residuals, residuals, jacobian } => {
                        derivative_error(&x, *n_residuals, &**residuals, &**jacobian)
                    }
                    Function::Scalar { value, gradient } => {
                        derivative_error(&x, 1, &|x, out| out[0] = value(x), &**gradient)
                    }
                };
                assert!(error < 1e-6, "{} of {}: {error} at point {k}", p.name, set.name);
                let Some(constraints) = &p.constraints else { continue };
                let rows = constraints.lower.len();
                let (values, jacobian) = (&*constraints.values, &*constraints.jacobian);
                let error = derivative_error(&x, rows, values, jacobian);
                assert!(error < 1e-6, "constraints of {}: {error}", p.name);
            }
        }
    }
}

#[test]
fn derivatives_of_steps_are_zero() {
    for p in set("estimagic").iter().filter(|p| p.name.ends_with("_with_steps")) {
        let mut gradient = vec![f64::NAN; p.n_params()];
        p.gradient(&p.start, &mut gradient);
        assert!(gradient.iter().all(|g| *g == 0.0), "{}", p.name);
        let near: Vec<f64> = p.start.iter().map(|x| x + 1e-5 * x.signum()).collect();
        assert_eq!(p.value(&near), p.value(&p.start), "{}", p.name);
        let far: Vec<f64> = p.start.iter().map(|x| x + 1e-3).collect();
        assert_ne!(p.value(&far), p.value(&p.start), "{}", p.name);
    }
}

#[test]
fn names_are_distinct() {
    for set in SETS {
        let mut names: Vec<String> = (set.problems)().into_iter().map(|p| p.name).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all, "{}", set.name);
    }
}

#[test]
fn start_values_are_those_of_the_start() {
    for set in SETS {
        for p in (set.problems)().iter().filter(|p| !p.name.ends_with("_with_steps")) {
            assert_eq!(p.value(&p.start), p.start_value, "{}", p.name);
        }
    }
}

#[test]
fn solutions_of_sums_of_squares_attain_their_values_and_are_stationary() {
    // The minimizers of the second set are as exact as scipy finds them.
    for (name, precision) in [("more_wild", 1e-6), ("cartis_roberts", 1e-3)] {
        for p in set(name) {
            let value = p.solution.value.unwrap();
            let Some(x) = &p.solution.params else {
                assert!(p.name.starts_with("linear_rank_one"), "{}", p.name);
                continue;
            };
            assert_eq!(x.len(), p.n_params(), "{}", p.name);
            let f = p.value(x);
            let floor = 1e-17 * p.start_value; // the solution itself is rounded
            assert!((f - value).abs() <= 1e-9 * value + floor, "{}: {f}, not {value}", p.name);
            // Against the gradient's own rounding: each term 2 J_ij r_i of the sum, with r_i rounded to the model's size.
            let (n, m) = (p.n_params(), p.n_residuals().unwrap());
            let (mut gradient, mut jac) = (vec![0.0; n], vec![0.0; m * n]);
            p.gradient(x, &mut gradient);
            p.jacobian(x, &mut jac);
            let largest = jac.iter().fold(0.0_f64, |largest, d| largest.max(d.abs()));
            for j in 0..n {
                let column: f64 = (0..m).map(|i| jac[i * n + j].abs()).sum();
                // A residual is rounded in proportion to the values that it is the difference of.
                let rounded = value.sqrt() + 1e-6 * p.start_value.sqrt() + 1e-10 * largest;
                let size = (column + 1e-6 * largest) * rounded;
                assert!(
                    gradient[j].abs() <= precision * size,
                    "{}: {} of {size}",
                    p.name,
                    gradient[j]
                );
            }
        }
    }
}

/// Where the value that optimagic stores is not that of the minimum; the set's documentation says why.
const CORRECTED: [&str; 5] = ["chandheq", "drcavty1", "drcavty3", "luksan12", "penalty_1"];

#[test]
fn values_of_solutions_are_those_of_optimagic_or_corrected() {
    let mut corrected = Vec::new();
    let all = [set("more_wild"), set("cartis_roberts")].concat();
    for line in GOLDEN.lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let ["more_wild" | "cartis_roberts", name, "0", _, stored, ..] = cells[..] else {
            continue;
        };
        let p = all.iter().find(|p| p.name == name).unwrap();
        let value = p.solution.value.unwrap();
        let agrees = |stored: f64| (value - stored).abs() <= 1e-6 * stored;
        if !stored.parse().is_ok_and(agrees) {
            corrected.push(name.to_string());
        }
    }
    assert_eq!(corrected, CORRECTED);
}
