//! The matrix B of a quadratic model that learns the Hessian from steps s and the changes y of the gradient along them.
//!
//! Begins as the identity. Each update satisfies the secant equation `B s = y`:
//! * BFGS and DFP stay symmetric and positive definite; they leave out steps without positive curvature s'y;
//! * SR1 is symmetric, and may become indefinite; it leaves out steps at which its denominator nearly vanishes;
//! * the Broyden class is (1 - phi) BFGS + phi DFP;
//! * Broyden's good and bad methods change B in one direction only and do not keep it symmetric: models use the symmetric part.
//!
//! Cost: a few times n^2 operations for an update.
//!
//! References:
//! * J. Nocedal, S. J. Wright, Numerical Optimization (2006), chapter 6, <https://doi.org/10.1007/978-0-387-40065-5>
//! * C. G. Broyden, A class of methods for solving nonlinear simultaneous equations, Math. Comput. 19 (1965),
//!   <https://doi.org/10.1090/S0025-5718-1965-0198670-6>

use thalweg_linalg::{all_finite, axpy, dot, mul, mul_transposed, nrm2};
use thalweg_macros::Choice;

/// SR1 leaves out steps whose denominator is below this part of the product of its vectors' lengths.
const NO_DENOMINATOR: f64 = 1e-8;

/// How B is updated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum SecantUpdate {
    /// Broyden, Fletcher, Goldfarb and Shanno.
    Bfgs,
    /// Davidon, Fletcher and Powell.
    Dfp,
    /// The symmetric update of rank one.
    Sr1,
    /// Broyden's bad method.
    Bb,
    /// Broyden's good method.
    Bg,
    /// Between BFGS and DFP.
    Broyden,
}

/// The matrix B.
#[derive(Clone, Debug)]
pub struct SecantMatrix {
    dim: usize,
    update: SecantUpdate,
    /// The share of DFP in the Broyden class.
    phi: f64,
    matrix: Vec<f64>,
}

impl SecantMatrix {
    /// The identity of `dim` variables.
    pub fn new(dim: usize, update: SecantUpdate, phi: f64) -> Self {
        let mut new = SecantMatrix { dim, update, phi, matrix: Vec::new() };
        new.clear();
        new
    }

    /// Go back to the identity.
    pub fn clear(&mut self) {
        self.matrix = vec![0.0; self.dim * self.dim];
        (0..self.dim).for_each(|i| self.matrix[i * self.dim + i] = 1.0);
    }

    /// The symmetric part of B, row by row.
    pub fn symmetric(&self) -> Vec<f64> {
        let n = self.dim;
        let entry = |k: usize| 0.5 * (self.matrix[k] + self.matrix[(k % n) * n + k / n]);
        (0..n * n).map(entry).collect()
    }

    /// Take in the step s with the change y of the gradient, unless that would cost B what it has to keep. Whether it was taken in.
    pub fn update(&mut self, s: &[f64], y: &[f64]) -> bool {
        let before = self.matrix.clone();
        let taken = match self.update {
            SecantUpdate::Bfgs => self.convex(s, y, 0.0),
            SecantUpdate::Dfp => self.convex(s, y, 1.0),
            SecantUpdate::Broyden => self.convex(s, y, self.phi),
            SecantUpdate::Sr1 => self.symmetric_rank_one(s, y),
            SecantUpdate::Bg => self.broyden(s, y, s.to_vec()),
            SecantUpdate::Bb => {
                let mut row = vec![0.0; self.dim];
                mul_transposed(&self.matrix, self.dim, y, &mut row);
                self.broyden(s, y, row)
            }
        };
        if !all_finite(&self.matrix) {
            self.matrix = before;
            return false;
        }
        taken
    }

    /// `B + y y'/y's - B s s'B/s'B s + phi (s'B s) v v'` with `v = y/y's - B s/s'B s`.
    fn convex(&mut self, s: &[f64], y: &[f64], phi: f64) -> bool {
        let bs = self.product(s);
        let (ys, sbs) = (dot(y, s), dot(s, &bs));
        if !(ys > f64::EPSILON * nrm2(y) * nrm2(s) && sbs > 0.0) {
            return false;
        }
        let v: Vec<f64> = y.iter().zip(&bs).map(|(y, bs)| y / ys - bs / sbs).collect();
        self.add(1.0 / ys, y, y);
        self.add(-1.0 / sbs, &bs, &bs);
        self.add(phi * sbs, &v, &v);
        true
    }

    fn symmetric_rank_one(&mut self, s: &[f64], y: &[f64]) -> bool {
        let rest = self.rest(s, y);
        let denominator = dot(&rest, s);
        let vanishes = denominator.abs() <= NO_DENOMINATOR * nrm2(&rest) * nrm2(s);
        if !vanishes {
            self.add(1.0 / denominator, &rest, &rest);
        }
        !vanishes
    }

    /// `B + (y - B s) w' / w's`.
    fn broyden(&mut self, s: &[f64], y: &[f64], w: Vec<f64>) -> bool {
        let denominator = dot(&w, s);
        let vanishes = denominator.abs() <= NO_DENOMINATOR * nrm2(&w) * nrm2(s);
        if !vanishes {
            let rest = self.rest(s, y);
            self.add(1.0 / denominator, &rest, &w);
        }
        !vanishes
    }

    fn product(&self, s: &[f64]) -> Vec<f64> {
        let mut product = vec![0.0; self.dim];
        mul(&self.matrix, self.dim, s, &mut product);
        product
    }

    fn rest(&self, s: &[f64], y: &[f64]) -> Vec<f64> {
        y.iter().zip(self.product(s)).map(|(y, bs)| y - bs).collect()
    }

    /// Add `factor u v'`.
    fn add(&mut self, factor: f64, u: &[f64], v: &[f64]) {
        for (row, u) in self.matrix.chunks_exact_mut(self.dim).zip(u) {
            axpy(factor * u, v, row);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use thalweg_linalg::SymEigen;

    const ALL: [SecantUpdate; 6] = [
        SecantUpdate::Bfgs,
        SecantUpdate::Dfp,
        SecantUpdate::Sr1,
        SecantUpdate::Bb,
        SecantUpdate::Bg,
        SecantUpdate::Broyden,
    ];
    const HESSIAN: [f64; 9] = [4.0, 1.0, 0.5, 1.0, 3.0, 0.2, 0.5, 0.2, 2.0];

    fn changes(s: &[f64]) -> Vec<f64> {
        let mut y = vec![0.0; 3];
        mul(&HESSIAN, 3, s, &mut y);
        y
    }

    #[test]
    fn every_update_satisfies_the_secant_equation() {
        for update in ALL {
            let mut matrix = SecantMatrix::new(3, update, 0.3);
            for s in [[1.0, 0.0, 0.5], [0.0, 1.0, -0.5], [0.3, -0.2, 1.0]] {
                let y = changes(&s);
                assert!(matrix.update(&s, &y), "{update:?}");
                let rest = matrix.rest(&s, &y);
                assert!(nrm2(&rest) < 1e-12, "{update:?}: {rest:?}");
            }
        }
    }

    #[test]
    fn the_symmetric_update_of_rank_one_knows_a_quadratic_after_n_steps() {
        let mut matrix = SecantMatrix::new(3, SecantUpdate::Sr1, 0.0);
        for s in [[1.0, 0.0, 0.5], [0.0, 1.0, -0.5], [0.3, -0.2, 1.0]] {
            matrix.update(&s, &changes(&s));
        }
        let found = matrix.symmetric();
        assert!(found.iter().zip(HESSIAN).all(|(f, e)| (f - e).abs() < 1e-10), "{found:?}");
    }

    #[test]
    fn convex_updates_stay_positive_definite_and_leave_out_negative_curvature() {
        for update in [SecantUpdate::Bfgs, SecantUpdate::Dfp, SecantUpdate::Broyden] {
            let mut matrix = SecantMatrix::new(3, update, 0.5);
            let mut rng = thalweg_core::Rng::new(2);
            for _ in 0..50 {
                let s: Vec<f64> = (0..3).map(|_| rng.uniform() - 0.5).collect();
                let y: Vec<f64> = (0..3).map(|_| rng.uniform() - 0.5).collect();
                assert_eq!(matrix.update(&s, &y), dot(&s, &y) > 0.0);
            }
            let eigen = SymEigen::factor(&matrix.symmetric(), 3).unwrap();
            assert!(eigen.values()[0] > 0.0, "{update:?}: {:?}", eigen.values());
        }
    }

    #[test]
    fn models_use_the_symmetric_part() {
        let mut matrix = SecantMatrix::new(2, SecantUpdate::Bg, 0.0);
        assert!(matrix.update(&[1.0, 0.0], &[1.0, 2.0]));
        assert_eq!(matrix.symmetric(), [1.0, 1.0, 1.0, 1.0]);
        assert!(!matrix.update(&[f64::NAN, 0.0], &[1.0, 0.0]));
        assert_eq!(matrix.symmetric(), [1.0, 1.0, 1.0, 1.0]);
    }
}
