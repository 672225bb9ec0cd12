//! Whether linear inequalities imply another one, or contradict each other.
//!
//! By Farkas' lemma, the inequalities `a_i x <= b_i`, if they have a solution, imply `a x <= b` exactly when `(a, b)` is in
//! the cone that the `(a_i, b_i)` and `(0, 1)` span; and they have no solution exactly when `(0, -1)` is in it. Membership is a
//! nonnegative least-squares problem with residual zero, solved by the active-set method of Lawson & Hanson (1974), Solving
//! least squares problems, chapter 23, <https://doi.org/10.1137/1.9781611971217>.

use thalweg_linalg::{QrPivot, dot, nrm2, solve_upper};

/// A residual of the unit vector in question that counts as zero.
const ZERO: f64 = 1e-9;

/// `a x <= b`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct HalfSpace {
    pub(super) normal: Vec<f64>,
    pub(super) limit: f64,
}

impl HalfSpace {
    fn vector(&self) -> Vec<f64> {
        let mut vector = self.normal.clone();
        vector.push(self.limit);
        vector
    }
}

/// Whether all points of `others` lie in `one`.
pub(super) fn is_implied<'a>(
    one: &HalfSpace,
    others: impl IntoIterator<Item = &'a HalfSpace>,
) -> bool {
    in_cone(&one.vector(), others).is_some()
}

/// Some of `all` that contradict each other, by their places in the list, none of which could be left out; `None` if there is
/// a point in all of them.
pub(super) fn contradiction(n: usize, all: &[HalfSpace]) -> Option<Vec<usize>> {
    let mut below_zero = vec![0.0; n + 1];
    below_zero[n] = -1.0;
    let mut parts = in_cone(&below_zero, all)?;
    for part in parts.clone() {
        let without: Vec<usize> = parts.iter().copied().filter(|&other| other != part).collect();
        if in_cone(&below_zero, without.iter().map(|&k| &all[k])).is_some() {
            parts = without;
        }
    }
    parts.sort_unstable();
    Some(parts)
}

/// The generators that `target` needs, if it is in the cone of `generators` and `(0, 1)`.
fn in_cone<'a>(
    target: &[f64],
    generators: impl IntoIterator<Item = &'a HalfSpace>,
) -> Option<Vec<usize>> {
    let mut columns: Vec<Vec<f64>> = generators.into_iter().map(HalfSpace::vector).collect();
    let slack = columns.len();
    let mut up = vec![0.0; target.len()];
    *up.last_mut()? = 1.0;
    columns.push(up);
    columns.iter_mut().for_each(|column| normalize(column));
    let mut unit = target.to_vec();
    normalize(&mut unit);
    let (used, residual) = nonnegative_least_squares(&columns, &unit);
    (residual <= ZERO).then(|| used.into_iter().filter(|&k| k != slack).collect())
}

fn normalize(vector: &mut [f64]) {
    let norm = nrm2(vector);
    if norm > 0.0 {
        vector.iter_mut().for_each(|entry| *entry /= norm);
    }
}

/// The columns with a positive coefficient in `min |A x - b|` over `x >= 0`, and the norm of the residual.
fn nonnegative_least_squares(columns: &[Vec<f64>], b: &[f64]) -> (Vec<usize>, f64) {
    let mut x = vec![0.0; columns.len()];
    let mut passive: Vec<usize> = Vec::new();
    let mut residual = b.to_vec();
    // Every round adds a column and lowers the residual; rounding could let it cycle.
    for _ in 0..4 * columns.len() {
        let gain = |k: &usize| dot(&columns[*k], &residual);
        let best = (0..columns.len())
            .filter(|k| !passive.contains(k))
            .max_by(|a, b| gain(a).total_cmp(&gain(b)));
        let Some(entering) = best.filter(|k| gain(k) > ZERO * 1e-3) else { break };
        passive.push(entering);
        while let Some(solution) = least_squares(columns, &passive, b) {
            if solution.iter().all(|&value| value > 0.0) {
                passive.iter().zip(&solution).for_each(|(&k, &value)| x[k] = value);
                break;
            }
            // As far towards the solution as nothing becomes negative; what becomes zero leaves.
            let steps = passive.iter().zip(&solution).filter(|(_, value)| **value <= 0.0);
            let step = steps.map(|(&k, value)| x[k] / (x[k] - value)).fold(1.0, f64::min);
            for (&k, value) in passive.iter().zip(&solution) {
                x[k] += step * (value - x[k]);
            }
            let leaves = |&k: &usize| x[k] <= 1e-14 && !(k == entering && step > 0.0);
            let before = passive.len();
            passive.retain(|k| !leaves(k));
            if passive.len() == before {
                passive.retain(|&k| k != entering);
            }
        }
        (0..columns.len()).filter(|k| !passive.contains(k)).for_each(|k| x[k] = 0.0);
        residual.copy_from_slice(b);
        for &k in &passive {
            residual.iter_mut().zip(&columns[k]).for_each(|(r, entry)| *r -= x[k] * entry);
        }
        if nrm2(&residual) <= ZERO * 1e-3 {
            break;
        }
    }
    (passive, nrm2(&residual))
}

/// Coefficients of the chosen columns in the least-squares fit of `b`; `None` without columns, or if they are dependent.
fn least_squares(columns: &[Vec<f64>], chosen: &[usize], b: &[f64]) -> Option<Vec<f64>> {
    let (m, n) = (b.len(), chosen.len());
    if n == 0 || n > m {
        return None;
    }
    let matrix: Vec<f64> =
        (0..m).flat_map(|i| chosen.iter().map(move |&k| columns[k][i])).collect();
    let qr = QrPivot::factor(&matrix, m, n).ok()?;
    let mut rotated = b.to_vec();
    let mut r = vec![0.0; n * n];
    qr.apply_qt(&mut rotated).ok()?;
    qr.write_r(&mut r).ok()?;
    rotated.truncate(n);
    solve_upper(&r, n, &mut rotated).ok()?;
    let mut solution = vec![0.0; n];
    qr.permutation().iter().zip(rotated).for_each(|(&k, value)| solution[k] = value);
    Some(solution)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn half(normal: &[f64], limit: f64) -> HalfSpace {
        HalfSpace { normal: normal.to_vec(), limit }
    }

    #[test]
    fn sums_of_inequalities_are_implied() {
        let chain = [half(&[1.0, -1.0, 0.0], 0.0), half(&[0.0, 1.0, -1.0], 0.0)];
        assert!(is_implied(&half(&[1.0, 0.0, -1.0], 0.0), &chain));
        assert!(is_implied(&half(&[1.0, 0.0, -1.0], 0.5), &chain));
        assert!(!is_implied(&half(&[1.0, 0.0, -1.0], -0.5), &chain));
        assert!(!is_implied(&half(&[0.0, 0.0, -1.0], 0.0), &chain));
        assert!(!is_implied(&half(&[1.0, 0.0, 0.0], 0.0), &[]));
    }

    #[test]
    fn contradictions_name_their_parts() {
        let all = [half(&[1.0, 0.0], 5.0), half(&[1.0, 1.0], 1.0), half(&[-1.0, -1.0], -2.0)];
        assert_eq!(contradiction(2, &all), Some(vec![1, 2]));
        assert_eq!(contradiction(2, &all[..2]), None);
        assert_eq!(contradiction(2, &[]), None);
    }

    proptest! {
        #[test]
        fn agrees_with_its_own_certificate(
            numbers in prop::collection::vec(-5i32..=5, 24),
            shares in prop::collection::vec(0u32..4, 6),
            more in 0u32..3,
        ) {
            // A nonnegative combination is implied; beyond a point of all half-spaces nothing is.
            let sides: Vec<HalfSpace> = numbers
                .chunks_exact(4)
                .map(|c| half(&[f64::from(c[0]), f64::from(c[1]), f64::from(c[2])], f64::from(c[3].abs())))
                .collect();
            let total = |entry: &dyn Fn(&HalfSpace) -> f64| -> f64 {
                sides.iter().zip(&shares).map(|(side, &share)| entry(side) * f64::from(share)).sum()
            };
            let normal: Vec<f64> = (0..3).map(|j| total(&|side| side.normal[j])).collect();
            let limit = total(&|side| side.limit);
            prop_assert!(is_implied(&half(&normal, limit + f64::from(more)), &sides));
            prop_assert_eq!(contradiction(3, &sides), None); // zero is in all of them
            prop_assert!(!is_implied(&half(&normal, -1.0 - f64::from(more)), &sides));
        }
    }
}
