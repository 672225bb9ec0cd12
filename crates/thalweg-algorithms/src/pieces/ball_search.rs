//! A step that makes a quadratic g'd + d'Hd / 2 small within a ball |d| <= Delta: truncated conjugate gradients and, where their path
//! meets the sphere, turns in the plane of the step and the gradient until they gain little.
//!
//! It is what NEWUOA uses; with bounds there is `box_trust_region`.
//!
//! References:
//! * M. J. D. Powell, The NEWUOA software for unconstrained optimization without derivatives (2006), section 5,
//!   <https://doi.org/10.1007/0-387-30065-1_16>

use thalweg_linalg::{axpy, dot};

/// Gains below this part of what has been gained are not worth another round.
const WORTH_A_ROUND: f64 = 0.01;
/// The gradient is small when its square is this much smaller than at the begin.
const SMALL_GRADIENT: f64 = 1e-4;
/// A step is good when its angle with the negative gradient has this cosine.
const ALIGNED: f64 = 0.99;

/// The search for a step, with memory for the next one.
#[derive(Clone, Debug, Default)]
pub struct BallSearch {
    /// The step.
    pub step: Vec<f64>,
    /// The least curvature along a direction of the search, zero if the step ends on the sphere.
    pub least_curvature: f64,
    /// The gradient after the step, the product of the Hessian with the step, a direction, and the product with it.
    gradient: Vec<f64>,
    of_step: Vec<f64>,
    d: Vec<f64>,
    of_d: Vec<f64>,
}

impl BallSearch {
    /// Find the step for the gradient `g`; `curvature` writes the product of H with its argument.
    pub fn solve(&mut self, g: &[f64], radius: f64, curvature: impl Fn(&[f64], &mut [f64])) {
        let n = g.len();
        for v in [&mut self.step, &mut self.of_step, &mut self.of_d] {
            v.clear();
            v.resize(n, 0.0);
        }
        self.gradient.clear();
        self.gradient.extend_from_slice(g);
        self.d.clear();
        self.d.extend(g.iter().map(|g| -g));
        self.least_curvature = 0.0;
        let first = dot(g, g);
        let (steps, decrease) = self.conjugate_gradients(radius, &curvature);
        if let Some(decrease) = decrease {
            self.least_curvature = 0.0;
            self.along_the_sphere(g, radius, (steps, decrease), SMALL_GRADIENT * first, &curvature);
        }
    }

    /// The number of steps, and the decrease of the quadratic if they end on the sphere.
    fn conjugate_gradients(
        &mut self,
        radius: f64,
        curvature: &impl Fn(&[f64], &mut [f64]),
    ) -> (usize, Option<f64>) {
        let n = self.d.len();
        let mut square = dot(&self.gradient, &self.gradient);
        let small = SMALL_GRADIENT * square;
        let mut decrease = 0.0;
        for steps in 1..=n {
            let (dd, along) = (dot(&self.d, &self.d), dot(&self.d, &self.step));
            let left = radius * radius - dot(&self.step, &self.step);
            if dd == 0.0 || steps > 1 && along <= 0.0 {
                return (steps, None);
            }
            if left <= 0.0 {
                return (steps - 1, Some(decrease));
            }
            let to_sphere = left / (along + (along * along + dd * left).sqrt());
            curvature(&self.d, &mut self.of_d);
            let curved = dot(&self.d, &self.of_d);
            let mut size = to_sphere;
            if curved > 0.0 {
                let here = curved / dd;
                let least = if steps == 1 { here } else { self.least_curvature.min(here) };
                self.least_curvature = least;
                size = size.min(square / curved);
            }
            let gained = size * (square - 0.5 * size * curved);
            decrease += gained;
            axpy(size, &self.d, &mut self.step);
            axpy(size, &self.of_d, &mut self.of_step);
            axpy(size, &self.of_d, &mut self.gradient);
            if size >= to_sphere {
                return (steps, Some(decrease));
            }
            let before = square;
            square = dot(&self.gradient, &self.gradient);
            if gained <= WORTH_A_ROUND * decrease || square <= small {
                break;
            }
            let beta = square / before;
            self.d.iter_mut().zip(&self.gradient).for_each(|(d, g)| *d = beta * *d - g);
        }
        (n, None)
    }

    /// Turn the step, which is on the sphere, toward the direction in its plane with the gradient that is perpendicular to it.
    fn along_the_sphere(
        &mut self,
        g: &[f64],
        radius: f64,
        (steps, mut decrease): (usize, f64),
        small: f64,
        curvature: &impl Fn(&[f64], &mut [f64]),
    ) {
        for _ in steps..g.len().max(steps + 1) {
            let square = dot(&self.gradient, &self.gradient);
            let (at_start, bent) = (dot(&self.step, g), dot(&self.step, &self.of_step));
            let slope = at_start + bent;
            let size = radius * radius;
            if square <= small || slope <= -ALIGNED * (square * size).sqrt() {
                return;
            }
            let across = (size * square - slope * slope).sqrt();
            for ((d, g), s) in self.d.iter_mut().zip(&self.gradient).zip(&self.step) {
                *d = (size * g - slope * s) / across;
            }
            curvature(&self.d, &mut self.of_d);
            let (aside, of_d) = (dot(&self.d, g), dot(&self.d, &self.of_d));
            let mixed = dot(&self.of_d, &self.step);
            let half = 0.5 * (bent - of_d);
            let (angle, gained) = best_angle(|cosine, sine| {
                -(at_start + half * cosine) * cosine - (aside + mixed * cosine) * sine
            });
            if gained.is_nan() {
                return;
            }
            let (sine, cosine) = angle.sin_cos();
            for i in 0..g.len() {
                self.step[i] = cosine * self.step[i] + sine * self.d[i];
                self.of_step[i] = cosine * self.of_step[i] + sine * self.of_d[i];
                self.gradient[i] = g[i] + self.of_step[i];
            }
            decrease += gained;
            if gained <= WORTH_A_ROUND * decrease {
                return;
            }
        }
    }
}

/// The angle at which a function of cosine and sine, a quadratic on a circle, is largest, from a grid and a parabola, and by how much it
/// is larger than at zero.
pub fn best_angle(f: impl Fn(f64, f64) -> f64) -> (f64, f64) {
    const ANGLES: usize = 50;
    let unit = std::f64::consts::TAU / ANGLES as f64;
    let at = |angle: f64| f(angle.cos(), angle.sin());
    let first = at(0.0);
    let (mut largest, mut best, mut before, mut after) = (first, 0, first, first);
    let mut last = first;
    for i in 1..ANGLES {
        let value = at(unit * i as f64);
        if value > largest {
            (largest, best, before) = (value, i, last);
            after = first;
        } else if i == best + 1 {
            after = value;
        }
        last = value;
    }
    if best == 0 {
        before = last;
    }
    let (before, after) = (before - largest, after - largest);
    let shift = if before == after { 0.0 } else { 0.5 * (before - after) / (before + after) };
    let angle = unit * (best as f64 + shift);
    (angle, at(angle) - first)
}

#[cfg(test)]
mod tests {
    use thalweg_linalg::{mul, nrm2};

    use super::*;

    fn solve(h: &[f64], g: &[f64], radius: f64) -> BallSearch {
        let mut search = BallSearch::default();
        search.solve(g, radius, |v, out| mul(h, g.len(), v, out));
        search
    }

    #[test]
    fn inside_the_ball_it_is_nearly_the_newton_step_and_the_curvature_is_known() {
        let search = solve(&[4.0, 1.0, 1.0, 3.0], &[-6.0, 2.0], 10.0);
        for (d, expected) in search.step.iter().zip([20.0 / 11.0, -14.0 / 11.0]) {
            assert!((d - expected).abs() < 1e-12, "{search:?}");
        }
        assert!((2.3..4.7).contains(&search.least_curvature), "{search:?}");
    }

    #[test]
    fn on_the_sphere_turns_find_the_best_point_nearly() {
        // The best point of -x^2 + y^2 + 0.1 x - y on the unit circle, by many angles.
        let value = |x: f64, y: f64| -x * x + y * y + 0.1 * x - y;
        let best = (0..100_000)
            .map(|i| (f64::from(i) / 1e5 * std::f64::consts::TAU).sin_cos())
            .fold(f64::INFINITY, |best, (x, y)| best.min(value(x, y)));
        let search = solve(&[-2.0, 0.0, 0.0, 2.0], &[0.1, -1.0], 1.0);
        assert!((nrm2(&search.step) - 1.0).abs() < 1e-12, "{search:?}");
        assert!(value(search.step[0], search.step[1]) < best + 0.02, "{best} {search:?}");
        assert_eq!(search.least_curvature, 0.0);
    }

    #[test]
    fn the_best_angle_is_found_between_those_of_the_grid_and_across_zero() {
        for wanted in [0.3, 2.0, 6.27, 0.02] {
            let (angle, gained) = best_angle(|c, s| c * f64::cos(wanted) + s * f64::sin(wanted));
            let off = (angle - wanted + std::f64::consts::PI).rem_euclid(std::f64::consts::TAU);
            assert!((off - std::f64::consts::PI).abs() < 1e-3, "{angle} {wanted}");
            assert!((gained - (1.0 - f64::cos(wanted))).abs() < 1e-6, "{gained}");
        }
    }
}
