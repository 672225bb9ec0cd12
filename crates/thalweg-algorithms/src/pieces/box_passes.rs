//! The passes over all variables that each iteration within bounds makes: the projected gradient, the room that is left.
//!
//! They have no branches, and keep extremes in several lanes, so that none waits for the one before it and the compiler can take
//! several variables at once; with the widest registers of the processor, too, to the same bits.

use multiversion::multiversion;

use super::cauchy_point::BoxedPoint;

/// Extremes kept at the same time.
const LANES: usize = 8;

/// The largest entry of `x - P(x - g)`, P the projection onto the bounds. NaN is passed over.
#[multiversion(targets("x86_64+avx2"))]
pub fn projected_gradient(at: BoxedPoint<'_>) -> f64 {
    let entry = |x: f64, g: f64, low: f64, high: f64| {
        let room = if g < 0.0 { high - x } else { x - low };
        least(room, g.abs())
    };
    let mut largest = [0.0; LANES];
    over_lanes(at, at.gradient, |k, x, g, low, high| {
        let size = entry(x, g, low, high);
        largest[k] = if size > largest[k] { size } else { largest[k] };
    });
    largest.into_iter().fold(0.0, |a, b| if b > a { b } else { a })
}

/// The least multiple of `direction` from `at.x`, at most `limit`, that meets a bound.
#[multiversion(targets("x86_64+avx2"))]
pub fn room_along(at: BoxedPoint<'_>, direction: &[f64], limit: f64) -> f64 {
    let mut nearest = [limit; LANES];
    over_lanes(at, direction, |k, x, d, low, high| {
        let room = if d < 0.0 { x - low } else { high - x };
        nearest[k] = least(room / d.abs(), nearest[k]); // 0 / 0 is passed over
    });
    nearest.into_iter().fold(limit, least)
}

/// Whether `x - time g` is strictly between the bounds.
#[multiversion(targets("x86_64+avx2"))]
pub fn descends_inside(at: BoxedPoint<'_>, time: f64) -> bool {
    let mut slack = [f64::INFINITY; LANES];
    over_lanes(at, at.gradient, |k, x, g, low, high| {
        let moved = x - time * g;
        slack[k] = least(least(moved - low, high - moved), slack[k]);
    });
    slack.into_iter().fold(f64::INFINITY, least) > 0.0
}

/// `target = x + direction`, cut off at the bounds. Returns whether nothing was cut off.
#[multiversion(targets("x86_64+avx2"))]
pub fn move_within(at: BoxedPoint<'_>, direction: &[f64], target: &mut [f64]) -> bool {
    let n = target.len();
    let (x, direction) = (&at.x[..n], &direction[..n]);
    let (lower, upper) = (&at.lower[..n], &at.upper[..n]);
    let mut cut = 0;
    for i in 0..n {
        let moved = x[i] + direction[i];
        target[i] = moved.max(lower[i]).min(upper[i]);
        cut |= moved.to_bits() ^ target[i].to_bits();
    }
    cut == 0
}

/// The smaller one, `b` when `a` is NaN: one instruction.
#[inline(always)]
fn least(a: f64, b: f64) -> f64 {
    if a < b { a } else { b }
}

/// Calls `visit` with the lane, x, the entry of `other`, the lower and the upper bound of every variable.
#[inline(always)] // into code for the processor at hand
fn over_lanes(at: BoxedPoint<'_>, other: &[f64], mut visit: impl FnMut(usize, f64, f64, f64, f64)) {
    let (x, x_tail) = at.x.as_chunks::<LANES>();
    let (other, other_tail) = other.as_chunks::<LANES>();
    let (lower, lower_tail) = at.lower.as_chunks::<LANES>();
    let (upper, upper_tail) = at.upper.as_chunks::<LANES>();
    for (((x, other), lower), upper) in x.iter().zip(other).zip(lower).zip(upper) {
        for k in 0..LANES {
            visit(k, x[k], other[k], lower[k], upper[k]);
        }
    }
    let tails = x_tail.iter().zip(other_tail).zip(lower_tail.iter().zip(upper_tail));
    for (k, ((x, other), (lower, upper))) in tails.enumerate() {
        visit(k, *x, *other, *lower, *upper);
    }
}
