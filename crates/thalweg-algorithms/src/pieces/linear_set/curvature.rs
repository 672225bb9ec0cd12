//! What evaluations beyond the points of the simplex tell: the curvature of objective and constraints.
//!
//! Models `linear + d'Hd / 2` go through n + 1 points with any Hessian H. At a further point x, a step d from the best one, they are wrong
//! by some e. With the steps y_k to the other points and the values L_k(x) of their Lagrange functions, that depends on H only by its
//! product with `M = sum_k L_k(x) y_k y_k' - d d'`, so that the least change of H (in the Frobenius norm) that makes the models go through x,
//! too, is `-2 e M / |M|^2`. What was learned of other directions is kept.
//!
//! A Hessian may be worse than none, when a step went where the function is of another kind, or far from the points where it was
//! learned. If the linear model would have been nearer to the value at two points in a row, it begins again with the last of them.
//!
//! Reference:
//! * M. J. D. Powell, Least Frobenius norm updating of quadratic models that satisfy interpolation conditions (2004),
//!   <https://doi.org/10.1007/s10107-003-0490-7>

use thalweg_linalg::{axpy, dot, mul};

use super::forms::{add_outer_products, quadratic_forms};
use super::{Known, LinearSet};

/// After so many points at which the linear model was better, a Hessian is given up.
const WRONG: usize = 2;
/// The sum of outer products of steps is none if it is smaller than this, relative to the step: the point is in the simplex's place.
const NEGLIGIBLE: f64 = 1e-14;

/// The Hessians of objective and constraints, in the scaled variables.
#[derive(Clone, Debug, PartialEq)]
pub struct Curvature {
    n: usize,
    /// Row by row, that of the objective first.
    hessians: Vec<f64>,
    /// At how many points in a row the linear model was better.
    wrong: Vec<usize>,
}

impl Curvature {
    /// None yet, for a number of functions.
    pub(super) fn none(n: usize, functions: usize) -> Self {
        Curvature { n, hessians: vec![0.0; functions * n * n], wrong: vec![0; functions] }
    }

    /// The Hessian of the objective (0) or a constraint (from 1 on).
    pub fn hessian(&self, i: usize) -> &[f64] {
        &self.hessians[i * self.n * self.n..(i + 1) * self.n * self.n]
    }

    /// What a step changes by the curvature, `d'Hd / 2`, for each function.
    pub fn bends(&self, d: &[f64]) -> Vec<f64> {
        let mut products = vec![0.0; self.hessians.len() / self.n];
        mul(&self.hessians, self.n, d, &mut products);
        products.chunks_exact(self.n).map(|product| 0.5 * dot(product, d)).collect()
    }

    /// The same for many steps, row by row: all steps for the first function first.
    pub(super) fn bends_of_all(&self, steps: &[f64]) -> Vec<f64> {
        let mut bends = quadratic_forms(&self.hessians, self.n, steps);
        bends.iter_mut().for_each(|bend| *bend *= 0.5);
        bends
    }

    /// Make function `i` go through another point, too, at which its linear model is wrong by `error`.
    fn correct(&mut self, i: usize, error: f64, moment: &[f64]) {
        let (n, square) = (self.n, dot(moment, moment));
        let hessian = &mut self.hessians[i * n * n..(i + 1) * n * n];
        let left = error + 0.5 * dot(hessian, moment);
        self.wrong[i] = if left.abs() > error.abs() { self.wrong[i] + 1 } else { 0 };
        if self.wrong[i] < WRONG {
            axpy(-2.0 * left / square, moment, hessian);
        } else {
            self.wrong[i] = 0;
            hessian.fill(0.0);
            axpy(-2.0 * error / square, moment, hessian);
        }
    }
}

impl LinearSet<'_> {
    /// Begin again without curvature.
    pub fn forget_curvature(&mut self) {
        self.curvature = Curvature::none(self.n, self.limits.len() + 1);
    }

    /// Learn from the values at another point than those of the set.
    pub fn learn(&mut self, x: &[f64], known: &Known) {
        let d = self.way(x);
        let after: Vec<f64> = (0..=self.n).map(|k| self.lagrange_after(k, &d)).collect();
        let moment = self.moment(&d, &after);
        let square = dot(&moment, &moment);
        if !square.is_finite() || square.sqrt() <= NEGLIGIBLE * dot(&d, &d) {
            return;
        }
        for i in 0..=self.limits.len() {
            let center = self.known[0].function(i);
            let others = self.known.iter().zip(&after).skip(1);
            let linear: f64 = others.map(|(k, share)| share * (k.function(i) - center)).sum();
            self.curvature.correct(i, known.function(i) - (center + linear), &moment);
        }
    }

    /// The matrix M for a step and the values of the Lagrange functions after it.
    fn moment(&self, d: &[f64], after: &[f64]) -> Vec<f64> {
        let n = self.n;
        let mut moment = vec![0.0; n * n];
        add_outer_products(&[-1.0], d, n, &mut moment);
        add_outer_products(&after[1..], &self.ways[n..], n, &mut moment);
        moment
    }
}
