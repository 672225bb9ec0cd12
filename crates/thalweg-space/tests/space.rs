//! Spaces from bounds and fixed parameters, and every message about what can be wrong with them.

use thalweg_space::params::{LeafTable, Path};
use thalweg_space::{
    Bounds, BuildOptions, Constraint, ConstraintKind, ErrorKind, SelectError, Space, SpaceError,
};

const INF: f64 = f64::INFINITY;

fn names(position: usize) -> String {
    ["a", "b_0", "b_1", "c"][position].to_string()
}

fn build(start: &[f64], bounds: &Bounds, constraints: &[Constraint]) -> Result<Space, SpaceError> {
    let placed = constraints.iter().cloned().enumerate();
    let placed: Vec<Constraint> = placed.map(|(i, c)| Constraint { index: i, ..c }).collect();
    Space::build(start, &names, bounds, &placed, BuildOptions::default())
}

fn fixed(positions: &[usize], value: Option<&[f64]>) -> Constraint {
    let value = value.map(<[f64]>::to_vec);
    Constraint::new(0, ConstraintKind::Fixed { positions: positions.to_vec(), value })
}

/// Kind and text of the error that must come.
#[track_caller]
fn refused(result: Result<Space, SpaceError>) -> (ErrorKind, String) {
    let error = result.expect_err("an error");
    (error.kind(), error.to_string())
}

#[test]
fn without_constraints_the_space_is_the_identity() {
    let space = build(&[1.0, 2.0], &Bounds::none(), &[]).unwrap();
    assert!(space.is_identity());
    assert_eq!((space.n_user(), space.n_free(), space.start()), (2, 2, [1.0, 2.0].as_slice()));
    assert_eq!((space.lower(), space.upper()), (None, None));
    let mut work = space.workspace();
    let mut user = [0.0; 2];
    space.to_user(&[3.0, 4.0], &mut user, &mut work);
    assert_eq!(user, [3.0, 4.0]);
    let mut jac = [0.0; 4];
    space.pull_back_jacobian(&[3.0, 4.0], &[1.0, 2.0, 3.0, 4.0], &mut jac, &mut work);
    assert_eq!(jac, [1.0, 2.0, 3.0, 4.0]);
}

#[test]
fn bounds_pass_through_with_nan_and_infinity_meaning_none() {
    let bounds = Bounds::new([f64::NAN, 0.0, -INF], [INF, f64::NAN, INF]);
    let space = build(&[1.0, 0.0, 3.0], &bounds, &[]).unwrap();
    assert!(space.is_identity());
    assert_eq!(space.lower(), Some([-INF, 0.0, -INF].as_slice()));
    assert_eq!(space.upper(), None);
}

#[test]
fn fixed_parameters_leave_the_internal_vector() {
    let bounds = Bounds::new([-1.0, -INF, 2.5, -1.0], [1.0, INF, 2.5, 9.0]);
    let space = build(&[0.0, 1.0, 2.5, 3.0], &bounds, &[fixed(&[0], None)]).unwrap();
    assert!(!space.is_identity());
    assert_eq!(space.start(), [1.0, 3.0]);
    assert_eq!(space.lower(), Some([-INF, -1.0].as_slice()));
    assert_eq!(space.upper(), Some([INF, 9.0].as_slice()));
    assert_eq!([space.user_position(0), space.user_position(1)], [1, 3]);
    assert_eq!(space.to_internal(&[5.0, 6.0, 7.0, 8.0]), [6.0, 8.0]);

    let (mut work, mut user) = (space.workspace(), [0.0; 4]);
    space.to_user(&[6.0, 8.0], &mut user, &mut work);
    assert_eq!(user, [0.0, 6.0, 2.5, 8.0]);
    let jac_user = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
    let mut jac = [0.0; 4];
    space.pull_back_jacobian(&[6.0, 8.0], &jac_user, &mut jac, &mut work);
    assert_eq!(jac, [2.0, 4.0, 6.0, 8.0]);
}

#[test]
fn everything_may_be_fixed() {
    let bounds = Bounds::new([0.0, 1.0, f64::NAN], [9.0, 1.0, f64::NAN]);
    let all = [fixed(&[2, 0], Some(&[3.0, 0.5])), fixed(&[2], None)];
    let space = build(&[0.5, 1.0, 3.0], &bounds, &all).unwrap();
    assert_eq!((space.n_free(), space.lower(), space.upper()), (0, None, None));
    let (mut work, mut user) = (space.workspace(), [0.0; 3]);
    space.to_user(&[], &mut user, &mut work);
    assert_eq!(user, [0.5, 1.0, 3.0]);
    space.pull_back_gradient(&[], &[1.0, 2.0, 3.0], &mut [], &mut work);
    space.pull_back_jacobian(&[], &[1.0; 6], &mut [], &mut work);

    let empty = build(&[], &Bounds::none(), &[]).unwrap();
    assert_eq!((empty.n_user(), empty.n_free()), (0, 0));
}

#[test]
fn fixed_values_replace_start_values_that_agree() {
    let nearly = build(
        &[1.0 + 1e-7, 2.0 + 1e-12],
        &Bounds::new([-INF, 2.0], [INF, 2.0]),
        &[fixed(&[0], Some(&[1.0]))],
    )
    .unwrap();
    let mut user = [0.0; 2];
    nearly.to_user(&[], &mut user, &mut nearly.workspace());
    assert_eq!(user, [1.0, 2.0]);
}

#[test]
fn start_values_must_be_finite() {
    assert_eq!(
        refused(build(&[1.0, f64::NAN, -INF], &Bounds::none(), &[])),
        (
            ErrorKind::InvalidParams,
            "start params must be finite, but 2 of 3 values are not: 'b_0' = NaN, 'b_1' = -inf. \
             Replace them by finite numbers."
                .to_string()
        )
    );
    let unnamed = Space::build(
        &[f64::NAN],
        &|_| String::new(),
        &Bounds::none(),
        &[],
        BuildOptions::default(),
    );
    assert_eq!(
        refused(unnamed).1,
        "start params must be finite, but 1 of 1 value is not: 'params' = NaN. Replace them by finite numbers."
    );
}

#[test]
fn start_values_must_lie_within_the_bounds() {
    let bounds = Bounds::new([0.0, -INF, 1.5, 0.1], [2.0, 1.0, INF, 0.1]);
    assert_eq!(
        refused(build(&[3.0, 2.0, 1.0, 0.2], &bounds, &[])),
        (
            ErrorKind::InvalidParams,
            "start params must lie within the bounds, but 4 of 4 values do not: 'a' = 3.0 (bounds [0.0, 2.0]), \
             'b_0' = 2.0 (upper bound 1.0), 'b_1' = 1.0 (lower bound 1.5), \
             'c' = 0.2 (fixed at 0.1 by equal bounds). Move the start values inside, widen the bounds, or let repair_start move the start values."
                .to_string()
        )
    );
    assert_eq!(
        refused(build(&[-1e-300, 0.0], &Bounds::lower([0.0, 0.0]), &[])).1,
        "start params must lie within the bounds, but 1 of 2 values does not: 'a' = -1e-300 (lower bound 0.0). \
         Move the start values inside, widen the bounds, or let repair_start move the start values."
    );
    // Fixing a parameter does not excuse it from its bounds.
    let outside = build(&[3.0], &Bounds::upper([2.0]), &[fixed(&[0], None)]);
    assert_eq!(refused(outside).0, ErrorKind::InvalidParams);
}

#[test]
fn long_lists_are_cut_after_ten() {
    let name = |i: usize| i.to_string();
    let error = Space::build(&[f64::NAN; 25], &name, &Bounds::none(), &[], BuildOptions::default())
        .unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with("start params must be finite, but 25 of 25 values are not: '0' = NaN")
    );
    assert!(text.ends_with("'9' = NaN and 15 more. Replace them by finite numbers."), "{text}");
    let SpaceError::NonFiniteStart(offenders) = error else { panic!("{error:?}") };
    assert_eq!(
        (offenders.listed.len(), offenders.total, offenders.listed[9].position),
        (10, 25, 9)
    );
}

#[test]
fn there_must_be_one_bound_per_parameter() {
    assert_eq!(
        refused(build(&[1.0, 2.0], &Bounds::lower([3.0]), &[])),
        (
            ErrorKind::InvalidBounds,
            "there must be one lower bound per parameter, but there are 1 lower bound and 2 parameters. \
             Use -inf or NaN where there is no bound."
                .to_string()
        )
    );
    assert_eq!(
        refused(build(&[1.0], &Bounds::upper([3.0, 4.0]), &[])).1,
        "there must be one upper bound per parameter, but there are 2 upper bounds and 1 parameter. \
         Use inf or NaN where there is no bound."
    );
}

#[test]
fn bounds_must_leave_room() {
    let crossed = Bounds::from_pairs([(0.0, 1.0), (3.0, 1.0), (INF, INF)]);
    assert_eq!(
        refused(build(&[0.5, 2.0, 0.0], &crossed, &[])),
        (
            ErrorKind::InvalidBounds,
            "no value lies between the bounds of 2 parameters: 'b_0' has lower bound 3.0 and upper bound 1.0, \
             'b_1' has lower bound inf and upper bound inf. Lower bounds must be below inf and must not exceed \
             upper bounds, which must be above -inf."
                .to_string()
        )
    );
    assert!(refused(build(&[0.0], &Bounds::upper([-INF]), &[])).1.contains("of 1 parameter: 'a'"));
}

#[test]
fn constraints_must_select_existing_parameters_once() {
    assert_eq!(
        refused(build(&[1.0, 2.0], &Bounds::none(), &[fixed(&[0], None), fixed(&[2], None)])),
        (
            ErrorKind::InvalidConstraint,
            "constraints[1] (fixed): position 2 is out of range: there are 2 parameters, 0 to 1"
                .to_string()
        )
    );
    assert_eq!(
        refused(build(&[1.0], &Bounds::none(), &[fixed(&[1], None)])).1,
        "constraints[0] (fixed): position 1 is out of range: there is 1 parameter, at 0"
    );
    assert_eq!(
        refused(build(&[1.0, 2.0, 3.0], &Bounds::none(), &[fixed(&[2, 0, 2, 1, 0, 2], None)])),
        (
            ErrorKind::InvalidConstraint,
            "constraints[0] (fixed) selects 'a', 'b_1' more than once. Select each parameter once."
                .to_string()
        )
    );
}

#[test]
fn fixed_values_must_fit_the_selection_and_the_start() {
    assert_eq!(
        refused(build(&[1.0, 2.0], &Bounds::none(), &[fixed(&[0, 1], Some(&[1.0]))])),
        (
            ErrorKind::InvalidConstraint,
            "constraints[0] (fixed) selects 2 parameters, but gives 1 value. Give one value per selected \
             parameter, or none to fix them at their start values."
                .to_string()
        )
    );
    assert_eq!(
        refused(build(&[1.0, 2.0], &Bounds::none(), &[fixed(&[1, 0], Some(&[2.5, f64::NAN]))])),
        (
            ErrorKind::InvalidParams,
            "constraints[0] (fixed) is violated at the start params: 'b_0' starts at 2.0, but should be fixed \
             at 2.5, 'a' starts at 1.0, but should be fixed at NaN. Parameters are fixed at their start values: \
             start there, or leave out `value`."
                .to_string()
        )
    );
}

#[test]
fn bounds_and_constraints_can_be_set_by_name_and_path() {
    let leaves = LeafTable::of(&(0.5, vec![1.0, 2.0]));
    let mut bounds = Bounds::none();
    bounds.set(&leaves, "1", 0.0, INF).unwrap();
    bounds.set(&leaves, Path::from([1]).join(1), -1.0, 5.0).unwrap();
    assert_eq!(bounds, Bounds::new([-INF, 0.0, -1.0], [INF, INF, 5.0]));

    let error = bounds.set(&leaves, "2", 0.0, 1.0).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidBounds);
    assert_eq!(
        error.to_string(),
        "bounds could not be matched to the params: no parameter is called '2'; the names are '0', '1_0', '1_1'"
    );
    let error = Bounds::lower([0.0]).set(&leaves, 0, 0.0, 1.0).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidBounds);

    let constraint = Constraint::fixed(0, &leaves, ["1_1", "0"]).unwrap();
    assert_eq!(constraint, fixed(&[2, 0], None));
    assert_eq!((constraint.word(), constraint.kind.positions()), ("fixed", vec![2, 0]));
    assert!(matches!(
        Constraint::fixed(0, &leaves, 3),
        Err(SelectError::OutOfRange { position: 3, n: 3 })
    ));
}

#[test]
fn errors_come_in_a_fixed_order() {
    let bad_bounds = Bounds::new([2.0], [1.0]);
    let bad_constraint = [fixed(&[7], None)];
    let kind = |start: f64, bounds: &Bounds| refused(build(&[start], bounds, &bad_constraint)).1;
    assert!(kind(f64::NAN, &bad_bounds).contains("must be finite"));
    assert!(kind(0.0, &bad_bounds).contains("no value lies between"));
    assert!(kind(0.0, &Bounds::lower([1.0])).contains("out of range"));
}
