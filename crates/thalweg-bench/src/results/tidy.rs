//! One table with a row per evaluation, up to and including the one that solves the problem.

use crate::error::BenchmarkError;
use crate::results::{Distance, DistanceMeasure, Results, RuntimeMeasure, Solved};

/// One row per evaluation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tidy {
    /// The position of the problem.
    pub problem: Vec<usize>,
    /// The position of the algorithm.
    pub algorithm: Vec<usize>,
    /// The further columns by name.
    pub columns: Vec<(String, Vec<f64>)>,
}

const RUNTIMES: [(&str, RuntimeMeasure); 3] = [
    ("n_evaluations", RuntimeMeasure::Evaluations),
    ("n_batches", RuntimeMeasure::Batches),
    ("walltime", RuntimeMeasure::Walltime),
];

/// The distances in the order of their columns.
fn distances() -> Vec<Distance> {
    let mut all = Vec::new();
    for measure in [DistanceMeasure::Criterion, DistanceMeasure::ParameterDistance] {
        for monotone in [false, true] {
            all.extend([false, true].map(|normalize| Distance { measure, monotone, normalize }));
        }
    }
    all
}

impl Tidy {
    /// The column of this name.
    pub fn column(&self, name: &str) -> Option<&[f64]> {
        self.columns.iter().find(|(known, _)| known == name).map(|(_, column)| column.as_slice())
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.problem.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.problem.is_empty()
    }
}

impl Results {
    /// One table with a row per evaluation, up to and including the one that solves the problem. Evaluations and batches count
    /// from 1.
    ///
    /// # Errors
    /// A precision is not positive.
    pub fn tidy(&self, solved: &Solved) -> Result<Tidy, BenchmarkError> {
        solved.check()?;
        let distances = distances();
        let names = RUNTIMES.iter().map(|(name, _)| name.to_string());
        let names = names.chain(distances.iter().map(Distance::column));
        let mut tidy =
            Tidy { columns: names.map(|name| (name, Vec::new())).collect(), ..Tidy::default() };
        for (p, target) in self.targets().iter().enumerate() {
            for l in 0..self.labels().len() {
                let evaluations = &self.at(p, l).evaluations;
                let rows = solved.rows(target, evaluations);
                tidy.problem.extend(std::iter::repeat_n(p, rows));
                tidy.algorithm.extend(std::iter::repeat_n(l, rows));
                let (runtimes, others) = tidy.columns.split_at_mut(RUNTIMES.len());
                for ((_, measure), (_, column)) in RUNTIMES.iter().zip(runtimes) {
                    column.extend(evaluations.costs(*measure).take(rows));
                }
                for (distance, (_, column)) in distances.iter().zip(others) {
                    column.extend(distance.column_of(target, evaluations, rows));
                }
            }
        }
        Ok(tidy)
    }

    /// The table of [`Results::tidy`] as comma-separated values.
    ///
    /// # Errors
    /// A precision is not positive.
    pub fn tidy_csv(&self, solved: &Solved) -> Result<String, BenchmarkError> {
        let tidy = self.tidy(solved)?;
        let names = tidy.columns.iter().map(|(name, _)| name.as_str());
        let mut text = format!("problem,algorithm,{}\n", names.collect::<Vec<_>>().join(","));
        for row in 0..tidy.len() {
            let (p, l) = (tidy.problem[row], tidy.algorithm[row]);
            text += &format!("{},{}", self.targets()[p].name, self.labels()[l]);
            for (_, column) in &tidy.columns {
                text += &match column[row] {
                    value if value.is_nan() => ",".to_string(),
                    value => format!(",{value}"),
                };
            }
            text.push('\n');
        }
        Ok(text)
    }
}
