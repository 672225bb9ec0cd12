//! A step that makes a set of interpolation points better: one that replaces a point and makes the denominator of its exchange large.
//!
//! Candidates are the step that makes the point's Lagrange function largest in absolute value within a ball and a box, which is two
//! trust-region problems, and the best points of the lines through the center and the other points, on which the Lagrange function is
//! known without rounding errors of its Hessian. The largest denominator wins.
//!
//! References:
//! * M. J. D. Powell, The NEWUOA software for unconstrained optimization without derivatives (2006), section 6,
//!   <https://doi.org/10.1007/0-387-30065-1_16>
//! * M. J. D. Powell, The BOBYQA algorithm for bound constrained optimization without derivatives (2009), section 4,
//!   <https://www.damtp.cam.ac.uk/user/na/NA_papers/NA2009_06.pdf>

use thalweg_linalg::{dot, nrm2};

use super::box_trust_region::BoxTrustRegion;
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
    /// Whether to try the lines through the other points.
    pub lines: bool,
}

impl GeometryStep<'_> {
    /// The step from the center that is to replace point `t`, and what the basis makes of it.
    pub fn replacing(&self, t: usize) -> (Vec<f64>, Candidate) {
        let weights = self.basis.lagrange_weights(t);
        let gradient = self.basis.lagrange_gradient(t, &weights, self.basis.point(self.center));
        let mut steps = vec![self.largest(&weights, &gradient, 1.0)];
        steps.push(self.largest(&weights, &gradient, -1.0));
        if self.lines {
            steps.push(self.best_on_lines(t, &gradient));
        }
        let mut best: Option<(Vec<f64>, Candidate, f64)> = None;
        for d in steps {
            let candidate = self.basis.candidate(self.center, &d);
            let denominator = self.basis.denominator(t, &candidate);
            if best.as_ref().is_none_or(|(_, _, largest)| denominator > *largest) {
                best = Some((d, candidate, denominator));
            }
        }
        let (d, candidate, _) = best.expect("there are candidates");
        (d, candidate)
    }

    /// The step that makes `sign` times the Lagrange function large.
    fn largest(&self, weights: &[f64], gradient: &[f64], sign: f64) -> Vec<f64> {
        let downhill: Vec<f64> = gradient.iter().map(|g| -sign * g).collect();
        let region = BoxTrustRegion {
            gradient: &downhill,
            low: self.low,
            high: self.high,
            radius: self.radius,
        };
        let step = region.step(|v, out| {
            out.fill(0.0);
            self.basis.add_curvature(weights, v, out);
            out.iter_mut().for_each(|out| *out *= -sign);
        });
        step.d
    }

    /// The best step along the lines through the other points: on the one through y_k, the Lagrange function is the parabola with
    /// the value 0 at the center, `slope` there, and 1 at y_k if k = t, 0 otherwise.
    fn best_on_lines(&self, t: usize, gradient: &[f64]) -> Vec<f64> {
        let center = self.basis.point(self.center);
        let half_alpha = 0.5 * self.basis.alpha(t);
        let (mut best, mut largest) = (vec![0.0; center.len()], f64::NEG_INFINITY);
        for k in (0..self.basis.len()).filter(|&k| k != self.center) {
            let way: Vec<f64> =
                self.basis.point(k).iter().zip(center).map(|(y, c)| y - c).collect();
            let length = nrm2(&way);
            let slope = dot(&way, gradient);
            let end = if k == t { 1.0 } else { 0.0 };
            let (first, last) = self.range(&way, length);
            let top = 0.5 * slope / (slope - end);
            for multiple in [first, last, top.max(first).min(last)] {
                if !multiple.is_finite() {
                    continue;
                }
                let value = slope * multiple + (end - slope) * multiple * multiple;
                // The denominator is at least this on the line (Powell 2009, eq. 3.12).
                let spread = multiple * (1.0 - multiple) * length * length;
                let square = value * value;
                let bound = square * (square + half_alpha * spread * spread);
                if bound > largest {
                    largest = bound;
                    best = way.iter().map(|w| multiple * w).collect();
                }
            }
        }
        for (d, (low, high)) in best.iter_mut().zip(self.low.iter().zip(self.high)) {
            *d = d.max(*low).min(*high);
        }
        best
    }

    /// The multiples of the way that stay in the region.
    fn range(&self, way: &[f64], length: f64) -> (f64, f64) {
        let (mut first, mut last) = (-self.radius / length, self.radius / length);
        for (w, (low, high)) in way.iter().zip(self.low.iter().zip(self.high)) {
            if *w != 0.0 {
                let (a, b) = (low / w, high / w);
                first = first.max(a.min(b));
                last = last.min(a.max(b));
            }
        }
        (first, last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_step_leaves_the_plane_of_the_other_points_within_the_region() {
        // The second coordinate hardly varies: replacing point 2 has to change that.
        let points = vec![0.0, 0.0, 1.0, 0.0, 0.5, 1e-3, -1.0, 0.0, 0.4, -1e-3];
        let basis = LagrangeBasis::new(points, 2, 0).unwrap();
        for (lines, low) in [(true, [-1.0, -1.0]), (false, [-1.0, -1.0]), (true, [-1.0, 0.0])] {
            let step = GeometryStep {
                basis: &basis,
                center: 0,
                low: &low,
                high: &[1.0, 1.0],
                radius: 0.5,
                lines,
            };
            let (d, candidate) = step.replacing(2);
            assert!(nrm2(&d) <= 0.5 * (1.0 + 1e-12) && d[0] >= low[0] && d[1] >= low[1], "{d:?}");
            assert!(d[1].abs() > 0.3, "{d:?}");
            assert!(basis.denominator(2, &candidate) > 1.0);
        }
    }

    #[test]
    fn on_lines_the_parabola_through_the_known_values_decides() {
        let points = vec![0.0, 0.0, 1.0, 0.0, 0.0, 1.0, -1.0, 0.0, 0.0, -1.0];
        let basis = LagrangeBasis::new(points, 2, 0).unwrap();
        let step = GeometryStep {
            basis: &basis,
            center: 0,
            low: &[-9.0, -9.0],
            high: &[9.0, 9.0],
            radius: 2.0,
            lines: true,
        };
        let weights = basis.lagrange_weights(1);
        let gradient = basis.lagrange_gradient(1, &weights, &[0.0, 0.0]);
        // (x + x^2) / 2 is largest at x = 2.
        assert_eq!(step.best_on_lines(1, &gradient), [2.0, 0.0]);
    }
}
