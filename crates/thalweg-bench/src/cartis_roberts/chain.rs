//! Parameters in a row, each coupled with its neighbours; beyond the ends there are zeros.

/// The neighbour on the left.
pub(super) fn left(x: &[f64], i: usize) -> f64 {
    if i == 0 { 0.0 } else { x[i - 1] }
}

/// The neighbour on the right.
pub(super) fn right(x: &[f64], i: usize) -> f64 {
    x.get(i + 1).copied().unwrap_or(0.0)
}

/// The derivatives with respect to the neighbours, in row `i` of a Jacobian.
pub(super) fn set_neighbours(row: &mut [f64], i: usize, left: f64, right: f64) {
    if i > 0 {
        row[i - 1] = left;
    }
    if i + 1 < row.len() {
        row[i + 1] = right;
    }
}
