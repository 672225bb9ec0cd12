//! The trust-region step by truncated conjugate gradients: min g'p + p'B p / 2 approximately, subject to |p| <= radius.
//!
//! Goes along conjugate directions until the residual is small, and ends on the boundary when a step would leave the ball or a direction
//! has no positive curvature. The lengths of its points grow, so that the first one on the boundary is the end. Along a direction of
//! negative curvature there are two ends, of which the lower one is taken.
//!
//! References:
//! * T. Steihaug, The conjugate gradient method and trust regions in large scale optimization, SIAM J. Numer. Anal. 20 (1983),
//!   doi:10.1137/0720042
//! * J. Nocedal, S. J. Wright, Numerical Optimization (2006), algorithm 7.2, doi:10.1007/978-0-387-40065-5

use thalweg_linalg::{axpy, dot, nrm2};

use super::region_step::{RegionStep, to_sphere};

/// The step for the B of which `product(d, B d)` writes products.
///
/// # Errors
/// Those of the products.
pub fn steihaug<E>(
    gradient: &[f64],
    radius: f64,
    mut product: impl FnMut(&[f64], &mut Vec<f64>) -> Result<(), E>,
) -> Result<RegionStep, E> {
    let n = gradient.len();
    let (mut p, mut residual) = (vec![0.0; n], gradient.to_vec());
    let mut d: Vec<f64> = gradient.iter().map(|g| -g).collect();
    let mut bd = vec![0.0; n];
    let start = nrm2(gradient);
    // Superlinear convergence: Nocedal and Wright 2006, (7.3).
    let tolerance = start * start.sqrt().min(0.5);
    for _ in 0..2 * n {
        if nrm2(&residual) <= tolerance {
            break;
        }
        product(&d, &mut bd)?;
        let (curvature, size) = (dot(&d, &bd), dot(&residual, &residual));
        let alpha = size / curvature;
        let [back, ahead] = to_sphere(&p, &d, radius);
        if !(curvature > 0.0 && alpha < ahead) {
            // The slope along d is -size.
            let value = |t: f64| t * (0.5 * t * curvature - size);
            let t = if value(back) < value(ahead) { back } else { ahead };
            axpy(t, &d, &mut p);
            axpy(t, &bd, &mut residual);
            return Ok(RegionStep::new(p, gradient, &residual, true));
        }
        axpy(alpha, &d, &mut p);
        axpy(alpha, &bd, &mut residual);
        let beta = dot(&residual, &residual) / size;
        d.iter_mut().zip(&residual).for_each(|(d, r)| *d = beta * *d - r);
    }
    Ok(RegionStep::new(p, gradient, &residual, false))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pieces::lsq_model::{DenseModel, Quadratic};
    use std::convert::Infallible;
    use thalweg_linalg::mul;

    fn dense(matrix: &[f64], gradient: &[f64], radius: f64) -> RegionStep {
        let n = gradient.len();
        let Ok(step) = steihaug(gradient, radius, |d, product| {
            product.resize(n, 0.0);
            mul(matrix, n, d, product);
            Ok::<(), Infallible>(())
        });
        let model = DenseModel { gradient, matrix };
        assert!((step.decrease + model.value(&step.p)).abs() <= 1e-12 * step.decrease);
        step
    }

    #[test]
    fn newton_inside_and_the_boundary_outside() {
        let near = |found: RegionStep, expected: [f64; 2], tolerance: f64, on_boundary: bool| {
            let error =
                found.p.iter().zip(expected).map(|(f, e)| (f - e).abs()).fold(0.0, f64::max);
            assert!(error <= tolerance && found.on_boundary == on_boundary, "{found:?}");
        };
        // The small gradient asks for an exact solution.
        near(dense(&[2.0, 0.0, 0.0, 4.0], &[-2e-9, 4e-9], 10.0), [1e-9, -1e-9], 1e-13, false);
        near(dense(&[1.0, 0.0, 0.0, 1.0], &[-3.0, -4.0], 1.0), [0.6, 0.8], 1e-12, true);
        near(dense(&[-1.0, 0.0, 0.0, 1.0], &[1.0, 0.0], 2.0), [-2.0, 0.0], 1e-12, true);
        near(dense(&[1.0, 0.0, 0.0, 1.0], &[0.0, 0.0], 1.0), [0.0, 0.0], 0.0, false);
    }

    #[test]
    fn of_two_ends_along_negative_curvature_the_lower_one_counts() {
        // After one step along -g, the second direction has strong negative curvature and a long way back.
        let (matrix, gradient) = ([1.0, 0.0, 0.0, -50.0], [-1.0, 0.1]);
        let step = dense(&matrix, &gradient, 2.0);
        assert!((nrm2(&step.p) - 2.0).abs() < 1e-12 && step.on_boundary);
        let model = DenseModel { gradient: &gradient, matrix: &matrix };
        for k in 0..2 {
            let mut other = step.p.clone();
            other[k] = -other[k];
            assert!(-step.decrease <= model.value(&other) + 1e-12, "{step:?}");
        }
    }

    #[test]
    fn errors_of_products_are_passed_on() {
        assert_eq!(steihaug(&[1.0], 1.0, |_, _| Err("no product")), Err("no product"));
    }
}
