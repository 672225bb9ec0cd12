//! The choice of a step at bounds: the trust-region step cut at the bound, one reflection of it, or the scaled gradient.
//!
//! Steps live in two spaces: p in that of the parameters, and p-hat = D^-1 p in the scaled one, where the trust region
//! is a ball and the model is stated.
//!
//! Reference: M. A. Branch, T. F. Coleman, Y. Li, SIAM J. Sci. Comput. 21 (1999) 1-23, doi:10.1137/S1064827595289108.

use thalweg_linalg::{axpy, dot, nrm2, scale};

use super::coleman_li::{keeps_bounds, reflect, step_to_bound};
use super::lsq_model::Quadratic;

/// Where the step is taken.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The current point, strictly inside the bounds.
    pub x: &'a [f64],
    /// Lower bounds.
    pub lower: &'a [f64],
    /// Upper bounds.
    pub upper: &'a [f64],
    /// The diagonal of D.
    pub d: &'a [f64],
    /// The radius in the scaled space.
    pub radius: f64,
    /// The share of the way to a bound that a step may go, below 1.
    pub theta: f64,
}

/// Replaces `step` (scaled space) by the best of the candidates and returns the decrease that the model predicts.
pub fn choose(place: &Place<'_>, model: &impl Quadratic, step: &mut Vec<f64>) -> f64 {
    let p = place.unscaled(step);
    if keeps_bounds(place.x, &p, place.lower, place.upper) {
        return -model.value(step);
    }
    let to_bound = step_to_bound(place.x, &p, place.lower, place.upper);
    let reflected = place.reflections(model, step, 1);
    scale(place.theta * to_bound, step);
    let cut_value = model.value(step);
    let (downhill, downhill_value) = place.downhill(model);

    let reflected_value = reflected.as_ref().map_or(f64::INFINITY, |(_, value)| *value);
    if cut_value < reflected_value && cut_value < downhill_value {
        return -cut_value;
    }
    match reflected {
        Some((direction, value)) if value < cut_value && value < downhill_value => {
            *step = direction;
            -value
        }
        _ => {
            *step = downhill;
            -downhill_value
        }
    }
}

impl Place<'_> {
    /// A step in the space of the parameters.
    pub fn unscaled(&self, s: &[f64]) -> Vec<f64> {
        self.d.iter().zip(s).map(|(d, s)| d * s).collect()
    }

    /// The best of up to `most` reflections of a step that leaves the bounds: to the bound and from there on in the reflected direction,
    /// as far as the model falls within the region and the bounds; `None` when there is no room. The next reflection starts where this
    /// one meets a bound.
    pub fn reflections(
        &self,
        model: &impl Quadratic,
        step: &[f64],
        most: usize,
    ) -> Option<(Vec<f64>, f64)> {
        let mut best: Option<(Vec<f64>, f64)> = None;
        let (mut from, mut x, mut direction) =
            (vec![0.0; step.len()], self.x.to_vec(), step.to_vec());
        for _ in 0..most {
            let p = self.unscaled(&direction);
            let to_bound = step_to_bound(&x, &p, self.lower, self.upper);
            if to_bound > self.distance_to_region(&from, &direction) {
                break;
            }
            axpy(to_bound, &direction, &mut from);
            reflect(to_bound, &x, &p, self.lower, self.upper, &mut direction);
            axpy(to_bound, &p, &mut x);
            let Some((found, value)) = self.reflected(model, &from, &x, &direction, to_bound)
            else {
                break;
            };
            if best.as_ref().is_none_or(|(_, least)| value < *least) {
                best = Some((found, value));
            }
        }
        best
    }

    /// From a point on a bound on in the reflected direction.
    fn reflected(
        &self,
        model: &impl Quadratic,
        on_bound: &[f64],
        x: &[f64],
        direction: &[f64],
        to_bound: f64,
    ) -> Option<(Vec<f64>, f64)> {
        let to_region = self.distance_to_region(on_bound, direction);
        let to_next_bound = step_to_bound(x, &self.unscaled(direction), self.lower, self.upper);
        let reach = to_next_bound.min(to_region);
        if reach <= 0.0 {
            return None;
        }
        let low = (1.0 - self.theta) * to_bound / reach;
        let high = if reach == to_next_bound { self.theta * to_next_bound } else { to_region };
        if low > high {
            return None;
        }
        let (t, value) = model.along(on_bound, direction).minimize(low, high);
        let mut found = on_bound.to_vec();
        axpy(t, direction, &mut found);
        Some((found, value))
    }

    /// The t >= 0 at which from + t direction leaves the ball.
    fn distance_to_region(&self, from: &[f64], direction: &[f64]) -> f64 {
        let a = dot(direction, direction);
        let b = dot(from, direction);
        let c = (dot(from, from) - self.radius * self.radius).min(0.0);
        let root = (b * b - a * c).sqrt();
        // The root without cancellation.
        let q = -(b + root.copysign(b));
        (q / a).max(if q == 0.0 { 0.0 } else { c / q })
    }

    /// The minimizer along the negative scaled gradient.
    pub fn downhill(&self, model: &impl Quadratic) -> (Vec<f64>, f64) {
        let mut direction: Vec<f64> = model.gradient().iter().map(|g| -g).collect();
        let to_region = self.radius / nrm2(&direction);
        let to_bound = step_to_bound(self.x, &self.unscaled(&direction), self.lower, self.upper);
        let reach = if to_bound < to_region { self.theta * to_bound } else { to_region };
        let (t, value) = model.ray(&direction).minimize(0.0, reach);
        scale(t, &mut direction);
        (direction, value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pieces::lsq_model::LsqModel;
    use proptest::prelude::*;

    proptest! {
        /// The chosen step keeps bounds and radius, and the model falls by what is promised.
        #[test]
        fn step_is_admissible(
            x in proptest::array::uniform2(-0.9f64..0.9),
            jacobian in proptest::array::uniform4(-2.0f64..2.0),
            gradient in proptest::array::uniform2(0.1f64..2.0),
            angle in 0.0f64..std::f64::consts::TAU,
            radius in 0.1f64..4.0,
        ) {
            let (lower, upper) = ([-1.0; 2], [1.0; 2]);
            let place = Place { x: &x, lower: &lower, upper: &upper, d: &[1.0, 0.5], radius, theta: 0.995 };
            let model = LsqModel { jacobian: &jacobian, gradient: &gradient, diagonal: &[0.0, 0.3] };
            let mut step = vec![radius * angle.cos(), radius * angle.sin()];
            let inside = keeps_bounds(&x, &place.unscaled(&step), &lower, &upper);
            let predicted = choose(&place, &model, &mut step);
            prop_assert!((predicted + model.value(&step)).abs() < 1e-12);
            prop_assert!(nrm2(&step) <= radius * (1.0 + 1e-12));
            prop_assert!(keeps_bounds(&x, &place.unscaled(&step), &lower, &upper));
            prop_assert!(inside || predicted > 0.0);
        }
    }
}
