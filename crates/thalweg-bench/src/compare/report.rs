//! Comparisons as text.

use std::fmt;

use crate::compare::{Comparison, Counts, GlobalRow, PRECISIONS, Score};

/// The table over several comparisons, and below it the problems that only one side solves.
pub fn summary(comparisons: &[Comparison]) -> String {
    let mut text = format!(
        "{:<26} {:<26} {:>5} {:>8} {:>6} {:>8} {:>8} {:>6} {:>6} {:>6}\n",
        "algorithm",
        "reference",
        "to",
        "solved",
        "(ref)",
        "median",
        "(ref)",
        "ratio",
        "same",
        "worse"
    );
    let mut differences = String::new();
    for comparison in comparisons {
        let pairing = &comparison.pairing;
        for (score, precision) in comparison.scores().iter().zip(PRECISIONS) {
            let Score { solved, solved_by_reference, median, median_of_reference, .. } = score;
            text += &format!(
                "{:<26} {:<26} {precision:>5e} {solved:>8} {solved_by_reference:>6} {median:>8} \
                 {median_of_reference:>8} {:>6.2} {:>5.0}% {:>5.0}%\n",
                pairing.algorithm,
                pairing.reference,
                score.ratio(),
                100.0 * score.identical,
                100.0 * score.worse,
            );
            for (what, problems) in [("lost", &score.lost), ("won", &score.won)] {
                if !problems.is_empty() {
                    let problems = problems.join(", ");
                    differences +=
                        &format!("{} to {precision:e}, {what}: {problems}\n", pairing.algorithm);
                }
            }
        }
    }
    format!("{text}\n{differences}")
}

impl fmt::Display for Comparison {
    /// One line per problem.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let heading = format!("{} beside {}", self.pairing.algorithm, self.pairing.reference);
        writeln!(
            f,
            "{heading:<44} {:>6} {:>6} {:>6} {:>6} {:>14} {:>14} {:>6} {:>6}",
            "1e-4", "(ref)", "1e-7", "(ref)", "best", "(ref)", "total", "(ref)"
        )?;
        for row in &self.rows {
            let (ours, theirs) = (&row.ours, &row.reference);
            writeln!(
                f,
                "{:<44} {:>6} {:>6} {:>6} {:>6} {:>14.6e} {:>14.6e} {:>6} {:>6}",
                row.problem,
                count(ours, 0),
                count(theirs, 0),
                count(ours, 1),
                count(theirs, 1),
                ours.best_value,
                theirs.best_value,
                ours.total,
                theirs.total,
            )?;
        }
        Ok(())
    }
}

fn count(counts: &Counts, precision: usize) -> String {
    counts.evaluations[precision].map_or_else(|| "-".into(), |count| count.to_string())
}

/// The table of differential evolution.
pub fn global_summary(rows: &[GlobalRow]) -> String {
    let mut text = format!(
        "{:<14} {:>5} {:>8} {:>6} {:>8} {:>8} {:>6}\n",
        "problem", "to", "solved", "(ref)", "median", "(ref)", "ratio"
    );
    for row in rows {
        for (i, precision) in PRECISIONS.iter().enumerate() {
            let [(solved, median), (solved_by_reference, median_of_reference)] = row.score(i);
            text += &format!(
                "{:<14} {precision:>5e} {solved:>8} {solved_by_reference:>6} {median:>8} \
                 {median_of_reference:>8} {:>6.2}\n",
                row.problem,
                median / median_of_reference,
            );
        }
    }
    text
}
