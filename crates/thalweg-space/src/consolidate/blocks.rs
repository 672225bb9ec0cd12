//! Probabilities and covariances: which of them are plain bounds, and which need a transform and their parameters for
//! themselves.

use super::Model;
use crate::checks::triangle_rows;
use crate::constraint::{Constraint, ConstraintKind};
use crate::error::{Clash, Named, SpaceError};
use crate::plan::Handling;

/// The kind of a block.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Shape {
    /// Shares of a total.
    Probability { total: f64 },
    /// The lower triangle of a covariance matrix.
    Covariance { regularization: f64 },
    /// Standard deviations and correlations.
    Sdcorr { regularization: f64 },
}

/// Parameters with a transform of their own.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Block {
    /// Its place in the list of constraints.
    pub(crate) constraint: usize,
    pub(crate) shape: Shape,
    pub(crate) positions: Vec<usize>,
    /// The first variance or standard deviation, if it is fixed.
    pub(crate) held: Option<usize>,
}

const FREE_PROBABILITIES: &str =
    "Probabilities have the bounds 0 and 1 by themselves, and no others are possible";
const FREE_VARIANCES: &str =
    "Apart from what holds by itself, only the first variance can have bounds";
const FREE_DEVIATIONS: &str =
    "Apart from what holds by itself, only the first standard deviation can have bounds";
const FIXED_VARIANCES: &str =
    "only the first variance can be, or all parameters, or all covariances at zero";
const FIXED_DEVIATIONS: &str =
    "only the first standard deviation can be, or all parameters, or all correlations at zero";

impl Model<'_> {
    /// Sorts out all constraints of these kinds.
    pub(crate) fn make_blocks(&mut self) -> Result<(), SpaceError> {
        let mut left = Vec::new();
        for (k, constraint) in self.constraints.iter().enumerate() {
            let Some(shape) = shape_of(&constraint.kind) else { continue };
            let own = self.representatives(&constraint.kind.positions());
            self.handling[k] = if own.is_empty() {
                Handling::Idle { reason: "it selects no parameters".into() }
            } else if own.iter().all(|&i| self.fixed[i]) {
                Handling::Idle { reason: "all its parameters are fixed".into() }
            } else if self.repeats(k, constraint) {
                Handling::Implied
            } else if self.become_bounds(&own, shape) {
                self.check_room(&own)?;
                Handling::Bounds
            } else {
                left.push((k, own, shape));
                continue;
            };
        }
        // Only now are all bounds known.
        for (k, own, shape) in left {
            self.handling[k] = self.make_block(k, own, shape)?;
        }
        Ok(())
    }

    /// Whether an earlier constraint says the same.
    fn repeats(&self, k: usize, constraint: &Constraint) -> bool {
        let positions =
            |constraint: &Constraint| self.representatives(&constraint.kind.positions());
        self.constraints[..k].iter().any(|earlier| {
            std::mem::discriminant(&earlier.kind) == std::mem::discriminant(&constraint.kind)
                && positions(earlier) == positions(constraint)
                && regularization(&earlier.kind) >= regularization(&constraint.kind)
        })
    }

    /// Turns a covariance with nothing but free variances, or what comes down to that, into bounds.
    fn become_bounds(&mut self, own: &[usize], shape: Shape) -> bool {
        let dim = triangle_rows(own.len());
        let (diagonal, below) = match shape {
            Shape::Probability { .. } => return false,
            Shape::Covariance { .. } => {
                let is_diagonal = |k: usize| (0..dim).any(|row| row * (row + 3) / 2 == k);
                let (on, off): (Vec<usize>, Vec<usize>) =
                    (0..own.len()).partition(|&k| is_diagonal(k));
                (on, off)
            }
            Shape::Sdcorr { .. } => ((0..dim).collect(), (dim..own.len()).collect()),
        };
        let uncorrelated = below.iter().all(|&k| self.fixed[own[k]] && self.start[own[k]] == 0.0);
        let floor = match shape {
            Shape::Covariance { regularization } | Shape::Sdcorr { regularization } => {
                regularization
            }
            Shape::Probability { .. } => 0.0,
        };
        if uncorrelated {
            diagonal.iter().for_each(|&k| self.tighten(own[k], floor, f64::INFINITY));
            return true;
        }
        if matches!(shape, Shape::Sdcorr { .. }) && dim == 2 && floor == 0.0 {
            diagonal.iter().for_each(|&k| self.tighten(own[k], 0.0, f64::INFINITY));
            self.tighten(own[2], -1.0, 1.0);
            return true;
        }
        false
    }

    /// A regularization can ask for more than an upper bound allows.
    fn check_room(&self, own: &[usize]) -> Result<(), SpaceError> {
        match own.iter().find(|&&i| !self.fixed[i] && self.lower[i] > self.upper[i]) {
            None => Ok(()),
            Some(&i) => {
                let (name, lower, upper) = (self.names.of(i), self.lower[i], self.upper[i]);
                Err(SpaceError::Clash(Box::new(Clash::NoRoom { name, lower, upper })))
            }
        }
    }

    fn make_block(
        &mut self,
        k: usize,
        own: Vec<usize>,
        shape: Shape,
    ) -> Result<Handling, SpaceError> {
        self.check_distinct(k, &own)?;
        let mut block = Block { constraint: k, shape, positions: own, held: None };
        if let Shape::Probability { .. } = shape {
            self.set_fixed_shares_apart(&mut block);
            if block.positions.iter().all(|&position| self.fixed[position]) {
                return Ok(Handling::Idle { reason: "its other parameters are fixed".into() });
            }
        } else {
            self.check_fixed_members(&mut block)?;
        }
        self.check_bounds_of_members(&block)?;
        let how = match shape {
            Shape::Probability { .. } => "ratios to the largest are the coordinates",
            _ => "its Cholesky factor holds the coordinates",
        };
        self.blocks.push(block);
        Ok(Handling::Reparametrized { how: how.into() })
    }

    fn label(&self, k: usize) -> Named {
        Named { constraint: self.constraints[k].index, kind: self.constraints[k].word() }
    }

    /// No parameter twice, here or in an earlier block.
    fn check_distinct(&self, k: usize, own: &[usize]) -> Result<(), SpaceError> {
        let twice: Vec<usize> =
            own.iter().copied().filter(|i| own.iter().filter(|j| *j == i).count() > 1).collect();
        if !twice.is_empty() {
            let selected = self.constraints[k].kind.positions();
            let members = selected
                .into_iter()
                .filter(|&position| twice.contains(&self.representative[position]));
            let names = self.named(members);
            let clash = Clash::EqualMembers { constraint: self.label(k), names };
            return Err(SpaceError::Clash(Box::new(clash)));
        }
        for block in &self.blocks {
            let shared: Vec<usize> =
                own.iter().copied().filter(|i| block.positions.contains(i)).collect();
            if !shared.is_empty() {
                let (first, second) = (self.label(block.constraint), self.label(k));
                let clash = Clash::Overlap { first, second, names: self.named(shared) };
                return Err(SpaceError::Clash(Box::new(clash)));
            }
        }
        Ok(())
    }

    /// Fixed members leave the simplex; the others share the rest. A single one has no choice.
    fn set_fixed_shares_apart(&mut self, block: &mut Block) {
        let (fixed, free): (Vec<usize>, Vec<usize>) =
            block.positions.iter().partition(|&&position| self.fixed[position]);
        let rest = (1.0 - fixed.iter().map(|&i| self.start[i]).sum::<f64>()).max(0.0);
        let rest = if rest < 1e-14 { 0.0 } else { rest };
        if free.len() == 1 || rest == 0.0 {
            free.iter().for_each(|&position| self.fix_at(position, rest));
        }
        block.positions = free;
        block.shape = Shape::Probability { total: rest };
    }

    /// Of a covariance, only the first parameter may be fixed.
    fn check_fixed_members(&self, block: &mut Block) -> Result<(), SpaceError> {
        let fixed: Vec<usize> =
            block.positions[1..].iter().copied().filter(|&i| self.fixed[i]).collect();
        if !fixed.is_empty() {
            let rule = match block.shape {
                Shape::Sdcorr { .. } => FIXED_DEVIATIONS,
                _ => FIXED_VARIANCES,
            };
            let (constraint, names) = (self.label(block.constraint), self.named(fixed));
            return Err(SpaceError::Clash(Box::new(Clash::FixedMembers {
                constraint,
                names,
                rule,
            })));
        }
        block.held = block.positions.first().copied().filter(|&first| self.fixed[first]);
        Ok(())
    }

    /// Bounds must be those that hold anyway, but for the first variance or standard deviation.
    fn check_bounds_of_members(&self, block: &Block) -> Result<(), SpaceError> {
        let dim = triangle_rows(block.positions.len());
        let infinite = (f64::NEG_INFINITY, f64::INFINITY);
        let implied = |k: usize| match block.shape {
            Shape::Probability { total } => (0.0, total),
            Shape::Sdcorr { .. } if k < dim => (0.0, f64::INFINITY),
            Shape::Sdcorr { .. } => (-1.0, 1.0),
            Shape::Covariance { .. } if (0..dim).any(|row| row * (row + 3) / 2 == k) => {
                (0.0, f64::INFINITY)
            }
            Shape::Covariance { .. } => infinite,
        };
        let any_first = !matches!(block.shape, Shape::Probability { .. });
        let mut bounds = Vec::new();
        for (k, &position) in block.positions.iter().enumerate().skip(usize::from(any_first)) {
            let (lowest, highest) = implied(k);
            let (lower, upper) = (self.lower[position], self.upper[position]);
            if lower > lowest || upper < highest {
                bounds.push((self.names.of(position), lower, upper));
            }
        }
        if bounds.is_empty() {
            return Ok(());
        }
        let rule = match block.shape {
            Shape::Probability { .. } => FREE_PROBABILITIES,
            Shape::Covariance { .. } => FREE_VARIANCES,
            Shape::Sdcorr { .. } => FREE_DEVIATIONS,
        };
        let constraint = self.label(block.constraint);
        Err(SpaceError::Clash(Box::new(Clash::BoundedMembers { constraint, bounds, rule })))
    }
}

/// The shape of a constraint of these kinds.
fn shape_of(kind: &ConstraintKind) -> Option<Shape> {
    match *kind {
        ConstraintKind::Probability { .. } => Some(Shape::Probability { total: 1.0 }),
        ConstraintKind::Covariance { regularization, .. } => {
            Some(Shape::Covariance { regularization })
        }
        ConstraintKind::Sdcorr { regularization, .. } => Some(Shape::Sdcorr { regularization }),
        _ => None,
    }
}

fn regularization(kind: &ConstraintKind) -> f64 {
    match kind {
        ConstraintKind::Covariance { regularization, .. }
        | ConstraintKind::Sdcorr { regularization, .. } => *regularization,
        _ => 0.0,
    }
}
