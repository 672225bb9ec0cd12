//! Profiles: the share of the problems that an algorithm solves within a budget (Moré and Wild 2009, section 2.2; normalized by the
//! fastest algorithm they are the performance profiles of Dolan and Moré 2002, doi:10.1007/s101070100263).

use crate::error::BenchmarkError;
use crate::results::{ConvergenceLine, Results, RuntimeMeasure, Solved};

impl Results {
    /// What each algorithm (column) had cost when it had solved each problem (row); infinity where it never did.
    ///
    /// # Errors
    /// A precision is not positive.
    pub fn solution_costs(
        &self,
        measure: RuntimeMeasure,
        solved: &Solved,
    ) -> Result<Vec<Vec<f64>>, BenchmarkError> {
        solved.check()?;
        let of_problem = |(p, target)| {
            let runs = self.of_problem(p).iter();
            runs.map(|run| solved.cost(target, &run.evaluations, measure)).collect()
        };
        Ok(self.targets().iter().enumerate().map(of_problem).collect())
    }

    /// The profile of every algorithm, in the order of their labels: the share of the problems solved at each budget. The budgets
    /// are those at which another problem is solved, the same for all.
    ///
    /// # Errors
    /// A precision is not positive.
    pub fn profile(
        &self,
        measure: RuntimeMeasure,
        normalize_runtime: bool,
        solved: &Solved,
    ) -> Result<Vec<ConvergenceLine>, BenchmarkError> {
        let mut costs = self.solution_costs(measure, solved)?;
        if normalize_runtime {
            costs.iter_mut().for_each(|costs| to_multiples(costs));
        }
        let finite = costs.iter().flatten().copied().filter(|cost| cost.is_finite());
        let mut budgets: Vec<f64> = finite.collect();
        budgets.sort_by(f64::total_cmp);
        budgets.dedup();
        let n = self.targets().len() as f64;
        let line = |l: usize| {
            let share =
                |&budget: &f64| costs.iter().filter(|costs| costs[l] <= budget).count() as f64 / n;
            let (name, y) = (self.labels()[l].clone(), budgets.iter().map(share).collect());
            ConvergenceLine { name, x: budgets.clone(), y }
        };
        Ok(self.sorted_labels().into_iter().map(line).collect())
    }
}

/// In multiples of the smallest, which is 1 even where it is 0.
fn to_multiples(costs: &mut [f64]) {
    let least = costs.iter().copied().fold(f64::INFINITY, f64::min);
    for cost in costs.iter_mut().filter(|cost| cost.is_finite()) {
        *cost = if *cost == least { 1.0 } else { *cost / least };
    }
}
