//! The average distance to the solution over all problems.

use crate::error::BenchmarkError;
use crate::results::{
    ConvergenceLine, Distance, DistanceMeasure, Evaluations, Results, RuntimeMeasure, Solved,
};

/// Runs are cut where no more than this is missing.
const PRECISION: f64 = 1e-6;
/// As many points of time a line has at most.
const MAX_POINTS: usize = 1000;

impl Results {
    /// The distance to the solution as a share of that at the start, on average over the problems, after every evaluation (batch,
    /// second). Runs that are over keep their last distance; before a run's first evaluation all of it is missing. Problems
    /// whose solution is unknown are left out.
    ///
    /// # Errors
    /// The solution of no problem is known.
    pub fn deviation(
        &self,
        measure: RuntimeMeasure,
        distance_measure: DistanceMeasure,
        monotone: bool,
    ) -> Result<Vec<ConvergenceLine>, BenchmarkError> {
        let distance = Distance { measure: distance_measure, monotone, normalize: true };
        let known = |&p: &usize| {
            let target = &self.targets()[p];
            !target.distance(&distance, target.start_value, &target.start).is_nan()
        };
        let problems: Vec<usize> = (0..self.targets().len()).filter(known).collect();
        if problems.is_empty() {
            let message = "no problem has a known solution: there is no distance to average.";
            return Err(BenchmarkError::invalid(message));
        }
        let solved = Solved { y_precision: PRECISION, ..Solved::default() };
        let paths: Vec<Vec<Path>> = (0..self.labels().len())
            .map(|l| {
                let path = |&p: &usize| {
                    let (target, evaluations) = (&self.targets()[p], &self.at(p, l).evaluations);
                    let rows = solved.rows(target, evaluations);
                    Path::new(evaluations, measure, distance.column_of(target, evaluations, rows))
                };
                problems.iter().map(path).collect()
            })
            .collect();
        let grid = grid(&paths, measure);
        let line = |l: usize| {
            let mean = |&at: &f64| {
                paths[l].iter().map(|path| path.at(at)).sum::<f64>() / problems.len() as f64
            };
            let (name, y) = (self.labels()[l].clone(), grid.iter().map(mean).collect());
            ConvergenceLine { name, x: grid.clone(), y }
        };
        Ok(self.sorted_labels().into_iter().map(line).collect())
    }
}

/// The distance of one run as a function of its cost.
struct Path {
    costs: Vec<f64>,
    distances: Vec<f64>,
}

impl Path {
    fn new(evaluations: &Evaluations, measure: RuntimeMeasure, distances: Vec<f64>) -> Self {
        Path { costs: evaluations.costs(measure).take(distances.len()).collect(), distances }
    }

    /// The last distance that is known at this cost. Values that are not finite say nothing.
    fn at(&self, cost: f64) -> f64 {
        let known = self.costs.partition_point(|&c| c <= cost);
        self.distances[..known].iter().rev().copied().find(|d| d.is_finite()).unwrap_or(1.0)
    }
}

/// The costs at which something is known.
fn grid(paths: &[Vec<Path>], measure: RuntimeMeasure) -> Vec<f64> {
    let costs = paths.iter().flatten().flat_map(|path| &path.costs).copied();
    let most = costs.filter(|cost| cost.is_finite()).fold(0.0, f64::max);
    match measure {
        RuntimeMeasure::Walltime => {
            let step = most / (MAX_POINTS - 1) as f64;
            (0..MAX_POINTS).map(|i| i as f64 * step).collect()
        }
        _ => (1..=most.max(1.0) as usize).map(|count| count as f64).collect(),
    }
}
