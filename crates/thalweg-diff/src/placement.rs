//! How the steps of one parameter are made to fit between its bounds.
//!
//! [`place`] puts them into the room that the bounds leave:
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

    #[inline]
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
    if spot.has_room(sides) {
        return Stencil::full(sides, spot.multiples.len(), spot.step);
    }
    let (up, down) = (spot.upper - spot.x, spot.x - spot.lower);
    if sides == Sides::Both {
        let room = up.min(down);
        let squeezed = room / spot.longest_multiple();
        let visible = spot.is_visible(squeezed) && spot.is_visible(-squeezed);
        if visible && spot.min_step.is_some_and(|smallest| squeezed >= smallest) {
            return Stencil {
                shortened: true,
                ..Stencil::full(sides, spot.multiples.len(), squeezed)
            };
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
        Sides::Both if spot.has_room(Sides::Plus) => Sides::Plus,
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
    /// The longest step fits on the sides.
    #[inline]
    pub(crate) fn has_room(&self, sides: Sides) -> bool {
        let longest = self.step * self.longest_multiple();
        let (up, down) = (self.upper - self.x, self.x - self.lower);
        match sides {
            Sides::Plus => longest <= up,
            Sides::Minus => longest <= down,
            Sides::Both => longest <= up && longest <= down,
        }
    }

    #[inline]
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
}
