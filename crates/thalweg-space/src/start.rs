//! Whether start values satisfy each constraint: to rounding, and with every violation of a constraint said at once.

use crate::consolidate::{Model, rows_of};
use crate::constraint::{Constraint, ConstraintKind};
use crate::error::{SpaceError, Violation};
use crate::plan::LinearRow;
use crate::transforms::{Covariance, Probability, SdCorr};

/// How far sums and equal values may be off, relative to one or to their size, whichever is larger.
const OFF: f64 = 1e-10;

impl Model<'_> {
    /// Checks all constraints in the order of the list; the first that is violated is the error, unless linear constraints
    /// contradict each other, which no other start would cure.
    pub(crate) fn check_start(&self) -> Result<(), SpaceError> {
        for constraint in self.constraints {
            if let Some(violation) = self.violation(constraint) {
                if !rows_of(constraint).is_empty()
                    && let Some(clash) = self.contradiction()
                {
                    return Err(SpaceError::Clash(Box::new(clash)));
                }
                return Err(SpaceError::Violated(Box::new(violation)));
            }
        }
        Ok(())
    }

    /// How the start values violate the constraint, if they do.
    pub(crate) fn violation(&self, constraint: &Constraint) -> Option<Violation> {
        let positions = constraint.kind.positions();
        let values: Vec<f64> = positions.iter().map(|&position| self.start[position]).collect();
        let problems = match &constraint.kind {
            ConstraintKind::Fixed { .. } => Vec::new(),
            _ if positions.is_empty() => Vec::new(),
            ConstraintKind::Equality { .. } => unequal(&values).into_iter().collect(),
            ConstraintKind::PairwiseEquality { selections } => self.unequal_pairs(selections),
            ConstraintKind::Increasing { .. } | ConstraintKind::Decreasing { .. } => {
                rows_of(constraint).iter().filter_map(|row| self.disorder(row)).collect()
            }
            ConstraintKind::Linear { .. } => {
                rows_of(constraint).iter().filter_map(|row| self.off_limits(row)).collect()
            }
            ConstraintKind::Probability { .. } => Probability::violations(&values, 1.0),
            ConstraintKind::Covariance { .. } => {
                Covariance::violation(&values).into_iter().collect()
            }
            ConstraintKind::Sdcorr { .. } => SdCorr::violation(&values).into_iter().collect(),
        };
        let label = (constraint.index, constraint.word());
        let named = |position: usize| (self.names.of(position), self.start[position]);
        (!problems.is_empty()).then(|| Violation::new(label, problems, &positions, named))
    }

    fn unequal_pairs(&self, selections: &[Vec<usize>]) -> Vec<String> {
        let length = selections.first().map_or(0, Vec::len);
        let tuple = |i: usize| selections.iter().map(move |selection| selection[i]);
        let problem = |i: usize| {
            let values: Vec<f64> = tuple(i).map(|position| self.start[position]).collect();
            let names: Vec<String> =
                tuple(i).map(|position| format!("'{}'", self.names.of(position))).collect();
            unequal(&values).map(|problem| format!("{}: {problem}", names.join(" and ")))
        };
        (0..length).filter_map(problem).collect()
    }

    /// The weighted sum, and how large its terms are.
    fn sum(&self, row: &LinearRow) -> (f64, f64) {
        let terms = row.positions.iter().zip(&row.weights).map(|(&p, w)| w * self.start[p]);
        terms.fold((0.0, 0.0), |(sum, size), term| (sum + term, size + term.abs()))
    }

    fn disorder(&self, row: &LinearRow) -> Option<String> {
        let (sum, size) = self.sum(row);
        // In a chain the one with weight one must not be smaller.
        let (low, high) = if row.weights[1] > 0.0 { (0, 1) } else { (1, 0) };
        let value = |k: usize| (self.names.of(row.positions[k]), self.start[row.positions[k]]);
        let ((low, below), (high, above)) = (value(low), value(high));
        (sum < -OFF * size.max(1.0)).then(|| {
            format!(
                "'{high}' = {above:?} must not be smaller than '{low}' = {below:?}, but is by {:?}",
                -sum
            )
        })
    }

    fn off_limits(&self, row: &LinearRow) -> Option<String> {
        let (sum, size) = self.sum(row);
        let LinearRow { lower, upper, .. } = row;
        let slack = |limit: f64| OFF * size.max(limit.abs()).max(1.0);
        if lower == upper {
            let off = sum - lower;
            let side = if off > 0.0 { "too much" } else { "too little" };
            return (off.abs() > slack(*lower)).then(|| {
                format!(
                    "the weighted sum must be {lower:?}, but is {sum:?}, {:?} {side}",
                    off.abs()
                )
            });
        }
        if lower.is_finite() && sum < lower - slack(*lower) {
            let off = lower - sum;
            return Some(format!(
                "the weighted sum {sum:?} is below the lower limit {lower:?}, by {off:?}"
            ));
        }
        (upper.is_finite() && sum > upper + slack(*upper)).then(|| {
            format!(
                "the weighted sum {sum:?} is above the upper limit {upper:?}, by {:?}",
                sum - upper
            )
        })
    }
}

/// How values that must be equal differ, if they do.
fn unequal(values: &[f64]) -> Option<String> {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let size = low.abs().max(high.abs()).max(1.0);
    (high - low > OFF * size)
        .then(|| format!("the values must be equal, but lie between {low:?} and {high:?}"))
}
