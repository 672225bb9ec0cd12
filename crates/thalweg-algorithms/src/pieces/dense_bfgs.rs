//! The dense BFGS matrix H, an approximation of the inverse Hessian.
//!
//! Begins as a multiple of the identity and takes in each step s with the change y of the gradient along it,
//! `H' = (I - s y'/s'y) H (I - y s'/s'y) + s s'/s'y`. Before the first update H can be set to `(s'y / y'y) I`, which has the
//! size of the curvature along the step (Nocedal and Wright, 6.20).
//!
//! Cost: a product and an update are 2 n^2 and 4 n^2 operations.
//!
//! Reference: J. Nocedal, S. J. Wright, Numerical Optimization (2006), section 6.1, <https://doi.org/10.1007/978-0-387-40065-5>

use thalweg_linalg::{dot, mul};

/// The matrix H, symmetric and positive definite.
#[derive(Clone, Debug)]
pub struct DenseBfgs {
    dim: usize,
    matrix: Vec<f64>,
    scales: bool,
    is_identity: bool,
    step: Vec<f64>,
    change: Vec<f64>,
    product: Vec<f64>,
}

impl DenseBfgs {
    /// The identity of `dim` variables. With `scales` it gets the size of the curvature along the first step.
    pub fn new(dim: usize, scales: bool) -> Self {
        let mut new = DenseBfgs {
            dim,
            matrix: vec![0.0; dim * dim],
            scales,
            is_identity: true,
            step: vec![0.0; dim],
            change: vec![0.0; dim],
            product: vec![0.0; dim],
        };
        new.clear();
        new
    }

    /// Whether nothing has been taken in.
    pub fn is_identity(&self) -> bool {
        self.is_identity
    }

    /// H, row by row.
    pub fn matrix(&self) -> &[f64] {
        &self.matrix
    }

    /// H, row by row, when it is no longer needed here.
    pub fn into_matrix(self) -> Vec<f64> {
        self.matrix
    }

    /// Go back to the identity.
    pub fn clear(&mut self) {
        self.set_multiple_of_identity(1.0);
        self.is_identity = true;
    }

    fn set_multiple_of_identity(&mut self, diagonal: f64) {
        self.matrix.fill(0.0);
        for i in 0..self.dim {
            self.matrix[i * self.dim + i] = diagonal;
        }
    }

    /// The quasi-Newton direction `-H g`. Returns its slope `-g'H g`.
    pub fn direction(&self, gradient: &[f64], direction: &mut [f64]) -> f64 {
        mul(&self.matrix, self.dim, gradient, direction);
        direction.iter_mut().for_each(|d| *d = -*d);
        dot(gradient, direction)
    }

    /// Take in the step from `from` to `to`, each a point and the gradient there, unless its curvature s'y is negligible or
    /// negative, which would cost H its definiteness. Says whether it was taken in.
    pub fn update(&mut self, from: (&[f64], &[f64]), to: (&[f64], &[f64])) -> bool {
        for i in 0..self.dim {
            self.step[i] = to.0[i] - from.0[i];
            self.change[i] = to.1[i] - from.1[i];
        }
        let (s, y) = (&self.step, &self.change);
        let curvature = dot(s, y);
        let negligible = f64::EPSILON * dot(s, s).sqrt() * dot(y, y).sqrt();
        if !(curvature > negligible && curvature.is_finite()) {
            return false;
        }
        if self.is_identity && self.scales {
            let diagonal = curvature / dot(y, y);
            self.set_multiple_of_identity(diagonal);
        }
        mul(&self.matrix, self.dim, &self.change, &mut self.product);
        self.add(curvature);
        self.is_identity = false;
        true
    }

    /// `H + (1 + y'Hy / s'y) s s' / s'y - (s (Hy)' + (Hy) s') / s'y`, the update multiplied out.
    fn add(&mut self, curvature: f64) {
        let (n, s, hy) = (self.dim, &self.step, &self.product);
        let outer = (1.0 + dot(&self.change, hy) / curvature) / curvature;
        for i in 0..n {
            let (along_s, along_hy) = (outer * s[i] - hy[i] / curvature, s[i] / curvature);
            let row = &mut self.matrix[i * n..(i + 1) * n];
            for j in 0..n {
                row[j] += along_s * s[j] - along_hy * hy[j];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn satisfies_the_secant_equation_and_stays_symmetric() {
        let mut h = DenseBfgs::new(3, false);
        let mut x = vec![0.0, 0.0, 0.0];
        let gradient = |x: &[f64]| -> Vec<f64> {
            vec![4.0 * x[0] + x[1], x[0] + 3.0 * x[1] - x[2], 2.0 * x[2] - x[1]]
        };
        for k in 0..5 {
            let next: Vec<f64> = (0..3).map(|i| x[i] + ((i * 3 + k * 5) as f64).sin()).collect();
            let (g, g_next) = (gradient(&x), gradient(&next));
            assert!(h.update((&x, &g), (&next, &g_next)));
            let y: Vec<f64> = g_next.iter().zip(&g).map(|(a, b)| a - b).collect();
            let mut hy = vec![0.0; 3];
            mul(h.matrix(), 3, &y, &mut hy);
            for i in 0..3 {
                assert!((hy[i] - (next[i] - x[i])).abs() < 1e-12);
                for j in 0..3 {
                    assert!((h.matrix()[i * 3 + j] - h.matrix()[j * 3 + i]).abs() < 1e-12);
                }
            }
            x = next;
        }
    }

    #[test]
    fn equals_the_two_loop_recursion_with_room_for_every_pair() {
        use crate::pieces::inverse_bfgs::InverseBfgs;
        use crate::pieces::step_pairs::NewPair;
        let (n, zero) = (4, vec![0.0; 4]);
        let (mut dense, mut limited) = (DenseBfgs::new(n, true), InverseBfgs::new(n, 10));
        let s: Vec<f64> = vec![1.0, -0.5, 0.25, 2.0];
        let y: Vec<f64> = vec![2.0, -0.3, 0.5, 1.0];
        dense.update((&zero, &zero), (&s, &y));
        let curvature = dot(&s, &y);
        limited.update(&NewPair {
            step: 1.0,
            direction: &s,
            gradient: &y,
            previous_gradient: &zero,
            curvature,
        });
        let (g, mut a, mut b) = (vec![1.0, 2.0, -1.0, 0.5], vec![0.0; n], vec![0.0; n]);
        let slopes = (dense.direction(&g, &mut a), limited.direction(&g, &mut b));
        assert!((slopes.0 - slopes.1).abs() < 1e-12);
        assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-12));
    }

    #[test]
    fn refuses_steps_without_curvature() {
        let mut h = DenseBfgs::new(2, true);
        let (zero, s) = ([0.0, 0.0], [1.0, 0.0]);
        for y in [[0.0, 1.0], [-1.0, 0.0], [f64::NAN, 0.0]] {
            assert!(!h.update((&zero, &zero), (&s, &y)));
        }
        assert!(h.is_identity() && h.matrix() == [1.0, 0.0, 0.0, 1.0]);
    }
}
