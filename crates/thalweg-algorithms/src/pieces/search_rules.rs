//! What varies between the searches on quadratic models: thresholds and factors, what is known of noise, and when to begin again.
//!
//! References:
//! * C. Cartis, J. Fiala, B. Marteau, L. Roberts, Improving the flexibility and robustness of model-based derivative-free optimization
//!   solvers, ACM Transactions on Mathematical Software 45 (2019), <https://doi.org/10.1145/3338517> (noise level, slow progress, soft
//!   restarts)
//! * C. Cartis, L. Roberts, O. Sheridan-Methven, Escaping local minima with local derivative-free methods: a numerical investigation,
//!   Optimization 71 (2022), <https://doi.org/10.1080/02331934.2021.1883015> (restarts with a growing radius)

use std::collections::VecDeque;

use thalweg_core::{Test, Verdict};

/// The largest radius, in terms of the first one.
const LARGEST_RADIUS: f64 = 1e10;
/// Progress is measured over this many iterations.
const PERIOD: usize = 5;
/// How much larger the first radius is after a restart that found nothing better.
const GROWTH: f64 = 1.1;

/// Thresholds, factors, noise and restarts.
#[derive(Clone, Copy, Debug)]
pub struct SearchRules {
    /// A step that gains at least this part of what the model promised is good.
    pub good: f64,
    /// One that gains this part is very good.
    pub very_good: f64,
    /// A step shorter than this part of rho is not evaluated.
    pub short: f64,
    /// The radius after a step that is not very good, relative to the one before.
    pub shrink: f64,
    /// The least radius after a very good step, relative to the one before, and to the step.
    pub grow: (f64, f64),
    /// The next rho, and the radius then, relative to the rho before.
    pub shrink_radii: (f64, f64),
    /// The first radius, in all coordinates.
    pub first_radius: f64,
    /// The number of points.
    pub n_points: usize,
    /// The noise of the objective: absolute, and relative to it.
    pub noise: (f64, f64),
    /// The largest difference of the values from the best one, in terms of the noise, that ends the search.
    pub noise_tolerance: f64,
    /// Progress over five iterations below this part of the objective is slow; zero for no such test.
    pub slow_below: f64,
    /// The search ends after this many slow iterations in a row.
    pub most_slow: usize,
    /// The largest number of restarts in a row that find nothing better.
    pub restarts: u64,
    /// Whether the first radius grows after a restart that found nothing better.
    pub growing: bool,
}

/// What has happened so far.
#[derive(Clone, Debug)]
pub struct Course {
    recent: VecDeque<f64>,
    slow: usize,
    restarts: u64,
    radius: f64,
    best_at_restart: f64,
}

impl Default for Course {
    fn default() -> Self {
        Course {
            recent: VecDeque::new(),
            slow: 0,
            restarts: 0,
            radius: 1.0,
            best_at_restart: f64::INFINITY,
        }
    }
}

impl SearchRules {
    /// The radius after a step.
    pub fn next_delta(&self, ratio: f64, delta: f64, length: f64) -> f64 {
        let shrunk = self.shrink * delta;
        if ratio <= self.good {
            shrunk.min(length)
        } else if ratio <= self.very_good {
            shrunk.max(length)
        } else {
            (self.grow.0 * delta).max(self.grow.1 * length).min(LARGEST_RADIUS)
        }
    }

    /// Whether noise or slow progress ends the search, at the begin of an iteration.
    pub fn end(&self, course: &mut Course, values: &[f64], best: f64) -> Option<Verdict> {
        let noise = self.noise.0.max(self.noise.1 * best.abs());
        if noise > 0.0 {
            let spread = values.iter().fold(0.0_f64, |spread, value| spread.max(value - best));
            let (value, tolerance) = (spread / noise, self.noise_tolerance);
            if value <= tolerance {
                let measure = "spread of the values at the points relative to the noise";
                let option = "convergence_noise_corrected_criterion_tolerance";
                return Some(Verdict::Converged(Test { measure, value, tolerance, option }));
            }
        }
        if self.slow_below <= 0.0 {
            return None;
        }
        course.recent.push_back(best);
        if course.recent.len() > PERIOD {
            let before = course.recent.pop_front().unwrap_or(best);
            let is_slow = before - best <= self.slow_below * best.abs();
            course.slow = if is_slow { course.slow + 1 } else { 0 };
        }
        (course.slow >= self.most_slow).then(|| {
            Verdict::Stalled(format!(
                "progress was slow in {} iterations in a row: over {PERIOD} of them the objective went down by at most {:e} times its \
                 size",
                course.slow, self.slow_below
            ))
        })
    }

    /// The first radius of another restart, if there is to be one.
    pub fn restart(&self, course: &mut Course, best: f64) -> Option<f64> {
        let noise = self.noise.0.max(self.noise.1 * best.abs());
        if best < course.best_at_restart - noise {
            course.best_at_restart = best;
            course.restarts = 0;
        } else if self.growing {
            course.radius *= GROWTH;
        }
        course.recent.clear();
        course.slow = 0;
        course.restarts += 1;
        (course.restarts <= self.restarts).then_some(course.radius)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUIET: SearchRules = SearchRules {
        good: 0.1,
        very_good: 0.7,
        short: 0.5,
        shrink: 0.5,
        grow: (0.5, 2.0),
        shrink_radii: (0.1, 0.5),
        first_radius: 1.0,
        n_points: 5,
        noise: (0.0, 0.0),
        noise_tolerance: 1.0,
        slow_below: 0.0,
        most_slow: usize::MAX,
        restarts: 0,
        growing: false,
    };

    #[test]
    fn values_within_the_noise_end_the_search() {
        let rules = SearchRules { noise: (0.1, 0.01), ..QUIET };
        let mut course = Course::default();
        assert_eq!(rules.end(&mut course, &[5.0, 5.2], 5.0), None);
        let Some(Verdict::Converged(test)) = rules.end(&mut course, &[50.0, 50.4], 50.0) else {
            panic!("it goes on");
        };
        assert!((test.value - 0.8).abs() < 1e-12, "{test:?}");
        assert_eq!(test.option, "convergence_noise_corrected_criterion_tolerance");
        assert_eq!(QUIET.end(&mut course, &[1.0, 1.0], 1.0), None);
    }

    #[test]
    fn slow_progress_ends_the_search_when_it_lasts() {
        let rules = SearchRules { slow_below: 1e-3, most_slow: 3, ..QUIET };
        let mut course = Course::default();
        let verdicts: Vec<_> =
            (0..8).map(|_| rules.end(&mut course, &[2.0], 2.0).map(|v| v.to_string())).collect();
        assert_eq!(verdicts.iter().position(Option::is_some), Some(7));
        let said = verdicts[7].clone().unwrap();
        let expected = "no further progress: progress was slow in 3 iterations in a row: over 5 of them the objective went down by at \
                        most 1e-3 times its size";
        assert_eq!(said, expected);
        assert_eq!(rules.end(&mut course, &[1.0], 1.0), None);
    }

    #[test]
    fn restarts_are_counted_from_the_last_one_that_helped() {
        let rules = SearchRules { restarts: 2, growing: true, ..QUIET };
        let mut course = Course::default();
        let radii: Vec<_> = [3.0, 3.0, 2.0, 2.0, 2.0]
            .into_iter()
            .map(|best| rules.restart(&mut course, best))
            .collect();
        assert_eq!(radii, [Some(1.0), Some(1.1), Some(1.1), Some(1.1 * 1.1), None]);
        assert_eq!(QUIET.restart(&mut Course::default(), 1.0), None);
    }

    #[test]
    fn radii_follow_the_success_of_steps() {
        let rules = SearchRules { grow: (2.0, 4.0), ..QUIET };
        assert_eq!(rules.next_delta(0.0, 1.0, 0.8), 0.5);
        assert_eq!(rules.next_delta(0.0, 1.0, 0.3), 0.3);
        assert_eq!(rules.next_delta(0.5, 1.0, 0.8), 0.8);
        assert_eq!(rules.next_delta(0.9, 1.0, 0.8), 3.2);
        assert_eq!(QUIET.next_delta(0.9, 1.0, 0.8), 1.6);
    }
}
