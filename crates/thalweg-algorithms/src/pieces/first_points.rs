//! The first points of a model-based search: a cross of coordinate steps, as large as first steps are.

use super::first_step::first_step;
use super::lagrange_basis::LagrangeBasis;

/// A start that is nearer to a bound than this part of a usual first step is moved onto it.
const TOO_NEAR: f64 = 0.1;

/// How many points there are, and where.
#[derive(Clone, Copy, Debug)]
pub struct FirstPoints {
    /// The length of first steps; none for the usual one of each coordinate.
    pub radius: Option<f64>,
    /// The number of points. With fewer than 2 n + 1, steps to the second side are left out; with more, steps along pairs of coordinates
    /// follow.
    pub count: usize,
    /// Whether the better point of each pair on two sides of a coordinate comes first.
    pub better_first: bool,
}

impl FirstPoints {
    /// Which coordinates are to be changed downward first. First steps of a size of their own go away from zero in the coordinates with
    /// the first one's sign, or toward it, if they can go both ways: with the first one upward, as in NLopt.
    pub fn down(&self, x: &[f64]) -> Vec<bool> {
        let is_negative = |x: &f64| self.radius.is_none() && *x < 0.0;
        x.iter().map(|other| is_negative(other) != is_negative(&x[0])).collect()
    }

    /// The points at this distance from zero, within the bounds; first down the coordinates that say so.
    pub fn points(&self, low: &[f64], high: &[f64], down: &[bool], radius: f64) -> Vec<f64> {
        let in_radii = |bounds: &[f64]| bounds.iter().map(|b| b / radius).collect::<Vec<f64>>();
        let mut points = cross(&in_radii(low), &in_radii(high), down, self.count);
        points.iter_mut().for_each(|y| *y *= radius);
        points
    }

    /// Their Lagrange functions.
    pub fn basis(&self, points: Vec<f64>, n: usize) -> LagrangeBasis {
        if self.count == 2 * n + 1 {
            let side = |from: usize| (0..n).map(|i| points[(from + i) * n + i]).collect::<Vec<_>>();
            return LagrangeBasis::coordinates(&side(1), &side(n + 1));
        }
        LagrangeBasis::new(points, n, 0).expect("coordinate points determine quadratics")
    }
}

/// The start, moved onto a bound that it nearly touches, and its first step.
pub fn start_and_step(x: f64, low: f64, high: f64, radius: Option<f64>) -> (f64, f64) {
    let step = |x: f64| radius.map_or(first_step(x, low, high), |r| r.min(0.5 * (high - low)));
    for bound in [low, high] {
        let at_bound = step(bound);
        if bound.is_finite() && (x - bound).abs() < TOO_NEAR * at_bound {
            return (bound, at_bound);
        }
    }
    (x, step(x))
}

/// Zero, and one step up and one down each coordinate (or down and up); away from a bound that is nearer than half a step, one step and
/// two. Then the first steps of two coordinates at once.
fn cross(low: &[f64], high: &[f64], down: &[bool], count: usize) -> Vec<f64> {
    let n = low.len();
    let mut points = vec![0.0; (2 * n + 1) * n];
    for i in 0..n {
        let (first, second) = if high[i] < 0.5 {
            (-1.0, (-2.0_f64).max(low[i]))
        } else if low[i] > -0.5 {
            (1.0, 2.0_f64.min(high[i]))
        } else {
            let (up, down_there) = (1.0_f64.min(high[i]), (-1.0_f64).max(low[i]));
            if down[i] { (down_there, up) } else { (up, down_there) }
        };
        points[(i + 1) * n + i] = first;
        points[(n + i + 1) * n + i] = second;
    }
    let pairs = (1..n).flat_map(|distance| (distance..n).map(move |j| (j - distance, j)));
    for (i, j) in pairs.take(count.saturating_sub(2 * n + 1)) {
        let mut point = vec![0.0; n];
        point[i] = points[(i + 1) * n + i];
        point[j] = points[(j + 1) * n + j];
        points.extend(point);
    }
    points.truncate(count * n);
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    const INF: f64 = f64::INFINITY;

    #[test]
    fn first_points_keep_the_bounds_and_starts_are_moved_onto_near_ones() {
        assert_eq!(start_and_step(1e-9, 0.0, 4.0, None), (0.0, 1.0));
        assert_eq!(start_and_step(0.4, 0.0, 4.0, None), (0.4, 0.75 * 0.4));
        assert_eq!(start_and_step(-3.0, -INF, INF, None), (-3.0, 3.0));
        assert_eq!(start_and_step(0.4, 0.0, 4.0, Some(1.0)), (0.4, 1.0));
        assert_eq!(start_and_step(0.15, 0.0, 0.4, Some(1.0)), (0.15, 0.2));
        let down = [false, false, true];
        let points = cross(&[0.0, -3.0, -INF], &[4.0, 0.0, INF], &down, 7);
        let column = |i: usize| [points[(i + 1) * 3 + i], points[(i + 4) * 3 + i]];
        assert_eq!([column(0), column(1), column(2)], [[1.0, 2.0], [-1.0, -2.0], [-1.0, 1.0]]);
    }

    #[test]
    fn more_points_are_pairs_and_fewer_leave_sides_out() {
        let points = cross(&[-9.0, 0.0, -9.0], &[0.0, 9.0, 9.0], &[false; 3], 10);
        assert_eq!(points[21..], [-1.0, 1.0, 0.0, 0.0, 1.0, 1.0, -1.0, 0.0, 1.0]);
        let first = FirstPoints { radius: None, count: 10, better_first: false };
        assert_eq!(first.basis(points, 3).len(), 10);
        assert_eq!(cross(&[-9.0; 2], &[9.0; 2], &[false; 2], 4)[6..], [-1.0, 0.0]);
    }
}
