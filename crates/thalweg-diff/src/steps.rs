//! Step sizes, and how they are made to fit between bounds.
//!
//! *Size.* Without an explicit step, `h_j = eps^a * max(|x_j|, 0.1) * scaling_factor_j`; the
//! exponent depends on the rule. An optimal step balances the truncation error `O(h^p)` against
//! the rounding error `O(eps / h^q)` of a q-th derivative, which gives `a = 1 / (p + q)`. With K
//! steps `h r^k` and Richardson extrapolation the truncation error is the product of the steps to
//! the power p, so `h^(pK+1) = eps * r^(-p K (K-1) / 2)`.
//!
//! *Placement.* [`place`] puts the steps of one parameter into the room that its bounds leave:
//!
//! 1. the requested side (or both), if the longest step fits;
//! 2. with `min_steps`: both sides, squeezed to the narrower one, but not below the minimum;
//! 3. otherwise the side with more room, at full length, or squeezed down to the minimum;
//! 4. of several steps, those that fit;
//! 5. when nothing fits: the whole room of that side (the largest feasible one-sided step);
//! 6. no room at all: the parameter is fixed, its derivative is 0 by definition.
//!
//! *Differences from optimagic.* It raises when an interval is narrower than two minimal steps and
//! gives NaN when no step fits; rules 5 and 6 replace both. For a central difference at a bound
//! with `min_steps` it squeezes to the minimum, although one side has room for the full step; here
//! the full step is taken on that side.
//!
//! References: Gill, Murray, Wright (1981), *Practical Optimization*, section 8.6;
//! Press et al. (2007), *Numerical Recipes*, section 5.7 (exactly representable steps).

use crate::error::DiffError;
use crate::options::{DiffOptions, StepRule, Steps};

/// Parameters nearer to zero than this get the step of this magnitude.
const SMALLEST_SCALE: f64 = 0.1;

/// eps^(1/2), exactly 2^-26.
const SQRT_EPSILON: f64 = 1.0 / (1_u64 << 26) as f64;

/// eps^(1/3) as the reference has it. A constant, because `powf` differs between platforms in the
/// last bit, which shows in second derivatives.
const CBRT_EPSILON: f64 = 6.055454452393343e-6;

/// What the step rule needs to know about the formula.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Accuracy {
    /// 1 for first, 2 for second derivatives.
    pub derivative_order: i32,
    /// Order of the truncation error in the step.
    pub error_order: i32,
}

/// Bounds on the parameters, lower and upper; a missing side is unbounded, as is an infinite entry.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Bounds<'a> {
    /// Lower bounds, one per parameter.
    pub lower: Option<&'a [f64]>,
    /// Upper bounds, one per parameter.
    pub upper: Option<&'a [f64]>,
}

impl<'a> Bounds<'a> {
    /// No bounds.
    pub const NONE: Self = Self { lower: None, upper: None };

    /// Bounds on both sides.
    pub fn new(lower: &'a [f64], upper: &'a [f64]) -> Self {
        Self { lower: Some(lower), upper: Some(upper) }
    }
}

/// Bounds checked and owned. Infinite bounds become the largest finite numbers, so that a clamped
/// point is always finite.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    pub lower: Vec<f64>,
    pub upper: Vec<f64>,
}

impl Limits {
    /// `None` where nothing is bounded.
    pub(crate) fn new(bounds: Bounds<'_>, n: usize) -> Result<Option<Self>, DiffError> {
        let read = |side: Option<&[f64]>, argument, open: f64| match side {
            None => Ok(vec![open; n]),
            Some(values) if values.len() == n => {
                Ok(values.iter().map(|v| v.clamp(-f64::MAX, f64::MAX)).collect())
            }
            Some(values) => Err(DiffError::Length { argument, given: values.len(), expected: n }),
        };
        let lower = read(bounds.lower, "the lower bound", -f64::MAX)?;
        let upper = read(bounds.upper, "the upper bound", f64::MAX)?;
        for j in 0..n {
            let is_ordered = lower[j] <= upper[j];
            if !is_ordered {
                let (lower, upper) = (lower[j], upper[j]);
                return Err(DiffError::CrossedBounds { parameter: j, lower, upper });
            }
        }
        let open = lower.iter().all(|v| *v == -f64::MAX) && upper.iter().all(|v| *v == f64::MAX);
        Ok((!open).then_some(Self { lower, upper }))
    }

    pub(crate) fn check(&self, x: &[f64]) -> Result<(), DiffError> {
        let inside = |j: &usize| self.lower[*j] <= x[*j] && x[*j] <= self.upper[*j];
        match (0..x.len()).find(|j| !inside(j)) {
            None => Ok(()),
            Some(j) => Err(DiffError::OutsideBounds {
                parameter: j,
                value: x[j],
                lower: self.lower[j],
                upper: self.upper[j],
            }),
        }
    }

    /// Parameters whose bounds coincide.
    pub(crate) fn fixed(&self) -> Vec<usize> {
        (0..self.lower.len()).filter(|j| self.lower[*j] == self.upper[*j]).collect()
    }
}

/// `x` has the right length and is finite.
pub(crate) fn check_point(x: &[f64], n: usize) -> Result<(), DiffError> {
    if x.len() != n {
        return Err(DiffError::Shape { argument: "x", given: x.len(), expected: n });
    }
    match x.iter().position(|v| !v.is_finite()) {
        None => Ok(()),
        Some(j) => Err(DiffError::NotFinite { parameter: j, value: x[j] }),
    }
}

/// The length of the (smallest) step of each parameter, before bounds.
#[derive(Debug, Clone)]
pub(crate) struct StepSizes {
    /// Explicit steps times factors; empty where the rule decides.
    explicit: Vec<f64>,
    /// Coefficient of the rule times factors.
    relative: Vec<f64>,
    /// Coefficient of the rule.
    coefficient: f64,
    /// Smallest steps, empty without `min_steps`.
    min_steps: Vec<f64>,
    /// Round steps so that x + h is exactly representable.
    pub exact: bool,
}

impl StepSizes {
    pub(crate) fn new(
        options: &DiffOptions,
        accuracy: Accuracy,
        n: usize,
    ) -> Result<Self, DiffError> {
        let factors = options.scaling_factor.expand("scaling_factor", n)?;
        let expand = |steps: &Option<Steps>, argument| match steps {
            Some(steps) => steps.expand(argument, n),
            None => Ok(Vec::new()),
        };
        let mut explicit = expand(&options.step_size, "step_size")?;
        explicit.iter_mut().zip(&factors).for_each(|(step, factor)| *step *= factor);
        let min_steps = expand(&options.min_steps, "min_steps")?;
        for (j, (step, min_step)) in explicit.iter().zip(&min_steps).enumerate() {
            if step <= min_step {
                let (step, min_step) = (*step, *min_step);
                return Err(DiffError::StepBelowMinimum { parameter: j, step, min_step });
            }
        }
        Ok(Self {
            explicit,
            relative: factors,
            coefficient: coefficient(options, accuracy),
            min_steps,
            exact: options.step_rule == StepRule::Optimal,
        })
    }

    /// The step of parameter `j` at the value `x`.
    #[inline]
    pub(crate) fn at(&self, j: usize, x: f64) -> f64 {
        let magnitude = x.abs();
        let rule = self.coefficient * magnitude.max(SMALLEST_SCALE);
        let mut step = match self.explicit.get(j) {
            Some(step) => *step,
            None => {
                let step = rule * self.relative[j];
                self.min_steps.get(j).map_or(step, |smallest| step.max(*smallest))
            }
        };
        // A step that is lost in rounding would give the derivative 0, silently.
        if magnitude + step == magnitude {
            step = rule;
        }
        if self.exact { (magnitude + step) - magnitude } else { step }
    }

    /// The smallest step to which that of parameter `j` may be squeezed.
    #[inline]
    pub(crate) fn min_step(&self, j: usize) -> Option<f64> {
        self.min_steps.get(j).copied()
    }
}

/// The constant in front of `max(|x|, 0.1)`; see the head of this file.
fn coefficient(options: &DiffOptions, accuracy: Accuracy) -> f64 {
    match options.step_rule {
        StepRule::Reference if accuracy.derivative_order == 1 => SQRT_EPSILON,
        StepRule::Reference => CBRT_EPSILON,
        StepRule::Optimal => {
            let steps = options.n_steps as f64;
            let p = f64::from(accuracy.error_order);
            let order = p * steps + f64::from(accuracy.derivative_order);
            let spread = options.step_ratio.powf(-p * steps * (steps - 1.0) / 2.0);
            (f64::EPSILON * spread).powf(1.0 / order)
        }
    }
}

/// On which side of `x` a formula wants its points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sides {
    Plus,
    Minus,
    Both,
}

/// Where the differences of one parameter are taken.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stencil {
    /// Number of points above `x`.
    pub plus: usize,
    /// Number of points below `x`. Where both sides have points, they are symmetric.
    pub minus: usize,
    /// The smallest step; the others are longer by powers of the step ratio.
    pub step: f64,
    /// The bounds made the step shorter than asked for.
    pub shortened: bool,
}

impl Stencil {
    pub(crate) const FIXED: Self = Self { plus: 0, minus: 0, step: 0.0, shortened: false };

    pub(crate) fn full(sides: Sides, count: usize, step: f64) -> Self {
        let (plus, minus) = match sides {
            Sides::Plus => (count, 0),
            Sides::Minus => (0, count),
            Sides::Both => (count, count),
        };
        Self { plus, minus, step, shortened: false }
    }

    /// The bounds leave no room: the derivative with respect to this parameter is 0 by definition.
    pub fn is_fixed(&self) -> bool {
        self.plus == 0 && self.minus == 0
    }

    /// Number of points on both sides.
    pub fn n_points(&self) -> usize {
        self.plus + self.minus
    }

    /// Points exist on both sides of `x`.
    pub fn is_central(&self) -> bool {
        self.plus > 0 && self.minus > 0
    }
}

/// One parameter's value, step and room.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spot<'a> {
    pub x: f64,
    pub lower: f64,
    pub upper: f64,
    pub step: f64,
    pub min_step: Option<f64>,
    /// Multiples of the step at which points lie, increasing.
    pub multiples: &'a [f64],
}

/// Place the steps of one parameter between its bounds; see the head of this file.
pub(crate) fn place(sides: Sides, spot: &Spot<'_>) -> Stencil {
    let count = spot.multiples.len();
    let longest = spot.step * spot.longest_multiple();
    let (up, down) = (spot.upper - spot.x, spot.x - spot.lower);
    let full = match sides {
        Sides::Plus => longest <= up,
        Sides::Minus => longest <= down,
        Sides::Both => longest <= up && longest <= down,
    };
    if full {
        return Stencil::full(sides, count, spot.step);
    }
    if sides == Sides::Both {
        let room = up.min(down);
        let squeezed = room / spot.longest_multiple();
        let visible = spot.is_visible(squeezed) && spot.is_visible(-squeezed);
        if visible && spot.min_step.is_some_and(|smallest| squeezed >= smallest) {
            return Stencil { shortened: true, ..Stencil::full(sides, count, squeezed) };
        }
        // Extrapolation from two pairs beats one-sided differences.
        let pairs = spot.count_within(spot.step, room);
        if pairs >= 2 {
            return Stencil::full(sides, pairs, spot.step);
        }
    }
    let side = match sides {
        Sides::Minus if up > down => Sides::Plus,
        Sides::Minus => Sides::Minus,
        Sides::Both if longest <= up => Sides::Plus,
        Sides::Plus | Sides::Both if down > up => Sides::Minus,
        Sides::Plus | Sides::Both => Sides::Plus,
    };
    place_one_sided(side, spot)
}

/// Place the steps on one side, whatever its room.
pub(crate) fn place_one_sided(side: Sides, spot: &Spot<'_>) -> Stencil {
    let room = if side == Sides::Minus { spot.x - spot.lower } else { spot.upper - spot.x };
    if room <= 0.0 {
        return Stencil::FIXED;
    }
    let count = spot.multiples.len();
    let whole = room / spot.longest_multiple();
    if spot.step <= whole {
        return Stencil::full(side, count, spot.step);
    }
    let step = spot.min_step.map_or(spot.step, |smallest| whole.max(smallest));
    let fitting = if step == whole { count } else { spot.count_within(step, room) };
    let sign = if side == Sides::Minus { -1.0 } else { 1.0 };
    if fitting > 0 && spot.is_visible(sign * step) {
        return Stencil { shortened: step < spot.step, ..Stencil::full(side, fitting, step) };
    }
    // Nothing fits: the whole room, with fewer steps if the smallest would be lost in rounding.
    for (count, step) in [(count, whole), (1, room / spot.multiples[0])] {
        if spot.is_visible(sign * step) {
            return Stencil { shortened: true, ..Stencil::full(side, count, step) };
        }
    }
    Stencil::FIXED
}

impl Spot<'_> {
    fn longest_multiple(&self) -> f64 {
        self.multiples[self.multiples.len() - 1]
    }

    fn count_within(&self, step: f64, room: f64) -> usize {
        self.multiples.iter().take_while(|multiple| step * **multiple <= room).count()
    }

    /// The distance is not lost in rounding.
    fn is_visible(&self, distance: f64) -> bool {
        self.point(distance) != self.x
    }

    /// The point at the signed distance, inside the bounds whatever the rounding.
    #[inline]
    pub(crate) fn point(&self, distance: f64) -> f64 {
        (self.x + distance).clamp(self.lower, self.upper)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spot(lower: f64, upper: f64, min_step: Option<f64>) -> Spot<'static> {
        Spot { x: 1.0, lower, upper, step: 0.25, min_step, multiples: &[1.0] }
    }

    #[test]
    fn the_requested_side_is_used_while_it_fits() {
        let wide = spot(0.0, 2.0, None);
        for (sides, plus, minus) in [(Sides::Plus, 1, 0), (Sides::Minus, 0, 1), (Sides::Both, 1, 1)]
        {
            let expected = Stencil { plus, minus, step: 0.25, shortened: false };
            assert_eq!(place(sides, &wide), expected);
        }
    }

    #[test]
    fn a_short_side_gives_way_to_the_other() {
        let expected = Stencil { plus: 0, minus: 1, step: 0.25, shortened: false };
        assert_eq!(place(Sides::Plus, &spot(0.0, 1.125, None)), expected);
        assert_eq!(place(Sides::Both, &spot(0.0, 1.125, None)), expected);
    }

    #[test]
    fn min_steps_lets_central_steps_be_squeezed() {
        let stencil = place(Sides::Both, &spot(0.0, 1.125, Some(0.1)));
        assert_eq!(stencil, Stencil { plus: 1, minus: 1, step: 0.125, shortened: true });
    }

    #[test]
    fn a_narrow_interval_gives_its_larger_half_and_zero_width_nothing() {
        let stencil = place(Sides::Both, &spot(0.875, 1.0625, None));
        assert_eq!(stencil, Stencil { plus: 0, minus: 1, step: 0.125, shortened: true });
        assert!(place(Sides::Plus, &spot(1.0, 1.0, None)).is_fixed());
    }

    #[test]
    fn of_several_steps_those_that_fit_are_kept() {
        let multiples = &[1.0, 2.0, 4.0];
        let spot = Spot { multiples, ..spot(0.4, 1.6, None) };
        let pairs = place(Sides::Both, &spot);
        assert_eq!((pairs.plus, pairs.minus, pairs.step), (2, 2, 0.25));
        assert_eq!(place(Sides::Plus, &spot).plus, 2);
    }

    #[test]
    fn a_step_lost_in_rounding_is_replaced() {
        let options = DiffOptions { step_size: Some(1e-10.into()), ..DiffOptions::default() };
        let accuracy = Accuracy { derivative_order: 1, error_order: 2 };
        let sizes = StepSizes::new(&options, accuracy, 1).unwrap();
        assert_eq!(sizes.at(0, 1.0), 1e-10);
        assert_eq!(sizes.at(0, 1e8), 1e8 * f64::EPSILON.sqrt());
    }
}
