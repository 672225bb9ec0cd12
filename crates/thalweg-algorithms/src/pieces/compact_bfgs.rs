//! The limited-memory BFGS matrix B, an approximation of the Hessian, in its compact form.
//!
//! B = theta I - W M W',  W = [Y  theta S],  M = | -D      L'      | ^-1
//!                                               |  L   theta S'S  |
//!
//! with the steps in the columns of S, the changes of the gradient in those of Y, D the diagonal and L the strictly lower
//! triangle of S'Y, and theta = y'y / s'y of the newest pair. M is never formed: eliminating its first block leaves the positive
//! definite T = theta S'S + L D^-1 L', whose Cholesky factor is kept (equations 3.3 to 3.6 of the first paper).
//!
//! An update takes the pair alone in. S'S, L and T are brought up to it when they are needed next ([`CompactBfgs::renew`]), which
//! costs one pass over the pairs for each new one, and O(m^3); a product with M costs O(m^2).
//!
//! References:
//! * R. H. Byrd, P. Lu, J. Nocedal, C. Zhu, A limited memory algorithm for bound constrained optimization, SIAM J. Sci.
//!   Comput. 16 (1995), <https://doi.org/10.1137/0916069>
//! * R. H. Byrd, J. Nocedal, R. B. Schnabel, Representations of quasi-Newton matrices and their use in limited memory methods,
//!   Math. Program. 63 (1994), <https://doi.org/10.1007/BF01582063>

use thalweg_linalg::{LinalgError, dot};

use super::quasi_definite::QuasiDefinite;
use super::step_pairs::{NewPair, Products, StepPairs, drop_oldest};
use super::two_loops::TwoLoops;

/// The matrix B, from at most `capacity` pairs.
#[derive(Clone, Debug)]
pub struct CompactBfgs {
    pairs: StepPairs,
    /// For products with the inverse of B.
    loops: TwoLoops,
    theta: f64,
    /// D: s'y of each pair, oldest first.
    curvatures: Vec<f64>,
    n_updates: u64,
    /// The pairs that S'S, L and T are made of.
    included: Included,
    /// S'S; row-major with `capacity` columns.
    ss: Vec<f64>,
    /// S'Y, of which the part below the diagonal is used: L.
    sy: Vec<f64>,
    /// L D^-1, and the factor of T.
    scaled: Vec<f64>,
    factor: QuasiDefinite,
    onto_step: Products,
}

impl CompactBfgs {
    /// The identity of `dim` variables, with room for `capacity` pairs.
    pub fn new(dim: usize, capacity: usize) -> Self {
        CompactBfgs {
            pairs: StepPairs::new(dim, capacity),
            loops: TwoLoops::new(capacity),
            theta: 1.0,
            curvatures: Vec::with_capacity(capacity),
            n_updates: 0,
            included: Included::default(),
            ss: vec![0.0; capacity * capacity],
            sy: vec![0.0; capacity * capacity],
            scaled: vec![0.0; capacity * capacity],
            factor: QuasiDefinite::with_capacity(capacity),
            onto_step: Products::new(capacity),
        }
    }

    /// The pairs.
    pub fn pairs(&self) -> &StepPairs {
        &self.pairs
    }

    /// Whether B is the identity.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// The factor theta of the identity.
    pub fn theta(&self) -> f64 {
        self.theta
    }

    /// The number of updates since the creation, forgotten ones included.
    pub fn n_updates(&self) -> u64 {
        self.n_updates
    }

    /// s_j'y_j of the `j`-th pair.
    pub fn curvature(&self, j: usize) -> f64 {
        self.curvatures[j]
    }

    /// Go back to the identity.
    pub fn clear(&mut self) {
        self.pairs.clear();
        self.loops.clear();
        self.curvatures.clear();
        self.theta = 1.0;
    }

    /// Take in a step.
    pub fn update(&mut self, new: &NewPair<'_>) {
        if self.pairs.is_full() {
            self.curvatures.remove(0);
        }
        self.curvatures.push(new.curvature);
        self.n_updates += 1;
        let square = self.pairs.push(new);
        self.loops.update(&self.pairs, new.curvature, square);
        self.theta = square / new.curvature;
    }

    /// Bring M up to the pairs, before [`Self::middle_product`] is asked for.
    ///
    /// # Errors
    /// T is not positive definite in floating-point arithmetic. Only [`Self::clear`] may follow.
    pub fn renew(&mut self) -> Result<(), LinalgError> {
        let (m, len) = (self.pairs.capacity(), self.pairs.len());
        if len == 0 || self.included.is_current(len, self.n_updates) {
            return Ok(());
        }
        let (dropped, kept) = self.included.catch_up(len, self.n_updates);
        drop_oldest(&mut self.ss, m, dropped);
        drop_oldest(&mut self.sy, m, dropped);
        for new in kept..len {
            self.pairs.project(self.pairs.step(new), &mut self.onto_step);
            for j in 0..=new {
                self.ss[new * m + j] = self.onto_step.steps[j];
                self.ss[j * m + new] = self.onto_step.steps[j];
                self.sy[new * m + j] = self.onto_step.changes[j];
            }
        }
        self.factorize()
    }

    /// T = theta S'S + L D^-1 L'
    fn factorize(&mut self) -> Result<(), LinalgError> {
        let (m, len, theta) = (self.pairs.capacity(), self.pairs.len(), self.theta);
        for i in 0..len {
            for k in 0..i {
                self.scaled[i * m + k] = self.sy[i * m + k] / self.curvatures[k];
            }
        }
        let (sy, ss, scaled) = (&self.sy, &self.ss, &self.scaled);
        self.factor.refactor(0, len, |i, row| {
            for (j, t) in (i..len).zip(row) {
                let sum = dot(&scaled[i * m..i * m + i], &sy[j * m..j * m + i]);
                *t = theta * ss[i * m + j] + sum;
            }
        })
    }

    /// The Newton direction `-B^-1 g` of all variables. Returns its slope `-g'B^-1 g`.
    pub fn newton(&mut self, gradient: &[f64], direction: &mut [f64]) -> f64 {
        self.loops.direction(&self.pairs, gradient, direction)
    }

    /// W'u.
    pub fn project(&self, u: &[f64], onto_u: &mut Products) {
        self.pairs.project(u, onto_u);
        onto_u.steps[..self.pairs.len()].iter_mut().for_each(|p| *p *= self.theta);
    }

    /// The `i`-th row of W.
    pub fn row(&self, i: usize, row: &mut Products) {
        self.pairs.row(i, &mut row.steps, &mut row.changes);
        row.steps[..self.pairs.len()].iter_mut().for_each(|w| *w *= self.theta);
    }

    /// M p.
    pub fn middle_product(&self, p: &Products, product: &mut Products) {
        let (m, len) = (self.pairs.capacity(), self.pairs.len());
        let (v1, v2) = (&mut product.changes[..len], &mut product.steps[..len]);
        // T v2 = p2 + L D^-1 p1
        for i in 0..len {
            v1[i] = p.changes[i] / self.curvature(i);
            v2[i] = p.steps[i] + dot(&self.sy[i * m..i * m + i], &v1[..i]);
        }
        self.factor.solve(v2);
        // D v1 = L' v2 - p1
        for i in 0..len {
            let sum: f64 = (i + 1..len).map(|k| self.sy[k * m + i] * v2[k]).sum();
            v1[i] = sum / self.curvature(i) - v1[i];
        }
    }
}

/// Which pairs of a matrix sums over pairs are made of.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Included {
    len: usize,
    n_updates: u64,
}

impl Included {
    /// Whether these are all `len` pairs of a matrix after `n_updates`.
    pub(super) fn is_current(self, len: usize, n_updates: u64) -> bool {
        (self.len, self.n_updates) == (len, n_updates)
    }

    /// Go on to these pairs. Returns how many of the oldest pairs leave the sums, and how many then stay.
    pub(super) fn catch_up(&mut self, len: usize, n_updates: u64) -> (usize, usize) {
        // More updates than pairs: no pair is an old one, even if the matrix was cleared in between.
        let n_new = (n_updates - self.n_updates).min(len as u64) as usize;
        let kept = len - n_new;
        let dropped = self.len - kept;
        (self.len, self.n_updates) = (len, n_updates);
        (dropped, kept)
    }
}

/// The inner product of two vectors of 2m entries.
pub(super) fn dot_products(a: &Products, b: &Products, len: usize) -> f64 {
    dot(&a.changes[..len], &b.changes[..len]) + dot(&a.steps[..len], &b.steps[..len])
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A matrix B of `n` variables after `count` steps on a convex quadratic, and the same matrix by dense updates.
    pub(in crate::pieces) fn example(n: usize, m: usize, count: usize) -> (CompactBfgs, Vec<f64>) {
        let mut compact = CompactBfgs::new(n, m);
        let mut kept: Vec<(Vec<f64>, Vec<f64>)> = Vec::new();
        let zero = vec![0.0; n];
        for k in 0..count {
            let s: Vec<f64> = (0..n).map(|i| ((i * 3 + k * 5) as f64).sin()).collect();
            let y: Vec<f64> = s.iter().enumerate().map(|(i, s)| s * (i + 1) as f64).collect();
            let new = NewPair {
                step: 1.0,
                direction: &s,
                gradient: &y,
                previous_gradient: &zero,
                curvature: dot(&s, &y),
            };
            compact.update(&new);
            kept.push((s, y));
            if kept.len() > m {
                kept.remove(0);
            }
        }
        compact.renew().unwrap();
        (compact, dense(n, &kept))
    }

    /// B' = B - B s s'B / s'B s + y y' / y's, from theta I.
    fn dense(n: usize, pairs: &[(Vec<f64>, Vec<f64>)]) -> Vec<f64> {
        let theta = pairs.last().map_or(1.0, |(s, y)| dot(y, y) / dot(s, y));
        let mut b = vec![0.0; n * n];
        (0..n).for_each(|i| b[i * n + i] = theta);
        for (s, y) in pairs {
            let bs: Vec<f64> = (0..n).map(|i| dot(&b[i * n..(i + 1) * n], s)).collect();
            let (sbs, sy) = (dot(&bs, s), dot(s, y));
            for i in 0..n {
                for j in 0..n {
                    b[i * n + j] += y[i] * y[j] / sy - bs[i] * bs[j] / sbs;
                }
            }
        }
        b
    }

    #[test]
    fn same_matrix_as_by_dense_updates() {
        let (n, m) = (6, 4);
        for count in [1, 3, 4, 7] {
            let (compact, b) = example(n, m, count);
            let u: Vec<f64> = (0..n).map(|i| (i as f64 - 1.5).cos()).collect();
            let (mut p, mut v) = (Products::new(m), Products::new(m));
            compact.project(&u, &mut p);
            compact.middle_product(&p, &mut v);
            let len = compact.pairs().len();
            for i in 0..n {
                let mut row = Products::new(m);
                compact.row(i, &mut row);
                let product = compact.theta() * u[i] - dot_products(&row, &v, len);
                let expected = dot(&b[i * n..(i + 1) * n], &u);
                assert!((product - expected).abs() < 1e-10, "{count} updates, row {i}");
            }
        }
    }
}
