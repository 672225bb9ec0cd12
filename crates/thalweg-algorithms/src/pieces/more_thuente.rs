//! The line search of Moré and Thuente: a step of sufficient decrease along which the slope has become small.
//!
//! Looks for a step t > 0 with `f(t) <= f(0) + mu t f'(0)` and `|f'(t)| <= eta |f'(0)|` (the strong Wolfe conditions) by
//! safeguarded cubic and quadratic interpolation in an interval that is sure to hold such a step once it is bracketed.
//!
//! | code | paper | meaning |
//! |---|---|---|
//! | `best` | alpha_l | the end of the interval with the least value |
//! | `other` | alpha_u | the other end; equal to `best` at 0 until there is one |
//! | `trial` | alpha_t | the step just evaluated |
//! | `tilt` | mu f'(0) | the slope subtracted in stage 1: psi(t) = f(t) - f(0) - mu t f'(0) |
//!
//! Difference from the paper: a trial whose value or slope is not finite counts as the far end of the bracket, and the next
//! trial is a fixed part of the way to it, so that the search backs out of a region where the objective is undefined.
//!
//! Reference: J. J. Moré, D. J. Thuente, Line search algorithms with guaranteed sufficient decrease, ACM Trans. Math. Softw.
//! 20 (1994), <https://doi.org/10.1145/192115.192132>

use thalweg_core::Stop;

/// Before there is a bracket, the next trial lies between these multiples of the last move beyond the trial.
const EXTRAPOLATION: (f64, f64) = (1.1, 4.0);
/// A bracket that did not shrink to this part in two trials is bisected.
const SUFFICIENT_SHRINKAGE: f64 = 0.66;
/// The part of the way from the best step to a trial without a finite value at which the search goes on.
const BACK_OFF: f64 = 0.2;

/// The constants of the search.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MoreThuente {
    /// mu: the part of the decrease predicted by the slope that has to be attained.
    pub sufficient_decrease: f64,
    /// eta: the part of the slope's size that may be left.
    pub curvature: f64,
    /// The width of the bracket, relative to its upper end, at which the best step is taken as it is.
    pub width: f64,
    /// The largest number of evaluations.
    pub max_evaluations: usize,
}

/// Why a search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Both conditions hold.
    StrongWolfe,
    /// Both conditions of a search that asks nothing of rising slopes hold.
    Wolfe,
    /// The largest step gives sufficient decrease, and the function still falls there.
    AtMaxStep,
    /// The bracket is too narrow to go on: the best step is taken.
    Narrow,
    /// The evaluations are used up.
    Exhausted,
}

/// The last step of a search.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Searched {
    /// The step.
    pub step: f64,
    /// The value there.
    pub value: f64,
    /// The slope there.
    pub slope: f64,
    /// Why the search ended. Unless it is [`Ending::Exhausted`], the step is the one evaluated last.
    pub ending: Ending,
}

/// A step with its value and slope.
#[derive(Clone, Copy, Debug)]
struct Point {
    step: f64,
    value: f64,
    slope: f64,
}

impl Point {
    fn tilted(self, tilt: f64) -> Point {
        Point { value: self.value - self.step * tilt, slope: self.slope - tilt, step: self.step }
    }

    fn is_finite(self) -> bool {
        self.value.is_finite() && self.slope.is_finite()
    }
}

/// The two ends of the interval of uncertainty.
#[derive(Debug)]
struct Interval {
    best: Point,
    other: Point,
    bracketed: bool,
}

impl MoreThuente {
    /// Search from a point with `value` and `slope` (negative) along a line.
    ///
    /// `first` is the first trial, at most `max_step`; `evaluate` gives value and slope at a step.
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
        let origin = Point { step: 0.0, value, slope };
        let tilt = self.sufficient_decrease * slope;
        let mut interval = Interval { best: origin, other: origin, bracketed: false };
        let mut in_stage_two = false;
        let (mut width, mut width_before) = (max_step, 2.0 * max_step);
        let (mut low, mut high) = (0.0, first + EXTRAPOLATION.1 * first);
        let mut trial = Point { step: first, value, slope };

        for _ in 0..self.max_evaluations {
            (trial.value, trial.slope) = evaluate(trial.step)?;
            let target = value + trial.step * tilt;
            if trial.is_finite() {
                let ending = if interval.bracketed
                    && (trial.step <= low || trial.step >= high || self.is_narrow(low, high))
                {
                    Some(Ending::Narrow)
                } else if trial.value <= target && trial.slope.abs() <= self.curvature * -slope {
                    Some(Ending::StrongWolfe)
                } else if trial.step == max_step && trial.value <= target && trial.slope <= tilt {
                    Some(Ending::AtMaxStep)
                } else {
                    None
                };
                if let Some(ending) = ending {
                    return Ok(trial.ended(ending));
                }
            }

            // Stage 2 starts at the first step that decreases psi and where the function rises: f itself is then interpolated.
            in_stage_two |= trial.value <= target && trial.slope >= 0.0;
            let use_psi =
                !in_stage_two && trial.value <= interval.best.value && trial.value > target;
            let mut next = interval.advance(trial, if use_psi { tilt } else { 0.0 }, (low, high));

            if interval.bracketed {
                let span = (interval.other.step - interval.best.step).abs();
                if trial.is_finite() && span >= SUFFICIENT_SHRINKAGE * width_before {
                    next = interval.middle();
                }
                (width_before, width) = (width, span);
                low = interval.best.step.min(interval.other.step);
                high = interval.best.step.max(interval.other.step);
            } else {
                let (least, most) = EXTRAPOLATION;
                low = next + least * (next - interval.best.step);
                high = next + most * (next - interval.best.step);
            }
            next = next.clamp(0.0, max_step);
            if interval.bracketed && (next <= low || next >= high || self.is_narrow(low, high)) {
                next = interval.best.step;
                if next == trial.step {
                    // The best step is the one just evaluated: no need to ask again.
                    return Ok(trial.ended(Ending::Narrow));
                }
            }
            trial.step = next;
        }
        Ok(trial.ended(Ending::Exhausted))
    }

    fn is_narrow(&self, low: f64, high: f64) -> bool {
        high - low <= self.width * high
    }
}

impl Point {
    fn ended(self, ending: Ending) -> Searched {
        Searched { step: self.step, value: self.value, slope: self.slope, ending }
    }
}

impl Interval {
    fn middle(&self) -> f64 {
        self.best.step + 0.5 * (self.other.step - self.best.step)
    }

    /// Take in the trial and propose the next one (section 4 of the paper), using `f(t) - tilt t` for both decisions.
    fn advance(&mut self, trial: Point, tilt: f64, (low, high): (f64, f64)) -> f64 {
        if !trial.is_finite() {
            (self.other, self.bracketed) = (trial, true);
            return self.best.step + BACK_OFF * (trial.step - self.best.step);
        }
        let (best, other, new) =
            (self.best.tilted(tilt), self.other.tilted(tilt), trial.tilted(tilt));
        let slopes_differ = new.slope * best.slope.signum() < 0.0;
        let mut next;
        if new.value > best.value {
            // Case 1, a higher value: a minimum lies between. The cubic step, or halfway from it to the quadratic one.
            let (cubic, _) = cubic_minimizer(best, new);
            let span = new.step - best.step;
            let fall = (best.value - new.value) / span + best.slope;
            let quadratic = best.step + best.slope / fall / 2.0 * span;
            next = if (cubic - best.step).abs() < (quadratic - best.step).abs() {
                cubic
            } else {
                cubic + (quadratic - cubic) / 2.0
            };
            self.bracketed = true;
        } else if slopes_differ {
            // Case 2, a lower value and a slope of the other sign: whichever step is farther from the trial.
            let (cubic, _) = cubic_minimizer(new, best);
            next = farther(new.step, cubic, secant(new, best));
            self.bracketed = true;
        } else if new.slope.abs() < best.slope.abs() {
            // Case 3, a lower value and a smaller slope of the same sign: the cubic may have no minimum beyond the trial.
            let (mut cubic, beyond) = cubic_minimizer(new, best);
            if !beyond {
                cubic = if new.step > best.step { high } else { low };
            }
            let quadratic = secant(new, best);
            if self.bracketed {
                next = nearer(new.step, cubic, quadratic);
                let limit = new.step + SUFFICIENT_SHRINKAGE * (other.step - new.step);
                next = if new.step > best.step { next.min(limit) } else { next.max(limit) };
            } else {
                next = farther(new.step, cubic, quadratic).min(high).max(low);
            }
        } else if self.bracketed {
            // Case 4, the slope does not shrink: the cubic through the trial and the other end.
            (next, _) = cubic_minimizer(new, other);
        } else {
            next = if new.step > best.step { high } else { low };
        }

        if new.value > best.value {
            self.other = trial;
        } else {
            if slopes_differ {
                self.other = self.best;
            }
            self.best = trial;
        }
        if next.is_finite() { next } else { self.middle() }
    }
}

/// The minimizer of the cubic with the values and slopes of `from` and `to`, and whether it lies on the far side of `from`.
fn cubic_minimizer(from: Point, to: Point) -> (f64, bool) {
    let span = to.step - from.step;
    let theta = 3.0 * (from.value - to.value) / span + from.slope + to.slope;
    let scale = theta.abs().max(from.slope.abs()).max(to.slope.abs());
    let discriminant = (theta / scale).powi(2) - (from.slope / scale) * (to.slope / scale);
    let root = scale * discriminant.max(0.0).sqrt();
    let gamma = if span < 0.0 { -root } else { root };
    let ratio = ((gamma - from.slope) + theta) / (((gamma - from.slope) + gamma) + to.slope);
    (from.step + ratio * span, ratio < 0.0 && gamma != 0.0)
}

/// The zero of the line through two slopes: the minimizer of the quadratic that interpolates them.
fn secant(from: Point, to: Point) -> f64 {
    from.step + from.slope / (from.slope - to.slope) * (to.step - from.step)
}

/// Whichever of `a` and `b` is nearer to `from`; `b` when they are equally near.
fn nearer(from: f64, a: f64, b: f64) -> f64 {
    if (a - from).abs() < (b - from).abs() { a } else { b }
}

/// Whichever of `a` and `b` is farther from `from`; `b` when they are equally far.
fn farther(from: f64, a: f64, b: f64) -> f64 {
    if (a - from).abs() > (b - from).abs() { a } else { b }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: MoreThuente = MoreThuente {
        sufficient_decrease: 1e-3,
        curvature: 0.1,
        width: 1e-10,
        max_evaluations: 40,
    };

    fn search(f: impl Fn(f64) -> (f64, f64), first: f64, max_step: f64) -> (Searched, usize) {
        let mut count = 0;
        let searched = USUAL
            .search(f(0.0), first, max_step, |step| {
                assert!((0.0..=max_step).contains(&step));
                count += 1;
                Ok(f(step))
            })
            .unwrap();
        (searched, count)
    }

    /// The functions 1 to 3 of the paper's section 5.
    fn paper(which: usize, t: f64) -> (f64, f64) {
        match which {
            1 => (-t / (t * t + 2.0), (t * t - 2.0) / (t * t + 2.0).powi(2)),
            2 => {
                let u = t + 0.004;
                (u.powi(5) - 2.0 * u.powi(4), 5.0 * u.powi(4) - 8.0 * u.powi(3))
            }
            _ => (t * t - 0.5 * t + 0.1 * (7.0 * t).cos(), 2.0 * t - 0.5 - 0.7 * (7.0 * t).sin()),
        }
    }

    #[test]
    fn strong_wolfe_from_first_steps_of_any_size() {
        for which in 1..=3 {
            for exponent in [-3, -1, 1, 3] {
                let f = |t| paper(which, t);
                let (end, count) = search(f, 10f64.powi(exponent), 1e10);
                assert_eq!(end.ending, Ending::StrongWolfe, "function {which} from 1e{exponent}");
                assert!(end.value <= f(0.0).0 + 1e-3 * end.step * f(0.0).1);
                assert!(end.slope.abs() <= 0.1 * f(0.0).1.abs());
                assert!(count <= 12, "{count} evaluations for function {which} from 1e{exponent}");
            }
        }
    }

    #[test]
    fn the_largest_step_is_taken_where_the_function_keeps_falling() {
        let (end, count) = search(|t| (-t, -1.0), 1.0, 3.0);
        assert_eq!((end.ending, end.step, count), (Ending::AtMaxStep, 3.0, 2));
    }

    #[test]
    fn backs_out_of_an_undefined_region() {
        for edge in [1e-6, 0.3, 0.999] {
            // log barrier: infinite from `edge` on.
            let barrier = |t: f64| {
                let room = edge - t;
                if room > 0.0 {
                    (-t / edge - 0.1 * (room / edge).ln(), -1.0 / edge + 0.1 / room)
                } else {
                    (f64::INFINITY, f64::NAN)
                }
            };
            let (end, _) = search(barrier, 1.0, 1e10);
            assert_eq!(end.ending, Ending::StrongWolfe, "edge {edge}");
            assert!((end.step / edge - 0.9).abs() < 0.05, "{} of {edge}", end.step);
        }
    }

    #[test]
    fn gives_up_where_nothing_is_lower() {
        let everywhere_higher = |t: f64| if t == 0.0 { (0.0, -1.0) } else { (1.0, -1.0) };
        assert_ne!(search(everywhere_higher, 1.0, 10.0).0.ending, Ending::StrongWolfe);
        let (end, count) =
            search(|t| (if t == 0.0 { 0.0 } else { f64::INFINITY }, -1.0), 1.0, 10.0);
        assert_eq!((end.ending, count), (Ending::Exhausted, USUAL.max_evaluations));
    }

    #[test]
    fn a_stop_is_passed_on() {
        let stopped = USUAL.search((0.0, -1.0), 1.0, 2.0, |_| Err(Stop::Interrupted));
        assert_eq!(stopped, Err(Stop::Interrupted));
    }
}
