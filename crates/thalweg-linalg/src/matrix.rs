//! Level-2 operations on row-major matrices.
//!
//! The caller guarantees the lengths (`a`: m n); a shorter slice shortens the loops.

use crate::vector::{axpy, dot, nrm2};

/// `out = A x`: `a` is m x n row-major, `x` has n elements, `out` m.
pub fn mul(a: &[f64], n: usize, x: &[f64], out: &mut [f64]) {
    if n == 0 {
        return out.fill(0.0);
    }
    for (row, oi) in a.chunks_exact(n).zip(out) {
        *oi = dot(row, x);
    }
}

/// `out = A' y`: `a` is m x n row-major, `y` has m elements, `out` n.
pub fn mul_transposed(a: &[f64], n: usize, y: &[f64], out: &mut [f64]) {
    out.fill(0.0);
    if n == 0 {
        return;
    }
    for (row, yi) in a.chunks_exact(n).zip(y) {
        axpy(*yi, row, out);
    }
}

/// `out = A'` (n x m row-major, which is `a` column by column) for `a` m x n row-major.
pub fn transpose(a: &[f64], m: usize, n: usize, out: &mut [f64]) {
    for j in 0..n {
        for (i, oi) in out[j * m..(j + 1) * m].iter_mut().enumerate() {
            *oi = a[i * n + j];
        }
    }
}

/// The Euclidean norms of the columns of `a` (m x n row-major) into `out` (n), overflow-safe.
pub fn column_norms(a: &[f64], n: usize, out: &mut [f64]) {
    let m = a.len() / n.max(1);
    let mut column = vec![0.0; m];
    for j in 0..n {
        for (i, c) in column.iter_mut().enumerate() {
            *c = a[i * n + j];
        }
        out[j] = nrm2(&column);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_and_norms() {
        let a = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]; // 2 x 3
        let mut y = [0.0; 2];
        mul(&a, 3, &[1.0, 0.0, -1.0], &mut y);
        assert_eq!(y, [-2.0, -2.0]);
        let mut x = [0.0; 3];
        mul_transposed(&a, 3, &[1.0, -1.0], &mut x);
        assert_eq!(x, [-3.0, -3.0, -3.0]);
        let mut t = [0.0; 6];
        transpose(&a, 2, 3, &mut t);
        assert_eq!(t, [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
        let mut norms = [0.0; 2];
        column_norms(&[3.0, 0.0, 4.0, 0.0], 2, &mut norms);
        assert_eq!(norms, [5.0, 0.0]);
    }
}
