//! The chain of transforms between the user's vector and the vector that an algorithm sees.

mod build;

use std::fmt;
use std::sync::Arc;

use crate::bounds::Bounds;
use crate::plan::{ConstraintPlan, LinearRow, Repair};
use crate::transform::Transform;

/// Names of parameters by position, formatted only when an error needs them.
#[derive(Clone, Copy)]
pub(crate) struct Names<'a>(pub(crate) &'a dyn Fn(usize) -> String);

impl Names<'_> {
    /// The name at `position`; a single number without a name is called `params`.
    pub(crate) fn of(&self, position: usize) -> String {
        let name = (self.0)(position);
        if name.is_empty() { "params".to_string() } else { name }
    }
}

/// The space in which an algorithm moves: the free coordinates with their start values and bounds, and the way back to
/// the user's vector.
///
/// A space is immutable and can be shared between threads; what has to be written per evaluation is in a
/// [`Workspace`], one per thread.
///
/// ```
/// use thalweg_space::{Bounds, BuildOptions, Constraint, ConstraintKind, Space};
///
/// let names = |i: usize| format!("beta_{i}");
/// let bounds = Bounds::lower([0.0, 0.0, 0.0]);
/// let middle = Constraint::new(0, ConstraintKind::Fixed { positions: vec![1], value: None });
/// let space = Space::build(&[1.0, 2.0, 3.0], &names, &bounds, &[middle], BuildOptions::default())?;
/// assert_eq!(space.start(), [1.0, 3.0]);
/// assert_eq!(space.lower(), Some([0.0, 0.0].as_slice()));
///
/// let mut work = space.workspace();
/// let mut user = [0.0; 3];
/// space.to_user(&[5.0, 6.0], &mut user, &mut work);
/// assert_eq!(user, [5.0, 2.0, 6.0]);
///
/// let mut gradient = [0.0; 2];
/// space.pull_back_gradient(&[5.0, 6.0], &[7.0, 8.0, 9.0], &mut gradient, &mut work);
/// assert_eq!(gradient, [7.0, 9.0]);
/// # Ok::<(), thalweg_space::SpaceError>(())
/// ```
#[derive(Clone)]
pub struct Space {
    n_user: usize,
    /// From the user's side inwards; empty if the two vectors are the same.
    stages: Vec<Arc<dyn Transform>>,
    start: Vec<f64>,
    lower: Option<Vec<f64>>,
    upper: Option<Vec<f64>>,
    /// Bounds of parameters that a change of variables might miss by rounding: position, lower, upper.
    kept: Vec<(usize, f64, f64)>,
    plan: ConstraintPlan,
    surplus_rows: Vec<LinearRow>,
    repairs: Vec<Repair>,
}

/// How [`Space::build`] builds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BuildOptions {
    /// Move start values that violate a constraint or a bound to the nearest ones that do not, instead of refusing them.
    pub repair_start: bool,
}

/// Vectors between the stages of a [`Space`]. Empty, and free to make, unless there are at least two stages.
#[derive(Clone, Debug, Default)]
pub struct Workspace {
    /// `points[k]` is the point between stage `k` and stage `k + 1`.
    points: Vec<Vec<f64>>,
    /// `gradients[k]` is the gradient with respect to `points[k]`.
    gradients: Vec<Vec<f64>>,
}

impl Space {
    /// Chains `stages` (from the user's side inwards) and carries start values and bounds through them.
    fn compose(stages: Vec<Arc<dyn Transform>>, user_start: Vec<f64>, bounds: &Bounds) -> Space {
        let n_user = user_start.len();
        let mut start = user_start;
        let sides = (0..n_user).map(|position| bounds.at(position));
        let (mut lower, mut upper): (Vec<f64>, Vec<f64>) =
            if bounds.is_none() && stages.is_empty() { Default::default() } else { sides.unzip() };
        for stage in &stages {
            let mut internal = vec![0.0; stage.n_internal()];
            stage.to_internal(&start, &mut internal);
            start = internal;
            (lower, upper) = stage.internal_bounds(&lower, &upper);
        }
        // Rounding on the way in, and start values that satisfy a constraint to rounding only.
        for (value, (lower, upper)) in start.iter_mut().zip(lower.iter().zip(&upper)) {
            *value = value.max(*lower).min(*upper);
        }
        let finite = |side: Vec<f64>| side.iter().any(|bound| bound.is_finite()).then_some(side);
        Space {
            n_user,
            stages,
            start,
            lower: finite(lower),
            upper: finite(upper),
            kept: Vec::new(),
            plan: ConstraintPlan::default(),
            surplus_rows: Vec::new(),
            repairs: Vec::new(),
        }
    }

    /// The number of parameters of the user.
    pub fn n_user(&self) -> usize {
        self.n_user
    }

    /// The number of free internal coordinates. Zero if everything is fixed.
    pub fn n_free(&self) -> usize {
        self.start.len()
    }

    /// The user vector of the internal start values: the user's start values, moved onto the constraints where they were off
    /// by rounding, or more with [`BuildOptions::repair_start`].
    pub fn user_start(&self) -> Vec<f64> {
        let mut user = vec![0.0; self.n_user];
        self.to_user(&self.start, &mut user, &mut self.workspace());
        user
    }

    /// The internal start values.
    pub fn start(&self) -> &[f64] {
        &self.start
    }

    /// The lower bounds of the internal vector; `None` if not one of them is finite.
    pub fn lower(&self) -> Option<&[f64]> {
        self.lower.as_deref()
    }

    /// The upper bounds of the internal vector; `None` if not one of them is finite.
    pub fn upper(&self) -> Option<&[f64]> {
        self.upper.as_deref()
    }

    /// How each constraint is handled.
    pub fn plan(&self) -> &ConstraintPlan {
        &self.plan
    }

    /// Linear conditions that no change of variables enforces: the algorithm has to see to them.
    pub fn surplus_rows(&self) -> &[LinearRow] {
        &self.surplus_rows
    }

    /// The start values that were moved because of [`BuildOptions::repair_start`].
    pub fn repairs(&self) -> &[Repair] {
        &self.repairs
    }

    /// Whether the internal vector is the user's vector, so that points and derivatives can be passed on uncopied.
    #[inline]
    pub fn is_identity(&self) -> bool {
        self.stages.is_empty()
    }

    /// Whether the user's vector is an affine function of the internal one, so that second derivatives are pulled back without
    /// the gradient.
    pub fn is_affine(&self) -> bool {
        self.stages.iter().all(|stage| stage.is_affine())
    }

    /// The user's parameter that an internal coordinate stands for.
    pub fn user_position(&self, internal: usize) -> usize {
        self.stages.iter().rev().fold(internal, |position, stage| stage.user_position(position))
    }

    /// Vectors for [`to_user`](Space::to_user) and the pull-backs to write to; one per thread.
    pub fn workspace(&self) -> Workspace {
        let between = || match self.stages.split_last() {
            Some((_, outer)) => outer.iter().map(|stage| vec![0.0; stage.n_internal()]).collect(),
            None => Vec::new(),
        };
        Workspace { points: between(), gradients: between() }
    }

    /// Writes the user vector of `internal` to `user`.
    ///
    /// # Panics
    ///
    /// If the slices do not have [`n_free`](Space::n_free) and [`n_user`](Space::n_user) entries, or `work` belongs to
    /// another space.
    #[inline]
    pub fn to_user(&self, internal: &[f64], user: &mut [f64], work: &mut Workspace) {
        assert_eq!(internal.len(), self.n_free());
        let Some(outermost) = self.stages.first() else {
            user.copy_from_slice(internal);
            return;
        };
        self.points_between(internal, work);
        outermost.to_user(work.points.first().map_or(internal, Vec::as_slice), user);
        for &(position, lower, upper) in &self.kept {
            // Not `max` and `min`, which would hide a NaN.
            let value = &mut user[position];
            if *value < lower {
                *value = lower;
            } else if *value > upper {
                *value = upper;
            }
        }
    }

    /// The internal vector of a user vector; of a near one if `user` does not satisfy the constraints (fixed entries
    /// are ignored).
    ///
    /// # Panics
    ///
    /// If `user` does not have [`n_user`](Space::n_user) entries.
    pub fn to_internal(&self, user: &[f64]) -> Vec<f64> {
        assert_eq!(user.len(), self.n_user);
        let mut point = user.to_vec();
        for stage in &self.stages {
            let mut internal = vec![0.0; stage.n_internal()];
            stage.to_internal(&point, &mut internal);
            point = internal;
        }
        point
    }

    /// Turns the gradient with respect to the user vector into the one with respect to the internal vector, at the
    /// point `internal`.
    ///
    /// # Panics
    ///
    /// As [`to_user`](Space::to_user).
    #[inline]
    pub fn pull_back_gradient(
        &self,
        internal: &[f64],
        gradient_user: &[f64],
        gradient_internal: &mut [f64],
        work: &mut Workspace,
    ) {
        self.pull_back_jacobian(internal, gradient_user, gradient_internal, work);
    }

    /// Turns a Jacobian with respect to the user vector (m x `n_user`, row-major) into the one with respect to the
    /// internal vector (m x `n_free`, row-major), at the point `internal`. The number of rows follows from the length.
    ///
    /// # Panics
    ///
    /// As [`to_user`](Space::to_user); also if the two Jacobians do not have the same number of rows.
    pub fn pull_back_jacobian(
        &self,
        internal: &[f64],
        jac_user: &[f64],
        jac_internal: &mut [f64],
        work: &mut Workspace,
    ) {
        let (n_user, n_free) = (self.n_user, self.n_free());
        assert_eq!(internal.len(), n_free);
        assert_eq!(jac_user.len() * n_free, jac_internal.len() * n_user);
        if self.is_identity() {
            jac_internal.copy_from_slice(jac_user);
        } else if n_free > 0 {
            self.points_between(internal, work);
            for (user, own) in
                jac_user.chunks_exact(n_user).zip(jac_internal.chunks_exact_mut(n_free))
            {
                self.pull_back_row(internal, user, own, work);
            }
        }
    }

    /// Fills `work.points` from the innermost stage outwards.
    fn points_between(&self, internal: &[f64], work: &mut Workspace) {
        for k in (0..work.points.len()).rev() {
            let (outer, inner) = work.points.split_at_mut(k + 1);
            let point = inner.first().map_or(internal, Vec::as_slice);
            self.stages[k + 1].to_user(point, &mut outer[k]);
        }
    }

    /// Pulls one row through all stages, given `work.points`.
    fn pull_back_row(&self, internal: &[f64], user: &[f64], own: &mut [f64], work: &mut Workspace) {
        let last = self.stages.len() - 1;
        for (k, stage) in self.stages.iter().enumerate() {
            let (outer, inner) = work.gradients.split_at_mut(k);
            let row = outer.last().map_or(user, Vec::as_slice);
            if k < last {
                stage.pull_back(&work.points[k], row, &mut inner[0]);
            } else {
                stage.pull_back(internal, row, own);
            }
        }
    }
}

impl fmt::Debug for Space {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Space")
            .field("n_user", &self.n_user)
            .field("n_free", &self.n_free())
            .field("stages", &self.stages)
            .finish_non_exhaustive()
    }
}

mod draw;
mod lift;
#[cfg(test)]
mod random;
mod scaling;
mod start;
#[cfg(test)]
mod tests;

pub use draw::{Distribution, SamplingError};
pub use scaling::{Scaling, ScalingError, ScalingMethod};
