//! The runs of the page, and the counts of the references.

use std::collections::HashMap;

use crate::compare::{Comparison, Counts, Row, reference};
use crate::error::BenchmarkError;
use crate::page::field::{Contestant, field};
use crate::problem::BenchmarkProblem;
use crate::results::{Table, Target};
use crate::run::{RunOptions, run_benchmark};

const VERSIONS: &str = include_str!("../../data/reference_versions.tsv");

/// Everything that was measured on a set.
#[derive(Clone, Debug)]
pub struct Measured {
    /// The name of the set.
    pub set: String,
    /// The problems.
    pub targets: Vec<Target>,
    /// Who took part.
    pub contestants: Vec<Contestant>,
    /// The counts of each contestant on each problem.
    pub counts: Vec<Vec<Counts>>,
    /// The runs that broke off.
    pub failures: Table,
    references: HashMap<&'static str, HashMap<&'static str, Counts>>,
}

/// Run every contestant on the problems of a set, on `n_threads` threads.
///
/// # Errors
/// An option of a comparison does not exist.
pub fn measure(
    set: &str,
    problems: &[BenchmarkProblem],
    n_threads: usize,
) -> Result<Measured, BenchmarkError> {
    let contestants = field();
    let mut measured = Measured {
        set: set.to_string(),
        targets: problems.iter().map(Target::of).collect(),
        counts: Vec::new(),
        failures: Table::new(["algorithm", "problem", "traceback", "dimensionality"]),
        references: HashMap::new(),
        contestants,
    };
    let options = RunOptions { n_threads, max_evaluations: None, ..RunOptions::default() };
    for contestant in &measured.contestants {
        let results = run_benchmark(problems, [contestant.entrant()], &options)?;
        let counts = |(p, target): (usize, &Target)| {
            let run = results.at(p, 0);
            let values = &run.evaluations.criterion;
            let best = values.iter().copied().fold(f64::INFINITY, f64::min);
            let gaps = values.iter().map(|&value| target.criterion_gap(value));
            match run.failure {
                None => Counts::of(gaps, best),
                Some(_) => Counts::of(std::iter::empty(), best),
            }
        };
        measured.counts.push(measured.targets.iter().enumerate().map(counts).collect());
        measured.failures.rows.extend(results.traceback_report().rows);
        if let Some(pairing) = contestant.pairing
            && let Ok(counts) = reference::of_set(set, pairing.reference)
        {
            measured.references.insert(pairing.reference, counts);
        }
    }
    Ok(measured)
}

/// The libraries that the references come from.
pub(super) fn reference_versions() -> Table {
    let mut lines = VERSIONS.lines().map(|line| line.split('\t').map(str::to_string));
    let mut table = Table::new(lines.next().into_iter().flatten());
    table.rows = lines.map(Iterator::collect).collect();
    table
}

impl Measured {
    /// All evaluations.
    pub fn evaluations(&self) -> u64 {
        self.counts.iter().flatten().map(|counts| counts.total).sum()
    }

    /// The counts of the reference of a contestant, problem by problem, if it was measured on all of them.
    pub(super) fn reference(&self, contestant: &Contestant) -> Option<Vec<&Counts>> {
        let counts = self.references.get(contestant.pairing?.reference)?;
        self.targets.iter().map(|target| counts.get(target.name.as_str())).collect()
    }

    /// A contestant beside its reference.
    pub(super) fn comparison(&self, position: usize) -> Option<Comparison> {
        let contestant = &self.contestants[position];
        let references = self.reference(contestant)?;
        let ours = self.targets.iter().zip(&self.counts[position]);
        let row = |((target, ours), reference): ((&Target, &Counts), &Counts)| Row {
            problem: target.name.clone(),
            ours: ours.clone(),
            reference: reference.clone(),
        };
        let rows = ours.zip(references).map(row).collect();
        Some(Comparison { pairing: contestant.pairing?, rows })
    }
}
