//! Objectives that are no closures.

use thalweg_space::params::Params;

use super::Optimization;
use crate::objective::Objective;
use crate::result::Direction;

/// Optimize an objective of your own from `start`: one that evaluates whole batches at once (with vector instructions, on a graphics
/// card, on many machines), or brings its derivatives along. What its numbers mean is said by [`Objective::kind`]; it sees
/// parameters as flat vectors.
///
/// ```
/// use thalweg::{Answer, Batch, Direction, Failure, Objective, SolverKind, StartValues, with_objective};
///
/// /// All points of a batch in one call.
/// struct Vectorized;
///
/// fn squares(points: &[f64], n: usize) -> Vec<f64> {
///     points.chunks(n).map(|x| x.iter().map(|x| (x - 1.0) * (x - 1.0)).sum()).collect()
/// }
///
/// impl Objective for Vectorized {
///     fn kind(&self) -> SolverKind {
///         SolverKind::Scalar
///     }
///     fn n_outputs(&self) -> usize {
///         1
///     }
///     fn has_derivative(&self) -> bool {
///         false
///     }
///     fn start(&mut self, params: &[f64]) -> Result<StartValues, Failure> {
///         Ok(StartValues { outputs: squares(params, params.len()), ..StartValues::default() })
///     }
///     fn evaluate(&mut self, batch: &Batch<'_>, answer: Answer<'_>, _: &mut Vec<Failure>) {
///         answer.outputs.copy_from_slice(&squares(batch.points, batch.dim));
///     }
/// }
///
/// let result = with_objective(Vectorized, vec![3.0; 4], Direction::Minimize)
///     .bounds(.., -5.0, 5.0)
///     .algorithm("differential_evolution")
///     .option("stopping_maxfun", 20_000)
///     .run()?;
/// assert!(result.success && (result.params[2] - 1.0).abs() < 1e-3, "{result}");
/// # Ok::<(), thalweg::OptimizeError>(())
/// ```
pub fn with_objective<'a, P: Params, O: Objective>(
    objective: O,
    start: P,
    direction: Direction,
) -> Optimization<'a, P, O> {
    Optimization::new(objective, start, direction)
}
