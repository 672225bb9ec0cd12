//! The limited-memory BFGS matrix H, an approximation of the inverse Hessian, in its compact form.
//!
//! H = gamma I + [S  gamma Y] | R^-T (D + gamma Y'Y) R^-1   -R^-T | |    S'   |
//!                            |           -R^-1                0  | | gamma Y'|
//!
//! with the steps in the columns of S, the changes of the gradient in those of Y, R the upper triangle of S'Y with its
//! diagonal D, and gamma = s'y / y'y of the newest pair (theorem 2.2 of the paper). H is the same as in the two-loop recursion.
//!
//! Cost per iteration: each stored vector is read twice, once for the products S'g, Y'g, S'y, Y'y together and once for the
//! direction, so that for large n the time is that of moving 4 m n numbers; besides that O(m^2).
//!
//! Reference: R. H. Byrd, J. Nocedal, R. B. Schnabel, Representations of quasi-Newton matrices and their use in limited
//! memory methods, Math. Program. 63 (1994), <https://doi.org/10.1007/BF01582063>

use super::step_pairs::{NewPair, Products, StepPairs, drop_oldest};

/// The matrix H, from at most `capacity` pairs.
#[derive(Clone, Debug)]
pub struct InverseBfgs {
    pairs: StepPairs,
    gamma: f64,
    /// S'Y, of which the upper triangle R is used; row-major with `capacity` columns.
    sy: Vec<f64>,
    /// Y'Y, the upper triangle.
    yy: Vec<f64>,
    /// The products with the gradient at the current point.
    onto_gradient: Products,
    onto_change: Products,
    /// The coefficients of the steps and of the changes in the direction.
    along_steps: Vec<f64>,
    along_changes: Vec<f64>,
}

impl InverseBfgs {
    /// The identity of `dim` variables, with room for `capacity` pairs.
    pub fn new(dim: usize, capacity: usize) -> Self {
        InverseBfgs {
            pairs: StepPairs::new(dim, capacity),
            gamma: 1.0,
            sy: vec![0.0; capacity * capacity],
            yy: vec![0.0; capacity * capacity],
            onto_gradient: Products::new(capacity),
            onto_change: Products::new(capacity),
            along_steps: vec![0.0; capacity],
            along_changes: vec![0.0; capacity],
        }
    }

    /// Whether H is the identity.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// Go back to the identity.
    pub fn clear(&mut self) {
        self.pairs.clear();
        self.gamma = 1.0;
    }

    /// Take in a step to a point with gradient `new.gradient`, at which [`Self::direction`] may then be asked for.
    pub fn update(&mut self, new: &NewPair<'_>) {
        let m = self.pairs.capacity();
        if self.pairs.is_full() {
            drop_oldest(&mut self.sy, m);
            drop_oldest(&mut self.yy, m);
        }
        let change_squared = self.pairs.push(new);
        let newest = self.pairs.len() - 1;
        let (onto_g, onto_y) = (&mut self.onto_gradient, &mut self.onto_change);
        self.pairs.project_two(new.gradient, self.pairs.change(newest), onto_g, onto_y);
        for j in 0..newest {
            self.sy[j * m + newest] = onto_y.steps[j];
            self.yy[j * m + newest] = onto_y.changes[j];
        }
        self.sy[newest * m + newest] = new.curvature;
        self.yy[newest * m + newest] = change_squared;
        self.gamma = new.curvature / change_squared;
    }

    /// Move to a point with this gradient without taking in the step.
    pub fn skip_update(&mut self, gradient: &[f64]) {
        self.pairs.project(gradient, &mut self.onto_gradient);
    }

    /// The quasi-Newton direction `-H g`, `gradient` being that of the last update. Returns its slope `-g'H g`.
    pub fn direction(&mut self, gradient: &[f64], direction: &mut [f64]) -> f64 {
        let (m, len, gamma) = (self.pairs.capacity(), self.pairs.len(), self.gamma);
        let (u, t) = (&mut self.along_steps[..len], &mut self.along_changes[..len]);
        // t = R^-1 S'g
        for i in (0..len).rev() {
            let row = &self.sy[i * m..i * m + len];
            let known: f64 = (i + 1..len).map(|j| row[j] * t[j]).sum();
            t[i] = (self.onto_gradient.steps[i] - known) / row[i];
        }
        // u = R^-T ((D + gamma Y'Y) t - gamma Y'g); the upper triangle of Y'Y stands for both.
        for i in 0..len {
            u[i] = self.sy[i * m + i] * t[i] - gamma * self.onto_gradient.changes[i];
        }
        for i in 0..len {
            let row = &self.yy[i * m..i * m + len];
            let mut sum = row[i] * t[i];
            for j in i + 1..len {
                sum += row[j] * t[j];
                u[j] += gamma * row[j] * t[i];
            }
            u[i] += gamma * sum;
        }
        for i in 0..len {
            let row = &self.sy[i * m..i * m + len];
            u[i] /= row[i];
            for j in i + 1..len {
                u[j] -= row[j] * u[i];
            }
        }
        // -H g = -gamma g - S u + gamma Y t
        for i in 0..len {
            u[i] = -u[i];
            t[i] *= gamma;
        }
        self.pairs.combine(-gamma, gradient, u, t, direction)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The textbook two-loop recursion.
    fn two_loop(pairs: &[(Vec<f64>, Vec<f64>)], g: &[f64]) -> Vec<f64> {
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let mut q = g.to_vec();
        let mut alphas = Vec::new();
        for (s, y) in pairs.iter().rev() {
            let alpha = dot(s, &q) / dot(s, y);
            q.iter_mut().zip(y).for_each(|(q, y)| *q -= alpha * y);
            alphas.push(alpha);
        }
        if let Some((s, y)) = pairs.last() {
            let gamma = dot(s, y) / dot(y, y);
            q.iter_mut().for_each(|q| *q *= gamma);
        }
        for ((s, y), alpha) in pairs.iter().zip(alphas.into_iter().rev()) {
            let beta = dot(y, &q) / dot(s, y);
            q.iter_mut().zip(s).for_each(|(q, s)| *q += (alpha - beta) * s);
        }
        q.into_iter().map(|q| -q).collect()
    }

    #[test]
    fn same_direction_as_the_two_loop_recursion() {
        let (n, m) = (7, 4);
        let mut inverse = InverseBfgs::new(n, m);
        let mut kept: Vec<(Vec<f64>, Vec<f64>)> = Vec::new();
        let mut g: Vec<f64> = (0..n).map(|i| (i as f64).cos()).collect();
        for k in 0..9 {
            let mut direction = vec![0.0; n];
            let slope = inverse.direction(&g, &mut direction);
            let expected = two_loop(&kept, &g);
            for i in 0..n {
                assert!((direction[i] - expected[i]).abs() < 1e-10 * (1.0 + expected[i].abs()));
            }
            assert!(slope < 0.0);

            let d: Vec<f64> = (0..n).map(|i| ((i * 3 + k * 5) as f64).sin()).collect();
            let y: Vec<f64> = d.iter().enumerate().map(|(i, d)| 0.3 * d * (i + 1) as f64).collect();
            let s: Vec<f64> = d.iter().map(|d| 0.3 * d).collect();
            let next: Vec<f64> = g.iter().zip(&y).map(|(g, y)| g + y).collect();
            if k == 6 {
                inverse.skip_update(&next);
            } else {
                let curvature = s.iter().zip(&y).map(|(s, y)| s * y).sum();
                let new = NewPair {
                    step: 0.3,
                    direction: &d,
                    gradient: &next,
                    previous_gradient: &g,
                    curvature,
                };
                inverse.update(&new);
                kept.push((s, y));
                if kept.len() > m {
                    kept.remove(0);
                }
            }
            g = next;
        }
        inverse.clear();
        let mut direction = vec![0.0; n];
        inverse.direction(&g, &mut direction);
        assert!(direction.iter().zip(&g).all(|(d, g)| *d == -g));
    }
}
