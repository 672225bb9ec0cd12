//! Solves with one triangle of an n x n row-major matrix; the other triangle is not read.

use crate::error::{LinalgError, Result, check_len};
use crate::vector::{axpy, dot};

/// Solves `L x = b` in place, `L` the lower triangle of `a`.
///
/// # Errors
/// [`LinalgError::Shape`], [`LinalgError::Singular`] for a zero on the diagonal (`b` is then undefined).
pub fn solve_lower(a: &[f64], n: usize, b: &mut [f64]) -> Result<()> {
    check_system(a, n, b)?;
    for i in 0..n {
        let row = &a[i * n..i * n + i];
        b[i] = (b[i] - dot(row, &b[..i])) / a[i * n + i];
    }
    Ok(())
}

/// Solves `L' x = b` in place, `L` the lower triangle of `a`.
///
/// # Errors
/// [`LinalgError::Shape`], [`LinalgError::Singular`] for a zero on the diagonal (`b` is then undefined).
pub fn solve_lower_transposed(a: &[f64], n: usize, b: &mut [f64]) -> Result<()> {
    check_system(a, n, b)?;
    for i in (0..n).rev() {
        b[i] /= a[i * n + i];
        let bi = b[i];
        axpy(-bi, &a[i * n..i * n + i], &mut b[..i]);
    }
    Ok(())
}

/// Solves `R x = b` in place, `R` the upper triangle of `a`.
///
/// # Errors
/// [`LinalgError::Shape`], [`LinalgError::Singular`] for a zero on the diagonal (`b` is then undefined).
pub fn solve_upper(a: &[f64], n: usize, b: &mut [f64]) -> Result<()> {
    check_system(a, n, b)?;
    for i in (0..n).rev() {
        let row = &a[i * n + i + 1..(i + 1) * n];
        b[i] = (b[i] - dot(row, &b[i + 1..])) / a[i * n + i];
    }
    Ok(())
}

/// Solves `R' x = b` in place, `R` the upper triangle of `a`.
///
/// # Errors
/// [`LinalgError::Shape`], [`LinalgError::Singular`] for a zero on the diagonal (`b` is then undefined).
pub fn solve_upper_transposed(a: &[f64], n: usize, b: &mut [f64]) -> Result<()> {
    check_system(a, n, b)?;
    for i in 0..n {
        b[i] /= a[i * n + i];
        let bi = b[i];
        axpy(-bi, &a[i * n + i + 1..(i + 1) * n], &mut b[i + 1..]);
    }
    Ok(())
}

fn check_system(a: &[f64], n: usize, b: &[f64]) -> Result<()> {
    check_len(a, n * n)?;
    check_len(b, n)?;
    match (0..n).find(|&i| a[i * n + i] == 0.0) {
        Some(pivot) => Err(LinalgError::Singular { pivot }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_triangles() {
        // Both triangles share the matrix; each solve reads only its own.
        let a = [2.0, 3.0, 5.0, 7.0];
        let solved = |solve: fn(&[f64], usize, &mut [f64]) -> Result<()>, b: [f64; 2]| {
            let mut x = b;
            solve(&a, 2, &mut x).map(|()| x)
        };
        assert_eq!(solved(solve_lower, [2.0, 12.0]), Ok([1.0, 1.0]));
        assert_eq!(solved(solve_lower_transposed, [7.0, 7.0]), Ok([1.0, 1.0]));
        assert_eq!(solved(solve_upper, [5.0, 7.0]), Ok([1.0, 1.0]));
        assert_eq!(solved(solve_upper_transposed, [2.0, 10.0]), Ok([1.0, 1.0]));
        let singular = solve_upper(&[1.0, 1.0, 0.0, 0.0], 2, &mut [1.0, 1.0]);
        assert_eq!(singular, Err(LinalgError::Singular { pivot: 1 }));
    }
}
