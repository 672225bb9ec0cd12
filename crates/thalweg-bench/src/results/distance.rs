//! How far a run still is from the solution, as figures show it.

use thalweg::Choice;
use thalweg::core::options::Choice as _;

use crate::error::BenchmarkError;
use crate::results::solved::from_argument;
use crate::results::{Evaluations, Target};

/// What the distance is measured in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
#[choice(root = thalweg::core)]
pub enum DistanceMeasure {
    /// The objective.
    #[default]
    Criterion,
    /// The Euclidean distance of the parameters.
    ParameterDistance,
}

from_argument!(DistanceMeasure, "distance_measure");

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
        format!("{monotone}{}{normalized}", self.measure.word())
    }

    /// What stands beside the axis.
    pub fn label(&self) -> String {
        let what = match self.measure {
            DistanceMeasure::Criterion => "Function Distance to Optimum",
            DistanceMeasure::ParameterDistance => "Distance to Optimal Parameters",
        };
        let of_value = self.measure == DistanceMeasure::Criterion && !self.normalize;
        match (self.normalize, self.monotone) {
            _ if of_value && self.monotone => "Best Function Value Found So Far".into(),
            _ if of_value => "Current Function Value".into(),
            (true, true) => format!("Share of {what}{{linebreak}}Missing From Best So Far"),
            (true, false) => format!("Share of {what}{{linebreak}}Missing From Current Value"),
            (false, true) => format!("{what}{{linebreak}}Missing From Best So Far"),
            (false, false) => format!("{what}{{linebreak}}Missing From Current Value"),
        }
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
