//! The limited-memory BFGS matrix H, an approximation of the inverse Hessian (`two_loops`).

use super::step_pairs::{NewPair, StepPairs};
use super::two_loops::TwoLoops;

/// The matrix H, from at most `capacity` pairs.
#[derive(Clone, Debug)]
pub struct InverseBfgs {
    pairs: StepPairs,
    loops: TwoLoops,
}

impl InverseBfgs {
    /// The identity of `dim` variables, with room for `capacity` pairs.
    pub fn new(dim: usize, capacity: usize) -> Self {
        InverseBfgs {
            pairs: StepPairs::new(TwoLoops::width(dim), capacity),
            loops: TwoLoops::new(capacity),
        }
    }

    /// Whether H is the identity.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// Go back to the identity.
    pub fn clear(&mut self) {
        self.pairs.clear();
        self.loops.clear();
    }

    /// Take in a step.
    pub fn update(&mut self, new: &NewPair<'_>) {
        let square = self.pairs.push(new);
        self.loops.update(&self.pairs, new.curvature, square);
    }

    /// The quasi-Newton direction `-H g`. Returns its slope `-g'H g`.
    pub fn direction(&mut self, gradient: &[f64], direction: &mut [f64]) -> f64 {
        self.loops.direction(&self.pairs, gradient, direction)
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
            if k != 6 {
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
