//! Bratu's problem `-laplace(u) = lambda exp(u)` by differences on the interior grid points of the unit square or cube, with
//! `u = 0` around it (Moré 1990, problem 3; CUTEst BRATU2D, BRATU2DT, BRATU3D, CBRATU2D).
//!
//! Two of the four differ from CUTEst, as they do in optimagic's set, so that results compare: the exponential of the cube is
//! taken at the next grid point in all three directions, and the two components of the complex problem are not coupled, each has
//! its own value in both exponential and cosine (or sine).

use crate::Function;

/// The square with `side` x `side` points inside.
pub(super) fn square(lambda: f64, side: usize) -> Function {
    Function::with_parameter((lambda, side), side * side, square_residuals, square_jacobian)
}

/// The cube with `side^3` points inside.
pub(super) fn cube(lambda: f64, side: usize) -> Function {
    Function::with_parameter((lambda, side), side.pow(3), cube_residuals, cube_jacobian)
}

/// The square for real and imaginary parts.
pub(super) fn complex_square(lambda: f64, side: usize) -> Function {
    let m = 2 * side * side;
    Function::with_parameter((lambda, side), m, complex_residuals, complex_jacobian)
}

/// `lambda` and the number of points along a side.
type Grid = (f64, usize);

/// `lambda h^2`.
fn weight(&(lambda, side): &Grid) -> f64 {
    lambda / ((side + 1) * (side + 1)) as f64
}

/// The points next to point `k` on a grid in `dimensions` dimensions.
fn neighbours(side: usize, dimensions: u32, k: usize) -> impl Iterator<Item = usize> {
    (0..dimensions).flat_map(move |axis| {
        let stride = side.pow(axis);
        let position = k / stride % side;
        let before = (position > 0).then(|| k - stride);
        let after = (position + 1 < side).then(|| k + stride);
        before.into_iter().chain(after)
    })
}

/// The difference operator at point `k`.
fn laplacian(u: &[f64], side: usize, dimensions: u32, k: usize) -> f64 {
    let around: f64 = neighbours(side, dimensions, k).map(|j| u[j]).sum();
    f64::from(2 * dimensions) * u[k] - around
}

/// Its row.
fn set_laplacian(row: &mut [f64], side: usize, dimensions: u32, k: usize) {
    row[k] = f64::from(2 * dimensions);
    neighbours(side, dimensions, k).for_each(|j| row[j] = -1.0);
}

fn square_residuals(grid: &Grid, u: &[f64], r: &mut [f64]) {
    let weight = weight(grid);
    for k in 0..u.len() {
        r[k] = laplacian(u, grid.1, 2, k) - weight * u[k].exp();
    }
}

fn square_jacobian(grid: &Grid, u: &[f64], jac: &mut [f64]) {
    let weight = weight(grid);
    jac.fill(0.0);
    for (k, row) in jac.chunks_exact_mut(u.len()).enumerate() {
        set_laplacian(row, grid.1, 2, k);
        row[k] -= weight * u[k].exp();
    }
}

/// The point that is next to point `k` of the cube in all directions; `None` if it lies outside, where `u = 0`.
fn beyond(side: usize, k: usize) -> Option<usize> {
    let inside = (0..3).all(|axis| k / side.pow(axis) % side + 1 < side);
    inside.then(|| k + 1 + side + side * side)
}

fn cube_residuals(grid: &Grid, u: &[f64], r: &mut [f64]) {
    let weight = weight(grid);
    for k in 0..u.len() {
        let exponent = beyond(grid.1, k).map_or(0.0, |j| u[j]);
        r[k] = laplacian(u, grid.1, 3, k) - weight * exponent.exp();
    }
}

fn cube_jacobian(grid: &Grid, u: &[f64], jac: &mut [f64]) {
    let weight = weight(grid);
    jac.fill(0.0);
    for (k, row) in jac.chunks_exact_mut(u.len()).enumerate() {
        set_laplacian(row, grid.1, 3, k);
        if let Some(j) = beyond(grid.1, k) {
            row[j] -= weight * u[j].exp();
        }
    }
}

fn complex_residuals(grid: &Grid, u: &[f64], r: &mut [f64]) {
    let (weight, half) = (weight(grid), u.len() / 2);
    for k in 0..half {
        let (re, im) = (u[k], u[half + k]);
        r[k] = laplacian(&u[..half], grid.1, 2, k) - weight * re.exp() * re.cos();
        r[half + k] = laplacian(&u[half..], grid.1, 2, k) - weight * im.exp() * im.sin();
    }
}

fn complex_jacobian(grid: &Grid, u: &[f64], jac: &mut [f64]) {
    let (weight, n, half) = (weight(grid), u.len(), u.len() / 2);
    jac.fill(0.0);
    for (k, row) in jac.chunks_exact_mut(n).enumerate() {
        let (exp, (sin, cos)) = (u[k].exp(), u[k].sin_cos());
        if k < half {
            set_laplacian(&mut row[..half], grid.1, 2, k);
            row[k] -= weight * exp * (cos - sin);
        } else {
            set_laplacian(&mut row[half..], grid.1, 2, k - half);
            row[k] -= weight * exp * (sin + cos);
        }
    }
}
