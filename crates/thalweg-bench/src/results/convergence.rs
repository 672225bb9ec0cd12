//! How algorithms approach the solution of single problems.

use crate::error::BenchmarkError;
use crate::results::{
    ConvergenceLine, ConvergencePanel, Distance, DistanceMeasure, Evaluations, Results,
    RuntimeMeasure, Solved, Target,
};

impl Results {
    /// The distance to the solution against the cost, one panel per problem. Lines end where the problem is solved, or with the run
    /// where nothing says when it is.
    ///
    /// # Errors
    /// A precision is not positive.
    pub fn convergence<'a>(
        &self,
        measure: RuntimeMeasure,
        distance: &Distance,
        solved: impl Into<Option<&'a Solved>>,
    ) -> Result<Vec<ConvergencePanel>, BenchmarkError> {
        let solved = solved.into();
        solved.map_or(Ok(()), Solved::check)?;
        let order = self.sorted_labels();
        let shows_values = !distance.normalize && distance.measure == DistanceMeasure::Criterion;
        let panel = |(p, target): (usize, &Target)| {
            let line = |&l: &usize| {
                let evaluations = &self.at(p, l).evaluations;
                let rows = solved.map_or(evaluations.len(), |s| s.rows(target, evaluations));
                let (x, y) =
                    points(measure, evaluations, distance.column_of(target, evaluations, rows));
                ConvergenceLine { name: self.labels()[l].clone(), x, y }
            };
            ConvergencePanel {
                problem: target.name.clone(),
                lines: order.iter().map(line).collect(),
                true_solution: (shows_values && target.optimum.is_finite())
                    .then_some(target.optimum),
            }
        };
        Ok(self.targets().iter().enumerate().map(panel).collect())
    }
}

/// The points of a line: one per evaluation, or the smallest distance per batch. A run that failed has none.
fn points(
    measure: RuntimeMeasure,
    evaluations: &Evaluations,
    distances: Vec<f64>,
) -> (Vec<f64>, Vec<f64>) {
    let costs = evaluations.costs(measure).zip(distances);
    let (mut x, mut y): (Vec<f64>, Vec<f64>) = (Vec::new(), Vec::new());
    let by_batch = measure == RuntimeMeasure::Batches;
    let is_run = evaluations.seconds.iter().all(|seconds| seconds.is_finite());
    for (cost, distance) in costs.filter(|_| is_run) {
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
