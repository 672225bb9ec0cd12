//! The eigenvalues `d` and eigenvectors `Q` of a matrix `A` as the solution of `Q diag(d) Q = A`, `Q Q = I` (after Gould; CUTEst
//! EIGENA, EIGENB). n = p + p^2, m = 2 p^2: `d` comes before `Q`, whose rows follow each other.
//!
//! As in optimagic's set, so that results compare, the first `Q` is not transposed, all entries of the equations count, not only
//! those of one triangle, and the matrix of the second case has its off-diagonal entries on one side only. It has no such
//! decomposition, and so the optimum is not zero.

use crate::Function;

/// The matrix, row by row.
struct Matrix {
    order: usize,
    entries: Vec<f64>,
}

/// The diagonal matrix of 1, ..., p.
pub(super) fn diagonal(order: usize) -> Function {
    function(order, |i, j| if i == j { (i + 1) as f64 } else { 0.0 })
}

/// Twos on the diagonal, `-1` above it.
pub(super) fn bidiagonal(order: usize) -> Function {
    function(order, |i, j| match j.checked_sub(i) {
        Some(0) => 2.0,
        Some(1) => -1.0,
        _ => 0.0,
    })
}

fn function(order: usize, entry: impl Fn(usize, usize) -> f64) -> Function {
    let entries = (0..order * order).map(|k| entry(k / order, k % order)).collect();
    let m = 2 * order * order;
    Function::with_parameter(Matrix { order, entries }, m, residuals, jacobian)
}

/// The start: ones for the eigenvalues, the identity for the eigenvectors.
pub(super) fn start(order: usize) -> Vec<f64> {
    let identity = (0..order * order).map(|k| f64::from(u8::from(k / order == k % order)));
    std::iter::repeat_n(1.0, order).chain(identity).collect()
}

fn residuals(matrix: &Matrix, x: &[f64], r: &mut [f64]) {
    let p = matrix.order;
    let (d, q) = x.split_at(p);
    let (eigen, orthogonal) = r.split_at_mut(p * p);
    for i in 0..p {
        for j in 0..p {
            let products = (0..p).map(|k| (d[k], q[i * p + k] * q[k * p + j]));
            let (scaled, plain) = products.fold((0.0, 0.0), |(s, t), (d, q)| (s + d * q, t + q));
            eigen[i * p + j] = scaled - matrix.entries[i * p + j];
            orthogonal[i * p + j] = plain - f64::from(u8::from(i == j));
        }
    }
}

fn jacobian(matrix: &Matrix, x: &[f64], jac: &mut [f64]) {
    let (p, n) = (matrix.order, x.len());
    let (d, q) = x.split_at(p);
    jac.fill(0.0);
    let (eigen, orthogonal) = jac.split_at_mut(p * p * n);
    for (k, (eigen, orthogonal)) in
        eigen.chunks_exact_mut(n).zip(orthogonal.chunks_exact_mut(n)).enumerate()
    {
        let (i, j) = (k / p, k % p);
        for k in 0..p {
            let (left, right) = (i * p + k, k * p + j);
            eigen[k] = q[left] * q[right];
            eigen[p + left] += d[k] * q[right];
            eigen[p + right] += d[k] * q[left];
            orthogonal[p + left] += q[right];
            orthogonal[p + right] += q[left];
        }
    }
}
