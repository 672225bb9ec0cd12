//! The counts of the reference implementations, as data.

use std::collections::HashMap;

use crate::compare::{CompareError, Counts};

/// The sets on which reference implementations were measured.
const SETS: [(&str, &str); 1] = [("more_wild", include_str!("../../data/more_wild_reference.tsv"))];
const GLOBAL: &str = include_str!("../../data/global_reference.tsv");

/// The counts of a reference implementation on the problems of a set, by problem.
pub(crate) fn of_set(set: &str, name: &str) -> Result<HashMap<&'static str, Counts>, CompareError> {
    let data = SETS.iter().find(|(known, _)| *known == set).map_or("", |(_, data)| *data);
    let rows = data.lines().filter_map(|line| {
        let cells: Vec<&'static str> = line.split('\t').collect();
        let [algorithm, problem, ref counts @ ..] = cells[..] else { return None };
        (algorithm == name).then_some((problem, counts_of(counts)?))
    });
    let rows: HashMap<_, _> = rows.collect();
    if rows.is_empty() {
        return Err(CompareError::NoReference(format!("of {name} on {set}")));
    }
    Ok(rows)
}

/// The counts of scipy's differential evolution on one of the bounded problems, one per seed.
pub(super) fn global(problem: &str) -> Result<Vec<Counts>, CompareError> {
    let rows = GLOBAL.lines().filter_map(|line| {
        let cells: Vec<&str> = line.split('\t').collect();
        let [_, name, _, ref counts @ ..] = cells[..] else { return None };
        if name == problem { counts_of(counts) } else { None }
    });
    let rows: Vec<Counts> = rows.collect();
    if rows.is_empty() {
        return Err(CompareError::NoReference(format!("of differential evolution on {problem}")));
    }
    Ok(rows)
}

/// The cells "evaluations to 1e-4", "to 1e-7" (empty where never), "best value", "total evaluations".
fn counts_of(cells: &[&str]) -> Option<Counts> {
    let [first, second, best, total] = cells else { return None };
    Some(Counts {
        evaluations: [first.parse().ok(), second.parse().ok()],
        best_value: best.parse().ok()?,
        total: total.parse().ok()?,
    })
}
