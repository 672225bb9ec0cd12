//! What intervals of single entries imply for rows, and rows for intervals: cheap, and enough for chains of any length.

use super::bundle::{Group, SAME};

/// Sweeps over the rows at most; each goes the other way than the one before.
const SWEEPS: usize = 30;

/// The most products that the search for implied bounds may take.
const WORK: usize = 20_000_000;

/// An interval for each entry.
type Intervals = Vec<(f64, f64)>;

/// Drops rows that the intervals of single entries imply, and opens the sides that they imply.
pub(super) fn open_implied_rows(groups: &mut Vec<Group>) {
    let intervals = intervals(groups);
    for group in groups.iter_mut().filter(|group| entries(group).count() > 1) {
        let (low, high) = range(group, &intervals, usize::MAX);
        if low.is_finite() && low >= group.lower - slack(low) {
            group.lower = f64::NEG_INFINITY;
        }
        if high.is_finite() && high <= group.upper + slack(high) {
            group.upper = f64::INFINITY;
        }
    }
    groups.retain(Group::is_closed);
}

/// Opens bounds that follow from rows and the bounds of other entries, one after the other, and drops what has no side left.
pub(super) fn open_implied_bounds(groups: &mut Vec<Group>) {
    let products: usize = groups.iter().map(|group| entries(group).count().pow(2)).sum();
    if groups.len() * products > WORK {
        return;
    }
    for g in 0..groups.len() {
        let mut single = entries(&groups[g]);
        let (Some((entry, _)), None) = (single.next(), single.next()) else { continue };
        drop(single);
        let (lower, upper) = (groups[g].lower, groups[g].upper);
        if lower.is_finite() {
            groups[g].lower = f64::NEG_INFINITY;
            let implied = propagate(groups)[entry].0;
            if !(implied.is_finite() && implied >= lower - slack(lower)) {
                groups[g].lower = lower;
            }
        }
        if upper.is_finite() {
            groups[g].upper = f64::INFINITY;
            let implied = propagate(groups)[entry].1;
            if !(implied.is_finite() && implied <= upper + slack(upper)) {
                groups[g].upper = upper;
            }
        }
    }
    groups.retain(Group::is_closed);
}

fn slack(value: f64) -> f64 {
    SAME * (1.0 + value.abs())
}

/// The weights that are not zero.
fn entries(group: &Group) -> impl Iterator<Item = (usize, f64)> {
    group.weights.iter().copied().enumerate().filter(|weight| weight.1 != 0.0)
}

/// The intervals that bounds give.
fn intervals(groups: &[Group]) -> Intervals {
    let n = groups.first().map_or(0, |group| group.weights.len());
    let mut intervals = vec![(f64::NEG_INFINITY, f64::INFINITY); n];
    for group in groups {
        let mut all = entries(group);
        // The one weight is one.
        if let (Some((entry, _)), None) = (all.next(), all.next()) {
            intervals[entry] = (group.lower, group.upper);
        }
    }
    intervals
}

/// The range of a row, without one of its entries, over the intervals of the others.
fn range(group: &Group, intervals: &Intervals, without: usize) -> (f64, f64) {
    entries(group).filter(|weight| weight.0 != without).fold((0.0, 0.0), |sum, (entry, weight)| {
        let (lower, upper) = intervals[entry];
        let (a, b) = (weight * lower, weight * upper);
        (sum.0 + a.min(b), sum.1 + a.max(b))
    })
}

/// The intervals that follow from bounds and rows.
fn propagate(groups: &[Group]) -> Intervals {
    let mut intervals = intervals(groups);
    let rows: Vec<&Group> = groups.iter().filter(|group| entries(group).count() > 1).collect();
    for sweep in 0..SWEEPS {
        let mut changed = false;
        for k in 0..rows.len() {
            let row = rows[if sweep % 2 == 0 { k } else { rows.len() - 1 - k }];
            for (entry, weight) in entries(row) {
                let (low, high) = range(row, &intervals, entry);
                let (a, b) = ((row.lower - high) / weight, (row.upper - low) / weight);
                let (lower, upper) = (a.min(b), a.max(b));
                let (old_lower, old_upper) = intervals[entry];
                // A NaN from infinite ranges and limits says nothing.
                if lower > old_lower + slack(lower) {
                    intervals[entry].0 = lower;
                    changed = true;
                }
                if upper < old_upper - slack(upper) {
                    intervals[entry].1 = upper;
                    changed = true;
                }
            }
        }
        if !changed {
            break;
        }
    }
    intervals
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(weights: &[f64], lower: f64, upper: f64) -> Group {
        Group { weights: weights.to_vec(), lower, upper, members: Vec::new() }
    }

    const INF: f64 = f64::INFINITY;

    #[test]
    fn bounds_of_a_chain_follow_from_its_ends() {
        // x1 <= x2 <= x0, all within [0, 1].
        let mut groups = vec![
            group(&[0.0, -1.0, 1.0], 0.0, INF),
            group(&[1.0, 0.0, -1.0], 0.0, INF),
            group(&[1.0, 0.0, 0.0], 0.0, 1.0),
            group(&[0.0, 1.0, 0.0], 0.0, 1.0),
            group(&[0.0, 0.0, 1.0], 0.0, 1.0),
        ];
        open_implied_bounds(&mut groups);
        let left: Vec<_> =
            groups[2..].iter().map(|g| (g.weights.clone(), g.lower, g.upper)).collect();
        let (first, last) = (vec![1.0, 0.0, 0.0], vec![0.0, 1.0, 0.0]);
        assert_eq!(left, [(first, -INF, 1.0), (last, 0.0, INF)]);
    }

    #[test]
    fn rows_follow_from_bounds() {
        let mut groups = vec![
            group(&[1.0, 2.0], 0.0, 5.0),
            group(&[1.0, -1.0], -INF, 3.0),
            group(&[1.0, 0.0], 0.0, INF),
            group(&[0.0, 1.0], 0.0, 4.0),
        ];
        open_implied_rows(&mut groups);
        assert_eq!((groups[0].lower, groups[0].upper), (-INF, 5.0));
        assert_eq!((groups[1].lower, groups[1].upper), (-INF, 3.0));
        groups[1].lower = -4.0;
        open_implied_rows(&mut groups);
        assert_eq!((groups[1].lower, groups[1].upper), (-INF, 3.0));
        let mut groups = vec![
            group(&[1.0, 1.0], -1.0, INF),
            group(&[1.0, 0.0], 0.0, INF),
            group(&[0.0, 1.0], 0.0, INF),
        ];
        open_implied_rows(&mut groups);
        assert_eq!(groups.len(), 2);
    }
}
