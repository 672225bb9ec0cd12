//! What varies between the searches on quadratic models: thresholds and factors, what is known of noise, and when to begin again.
//!
//! References:
//! * C. Cartis, J. Fiala, B. Marteau, L. Roberts, Improving the flexibility and robustness of model-based derivative-free optimization
//!   solvers, ACM Transactions on Mathematical Software 45 (2019), <https://doi.org/10.1145/3338517> (noise level, slow progress, soft
//!   restarts)
//! * C. Cartis, L. Roberts, O. Sheridan-Methven, Escaping local minima with local derivative-free methods: a numerical investigation,
//!   Optimization 71 (2022), <https://doi.org/10.1080/02331934.2021.1883015> (restarts with a growing radius)

use std::collections::VecDeque;

use thalweg_core::{OptionError, Test, Verdict};
use thalweg_macros::Choice;

use super::first_points::FirstPoints;
use super::radius_course::CourseRule;

/// The largest radius, in terms of the first one.
const LARGEST_RADIUS: f64 = 1e10;

/// Whether the last radius is below the first one, if that is given, and the ratio of a successful step not above that of a very
/// successful one.
///
/// # Errors
/// The option that does not go with the other.
pub fn check_radii_and_thresholds(
    algorithm: &'static str,
    (last, first): (f64, Option<f64>),
    (good, very_good): (f64, f64),
) -> Result<(), OptionError> {
    OptionError::unless_less(
        algorithm,
        ("convergence_minimal_trustregion_radius_tolerance", last),
        ("trustregion_initial_radius", first.unwrap_or(f64::INFINITY)),
    )?;
    if good == very_good {
        return Ok(());
    }
    OptionError::unless_less(
        algorithm,
        ("trustregion_threshold_successful", good),
        ("trustregion_threshold_very_successful", very_good),
    )
}

/// What a restart begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum RestartType {
    /// The points that there are, some of which move away.
    Soft,
    /// New points around the best one.
    Hard,
}

/// When to begin again, and how.
#[derive(Clone, Copy, Debug)]
pub struct RestartRules {
    /// The largest number of restarts in a row that find nothing better.
    pub in_a_row: u64,
    /// The largest number of restarts that find nothing better, altogether.
    pub in_vain: u64,
    /// What a restart begins with.
    pub kind: RestartType,
    /// How many points a soft restart moves.
    pub n_moved: usize,
    /// Whether a soft restart goes on from the best of the points that it has moved, even where that one is worse than the best.
    pub moves_center: bool,
    /// Whether a hard restart takes the value of its first point for known.
    pub reuses_value: bool,
    /// How much larger the first radius is after a restart that found nothing better.
    pub radius_factor: f64,
    /// By how much each restart multiplies the last radius.
    pub last_radius_factor: f64,
    /// The largest number of good steps after a soft restart that are worse than the best point of all.
    pub most_vain_steps: u64,
    /// When the course of radii and models calls for a restart; none for never.
    pub detection: Option<CourseRule>,
}

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
    /// The first points; their radius is the unit of all others.
    pub first: FirstPoints,
    /// The number of points up to which the set grows; no more than at first for one that does not.
    pub most_points: usize,
    /// Whether each model is the least one, instead of one that changes by as little as possible.
    pub least_models: bool,
    /// The noise of the objective: absolute, and relative to it.
    pub noise: (f64, f64),
    /// The largest difference of the values from the best one, in terms of the noise, that ends the search.
    pub noise_tolerance: f64,
    /// Progress over a period below this part of the objective is slow; zero for no such test.
    pub slow_below: f64,
    /// The period, in iterations.
    pub period: usize,
    /// The search ends after this many slow iterations in a row.
    pub most_slow: usize,
    /// When to begin again, and how.
    pub restarts: RestartRules,
}

/// What has happened so far.
#[derive(Clone, Debug)]
pub struct Course {
    recent: VecDeque<f64>,
    slow: usize,
    restarts: u64,
    in_vain: u64,
    radius: f64,
    best_at_restart: f64,
    /// Whether there is to be no other restart.
    pub over: bool,
}

impl Default for Course {
    fn default() -> Self {
        Course {
            recent: VecDeque::new(),
            slow: 0,
            restarts: 0,
            in_vain: 0,
            radius: 1.0,
            best_at_restart: f64::INFINITY,
            over: false,
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

    /// The first radius, in all coordinates.
    pub fn unit(&self) -> f64 {
        self.first.radius.unwrap_or(1.0)
    }

    /// Whether values are known to have noise.
    pub fn is_noisy(&self) -> bool {
        self.noise != (0.0, 0.0)
    }

    /// The noise of values about this large.
    fn noise_of(&self, value: f64) -> f64 {
        self.noise.0.max(self.noise.1 * value.abs()) / (self.first.copies as f64).sqrt()
    }

    /// Whether noise or slow progress ends the search, at the begin of an iteration. Progress is that of `best`, the values are those
    /// at the points.
    pub fn end(&self, course: &mut Course, values: &[f64], best: f64) -> Option<Verdict> {
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let noise = self.noise_of(least);
        if noise > 0.0 {
            let spread = values.iter().fold(0.0_f64, |spread, value| spread.max(value - least));
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
        if course.recent.len() > self.period {
            let before = course.recent.pop_front().unwrap_or(best);
            let is_slow = before - best <= self.slow_below * best.abs();
            course.slow = if is_slow { course.slow + 1 } else { 0 };
        }
        (course.slow >= self.most_slow).then(|| {
            Verdict::Stalled(format!(
                "progress was slow in {} iterations in a row: over {} of them the objective went down by at most {:e} times its size",
                course.slow, self.period, self.slow_below
            ))
        })
    }

    /// The first radius of another restart, if there is to be one.
    pub fn restart(&self, course: &mut Course, best: f64) -> Option<f64> {
        if best < course.best_at_restart - self.noise_of(best) {
            course.best_at_restart = best;
            course.restarts = 0;
        } else {
            course.radius = (self.restarts.radius_factor * course.radius).min(LARGEST_RADIUS);
            course.in_vain += 1;
        }
        course.recent.clear();
        course.slow = 0;
        course.restarts += 1;
        let RestartRules { in_a_row, in_vain, .. } = self.restarts;
        course.over = course.restarts > in_a_row || course.in_vain > in_vain;
        (!course.over).then_some(course.radius)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pieces::first_points::Directions;

    const QUIET: SearchRules = SearchRules {
        good: 0.1,
        very_good: 0.7,
        short: 0.5,
        shrink: 0.5,
        grow: (0.5, 2.0),
        shrink_radii: (0.1, 0.5),
        first: FirstPoints {
            radius: Some(1.0),
            part: 1.0,
            count: 5,
            better_first: false,
            directions: Directions::Coordinate,
            orthogonal: true,
            copies: 1,
        },
        most_points: 5,
        least_models: false,
        noise: (0.0, 0.0),
        noise_tolerance: 1.0,
        slow_below: 0.0,
        most_slow: usize::MAX,
        period: 5,
        restarts: NONE,
    };
    const NONE: RestartRules = RestartRules {
        in_a_row: 0,
        in_vain: u64::MAX,
        kind: RestartType::Soft,
        n_moved: 3,
        moves_center: false,
        reuses_value: true,
        radius_factor: 1.0,
        last_radius_factor: 1.0,
        most_vain_steps: u64::MAX,
        detection: None,
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
        assert!(rules.is_noisy() && !QUIET.is_noisy());
        // The mean of four evaluations has half the noise.
        let averaged = SearchRules { first: FirstPoints { copies: 4, ..QUIET.first }, ..rules };
        assert_eq!(averaged.end(&mut course, &[50.0, 50.4], 50.0), None);
        assert!(averaged.end(&mut course, &[50.0, 50.2], 50.0).is_some());
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
        let restarts = RestartRules { in_a_row: 2, radius_factor: 1.1, ..NONE };
        let rules = SearchRules { restarts, ..QUIET };
        let mut course = Course::default();
        let radii: Vec<_> = [3.0, 3.0, 2.0, 2.0, 2.0]
            .into_iter()
            .map(|best| rules.restart(&mut course, best))
            .collect();
        assert_eq!(radii, [Some(1.0), Some(1.1), Some(1.1), Some(1.1 * 1.1), None]);
        assert_eq!(QUIET.restart(&mut Course::default(), 1.0), None);
        let restarts = RestartRules { in_a_row: 9, in_vain: 1, ..NONE };
        let rules = SearchRules { restarts, ..QUIET };
        let mut course = Course::default();
        let goes_on = [3.0, 3.0, 2.0, 2.0].map(|best| rules.restart(&mut course, best).is_some());
        assert_eq!(goes_on, [true, true, true, false]);
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
