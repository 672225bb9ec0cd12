//! Random points obey bounds and constraints, whatever the numbers are.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::constraint::{Constraint, ConstraintKind};
use crate::space::BuildOptions;
use crate::transform::Transform;
use crate::transforms::{Covariance, Fixed, Probability, Scale, SdCorr};

fn name(i: usize) -> String {
    format!("x{i}")
}

fn space(start: &[f64], stages: Vec<Arc<dyn Transform>>) -> Space {
    Space::compose(stages, start.to_vec(), &Bounds::none())
}

fn user_of(space: &Space, internal: &[f64]) -> Vec<f64> {
    let mut user = vec![f64::NAN; space.n_user()];
    space.to_user(internal, &mut user, &mut space.workspace());
    user
}

#[test]
fn triangular_numbers_have_their_mode_at_the_start() {
    let quantile = |u| Distribution::Triangular.quantile(u, 0.0, 4.0, 1.0);
    // The distribution function at the mode is c = 1/4; its inverse there is the mode.
    assert_eq!(quantile(0.25), 1.0);
    assert_eq!(quantile(0.0625), 0.5);
    assert_eq!(quantile(0.8125), 2.5);
    assert_eq!(Distribution::Uniform.quantile(0.25, 0.0, 4.0, 1.0), 1.0);
    for u in [0.0, 0.5, 1.0] {
        let outside = Distribution::Triangular.quantile(u, 0.0, 4.0, 9.0);
        assert!((0.0..=4.0).contains(&outside), "{outside}");
        assert_eq!(Distribution::Triangular.quantile(u, 2.0, 2.0, 2.0), 2.0);
    }
}

#[test]
fn free_parameters_are_drawn_between_their_bounds() {
    let bounds = Bounds::new([0.0, -1.0, 2.0], [4.0, 1.0, 3.0]);
    let fixed = Constraint::new(0, ConstraintKind::Fixed { positions: vec![1], value: None });
    let space =
        Space::build(&[1.0, 0.5, 2.5], &name, &bounds, &[fixed], BuildOptions::default()).unwrap();
    assert_eq!(space.check_sampling(&bounds, &name), Ok(()));
    let drawn = space.draw(&[0.25, 0.5], &bounds, Distribution::Uniform).unwrap();
    assert_eq!(user_of(&space, &drawn), [1.0, 0.5, 2.5]);
    let tighter = Bounds::new([3.0, -1.0, 2.0], [4.0, 1.0, 3.0]);
    let drawn = space.draw(&[0.5, 0.5], &tighter, Distribution::Uniform).unwrap();
    assert_eq!(user_of(&space, &drawn), [3.5, 0.5, 2.5]);
}

#[test]
fn scaled_spaces_draw_the_same_points() {
    let bounds = Bounds::new([0.0, -1.0], [4.0, 1.0]);
    let open = (vec![f64::NEG_INFINITY; 2], vec![f64::INFINITY; 2]);
    let scale = Scale::new(vec![2.0, 0.5], vec![0.0, -1.0], open, &[1.0, 0.5]);
    let (plain, scaled) = (space(&[1.0, 0.5], vec![]), space(&[1.0, 0.5], vec![Arc::new(scale)]));
    for distribution in [Distribution::Uniform, Distribution::Triangular] {
        let draw = |space: &Space| {
            user_of(space, &space.draw(&[0.3, 0.8], &bounds, distribution).unwrap())
        };
        let (a, b) = (draw(&plain), draw(&scaled));
        assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-14), "{a:?} {b:?}");
    }
}

#[test]
fn missing_bounds_are_named() {
    let space =
        Space::build(&[1.0, 2.0, 3.0, 4.0], &name, &Bounds::none(), &[], BuildOptions::default())
            .unwrap();
    let nan = f64::NAN;
    let bounds = Bounds::new([0.0, nan, f64::NEG_INFINITY, 0.0], [5.0, nan, 5.0, nan]);
    assert_eq!(
        space.check_sampling(&bounds, &name).unwrap_err().to_string(),
        "random start values are drawn between bounds or soft bounds, which have to be finite; these are missing: \
         'x1' (lower and upper), 'x2' (lower), 'x3' (upper)."
    );
    let contradictory = Bounds::new([0.0, 3.0, 0.0, 0.0], [5.0, 2.0, 5.0, 5.0]);
    assert_eq!(
        space.check_sampling(&contradictory, &name).unwrap_err().to_string(),
        "no value lies between the bounds and soft bounds of these parameters: 'x1' [3.0, 2.0]. Soft bounds must \
         overlap with bounds."
    );
    let many =
        Space::build(&[0.0; 12], &name, &Bounds::none(), &[], BuildOptions::default()).unwrap();
    let said = many.check_sampling(&Bounds::none(), &name).unwrap_err().to_string();
    assert!(said.ends_with("'x9' (lower and upper) and 2 more."), "{said}");
}

proptest! {
    #[test]
    fn points_of_every_kind_obey_their_constraints(unit in prop::collection::vec(0.0001..0.9999, 14)) {
        let start = [2.0, 0.2, 0.3, 0.5, 1.0, 0.9, 1.0, 7.0, 1.0, 2.0, 3.0, 0.0, 0.1, -0.2, 5.0];
        let stages: Vec<Arc<dyn Transform>> = vec![
            Arc::new(Fixed::new(start.to_vec(), |i| i == 7)),
            Arc::new(Probability::new(14, &[1, 2, 3], &start[1..4])),
            Arc::new(Covariance::new(13, &[3, 4, 5], 0.0)),
            Arc::new(SdCorr::new(13, &[6, 7, 8, 9, 10, 11], 0.0)),
        ];
        let space = space(&start, stages);
        let mut bounds = Bounds::new([f64::NAN; 15], [f64::NAN; 15]);
        for side in [&mut bounds.lower, &mut bounds.upper] {
            side.as_mut().unwrap()[0] = 2.0;
            side.as_mut().unwrap()[14] = 5.0;
        }
        // Only the first and the last parameter need bounds.
        prop_assert_eq!(space.check_sampling(&bounds, &name), Ok(()));
        let internal = space.draw(&unit[..space.n_free()], &bounds, Distribution::Uniform).unwrap();
        let user = user_of(&space, &internal);
        prop_assert!((user[1..4].iter().sum::<f64>() - 1.0).abs() < 1e-15);
        prop_assert!(user[1..4].iter().all(|p| (0.0..=1.0).contains(p)));
        prop_assert_eq!(Covariance::violation(&user[4..7]), None);
        prop_assert_eq!(SdCorr::violation(&user[8..14]), None);
        prop_assert_eq!((user[0], user[7], user[14]), (2.0, 7.0, 5.0));
        let moved = (0..15).filter(|&i| user[i] != start[i]).count();
        prop_assert_eq!(moved, 12);
    }
}

#[test]
fn the_middle_of_the_cube_is_the_start_of_covariances() {
    let start = [1.0, 0.3, 2.0];
    let space = space(&start, vec![Arc::new(Covariance::new(3, &[0, 1, 2], 0.0))]);
    let drawn = space.draw(&[0.5; 3], &Bounds::none(), Distribution::Uniform).unwrap();
    let user = user_of(&space, &drawn);
    assert!(user.iter().zip(&start).all(|(a, b)| (a - b).abs() < 1e-14), "{user:?}");
}

proptest! {
    /// Every built-in kind at once, through the front door.
    #[test]
    fn points_of_linear_constraints_obey_them(unit in prop::collection::vec(0.0001..0.9999, 9)) {
        let kinds = [
            ConstraintKind::Increasing { positions: vec![0, 1, 2] },
            ConstraintKind::Linear {
                positions: vec![3, 4, 5], weights: vec![1.0, 2.0, 1.0], lower: 1.0, upper: 1.0,
            },
            ConstraintKind::Linear {
                positions: vec![6, 7], weights: vec![1.0, 1.0], lower: -1.0, upper: 1.0,
            },
            ConstraintKind::Equality { positions: vec![8, 9] },
        ];
        let constraints: Vec<Constraint> =
            kinds.into_iter().enumerate().map(|(i, kind)| Constraint::new(i, kind)).collect();
        let start = [-1.0, 0.5, 2.0, 0.25, 0.25, 0.25, 0.0, 0.5, 3.0, 3.0];
        let hard = Bounds::new(
            [f64::NAN, f64::NAN, f64::NAN, 0.0, 0.0, 0.0, f64::NAN, f64::NAN, 0.0, f64::NAN],
            [f64::NAN, f64::NAN, f64::NAN, 1.0, 1.0, 1.0, f64::NAN, f64::NAN, f64::NAN, 5.0],
        );
        let space =
            Space::build(&start, &name, &hard, &constraints, BuildOptions::default()).unwrap();
        let mut sampling = Bounds::new([-4.0; 10], [4.0; 10]);
        sampling.lower.as_mut().unwrap()[3..6].fill(0.0);
        sampling.upper.as_mut().unwrap()[3..6].fill(1.0);
        prop_assert_eq!(space.check_sampling(&sampling, &name), Ok(()));
        for distribution in [Distribution::Uniform, Distribution::Triangular] {
            let drawn = space.draw(&unit[..space.n_free()], &sampling, distribution).unwrap();
            let u = user_of(&space, &drawn);
            prop_assert!(u[0] <= u[1] + 1e-12 && u[1] <= u[2] + 1e-12, "{u:?}");
            prop_assert!((u[3] + 2.0 * u[4] + u[5] - 1.0).abs() < 1e-12);
            prop_assert!(u[3..6].iter().all(|p| (-1e-12..=1.0 + 1e-12).contains(p)), "{u:?}");
            prop_assert!((-1.0 - 1e-12..=1.0 + 1e-12).contains(&(u[6] + u[7])));
            prop_assert!(u[8] == u[9] && (0.0..=4.0).contains(&u[8]));
        }
    }
}
