//! One point more for the Lagrange functions of `lagrange_basis`, up to as many as determine a quadratic alone.
//!
//! The matrix W of the conditions gains the row and column (w', |x|^4 / 2) of the point x, so that its inverse becomes, with
//! s = |x|^4 / 2 - w'H w, which is Powell's beta,
//!
//! ```text
//! | H + H w w'H / s   -H w / s |
//! |     -w'H / s         1 / s |
//! ```
//!
//! Z gains the column (l_1(x), ..., l_m(x), -1)' / sqrt(beta).
//!
//! References:
//! * M. J. D. Powell, Least Frobenius norm updating of quadratic models that satisfy interpolation conditions (2004),
//!   <https://doi.org/10.1007/s10107-003-0490-7>

use thalweg_linalg::axpy;

use super::lagrange_basis::{Candidate, LagrangeBasis};

impl LagrangeBasis {
    /// Add the candidate, which is at `x`, to the points. Its beta has to be positive: with m + 1 points, 2 / beta is the square of the
    /// Frobenius norm of its Lagrange function's second derivative.
    pub fn add(&mut self, x: &[f64], candidate: &Candidate) {
        let (n, m, width) = (self.n, self.m, self.m - self.n - 1);
        let Candidate { lagrange, tail, beta, .. } = candidate;
        for (row, of_row) in self.b.chunks_exact_mut(n).zip(lagrange.iter().chain(tail)) {
            axpy(of_row / beta, tail, row);
        }
        self.b.splice(m * n..m * n, tail.iter().map(|of_column| -of_column / beta));

        let root = beta.sqrt();
        let mut z = Vec::with_capacity((m + 1) * (width + 1));
        for (row, of_row) in self.z.chunks_exact(width).zip(lagrange) {
            z.extend_from_slice(row);
            z.push(of_row / root);
        }
        z.resize(z.len() + width, 0.0);
        z.push(-1.0 / root);
        self.z = z;

        self.points.extend_from_slice(x);
        self.m += 1;
        self.alphas.push(0.0);
        self.sum_alphas();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_that_are_added_have_lagrange_functions_as_if_they_had_always_been_there() {
        let n = 2;
        let mut basis = LagrangeBasis::coordinates(&[1.0, 1.0], &[-1.0, -1.0]);
        let added = LagrangeBasis::new([basis.points(), &[0.8, 0.7]].concat(), n, 0).unwrap();
        let mut candidate = basis.candidate(1, &[-0.2, 0.7]);
        basis.add(&[0.8, 0.7], &candidate);
        assert_eq!(basis.len(), 6);
        for d in [[0.3, -0.4], [-0.2, 0.1]] {
            let (one, two) = (basis.candidate(2, &d), added.candidate(2, &d));
            for (a, b) in one.lagrange.iter().zip(&two.lagrange) {
                assert!((a - b).abs() < 1e-13, "{one:?} {two:?}");
            }
        }
        // Six points in the plane determine a quadratic, so that nothing is left for a seventh.
        candidate = basis.candidate(0, &[0.5, -0.3]);
        assert!(candidate.beta.abs() < 1e-13, "{candidate:?}");
        let at = |x: &[f64]| 2.0 - x[0] + 3.0 * x[0] * x[1] - x[1] * x[1];
        let values: Vec<f64> = basis.points().chunks_exact(n).map(at).collect();
        let sum: f64 = candidate.lagrange.iter().zip(&values).map(|(l, value)| l * value).sum();
        assert!((sum - at(&[0.5, -0.3])).abs() < 1e-13, "{sum}");
        let alphas: Vec<f64> = (0..6).map(|k| basis.alpha(k)).collect();
        assert!(alphas.iter().all(|alpha| *alpha > 0.0), "{alphas:?}");
    }

    #[test]
    fn exchanges_and_moves_of_the_base_go_on_from_more_points() {
        let n = 3;
        let mut basis = LagrangeBasis::coordinates(&[1.0; 3], &[-1.0; 3]);
        for d in [[0.6, 0.5, 0.1], [0.2, -0.7, 0.4]] {
            let candidate = basis.candidate(0, &d);
            basis.add(&d, &candidate);
        }
        let mut candidate = basis.candidate(1, &[-0.5, 0.4, -0.6]);
        basis.exchange(4, &[0.5, 0.4, -0.6], &mut candidate);
        basis.move_base(8);
        let fresh = LagrangeBasis::new(basis.points().to_vec(), n, 8).unwrap();
        let (one, two) =
            (basis.candidate(2, &[0.1, 0.2, 0.3]), fresh.candidate(2, &[0.1, 0.2, 0.3]));
        assert!((one.beta - two.beta).abs() < 1e-12, "{one:?} {two:?}");
        for (a, b) in one.lagrange.iter().zip(&two.lagrange) {
            assert!((a - b).abs() < 1e-12, "{one:?} {two:?}");
        }
    }
}
