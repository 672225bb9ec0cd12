//! From a user's parameters to the vector that an algorithm sees, and back.
//!
//! Two translations, each in its own half of this crate:
//!
//! * [`params`]: a value of any shape (numbers, vectors, nested structs, maps) <-> the flat *user vector*, one `f64`
//!   per leaf, with a [path](params::Path) and a name for each leaf.
//! * [`Space`]: the user vector <-> the *internal vector* of the free coordinates. It is a chain of [`Transform`]s,
//!   one kind per file in `transforms/`, built from [`Bounds`] and [`Constraint`]s after checking them at the start
//!   values. Without constraints the chain is empty and the two vectors are the same.
//!
//! Everything that can be wrong is a [`SpaceError`], found before the first evaluation.

mod bounds;
mod checks;
mod consolidate;
mod constraint;
mod error;
mod leaf;
pub mod params;
mod plan;
mod repair;
mod select;
mod space;
mod start;
mod transform;
pub mod transforms;

pub use bounds::Bounds;
pub use constraint::{Constraint, ConstraintKind};
pub use error::{
    Clash, ErrorKind, Flaw, Named, Offender, Offenders, SelectError, Side, SpaceError, Violation,
};
pub use plan::{
    ConstraintPlan, Handling, Keeper, LinearRow, PlannedConstraint, Repair, UnknownHandling,
};
pub use space::{
    BuildOptions, Distribution, SamplingError, Scaling, ScalingError, ScalingMethod, Space,
    Workspace,
};
pub use transform::{Sampling, Transform};
