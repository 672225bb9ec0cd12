//! Linear combinations of parameters as coordinates of their own.
//!
//! With the rows `W` (m x n, independent) and m *pivot* entries `D`, one per row, the internal vector holds `r = W u` in the
//! places of the pivots and `u` itself everywhere else. So the way back solves `W_D u_D = r - W_R u_R`, where `R` are the
//! entries that are not pivots, and pulling back is
//!
//! `dr = W_D^{-T} g_D`, `du_R = g_R - W_R^T dr`.
//!
//! The pivots come from Gaussian elimination with complete pivoting over the entries that may be pivots: an entry with bounds
//! of its own may not, because it has to stay a coordinate. Elimination pairs row `i` with a pivot such that
//! `W_D = L U` without further exchanges, so that every solve works in place.

use crate::transform::{Sampling, Transform};

/// A pivot smaller than this, relative to its scaled row, counts as zero.
const SINGULAR: f64 = 1e-9;

/// One row: which combination it is, and its limits.
#[derive(Clone, Debug, PartialEq)]
pub struct CombinationRow {
    /// The weights and the entries they belong to.
    pub weights: Vec<(usize, f64)>,
    /// The lower limit, `-inf` for none.
    pub lower: f64,
    /// The upper limit, `inf` for none.
    pub upper: f64,
}

/// Puts linear combinations of entries in the place of some of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Linear {
    n: usize,
    /// In the order of the elimination.
    rows: Vec<Eliminated>,
}

/// A row after the elimination, with its pivot.
#[derive(Clone, Debug, PartialEq)]
struct Eliminated {
    pivot: usize,
    lower: f64,
    upper: f64,
    weights: Vec<(usize, f64)>,
    /// The weights of the entries that are no pivots.
    others: Vec<(usize, f64)>,
    /// Row of `L` without its unit diagonal, by the pivot of the earlier row.
    left: Vec<(usize, f64)>,
    /// Diagonal of `U`.
    diagonal: f64,
    /// Row of `U` right of the diagonal, by the pivot of the later row.
    right: Vec<(usize, f64)>,
}

impl Linear {
    /// Makes coordinates of the combinations `rows` of a vector of `n` entries. Pivots are taken from the entries for which
    /// `may_be_pivot`. `None` if these do not determine the rows: if the rows depend on each other there.
    pub fn new(
        n: usize,
        rows: &[CombinationRow],
        may_be_pivot: impl Fn(usize) -> bool,
    ) -> Option<Self> {
        let mut columns: Vec<usize> =
            rows.iter().flat_map(|row| row.weights.iter().map(|weight| weight.0)).collect();
        columns.sort_unstable();
        columns.dedup();
        columns.retain(|&column| may_be_pivot(column));
        let factors = eliminate(rows, &columns)?;

        let pivot_of: Vec<usize> = factors.order.iter().map(|&(_, k)| columns[k]).collect();
        let m = rows.len();
        let done = (0..m).map(|i| {
            let (row, column) = factors.order[i];
            let entry = |j: usize| (pivot_of[j], factors.matrix[row][factors.order[j].1]);
            let nonzero = |weight: &(usize, f64)| weight.1 != 0.0;
            let weights: Vec<_> = rows[row].weights.iter().copied().filter(nonzero).collect();
            Eliminated {
                pivot: pivot_of[i],
                lower: rows[row].lower,
                upper: rows[row].upper,
                others: weights.iter().copied().filter(|w| !pivot_of.contains(&w.0)).collect(),
                weights,
                left: (0..i).map(entry).filter(nonzero).collect(),
                diagonal: factors.matrix[row][column],
                right: (i + 1..m).map(entry).filter(nonzero).collect(),
            }
        });
        Some(Linear { n, rows: done.collect() })
    }

    /// The place in which each row is a coordinate, with its limits.
    pub fn coordinates(&self) -> impl Iterator<Item = (usize, f64, f64)> {
        self.rows.iter().map(|row| (row.pivot, row.lower, row.upper))
    }
}

/// The rows with `L` below and `U` on and right of the pivots.
struct Factors {
    matrix: Vec<Vec<f64>>,
    /// Row and column of each pivot, in order.
    order: Vec<(usize, usize)>,
}

/// Gaussian elimination with complete pivoting, relative to the largest weight of each row.
fn eliminate(rows: &[CombinationRow], columns: &[usize]) -> Option<Factors> {
    let mut matrix = vec![vec![0.0; columns.len()]; rows.len()];
    let mut scale = vec![0.0_f64; rows.len()];
    for (i, row) in rows.iter().enumerate() {
        for &(position, weight) in &row.weights {
            scale[i] = scale[i].max(weight.abs());
            if let Ok(k) = columns.binary_search(&position) {
                matrix[i][k] += weight;
            }
        }
    }
    let mut order: Vec<(usize, usize)> = Vec::new();
    let mut open: Vec<usize> = (0..rows.len()).collect();
    let mut free: Vec<usize> = (0..columns.len()).collect();
    while !open.is_empty() {
        let size = |&(i, k): &(usize, usize)| matrix[i][k].abs() / scale[i];
        let candidates = open.iter().flat_map(|&i| free.iter().map(move |&k| (i, k)));
        let largest =
            candidates.reduce(|best, next| if size(&next) > size(&best) { next } else { best });
        let (row, column) = largest.filter(|place| size(place) > SINGULAR)?;
        open.retain(|&i| i != row);
        free.retain(|&k| k != column);
        let pivot_row = matrix[row].clone();
        for &i in open.iter().filter(|&&i| matrix[i][column] != 0.0).collect::<Vec<_>>() {
            let factor = matrix[i][column] / pivot_row[column];
            free.iter().for_each(|&k| matrix[i][k] -= factor * pivot_row[k]);
            matrix[i][column] = factor;
        }
        order.push((row, column));
    }
    Some(Factors { matrix, order })
}

impl Transform for Linear {
    fn is_affine(&self) -> bool {
        true
    }

    fn n_user(&self) -> usize {
        self.n
    }

    fn n_internal(&self) -> usize {
        self.n
    }

    fn to_user(&self, internal: &[f64], user: &mut [f64]) {
        user.copy_from_slice(internal);
        for row in &self.rows {
            let known: f64 = row.others.iter().map(|&(i, weight)| weight * user[i]).sum();
            let earlier: f64 = row.left.iter().map(|&(i, factor)| factor * user[i]).sum();
            user[row.pivot] = user[row.pivot] - known - earlier;
        }
        for row in self.rows.iter().rev() {
            let later: f64 = row.right.iter().map(|&(i, entry)| entry * user[i]).sum();
            user[row.pivot] = (user[row.pivot] - later) / row.diagonal;
        }
    }

    fn to_internal(&self, user: &[f64], internal: &mut [f64]) {
        internal.copy_from_slice(user);
        for row in &self.rows {
            internal[row.pivot] = row.weights.iter().map(|&(i, weight)| weight * user[i]).sum();
        }
    }

    fn pull_back(&self, _internal: &[f64], gradient_user: &[f64], gradient_internal: &mut [f64]) {
        let own = gradient_internal;
        own.copy_from_slice(gradient_user);
        // U^T, then L^T, column by column.
        for row in &self.rows {
            own[row.pivot] /= row.diagonal;
            let value = own[row.pivot];
            row.right.iter().for_each(|&(i, entry)| own[i] -= entry * value);
        }
        for row in self.rows.iter().rev() {
            let value = own[row.pivot];
            row.left.iter().for_each(|&(i, factor)| own[i] -= factor * value);
        }
        for row in &self.rows {
            let value = own[row.pivot];
            row.others.iter().for_each(|&(i, weight)| own[i] -= weight * value);
        }
    }

    /// The limits of the rows in the places of the pivots; pivots cannot keep bounds of their own.
    fn internal_bounds(&self, lower: &[f64], upper: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let (mut lower, mut upper) = (lower.to_vec(), upper.to_vec());
        for (pivot, lowest, highest) in self.coordinates() {
            (lower[pivot], upper[pivot]) = (lowest, highest);
        }
        (lower, upper)
    }

    fn user_position(&self, internal: usize) -> usize {
        internal
    }

    /// Entries of the rows have to be drawn before they are combined.
    fn sampling(&self, internal: usize) -> Sampling {
        let involved = |row: &Eliminated| row.weights.iter().any(|weight| weight.0 == internal);
        if self.rows.iter().any(involved) { Sampling::User } else { Sampling::Internal }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::transforms::laws::{check_map, number};

    fn row(weights: &[f64], lower: f64, upper: f64) -> CombinationRow {
        CombinationRow { weights: weights.iter().copied().enumerate().collect(), lower, upper }
    }

    proptest! {
        #[test]
        fn obeys_the_laws(
            m in 1usize..=4,
            more in 0usize..=3,
            numbers in prop::collection::vec(-3i32..=3, 28),
            internal in prop::collection::vec(number(), 7),
        ) {
            let n = m + more;
            let rows: Vec<CombinationRow> = (0..m)
                .map(|i| {
                    let weights: Vec<f64> =
                        numbers[i * n..(i + 1) * n].iter().map(|&w| f64::from(w)).collect();
                    row(&weights, -1.0, 2.0)
                })
                .collect();
            let Some(linear) = Linear::new(n, &rows, |_| true) else { return Ok(()) };
            check_map(&linear, &internal[..n]);
            let mut user = vec![f64::NAN; n];
            linear.to_user(&internal[..n], &mut user);
            for row in &linear.rows {
                let sum: f64 = row.weights.iter().map(|&(i, w)| w * user[i]).sum();
                let size: f64 = row.weights.iter().map(|&(i, w)| (w * user[i]).abs()).sum();
                prop_assert!((sum - internal[row.pivot]).abs() <= 1e-13 * (1.0 + size));
            }
        }
    }

    #[test]
    fn entries_with_bounds_are_no_pivots() {
        let rows = [row(&[5.0, 1.0, 0.0], 3.0, 3.0)];
        let linear = Linear::new(3, &rows, |i| i != 0).unwrap();
        assert_eq!(linear.coordinates().collect::<Vec<_>>(), [(1, 3.0, 3.0)]);
        let (lower, upper) =
            linear.internal_bounds(&[0.0, f64::NEG_INFINITY, -1.0], &[1.0, 9.0, 1.0]);
        assert_eq!((lower, upper), (vec![0.0, 3.0, -1.0], vec![1.0, 3.0, 1.0]));
        assert_eq!(Linear::new(3, &rows, |i| i == 2), None);
    }

    #[test]
    fn dependent_rows_are_refused() {
        let rows = [row(&[1.0, 1.0], 0.0, 1.0), row(&[2.0, 2.0], 0.0, 1.0)];
        assert_eq!(Linear::new(2, &rows, |_| true), None);
    }

    #[test]
    fn chains_cost_as_much_as_they_are_long() {
        let chain: Vec<CombinationRow> = (0..99)
            .map(|i| CombinationRow {
                weights: vec![(i, -1.0), (i + 1, 1.0)],
                lower: 0.0,
                upper: 9.0,
            })
            .collect();
        let linear = Linear::new(100, &chain, |_| true).unwrap();
        assert!(linear.rows.iter().all(|row| row.left.len() + row.right.len() <= 2));
    }
}
