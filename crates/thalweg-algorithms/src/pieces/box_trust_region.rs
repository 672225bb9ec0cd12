//! A step that makes a quadratic g'd + d'Hd / 2 small within a ball |d| <= Delta and a box low <= d <= high around zero.
//!
//! Truncated conjugate gradients from zero. Where the path meets the box, the coordinate stays there and the gradients start again in
//! the others. Where it meets the sphere, the step moves on along it, in the plane of the step and the gradient, until little more is
//! to be gained. H appears in products only and may be indefinite.
//!
//! References:
//! * M. J. D. Powell, The BOBYQA algorithm for bound constrained optimization without derivatives (2009), section 3,
//!   <https://www.damtp.cam.ac.uk/user/na/NA_papers/NA2009_06.pdf>

use thalweg_linalg::{axpy, dot};

/// Gains below this part of what has been gained are not worth another round.
const WORTH_A_ROUND: f64 = 0.01;
/// The largest number of angles to try in a round.
const MOST_TURNS: usize = 20;

/// The quadratic and the region.
pub struct BoxTrustRegion<'a> {
    /// g.
    pub gradient: &'a [f64],
    /// The largest decrease of each coordinate, at most zero.
    pub low: &'a [f64],
    /// The largest increase of each coordinate, at least zero.
    pub high: &'a [f64],
    /// Delta.
    pub radius: f64,
}

/// The step and what is known of the quadratic from finding it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BoxStep {
    /// The step.
    pub d: Vec<f64>,
    /// The gradient of the quadratic after the step.
    pub gradient: Vec<f64>,
    /// The decrease of the quadratic.
    pub decrease: f64,
    /// The least curvature along a direction of the search, if the step ends inside the sphere.
    pub least_curvature: Option<f64>,
}

/// The search for a step, with memory for the next one.
#[derive(Clone, Debug, Default)]
pub struct BoxSearch {
    /// The step.
    pub step: BoxStep,
    /// Which coordinates are not held at a bound.
    free: Vec<bool>,
    /// The square of the radius that the coordinates which are held leave to the others.
    room: f64,
    /// A direction, and the products of the Hessian with it and with the free part of the step.
    s: Vec<f64>,
    of_s: Vec<f64>,
    of_d: Vec<f64>,
}

/// What stopped a run of conjugate gradients.
enum End {
    /// Little more is to be gained.
    Inside,
    /// The sphere.
    Sphere,
}

impl BoxTrustRegion<'_> {
    /// The step; `curvature` writes the product of H with its argument.
    pub fn step(&self, curvature: impl Fn(&[f64], &mut [f64])) -> BoxStep {
        let mut search = BoxSearch::default();
        search.solve(self, curvature);
        search.step
    }
}

impl BoxSearch {
    /// Find the step; `curvature` writes the product of H with its argument.
    pub fn solve(&mut self, region: &BoxTrustRegion<'_>, curvature: impl Fn(&[f64], &mut [f64])) {
        let n = region.gradient.len();
        self.step.gradient.clear();
        self.step.gradient.extend_from_slice(region.gradient);
        self.step.decrease = 0.0;
        self.step.least_curvature = None;
        self.free.clear();
        self.free.extend((0..n).map(|i| {
            let down = region.low[i] >= 0.0 && region.gradient[i] >= 0.0;
            !(down || region.high[i] <= 0.0 && region.gradient[i] <= 0.0)
        }));
        self.room = region.radius * region.radius;
        for vector in [&mut self.step.d, &mut self.s, &mut self.of_s, &mut self.of_d] {
            vector.clear();
            vector.resize(n, 0.0);
        }
        if let End::Sphere = self.conjugate_gradients(region, &curvature) {
            self.step.least_curvature = None;
            self.along_the_sphere(region, &curvature);
        }
        for (d, (low, high)) in self.step.d.iter_mut().zip(region.low.iter().zip(region.high)) {
            *d = d.max(*low).min(*high);
        }
    }

    /// The inner product of the free parts.
    fn dot(&self, x: &[f64], y: &[f64]) -> f64 {
        let both = x.iter().zip(y).zip(&self.free);
        both.map(|((x, y), free)| if *free { x * y } else { 0.0 }).sum()
    }

    fn n_free(&self) -> usize {
        self.free.iter().filter(|free| **free).count()
    }

    fn hold(&mut self, i: usize, at: f64) {
        self.free[i] = false;
        self.step.d[i] = at;
        self.room -= at * at;
    }

    fn conjugate_gradients(
        &mut self,
        region: &BoxTrustRegion<'_>,
        curvature: &impl Fn(&[f64], &mut [f64]),
    ) -> End {
        let (mut beta, mut steps_left) = (0.0, 0);
        loop {
            let slope = self.dot(&self.step.gradient, &self.step.gradient);
            if beta == 0.0 {
                steps_left = self.n_free();
            }
            for ((s, g), free) in self.s.iter_mut().zip(&self.step.gradient).zip(&self.free) {
                *s = if *free { beta * *s - g } else { 0.0 };
            }
            let length = dot(&self.s, &self.s);
            let enough = WORTH_A_ROUND * self.step.decrease;
            if length == 0.0 || slope * self.room <= enough * enough {
                return End::Inside;
            }
            curvature(&self.s, &mut self.of_s);
            let (curved, along) = (dot(&self.s, &self.of_s), dot(&self.step.d, &self.s));
            let left = self.room - self.dot(&self.step.d, &self.step.d);
            if left.is_nan() || left <= 0.0 {
                return End::Sphere;
            }
            let root = (length * left + along * along).sqrt();
            let to_sphere =
                if along < 0.0 { (root - along) / length } else { left / (root + along) };
            let inner = if curved > 0.0 { slope / curved } else { f64::INFINITY };
            let (size, blocked) = self.to_the_box(region, to_sphere.min(inner));

            axpy(size, &self.s, &mut self.step.d);
            axpy(size, &self.of_s, &mut self.step.gradient);
            let gained = (size * (slope - 0.5 * size * curved)).max(0.0);
            self.step.decrease += gained;
            if let Some((i, bound)) = blocked {
                self.hold(i, bound);
                if self.room <= 0.0 {
                    return End::Sphere;
                }
                beta = 0.0;
                continue;
            }
            if curved > 0.0 {
                let least = self.step.least_curvature.unwrap_or(f64::INFINITY);
                self.step.least_curvature = Some(least.min(curved / length));
            }
            if size >= to_sphere {
                return End::Sphere;
            }
            steps_left = steps_left.saturating_sub(1);
            if steps_left == 0 || gained <= WORTH_A_ROUND * self.step.decrease {
                return End::Inside;
            }
            beta = self.dot(&self.step.gradient, &self.step.gradient) / slope;
        }
    }

    /// The part of `size` that the box allows along s, and the coordinate in the way with its bound.
    fn to_the_box(
        &self,
        region: &BoxTrustRegion<'_>,
        mut size: f64,
    ) -> (f64, Option<(usize, f64)>) {
        let mut blocked = None;
        for (i, &s) in self.s.iter().enumerate() {
            let bound = if s > 0.0 { region.high[i] } else { region.low[i] };
            if s != 0.0 && (bound - self.step.d[i]) / s < size {
                size = ((bound - self.step.d[i]) / s).max(0.0);
                blocked = Some((i, bound));
            }
        }
        (size, blocked)
    }

    /// Turn the free part of the step, in the plane that it spans with the gradient.
    fn along_the_sphere(
        &mut self,
        region: &BoxTrustRegion<'_>,
        curvature: &impl Fn(&[f64], &mut [f64]),
    ) {
        let mut changed = true;
        // Each round gains enough or holds one more coordinate; the limit is for quadratics that are not finite.
        for _ in 0..10 * self.free.len() + 10 {
            changed |= self.hold_what_is_at_its_bound(region);
            if self.room <= 0.0 || self.n_free() < 2 {
                return;
            }
            let (d, g) = (&self.step.d, &self.step.gradient);
            let (dd, dg, gg) = (self.dot(d, d), self.dot(d, g), self.dot(g, g));
            let across = gg * dd - dg * dg;
            let enough = WORTH_A_ROUND * self.step.decrease;
            if across.is_nan() || across <= enough * enough || across <= 0.0 {
                return;
            }
            let across = across.sqrt();
            if std::mem::take(&mut changed) {
                // s is free: it lends its place to the free part of d.
                for ((s, d), free) in self.s.iter_mut().zip(&self.step.d).zip(&self.free) {
                    *s = if *free { *d } else { 0.0 };
                }
                curvature(&self.s, &mut self.of_d);
            }
            for i in 0..self.free.len() {
                let s = (dg * self.step.d[i] - dd * self.step.gradient[i]) / across;
                self.s[i] = if self.free[i] { s } else { 0.0 };
            }
            curvature(&self.s, &mut self.of_s);
            let turn = Turn {
                d_slope: dg,
                s_slope: -across,
                dd: self.dot(&self.step.d, &self.of_d),
                ds: self.dot(&self.step.d, &self.of_s),
                ss: dot(&self.s, &self.of_s),
            };
            let (largest, blocked) = self.largest_turn(region);
            let (tangent, gained) = turn.best(largest);
            if gained <= 0.0 {
                return;
            }
            self.turn(tangent);
            self.step.decrease += gained;
            match blocked {
                Some((i, bound)) if tangent >= largest => {
                    self.hold(i, bound);
                    changed = true;
                }
                _ if gained <= WORTH_A_ROUND * self.step.decrease => return,
                _ => {}
            }
        }
    }

    /// Turn d toward s by twice the angle of this tangent.
    fn turn(&mut self, tangent: f64) {
        let (cosine, sine) = cosine_and_sine(tangent);
        for i in 0..self.free.len() {
            self.step.gradient[i] += (cosine - 1.0) * self.of_d[i] + sine * self.of_s[i];
            self.of_d[i] = cosine * self.of_d[i] + sine * self.of_s[i];
            if self.free[i] {
                self.step.d[i] = cosine * self.step.d[i] + sine * self.s[i];
            }
        }
    }

    /// Whether there was anything to hold.
    fn hold_what_is_at_its_bound(&mut self, region: &BoxTrustRegion<'_>) -> bool {
        let mut any = false;
        for i in 0..self.free.len() {
            let (d, low, high) = (self.step.d[i], region.low[i], region.high[i]);
            if self.free[i] && (d <= low || d >= high) {
                self.hold(i, if d <= low { low } else { high });
                any = true;
            }
        }
        any
    }

    /// The tangent of half the largest angle (at most a right one) that keeps the box, and the coordinate in the way: where
    /// d cos + s sin = bound, (d - bound) + 2 s t - (d + bound) t^2 = 0.
    fn largest_turn(&self, region: &BoxTrustRegion<'_>) -> (f64, Option<(usize, f64)>) {
        let (mut largest, mut blocked) = (1.0, None);
        for i in (0..self.free.len()).filter(|&i| self.free[i]) {
            let (low, high) = (region.low[i], region.high[i]);
            let (d, s) = (self.step.d[i], self.s[i]);
            let radius = d * d + s * s;
            for (bound, gap, toward) in [(low, d - low, -s), (high, high - d, s)] {
                let beyond = radius - bound * bound;
                if beyond > 0.0 && bound.is_finite() {
                    let speed = beyond.sqrt() + toward;
                    if largest * speed > gap {
                        largest = gap / speed;
                        blocked = Some((i, bound));
                    }
                }
            }
        }
        (largest, blocked)
    }
}

fn cosine_and_sine(tangent: f64) -> (f64, f64) {
    let square = tangent * tangent;
    ((1.0 - square) / (1.0 + square), 2.0 * tangent / (1.0 + square))
}

/// The quadratic on a circle.
struct Turn {
    d_slope: f64,
    s_slope: f64,
    dd: f64,
    ds: f64,
    ss: f64,
}

impl Turn {
    fn gain(&self, tangent: f64) -> f64 {
        let (cosine, sine) = cosine_and_sine(tangent);
        let less = cosine - 1.0;
        -(less * self.d_slope
            + sine * self.s_slope
            + 0.5 * (less * less * self.dd + 2.0 * less * sine * self.ds + sine * sine * self.ss))
    }

    /// The tangent of half the best angle up to `largest`, from a grid and a parabola, and the gain.
    fn best(&self, largest: f64) -> (f64, f64) {
        let n = ((17.0 * largest + 3.1) as usize).min(MOST_TURNS);
        let at = |i: usize| if i == n { largest } else { largest * i as f64 / n as f64 };
        let mut gains = [0.0; MOST_TURNS + 1];
        gains.iter_mut().enumerate().take(n + 1).for_each(|(i, gain)| *gain = self.gain(at(i)));
        let best = (1..=n).fold(0, |best, i| if gains[i] > gains[best] { i } else { best });
        if best == 0 || best == n {
            return (at(best), gains[best]);
        }
        let (before, after) = (gains[best - 1], gains[best + 1]);
        let bend = 2.0 * gains[best] - before - after;
        let refined = at(best) + 0.5 * (largest / n as f64) * (after - before) / bend;
        (refined, self.gain(refined))
    }
}

#[cfg(test)]
mod tests {
    use thalweg_core::Rng;
    use thalweg_linalg::{mul, nrm2};

    use super::*;

    const FREE: [f64; 3] = [f64::INFINITY; 3];

    fn solve(h: &[f64], g: &[f64], low: &[f64], high: &[f64], radius: f64) -> BoxStep {
        let n = g.len();
        let step =
            BoxTrustRegion { gradient: g, low, high, radius }.step(|v, out| mul(h, n, v, out));
        assert!(nrm2(&step.d) <= radius * (1.0 + 1e-12), "{step:?}");
        let mut product = vec![0.0; n];
        mul(h, n, &step.d, &mut product);
        let change = dot(&step.d, g) + 0.5 * dot(&step.d, &product);
        assert!(
            (step.decrease + change).abs() < 1e-10 * (1.0 + change.abs()),
            "{step:?}: {change}"
        );
        for i in 0..n {
            assert!(low[i] <= step.d[i] && step.d[i] <= high[i], "{step:?}");
            assert!((step.gradient[i] - g[i] - product[i]).abs() < 1e-10, "{step:?}");
        }
        step
    }

    #[test]
    fn inside_the_region_it_is_the_newton_step() {
        let h = [4.0, 1.0, 0.0, 1.0, 3.0, 0.0, 0.0, 0.0, 2.0];
        let low = FREE.map(|v| -v);
        let step = solve(&h, &[-6.0, 2.0, -4.0], &low, &FREE, 10.0);
        for (d, expected) in step.d.iter().zip([20.0 / 11.0, -14.0 / 11.0, 2.0]) {
            assert!((d - expected).abs() < 0.05, "{step:?}");
        }
        assert!(step.least_curvature.is_some_and(|c| (1.9..4.7).contains(&c)), "{step:?}");
    }

    #[test]
    fn bounds_are_met_exactly_and_held() {
        let h = [2.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 2.0];
        let step = solve(&h, &[-8.0, 2.0, 1.0], &[-1.0, -9.0, 0.0], &[0.5, 9.0, 1.0], 10.0);
        assert_eq!((step.d[0], step.d[2]), (0.5, 0.0));
        assert!((step.d[1] + 1.0).abs() < 1e-12, "{step:?}");
    }

    #[test]
    fn indefinite_quadratics_lead_to_the_sphere_and_nearly_to_the_best_point_of_it() {
        let mut rng = Rng::new(3);
        for _ in 0..200 {
            let mut h = [0.0; 9];
            for i in 0..3 {
                for j in 0..=i {
                    h[3 * i + j] = rng.uniform_in(-2.0, 2.0);
                    h[3 * j + i] = h[3 * i + j];
                }
            }
            let g: Vec<f64> = (0..3).map(|_| rng.uniform_in(-1.0, 1.0)).collect();
            let low: Vec<f64> = (0..3).map(|_| rng.uniform_in(-2.0, 0.0)).collect();
            let high: Vec<f64> = (0..3).map(|_| rng.uniform_in(0.0, 2.0)).collect();
            let step = solve(&h, &g, &low, &high, 1.0);
            // At least what the best of the steepest descent path within the region gains, nearly.
            let mut cauchy = 0.0_f64;
            for i in 1..=1000 {
                let mut d: Vec<f64> = (0..3)
                    .map(|j| (-g[j] * f64::from(i) / 200.0).max(low[j]).min(high[j]))
                    .collect();
                let size = nrm2(&d);
                d.iter_mut().for_each(|d| *d /= size.max(1.0));
                let mut product = [0.0; 3];
                mul(&h, 3, &d, &mut product);
                cauchy = cauchy.max(-dot(&d, &g) - 0.5 * dot(&d, &product));
            }
            assert!(step.decrease >= 0.5 * cauchy, "{} {cauchy} {step:?}", step.decrease);
        }
    }
}
