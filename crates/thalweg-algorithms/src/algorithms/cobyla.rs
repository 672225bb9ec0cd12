//! COBYLA: trust-region steps on models of objective and constraints by linear interpolation, without derivatives.
//!
//! # When to use
//! Few variables (up to about twenty), nonlinear constraints, and no derivatives of either; evaluations may be a little noisy.
//! Constraints may be violated on the way; bounds never are. Without nonlinear constraints `bobyqa` needs fewer evaluations, because the
//! models are linear then; with derivatives, `slsqp`.
//!
//! # How it works
//! Objective and constraints are known at n + 1 points. The linear models through them make a step within the bounds and a trust region:
//! first as little violation as possible, then the least objective without more of it. Points are compared by the objective plus mu times
//! the largest violation; mu is raised when it does not let the step count as a gain. The new point takes the place of another one. With
//! constraints, every further evaluation also tells how the functions are curved (`pieces::linear_set::curvature`): from 2 (n + 1)
//! evaluations on (by PRIMA's rules, 4 (n + 1)) the models have Hessians, changed as little as what is seen demands, and the step is that
//! of sequential quadratic programming with them (`pieces::linear_search::curved`). Along curved constraints steps on linear models gain
//! little. Where the models disappoint and a point is far away or near to the face of the simplex opposite to it, that one is moved to
//! where the simplex is largest. Steps that gain nothing, from points in good shape, make the resolution rho smaller, until it is the
//! wanted precision.
//!
//! # Differences from the reference
//! Written from Powell's paper. Against NLopt 2.11's LN_COBYLA and scipy 1.17's COBYLA:
//! * equations are rows with two equal limits, not two inequalities; bounds are never left, neither by steps nor by the first points;
//! * the step is found by least distances from a polyhedron (`pieces::linear_step`) instead of an active set that follows the path;
//! * the models of the references are linear, always; with curvature ours need two thirds of scipy's evaluations on constrained problems,
//!   and a third of NLopt's. From noisy values they learn less: with values that are wrong by 1e-3 it is nine tenths of what
//!   linear models need;
//! * the radius of the trust region has a life of its own above rho, as in the later methods of Powell (scipy's version does so, too);
//! * a point without finite values is never put among the points: steps are cut and first points tried on the other side;
//! * by its own rules (`rules`), mu is also raised when a step makes a large violation larger, and not for small changes of it; points
//!   count as far from ten radii on and as flat below a twentieth of one (Powell: 2.1 and a quarter): chosen on the problems of Moré and
//!   Wild and others that start near theirs;
//! * by Powell's rules, those of `nlopt_cobyla`, a run without constraints takes the steps of NLopt's COBYLA for the first 8 (n + 1)
//!   evaluations, up to rounding and as long as it is off the bounds: one radius, an acceptable simplex before the next step, and the
//!   changes that NLopt's points show (`pieces::linear_search::simplex`). Afterwards, and with constraints from the first steps on, its
//!   own rules hold, which need fewer evaluations in long runs. To low precision Powell's need a sixth more than the own ones in the
//!   mean, but seldom more than NLopt's;
//! * by PRIMA's rules it takes the steps of scipy's COBYLA for the first 12 (n + 1) evaluations, with constraints 4 (n + 1), up to
//!   rounding and as long as bounds allow; afterwards (with constraints, from 20 (n + 1) evaluations on) points and rho follow its own
//!   rules, which need fewer evaluations in long runs. As there, no step is tried while the gradient times the radius is above 6.7e7
//!   (without constraints, as long as the steps are scipy's, and except at the last radius): the radius becomes smaller first;
//! * where rounding decides in the references, rules do: of points that are equally bad, the first in order goes, by PRIMA's rules that of
//!   the largest merit among equally far ones, and a point is far away only if it is clearly so. Steps are often as long as the radius or
//!   half of it, so that such ties come up in most runs. From there on the points are no longer the references';
//! * violations of less than a thousandth of their tolerance do not count;
//! * a run that ends where a constraint is violated by more than its tolerance goes on with smaller radii, returns the best point that
//!   was within the tolerances, or ends as infeasible.
//!
//! The first points are those of the references: each is a step from the best one before it, so that there is no batch.
//!
//! # Cost per iteration
//! One evaluation and O(n^2 + m n) operations for n variables and m constraints; and for the step some least-distance problems, each
//! n (n + m) operations for every change of its active set. Every 2 n-th iteration O(n^3). With constraints O(m n^3), and O(n^3 + m n^2)
//! more for each of the problems, of which there are up to some dozens.
//!
//! # References
//! * Powell 1994: A direct search optimization method that models the objective and constraint functions by linear interpolation,
//!   <https://doi.org/10.1007/978-94-015-8330-5_4>
//! * Powell 1998: Direct search algorithms for optimization calculations, <https://doi.org/10.1017/S0962492900002841>
//! * Powell 2004: Least Frobenius norm updating of quadratic models that satisfy interpolation conditions,
//!   <https://doi.org/10.1007/s10107-003-0490-7>
//! * Zhang: PRIMA, reference implementation for Powell's methods, <https://www.libprima.net>

use thalweg_core::{Algorithm, Finish, OptionError, Problem, Stop};
use thalweg_macros::{Choice, Options};

use crate::pieces::linear_rules::{LinearCourse, OWN, PRIMA, PRIMA_LONG};
use crate::pieces::linear_search::{LinearSearch, LinearTests};
use crate::pieces::linear_set::{Known, LinearSet};

/// How many evaluations for each variable, and once more, go by the rules of a reference; and how many by PRIMA's with constraints.
const LIKE_POWELL: usize = 8;
const LIKE_PRIMA: usize = 12;
const LIKE_PRIMA_ON_CURVES: usize = 20;
/// With constraints, from how many on the models are curved, by the own rules and by PRIMA's, whose steps are scipy's up to there.
const CURVED: usize = 2;
const CURVED_BY_PRIMA: usize = 4;
/// The first steps next to bounds: this part of a finite box, and of the way to a nearer bound.
const PART_OF_BOX: f64 = 0.25;
const PART_OF_WAY: f64 = 0.75;

/// How long the first steps are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum FirstSteps {
    /// For each variable its own value, or 1 if it is zero; with bounds a quarter of the box, or three quarters of the way to a nearer
    /// bound. All turned round if the first variable has no bounds and is negative.
    Sizes,
    /// A tenth of the largest variable, and at least 0.1, for all; not more than a quarter of a finite box.
    Equal,
}

/// By which rules radii and the weight of violations change, and points go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum Rules {
    /// Those chosen for this library: patient with points in bad places.
    Own,
    /// Those of Powell's paper with NLopt's changes, unless there are constraints; long runs go on by the own ones.
    Powell,
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
    /// By which rules radii and the weight of violations change, and points go: "own", or at first those of Powell's paper ("powell"),
    /// which NLopt has, or of PRIMA ("prima"), which scipy has.
    #[option(default = Rules::Own)]
    pub rules: Rules,
}

impl Algorithm for Cobyla {
    fn solve(&self, problem: &mut Problem<'_>, x0: &[f64]) -> Result<Finish, Stop> {
        let steps = self.steps(problem, x0);
        let Some(set) = LinearSet::evaluate(problem, x0, &steps)? else {
            let known = Known::at(problem, x0)?;
            let reason = "objective or constraints are not finite at the start, or nowhere near it in some direction";
            return Ok(Finish::stalled(x0.to_vec(), known.value, reason));
        };
        let course = self.course(x0.len() + 1, set.is_constrained());
        let mut search = LinearSearch::new(problem, set, course, self.tests(&steps));
        let finish = search.run(problem)?;
        Ok(if problem.constraint_limits().is_empty() {
            finish
        } else {
            finish.with("violation_weight", search.weight())
        })
    }

    fn check(&self) -> Result<(), OptionError> {
        let first = self.trustregion_initial_radius.unwrap_or(f64::INFINITY);
        OptionError::unless_less(
            "cobyla",
            ("convergence_xtol_abs", self.convergence_xtol_abs),
            ("trustregion_initial_radius", first),
        )
    }
}

impl Cobyla {
    /// The rules for a number of points.
    fn course(&self, points: usize, constrained: bool) -> LinearCourse {
        let own = LinearCourse {
            simplex_until: 0,
            early: &OWN,
            early_until: 0,
            curved_from: CURVED * points,
            late: &OWN,
        };
        match self.rules {
            Rules::Powell if !constrained => {
                LinearCourse { simplex_until: LIKE_POWELL * points, ..own }
            }
            Rules::Own | Rules::Powell => own,
            Rules::Prima => {
                let times = if constrained { LIKE_PRIMA_ON_CURVES } else { LIKE_PRIMA };
                LinearCourse {
                    early: &PRIMA,
                    early_until: times * points,
                    curved_from: CURVED_BY_PRIMA * points,
                    late: &PRIMA_LONG,
                    ..own
                }
            }
        }
    }

    fn steps(&self, problem: &Problem<'_>, x0: &[f64]) -> Vec<f64> {
        let boxes = || problem.lower().iter().zip(problem.upper()).map(|(low, high)| (*low, *high));
        let first = x0.iter().zip(boxes()).next();
        let is_free = first.is_some_and(|(x, bounds)| next_to_bounds(*x, bounds).is_none());
        let turned = if is_free && x0[0] < 0.0 { -1.0 } else { 1.0 };
        let size = |x: f64| if x == 0.0 { 1.0 } else { x };
        let largest = x0.iter().fold(1.0_f64, |largest, x| largest.max(x.abs()));
        let one = |(x, bounds): (&f64, (f64, f64))| {
            let width = bounds.1 - bounds.0;
            let most = if self.rules == Rules::Prima { 0.5 * width } else { PART_OF_BOX * width };
            let step = match (self.trustregion_initial_radius, self.first_steps) {
                (Some(radius), _) => radius,
                (None, FirstSteps::Sizes) => {
                    next_to_bounds(*x, bounds).unwrap_or(size(*x)) * turned
                }
                (None, FirstSteps::Equal) => 0.1 * largest,
            };
            step.clamp(-most, most)
        };
        x0.iter().zip(boxes()).map(one).collect()
    }

    fn tests(&self, steps: &[f64]) -> LinearTests {
        let (last, last_option) = self.last_radius(steps);
        LinearTests {
            last,
            last_option,
            relative_gain: (self.convergence_ftol_rel, "convergence_ftol_rel"),
            absolute_gain: (self.convergence_ftol_abs, "convergence_ftol_abs"),
        }
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
}

/// A part of a finite box, or of the way to a bound that is nearer than that; none without bounds, or at the only one.
fn next_to_bounds(x: f64, (low, high): (f64, f64)) -> Option<f64> {
    let quarter = PART_OF_BOX * (high - low);
    let ways = [x - low, high - x].into_iter().filter(|way| *way > 0.0 && *way < quarter);
    let step = ways.fold(quarter, |step, way| step.min(PART_OF_WAY * way));
    step.is_finite().then_some(step)
}
