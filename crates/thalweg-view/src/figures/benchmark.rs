//! What figures of benchmark runs share: how effort is measured, and one look per algorithm.

use std::collections::BTreeMap;
use std::str::FromStr;

use crate::error::FigureError;
use crate::palette::Palette;
use crate::trace::Dash;

/// How the effort of an algorithm is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RuntimeMeasure {
    /// Evaluations of the objective.
    #[default]
    Evaluations,
    /// Seconds.
    Walltime,
    /// Batches of evaluations.
    Batches,
}

impl FromStr for RuntimeMeasure {
    type Err = FigureError;

    /// "n_evaluations", "walltime" or "n_batches".
    fn from_str(word: &str) -> Result<Self, FigureError> {
        match word {
            "n_evaluations" => Ok(RuntimeMeasure::Evaluations),
            "walltime" => Ok(RuntimeMeasure::Walltime),
            "n_batches" => Ok(RuntimeMeasure::Batches),
            _ => Err(FigureError::invalid(format!(
                "runtime_measure is \"{word}\". It has to be \"n_evaluations\", \"walltime\" or \"n_batches\"."
            ))),
        }
    }
}

impl RuntimeMeasure {
    /// The label of an axis along which a run goes on.
    pub(crate) fn label(self) -> &'static str {
        match self {
            RuntimeMeasure::Evaluations => "Number of Function Evaluations",
            RuntimeMeasure::Walltime => "Elapsed Time",
            RuntimeMeasure::Batches => "Number of Batches",
        }
    }

    /// The label of an axis of budgets.
    pub(crate) fn budget_label(self, normalized: bool) -> &'static str {
        match (self, normalized) {
            (RuntimeMeasure::Walltime, false) => "Wall Time Needed to Solve the Problem",
            (_, false) => self.label(),
            (RuntimeMeasure::Evaluations, true) => {
                "Multiple of Minimal Number of Function Evaluations{linebreak}Needed to Solve the Problem"
            }
            (RuntimeMeasure::Walltime, true) => {
                "Multiple of Minimal Wall Time{linebreak}Needed to Solve the Problem"
            }
            (RuntimeMeasure::Batches, true) => {
                "Multiple of Minimal Number of Batches{linebreak}Needed to Solve the Problem"
            }
        }
    }
}

/// How far a run still is from the solution.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DistanceMeasure {
    /// By the criterion.
    #[default]
    Criterion,
    /// By the distance of the parameters.
    ParameterDistance,
}

impl FromStr for DistanceMeasure {
    type Err = FigureError;

    /// "criterion" or "parameter_distance".
    fn from_str(word: &str) -> Result<Self, FigureError> {
        match word {
            "criterion" => Ok(DistanceMeasure::Criterion),
            "parameter_distance" => Ok(DistanceMeasure::ParameterDistance),
            _ => Err(FigureError::invalid(format!(
                "distance_measure is \"{word}\". It has to be \"criterion\" or \"parameter_distance\"."
            ))),
        }
    }
}

impl DistanceMeasure {
    /// The label of an axis of distances.
    pub(crate) fn label(self, monotone: bool, normalized: bool) -> &'static str {
        match (self, monotone, normalized) {
            (DistanceMeasure::Criterion, true, true) => {
                "Share of Function Distance to Optimum{linebreak}Missing From Best So Far"
            }
            (DistanceMeasure::Criterion, false, true) => {
                "Share of Function Distance to Optimum{linebreak}Missing From Current Criterion Value"
            }
            (DistanceMeasure::Criterion, true, false) => "Best Function Value Found So Far",
            (DistanceMeasure::Criterion, false, false) => "Current Function Value",
            (DistanceMeasure::ParameterDistance, true, true) => {
                "Share of Parameter Distance to Optimum{linebreak}Missing From the Best Parameters So Far"
            }
            (DistanceMeasure::ParameterDistance, false, true) => {
                "Share of Parameter Distance to Optimum{linebreak}Missing From Current Parameters"
            }
            (DistanceMeasure::ParameterDistance, true, false) => {
                "Distance Between the Best Parameters{linebreak}So Far and the Optimal Parameters"
            }
            (DistanceMeasure::ParameterDistance, false, false) => {
                "Distance Between Current and{linebreak}Optimal Parameters"
            }
        }
    }
}

/// The colour and the dash of every algorithm, by its place in the alphabet, so that it looks the same in all panels.
pub(crate) struct Looks<'a>(BTreeMap<&'a str, (String, Dash)>);

impl<'a> Looks<'a> {
    pub(crate) fn new(
        names: impl IntoIterator<Item = &'a str>,
        palette: &Palette,
        dashes: bool,
    ) -> Self {
        let mut looks: BTreeMap<&str, (String, Dash)> =
            names.into_iter().map(|name| (name, Default::default())).collect();
        let n = looks.len();
        for (i, look) in looks.values_mut().enumerate() {
            let dash = if dashes { Palette::dash(i, n) } else { Dash::Solid };
            *look = (palette.color(i).to_string(), dash);
        }
        Looks(looks)
    }

    pub(crate) fn of(&self, name: &str) -> (&str, Dash) {
        let (color, dash) = &self.0[name];
        (color, *dash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_measures_are_refused() {
        assert_eq!(
            "time".parse::<RuntimeMeasure>().unwrap_err().to_string(),
            "runtime_measure is \"time\". It has to be \"n_evaluations\", \"walltime\" or \"n_batches\"."
        );
        assert_eq!(
            "x".parse::<DistanceMeasure>().unwrap_err().to_string(),
            "distance_measure is \"x\". It has to be \"criterion\" or \"parameter_distance\"."
        );
        assert_eq!("n_batches".parse(), Ok(RuntimeMeasure::Batches));
    }
}
