//! The exact minimizer of a quadratic g'd + d'Hd / 2 within a ball |d| <= Delta, H being any symmetric matrix.
//!
//! Reflections take g to a multiple of the first unit vector and make H tridiagonal. What is left is the region of
//! `tridiagonal_region`, where every trial of a shift takes O(n) operations, the hard case included; eigenvalues are not needed.
//!
//! References:
//! * J. J. Moré, D. C. Sorensen, Computing a trust region step, SIAM Journal on Scientific and Statistical Computing 4 (1983),
//!   <https://doi.org/10.1137/0904038>
//! * N. I. M. Gould, S. Lucidi, M. Roma, P. L. Toint, Solving the trust-region subproblem using the Lanczos method, SIAM J. Optim. 9
//!   (1999), <https://doi.org/10.1137/S1052623497322735> (the tridiagonal region)
//! * G. H. Golub, C. F. Van Loan, Matrix Computations (2013), section 8.3.1 (the tridiagonal form)

use multiversion::multiversion;
use thalweg_linalg::{LinalgError, Result, all_finite, nrm2};

use super::tridiagonal_region::Tridiagonal;

/// The step for `hessian` (n x n) and `gradient` within the radius.
///
/// # Errors
/// Numbers that are not finite.
pub fn ball_step(hessian: &[f64], gradient: &[f64], radius: f64) -> Result<Vec<f64>> {
    if !all_finite(hessian) || !all_finite(gradient) {
        return Err(LinalgError::NonFinite);
    }
    let n = gradient.len();
    let mut form = Form { matrix: hessian.to_vec(), reflections: vec![0.0; n * n] };
    let slope = reduce(&mut form, gradient);
    let diagonal = form.matrix.iter().step_by(n + 1).copied().collect();
    let beside = form.matrix[1..].iter().step_by(n + 1).copied().collect();
    let (mut d, _) = Tridiagonal { diagonal, beside }.step(slope, radius);
    form.turn_back(&mut d);
    if all_finite(&d) {
        return Ok(d);
    }
    // Curvatures that vanish beside the gradient: it alone tells where to go.
    let length = nrm2(gradient);
    Ok(gradient.iter().map(|g| -radius * g / length).collect())
}

/// A matrix on its way to a tridiagonal one, and the vectors v of the reflections I - v v', row by row.
struct Form {
    matrix: Vec<f64>,
    reflections: Vec<f64>,
}

impl Form {
    fn turn_back(&self, d: &mut [f64]) {
        for v in self.reflections.chunks_exact(d.len()).rev() {
            let along: f64 = v.iter().zip(d.iter()).map(|(v, d)| v * d).sum();
            d.iter_mut().zip(v).for_each(|(d, v)| *d -= along * v);
        }
    }
}

/// Make the matrix tridiagonal and the gradient a multiple of the first unit vector: which.
#[multiversion(targets("x86_64+avx2"))]
fn reduce(form: &mut Form, gradient: &[f64]) -> f64 {
    let n = gradient.len();
    let mut slope = 0.0;
    let mut product = vec![0.0; n];
    // The last reflection would have one element.
    for k in 0..n.saturating_sub(1) {
        let v = &mut form.reflections[k * n..(k + 1) * n];
        if k == 0 {
            v.copy_from_slice(gradient);
            slope = reflector(v);
        } else {
            v[k..].copy_from_slice(&form.matrix[(k - 1) * n + k..k * n]);
            let entry = reflector(&mut v[k..]);
            form.matrix[(k - 1) * n + k] = entry;
        }
        // (I - v v') A (I - v v') = A - v w' - w v', with w = A v - (v'A v) v / 2.
        let v = &v[k..];
        for (p, row) in product[k..].iter_mut().zip(form.matrix[k * n..].chunks_exact(n)) {
            *p = inner(&row[k..], v);
        }
        let half = 0.5 * inner(&product[k..], v);
        product[k..].iter_mut().zip(v).for_each(|(p, v)| *p -= half * v);
        let w = &product[k..];
        for (i, row) in form.matrix[k * n..].chunks_exact_mut(n).enumerate() {
            let (vi, wi) = (v[i], w[i]);
            for (a, (v, w)) in row[k..].iter_mut().zip(v.iter().zip(w)) {
                *a -= vi * w + wi * v;
            }
        }
    }
    if n == 1 { gradient[0] } else { slope }
}

/// Make of x the vector v, of length root two, whose reflection takes x to a multiple of the first unit vector: the multiple.
#[inline(always)]
fn reflector(x: &mut [f64]) -> f64 {
    let size = nrm2(x);
    if size == 0.0 {
        return 0.0;
    }
    let entry = -size.copysign(x[0]);
    // |x - entry e|^2 = 2 (size^2 + size |x_0|); in units of the size, so that nothing overflows.
    let factor = 1.0 / (1.0 + (x[0] / size).abs()).sqrt();
    x[0] -= entry;
    x.iter_mut().for_each(|x| *x = *x / size * factor);
    entry
}

/// The inner product in four parts, for vector registers.
#[inline(always)] // into code for the processor at hand
pub(super) fn inner(x: &[f64], y: &[f64]) -> f64 {
    let len = x.len().min(y.len());
    let (x4, y4) = (x[..len].chunks_exact(4), y[..len].chunks_exact(4));
    let tail: f64 = x4.remainder().iter().zip(y4.remainder()).map(|(a, b)| a * b).sum();
    let mut sums = [0.0; 4];
    for (a, b) in x4.zip(y4) {
        for k in 0..4 {
            sums[k] += a[k] * b[k];
        }
    }
    (sums[0] + sums[2]) + (sums[1] + sums[3]) + tail
}

#[cfg(test)]
mod tests {
    use thalweg_core::Rng;
    use thalweg_linalg::{SymEigen, axpy, dot, mul};

    use super::*;

    /// (H + mu I) d = -g, mu >= 0 only on the sphere, H + mu I without negative eigenvalues.
    fn assert_optimal(h: &[f64], g: &[f64], radius: f64) -> Vec<f64> {
        let n = g.len();
        let d = ball_step(h, g, radius).unwrap();
        let length = nrm2(&d);
        assert!(length <= radius * (1.0 + 1e-12), "{d:?}");
        let mut product = vec![0.0; n];
        mul(h, n, &d, &mut product);
        let left: Vec<f64> = product.iter().zip(g).map(|(p, g)| p + g).collect();
        let mu = -dot(&left, &d) / dot(&d, &d).max(1e-300);
        let mut residual = left;
        axpy(mu, &d, &mut residual);
        let size = 1.0 + nrm2(g) + nrm2(h) * radius;
        assert!(nrm2(&residual) <= 1e-6 * size, "{residual:?}");
        let lowest = SymEigen::factor(h, n).unwrap().values()[0];
        assert!(mu >= -1e-6 * size && lowest + mu >= -1e-6 * size, "{lowest} {mu}");
        assert!(length >= radius * (1.0 - 1e-6) || mu.abs() <= 1e-6 * size, "{length} {mu}");
        d
    }

    #[test]
    fn steps_satisfy_the_conditions_of_the_exact_minimizer() {
        let mut rng = Rng::new(8);
        for n in 1..6 {
            for _ in 0..40 {
                let mut h = vec![0.0; n * n];
                for i in 0..n {
                    for j in 0..=i {
                        h[i * n + j] = rng.uniform_in(-1.0, 2.0);
                        h[j * n + i] = h[i * n + j];
                    }
                }
                let g: Vec<f64> = (0..n).map(|_| rng.uniform_in(-1.0, 1.0)).collect();
                assert_optimal(&h, &g, rng.uniform_in(0.01, 3.0));
            }
        }
    }

    #[test]
    fn without_a_slope_along_the_lowest_curvature_the_ball_is_filled_along_it() {
        let d = assert_optimal(&[-1.0, 0.0, 0.0, 1.0], &[0.0, 1.0], 2.0);
        assert!((nrm2(&d) - 2.0).abs() < 1e-12 && (d[1] + 0.5).abs() < 1e-6, "{d:?}");
    }

    #[test]
    fn flat_directions_are_followed_to_the_sphere_if_they_have_a_slope() {
        let d = assert_optimal(&[2.0, 0.0, 0.0, 0.0], &[-2.0, 1e-3], 3.0);
        assert!(d[1] < -2.0, "{d:?}");
        assert!(ball_step(&[f64::NAN], &[1.0], 1.0).is_err());
        assert_eq!(ball_step(&[0.0; 4], &[3.0, 4.0], 5.0).unwrap(), [-3.0, -4.0]);
    }
}
