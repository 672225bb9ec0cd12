//! Ordinary and hostile objectives.

use crate::support::{Probe, blueprint, catalog, expect, rosenbrock, run, shifted};
use thalweg::core::SolverKind;
use thalweg::{ErrorHandling, OptimizeError, Status};

#[test]
fn a_quadratic_is_solved() {
    for entry in catalog() {
        let (result, _) = run(entry, &[3.0, -1.0, 0.5], shifted);
        let result = expect(entry, result);
        assert!(result.fun < 1e-3, "{}: {}", entry.spec.name, result.fun);
    }
}

#[test]
fn one_parameter_is_enough() {
    for entry in catalog() {
        let (result, _) = run(entry, &[3.0], shifted);
        let result = expect(entry, result);
        assert!((result.params[0] - 1.0).abs() < 1e-2, "{}: {:?}", entry.spec.name, result.params);
    }
}

#[test]
fn a_constant_objective_ends_soon() {
    for entry in catalog() {
        let (result, _) = run(entry, &[1.0, 2.0], |_| vec![3.0, 1.0]);
        let result = expect(entry, result);
        assert_eq!(result.fun, 10.0, "{}", entry.spec.name);
        assert!(result.n_fun_evals < 2_000, "{}: {}", entry.spec.name, result.message);
    }
}

#[test]
fn a_start_at_the_optimum_stays_there() {
    for entry in catalog() {
        let (result, _) = run(entry, &[1.0, 1.0, 1.0], rosenbrock);
        let result = expect(entry, result);
        assert!(result.fun <= 1e-10, "{}: {}", entry.spec.name, result.fun);
    }
}

#[test]
fn nan_in_a_region_is_avoided_and_never_returned() {
    for entry in catalog() {
        let log_like = |x: &[f64]| vec![x[0].ln(), x[1] - 1.0]; // NaN left of zero, minimum at (1, 1)
        let (result, _) = run(entry, &[4.0, 4.0], log_like);
        match result {
            Ok(result) => {
                assert!(result.fun.is_finite(), "{}", entry.spec.name);
                assert!(
                    result.fun < 1e-2,
                    "{}: {} {}",
                    entry.spec.name,
                    result.fun,
                    result.message
                );
            }
            // A numerical derivative across the edge has to be reported as what it is.
            Err(error) => {
                assert!(error.to_string().contains("not finite"), "{}: {error}", entry.spec.name)
            }
        }
    }
}

#[test]
fn nan_everywhere_but_at_the_start_is_no_success() {
    for entry in catalog() {
        let kind = entry.spec.features.kind;
        let mut probe = Probe::counting(kind, |x, number| {
            Ok(if number == 1 { x.to_vec() } else { vec![f64::NAN; x.len()] })
        });
        match blueprint(entry, &[1.0, 2.0]).run(&mut probe) {
            Ok(result) => {
                assert!(!result.success, "{}: {}", entry.spec.name, result.message);
                assert_eq!(result.fun, 5.0, "{}", entry.spec.name);
            }
            Err(OptimizeError::User { partial, .. }) => assert_eq!(partial.fun, 5.0),
            Err(error) => panic!("{}: {error}", entry.spec.name),
        }
    }
}

#[test]
fn failing_everywhere_but_at_the_start_is_no_success_however_often_the_start_is_evaluated() {
    let start = [1.0, 2.0];
    let failing =
        [("raises", None), ("is NaN", Some(f64::NAN)), ("is infinite", Some(f64::INFINITY))];
    for entry in catalog() {
        for (what, elsewhere) in failing {
            let mut probe = Probe::counting(entry.spec.features.kind, move |x, _| {
                if x == start {
                    return Ok(x.to_vec());
                }
                elsewhere.map(|value| vec![value; 2]).ok_or("singular matrix".into())
            });
            let mut blueprint = blueprint(entry, &start);
            blueprint.error_handling = ErrorHandling::Continue;
            let result = expect(entry, blueprint.run(&mut probe));
            let name =
                format!("{} where the objective {what}: {}", entry.spec.name, result.message);
            assert!(!result.success && result.fun == 5.0, "{name}");
        }
    }
}

#[test]
fn infinite_values_are_worse_than_all_others() {
    for entry in catalog() {
        let wall =
            |x: &[f64]| if x[0] > 3.0 { vec![f64::INFINITY; 2] } else { vec![x[0] - 2.0, x[1]] };
        let (result, _) = run(entry, &[-1.0, 1.0], wall);
        let result = expect(entry, result);
        assert!(result.fun < 1e-2, "{}: {} {}", entry.spec.name, result.fun, result.message);
    }
}

#[test]
fn a_start_that_is_not_finite_is_refused() {
    for entry in catalog() {
        let (result, probe) = run(entry, &[1.0], |_| vec![f64::NAN]);
        let message = result.expect_err(entry.spec.name).to_string();
        assert!(message.contains("NaN at start params"), "{message}");
        assert_eq!(probe.points.len(), 1);
    }
}

type Function = fn(&[f64]) -> f64;

/// A scalar objective without a derivative.
struct Scalar(Function);

impl thalweg::Objective for Scalar {
    fn kind(&self) -> SolverKind {
        SolverKind::Scalar
    }
    fn n_outputs(&self) -> usize {
        1
    }
    fn has_derivative(&self) -> bool {
        false
    }
    fn start(&mut self, x: &[f64]) -> Result<thalweg::StartValues, thalweg::Failure> {
        Ok(thalweg::StartValues { outputs: vec![self.0(x)], ..Default::default() })
    }
    fn evaluate(
        &mut self,
        batch: &thalweg::Batch<'_>,
        answer: thalweg::Answer<'_>,
        _: &mut Vec<thalweg::Failure>,
    ) {
        batch.iter().zip(answer.outputs).for_each(|(x, out)| *out = self.0(x));
    }
}

#[test]
fn an_unbounded_objective_is_no_success() {
    let falling: [(&str, Function); 6] = [
        ("cubic", |x| x[0] - x[1].powi(3)),
        ("linear", |x| x[0] - 0.3 * x[1]),
        ("concave", |x| -x.iter().map(|x| x * x).sum::<f64>()),
        ("saddle", |x| (x[0] - 2.0).powi(2) - (x[1] + 1.0).powi(2)),
        ("like a cone", |x| -x.iter().map(|x| (1.0 + x * x).sqrt()).sum::<f64>()),
        ("quartic", |x| -x.iter().map(|x| x.powi(4)).sum::<f64>()),
    ];
    // Sums of squares are bounded: only scalar algorithms can fall for ever.
    let scalar = |entry: &&thalweg::core::CatalogEntry| {
        let features = entry.spec.features;
        features.kind == SolverKind::Scalar && !features.needs_bounds
    };
    let mut told = 0;
    for entry in catalog().iter().filter(scalar) {
        for (what, fun) in falling {
            for start in [[1.0, 1.0], [0.3, -40.0]] {
                let name = format!("{} {what} {start:?}", entry.spec.name);
                match blueprint(entry, &start).run(&mut Scalar(fun)) {
                    Ok(result) => {
                        assert!(!result.success, "{name}: {} {}", result.fun, result.message);
                        told += usize::from(result.status == Status::Unbounded);
                    }
                    Err(error) => {
                        assert!(error.to_string().contains("not finite"), "{name}: {error}");
                    }
                }
            }
        }
    }
    assert!(told > 20, "only {told} runs say that the objective is unbounded");
}

#[test]
fn a_fall_to_a_bound_or_into_a_deep_valley_is_a_success() {
    let deep: Function = |x| 1e13 * ((x[0] - 2.0).powi(2) + (x[1] - 1.0).powi(2) - 5.0);
    let exponential: Function = |x| -x[0].exp() + (x[1] - 1.0).powi(2);
    for name in ["lbfgsb", "bobyqa", "neldermead", "truncated_newton"] {
        let minimum = |start: [f64; 2], upper: f64, fun: Function| {
            thalweg::minimize(|x: &Vec<f64>| fun(x), start.to_vec())
                .algorithm(name)
                .bounds(0, f64::NEG_INFINITY, upper)
                .run()
                .unwrap()
        };
        // From zero, where the objective is zero, down to -5e13.
        let result = minimum([0.0, 0.0], f64::INFINITY, deep);
        assert!(
            result.success && result.fun < -4.99e13,
            "{name}: {} {}",
            result.fun,
            result.message
        );
        let result = minimum([0.0, 0.0], 40.0, exponential);
        assert!(result.success && result.fun < -1e17, "{name}: {} {}", result.fun, result.message);
    }
}

#[test]
fn a_failing_objective_ends_the_run_with_the_partial_result() {
    for entry in catalog() {
        let kind = entry.spec.features.kind;
        let mut probe = Probe::counting(kind, |x, number| {
            if number == 5 { Err("singular matrix".into()) } else { Ok(shifted(x)) }
        });
        let error = blueprint(entry, &[3.0, 3.0]).run(&mut probe).expect_err(entry.spec.name);
        let text = error.to_string();
        let OptimizeError::User { partial, .. } = error else {
            panic!("{}: {text}", entry.spec.name)
        };
        assert!(text.contains("during optimization: singular matrix"), "{text}");
        assert_eq!(partial.status, Status::Failed);
        assert!(!partial.success && partial.fun.is_finite());
        assert!(partial.history.is_some());
    }
}

#[test]
fn a_failing_objective_is_replaced_by_a_penalty_when_asked() {
    for entry in catalog() {
        let kind = entry.spec.features.kind;
        let mut probe = Probe::counting(kind, |x, _| {
            if x[0] > 5.0 { Err("out of memory".into()) } else { Ok(shifted(x)) }
        });
        let mut blueprint = blueprint(entry, &[4.5, 3.0]);
        blueprint.error_handling = ErrorHandling::Continue;
        let result = expect(entry, blueprint.run(&mut probe));
        assert!(result.fun < 1e-2, "{}: {} {}", entry.spec.name, result.fun, result.message);
    }
}
