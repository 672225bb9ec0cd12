//! Bounds by a change of variables: free coordinates t whose every value is a point between the bounds.
//!
//! ```text
//! a <= x <= b     x = a + (b - a) (sin t + 1) / 2
//! a <= x          x = a - 1 + sqrt(t^2 + 1)
//!      x <= b     x = b + 1 - sqrt(t^2 + 1)
//! ```
//!
//! Elsewhere x = t. On a bound dx/dt is zero, so that no slope leads away from it: starts are moved off bounds a little.
//!
//! Reference: F. James, M. Roos, Minuit, Comput. Phys. Commun. 10 (1975), section 4, <https://doi.org/10.1016/0010-4655(75)90039-9>

use std::f64::consts::FRAC_PI_2;

/// How near to a bound a start may be, in t.
const OFF_THE_BOUND: f64 = 1e-2;

/// The bounds of one problem.
#[derive(Clone, Debug)]
pub struct SineBounds<'b> {
    lower: &'b [f64],
    upper: &'b [f64],
}

impl<'b> SineBounds<'b> {
    /// Bounds, infinite where there are none.
    pub fn new(lower: &'b [f64], upper: &'b [f64]) -> Self {
        SineBounds { lower, upper }
    }

    fn sides(&self, i: usize) -> (Option<f64>, Option<f64>) {
        let finite = |side: f64| side.is_finite().then_some(side);
        (finite(self.lower[i]), finite(self.upper[i]))
    }

    /// The coordinates of a start.
    pub fn inside(&self, x: &[f64]) -> Vec<f64> {
        let off = |t: f64| if t.abs() < OFF_THE_BOUND { OFF_THE_BOUND } else { t };
        let coordinate = |(i, &x): (usize, &f64)| match self.sides(i) {
            (None, None) => x,
            (Some(a), Some(b)) if b > a => {
                let most = FRAC_PI_2 - OFF_THE_BOUND;
                (2.0 * (x - a) / (b - a) - 1.0).clamp(-1.0, 1.0).asin().clamp(-most, most)
            }
            (Some(_), Some(_)) => 0.0,
            (Some(a), None) => off(((x - a + 1.0).powi(2) - 1.0).max(0.0).sqrt()),
            (None, Some(b)) => off(((b - x + 1.0).powi(2) - 1.0).max(0.0).sqrt()),
        };
        x.iter().enumerate().map(coordinate).collect()
    }

    /// The point of coordinates t, never outside the bounds.
    pub fn point(&self, t: &[f64], x: &mut [f64]) {
        for (i, (x, &t)) in x.iter_mut().zip(t).enumerate() {
            let free = match self.sides(i) {
                (None, None) => t,
                (Some(a), Some(b)) => a + (b - a) * (0.5 * (t.sin() + 1.0)),
                (Some(a), None) => a + (t.hypot(1.0) - 1.0),
                (None, Some(b)) => b - (t.hypot(1.0) - 1.0),
            };
            *x = free.max(self.lower[i]).min(self.upper[i]);
        }
    }

    /// dx/dt in every coordinate.
    pub fn slopes(&self, t: &[f64], slopes: &mut [f64]) {
        for (i, (slope, &t)) in slopes.iter_mut().zip(t).enumerate() {
            *slope = match self.sides(i) {
                (None, None) => 1.0,
                (Some(a), Some(b)) => 0.5 * (b - a) * t.cos(),
                (Some(_), None) => t / t.hypot(1.0),
                (None, Some(_)) => -t / t.hypot(1.0),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INF: f64 = f64::INFINITY;
    const LOWER: [f64; 4] = [-INF, 1.0, 2.0, -INF];
    const UPPER: [f64; 4] = [INF, 4.0, INF, -3.0];

    #[test]
    fn points_come_back_and_slopes_are_derivatives() {
        let bounds = SineBounds::new(&LOWER, &UPPER);
        let x = [7.0, 2.5, 2.25, -9.0];
        let t = bounds.inside(&x);
        let (mut back, mut slopes) = ([0.0; 4], [0.0; 4]);
        bounds.point(&t, &mut back);
        bounds.slopes(&t, &mut slopes);
        for i in 0..4 {
            assert!((back[i] - x[i]).abs() < 1e-13, "{back:?}");
            let (mut up, mut down, h) = ([0.0; 4], [0.0; 4], 1e-5);
            let moved = |by: f64| {
                let mut moved = t.clone();
                moved[i] += by;
                moved
            };
            bounds.point(&moved(h), &mut up);
            bounds.point(&moved(-h), &mut down);
            assert!(((up[i] - down[i]) / (2.0 * h) - slopes[i]).abs() < 1e-8);
        }
    }

    #[test]
    fn no_coordinate_leads_outside_and_no_start_lies_on_a_bound() {
        let bounds = SineBounds::new(&LOWER, &UPPER);
        let mut x = [0.0; 4];
        for t in [-1e9, -7.0, -1.6, 0.0, 1.6, 1e300] {
            bounds.point(&[t; 4], &mut x);
            assert!(x[1] >= 1.0 && x[1] <= 4.0 && x[2] >= 2.0 && x[3] <= -3.0, "{x:?}");
        }
        let t = bounds.inside(&[0.0, 4.0, 2.0, -3.0]);
        let mut slopes = [0.0; 4];
        bounds.slopes(&t, &mut slopes);
        assert!(slopes.iter().all(|slope| slope.abs() > 1e-3), "{slopes:?}");
        bounds.point(&t, &mut x);
        assert!(
            (x[1] - 4.0).abs() < 1e-3 && (x[2] - 2.0).abs() < 1e-3 && (x[3] + 3.0).abs() < 1e-3
        );
    }
}
