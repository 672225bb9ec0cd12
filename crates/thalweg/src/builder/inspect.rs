//! What can be said about constraints without an optimization.

use std::cell::OnceCell;

use thalweg_space::params::Params;
use thalweg_space::{ConstraintPlan, Keeper, Space};

use super::Optimization;
use crate::error::{InvalidKind, OptimizeError};
use crate::nonlinear::{ConstraintSet, NonlinearLimits};
use crate::objective::StartValues;

impl<P: Params, O> Optimization<'_, P, O> {
    /// Check that the constraints make sense and hold at the start, and say how each would be kept. Nonlinear constraints are
    /// evaluated there; the objective is not.
    ///
    /// ```
    /// let fun = |p: &[f64; 4]| p.iter().map(|p| p * p).sum::<f64>();
    /// let plan = thalweg::minimize(fun, [0.2, 0.3, 0.5, 1.0])
    ///     .probability([0, 1, 2])
    ///     .nonlinear(|p: &[f64; 4]| p[0] * p[3], 0.1, 0.4)
    ///     .check_constraints()?;
    /// assert_eq!(
    ///     plan.to_string(),
    ///     "constraints[0] (probability): reparametrized: ratios to the largest are the coordinates\n\
    ///      constraints[1] (nonlinear): left to the algorithm"
    /// );
    /// # Ok::<(), thalweg::OptimizeError>(())
    /// ```
    ///
    /// # Errors
    /// A constraint is ill-formed, contradicts others, or is violated at the start.
    pub fn check_constraints(mut self) -> Result<ConstraintPlan, OptimizeError> {
        let space = self.space()?;
        let (nonlinear, mut functions) = self.take_nonlinear();
        nonlinear.iter().try_for_each(NonlinearLimits::check)?;
        let positions: Vec<usize> = nonlinear.iter().map(|limits| limits.position).collect();
        let plan = space.plan().clone().with_keeper(Keeper::Open, positions);
        let params = if space.is_identity() { self.start.to_flat() } else { space.user_start() };
        let constraints = functions.start(&params).map_err(OptimizeError::Start)?;
        let start = StartValues { constraints, ..StartValues::default() };
        let set = ConstraintSet::new(nonlinear, space.surplus_rows().to_vec(), &start)?;
        let values = set.at_start(&start, &params);
        let violation = set.violation(&values);
        if violation.is_feasible() {
            return Ok(plan);
        }
        let message = format!("Violated at the start params: {}", set.explain(&violation, &values));
        Err(OptimizeError::invalid(InvalidKind::Params, message))
    }

    /// The number of coordinates that an algorithm would move.
    ///
    /// ```
    /// let fun = |p: &[f64; 4]| p.iter().map(|p| p * p).sum::<f64>();
    /// let run = thalweg::minimize(fun, [0.2, 0.3, 0.5, 1.0]).probability([0, 1, 2]).fix(3);
    /// assert_eq!(run.count_free_params()?, 2);
    /// # Ok::<(), thalweg::OptimizeError>(())
    /// ```
    ///
    /// # Errors
    /// A constraint is ill-formed, contradicts others, or is violated at the start.
    pub fn count_free_params(&self) -> Result<usize, OptimizeError> {
        Ok(self.space()?.n_free())
    }

    fn space(&self) -> Result<Space, OptimizeError> {
        let flat = self.flat_start()?;
        let (bounds, constraints) = self.restrictions(flat.len())?;
        let names = OnceCell::new();
        let name_of = |i: usize| names.get_or_init(|| self.start.leaf_names())[i].clone();
        Ok(Space::build(&flat, &name_of, &bounds, &constraints, self.build_options())?)
    }
}
