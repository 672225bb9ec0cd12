//! The Lagrange functions of `lagrange_basis` from their points alone.
//!
//! A QR factorization whose rows are divided by the distances of the points makes H afresh, so that sets which are spread over many
//! orders of magnitude are no obstacle. Powell repairs H by rebuilding it point by point (RESCUE); here that and the basis of a set
//! which is not made of coordinate pairs are one function.

use thalweg_linalg::{Cholesky, QrPivot, dot, mul, nrm2, solve_lower, solve_upper};

use super::lagrange_basis::LagrangeBasis;

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
            alphas: vec![0.0; m],
        };
        basis.factor(base).then_some(basis)
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
        let mut omega = vec![0.0; m];
        for k in 0..m {
            self.lagrange_weights(k, &mut omega);
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
        self.sum_alphas();
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
