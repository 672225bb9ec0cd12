//! The trust-region step in the plane of the gradient and an approximate Gauss-Newton step from LSMR.
//!
//! Suited to many parameters: no factorization, only products with J. The Gauss-Newton step may be regularized by the
//! decrease along the gradient, which keeps it useful where J is nearly rank-deficient.
//!
//! References: R. H. Byrd, R. B. Schnabel, G. A. Shultz, Math. Program. 40 (1988) 247-263, doi:10.1007/BF01580735;
//! M. A. Branch, T. F. Coleman, Y. Li, SIAM J. Sci. Comput. 21 (1999) 1-23, doi:10.1137/S1064827595289108.

use thalweg_linalg::{axpy, dot, mul_transposed, nrm2, scale};

use super::lsmr::{LinearMap, LsmrLimits, lsmr};
use super::lsq_model::{LsqModel, Quadratic};
use super::trust_region_2d;

/// A plane and the model in it.
#[derive(Clone, Debug)]
pub struct SubspaceStep {
    /// Orthonormal; the second is zero when the directions coincide.
    basis: [Vec<f64>; 2],
    curvature: [f64; 3],
    gradient: [f64; 2],
}

impl SubspaceStep {
    /// Spans the plane for the model and its residuals r (m).
    pub fn prepare(
        model: &LsqModel<'_>,
        residuals: &[f64],
        radius: f64,
        regularize: bool,
        limits: &LsmrLimits,
    ) -> Self {
        let n = model.gradient.len();
        let damping = if regularize { cauchy_damping(model, radius) } else { 0.0 };
        let newton = gauss_newton(model, residuals, n, damping, limits);
        let basis = orthonormal(model.gradient, newton);
        let c = |i: usize, j: usize| model.curvature(&basis[i], &basis[j]);
        let curvature = [c(0, 0), c(0, 1), c(1, 1)];
        let gradient = [dot(&basis[0], model.gradient), dot(&basis[1], model.gradient)];
        SubspaceStep { basis, curvature, gradient }
    }

    /// Writes the minimizer of the model in the plane, within `radius`, into `step`.
    pub fn step(&self, radius: f64, step: &mut [f64]) {
        let weights = trust_region_2d::solve(self.curvature, self.gradient, radius);
        step.fill(0.0);
        axpy(weights[0], &self.basis[0], step);
        axpy(weights[1], &self.basis[1], step);
    }
}

/// The minimizer of |J p - r|, J with `n` columns.
pub fn least_squares(
    jacobian: &[f64],
    n: usize,
    residuals: &[f64],
    limits: &LsmrLimits,
) -> Vec<f64> {
    lsmr(&DenseMap { jacobian, n }, n, residuals, 0.0, limits)
}

/// The predicted decrease along the negative gradient within the radius, divided by the squared radius.
fn cauchy_damping(model: &LsqModel<'_>, radius: f64) -> f64 {
    let downhill: Vec<f64> = model.gradient.iter().map(|g| -g).collect();
    let to_boundary = radius / nrm2(model.gradient);
    let (_, value) = model.ray(&downhill).minimize(0.0, to_boundary);
    -value / (radius * radius)
}

/// The minimizer of |J p - r|^2 + p'(C + damping) p: the direction matters, not the sign.
fn gauss_newton(
    model: &LsqModel<'_>,
    residuals: &[f64],
    n: usize,
    damping: f64,
    limits: &LsmrLimits,
) -> Vec<f64> {
    let dense = DenseMap { jacobian: model.jacobian, n };
    if model.diagonal.iter().all(|&c| c == 0.0) {
        return lsmr(&dense, n, residuals, damping.sqrt(), limits);
    }
    let roots = model.diagonal.iter().map(|c| (c + damping).sqrt()).collect();
    let mut extended = residuals.to_vec();
    extended.resize(residuals.len() + n, 0.0);
    lsmr(&AugmentedMap { dense, m: residuals.len(), roots }, n, &extended, 0.0, limits)
}

/// The unit vectors of the plane of two vectors, the second one zero when they coincide: Gram-Schmidt, twice for the second.
pub fn orthonormal(first: &[f64], second: Vec<f64>) -> [Vec<f64>; 2] {
    let mut basis = [first.to_vec(), second];
    let unit = |v: &mut Vec<f64>, zero_below: f64| {
        let norm = nrm2(v);
        if norm > zero_below { scale(1.0 / norm, v) } else { v.fill(0.0) }
    };
    unit(&mut basis[0], 0.0);
    let original = nrm2(&basis[1]);
    for _ in 0..2 {
        let projection = dot(&basis[0], &basis[1]);
        let (b0, b1) = basis.split_at_mut(1);
        axpy(-projection, &b0[0], &mut b1[0]);
    }
    unit(&mut basis[1], 1e-14 * original);
    basis
}

struct DenseMap<'a> {
    jacobian: &'a [f64],
    n: usize,
}

impl LinearMap for DenseMap<'_> {
    fn add_product(&self, x: &[f64], out: &mut [f64]) {
        for (row, o) in self.jacobian.chunks_exact(self.n).zip(out) {
            *o += dot(row, x);
        }
    }

    fn add_transposed(&self, y: &[f64], out: &mut [f64]) {
        let mut product = vec![0.0; self.n];
        mul_transposed(self.jacobian, self.n, y, &mut product);
        axpy(1.0, &product, out);
    }
}

/// J above a diagonal.
struct AugmentedMap<'a> {
    dense: DenseMap<'a>,
    m: usize,
    roots: Vec<f64>,
}

impl LinearMap for AugmentedMap<'_> {
    fn add_product(&self, x: &[f64], out: &mut [f64]) {
        let (top, bottom) = out.split_at_mut(self.m);
        self.dense.add_product(x, top);
        for (o, (root, x)) in bottom.iter_mut().zip(self.roots.iter().zip(x)) {
            *o += root * x;
        }
    }

    fn add_transposed(&self, y: &[f64], out: &mut [f64]) {
        let (top, bottom) = y.split_at(self.m);
        self.dense.add_transposed(top, out);
        for (o, (root, y)) in out.iter_mut().zip(self.roots.iter().zip(bottom)) {
            *o += root * y;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_gauss_newton_step_in_two_dimensions() {
        let jacobian = [2.0, 0.0, 1.0, 3.0, 0.0, 1.0];
        let residuals = [1.0, -2.0, 0.5];
        let mut gradient = [0.0; 2];
        mul_transposed(&jacobian, 2, &residuals, &mut gradient);
        let model = LsqModel { jacobian: &jacobian, gradient: &gradient, diagonal: &[0.0; 2] };
        let limits = LsmrLimits { atol: 1e-12, btol: 1e-12, condition: 1e12, max_iterations: 10 };
        let plane = SubspaceStep::prepare(&model, &residuals, 100.0, false, &limits);
        let mut step = [0.0; 2];
        plane.step(100.0, &mut step);
        // J'J p = -J'r with J'J = ((5, 3), (3, 10)), J'r = (0, -5.5).
        assert!((step[0] + 16.5 / 41.0).abs() < 1e-12 && (step[1] - 27.5 / 41.0).abs() < 1e-12);
        plane.step(0.1, &mut step);
        assert!((nrm2(&step) - 0.1).abs() < 1e-12);
    }
}
