//! The bar that every algorithm has to clear: as many problems solved as by its reference implementation, with at most a tenth
//! more evaluations in the median over the problems that both solve. Some clear a higher one: no more in the median, and more than a
//! tenth more on at most a tenth of the problems.
//!
//! `cargo run --release -p thalweg-bench --bin compare_more_wild -- --detail NAME` shows the cases behind a failure.

use thalweg_bench::compare::{
    Comparison, PAIRINGS, PRECISIONS, compare, compare_differential_evolution, report,
};

const LARGEST_RATIO: f64 = 1.1;
const LARGEST_SHARE: f64 = 0.1;

fn assert_clears_the_bar(algorithm: &str) {
    comparison(algorithm);
}

/// Besides, of the problems that both solve at most a tenth takes more than 1.1 times as many evaluations.
fn assert_is_seldom_worse(algorithm: &str) {
    let comparison = comparison(algorithm);
    for (score, precision) in comparison.scores().iter().zip(PRECISIONS) {
        let table = report::summary(std::slice::from_ref(&comparison));
        let is_seldom = score.worse <= LARGEST_SHARE && score.ratio() <= 1.0;
        assert!(is_seldom, "{algorithm} is often worse at {precision:e}:\n{table}");
    }
}

/// The comparison of an algorithm that clears the bar.
fn comparison(algorithm: &str) -> Comparison {
    let pairing = PAIRINGS.into_iter().find(|pairing| pairing.algorithm == algorithm).unwrap();
    let comparison = compare(pairing).unwrap();
    for (score, precision) in comparison.scores().iter().zip(PRECISIONS) {
        let clears = score.solved >= score.solved_by_reference && score.ratio() <= LARGEST_RATIO;
        let table = report::summary(std::slice::from_ref(&comparison));
        assert!(clears, "{algorithm} misses the bar at {precision:e}:\n{table}");
    }
    comparison
}

#[test]
fn bfgs_clears_the_bar() {
    assert_is_seldom_worse("bfgs");
}

#[test]
fn bobyqa_clears_the_bar() {
    assert_is_seldom_worse("bobyqa");
}

#[test]
fn dfols_clears_the_bar() {
    assert_is_seldom_worse("dfols");
}

#[test]
fn differential_evolution_is_as_reliable_as_the_reference() {
    let rows = compare_differential_evolution().unwrap();
    for precision in 0..PRECISIONS.len() {
        let (mut solved, mut ratios) = ([0, 0], Vec::new());
        for row in &rows {
            let [(ours, median), (reference, median_of_reference)] = row.score(precision);
            solved[0] += ours;
            solved[1] += reference;
            ratios.push(median / median_of_reference);
        }
        ratios.sort_by(f64::total_cmp);
        let middle = ratios[ratios.len() / 2];
        assert!(middle <= LARGEST_RATIO, "median ratio {middle}, ratios {ratios:?}");
        assert!(solved[0] >= solved[1], "{} solved, {} by the reference", solved[0], solved[1]);
    }
}

#[test]
fn dogbox_clears_the_bar() {
    assert_is_seldom_worse("dogbox");
}

#[test]
fn dogleg_clears_the_bar() {
    assert_clears_the_bar("dogleg");
}

#[test]
fn every_comparison_has_a_test_here() {
    let source = include_str!("bar.rs");
    for pairing in PAIRINGS {
        let test = format!("fn {}_clears_the_bar()", pairing.algorithm);
        assert!(source.contains(&test), "{test} is missing");
    }
}

#[test]
fn fides_clears_the_bar() {
    assert_is_seldom_worse("fides");
}

#[test]
fn lbfgsb_clears_the_bar() {
    assert_is_seldom_worse("lbfgsb");
}

#[test]
fn levenberg_marquardt_clears_the_bar() {
    assert_is_seldom_worse("levenberg_marquardt");
}

#[test]
fn migrad_clears_the_bar() {
    assert_is_seldom_worse("migrad");
}

#[test]
fn neldermead_clears_the_bar() {
    assert_clears_the_bar("neldermead");
}

#[test]
fn neldermead_parallel_clears_the_bar() {
    assert_is_seldom_worse("neldermead_parallel");
}

#[test]
fn newton_cg_clears_the_bar() {
    assert_is_seldom_worse("newton_cg");
}

#[test]
fn newuoa_clears_the_bar() {
    assert_is_seldom_worse("newuoa");
}

#[test]
fn nlopt_cobyla_clears_the_bar() {
    assert_is_seldom_worse("nlopt_cobyla");
}

#[test]
fn nlopt_lbfgsb_clears_the_bar() {
    assert_is_seldom_worse("nlopt_lbfgsb");
}

#[test]
fn nlopt_neldermead_clears_the_bar() {
    assert_clears_the_bar("nlopt_neldermead");
}

#[test]
fn nlopt_tnewton_clears_the_bar() {
    assert_is_seldom_worse("nlopt_tnewton");
}

#[test]
fn nlopt_var_clears_the_bar() {
    assert_is_seldom_worse("nlopt_var");
}

#[test]
fn pounders_clears_the_bar() {
    assert_is_seldom_worse("pounders");
}

#[test]
fn powell_clears_the_bar() {
    assert_clears_the_bar("powell");
}

#[test]
fn praxis_clears_the_bar() {
    assert_clears_the_bar("praxis");
}

#[test]
fn pybobyqa_clears_the_bar() {
    assert_is_seldom_worse("pybobyqa");
}

#[test]
fn scipy_bfgs_clears_the_bar() {
    assert_is_seldom_worse("scipy_bfgs");
}

#[test]
fn scipy_cobyla_clears_the_bar() {
    assert_clears_the_bar("scipy_cobyla");
}

#[test]
fn scipy_conjugate_gradient_clears_the_bar() {
    assert_is_seldom_worse("scipy_conjugate_gradient");
}

#[test]
fn nlopt_slsqp_clears_the_bar() {
    assert_is_seldom_worse("nlopt_slsqp");
}

#[test]
fn scipy_slsqp_clears_the_bar() {
    assert_is_seldom_worse("scipy_slsqp");
}

#[test]
fn scipy_truncated_newton_clears_the_bar() {
    assert_is_seldom_worse("scipy_truncated_newton");
}

#[test]
fn subplex_clears_the_bar() {
    assert_is_seldom_worse("subplex");
}

#[test]
fn trf_clears_the_bar() {
    assert_is_seldom_worse("trf");
}

#[test]
fn trust_exact_clears_the_bar() {
    assert_clears_the_bar("trust_exact");
}

#[test]
fn trust_krylov_clears_the_bar() {
    assert_clears_the_bar("trust_krylov");
}

#[test]
fn trust_ncg_clears_the_bar() {
    assert_clears_the_bar("trust_ncg");
}
