//! The QR factorization of a tridiagonal matrix as a system of quadratic equations, with and without knowledge of the band of R
//! (Toint; CUTEst QR3D, QR3DBD). For matrices of order p: n = p (3p + 1) / 2 or p^2 + 3p - 3, m = p (3p + 1) / 2.
//! The parameters are Q row by row, then the upper triangle of R row by row; the equations the upper triangle of `Q Q^T = I`, then
//! `Q R = A`.

use crate::Function;

struct Factorization {
    order: usize,
    /// The number of diagonals of R.
    band: usize,
}

/// The problem for a matrix of order `order`, with `R` full or with its three diagonals.
pub(super) fn function(order: usize, banded: bool) -> Function {
    let m = order * (3 * order + 1) / 2;
    Function::with_parameter(Factorization::new(order, banded), m, residuals, jacobian)
}

/// The start: `Q` the identity, `R` the upper part of the matrix.
pub(super) fn start(order: usize, banded: bool) -> Vec<f64> {
    let problem = Factorization::new(order, banded);
    let identity = (0..order * order).map(|k| f64::from(u8::from(k / order == k % order)));
    identity.chain(problem.upper().map(|(i, j)| matrix(order, i, j))).collect()
}

/// The matrix, 0-based: `2 (i + 1) / p` on the diagonal, but `2 p` at its end; `-i / p` beside it.
fn matrix(order: usize, i: usize, j: usize) -> f64 {
    let p = order as f64;
    match i.abs_diff(j) {
        0 if i + 1 == order => 2.0 * p,
        0 => 2.0 * (i + 1) as f64 / p,
        1 => -(i as f64) / p,
        _ => 0.0,
    }
}

impl Factorization {
    fn new(order: usize, banded: bool) -> Self {
        Factorization { order, band: if banded { 3 } else { order } }
    }

    /// The places of R's parameters.
    fn upper(&self) -> impl Iterator<Item = (usize, usize)> {
        let (order, band) = (self.order, self.band);
        (0..order).flat_map(move |i| (i..order.min(i + band)).map(move |j| (i, j)))
    }

    /// The pairs of rows of Q whose products are equations.
    fn pairs(&self) -> impl Iterator<Item = (usize, usize)> {
        let order = self.order;
        (0..order).flat_map(move |i| (i..order).map(move |j| (i, j)))
    }
}

fn residuals(problem: &Factorization, x: &[f64], r: &mut [f64]) {
    let p = problem.order;
    let (q, upper) = x.split_at(p * p);
    let (orthogonal, product) = r.split_at_mut(p * (p + 1) / 2);
    for ((i, j), r) in problem.pairs().zip(orthogonal) {
        let dot: f64 = (0..p).map(|k| q[i * p + k] * q[j * p + k]).sum();
        *r = dot - f64::from(u8::from(i == j));
    }
    for (k, r) in product.iter_mut().enumerate() {
        *r = -matrix(p, k / p, k % p);
    }
    for ((k, j), value) in problem.upper().zip(upper) {
        for i in 0..p {
            product[i * p + j] += q[i * p + k] * value;
        }
    }
}

fn jacobian(problem: &Factorization, x: &[f64], jac: &mut [f64]) {
    let (p, n) = (problem.order, x.len());
    let (q, upper) = x.split_at(p * p);
    jac.fill(0.0);
    let (orthogonal, product) = jac.split_at_mut(p * (p + 1) / 2 * n);
    for ((i, j), row) in problem.pairs().zip(orthogonal.chunks_exact_mut(n)) {
        for k in 0..p {
            row[i * p + k] += q[j * p + k];
            row[j * p + k] += q[i * p + k];
        }
    }
    for (column, ((k, j), value)) in problem.upper().zip(upper).enumerate() {
        for i in 0..p {
            let row = &mut product[(i * p + j) * n..][..n];
            row[i * p + k] += value;
            row[p * p + column] += q[i * p + k];
        }
    }
}
