//! The results of runs on benchmark problems as plain columns, and everything that is read off them.
//!
//! What is here knows nothing of algorithms: [`Results`] may come from [`run_benchmark`](crate::run_benchmark), from another
//! library, or from Python.
//!
//! * [`Solved`]: when a problem counts as solved;
//! * [`Results::tidy`]: one table with a row per evaluation;
//! * [`Results::profile`], [`Results::convergence`], [`Results::deviation`]: the lines of the figures;
//! * [`Results::profile_figure`], [`Results::convergence_figure`], [`Results::deviation_figure`]: the figures;
//! * [`Results::convergence_report`], [`Results::rank_report`], [`Results::traceback_report`]: tables.

mod convergence;
mod deviation;
mod distance;
mod figures;
mod profile;
mod reports;
mod solved;
mod table;
mod tidy;

use thalweg::FlatResult;

pub use distance::Distance;
pub use solved::{Solved, StoppingCriterion};
pub use table::Table;
pub use thalweg::view::figures::{
    ConvergenceLine, ConvergencePanel, DistanceMeasure, RuntimeMeasure,
};
pub use tidy::Tidy;

use crate::error::{BenchmarkError, unknown};

/// A problem as reports see it: where runs start and what they look for.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// The problem's name.
    pub name: String,
    /// The start point.
    pub start: Vec<f64>,
    /// The objective at the start, without noise.
    pub start_value: f64,
    /// The objective at the solution; NaN where it is unknown.
    pub optimum: f64,
    /// The solution; `None` where it is unknown or not unique.
    pub solution: Option<Vec<f64>>,
}

/// The evaluations of one run in columns of one length.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evaluations {
    /// The parameters of every evaluation, one after the other.
    pub params: Vec<f64>,
    /// The objective without noise, never below that of the solution.
    pub criterion: Vec<f64>,
    /// When every evaluation ended, in seconds since the first one began.
    pub seconds: Vec<f64>,
    /// The batch that every evaluation belongs to; never falls.
    pub batches: Vec<u64>,
}

impl Evaluations {
    /// What stands for a run that failed: the start, reached never.
    pub fn failed(target: &Target) -> Self {
        Evaluations {
            params: target.start.clone(),
            criterion: vec![target.start_value],
            seconds: vec![f64::INFINITY],
            batches: vec![0],
        }
    }

    /// The number of evaluations.
    pub fn len(&self) -> usize {
        self.criterion.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.criterion.is_empty()
    }
}

/// One run.
#[derive(Clone, Debug)]
pub struct Run {
    /// What was evaluated.
    pub evaluations: Evaluations,
    /// What the algorithm returned; `None` after a failure, and where only the columns are known.
    pub result: Option<FlatResult>,
    /// Why the run failed, if it did.
    pub failure: Option<String>,
}

/// Runs of several algorithms on several problems: every algorithm on every problem.
#[derive(Clone, Debug, Default)]
pub struct Results {
    targets: Vec<Target>,
    labels: Vec<String>,
    /// By problem, then by algorithm.
    runs: Vec<Run>,
}

impl Results {
    /// Bring runs into order: each with the name of its problem and the label of its algorithm.
    ///
    /// # Errors
    /// A run is of no problem in `targets`, one is there twice or missing, or its columns do not fit.
    pub fn new(
        targets: Vec<Target>,
        runs: impl IntoIterator<Item = (String, String, Run)>,
    ) -> Result<Self, BenchmarkError> {
        let mut labels: Vec<String> = Vec::new();
        let mut slots: Vec<Vec<Option<Run>>> = vec![Vec::new(); targets.len()];
        for (problem, label, run) in runs {
            let Some(p) = targets.iter().position(|target| target.name == problem) else {
                let names = targets.iter().map(|target| target.name.as_str());
                let what = format!("the results have runs on '{problem}', which");
                return Err(unknown(&what, "is none of the problems", &problem, names));
            };
            check_columns(&targets[p], &label, &run.evaluations)?;
            let l = labels.iter().position(|known| *known == label).unwrap_or_else(|| {
                labels.push(label.clone());
                labels.len() - 1
            });
            if slots[p].len() <= l {
                slots[p].resize(l + 1, None);
            }
            if slots[p][l].replace(run).is_some() {
                let message = format!("there are two runs of '{label}' on '{problem}'.");
                return Err(BenchmarkError::invalid(message));
            }
        }
        if targets.is_empty() || labels.is_empty() {
            let what = if targets.is_empty() { "problems" } else { "results" };
            return Err(BenchmarkError::invalid(format!("{what} is empty: nothing to report.")));
        }
        let runs = complete(&targets, &labels, slots)?;
        Ok(Results { targets, labels, runs })
    }

    /// The problems.
    pub fn targets(&self) -> &[Target] {
        &self.targets
    }

    /// The labels of the algorithms.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// The run of an algorithm on a problem, by their positions.
    pub fn at(&self, problem: usize, label: usize) -> &Run {
        &self.runs[problem * self.labels.len() + label]
    }

    /// The run of an algorithm on a problem, by their names.
    pub fn run(&self, problem: &str, label: &str) -> Option<&Run> {
        let problem = self.targets.iter().position(|target| target.name == problem)?;
        Some(self.at(problem, self.labels.iter().position(|known| known == label)?))
    }

    /// The runs of one problem, by algorithm.
    pub fn of_problem(&self, problem: usize) -> &[Run] {
        &self.runs[problem * self.labels.len()..][..self.labels.len()]
    }

    /// Only the runs on these problems, and only those of these algorithms; all of them where `None` is given.
    ///
    /// # Errors
    /// A name is unknown, or a list is empty.
    pub fn select<S: AsRef<str>>(
        &self,
        problems: Option<&[S]>,
        algorithms: Option<&[S]>,
    ) -> Result<Results, BenchmarkError> {
        let names: Vec<&str> = self.targets.iter().map(|target| target.name.as_str()).collect();
        let labels: Vec<&str> = self.labels.iter().map(String::as_str).collect();
        let problems = positions("problem_subset", problems, &names)?;
        let algorithms = positions("algorithm_subset", algorithms, &labels)?;
        let pairs = problems.iter().flat_map(|&p| algorithms.iter().map(move |&l| (p, l)));
        Ok(Results {
            runs: pairs.map(|(p, l)| self.at(p, l).clone()).collect(),
            targets: problems.iter().map(|&p| self.targets[p].clone()).collect(),
            labels: algorithms.iter().map(|&l| self.labels[l].clone()).collect(),
        })
    }

    /// The positions of the algorithms in the order of their labels, in which figures list them.
    pub(crate) fn sorted_labels(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.labels.len()).collect();
        order.sort_by_key(|&l| &self.labels[l]);
        order
    }
}

/// Every run, or which one is missing.
fn complete(
    targets: &[Target],
    labels: &[String],
    slots: Vec<Vec<Option<Run>>>,
) -> Result<Vec<Run>, BenchmarkError> {
    let mut runs = Vec::with_capacity(targets.len() * labels.len());
    for (target, mut slots) in targets.iter().zip(slots) {
        slots.resize(labels.len(), None);
        for (label, slot) in labels.iter().zip(slots) {
            let missing = || {
                let problem = &target.name;
                let message = format!(
                    "problems and results do not match: there is no run of '{label}' on '{problem}'. Pass the problems that run_benchmark was called with."
                );
                BenchmarkError::invalid(message)
            };
            runs.push(slot.ok_or_else(missing)?);
        }
    }
    Ok(runs)
}

/// Whether the columns of a run fit each other and the problem.
fn check_columns(
    target: &Target,
    label: &str,
    columns: &Evaluations,
) -> Result<(), BenchmarkError> {
    let (rows, n) = (columns.len(), target.start.len());
    let problem = &target.name;
    if columns.seconds.len() != rows || columns.batches.len() != rows {
        let (seconds, batches) = (columns.seconds.len(), columns.batches.len());
        return Err(BenchmarkError::invalid(format!(
            "the columns of the run of '{label}' on '{problem}' differ in length: {rows} values, {seconds} times, {batches} batches."
        )));
    }
    if columns.params.len() != rows * n {
        return Err(BenchmarkError::invalid(format!(
            "problems and results do not match: the run of '{label}' on '{problem}' has {} numbers in {rows} points, but the problem has {n} parameters.",
            columns.params.len(),
        )));
    }
    Ok(())
}

/// The positions of `wanted` among `known`.
fn positions<S: AsRef<str>>(
    argument: &str,
    wanted: Option<&[S]>,
    known: &[&str],
) -> Result<Vec<usize>, BenchmarkError> {
    let Some(wanted) = wanted else { return Ok((0..known.len()).collect()) };
    if wanted.is_empty() {
        let message = format!(
            "{argument} is empty: name one or more of {known:?}, or leave it out for all of them."
        );
        return Err(BenchmarkError::invalid(message));
    }
    let position = |name: &S| {
        let name = name.as_ref();
        let found = known.iter().position(|known| *known == name);
        let what = format!("{argument} names '{name}', which");
        found.ok_or_else(|| unknown(&what, "is not in the results", name, known.iter().copied()))
    };
    wanted.iter().map(position).collect()
}
