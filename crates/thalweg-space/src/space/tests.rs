//! Chains of transforms obey the laws of a single one.

use proptest::prelude::*;

use super::*;
use crate::transforms::Fixed;
use crate::transforms::laws::{check_laws, number};

/// A nonlinear, order-keeping transform to test chains with: `u = z^3 + z` in one entry, the others unchanged.
#[derive(Debug)]
struct Cubic {
    n: usize,
    entry: usize,
}

impl Transform for Cubic {
    fn n_user(&self) -> usize {
        self.n
    }

    fn n_internal(&self) -> usize {
        self.n
    }

    fn to_user(&self, internal: &[f64], user: &mut [f64]) {
        user.copy_from_slice(internal);
        user[self.entry] = internal[self.entry].powi(3) + internal[self.entry];
    }

    fn to_internal(&self, user: &[f64], internal: &mut [f64]) {
        internal.copy_from_slice(user);
        let mut root = user[self.entry].cbrt();
        for _ in 0..50 {
            root -= (root.powi(3) + root - user[self.entry]) / (3.0 * root * root + 1.0);
        }
        internal[self.entry] = root;
    }

    fn pull_back(&self, internal: &[f64], gradient_user: &[f64], own: &mut [f64]) {
        own.copy_from_slice(gradient_user);
        own[self.entry] *= 3.0 * internal[self.entry].powi(2) + 1.0;
    }

    fn internal_bounds(&self, lower: &[f64], upper: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let map = |bounds: &[f64]| {
            let mut own = bounds.to_vec();
            if own[self.entry].is_finite() {
                self.to_internal(bounds, &mut own);
            }
            own
        };
        (map(lower), map(upper))
    }

    fn user_position(&self, internal: usize) -> usize {
        internal
    }
}

/// A whole space obeys the laws of a single transform.
#[derive(Debug)]
pub(super) struct Whole(pub(super) Space);

impl Transform for Whole {
    fn n_user(&self) -> usize {
        self.0.n_user()
    }

    fn n_internal(&self) -> usize {
        self.0.n_free()
    }

    fn to_user(&self, internal: &[f64], user: &mut [f64]) {
        self.0.to_user(internal, user, &mut self.0.workspace());
    }

    fn to_internal(&self, user: &[f64], internal: &mut [f64]) {
        internal.copy_from_slice(&self.0.to_internal(user));
    }

    fn pull_back(&self, internal: &[f64], gradient_user: &[f64], own: &mut [f64]) {
        self.0.pull_back_gradient(internal, gradient_user, own, &mut self.0.workspace());
    }

    fn internal_bounds(&self, lower: &[f64], upper: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let bounds = Bounds::new(lower, upper);
        let bounded = Space::compose(self.0.stages.clone(), vec![0.0; lower.len()], &bounds);
        let n = bounded.n_free();
        (
            bounded.lower.unwrap_or(vec![f64::NEG_INFINITY; n]),
            bounded.upper.unwrap_or(vec![f64::INFINITY; n]),
        )
    }

    fn user_position(&self, internal: usize) -> usize {
        self.0.user_position(internal)
    }
}

fn chain(user: Vec<f64>, stages: Vec<Arc<dyn Transform>>) -> Space {
    Space::compose(stages, user, &Bounds::none())
}

proptest! {
    #[test]
    fn spaces_of_any_number_of_stages_obey_the_laws(
        user in prop::collection::vec(number(), 5),
        n_stages in 0usize..=4,
    ) {
        let all: [Arc<dyn Transform>; 4] = [
            Arc::new(Cubic { n: 5, entry: 3 }),
            Arc::new(Fixed::new(user.clone(), |i| i == 1)),
            Arc::new(Cubic { n: 4, entry: 0 }),
            Arc::new(Fixed::new(user[1..].to_vec(), |i| i == 3)),
        ];
        let space = chain(user, all[..n_stages].to_vec());
        let internal: Vec<f64> = space.start().iter().map(|value| value / 5.0).collect();
        check_laws(&Whole(space), &internal);
    }

    #[test]
    fn jacobians_are_pulled_back_row_by_row(
        user in prop::collection::vec(number(), 4),
        rows in prop::collection::vec(prop::collection::vec(number(), 4), 0..4),
    ) {
        let stages: Vec<Arc<dyn Transform>> = vec![
            Arc::new(Cubic { n: 4, entry: 2 }),
            Arc::new(Fixed::new(user.clone(), |i| i == 0)),
            Arc::new(Cubic { n: 3, entry: 1 }),
        ];
        let space = chain(user, stages);
        let (mut work, internal) = (space.workspace(), space.start().to_vec());
        let mut whole = vec![f64::NAN; rows.len() * 3];
        space.pull_back_jacobian(&internal, &rows.concat(), &mut whole, &mut work);
        for (row, own) in rows.iter().zip(whole.chunks_exact(3)) {
            let mut alone = vec![f64::NAN; 3];
            space.pull_back_gradient(&internal, row, &mut alone, &mut work);
            prop_assert_eq!(own, alone);
        }
    }
}
