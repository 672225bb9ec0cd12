//! What is refused before the first evaluation, word for word.

use std::cell::Cell;

use thalweg::{
    AugmentedLagrangianOptions, ConstraintHandling, InvalidKind, NonlinearConstraint,
    OptimizeError, minimize,
};

use crate::classics::INF;

type Two = [f64; 2];

fn refused<'a>(constraint: NonlinearConstraint<'a, Two>) -> (String, InvalidKind) {
    let run = minimize(|x: &Two| x[0] * x[0] + x[1] * x[1], [1.0, 2.0]).constraint(constraint);
    let run = run.constraint_handling(ConstraintHandling::AugmentedLagrangian).algorithm("lbfgsb");
    match run.run().expect_err("is refused") {
        OptimizeError::Invalid { kind, message } => (message, kind),
        other => panic!("{other}"),
    }
}

fn product<'a>() -> NonlinearConstraint<'a, Two> {
    NonlinearConstraint::new(|x: &Two| x[0] * x[1])
}

#[test]
fn limits_have_to_make_sense() {
    let cases = [
        (
            product(),
            "there is no limit. Give a lower limit, an upper limit, or a value that it has to be equal to.",
        ),
        (
            product().lower(2.0).upper(1.0),
            "the lower limit 2 has to be at most the upper limit 1, and there has to be a number between them.",
        ),
        (
            product().lower([0.0, 3.0]).upper(1.0),
            "the lower limit 3 of value 1 has to be at most the upper limit 1, and there has to be a number between them.",
        ),
        (
            product().lower(INF).upper([1.0, INF]),
            "the lower limit inf of value 0 has to be at most the upper limit 1, and there has to be a number between them.",
        ),
        (product().lower(f64::NAN), "a limit is NaN, but has to be a number."),
        (
            product().lower([0.0, 1.0]).upper([1.0, 2.0, 3.0]),
            "there are 2 lower limits, but 3 upper limits.",
        ),
        (
            product().upper(1.0).tol(-0.5),
            "the tolerance is -0.5, but has to be finite and at least 0.",
        ),
        (
            product().upper(1.0).tol(f64::NAN),
            "the tolerance is NaN, but has to be finite and at least 0.",
        ),
    ];
    for (constraint, expected) in cases {
        let (message, kind) = refused(constraint.name("budget"));
        assert_eq!(message, format!("constraints[0] (nonlinear 'budget'): {expected}"));
        assert_eq!(kind, InvalidKind::Constraint);
    }
}

#[test]
fn what_the_function_returns_at_the_start_has_to_fit() {
    let (message, kind) = refused(product().lower([0.0, 1.0]));
    assert_eq!(
        message,
        "constraints[0] (nonlinear) has 2 lower limits, but its function returned 1 values at start params. Give \
         one limit for all values, or one for each."
    );
    assert_eq!(kind, InvalidKind::Constraint);
    let (message, kind) =
        refused(NonlinearConstraint::new(|x: &Two| (x[0] - 2.0).sqrt()).lower(0.0));
    assert_eq!(
        message,
        "the function of constraints[0] (nonlinear) returned NaN at start params; it has to be finite there."
    );
    assert_eq!(kind, InvalidKind::Function);
    let (message, _) = refused(NonlinearConstraint::new(|_: &Two| Vec::new()).lower(0.0));
    assert_eq!(
        message,
        "the function of constraints[0] (nonlinear) returned no numbers at start params."
    );
}

#[test]
fn a_constraint_that_fails_at_the_start_is_said_to() {
    let failing = |_: &Two| -> Result<f64, String> { Err("no data".into()) };
    let run = minimize(|x: &Two| x[0], [1.0, 2.0]).nonlinear(failing, 0.0, 0.0);
    let run = run.constraint_handling(ConstraintHandling::AugmentedLagrangian).algorithm("lbfgsb");
    assert_eq!(
        run.run().expect_err("fails").to_string(),
        "Error while evaluating constraints[0] (nonlinear) at start params: no data"
    );
}

#[test]
fn a_constraint_whose_length_changes_is_a_failure() {
    let calls = Cell::new(0);
    let changing = |x: &Two| {
        calls.set(calls.get() + 1);
        vec![x[0]; if calls.get() > 5 { 3 } else { 2 }]
    };
    let run = minimize(|x: &Two| x[0], [1.0, 2.0]).nonlinear(changing, 0.0, 1.0);
    let run = run.constraint_handling(ConstraintHandling::AugmentedLagrangian).algorithm("lbfgsb");
    assert_eq!(
        run.run().expect_err("fails").to_string(),
        "An error occurred when evaluating constraints[0] (nonlinear) during optimization: it returned 3 numbers, \
         but 2 at start params"
    );
}

#[test]
fn a_derivative_that_is_not_finite_is_a_failure() {
    let wrong = product().upper(1.0).derivative(|_, out| out.copy_from_slice(&[f64::NAN, 1.0]));
    let run = minimize(|x: &Two| x[0] * x[0] + x[1], [1.0, 2.0]).constraint(wrong);
    let run = run.constraint_handling(ConstraintHandling::AugmentedLagrangian).algorithm("lbfgsb");
    assert_eq!(
        run.run().expect_err("fails").to_string(),
        "An error occurred when evaluating constraints[0] (nonlinear) during optimization: a derivative is NaN at \
         params [1, 2]"
    );
}

#[test]
fn an_algorithm_that_cannot_keep_them_is_refused_before_the_first_evaluation() {
    let run = minimize(|_: &Two| -> f64 { panic!("not evaluated") }, [1.0, 2.0]);
    let error = run.constraint(product().name("budget").upper(1.0)).algorithm("lbfgsb").run();
    let error = error.expect_err("is refused");
    assert!(matches!(error, OptimizeError::Invalid { kind: InvalidKind::Constraint, .. }));
    let able: Vec<&str> = thalweg::algorithms::CATALOG
        .iter()
        .filter(|entry| entry.spec.features.nonlinear_constraints)
        .map(|entry| entry.spec.name)
        .collect();
    let able = if able.is_empty() { "none yet".into() } else { able.join(", ") };
    assert_eq!(
        error.to_string(),
        format!(
            "lbfgsb does not support nonlinear constraints, but constraints[0] (nonlinear 'budget') has to be \
             kept. Algorithms that support them: {able}. With constraint_handling=\"augmented_lagrangian\" (in Rust \
             .constraint_handling(ConstraintHandling::AugmentedLagrangian)) every algorithm can be used."
        )
    );
}

#[test]
fn bounds_that_the_algorithm_does_not_support_are_still_refused() {
    let run = thalweg::least_squares(|x: &Two| *x, [1.0, 2.0]).lower(0, 0.5);
    let run = run.constraint(product().upper(1.0));
    let run = run.constraint_handling(ConstraintHandling::AugmentedLagrangian);
    let error = run.algorithm("levenberg_marquardt").run().expect_err("is refused").to_string();
    assert!(error.starts_with("levenberg_marquardt does not support bounds"), "{error}");
}

#[test]
fn options_of_the_augmented_lagrangian_have_to_make_sense() {
    type Options = AugmentedLagrangianOptions;
    let usual = Options::default();
    let cases = [
        (
            Options { initial_penalty: Some(0.0), ..usual },
            "initial_penalty has to be a finite number above 0, or none, not 0.0",
        ),
        (
            Options { penalty_growth: 1.0, ..usual },
            "penalty_growth has to be a finite number above 1, not 1.0",
        ),
        (
            Options { sufficient_fall: f64::NAN, ..usual },
            "sufficient_fall has to be a number between 0 and 1, not NaN",
        ),
        (Options { max_subproblems: 0, ..usual }, "max_subproblems has to be at least 1, not 0"),
    ];
    for (options, expected) in cases {
        let run = minimize(|x: &Two| x[0] * x[0] + x[1] * x[1], [1.0, 2.0])
            .constraint(product().equal_to(1.0))
            .algorithm("lbfgsb")
            .constraint_handling(ConstraintHandling::AugmentedLagrangianWith(options));
        let error = run.run().expect_err("is refused");
        let OptimizeError::Invalid { kind, message } = error else { panic!("{error}") };
        assert_eq!(message, format!("Invalid options of the augmented Lagrangian: {expected}."));
        assert_eq!(kind, InvalidKind::Argument);
    }
}
