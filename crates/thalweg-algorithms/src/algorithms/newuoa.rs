//! NEWUOA: trust-region steps on a quadratic model by interpolation, without derivatives; the elder sister of `bobyqa`.
//!
//! # When to use
//! As `bobyqa`, which is the better choice with bounds. Without bounds neither is always better.
//!
//! # How it works
//! As `bobyqa`, except that one radius holds for all variables, that points are moved to where their Lagrange function is largest in a
//! ball, that far points are more readily given up, that the trust region shrinks faster after a failure, and that the set grows from
//! 2 n + 1 to 4 n + 1 points (no more than determine a quadratic) where steps gain what the model promised, which makes the model
//! sharper.
//!
//! # Differences from the reference
//! Written from the papers. Against NLopt 2.11's LN_NEWUOA (with bounds: LN_NEWUOA_BOUND):
//! * with bounds, steps are those of BOBYQA's trust-region problem, and the points are improved by the same in place of an optimizer
//!   that is made for it;
//! * the step that improves the points is not corrected where its denominator is small (BIGDEN): the matrix is inverted afresh;
//! * values that are not finite count as worse than all others by ten times their range; NLopt stops or loops on them;
//! * after the first reduction of rho, up to which the points are NLopt's but for rounding, the point of a step that gained at least a
//!   tenth of what the model promised is added to the set instead of taking another one's place, as long as there are fewer than 4 n + 1
//!   and none is farther away than ten times Delta; NLopt keeps 2 n + 1;
//! * from there on, far points go sooner, by the eighth power of their distance instead of the sixth, and the least model takes over when
//!   its gradient is smaller than the model's, three times in a row; in NLopt when the squares differ by a factor of a hundred after
//!   short steps that came to nothing. Both take a tenth fewer evaluations on the problems of Moré and Wild and moved starts for them;
//! * the change of the objective ends a run only after a step that gained what the model promised, not after any small gain;
//! * a start that nearly touches a bound is moved onto it, instead of making the first steps tiny.
//!
//! The first steps follow NLopt's rule: the size of the smallest coordinate (1 for those that are zero), a quarter of the box, and at
//! most three quarters of the way to a bound. The first 2 n + 1 points are one batch.
//!
//! # Cost per iteration
//! One evaluation and O(n^2) operations, which take up to twice the time when the set has grown; O(n^3) where the base of the points
//! moves, which is after the center has moved about thirty steps away from it.
//!
//! # References
//! * Powell 2006: The NEWUOA software for unconstrained optimization without derivatives,
//!   <https://doi.org/10.1007/0-387-30065-1_16>
//! * Powell 2004: Least Frobenius norm updating of quadratic models that satisfy interpolation conditions,
//!   <https://doi.org/10.1007/s10107-003-0490-7>
//! * Zhang: PRIMA, reference implementation for Powell's methods, <https://www.libprima.net>

use thalweg_core::{Algorithm, Finish, Problem, Stop};
use thalweg_macros::Options;

use crate::pieces::ball_search::BallSearch;
use crate::pieces::box_trust_region::{BoxSearch, BoxTrustRegion};
use crate::pieces::first_points::FirstPoints;
use crate::pieces::first_step::first_steps;
use crate::pieces::geometry_step::{GeometrySearch, GeometryStep};
use crate::pieces::lagrange_search::LagrangeSearch;
use crate::pieces::powell_state::{PowellState, Tolerances, most_points};
use crate::pieces::radii::Radii;

/// Powell's test of the model, which holds at the first rho: its gradient has to be this much larger (squared) than the least model's before that takes
/// its place, and a step to come to no more than this part of what it promised.
const ASTRAY_AT_FIRST: f64 = 100.0;
const DISAPPOINTING: f64 = 0.01;
/// At smaller rho, the gradient has to be this much larger after any step.
const ASTRAY: f64 = 1.0;
/// The power of squared distances by which far points go, at the first rho (Powell) and at smaller ones.
const DISTANCE_POWERS: [i32; 2] = [3, 4];
/// The set grows while no point is farther away than this many times Delta. On the problems of Moré and Wild and twelve sets of moved starts for them, that takes a tenth fewer evaluations
/// to 1e-4, and a sixth fewer to 1e-7.
const AROUND: f64 = 10.0;

/// Minimize a scalar function on quadratic models by interpolation, without derivatives.
#[derive(Clone, Debug, Options)]
#[algorithm(name = "newuoa", kind = Scalar, supports(bounds, parallel))]
pub struct Newuoa {
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

impl Algorithm for Newuoa {
    fn solve(&self, problem: &mut Problem<'_>, x0: &[f64]) -> Result<Finish, Stop> {
        let tolerances = self.tolerances();
        let smallest = first_steps(x0, problem.lower(), problem.upper())
            .into_iter()
            .fold(f64::INFINITY, f64::min);
        let (last, option) = tolerances.last_radius(&[smallest]);
        let radii = Radii::new(last, (0.1, 0.5));
        let first = FirstPoints::coordinates(x0.len(), Some(smallest));
        let mut state = PowellState::start(problem, x0, first, radii)?;
        let mut search = Search::new(problem);
        loop {
            if let Some(end) = state.begin(problem)? {
                return Ok(end);
            }
            let curvature = search.find_step(&state);
            let short = !state.is_worth_trying(search.step(), 0.5);
            let mut ratio = -1.0;
            if short {
                state.radii.set_delta(0.1 * state.radii.delta);
            } else {
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
            // Whether the last three errors are as small as the curvature lets expect at this rho.
            let error = state.radii.recent_error();
            let accurate =
                short && error.is_some_and(|error| error < 0.125 * rho * rho * curvature);
            let far = if accurate { None } else { state.set.farthest(2.0 * delta) };
            if let Some((t, distance)) = far {
                search.improve(problem, &mut state, t, distance)?;
            } else if accurate || ratio <= 0.0 && delta.max(length) <= rho {
                if rho <= last {
                    let test = Tolerances::radius_test(&state.radii, option);
                    return state.finish(problem, short, test);
                }
                state.radii.reduce();
            }
        }
    }
}

impl Newuoa {
    fn tolerances(&self) -> Tolerances {
        Tolerances {
            xtol_rel: self.convergence_xtol_rel,
            xtol_abs: self.convergence_xtol_abs,
            ftol_rel: self.convergence_ftol_rel,
            ftol_abs: self.convergence_ftol_abs,
        }
    }
}

/// Where steps come from: within a ball, or, with bounds, within ball and box.
enum Search {
    Ball(Box<(BallSearch, LagrangeSearch)>),
    Box(Box<(BoxSearch, GeometrySearch)>),
}

impl Search {
    fn new(problem: &Problem<'_>) -> Self {
        if problem.lower().iter().chain(problem.upper()).any(|bound| bound.is_finite()) {
            Search::Box(Box::default())
        } else {
            Search::Ball(Box::default())
        }
    }

    fn step(&self) -> &[f64] {
        match self {
            Search::Ball(search) => &search.0.step,
            Search::Box(search) => &search.0.step.d,
        }
    }

    /// Make the model small within the trust region. The least curvature on the way, zero if the step ends at the region's border.
    fn find_step(&mut self, state: &PowellState) -> f64 {
        let PowellState { set, model, radii, .. } = state;
        let (gradient, radius) = (&model.gradient[..], radii.delta);
        let curvature = |v: &[f64], out: &mut [f64]| model.curvature(&set.basis, v, out);
        match self {
            Search::Ball(search) => {
                let search = &mut search.0;
                search.solve(gradient, radius, curvature);
                search.least_curvature
            }
            Search::Box(search) => {
                let search = &mut search.0;
                let (low, high) = (&set.low_room[..], &set.high_room[..]);
                search.solve(&BoxTrustRegion { gradient, low, high, radius }, curvature);
                search.step.least_curvature.unwrap_or(0.0)
            }
        }
    }

    /// Replace a point that is too far away.
    fn improve(
        &mut self,
        problem: &mut Problem<'_>,
        state: &mut PowellState,
        t: usize,
        distance: f64,
    ) -> Result<(), Stop> {
        let radius = (0.1 * distance).min(0.5 * state.radii.delta).max(state.radii.rho);
        state.improve(problem, t, radius, |set, candidate, d| {
            let (basis, center) = (&set.basis, set.best);
            let (step, found) = match self {
                Search::Ball(search) => {
                    let search = &mut search.1;
                    search.replacing(basis, center, t, radius);
                    (&mut search.d, &mut search.candidate)
                }
                Search::Box(search) => {
                    let search = &mut search.1;
                    let (low, high) = (&set.low_room[..], &set.high_room[..]);
                    search.in_the_ball(&GeometryStep { basis, center, low, high, radius }, t);
                    (&mut search.d, &mut search.candidate)
                }
            };
            std::mem::swap(d, step);
            std::mem::swap(candidate, found);
        })
    }
}

/// Evaluate the objective after the step, and learn from it. The value before.
fn try_step(problem: &mut Problem<'_>, state: &mut PowellState) -> Result<f64, Stop> {
    state.consider();
    let old = state.evaluate(problem)?;
    let Radii { delta, rho, length, .. } = state.radii;
    let ratio = (state.trial.value - old) / state.trial.change;
    state.radii.set_delta(if ratio <= 0.1 {
        0.5 * length
    } else if ratio <= 0.7 {
        (0.5 * delta).max(length)
    } else {
        (0.5 * delta).max(2.0 * length)
    });
    let near = (0.1 * state.radii.delta).max(rho);
    let is_first = rho >= 1.0;
    if is_first || !state.add(most_points(state.d.len()), AROUND * state.radii.delta) {
        // A point that is no better has to make the set better, or is left out.
        let t = state.replaceable(near, DISTANCE_POWERS[usize::from(!is_first)], 1.0);
        let exchanged = (t.is_some() || state.trial.value < old) && state.exchange(problem, t)?;
        if !exchanged {
            return Ok(old);
        }
    }
    if is_first && state.radii.delta <= rho {
        let astray = ratio.abs() <= DISAPPOINTING && state.is_astray(ASTRAY_AT_FIRST);
        state.suspect(astray);
    } else if !is_first {
        let astray = state.is_astray(ASTRAY);
        state.suspect(astray);
    }
    Ok(old)
}
