//! The conditions that points put on quadratic models, and what it takes to change a model at some of them.
//!
//! Everything is told by the inner products of the ways d_k from the best point: <d_a d_a', d_b d_b'> = (d_a'd_b)^2, so that the
//! inner products of the conditions Q_j = sum v_jk d_k d_k' of `residual_quadratics` are sums over these squares, and no condition has
//! to be written out as a matrix.
//!
//! References:
//! * S. M. Wild, Solving derivative-free nonlinear least squares problems with POUNDERS, in Advances and Trends in Optimization with
//!   Engineering Applications (2017), chapter 40, <https://doi.org/10.1137/1.9781611974683.ch40>

use thalweg_linalg::{axpy, dot, mul, mul_transposed};

use super::residual_history::{Independent, ResidualHistory};

/// The points of a fit, the independent ones first, and the conditions of the further ones.
#[derive(Clone, Debug, Default)]
pub struct Design {
    n: usize,
    radius: f64,
    /// The points without the best one.
    pub points: Vec<usize>,
    /// Their ways, in radii, row by row.
    ways: Vec<f64>,
    /// The inverse of the matrix of the independent ways, n x n.
    inverse: Vec<f64>,
    /// The squared inner products of each way with the independent ones, row by row.
    squares: Vec<f64>,
    /// v of each further point: the weights of the independent points, row by row, and that of its own.
    weights: Vec<f64>,
    own: Vec<f64>,
    /// The Cholesky factor of the Gram matrix of the conditions, row by row.
    factor: Vec<Vec<f64>>,
    products: Vec<f64>,
    sums: Vec<f64>,
    line: Vec<f64>,
}

/// The change of a model, in the scaled variables.
#[derive(Clone, Debug, Default)]
pub struct Response {
    /// Of its gradient.
    pub slope: Vec<f64>,
    /// Of its Hessian, as a vector.
    pub hessian: Vec<f64>,
}

impl Design {
    /// The independent points, of which there have to be n. Lengths are measured in `radius`.
    pub fn begin(&mut self, history: &ResidualHistory, independent: &Independent, radius: f64) {
        let n = history.dim();
        (self.n, self.radius) = (n, radius);
        self.points.clone_from(&independent.points);
        self.ways.clear();
        for &k in &independent.points {
            self.ways.extend(history.way(k).iter().map(|w| w / radius));
        }
        independent.invert(radius, &mut self.inverse);
        self.squares.clear();
        self.squares.resize(n * n, 0.0);
        for (row, way) in self.squares.chunks_exact_mut(n).zip(self.ways.chunks_exact(n)) {
            mul(&self.ways, n, way, row);
            row.iter_mut().for_each(|product| *product *= *product);
        }
        self.weights.clear();
        self.own.clear();
        self.factor.clear();
    }

    /// The number of points besides the independent ones and the best one.
    pub fn n_further(&self) -> usize {
        self.own.len()
    }

    /// Take a further point if it tells of second derivatives what the others do not.
    pub fn add(&mut self, point: usize, way: &[f64], apart: f64) {
        let (n, count) = (self.n, self.points.len());
        self.ways.extend(way.iter().map(|w| w / self.radius));
        let way = &self.ways[count * n..];
        self.products.resize(count + 1, 0.0);
        mul(&self.ways, n, way, &mut self.products);
        self.products.iter_mut().for_each(|product| *product *= *product);
        self.squares.extend_from_slice(&self.products[..n]);
        // d = sum lambda_k d_k, lambda' = d' D^-1 with the independent ways as the rows of D.
        let first = self.weights.len();
        self.weights.resize(first + n, 0.0);
        let weights = &mut self.weights[first..];
        mul_transposed(&self.inverse, n, way, weights);
        let own = 1.0 / (1.0 + dot(weights, weights)).sqrt();
        weights.iter_mut().for_each(|w| *w *= -own);
        // The sum over the squares of this condition, at every point.
        self.sums.resize(count + 1, 0.0);
        mul(&self.squares, n, weights, &mut self.sums);
        axpy(own, &self.products, &mut self.sums);
        let norm = dot(weights, &self.sums[..n]) + own * self.sums[count];
        self.line.resize(self.own.len(), 0.0);
        mul(&self.weights[..first], n, &self.sums[..n], &mut self.line);
        for (entry, (own, sum)) in self.line.iter_mut().zip(self.own.iter().zip(&self.sums[n..])) {
            *entry += own * sum;
        }
        for (i, row) in self.factor.iter().enumerate() {
            self.line[i] = (self.line[i] - dot(&row[..i], &self.line[..i])) / row[i];
        }
        let pivot = (norm - dot(&self.line, &self.line)).max(0.0).sqrt();
        if pivot >= apart * norm.max(1.0).sqrt() {
            let mut row = self.line.clone();
            row.push(pivot);
            self.factor.push(row);
            self.points.push(point);
            self.own.push(own);
        } else {
            self.ways.truncate(count * n);
            self.squares.truncate(count * n);
            self.weights.truncate(first);
        }
    }

    /// The least change of a Hessian, with the change of the gradient that goes with it, which changes a model at the points by these
    /// amounts.
    pub fn respond(&mut self, amounts: &[f64], response: &mut Response) {
        let (n, count, square) = (self.n, self.points.len(), self.radius * self.radius);
        let (near, far) = amounts.split_at(n);
        let weights = &mut self.line;
        weights.resize(far.len(), 0.0);
        mul(&self.weights, n, near, weights);
        for (w, (own, far)) in weights.iter_mut().zip(self.own.iter().zip(far)) {
            *w = 2.0 * (*w + own * far);
        }
        for (i, row) in self.factor.iter().enumerate() {
            weights[i] = (weights[i] - dot(&row[..i], &weights[..i])) / row[i];
        }
        for i in (0..weights.len()).rev() {
            weights[i] /= self.factor[i][i];
            let (before, this) = weights.split_at_mut(i);
            axpy(-this[0], &self.factor[i][..i], before);
        }
        // The weight of d_a d_a' in the Hessian, for every point.
        self.sums.resize(count, 0.0);
        mul_transposed(&self.weights, n, weights, &mut self.sums[..n]);
        for (sum, (w, own)) in self.sums[n..].iter_mut().zip(weights.iter().zip(&self.own)) {
            *sum = w * own;
        }
        response.hessian.clear();
        response.hessian.resize(triangle(n), 0.0);
        for (weight, way) in self.sums.iter().zip(self.ways.chunks_exact(n)) {
            add_square(weight / square, way, &mut response.hessian);
        }
        // What is left at the independent points is for the gradient.
        self.products.resize(n, 0.0);
        mul_transposed(&self.squares, n, &self.sums, &mut self.products);
        for (rest, near) in self.products.iter_mut().zip(near) {
            *rest = (near - 0.5 * *rest) / self.radius;
        }
        response.slope.resize(n, 0.0);
        mul(&self.inverse, n, &self.products, &mut response.slope);
    }
}

/// The number of elements of a symmetric matrix.
pub(super) fn triangle(n: usize) -> usize {
    n * (n + 1) / 2
}

/// d d' as a vector.
#[cfg(test)]
pub(super) fn square_of(d: &[f64]) -> Vec<f64> {
    let mut square = vec![0.0; triangle(d.len())];
    add_square(1.0, d, &mut square);
    square
}

/// Add a multiple of d d' to a symmetric matrix as a vector.
pub(super) fn add_square(weight: f64, d: &[f64], out: &mut [f64]) {
    let mut start = 0;
    for (i, a) in d.iter().enumerate() {
        axpy(weight * std::f64::consts::SQRT_2 * a, &d[..i], &mut out[start..start + i]);
        out[start + i] += weight * a * a;
        start += i + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matrices_as_vectors_have_the_inner_products_of_matrices() {
        let (a, b) = (square_of(&[1.0, 2.0, 3.0]), square_of(&[0.5, -1.0, 2.0]));
        assert!((dot(&a, &b) - 4.5_f64.powi(2)).abs() < 1e-12);
    }
}
