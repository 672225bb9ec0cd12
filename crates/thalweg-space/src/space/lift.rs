//! Gradients of the user's function from those that an algorithm sees.
//!
//! With the map u(x) from internal to user's coordinates and its derivative J, the internal gradient is `c = J' g`. Bounds, equations
//! and the sets that changes of variables keep parameters in have as many dimensions as there are coordinates, and lie flat: what `g`
//! has across them changes neither the function there nor how it bends with x. So the shortest `g` with `J' g = c` stands for all.

use thalweg_linalg::{LinalgError, Svd};

use super::{Space, Workspace};

/// Directions in which parameters move by less than this, relative to others, have an unknown slope: on the edge of a covariance
/// matrix that is singular, where the internal gradient is zero whatever the slope is.
const STANDSTILL: f64 = 1e-6;

impl Space {
    /// The shortest gradient with respect to the user's vector whose [pull-back](Space::pull_back_gradient) is
    /// `gradient_internal`, at the point `internal`.
    ///
    /// ```
    /// use thalweg_space::{Bounds, BuildOptions, Constraint, ConstraintKind, Space};
    ///
    /// let shares = ConstraintKind::Probability { positions: vec![0, 1] };
    /// let (names, none) = (|i: usize| i.to_string(), Bounds::none());
    /// let constraints = [Constraint::new(0, shares)];
    /// let space = Space::build(&[0.5, 0.5, 7.0], &names, &none, &constraints, BuildOptions::default())?;
    /// let (mut work, mut internal) = (space.workspace(), vec![0.0; 2]);
    /// space.pull_back_gradient(space.start(), &[3.0, 1.0, 5.0], &mut internal, &mut work);
    /// // That both shares grow cannot be, and is left out.
    /// let lifted = space.lift_gradient(space.start(), &internal, &mut work).unwrap();
    /// assert!(lifted.iter().zip([1.0, -1.0, 5.0]).all(|(a, b): (&f64, f64)| (a - b).abs() < 1e-12));
    /// # Ok::<(), thalweg_space::SpaceError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The derivative of the map is not finite.
    ///
    /// # Panics
    ///
    /// As [`to_user`](Space::to_user).
    pub fn lift_gradient(
        &self,
        internal: &[f64],
        gradient_internal: &[f64],
        work: &mut Workspace,
    ) -> Result<Vec<f64>, LinalgError> {
        let (n, n_user) = (self.n_free(), self.n_user());
        let mut unit = vec![0.0; n_user * n_user];
        unit.iter_mut().step_by(n_user + 1).for_each(|entry| *entry = 1.0);
        let mut map = vec![0.0; n_user * n];
        self.pull_back_jacobian(internal, &unit, &mut map, work);
        // Rows of J' and entries of c of length one: the units of coordinates, which scaling chooses, do not count.
        let mut rows: Vec<f64> =
            (0..n).flat_map(|j| map.iter().skip(j).step_by(n).copied()).collect();
        let mut slopes = gradient_internal.to_vec();
        for (row, slope) in rows.chunks_exact_mut(n_user).zip(&mut slopes) {
            let length = thalweg_linalg::nrm2(row);
            if length > 0.0 {
                row.iter_mut().for_each(|entry| *entry /= length);
                *slope /= length;
            }
        }
        let svd = Svd::factor(&rows, n, n_user)?;
        let mut along = vec![0.0; svd.values().len()];
        svd.left_transposed_mul(&slopes, &mut along)?;
        let largest = svd.values().first().copied().unwrap_or(0.0);
        for (along, &value) in along.iter_mut().zip(svd.values()) {
            *along = if value > STANDSTILL * largest { *along / value } else { 0.0 };
        }
        let mut gradient = vec![0.0; n_user];
        svd.right_mul(&along, &mut gradient)?;
        Ok(gradient)
    }
}
