use thalweg_core::{Problem, ProblemSpec, Rng, testing::FunctionOracle};

use super::*;
use crate::pieces::first_points::Directions;
use crate::pieces::residual_start::FirstResiduals;

const INF: f64 = f64::INFINITY;

fn first(radius: f64, count: usize) -> FirstResiduals {
    let directions = Directions::Coordinate;
    FirstResiduals { radius, count, samples: 1, directions, orthogonal: true }
}

fn set(bounds: &[(f64, f64)], x0: &[f64], first: FirstResiduals) -> Option<ResidualSet> {
    let residuals = |x: &[f64], out: &mut [f64]| {
        out[0] = 3.0 * x[0] - x[1] + 1.0;
        out[1] = x[0] + 2.0 * x[1];
        out[2] = if x[1] > 4.0 { f64::NAN } else { 5.0 - x[1] };
    };
    let mut oracle = FunctionOracle::least_squares(3, residuals);
    let (lower, upper) = bounds.iter().copied().unzip();
    let spec = ProblemSpec { lower, upper, n_outputs: 3, ..Default::default() };
    let set = ResidualSet::evaluate(&mut Problem::new(&mut oracle, &spec), x0, first);
    for (_, x) in &oracle.trace {
        let inside = x.iter().zip(bounds).all(|(x, (low, high))| (low..=high).contains(&x));
        assert!(inside, "{x:?} is not within {bounds:?}");
    }
    set.unwrap()
}

fn fitted(set: &ResidualSet) -> ResidualModel {
    let mut model = ResidualModel::default();
    assert!(model.refresh(set));
    model
}

#[test]
fn linear_residuals_are_modelled_exactly_by_interpolation_and_by_regression() {
    for count in 3..=6 {
        for directions in [Directions::Coordinate, Directions::Random] {
            let first = FirstResiduals { directions, ..first(0.5, count) };
            let set = set(&[(-INF, INF); 2], &[1.0, 2.0], first).unwrap();
            assert_eq!(set.len(), count);
            let mut model = fitted(&set);
            for (entry, exact) in model.columns.iter().zip([3.0, 1.0, 0.0, -1.0, 2.0, -1.0]) {
                assert!((entry - exact).abs() < 1e-12, "{count}: {:?}", model.columns);
            }
            let (mut d, mut x) = (Vec::new(), Vec::new());
            let decrease = model.step(&set, 100.0, &mut d);
            set.after(&d, &mut x);
            // The normal equations: 10 x - y = -3 and -x + 6 y = 6.
            assert!((x[0] + 12.0 / 59.0).abs() < 1e-10, "{x:?}");
            assert!((x[1] - 57.0 / 59.0).abs() < 1e-10, "{x:?}");
            assert!(decrease > 0.0);
            // The squared singular values of the Jacobian are 8 -+ root 5.
            assert!(model.bends_at_least(2.0 * (8.0 - 5_f64.sqrt()) - 1e-6));
            assert!(!model.bends_at_least(2.0 * (8.0 - 5_f64.sqrt()) + 1e-6));
        }
    }
}

#[test]
fn lagrange_functions_are_one_at_their_point_and_zero_at_the_others() {
    let set = set(&[(-INF, INF); 2], &[1.0, 2.0], first(0.5, 3)).unwrap();
    let mut model = fitted(&set);
    for k in 0..3 {
        for j in 0..3 {
            let expected = if j == k { 1.0 } else { 0.0 };
            assert!((model.lagrange(&set, k, set.way(j)) - expected).abs() < 1e-12);
        }
    }
    let (t, _) = set.farthest(0.0).unwrap();
    let mut d = Vec::new();
    model.geometry_step(&set, t, 0.1, &mut d);
    assert!((nrm2(&d) - 0.1).abs() < 1e-12, "{d:?}");
}

/// Exchange after exchange, updated models are those that would be computed afresh.
#[test]
fn updates_follow_the_points() {
    let (n, m) = (5, 7);
    let curved = |x: &[f64], out: &mut [f64]| {
        for i in 0..m {
            out[i] = (x[i % n] * (i + 1) as f64).sin() + x[(i + 2) % n] * x[(i + 1) % n];
        }
    };
    let mut oracle = FunctionOracle::least_squares(m, curved);
    let spec = ProblemSpec { n_outputs: m, ..ProblemSpec::unconstrained(n) };
    let mut problem = Problem::new(&mut oracle, &spec);
    let mut set =
        ResidualSet::evaluate(&mut problem, &[0.3; 5], first(0.2, n + 1)).unwrap().unwrap();
    let mut model = fitted(&set);
    let mut rng = Rng::new(5);
    let (mut x, mut residuals, mut updates) = (Vec::new(), vec![0.0; m], 0);
    for _ in 0..40 {
        let d: Vec<f64> = (0..n).map(|_| 0.1 * rng.normal()).collect();
        set.after(&d, &mut x);
        curved(&x, &mut residuals);
        let value = dot(&residuals, &residuals);
        let improved = value < set.best_value();
        let t = model.replaceable(&set, &d, improved, 0.1).unwrap();
        model.exchange(&set, t, &d, &residuals);
        set.replace(t, &x, &residuals, value);
        updates += usize::from(model.known);
        assert!(model.refresh(&set));
        let afresh = fitted(&set);
        for (a, b) in model.columns.iter().zip(&afresh.columns) {
            assert!((a - b).abs() < 1e-10, "{:?} {:?}", model.columns, afresh.columns);
        }
        for (a, b) in model.slopes.iter().zip(&afresh.slopes) {
            assert!((a - b).abs() < 1e-9, "{:?} {:?}", model.slopes, afresh.slopes);
        }
    }
    assert!(updates >= 30, "{updates}");
}

#[test]
fn few_points_have_the_flattest_model_and_can_get_full_rank() {
    let set = set(&[(-INF, INF); 2], &[1.0, 2.0], first(0.5, 2)).unwrap();
    let mut model = fitted(&set);
    for (entry, exact) in model.columns.iter().zip([3.0, 1.0, 0.0, 0.0, 0.0, 0.0]) {
        assert!((entry - exact).abs() < 1e-12, "{:?}", model.columns);
    }
    let rules = GrowthRules {
        by_jacobian: true,
        length: 1.0,
        floor: 1.0,
        scale: 0.5,
        condition: 1e8,
        moves_far_points: false,
        safety: true,
        shrinks_when_short: false,
        moves_when_short: false,
        resets: (false, false),
        shrink: 0.5,
        extra: 0,
    };
    model.fill_rank(&set, 1, &rules);
    // The singular values are root 10 and half of that; the first direction is as it was.
    let second = &model.columns[3..];
    assert!((nrm2(second) - 0.5 * 10_f64.sqrt()).abs() < 1e-12, "{second:?}");
    assert!(dot(second, &model.columns[..3]).abs() < 1e-12, "{second:?}");
    let (_, basis, triangle) = span(&set).unwrap();
    assert_eq!((basis[0][0].abs(), triangle[0][0].abs()), (1.0, 0.5));
}

#[test]
fn bounds_are_kept_and_narrow_boxes_have_a_smaller_unit() {
    let bounds = [(0.0, 0.1), (-INF, 2.25)];
    for directions in [Directions::Coordinate, Directions::Random] {
        let first = FirstResiduals { directions, ..first(0.5, 6) };
        let set = set(&bounds, &[0.1, 2.0], first).unwrap();
        let mut model = fitted(&set);
        assert!((model.columns[0] - 0.3).abs() < 1e-12, "{:?}", model.columns);
        let (mut d, mut x) = (Vec::new(), Vec::new());
        model.step(&set, 10.0, &mut d);
        set.after(&d, &mut x);
        assert_eq!(x[0], 0.0, "{x:?}");
    }
}

#[test]
fn undefined_points_are_tried_on_the_other_side_and_undefined_starts_refused() {
    let found = set(&[(-INF, INF); 2], &[1.0, 3.8], first(0.5, 3)).unwrap();
    assert!(found.values.iter().all(|value| value.is_finite()));
    assert!(set(&[(-INF, INF); 2], &[1.0, 5.0], first(0.1, 3)).is_none());
}

#[test]
fn means_of_several_evaluations_count() {
    let mut calls = 0;
    let mut alternating = |x: &[f64], out: &mut [f64]| {
        calls += 1;
        out[0] = x[0] + if calls % 2 == 0 { 0.5 } else { -0.5 };
    };
    let mut oracle = FunctionOracle::least_squares(1, &mut alternating);
    let spec = ProblemSpec { n_outputs: 1, ..ProblemSpec::unconstrained(1) };
    let mut problem = Problem::new(&mut oracle, &spec);
    let first = FirstResiduals { samples: 2, ..first(1.0, 2) };
    let set = ResidualSet::evaluate(&mut problem, &[3.0], first).unwrap().unwrap();
    assert_eq!((set.residuals(0), set.residuals(1), set.values[0]), (&[3.0][..], &[4.0][..], 9.25));
    let mut residuals = Vec::new();
    assert_eq!(set.ask_one(&mut problem, &[2.0], &mut residuals).unwrap(), 4.25);
    assert_eq!(oracle.trace.len(), 6);
}

#[test]
fn points_on_a_line_determine_no_model() {
    let mut set = set(&[(-INF, INF); 2], &[1.0, 2.0], first(0.5, 3)).unwrap();
    set.points = vec![0.0, 0.0, 1.0, 1.0, 2.0, 2.0];
    set.look_around();
    assert!(!ResidualModel::default().refresh(&set));
    assert!(span(&set).is_none());
}

#[test]
fn the_point_that_is_far_away_is_replaced() {
    let mut set = set(&[(-INF, INF); 2], &[1.0, 2.0], first(0.5, 3)).unwrap();
    let best = set.best;
    let far = (0..3).find(|&k| k != best).unwrap();
    set.points[far * 2] += 300.0;
    set.look_around();
    let model = fitted(&set);
    let d = [0.01, 0.02];
    assert_eq!(model.replaceable(&set, &d, false, 0.1), Some(far));
    let mut x = Vec::new();
    set.after(&d, &mut x);
    set.replace(far, &x, &[0.0; 3], 0.0);
    assert_eq!((set.best, set.best_value()), (far, 0.0));
}
