use thalweg_core::Rng;

use super::*;
use crate::pieces::residual_model::ResidualModel;

/// Two residuals at (x, y), far from zero, with the second derivatives `bend` times [[2, 1], [1, 0]] and [[0, 0], [0, 6]].
fn residuals(x: &[f64], bend: f64) -> Vec<f64> {
    vec![
        3.0 + x[0] - x[1] + bend * (x[0] * x[0] + x[0] * x[1]),
        -2.0 + x[0] + 2.0 * x[1] + bend * 3.0 * x[1] * x[1],
    ]
}

fn sum(residuals: &[f64]) -> f64 {
    dot(residuals, residuals)
}

/// A set of three points around the origin after some have left, its model, and the numbers of chance.
fn after_exchanges(
    count: usize,
    mut fun: impl FnMut(&[f64]) -> Vec<f64>,
) -> (ResidualSet, ResidualModel, Rng) {
    let infinite = (vec![f64::NEG_INFINITY; 2], vec![f64::INFINITY; 2]);
    let mut set = ResidualSet::new(vec![0.0; 2], infinite, 1.0, 1);
    set.residuals = fun(&[0.0; 2]);
    set.values = vec![sum(&set.residuals)];
    for x in [[0.1, 0.0], [0.0, 0.1]] {
        let r = fun(&x);
        set.push(&x, &r, sum(&r));
    }
    set.move_center(0);
    let (mut model, mut rng) = (ResidualModel::default(), Rng::new(3));
    for k in 0..count {
        assert!(model.refresh(&set));
        let best = set.best;
        let t = (best + 1 + k % 2) % 3;
        // At about a right angle to the way to the other point.
        let other = set.way(3 - best - t);
        let angle = other[1].atan2(other[0]) + 1.0 + 1.2 * rng.uniform();
        let length = 0.05 + 0.1 * rng.uniform();
        let d = [length * angle.cos(), length * angle.sin()];
        let x: Vec<f64> = set.best_point().iter().zip(d).map(|(x, d)| x + d).collect();
        let r = fun(&x);
        model.exchange(&set, t, &d, &r);
        // The center stays: only earlier points are to come and go.
        set.replace(t, &x, &r, sum(&r));
        set.move_center(best);
    }
    assert!(model.refresh(&set));
    (set, model, rng)
}

#[test]
fn the_curvature_of_quadratic_residuals_is_found() {
    let (set, model, _) = after_exchanges(40, |x| residuals(x, 1.0));
    let curvature = model.curvature();
    assert!(curvature.is_used());
    // At the origin: 3 [[2, 1], [1, 0]] - 2 [[0, 0], [0, 6]].
    assert_eq!(set.best_point(), [0.0; 2]);
    for (entry, exact) in curvature.matrix.iter().zip([6.0, 3.0, 3.0, -12.0]) {
        assert!((entry - exact).abs() < 0.5, "{:?}", curvature.matrix);
    }
    let (mut twice, mut of_d) = (vec![0.0; 4], vec![0.0; 2]);
    curvature.add_to(&mut twice);
    curvature.apply(&[1.0, 2.0], &mut of_d);
    assert_eq!(twice[1], 2.0 * curvature.matrix[1]);
    assert!((dot(&of_d, &[1.0, 2.0]) - 2.0 * curvature.along(&[1.0, 2.0])).abs() < 1e-12);
}

/// The gradient is that of the sum of squares, not of the chords.
#[test]
fn the_model_of_the_sum_of_squares_is_that_of_second_order() {
    let (set, mut model, mut rng) = after_exchanges(40, |x| residuals(x, 1.0));
    // 2 J'r at the origin.
    for (entry, exact) in model.gradient.iter().zip([2.0, -14.0]) {
        assert!((entry - exact).abs() < 0.05, "{:?}", model.gradient);
    }
    for _ in 0..20 {
        let d = [0.08 * rng.uniform() - 0.04, 0.08 * rng.uniform() - 0.04];
        let actual = set.best_value() - sum(&residuals(&d, 1.0));
        assert!((model.decrease(&d) - actual).abs() < 0.004, "{d:?}");
    }
    let mut d = Vec::new();
    let promised = model.step(&set, 0.1, &mut d);
    let actual = set.best_value() - sum(&residuals(&d, 1.0));
    assert!((nrm2(&d) - 0.1).abs() < 0.011 && (promised - actual).abs() < 0.05 * actual);
}

#[test]
fn there_is_none_of_linear_residuals_nor_in_noise() {
    let (_, model, _) = after_exchanges(40, |x| residuals(x, 0.0));
    assert!(!model.curvature().is_used() && model.curvature().along(&[1.0; 2]) == 0.0);
    let mut rng = Rng::new(1);
    let mut noise = || 0.3 * rng.uniform();
    let (_, model, _) =
        after_exchanges(40, |x| residuals(x, 0.0).iter().map(|r| r + noise()).collect());
    assert!(!model.curvature().is_used());
}

#[test]
fn it_has_to_prove_itself_and_to_stay_proven() {
    assert!(!after_exchanges(3, |x| residuals(x, 1.0)).1.curvature().is_used());
    let mut calls = 0;
    let (_, model, _) = after_exchanges(60, |x| {
        calls += 1;
        residuals(x, if calls > 43 && calls % 2 == 0 { -1.0 } else { 1.0 })
    });
    assert!(!model.curvature().is_used());
}
