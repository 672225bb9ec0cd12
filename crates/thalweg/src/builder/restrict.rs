//! Bounds and constraints of a run in the making.

use thalweg_space::params::Params;
use thalweg_space::{Bounds, BuildOptions, Constraint, ConstraintKind, SpaceError};

use super::Optimization;
use super::selection::Selection;
use crate::error::{InvalidKind, OptimizeError};

/// Bounds and constraints as the user wrote them.
pub(super) struct Restrictions<'a, P> {
    bounds: Given<'a, P>,
    soft_bounds: Given<'a, P>,
    constraints: Vec<Listed<'a, P>>,
    repair_start: bool,
}

/// Bounds on selected parameters.
type Given<'a, P> = Vec<(Selection<'a, P>, f64, f64)>;

/// A constraint with its place in the list, which nonlinear ones are in, too.
struct Listed<'a, P> {
    index: usize,
    selections: Vec<Selection<'a, P>>,
    make: Make<'a>,
}

/// The constraint on given positions, one list per selection.
type Make<'a> = Box<dyn Fn(Vec<Vec<usize>>) -> ConstraintKind + 'a>;

impl<P> Default for Restrictions<'_, P> {
    fn default() -> Self {
        Restrictions {
            bounds: Vec::new(),
            soft_bounds: Vec::new(),
            constraints: Vec::new(),
            repair_start: false,
        }
    }
}

impl<'a, P: Params, O> Optimization<'a, P, O> {
    /// Bounds on the selected parameters: all of them, positions, leaf names, everything under a path, or what a closure
    /// picks ([`by`](crate::by)).
    pub fn bounds(mut self, which: impl Into<Selection<'a, P>>, lower: f64, upper: f64) -> Self {
        self.restrictions.bounds.push((which.into(), lower, upper));
        self
    }

    /// A lower bound on the selected parameters.
    pub fn lower(self, which: impl Into<Selection<'a, P>>, lower: f64) -> Self {
        self.bounds(which, lower, f64::INFINITY)
    }

    /// An upper bound on the selected parameters.
    pub fn upper(self, which: impl Into<Selection<'a, P>>, upper: f64) -> Self {
        self.bounds(which, f64::NEG_INFINITY, upper)
    }

    /// Narrow the range from which multistart draws its sample, and stand in for missing bounds when parameters are scaled
    /// by bounds; runs do not know of it.
    pub fn soft_bounds(
        mut self,
        which: impl Into<Selection<'a, P>>,
        lower: f64,
        upper: f64,
    ) -> Self {
        self.restrictions.soft_bounds.push((which.into(), lower, upper));
        self
    }

    /// Fix the selected parameters at their start values.
    pub fn fix(self, which: impl Into<Selection<'a, P>>) -> Self {
        self.constrain(which, |positions| ConstraintKind::Fixed { positions, value: None })
    }

    /// The selected parameters have one and the same value.
    ///
    /// ```
    /// let fun = |x: &[f64; 3]| (x[0] - 1.0).powi(2) + (x[1] - 3.0).powi(2) + x[2].powi(2);
    /// let result = thalweg::minimize(fun, [0.0; 3]).equal([0, 1]).algorithm("lbfgsb").run()?;
    /// assert_eq!(result.params[0], result.params[1]);
    /// assert!((result.params[0] - 2.0).abs() < 1e-5);
    /// # Ok::<(), thalweg::OptimizeError>(())
    /// ```
    pub fn equal(self, which: impl Into<Selection<'a, P>>) -> Self {
        self.constrain(which, |positions| ConstraintKind::Equality { positions })
    }

    /// The first parameters of all selections are equal, the second ones, and so on.
    ///
    /// ```
    /// let fun = |x: &[f64; 4]| x.iter().zip([1.0, 2.0, 3.0, 4.0]).map(|(x, t)| (x - t) * (x - t)).sum::<f64>();
    /// let result =
    ///     thalweg::minimize(fun, [0.0; 4]).pairwise_equal([[0, 1], [2, 3]]).algorithm("lbfgsb").run()?;
    /// assert_eq!(result.params[..2], result.params[2..]);
    /// # Ok::<(), thalweg::OptimizeError>(())
    /// ```
    pub fn pairwise_equal<S: Into<Selection<'a, P>>>(
        self,
        selections: impl IntoIterator<Item = S>,
    ) -> Self {
        let selections = selections.into_iter().map(Into::into).collect();
        let make = |selections| ConstraintKind::PairwiseEquality { selections };
        self.list(selections, Box::new(make))
    }

    /// Each selected parameter is at least as large as the one before it.
    ///
    /// ```
    /// let fun = |x: &[f64; 3]| x.iter().zip([2.0, 1.0, 4.0]).map(|(x, t)| (x - t) * (x - t)).sum::<f64>();
    /// let result = thalweg::minimize(fun, [0.0, 1.0, 2.0]).increasing(..).algorithm("lbfgsb").run()?;
    /// assert!((result.params[0] - 1.5).abs() < 1e-4 && (result.params[1] - 1.5).abs() < 1e-4);
    /// # Ok::<(), thalweg::OptimizeError>(())
    /// ```
    pub fn increasing(self, which: impl Into<Selection<'a, P>>) -> Self {
        self.constrain(which, |positions| ConstraintKind::Increasing { positions })
    }

    /// Each selected parameter is at most as large as the one before it.
    ///
    /// ```
    /// let fun = |x: &[f64; 2]| (x[0] - 1.0).powi(2) + (x[1] - 3.0).powi(2);
    /// let result = thalweg::minimize(fun, [1.0, 0.0]).decreasing([0, 1]).algorithm("lbfgsb").run()?;
    /// assert!((result.params[0] - 2.0).abs() < 1e-4 && (result.params[1] - 2.0).abs() < 1e-4);
    /// # Ok::<(), thalweg::OptimizeError>(())
    /// ```
    pub fn decreasing(self, which: impl Into<Selection<'a, P>>) -> Self {
        self.constrain(which, |positions| ConstraintKind::Decreasing { positions })
    }

    /// The weighted sum of the selected parameters lies between the limits; equal limits make an equation, infinite ones
    /// leave a side open.
    ///
    /// ```
    /// let fun = |x: &[f64; 3]| x.iter().map(|x| x * x).sum::<f64>();
    /// let result = thalweg::minimize(fun, [1.0, 1.0, 1.0])
    ///     .linear(.., [1.0, 2.0, 0.0], 3.0, 3.0)
    ///     .algorithm("lbfgsb")
    ///     .run()?;
    /// assert!((result.params[0] + 2.0 * result.params[1] - 3.0).abs() < 1e-12);
    /// assert!((result.params[0] - 0.6).abs() < 1e-4);
    /// # Ok::<(), thalweg::OptimizeError>(())
    /// ```
    pub fn linear(
        self,
        which: impl Into<Selection<'a, P>>,
        weights: impl Into<Vec<f64>>,
        lower: f64,
        upper: f64,
    ) -> Self {
        let weights = weights.into();
        self.constrain(which, move |positions| ConstraintKind::Linear {
            positions,
            weights: weights.clone(),
            lower,
            upper,
        })
    }

    /// The selected parameters are probabilities: not negative, and they sum to one.
    ///
    /// ```
    /// let fun = |p: &[f64; 3]| p.iter().zip([3.0, 2.0, 1.0]).map(|(p, n)| -n * p.ln()).sum::<f64>();
    /// let result = thalweg::minimize(fun, [0.25, 0.25, 0.5]).probability(..).algorithm("lbfgsb").run()?;
    /// assert!((result.params[0] - 0.5).abs() < 1e-4);
    /// assert!((result.params.iter().sum::<f64>() - 1.0).abs() < 1e-15);
    /// # Ok::<(), thalweg::OptimizeError>(())
    /// ```
    pub fn probability(self, which: impl Into<Selection<'a, P>>) -> Self {
        self.constrain(which, |positions| ConstraintKind::Probability { positions })
    }

    /// The selected parameters are the lower triangle of a covariance matrix, row by row. `regularization` (at least 0) keeps it
    /// away from singular matrices.
    ///
    /// ```
    /// let target = [1.0, 2.0, 1.0]; // a correlation of 2 would be nearest, 1 is possible
    /// let fun = |v: &[f64; 3]| v.iter().zip(target).map(|(v, t)| (v - t) * (v - t)).sum::<f64>();
    /// let result =
    ///     thalweg::minimize(fun, [1.0, 0.0, 1.0]).covariance(.., 0.0).algorithm("lbfgsb").run()?;
    /// let [v1, c, v2] = result.params;
    /// assert!(v1 * v2 - c * c >= -1e-12 && (c - v1).abs() < 1e-3);
    /// # Ok::<(), thalweg::OptimizeError>(())
    /// ```
    pub fn covariance(self, which: impl Into<Selection<'a, P>>, regularization: f64) -> Self {
        self.constrain(which, move |positions| ConstraintKind::Covariance {
            positions,
            regularization,
        })
    }

    /// The selected parameters are standard deviations, and then the lower triangle of their correlations, row by row.
    /// `regularization` (at least 0) keeps the covariance matrix away from singular ones.
    ///
    /// ```
    /// let target = [1.0, 2.0, 0.5];
    /// let fun = |s: &[f64; 3]| s.iter().zip(target).map(|(s, t)| (s - t) * (s - t)).sum::<f64>();
    /// let result = thalweg::minimize(fun, [1.0, 1.0, 0.0]).sdcorr(.., 0.0).algorithm("lbfgsb").run()?;
    /// assert!((result.params[2] - 0.5).abs() < 1e-4);
    /// # Ok::<(), thalweg::OptimizeError>(())
    /// ```
    pub fn sdcorr(self, which: impl Into<Selection<'a, P>>, regularization: f64) -> Self {
        self.constrain(which, move |positions| ConstraintKind::Sdcorr { positions, regularization })
    }

    /// Move start values that violate a constraint to the nearest ones that do not, instead of refusing them.
    ///
    /// ```
    /// let fun = |p: &[f64; 2]| (p[0] - 0.3).powi(2) + (p[1] - 0.9).powi(2);
    /// let run = || thalweg::minimize(fun, [0.5, 0.6]).probability(..).algorithm("lbfgsb");
    /// assert!(run().run().is_err()); // 0.5 + 0.6 is not 1
    /// assert!((run().repair_start(true).run()?.params[0] - 0.2).abs() < 1e-4);
    /// # Ok::<(), thalweg::OptimizeError>(())
    /// ```
    pub fn repair_start(mut self, repair: bool) -> Self {
        self.restrictions.repair_start = repair;
        self
    }

    /// Adds a constraint on one selection.
    fn constrain(
        self,
        which: impl Into<Selection<'a, P>>,
        make: impl Fn(Vec<usize>) -> ConstraintKind + 'a,
    ) -> Self {
        let make = move |mut selections: Vec<Vec<usize>>| make(selections.remove(0));
        self.list(vec![which.into()], Box::new(make))
    }

    fn list(mut self, selections: Vec<Selection<'a, P>>, make: Make<'a>) -> Self {
        let index = self.n_constraints();
        self.restrictions.constraints.push(Listed { index, selections, make });
        self
    }

    /// The number of constraints so far, nonlinear ones included.
    pub(super) fn n_constraints(&self) -> usize {
        self.restrictions.constraints.len() + self.nonlinear.len()
    }

    pub(crate) fn build_options(&self) -> BuildOptions {
        BuildOptions { repair_start: self.restrictions.repair_start }
    }

    /// Bounds and constraints in terms of positions.
    pub(crate) fn restrictions(
        &self,
        n: usize,
    ) -> Result<(Bounds, Vec<Constraint>), OptimizeError> {
        let bounds = self.hard_bounds_of(n)?;
        let mut constraints = Vec::new();
        for Listed { index, selections, make } in &self.restrictions.constraints {
            let positions: Result<Vec<_>, _> =
                selections.iter().map(|selection| selection.positions(&self.start, n)).collect();
            let positions = positions.map_err(|error| SpaceError::ConstraintSelection {
                constraint: *index,
                // Without positions, the constraint still knows its kind.
                kind: make(vec![Vec::new(); selections.len()]).word(),
                error,
            })?;
            constraints.push(Constraint::new(*index, make(positions)));
        }
        let positions = self.start.fixed_positions();
        if !positions.is_empty() {
            let kind = ConstraintKind::Fixed { positions, value: None };
            constraints.push(Constraint::new(self.n_constraints(), kind));
        }
        Ok((bounds, constraints))
    }

    /// The bounds.
    pub(crate) fn hard_bounds_of(&self, n: usize) -> Result<Bounds, OptimizeError> {
        self.bounds_of(&self.restrictions.bounds, "bounds", n)
    }

    /// The soft bounds by position.
    pub(crate) fn soft_bounds_of(&self, n: usize) -> Result<Bounds, OptimizeError> {
        self.bounds_of(&self.restrictions.soft_bounds, "soft_bounds", n)
    }

    fn bounds_of(
        &self,
        given: &Given<'_, P>,
        what: &str,
        n: usize,
    ) -> Result<Bounds, OptimizeError> {
        let mut bounds = Bounds::none();
        if !given.is_empty() {
            bounds = Bounds::new(vec![f64::NEG_INFINITY; n], vec![f64::INFINITY; n]);
        }
        for (which, lower, upper) in given {
            let positions = which.positions(&self.start, n).map_err(|error| {
                OptimizeError::invalid(InvalidKind::Bounds, format!("{what}: {error}"))
            })?;
            for position in positions {
                tighten(&mut bounds, position, *lower, *upper);
            }
        }
        Ok(bounds)
    }
}

/// Of several bounds on one parameter, the tighter one holds.
fn tighten(bounds: &mut Bounds, position: usize, lower: f64, upper: f64) {
    if let Some(side) = &mut bounds.lower
        && !lower.is_nan()
    {
        side[position] = side[position].max(lower);
    }
    if let Some(side) = &mut bounds.upper
        && !upper.is_nan()
    {
        side[position] = side[position].min(upper);
    }
}
