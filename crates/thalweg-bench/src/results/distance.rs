//! How far a run still is from the solution.

use crate::results::{DistanceMeasure, Evaluations, Target};

/// A distance as figures show it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Distance {
    /// What it is measured in.
    pub measure: DistanceMeasure,
    /// The smallest one so far instead of that of every evaluation.
    pub monotone: bool,
    /// As a share of the distance at the start.
    pub normalize: bool,
}

impl Default for Distance {
    fn default() -> Self {
        Distance { measure: DistanceMeasure::Criterion, monotone: true, normalize: true }
    }
}

impl Distance {
    /// The name of the column in the tidy table.
    pub fn column(&self) -> String {
        let monotone = if self.monotone { "monotone_" } else { "" };
        let normalized = if self.normalize { "_normalized" } else { "" };
        let measure = match self.measure {
            DistanceMeasure::Criterion => "criterion",
            DistanceMeasure::ParameterDistance => "parameter_distance",
        };
        format!("{monotone}{measure}{normalized}")
    }

    /// The distance after each of the first `rows` evaluations.
    pub(crate) fn column_of(
        &self,
        target: &Target,
        evaluations: &Evaluations,
        rows: usize,
    ) -> Vec<f64> {
        let points = evaluations.params.chunks_exact(target.start.len().max(1));
        let mut best = f64::NAN;
        let distances = evaluations.criterion.iter().zip(points).take(rows).map(|(&value, x)| {
            let distance = target.distance(self, value, x);
            if !self.monotone {
                return distance;
            }
            best = best.min(distance); // the other number where one is NaN
            best
        });
        distances.collect()
    }
}
