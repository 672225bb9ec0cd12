//! Objectives that fell without end: a test on changes is met wherever rounding ends such a run.

use super::Evaluator;

/// An objective that has fallen by this many times its first size has fallen without end.
const TOO_FAR: f64 = 1e10;
/// By this many times, if its gradient is known and has not become small.
const TOO_FAR_AND_STEEP: f64 = 1e7;
/// So far below zero no test on changes will end a run: nothing changes any more but the size.
const ENDLESS: f64 = 1e100;
/// A parameter that has changed by this many times the size of the start has gone far.
const FAR: f64 = 10.0;
/// The part of the first slope, and of the mean slope on the way, that is left at most where there is a minimum.
const LEFT: f64 = 0.1;

/// How large the objective is at the beginning of a run.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FirstSize {
    /// At the first point.
    value: f64,
    /// At the largest of the first points.
    around: f64,
    /// The largest entry of the first gradient that is not zero.
    slope: f64,
}

impl FirstSize {
    /// Take in values, and the entries of gradients at the same points.
    #[inline]
    pub fn note(&mut self, values: &[f64], gradients: &[f64]) {
        if self.around == 0.0 {
            self.value = largest(&values[..values.len().min(1)]);
        }
        self.around = largest(values).max(self.around);
        if self.slope == 0.0 {
            self.slope = largest(gradients);
        }
    }

    /// The size: what the objective changes by over a distance like that of the start from zero, and at least 1.
    fn around(&self, start: &[f64]) -> f64 {
        let size = match self.slope {
            0.0 => self.around,
            slope => self.value.max(slope * (1.0 + largest(start))),
        };
        size.max(1.0)
    }
}

impl Evaluator<'_> {
    /// Whether the points are still the first ones: a step along each variable and back, and a few more.
    #[inline]
    pub(super) fn is_at_first_points(&self) -> bool {
        self.counts.fun <= 2 * self.best.x.len() as u64 + 2
    }

    /// Why a point at which a run ended is no minimum: the objective is negative, and larger by far than it was at the first points,
    /// some parameter went far where no bound ends its way, and the gradient, if it is known, has not become small.
    pub fn why_no_minimum(
        &self,
        x: &[f64],
        value: f64,
        gradient: Option<&[f64]>,
    ) -> Option<String> {
        let size = self.first_size.around(self.space.start());
        let way: f64 = x.iter().zip(self.space.start()).map(|(x, start)| (x - start).abs()).sum();
        // Where an objective becomes linear, the slope may be a small part of the first one, and stay that for ever.
        let usual = self.first_size.slope.min(-value / way);
        let is_flat = gradient.map(|gradient| self.slope(x, gradient) <= LEFT * usual);
        let too_far = if is_flat == Some(false) { TOO_FAR_AND_STEEP } else { TOO_FAR };
        if -value <= too_far * size || is_flat == Some(true) || !self.went_where_no_bound_is(x) {
            return None;
        }
        let (value, side) = if self.maximize { (-value, "above") } else { (value, "below") };
        Some(format!(
            "the objective seems to be unbounded {side}: it has come to {value:.1e} from a size of {size:.1e}"
        ))
    }

    /// Whether the objective has come so far down that it will not come to an end.
    #[inline]
    pub(super) fn is_endless(&self, x: &[f64], value: f64) -> bool {
        value < -ENDLESS
            && (value == f64::NEG_INFINITY
                || value < -ENDLESS * self.first_size.around(self.space.start())
                    && self.went_where_no_bound_is(x))
    }

    fn bounds_of(&self, i: usize) -> (f64, f64) {
        let side = |side: Option<&[f64]>, open: f64| side.map_or(open, |side| side[i]);
        (side(self.space.lower(), f64::NEG_INFINITY), side(self.space.upper(), f64::INFINITY))
    }

    /// The largest entry of the projected gradient: how far the way downhill leads within the bounds.
    fn slope(&self, x: &[f64], gradient: &[f64]) -> f64 {
        let way = |(i, g): (usize, &f64)| {
            let (lower, upper) = self.bounds_of(i);
            g.abs().min(if *g > 0.0 { x[i] - lower } else { upper - x[i] })
        };
        gradient.iter().enumerate().map(way).fold(0.0, f64::max)
    }

    fn went_where_no_bound_is(&self, x: &[f64]) -> bool {
        let start = self.space.start();
        let far = FAR * (1.0 + largest(start));
        x.iter().zip(start).enumerate().any(|(i, (x, start))| {
            let (lower, upper) = self.bounds_of(i);
            (x - start > far && upper.is_infinite()) || (start - x > far && lower.is_infinite())
        })
    }
}

/// The largest of the sizes that are finite.
#[inline]
fn largest(numbers: &[f64]) -> f64 {
    let sizes = numbers.iter().map(|number| number.abs());
    sizes.filter(|size| size.is_finite()).fold(0.0, f64::max)
}
