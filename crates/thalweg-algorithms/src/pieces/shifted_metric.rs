//! The shifted limited-memory variable metric matrix `H = zeta I + U U'`, an approximation of the inverse Hessian.
//!
//! zeta is the shift, U has at most m columns. With s a step, y the change of the gradient along it, and `t = s - zeta y` what the
//! shift leaves to explain, an update makes `U U' y = t`, and so `H y = s`:
//! * *rank one*: `U' = U + (t - theta U U'y) z' / t'y` with `z = theta U'y` and `theta^2 = t'y / y'UU'y`: the change of U that is
//!   smallest among those with this z;
//! * *rank two*: the BFGS update of `U U'` in product form, `(I - t y'/t'y) U` with the column `t / sqrt(t'y)` in place of the
//!   oldest.
//!
//! Until there are m columns, all updates are of the second kind, and add one. Where m is at least the number n of variables, nothing
//! is ever dropped, and `U U'` is kept as a matrix A instead: `A' = (I - t y'/t'y) A (I - y t'/t'y) + t t'/t'y`.
//!
//! The shift is `mu s'y / y'y` with
//! `mu = sqrt(1 - y'UU'y / y'Hy) / (1 + sqrt(1 - (s'y)^2 / s's y'y))` between 0.2 and 0.8: the part of the curvature along y that U
//! does not explain.
//!
//! Cost: a product is 4 m n operations, an update about 6 m n; with the matrix, 2 n^2 and 6 n^2.
//!
//! Reference: J. Vlček, L. Lukšan, Shifted limited-memory variable metric methods for large-scale unconstrained optimization, J.
//! Comput. Appl. Math. 186 (2006), <https://doi.org/10.1016/j.cam.2005.02.010>

use thalweg_linalg::{axpy, dot, mul};

/// The interval of mu.
const SHIFT: (f64, f64) = (0.2, 0.8);
/// A curvature below this part of the product of step and change counts as none.
const NEGLIGIBLE: f64 = 1e-12;

/// The matrix H.
#[derive(Clone, Debug)]
pub struct ShiftedMetric {
    dim: usize,
    capacity: usize,
    rank_one: bool,
    is_identity: bool,
    shift: f64,
    /// The columns of U, one after the other.
    columns: Vec<f64>,
    /// U U', where there is room for as many columns as variables.
    matrix: Option<Vec<f64>>,
    /// The column that is replaced next.
    oldest: usize,
    change: Vec<f64>,
    rest: Vec<f64>,
    product: Vec<f64>,
    along: Vec<f64>,
}

impl ShiftedMetric {
    /// The identity of `dim` variables, with room for `capacity` columns.
    pub fn new(dim: usize, capacity: usize, rank_one: bool) -> Self {
        let zero = vec![0.0; dim];
        let whole = capacity >= dim;
        ShiftedMetric {
            dim,
            capacity,
            rank_one,
            is_identity: true,
            shift: 1.0,
            columns: Vec::with_capacity(if whole { 0 } else { dim * capacity }),
            matrix: whole.then(|| vec![0.0; dim * dim]),
            oldest: 0,
            change: zero.clone(),
            rest: zero.clone(),
            product: zero,
            along: Vec::with_capacity(capacity),
        }
    }

    /// Whether H is the identity.
    pub fn is_identity(&self) -> bool {
        self.is_identity
    }

    /// Go back to the identity.
    pub fn clear(&mut self) {
        self.columns.clear();
        if let Some(matrix) = &mut self.matrix {
            matrix.fill(0.0);
        }
        (self.is_identity, self.shift, self.oldest) = (true, 1.0, 0);
    }

    /// `out = H v`.
    pub fn multiply(&self, v: &[f64], out: &mut [f64]) {
        if let Some(matrix) = &self.matrix {
            mul(matrix, self.dim, v, out);
            axpy(self.shift, v, out);
            return;
        }
        for (out, v) in out.iter_mut().zip(v) {
            *out = self.shift * v;
        }
        for column in self.columns.chunks_exact(self.dim) {
            axpy(dot(column, v), column, out);
        }
    }

    /// Take in the step from `from` to `to`, each a point and the gradient there, unless its curvature is negligible or negative.
    pub fn update(&mut self, from: (&[f64], &[f64]), to: (&[f64], &[f64])) {
        for i in 0..self.dim {
            self.rest[i] = to.0[i] - from.0[i];
            self.change[i] = to.1[i] - from.1[i];
        }
        let (ss, yy) = (dot(&self.rest, &self.rest), dot(&self.change, &self.change));
        let curvature = dot(&self.rest, &self.change);
        if !(curvature > NEGLIGIBLE * (ss * yy).sqrt() && yy.is_finite()) {
            return;
        }
        let explained = self.explain();

        let unexplained = (self.shift * yy / (self.shift * yy + explained)).sqrt();
        let sine = (1.0 - curvature / ss * (curvature / yy)).max(0.0).sqrt();
        let mu = (unexplained / (1.0 + sine)).clamp(SHIFT.0, SHIFT.1);
        self.shift = mu * curvature / yy;
        axpy(-self.shift, &self.change, &mut self.rest);
        let left = (1.0 - mu) * curvature; // t'y
        self.is_identity = false;
        if self.matrix.is_some() {
            self.add_to_matrix(left, explained);
        } else if self.rank_one && self.along.len() == self.capacity && explained > 0.0 {
            self.add_rank_one(left, explained);
        } else {
            self.add_rank_two(left);
        }
    }

    /// y'UU'y. Leaves U U'y in `product` with the matrix, U'y in `along` with columns.
    fn explain(&mut self) -> f64 {
        if let Some(matrix) = &self.matrix {
            mul(matrix, self.dim, &self.change, &mut self.product);
            return dot(&self.change, &self.product).max(0.0);
        }
        self.along.clear();
        self.along.extend(self.columns.chunks_exact(self.dim).map(|u| dot(u, &self.change)));
        dot(&self.along, &self.along)
    }

    /// The update of U U', multiplied out.
    fn add_to_matrix(&mut self, left: f64, explained: f64) {
        let (n, t, uuy) = (self.dim, &self.rest, &self.product);
        let outer = (1.0 + explained / left) / left;
        for (i, row) in
            self.matrix.iter_mut().flat_map(|matrix| matrix.chunks_exact_mut(n)).enumerate()
        {
            let (along_t, along_uuy) = (outer * t[i] - uuy[i] / left, t[i] / left);
            for (entry, (t, uuy)) in row.iter_mut().zip(t.iter().zip(uuy)) {
                *entry += along_t * t - along_uuy * uuy;
            }
        }
    }

    fn add_rank_one(&mut self, left: f64, explained: f64) {
        let theta = (left / explained).sqrt();
        self.product.fill(0.0);
        for (column, along) in self.columns.chunks_exact(self.dim).zip(&self.along) {
            axpy(*along, column, &mut self.product);
        }
        axpy(-theta, &self.product, &mut self.rest);
        for (column, along) in self.columns.chunks_exact_mut(self.dim).zip(&self.along) {
            axpy(theta * along / left, &self.rest, column);
        }
    }

    fn add_rank_two(&mut self, left: f64) {
        for (column, along) in self.columns.chunks_exact_mut(self.dim).zip(&self.along) {
            axpy(-along / left, &self.rest, column);
        }
        let newest = self.rest.iter().map(|t| t / left.sqrt());
        if self.along.len() < self.capacity {
            self.columns.extend(newest);
        } else {
            let start = self.oldest * self.dim;
            self.columns[start..start + self.dim].iter_mut().zip(newest).for_each(|(u, t)| *u = t);
            self.oldest = (self.oldest + 1) % self.capacity;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gradient(x: &[f64]) -> Vec<f64> {
        let n = x.len();
        (0..n)
            .map(|i| (i + 1) as f64 * x[i] - 0.3 * x[(i + 1) % n] - 0.3 * x[(i + n - 1) % n])
            .collect()
    }

    #[test]
    fn maps_the_last_change_to_the_last_step_and_stays_positive_definite() {
        for rank_one in [true, false] {
            let (n, m) = (6, 3);
            let mut metric = ShiftedMetric::new(n, m, rank_one);
            let mut x = vec![0.0; n];
            for k in 0..9 {
                let step: Vec<f64> = (0..n).map(|i| ((i * 3 + k * 5) as f64).sin()).collect();
                let next: Vec<f64> = x.iter().zip(&step).map(|(x, s)| x + s).collect();
                let (g, g_next) = (gradient(&x), gradient(&next));
                metric.update((&x, &g), (&next, &g_next));
                assert_eq!(metric.columns.len(), n * m.min(k + 1));
                let y: Vec<f64> = g_next.iter().zip(&g).map(|(a, b)| a - b).collect();
                let mut hy = vec![0.0; n];
                metric.multiply(&y, &mut hy);
                for i in 0..n {
                    assert!((hy[i] - step[i]).abs() < 1e-10, "{rank_one} {k}: {hy:?} {step:?}");
                }
                assert!(metric.shift > 0.0);
                x = next;
            }
            metric.clear();
            let mut same = vec![0.0; n];
            metric.multiply(&x, &mut same);
            assert!(metric.is_identity() && same == x);
        }
    }

    #[test]
    fn the_matrix_is_what_room_for_every_column_gives() {
        let n = 4;
        let (mut matrix, mut columns) =
            (ShiftedMetric::new(n, n, true), ShiftedMetric::new(n, 3, true));
        let (mut x, v) = (vec![0.0; n], [1.0, -2.0, 0.5, 3.0]);
        for k in 0..3 {
            let next: Vec<f64> = (0..n).map(|i| x[i] + ((i * 3 + k * 5) as f64).sin()).collect();
            let (g, g_next) = (gradient(&x), gradient(&next));
            for metric in [&mut matrix, &mut columns] {
                metric.update((&x, &g), (&next, &g_next));
            }
            let (mut a, mut b) = ([0.0; 4], [0.0; 4]);
            matrix.multiply(&v, &mut a);
            columns.multiply(&v, &mut b);
            assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-12), "{a:?} {b:?}");
            x = next;
        }
        matrix.clear();
        let mut same = [0.0; 4];
        matrix.multiply(&v, &mut same);
        assert!(matrix.is_identity() && same == v);
    }

    #[test]
    fn refuses_steps_without_curvature() {
        let mut metric = ShiftedMetric::new(2, 3, true);
        let (zero, s) = ([0.0, 0.0], [1.0, 0.0]);
        for y in [[0.0, 1.0], [-1.0, 0.0], [f64::NAN, 0.0]] {
            metric.update((&zero, &zero), (&s, &y));
            assert!(metric.is_identity());
        }
    }
}
