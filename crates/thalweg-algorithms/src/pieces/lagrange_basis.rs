//! The Lagrange functions of a set of m points in n dimensions, n + 2 <= m <= (n + 1)(n + 2) / 2: quadratics l_k with l_k(y_j) = 1 if
//! j = k and 0 otherwise, each with the Hessian of the least Frobenius norm.
//!
//! They are the columns of H, the inverse of the matrix of the interpolation conditions (Powell 2006, eq. 3.12),
//!
//! ```text
//! W = | A  e  Y' |      A_ij = (y_i . y_j)^2 / 2, e = (1, ..., 1)', the columns of Y are the points relative to a base.
//!     | e' 0  0  |
//!     | Y  0  0  |
//! ```
//!
//! H is kept as Z with Z Z' = its leading m x m block Omega, which stays positive semidefinite whatever rounding does, and B, its last
//! n columns. The row and column of e are never needed. Exchanging a point costs O(m^2), moving the base O(m^2 n). `lagrange_factor`
//! computes H from the points alone; `lagrange_growth` adds a point.
//!
//! References:
//! * M. J. D. Powell, Least Frobenius norm updating of quadratic models that satisfy interpolation conditions (2004),
//!   <https://doi.org/10.1007/s10107-003-0490-7>
//! * M. J. D. Powell, The NEWUOA software for unconstrained optimization without derivatives (2006), sections 3 to 5,
//!   <https://doi.org/10.1007/0-387-30065-1_16>

use thalweg_linalg::{add_mul_transposed, axpy, dot, mul, mul_transposed, nrm2};

/// From so many variables on, products with all points are taken at once, which needs memory.
const AT_ONCE: usize = 8;

/// The Lagrange functions of a set of points.
#[derive(Clone, Debug)]
pub struct LagrangeBasis {
    pub(super) n: usize,
    pub(super) m: usize,
    /// The points relative to the base, m x n.
    pub(super) points: Vec<f64>,
    /// Z, m x (m - n - 1).
    pub(super) z: Vec<f64>,
    /// B, (m + n) x n: the gradients of the Lagrange functions at the base, and below them the last block of H.
    pub(super) b: Vec<f64>,
    /// The alpha_k, the diagonal of Omega.
    pub(super) alphas: Vec<f64>,
}

/// What H makes of a new point: the values of the Lagrange functions there, and what an exchange needs besides.
#[derive(Clone, Debug, Default)]
pub struct Candidate {
    /// l_k at the point, m entries.
    pub lagrange: Vec<f64>,
    /// The last n entries of H w.
    pub(super) tail: Vec<f64>,
    /// Powell's beta.
    pub beta: f64,
    /// The first m entries of w, and Z'w.
    w: Vec<f64>,
    inner: Vec<f64>,
}

impl LagrangeBasis {
    /// The basis for zero, which is the base, the points `first[i]` along each coordinate, and then `second[i]`: the parabolas through
    /// each three of them in closed form.
    pub fn coordinates(first: &[f64], second: &[f64]) -> Self {
        let n = first.len();
        let m = 2 * n + 1;
        let mut basis = LagrangeBasis {
            n,
            m,
            points: vec![0.0; m * n],
            z: vec![0.0; m * n],
            b: vec![0.0; (m + n) * n],
            alphas: vec![0.0; m],
        };
        for (i, (&a, &b)) in first.iter().zip(second).enumerate() {
            let (at_a, at_b) = ((i + 1) * n + i, (n + i + 1) * n + i);
            basis.points[at_a] = a;
            basis.points[at_b] = b;
            basis.b[at_a] = -b / (a * (a - b));
            basis.b[at_b] = a / (b * (a - b));
            basis.b[i] = -(basis.b[at_a] + basis.b[at_b]);
            let root = std::f64::consts::SQRT_2 / (a - b).abs();
            basis.z[at_a] = root / a;
            basis.z[at_b] = -root / b;
            basis.z[i] = -(basis.z[at_a] + basis.z[at_b]);
        }
        basis.sum_alphas();
        basis
    }

    /// The number of points.
    pub fn len(&self) -> usize {
        self.m
    }

    /// There are always points.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// A point, relative to the base.
    #[inline]
    pub fn point(&self, k: usize) -> &[f64] {
        &self.points[k * self.n..(k + 1) * self.n]
    }

    /// All points, m x n.
    pub fn points(&self) -> &[f64] {
        &self.points
    }

    /// The square of the distance of a point from `x`.
    #[inline]
    pub fn square_distance(&self, k: usize, x: &[f64]) -> f64 {
        self.point(k).iter().zip(x).map(|(y, x)| (y - x) * (y - x)).sum()
    }

    fn width(&self) -> usize {
        self.m - self.n - 1
    }

    #[inline]
    fn z_row(&self, k: usize) -> &[f64] {
        let width = self.width();
        &self.z[k * width..(k + 1) * width]
    }

    #[inline]
    fn b_row(&self, k: usize) -> &[f64] {
        &self.b[k * self.n..(k + 1) * self.n]
    }

    /// alpha_k, the k-th diagonal element of H.
    #[inline]
    pub fn alpha(&self, k: usize) -> f64 {
        self.alphas[k]
    }

    pub(super) fn sum_alphas(&mut self) {
        for k in 0..self.m {
            let z = self.z_row(k);
            self.alphas[k] = dot(z, z);
        }
    }

    /// Z Z' v: the weights w of the Hessian sum w_k y_k y_k' of the quadratic with values v at the points. `inner` is memory.
    pub fn hessian_weights(&self, values: &[f64], inner: &mut Vec<f64>, weights: &mut [f64]) {
        inner.resize(self.width(), 0.0);
        mul_transposed(&self.z, self.width(), values, inner);
        mul(&self.z, self.width(), inner, weights);
    }

    /// The weights of the Hessian of l_k.
    pub fn lagrange_weights(&self, k: usize, weights: &mut [f64]) {
        mul(&self.z, self.width(), self.z_row(k), weights);
    }

    /// The gradient at the base of the quadratic with these values at the points.
    pub fn gradient_at_base(&self, values: &[f64], gradient: &mut [f64]) {
        mul_transposed(&self.b[..self.m * self.n], self.n, values, gradient);
    }

    /// The gradient of l_k at `x` (relative to the base), given its Hessian's `weights`.
    pub fn lagrange_gradient(&self, k: usize, weights: &[f64], x: &[f64], gradient: &mut [f64]) {
        gradient.copy_from_slice(self.b_row(k));
        self.add_curvature(weights, x, gradient);
    }

    /// The inner products of `v` with all points.
    pub(super) fn products(&self, v: &[f64]) -> Vec<f64> {
        let mut products = vec![0.0; self.m];
        mul(&self.points, self.n, v, &mut products);
        products
    }

    /// Add (sum w_k y_k y_k') v to `out`.
    pub fn add_curvature(&self, weights: &[f64], v: &[f64], out: &mut [f64]) {
        if self.n >= AT_ONCE {
            let mut along = self.products(v);
            along.iter_mut().zip(weights).for_each(|(along, weight)| *along *= weight);
            return add_mul_transposed(&self.points, self.n, &along, out);
        }
        for (&weight, y) in weights.iter().zip(self.points.chunks_exact(self.n)) {
            if weight != 0.0 {
                axpy(weight * dot(y, v), y, out);
            }
        }
    }

    /// What H makes of the point a step `d` away from the point `from` (Powell 2006, section 4; all in terms of the difference
    /// between the two columns of W, because the columns themselves would cancel).
    pub fn consider(&self, from: usize, d: &[f64], candidate: &mut Candidate) {
        let (n, m) = (self.n, self.m);
        let Candidate { lagrange, tail, beta, w, inner } = candidate;
        lagrange.resize(m, 0.0);
        tail.resize(n, 0.0);
        w.resize(m, 0.0);
        let center = self.point(from);
        mul(&self.points, n, center, w);
        mul(&self.points, n, d, lagrange);
        for (w, along) in w.iter_mut().zip(&*lagrange) {
            *w = along * (0.5 * along + *w);
        }
        self.hessian_weights(w, inner, lagrange);
        let mut product = dot(inner, inner);
        inner.resize(m + n, 0.0);
        mul(&self.b, n, d, inner);
        let (slopes, last_block) = inner.split_at(m);
        for ((lagrange, w), slope) in lagrange.iter_mut().zip(&*w).zip(slopes) {
            product += 2.0 * w * slope;
            *lagrange += slope;
        }
        lagrange[from] += 1.0;
        self.gradient_at_base(w, tail);
        for ((tail, of_d), d) in tail.iter_mut().zip(last_block).zip(d) {
            product += of_d * d;
            *tail += of_d;
        }
        let (across, size, length) = (dot(center, d), dot(center, center), dot(d, d));
        *beta = across * across + length * (size + 2.0 * across + 0.5 * length) - product;
    }

    /// The same, in memory of its own.
    pub fn candidate(&self, from: usize, d: &[f64]) -> Candidate {
        let mut candidate = Candidate::default();
        self.consider(from, d, &mut candidate);
        candidate
    }

    /// sigma = alpha beta + tau^2, by which H is divided when the candidate takes the place of point `k`.
    #[inline]
    pub fn denominator(&self, k: usize, candidate: &Candidate) -> f64 {
        self.alphas[k] * candidate.beta + candidate.lagrange[k] * candidate.lagrange[k]
    }

    /// Put the candidate, which is at `x`, in the place of point `t` (Powell 2004, eq. 2.12; for Z his section 4). The denominator has
    /// to be positive. What the candidate says of the old basis is used up.
    pub fn exchange(&mut self, t: usize, x: &[f64], candidate: &mut Candidate) {
        let (n, m, width) = (self.n, self.m, self.width());
        self.reduce_row(t, candidate);
        let corner = self.z[t * width];
        let (alpha, beta, tau) = (corner * corner, candidate.beta, candidate.lagrange[t]);
        let sigma = alpha * beta + tau * tau;

        // p = H e_t, u = e_t - H w, both m + n entries; p's first m entries are `corner` times the first column of Z.
        let Candidate { lagrange, tail, inner, .. } = candidate;
        lagrange.iter_mut().chain(tail.iter_mut()).for_each(|v| *v = -*v);
        lagrange[t] += 1.0;
        let (u, u_tail) = (&*lagrange, &*tail);
        inner.clear();
        inner.extend_from_slice(self.b_row(t));
        let p_tail = &*inner;
        for (i, row) in self.b.chunks_exact_mut(n).enumerate() {
            let (u_i, p_i) = if i < m {
                (u[i], self.z[i * width] * corner)
            } else {
                (u_tail[i - m], p_tail[i - m])
            };
            let of_u = (alpha * u_i + tau * p_i) / sigma;
            let of_p = (tau * u_i - beta * p_i) / sigma;
            for ((b, u), p) in row.iter_mut().zip(u_tail).zip(p_tail) {
                *b += of_u * u + of_p * p;
            }
        }
        let root = sigma.sqrt();
        for (k, u) in u.iter().enumerate() {
            let z = &mut self.z[k * width];
            *z = (tau * *z + corner * u) / root;
        }
        self.points[t * n..(t + 1) * n].copy_from_slice(x);
        self.sum_alphas();
    }

    /// Reflect the columns of Z so that row t has one element only, the first. Z Z' stays as it is.
    fn reduce_row(&mut self, t: usize, candidate: &mut Candidate) {
        let width = self.width();
        let Candidate { inner: v, w: along, .. } = candidate;
        v.clear();
        v.extend_from_slice(&self.z[t * width..(t + 1) * width]);
        let norm = nrm2(v);
        if width < 2 || nrm2(&v[1..]) == 0.0 {
            return;
        }
        v[0] += if v[0] < 0.0 { -norm } else { norm };
        let scale = 2.0 / dot(v, v);
        along.resize(self.m, 0.0);
        mul(&self.z, width, v, along);
        for (row, along) in self.z.chunks_exact_mut(width).zip(&*along) {
            axpy(-(scale * along), v, row);
        }
        self.z[t * width + 1..(t + 1) * width].fill(0.0);
    }

    /// Make the point `center` the base (Powell 2006, section 5). With s the way there, z_k = y_k - s/2 and the rows
    /// q_k = (z_k . s) z_k + |s|^2 s / 4 of Q, the upper part of B gains Omega Q, and its last block B'Q + Q'B + Q'Omega Q.
    pub fn move_base(&mut self, center: usize) {
        let (n, m, width) = (self.n, self.m, self.width());
        let s = self.point(center).to_vec();
        let quarter = 0.25 * dot(&s, &s);
        let mut q = self.points.clone();
        for row in q.chunks_exact_mut(n) {
            axpy(-0.5, &s, row);
            let along = dot(row, &s);
            row.iter_mut().zip(&s).for_each(|(q, s)| *q = along * *q + quarter * s);
        }
        // V = Z'Q, width x n.
        let mut v = vec![0.0; width * n];
        for (z, q) in self.z.chunks_exact(width).zip(q.chunks_exact(n)) {
            for (z, v) in z.iter().zip(v.chunks_exact_mut(n)) {
                if *z != 0.0 {
                    axpy(*z, q, v);
                }
            }
        }
        let (upper, block) = self.b.split_at_mut(m * n);
        for (row, q) in upper.chunks_exact(n).zip(q.chunks_exact(n)) {
            for (a, line) in block.chunks_exact_mut(n).enumerate() {
                axpy(row[a], q, line);
                axpy(q[a], row, line);
            }
        }
        for v in v.chunks_exact(n) {
            block.chunks_exact_mut(n).zip(v).for_each(|(line, v_a)| axpy(*v_a, v, line));
        }
        for (row, z) in upper.chunks_exact_mut(n).zip(self.z.chunks_exact(width)) {
            z.iter().zip(v.chunks_exact(n)).for_each(|(z, v)| axpy(*z, v, row));
        }
        self.points.chunks_exact_mut(n).for_each(|y| axpy(-1.0, &s, y));
        self.points[center * n..(center + 1) * n].fill(0.0);
    }
}

#[cfg(test)]
mod tests {
    use thalweg_core::Rng;

    use super::*;

    /// Coordinate points at the distances of `radii`, in turn, and zero.
    fn cross(radii: &[f64]) -> Vec<f64> {
        let n = radii.len() / 2;
        let mut points = vec![0.0; (2 * n + 1) * n];
        for i in 0..n {
            points[(i + 1) * n + i] = radii[i];
            points[(n + i + 1) * n + i] = -radii[n + i];
        }
        points
    }

    fn largest_error(basis: &LagrangeBasis) -> f64 {
        let mut largest = 0.0_f64;
        for j in 0..basis.len() {
            let values = basis.candidate(0, &difference(basis.point(j), basis.point(0))).lagrange;
            for (k, value) in values.iter().enumerate() {
                largest = largest.max((value - f64::from(u8::from(j == k))).abs());
            }
        }
        largest
    }

    fn weights_of(basis: &LagrangeBasis, k: usize) -> Vec<f64> {
        let mut weights = vec![0.0; basis.len()];
        basis.lagrange_weights(k, &mut weights);
        weights
    }

    fn difference(a: &[f64], b: &[f64]) -> Vec<f64> {
        a.iter().zip(b).map(|(a, b)| a - b).collect()
    }

    #[test]
    fn lagrange_functions_are_one_at_their_own_point_and_zero_at_the_others() {
        let basis = LagrangeBasis::new(cross(&[1.0, 2.0, 0.5, 1.0, 1.0, 3.0]), 3, 0).unwrap();
        assert!(largest_error(&basis) < 1e-14);
        // The gradients of a coordinate pair at distances 2 and 1: the slopes of the parabola through 0, 2, -1.
        let weights = weights_of(&basis, 2);
        let mut gradient = [0.0; 3];
        basis.lagrange_gradient(2, &weights, &[0.0; 3], &mut gradient);
        assert!((gradient[1] - 1.0 / 6.0).abs() < 1e-15, "{gradient:?}");
    }

    #[test]
    fn coordinate_pairs_have_a_closed_form() {
        let (first, second) = ([1.0, -2.0, 0.5], [-1.0, -4.0, -3.0]);
        let quick = LagrangeBasis::coordinates(&first, &second);
        let slow = LagrangeBasis::new(quick.points().to_vec(), 3, 0).unwrap();
        assert!(largest_error(&quick) < 1e-14);
        for (one, two) in quick.b.iter().zip(&slow.b) {
            assert!((one - two).abs() < 1e-13, "{one} {two}");
        }
        let (one, two) =
            (quick.candidate(2, &[0.3, 1.0, -2.0]), slow.candidate(2, &[0.3, 1.0, -2.0]));
        assert!((one.beta - two.beta).abs() < 1e-12 * two.beta.abs(), "{} {}", one.beta, two.beta);
    }

    #[test]
    fn points_at_very_different_distances_are_no_obstacle() {
        let basis = LagrangeBasis::new(cross(&[1.0, 1e-5, 1e-3, 1e-6, 2e-5, 1.0]), 3, 0).unwrap();
        assert!(largest_error(&basis) < 1e-7, "{}", largest_error(&basis));
    }

    #[test]
    fn points_that_determine_no_quadratic_are_refused() {
        let mut points = cross(&[1.0; 4]);
        points[6..8].copy_from_slice(&[1.0, 0.0]); // the first point again
        assert!(LagrangeBasis::new(points, 2, 0).is_none());
        let flat = vec![0.0, 0.0, 1.0, 0.0, -1.0, 0.0, 2.0, 0.0, 3.0, 0.0];
        assert!(LagrangeBasis::new(flat, 2, 0).is_none());
    }

    #[test]
    fn exchanges_and_shifts_agree_with_a_basis_from_the_points() {
        let (n, mut rng) = (4, Rng::new(5));
        let mut basis = LagrangeBasis::new(cross(&[1.0; 8]), n, 0).unwrap();
        for round in 0..60 {
            let from = rng.below(basis.len());
            let d: Vec<f64> = (0..n).map(|_| rng.uniform_in(-0.5, 0.5)).collect();
            let mut candidate = basis.candidate(from, &d);
            let sum: f64 = candidate.lagrange.iter().sum();
            assert!((sum - 1.0).abs() < 1e-8, "{sum}");
            let best = (1..basis.len())
                .max_by(|&i, &j| {
                    let of = |k| basis.denominator(k, &candidate);
                    of(i).total_cmp(&of(j))
                })
                .unwrap();
            let x: Vec<f64> = basis.point(from).iter().zip(&d).map(|(y, d)| y + d).collect();
            basis.exchange(best, &x, &mut candidate);
            match round % 20 {
                9 => basis.move_base(from),
                19 => assert!(basis.shift(from)),
                _ => {}
            }
            assert!(largest_error(&basis) < 1e-6, "{round}: {}", largest_error(&basis));
        }
        let mut fresh = basis.clone();
        assert!(fresh.shift(0));
        let d = [0.3, -0.2, 0.1, 0.4];
        let (one, two) = (basis.candidate(1, &d), fresh.candidate(1, &d));
        assert!((one.beta - two.beta).abs() < 1e-6 * one.beta.abs(), "{} {}", one.beta, two.beta);
    }
}
