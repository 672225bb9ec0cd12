//! Every message about constraints that the start violates, that are wrong in themselves, or that do not go together.

mod common;

use common::*;
use thalweg_space::{Bounds, ConstraintKind, ErrorKind};

#[track_caller]
fn refused(
    start: &[f64],
    bounds: &Bounds,
    kinds: Vec<ConstraintKind>,
    kind: ErrorKind,
    text: &str,
) {
    let error = build(start, bounds, kinds).expect_err("an error");
    assert_eq!((error.to_string().as_str(), error.kind()), (text, kind));
}

const CURE: &str =
    "Start where the constraint holds, or let repair_start move the start values there.";

#[test]
fn start_values_that_violate_a_constraint_are_refused_with_everything_that_is_wrong() {
    let violated = |start: &[f64], kind: ConstraintKind, problem: &str| {
        let word = kind.word();
        let values: Vec<String> =
            kind.positions().iter().map(|&p| format!("'x{p}' = {:?}", start[p])).collect();
        let text = format!(
            "constraints[1] ({word}) is violated at the start params: {problem}. The start values are {}. {CURE}",
            values.join(", ")
        );
        refused(start, &Bounds::none(), vec![fixed(&[]), kind], ErrorKind::InvalidParams, &text);
    };
    violated(
        &[1.0, 1.5, 1.0],
        equal(&[0, 1, 2]),
        "the values must be equal, but lie between 1.0 and 1.5",
    );
    violated(
        &[1.0, 2.0, 1.5, 3.0],
        pairwise(&[&[0, 1], &[2, 3]]),
        "'x0' and 'x2': the values must be equal, but lie between 1.0 and 1.5, \
         'x1' and 'x3': the values must be equal, but lie between 2.0 and 3.0",
    );
    violated(
        &[3.0, 2.0, 0.5],
        increasing(&[0, 1, 2]),
        "'x1' = 2.0 must not be smaller than 'x0' = 3.0, but is by 1.0, \
         'x2' = 0.5 must not be smaller than 'x1' = 2.0, but is by 1.5",
    );
    violated(
        &[1.0, 2.0],
        decreasing(&[0, 1]),
        "'x0' = 1.0 must not be smaller than 'x1' = 2.0, but is by 1.0",
    );
    violated(
        &[1.0, 2.0],
        linear(&[1, 0], &[1.0, 2.0], 5.0, 6.0),
        "the weighted sum 4.0 is below the lower limit 5.0, by 1.0",
    );
    violated(
        &[1.0, 2.0],
        linear(&[1, 0], &[1.0, 2.0], -INF, 3.5),
        "the weighted sum 4.0 is above the upper limit 3.5, by 0.5",
    );
    violated(
        &[1.0, 2.0],
        linear(&[0, 1], &[1.0, 1.0], 2.0, 2.0),
        "the weighted sum must be 2.0, but is 3.0, 1.0 too much",
    );
    violated(
        &[1.0, 2.0],
        linear(&[0, 1], &[1.0, 1.0], 4.0, 4.0),
        "the weighted sum must be 4.0, but is 3.0, 1.0 too little",
    );
    violated(
        &[1.5, -0.25],
        probability(&[0, 1]),
        "the values must sum to 1.0, but sum to 1.25, 2.500e-1 too much, none may be negative, but [-0.25] are, \
         none may be larger than 1, but [1.5] are",
    );
    violated(
        &[1.0, 2.0, 1.0],
        covariance(&[0, 1, 2], 0.0),
        "the covariance matrix must be positive semidefinite, but its smallest eigenvalue is -1.000e0",
    );
    violated(
        &[1.0, 1.0, 1.5],
        sdcorr(&[0, 1, 2], 0.0),
        "correlations must be between -1 and 1, but one is 1.5",
    );
}

#[test]
fn constraints_can_be_wrong_in_themselves() {
    let wrong = |kind: ConstraintKind, flaw: &str| {
        let text = format!("constraints[0] ({}) {flaw}", kind.word());
        refused(&[1.0; 6], &Bounds::none(), vec![kind], ErrorKind::InvalidConstraint, &text);
    };
    wrong(
        linear(&[0, 1], &[1.0], 0.0, 1.0),
        "selects 2 parameters, but has 1 weight. Give one weight per selected parameter.",
    );
    wrong(
        linear(&[0, 1], &[1.0, f64::NAN], 0.0, 1.0),
        "has the weight NaN for 'x1'. Weights must be finite numbers.",
    );
    wrong(
        linear(&[0], &[1.0], -INF, INF),
        "has neither a lower nor an upper limit. Give at least one finite limit, or a value.",
    );
    for (lower, upper) in [(2.0, 1.0), (f64::NAN, 1.0), (INF, INF)] {
        wrong(
            linear(&[0], &[1.0], lower, upper),
            &format!(
                "has the lower limit {lower:?} and the upper limit {upper:?}, and no value lies between. The lower \
                 limit must be below inf and must not exceed the upper one, which must be above -inf; none may be NaN."
            ),
        );
    }
    for kind in [covariance(&[0, 1, 2, 3], 0.0), sdcorr(&[0, 1, 2, 3], 0.0)] {
        wrong(
            kind,
            "selects 4 parameters, which cannot form a lower triangle. A 2 x 2 matrix has 3, a 3 x 3 matrix has 6.",
        );
    }
    wrong(
        covariance(&[0], -0.5),
        "has the regularization -0.5. It must be a finite number that is not negative.",
    );
    wrong(pairwise(&[&[0]]), "has 1 selection. Give at least two.");
    wrong(
        pairwise(&[&[0, 1], &[2]]),
        "selects 2 and 1 parameters. All selections must have the same length.",
    );
    wrong(pairwise(&[&[0], &[0]]), "selects 'x0' more than once. Select each parameter once.");
}

#[test]
fn constraints_can_be_wrong_together() {
    let wrong = |start: &[f64], bounds: &Bounds, kinds: Vec<ConstraintKind>, text: &str| {
        refused(start, bounds, kinds, ErrorKind::InvalidConstraint, text);
    };
    let none = Bounds::none();
    wrong(
        &[0.5, 0.5, 0.5],
        &none,
        vec![probability(&[0, 1]), probability(&[1, 2])],
        "constraints[0] (probability) and constraints[1] (probability) share 'x1', perhaps because of parameters that \
         must be equal. A parameter can belong to one of the kinds probability, covariance and sdcorr only once: drop \
         one of the two, or select other parameters.",
    );
    wrong(
        &[0.25, 0.25, 0.5],
        &none,
        vec![equal(&[0, 1]), probability(&[0, 1, 2])],
        "the parameters 'x0', 'x1' of constraints[1] (probability) must be equal because of another constraint, which \
         is not possible within a constraint of this kind. Drop one of the two.",
    );
    wrong(
        &[1.0, 0.5, 1.0],
        &none,
        vec![covariance(&[0, 1, 2], 0.0), fixed(&[2])],
        "'x2' of constraints[0] (covariance) must not be fixed: only the first variance can be, or all parameters, or \
         all covariances at zero.",
    );
    wrong(
        &[1.0, 1.0, 1.0, 0.1, 0.2, 0.3],
        &none,
        vec![sdcorr(&[0, 1, 2, 3, 4, 5], 0.0), fixed(&[1, 4])],
        "'x1', 'x4' of constraints[0] (sdcorr) must not be fixed: only the first standard deviation can be, or all \
         parameters, or all correlations at zero.",
    );
    wrong(
        &[0.5, 0.5],
        &Bounds::new([0.1, 0.0], [1.0, 1.0]),
        vec![probability(&[0, 1])],
        "constraints[0] (probability) cannot keep the bounds of its parameters: 'x0' has [0.1, 1.0]. Probabilities have \
         the bounds 0 and 1 by themselves, and no others are possible.",
    );
    wrong(
        &[1.0, 0.5, 1.0],
        &Bounds::upper([2.0, INF, 2.0]),
        vec![covariance(&[0, 1, 2], 0.0)],
        "constraints[0] (covariance) cannot keep the bounds of its parameters: 'x2' has [-inf, 2.0]. Apart from what \
         holds by itself, only the first variance can have bounds.",
    );
    wrong(
        &[1.0, 2.0, 1.0],
        &none,
        vec![fixed(&[0, 1]), equal(&[0, 1])],
        "parameters that must be equal are fixed at different values: 'x0' at 1.0, 'x1' at 2.0. Fix them at the same \
         value, or only one.",
    );
    wrong(
        &[1.0, 2.0],
        &Bounds::from_pairs([(0.0, 1.0), (2.0, 3.0)]),
        vec![equal(&[0, 1])],
        "no value lies between the bounds of 'x0', 'x1', which must be equal: the largest lower bound is 2.0, the \
         smallest upper bound 1.0. Widen the bounds, or let the parameters differ.",
    );
    wrong(
        &[1.0, 0.0, 1.0],
        &Bounds::upper([1.0, INF, INF]),
        vec![covariance(&[0, 1, 2], 1.5), fixed(&[1])],
        "no value is left for 'x0': bounds and constraints together ask for a lower bound of 1.5 and an upper bound of \
         1.0. Widen the bound, or lower the regularization.",
    );
    wrong(
        &[1.0, 2.0, 0.0],
        &none,
        vec![
            increasing(&[1, 2]),
            linear(&[0, 1], &[1.0, 1.0], 3.0, 3.0),
            linear(&[0, 1], &[2.0, 2.0], 8.0, INF),
        ],
        "no values of 'x0', 'x1' satisfy constraints[1] (linear) and constraints[2] (linear) together. Drop one of \
         them, or change its limits.",
    );
    wrong(
        &[1.0, 1.0],
        &Bounds::upper([1.0, 1.0]),
        vec![linear(&[0, 1], &[1.0, 1.0], 3.0, INF)],
        "no values of 'x0', 'x1' satisfy constraints[0] (linear) and the bounds together. Drop one of them, or change \
         its limits.",
    );
}
