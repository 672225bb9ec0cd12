//! COBYLA: trust-region steps on linear models of objective and constraints by interpolation, without derivatives.
//!
//! # When to use
//! Few variables (up to about twenty), nonlinear constraints, and no derivatives of either; evaluations may be a little noisy. It
//! finds the neighbourhood of the solution soon, but precision slowly, because its models are linear. Constraints may be violated on
//! the way; bounds never are. Without nonlinear constraints `bobyqa` needs fewer evaluations; with derivatives, `slsqp`.
//!
//! # How it works
//! Objective and constraints are known at n + 1 points. The linear models through them make a step within the bounds and a trust
//! region: first as little violation as possible, then the least objective without more of it. Points are compared by the objective
//! plus mu times the largest violation; mu is raised when it does not let the step count as a gain. The new point takes the place of
//! another one. Where the models disappoint and a point is far away or near to the face of the simplex opposite to it, that one is
//! moved to where the simplex is largest. Steps that gain nothing, from points in good shape, make the resolution rho smaller, until it
//! is the wanted precision.
//!
//! # Differences from the reference
//! Written from Powell's paper. Against NLopt 2.11's LN_COBYLA and scipy 1.17's COBYLA:
//! * equations are rows with two equal limits, not two inequalities; bounds are never left, neither by steps nor by the first points;
//! * the step is found by least distances from a polyhedron (`pieces::linear_step`) instead of an active set that follows the path;
//! * the radius of the trust region has a life of its own above rho, as in the later methods of Powell (scipy's version does so, too);
//! * a point without finite values is never put among the points: steps are cut and first points tried on the other side;
//! * by its own rules (`rules`), mu is also raised when a step makes a large violation larger, and not for small changes of it; points
//!   count as far from ten radii on and as flat below a twentieth of one (Powell: 2.1 and a quarter): chosen on the problems of Moré and
//!   Wild and others that start near theirs; with constraints, the first points move on only to one that is no worse in both objective
//!   and violation;
//! * by PRIMA's rules it takes the steps of scipy's COBYLA for the first 12 (n + 1) evaluations, 20 (n + 1) with constraints, up to
//!   rounding and as long as bounds allow; afterwards points and rho follow its own rules, which need fewer evaluations in long runs. Very
//!   large gradients do not make steps shorter, as they do there;
//! * violations of less than a thousandth of their tolerance do not count;
//! * a run that ends where a constraint is violated by more than its tolerance goes on with smaller radii, returns the best point that
//!   was within the tolerances, or ends as infeasible.
//!
//! The first points are those of the references: each is a step from the best one before it, so that there is no batch.
//!
//! # Cost per iteration
//! One evaluation and O(n^2 + m n) operations for n variables and m constraints; and for the step some least-distance problems, each
//! n (n + m) operations for every change of its active set. Every 2 n-th iteration O(n^3).
//!
//! # References
//! * Powell 1994: A direct search optimization method that models the objective and constraint functions by linear interpolation,
//!   <https://doi.org/10.1007/978-94-015-8330-5_4>
//! * Powell 1998: Direct search algorithms for optimization calculations, <https://doi.org/10.1017/S0962492900002841>
//! * Zhang: PRIMA, reference implementation for Powell's methods, <https://www.libprima.net>

use thalweg_core::{Algorithm, Finish, Problem, Stop, Test};
use thalweg_linalg::{all_finite, dot, nrm2};
use thalweg_macros::{Choice, Options};

use crate::pieces::linear_rules::{GOOD, LinearRules, OWN, PRIMA, PRIMA_LONG, Radii, Weighing};
use crate::pieces::linear_set::{Known, LinearModel, LinearSet};
use crate::pieces::linear_step::LinearStep;
use crate::pieces::sqp_point::why_infeasible;

/// A step shorter than this part of rho is not evaluated.
const SHORT: f64 = 0.1;
/// The length of a step for the geometry, in radii.
const GEOMETRY: f64 = 0.5;
/// A change of the violation by less than this part of what a step of its length could change is no reason for a larger weight.
const SMALL_CHANGE: f64 = 1e-4;
/// Nor is a violation by less than this part, when a step makes it larger.
const LARGE_VIOLATION: f64 = 0.1;
/// The weight that such a violation asks for is at most this many times the ratio of the gradients of objective and constraints.
const LARGEST_WEIGHT: f64 = 10.0;
/// How often a geometry step is halved towards the best point while there are no finite values.
const HALVINGS: usize = 4;
/// The least radius in roundings of the parameters: points have to differ clearly.
const ROUNDING: f64 = 100.0;
/// What the first weight of violations is at most, by PRIMA's rules; and what every one is at least.
const LARGEST_FIRST_WEIGHT: f64 = 1e3;
const LEAST_WEIGHT: f64 = f64::EPSILON;
/// By the rules of PRIMA, a weight that is too small becomes this many times the needed one.
const ENOUGH: f64 = 2.0;
/// How many evaluations for each variable, and once more, count as the beginning of a run; and how many with constraints.
const BEGINNING: usize = 12;
const BEGINNING_ON_CURVES: usize = 20;
/// How much smaller than wanted the last radius may become while constraints are violated.
const LAST_RESORT: f64 = 1e-3;

/// How long the first steps are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum FirstSteps {
    /// For each variable its own value, or 1 if it is zero, all turned round if the first one is negative; a quarter of a finite box.
    Sizes,
    /// A tenth of the largest variable, and at least 0.1, for all; not more than a quarter of a finite box.
    Equal,
}

/// By which rules radii and the weight of violations change, and points go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum Rules {
    /// Those chosen for this library: patient with points in bad places.
    Own,
    /// Those of PRIMA, which scipy's COBYLA is; long runs go on by more patient ones.
    Prima,
}

/// Minimize a scalar function under nonlinear constraints on linear models by interpolation, without derivatives.
#[derive(Clone, Debug, Options)]
#[algorithm(name = "cobyla", kind = Scalar, supports(bounds, nonlinear_constraints))]
pub struct Cobyla {
    /// Stop when the resolution of the search, relative to the first steps, is at most this.
    #[option(shared, min = 0.0)]
    pub convergence_xtol_rel: f64,
    /// Stop when the resolution of the search, in the units of the parameter with the largest first step, is at most this.
    #[option(shared, min = 0.0)]
    pub convergence_xtol_abs: f64,
    /// Stop when a step to a point without violations gains what the models promised, but by at most this, relative to the objective.
    #[option(shared, min = 0.0)]
    pub convergence_ftol_rel: f64,
    /// As `convergence_ftol_rel`, absolute; the larger tolerance counts.
    #[option(shared, min = 0.0)]
    pub convergence_ftol_abs: f64,
    /// The length of the first steps; none for that of `first_steps`.
    #[option(default = None, above = 0.0, below = f64::INFINITY)]
    pub trustregion_initial_radius: Option<f64>,
    /// Without a radius, the first steps are as long as each variable is large ("sizes") or all the same ("equal").
    #[option(default = FirstSteps::Sizes)]
    pub first_steps: FirstSteps,
    /// By which rules radii and the weight of violations change, and points go: "own", or those of PRIMA ("prima"), which scipy has.
    #[option(default = Rules::Own)]
    pub rules: Rules,
}

impl Algorithm for Cobyla {
    fn solve(&self, problem: &mut Problem<'_>, x0: &[f64]) -> Result<Finish, Stop> {
        let steps = self.steps(problem, x0);
        let (last, option) = self.last_radius(&steps);
        let by_value = self.rules == Rules::Prima;
        let Some(set) = LinearSet::evaluate(problem, x0, &steps, by_value)? else {
            let known = Known::at(problem, x0)?;
            let reason = "objective or constraints are not finite at the start, or nowhere near it in some direction";
            return Ok(Finish::stalled(x0.to_vec(), known.value, reason));
        };
        let radii = Radii { delta: 1.0, rho: 1.0 };
        let mu = match self.rules {
            Rules::Own => 0.0,
            Rules::Prima => set.weight_of_ranges().clamp(LEAST_WEIGHT, LARGEST_FIRST_WEIGHT),
        };
        let evaluations = x0.len() + 1;
        let mut search =
            Search { options: self, set, radii, mu, last, option, evaluations, kept: None };
        let finish = search.run(problem)?;
        Ok(if problem.constraint_limits().is_empty() {
            finish
        } else {
            finish.with("violation_weight", search.mu)
        })
    }
}

impl Cobyla {
    fn steps(&self, problem: &Problem<'_>, x0: &[f64]) -> Vec<f64> {
        let turned = if x0.first().is_some_and(|x| *x < 0.0) { -1.0 } else { 1.0 };
        let size = |x: &f64| if *x == 0.0 { 1.0 } else { turned * x };
        let largest = x0.iter().fold(1.0_f64, |largest, x| largest.max(x.abs()));
        let usual = |x: &f64| match (self.trustregion_initial_radius, self.first_steps) {
            (Some(radius), _) => radius,
            (None, FirstSteps::Sizes) => size(x),
            (None, FirstSteps::Equal) => 0.1 * largest,
        };
        let boxes = problem.lower().iter().zip(problem.upper());
        let in_box = |(x, (low, high)): (&f64, (&f64, &f64))| {
            let quarter = 0.25 * (high - low);
            let takes_all = self.trustregion_initial_radius.is_none()
                && self.first_steps == FirstSteps::Sizes
                && quarter.is_finite();
            let most = if self.rules == Rules::Prima { 2.0 * quarter } else { quarter };
            if takes_all { quarter } else { usual(x).clamp(-most, most) }
        };
        x0.iter().zip(boxes).map(in_box).collect()
    }

    /// The last radius in first steps, and the option that it comes from.
    fn last_radius(&self, steps: &[f64]) -> (f64, &'static str) {
        let largest = steps.iter().fold(0.0_f64, |largest, step| largest.max(step.abs()));
        let absolute = self.convergence_xtol_abs / largest;
        if absolute > self.convergence_xtol_rel {
            (absolute.min(1.0), "convergence_xtol_abs")
        } else {
            (self.convergence_xtol_rel.min(1.0), "convergence_xtol_rel")
        }
    }

    /// Whether the change of the objective is small.
    fn value_test(&self, old: f64, new: f64) -> Option<Test> {
        let (value, relative) = (old - new, self.convergence_ftol_rel * new.abs());
        let (tolerance, option) = if self.convergence_ftol_abs >= relative {
            (self.convergence_ftol_abs, "convergence_ftol_abs")
        } else {
            (relative, "convergence_ftol_rel")
        };
        let measure = "gain of a step that the models foresaw";
        (value <= tolerance).then_some(Test { measure, value, tolerance, option })
    }
}

struct Search<'a, 'o> {
    options: &'o Cobyla,
    set: LinearSet<'a>,
    radii: Radii,
    /// The weight of the largest violation.
    mu: f64,
    last: f64,
    option: &'static str,
    evaluations: usize,
    /// The best point within the tolerances of all constraints.
    kept: Option<(Vec<f64>, f64)>,
}

/// How a trust-region step went.
struct Outcome {
    /// What was gained of what the models promised; minus infinity when nothing was tried or nothing is defined there.
    ratio: f64,
    converged: Option<Test>,
}

impl<'a> Search<'a, '_> {
    fn run(&mut self, problem: &mut Problem<'a>) -> Result<Finish, Stop> {
        let (x, known) = (self.set.best_point().to_vec(), self.set.best().clone());
        self.keep(problem, &x, &known);
        loop {
            self.set.choose_best(self.mu);
            let model = self.set.model();
            if !all_finite(&model.gradient) || !all_finite(&model.jacobian) {
                return Ok(self.end(Finish::stalled, "the linear models are not finite"));
            }
            let d = self.step(&model);
            // Not longer by a rounding error: the step would be tried again at the same radius, for ever.
            let length = nrm2(&d).min(self.radii.delta);
            let short = length < SHORT * self.radii.rho;
            let rules = self.rules();
            if !short && self.raise_weight(&model, &d) {
                continue;
            }
            let promised = self.promise(&model, &d);
            let sound = rules.judges_before && !self.is_spread(rules);
            let usable = !short && promised > 0.0;
            let outcome = if usable {
                let most = (reach(&model, &d), nrm2(&model.gradient) * length);
                self.advance(problem, &d, promised, most)?
            } else {
                self.radii.set_delta(0.1 * self.radii.delta);
                Outcome { ratio: f64::NEG_INFINITY, converged: None }
            };
            if let Some(test) = outcome.converged {
                let (x, value) = (self.set.best_point().to_vec(), self.set.best().value);
                return Ok(Finish::converged(x, value, test));
            }
            if outcome.ratio > rules.poor || self.improve(problem, sound)? {
                continue;
            }
            // Points that are still far away could not be moved: there is nothing to wait for.
            let unjudged = rules.judges_before && !sound && !self.is_spread(rules);
            if outcome.ratio > 0.0 || unjudged || length.max(self.radii.delta) > self.radii.rho {
                continue;
            }
            if self.radii.rho > self.last_radius(problem) {
                self.reduce(problem);
                continue;
            }
            if !usable {
                self.finish_step(problem, &d)?;
            }
            return Ok(self.converged(problem));
        }
    }

    /// Whether a point is too far away.
    fn is_spread(&self, rules: &LinearRules) -> bool {
        rules.is_far(self.set.farthest().1, self.radii.delta)
    }

    /// The rules at this time.
    fn rules(&self) -> &'static LinearRules {
        let beginning = if self.set.is_constrained() { BEGINNING_ON_CURVES } else { BEGINNING };
        match self.options.rules {
            Rules::Own => &OWN,
            Rules::Prima if self.evaluations <= beginning * (self.set.dim() + 1) => &PRIMA,
            Rules::Prima => &PRIMA_LONG,
        }
    }

    fn step(&self, model: &LinearModel) -> Vec<f64> {
        let (low, high) = self.set.room();
        let step = LinearStep {
            gradient: &model.gradient,
            jacobian: &model.jacobian,
            limits: &model.limits,
            low: &low,
            high: &high,
            radius: self.radii.delta,
        };
        step.solve()
    }

    /// The changes of objective and largest violation that the models foresee.
    fn foreseen(&self, model: &LinearModel, d: &[f64]) -> (f64, f64) {
        let rows = model.jacobian.chunks_exact(d.len()).map(|row| dot(row, d));
        let each = rows.zip(&model.limits).map(|(v, (low, high))| (low - v).max(v - high));
        let violation = each.fold(0.0, f64::max);
        (dot(&model.gradient, d), violation - self.set.best_violation())
    }

    fn promise(&self, model: &LinearModel, d: &[f64]) -> f64 {
        let (value, violation) = self.foreseen(model, d);
        -value - self.mu * violation
    }

    /// Raise the weight of violations until the step counts as a gain. Whether another point is the best one then.
    fn raise_weight(&mut self, model: &LinearModel, d: &[f64]) -> bool {
        let (value, violation) = self.foreseen(model, d);
        let (small, least) = match self.rules().weighing {
            // To weigh a change that is small for a step of this length would make the weight enormous, and steps along curves
            // impossible.
            Weighing::Cautious => (SMALL_CHANGE * reach(model, d), 1.5),
            Weighing::Ranges => (0.0, ENOUGH),
        };
        if value <= 0.0 || violation >= -small {
            return false;
        }
        let needed = value / -violation;
        if self.mu >= least * needed {
            return false;
        }
        self.mu = ENOUGH * needed;
        self.set.choose_best(self.mu)
    }

    /// A point with a larger violation is no gain, however much lower the objective is there: raise the weight until it is none. The
    /// models promise less violation, so that without this rule a weight that is too small may never be found out. `reach` is by how
    /// much the step could have changed a constraint: next to that, the violation has to be large; `fall` is by how much it could have
    /// changed the objective.
    fn punish(&mut self, known: &Known, reach: f64, fall: f64) {
        let (before, after) = (self.set.best_violation(), self.set.violation(known));
        let gain = self.set.best().value - known.value;
        let cautious = self.rules().weighing == Weighing::Cautious;
        let large = before >= LARGE_VIOLATION * reach && before > 0.0;
        let matters = cautious && large && after > before;
        if known.is_finite() && matters && gain >= self.mu * (after - before) {
            let wanted = 2.0 * gain / (after - before);
            self.mu = wanted.min(LARGEST_WEIGHT * fall / reach).max(self.mu);
        }
    }

    fn merit(&self, known: &Known) -> f64 {
        known.value + self.mu * self.set.violation(known)
    }

    /// Evaluate a step, adapt the radius and take the point into the set.
    fn advance(
        &mut self,
        problem: &mut Problem<'a>,
        d: &[f64],
        promised: f64,
        (reach, fall): (f64, f64),
    ) -> Result<Outcome, Stop> {
        let x = self.set.after(d);
        let known = self.evaluate(problem, &x)?;
        let rules = self.rules();
        let old_value = self.set.best().value;
        self.punish(&known, reach, fall);
        let old = self.merit(self.set.best());
        let (new, length) = (self.merit(&known), nrm2(d).min(self.radii.delta));
        let ratio = if known.is_finite() { (old - new) / promised } else { f64::NEG_INFINITY };
        self.radii.follow(rules, ratio, length, self.set.is_constrained());
        let mut converged = None;
        if known.is_finite() {
            let value = known.value;
            let weights = (rules.near(self.radii), rules.distance_power, rules.least_volume);
            if let Some(t) = self.set.replaceable(d, new < old, weights)
                && !self.set.replace(t, &x, known)
                && !self.renew(problem)?
            {
                return Ok(Outcome { ratio: f64::NEG_INFINITY, converged });
            }
            self.set.choose_best(self.mu);
            let is_feasible = self.is_feasible(problem);
            if is_feasible && (GOOD..=1.0 / GOOD).contains(&ratio) && value < old_value {
                converged = self.options.value_test(old, new);
            }
        }
        problem.iteration(self.set.best_point(), self.set.best().value)?;
        Ok(Outcome { ratio, converged })
    }

    /// Move a point that is far away, unless that is known to be `sound`, or makes the simplex flat. Whether one was moved.
    fn improve(&mut self, problem: &mut Problem<'a>, sound: bool) -> Result<bool, Stop> {
        let (delta, rules) = (self.radii.delta, self.rules());
        let ((far, distance), (flat, height)) = (self.set.farthest(), self.set.flattest());
        let t = if !sound && rules.is_far(distance, delta) {
            far
        } else if height < rules.flat * delta {
            flat
        } else {
            return Ok(false);
        };
        let mut d = self.geometry_step(t, GEOMETRY * delta);
        for _ in 0..HALVINGS {
            let x = self.set.after(&d);
            let known = self.evaluate(problem, &x)?;
            if known.is_finite() {
                let moved = self.set.replace(t, &x, known) || self.renew(problem)?;
                self.set.choose_best(self.mu);
                problem.iteration(self.set.best_point(), self.set.best().value)?;
                return Ok(moved);
            }
            d.iter_mut().for_each(|d| *d *= 0.5);
        }
        Ok(false)
    }

    /// The step to where Lagrange function `t` is largest or smallest: the better of the two by the models, unless the bounds leave
    /// little room there.
    fn geometry_step(&self, t: usize, radius: f64) -> Vec<f64> {
        let (low, high) = self.set.room();
        let along = |sign: f64| {
            let gradient: Vec<f64> = self.set.lagrange(t).iter().map(|l| sign * l).collect();
            let step = LinearStep {
                gradient: &gradient,
                jacobian: &[],
                limits: &[],
                low: &low,
                high: &high,
                radius,
            };
            let d = step.solve();
            let size = dot(self.set.lagrange(t), &d).abs();
            (d, size)
        };
        let ((down, size_down), (up, size_up)) = (along(1.0), along(-1.0));
        if size_down < 0.5 * size_up {
            return up;
        } else if size_up < 0.5 * size_down {
            return down;
        }
        let model = self.set.model();
        if self.promise(&model, &up) > self.promise(&model, &down) { up } else { down }
    }

    /// New points around the best one. `false` when that does not help either.
    fn renew(&mut self, problem: &mut Problem<'a>) -> Result<bool, Stop> {
        self.set.choose_best(self.mu);
        self.set.renew(problem, self.radii.rho)
    }

    /// Evaluate a step that is shorter than others.
    fn finish_step(&mut self, problem: &mut Problem<'a>, d: &[f64]) -> Result<(), Stop> {
        let x = self.set.after(d);
        if x == self.set.best_point() {
            return Ok(());
        }
        let known = self.evaluate(problem, &x)?;
        if known.is_finite() && self.merit(&known) < self.merit(self.set.best()) {
            self.set.replace(self.set.best, &x, known);
        }
        Ok(())
    }

    /// The next lower limit of the radius, without a jump at the end, and a weight of violations that is not larger than needed.
    fn reduce(&mut self, problem: &Problem<'_>) {
        let (last, rules) = (self.last_radius(problem), self.rules());
        self.radii.refine(rules, last);
        self.mu = self.mu.min(self.set.weight_of_ranges());
        if rules.weighing == Weighing::Ranges {
            self.mu = self.mu.max(LEAST_WEIGHT);
        }
    }

    /// The tolerance, or the resolution of floating point numbers; smaller than the tolerance while constraints are violated.
    fn last_radius(&self, problem: &Problem<'_>) -> f64 {
        let resolution = ROUNDING * f64::EPSILON * self.set.size();
        let wanted = if self.is_feasible(problem) { self.last } else { LAST_RESORT * self.last };
        wanted.max(resolution)
    }

    fn is_feasible(&self, problem: &Problem<'_>) -> bool {
        is_within(&self.set.best().constraints, problem)
    }

    fn evaluate(&mut self, problem: &mut Problem<'a>, x: &[f64]) -> Result<Known, Stop> {
        self.evaluations += 1;
        let known = evaluate(problem, x)?;
        self.keep(problem, x, &known);
        Ok(known)
    }

    /// Remember the best point within the tolerances.
    fn keep(&mut self, problem: &Problem<'_>, x: &[f64], known: &Known) {
        let better = self.kept.as_ref().is_none_or(|(_, value)| known.value < *value);
        if better && known.is_finite() && is_within(&known.constraints, problem) {
            self.kept = Some((x.to_vec(), known.value));
        }
    }

    fn converged(&self, problem: &Problem<'_>) -> Finish {
        let measure = "resolution of the search, relative to the first steps,";
        let (value, tolerance) = (self.radii.rho, self.last_radius(problem));
        let option = if tolerance > self.last { "" } else { self.option };
        let test = Test { measure, value, tolerance: tolerance.max(self.last), option };
        if self.is_feasible(problem) {
            return Finish::converged(self.set.best_point().to_vec(), self.set.best().value, test);
        }
        match &self.kept {
            Some((x, value)) => Finish::converged(x.clone(), *value, test),
            None => self.end(
                Finish::infeasible,
                &why_infeasible(&self.set.best().constraints, problem.constraint_limits()),
            ),
        }
    }

    fn end(&self, finish: fn(Vec<f64>, f64, String) -> Finish, reason: &str) -> Finish {
        finish(self.set.best_point().to_vec(), self.set.best().value, reason.to_string())
    }
}

/// By how much a step of this length can change a constraint.
fn reach(model: &LinearModel, d: &[f64]) -> f64 {
    let steepest = model.jacobian.chunks_exact(d.len()).map(nrm2).fold(0.0, f64::max);
    steepest * nrm2(d)
}

/// Whether each violation is within its tolerance.
fn is_within(constraints: &[f64], problem: &Problem<'_>) -> bool {
    let each = constraints.iter().zip(problem.constraint_limits());
    each.zip(problem.constraint_tolerances())
        .all(|((c, (low, high)), t)| low - c <= *t && c - high <= *t)
}

/// Objective and constraints; infinite where the point is not finite.
fn evaluate(problem: &mut Problem<'_>, x: &[f64]) -> Result<Known, Stop> {
    if all_finite(x) {
        return Known::at(problem, x);
    }
    let constraints = vec![f64::INFINITY; problem.constraint_limits().len()];
    Ok(Known { value: f64::INFINITY, constraints })
}
