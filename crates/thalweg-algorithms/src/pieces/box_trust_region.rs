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
#[derive(Clone, Debug, PartialEq)]
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

/// What stopped a run of conjugate gradients.
enum End {
    /// Little more is to be gained.
    Inside,
    /// The sphere.
    Sphere,
}

struct State<'a, F> {
    region: &'a BoxTrustRegion<'a>,
    curvature: F,
    step: BoxStep,
    free: Vec<bool>,
    /// The square of the radius that the coordinates which are held leave to the others.
    room: f64,
}

impl BoxTrustRegion<'_> {
    /// The step; `curvature` writes the product of H with its argument.
    pub fn step(&self, curvature: impl Fn(&[f64], &mut [f64])) -> BoxStep {
        let n = self.gradient.len();
        let held = |i: usize| {
            (self.low[i] >= 0.0 && self.gradient[i] >= 0.0)
                || (self.high[i] <= 0.0 && self.gradient[i] <= 0.0)
        };
        let mut state = State {
            region: self,
            curvature,
            step: BoxStep {
                d: vec![0.0; n],
                gradient: self.gradient.to_vec(),
                decrease: 0.0,
                least_curvature: None,
            },
            free: (0..n).map(|i| !held(i)).collect(),
            room: self.radius * self.radius,
        };
        if let End::Sphere = state.conjugate_gradients() {
            state.step.least_curvature = None;
            state.along_the_sphere();
        }
        let mut step = state.step;
        for (d, (low, high)) in step.d.iter_mut().zip(self.low.iter().zip(self.high)) {
            *d = d.max(*low).min(*high);
        }
        step
    }
}

impl<F: Fn(&[f64], &mut [f64])> State<'_, F> {
    /// v in the free coordinates, zero in the others.
    fn reduced(&self, v: &[f64]) -> Vec<f64> {
        v.iter().zip(&self.free).map(|(v, free)| if *free { *v } else { 0.0 }).collect()
    }

    fn hold(&mut self, i: usize, at: f64) {
        self.free[i] = false;
        self.step.d[i] = at;
        self.room -= at * at;
    }

    fn conjugate_gradients(&mut self) -> End {
        let n = self.free.len();
        let (mut s, mut product) = (vec![0.0; n], vec![0.0; n]);
        let (mut beta, mut steps_left) = (0.0, n);
        loop {
            let gradient = self.reduced(&self.step.gradient);
            let slope = dot(&gradient, &gradient);
            if beta == 0.0 {
                steps_left = self.free.iter().filter(|free| **free).count();
            }
            for i in 0..n {
                s[i] = if self.free[i] { beta * s[i] - gradient[i] } else { 0.0 };
            }
            let length = dot(&s, &s);
            let enough = WORTH_A_ROUND * self.step.decrease;
            if length == 0.0 || slope * self.room <= enough * enough {
                return End::Inside;
            }
            (self.curvature)(&s, &mut product);
            let d = self.reduced(&self.step.d);
            let (curved, along, left) = (dot(&s, &product), dot(&d, &s), self.room - dot(&d, &d));
            if left.is_nan() || left <= 0.0 {
                return End::Sphere;
            }
            let root = (length * left + along * along).sqrt();
            let to_sphere =
                if along < 0.0 { (root - along) / length } else { left / (root + along) };
            let inner = if curved > 0.0 { slope / curved } else { f64::INFINITY };
            let mut size = to_sphere.min(inner);
            let mut blocked = None;
            for i in 0..n {
                let bound = if s[i] > 0.0 { self.region.high[i] } else { self.region.low[i] };
                if s[i] != 0.0 && (bound - self.step.d[i]) / s[i] < size {
                    size = ((bound - self.step.d[i]) / s[i]).max(0.0);
                    blocked = Some((i, bound));
                }
            }

            axpy(size, &s, &mut self.step.d);
            axpy(size, &product, &mut self.step.gradient);
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
            let gradient = self.reduced(&self.step.gradient);
            beta = dot(&gradient, &gradient) / slope;
        }
    }

    /// Turn the free part of the step, in the plane that it spans with the gradient.
    fn along_the_sphere(&mut self) {
        let n = self.free.len();
        let (mut of_d, mut of_s) = (vec![0.0; n], vec![0.0; n]);
        // Each round gains enough or holds one more coordinate; the limit is for quadratics that are not finite.
        for _ in 0..10 * n + 10 {
            if self.hold_what_is_at_its_bound() || self.free.iter().filter(|f| **f).count() < 2 {
                return;
            }
            let (d, g) = (self.reduced(&self.step.d), self.reduced(&self.step.gradient));
            let (dd, dg, gg) = (dot(&d, &d), dot(&d, &g), dot(&g, &g));
            let across = gg * dd - dg * dg;
            let enough = WORTH_A_ROUND * self.step.decrease;
            if across.is_nan() || across <= enough * enough || across <= 0.0 {
                return;
            }
            let across = across.sqrt();
            let s: Vec<f64> = d.iter().zip(&g).map(|(d, g)| (dg * d - dd * g) / across).collect();
            (self.curvature)(&d, &mut of_d);
            (self.curvature)(&s, &mut of_s);
            let turn = Turn {
                d_slope: dg,
                s_slope: -across,
                dd: dot(&d, &of_d),
                ds: dot(&d, &of_s),
                ss: dot(&s, &of_s),
            };
            let (largest, blocked) = self.largest_turn(&d, &s);
            let (tangent, gained) = turn.best(largest);
            if gained <= 0.0 {
                return;
            }
            let (cosine, sine) = cosine_and_sine(tangent);
            for i in 0..n {
                if self.free[i] {
                    self.step.d[i] = cosine * d[i] + sine * s[i];
                }
                self.step.gradient[i] += (cosine - 1.0) * of_d[i] + sine * of_s[i];
            }
            self.step.decrease += gained;
            match blocked {
                Some((i, bound)) if tangent >= largest => self.hold(i, bound),
                _ if gained <= WORTH_A_ROUND * self.step.decrease => return,
                _ => {}
            }
        }
    }

    /// Whether nothing is left to turn.
    fn hold_what_is_at_its_bound(&mut self) -> bool {
        for i in 0..self.free.len() {
            let (d, low, high) = (self.step.d[i], self.region.low[i], self.region.high[i]);
            if self.free[i] && (d <= low || d >= high) {
                self.hold(i, if d <= low { low } else { high });
            }
        }
        self.room <= 0.0
    }

    /// The tangent of half the largest angle (at most a right one) that keeps the box, and the coordinate in the way: where
    /// d cos + s sin = bound, (d - bound) + 2 s t - (d + bound) t^2 = 0.
    fn largest_turn(&self, d: &[f64], s: &[f64]) -> (f64, Option<(usize, f64)>) {
        let (mut largest, mut blocked) = (1.0, None);
        for i in (0..d.len()).filter(|&i| self.free[i]) {
            let (low, high) = (self.region.low[i], self.region.high[i]);
            let radius = d[i] * d[i] + s[i] * s[i];
            for (bound, gap, toward) in [(low, d[i] - low, -s[i]), (high, high - d[i], s[i])] {
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
        let n = (17.0 * largest + 3.1) as usize;
        let at = |i: usize| if i == n { largest } else { largest * i as f64 / n as f64 };
        let gains: Vec<f64> = (0..=n).map(|i| self.gain(at(i))).collect();
        let best = (1..=n).fold(0, |best, i| if gains[i] > gains[best] { i } else { best });
        if best == 0 || best == n {
            return (at(best), gains[best]);
        }
        let (before, after) = (gains[best - 1], gains[best + 1]);
        let bend = 2.0 * gains[best] - before - after;
        let refined = at(best) + 0.5 * (largest / n as f64) * (after - before) / bend;
        let gain = self.gain(refined);
        if gain > gains[best] { (refined, gain) } else { (at(best), gains[best]) }
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
