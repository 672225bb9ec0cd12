//! The rules by which searches on linear models move their radii, weigh violations and choose points to drop.
//!
//! Two radii belong to a search: rho, its resolution, which only falls, and delta >= rho, that of the trust region.
//!
//! References:
//! * M. J. D. Powell, A direct search optimization method that models the objective and constraint functions by linear interpolation
//!   (1994), sections 2 and 4, <https://doi.org/10.1007/978-94-015-8330-5_4>
//! * M. J. D. Powell, The NEWUOA software for unconstrained optimization without derivatives (2006), section 7,
//!   <https://doi.org/10.1007/0-387-30065-1_16>, for the stages of rho
//! * Z. Zhang, PRIMA: reference implementation for Powell's methods with modernization and amelioration, <https://www.libprima.net>

use thalweg_linalg::nrm2;

use super::radii::{NEARLY, at_least, next_stage};

/// A step that gains at least this part of what the models promised is good.
pub const GOOD: f64 = 0.1;
/// One that gains this part is very good.
const VERY_GOOD: f64 = 0.7;
/// What rho falls to in the first stages.
const STAGE: f64 = 0.1;
/// Entries of a gradient from which on it is scaled before the step, so that the step is found however steep it is.
const SCALED: f64 = 1e12;
/// Lengths that are equal but for rounding are equal: steps of halved radii end at exactly twice the radius.
const ROUNDED: f64 = 1.0 + 1e-8;

/// How rho falls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// To the half; the trust region stays as it is.
    Halves,
    /// In stages that depend on how far it has to fall; the trust region begins each with half of the rho before.
    Stages,
}

/// How the weight of violations is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weighing {
    /// From none on; raised where a step needs it or makes a large violation larger, and not for small changes of it.
    Cautious,
    /// From the ratio of the ranges of objective and constraints on; raised wherever a step needs it.
    Ranges,
}

/// The rules.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinearRules {
    /// After a step that gains no more than this part of what was promised, points in bad places are moved.
    pub poor: f64,
    /// Whether they were is judged before the step, with its radius.
    pub judges_before: bool,
    /// The radius after a very good step, in lengths of the step.
    pub growth: f64,
    /// The same with constraints, whose curvature soon forbids long steps.
    pub growth_on_curves: f64,
    /// Whether the radius is half a step that was not good, and not the smaller of the step and half the radius.
    pub halves_steps: bool,
    /// Points farther from the best one than this many radii spoil the models.
    far: f64,
    /// So do those nearer to the face opposite to them than this part of the radius.
    pub flat: f64,
    /// Distances count from this part of the radius on, and at least from rho on, when a point has to go.
    near: f64,
    /// The power of the squared distance, beyond that, which weighs points.
    pub distance_power: i32,
    /// A point that is no gain is taken if it changes the volume of the simplex by more than this factor, weights included.
    pub least_volume: f64,
    /// Without constraints no step is tried where the gradient times the radius is more than this; the radius becomes smaller instead.
    steepest: f64,
    /// Whether of points that are equally far away that of the largest merit is moved, and not the first.
    pub moves_worst: bool,
    /// How rho falls.
    pub resolution: Resolution,
    /// How violations are weighed.
    pub weighing: Weighing,
}

/// Chosen on the problems of Moré and Wild and others that start near theirs. Points may be much farther away, or nearer to a plane,
/// than in Powell's paper (2.1 radii, a quarter of one).
pub const OWN: LinearRules = LinearRules {
    poor: GOOD,
    judges_before: false,
    growth: 4.0,
    growth_on_curves: 2.0,
    halves_steps: false,
    far: 10.0,
    flat: 0.05,
    near: 1.0,
    distance_power: 2,
    least_volume: 1.0,
    steepest: f64::INFINITY,
    moves_worst: false,
    resolution: Resolution::Halves,
    weighing: Weighing::Cautious,
};

/// Those of PRIMA 0.7 (scipy 1.16 and later). Which of equally far points is moved is a matter of rounding there.
pub const PRIMA: LinearRules = LinearRules {
    poor: 0.0,
    judges_before: true,
    growth: 2.0,
    growth_on_curves: 2.0,
    halves_steps: true,
    far: 2.0,
    flat: 0.0,
    near: 0.1,
    distance_power: 1,
    least_volume: 0.0,
    // The reciprocal of the root of the rounding unit.
    steepest: 67_108_864.0,
    moves_worst: true,
    resolution: Resolution::Stages,
    weighing: Weighing::Ranges,
};

/// What long runs that began by PRIMA's rules go on with: the more patient ones with points in bad places, and with rho.
pub const PRIMA_LONG: LinearRules = LinearRules {
    growth: OWN.growth,
    far: OWN.far,
    flat: OWN.flat,
    near: OWN.near,
    distance_power: OWN.distance_power,
    steepest: OWN.steepest,
    resolution: OWN.resolution,
    ..PRIMA
};

/// Which rules a run follows when, by its number of evaluations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinearCourse {
    /// Up to how many it goes by the iterations on an acceptable simplex (`linear_search::simplex`), which know no constraints.
    pub simplex_until: usize,
    /// The rules after that.
    pub early: &'static LinearRules,
    /// Up to how many these hold.
    pub early_until: usize,
    /// With constraints, from how many on the models are curved.
    pub curved_from: usize,
    /// The rules after `early_until`.
    pub late: &'static LinearRules,
}

impl LinearCourse {
    /// The rules after so many evaluations.
    #[must_use]
    pub fn rules(&self, evaluations: usize) -> &'static LinearRules {
        if evaluations <= self.early_until { self.early } else { self.late }
    }
}

impl LinearRules {
    /// Whether a point at this distance is too far away for a radius.
    pub fn is_far(&self, distance: f64, delta: f64) -> bool {
        distance > self.far * delta * ROUNDED
    }

    /// Whether a gradient, in the scaled variables, is too steep for a step of a radius.
    pub fn is_too_steep(&self, gradient: &[f64], scale: &[f64], delta: f64) -> bool {
        let entries = gradient.iter().zip(scale).map(|(g, scale)| g.abs() / scale);
        nrm2(gradient) * delta > self.steepest && entries.fold(0.0, f64::max) < SCALED
    }

    /// From which distance on points are the more likely to go, the farther they are.
    pub fn near(&self, radii: Radii) -> f64 {
        (self.near * radii.delta).max(radii.rho)
    }
}

/// The two radii.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Radii {
    /// That of the trust region.
    pub delta: f64,
    /// The resolution.
    pub rho: f64,
}

impl Radii {
    /// Make both the same.
    pub fn set_both(&mut self, rho: f64) {
        (self.delta, self.rho) = (rho, rho);
    }

    /// Change the radius of the trust region; nearly rho is rho.
    pub fn set_delta(&mut self, delta: f64) {
        self.delta = at_least(delta, self.rho);
    }

    /// The next radius of the trust region, after a step of this length.
    pub fn follow(&mut self, rules: &LinearRules, ratio: f64, length: f64, constrained: bool) {
        let half = 0.5 * self.delta;
        let growth = if constrained { rules.growth_on_curves } else { rules.growth };
        self.set_delta(if ratio <= GOOD && rules.halves_steps {
            0.5 * length
        } else if ratio <= GOOD {
            half.min(length)
        } else if ratio <= VERY_GOOD {
            half.max(length)
        } else {
            half.max(growth * length)
        });
    }

    /// The next resolution, without a jump at the end.
    pub fn refine(&mut self, rules: &LinearRules, last: f64) {
        let rho = self.rho;
        self.rho = match rules.resolution {
            Resolution::Halves if 0.5 * rho <= NEARLY * last => last,
            Resolution::Halves => 0.5 * rho,
            Resolution::Stages => next_stage(rho, last, STAGE),
        };
        if rules.resolution == Resolution::Stages {
            self.delta = self.rho.max(0.5 * rho);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_radius_grows_with_good_steps_and_falls_with_others() {
        let after = |rules: &LinearRules, ratio: f64, length: f64| {
            let mut radii = Radii { delta: 4.0, rho: 1.0 };
            radii.follow(rules, ratio, length, false);
            radii.delta
        };
        assert_eq!([0.0, 0.5, 0.9].map(|ratio| after(&PRIMA, ratio, 4.0)), [2.0, 4.0, 8.0]);
        assert_eq!([0.0, 0.5, 0.9].map(|ratio| after(&OWN, ratio, 4.0)), [2.0, 4.0, 16.0]);
        // A short step: half of it, or all of it; and nearly rho is rho.
        assert_eq!((after(&PRIMA, 0.0, 3.5), after(&OWN, 0.0, 1.75)), (1.75, 1.75));
        assert_eq!((after(&PRIMA, 0.0, 2.5), after(&OWN, 0.0, 1.25)), (1.0, 1.0));
    }

    #[test]
    fn the_resolution_falls_by_halves_or_in_stages_to_the_last_one() {
        let after = |rules: &LinearRules, rho: f64| {
            let mut radii = Radii { delta: rho, rho };
            radii.refine(rules, 1.0);
            (radii.rho, radii.delta)
        };
        assert_eq!([8.0, 3.0].map(|rho| after(&OWN, rho)), [(4.0, 8.0), (1.0, 3.0)]);
        let stages = [1000.0, 100.0, 16.0].map(|rho| after(&PRIMA, rho));
        assert_eq!(stages, [(100.0, 500.0), (10.0, 50.0), (1.0, 8.0)]);
    }

    #[test]
    fn a_gradient_is_too_steep_for_long_steps_unless_it_is_scaled() {
        let steep = |rules: &LinearRules, gradient: [f64; 2], delta: f64| {
            rules.is_too_steep(&gradient, &[1.0, 2.0], delta)
        };
        let gradient = [3e7, 4e7];
        assert!(steep(&PRIMA, gradient, 1.5) && !steep(&PRIMA, gradient, 1.0));
        assert!(!steep(&PRIMA_LONG, gradient, 1e9) && !steep(&OWN, gradient, 1e9));
        assert!(steep(&PRIMA, [1.0, 1.9e12], 1.0) && !steep(&PRIMA, [1.0, 2.1e12], 1.0));
    }

    #[test]
    fn a_distance_that_rounding_made_longer_is_not_far() {
        let radius = 0.1;
        assert!(!PRIMA.is_far(2.0 * radius * (1.0 + 1e-15), radius));
        assert!(PRIMA.is_far(2.1 * radius, radius) && !OWN.is_far(2.1 * radius, radius));
    }
}
