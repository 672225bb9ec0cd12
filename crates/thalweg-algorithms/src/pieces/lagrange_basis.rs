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
//! n columns. The row and column of e are never needed. Exchanging a point costs O(m^2).
//!
//! `new` computes H from the points alone, by a QR factorization whose rows are divided by the distances of the points, so that sets
//! which are spread over many orders of magnitude are no obstacle. Powell has closed forms for the first set and formulas for a shift
//! of the base, and repairs H by rebuilding it point by point (RESCUE); here these three are one function.
//!
//! References:
//! * M. J. D. Powell, Least Frobenius norm updating of quadratic models that satisfy interpolation conditions (2004),
//!   <https://doi.org/10.1007/s10107-003-0490-7>
//! * M. J. D. Powell, The NEWUOA software for unconstrained optimization without derivatives (2006), sections 3 and 4,
//!   <https://doi.org/10.1007/0-387-30065-1_16>

use thalweg_linalg::{Cholesky, QrPivot, dot, mul, mul_transposed, nrm2, solve_lower, solve_upper};

/// The Lagrange functions of a set of points.
#[derive(Clone, Debug)]
pub struct LagrangeBasis {
    n: usize,
    m: usize,
    /// The points relative to the base, m x n.
    points: Vec<f64>,
    /// Z, m x (m - n - 1).
    z: Vec<f64>,
    /// B, (m + n) x n: the gradients of the Lagrange functions at the base, and below them the last block of H.
    b: Vec<f64>,
}

/// What H makes of a new point: the values of the Lagrange functions there, and what an exchange needs besides.
#[derive(Clone, Debug, Default)]
pub struct Candidate {
    /// l_k at the point, m entries.
    pub lagrange: Vec<f64>,
    /// The last n entries of H w.
    tail: Vec<f64>,
    /// Powell's beta.
    pub beta: f64,
}

impl LagrangeBasis {
    /// The basis for `points` (m x n), the one at `base` being zero; `None` if they do not determine quadratics.
    pub fn new(points: Vec<f64>, n: usize, base: usize) -> Option<Self> {
        let m = points.len() / n;
        debug_assert!(points[base * n..(base + 1) * n].iter().all(|&y| y == 0.0));
        let mut basis = LagrangeBasis {
            n,
            m,
            points,
            z: vec![0.0; m * (m - n - 1)],
            b: vec![0.0; (m + n) * n],
        };
        basis.factor(base).then_some(basis)
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

    #[inline]
    fn z_row(&self, k: usize) -> &[f64] {
        let width = self.m - self.n - 1;
        &self.z[k * width..(k + 1) * width]
    }

    #[inline]
    fn b_row(&self, k: usize) -> &[f64] {
        &self.b[k * self.n..(k + 1) * self.n]
    }

    /// alpha_k, the k-th diagonal element of H.
    pub fn alpha(&self, k: usize) -> f64 {
        let z = self.z_row(k);
        dot(z, z)
    }

    /// Z Z' v: the weights w of the Hessian sum w_k y_k y_k' of the quadratic with values v at the points.
    pub fn hessian_weights(&self, values: &[f64]) -> Vec<f64> {
        let mut inner = vec![0.0; self.m - self.n - 1];
        mul_transposed(&self.z, inner.len(), values, &mut inner);
        (0..self.m).map(|k| dot(self.z_row(k), &inner)).collect()
    }

    /// The weights of the Hessian of l_k.
    pub fn lagrange_weights(&self, k: usize) -> Vec<f64> {
        let z = self.z_row(k);
        (0..self.m).map(|j| dot(self.z_row(j), z)).collect()
    }

    /// The gradient at the base of the quadratic with these values at the points.
    pub fn gradient_at_base(&self, values: &[f64]) -> Vec<f64> {
        let mut gradient = vec![0.0; self.n];
        mul_transposed(&self.b[..self.m * self.n], self.n, values, &mut gradient);
        gradient
    }

    /// The gradient of l_k at `x` (relative to the base), given its Hessian's `weights`.
    pub fn lagrange_gradient(&self, k: usize, weights: &[f64], x: &[f64]) -> Vec<f64> {
        let mut gradient = self.b_row(k).to_vec();
        self.add_curvature(weights, x, &mut gradient);
        gradient
    }

    /// Add (sum w_k y_k y_k') v to `out`.
    pub fn add_curvature(&self, weights: &[f64], v: &[f64], out: &mut [f64]) {
        for (k, &weight) in weights.iter().enumerate() {
            if weight != 0.0 {
                let y = self.point(k);
                let factor = weight * dot(y, v);
                out.iter_mut().zip(y).for_each(|(out, y)| *out += factor * y);
            }
        }
    }

    /// What H makes of the point a step `d` away from the point `from` (Powell 2006, section 4; all in terms of the difference
    /// between the two columns of W, because the columns themselves would cancel).
    pub fn candidate(&self, from: usize, d: &[f64]) -> Candidate {
        let (n, m) = (self.n, self.m);
        let center = self.point(from);
        let w: Vec<f64> = (0..m)
            .map(|k| {
                let along = dot(self.point(k), d);
                along * (0.5 * along + dot(self.point(k), center))
            })
            .collect();
        let from_z = self.hessian_weights(&w);
        let mut product = dot(&w, &from_z);
        let mut lagrange = from_z;
        for k in 0..m {
            let slope = dot(self.b_row(k), d);
            product += 2.0 * w[k] * slope;
            lagrange[k] += slope;
        }
        lagrange[from] += 1.0;
        let mut tail = self.gradient_at_base(&w);
        for (a, tail) in tail.iter_mut().enumerate() {
            let last_block = dot(self.b_row(m + a), d);
            product += last_block * d[a];
            *tail += last_block;
        }
        debug_assert_eq!(tail.len(), n);
        let (across, size, length) = (dot(center, d), dot(center, center), dot(d, d));
        let beta = across * across + length * (size + 2.0 * across + 0.5 * length) - product;
        Candidate { lagrange, tail, beta }
    }

    /// sigma = alpha beta + tau^2, by which H is divided when the candidate takes the place of point `k`.
    pub fn denominator(&self, k: usize, candidate: &Candidate) -> f64 {
        self.alpha(k) * candidate.beta + candidate.lagrange[k] * candidate.lagrange[k]
    }

    /// Put the candidate, which is at `x`, in the place of point `t` (Powell 2004, eq. 2.12; for Z his section 4). The denominator has
    /// to be positive.
    pub fn exchange(&mut self, t: usize, x: &[f64], candidate: &Candidate) {
        let (n, m, width) = (self.n, self.m, self.m - self.n - 1);
        self.reduce_row(t);
        let corner = self.z[t * width];
        let (alpha, beta, tau) = (corner * corner, candidate.beta, candidate.lagrange[t]);
        let sigma = alpha * beta + tau * tau;

        // p = H e_t, u = e_t - H w, both m + n entries.
        let column = |k: usize| self.z[k * width] * corner;
        let p: Vec<f64> = (0..m).map(column).chain(self.b_row(t).iter().copied()).collect();
        let mut u: Vec<f64> =
            candidate.lagrange.iter().chain(&candidate.tail).map(|v| -v).collect();
        u[t] += 1.0;

        for i in 0..m + n {
            let of_u = (alpha * u[i] + tau * p[i]) / sigma;
            let of_p = (tau * u[i] - beta * p[i]) / sigma;
            for a in 0..n {
                self.b[i * n + a] += of_u * u[m + a] + of_p * p[m + a];
            }
        }
        let root = sigma.sqrt();
        for k in 0..m {
            let z = &mut self.z[k * width];
            *z = (tau * *z + corner * u[k]) / root;
        }
        self.points[t * n..(t + 1) * n].copy_from_slice(x);
    }

    /// Reflect the columns of Z so that row t has one element only, the first. Z Z' stays as it is.
    fn reduce_row(&mut self, t: usize) {
        let width = self.m - self.n - 1;
        let mut v = self.z_row(t).to_vec();
        let norm = nrm2(&v);
        if width < 2 || nrm2(&v[1..]) == 0.0 {
            return;
        }
        v[0] += if v[0] < 0.0 { -norm } else { norm };
        let scale = 2.0 / dot(&v, &v);
        for row in self.z.chunks_exact_mut(width) {
            let weight = scale * dot(row, &v);
            row.iter_mut().zip(&v).for_each(|(z, v)| *z -= weight * v);
        }
        self.z[t * width + 1..(t + 1) * width].fill(0.0);
    }

    /// Make the point `center` the base; `false` if the points turn out to determine no quadratics.
    pub fn shift(&mut self, center: usize) -> bool {
        let base = self.point(center).to_vec();
        for y in self.points.chunks_exact_mut(self.n) {
            y.iter_mut().zip(&base).for_each(|(y, b)| *y -= b);
        }
        self.factor(center)
    }

    /// Z and B from the points, that at `base` being zero.
    ///
    /// With r_i = |y_i|, a column z of Z is sought as (s_i / r_i^2): A becomes S_ij = cos(y_i, y_j)^2 / 2, and the conditions
    /// sum z_i y_i = 0 become K's = 0, the rows of K being y_i / r_i^2. The element at the base follows from sum z_i = 0.
    fn factor(&mut self, base: usize) -> bool {
        let (n, m) = (self.n, self.m);
        let width = m - n - 1;
        let mut others: Vec<usize> = (0..m).filter(|&k| k != base).collect();
        let radii: Vec<f64> = (0..m).map(|k| nrm2(self.point(k))).collect();
        if !others.iter().all(|&k| radii[k] > 0.0 && radii[k].is_finite()) {
            return false;
        }
        // The largest rows first keeps the factorization accurate for each row on its own.
        others.sort_by(|&i, &j| radii[i].total_cmp(&radii[j]));
        let smallest = radii[others[0]];
        let rows: Vec<f64> = others
            .iter()
            .flat_map(|&k| {
                let radius = radii[k];
                self.point(k).iter().map(move |y| (y / radius) * (smallest / radius))
            })
            .collect();
        let Ok(qr) = QrPivot::factor(&rows, m - 1, n) else { return false };
        let mut r = vec![0.0; n * n];
        if qr.rank(0.0) < n || qr.write_r(&mut r).is_err() {
            return false;
        }

        // The null space of K', row by row: the last elements of Q'e_i.
        let mut null_space = Vec::with_capacity((m - 1) * width);
        for i in 0..m - 1 {
            let mut unit = vec![0.0; m - 1];
            unit[i] = 1.0;
            if qr.apply_qt(&mut unit).is_err() {
                return false;
            }
            null_space.extend_from_slice(&unit[n..]);
        }
        if !self.factor_z(base, &others, &radii, &null_space) {
            return false;
        }

        // Gradients: for every right-hand side, y_i . g = c_i for all i but the base, which is consistent.
        let solve = |conditions: &mut dyn Iterator<Item = f64>| -> Option<Vec<f64>> {
            let mut c: Vec<f64> = conditions
                .zip(&others)
                .map(|(c, &k)| (c / radii[k]) * (smallest / radii[k]))
                .collect();
            qr.apply_qt(&mut c).ok()?;
            solve_upper(&r, n, &mut c[..n]).ok()?;
            let mut g = vec![0.0; n];
            qr.permutation().iter().zip(&c).for_each(|(&column, &c)| g[column] = c);
            g.iter().all(|g| g.is_finite()).then_some(g)
        };
        let half_squares = self.half_squares();
        let curved = |i: usize, weights: &[f64]| dot(&half_squares[i * m..(i + 1) * m], weights);
        let mut b = Vec::with_capacity((m + n) * n);
        for k in 0..m {
            let omega = self.lagrange_weights(k);
            let at_base = f64::from(u8::from(k == base));
            let mut conditions =
                others.iter().map(|&i| f64::from(u8::from(i == k)) - at_base - curved(i, &omega));
            let Some(gradient) = solve(&mut conditions) else { return false };
            b.extend(gradient);
        }
        for a in 0..n {
            let column: Vec<f64> = (0..m).map(|j| b[j * n + a]).collect();
            let mut conditions = others.iter().map(|&i| -curved(i, &column));
            let Some(row) = solve(&mut conditions) else { return false };
            b.extend(row);
        }
        self.b = b;
        true
    }

    /// A, m x m.
    fn half_squares(&self) -> Vec<f64> {
        let (m, n) = (self.m, self.n);
        let mut a = vec![0.0; m * m];
        for i in 0..m {
            mul(&self.points, n, self.point(i), &mut a[i * m..(i + 1) * m]);
        }
        a.iter_mut().for_each(|a| *a = 0.5 * *a * *a);
        a
    }

    /// Z = N L^-T with N'SN = LL', N being the null space.
    fn factor_z(
        &mut self,
        base: usize,
        others: &[usize],
        radii: &[f64],
        null_space: &[f64],
    ) -> bool {
        let width = self.m - self.n - 1;
        let row = |i: usize| &null_space[i * width..(i + 1) * width];
        let mut gram = vec![0.0; width * width];
        let mut product = vec![0.0; width];
        for (i, &point) in others.iter().enumerate() {
            product.fill(0.0);
            for (j, &other) in others.iter().enumerate() {
                let cosine =
                    dot(self.point(point), self.point(other)) / (radii[point] * radii[other]);
                let s = 0.5 * cosine * cosine;
                product.iter_mut().zip(row(j)).for_each(|(p, v)| *p += s * v);
            }
            for (a, &v) in row(i).iter().enumerate() {
                let line = &mut gram[a * width..(a + 1) * width];
                line.iter_mut().zip(&product).for_each(|(g, p)| *g += v * p);
            }
        }
        let Ok(cholesky) = Cholesky::factor(&gram, width) else { return false };
        let mut at_base = vec![0.0; width];
        for (i, &point) in others.iter().enumerate() {
            let z = &mut self.z[point * width..(point + 1) * width];
            z.copy_from_slice(row(i));
            if solve_lower(cholesky.lower(), width, z).is_err() {
                return false;
            }
            z.iter_mut().for_each(|z| *z /= radii[point] * radii[point]);
            at_base.iter_mut().zip(z).for_each(|(sum, z)| *sum -= *z);
        }
        self.z[base * width..(base + 1) * width].copy_from_slice(&at_base);
        self.z.iter().all(|z| z.is_finite())
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

    fn difference(a: &[f64], b: &[f64]) -> Vec<f64> {
        a.iter().zip(b).map(|(a, b)| a - b).collect()
    }

    #[test]
    fn lagrange_functions_are_one_at_their_own_point_and_zero_at_the_others() {
        let basis = LagrangeBasis::new(cross(&[1.0, 2.0, 0.5, 1.0, 1.0, 3.0]), 3, 0).unwrap();
        assert!(largest_error(&basis) < 1e-14);
        // The gradients of a coordinate pair at distances 2 and 1: the slopes of the parabola through 0, 2, -1.
        let weights = basis.lagrange_weights(2);
        let gradient = basis.lagrange_gradient(2, &weights, &[0.0; 3]);
        assert!((gradient[1] - 1.0 / 6.0).abs() < 1e-15, "{gradient:?}");
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
            let candidate = basis.candidate(from, &d);
            let sum: f64 = candidate.lagrange.iter().sum();
            assert!((sum - 1.0).abs() < 1e-8, "{sum}");
            let best = (1..basis.len())
                .max_by(|&i, &j| {
                    let of = |k| basis.denominator(k, &candidate);
                    of(i).total_cmp(&of(j))
                })
                .unwrap();
            let x: Vec<f64> = basis.point(from).iter().zip(&d).map(|(y, d)| y + d).collect();
            basis.exchange(best, &x, &candidate);
            if round % 20 == 19 {
                assert!(basis.shift(from));
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
