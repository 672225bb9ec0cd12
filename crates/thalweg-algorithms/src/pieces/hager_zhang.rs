//! The line search of Hager and Zhang: works with slopes, and so goes on where differences of values are lost in rounding.
//!
//! A step t > 0 is accepted when `|f'(t)| <= sigma |f'(0)|` and the decrease is sufficient: `f(t) <= f(0) + delta t f'(0)`, or
//! `f'(t) <= (2 delta - 1) f'(0)` and `f(t) <= f(0) + slack`. For a quadratic the latter is the same, but it can be satisfied to
//! the last digit. An interval `[low, high]` is kept with `f'(low) < 0`, `f(low) <= f(0) +
//! slack` and `f'(high) >= 0`, and shrunk by double secant steps and bisection.
//!
//! | code | paper | meaning |
//! |---|---|---|
//! | `slack` | epsilon_k | the rise in the value that rounding may explain |
//! | `low`, `high` | a, b | the ends of the interval |
//!
//! Differences from the paper:
//! * the slope has to be small in size (strong Wolfe conditions), where the paper accepts any positive slope: on a quadratic of
//!   five variables conjugate gradients then take 13 evaluations instead of 80;
//! * where value or slope are not finite, a step counts as too far, and the search goes back towards the last finite one.
//!
//! Reference: W. W. Hager, H. Zhang, A new conjugate gradient method with guaranteed descent and an efficient line search, SIAM J.
//! Optim. 16 (2005), section 4, <https://doi.org/10.1137/030601880>

use thalweg_core::Stop;

use super::more_thuente::{Ending, Searched};

/// theta: where an interval is divided whose far end is too high.
const DIVISION: f64 = 0.5;
/// gamma: an interval that did not shrink to this part is bisected.
const SUFFICIENT_SHRINKAGE: f64 = 0.66;
/// rho: the factor by which a step grows while the function falls.
const EXPANSION: f64 = 5.0;
/// The part of the way to a step without a finite value at which the search goes on.
const BACK_OFF: f64 = 0.2;

/// The constants of the search.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HagerZhang {
    /// delta: the part of the decrease predicted by the slope that has to be attained, below one half.
    pub sufficient_decrease: f64,
    /// sigma: the part of the slope's size that may be left.
    pub curvature: f64,
    /// epsilon: the rise in the value, relative to its size, that rounding may explain.
    pub slack: f64,
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
    fn is_finite(self) -> bool {
        self.value.is_finite() && self.slope.is_finite()
    }
}

/// The reasons to leave the search from within.
enum Leave {
    Done(Searched),
    Stop(Stop),
}

/// A search in progress.
struct Line<'a, F> {
    constants: &'a HagerZhang,
    origin: Point,
    ceiling: f64,
    evaluations: usize,
    evaluate: F,
}

impl HagerZhang {
    /// Search from a point with `value` and `slope` (negative) along a line, beginning with the step `first`.
    ///
    /// The step returned is the one evaluated last, unless the search is [`Ending::Exhausted`]: its evaluations are used up,
    /// or the interval has closed.
    ///
    /// # Errors
    /// [`Stop`] from `evaluate`.
    pub fn search(
        &self,
        (value, slope): (f64, f64),
        first: f64,
        evaluate: impl FnMut(f64) -> Result<(f64, f64), Stop>,
    ) -> Result<Searched, Stop> {
        let origin = Point { step: 0.0, value, slope };
        let ceiling = value + self.slack * value.abs();
        let mut line = Line { constants: self, origin, ceiling, evaluations: 0, evaluate };
        let Err(leave) = line.shrink(first);
        match leave {
            Leave::Done(searched) => Ok(searched),
            Leave::Stop(stop) => Err(stop),
        }
    }
}

impl<F: FnMut(f64) -> Result<(f64, f64), Stop>> Line<'_, F> {
    /// Bracket, then shrink the interval until a step is accepted (the paper's L0 to L3).
    fn shrink(&mut self, first: f64) -> Result<std::convert::Infallible, Leave> {
        let (mut low, mut high) = self.bracket(first)?;
        loop {
            let width = high.step - low.step;
            (low, high) = self.double_secant(low, high)?;
            if high.step - low.step > SUFFICIENT_SHRINKAGE * width {
                let middle = low.step + 0.5 * (high.step - low.step);
                (low, high) = self.update(low, high, middle)?;
            }
        }
    }

    /// The value and slope at a step, unless it is accepted or the evaluations are used up.
    fn at(&mut self, step: f64) -> Result<Point, Leave> {
        let (value, slope) = (self.evaluate)(step).map_err(Leave::Stop)?;
        self.evaluations += 1;
        let point = Point { step, value, slope };
        if self.is_accepted(point) {
            return Err(Leave::Done(point.ended(Ending::StrongWolfe)));
        }
        if self.evaluations >= self.constants.max_evaluations {
            return Err(Leave::Done(point.ended(Ending::Exhausted)));
        }
        Ok(point)
    }

    fn is_accepted(&self, point: Point) -> bool {
        let HagerZhang { sufficient_decrease: delta, curvature: sigma, .. } = *self.constants;
        let (change, slope) = (point.value - self.origin.value, self.origin.slope);
        let wolfe = change <= delta * point.step * slope;
        let approximate = point.value <= self.ceiling && (2.0 * delta - 1.0) * slope >= point.slope;
        point.is_finite() && point.slope.abs() <= -sigma * slope && (wolfe || approximate)
    }

    fn is_low(&self, point: Point) -> bool {
        point.is_finite() && point.value <= self.ceiling
    }

    /// The first interval (B0 to B3): longer and longer steps while the function falls.
    fn bracket(&mut self, first: f64) -> Result<(Point, Point), Leave> {
        let mut low = self.origin;
        let mut point = self.at(first)?;
        loop {
            if point.is_finite() && point.slope >= 0.0 {
                return Ok((low, point));
            }
            if !self.is_low(point) {
                return self.divide(low, point);
            }
            low = point;
            point = self.at(EXPANSION * point.step)?;
        }
    }

    /// Between a low end and one that is too high but falls, or undefined: find where the function rises (U3).
    fn divide(&mut self, mut low: Point, mut high: Point) -> Result<(Point, Point), Leave> {
        loop {
            let part = if high.is_finite() { DIVISION } else { BACK_OFF };
            let step = low.step + part * (high.step - low.step);
            if step <= low.step || step >= high.step {
                return Err(Leave::Done(low.ended(Ending::Exhausted)));
            }
            let point = self.at(step)?;
            if point.is_finite() && point.slope >= 0.0 {
                return Ok((low, point));
            }
            if self.is_low(point) {
                low = point;
            } else {
                high = point;
            }
        }
    }

    /// The interval with one end moved to `step`, if that lies inside (U0 to U3).
    fn update(&mut self, low: Point, high: Point, step: f64) -> Result<(Point, Point), Leave> {
        if !(step > low.step && step < high.step) {
            let middle = low.step + 0.5 * (high.step - low.step);
            let met = middle <= low.step || middle >= high.step;
            return if met {
                Err(Leave::Done(low.ended(Ending::Exhausted)))
            } else {
                Ok((low, high))
            };
        }
        let point = self.at(step)?;
        if point.is_finite() && point.slope >= 0.0 {
            Ok((low, point))
        } else if self.is_low(point) {
            Ok((point, high))
        } else {
            self.divide(low, point)
        }
    }

    /// A secant step, and a second one through the end that it replaced (S1 to S4).
    fn double_secant(&mut self, low: Point, high: Point) -> Result<(Point, Point), Leave> {
        let step = secant(low, high);
        let (new_low, new_high) = self.update(low, high, step)?;
        if new_high.step == step {
            self.update(new_low, new_high, secant(high, new_high))
        } else if new_low.step == step {
            self.update(new_low, new_high, secant(low, new_low))
        } else {
            Ok((new_low, new_high))
        }
    }
}

impl Point {
    fn ended(self, ending: Ending) -> Searched {
        Searched { step: self.step, value: self.value, slope: self.slope, ending }
    }
}

/// The zero of the line through two slopes.
fn secant(a: Point, b: Point) -> f64 {
    (a.step * b.slope - b.step * a.slope) / (b.slope - a.slope)
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: HagerZhang =
        HagerZhang { sufficient_decrease: 0.1, curvature: 0.9, slack: 1e-6, max_evaluations: 50 };

    fn search(search: HagerZhang, f: impl Fn(f64) -> (f64, f64), first: f64) -> (Searched, usize) {
        let mut count = 0;
        let searched = search.search(f(0.0), first, |step| {
            count += 1;
            Ok(f(step))
        });
        (searched.unwrap(), count)
    }

    #[test]
    fn wolfe_from_first_steps_of_any_size() {
        let functions: [fn(f64) -> (f64, f64); 3] = [
            |t| (-t / (t * t + 2.0), (t * t - 2.0) / (t * t + 2.0).powi(2)),
            |t| ((t - 3.0).powi(4), 4.0 * (t - 3.0).powi(3)),
            |t| ((t - 1.0).exp() - 2.0 * t, (t - 1.0).exp() - 2.0),
        ];
        for f in functions {
            for exponent in [-4, -1, 0, 2, 3] {
                let strict = HagerZhang { curvature: 0.1, ..USUAL };
                let (end, count) = search(strict, f, 10f64.powi(exponent));
                assert_eq!(end.ending, Ending::StrongWolfe);
                assert!(end.value < f(0.0).0, "{end:?}");
                assert!(end.slope.abs() <= 0.1 * f(0.0).1.abs());
                assert!(count <= 25, "{count} evaluations from 1e{exponent}");
            }
        }
    }

    #[test]
    fn ends_where_differences_of_values_are_lost_in_rounding() {
        // 1 + t^2 - 2e-9 t: all values near the minimizer 1e-9 are exactly 1.
        let f = |t: f64| (1.0 + t * t - 2e-9 * t, 2.0 * t - 2e-9);
        let (end, count) = search(HagerZhang { curvature: 0.01, ..USUAL }, f, 1e-8);
        assert_eq!(end.ending, Ending::StrongWolfe);
        assert!((end.step / 1e-9 - 1.0).abs() < 0.02 && count <= 3, "{} {count}", end.step);
    }

    #[test]
    fn backs_out_of_an_undefined_region() {
        for edge in [1e-6, 0.3, 0.999] {
            let barrier = |t: f64| {
                let room = edge - t;
                if room > 0.0 {
                    (-t / edge - 0.1 * (room / edge).ln(), -1.0 / edge + 0.1 / room)
                } else {
                    (f64::INFINITY, f64::NAN)
                }
            };
            let (end, _) = search(HagerZhang { curvature: 0.1, ..USUAL }, barrier, 1.0);
            assert_eq!(end.ending, Ending::StrongWolfe, "edge {edge}");
            assert!((end.step / edge - 0.9).abs() < 0.05, "{} of {edge}", end.step);
        }
    }

    #[test]
    fn gives_up_where_nothing_is_lower() {
        let undefined = |t: f64| if t == 0.0 { (0.0, -1.0) } else { (f64::INFINITY, f64::NAN) };
        let falling = |t: f64| (-t, -1.0);
        for f in [undefined, falling] {
            let (end, count) = search(USUAL, f, 1.0);
            assert_eq!((end.ending, count), (Ending::Exhausted, USUAL.max_evaluations));
        }
        // Rises at once although the slope says otherwise: the interval closes at the origin.
        let patient = HagerZhang { max_evaluations: 5000, ..USUAL };
        let higher = |t: f64| if t == 0.0 { (0.0, -1.0) } else { (1.0, -1.0) };
        let (end, count) = search(patient, higher, 1.0);
        assert_eq!((end.ending, end.step), (Ending::Exhausted, 0.0));
        assert!(count < 1200, "{count}");
    }

    #[test]
    fn a_stop_is_passed_on() {
        let stopped = USUAL.search((0.0, -1.0), 1.0, |_| Err(Stop::Interrupted));
        assert_eq!(stopped, Err(Stop::Interrupted));
    }
}
