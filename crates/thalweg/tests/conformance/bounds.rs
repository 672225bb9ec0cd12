//! Bounds and fixed parameters.

use crate::support::{Probe, blueprint, catalog, expect, rosenbrock, shifted};
use thalweg::{Bounds, Constraint, ConstraintKind, Status};

#[test]
fn no_point_outside_the_bounds_is_ever_evaluated() {
    for entry in catalog().iter().filter(|entry| entry.spec.features.bounds) {
        let mut boxes = vec![(vec![-1.5, -1.0, -0.75], vec![0.5, 2.0, 0.25])];
        if entry.spec.features.infinite_bounds {
            boxes.push((
                vec![f64::NEG_INFINITY, 0.3, -0.75],
                vec![0.4, f64::INFINITY, f64::INFINITY],
            ));
        }
        for (lower, upper) in boxes {
            for residuals in [rosenbrock, shifted] {
                let mut probe = Probe::new(entry.spec.features.kind, residuals);
                let mut blueprint = blueprint(entry, &[0.1, 1.0, 0.2]);
                blueprint.bounds = Bounds::new(lower.clone(), upper.clone());
                let result = expect(entry, blueprint.run(&mut probe));
                for x in &probe.points {
                    for ((x, low), high) in x.iter().zip(&lower).zip(&upper) {
                        assert!(
                            low <= x && x <= high,
                            "{}: {x} not in [{low}, {high}]",
                            entry.spec.name
                        );
                    }
                }
                assert!(result.fun < result.start_fun, "{}", entry.spec.name);
                assert_eq!(result.max_constraint_violation, 0.0);
            }
        }
    }
}

#[test]
fn a_minimum_on_the_bounds_is_found() {
    for entry in catalog().iter().filter(|entry| entry.spec.features.bounds) {
        let mut probe = Probe::new(entry.spec.features.kind, shifted);
        let mut blueprint = blueprint(entry, &[0.0, 1.0, 2.0]);
        blueprint.bounds = Bounds::new([-1.0, -1.0, -1.0], [0.5, 5.0, 2.5]);
        let result = expect(entry, blueprint.run(&mut probe));
        for (x, optimum) in result.params.iter().zip([0.5, 2.0, 2.5]) {
            assert!((x - optimum).abs() < 1e-2, "{}: {:?}", entry.spec.name, result.params);
        }
    }
}

#[test]
fn a_start_on_a_bound_is_left_when_that_is_better() {
    for entry in catalog().iter().filter(|entry| entry.spec.features.bounds) {
        let mut probe = Probe::new(entry.spec.features.kind, shifted);
        let mut blueprint = blueprint(entry, &[0.0, 4.0]);
        blueprint.bounds = Bounds::new([0.0, 0.0], [4.0, 4.0]);
        let result = expect(entry, blueprint.run(&mut probe));
        assert!(result.fun < 1e-2, "{}: {} {}", entry.spec.name, result.fun, result.message);
    }
}

#[test]
fn bounds_that_cannot_be_kept_are_refused_by_name() {
    for entry in catalog().iter().filter(|entry| !entry.spec.features.bounds) {
        let mut probe = Probe::new(entry.spec.features.kind, shifted);
        let mut blueprint = blueprint(entry, &[0.0, 1.0]);
        blueprint.bounds = Bounds::lower([f64::NEG_INFINITY, 0.5]);
        blueprint.names = ["alpha".to_string(), "beta".to_string()].into();
        let error = blueprint.run(&mut probe).expect_err(entry.spec.name).to_string();
        let expected = format!(
            "{} does not support bounds, but parameter 'beta' has bounds [0.5, inf]. Algorithms that do: ",
            entry.spec.name
        );
        assert!(error.starts_with(&expected), "{error}");
        assert!(probe.points.is_empty(), "nothing is evaluated before the refusal");
    }
}

#[test]
fn missing_bounds_are_named() {
    for entry in catalog().iter().filter(|entry| entry.spec.features.needs_bounds) {
        let mut probe = Probe::new(entry.spec.features.kind, shifted);
        let mut blueprint = blueprint(entry, &[0.0, 1.0]);
        blueprint.bounds = Bounds::new([-1.0, -1.0], [1.0, f64::INFINITY]);
        let error = blueprint.run(&mut probe).expect_err(entry.spec.name).to_string();
        let expected = "needs finite lower and upper bounds for every free parameter. They are missing for: 1.";
        assert!(error.ends_with(expected), "{error}");
    }
}

#[test]
fn fixed_parameters_do_not_move() {
    for entry in catalog() {
        let mut probe = Probe::new(entry.spec.features.kind, shifted);
        let mut blueprint = blueprint(entry, &[4.0, 0.25, 0.5]);
        blueprint.constraints =
            vec![Constraint::new(0, ConstraintKind::Fixed { positions: vec![1], value: None })];
        let result = expect(entry, blueprint.run(&mut probe));
        assert!(probe.points.iter().all(|x| x[1] == 0.25), "{}", entry.spec.name);
        assert_eq!(result.n_free, 2);
        assert!((result.params[0] - 1.0).abs() < 1e-2, "{}: {:?}", entry.spec.name, result.params);
        assert!((result.params[2] - 3.0).abs() < 1e-2, "{}: {:?}", entry.spec.name, result.params);
    }
}

#[test]
fn everything_fixed_is_done_at_once() {
    for entry in catalog() {
        let mut probe = Probe::new(entry.spec.features.kind, shifted);
        let mut blueprint = blueprint(entry, &[4.0, 0.25]);
        blueprint.constraints =
            vec![Constraint::new(0, ConstraintKind::Fixed { positions: vec![0, 1], value: None })];
        let result = expect(entry, blueprint.run(&mut probe));
        assert_eq!(result.status, Status::NothingToOptimize);
        assert!(result.success && result.params == [4.0, 0.25]);
        assert_eq!(result.message, "nothing to optimize: all parameters are fixed");
    }
}
