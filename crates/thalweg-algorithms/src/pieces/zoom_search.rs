//! The line search of Nocedal and Wright: steps grow until they bracket one that fulfils the strong Wolfe conditions, and the bracket
//! is narrowed. It takes a further condition on the point.
//!
//! A step t > 0 is accepted when `f(t) <= f(0) + mu t f'(0)` and `|f'(t)| <= eta |f'(0)|`, and the caller welcomes the point there. While
//! neither a step without sufficient decrease nor one with a rising slope is known, steps are doubled. The trial in a bracket is the
//! minimizer of the cubic through the value and slope of the better end, the value of the other and that of the end before; of the
//! parabola through the first three of these; or the middle: the first of them that is not too near to an end (but see `within`).
//!
//! A step that is not welcome though it fulfils both conditions ends one side of the bracket as its slope says, so that the search
//! goes on towards smaller slopes.
//!
//! Reference: J. Nocedal, S. J. Wright, Numerical Optimization (2006), algorithms 3.5 and 3.6,
//! <https://doi.org/10.1007/978-0-387-40065-5>

use thalweg_core::Stop;

use super::more_thuente::{Ending, Searched};

/// The factor by which steps grow.
const GROWTH: f64 = 2.0;
/// The least part of the bracket between its ends and the minimizer of a cubic, and of a parabola.
const MARGINS: (f64, f64) = (0.2, 0.1);

/// The constants of the search.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ZoomSearch {
    /// mu: the part of the decrease predicted by the slope that has to be attained.
    pub sufficient_decrease: f64,
    /// eta: the part of the slope's size that may be left.
    pub curvature: f64,
    /// The largest number of evaluations.
    pub max_evaluations: usize,
}

/// What is known at a step.
#[derive(Clone, Copy, Debug)]
pub struct Trial {
    /// The value.
    pub value: f64,
    /// The slope.
    pub slope: f64,
    /// Whether the search may end here.
    pub is_welcome: bool,
}

#[derive(Clone, Copy, Debug)]
struct Point {
    step: f64,
    value: f64,
    slope: f64,
}

/// What a trial is.
enum Quality {
    /// Too far: no sufficient decrease.
    High,
    Accepted,
    /// Sufficient decrease, but not accepted.
    Low,
}

impl ZoomSearch {
    /// Search from a point with `value` and `slope` (negative) along a line.
    ///
    /// `first` is the first trial, at most `max_step`. Unless the search is [`Ending::Exhausted`], the step returned is the one
    /// evaluated last.
    ///
    /// # Errors
    /// [`Stop`] from `evaluate`.
    pub fn search(
        &self,
        (value, slope): (f64, f64),
        first: f64,
        max_step: f64,
        mut evaluate: impl FnMut(f64) -> Result<Trial, Stop>,
    ) -> Result<Searched, Stop> {
        let origin = Point { step: 0.0, value, slope };
        // The better end of the bracket and the other one; as long as there is no bracket, the last step.
        let (mut low, mut high): (Point, Option<Point>) = (origin, None);
        let mut step = first;
        let mut last = origin;
        for _ in 0..self.max_evaluations {
            let trial = evaluate(step)?;
            last = Point { step, value: trial.value, slope: trial.slope };
            // The end that the trial takes the place of.
            let before = match self.judge(origin, low, last, trial.is_welcome) {
                Quality::Accepted => return Ok(ended(last, Ending::StrongWolfe)),
                Quality::High => high.replace(last),
                Quality::Low => {
                    // Beyond the trial the value rises: what is looked for lies on the side of the better end.
                    let away = high.map_or(1.0, |high| high.step - low.step);
                    let old = std::mem::replace(&mut low, last);
                    if trial.slope * away >= 0.0 { high.replace(old) } else { Some(old) }
                }
            };
            let next = match high {
                Some(high) => within(low, high, before),
                None => (GROWTH * step).min(max_step),
            };
            if !next.is_finite() || next == step || next == low.step {
                break;
            }
            step = next;
        }
        Ok(ended(last, Ending::Exhausted))
    }

    fn judge(&self, origin: Point, low: Point, trial: Point, is_welcome: bool) -> Quality {
        let enough = origin.value + self.sufficient_decrease * trial.step * origin.slope;
        // Written so that what is not finite is high.
        let is_lower = trial.value <= enough && trial.value < low.value && trial.slope.is_finite();
        if !is_lower {
            return Quality::High;
        }
        let is_flat = trial.slope.abs() <= self.curvature * origin.slope.abs();
        if is_flat && is_welcome { Quality::Accepted } else { Quality::Low }
    }
}

fn ended(point: Point, ending: Ending) -> Searched {
    Searched { step: point.step, value: point.value, slope: point.slope, ending }
}

/// The next trial in a bracket. Where the better end is the upper one, the way between has been stepped over, and a trial near to an
/// end is as good as any.
fn within(low: Point, high: Point, before: Option<Point>) -> f64 {
    let (least, most) = (low.step.min(high.step), low.step.max(high.step));
    let room = (high.step - low.step).max(0.0);
    let fits = |step: f64, margin: f64| {
        step > least && step < most && step >= least + margin * room && step <= most - margin * room
    };
    let (for_cubic, for_parabola) = MARGINS;
    before
        .and_then(|before| cubic_minimizer(low, high, before))
        .filter(|&step| fits(step, for_cubic))
        .or_else(|| parabola_minimizer(low, high).filter(|&step| fits(step, for_parabola)))
        .unwrap_or(low.step + 0.5 * (high.step - low.step))
}

/// The minimizer of the parabola with the value and slope of `from` and the value of `to`.
fn parabola_minimizer(from: Point, to: Point) -> Option<f64> {
    let span = to.step - from.step;
    let bend = (to.value - from.value - from.slope * span) / (span * span);
    let step = from.step - from.slope / (2.0 * bend);
    (bend > 0.0 && step.is_finite()).then_some(step)
}

/// The minimizer of the cubic with the value and slope of `from` and the values of two others.
fn cubic_minimizer(from: Point, to: Point, third: Point) -> Option<f64> {
    // f(from + t) = value + slope t + b t^2 + a t^3; each other point gives (a t + b).
    let height = |point: Point| {
        let t = point.step - from.step;
        (t, (point.value - from.value - from.slope * t) / (t * t))
    };
    let ((t, u), (s, v)) = (height(to), height(third));
    let a = (u - v) / (t - s);
    let b = (v * t - u * s) / (t - s);
    let step = from.step + (-b + (b * b - 3.0 * a * from.slope).sqrt()) / (3.0 * a);
    step.is_finite().then_some(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: ZoomSearch =
        ZoomSearch { sufficient_decrease: 1e-4, curvature: 0.4, max_evaluations: 20 };

    fn search(
        f: impl Fn(f64) -> (f64, f64),
        first: f64,
        is_welcome: impl Fn(f64) -> bool,
    ) -> (Searched, Vec<f64>) {
        let mut steps = Vec::new();
        let searched = USUAL.search(f(0.0), first, 1e10, |step| {
            steps.push(step);
            let (value, slope) = f(step);
            Ok(Trial { value, slope, is_welcome: is_welcome(step) })
        });
        (searched.unwrap(), steps)
    }

    fn bowl(t: f64) -> (f64, f64) {
        ((t - 3.0).powi(2), 2.0 * (t - 3.0))
    }

    #[test]
    fn steps_are_doubled_until_there_is_a_bracket() {
        let (end, steps) = search(bowl, 0.5, |_| true);
        assert_eq!((end.ending, steps), (Ending::StrongWolfe, vec![0.5, 1.0, 2.0]));
    }

    #[test]
    fn the_minimizer_of_a_parabola_takes_one_trial_in_the_bracket() {
        let (end, steps) = search(bowl, 8.0, |_| true);
        assert_eq!((end.ending, steps), (Ending::StrongWolfe, vec![8.0, 3.0]));
    }

    #[test]
    fn the_minimizer_of_a_cubic_is_next_unless_it_is_too_near_to_an_end() {
        let cubic = |step: f64| Point {
            step,
            value: step.powi(3) + step * step - 5.0 * step,
            slope: 3.0 * step * step + 2.0 * step - 5.0,
        };
        assert!((within(cubic(0.0), cubic(2.0), Some(cubic(3.0))) - 1.0).abs() < 1e-14);
        assert!((within(cubic(2.0), cubic(0.0), Some(cubic(3.0))) - 1.0).abs() < 1e-14);
        // That of the parabola, and the middle.
        assert_eq!(within(cubic(0.0), cubic(6.0), Some(cubic(3.0))), 3.0);
        assert_eq!(within(cubic(0.0), cubic(3.0), None), 0.625);
    }

    #[test]
    fn goes_on_to_smaller_slopes_until_the_point_is_welcome() {
        let lopsided = |t: f64| (t.exp() - 3.0 * t, t.exp() - 3.0);
        for first in [0.05, 1.0, 6.0] {
            let minimizer = 3f64.ln();
            let (all, at_first) = search(lopsided, first, |_| true);
            let (end, steps) = search(lopsided, first, |step| (step - minimizer).abs() < 1e-3);
            assert_eq!((all.ending, end.ending), (Ending::StrongWolfe, Ending::StrongWolfe));
            assert!((end.step - minimizer).abs() < 1e-3, "{end:?}");
            assert_eq!(at_first, steps[..at_first.len()], "the same trials up to there");
        }
    }

    #[test]
    fn gives_up_where_no_point_is_welcome_or_none_is_lower() {
        let (end, steps) = search(bowl, 1.0, |_| false);
        assert_eq!(end.ending, Ending::Exhausted);
        assert!(steps.len() <= 20);
        let (end, _) = search(|t| (t, -1.0), 1.0, |_| true);
        assert_eq!(end.ending, Ending::Exhausted);
    }

    #[test]
    fn backs_out_of_where_the_objective_is_undefined() {
        let barrier = |t: f64| {
            if t < 0.3 {
                (-(0.3 - t).ln() - 9.0 * t, 1.0 / (0.3 - t) - 9.0)
            } else {
                (f64::NAN, f64::NAN)
            }
        };
        let (end, steps) = search(barrier, 1.0, |_| true);
        assert_eq!(end.ending, Ending::StrongWolfe, "{steps:?}");
        assert!(end.step < 0.3 && steps[0] == 1.0);
    }
}
