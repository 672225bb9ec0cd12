//! How algorithms approach the solution of single problems.

use crate::error::BenchmarkError;
use crate::results::{Distance, Evaluations, Line, Results, RuntimeMeasure, Solved, Target};

/// What convergence figures show.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ConvergenceOptions {
    /// The distance to the solution.
    pub distance: Distance,
    /// Against what it is shown.
    pub runtime_measure: RuntimeMeasure,
    /// Lines end where the problem is solved in this sense.
    pub solved: Solved,
}

impl ConvergenceOptions {
    /// What stands below the axis.
    pub fn label(&self) -> &'static str {
        match self.runtime_measure {
            RuntimeMeasure::NEvaluations => "Number of Function Evaluations",
            RuntimeMeasure::NBatches => "Number of Batches",
            RuntimeMeasure::Walltime => "Elapsed Time (Seconds)",
        }
    }
}

/// One problem with a line per algorithm.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConvergencePanel {
    /// The problem's name.
    pub problem: String,
    /// The name as a title: words instead of underscores.
    pub title: String,
    /// The lines, in the order of the labels.
    pub lines: Vec<Line>,
    /// The objective at the solution, where the figure shows values of the objective.
    pub solution: Option<f64>,
}

impl Results {
    /// The lines of the convergence figures, one panel per problem.
    ///
    /// # Errors
    /// A precision is not positive.
    pub fn convergence(
        &self,
        options: &ConvergenceOptions,
    ) -> Result<Vec<ConvergencePanel>, BenchmarkError> {
        options.solved.check()?;
        let order = self.sorted_labels();
        let panel = |(p, target): (usize, &Target)| {
            let line = |&l: &usize| {
                let (x, y) = points(options, target, &self.at(p, l).evaluations);
                Line { name: self.labels()[l].clone(), x, y }
            };
            let distance = options.distance;
            let shows_values = !distance.normalize && distance.measure == Default::default();
            ConvergencePanel {
                problem: target.name.clone(),
                title: title(&target.name),
                lines: order.iter().map(line).collect(),
                solution: (shows_values && target.optimum.is_finite()).then_some(target.optimum),
            }
        };
        Ok(self.targets().iter().enumerate().map(panel).collect())
    }
}

/// The points of a line: one per evaluation, or the smallest distance per batch. A run that failed has none.
fn points(
    options: &ConvergenceOptions,
    target: &Target,
    evaluations: &Evaluations,
) -> (Vec<f64>, Vec<f64>) {
    let rows = options.solved.rows(target, evaluations);
    let distances = options.distance.column_of(target, evaluations, rows);
    let costs = evaluations.costs(options.runtime_measure);
    let (mut x, mut y): (Vec<f64>, Vec<f64>) = (Vec::new(), Vec::new());
    let by_batch = options.runtime_measure == RuntimeMeasure::NBatches;
    for (cost, distance) in costs.zip(distances).filter(|(cost, _)| cost.is_finite()) {
        match y.last_mut() {
            Some(last) if by_batch && x.last() == Some(&cost) => *last = last.min(distance),
            _ => {
                x.push(cost);
                y.push(distance);
            }
        }
    }
    (x, y)
}

/// Words instead of underscores, each with a capital.
fn title(name: &str) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>())
    };
    name.split('_').filter_map(capital).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    #[test]
    fn titles() {
        assert_eq!(super::title("chebyquad_10"), "Chebyquad 10");
        assert_eq!(super::title("box_3d"), "Box 3d");
    }
}
