//! The tables of the page.

use crate::compare::{Counts, PRECISIONS, Score, median};
use crate::page::field::{Contestant, Group};
use crate::page::measure::Measured;
use crate::results::{Table, Target};

/// How many problems each algorithm of a group solves, and its reference.
pub(super) fn solved(measured: &Measured, group: &Group) -> Table {
    let [first, second] = PRECISIONS;
    let mut table = Table::new([
        "algorithm".to_string(),
        format!("solved to {first:e}"),
        format!("to {second:e}"),
        "median evaluations / (n + 1)".to_string(),
    ]);
    for (position, contestant) in measured.contestants.iter().enumerate() {
        if contestant.group != group.name {
            continue;
        }
        let ours: Vec<&Counts> = measured.counts[position].iter().collect();
        table.rows.push(row(&measured.targets, link(contestant), &ours));
        if let (Some(counts), Some(pairing)) = (measured.reference(contestant), contestant.pairing)
        {
            let name = reference_label(pairing.reference);
            let twice = table.rows.iter().any(|row| row[0] == name);
            if !twice {
                table.rows.push(row(&measured.targets, name, &counts));
            }
        }
    }
    table
}

fn row(targets: &[Target], name: String, counts: &[&Counts]) -> Vec<String> {
    let solved = |precision: usize| {
        counts.iter().filter(|counts| counts.evaluations[precision].is_some()).count().to_string()
    };
    let relative = targets.iter().zip(counts).filter_map(|(target, counts)| {
        Some(counts.evaluations[0]? as f64 / (target.start.len() + 1) as f64)
    });
    vec![name, solved(0), solved(1), format!("{:.2}", median(relative.collect()))]
}

/// The name, with a link where it has a page of its own.
fn link(contestant: &Contestant) -> String {
    let name = contestant.name;
    match thalweg::algorithms::find(name) {
        Some(_) => format!("[`{name}`](algorithms/{name}.md)"),
        None => format!("`{name}`"),
    }
}

/// The reference with its library in words: "scipy's lbfgsb".
pub(super) fn reference_label(reference: &str) -> String {
    const LIBRARIES: [(&str, &str); 4] = [
        ("iminuit_", "iminuit's"),
        ("nag_", "NAG's"),
        ("nlopt_", "NLopt's"),
        ("scipy_", "scipy's"),
    ];
    let library = LIBRARIES.iter().find(|(prefix, _)| reference.starts_with(prefix));
    match library {
        Some((prefix, library)) => format!("{library} {}", &reference[prefix.len()..]),
        None => format!("optimagic's {reference}"),
    }
}

/// Every comparison with a reference, at each precision.
pub(super) fn wins_and_losses(measured: &Measured) -> Table {
    let mut table = Table::new([
        "algorithm",
        "reference",
        "to",
        "solved",
        "by reference",
        "only we",
        "only reference",
        "fewer",
        "as many",
        "more",
        "ratio",
    ]);
    for position in 0..measured.contestants.len() {
        let Some(comparison) = measured.comparison(position) else { continue };
        let contestant = &measured.contestants[position];
        for (score, precision) in comparison.scores().iter().zip(PRECISIONS) {
            let Score { solved, solved_by_reference, won, lost, fewer, same, more, .. } = score;
            table.rows.push(vec![
                link(contestant),
                reference_label(comparison.pairing.reference),
                format!("{precision:e}"),
                solved.to_string(),
                solved_by_reference.to_string(),
                won.len().to_string(),
                lost.len().to_string(),
                fewer.to_string(),
                same.to_string(),
                more.to_string(),
                format!("{:.2}", score.ratio()),
            ]);
        }
    }
    table
}

/// Which problems only one side solves.
pub(super) fn names(measured: &Measured) -> String {
    let mut text = String::new();
    for position in 0..measured.contestants.len() {
        let Some(comparison) = measured.comparison(position) else { continue };
        let name = measured.contestants[position].name;
        for (score, precision) in comparison.scores().iter().zip(PRECISIONS) {
            let reference = reference_label(comparison.pairing.reference);
            let sides = [
                (&score.won, format!("only `{name}`")),
                (&score.lost, format!("only {reference}")),
            ];
            for (problems, who) in sides {
                if !problems.is_empty() {
                    let problems = problems.join(", ");
                    text += &format!("* `{name}` to {precision:e}, {who} solves: {problems}\n");
                }
            }
        }
    }
    if text.is_empty() { text } else { format!("Problems that only one side solves:\n\n{text}\n") }
}
