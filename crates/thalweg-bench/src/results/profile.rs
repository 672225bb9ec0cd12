//! Profiles: the share of the problems that an algorithm solves within a budget (Moré and Wild 2009, section 2.2; normalized by the
//! fastest algorithm they are the performance profiles of Dolan and Moré 2002, doi:10.1007/s101070100263).

use crate::error::BenchmarkError;
use crate::results::{Results, RuntimeMeasure, Solved};

/// One line of a figure.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    /// Whose line it is.
    pub name: String,
    /// Where it has points.
    pub x: Vec<f64>,
    /// Its height there.
    pub y: Vec<f64>,
}

/// What a profile shows.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ProfileOptions {
    /// By what algorithms are compared.
    pub runtime_measure: RuntimeMeasure,
    /// In multiples of the fastest algorithm of each problem.
    pub normalize_runtime: bool,
    /// When a problem counts as solved.
    pub solved: Solved,
}

impl ProfileOptions {
    /// What stands below the axis.
    pub fn label(&self) -> &'static str {
        match (self.normalize_runtime, self.runtime_measure) {
            (false, RuntimeMeasure::NEvaluations) => "Number of Function Evaluations",
            (false, RuntimeMeasure::NBatches) => "Number of Batches",
            (false, RuntimeMeasure::Walltime) => "Wall Time Needed to Solve the Problem (Seconds)",
            (true, RuntimeMeasure::NEvaluations) => {
                "Multiple of Minimal Number of Function Evaluations{linebreak}Needed to Solve the Problem"
            }
            (true, RuntimeMeasure::NBatches) => {
                "Multiple of Minimal Number of Batches{linebreak}Needed to Solve the Problem"
            }
            (true, RuntimeMeasure::Walltime) => {
                "Multiple of Minimal Wall Time{linebreak}Needed to Solve the Problem"
            }
        }
    }

    /// Where every line begins: before the first evaluation, or at the fastest algorithm.
    fn origin(&self) -> f64 {
        if self.normalize_runtime { 1.0 } else { 0.0 }
    }
}

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

    /// The profile of every algorithm, in the order of their labels: step functions that jump where one more problem is solved,
    /// all over the same budgets.
    ///
    /// # Errors
    /// A precision is not positive.
    pub fn profile(&self, options: &ProfileOptions) -> Result<Vec<Line>, BenchmarkError> {
        let mut costs = self.solution_costs(options.runtime_measure, &options.solved)?;
        if options.normalize_runtime {
            costs.iter_mut().for_each(|costs| to_multiples(costs));
        }
        let budgets = self.budgets(options, &costs);
        let n = self.targets().len() as f64;
        let line = |l: usize| {
            let share =
                |&budget: &f64| costs.iter().filter(|costs| costs[l] <= budget).count() as f64 / n;
            let (name, y) = (self.labels()[l].clone(), budgets.iter().map(share).collect());
            Line { name, x: budgets.clone(), y }
        };
        Ok(self.sorted_labels().into_iter().map(line).collect())
    }

    /// The origin, every cost at which a problem is solved, and a bit more. Where nothing was solved: all that was spent.
    fn budgets(&self, options: &ProfileOptions, costs: &[Vec<f64>]) -> Vec<f64> {
        let finite = costs.iter().flatten().copied().filter(|cost| cost.is_finite());
        let mut budgets: Vec<f64> = finite.collect();
        budgets.sort_by(f64::total_cmp);
        budgets.dedup();
        let end = budgets.last().map_or_else(|| self.spent(options), |last| 1.05 * last);
        if budgets.first().is_none_or(|first| *first > options.origin()) {
            budgets.insert(0, options.origin());
        }
        budgets.push(end.max(1.05 * options.origin()));
        budgets
    }

    /// The largest finite cost of all runs, however they ended; 1 where there is none.
    fn spent(&self, options: &ProfileOptions) -> f64 {
        if options.normalize_runtime {
            return 2.0;
        }
        let last = |run: &super::Run| run.evaluations.costs(options.runtime_measure).last();
        let costs = self.runs.iter().filter_map(last).filter(|cost| cost.is_finite());
        let most = costs.fold(0.0, f64::max);
        if most > 0.0 { most } else { 1.0 }
    }
}

/// In multiples of the smallest; a cost of nothing is once the smallest.
fn to_multiples(costs: &mut [f64]) {
    let least = costs.iter().copied().fold(f64::INFINITY, f64::min);
    for cost in costs {
        if cost.is_finite() {
            *cost = if *cost == least { 1.0 } else { *cost / least };
        }
    }
}
