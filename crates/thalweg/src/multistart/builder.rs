//! The builder's part of multistart.

use thalweg_space::params::Params;

use super::options::{Multistart, MultistartOptions};
use crate::builder::Optimization;
use crate::error::OptimizeError;
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

    /// What was asked for with [`multistart`](Optimization::multistart), for `n` parameters.
    pub(crate) fn multistart_of(
        &mut self,
        resolved: &Resolved,
        n: usize,
    ) -> Result<Option<Multistart>, OptimizeError> {
        let Some(options) = self.multistart.take() else { return Ok(None) };
        Ok(Some(Multistart::new(options, self.soft_bounds_of(n)?, resolved)))
    }
}
