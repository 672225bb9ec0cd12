//! The exact penalty function of nonlinear constraints: the objective plus the weighted sum of the violations.
//!
//! `phi(x) = f(x) + sum_i w_i v_i(x)`, with v_i the violation of a limit. With weights that are at least the sizes of the
//! multipliers, the step of the quadratic subproblem leads downhill. They follow the multipliers up at once and down by halves:
//! `w_i = max(|y_i|, (w_i + |y_i|) / 2)`.
//!
//! Reference: M. J. D. Powell, A fast algorithm for nonlinearly constrained optimization calculations, in: Numerical Analysis,
//! Dundee 1977, Lecture Notes in Mathematics 630 (1978), <https://doi.org/10.1007/BFb0067703>

use thalweg_linalg::dot;

/// Limits, and the weights of their violations.
#[derive(Clone, Debug)]
pub struct ExactPenalty<'a> {
    limits: &'a [(f64, f64)],
    weights: Vec<f64>,
}

/// By how much a value violates its limits.
pub fn violation(value: f64, (lower, upper): (f64, f64)) -> f64 {
    (lower - value).max(value - upper).max(0.0)
}

impl<'a> ExactPenalty<'a> {
    /// Weights of zero.
    pub fn new(limits: &'a [(f64, f64)]) -> Self {
        ExactPenalty { limits, weights: vec![0.0; limits.len()] }
    }

    /// Weights for these multipliers and the ones before.
    pub fn follow(&mut self, multipliers: &[f64]) {
        for (w, y) in self.weights.iter_mut().zip(multipliers) {
            *w = y.abs().max(0.5 * (*w + y.abs()));
        }
    }

    /// Weights for these multipliers alone.
    pub fn set(&mut self, multipliers: &[f64]) {
        self.weights = multipliers.iter().map(|y| y.abs()).collect();
    }

    /// The violation of each limit.
    pub fn violations(&self, constraints: &[f64]) -> Vec<f64> {
        constraints.iter().zip(self.limits).map(|(c, limits)| violation(*c, *limits)).collect()
    }

    /// The penalty function; infinite where a violation is.
    pub fn value(&self, objective: f64, constraints: &[f64]) -> f64 {
        let violations = self.violations(constraints);
        if violations.iter().any(|v| v.is_infinite()) {
            return f64::INFINITY;
        }
        objective + dot(&self.weights, &violations)
    }

    /// The change of the penalty function that a linear model promises: `change` of the objective, and of the constraints to
    /// `linearized`.
    pub fn promised(&self, change: f64, constraints: &[f64], linearized: &[f64]) -> f64 {
        let (before, after) = (self.violations(constraints), self.violations(linearized));
        let terms = self.weights.iter().zip(before.iter().zip(&after));
        change + terms.map(|(w, (before, after))| w * (after - before)).sum::<f64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INF: f64 = f64::INFINITY;

    #[test]
    fn violations_count_on_both_sides() {
        assert_eq!(violation(0.5, (1.0, 2.0)), 0.5);
        assert_eq!(violation(2.5, (1.0, 2.0)), 0.5);
        assert_eq!(violation(1.5, (-INF, INF)), 0.0);
        assert_eq!(violation(INF, (-INF, 1.0)), INF);
    }

    #[test]
    fn weights_rise_at_once_and_fall_by_halves() {
        let limits = [(0.0, 0.0), (-INF, 1.0)];
        let mut penalty = ExactPenalty::new(&limits);
        assert_eq!(penalty.value(3.0, &[5.0, 5.0]), 3.0);
        penalty.follow(&[-2.0, 4.0]);
        assert_eq!(penalty.value(3.0, &[1.0, 2.0]), 3.0 + 2.0 + 4.0);
        penalty.follow(&[0.0, 3.0]);
        assert_eq!(penalty.value(0.0, &[1.0, 2.0]), 1.0 + 3.5);
        penalty.set(&[0.0, -1.0]);
        assert_eq!(penalty.value(0.0, &[1.0, 2.0]), 1.0);
        assert_eq!(penalty.value(0.0, &[INF, 2.0]), INF, "also where the weight is zero");
    }

    #[test]
    fn the_promise_is_the_change_of_the_linear_model() {
        let limits = [(1.0, INF)];
        let mut penalty = ExactPenalty::new(&limits);
        penalty.set(&[10.0]);
        assert_eq!(penalty.promised(0.5, &[0.0], &[1.0]), 0.5 - 10.0);
        assert_eq!(penalty.promised(0.5, &[0.0], &[0.5]), 0.5 - 5.0);
    }
}
