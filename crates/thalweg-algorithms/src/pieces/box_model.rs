//! The bounds of a problem, and the limited-memory quadratic model of an objective with or without them.

use thalweg_core::{CurvaturePair, Test};
use thalweg_linalg::dot;

use super::bounded_model::BoundedModel;
use super::box_passes::{projected_gradient, room_along};
use super::cauchy_point::BoxedPoint;
use super::inverse_bfgs::InverseBfgs;
use super::step_pairs::NewPair;

/// The largest step of a line search, as a multiple of its direction, where no bound limits it.
const LARGEST_STEP: f64 = 1e10;

/// The bounds of a problem.
#[derive(Clone, Copy, Debug)]
pub struct Bounds<'a> {
    /// The lower bounds, `-inf` where there is none.
    pub lower: &'a [f64],
    /// The upper bounds, `+inf` where there is none.
    pub upper: &'a [f64],
    /// Some variable has a bound.
    pub any: bool,
    /// Every variable has both.
    pub all: bool,
}

impl<'a> Bounds<'a> {
    /// The bounds, of one entry per variable.
    pub fn new(lower: &'a [f64], upper: &'a [f64]) -> Self {
        let finite = || lower.iter().chain(upper).map(|bound| bound.is_finite());
        Bounds {
            lower,
            upper,
            any: finite().any(|finite| finite),
            all: finite().all(|finite| finite),
        }
    }

    /// The largest entry of `x - P(x - g)` where bounds are in reach, and of g elsewhere.
    pub fn projected_gradient(&self, x: &[f64], gradient: &[f64]) -> f64 {
        if !self.any {
            return largest_entry(gradient);
        }
        projected_gradient(self.around(x, gradient))
    }

    fn around<'b>(&self, x: &'b [f64], gradient: &'b [f64]) -> BoxedPoint<'b>
    where
        'a: 'b,
    {
        BoxedPoint { x, gradient, lower: self.lower, upper: self.upper }
    }

    /// The test whether the largest entry of the projected gradient is at most `convergence_gtol_abs`.
    pub fn gradient_test(&self, x: &[f64], gradient: &[f64], tolerance: f64) -> Option<Test> {
        let size = self.projected_gradient(x, gradient);
        (size <= tolerance).then_some(Test {
            measure: "largest entry of the projected gradient",
            value: size,
            tolerance,
            option: "convergence_gtol_abs",
        })
    }

    /// How far a line search may go. The whole direction always stays within the bounds.
    pub fn largest_step(&self, x: &[f64], direction: &[f64], first_iteration: bool) -> f64 {
        if !self.any {
            return LARGEST_STEP;
        }
        if first_iteration {
            return 1.0;
        }
        room_along(self.around(x, &[]), direction, LARGEST_STEP).max(1.0)
    }
}

/// The largest absolute value, NaN passed over.
fn largest_entry(gradient: &[f64]) -> f64 {
    let larger = |a: f64, b: f64| if b > a { b } else { a };
    let (lanes, tail) = gradient.as_chunks::<8>();
    let mut largest = [0.0; 8]; // so that none waits for the one before it
    for lane in lanes {
        for k in 0..8 {
            largest[k] = larger(largest[k], lane[k].abs());
        }
    }
    largest.into_iter().chain(tail.iter().map(|g| g.abs())).fold(0.0, larger)
}

/// The quadratic model.
#[derive(Clone, Debug)]
pub enum Model {
    /// Without bounds.
    Free(Box<InverseBfgs>),
    /// With bounds.
    Bounded(Box<BoundedModel>),
}

impl Model {
    /// The model with the identity for its curvature, of `n` variables and with room for `m` pairs.
    pub fn new(bounded: bool, n: usize, m: usize) -> Self {
        if bounded {
            Model::Bounded(Box::new(BoundedModel::new(n, m)))
        } else {
            Model::Free(Box::new(InverseBfgs::new(n, m)))
        }
    }

    /// Whether the curvature is the identity.
    pub fn is_empty(&self) -> bool {
        match self {
            Model::Free(inverse) => inverse.is_empty(),
            Model::Bounded(model) => model.is_empty(),
        }
    }

    /// Go back to the identity.
    pub fn clear(&mut self) {
        match self {
            Model::Free(inverse) => inverse.clear(),
            Model::Bounded(model) => model.clear(),
        }
    }

    /// The direction to the minimizer of the model; returns the slope along it, or nothing when a matrix broke down.
    pub fn direction(
        &mut self,
        x: &[f64],
        gradient: &[f64],
        bounds: &Bounds<'_>,
        direction: &mut [f64],
    ) -> Option<f64> {
        match self {
            Model::Free(inverse) => Some(inverse.direction(gradient, direction)),
            Model::Bounded(model) => model.direction(bounds.around(x, gradient), direction).ok(),
        }
    }

    /// The point a step along the direction last computed, within the bounds.
    pub fn trial_point(
        &self,
        x_old: &[f64],
        direction: &[f64],
        step: f64,
        bounds: &Bounds<'_>,
        x: &mut [f64],
    ) {
        if let Model::Bounded(model) = self
            && step == 1.0
        {
            x.copy_from_slice(model.target());
            return;
        }
        for ((x, x_old), d) in x.iter_mut().zip(x_old).zip(direction) {
            *x = step * d + x_old;
        }
        if bounds.any {
            for (x, (low, high)) in x.iter_mut().zip(bounds.lower.iter().zip(bounds.upper)) {
                *x = x.max(*low).min(*high);
            }
        }
    }

    /// Take in a step of a former run.
    pub fn recall(&mut self, pair: &CurvaturePair) {
        let none = vec![0.0; pair.step.len()];
        let new = NewPair {
            step: 1.0,
            direction: &pair.step,
            gradient: &pair.change,
            previous_gradient: &none,
            curvature: dot(&pair.step, &pair.change),
        };
        self.update(&new, dot(&pair.change, &pair.change));
    }

    /// Take in a step, unless its curvature is negligible or negative beside the decrease that the slope promised.
    pub fn update(&mut self, new: &NewPair<'_>, promised: f64) {
        if new.curvature <= f64::EPSILON * promised {
            return;
        }
        match self {
            Model::Free(inverse) => inverse.update(new),
            Model::Bounded(model) => model.update(new),
        }
    }
}
