//! Differential evolution beside scipy's: ten seeds on eight bounded problems.

use thalweg::core::Rng;
use thalweg::minimize;
use thalweg::params::Selector;

use crate::compare::bounded::{GlobalProblem, bounded};
use crate::compare::{CompareError, Counts, median, reference, values_of};

const MAX_EVALUATIONS: u64 = 30_000;
const SEEDS: std::ops::Range<u64> = 0..10;

/// One problem on both sides, one run per seed. The gap is the value itself: all minima are 0.
#[derive(Clone, Debug, PartialEq)]
pub struct GlobalRow {
    /// The problem.
    pub problem: &'static str,
    /// thalweg's runs.
    pub ours: Vec<Counts>,
    /// The reference implementation's runs.
    pub reference: Vec<Counts>,
}

impl GlobalRow {
    /// Solved runs and their median number of evaluations at one of the precisions: ours, then the reference's.
    pub fn score(&self, precision: usize) -> [(usize, f64); 2] {
        [&self.ours, &self.reference].map(|runs| {
            let solved = runs.iter().filter_map(|run| run.evaluations[precision]);
            let solved: Vec<f64> = solved.map(|count| count as f64).collect();
            (solved.len(), median(solved))
        })
    }
}

/// Run differential evolution without polish and without convergence tests, beside scipy's counts.
///
/// # Errors
/// The run could not begin, or there are no reference counts.
pub fn compare_differential_evolution() -> Result<Vec<GlobalRow>, CompareError> {
    let row = |problem: GlobalProblem| {
        let ours = SEEDS.map(|seed| measure(&problem, seed)).collect::<Result<_, _>>()?;
        let reference = reference::global(problem.name)?;
        Ok(GlobalRow { problem: problem.name, ours, reference })
    };
    bounded().into_iter().map(row).collect()
}

fn measure(problem: &GlobalProblem, seed: u64) -> Result<Counts, CompareError> {
    // Ours takes the start into its population, scipy has none: a start drawn at random is worth no more than any member.
    let mut rng = Rng::new(seed);
    let start: Vec<f64> =
        (0..problem.n).map(|_| rng.uniform_in(problem.lower, problem.upper)).collect();
    let end = minimize(|x: &Vec<f64>| (problem.value)(x), start)
        .algorithm("differential_evolution")
        .bounds(Selector::All, problem.lower, problem.upper)
        .seed(seed)
        .option("polish", false)
        .option("convergence_ftol_rel", 0.0)
        .option("convergence_ftol_abs", 0.0)
        .option("stopping_maxfun", MAX_EVALUATIONS)
        .run();
    let values = values_of(end, false)?;
    let best = values.iter().copied().fold(f64::INFINITY, f64::min);
    Ok(Counts::of(values.into_iter(), best))
}
