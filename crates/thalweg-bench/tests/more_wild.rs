//! The problem set against its published values, against numerical derivatives and against optimagic's functions.

use thalweg_bench::more_wild::{by_name, more_wild};
use thalweg_bench::{BenchmarkProblem, global};

/// Relative difference, with a floor for values that should be zero.
fn relative(a: f64, b: f64, floor: f64) -> f64 {
    (a - b).abs() / b.abs().max(floor)
}

fn residuals(problem: &BenchmarkProblem, x: &[f64]) -> Vec<f64> {
    let mut r = vec![f64::NAN; problem.n_residuals().unwrap()];
    problem.residuals(x, &mut r);
    r
}

#[test]
fn the_set_has_54_problems_of_distinct_names() {
    let problems = more_wild();
    let mut names: Vec<_> = problems.iter().map(|p| p.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 54);
    for name in names {
        assert_eq!(by_name(name).map(|p| p.name).as_deref(), Some(name));
    }
    assert!(by_name("chebyquad_12").is_none());
}

#[test]
fn solutions_attain_the_optimum_and_are_stationary() {
    for p in more_wild() {
        let (n, m) = (p.n_params(), p.n_residuals().unwrap());
        let optimum = p.solution.value.unwrap();
        let Some(x) = &p.solution.params else {
            assert!(p.name.starts_with("linear_rank_one"), "{}", p.name);
            continue;
        };
        assert_eq!(x.len(), n, "{}", p.name);
        let f = p.value(x);
        let floor = 1e-20 * p.start_value; // the solution itself is rounded
        assert!(
            (f - optimum).abs() < 1e-10 * optimum + floor,
            "{}: {f} is not {}",
            p.name,
            optimum
        );
        // Against the gradient's own rounding: each term 2 J_ij r_i of the sum, with r_i rounded to the model's size.
        let mut gradient = vec![0.0; p.n_params()];
        let mut jac = vec![0.0; m * n];
        p.gradient(x, &mut gradient);
        p.jacobian(x, &mut jac);
        for j in 0..n {
            let column: f64 = (0..m).map(|i| jac[i * n + j].abs()).sum();
            let size = column * (optimum.sqrt() + 1e-6 * p.start_value.sqrt());
            assert!(
                gradient[j].abs() <= 1e-6 * size,
                "{}: gradient {} of {size}",
                p.name,
                gradient[j]
            );
        }
    }
}

#[test]
fn rank_one_problems_attain_their_optimum() {
    // The minimizers form a plane; this point of it solves the one equation that matters.
    for p in more_wild().iter().filter(|p| p.name.starts_with("linear_rank_one")) {
        let zero_border = p.name.contains("zero");
        let m = p.n_residuals().unwrap();
        let rows = if zero_border { 1..m - 1 } else { 1..m + 1 };
        let (sum, squares) = rows.fold((0.0, 0.0), |(s, q), i| (s + i as f64, q + (i * i) as f64));
        let mut x = vec![0.0; p.n_params()];
        x[1] = sum / squares / 2.0;
        assert!(relative(p.value(&x), p.solution.value.unwrap(), 0.0) < 1e-13, "{}", p.name);
    }
}

#[test]
fn jacobians_agree_with_central_differences() {
    for p in more_wild() {
        let (n, m) = (p.n_params(), p.n_residuals().unwrap());
        for shift in [0.0, 0.05] {
            let x: Vec<f64> = p
                .start
                .iter()
                .enumerate()
                .map(|(j, x)| x + shift * (j as f64 + 1.0).sin())
                .collect();
            // Prefilled with NaN: every entry has to be written.
            let mut jac = vec![f64::NAN; m * n];
            p.jacobian(&x, &mut jac);
            let scale = jac.iter().fold(0.0_f64, |s, d| s.max(d.abs()));
            for j in 0..n {
                let h = 6e-6 * x[j].abs().max(0.1);
                let (mut up, mut down) = (x.clone(), x.clone());
                up[j] += h;
                down[j] -= h;
                let (r_up, r_down) = (residuals(&p, &up), residuals(&p, &down));
                for i in 0..m {
                    let difference = (r_up[i] - r_down[i]) / (up[j] - down[j]);
                    let error = (jac[i * n + j] - difference).abs();
                    assert!(error < 1e-7 * scale, "{} d{i}/d{j}: {error} of {scale}", p.name);
                }
            }
        }
    }
}

#[test]
fn values_off_the_start_agree_with_optimagic() {
    // The sum of squares fixes the sizes, the weighted sum the signs and the order.
    let table = include_str!("../data/more_wild_values.tsv");
    let mut rows = 0;
    for line in table.lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let expected: Vec<f64> = cells[1..].iter().map(|cell| cell.parse().unwrap()).collect();
        let p = by_name(cells[0]).unwrap();
        let x: Vec<f64> =
            p.start.iter().enumerate().map(|(j, x)| x + 0.1 * (j as f64 + 1.0).sin()).collect();
        let r = residuals(&p, &x);
        let norm = expected[0].sqrt();
        let weighted: f64 = r.iter().enumerate().map(|(i, r)| (i + 1) as f64 * r).sum();
        assert!(relative(p.value(&x), expected[0], 0.0) < 1e-9, "{}", p.name);
        assert!(relative(weighted, expected[1], norm) < 1e-9, "{}", p.name);
        rows += 1;
    }
    assert_eq!(rows, 54);
}

#[test]
fn normalized_gap_runs_from_one_to_zero() {
    let p = by_name("bard_bad_start").unwrap();
    assert_eq!(p.normalized_gap(p.start_value), 1.0);
    assert_eq!(p.normalized_gap(p.solution.value.unwrap()), 0.0);
    assert_eq!(p.normalized_gap(p.solution.value.unwrap() - 1.0), 0.0);
    assert!(p.normalized_gap(f64::NAN).is_nan());
}

#[test]
fn global_minima_are_zero_inside_the_box() {
    for p in global::global() {
        let x = vec![p.solution; p.n];
        assert!((p.value)(&x).abs() < 1e-14, "{}", p.name);
        assert!(p.lower < p.solution && p.solution < p.upper, "{}", p.name);
        let off: Vec<f64> = x.iter().map(|x| x + 0.3).collect();
        assert!((p.value)(&off) > 0.01, "{}", p.name);
    }
}
