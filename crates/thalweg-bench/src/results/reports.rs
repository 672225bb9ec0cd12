//! Who solved what, and how fast, as tables.

use crate::error::BenchmarkError;
use crate::results::{Results, RuntimeMeasure, Solved, Table};

/// The column with the number of parameters.
const DIMENSIONALITY: &str = "dimensionality";

impl Results {
    /// Whether each algorithm (column) solved each problem (row): "success", "failed", or "error" where the run broke off.
    ///
    /// # Errors
    /// A precision is not positive.
    pub fn convergence_report(&self, solved: &Solved) -> Result<Table, BenchmarkError> {
        let costs = self.solution_costs(RuntimeMeasure::Evaluations, solved)?;
        self.report(|p, l| if costs[p][l].is_finite() { "success".into() } else { "failed".into() })
    }

    /// The rank of each algorithm (column) on each problem (row): "0" is the fastest, equally fast ones have the same rank; "failed"
    /// where it did not solve the problem, "error" where the run broke off.
    ///
    /// # Errors
    /// A precision is not positive.
    pub fn rank_report(
        &self,
        measure: RuntimeMeasure,
        solved: &Solved,
    ) -> Result<Table, BenchmarkError> {
        let costs = self.solution_costs(measure, solved)?;
        self.report(|p, l| {
            let mut better: Vec<f64> = costs[p].clone();
            better.retain(|cost| *cost < costs[p][l]);
            better.sort_by(f64::total_cmp);
            better.dedup();
            if costs[p][l].is_finite() { better.len().to_string() } else { "failed".into() }
        })
    }

    /// The error of every run that broke off: columns algorithm, problem, traceback and dimensionality.
    pub fn traceback_report(&self) -> Table {
        let mut table = Table::new(["algorithm", "problem", "traceback", DIMENSIONALITY]);
        for (l, label) in self.labels().iter().enumerate() {
            for (p, target) in self.targets().iter().enumerate() {
                if let Some(failure) = &self.at(p, l).failure {
                    let (name, n) = (target.name.clone(), target.start.len().to_string());
                    table.rows.push(vec![label.clone(), name, failure.clone(), n]);
                }
            }
        }
        table
    }

    /// A table of problems and algorithms; runs that broke off are "error".
    fn report(&self, cell: impl Fn(usize, usize) -> String) -> Result<Table, BenchmarkError> {
        let columns = ["problem"].into_iter().chain(self.labels().iter().map(String::as_str));
        let mut table = Table::new(columns.chain([DIMENSIONALITY]));
        for (p, target) in self.targets().iter().enumerate() {
            let mut row = vec![target.name.clone()];
            for l in 0..self.labels().len() {
                let has_failed = self.at(p, l).failure.is_some();
                row.push(if has_failed { "error".into() } else { cell(p, l) });
            }
            row.push(target.start.len().to_string());
            table.rows.push(row);
        }
        Ok(table)
    }
}
