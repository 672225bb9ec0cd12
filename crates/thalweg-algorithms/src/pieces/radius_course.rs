//! The course of a search on models in noise: when it is time to begin again with a large radius.
//!
//! In a small region, the differences between values are mostly noise. Then steps fail, the radius sinks, and the models change more and
//! more from one iteration to the next, since the same noise is divided by shorter distances. So a restart is due when, over the last
//! iterations, the radius mostly sank and the logarithm of the change of the models rose along a line.
//!
//! Reference:
//! * C. Cartis, J. Fiala, B. Marteau, L. Roberts, Improving the flexibility and robustness of model-based derivative-free optimization
//!   solvers, ACM Transactions on Mathematical Software 45 (2019), section 4, <https://doi.org/10.1145/3338517>

use std::collections::VecDeque;

/// The radius has to sink at least this many times as often as it grows.
const SINKING: usize = 2;

/// When a course is lost.
#[derive(Clone, Copy, Debug)]
pub struct CourseRule {
    /// How many iterations are looked at.
    pub iterations: usize,
    /// The least slope of the logarithm of the changes, per iteration.
    pub slope: f64,
    /// The least correlation of that logarithm with the number of the iteration.
    pub correlation: f64,
}

impl Default for CourseRule {
    fn default() -> Self {
        CourseRule { iterations: 30, slope: 0.015, correlation: 0.1 }
    }
}

/// Radii and changes of the models, the last ones.
#[derive(Clone, Debug, Default)]
pub struct RadiusCourse {
    rule: CourseRule,
    steps: VecDeque<(f64, f64)>,
}

impl RadiusCourse {
    /// A course that is judged by this rule.
    pub fn new(rule: CourseRule) -> Self {
        RadiusCourse { rule, steps: VecDeque::new() }
    }

    /// Remember the radius of an iteration and by how much its model differs from the last one.
    ///
    /// Iterations that only made the radius smaller are left out: a model that is the same tells nothing of noise, and the logarithm
    /// of no change at all, before that of the next one, would look like changes that rise.
    pub fn record(&mut self, radius: f64, change: f64) {
        if change == 0.0 {
            return;
        }
        self.steps.push_back((radius, change.ln()));
        if self.steps.len() > self.rule.iterations {
            self.steps.pop_front();
        }
    }

    /// Begin again.
    pub fn forget(&mut self) {
        self.steps.clear();
    }

    /// Whether noise has got the upper hand.
    pub fn is_lost(&self) -> bool {
        if self.steps.len() < self.rule.iterations {
            return false;
        }
        let pairs = || self.steps.iter().zip(self.steps.iter().skip(1));
        let fell = pairs().filter(|(before, after)| after.0 < before.0).count();
        let rose = pairs().filter(|(before, after)| after.0 > before.0).count();
        let (slope, correlation) = self.line();
        fell > 0
            && fell >= SINKING * rose
            && slope > self.rule.slope
            && correlation > self.rule.correlation
    }

    /// The slope of the line through the logarithms of the changes, and their correlation with the number of the iteration.
    fn line(&self) -> (f64, f64) {
        let count = self.steps.len() as f64;
        let middle = 0.5 * (count - 1.0);
        let mean = self.steps.iter().map(|step| step.1).sum::<f64>() / count;
        let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
        for (i, (_, change)) in self.steps.iter().enumerate() {
            let (x, y) = (i as f64 - middle, change - mean);
            (xx, xy, yy) = (xx + x * x, xy + x * y, yy + y * y);
        }
        (xy / xx, if yy > 0.0 { xy / (xx * yy).sqrt() } else { 0.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn course(radius: impl Fn(usize) -> f64, change: impl Fn(usize) -> f64) -> RadiusCourse {
        let mut course = RadiusCourse::default();
        (0..40).for_each(|i| course.record(radius(i), change(i)));
        course
    }

    #[test]
    fn a_restart_is_due_when_radii_sink_and_models_change_more_and_more() {
        let sinking = |i: usize| 0.98_f64.powi(i as i32);
        let uneven =
            |i: usize| 1.03_f64.powi(i as i32) * if i.is_multiple_of(2) { 1.2 } else { 0.8 };
        let mut lost = course(sinking, uneven);
        assert!(lost.is_lost());
        assert!(!course(|i| 1.0 / sinking(i), uneven).is_lost(), "radii that grow");
        assert!(!course(|_| 1.0, uneven).is_lost(), "radii that stay");
        assert!(!course(sinking, |i| 1.0 / uneven(i)).is_lost(), "models that settle");
        lost.forget();
        (0..29).for_each(|i| lost.record(sinking(i), uneven(i)));
        assert!(!lost.is_lost(), "too soon");
        let mut hasty = RadiusCourse::new(CourseRule { iterations: 10, ..CourseRule::default() });
        (0..9).for_each(|i| hasty.record(sinking(i), uneven(i)));
        assert!(!hasty.is_lost(), "too soon");
        hasty.record(sinking(9), uneven(9));
        assert!(hasty.is_lost());
    }

    #[test]
    fn iterations_that_change_no_model_are_left_out() {
        let sinking = |i: usize| 0.98_f64.powi(i as i32);
        let settling = |i: usize| if i < 35 { 0.0 } else { 0.9_f64.powi(i as i32) };
        assert!(!course(sinking, settling).is_lost());
    }

    #[test]
    fn the_line_is_that_of_least_squares() {
        let (slope, correlation) = course(|_| 1.0, |i| (0.5 * i as f64).exp()).line();
        assert!((slope - 0.5).abs() < 1e-12 && (correlation - 1.0).abs() < 1e-12);
        assert_eq!(course(|_| 1.0, |_| 1.0).line(), (0.0, 0.0));
    }
}
