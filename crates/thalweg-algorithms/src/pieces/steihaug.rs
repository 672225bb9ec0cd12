//! The trust-region step by truncated conjugate gradients: min g'p + p'B p / 2 approximately, subject to |p| <= radius.
//!
//! Goes along conjugate directions until the residual is small, and ends on the boundary when a step would leave the ball or a direction
//! has no positive curvature. The lengths of its points grow, so that the first one on the boundary is the end.
//!
//! Reference: T. Steihaug, The conjugate gradient method and trust regions in large scale optimization, SIAM J. Numer. Anal. 20 (1983),
//! doi:10.1137/0720042.

use thalweg_linalg::{axpy, dot, mul, nrm2};

/// The step for the symmetric `matrix` (n x n, row-major).
pub fn steihaug(matrix: &[f64], gradient: &[f64], radius: f64) -> Vec<f64> {
    let n = gradient.len();
    let (mut p, mut residual) = (vec![0.0; n], gradient.to_vec());
    let mut d: Vec<f64> = gradient.iter().map(|g| -g).collect();
    let mut product = vec![0.0; n];
    let start = nrm2(gradient);
    // Superlinear convergence: Nocedal and Wright 2006, (7.3).
    let tolerance = start * start.sqrt().min(0.5);
    for _ in 0..2 * n {
        mul(matrix, n, &d, &mut product);
        let (curvature, size) = (dot(&d, &product), dot(&residual, &residual));
        let alpha = size / curvature;
        let reach = to_boundary(&p, &d, radius);
        if !(curvature > 0.0 && alpha < reach) {
            axpy(reach, &d, &mut p);
            return p;
        }
        axpy(alpha, &d, &mut p);
        axpy(alpha, &product, &mut residual);
        if nrm2(&residual) <= tolerance {
            break;
        }
        let beta = dot(&residual, &residual) / size;
        d.iter_mut().zip(&residual).for_each(|(d, r)| *d = beta * *d - r);
    }
    p
}

/// The t >= 0 at which p + t d leaves the ball.
fn to_boundary(p: &[f64], d: &[f64], radius: f64) -> f64 {
    let (a, b) = (dot(d, d), dot(p, d));
    let c = (radius * radius - dot(p, p)).max(0.0);
    let root = (b * b + a * c).sqrt();
    if a == 0.0 {
        0.0
    } else if b > 0.0 {
        c / (b + root)
    } else {
        (root - b) / a
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newton_inside_and_the_boundary_outside() {
        let near = |found: Vec<f64>, expected: [f64; 2], tolerance: f64| {
            let error = found.iter().zip(expected).map(|(f, e)| (f - e).abs()).fold(0.0, f64::max);
            assert!(error <= tolerance, "{found:?}");
        };
        // The small gradient asks for an exact solution.
        near(steihaug(&[2.0, 0.0, 0.0, 4.0], &[-2e-9, 4e-9], 10.0), [1e-9, -1e-9], 1e-13);
        near(steihaug(&[1.0, 0.0, 0.0, 1.0], &[-3.0, -4.0], 1.0), [0.6, 0.8], 1e-12);
        near(steihaug(&[-1.0, 0.0, 0.0, 1.0], &[1.0, 0.0], 2.0), [-2.0, 0.0], 1e-12);
        near(steihaug(&[1.0, 0.0, 0.0, 1.0], &[0.0, 0.0], 1.0), [0.0, 0.0], 0.0);
    }
}
