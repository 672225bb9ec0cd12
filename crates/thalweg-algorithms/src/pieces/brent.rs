//! The minimum of a function of one variable without derivatives: a bracket, then Brent's mixture of parabolas and golden sections.
//!
//! Values may be infinite (where the objective is undefined), but are never NaN.
//!
//! References:
//! * R. P. Brent, Algorithms for Minimization without Derivatives (1973), chapter 5
//! * W. H. Press and others, Numerical Recipes, section 10.1 (the bracket: downhill by parabolas, at most 110 times as far as last time)

use thalweg_core::Stop;

/// The ratio of the golden section, by which a bracket grows.
const GROWTH: f64 = 1.618034;
/// How much further than the last step a parabola may lead.
const LONGEST_STEP: f64 = 110.0;
/// Divisor of a parabola that is a straight line.
const TINY: f64 = 1e-21;

/// A point on the line and the value there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// The place on the line.
    pub at: f64,
    /// The value.
    pub value: f64,
}

/// Three points of which the middle one is the lowest, or the reason why there are none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bracket {
    /// A minimum lies between the first and the last; the middle one is strictly below one of them, and not above the other.
    Found([Sample; 3]),
    /// The function does not fall in this neighbourhood: the best point that was seen.
    Flat(Sample),
    /// The function falls as far as numbers reach: the best point that was seen.
    Endless(Sample),
}

/// Walk downhill from `start` (whose value is known) with the first step to `start.at + 1`.
///
/// # Errors
/// [`Stop`] when the run has to end.
pub fn bracket(
    start: Sample,
    mut value: impl FnMut(f64) -> Result<f64, Stop>,
) -> Result<Bracket, Stop> {
    let mut sample = |at: f64| -> Result<Sample, Stop> {
        Ok(Sample { at, value: if at.is_finite() { value(at)? } else { f64::INFINITY } })
    };
    let (mut a, mut b) = (start, sample(start.at + 1.0)?);
    if a.value < b.value {
        (a, b) = (b, a);
    }
    let mut c = sample(b.at + GROWTH * (b.at - a.at))?;
    while c.value < b.value {
        let next = parabola(a, b, c);
        let limit = b.at + LONGEST_STEP * (c.at - b.at);
        let golden = c.at + GROWTH * (c.at - b.at);
        let mut w;
        if (next - c.at) * (b.at - next) > 0.0 {
            w = sample(next)?;
            if w.value < c.value {
                (a, b) = (b, w);
                break;
            } else if w.value > b.value {
                c = w;
                break;
            }
            w = sample(golden)?;
        } else if (next - limit) * (limit - c.at) >= 0.0 {
            w = sample(limit)?;
        } else if (next - limit) * (c.at - next) > 0.0 {
            w = sample(next)?;
            if w.value < c.value {
                (b, c) = (c, w);
                w = sample(c.at + GROWTH * (c.at - b.at))?;
            }
        } else {
            w = sample(golden)?;
        }
        if !w.at.is_finite() {
            return Ok(Bracket::Endless(c));
        }
        (a, b, c) = (b, c, w);
    }
    let lowest_between =
        (b.value < c.value && b.value <= a.value) || (b.value < a.value && b.value <= c.value);
    if lowest_between && (b.at - a.at) * (c.at - b.at) > 0.0 {
        return Ok(Bracket::Found([a, b, c]));
    }
    // On ties the start is preferred: a step that gains nothing is not taken.
    let better = |best: Sample, other: Sample| if other.value < best.value { other } else { best };
    Ok(Bracket::Flat([a, b, c].into_iter().fold(start, better)))
}

/// The vertex of the parabola through three points.
fn parabola(a: Sample, b: Sample, c: Sample) -> f64 {
    let left = (b.at - a.at) * (b.value - c.value);
    let right = (b.at - c.at) * (b.value - a.value);
    let difference = right - left;
    let divisor = if difference.abs() < TINY { 2.0 * TINY } else { 2.0 * difference };
    b.at - ((b.at - c.at) * right - (b.at - a.at) * left) / divisor
}

/// How precisely the minimum is wanted: to `relative |x| + absolute`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Brent {
    /// Relative to the place of the minimum.
    pub relative: f64,
    /// Absolute.
    pub absolute: f64,
    /// The part of the larger half that a golden section step goes: (3 - sqrt 5) / 2.
    pub golden: f64,
    /// The largest number of evaluations.
    pub max_evaluations: usize,
}

impl Brent {
    /// The lowest point found between `low` and `high`, from the known `start` between them.
    ///
    /// # Errors
    /// [`Stop`] when the run has to end.
    pub fn minimize(
        &self,
        (low, high): (f64, f64),
        start: Sample,
        mut value: impl FnMut(f64) -> Result<f64, Stop>,
    ) -> Result<Sample, Stop> {
        let (mut a, mut b) = (low, high);
        // The best point, the second best, and the one that was second best before it.
        let (mut x, mut w, mut v) = (start, start, start);
        let (mut step, mut step_before_last) = (0.0_f64, 0.0_f64);
        for _ in 0..self.max_evaluations {
            let middle = 0.5 * (a + b);
            let tolerance = self.relative * x.at.abs() + self.absolute;
            if (x.at - middle).abs() <= 2.0 * tolerance - 0.5 * (b - a) {
                break;
            }
            let parabolic = (step_before_last.abs() > tolerance)
                .then(|| parabolic_step(x, w, v, (a, b), step_before_last))
                .flatten();
            step_before_last = step;
            step = match parabolic {
                Some(step) => {
                    let at = x.at + step;
                    // Not too close to the ends, where the parabola says little.
                    if at - a < 2.0 * tolerance || b - at < 2.0 * tolerance {
                        if middle >= x.at { tolerance } else { -tolerance }
                    } else {
                        step
                    }
                }
                None => {
                    step_before_last = if x.at >= middle { a - x.at } else { b - x.at };
                    self.golden * step_before_last
                }
            };
            let at = x.at + if step >= 0.0 { step.max(tolerance) } else { step.min(-tolerance) };
            let u = Sample { at, value: value(at)? };
            if u.value <= x.value {
                if u.at >= x.at {
                    a = x.at
                } else {
                    b = x.at
                }
                (v, w, x) = (w, x, u);
            } else {
                if u.at < x.at {
                    a = u.at
                } else {
                    b = u.at
                }
                if u.value <= w.value || w.at == x.at {
                    (v, w) = (w, u);
                } else if u.value <= v.value || v.at == x.at || v.at == w.at {
                    v = u;
                }
            }
        }
        Ok(x)
    }
}

/// The step to the vertex of the parabola through the three points, if it stays between the ends and is less than half of the step
/// before last. Values that are infinite give no such step.
fn parabolic_step(
    x: Sample,
    w: Sample,
    v: Sample,
    (a, b): (f64, f64),
    step_before_last: f64,
) -> Option<f64> {
    let from_w = (x.at - w.at) * (x.value - v.value);
    let from_v = (x.at - v.at) * (x.value - w.value);
    let mut numerator = (x.at - v.at) * from_v - (x.at - w.at) * from_w;
    let divisor = 2.0 * (from_v - from_w);
    if divisor > 0.0 {
        numerator = -numerator;
    }
    let divisor = divisor.abs();
    let inside = numerator > divisor * (a - x.at) && numerator < divisor * (b - x.at);
    let shorter = numerator.abs() < (0.5 * divisor * step_before_last).abs();
    (inside && shorter).then(|| numerator / divisor)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BRENT: Brent =
        Brent { relative: 1e-9, absolute: 1e-11, golden: 0.381966, max_evaluations: 500 };

    fn found(f: impl Fn(f64) -> f64) -> [Sample; 3] {
        let start = Sample { at: 0.0, value: f(0.0) };
        match bracket(start, |x| Ok(f(x))).unwrap() {
            Bracket::Found(points) => points,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_bracket_encloses_the_minimum_on_either_side_and_far_away() {
        for minimum in [-3e5, -2.0, 0.3, 0.999, 40.0, 1e7] {
            let [a, b, c] = found(|x| (x - minimum).powi(2));
            let (low, high) = (a.at.min(c.at), a.at.max(c.at));
            assert!(low < minimum && minimum < high, "{minimum} is not in ({low}, {high})");
            assert!(b.value <= a.value && b.value <= c.value);
        }
    }

    #[test]
    fn what_has_no_bracket_is_said() {
        let at_zero = |value: f64| Sample { at: 0.0, value };
        assert_eq!(bracket(at_zero(3.0), |_| Ok(3.0)), Ok(Bracket::Flat(at_zero(3.0))));
        let wall = bracket(at_zero(3.0), |_| Ok(f64::INFINITY)).unwrap();
        assert!(matches!(wall, Bracket::Found([_, b, _]) if b == at_zero(3.0)), "{wall:?}");
        let falling = bracket(at_zero(0.0), |x| Ok(-x)).unwrap();
        assert!(matches!(falling, Bracket::Endless(best) if best.value < -1e200), "{falling:?}");
    }

    #[test]
    fn the_minimum_is_found_to_the_tolerance_with_few_evaluations() {
        let f = |x: f64| x.powi(4) - 2.0 * x + (0.3 * x).cos();
        let slope = |x: f64| 4.0 * x.powi(3) - 2.0 - 0.3 * (0.3 * x).sin();
        let mut count = 0;
        let start = Sample { at: -1.0, value: f(-1.0) };
        let least = BRENT.minimize((-5.0, 5.0), start, |x| {
            count += 1;
            Ok(f(x))
        });
        let least = least.unwrap();
        assert!(slope(least.at).abs() < 1e-6, "{least:?}");
        assert!(count < 40, "{count}");
    }

    #[test]
    fn edges_kinks_and_undefined_parts_are_no_obstacle() {
        let start = |f: &dyn Fn(f64) -> f64| Sample { at: 1.0, value: f(1.0) };
        let cases: [(&dyn Fn(f64) -> f64, f64); 3] = [
            (&|x: f64| x, -1.0),
            (&|x: f64| (x - 0.25).abs(), 0.25),
            (&|x: f64| if x < 0.5 { f64::INFINITY } else { x }, 0.5),
        ];
        for (f, expected) in cases {
            let least = BRENT.minimize((-1.0, 3.0), start(f), |x| Ok(f(x))).unwrap();
            assert!((least.at - expected).abs() < 1e-7, "{least:?} instead of {expected}");
        }
    }
}
