//! What a search from many starts found on its way.

use crate::convergence::ConvergenceReport;
use crate::result::OptimizeResult;

/// The exploration and the local runs behind a result.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct MultistartInfo<P> {
    /// Where the local runs began.
    pub start_params: Vec<P>,
    /// The results of the local runs that did not fail, in the order of their starts.
    pub local_optima: Vec<OptimizeResult<P>>,
    /// The points of the exploration whose value is a number, best first.
    pub exploration_sample: Vec<P>,
    /// Their values in the user's sign, best first.
    pub exploration_results: Vec<f64>,
    /// Evaluations of the objective in the exploration.
    pub n_exploration_evals: u64,
    /// How many local optima are the best one, or as near to it as the tolerance says.
    pub n_discoveries: usize,
    /// The changes over the local optima, each counted as one step.
    pub convergence: Option<ConvergenceReport>,
    /// The messages of local runs that failed, each with the number of its run.
    pub failures: Vec<(usize, String)>,
    /// What the user should know: points that could not be evaluated, fewer points than asked for.
    pub warnings: Vec<String>,
}

impl<P> MultistartInfo<P> {
    /// The number of local runs that did not fail.
    pub fn n_optimizations(&self) -> usize {
        self.local_optima.len()
    }

    pub(crate) fn map<Q>(self, to: &mut dyn FnMut(P) -> Q) -> MultistartInfo<Q> {
        MultistartInfo {
            start_params: self.start_params.into_iter().map(&mut *to).collect(),
            local_optima: self.local_optima.into_iter().map(|run| run.convert(to)).collect(),
            exploration_sample: self.exploration_sample.into_iter().map(&mut *to).collect(),
            exploration_results: self.exploration_results,
            n_exploration_evals: self.n_exploration_evals,
            n_discoveries: self.n_discoveries,
            convergence: self.convergence,
            failures: self.failures,
            warnings: self.warnings,
        }
    }
}
