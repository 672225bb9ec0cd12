//! Parameters of any shape: everything that can be flattened into a vector of numbers and rebuilt from one.
//!
//! Numbers, arrays, vectors, tuples, `Option`, `Box` and `BTreeMap` of such things are parameters; a struct of them
//! becomes one with `#[derive(Params)]`. Vectors and matrices of `ndarray`, `nalgebra` and `faer` are parameters when
//! the feature of that name is on.
//!
//! ```
//! use thalweg_space::params::Params;
//!
//! #[derive(Clone, Debug, PartialEq, Params)]
//! # #[params(crate = "thalweg_space::params")]
//! struct Model {
//!     intercept: f64,
//!     slopes: Vec<f64>,
//!     #[params(fixed)]
//!     scale: f64, // part of the flat vector, but never moved
//!     #[params(skip)]
//!     label: String, // no parameter: kept as it is
//! }
//!
//! let start = Model { intercept: 1.0, slopes: vec![2.0, 3.0], scale: 4.0, label: "first".into() };
//! assert_eq!(start.to_flat(), [1.0, 2.0, 3.0, 4.0]);
//! assert_eq!(start.leaf_names(), ["intercept", "slopes_0", "slopes_1", "scale"]);
//! assert_eq!(start.fixed_positions(), [3]);
//!
//! let moved = start.with_flat(&[5.0, 6.0, 7.0, 4.0])?;
//! assert_eq!(moved.slopes, [6.0, 7.0]);
//! assert_eq!(moved.label, "first");
//! # Ok::<(), thalweg_space::SpaceError>(())
//! ```
//!
//! # The attributes of the derive
//!
//! | attribute | where | meaning |
//! |---|---|---|
//! | `#[params(skip)]` | field | not a parameter; the value of the start parameters is kept |
//! | `#[params(fixed)]` | field | part of the flat vector, names and covariances, but held at its start value |
//! | `#[params(crate = "path")]` | struct | where this module is, if not at `::thalweg::params` |
//!
//! A field adds its name to the path of the leaves below it, a field of a tuple struct its position; a struct with a
//! single unnamed field adds nothing. An `Option` that is `None` has no leaves: whether it is `Some` is decided by the
//! start parameters.

#[cfg(feature = "faer")]
mod faer_types;
#[cfg(feature = "nalgebra")]
mod nalgebra_types;
#[cfg(feature = "ndarray")]
mod ndarray_types;
mod std_types;
mod values;

pub use crate::leaf::{Leaf, Leaves, Path, Segment};
pub use crate::select::{LeafTable, Selector};
pub use thalweg_macros::Params;
pub use values::Values;

use crate::error::SpaceError;

/// A value that flattens into a vector of numbers and can be rebuilt from one.
///
/// The *shape* (lengths, keys, which options are `Some`) belongs to the value and does not change: a value serves as
/// the template for all later ones. The four required methods walk over the same leaves in the same order, depth
/// first.
///
/// Usually derived, see the [module](crate::params). By hand:
///
/// ```
/// use thalweg_space::params::{Leaves, Params, Values};
///
/// #[derive(Clone)]
/// struct Polar {
///     radius: f64,
///     angle: f64,
/// }
///
/// impl Params for Polar {
///     const MAY_HAVE_FIXED: bool = false;
///     fn n_values(&self) -> usize {
///         2
///     }
///     fn flatten_into(&self, flat: &mut Vec<f64>) {
///         flat.extend([self.radius, self.angle]);
///     }
///     fn read_from(&mut self, values: &mut Values<'_>) {
///         self.radius = values.next_value();
///         self.angle = values.next_value();
///     }
///     fn describe(&self, leaves: &mut Leaves<'_>) {
///         leaves.leaf_at("radius");
///         leaves.leaf_at("angle");
///     }
/// }
///
/// assert_eq!(Polar { radius: 1.0, angle: 0.5 }.leaf_names(), ["radius", "angle"]);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be used as parameters",
    label = "not made of f64 leaves in a fixed order",
    note = "numbers must be f64: f32 is too coarse for numerical derivatives, integers cannot move continuously",
    note = "a HashMap has no order: use a BTreeMap",
    note = "for your own struct: `#[derive(Clone, Params)]`, with `#[params(skip)]` on fields that are no parameters"
)]
pub trait Params: Clone {
    /// Whether any leaf may be marked as fixed. `false` lets [`fixed_positions`](Params::fixed_positions) return at
    /// once; `true` is always right.
    const MAY_HAVE_FIXED: bool = true;

    /// The number of leaves, which is the length of the flat vector.
    fn n_values(&self) -> usize;

    /// Appends the leaves to `flat`.
    fn flatten_into(&self, flat: &mut Vec<f64>);

    /// Overwrites the leaves with the next [`n_values`](Params::n_values) numbers, in place and without allocation.
    fn read_from(&mut self, values: &mut Values<'_>);

    /// Announces path and status of each leaf.
    fn describe(&self, leaves: &mut Leaves<'_>);

    /// Appends the leaves of all `items`: one copy where the items are numbers.
    fn flatten_slice(items: &[Self], flat: &mut Vec<f64>) {
        for item in items {
            item.flatten_into(flat);
        }
    }

    /// Overwrites the leaves of all `items`: one copy where the items are numbers.
    fn read_slice(items: &mut [Self], values: &mut Values<'_>) {
        for item in items {
            item.read_from(values);
        }
    }

    /// The leaves as a new flat vector.
    fn to_flat(&self) -> Vec<f64> {
        let mut flat = Vec::with_capacity(self.n_values());
        self.flatten_into(&mut flat);
        flat
    }

    /// Overwrites all leaves with the numbers in `flat`, in place: the path for every evaluation.
    ///
    /// # Errors
    ///
    /// [`SpaceError::FlatLength`] if there are not as many numbers as leaves. Then some leaves are overwritten already.
    fn set_flat(&mut self, flat: &[f64]) -> Result<(), SpaceError> {
        let mut values = Values::new(flat);
        self.read_from(&mut values);
        values.finish()
    }

    /// A copy of `self` (the template) whose leaves are the numbers in `flat`.
    ///
    /// # Errors
    ///
    /// [`SpaceError::FlatLength`] if there are not as many numbers as leaves.
    fn with_flat(&self, flat: &[f64]) -> Result<Self, SpaceError> {
        let mut copy = self.clone();
        copy.set_flat(flat)?;
        Ok(copy)
    }

    /// The path of each leaf.
    fn leaf_paths(&self) -> Vec<Path> {
        let mut paths = Vec::with_capacity(self.n_values());
        self.describe(&mut Leaves::new(&mut |leaf| paths.push(leaf.path.clone())));
        paths
    }

    /// The name of each leaf: its path joined with `_`. Names need not be unique.
    fn leaf_names(&self) -> Vec<String> {
        let mut names = Vec::with_capacity(self.n_values());
        self.describe(&mut Leaves::new(&mut |leaf| names.push(leaf.path.to_string())));
        names
    }

    /// The positions in the flat vector of the leaves marked as fixed, ascending.
    fn fixed_positions(&self) -> Vec<usize> {
        let mut fixed = Vec::new();
        if Self::MAY_HAVE_FIXED {
            let mut position = 0;
            self.describe(&mut Leaves::new(&mut |leaf| {
                if leaf.fixed {
                    fixed.push(position);
                }
                position += 1;
            }));
        }
        fixed
    }
}
