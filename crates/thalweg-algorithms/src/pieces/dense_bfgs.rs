//! The dense BFGS matrix H, an approximation of the inverse Hessian.
//!
//! Begins as a multiple of the identity and takes in each step s with the change y of the gradient along it,
//! `H' = V' H V + s s'/s'y` with `V = I - y s'/s'y`. The multiple may be one, or follow the size of the curvature:
//! * *once*, it becomes `s'y / y'y` of the first step before that is taken in (Nocedal and Wright, 6.20);
//! * *always*, it is measured anew at each step, as in limited-memory methods. For this `H = gamma W'W + R` is kept in two parts:
//!   W, the product of all V, which wears off as directions become known, and R, what the steps have said. Of a new step, R
//!   explains `R y`; were H right, the rest of it would be `gamma W'W y`. Two estimates of gamma are `(s - R y)'y / y'W'W y` and
//!   `|s - R y|^2 / (s - R y)'y`: the inverse of curvatures, and the mean of inverses. Their geometric mean
//!   `|s - R y| / |W y|` is taken, as long as the rest has positive curvature.
//!
//! Cost: a product and an update are 2 n^2 and 4 n^2 operations; with two parts, 6 n^2 and 10 n^2.
//!
//! References:
//! * J. Nocedal, S. J. Wright, Numerical Optimization (2006), sections 6.1 and 7.2, <https://doi.org/10.1007/978-0-387-40065-5>
//! * S. S. Oren, D. G. Luenberger, Self-scaling variable metric (SSVM) algorithms, Management Sci. 20 (1974),
//!   <https://doi.org/10.1287/mnsc.20.5.845> (why the scale matters, and the range between both estimates)

use thalweg_linalg::{axpy, dot, mul, mul_transposed};
use thalweg_macros::Choice;

/// The multiple of the identity that the matrix begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum Scaling {
    /// It is one.
    Never,
    /// It gets the size of the curvature along the first step.
    Once,
    /// It follows the curvature along every step, in the directions of which nothing is known yet.
    Always,
}

/// The matrix H, symmetric and positive definite.
#[derive(Clone, Debug)]
pub struct DenseBfgs {
    dim: usize,
    /// H, or its part R.
    matrix: Vec<f64>,
    scaling: Scaling,
    /// gamma.
    scale: f64,
    /// W, when it is kept.
    unknown: Option<Vec<f64>>,
    is_identity: bool,
    step: Vec<f64>,
    change: Vec<f64>,
    product: Vec<f64>,
    /// W y, or W g.
    worn: Vec<f64>,
}

/// A rest of the curvature below this part of it says nothing.
const NEGLIGIBLE: f64 = 1e-8;

impl DenseBfgs {
    /// The identity of `dim` variables.
    pub fn new(dim: usize, scaling: Scaling) -> Self {
        let matrix = vec![0.0; dim * dim];
        let mut new = DenseBfgs {
            dim,
            unknown: (scaling == Scaling::Always).then(|| matrix.clone()),
            matrix,
            scaling,
            scale: 1.0,
            is_identity: true,
            step: vec![0.0; dim],
            change: vec![0.0; dim],
            product: vec![0.0; dim],
            worn: vec![0.0; dim],
        };
        new.clear();
        new
    }

    /// Whether nothing has been taken in.
    pub fn is_identity(&self) -> bool {
        self.is_identity
    }

    /// H, row by row, when it is no longer needed here.
    pub fn into_matrix(self) -> Vec<f64> {
        let (n, mut matrix) = (self.dim, self.matrix);
        for row in self.unknown.iter().flat_map(|unknown| unknown.chunks_exact(n)) {
            for (i, w) in row.iter().enumerate() {
                axpy(self.scale * w, row, &mut matrix[i * n..(i + 1) * n]);
            }
        }
        matrix
    }

    /// Go back to the identity.
    pub fn clear(&mut self) {
        (self.scale, self.is_identity) = (1.0, true);
        if let Some(unknown) = &mut self.unknown {
            set_multiple_of_identity(unknown, self.dim, 1.0);
            self.matrix.fill(0.0);
        } else {
            set_multiple_of_identity(&mut self.matrix, self.dim, 1.0);
        }
    }

    /// The quasi-Newton direction `-H g`. Returns its slope `-g'H g`.
    pub fn direction(&mut self, gradient: &[f64], direction: &mut [f64]) -> f64 {
        mul(&self.matrix, self.dim, gradient, direction);
        if let Some(unknown) = &self.unknown {
            mul(unknown, self.dim, gradient, &mut self.worn);
            mul_transposed(unknown, self.dim, &self.worn, &mut self.change);
            axpy(self.scale, &self.change, direction);
        }
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
        match self.scaling {
            Scaling::Once if self.is_identity => {
                let diagonal = curvature / dot(y, y);
                set_multiple_of_identity(&mut self.matrix, self.dim, diagonal);
            }
            _ => {}
        }
        mul(&self.matrix, self.dim, &self.change, &mut self.product);
        self.wear_off(curvature);
        self.add(curvature);
        self.is_identity = false;
        true
    }

    /// Measure gamma, and take the step out of W: `W V = W - W y s'/s'y`. `product` is R y.
    fn wear_off(&mut self, curvature: f64) {
        let Some(unknown) = &mut self.unknown else { return };
        mul(unknown, self.dim, &self.change, &mut self.worn);
        let explained = dot(&self.change, &self.product);
        let rest: f64 = self.step.iter().zip(&self.product).map(|(s, ry)| (s - ry).powi(2)).sum();
        let unknown_part = dot(&self.worn, &self.worn);
        if curvature - explained > NEGLIGIBLE * curvature && unknown_part > 0.0 {
            self.scale = (rest / unknown_part).sqrt();
        }
        for (row, wy) in unknown.chunks_exact_mut(self.dim).zip(&self.worn) {
            axpy(-wy / curvature, &self.step, row);
        }
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

fn set_multiple_of_identity(matrix: &mut [f64], dim: usize, diagonal: f64) {
    matrix.fill(0.0);
    matrix.iter_mut().step_by(dim + 1).for_each(|entry| *entry = diagonal);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn satisfies_the_secant_equation_and_stays_symmetric() {
        for scaling in [Scaling::Never, Scaling::Once, Scaling::Always] {
            stays_a_secant_matrix(DenseBfgs::new(3, scaling));
        }
    }

    fn stays_a_secant_matrix(mut h: DenseBfgs) {
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
            h.direction(&y, &mut hy);
            let matrix = h.clone().into_matrix();
            for i in 0..3 {
                assert!((hy[i] + (next[i] - x[i])).abs() < 1e-12);
                for j in 0..3 {
                    assert!((matrix[i * 3 + j] - matrix[j * 3 + i]).abs() < 1e-12);
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
        let (mut dense, mut limited) = (DenseBfgs::new(n, Scaling::Once), InverseBfgs::new(n, 10));
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
    fn scales_what_is_unknown_and_keeps_what_is_known() {
        // The Hessian is diag(100, 1): after the step along the first coordinate the second has the scale of the first, and after
        // the one along the second coordinate both are known. What repeats what is known changes nothing.
        let mut h = DenseBfgs::new(2, Scaling::Always);
        let zero = [0.0, 0.0];
        h.update((&zero, &zero), (&[1.0, 0.0], &[100.0, 0.0]));
        assert_eq!(h.clone().into_matrix(), [0.01, 0.0, 0.0, 0.01]);
        let mut direction = [0.0; 2];
        assert_eq!(h.direction(&[1.0, 1.0], &mut direction), -0.02);
        h.update((&zero, &zero), (&[0.0, 1.0], &[0.0, 1.0]));
        assert_eq!(h.clone().into_matrix(), [0.01, 0.0, 0.0, 1.0]);
        h.update((&zero, &zero), (&[1.0, 0.0], &[100.0, 0.0]));
        assert_eq!((h.scale, h.clone().into_matrix()), (1.0, vec![0.01, 0.0, 0.0, 1.0]));
        h.clear();
        assert_eq!(h.into_matrix(), [1.0, 0.0, 0.0, 1.0]);
    }

    #[test]
    fn refuses_steps_without_curvature() {
        let mut h = DenseBfgs::new(2, Scaling::Once);
        let (zero, s) = ([0.0, 0.0], [1.0, 0.0]);
        for y in [[0.0, 1.0], [-1.0, 0.0], [f64::NAN, 0.0]] {
            assert!(!h.update((&zero, &zero), (&s, &y)));
        }
        assert!(h.is_identity() && h.into_matrix() == [1.0, 0.0, 0.0, 1.0]);
    }
}
