//! Regions that are a simplex: `k + 1` inequalities in `k` dimensions that close a bounded region.
//!
//! The sides `s_i(x) = b_i - a_i x >= 0` close a simplex if there are weights `c_i > 0` with `sum c_i a_i = 0`; then
//! `sum c_i s_i = T` is constant, and `p_i = c_i s_i / T` are the shares of the corners in `x = sum p_i v_i`, where `v_i` is the
//! corner at which all sides but `s_i` are zero.

use thalweg_linalg::{QrPivot, solve_upper};

use super::cone::HalfSpace;
use super::equations::Equations;

/// A weight of a side, relative to the largest, that is too small to close the region.
const FLAT: f64 = 1e-9;

/// A simplex in the space of a bundle.
#[derive(Clone, Debug)]
pub(super) struct SimplexRegion {
    /// The corners.
    pub(super) corners: Vec<Vec<f64>>,
    /// The share of each corner as weights and a constant.
    pub(super) shares: Vec<(Vec<f64>, f64)>,
}

/// The simplex that `sides` bound on the solutions of `equations`, in `n` entries, if it is one.
pub(super) fn find(sides: &[HalfSpace], equations: &Equations, n: usize) -> Option<SimplexRegion> {
    let free: Vec<usize> = (0..n).filter(|&entry| !equations.determine(entry)).collect();
    let k = free.len();
    debug_assert_eq!(k + equations.len(), n);
    if k == 0 || sides.len() != k + 1 {
        return None;
    }
    let normal = |i: usize, j: usize| sides[i].normal[free[j]];
    // The weights: the last is one, the others follow from sum c_i a_i = 0.
    let transposed: Vec<f64> = (0..k * k).map(|place| normal(place % k, place / k)).collect();
    let mut weights = solve(&transposed, (0..k).map(|j| -normal(k, j)).collect())?;
    weights.push(1.0);
    let largest = weights.iter().copied().fold(0.0, f64::max);
    if !weights.iter().all(|&weight| weight > FLAT * largest) {
        return None;
    }
    let total: f64 = weights.iter().zip(sides).map(|(weight, side)| weight * side.limit).sum();
    if !(total > 0.0 && total.is_finite()) {
        return None;
    }
    let mut corners = Vec::new();
    for i in 0..=k {
        let tight: Vec<usize> = (0..=k).filter(|&other| other != i).collect();
        let matrix: Vec<f64> =
            (0..k * k).map(|place| normal(tight[place / k], place % k)).collect();
        let values = solve(&matrix, tight.iter().map(|&side| sides[side].limit).collect())?;
        let mut corner = vec![0.0; n];
        free.iter().zip(values).for_each(|(&entry, value)| corner[entry] = value);
        equations.complete(&mut corner);
        corners.push(corner);
    }
    let share = |i: usize| {
        let scale = weights[i] / total;
        let slopes = sides[i].normal.iter().map(|a| -scale * a).collect();
        (slopes, scale * sides[i].limit)
    };
    Some(SimplexRegion { corners, shares: (0..=k).map(share).collect() })
}

/// The solution of a square system, row-major; `None` if it is close to singular.
fn solve(matrix: &[f64], mut b: Vec<f64>) -> Option<Vec<f64>> {
    let n = b.len();
    let qr = QrPivot::factor(matrix, n, n).ok()?;
    if qr.rank(FLAT) < n {
        return None;
    }
    let mut r = vec![0.0; n * n];
    qr.apply_qt(&mut b).ok()?;
    qr.write_r(&mut r).ok()?;
    solve_upper(&r, n, &mut b).ok()?;
    let mut solution = vec![0.0; n];
    qr.permutation().iter().zip(b).for_each(|(&k, value)| solution[k] = value);
    Some(solution)
}
