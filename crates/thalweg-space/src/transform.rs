//! The contract of one step between the user's vector and the vector that an algorithm sees.

use std::fmt;

/// A smooth map from an internal vector `z` to a user vector `u`, and its inverse.
///
/// Each constraint kind is one transform in one file of `transforms/`. Transforms are chained: the user side of one is
/// the internal side of the one before it, so a transform covers the *whole* vector and passes through the entries
/// that it is not about. It keeps their order.
///
/// What must hold (checked for every kind by one property test, `transforms/laws.rs`):
///
/// * `to_internal(to_user(z)) = z`, and `to_user(to_internal(u)) = u` for every `u` that satisfies the constraint;
/// * `pull_back` is the product with the transposed derivative of `to_user`;
/// * `to_user(z)` lies in the user bounds whenever `z` lies in the internal ones;
/// * `user_position` is strictly increasing.
///
/// Slices must have the lengths given by `n_user` and `n_internal`; implementations may panic otherwise.
///
/// To add a kind: a variant of [`ConstraintKind`](crate::ConstraintKind) with its checks, a file in `transforms/`, its
/// cases in the tests there, its step in `consolidate/`, and the line in `space/build.rs` that adds it to the chain.
pub trait Transform: fmt::Debug + Send + Sync {
    /// The length of the user vector.
    fn n_user(&self) -> usize;

    /// The length of the internal vector, at most [`n_user`](Transform::n_user).
    fn n_internal(&self) -> usize;

    /// The user vector of an internal one.
    fn to_user(&self, internal: &[f64], user: &mut [f64]);

    /// The internal vector of a user vector; of a near one if `user` does not satisfy the constraint.
    fn to_internal(&self, user: &[f64], internal: &mut [f64]);

    /// Turns a gradient with respect to the user vector into the one with respect to the internal vector, at the point
    /// `internal`: `J^T gradient_user` with `J = d to_user / d internal` (`n_user` x `n_internal`).
    ///
    /// A Jacobian is pulled back row by row.
    fn pull_back(&self, internal: &[f64], gradient_user: &[f64], gradient_internal: &mut [f64]);

    /// The (lower, upper) bounds of the internal vector that make the user vector obey the given ones, infinite where
    /// there is none.
    fn internal_bounds(&self, lower: &[f64], upper: &[f64]) -> (Vec<f64>, Vec<f64>);

    /// The user entry that an internal entry stands for: its own, or the first of those that it moves. For messages.
    fn user_position(&self, internal: usize) -> usize;

    /// Whether `to_user` is affine, so that its derivative is the same everywhere.
    fn is_affine(&self) -> bool {
        false
    }

    /// The factor of every internal entry, if each moves only the user entry that it stands for, by this factor.
    fn factors(&self) -> Option<Vec<f64>> {
        None
    }

    /// The factors of a mere scaling.
    fn scale(&self) -> Option<&[f64]> {
        None
    }

    /// Where a random value for an internal entry is drawn.
    fn sampling(&self, _internal: usize) -> Sampling {
        Sampling::Internal
    }

    /// Draws the user entries that belong to [`Sampling::Own`] internal ones. `unit` has a number in (0, 1) for each
    /// user entry, `start` is a valid point near which to draw, and `user` holds the other entries.
    fn draw(&self, _unit: &[f64], _start: &[f64], _user: &mut [f64]) {}
}

/// Where a random value for an internal entry of a [`Transform`] is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sampling {
    /// Within the bounds of the internal entry, which say all there is to say about it.
    Internal,
    /// Within the bounds of the user entry that it stands for; then it is transformed.
    User,
    /// By [`Transform::draw`], which needs no bounds.
    Own,
}
