//! BOBYQA: trust-region steps on a quadratic model by interpolation, within bounds, without derivatives.
//!
//! # When to use
//! A smooth objective of up to about a hundred variables without derivatives, with or without bounds, whose evaluations are not cheap:
//! few other methods need as few of them. A little noise does no harm. For sums of squares, methods that see the residuals need fewer
//! still; with derivatives, `lbfgsb`.
//!
//! # How it works
//! The objective is known at 2 n + 1 points. A quadratic model goes through them, whose second derivative changes by as little as
//! possible (in the Frobenius norm) when a point is exchanged. Each iteration makes the model small within a trust region, evaluates
//! the objective there, and gives the point the place of another one. Where the model disappoints and points are far away, one of
//! them is moved to where it tells most. Steps that become short compared with the resolution rho make it smaller, until it is the
//! wanted precision. At fine resolution, the set grows to 4 n + 1 points (no more than determine a quadratic) where steps gain what the
//! model promised, which makes the model sharper.
//!
//! # Differences from the reference
//! Written from the papers. Against NLopt 2.11's LN_BOBYQA:
//! * the matrix of the interpolation conditions is inverted afresh when rounding has damaged it, instead of rebuilt point by point
//!   (`pieces::lagrange_factor`);
//! * values that are not finite count as worse than all others by ten times their range; NLopt stops or loops on them;
//! * at fine resolution, that is after rho has sunk below a tenth of the first steps, far points go sooner, by the eighth power of their
//!   distance in terms of rho (PRIMA's weight) instead of the fourth in terms of Delta, and the least model takes over when its gradient
//!   is smaller than the model's (not ten times smaller, squared), three times in a row; until then, the points are NLopt's but for
//!   rounding;
//! * there, too, the point of a step that gained at least a tenth of what the model promised is added to the set instead of taking another
//!   one's place, as long as there are fewer than 4 n + 1 and none is farther away than twenty times Delta; NLopt keeps 2 n + 1;
//! * a point as far away as the limit of what is near, but for rounding, counts as near;
//! * the change of the objective ends a run only after a step that gained what the model promised, not after any small gain;
//! * a start that nearly touches a bound is moved onto it, instead of making the first steps tiny.
//!
//! The first steps follow NLopt's rule: the size of each coordinate (1 if that is zero), a quarter of the box, and at most three quarters
//! of the way to a bound. The first 2 n + 1 points are one batch.
//!
//! # Cost per iteration
//! One evaluation and O(n^2) operations, which take up to twice the time when the set has grown; O(n^3) where the base of the points
//! moves, which is after the center has moved about thirty steps away from it.
//!
//! # References
//! * Powell 2009: The BOBYQA algorithm for bound constrained optimization without derivatives,
//!   <https://www.damtp.cam.ac.uk/user/na/NA_papers/NA2009_06.pdf>
//! * Powell 2004: Least Frobenius norm updating of quadratic models that satisfy interpolation conditions,
//!   <https://doi.org/10.1007/s10107-003-0490-7>
//! * Zhang: PRIMA, reference implementation for Powell's methods, <https://www.libprima.net>

use thalweg_core::{Algorithm, Finish, Problem, Stop};
use thalweg_macros::Options;

use crate::pieces::box_trust_region::{BoxSearch, BoxTrustRegion};
use crate::pieces::first_points::FirstPoints;
use crate::pieces::first_step::first_steps;
use crate::pieces::geometry_step::{GeometrySearch, GeometryStep};
use crate::pieces::powell_state::{PowellState, Tolerances, most_points};
use crate::pieces::radii::Radii;

/// Down to this rho, in first steps, Powell's rules hold: points far away are as they should be there. Below it, they are left over
/// from a coarser resolution and mislead, so that they go sooner, and the model through them is given up sooner. On the problems of
/// Moré and Wild and ten sets of moved starts for them, that is faster by 2 % to 1e-4 and 5 % to 1e-7 than one rule for all rho, and
/// less often much slower.
const COARSE: f64 = 0.1;
/// The model's gradient has to be this much larger (squared) than the least model's before that takes its place: at coarse and fine rho.
const ASTRAY: [f64; 2] = [10.0, 1.0];
/// The power of squared distances by which far points go: in terms of Delta at coarse rho (Powell), of rho at fine ones (PRIMA).
const DISTANCE_POWERS: [i32; 2] = [2, 4];
/// At fine rho, the set grows while no point is farther away than this many times Delta. On the problems of Moré and Wild and five sets of
/// moved starts for them, that takes a tenth fewer evaluations to 1e-4, and a fifth fewer to 1e-7.
const AROUND: f64 = 20.0;
/// Points at the limit of what is near are not beyond it by rounding: steps are often exactly as long.
const ROUNDING: f64 = 1e-10;

/// Minimize a scalar function on quadratic models by interpolation, without derivatives.
#[derive(Clone, Debug, Options)]
#[algorithm(name = "bobyqa", kind = Scalar, supports(bounds, parallel))]
pub struct Bobyqa {
    /// Stop when the radius of the trust region, relative to the first steps, is at most this.
    #[option(shared, min = 0.0)]
    pub convergence_xtol_rel: f64,
    /// Stop when the radius of the trust region, in the units of the parameter with the largest first step, is at most this.
    #[option(shared, min = 0.0)]
    pub convergence_xtol_abs: f64,
    /// Stop when a step gains what the model promised, but by at most this, relative to the objective.
    #[option(shared, min = 0.0)]
    pub convergence_ftol_rel: f64,
    /// As `convergence_ftol_rel`, absolute; the larger tolerance counts.
    #[option(shared, min = 0.0)]
    pub convergence_ftol_abs: f64,
}

impl Algorithm for Bobyqa {
    fn solve(&self, problem: &mut Problem<'_>, x0: &[f64]) -> Result<Finish, Stop> {
        let tolerances = self.tolerances();
        let steps = first_steps(x0, problem.lower(), problem.upper());
        let part = problem.experience().part_of(&steps);
        let (last, option) = tolerances.last_radius(&steps);
        let last = (last / part).min(1.0);
        let radii = Radii::new(last, (0.1, 0.5));
        let usual = FirstPoints::coordinates(x0.len(), None);
        let first = FirstPoints { better_first: true, part, ..usual };
        let mut state = PowellState::start(problem, x0, first, radii)?;
        let (mut step, mut geometry) = (BoxSearch::default(), GeometrySearch::default());
        loop {
            if let Some(end) = state.begin(problem)? {
                return Ok(end);
            }
            find_step(&state, &mut step);
            let short = !state.is_worth_trying(&step.step.d, 0.5);
            let mut ratio = -1.0;
            if !short {
                let old = try_step(problem, &mut state)?;
                ratio = (state.trial.value - old) / state.trial.change;
                if let Some(test) = tolerances.value_test(old, state.trial.value, ratio) {
                    return state.finish(problem, false, test);
                }
                if ratio >= 0.1 {
                    continue;
                }
            }
            let Radii { delta, rho, length, .. } = state.radii;
            let accurate = short && state.is_accurate(&step.step);
            let distance = if short { 10.0 * rho } else { (2.0 * delta).max(10.0 * rho) };
            let far = if accurate { None } else { state.set.farthest(distance * (1.0 + ROUNDING)) };
            if let Some((t, distance)) = far {
                if short {
                    state.radii.set_delta((0.1 * delta).min(0.5 * distance));
                }
                improve(problem, &mut state, &mut geometry, (t, distance))?;
            } else if short || ratio <= 0.0 && delta.max(length) <= rho {
                if rho <= last {
                    let test = Tolerances::radius_test(&state.radii, option);
                    return state.finish(problem, short, test);
                }
                state.radii.reduce();
            }
        }
    }
}

impl Bobyqa {
    fn tolerances(&self) -> Tolerances {
        Tolerances {
            xtol_rel: self.convergence_xtol_rel,
            xtol_abs: self.convergence_xtol_abs,
            ftol_rel: self.convergence_ftol_rel,
            ftol_abs: self.convergence_ftol_abs,
        }
    }
}

/// Make the model small within the trust region and the bounds.
fn find_step(state: &PowellState, search: &mut BoxSearch) {
    let PowellState { set, model, radii, .. } = state;
    let region = BoxTrustRegion {
        gradient: &model.gradient,
        low: &set.low_room,
        high: &set.high_room,
        radius: radii.delta,
    };
    search.solve(&region, |v, out| model.curvature(&set.basis, v, out));
}

/// Evaluate the objective after the step, and learn from it. The value before.
fn try_step(problem: &mut Problem<'_>, state: &mut PowellState) -> Result<f64, Stop> {
    state.consider();
    let Radii { delta, rho, .. } = state.radii;
    let old = state.evaluate(problem)?;
    let (ratio, length) = ((state.trial.value - old) / state.trial.change, state.radii.length);
    state.radii.set_delta(if ratio <= 0.1 {
        (0.5 * delta).min(length)
    } else if ratio <= 0.7 {
        (0.5 * delta).max(length)
    } else {
        (0.5 * delta).max(2.0 * length)
    });
    // Distances are measured from the better point, in terms of the radius that follows from it.
    let next = if state.trial.value < old { state.radii.delta } else { delta };
    let is_fine = rho < COARSE;
    let rules = usize::from(is_fine);
    let t = state.replaceable([next, rho][rules], DISTANCE_POWERS[rules], 0.0);
    let most = most_points(state.d.len());
    let added = is_fine && state.add(most, AROUND * state.radii.delta);
    if added || state.exchange(problem, t)? {
        let astray = state.is_astray(ASTRAY[rules]);
        state.suspect(astray);
    }
    Ok(old)
}

/// Replace a point that is too far away.
fn improve(
    problem: &mut Problem<'_>,
    state: &mut PowellState,
    geometry: &mut GeometrySearch,
    (t, distance): (usize, f64),
) -> Result<(), Stop> {
    let radius = (0.1 * distance).min(state.radii.delta).max(state.radii.rho);
    state.improve(problem, t, radius, |set, candidate, d| {
        let (low, high) = (&set.low_room[..], &set.high_room[..]);
        let region = GeometryStep { basis: &set.basis, center: set.best, low, high, radius };
        geometry.on_lines(&region, t);
        std::mem::swap(d, &mut geometry.d);
        std::mem::swap(candidate, &mut geometry.candidate);
    })
}
