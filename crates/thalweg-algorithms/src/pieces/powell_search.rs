//! The search of Powell's NEWUOA and BOBYQA: trust-region steps on a quadratic model by interpolation at 2 n + 1 points.
//!
//! Two radii: steps are at most Delta long, which follows the model's success; rho is its lower bound, and a resolution at which the
//! search stays as long as it makes progress there. A step that is short compared with rho, or that gains little, first leads to a
//! better set of points, if some are far away, or else to a smaller rho. The last rho ends the search.
//!
//! Inside, each variable is measured in its own first step, so that the first radius is 1.
//!
//! References:
//! * M. J. D. Powell, The NEWUOA software for unconstrained optimization without derivatives (2006),
//!   <https://doi.org/10.1007/0-387-30065-1_16>
//! * M. J. D. Powell, The BOBYQA algorithm for bound constrained optimization without derivatives (2009),
//!   <https://www.damtp.cam.ac.uk/user/na/NA_papers/NA2009_06.pdf>
//! * Z. Zhang, PRIMA: Reference Implementation for Powell's Methods with Modernization and Amelioration, <https://www.libprima.net>
//!   (the conditions for better points and for a smaller rho as two plain statements)

use thalweg_core::{Finish, Problem, Stop, Test};
use thalweg_linalg::{dot, nrm2};

use super::box_trust_region::{BoxStep, BoxTrustRegion};
use super::frobenius_model::FrobeniusModel;
use super::geometry_step::GeometryStep;
use super::interpolation_set::InterpolationSet;
use super::lagrange_basis::Candidate;
use super::radii::Radii;
use super::search_rules::{Course, SearchRules};

/// The base moves when steps are this short compared with the distance from it (squared).
const SHIFT_BELOW: f64 = 1e-3;
/// The model's gradient has to be this much larger (squared) than the least model's three times before that takes its place.
/// (Powell: ten times. With four, the median run on the problems of Moré and Wild takes a twentieth fewer evaluations to 1e-7.)
const SUSPICIOUS_GRADIENT: f64 = 4.0;
const SUSPICIONS: usize = 3;
/// The smallest last radius, in first steps: below it, steps are rounding.
const SMALLEST_RADIUS: f64 = 1e-15;
/// How many points a restart moves.
const MOVED_BY_RESTART: usize = 3;

/// What differs between Powell's two programs, and the tolerances.
#[derive(Clone, Copy, Debug)]
pub struct PowellSearch {
    /// Whether geometry steps try the lines through the other points (BOBYQA) besides the ball.
    pub lines: bool,
    /// The power of the squared distance that weighs points when one has to go.
    pub distance_power: i32,
    /// Whether a failed step halves its own length (NEWUOA) or at most the radius (BOBYQA).
    pub shrink_step: bool,
    /// The largest part of the radius for a geometry step.
    pub geometry_radius: f64,
    /// The radius at the end, relative to the first steps.
    pub xtol_rel: f64,
    /// The radius at the end in the parameters' units.
    pub xtol_abs: f64,
    /// The relative change of the objective that ends the search.
    pub ftol_rel: f64,
    /// The absolute change of the objective that ends the search.
    pub ftol_abs: f64,
    /// Thresholds, factors, noise and restarts.
    pub rules: SearchRules,
}

/// How a trust-region step went.
struct Outcome {
    /// What was gained of what the model promised; -1 when nothing was tried.
    ratio: f64,
    /// The length of the step.
    length: f64,
    /// Whether the step was too short to be tried.
    short: bool,
    converged: Option<Test>,
}

impl PowellSearch {
    /// Minimize from `x0`.
    ///
    /// # Errors
    /// [`Stop`] when the run has to end.
    pub fn minimize(&self, problem: &mut Problem<'_>, x0: &[f64]) -> Result<Finish, Stop> {
        let (last, option) = self.last_radius(problem, x0);
        let points = self.rules.n_points.unwrap_or(2 * x0.len() + 1);
        let mut set = InterpolationSet::evaluate(problem, x0, self.rules.first_radius, points)?;
        let mut radii = Radii::new(last, self.rules.shrink_radii);
        let mut course = Course::default();
        let mut model = FrobeniusModel::least(&set.basis, &set.values, set.best);
        loop {
            problem.iteration(&set.best_point(), set.best_value())?;
            if !set.defined {
                let reason = "the objective is not finite at any point but the start";
                return Ok(Finish::stalled(set.best_point(), set.best_value(), reason));
            }
            if !model.is_finite() {
                let reason = "the interpolation model is not finite";
                return Ok(Finish::stalled(set.best_point(), set.best_value(), reason));
            }
            if let Some(end) = self.rules.end(&mut course, &set.values, set.best_value()) {
                if self.restart(problem, &mut set, &mut model, &mut radii, &mut course)? {
                    continue;
                }
                let (x, value) = (set.best_point(), set.best_value());
                return Ok(Finish { x, value, verdict: end, extras: Vec::new() });
            }
            let (low, high) = set.room();
            let region = BoxTrustRegion {
                gradient: &model.gradient,
                low: &low,
                high: &high,
                radius: radii.delta,
            };
            let step = region.step(|v, out| model.curvature(&set.basis, v, out));
            let outcome = self.try_step(problem, &mut set, &mut model, &mut radii, &step)?;
            if let Some(test) = outcome.converged {
                return Ok(Finish::converged(set.best_point(), set.best_value(), test));
            }

            let accurate = outcome.short && self.is_accurate(&set, &model, &radii, &step);
            let farthest = set.farthest((2.0 * radii.delta).max(10.0 * radii.rho));
            let adequate = accurate || farthest.is_none();
            let poor = outcome.short || outcome.ratio <= self.rules.good;
            let bad = outcome.short || outcome.ratio <= 0.0;
            if poor && !adequate {
                if let Some((t, distance)) = farthest {
                    self.improve(problem, &mut set, &mut model, &mut radii, (t, distance))?;
                }
            } else if bad && radii.delta.max(outcome.length) <= radii.rho {
                if radii.rho <= radii.last {
                    if self.restart(problem, &mut set, &mut model, &mut radii, &mut course)? {
                        continue;
                    }
                    // A last step that was not worth a correction of the model may be worth its evaluation.
                    let (x, value) = if outcome.short {
                        set.after_last(problem, &step.d)?
                    } else {
                        (set.best_point(), set.best_value())
                    };
                    let test = Test {
                        measure: self.rules.radius_measure(),
                        value: radii.rho * self.rules.first_radius.unwrap_or(1.0),
                        tolerance: radii.last * self.rules.first_radius.unwrap_or(1.0),
                        option,
                    };
                    return Ok(Finish::converged(x, value, test));
                }
                radii.reduce();
            }
        }
    }

    /// The last radius in first steps, and the option that it comes from.
    fn last_radius(&self, problem: &Problem<'_>, x0: &[f64]) -> (f64, &'static str) {
        if let Some(first) = self.rules.first_radius {
            let last = (self.xtol_abs / first).clamp(SMALLEST_RADIUS, 1.0);
            return (last, "convergence_minimal_trustregion_radius_tolerance");
        }
        let steps = super::first_step::first_steps(x0, problem.lower(), problem.upper());
        let largest = steps.iter().fold(0.0_f64, |largest, step| largest.max(*step));
        let absolute = self.xtol_abs / largest;
        if absolute > self.xtol_rel {
            (absolute.min(1.0), "convergence_xtol_abs")
        } else {
            (self.xtol_rel.clamp(SMALLEST_RADIUS, 1.0), "convergence_xtol_rel")
        }
    }

    /// Go on with the first radius, if the rules allow another restart, after points next to the best one have moved away.
    fn restart(
        &self,
        problem: &mut Problem<'_>,
        set: &mut InterpolationSet,
        model: &mut FrobeniusModel,
        radii: &mut Radii,
        course: &mut Course,
    ) -> Result<bool, Stop> {
        let Some(radius) = self.rules.restart(course, set.best_value()) else { return Ok(false) };
        radii.restart(radius);
        for _ in 0..MOVED_BY_RESTART.min(set.basis.len() - 1) {
            let nearest = set.nearest();
            self.improve(problem, set, model, radii, nearest)?;
        }
        Ok(true)
    }

    /// Evaluate the objective after the step, if it is long enough, and learn from it.
    fn try_step(
        &self,
        problem: &mut Problem<'_>,
        set: &mut InterpolationSet,
        model: &mut FrobeniusModel,
        radii: &mut Radii,
        step: &BoxStep,
    ) -> Result<Outcome, Stop> {
        let length = nrm2(&step.d).min(radii.delta);
        let promised = -model.change(&set.basis, &step.d);
        if length < self.rules.short * radii.rho || promised.is_nan() || promised <= 0.0 {
            radii.set_delta(0.1 * radii.delta);
            return Ok(Outcome { ratio: -1.0, length, short: true, converged: None });
        }
        let d = &step.d;
        shift_if_needed(set, model, length);
        let old = set.best_value();
        let value = set.evaluate_step(problem, d)?;
        let ratio = (old - value) / promised;
        radii.record(length, (old - value - promised).abs());
        radii.set_delta(self.rules.next_delta(ratio, radii.delta, length, self.shrink_step));

        let candidate = candidate(set, model, d);
        let t = self.replaceable(set, &candidate, d, value < old, radii);
        if t.is_some_and(|t| set.replace(model, t, d, value, &candidate)) {
            self.compare_with_least_model(set, model, radii);
        } else {
            *model = set.renew(problem, (d, value), radii.rho)?;
        }
        let converged = (value < old && (self.rules.good..=1.0 / self.rules.good).contains(&ratio))
            .then(|| self.value_test(old, value))
            .flatten();
        Ok(Outcome { ratio, length, short: false, converged })
    }

    /// The point whose exchange has the largest denominator, far points being weighed more.
    fn replaceable(
        &self,
        set: &InterpolationSet,
        candidate: &Candidate,
        d: &[f64],
        improved: bool,
        radii: &Radii,
    ) -> Option<usize> {
        let center = set.basis.point(set.best);
        let near = radii.delta.max(radii.rho);
        let mut best: Option<(usize, f64)> = None;
        for k in 0..set.basis.len() {
            if !improved && k == set.best {
                continue;
            }
            let from = |i: usize| center[i] + if improved { d[i] } else { 0.0 };
            let square: f64 = (set.basis.point(k).iter().enumerate())
                .map(|(i, y)| (y - from(i)) * (y - from(i)))
                .sum();
            let weight = (square / (near * near)).max(1.0).powi(self.distance_power);
            let score = weight * set.basis.denominator(k, candidate);
            if score > 0.0 && score.is_finite() && best.is_none_or(|(_, largest)| score > largest) {
                best = Some((k, score));
            }
        }
        best.map(|(k, _)| k)
    }

    /// Powell's test: where the gradient of the updated model is much larger than that of the least model, three times in a row, the
    /// updates have led astray, and the least model takes over.
    fn compare_with_least_model(
        &self,
        set: &InterpolationSet,
        model: &mut FrobeniusModel,
        radii: &mut Radii,
    ) {
        let least = FrobeniusModel::least(&set.basis, &set.values, set.best);
        let (low, high) = set.room();
        let size = |gradient: &[f64]| -> f64 {
            let free = gradient.iter().zip(low.iter().zip(&high)).filter(|(g, (low, high))| {
                !(**low >= 0.0 && **g >= 0.0 || **high <= 0.0 && **g <= 0.0)
            });
            free.map(|(g, _)| g * g).sum()
        };
        if size(&model.gradient) < SUSPICIOUS_GRADIENT * size(&least.gradient) {
            radii.suspicions = 0;
            return;
        }
        radii.suspicions += 1;
        if radii.suspicions >= SUSPICIONS {
            radii.suspicions = 0;
            *model = least;
        }
    }

    /// Whether the last three errors of the model are as small as its curvature lets expect at this rho (Powell 2009, section 2).
    fn is_accurate(
        &self,
        set: &InterpolationSet,
        model: &FrobeniusModel,
        radii: &Radii,
        step: &BoxStep,
    ) -> bool {
        let rho = radii.rho;
        let error = radii.errors.iter().fold(0.0_f64, |largest, e| largest.max(*e));
        if radii.lengths.iter().any(|length| *length > rho) {
            return false;
        }
        if step.least_curvature.is_some_and(|curvature| error > 0.125 * rho * rho * curvature) {
            return false;
        }
        let (low, high) = set.room();
        (0..step.d.len()).all(|i| {
            let inward = if step.d[i] <= low[i] {
                step.gradient[i]
            } else if step.d[i] >= high[i] {
                -step.gradient[i]
            } else {
                return true;
            };
            inward * rho >= error
                || (inward + 0.5 * model.diagonal(&set.basis, i) * rho) * rho >= error
        })
    }

    /// Replace a point that is too far away.
    fn improve(
        &self,
        problem: &mut Problem<'_>,
        set: &mut InterpolationSet,
        model: &mut FrobeniusModel,
        radii: &mut Radii,
        (t, distance): (usize, f64),
    ) -> Result<(), Stop> {
        let radius = (0.1 * distance).min(self.geometry_radius * radii.delta).max(radii.rho);
        shift_if_needed(set, model, radius);
        let (mut d, mut candidate) = self.geometry_step(set, t, radius);
        let lagrange = candidate.lagrange[t];
        if set.basis.denominator(t, &candidate) <= 0.5 * lagrange * lagrange {
            set.rebuild(model);
            (d, candidate) = self.geometry_step(set, t, radius);
        }
        let old = set.best_value();
        let value = set.evaluate_step(problem, &d)?;
        let promised = -model.change(&set.basis, &d);
        radii.record(nrm2(&d), (old - value - promised).abs());
        if !set.replace(model, t, &d, value, &candidate) {
            *model = set.renew(problem, (&d, value), radii.rho)?;
        }
        Ok(())
    }

    fn geometry_step(
        &self,
        set: &InterpolationSet,
        t: usize,
        radius: f64,
    ) -> (Vec<f64>, Candidate) {
        let (low, high) = set.room();
        let (basis, center, lines) = (&set.basis, set.best, self.lines);
        GeometryStep { basis, center, low: &low, high: &high, radius, lines }.replacing(t)
    }

    fn value_test(&self, old: f64, new: f64) -> Option<Test> {
        let value = old - new;
        let relative = self.ftol_rel * 0.5 * (old.abs() + new.abs());
        let (tolerance, option) = if relative >= self.ftol_abs {
            (relative, "convergence_ftol_rel")
        } else {
            (self.ftol_abs, "convergence_ftol_abs")
        };
        let measure = "change of the objective in a step as the model promised";
        (value <= tolerance).then_some(Test { measure, value, tolerance, option })
    }
}

fn shift_if_needed(set: &mut InterpolationSet, model: &mut FrobeniusModel, length: f64) {
    let center = set.basis.point(set.best);
    if length * length <= SHIFT_BELOW * dot(center, center) {
        set.rebuild(model);
    }
}

/// What the basis makes of the step. A basis that rounding has damaged is rebuilt.
fn candidate(set: &mut InterpolationSet, model: &mut FrobeniusModel, d: &[f64]) -> Candidate {
    let candidate = set.basis.candidate(set.best, d);
    let largest = |of: &dyn Fn(usize) -> f64| (0..set.basis.len()).map(of).fold(0.0, f64::max);
    let denominator = largest(&|k| set.basis.denominator(k, &candidate));
    let lagrange = largest(&|k| candidate.lagrange[k] * candidate.lagrange[k]);
    if denominator > 0.5 * lagrange {
        return candidate;
    }
    set.rebuild(model);
    set.basis.candidate(set.best, d)
}

#[cfg(test)]
mod tests {
    use thalweg_core::{ProblemSpec, Verdict, testing::FunctionOracle};

    use super::*;
    use crate::testing::rosenbrock;

    const SEARCH: PowellSearch = PowellSearch {
        lines: true,
        distance_power: 2,
        shrink_step: false,
        geometry_radius: 1.0,
        xtol_rel: 1e-6,
        xtol_abs: 0.0,
        ftol_rel: 0.0,
        ftol_abs: 0.0,
        rules: SearchRules::POWELL,
    };

    fn run(
        search: PowellSearch,
        oracle: &mut FunctionOracle<'_>,
        bounds: &[(f64, f64)],
        x0: &[f64],
    ) -> Finish {
        let (lower, upper) = bounds.iter().copied().unzip();
        let spec = ProblemSpec { lower, upper, n_outputs: 1, ..Default::default() };
        let finish = search.minimize(&mut Problem::new(oracle, &spec), x0).unwrap();
        for (_, x) in &oracle.trace {
            let inside = x.iter().zip(bounds).all(|(x, (low, high))| (low..=high).contains(&x));
            assert!(inside, "{x:?} is not within {bounds:?}");
        }
        finish
    }

    const FREE: (f64, f64) = (f64::NEG_INFINITY, f64::INFINITY);

    #[test]
    fn a_separable_quadratic_takes_little_more_than_the_first_points() {
        let bowl = |x: &[f64]| -> f64 {
            x.iter().enumerate().map(|(i, x)| (i + 1) as f64 * (x - 0.3).powi(2)).sum()
        };
        let mut oracle = FunctionOracle::scalar(bowl);
        let finish = run(SEARCH, &mut oracle, &[FREE; 6], &[1.0; 6]);
        assert!(finish.verdict.is_success(), "{finish:?}");
        let soon = oracle.trace[..20].iter().map(|(_, x)| bowl(x)).fold(f64::INFINITY, f64::min);
        assert!(soon < 1e-3 * bowl(&[1.0; 6]), "{soon}");
    }

    #[test]
    fn curved_valleys_and_active_bounds_are_followed_to_the_end() {
        let finish =
            run(SEARCH, &mut FunctionOracle::scalar(rosenbrock), &[FREE; 3], &[-1.2, 1.0, 1.0]);
        assert!(finish.value < 1e-10, "{finish:?}");
        let bounds = [(-2.0, 0.5), FREE, (0.1, 4.0)];
        let finish =
            run(SEARCH, &mut FunctionOracle::scalar(rosenbrock), &bounds, &[0.3, 1.0, 0.1]);
        assert_eq!((finish.x[0], finish.x[2]), (0.5, 0.1));
        assert!(finish.verdict.is_success() && (finish.x[1] - 0.27155).abs() < 1e-3, "{finish:?}");
    }

    #[test]
    fn an_edge_beyond_which_the_objective_is_undefined_is_no_obstacle() {
        let edge = |x: &[f64]| {
            if x[0] < 0.2 { f64::NAN } else { x[0] - x[0].ln() / 2.0 + (x[1] - x[0]).powi(2) }
        };
        let finish = run(SEARCH, &mut FunctionOracle::scalar(edge), &[FREE; 2], &[2.0, -1.0]);
        assert!(finish.x.iter().all(|x| (x - 0.5).abs() < 1e-3), "{finish:?}");
    }

    #[test]
    fn what_is_finite_at_the_start_only_is_no_success() {
        let lonely = |x: &[f64]| if x == [1.0, 1.0] { 0.0 } else { f64::NAN };
        let finish = run(SEARCH, &mut FunctionOracle::scalar(lonely), &[FREE; 2], &[1.0, 1.0]);
        let Verdict::Stalled(reason) = &finish.verdict else { panic!("{finish:?}") };
        assert_eq!(reason, "the objective is not finite at any point but the start");
    }

    #[test]
    fn a_model_that_overflows_is_no_success() {
        let huge = |x: &[f64]| if x[0] > 1.5 { 1.7e308 } else { -1.7e308 };
        let finish = run(SEARCH, &mut FunctionOracle::scalar(huge), &[FREE; 2], &[1.0, 1.0]);
        let Verdict::Stalled(reason) = &finish.verdict else { panic!("{finish:?}") };
        assert_eq!(reason, "the interpolation model is not finite");
    }

    #[test]
    fn the_last_radius_is_that_of_the_larger_tolerance() {
        let bowl = |x: &[f64]| (x[0] - 3.0).powi(2) + x[1].abs();
        for (xtol_abs, option) in [(0.0, "convergence_xtol_rel"), (0.2, "convergence_xtol_abs")] {
            let search = PowellSearch { xtol_abs, ..SEARCH };
            let finish = run(search, &mut FunctionOracle::scalar(bowl), &[FREE; 2], &[20.0, 1.0]);
            let Verdict::Converged(test) = &finish.verdict else { panic!("{finish:?}") };
            assert_eq!((test.option, test.tolerance), (option, (xtol_abs / 20.0).max(1e-6)));
        }
    }
}
