//! A step that makes a set of interpolation points better: one that replaces a point and makes the denominator of its exchange large.
//!
//! BOBYQA chooses between the best point of the lines through the center and the other points, on which the Lagrange function of the
//! point is known without rounding errors of its Hessian, and a step along the function's gradient, bent by the bounds. Without lines,
//! the step is the one that makes the Lagrange function largest in absolute value in ball and box, from two trust-region problems.
//!
//! References:
//! * M. J. D. Powell, The NEWUOA software for unconstrained optimization without derivatives (2006), section 6,
//!   <https://doi.org/10.1007/0-387-30065-1_16>
//! * M. J. D. Powell, The BOBYQA algorithm for bound constrained optimization without derivatives (2009), section 3,
//!   <https://www.damtp.cam.ac.uk/user/na/NA_papers/NA2009_06.pdf>

use thalweg_linalg::{dot, scale};

use super::box_trust_region::{BoxSearch, BoxTrustRegion};
use super::lagrange_basis::{Candidate, LagrangeBasis};

/// Where a geometry step may lead.
pub struct GeometryStep<'a> {
    /// The set of points.
    pub basis: &'a LagrangeBasis,
    /// The point from which the step is made.
    pub center: usize,
    /// The largest decrease of each coordinate.
    pub low: &'a [f64],
    /// The largest increase of each coordinate.
    pub high: &'a [f64],
    /// The largest length of the step.
    pub radius: f64,
}

/// The search for such a step, with memory for the next one.
#[derive(Clone, Debug, Default)]
pub struct GeometrySearch {
    /// The step from the center.
    pub d: Vec<f64>,
    /// What the basis makes of it.
    pub candidate: Candidate,
    weights: Vec<f64>,
    gradient: Vec<f64>,
    way: Vec<f64>,
    other: Vec<f64>,
    kept: Vec<f64>,
    ball: BoxSearch,
}

/// The best point found on a line: the line, how far along it, the Lagrange function there, and the bound that ends the line there.
#[derive(Clone, Copy, Default)]
struct OnLine {
    through: usize,
    multiple: f64,
    bound: Option<(usize, bool)>,
}

impl GeometrySearch {
    /// The weights and the gradient at the center of the Lagrange function of point `t`.
    fn prepare(&mut self, region: &GeometryStep<'_>, t: usize) {
        let (m, n) = (region.basis.len(), region.low.len());
        self.weights.resize(m, 0.0);
        for v in [&mut self.gradient, &mut self.d, &mut self.way, &mut self.other] {
            v.resize(n, 0.0);
        }
        let center = region.basis.point(region.center);
        region.basis.lagrange_weights(t, &mut self.weights);
        region.basis.lagrange_gradient(t, &self.weights, center, &mut self.gradient);
    }

    /// The step from the center that is to replace point `t`: the best one of the lines, or along the gradient where the Lagrange
    /// function promises a larger denominator there.
    pub fn on_lines(&mut self, region: &GeometryStep<'_>, t: usize) {
        self.prepare(region, t);
        region.best_on_lines(t, &self.gradient, &mut self.way, &mut self.d);
        region.basis.consider(region.center, &self.d, &mut self.candidate);
        let square = self.down_the_gradient(region);
        if region.basis.denominator(t, &self.candidate) < square && square > 0.0 {
            self.d.copy_from_slice(&self.kept);
            region.basis.consider(region.center, &self.d, &mut self.candidate);
        }
    }

    /// The longer of the two steps up and down the gradient into `kept`, and the square of the Lagrange function after it.
    fn down_the_gradient(&mut self, region: &GeometryStep<'_>) -> f64 {
        let mut largest = 0.0;
        self.kept.clear();
        self.kept.resize(self.d.len(), 0.0);
        for sign in [1.0, -1.0] {
            let Some(length) = region.along(&self.gradient, sign, &mut self.way) else { continue };
            let slope = sign * dot(&self.gradient, &self.way);
            let curvature = region.curvature(&self.weights, &self.way) * sign;
            // Where the function bends back, a shorter step reaches farther down.
            let best = -slope / curvature;
            let shorter = curvature > -slope && curvature < -(1.0 + f64::sqrt(2.0)) * slope;
            let square = if shorter {
                (0.5 * slope * best) * (0.5 * slope * best)
            } else {
                (slope + 0.5 * curvature) * (slope + 0.5 * curvature)
            };
            if length > 0.0 && square > largest {
                largest = square;
                self.kept.copy_from_slice(&self.way);
                if shorter {
                    scale(best, &mut self.kept);
                }
            }
        }
        largest
    }

    /// The step from the center that is to replace point `t`: one that makes its Lagrange function large in ball and box.
    pub fn in_the_ball(&mut self, region: &GeometryStep<'_>, t: usize) {
        self.prepare(region, t);
        let mut largest = f64::NEG_INFINITY;
        for sign in [1.0, -1.0] {
            self.way.iter_mut().zip(&self.gradient).for_each(|(w, g)| *w = -sign * g);
            let (low, high, radius) = (region.low, region.high, region.radius);
            let problem = BoxTrustRegion { gradient: &self.way, low, high, radius };
            self.ball.solve(&problem, |v, out| {
                out.fill(0.0);
                region.basis.add_curvature(&self.weights, v, out);
                out.iter_mut().for_each(|out| *out *= -sign);
            });
            region.basis.consider(region.center, &self.ball.step.d, &mut self.candidate);
            let denominator = region.basis.denominator(t, &self.candidate);
            if denominator > largest {
                largest = denominator;
                self.d.copy_from_slice(&self.ball.step.d);
            }
        }
        region.basis.consider(region.center, &self.d, &mut self.candidate);
    }
}

impl GeometryStep<'_> {
    /// v' (sum w_k y_k y_k') v.
    fn curvature(&self, weights: &[f64], v: &[f64]) -> f64 {
        self.basis
            .products(v)
            .iter()
            .zip(weights)
            .map(|(along, weight)| weight * along.powi(2))
            .sum()
    }

    /// The best step along the lines through the other points, into `best`: on the one through y_k, the Lagrange function is the
    /// parabola with the value 0 at the center, `slope` there, and 1 at y_k if k = t, 0 otherwise. `way` is memory.
    fn best_on_lines(&self, t: usize, gradient: &[f64], way: &mut [f64], best: &mut [f64]) {
        let center = self.basis.point(self.center);
        let half_alpha = 0.5 * self.basis.alpha(t);
        let is_bounded = self.low.iter().chain(self.high).any(|bound| bound.is_finite());
        let (mut found, mut largest) = (OnLine::default(), 0.0);
        let set_way = |k: usize, way: &mut [f64]| {
            way.iter_mut()
                .zip(self.basis.point(k).iter().zip(center))
                .for_each(|(w, (y, c))| *w = y - c);
        };
        for k in (0..self.basis.len()).filter(|&k| k != self.center) {
            set_way(k, way);
            let (slope, square) = (dot(way, gradient), dot(way, way));
            let ends = self.range(way, square.sqrt(), is_bounded);
            let (multiple, value, bound) =
                if k == t { peak(slope, ends) } else { hump(slope, ends) };
            // The denominator is at least this on the line (Powell 2009, eq. 3.11).
            let spread = multiple * (1.0 - multiple) * square;
            let size = value * value;
            let promised = size * (size + half_alpha * spread * spread);
            if promised > largest {
                largest = promised;
                found = OnLine { through: k, multiple, bound };
            }
        }
        if largest == 0.0 {
            best.fill(0.0);
            return;
        }
        set_way(found.through, way);
        for (i, best) in best.iter_mut().enumerate() {
            *best = (found.multiple * way[i]).max(self.low[i]).min(self.high[i]);
        }
        if let Some((i, up)) = found.bound {
            best[i] = if up { self.high[i] } else { self.low[i] };
        }
    }

    /// The ends of the line in the region, each with the bound that it lies on. The way to y_k itself is never cut short.
    fn range(&self, way: &[f64], length: f64, is_bounded: bool) -> [End; 2] {
        let reach = self.radius / length;
        let least = reach.min(1.0);
        let (mut first, mut last) =
            (End { multiple: -reach, bound: None }, End { multiple: reach, bound: None });
        if !is_bounded {
            return [first, last];
        }
        for (i, &w) in way.iter().enumerate() {
            if w == 0.0 {
                continue;
            }
            let up = w > 0.0;
            let (back, ahead) =
                if up { (self.low[i], self.high[i]) } else { (self.high[i], self.low[i]) };
            if first.multiple < back / w {
                first = End { multiple: back / w, bound: Some((i, !up)) };
            }
            if last.multiple > ahead / w {
                last = End { multiple: (ahead / w).max(least), bound: Some((i, up)) };
            }
        }
        [first, last]
    }

    /// The step of the region's length against `sign` times the gradient, in which coordinates that meet a bound stay there and leave
    /// what they spare to the others; its length, or `None` if no coordinate can move.
    fn along(&self, gradient: &[f64], sign: f64, step: &mut [f64]) -> Option<f64> {
        // NaN marks the coordinates that move freely.
        let mut free = 0.0;
        for (i, g) in gradient.iter().enumerate() {
            let g = sign * g;
            let moves = (-self.low[i]).min(g) > 0.0 || (-self.high[i]).max(g) < 0.0;
            step[i] = if moves { f64::NAN } else { 0.0 };
            free += if moves { g * g } else { 0.0 };
        }
        if free == 0.0 {
            return None;
        }
        let (mut used, mut multiple) = (0.0, 0.0);
        loop {
            let left = self.radius * self.radius - used;
            if left <= 0.0 || free <= 0.0 {
                break;
            }
            multiple = (left / free).sqrt();
            let before = used;
            free = 0.0;
            for (i, g) in gradient.iter().enumerate() {
                let to = -multiple * sign * g;
                if !step[i].is_nan() {
                    continue;
                } else if to > self.low[i] && to < self.high[i] {
                    free += g * g;
                } else {
                    step[i] = if to <= self.low[i] { self.low[i] } else { self.high[i] };
                    used += step[i] * step[i];
                }
            }
            if used <= before {
                break;
            }
        }
        for (i, g) in gradient.iter().enumerate() {
            if step[i].is_nan() {
                step[i] = (-multiple * sign * g).max(self.low[i]).min(self.high[i]);
            }
        }
        Some(dot(step, step).sqrt())
    }
}

/// An end of a line, and the bound that it lies on: the coordinate, and whether it is the upper one.
#[derive(Clone, Copy)]
struct End {
    multiple: f64,
    bound: Option<(usize, bool)>,
}

/// Where slope a + (1 - slope) a^2 is largest in absolute value between the ends: the multiple, the value, and the bound there.
fn peak(slope: f64, ends: [End; 2]) -> (f64, f64, Option<(usize, bool)>) {
    let bend = slope - 1.0;
    let at = |multiple: f64| multiple * (slope - multiple * bend);
    let values = ends.map(|end| at(end.multiple));
    let end = usize::from(values[1].abs() > values[0].abs());
    let [a, b] = ends.map(|end| 0.5 * slope - bend * end.multiple);
    if a * b < 0.0 {
        let top = 0.25 * slope * slope / bend;
        if top.abs() > values[end].abs() {
            return (0.5 * slope / bend, top, None);
        }
    }
    (ends[end].multiple, values[end], ends[end].bound)
}

/// The same for slope (a - a^2).
fn hump(slope: f64, ends: [End; 2]) -> (f64, f64, Option<(usize, bool)>) {
    let values = ends.map(|end| end.multiple * (1.0 - end.multiple));
    let end = usize::from(values[1].abs() > values[0].abs());
    if ends[1].multiple > 0.5 && values[end].abs() < 0.25 {
        return (0.5, 0.25 * slope, None);
    }
    (ends[end].multiple, values[end] * slope, ends[end].bound)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region<'a>(
        basis: &'a LagrangeBasis,
        low: &'a [f64],
        high: &'a [f64],
        radius: f64,
    ) -> GeometryStep<'a> {
        GeometryStep { basis, center: 0, low, high, radius }
    }

    #[test]
    fn the_step_leaves_the_plane_of_the_other_points_within_the_region() {
        // The second coordinate hardly varies: replacing point 2 has to change that.
        let points = vec![0.0, 0.0, 1.0, 0.0, 0.5, 1e-3, -1.0, 0.0, 0.4, -1e-3];
        let basis = LagrangeBasis::new(points, 2, 0).unwrap();
        for (lines, low) in [(true, [-1.0, -1.0]), (false, [-1.0, -1.0]), (true, [-1.0, 0.0])] {
            let mut search = GeometrySearch::default();
            let region = region(&basis, &low, &[1.0, 1.0], 0.5);
            if lines {
                search.on_lines(&region, 2);
            } else {
                search.in_the_ball(&region, 2);
            }
            let d = &search.d;
            let length = dot(d, d).sqrt();
            assert!(length <= 0.5 * (1.0 + 1e-12) && d[0] >= low[0] && d[1] >= low[1], "{d:?}");
            assert!(d[1].abs() > 0.3, "{d:?}");
            assert!(basis.denominator(2, &search.candidate) > 1.0);
        }
    }

    #[test]
    fn on_lines_the_parabola_through_the_known_values_decides() {
        let points = vec![0.0, 0.0, 1.0, 0.0, 0.0, 1.0, -1.0, 0.0, 0.0, -1.0];
        let basis = LagrangeBasis::new(points, 2, 0).unwrap();
        let (mut way, mut best) = ([0.0; 2], [0.0; 2]);
        // (x + x^2) / 2 is largest at x = 2, or where the bound is.
        for bound in [9.0, 1.5] {
            let high = [bound, 9.0];
            let region = region(&basis, &[-9.0, -9.0], &high, 2.0);
            region.best_on_lines(1, &[0.5, 0.0], &mut way, &mut best);
            assert_eq!(best, [bound.min(2.0), 0.0]);
        }
    }

    #[test]
    fn along_the_gradient_bounds_leave_their_part_to_the_others() {
        let basis = LagrangeBasis::coordinates(&[1.0; 3], &[-1.0; 3]);
        let region = region(&basis, &[-0.6, -9.0, 0.0], &[9.0; 3], 1.0);
        let mut step = [0.0; 3];
        let length = region.along(&[5.0, 1.0, 1.0], 1.0, &mut step).unwrap();
        assert!((length - 1.0).abs() < 1e-15 && step[0] == -0.6 && step[2] == 0.0, "{step:?}");
        assert!((step[1] + 0.8).abs() < 1e-15, "{step:?}");
        assert_eq!(region.along(&[0.0, 0.0, 1.0], 1.0, &mut step), None);
    }
}
