//! Exchanges of points, and the Lagrange functions after them.

use thalweg_linalg::{QrPivot, axpy, dot, solve_upper};

use super::{Known, LinearSet};

/// Points whose directions are this close to dependent determine no model.
const DEPENDENT: f64 = 1e-13;
/// The Lagrange functions are computed afresh when they are wrong by this much at a new point.
const ERROR: f64 = 1e-8;

impl LinearSet<'_> {
    /// Exchange point `t` for another one. `false` when the points are too close to a plane afterwards.
    pub fn replace(&mut self, t: usize, x: &[f64], known: Known) -> bool {
        let n = self.n;
        let d = self.way(x);
        let after: Vec<f64> = (0..=n).map(|k| self.lagrange_after(k, &d)).collect();
        let mut pivot = self.lagrange(t).to_vec();
        pivot.iter_mut().for_each(|p| *p /= after[t]);
        for (k, row) in self.lagrange.chunks_exact_mut(n).enumerate() {
            if k == t {
                row.copy_from_slice(&pivot);
            } else {
                axpy(-after[k], &pivot, row);
            }
        }
        self.points[t * n..(t + 1) * n].copy_from_slice(x);
        if t == 0 {
            self.measure();
        } else {
            self.ways[t * n..(t + 1) * n].copy_from_slice(&d);
        }
        self.violations[t] = self.violation(&known);
        self.known[t] = known;
        self.exchanges += 1;
        let sound = self.exchanges <= 2 * n && self.is_consistent(t);
        sound || self.refresh()
    }

    /// Whether the Lagrange functions have the right values at point `t`.
    fn is_consistent(&self, t: usize) -> bool {
        let from = self.others().find(|&k| k != t).unwrap_or(0);
        let way: Vec<f64> =
            (0..self.n).map(|i| (self.point(t)[i] - self.point(from)[i]) / self.scale[i]).collect();
        (0..=self.n).all(|k| {
            let expected = f64::from(u8::from(k == t)) - f64::from(u8::from(k == from));
            from == t || (dot(self.lagrange(k), &way) - expected).abs() <= ERROR
        })
    }

    /// Compute the Lagrange functions afresh. `false` when the points are too close to a plane.
    pub(super) fn refresh(&mut self) -> bool {
        let n = self.n;
        self.exchanges = 0;
        self.measure();
        let others: Vec<usize> = self.others().collect();
        let Ok(qr) = QrPivot::factor(&self.ways[n..], n, n) else { return false };
        if qr.rank(DEPENDENT) < n {
            return false;
        }
        let mut triangle = vec![0.0; n * n];
        let mut lagrange = vec![0.0; n * (n + 1)];
        let solved = qr.write_r(&mut triangle).is_ok_and(|()| {
            others.iter().enumerate().all(|(row, k)| {
                let mut right = vec![0.0; n];
                right[row] = 1.0;
                let solved =
                    qr.apply_qt(&mut right).and_then(|()| solve_upper(&triangle, n, &mut right));
                for (value, &i) in right.iter().zip(qr.permutation()) {
                    lagrange[k * n + i] = *value;
                    lagrange[i] -= value;
                }
                solved.is_ok()
            })
        });
        self.lagrange = lagrange;
        solved && thalweg_linalg::all_finite(&self.lagrange)
    }
}
