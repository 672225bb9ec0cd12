//! Random combinations of constraints: whatever can be built obeys the laws of a transform, and every constraint holds at
//! every point within the internal bounds.

use proptest::prelude::*;

use super::tests::Whole;
use super::{BuildOptions, Space};
use crate::bounds::Bounds;
use crate::consolidate::rows_of;
use crate::constraint::{Constraint, ConstraintKind};
use crate::plan::Handling;
use crate::transforms::laws::check_map;
use crate::transforms::{Covariance, Probability, SdCorr};

/// The parameters of a case; enough for a 3 x 3 covariance and some more.
const N: usize = 9;

/// Positions in any order, `k` of them.
fn some(k: std::ops::RangeInclusive<usize>) -> impl Strategy<Value = Vec<usize>> {
    (k, Just((0..N).collect::<Vec<usize>>()).prop_shuffle()).prop_map(|(k, all)| all[..k].to_vec())
}

fn weights() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec((-4i32..=4).prop_map(|w| f64::from(w) / 2.0), 4)
}

fn kind() -> impl Strategy<Value = ConstraintKind> {
    let triangle = || prop::sample::select(vec![1usize, 3, 3, 6]);
    let linear =
        (some(1..=4), weights(), 0..4, -2.0..2.0).prop_map(|(positions, w, form, limit)| {
            let (lower, upper) = match form {
                0 => (limit, limit),
                1 => (limit, f64::INFINITY),
                2 => (f64::NEG_INFINITY, limit),
                _ => (limit, limit + 1.0),
            };
            let weights = w[..positions.len()].to_vec();
            ConstraintKind::Linear { positions, weights, lower, upper }
        });
    prop_oneof![
        1 => some(1..=2).prop_map(|positions| ConstraintKind::Fixed { positions, value: None }),
        1 => some(2..=3).prop_map(|positions| ConstraintKind::Equality { positions }),
        1 => some(4..=4).prop_map(|p| ConstraintKind::PairwiseEquality {
            selections: vec![p[..2].to_vec(), p[2..].to_vec()],
        }),
        1 => some(2..=4).prop_map(|positions| ConstraintKind::Increasing { positions }),
        1 => some(2..=3).prop_map(|positions| ConstraintKind::Decreasing { positions }),
        3 => linear,
        1 => some(2..=4).prop_map(|positions| ConstraintKind::Probability { positions }),
        1 => (triangle(), some(6..=6)).prop_map(|(k, p)| ConstraintKind::Covariance {
            positions: p[..k].to_vec(),
            regularization: 0.0,
        }),
        1 => (triangle(), some(6..=6)).prop_map(|(k, p)| ConstraintKind::Sdcorr {
            positions: p[..k].to_vec(),
            regularization: 0.0,
        }),
    ]
}

/// Bounds on some of the parameters, with room between them.
fn bounds() -> impl Strategy<Value = Bounds> {
    let one = prop_oneof![
        5 => Just((f64::NEG_INFINITY, f64::INFINITY)),
        1 => (-2.0..0.0).prop_map(|lower| (lower, f64::INFINITY)),
        1 => (-2.0..0.0, 0.5..3.0).prop_map(|(lower, room)| (lower, lower + room)),
    ];
    prop::collection::vec(one, N).prop_map(Bounds::from_pairs)
}

/// A point inside the internal bounds.
fn inside(space: &Space, shifts: &[f64]) -> Vec<f64> {
    let side = |side: Option<&[f64]>, i: usize, none: f64| side.map_or(none, |side| side[i]);
    (0..space.n_free())
        .map(|i| {
            let shift = shifts[i];
            let lower = side(space.lower(), i, f64::NEG_INFINITY);
            let upper = side(space.upper(), i, f64::INFINITY);
            match (lower.is_finite(), upper.is_finite()) {
                (true, true) => lower + (upper - lower) * (0.5 + 0.4 * shift),
                (true, false) => lower + shift.exp(),
                (false, true) => upper - shift.exp(),
                (false, false) => space.start()[i] + shift,
            }
        })
        .collect()
}

/// Panics unless `user` satisfies the constraint to rounding.
fn holds(constraint: &Constraint, user: &[f64], fixed: &[f64]) {
    let values: Vec<f64> = constraint.kind.positions().iter().map(|&p| user[p]).collect();
    match &constraint.kind {
        ConstraintKind::Fixed { positions, .. } => {
            positions.iter().for_each(|&p| assert_eq!(user[p].to_bits(), fixed[p].to_bits()));
        }
        ConstraintKind::Equality { .. } => {
            assert!(values.iter().all(|value| value.to_bits() == values[0].to_bits()));
        }
        ConstraintKind::PairwiseEquality { selections } => {
            for (&a, &b) in selections[0].iter().zip(&selections[1]) {
                assert_eq!(user[a].to_bits(), user[b].to_bits());
            }
        }
        ConstraintKind::Probability { .. } => {
            let off = (values.iter().sum::<f64>() - 1.0).abs();
            assert!(off <= 1e-15 * values.len() as f64, "{values:?}");
            assert!(values.iter().all(|value| (0.0..=1.0).contains(value)));
        }
        ConstraintKind::Covariance { .. } => assert_eq!(Covariance::violation(&values), None),
        ConstraintKind::Sdcorr { .. } => assert_eq!(SdCorr::violation(&values), None),
        _ => {
            for row in rows_of(constraint) {
                let terms = row.positions.iter().zip(&row.weights).map(|(&p, w)| w * user[p]);
                let (sum, size) = terms.fold((0.0, 1.0), |(s, z), t| (s + t, z + f64::abs(t)));
                let slack = 1e-12 * size;
                assert!(row.lower - slack <= sum && sum <= row.upper + slack, "{row:?}: {sum}");
            }
        }
    }
}

/// Checks that constraints and bounds hold at the user vector of `internal`.
fn check(space: &Space, bounds: &Bounds, constraints: &[Constraint], internal: &[f64]) {
    let mut user = vec![f64::NAN; N];
    space.to_user(internal, &mut user, &mut space.workspace());
    let start = space.user_start();
    for (constraint, planned) in constraints.iter().zip(&space.plan().constraints) {
        // What surplus rows imply holds where they do; a chain can be in parts.
        let open = match planned.handling {
            Handling::Surplus { .. } => true,
            Handling::Implied => !space.surplus_rows().is_empty(),
            _ => !space.surplus_rows().is_empty() && rows_of(constraint).len() > 1,
        };
        if !open {
            holds(constraint, &user, &start);
        }
    }
    for (position, value) in user.iter().enumerate() {
        let (lower, upper) = bounds.at(position);
        assert!(lower <= *value && *value <= upper, "{position}: {lower} {value} {upper}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn whatever_can_be_built_holds(
        start in prop::collection::vec(-1.0..1.0, N),
        bounds in bounds(),
        kinds in prop::collection::vec(kind(), 1..5),
        shifts in prop::collection::vec(-1.0..1.0, N),
        corner in prop::collection::vec(any::<bool>(), N),
    ) {
        let constraints: Vec<Constraint> =
            kinds.into_iter().enumerate().map(|(i, kind)| Constraint::new(i, kind)).collect();
        let names = |i: usize| format!("x{i}");
        let repair = BuildOptions { repair_start: true };
        let Ok(space) = Space::build(&start, &names, &bounds, &constraints, repair) else {
            return Ok(()); // what is refused, and why, has its own tests
        };
        let (lower, upper) = (space.lower(), space.upper());
        for (i, value) in space.start().iter().enumerate() {
            prop_assert!(lower.is_none_or(|l| l[i] <= *value) && upper.is_none_or(|u| *value <= u[i]));
        }
        check(&space, &bounds, &constraints, space.start());

        let point = inside(&space, &shifts);
        check(&space, &bounds, &constraints, &point);
        check_map(&Whole(space.clone()), &point);

        // On the bounds, where rounding could lead outside.
        let on_bounds: Vec<f64> = (0..space.n_free())
            .map(|i| {
                let side = if corner[i] { lower } else { upper };
                side.map(|side| side[i]).filter(|bound| bound.is_finite()).unwrap_or(point[i])
            })
            .collect();
        check(&space, &bounds, &constraints, &on_bounds);
    }

    #[test]
    fn starts_that_hold_are_kept(
        weights in prop::collection::vec(0.01..1.0, 3),
        chain in prop::collection::vec(-1.0..1.0, 3),
        same in -1.0..1.0,
    ) {
        let (weights, chain): (Vec<f64>, Vec<f64>) = (weights, chain);
        let total: f64 = weights.iter().sum();
        let mut start: Vec<f64> = weights.iter().map(|w| w / total).collect();
        start.extend([chain[0], chain[0] + chain[1].abs(), same, same, chain[2], 0.5]);
        let kinds = [
            ConstraintKind::Probability { positions: vec![2, 0, 1] },
            ConstraintKind::Increasing { positions: vec![3, 4] },
            ConstraintKind::Equality { positions: vec![5, 6] },
        ];
        let constraints: Vec<Constraint> =
            kinds.into_iter().enumerate().map(|(i, kind)| Constraint::new(i, kind)).collect();
        let options = BuildOptions::default();
        let space = Space::build(&start, &|i| i.to_string(), &Bounds::none(), &constraints, options);
        let space = space.unwrap();
        prop_assert!(space.user_start().iter().zip(&start).all(|(a, b)| (a - b).abs() <= 1e-15));
        prop_assert!(Probability::violations(&space.user_start()[..3], 1.0).is_empty());
    }
}
