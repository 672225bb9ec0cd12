//! The protocol between a derivative and whoever evaluates the function.
//!
//! A plan never calls the function. It says at which points it wants values, and turns the values
//! into a derivative; evaluation may happen in a loop, in threads, in processes or on a cluster.
//!
//! 1. evaluate the function at `x` if [`Plan::needs_f0`] (or because its value is wanted anyway),
//!    and at points `0..n_points()`;
//! 2. [`Plan::finish`];
//! 3. if entries failed, [`Plan::extend`] adds points that may replace them: evaluate these, append
//!    the values to the former ones, and call [`Plan::finish`] again.
//!
//! The values of one point are a row of `m` numbers, `m = 1` for a scalar function. A value that
//! could not be computed is NaN (infinite values count as failed, too).

use std::ops::Range;

use crate::error::DiffError;

/// A derivative at one point, between the choice of its evaluations and their use.
pub trait Plan {
    /// Number n of parameters.
    fn n_params(&self) -> usize;

    /// Number k of points to evaluate, without `x` itself.
    fn n_points(&self) -> usize;

    /// Write point `i` into `point` (n entries).
    ///
    /// # Panics
    /// If `i >= n_points()` or `point` has another length than n.
    fn write_point(&self, i: usize, point: &mut [f64]);

    /// The formulas contain the value at `x`.
    fn needs_f0(&self) -> bool;

    /// Length of the derivative of a function with `m` outputs.
    fn derivative_len(&self, m: usize) -> usize;

    /// Parameters without any room between their bounds; their entries are 0 by definition.
    fn fixed(&self) -> &[usize];

    /// Compute the derivative from the values at the points.
    ///
    /// `f0`: m values at `x`; `evals`: `n_points() x m`, row-major; `out`: the derivative, of
    /// length `derivative_len(m)`.
    ///
    /// # Errors
    /// Wrong lengths; no `f0` although the plan needs it.
    fn finish(
        &mut self,
        f0: Option<&[f64]>,
        evals: &[f64],
        m: usize,
        out: &mut [f64],
    ) -> Result<Report, DiffError>;

    /// Add the points that may replace what failed in the last [`Plan::finish`], and return their
    /// numbers; empty if there are none. Works once per point `x`.
    fn extend(&mut self) -> Range<usize>;

    /// All points, `n_points() x n`, row-major. Allocates; loops use [`Plan::write_point`].
    fn to_points(&self) -> Vec<f64> {
        let n = self.n_params();
        let mut points = vec![0.0; self.n_points() * n];
        if n > 0 {
            let rows = points.chunks_exact_mut(n).enumerate();
            rows.for_each(|(i, row)| self.write_point(i, row));
        }
        points
    }
}

/// What happened when a derivative was computed. Parameters are listed in increasing order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Parameters with an entry that could not be computed and is NaN.
    pub failed: Vec<usize>,
    /// Parameters with an entry computed by another formula than the requested one, because an
    /// evaluation failed.
    pub repaired: Vec<usize>,
}

impl Report {
    /// No entry is NaN.
    pub fn is_complete(&self) -> bool {
        self.failed.is_empty()
    }
}

/// Check the lengths of what [`Plan::finish`] is given.
pub(crate) fn check_shapes<P: Plan>(
    plan: &P,
    f0: Option<&[f64]>,
    evals: &[f64],
    m: usize,
    out: &[f64],
) -> Result<(), DiffError> {
    check_values(plan, f0, evals, m)?;
    check_length("out", out.len(), plan.derivative_len(m))
}

/// Check the lengths of values at a plan's points.
pub(crate) fn check_values<P: Plan>(
    plan: &P,
    f0: Option<&[f64]>,
    evals: &[f64],
    m: usize,
) -> Result<(), DiffError> {
    check_length("evals", evals.len(), plan.n_points() * m)?;
    match f0 {
        Some(f0) => check_length("f0", f0.len(), m),
        None if plan.needs_f0() => Err(DiffError::MissingF0),
        None => Ok(()),
    }
}

fn check_length(argument: &'static str, given: usize, expected: usize) -> Result<(), DiffError> {
    if given == expected { Ok(()) } else { Err(DiffError::Shape { argument, given, expected }) }
}
