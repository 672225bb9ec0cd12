//! What is special about the problems of Moré and Wild, the regressions of NIST, and the boxes of the comparisons.

use thalweg_bench::compare::bounded::bounded;
use thalweg_bench::more_wild::{by_name, more_wild};
use thalweg_bench::{SetOptions, get_benchmark_problems};

/// Relative difference, with a floor for values that should be zero.
fn relative(a: f64, b: f64, floor: f64) -> f64 {
    (a - b).abs() / b.abs().max(floor)
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

/// The sums of squares to the digits that are certified. That of lanczos1 is below what the observations' own digits allow.
#[test]
fn certified_parameters_have_the_certified_sums_of_squares() {
    let problems = get_benchmark_problems("nist", &SetOptions::default()).unwrap();
    assert_eq!(problems.len(), 54);
    for p in problems {
        let (x, value) = (p.solution.params.as_ref().unwrap(), p.solution.value.unwrap());
        let f = p.value(x);
        assert!((f - value).abs() < 1e-9 * value + 1e-20, "{}: {f}, not {value}", p.name);
        assert!(p.start_value > value, "{}", p.name);
    }
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
    for p in bounded() {
        let x = vec![p.solution; p.n];
        assert!((p.value)(&x).abs() < 1e-14, "{}", p.name);
        assert!(p.lower < p.solution && p.solution < p.upper, "{}", p.name);
        let off: Vec<f64> = x.iter().map(|x| x + 0.3).collect();
        assert!((p.value)(&off) > 0.01, "{}", p.name);
    }
}
