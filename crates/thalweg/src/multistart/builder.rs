//! The builder's part of multistart.

use thalweg_space::Bounds;
use thalweg_space::params::Params;

use super::options::{Multistart, MultistartOptions};
use crate::builder::{Optimization, Selection, tighten};
use crate::error::{InvalidKind, OptimizeError};
use crate::resolve::Resolved;

impl<'a, P: Params, O> Optimization<'a, P, O> {
    /// Search from many starts: explore a sample of points between the bounds (or soft bounds), and run the algorithm from the
    /// most promising ones. The result has the search's details in `multistart`.
    ///
    /// ```
    /// use thalweg::MultistartOptions;
    ///
    /// let waves = |x: &[f64; 2]| x.iter().map(|x| x * x + 10.0 * (1.0 - (6.283 * x).cos())).sum::<f64>();
    /// let result = thalweg::minimize(waves, [3.0, -2.0])
    ///     .algorithm("lbfgsb")
    ///     .bounds(.., -5.0, 5.0)
    ///     .multistart(MultistartOptions { n_samples: Some(400), ..Default::default() })
    ///     .run()?;
    /// assert!(result.fun < 1e-6);
    /// assert_eq!(result.algorithm, "multistart_lbfgsb");
    /// let info = result.multistart.expect("details");
    /// assert_eq!(info.exploration_results.len(), 400);
    /// assert!(info.n_optimizations() > 1);
    /// # Ok::<(), thalweg::OptimizeError>(())
    /// ```
    pub fn multistart(mut self, options: MultistartOptions) -> Self {
        self.multistart = Some(options);
        self
    }

    /// Narrow the range from which multistart draws its sample; local runs do not know of it.
    pub fn soft_bounds(
        mut self,
        which: impl Into<Selection<'a, P>>,
        lower: f64,
        upper: f64,
    ) -> Self {
        self.soft_bounds.push((which.into(), lower, upper));
        self
    }

    /// What was asked for with [`multistart`](Optimization::multistart), for `n` parameters.
    pub(crate) fn multistart_of(
        &mut self,
        resolved: &Resolved,
        n: usize,
    ) -> Result<Option<Multistart>, OptimizeError> {
        let Some(options) = self.multistart.take() else { return Ok(None) };
        let mut soft = Bounds::none();
        if !self.soft_bounds.is_empty() {
            soft = Bounds::new(vec![f64::NEG_INFINITY; n], vec![f64::INFINITY; n]);
        }
        for (which, lower, upper) in &self.soft_bounds {
            let positions = which.positions(&self.start, n).map_err(|error| {
                OptimizeError::invalid(InvalidKind::Bounds, format!("soft_bounds: {error}"))
            })?;
            positions.into_iter().for_each(|at| tighten(&mut soft, at, *lower, *upper));
        }
        Ok(Some(Multistart::new(options, soft, resolved)))
    }
}
