//! The limited-memory quadratic model within bounds, and the direction to its minimizer.
//!
//! In general the way leads over the Cauchy point (`cauchy_point`), which says which variables are free, to the minimizer over
//! these (`subspace_minimization`). Where the path of steepest descent meets no bound before its first minimizer, all variables
//! are free, and the minimizer is x - H g with the inverse H of the model's matrix B, as if there were no bounds: a short way,
//! which needs neither the Cauchy point nor the compact form of B.
//!
//! Whether it is open is seen without them, too. The first minimizer along the path is at t = g'g / g'Bg, and g'Bg is at least
//! (g'Bv)^2 / v'Bv for any v, by the inequality of Cauchy and Schwarz. For v = H g this is known: t is at most g'Hg / g'g, and g'Hg
//! is the slope that comes with the direction. For v anywhere in the plane of H g and the newest step s, of which the model knows
//! B s = y, the estimate is sharper, and for two variables exact. Where x - t g is within the bounds for an estimate of t that is
//! not too small, the path is straight up to its minimizer.
//!
//! Reference: R. H. Byrd, P. Lu, J. Nocedal, C. Zhu, A limited memory algorithm for bound constrained optimization, SIAM J. Sci.
//! Comput. 16 (1995), sections 4 and 5, <https://doi.org/10.1137/0916069>

use thalweg_linalg::{LinalgError, dot};

use super::box_passes::{descends_inside, move_within};
use super::cauchy_point::{BoxedPoint, CauchyPoint};
use super::compact_bfgs::CompactBfgs;
use super::step_pairs::NewPair;
use super::subspace_minimization::SubspaceMinimizer;

/// The quadratic model with what it takes to minimize it within bounds.
#[derive(Clone, Debug)]
pub struct BoundedModel {
    matrix: CompactBfgs,
    cauchy: CauchyPoint,
    subspace: SubspaceMinimizer,
    /// The end of the direction, within the bounds.
    target: Vec<f64>,
    /// Whether a variable was held at the last Cauchy point.
    was_held: bool,
}

impl BoundedModel {
    /// The model with the identity for its curvature, of `n` variables and with room for `m` pairs.
    pub fn new(n: usize, m: usize) -> Self {
        BoundedModel {
            matrix: CompactBfgs::new(n, m),
            cauchy: CauchyPoint::new(n, m),
            subspace: SubspaceMinimizer::new(n, m),
            target: vec![0.0; n],
            was_held: false,
        }
    }

    /// Whether the curvature is the identity.
    pub fn is_empty(&self) -> bool {
        self.matrix.is_empty()
    }

    /// Go back to the identity.
    pub fn clear(&mut self) {
        self.matrix.clear();
    }

    /// Take in a step.
    pub fn update(&mut self, new: &NewPair<'_>) {
        self.matrix.update(new);
    }

    /// The end of the direction last computed, within the bounds.
    pub fn target(&self) -> &[f64] {
        &self.target
    }

    /// The direction to the minimizer of the model within the bounds. Returns the slope along it.
    ///
    /// # Errors
    /// A matrix of the model broke down.
    pub fn direction(
        &mut self,
        at: BoxedPoint<'_>,
        direction: &mut [f64],
    ) -> Result<f64, LinalgError> {
        // After a Cauchy point with held variables, it is worth a look whether some are at their bounds already.
        let may_be_free = !self.is_empty() && (!self.was_held || descends_inside(at, 0.0));
        if may_be_free {
            let slope = self.matrix.newton(at.gradient, direction);
            if self.is_straight(at, slope)
                && let Some(slope) = self.go_straight(at, slope, direction)
            {
                self.was_held = false;
                return Ok(slope);
            }
        }
        self.go_over_cauchy_point(at, direction, may_be_free)?;
        Ok(head_for(&self.target, at, direction))
    }

    /// Whether the path of steepest descent is sure to meet no bound before its first minimizer, with the slope `-g'H g`.
    fn is_straight(&self, at: BoxedPoint<'_>, slope: f64) -> bool {
        let square = dot(at.gradient, at.gradient);
        let up_to = |time: f64| time > 0.0 && time.is_finite() && descends_inside(at, time);
        // Where a number overflowed, nothing is sure.
        slope < 0.0
            && slope.is_finite()
            && square.is_finite()
            && (up_to(-slope / square)
                || up_to(square / self.least_curvature(at.gradient, square, -slope)))
    }

    /// A lower bound of g'B g from g'g and g'H g: the maximum of (g'Bv)^2 / v'Bv over the plane of H g and the newest step.
    fn least_curvature(&self, gradient: &[f64], square: f64, across: f64) -> f64 {
        let newest = self.matrix.pairs().len() - 1;
        let along_step = dot(self.matrix.pairs().step(newest), gradient);
        let along_change = dot(self.matrix.pairs().change(newest), gradient);
        let sy = self.matrix.curvature(newest);
        // What is left of H g without its part along the step, in the product of B.
        let left = across - along_step * along_step / sy;
        let from_step = along_change * along_change / sy;
        if left <= f64::EPSILON.sqrt() * across {
            return from_step.max(square * square / across);
        }
        let onto_left = square - along_change * along_step / sy;
        from_step + onto_left * onto_left / left
    }

    /// Take the Newton direction, cut off at the bounds. Returns the slope, or nothing where that does not lead downhill.
    fn go_straight(
        &mut self,
        at: BoxedPoint<'_>,
        slope: f64,
        direction: &mut [f64],
    ) -> Option<f64> {
        if move_within(at, direction, &mut self.target) {
            return Some(slope);
        }
        let target = self.target.iter().zip(at.x).zip(at.gradient);
        let slope: f64 = target.map(|((target, x), g)| (target - x) * g).sum();
        (slope <= 0.0).then(|| head_for(&self.target, at, direction))
    }

    /// The target in general. `newton` is the Newton direction if it is known, and otherwise receives it where it is needed.
    fn go_over_cauchy_point(
        &mut self,
        at: BoxedPoint<'_>,
        newton: &mut [f64],
        is_known: bool,
    ) -> Result<(), LinalgError> {
        self.matrix.renew()?;
        self.cauchy.find(&self.matrix, at);
        self.was_held = self.cauchy.free.contains(&false);
        if self.matrix.is_empty() || !self.cauchy.free.contains(&true) {
            self.target.copy_from_slice(&self.cauchy.point);
            return Ok(());
        }
        if !self.was_held {
            if !is_known {
                self.matrix.newton(at.gradient, newton);
            }
            self.subspace.minimize_freely(newton, &self.cauchy, at, &mut self.target);
            return Ok(());
        }
        self.subspace.minimize(&self.matrix, &self.cauchy, at, &mut self.target)
    }
}

/// The direction that ends at `target`. Returns the slope along it.
fn head_for(target: &[f64], at: BoxedPoint<'_>, direction: &mut [f64]) -> f64 {
    for (d, (target, x)) in direction.iter_mut().zip(target.iter().zip(at.x)) {
        *d = target - x;
    }
    dot(at.gradient, direction)
}

#[cfg(test)]
mod tests {
    use super::super::compact_bfgs::dot_products;
    use super::super::step_pairs::Products;
    use super::*;
    use proptest::prelude::*;

    /// A model of `n` variables after `count` steps on a convex quadratic, and a point in a box of about this width.
    #[derive(Debug)]
    struct Example {
        model: BoundedModel,
        x: Vec<f64>,
        gradient: Vec<f64>,
        lower: Vec<f64>,
        upper: Vec<f64>,
    }

    impl Example {
        fn at(&self) -> BoxedPoint<'_> {
            let Example { x, gradient, lower, upper, .. } = self;
            BoxedPoint { x, gradient, lower, upper }
        }
    }

    fn example(n: usize, count: usize, width: f64, numbers: &[f64]) -> Example {
        let mut numbers = numbers.iter().copied().cycle();
        let mut take = |n: usize| -> Vec<f64> { numbers.by_ref().take(n).collect() };
        let mut model = BoundedModel::new(n, 4);
        let (scales, zero) = (take(n), vec![0.0; n]);
        for _ in 0..count {
            let s = take(n);
            let along: f64 = s.iter().zip(&scales).map(|(s, scale)| s * scale).sum();
            let y: Vec<f64> = (0..n)
                .map(|i| 10f64.powf(2.0 * scales[i]) * s[i] + 10.0 * along * scales[i])
                .collect();
            let curvature = dot(&s, &y);
            if curvature > 1e-6 {
                model.update(&NewPair {
                    step: 1.0,
                    direction: &s,
                    gradient: &y,
                    previous_gradient: &zero,
                    curvature,
                });
            }
        }
        let (gradient, x) = (take(n), take(n));
        // One in ten is at its bound.
        let mut room = || take(n).into_iter().map(move |r| width * (r.abs() - 0.1).max(0.0));
        let lower: Vec<f64> = x.iter().zip(room()).map(|(x, room)| x - room).collect();
        let upper: Vec<f64> = x.iter().zip(room()).map(|(x, room)| x + room + 1e-9).collect();
        Example { model, x, gradient, lower, upper }
    }

    fn examples() -> impl Strategy<Value = Example> {
        let size = (1usize..12, 1usize..9, -3.0..3.0);
        let numbers = proptest::collection::vec(-1.0..1.0f64, 200);
        (size, numbers).prop_map(|((n, count, exponent), numbers)| {
            example(n, count, 10f64.powf(exponent), &numbers)
        })
    }

    proptest! {
        #[test]
        fn the_short_way_ends_where_the_long_way_does(mut case in examples(), was_held: bool) {
            prop_assume!(!case.model.is_empty());
            let mut model = case.model.clone();
            model.was_held = was_held;
            let n = case.x.len();
            let (mut short, mut long, mut newton) = (vec![0.0; n], vec![0.0; n], vec![0.0; n]);
            let slope = model.direction(case.at(), &mut short).unwrap();

            let straight = {
                let newton_slope = case.model.matrix.newton(&case.gradient, &mut newton);
                case.model.is_straight(case.at(), newton_slope)
            };
            let mut over_cauchy_point = case.model.clone();
            over_cauchy_point.go_over_cauchy_point(case.at(), &mut newton, true).unwrap();
            let expected = head_for(&over_cauchy_point.target, case.at(), &mut long);
            prop_assert!(!(straight && over_cauchy_point.was_held), "a bound was met");
            let size = long.iter().fold(0.0f64, |size, d| size.max(d.abs()));
            prop_assert!((slope - expected).abs() <= 1e-9 * expected.abs());
            for i in 0..n {
                prop_assert!((short[i] - long[i]).abs() <= 1e-9 * size, "{short:?} {long:?}");
                prop_assert!((case.lower[i]..=case.upper[i]).contains(&model.target[i]));
            }
        }

        #[test]
        fn the_estimate_of_the_curvature_is_a_lower_bound_and_exact_for_two_variables(
            mut case in examples(),
        ) {
            prop_assume!(!case.model.is_empty());
            let n = case.x.len();
            let (matrix, gradient) = (&mut case.model.matrix, &case.gradient);
            matrix.renew().unwrap();
            let (mut onto, mut product) = (Products::new(4), Products::new(4));
            matrix.project(gradient, &mut onto);
            matrix.middle_product(&onto, &mut product);
            let square = dot(gradient, gradient);
            let len = matrix.pairs().len();
            let exact = matrix.theta() * square - dot_products(&onto, &product, len);

            let slope = matrix.newton(gradient, &mut vec![0.0; n]);
            let estimate = case.model.least_curvature(gradient, square, -slope);
            let rounding = 1e-8 * (exact + case.model.matrix.theta() * square);
            prop_assert!(estimate <= exact + rounding, "{estimate} {exact}");
            if n <= 2 {
                prop_assert!(estimate >= exact - rounding, "{estimate} {exact}");
            }
        }
    }
}
