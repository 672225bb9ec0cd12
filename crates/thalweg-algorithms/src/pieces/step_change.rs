//! What a trial step of a least-squares trust region brought: the radius after it, and the tests for convergence.
//!
//! Reference: M. A. Branch, T. F. Coleman, Y. Li, SIAM J. Sci. Comput. 21 (1999) 1-23, doi:10.1137/S1064827595289108.

use thalweg_core::Test;

/// What a trial step brought.
#[derive(Clone, Copy, Debug)]
pub struct StepChange {
    /// The reduction of half the sum of squares.
    pub actual: f64,
    /// Of the actual to the predicted reduction.
    ratio: f64,
    /// Half the sum of squares, and the norm of the parameters, before the step.
    half_value: f64,
    x_norm: f64,
    /// The norm of the step.
    step_norm: f64,
}

impl StepChange {
    /// Of the sum of squares from `old` to `new`; `predicted` is the reduction of half of it.
    pub fn of(old: f64, new: f64, predicted: f64, x_norm: f64, step_norm: f64) -> Self {
        let half_value = 0.5 * old;
        let actual = half_value - 0.5 * new;
        let ratio = if predicted > 0.0 {
            actual / predicted
        } else if predicted == 0.0 && actual == 0.0 {
            1.0
        } else {
            0.0
        };
        StepChange { actual, ratio, half_value, x_norm, step_norm }
    }

    /// The radius after a step of this length, measured as the radius is.
    pub fn next_radius(&self, radius: f64, length: f64, at_boundary: bool) -> f64 {
        if self.ratio < 0.25 {
            0.25 * length
        } else if self.ratio > 0.75 && at_boundary {
            2.0 * radius
        } else {
            radius
        }
    }

    /// Whether the reduction is small although the model was adequate, or else the step short.
    pub fn converged(&self, ftol_rel: f64, xtol_rel: f64) -> Option<Test> {
        if self.actual < ftol_rel * self.half_value && self.ratio > 0.25 {
            return Some(Test {
                measure: "relative reduction of the sum of squares",
                value: self.actual / self.half_value,
                tolerance: ftol_rel,
                option: "convergence_ftol_rel",
            });
        }
        step_test(self.step_norm, self.x_norm, xtol_rel)
    }
}

/// Whether a step is short.
pub fn step_test(step_norm: f64, x_norm: f64, xtol_rel: f64) -> Option<Test> {
    (step_norm < xtol_rel * (xtol_rel + x_norm)).then(|| Test {
        measure: "norm of the step relative to the parameters",
        value: step_norm / (xtol_rel + x_norm),
        tolerance: xtol_rel,
        option: "convergence_xtol_rel",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_radius_follows_the_ratio() {
        let radius = |new: f64, boundary: bool| {
            StepChange::of(10.0, new, 1.0, 1.0, 1.0).next_radius(4.0, 2.0, boundary)
        };
        assert_eq!(radius(9.9, true), 0.5, "poor");
        assert_eq!(radius(9.0, true), 4.0, "fair");
        assert_eq!((radius(8.0, true), radius(8.0, false)), (8.0, 4.0), "good");
        assert_eq!(StepChange::of(1.0, 1.0, 0.0, 1.0, 1.0).next_radius(1.0, 1.0, true), 2.0);
    }

    #[test]
    fn tests_say_what_was_met() {
        let small = StepChange::of(2.0, 2.0 - 2e-9, 1e-9, 1.0, 1.0).converged(1e-8, 1e-8);
        assert_eq!(small.unwrap().option, "convergence_ftol_rel");
        assert_eq!(
            StepChange::of(2.0, 2.0, 1.0, 1.0, 1.0).converged(1e-8, 1e-8),
            None,
            "inadequate"
        );
        let short = StepChange::of(2.0, 1.0, 1.0, 1.0, 1e-9).converged(1e-8, 1e-8);
        assert_eq!(
            short.unwrap().to_string(),
            "norm of the step relative to the parameters 1.000e-9 <= 1.000e-8 (convergence_xtol_rel)"
        );
    }
}
