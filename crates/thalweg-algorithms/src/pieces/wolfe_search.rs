//! A line search for quasi-Newton methods: a step of sufficient decrease at which the slope has gone up enough for an update.
//!
//! A step t > 0 is accepted when `f(t) <= f(0) + mu t f'(0)` and `f'(t) >= eta f'(0)` (the Wolfe conditions). A slope of the other
//! sign may be of any size: the next direction makes more of a further evaluation than this line does. Until then there is an
//! interval whose lower end falls too steeply, and whose upper end, once there is one, gives no sufficient decrease. The next trial
//! is the minimizer of the cubic through values and slopes of both ends, not too near to one of them; beyond the last trial, before
//! there is an upper end, that of the cubic through the last two, or else the zero of the line through their slopes, or four times
//! the step.
//!
//! A trial without a finite value, or so high that the cubic has no digits left, says nothing but that it is too far.
//!
//! References:
//! * J. Nocedal, S. J. Wright, Numerical Optimization (2006), sections 3.1 and 3.5, <https://doi.org/10.1007/978-0-387-40065-5>
//! * L. Lukšan, E. Spedicato, Variable metric methods for unconstrained optimization and nonlinear least squares, J. Comput. Appl.
//!   Math. 124 (2000), <https://doi.org/10.1016/S0377-0427(00)00420-9>

use thalweg_core::Stop;

use super::more_thuente::{Ending, Searched};

/// A rise of this many times the decrease that the slope promised is too high for a cubic.
const TOO_HIGH: f64 = 1e13;
/// The part of the way to a trial that is too high, or undefined, at which the search goes on.
const BACK_OFF: f64 = 0.1;
/// The least part of the interval that a trial is away from the origin, from another lower end, and from the upper end.
const MARGINS: (f64, f64, f64) = (0.01, 0.1, 0.01);
/// The factor by which a step grows where neither the cubic nor the slopes have a minimizer ahead.
const GROWTH: f64 = 4.0;
/// The largest factor by which a step grows.
const LARGEST_GROWTH: f64 = 1e3;
/// An interval of this length, relative to its upper end, has closed.
const CLOSED: f64 = 1e-14;

/// The constants of the search.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WolfeSearch {
    /// mu: the part of the decrease predicted by the slope that has to be attained.
    pub sufficient_decrease: f64,
    /// eta: the part of the slope that may be left.
    pub curvature: f64,
    /// The largest number of evaluations.
    pub max_evaluations: usize,
}

/// A step with its value and slope.
#[derive(Clone, Copy, Debug)]
struct Point {
    step: f64,
    value: f64,
    slope: f64,
}

impl Point {
    fn ended(self, ending: Ending) -> Searched {
        Searched { step: self.step, value: self.value, slope: self.slope, ending }
    }
}

/// An end of the interval that gives no sufficient decrease.
#[derive(Clone, Copy, Debug)]
enum High {
    /// There is none yet.
    Unknown,
    /// Nothing but the step says anything.
    Lost(f64),
    Known(Point),
}

impl WolfeSearch {
    /// Search from a point with `value` and `slope` (negative) along a line.
    ///
    /// `first` is the first trial, at most `max_step`; `evaluate` gives value and slope at a step. Unless the search is
    /// [`Ending::Exhausted`], the step returned is the one evaluated last; where no step fulfils both conditions, it is the largest
    /// one known to give sufficient decrease.
    ///
    /// # Errors
    /// [`Stop`] from `evaluate`.
    pub fn search(
        &self,
        (value, slope): (f64, f64),
        first: f64,
        max_step: f64,
        mut evaluate: impl FnMut(f64) -> Result<(f64, f64), Stop>,
    ) -> Result<Searched, Stop> {
        let mut low = Point { step: 0.0, value, slope };
        let mut high = High::Unknown;
        let mut trial = Point { step: first, value, slope };
        for _ in 0..self.max_evaluations {
            (trial.value, trial.slope) = evaluate(trial.step)?;
            let promised = -trial.step * slope;
            let rise = trial.value - value;
            let is_lost = !(rise <= TOO_HIGH * promised && trial.slope.is_finite());
            let next = if is_lost {
                high = High::Lost(trial.step);
                between(low, high)
            } else if rise > -self.sufficient_decrease * promised {
                high = High::Known(trial);
                between(low, high)
            } else if trial.slope >= self.curvature * slope {
                return Ok(trial.ended(Ending::Wolfe));
            } else if trial.step >= max_step {
                return Ok(trial.ended(Ending::AtMaxStep));
            } else {
                let before = std::mem::replace(&mut low, trial);
                match high {
                    High::Unknown => beyond(before, trial).min(max_step),
                    _ => between(low, high),
                }
            };
            if next <= low.step || has_closed(low, high) {
                break;
            }
            trial.step = next;
        }
        if low.step == 0.0 {
            return Ok(trial.ended(Ending::Exhausted));
        }
        if low.step != trial.step {
            (low.value, low.slope) = evaluate(low.step)?;
        }
        Ok(low.ended(Ending::Narrow))
    }
}

fn has_closed(low: Point, high: High) -> bool {
    let high = match high {
        High::Unknown => return false,
        High::Lost(step) => step,
        High::Known(point) => point.step,
    };
    high - low.step <= CLOSED * high
}

/// The next trial between both ends.
fn between(low: Point, high: High) -> f64 {
    let (at_origin, inside, above) = MARGINS;
    match high {
        High::Unknown => GROWTH * low.step,
        High::Lost(step) => low.step + BACK_OFF * (step - low.step),
        High::Known(high) => {
            let span = high.step - low.step;
            let below = if low.step == 0.0 { at_origin } else { inside };
            let least = low.step + below * span;
            let most = high.step - above * span;
            cubic_minimizer(low, high).unwrap_or(low.step + 0.5 * span).clamp(least, most)
        }
    }
}

/// The next trial beyond the last one.
fn beyond(before: Point, trial: Point) -> f64 {
    let ahead = |step: &f64| *step > trial.step && step.is_finite();
    let secant =
        before.step - before.slope * (trial.step - before.step) / (trial.slope - before.slope);
    let step = cubic_minimizer(before, trial)
        .filter(ahead)
        .or(Some(secant).filter(ahead))
        .unwrap_or(GROWTH * trial.step);
    step.min(LARGEST_GROWTH * trial.step)
}

/// The minimizer of the cubic with the values and slopes of two points, if it has one.
fn cubic_minimizer(from: Point, to: Point) -> Option<f64> {
    let span = to.step - from.step;
    let theta = 3.0 * (from.value - to.value) / span + from.slope + to.slope;
    let scale = theta.abs().max(from.slope.abs()).max(to.slope.abs());
    let discriminant = (theta / scale).powi(2) - (from.slope / scale) * (to.slope / scale);
    let root = scale * discriminant.sqrt();
    let step = to.step - span * (to.slope + root - theta) / (to.slope - from.slope + 2.0 * root);
    step.is_finite().then_some(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: WolfeSearch =
        WolfeSearch { sufficient_decrease: 1e-4, curvature: 0.8, max_evaluations: 20 };

    fn search(f: impl Fn(f64) -> (f64, f64), first: f64, max_step: f64) -> (Searched, Vec<f64>) {
        let mut steps = Vec::new();
        let searched = USUAL.search(f(0.0), first, max_step, |step| {
            assert!((0.0..=max_step).contains(&step));
            steps.push(step);
            Ok(f(step))
        });
        (searched.unwrap(), steps)
    }

    #[test]
    fn a_cubic_takes_two_evaluations_from_either_side() {
        // The minimizer is 1.
        let cubic = |t: f64| (t.powi(3) + t * t - 5.0 * t, 3.0 * t * t + 2.0 * t - 5.0);
        for first in [0.01, 5.0] {
            let (end, steps) = search(cubic, first, 1e10);
            assert_eq!((end.ending, steps.len()), (Ending::Wolfe, 2), "{steps:?}");
            assert!((end.step - 1.0).abs() < 1e-9, "{steps:?}");
        }
    }

    #[test]
    fn the_slope_beyond_a_minimizer_may_have_any_size() {
        let asymmetric = |t: f64| (t.powi(8) / 16.0 - t, t.powi(7) / 2.0 - 1.0);
        let (end, steps) = search(asymmetric, 1.4, 1e10);
        assert_eq!((end.ending, steps), (Ending::Wolfe, vec![1.4]));
        assert!(end.slope > 4.0, "{}", end.slope);
    }

    #[test]
    fn wolfe_from_first_steps_of_any_size() {
        let functions: [fn(f64) -> (f64, f64); 3] = [
            |t| (-t / (t * t + 2.0), (t * t - 2.0) / (t * t + 2.0).powi(2)),
            |t| ((t - 3.0).powi(4), 4.0 * (t - 3.0).powi(3)),
            |t| (t * t - 0.5 * t + 0.1 * (7.0 * t).cos(), 2.0 * t - 0.5 - 0.7 * (7.0 * t).sin()),
        ];
        for (which, f) in functions.into_iter().enumerate() {
            for exponent in [-4, -1, 0, 2, 4] {
                let (end, steps) = search(f, 10f64.powi(exponent), 1e10);
                assert_eq!(end.ending, Ending::Wolfe, "{which} from 1e{exponent}");
                assert!(end.value <= f(0.0).0 + 1e-4 * end.step * f(0.0).1);
                assert!(end.slope >= 0.8 * f(0.0).1);
                assert_eq!(steps.last(), Some(&end.step));
            }
        }
    }

    #[test]
    fn grows_where_the_slope_steepens_and_ends_at_the_largest_step() {
        let (end, steps) = search(|t| (-t - t * t, -1.0 - 2.0 * t), 1.0, 20.0);
        assert_eq!((end.ending, steps), (Ending::AtMaxStep, vec![1.0, 4.0, 16.0, 20.0]));
    }

    #[test]
    fn backs_out_of_where_the_objective_is_undefined_or_far_too_high() {
        let barrier = |t: f64| {
            if t < 0.3 {
                (-t - 0.01 * (1.0 - t / 0.3).ln(), -1.0 + 0.01 / (0.3 - t))
            } else {
                (f64::NAN, f64::NAN)
            }
        };
        let (end, steps) = search(barrier, 1.0, 1e10);
        assert_eq!(end.ending, Ending::Wolfe, "{steps:?}");
        assert_eq!(steps[..2], [1.0, 0.1]);
        let steep = |t: f64| (1e15 * t.powi(9) - t, 9e15 * t.powi(8) - 1.0);
        let (end, steps) = search(steep, 1.0, 1e10);
        assert_eq!((end.ending, &steps[..2]), (Ending::Wolfe, &[1.0, 0.1][..]));
    }

    #[test]
    fn takes_the_best_step_when_the_conditions_cannot_be_met() {
        // The slope is wrong: it never goes up. Beyond 2 the values do.
        let wrong = |t: f64| (if t < 2.0 { -t } else { 5.0 }, -1.0);
        let (end, steps) = search(wrong, 1.0, 1e10);
        assert_eq!((end.ending, steps.last()), (Ending::Narrow, Some(&end.step)));
        assert!(end.value < -1.0 && end.step < 2.0, "{end:?}");
    }

    #[test]
    fn gives_up_where_nothing_is_lower() {
        let higher = |t: f64| if t == 0.0 { (0.0, -1.0) } else { (1.0, -1.0) };
        let undefined = |t: f64| (if t == 0.0 { 0.0 } else { f64::INFINITY }, -1.0);
        for f in [higher, undefined] {
            let (end, steps) = search(f, 1.0, 10.0);
            assert_eq!((end.ending, steps.len()), (Ending::Exhausted, USUAL.max_evaluations));
        }
    }

    #[test]
    fn a_stop_is_passed_on() {
        let stopped = USUAL.search((0.0, -1.0), 1.0, 2.0, |_| Err(Stop::Interrupted));
        assert_eq!(stopped, Err(Stop::Interrupted));
    }
}
