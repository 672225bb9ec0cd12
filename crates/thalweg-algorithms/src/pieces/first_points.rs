//! The first points of a model-based search: a cross of coordinate steps, as large as first steps are, or one of random directions.

use thalweg_core::Rng;
use thalweg_linalg::{axpy, dot, nrm2, scale};
use thalweg_macros::Choice;

use super::first_step::first_step;
use super::lagrange_basis::LagrangeBasis;

/// A start that is nearer to a bound than this part of a usual first step is moved onto it.
const TOO_NEAR: f64 = 0.1;

/// The directions of the first steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum Directions {
    /// Along the coordinates.
    Coordinate,
    /// Drawn at random.
    Random,
}

/// How many points there are, and where.
#[derive(Clone, Copy, Debug)]
pub struct FirstPoints {
    /// The length of first steps; none for the usual one of each coordinate.
    pub radius: Option<f64>,
    /// Of usual first steps, the part that first steps are here.
    pub part: f64,
    /// The number of points. With fewer than 2 n + 1, steps to the second side are left out; with more, steps along pairs of coordinates
    /// follow.
    pub count: usize,
    /// Whether the better point of each pair on two sides of a coordinate comes first.
    pub better_first: bool,
    /// Where first steps lead.
    pub directions: Directions,
    /// Whether random directions are perpendicular to each other.
    pub orthogonal: bool,
    /// How many evaluations of the objective make the value at a point, which is their mean.
    pub copies: usize,
}

impl FirstPoints {
    /// 2 n + 1 points along the coordinates, each evaluated once.
    pub fn coordinates(n: usize, radius: Option<f64>) -> Self {
        FirstPoints {
            radius,
            part: 1.0,
            count: 2 * n + 1,
            better_first: false,
            directions: Directions::Coordinate,
            orthogonal: true,
            copies: 1,
        }
    }

    /// Which coordinates are to be changed downward first. First steps of a size of their own go away from zero in the coordinates with
    /// the first one's sign, or toward it, if they can go both ways: with the first one upward, as in NLopt.
    pub fn down(&self, x: &[f64]) -> Vec<bool> {
        let is_negative = |x: &f64| self.radius.is_none() && *x < 0.0;
        x.iter().map(|other| is_negative(other) != is_negative(&x[0])).collect()
    }

    /// The points at this distance from zero, within the bounds; first down the coordinates that say so. Where bounds leave random
    /// points that determine no model, those along the coordinates.
    pub fn points(
        &self,
        low: &[f64],
        high: &[f64],
        down: &[bool],
        radius: f64,
        rng: &mut Rng,
    ) -> Vec<f64> {
        if self.directions == Directions::Random {
            let points = self.random_points(low, high, radius, rng);
            if LagrangeBasis::new(points.clone(), low.len(), 0).is_some() {
                return points;
            }
        }
        let in_radii = |bounds: &[f64]| bounds.iter().map(|b| b / radius).collect::<Vec<f64>>();
        let mut points = cross(&in_radii(low), &in_radii(high), down, self.count);
        points.iter_mut().for_each(|y| *y *= radius);
        points
    }

    /// Zero, one step up and one down each of n random directions, and then steps along pairs of them, cut at the bounds.
    fn random_points(&self, low: &[f64], high: &[f64], radius: f64, rng: &mut Rng) -> Vec<f64> {
        let n = low.len();
        let directions = random_directions(n, self.orthogonal, rng);
        let of = |i: usize| &directions[i * n..(i + 1) * n];
        let mut points = vec![0.0; (2 * n + 1) * n];
        for i in 0..n {
            axpy(radius, of(i), &mut points[(i + 1) * n..(i + 2) * n]);
            axpy(-radius, of(i), &mut points[(n + i + 1) * n..(n + i + 2) * n]);
        }
        for (i, j) in pairs(n).take(self.count.saturating_sub(2 * n + 1)) {
            points.extend(of(i).iter().zip(of(j)).map(|(a, b)| radius * (a + b)));
        }
        points.truncate(self.count * n);
        for (k, y) in points.iter_mut().enumerate() {
            *y = y.max(low[k % n]).min(high[k % n]);
        }
        points
    }

    /// Their Lagrange functions.
    pub fn basis(&self, points: Vec<f64>, n: usize) -> LagrangeBasis {
        if self.count == 2 * n + 1 && self.directions == Directions::Coordinate {
            let side = |from: usize| (0..n).map(|i| points[(from + i) * n + i]).collect::<Vec<_>>();
            return LagrangeBasis::coordinates(&side(1), &side(n + 1));
        }
        LagrangeBasis::new(points, n, 0).expect("first points determine quadratics")
    }
}

/// Two of n, those next to each other first.
fn pairs(n: usize) -> impl Iterator<Item = (usize, usize)> {
    (1..n).flat_map(move |distance| (distance..n).map(move |j| (j - distance, j)))
}

/// n directions of length 1, one after the other.
fn random_directions(n: usize, orthogonal: bool, rng: &mut Rng) -> Vec<f64> {
    let mut directions: Vec<f64> = Vec::with_capacity(n * n);
    while directions.len() < n * n {
        let mut d: Vec<f64> = (0..n).map(|_| rng.normal()).collect();
        if orthogonal {
            // Twice is enough to make them perpendicular to rounding.
            for _ in 0..2 {
                for other in directions.chunks_exact(n) {
                    axpy(-dot(other, &d), other, &mut d);
                }
            }
        }
        let length = nrm2(&d);
        if length > 1e-3 {
            scale(1.0 / length, &mut d);
            directions.extend(d);
        }
    }
    directions
}

/// The start, moved onto a bound that it nearly touches, and its first step.
pub fn start_and_step(x: f64, low: f64, high: f64, first: FirstPoints) -> (f64, f64) {
    let step = |x: f64| match first.radius {
        Some(radius) => radius.min(0.5 * (high - low)),
        None => first.part * first_step(x, low, high),
    };
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
    for (i, j) in pairs(n).take(count.saturating_sub(2 * n + 1)) {
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
        let [usual, one] = [None, Some(1.0)].map(|radius| FirstPoints::coordinates(1, radius));
        assert_eq!(start_and_step(1e-9, 0.0, 4.0, usual), (0.0, 1.0));
        assert_eq!(start_and_step(0.4, 0.0, 4.0, usual), (0.4, 0.75 * 0.4));
        assert_eq!(start_and_step(-3.0, -INF, INF, usual), (-3.0, 3.0));
        assert_eq!(start_and_step(0.4, 0.0, 4.0, one), (0.4, 1.0));
        assert_eq!(start_and_step(0.15, 0.0, 0.4, one), (0.15, 0.2));
        let part = FirstPoints { part: 0.25, ..usual };
        assert_eq!(start_and_step(-3.0, -INF, INF, part), (-3.0, 0.75));
        let down = [false, false, true];
        let points = cross(&[0.0, -3.0, -INF], &[4.0, 0.0, INF], &down, 7);
        let column = |i: usize| [points[(i + 1) * 3 + i], points[(i + 4) * 3 + i]];
        assert_eq!([column(0), column(1), column(2)], [[1.0, 2.0], [-1.0, -2.0], [-1.0, 1.0]]);
    }

    #[test]
    fn more_points_are_pairs_and_fewer_leave_sides_out() {
        let points = cross(&[-9.0, 0.0, -9.0], &[0.0, 9.0, 9.0], &[false; 3], 10);
        assert_eq!(points[21..], [-1.0, 1.0, 0.0, 0.0, 1.0, 1.0, -1.0, 0.0, 1.0]);
        let first = FirstPoints { count: 10, ..FirstPoints::coordinates(3, None) };
        assert_eq!(first.basis(points, 3).len(), 10);
        assert_eq!(cross(&[-9.0; 2], &[9.0; 2], &[false; 2], 4)[6..], [-1.0, 0.0]);
    }

    #[test]
    fn random_directions_have_one_length_and_stay_within_bounds() {
        let (directions, mut rng) = (Directions::Random, Rng::new(3));
        for (orthogonal, count) in [(true, 7), (false, 7), (true, 5), (true, 10)] {
            let usual = FirstPoints::coordinates(3, None);
            let first = FirstPoints { count, directions, orthogonal, ..usual };
            let points = first.points(&[-INF; 3], &[INF; 3], &[false; 3], 0.5, &mut rng);
            assert_eq!(points.len(), 3 * count);
            let (one, two) = (&points[3..6], &points[6..9]);
            assert!((nrm2(one) - 0.5).abs() < 1e-12 && (nrm2(two) - 0.5).abs() < 1e-12);
            assert_eq!(dot(one, two).abs() < 1e-12, orthogonal, "{points:?}");
            assert_eq!(first.basis(points, 3).len(), count);
            // In a corner the steps back are cut to nothing.
            let points = first.points(&[0.0; 3], &[1.0; 3], &[false; 3], 0.5, &mut rng);
            assert!(points.iter().all(|y| (0.0..=1.0).contains(y)), "{points:?}");
            assert_eq!(first.basis(points, 3).len(), count);
        }
    }
}
