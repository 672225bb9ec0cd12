//! Spaces from constraints of every kind and their combinations: what is built, and what the start becomes.

mod common;

use common::*;
use thalweg_space::{Bounds, BuildOptions, ConstraintKind, Handling, LinearRow, Space};

// ---- equality ------------------------------------------------------------------------------------------------------

#[test]
fn equal_parameters_are_one_coordinate_with_the_strictest_bounds() {
    let bounds = Bounds::new([0.0, -INF, 1.0, -INF], [9.0, 4.0, INF, INF]);
    let kinds = vec![equal(&[2, 0]), equal(&[1, 2]), equal(&[3])];
    let space = built(&[2.0, 2.0, 2.0, 5.0], &bounds, kinds);
    assert_eq!(space.start(), [2.0, 5.0]);
    assert_eq!(
        (space.lower(), space.upper()),
        (Some([1.0, -INF].as_slice()), Some([4.0, INF].as_slice()))
    );
    assert_eq!(user(&space, &[3.0, 6.0]), [3.0, 3.0, 3.0, 6.0]);
    assert_eq!(
        space.plan().to_string(),
        "constraints[0] (equality): 1 parameter is a copy of another\n\
         constraints[1] (equality): 1 parameter is a copy of another\n\
         constraints[2] (equality): asks for nothing: it selects fewer than two parameters"
    );
}

#[test]
fn pairs_are_equal_one_by_one() {
    let space = built(&[1.0, 2.0, 1.0, 2.0], &Bounds::none(), vec![pairwise(&[&[0, 1], &[2, 3]])]);
    assert_eq!(user(&space, &[5.0, 6.0]), [5.0, 6.0, 5.0, 6.0]);
    assert_eq!(
        space.plan().to_string(),
        "constraints[0] (pairwise_equality): 2 parameters are copies of others"
    );
}

#[test]
fn fixing_one_of_equal_parameters_fixes_all() {
    let space = built(&[1.0, 1.0, 1.0], &Bounds::none(), vec![equal(&[0, 1, 2]), fixed(&[2])]);
    assert_eq!((space.n_free(), user(&space, &[])), (0, vec![1.0; 3]));
    // So do bounds with only one common value.
    let bounds = Bounds::new([1.0, -INF], [INF, 1.0]);
    let space = built(&[1.0, 1.0], &bounds, vec![equal(&[0, 1])]);
    assert_eq!((space.n_free(), user(&space, &[])), (0, vec![1.0; 2]));
}

// ---- order and linear ----------------------------------------------------------------------------------------------

#[test]
fn an_order_is_a_chain_of_differences() {
    let space = built(&[1.0, 2.0, 2.0], &Bounds::none(), vec![increasing(&[0, 1, 2])]);
    assert_eq!(space.n_free(), 3);
    let lower = space.lower().unwrap();
    assert_eq!(lower.iter().filter(|l| **l == 0.0).count(), 2);
    close(&space.user_start(), &[1.0, 2.0, 2.0]);
    let down = built(&[3.0, 2.0, 0.0], &Bounds::none(), vec![decreasing(&[0, 1, 2])]);
    close(&user(&down, down.start()), &[3.0, 2.0, 0.0]);
    assert_eq!(
        space.plan().to_string(),
        "constraints[0] (increasing): reparametrized: linear combinations are coordinates"
    );
}

#[test]
fn an_equation_saves_a_coordinate() {
    let space = built(
        &[1.0, 1.0, 1.0, 7.0],
        &Bounds::none(),
        vec![linear(&[0, 1, 2], &[1.0, 2.0, 4.0], 7.0, 7.0)],
    );
    assert_eq!(space.n_free(), 3);
    let point = user(&space, &[0.3, -2.0, 5.0]);
    close(&[point[0] + 2.0 * point[1] + 4.0 * point[2]], &[7.0]);
    assert_eq!(point[3], 5.0);
}

#[test]
fn a_row_of_one_parameter_is_a_bound() {
    let kinds = vec![linear(&[0], &[-2.0], -6.0, INF), linear(&[1], &[2.0], 4.0, 4.0)];
    let space = built(&[1.0, 2.0], &Bounds::none(), kinds);
    assert_eq!((space.start(), space.upper()), ([1.0].as_slice(), Some([3.0].as_slice())));
    assert_eq!(handling(&space), [&Handling::Bounds, &Handling::Bounds]);
}

#[test]
fn equal_and_fixed_parameters_are_plugged_into_rows() {
    let start = [1.0, 1.0, 3.0, 2.0];
    // 2 x0 + x2 = 5 is left, in one coordinate; then x0 >= 0 makes x2 <= 5.
    let kinds =
        vec![equal(&[0, 1]), fixed(&[3]), linear(&[0, 1, 2, 3], &[1.0, 1.0, 1.0, 1.0], 7.0, 7.0)];
    let space = built(&start, &Bounds::lower([0.0, -INF, -INF, -INF]), kinds);
    assert_eq!(
        (space.n_free(), space.start(), space.lower()),
        (1, [1.0].as_slice(), Some([0.0].as_slice()))
    );
    close(&user(&space, &[2.5]), &[2.5, 2.5, 0.0, 2.0]);
}

#[test]
fn weights_that_cancel_ask_for_nothing() {
    let kinds = vec![equal(&[0, 1]), linear(&[0, 1], &[1.0, -1.0], 0.0, 0.0), increasing(&[0, 1])];
    let space = built(&[1.0, 1.0], &Bounds::none(), kinds);
    assert_eq!(space.n_free(), 1);
    assert_eq!(
        handling(&space)[1],
        &Handling::Idle { reason: "all its parameters are fixed".into() }
    );
}

#[test]
fn implied_rows_are_dropped() {
    let implied = |start: &[f64], bounds: &Bounds, kinds: Vec<ConstraintKind>, which: &[usize]| {
        let space = built(start, bounds, kinds);
        for (k, handling) in handling(&space).into_iter().enumerate() {
            assert_eq!(*handling == Handling::Implied, which.contains(&k), "{}", space.plan());
        }
        assert!(space.surplus_rows().is_empty());
        space
    };
    // By the bounds.
    let sum = |lower, upper| linear(&[0, 1], &[1.0, 1.0], lower, upper);
    let space = implied(&[1.0, 2.0], &Bounds::lower([0.0, 0.0]), vec![sum(0.0, INF)], &[0]);
    assert!(space.is_identity());
    // By the chain.
    let kinds = vec![increasing(&[0, 1, 2]), increasing(&[0, 2])];
    implied(&[1.0, 2.0, 3.0], &Bounds::none(), kinds, &[1]);
    // Bounds implied by rows and other bounds make room for rows.
    let space =
        implied(&[1.0, 2.0, 3.0], &Bounds::lower([0.0; 3]), vec![increasing(&[0, 1, 2])], &[]);
    assert_eq!(space.lower(), Some([0.0; 3].as_slice()));
    // Equations that follow from others.
    let kinds = vec![sum(3.0, 3.0), linear(&[0, 1], &[-2.0, -2.0], -6.0, -6.0)];
    assert_eq!(implied(&[1.0, 2.0], &Bounds::none(), kinds, &[1]).n_free(), 1);
}

#[test]
fn multiples_of_a_row_are_one_row_with_the_tighter_limits() {
    let kinds =
        vec![linear(&[0, 1], &[1.0, 1.0], 0.0, 9.0), linear(&[0, 1], &[-2.0, -2.0], -10.0, -2.0)];
    let space = built(&[1.0, 2.0], &Bounds::none(), kinds);
    let (lower, upper) = (space.lower().unwrap(), space.upper().unwrap());
    let row = lower.iter().position(|l| l.is_finite()).unwrap();
    assert_eq!((lower[row], upper[row]), (1.0, 5.0));
    // Two inequalities can be an equation.
    let kinds =
        vec![linear(&[0, 1], &[1.0, 1.0], 3.0, 9.0), linear(&[0, 1], &[2.0, 2.0], -INF, 6.0)];
    assert_eq!(built(&[1.0, 2.0], &Bounds::none(), kinds).n_free(), 1);
}

#[test]
fn bounds_on_both_ends_of_an_equation_are_one_interval() {
    let space = built(
        &[0.3, 0.7],
        &Bounds::new([0.0, 0.2], [0.9, 1.0]),
        vec![linear(&[0, 1], &[1.0, 1.0], 1.0, 1.0)],
    );
    assert_eq!(
        (space.n_free(), space.lower(), space.upper()),
        (1, Some([0.0].as_slice()), Some([0.8].as_slice()))
    );
    close(&user(&space, &[0.8]), &[0.8, 0.2]);
}

#[test]
fn rows_and_bounds_that_close_a_simplex_become_shares_of_its_corners() {
    let how = "reparametrized: shares of the corners of a simplex are coordinates";
    // Shares of a portfolio.
    let sum = |limits: (f64, f64)| linear(&[0, 1, 2], &[1.0, 1.0, 1.0], limits.0, limits.1);
    let space = built(&[0.2, 0.3, 0.5], &Bounds::lower([0.0; 3]), vec![sum((1.0, 1.0))]);
    assert_eq!(
        (space.n_free(), space.plan().constraints[0].handling.to_string()),
        (2, how.to_string())
    );
    close(&space.user_start(), &[0.2, 0.3, 0.5]);
    close(&user(&space, &[0.0, 0.0]), &[0.0, 0.0, 1.0]);
    // The same with money left over.
    let space = built(&[0.2, 0.3, 0.4], &Bounds::lower([0.0; 3]), vec![sum((-INF, 1.0))]);
    assert_eq!(
        (space.n_free(), space.plan().constraints[0].handling.to_string()),
        (3, how.to_string())
    );
    close(&space.user_start(), &[0.2, 0.3, 0.4]);
    // Cut-offs within an interval.
    let bounds = Bounds::new([0.0; 3], [1.0; 3]);
    let space = built(&[0.2, 0.3, 0.9], &bounds, vec![increasing(&[0, 1, 2])]);
    assert_eq!(
        (space.n_free(), space.plan().constraints[0].handling.to_string()),
        (3, how.to_string())
    );
    for z in [[0.0, 0.0, 0.0], [1.0, 0.0, 9.0], [1e300, 2.0, 1e-300]] {
        let point = user(&space, &z);
        let ordered = point.windows(2).all(|pair| pair[0] <= pair[1] + 1e-15);
        assert!(ordered && point.iter().all(|x| (0.0..=1.0).contains(x)), "{point:?}");
    }
}

#[test]
fn what_does_not_fit_is_left_over() {
    // A box cut off at a corner has five sides in two dimensions.
    let cut = linear(&[0, 1], &[1.0, 1.0], -INF, 1.5);
    let space = built(&[0.2, 0.3], &Bounds::new([0.0; 2], [1.0; 2]), vec![cut]);
    assert_eq!(
        (space.lower(), space.upper()),
        (Some([0.0; 2].as_slice()), Some([1.0; 2].as_slice()))
    );
    let row = |constraint, positions: &[usize], weights: &[f64], lower, upper| LinearRow {
        constraint,
        positions: positions.into(),
        weights: weights.into(),
        lower,
        upper,
    };
    assert_eq!(space.surplus_rows(), [row(0, &[0, 1], &[1.0, 1.0], -INF, 1.5)]);
    assert_eq!(
        space.plan().to_string(),
        "constraints[0] (linear): 1 of 1 rows left to the algorithm"
    );

    // Equations go first where there is room for some.
    let kinds = vec![
        linear(&[0, 1, 2], &[1.0, 1.0, 1.0], 0.0, INF),
        linear(&[0, 1, 2], &[1.0, 2.0, 1.0], 0.0, INF),
        linear(&[0, 1, 2], &[1.0, 1.0, 3.0], -INF, 9.0),
        linear(&[0, 2], &[1.0, -1.0], 0.0, 0.0),
    ];
    let space = built(&[1.0, 1.0, 1.0], &Bounds::none(), kinds);
    let left: Vec<usize> = space.surplus_rows().iter().map(|row| row.constraint).collect();
    assert_eq!((space.n_free(), left), (2, vec![2]), "{}", space.plan());

    // Rows on members of a block.
    let kinds = vec![probability(&[0, 1, 2]), decreasing(&[0, 1])];
    let space = built(&[0.5, 0.3, 0.2], &Bounds::none(), kinds);
    assert_eq!(space.surplus_rows(), [row(1, &[0, 1], &[1.0, -1.0], 0.0, INF)]);
}

// ---- blocks --------------------------------------------------------------------------------------------------------

#[test]
fn fixed_probabilities_leave_the_simplex() {
    let kinds = vec![probability(&[0, 1, 2, 3]), fixed(&[1, 3])];
    let space = built(&[0.3, 0.0, 0.5, 0.2], &Bounds::none(), kinds);
    assert_eq!((space.n_free(), space.lower()), (1, Some([0.0].as_slice())));
    close(&user(&space, &[1f64.asinh()]), &[0.4, 0.0, 0.4, 0.2]);
    // The last free one has no choice.
    let kinds = vec![probability(&[0, 1]), fixed(&[1])];
    let space = built(&[0.7, 0.3], &Bounds::none(), kinds);
    assert_eq!((space.n_free(), user(&space, &[])), (0, vec![0.7, 0.3]));
    let kinds = vec![probability(&[0, 1, 2]), fixed(&[0])];
    assert_eq!(user(&built(&[1.0, 0.0, 0.0], &Bounds::none(), kinds), &[]), [1.0, 0.0, 0.0]);
    let kinds = vec![probability(&[0, 1]), fixed(&[0, 1])];
    let space = built(&[0.5, 0.5], &Bounds::none(), kinds);
    assert_eq!(handling(&space)[0].to_string(), "asks for nothing: all its parameters are fixed");
}

#[test]
fn bounds_that_hold_by_themselves_are_accepted() {
    built(&[0.5, 0.5], &Bounds::new([0.0, -1.0], [1.0, 1.5]), vec![probability(&[0, 1])]);
    built(&[1.0, 0.2, 1.0], &Bounds::lower([0.5, -INF, 0.0]), vec![covariance(&[0, 1, 2], 0.0)]);
    let bounds = Bounds::new([0.5, 0.0, 0.0, -1.0, -1.0, -1.0], [2.0, INF, INF, 1.0, 1.0, 1.0]);
    built(&[1.0, 1.0, 1.0, 0.1, 0.2, 0.3], &bounds, vec![sdcorr(&[0, 1, 2, 3, 4, 5], 0.0)]);
}

#[test]
fn the_first_variance_may_be_fixed_or_bounded() {
    let kinds = vec![covariance(&[0, 1, 2], 0.0), fixed(&[0])];
    let space = built(&[4.0, 1.0, 2.0], &Bounds::none(), kinds);
    assert_eq!(space.n_free(), 2);
    let point = user(&space, &[3.0, 0.5]);
    close(&point, &[4.0, 6.0, 9.25]);
    let space = built(
        &[4.0, 1.0, 2.0],
        &Bounds::lower([3.0, -INF, -INF]),
        vec![covariance(&[0, 1, 2], 0.0)],
    );
    assert_eq!(space.lower().unwrap()[0], 3.0_f64.sqrt());
    assert!(user(&space, &[3.0_f64.sqrt(), 0.0, 1.0])[0] >= 3.0);
    // For standard deviations without a root.
    let kinds = vec![sdcorr(&[0, 1, 2, 3, 4, 5], 0.0), fixed(&[0])];
    let space = built(&[2.0, 1.0, 1.0, 0.1, 0.2, 0.3], &Bounds::none(), kinds);
    assert_eq!((space.n_free(), space.user_start()[0]), (5, 2.0));
}

#[test]
fn covariances_that_come_down_to_bounds_are_bounds() {
    let kinds = vec![covariance(&[0, 1, 2], 0.25), fixed(&[1])];
    let space = built(&[4.0, 0.0, 2.0], &Bounds::upper([9.0, INF, INF]), kinds);
    assert_eq!(
        (space.lower(), space.upper()),
        (Some([0.25; 2].as_slice()), Some([9.0, INF].as_slice()))
    );
    assert_eq!(handling(&space)[0], &Handling::Bounds);
    // Of a correlation, the user's bounds stay if they are tighter.
    let bounds = Bounds::new([0.5, -INF, 0.0], [INF, INF, 3.0]);
    let space = built(&[1.0, 1.0, 0.5], &bounds, vec![sdcorr(&[0, 1, 2], 0.0)]);
    assert_eq!(space.lower(), Some([0.5, 0.0, 0.0].as_slice()));
    assert_eq!(space.upper(), Some([INF, INF, 1.0].as_slice()));
    let space = built(&[2.0], &Bounds::none(), vec![covariance(&[0], 0.0)]);
    assert_eq!(space.lower(), Some([0.0].as_slice()));
}

#[test]
fn repetitions_are_dropped_and_empty_selections_ask_for_nothing() {
    let kinds = vec![
        probability(&[0, 1]),
        probability(&[0, 1]),
        fixed(&[]),
        probability(&[]),
        covariance(&[], 0.0),
    ];
    let space = built(&[0.5, 0.5], &Bounds::none(), kinds);
    assert_eq!(handling(&space)[1], &Handling::Implied);
    for k in 2..5 {
        assert_eq!(handling(&space)[k].to_string(), "asks for nothing: it selects no parameters");
    }
    let kinds = vec![increasing(&[]), increasing(&[1]), equal(&[])];
    let space = built(&[0.5, 0.5], &Bounds::none(), kinds);
    assert_eq!(handling(&space)[1].to_string(), "asks for nothing: it selects too few parameters");
    assert_eq!(
        build(&[1.0], &Bounds::none(), vec![]).unwrap().plan().to_string(),
        "no constraints"
    );
}

// ---- the start -----------------------------------------------------------------------------------------------------

#[test]
fn start_values_that_are_off_by_rounding_are_moved_onto_the_constraint() {
    let space = built(&[1.0, 1.0 + 1e-12], &Bounds::none(), vec![equal(&[0, 1])]);
    assert_eq!(space.user_start(), [1.0, 1.0]);
    let space =
        built(&[0.1 + 1e-12, 0.2], &Bounds::none(), vec![linear(&[0, 1], &[1.0, 1.0], 0.3, 0.3)]);
    let start = space.user_start();
    assert!((start[0] + start[1] - 0.3).abs() <= 1e-16);
    let space = built(&[0.5, 0.5 + 5e-9], &Bounds::none(), vec![probability(&[0, 1])]);
    assert!((space.user_start().iter().sum::<f64>() - 1.0).abs() <= 2e-16);
    let space = built(&[1.0 + 1e-12, 1.0], &Bounds::none(), vec![increasing(&[0, 1])]);
    assert!(space.repairs().is_empty());
    assert!(space.user_start()[0] <= space.user_start()[1]);
}

#[test]
fn violated_starts_can_be_repaired() {
    let repair = BuildOptions { repair_start: true };
    let repaired =
        |start: &[f64], bounds: &Bounds, kinds: Vec<ConstraintKind>, expected: &[f64]| {
            let space = Space::build(start, &name, bounds, &list(kinds), repair).unwrap();
            let found = space.user_start();
            let near = found.iter().zip(expected).all(|(f, e)| (f - e).abs() < 1e-8);
            assert!(near, "{found:?} is not {expected:?}");
            space
        };
    let none = Bounds::none();
    let space = repaired(&[1.0, 3.0, 9.0], &none, vec![equal(&[0, 1])], &[2.0, 2.0, 9.0]);
    let texts: Vec<String> = space.repairs().iter().map(ToString::to_string).collect();
    assert_eq!(texts, ["'x0' from 1.0 to 2.0", "'x1' from 3.0 to 2.0"]);
    repaired(&[1.0, 3.0], &none, vec![equal(&[0, 1]), fixed(&[1])], &[3.0, 3.0]);
    repaired(&[1.0, 1.0], &none, vec![linear(&[0, 1], &[1.0, 1.0], 4.0, 4.0)], &[2.0, 2.0]);
    repaired(
        &[1.0, 1.0],
        &none,
        vec![linear(&[0, 1], &[1.0, 1.0], 4.0, 4.0), fixed(&[0])],
        &[1.0, 3.0],
    );
    repaired(&[3.0, 1.0], &none, vec![increasing(&[0, 1])], &[2.0, 2.0]);
    repaired(&[0.5, 0.9], &none, vec![probability(&[0, 1])], &[0.3, 0.7]);
    repaired(&[0.5, 0.9, 0.2], &none, vec![probability(&[0, 1, 2]), fixed(&[2])], &[0.2, 0.6, 0.2]);
    repaired(&[-1.0, 5.0], &Bounds::new([0.0; 2], [1.0; 2]), vec![], &[0.0, 1.0]);
    repaired(&[1.0, 2.0, 1.0], &none, vec![covariance(&[0, 1, 2], 0.0)], &[1.5, 1.5, 1.5]);
    repaired(&[1.0, -1.0, 2.0], &none, vec![sdcorr(&[0, 1, 2], 0.0)], &[1.0, 0.0, 1.0]);
    let elsewhere = ConstraintKind::Fixed { positions: vec![0], value: Some(vec![2.0]) };
    repaired(&[1.0, 1.0], &none, vec![elsewhere], &[2.0, 1.0]);
    let fine = repaired(&[1.0, 2.0], &none, vec![increasing(&[0, 1])], &[1.0, 2.0]);
    assert!(fine.repairs().is_empty());
}
