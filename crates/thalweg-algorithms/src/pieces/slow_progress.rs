//! Whether a search makes so little progress that it is not worth going on.
//!
//! An iteration is slow if, over the last ones that were successful, the logarithm of the objective went down by less than a threshold
//! on average. So the size of the objective does not matter, and what is zero in the end is never slow.
//!
//! Reference:
//! * C. Cartis, J. Fiala, B. Marteau, L. Roberts, Improving the flexibility and robustness of model-based derivative-free optimization
//!   solvers, ACM Transactions on Mathematical Software 45 (2019), section 2, <https://doi.org/10.1145/3338517>

use std::collections::VecDeque;

/// What counts as slow.
#[derive(Clone, Copy, Debug)]
pub struct SlowRules {
    /// The least progress of an iteration; zero for none.
    pub threshold: f64,
    /// Over how many iterations it is measured.
    pub period: usize,
    /// How many slow iterations in a row are too many.
    pub most: usize,
}

/// The values of the last successful iterations.
#[derive(Clone, Debug)]
pub struct SlowProgress {
    rules: SlowRules,
    logarithms: VecDeque<f64>,
    slow: usize,
}

impl SlowProgress {
    /// Nothing yet.
    pub fn new(rules: SlowRules) -> Self {
        SlowProgress { rules, logarithms: VecDeque::new(), slow: 0 }
    }

    /// Remember the value, at least zero, after a successful iteration.
    pub fn record(&mut self, value: f64) {
        let logarithm = value.max(f64::MIN_POSITIVE).ln();
        self.logarithms.push_back(logarithm);
        if self.logarithms.len() <= self.rules.period {
            return;
        }
        let before = self.logarithms.pop_front().unwrap_or(logarithm);
        let progress = (before - logarithm) / self.rules.period as f64;
        self.slow = if progress < self.rules.threshold { self.slow + 1 } else { 0 };
    }

    /// Begin again.
    pub fn forget(&mut self) {
        self.logarithms.clear();
        self.slow = 0;
    }

    /// What to say where there were too many slow iterations.
    pub fn verdict(&self) -> Option<String> {
        let SlowRules { threshold, period, most } = self.rules;
        (self.slow >= most).then(|| {
            format!(
                "over {most} successful iterations in a row (convergence_slow_progress_steps), the logarithm of the objective went down \
                 by less than {threshold:e} (convergence_slow_progress_threshold) per iteration, compared over {period}"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_slow_iterations_in_a_row_are_too_many() {
        let rules = SlowRules { threshold: 0.01, period: 2, most: 3 };
        let mut progress = SlowProgress::new(rules);
        // The last value ends a series of two slow iterations.
        [9.0, 8.999, 8.998, 8.997, 8.0].into_iter().for_each(|value| progress.record(value));
        assert_eq!((progress.slow, progress.verdict()), (0, None));
        [7.9999, 7.9998, 7.9997, 7.9996].into_iter().for_each(|value| progress.record(value));
        assert_eq!(
            progress.verdict().as_deref(),
            Some(
                "over 3 successful iterations in a row (convergence_slow_progress_steps), the logarithm of the objective went down by \
                 less than 1e-2 (convergence_slow_progress_threshold) per iteration, compared over 2"
            )
        );
        progress.forget();
        assert_eq!(progress.verdict(), None);
    }

    #[test]
    fn no_threshold_is_no_test() {
        let mut progress = SlowProgress::new(SlowRules { threshold: 0.0, period: 1, most: 1 });
        (0..20).for_each(|_| progress.record(1.0));
        assert_eq!(progress.verdict(), None);
    }
}
