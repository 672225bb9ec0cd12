//! When a problem counts as solved, and what it took.

use thalweg::Choice;
use thalweg::core::options::Choice as _;

use crate::error::BenchmarkError;
use crate::results::{Distance, DistanceMeasure, Evaluations, RuntimeMeasure, Target};

/// What has to be near the solution.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum StoppingCriterion {
    /// The objective.
    #[default]
    Y,
    /// The parameters.
    X,
    /// Both, not necessarily at the same evaluation.
    XAndY,
    /// One of them.
    XOrY,
}

impl std::str::FromStr for StoppingCriterion {
    type Err = BenchmarkError;

    /// One of [`StoppingCriterion::WORDS`](thalweg::core::options::Choice::WORDS).
    fn from_str(word: &str) -> Result<Self, BenchmarkError> {
        let wrong = || {
            let known = Self::WORDS;
            let message =
                format!("stopping_criterion is '{word}', but has to be one of {known:?}.");
            BenchmarkError::invalid(message)
        };
        Self::from_word(word).ok_or_else(wrong)
    }
}

/// When a problem counts as solved.
///
/// Let `f_k` and `x_k` be the objective and the parameters of evaluation k, `f*` and `x*` those of the solution.
///
/// * y: `(f_k - f*) / (f_0 - f*) <= y_precision` for some k;
/// * x: `|x_k - x*| / |x_0 - x*| <= x_precision` for some k; never where x* is unknown.
///
/// (Moré and Wild 2009, *Benchmarking derivative-free optimization algorithms*, doi:10.1137/080724083, use the first.)
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Solved {
    /// What has to be near the solution.
    pub criterion: StoppingCriterion,
    /// The share of the distance from the start to the solution that may be left.
    pub x_precision: f64,
    /// The share of the possible decrease that may be left.
    pub y_precision: f64,
}

impl Default for Solved {
    fn default() -> Self {
        Solved { criterion: StoppingCriterion::Y, x_precision: 1e-4, y_precision: 1e-4 }
    }
}

impl Solved {
    /// Solved once at most this share of the possible decrease is left.
    pub fn to(y_precision: f64) -> Self {
        Solved { y_precision, ..Solved::default() }
    }

    /// Whether the precisions are positive numbers.
    pub(crate) fn check(&self) -> Result<(), BenchmarkError> {
        let precisions = [("x_precision", self.x_precision), ("y_precision", self.y_precision)];
        match precisions.iter().find(|(_, value)| !(*value > 0.0 && value.is_finite())) {
            None => Ok(()),
            Some((name, value)) => Err(BenchmarkError::invalid(format!(
                "{name} is {value}, but has to be a positive number, for example 1e-4."
            ))),
        }
    }

    /// The first evaluation, counted from 0, after which the problem is solved.
    pub fn first(&self, target: &Target, evaluations: &Evaluations) -> Option<usize> {
        let by_y = || {
            let gaps = evaluations.criterion.iter().map(|&value| target.criterion_gap(value));
            first_within(gaps, self.y_precision)
        };
        let by_x = || {
            let points = evaluations.params.chunks_exact(target.start.len().max(1));
            first_within(points.map(|x| target.parameter_gap(x)), self.x_precision)
        };
        match self.criterion {
            StoppingCriterion::Y => by_y(),
            StoppingCriterion::X => by_x(),
            StoppingCriterion::XAndY => Some(by_x()?.max(by_y()?)),
            StoppingCriterion::XOrY => match (by_x(), by_y()) {
                (Some(x), Some(y)) => Some(x.min(y)),
                (x, y) => x.or(y),
            },
        }
    }

    /// What a run had cost when the problem was solved; infinity if it never was.
    pub(crate) fn cost(
        &self,
        target: &Target,
        evaluations: &Evaluations,
        measure: RuntimeMeasure,
    ) -> f64 {
        self.first(target, evaluations)
            .map_or(f64::INFINITY, |row| evaluations.costs(measure).nth(row).unwrap_or_default())
    }

    /// The rows that a run is cut to: up to and including the one that solves the problem.
    pub(crate) fn rows(&self, target: &Target, evaluations: &Evaluations) -> usize {
        self.first(target, evaluations).map_or(evaluations.len(), |row| row + 1)
    }
}

/// NaN is within nothing.
fn first_within(gaps: impl Iterator<Item = f64>, precision: f64) -> Option<usize> {
    gaps.enumerate().find(|(_, gap)| *gap <= precision).map(|(row, _)| row)
}

impl Target {
    /// The part of the possible decrease that is left: `(f - f*) / (f0 - f*)`. A start that is as good as the solution, or better (it
    /// violates constraints), leaves `(f - f*) / max(|f*|, 1)`.
    pub fn criterion_gap(&self, value: f64) -> f64 {
        let possible = self.start_value - self.optimum;
        let unit = if possible <= 0.0 { self.optimum.abs().max(1.0) } else { possible };
        (value - self.optimum) / unit
    }

    /// The part of the distance to the solution that is left: `|x - x*| / |x0 - x*|`; NaN where x* is unknown.
    pub fn parameter_gap(&self, x: &[f64]) -> f64 {
        let (left, all) = (self.parameter_distance(x), self.parameter_distance(&self.start));
        if left == 0.0 { 0.0 } else { left / all }
    }

    /// `|x - x*|`; NaN where x* is unknown.
    pub fn parameter_distance(&self, x: &[f64]) -> f64 {
        self.solution.as_ref().map_or(f64::NAN, |solution| {
            let squares = x.iter().zip(solution).map(|(x, s)| (x - s) * (x - s));
            squares.sum::<f64>().sqrt()
        })
    }

    /// A distance as a figure shows it.
    pub(crate) fn distance(&self, distance: &Distance, value: f64, x: &[f64]) -> f64 {
        use DistanceMeasure::{Criterion, ParameterDistance};
        match (distance.measure, distance.normalize) {
            (Criterion, true) => self.criterion_gap(value),
            (Criterion, false) => value,
            (ParameterDistance, true) => self.parameter_gap(x),
            (ParameterDistance, false) => self.parameter_distance(x),
        }
    }
}

impl Evaluations {
    /// What the run had cost after every evaluation. Evaluations and batches count from 1.
    pub fn costs(&self, measure: RuntimeMeasure) -> impl Iterator<Item = f64> + '_ {
        let mut batches = 0;
        (0..self.len()).map(move |row| match measure {
            RuntimeMeasure::Evaluations => (row + 1) as f64,
            RuntimeMeasure::Walltime => self.seconds[row],
            RuntimeMeasure::Batches => {
                batches += u64::from(row == 0 || self.batches[row] != self.batches[row - 1]);
                batches as f64
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target() -> Target {
        Target {
            name: "bowl".into(),
            start: vec![3.0, 4.0],
            start_value: 25.0,
            optimum: 0.0,
            solution: Some(vec![0.0, 0.0]),
        }
    }

    fn evaluations(points: &[[f64; 2]]) -> Evaluations {
        Evaluations {
            params: points.concat(),
            criterion: points.iter().map(|x| x[0] * x[0] + x[1] * x[1]).collect(),
            seconds: (0..points.len()).map(|row| row as f64 / 2.0).collect(),
            batches: (0..points.len() as u64).map(|row| 3 + row / 2).collect(),
        }
    }

    fn solved(criterion: StoppingCriterion, x_precision: f64, y_precision: f64) -> Solved {
        Solved { criterion, x_precision, y_precision }
    }

    #[test]
    fn the_four_criteria() {
        // Distances 5, 2.5, 1, 0.5, of squares 25, 6.25, 1, 0.25.
        let run = evaluations(&[[3.0, 4.0], [0.0, 2.5], [1.0, 0.0], [0.5, 0.0]]);
        let first = |criterion, x, y| solved(criterion, x, y).first(&target(), &run);
        use StoppingCriterion::{X, XAndY, XOrY, Y};
        assert_eq!(first(Y, 1e-9, 0.25), Some(1));
        assert_eq!(first(X, 0.2, 1e-9), Some(2));
        assert_eq!(first(XAndY, 0.2, 0.25), Some(2));
        assert_eq!(first(XOrY, 0.2, 0.25), Some(1));
        assert_eq!(first(XAndY, 1e-9, 0.25), None);
        assert_eq!(first(XOrY, 1e-9, 0.25), Some(1));
        assert_eq!(first(XOrY, 0.1, 1e-9), Some(3));
        assert_eq!(first(Y, 1.0, 1e-9), None);
    }

    #[test]
    fn an_unknown_solution_is_never_reached() {
        let run = evaluations(&[[3.0, 4.0], [0.0, 0.0]]);
        let unknown = Target { solution: None, ..target() };
        let first = |criterion| solved(criterion, 1.0, 1.0).first(&unknown, &run);
        assert_eq!(first(StoppingCriterion::X), None);
        assert_eq!(first(StoppingCriterion::XAndY), None);
        assert_eq!(first(StoppingCriterion::XOrY), Some(0));
        let without_value = Target { optimum: f64::NAN, ..target() };
        assert_eq!(Solved::default().first(&without_value, &run), None);
    }

    #[test]
    fn a_start_at_the_solution_is_solved() {
        let at_solution = Target { start: vec![0.0, 0.0], start_value: 0.0, ..target() };
        let run = evaluations(&[[0.0, 0.0], [1.0, 0.0]]);
        assert_eq!(Solved::default().first(&at_solution, &run), Some(0));
        assert_eq!(at_solution.criterion_gap(1.0), 1.0);
        assert_eq!(at_solution.parameter_gap(&[0.0, 1.0]), f64::INFINITY);
    }

    #[test]
    fn a_start_that_violates_constraints_may_be_better_than_the_solution() {
        let outside = Target { start_value: -100.0, optimum: -50.0, ..target() };
        assert_eq!(outside.criterion_gap(-49.0), 0.02);
        assert!(outside.criterion_gap(f64::INFINITY) > 1.0);
    }

    #[test]
    fn costs_count_from_one() {
        let run = evaluations(&[[3.0, 4.0], [0.0, 2.5], [1.0, 0.0]]);
        let costs = |measure| run.costs(measure).collect::<Vec<_>>();
        assert_eq!(costs(RuntimeMeasure::Evaluations), [1.0, 2.0, 3.0]);
        assert_eq!(costs(RuntimeMeasure::Batches), [1.0, 1.0, 2.0]);
        assert_eq!(costs(RuntimeMeasure::Walltime), [0.0, 0.5, 1.0]);
        assert_eq!(Solved::to(0.3).cost(&target(), &run, RuntimeMeasure::Evaluations), 2.0);
        assert_eq!(Solved::to(1e-9).cost(&target(), &run, RuntimeMeasure::Walltime), f64::INFINITY);
    }

    #[test]
    fn wrong_words_and_precisions() {
        let message = |error: BenchmarkError| error.to_string();
        assert_eq!(
            "x_and".parse::<StoppingCriterion>().map_err(message).unwrap_err(),
            "stopping_criterion is 'x_and', but has to be one of [\"y\", \"x\", \"x_and_y\", \"x_or_y\"]."
        );
        assert_eq!(
            message(Solved::to(0.0).check().unwrap_err()),
            "y_precision is 0, but has to be a positive number, for example 1e-4."
        );
        let x = Solved { x_precision: f64::NAN, ..Solved::default() };
        assert!(message(x.check().unwrap_err()).starts_with("x_precision is NaN, but"));
        assert!(Solved::default().check().is_ok());
    }
}
