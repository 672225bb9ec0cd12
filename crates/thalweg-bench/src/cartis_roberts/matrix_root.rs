//! Square roots of matrices, `X X = A` (Liu, Nocedal 1989; CUTEst MSQRTA, MSQRTB, SPMSQRT): dense ones of order `p`, n = m = p^2,
//! and tridiagonal ones, n = 3 p - 2, m = p^2. `A` is the square of a known matrix `B` of the sines of squares, and the start `B / 5`.
//!
//! As in optimagic's set, so that results compare, the `A` of the dense problems is not fixed but the square of five times the
//! parameters themselves: the residuals are `-24 X X`, and the solution is zero.

use crate::Function;

/// Where the parameters stand in the matrix, and what the residuals `factor X X - A` are made of.
struct Root {
    order: usize,
    places: Vec<usize>,
    factor: f64,
    /// `A`, row by row.
    square: Vec<f64>,
}

/// The dense problem.
pub(super) fn dense(order: usize) -> Function {
    let size = order * order;
    let places = (0..size).collect();
    function(Root { order, places, factor: 1.0 - 25.0, square: vec![0.0; size] })
}

/// The start of the dense problem; in the second case, the entry in row 3 and column 1 of `B` is zero.
pub(super) fn dense_start(order: usize, second_case: bool) -> Vec<f64> {
    let mut start: Vec<f64> = sines(order * order).iter().map(|b| 0.2 * b).collect();
    if second_case {
        start[2 * order] = 0.0;
    }
    start
}

/// The tridiagonal problem.
pub(super) fn tridiagonal(order: usize) -> Function {
    let size = order * order;
    let places = (0..size).filter(|k| (k / order).abs_diff(k % order) <= 1).collect();
    let mut root = Root { order, places, factor: 1.0, square: vec![0.0; size] };
    let mut square = vec![0.0; size];
    residuals(&root, &tridiagonal_root(order), &mut square);
    root.square = square;
    function(root)
}

/// The start of the tridiagonal problem.
pub(super) fn tridiagonal_start(order: usize) -> Vec<f64> {
    tridiagonal_root(order).iter().map(|b| 0.2 * b).collect()
}

/// `B` of the tridiagonal problem.
fn tridiagonal_root(order: usize) -> Vec<f64> {
    sines(3 * order - 2)
}

/// `sin(k^2)` for k = 1, ..., n.
fn sines(n: usize) -> Vec<f64> {
    (1..=n).map(|k| ((k * k) as f64).sin()).collect()
}

fn function(root: Root) -> Function {
    let m = root.square.len();
    Function::with_parameter(root, m, residuals, jacobian)
}

impl Root {
    /// The whole matrix.
    fn matrix(&self, x: &[f64]) -> Vec<f64> {
        let mut matrix = vec![0.0; self.order * self.order];
        self.places.iter().zip(x).for_each(|(&place, x)| matrix[place] = *x);
        matrix
    }
}

fn residuals(root: &Root, x: &[f64], r: &mut [f64]) {
    let (p, matrix) = (root.order, root.matrix(x));
    r.iter_mut().zip(&root.square).for_each(|(r, a)| *r = -a);
    // Entry (i, t) meets row t; the zeros of the matrix are passed over.
    for &place in &root.places {
        let (i, t) = (place / p, place % p);
        for j in 0..p {
            r[i * p + j] += root.factor * matrix[place] * matrix[t * p + j];
        }
    }
}

fn jacobian(root: &Root, x: &[f64], jac: &mut [f64]) {
    let (p, n, matrix) = (root.order, x.len(), root.matrix(x));
    jac.fill(0.0);
    for (column, &place) in root.places.iter().enumerate() {
        let (i, t) = (place / p, place % p);
        for k in 0..p {
            jac[(i * p + k) * n + column] += root.factor * matrix[t * p + k];
            jac[(k * p + t) * n + column] += root.factor * matrix[k * p + i];
        }
    }
}
