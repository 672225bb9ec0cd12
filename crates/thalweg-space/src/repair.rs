//! Moves start values to where the constraints hold: each violated one projects to the nearest point that satisfies it, in
//! turns until all are satisfied.
//!
//! Alternating projections converge to a common point of convex sets (Bregman 1965), all of which these are but the standard
//! deviations with correlations. Parameters that are fixed stay where they are.

use crate::consolidate::{Model, rows_of};
use crate::constraint::{Constraint, ConstraintKind};
use crate::plan::Repair;
use crate::transforms::{Covariance, Probability, SdCorr};

/// Rounds of projections at most.
const ROUNDS: usize = 2000;

impl Model<'_> {
    /// Moves the start values towards all constraints. Whether that succeeded is for the checks to say.
    pub(crate) fn repair_start(&mut self) {
        for _ in 0..ROUNDS {
            self.meet_in_the_middle();
            self.clip();
            let violated: Vec<&Constraint> = self
                .constraints
                .iter()
                .filter(|constraint| self.violation(constraint).is_some())
                .collect();
            if violated.is_empty() {
                return;
            }
            violated.into_iter().for_each(|constraint| self.project(constraint));
        }
        self.meet_in_the_middle();
        self.clip();
    }

    /// What was moved.
    pub(crate) fn repairs(&self, start: &[f64]) -> Vec<Repair> {
        let moved = (0..start.len()).filter(|&position| start[position] != self.start[position]);
        moved
            .map(|position| Repair {
                position,
                name: self.names.of(position),
                from: start[position],
                to: self.start[position],
            })
            .collect()
    }

    /// Equal parameters meet at their mean, or where one of them is fixed.
    fn meet_in_the_middle(&mut self) {
        for own in 0..self.start.len() {
            let set = self.set_of(own);
            if set.len() < 2 {
                continue;
            }
            let first = self.start[set[0]];
            if set.iter().all(|&i| self.start[i] == first) {
                continue;
            }
            let mean = set.iter().map(|&i| self.start[i]).sum::<f64>() / set.len() as f64;
            let value = if self.fixed[own] { self.held_value(&set) } else { mean };
            set.iter().for_each(|&i| self.start[i] = value);
        }
    }

    /// The value at which the user fixed one of a set of equal parameters.
    fn held_value(&self, set: &[usize]) -> f64 {
        let fixed_by_name = |position: &&usize| {
            self.constraints.iter().any(|constraint| {
                matches!(&constraint.kind, ConstraintKind::Fixed { positions, .. } if positions.contains(position))
            })
        };
        self.start[*set.iter().find(fixed_by_name).unwrap_or(&set[0])]
    }

    fn clip(&mut self) {
        for i in 0..self.start.len() {
            if !self.fixed[i] || self.lower[i] == self.upper[i] {
                self.start[i] = self.start[i].clamp(self.lower[i], self.upper[i]);
            }
        }
    }

    fn project(&mut self, constraint: &Constraint) {
        let positions = constraint.kind.positions();
        let values: Vec<f64> = positions.iter().map(|&position| self.start[position]).collect();
        match &constraint.kind {
            ConstraintKind::Probability { .. } => {
                let (fixed, free): (Vec<usize>, Vec<usize>) =
                    positions.iter().partition(|&&position| self.fixed[position]);
                let rest = 1.0 - fixed.iter().map(|&i| self.start[i]).sum::<f64>();
                let values: Vec<f64> = free.iter().map(|&i| self.start[i]).collect();
                if rest > 0.0 && !free.is_empty() {
                    self.place(&free, &Probability::project(&values, rest));
                }
            }
            ConstraintKind::Covariance { .. } => {
                self.place(&positions, &Covariance::project(&values))
            }
            ConstraintKind::Sdcorr { .. } => self.place(&positions, &SdCorr::project(&values)),
            _ => rows_of(constraint).iter().for_each(|row| {
                let (weights, constant) = self.plug_in(row, true);
                let sum: f64 =
                    constant + weights.iter().map(|(&i, w)| w * self.start[i]).sum::<f64>();
                let length: f64 = weights.values().map(|w| w * w).sum();
                if length > 0.0 {
                    let step = (sum.clamp(row.lower, row.upper) - sum) / length;
                    for (&own, weight) in &weights {
                        let value = self.start[own] + step * weight;
                        self.set_of(own).iter().for_each(|&i| self.start[i] = value);
                    }
                }
            }),
        }
    }

    fn place(&mut self, positions: &[usize], values: &[f64]) {
        for (&position, &value) in positions.iter().zip(values) {
            if !self.fixed[position] {
                self.start[position] = value;
            }
        }
    }
}
