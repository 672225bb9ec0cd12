//! What Powell's searches on quadratic models have in common: the set of points with the model through them, the radii, the step under
//! consideration, and the tests that end a run.
//!
//! Two radii: steps are at most Delta long, which follows the model's success; rho is its lower bound, and a resolution at which the
//! search stays as long as it makes progress there. The last rho ends the search. Inside, each variable is measured in its own first
//! step, so that the first radius is 1.

use thalweg_core::{Finish, Problem, Stop, Test};
use thalweg_linalg::nrm2;

use super::box_trust_region::BoxStep;
use super::first_points::FirstPoints;
use super::frobenius_model::FrobeniusModel;
use super::interpolation_set::{InterpolationSet, Trial};
use super::lagrange_basis::Candidate;
use super::radii::Radii;

/// The smallest last radius, in first steps: below it, steps are rounding.
pub const SMALLEST_RADIUS: f64 = 1e-15;
/// A step of length s tells something new where Powell's beta is at least this part of s^4: below, the other points determine the value of
/// the quadratic there.
const TELLS_SOMETHING: f64 = 1e-3;
/// The set grows by the points of steps that gained at least this part of what the model promised.
const AS_PROMISED: f64 = 0.1;
/// The largest number of points per variable, but for one, where the set grows.
const POINTS_PER_VARIABLE: usize = 4;
/// Times in a row that the model looks astray before the least one takes over.
const SUSPICIONS: usize = 3;

/// Tolerances of Powell's methods.
#[derive(Clone, Copy, Debug)]
pub struct Tolerances {
    /// The radius at the end, relative to the first steps.
    pub xtol_rel: f64,
    /// The radius at the end in the parameters' units.
    pub xtol_abs: f64,
    /// The relative change of the objective that ends the search.
    pub ftol_rel: f64,
    /// The absolute change of the objective that ends the search.
    pub ftol_abs: f64,
}

/// The state of a search.
pub struct PowellState {
    /// The points.
    pub set: InterpolationSet,
    /// The model through them.
    pub model: FrobeniusModel,
    /// The radii.
    pub radii: Radii,
    /// The step under consideration.
    pub d: Vec<f64>,
    /// What the basis makes of it.
    pub candidate: Candidate,
    /// What came of it.
    pub trial: Trial,
    /// How often in a row the updated model looked worse than the least one.
    suspicions: usize,
}

impl PowellState {
    /// Evaluate the objective at the first points.
    ///
    /// # Errors
    /// [`Stop`] when the run has to end.
    pub fn start(
        problem: &mut Problem<'_>,
        x0: &[f64],
        first: FirstPoints,
        radii: Radii,
    ) -> Result<Self, Stop> {
        let set = InterpolationSet::evaluate(problem, x0, first)?;
        let model = FrobeniusModel::least(&set.basis, &set.values, set.best);
        let n = x0.len();
        Ok(PowellState {
            set,
            model,
            radii,
            d: vec![0.0; n],
            candidate: Candidate::default(),
            trial: Trial { of_d: vec![0.0; n], ..Trial::default() },
            suspicions: 0,
        })
    }

    /// Begin an iteration; the end of the run, if nothing can be done.
    ///
    /// # Errors
    /// [`Stop`] when the run has to end.
    pub fn begin(&mut self, problem: &mut Problem<'_>) -> Result<Option<Finish>, Stop> {
        self.set.announce(problem)?;
        let reason = if !self.set.defined {
            "the objective is not finite at any point but the start"
        } else if !self.model.is_finite() {
            "the interpolation model is not finite"
        } else {
            return Ok(None);
        };
        Ok(Some(Finish::stalled(self.set.best_point(), self.set.best_value(), reason)))
    }

    /// Take the step into consideration; whether it is at least this part of rho long and the model promises a decrease.
    pub fn is_worth_trying(&mut self, d: &[f64], part: f64) -> bool {
        self.d.copy_from_slice(d);
        self.radii.length = nrm2(d).min(self.radii.delta);
        if self.radii.length < part * self.radii.rho {
            return false;
        }
        self.set.move_base_if_far(&mut self.model, self.radii.length);
        self.trial.change = self.model.change(&self.set.basis, &self.d, &mut self.trial.of_d);
        self.trial.change < 0.0
    }

    /// What the basis makes of the step. A basis that rounding has damaged is rebuilt.
    pub fn consider(&mut self) {
        self.set.basis.consider(self.set.best, &self.d, &mut self.candidate);
        let (mut denominator, mut lagrange) = (0.0_f64, 0.0_f64);
        for (k, value) in self.candidate.lagrange.iter().enumerate() {
            denominator = denominator.max(self.set.basis.denominator(k, &self.candidate));
            lagrange = lagrange.max(value * value);
        }
        if denominator <= 0.5 * lagrange {
            self.set.rebuild(&mut self.model);
            self.set.basis.consider(self.set.best, &self.d, &mut self.candidate);
        }
    }

    /// Evaluate the objective after the step and record the error of the model. The value of the best point before.
    ///
    /// # Errors
    /// [`Stop`] when the run has to end.
    pub fn evaluate(&mut self, problem: &mut Problem<'_>) -> Result<f64, Stop> {
        let old = self.set.best_value();
        self.trial.value = self.set.evaluate_step(problem, &self.d)?;
        self.radii.record(self.trial.value - old - self.trial.change);
        Ok(old)
    }

    /// The point whose exchange has the largest denominator (at least `least`), far points being weighed more: by the square of their
    /// distance from the best point, or the new one if it is better, relative to `near`, to this power.
    pub fn replaceable(&self, near: f64, power: i32, least: f64) -> Option<usize> {
        let set = &self.set;
        let improved = self.trial.value < set.best_value();
        let center = if improved { set.trial() } else { set.basis.point(set.best) };
        let mut best = None;
        let mut largest = if improved { 0.0 } else { least };
        for k in (0..set.basis.len()).filter(|&k| improved || k != set.best) {
            let square = set.basis.square_distance(k, center) / (near * near);
            let weight = if square > 1.0 { square.powi(power) } else { 1.0 };
            let score = weight * set.basis.denominator(k, &self.candidate);
            if score > largest && score.is_finite() {
                largest = score;
                best = Some(k);
            }
        }
        best
    }

    /// Add the point that was evaluated to the set, if its step gained a good part of what the model promised, there are fewer than
    /// `most` points, none of them is farther from it than `far`, and it tells something new. Whether it did.
    pub fn add(&mut self, most: usize, far: f64) -> bool {
        let Self { set, model, candidate, trial, radii, .. } = self;
        let mut distances = (0..set.basis.len()).map(|k| set.basis.square_distance(k, set.trial()));
        let gain = trial.value - set.best_value();
        let wanted = set.basis.len() < most
            && gain <= AS_PROMISED * trial.change
            && candidate.beta >= TELLS_SOMETHING * radii.length.powi(4)
            && distances.all(|square| square <= far * far);
        if wanted {
            set.add(model, trial, candidate);
        }
        wanted
    }

    /// Exchange point `t` for the one that was evaluated; where the basis does not allow it, evaluate a new set. Whether it did.
    ///
    /// # Errors
    /// [`Stop`] when the run has to end.
    pub fn exchange(&mut self, problem: &mut Problem<'_>, t: Option<usize>) -> Result<bool, Stop> {
        let Self { set, model, candidate, trial, radii, .. } = self;
        if t.is_some_and(|t| set.replace(model, t, trial, candidate)) {
            return Ok(true);
        }
        *model = set.renew(problem, trial.value, radii.rho)?;
        Ok(false)
    }

    /// Evaluate new points this far around the best one, and that one as well if its value is to be `new`.
    ///
    /// # Errors
    /// [`Stop`] when the run has to end.
    pub fn begin_anew(
        &mut self,
        problem: &mut Problem<'_>,
        radius: f64,
        new: bool,
    ) -> Result<(), Stop> {
        if new {
            self.d.fill(0.0);
            self.set.values[self.set.best] = self.set.evaluate_step(problem, &self.d)?;
        }
        self.model = self.set.renew(problem, f64::INFINITY, radius)?;
        Ok(())
    }

    /// Powell's test: where the updates have led the model astray three times in a row, the least model takes over.
    pub fn suspect(&mut self, astray: bool) {
        self.suspicions = if astray { self.suspicions + 1 } else { 0 };
        if self.suspicions >= SUSPICIONS {
            self.suspicions = 0;
            self.model.become_least(&self.set.basis, &self.set.values, self.set.best);
        }
    }

    /// Whether the gradient of the model is this much larger (squared) than that of the least one, along coordinates that can move
    /// downhill.
    pub fn is_astray(&mut self, factor: f64) -> bool {
        let PowellState { set, model, .. } = self;
        let free = |gradient: &[f64]| -> f64 {
            let room = set.low_room.iter().zip(&set.high_room);
            let parts = gradient.iter().zip(room).map(|(g, (low, high))| {
                if *low >= 0.0 {
                    g.min(0.0)
                } else if *high <= 0.0 {
                    g.max(0.0)
                } else {
                    *g
                }
            });
            parts.map(|g| g * g).sum()
        };
        let updated = free(&model.gradient);
        let best = set.basis.point(set.best);
        updated >= factor * free(model.least_gradient(&set.basis, &set.values, set.best, best))
    }

    /// Whether the least model would have told the value after the step at least as well as the model did; before an exchange.
    pub fn is_worse_than_least(&mut self) -> bool {
        let PowellState { set, model, d, trial, .. } = self;
        let change = trial.value - set.best_value();
        let error = (change - trial.change).abs();
        let least = model.least_change(&set.basis, &set.values, set.best, d);
        (change - least).abs() <= error
    }

    /// Whether the last three errors of the model are as small as its curvature lets expect at this rho, and as its slopes and curvature
    /// at bounds do (Powell 2009, section 2).
    pub fn is_accurate(&self, step: &BoxStep) -> bool {
        let PowellState { set, model, radii, .. } = self;
        let rho = radii.rho;
        let Some(error) = radii.recent_error() else { return false };
        if step.least_curvature.is_some_and(|curvature| error > 0.125 * rho * rho * curvature) {
            return false;
        }
        (0..step.d.len()).all(|i| {
            let inward = if step.d[i] <= set.low_room[i] {
                step.gradient[i]
            } else if step.d[i] >= set.high_room[i] {
                -step.gradient[i]
            } else {
                return true;
            };
            inward * rho >= error
                || (inward + 0.5 * model.diagonal(&set.basis, i) * rho) * rho >= error
        })
    }

    /// Replace point `t` by one that makes the set better, a step of at most this length away, which `find` finds.
    ///
    /// # Errors
    /// [`Stop`] when the run has to end.
    pub fn improve(
        &mut self,
        problem: &mut Problem<'_>,
        t: usize,
        radius: f64,
        mut find: impl FnMut(&InterpolationSet, &mut Candidate, &mut Vec<f64>),
    ) -> Result<(), Stop> {
        self.set.move_base_if_far(&mut self.model, radius);
        find(&self.set, &mut self.candidate, &mut self.d);
        let lagrange = self.candidate.lagrange[t];
        if self.set.basis.denominator(t, &self.candidate) <= 0.5 * lagrange * lagrange {
            self.set.rebuild(&mut self.model);
            find(&self.set, &mut self.candidate, &mut self.d);
        }
        self.trial.change = self.model.change(&self.set.basis, &self.d, &mut self.trial.of_d);
        self.evaluate(problem)?;
        self.exchange(problem, Some(t))?;
        Ok(())
    }

    /// The end of a run whose last step was not worth a correction of the model: it may be worth its evaluation.
    ///
    /// # Errors
    /// [`Stop`] when the run has to end.
    pub fn finish(
        &mut self,
        problem: &mut Problem<'_>,
        short: bool,
        test: Test,
    ) -> Result<Finish, Stop> {
        let (x, value) = if short {
            self.set.after_last(problem, &self.d)?
        } else {
            (self.set.best_point(), self.set.best_value())
        };
        Ok(Finish::converged(x, value, test))
    }
}

/// The largest number of points for n variables where the set grows from 2 n + 1: no more than determine a quadratic.
pub fn most_points(n: usize) -> usize {
    (POINTS_PER_VARIABLE * n + 1).min((n + 1) * (n + 2) / 2)
}

impl Tolerances {
    /// The last radius in first steps of these lengths, and the option that it comes from.
    pub fn last_radius(&self, steps: &[f64]) -> (f64, &'static str) {
        let largest = steps.iter().fold(0.0_f64, |largest, step| largest.max(*step));
        let absolute = self.xtol_abs / largest;
        if absolute > self.xtol_rel {
            (absolute.min(1.0), "convergence_xtol_abs")
        } else {
            (self.xtol_rel.clamp(SMALLEST_RADIUS, 1.0), "convergence_xtol_rel")
        }
    }

    /// What is met when the radius is the last one.
    pub fn radius_test(radii: &Radii, option: &'static str) -> Test {
        Test {
            measure: "radius of the trust region, relative to the first steps,",
            value: radii.rho,
            tolerance: radii.last,
            option,
        }
    }

    /// What is met by a step from the value `old` to `new` that gained what the model promised.
    pub fn value_test(&self, old: f64, new: f64, ratio: f64) -> Option<Test> {
        let value = old - new;
        let relative = self.ftol_rel * 0.5 * (old.abs() + new.abs());
        let (tolerance, option) = if relative >= self.ftol_abs {
            (relative, "convergence_ftol_rel")
        } else {
            (self.ftol_abs, "convergence_ftol_abs")
        };
        let as_promised = new < old && (0.1..=10.0).contains(&ratio);
        let measure = "change of the objective in a step as the model promised";
        (as_promised && value <= tolerance).then_some(Test { measure, value, tolerance, option })
    }
}
