//! The exact minimizer of a quadratic g'd + d'Hd / 2 within a ball |d| <= Delta, H being any symmetric matrix.
//!
//! In the eigenvectors of H the minimizer is d_k = -g_k / (lambda_k + mu), where mu >= 0 makes all denominators positive and is zero
//! or puts d on the sphere. The equation 1 / |d(mu)| = 1 / Delta is nearly linear in mu, and Newton's method with safeguards solves
//! it. In the hard case, in which g has no part along the lowest eigenvector, that one fills the rest of the ball.
//!
//! References:
//! * J. J. Moré, D. C. Sorensen, Computing a trust region step, SIAM Journal on Scientific and Statistical Computing 4 (1983),
//!   <https://doi.org/10.1137/0904038>

use thalweg_linalg::{Result, SymEigen, axpy, dot, nrm2};

/// The accepted relative error of |d|, before the step is put onto the sphere.
const TOLERANCE: f64 = 1e-8;
const MOST_STEPS: usize = 60;

/// The step for `hessian` (n x n) and `gradient` within the radius.
///
/// # Errors
/// The matrix is not finite, or its eigenvalues cannot be found.
pub fn ball_step(hessian: &[f64], gradient: &[f64], radius: f64) -> Result<Vec<f64>> {
    let n = gradient.len();
    let eigen = SymEigen::factor(hessian, n)?;
    let slopes: Vec<f64> = (0..n).map(|k| dot(eigen.vector(k), gradient)).collect();
    let coefficients = in_eigenvectors(eigen.values(), &slopes, radius);
    let mut d = vec![0.0; n];
    for (k, coefficient) in coefficients.iter().enumerate() {
        axpy(*coefficient, eigen.vector(k), &mut d);
    }
    Ok(d)
}

/// The coefficients of the step, for ascending eigenvalues and the slopes along their vectors.
fn in_eigenvectors(lambda: &[f64], slopes: &[f64], radius: f64) -> Vec<f64> {
    let size = lambda.iter().fold(0.0_f64, |size, l| size.max(l.abs()));
    let steepness = nrm2(slopes);
    // Curvatures this small are rounding.
    let least = f64::EPSILON * lambda.len() as f64 * size;
    let at = |mu: f64| -> Vec<f64> {
        let steps = lambda.iter().zip(slopes);
        steps.map(|(l, g)| if *g == 0.0 { 0.0 } else { -g / (l + mu) }).collect()
    };
    if lambda[0] > least {
        let inside = at(0.0);
        if nrm2(&inside) <= radius {
            return inside;
        }
    }
    let mut low = (-lambda[0]).max(0.0);
    let just_above = low + least.max(f64::MIN_POSITIVE);
    let d = at(just_above);
    if nrm2(&d) <= radius {
        return filled(d, radius);
    }
    let mut high = low + steepness / radius;
    let mut mu = just_above.max(low + 0.5 * slopes[0].abs() / radius).min(high);
    for _ in 0..MOST_STEPS {
        let d = at(mu);
        let length = nrm2(&d);
        if (length - radius).abs() <= TOLERANCE * radius {
            break;
        }
        if length > radius {
            low = mu;
        } else {
            high = mu;
        }
        let curvature: f64 =
            d.iter().zip(lambda).filter(|(d, _)| **d != 0.0).map(|(d, l)| d * d / (l + mu)).sum();
        let newton = mu + (length - radius) / radius * length * length / curvature;
        mu = if newton > low && newton < high { newton } else { 0.5 * (low + high) };
    }
    let mut d = at(mu);
    let factor = radius / nrm2(&d);
    d.iter_mut().for_each(|d| *d *= factor);
    d
}

/// The hard case: along the lowest eigenvector, to the side to which the step leans, as far as the ball goes.
fn filled(mut d: Vec<f64>, radius: f64) -> Vec<f64> {
    let rest: f64 = d[1..].iter().map(|d| d * d).sum();
    let room = (radius * radius - rest).max(0.0).sqrt();
    d[0] = if d[0] < 0.0 { -room } else { room };
    d
}

#[cfg(test)]
mod tests {
    use thalweg_core::Rng;
    use thalweg_linalg::mul;

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
    }
}
