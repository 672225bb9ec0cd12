//! Nonlinear constraints of a run in the making.

use thalweg_space::params::Params;

use super::Optimization;
use crate::closures::Output;
use crate::constrained::{ConstraintFunctions, NonlinearConstraint};
use crate::nonlinear::{ConstraintHandling, Limit, NonlinearLimits};

impl<'a, P: Params, O> Optimization<'a, P, O> {
    /// A nonlinear constraint `lower <= fun(params) <= upper`; minus infinity or infinity where there is no limit, twice the same
    /// number for an equality. [`NonlinearConstraint`] has a name, a tolerance and a derivative, too.
    ///
    /// ```
    /// use thalweg::{ConstraintHandling, minimize};
    /// let result = minimize(|x: &[f64; 2]| x[0] + x[1], [2.0, 2.0])
    ///     .algorithm("lbfgsb")
    ///     .nonlinear(|x: &[f64; 2]| x[0] * x[1], 1.0, f64::INFINITY)
    ///     .lower(.., 0.0)
    ///     .constraint_handling(ConstraintHandling::AugmentedLagrangian)
    ///     .run()?;
    /// assert!(result.success && (result.fun - 2.0).abs() < 1e-4, "{result}");
    /// # Ok::<(), thalweg::OptimizeError>(())
    /// ```
    pub fn nonlinear<R: Output>(
        self,
        fun: impl Fn(&P) -> R + 'a,
        lower: impl Into<Limit>,
        upper: impl Into<Limit>,
    ) -> Self {
        self.constraint(NonlinearConstraint::new(fun).lower(lower).upper(upper))
    }

    /// A nonlinear constraint.
    pub fn constraint(mut self, mut constraint: NonlinearConstraint<'a, P>) -> Self {
        constraint.limits.position = self.n_constraints();
        self.nonlinear.push(constraint);
        self
    }

    /// Who keeps nonlinear constraints: the algorithm itself (the default; few algorithms can), or an augmented Lagrangian around
    /// any algorithm, perhaps with options of its own.
    ///
    /// ```
    /// use thalweg::{AugmentedLagrangianOptions, ConstraintHandling, minimize};
    /// let options = AugmentedLagrangianOptions { initial_penalty: Some(100.0), ..Default::default() };
    /// let result = minimize(|x: &[f64; 2]| x[0] + x[1], [2.0, 1.0])
    ///     .algorithm("lbfgsb")
    ///     .nonlinear(|x: &[f64; 2]| x[0] * x[0] + x[1] * x[1], 2.0, 2.0)
    ///     .constraint_handling(ConstraintHandling::AugmentedLagrangianWith(options))
    ///     .run()?;
    /// assert!(result.success && (result.fun + 2.0).abs() < 1e-4, "{result}");
    /// # Ok::<(), thalweg::OptimizeError>(())
    /// ```
    pub fn constraint_handling(mut self, handling: ConstraintHandling) -> Self {
        self.constraint_handling = handling;
        self
    }

    /// The limits of the nonlinear constraints, and their functions.
    pub(crate) fn take_nonlinear(&mut self) -> (Vec<NonlinearLimits>, ConstraintFunctions<'a, P>) {
        let constraints = std::mem::take(&mut self.nonlinear);
        let limits = constraints.iter().map(|constraint| constraint.limits.clone()).collect();
        (limits, ConstraintFunctions::new(constraints, self.start.clone()))
    }
}
