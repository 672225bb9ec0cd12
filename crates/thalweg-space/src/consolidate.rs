//! From the user's list of constraints to what the chain of transforms needs: which parameters are copies, which are fixed,
//! which blocks and linear combinations are left, and within which bounds.
//!
//! | file | holds |
//! |---|---|
//! | `equality` | sets of equal parameters, and what follows for fixed values and bounds |
//! | `blocks` | probabilities and covariances: simplification to bounds, and what they forbid |
//! | `rows` | linear and order constraints as rows over free parameters |
//! | `bundle`, `equations`, `propagation`, `cone`, `simplex` | rows that share parameters |

mod blocks;
mod bundle;
mod cone;
mod equality;
mod equations;
mod propagation;
mod rows;
mod simplex;

pub(crate) use blocks::{Block, Shape};
pub(crate) use rows::{Region, rows_of};

use crate::bounds::Bounds;
use crate::checks::check_fixed_values;
use crate::constraint::{Constraint, ConstraintKind};
use crate::error::SpaceError;
use crate::plan::{Handling, LinearRow};
use crate::space::Names;
use crate::transforms::CombinationRow;

/// The state of the consolidation; each step makes it simpler.
pub(crate) struct Model<'a> {
    pub(crate) names: Names<'a>,
    pub(crate) constraints: &'a [Constraint],
    /// The start values, with every fixed value in its place.
    pub(crate) start: Vec<f64>,
    /// The first of the parameters that each parameter must be equal to; itself, usually.
    pub(crate) representative: Vec<usize>,
    /// Whether any are equal.
    joined: bool,
    /// Whether the parameter is fixed.
    pub(crate) fixed: Vec<bool>,
    /// Bounds, the same for equal parameters.
    pub(crate) lower: Vec<f64>,
    pub(crate) upper: Vec<f64>,
    /// How each constraint of the list is handled.
    pub(crate) handling: Vec<Handling>,
    /// Blocks with a transform of their own, over representatives.
    pub(crate) blocks: Vec<Block>,
    /// Linear combinations that become coordinates.
    pub(crate) combinations: Vec<CombinationRow>,
    /// Parameters in linear combinations that stay coordinates, because of their bounds.
    pub(crate) bounded: Vec<usize>,
    /// Sets of parameters within a simplex.
    pub(crate) regions: Vec<Region>,
    /// What is left over.
    pub(crate) surplus: Vec<LinearRow>,
}

impl<'a> Model<'a> {
    /// Places fixed values and joins equal parameters. The start values are not looked at yet, but for fixed parameters.
    pub(crate) fn new(
        start: &[f64],
        names: Names<'a>,
        bounds: &Bounds,
        constraints: &'a [Constraint],
        repair: bool,
    ) -> Result<Self, SpaceError> {
        let n = start.len();
        let (lower, upper) = (0..n).map(|position| bounds.at(position)).unzip();
        let mut model = Model {
            names,
            constraints,
            start: start.to_vec(),
            representative: (0..n).collect(),
            joined: false,
            fixed: vec![false; n],
            lower,
            upper,
            handling: constraints.iter().map(|_| Handling::Fixed).collect(),
            blocks: Vec::new(),
            combinations: Vec::new(),
            bounded: Vec::new(),
            regions: Vec::new(),
            surplus: Vec::new(),
        };
        model.fix(repair)?;
        model.join_equal()?;
        Ok(model)
    }

    /// Makes the parameters of fixed constraints fixed. With `repair`, values need not agree with the start.
    fn fix(&mut self, repair: bool) -> Result<(), SpaceError> {
        for (k, constraint) in self.constraints.iter().enumerate() {
            let ConstraintKind::Fixed { positions, value } = &constraint.kind else { continue };
            if positions.is_empty() {
                self.handling[k] = Handling::Idle { reason: "it selects no parameters".into() };
            }
            positions.iter().for_each(|&position| self.fixed[position] = true);
            if let Some(values) = value {
                let checked = check_fixed_values(
                    constraint.index,
                    positions,
                    values,
                    &self.start,
                    self.names,
                );
                match checked {
                    Err(SpaceError::FixedElsewhere { .. })
                        if repair && values.iter().all(|v| v.is_finite()) => {}
                    checked => checked?,
                }
                positions.iter().zip(values).for_each(|(&p, &value)| self.start[p] = value);
            }
        }
        Ok(())
    }

    /// Parameters with equal bounds are fixed there. The start values satisfy the bounds by now.
    pub(crate) fn fix_equal_bounds(&mut self) {
        for position in 0..self.start.len() {
            if self.lower[position] == self.upper[position] {
                self.fix_at(position, self.lower[position]);
            }
        }
    }

    /// Fixes a parameter, and all that are equal to it, at a value.
    fn fix_at(&mut self, position: usize, value: f64) {
        for other in self.set_of(position) {
            self.fixed[other] = true;
            self.start[other] = value;
        }
    }

    /// Whether the parameter is a member of a block.
    fn in_block(&self, position: usize) -> bool {
        self.blocks.iter().any(|block| block.positions.contains(&position))
    }

    /// The names of parameters.
    fn named(&self, positions: impl IntoIterator<Item = usize>) -> Vec<String> {
        positions.into_iter().map(|position| self.names.of(position)).collect()
    }

    /// The representatives of positions, in order.
    pub(crate) fn representatives(&self, positions: &[usize]) -> Vec<usize> {
        positions.iter().map(|&position| self.representative[position]).collect()
    }

    /// Tightens the bounds of a parameter and of all that are equal to it.
    pub(crate) fn tighten(&mut self, position: usize, lower: f64, upper: f64) {
        for other in self.set_of(position) {
            self.lower[other] = self.lower[other].max(lower);
            self.upper[other] = self.upper[other].min(upper);
        }
    }
}
