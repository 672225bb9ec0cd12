//! A quadratic model that interpolates the objective at a set of points, and changes by as little as possible, in the Frobenius norm
//! of its second derivative, when a point is exchanged.
//!
//! The Hessian is kept as an explicit matrix plus sum w_k y_k y_k' over the points, so that an exchange costs O(m n).
//!
//! References:
//! * M. J. D. Powell, Least Frobenius norm updating of quadratic models that satisfy interpolation conditions (2004),
//!   <https://doi.org/10.1007/s10107-003-0490-7>

use thalweg_linalg::{axpy, dot, mul};

use super::lagrange_basis::LagrangeBasis;

/// The model around the best point.
#[derive(Clone, Debug)]
pub struct FrobeniusModel {
    /// The gradient at the best point.
    pub gradient: Vec<f64>,
    /// The explicit part of the Hessian, n x n.
    hessian: Vec<f64>,
    /// The weights w_k.
    weights: Vec<f64>,
    /// What is computed on the way: m and n entries.
    of_points: Vec<f64>,
    of_gradient: Vec<f64>,
    least_weights: Vec<f64>,
    inner: Vec<f64>,
}

impl FrobeniusModel {
    /// The interpolating model whose Hessian is smallest, for `values` at the points relative to that at `best`.
    pub fn least(basis: &LagrangeBasis, values: &[f64], best: usize) -> Self {
        let n = basis.point(best).len();
        let mut model = FrobeniusModel {
            gradient: vec![0.0; n],
            hessian: vec![0.0; n * n],
            weights: vec![0.0; values.len()],
            of_points: vec![0.0; values.len()],
            of_gradient: vec![0.0; n],
            least_weights: vec![0.0; values.len()],
            inner: Vec::new(),
        };
        model.become_least(basis, values, best);
        model
    }

    /// Take the least model's place.
    pub fn become_least(&mut self, basis: &LagrangeBasis, values: &[f64], best: usize) {
        self.least_gradient(basis, values, best, basis.point(best));
        self.gradient.copy_from_slice(&self.of_gradient);
        self.hessian.fill(0.0);
        self.weights.copy_from_slice(&self.least_weights);
    }

    /// The gradient of the least model at `x` (relative to the base).
    pub fn least_gradient(
        &mut self,
        basis: &LagrangeBasis,
        values: &[f64],
        best: usize,
        x: &[f64],
    ) -> &[f64] {
        self.of_points.iter_mut().zip(values).for_each(|(r, value)| *r = value - values[best]);
        basis.gradient_at_base(&self.of_points, &mut self.of_gradient);
        basis.hessian_weights(&self.of_points, &mut self.inner, &mut self.least_weights);
        basis.add_curvature(&self.least_weights, x, &mut self.of_gradient);
        &self.of_gradient
    }

    /// The change of the least model over a step `d` from the best point.
    pub fn least_change(
        &mut self,
        basis: &LagrangeBasis,
        values: &[f64],
        best: usize,
        d: &[f64],
    ) -> f64 {
        let slope = dot(self.least_gradient(basis, values, best, basis.point(best)), d);
        let along = basis.points().chunks_exact(d.len()).map(|y| dot(y, d));
        let curved = self.least_weights.iter().zip(along).map(|(w, along)| w * along * along);
        slope + 0.5 * curved.sum::<f64>()
    }

    /// Whether all of its numbers are finite.
    pub fn is_finite(&self) -> bool {
        let sum = |v: &[f64]| v.iter().map(|v| v * 0.0).sum::<f64>();
        sum(&self.gradient) + sum(&self.hessian) + sum(&self.weights) == 0.0
    }

    /// The Hessian's product with `v`, into `out`.
    pub fn curvature(&self, basis: &LagrangeBasis, v: &[f64], out: &mut [f64]) {
        mul(&self.hessian, v.len(), v, out);
        basis.add_curvature(&self.weights, v, out);
    }

    /// The second derivative along coordinate i.
    pub fn diagonal(&self, basis: &LagrangeBasis, i: usize) -> f64 {
        let n = self.gradient.len();
        let implicit = self.weights.iter().enumerate().map(|(k, w)| w * basis.point(k)[i].powi(2));
        self.hessian[i * n + i] + implicit.sum::<f64>()
    }

    /// The change of the model over a step `d` from the best point, whose product with the Hessian goes into `of_d`.
    pub fn change(&self, basis: &LagrangeBasis, d: &[f64], of_d: &mut [f64]) -> f64 {
        self.curvature(basis, d, of_d);
        dot(d, &self.gradient) + 0.5 * dot(d, of_d)
    }

    /// Make the weight of a point, which is about to be exchanged, a part of the explicit matrix.
    pub fn release(&mut self, basis: &LagrangeBasis, t: usize) {
        let weight = std::mem::take(&mut self.weights[t]);
        let (y, n) = (basis.point(t), self.gradient.len());
        for (row, y_i) in self.hessian.chunks_exact_mut(n).zip(y) {
            axpy(weight * y_i, y, row);
        }
    }

    /// Make room for one point more, which does not change the model.
    pub fn add_point(&mut self) {
        for v in [&mut self.weights, &mut self.of_points, &mut self.least_weights] {
            v.push(0.0);
        }
    }

    /// Correct the model by `error` at point `t`, which has been exchanged or added; `center` is where the gradient is.
    pub fn correct(&mut self, basis: &LagrangeBasis, t: usize, error: f64, center: &[f64]) {
        basis.lagrange_weights(t, &mut self.of_points);
        basis.lagrange_gradient(t, &self.of_points, center, &mut self.of_gradient);
        axpy(error, &self.of_points, &mut self.weights);
        axpy(error, &self.of_gradient, &mut self.gradient);
    }

    /// Before the base of `basis` moves to the point `center`: the same Hessian in terms of the points relative to the new base.
    pub fn prepare_shift(&mut self, basis: &LagrangeBasis, center: usize) {
        let (s, n) = (basis.point(center), self.gradient.len());
        let v = &mut self.of_gradient;
        v.fill(0.0);
        for (k, &weight) in self.weights.iter().enumerate() {
            axpy(weight, basis.point(k), v);
            axpy(-0.5 * weight, s, v);
        }
        for (i, row) in self.hessian.chunks_exact_mut(n).enumerate() {
            axpy(v[i], s, row);
            axpy(s[i], v, row);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const N: usize = 2;

    fn quadratic(x: &[f64]) -> f64 {
        3.0 + x[0] - 2.0 * x[1] + 2.0 * x[0] * x[0] + 0.5 * x[1] * x[1]
    }

    fn start() -> (LagrangeBasis, Vec<f64>) {
        let points = vec![0.0, 0.0, 1.0, 0.0, 0.0, 1.0, -1.0, 0.0, 0.0, -2.0];
        let values = points.chunks_exact(N).map(quadratic).collect();
        (LagrangeBasis::new(points, N, 0).unwrap(), values)
    }

    #[test]
    fn the_least_model_interpolates() {
        let (basis, values) = start();
        let model = FrobeniusModel::least(&basis, &values, 1);
        for (point, value) in basis.points().chunks_exact(N).zip(&values) {
            let d = [point[0] - 1.0, point[1]];
            assert!((model.change(&basis, &d, &mut [0.0; N]) - (value - values[1])).abs() < 1e-13);
        }
        assert!((model.diagonal(&basis, 0) - 4.0).abs() < 1e-13);
        let mut other = FrobeniusModel { hessian: vec![9.0; N * N], ..model.clone() };
        let d = [0.3, -0.7];
        let change = model.change(&basis, &d, &mut [0.0; N]);
        assert!((other.least_change(&basis, &values, 1, &d) - change).abs() < 1e-13);
        assert!((model.gradient[0] - 5.0).abs() < 1e-13 && (model.gradient[1] + 2.0).abs() < 1e-13);
    }

    #[test]
    fn exchanges_and_shifts_keep_the_conditions() {
        let (mut basis, mut values) = start();
        let bent = |x: &[f64]| quadratic(x) + x[0] * x[1];
        let mut model = FrobeniusModel::least(&basis, &values, 0);
        for (t, d) in [(3, [0.7, 0.6]), (4, [-0.5, 0.4]), (1, [-0.8, -0.9])] {
            let mut candidate = basis.candidate(0, &d);
            let x: Vec<f64> = basis.point(0).iter().zip(&d).map(|(y, d)| y + d).collect();
            let error = bent(&x) - values[0] - model.change(&basis, &d, &mut [0.0; N]);
            model.release(&basis, t);
            basis.exchange(t, &x, &mut candidate);
            values[t] = bent(&x);
            let best = basis.point(0).to_vec();
            model.correct(&basis, t, error, &best);
        }
        let mut moved = [0.0; N];
        model.curvature(&basis, &[-0.5, 0.4], &mut moved);
        axpy(1.0, &moved, &mut model.gradient);
        model.prepare_shift(&basis, 4);
        assert!(basis.shift(4));
        for (point, value) in basis.points().chunks_exact(N).zip(&values) {
            assert!(
                (model.change(&basis, point, &mut [0.0; N]) - (value - values[4])).abs() < 1e-12
            );
        }
    }
}
