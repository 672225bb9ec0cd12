//! The search of Py-BOBYQA: that of BOBYQA with one radius for all variables and other rules for it, which begins again where noise or
//! slow progress ends it.
//!
//! References:
//! * C. Cartis, J. Fiala, B. Marteau, L. Roberts, Improving the flexibility and robustness of model-based derivative-free optimization
//!   solvers, ACM Transactions on Mathematical Software 45 (2019), <https://doi.org/10.1145/3338517>
//! * M. J. D. Powell, The BOBYQA algorithm for bound constrained optimization without derivatives (2009),
//!   <https://www.damtp.cam.ac.uk/user/na/NA_papers/NA2009_06.pdf>

use thalweg_core::{Finish, Problem, Stop, Test};

use super::box_trust_region::{BoxSearch, BoxTrustRegion};
use super::first_points::FirstPoints;
use super::geometry_step::{GeometrySearch, GeometryStep};
use super::powell_state::{PowellState, SMALLEST_RADIUS};
use super::radii::Radii;
use super::search_rules::{Course, SearchRules};

/// How many points a restart moves.
const MOVED_BY_RESTART: usize = 3;
/// The model's gradient has to be this much larger (squared) than the least model's before that takes its place.
const ASTRAY: f64 = 4.0;
/// The power of the squared distance that weighs points when one has to go.
const DISTANCE_POWER: i32 = 4;

/// The search with its state.
pub struct RestartingSearch {
    rules: SearchRules,
    state: PowellState,
    course: Course,
    step: BoxSearch,
    geometry: GeometrySearch,
}

/// What a step came to: the decrease in terms of what the model promised, -1 if it was too short to be tried.
struct Outcome {
    ratio: f64,
    short: bool,
}

impl RestartingSearch {
    /// Minimize from `x0` until the radius is at most `last_radius`, in the units of the parameters.
    ///
    /// # Errors
    /// [`Stop`] when the run has to end.
    pub fn minimize(
        problem: &mut Problem<'_>,
        x0: &[f64],
        rules: SearchRules,
        last_radius: f64,
    ) -> Result<Finish, Stop> {
        let last = (last_radius / rules.first_radius).clamp(SMALLEST_RADIUS, 1.0);
        let first = FirstPoints {
            radius: Some(rules.first_radius),
            count: rules.n_points,
            better_first: false,
        };
        let state = PowellState::start(problem, x0, first, Radii::new(last, rules.shrink_radii))?;
        let mut search = RestartingSearch {
            rules,
            state,
            course: Course::default(),
            step: BoxSearch::default(),
            geometry: GeometrySearch::default(),
        };
        loop {
            if let Some(finish) = search.iterate(problem)? {
                return Ok(finish);
            }
        }
    }

    /// One iteration; what the run comes to, if it is the last one.
    fn iterate(&mut self, problem: &mut Problem<'_>) -> Result<Option<Finish>, Stop> {
        if let Some(finish) = self.state.begin(problem)? {
            return Ok(Some(finish));
        }
        let best = self.state.set.best_value();
        if let Some(verdict) = self.rules.end(&mut self.course, &self.state.set.values, best) {
            if self.restart(problem)? {
                return Ok(None);
            }
            let (x, value) = (self.state.set.best_point(), best);
            return Ok(Some(Finish { x, value, verdict, extras: Vec::new() }));
        }
        let Outcome { ratio, short } = self.try_step(problem)?;
        if ratio > self.rules.good {
            return Ok(None);
        }
        let Radii { delta, rho, length, last, .. } = self.state.radii;
        let accurate = short && self.state.is_accurate(&self.step.step);
        let far =
            if accurate { None } else { self.state.set.farthest((2.0 * delta).max(10.0 * rho)) };
        if let Some(far) = far {
            self.improve(problem, far)?;
        } else if short || ratio <= 0.0 && delta.max(length) <= rho {
            if rho > last {
                self.state.radii.reduce();
            } else if !self.restart(problem)? {
                let unit = self.rules.first_radius;
                let test = Test {
                    measure: "lower limit of the trust region's radius",
                    value: rho * unit,
                    tolerance: last * unit,
                    option: "convergence_minimal_trustregion_radius_tolerance",
                };
                return self.state.finish(problem, short, test).map(Some);
            }
        }
        Ok(None)
    }

    /// Go on with the first radius, if the rules allow another restart, after points next to the best one have moved away.
    fn restart(&mut self, problem: &mut Problem<'_>) -> Result<bool, Stop> {
        let best = self.state.set.best_value();
        let Some(radius) = self.rules.restart(&mut self.course, best) else { return Ok(false) };
        self.state.radii.restart(radius);
        for _ in 0..MOVED_BY_RESTART.min(self.state.set.basis.len() - 1) {
            let nearest = self.state.set.nearest();
            self.improve(problem, nearest)?;
        }
        Ok(true)
    }

    /// Make the model small within the trust region, evaluate the objective there if the step is long enough, and learn from it.
    fn try_step(&mut self, problem: &mut Problem<'_>) -> Result<Outcome, Stop> {
        let Self { state, step, rules, .. } = self;
        let region = BoxTrustRegion {
            gradient: &state.model.gradient,
            low: &state.set.low_room,
            high: &state.set.high_room,
            radius: state.radii.delta,
        };
        step.solve(&region, |v, out| state.model.curvature(&state.set.basis, v, out));
        if !state.is_worth_trying(&step.step.d, rules.short) {
            state.radii.set_delta(0.1 * state.radii.delta);
            return Ok(Outcome { ratio: -1.0, short: true });
        }
        state.consider();
        let old = state.evaluate(problem)?;
        let ratio = (state.trial.value - old) / state.trial.change;
        let Radii { delta, length, .. } = state.radii;
        state.radii.set_delta(rules.next_delta(ratio, delta, length));
        let near = state.radii.delta.max(state.radii.rho);
        let t = state.replaceable(near, DISTANCE_POWER, 0.0);
        if state.exchange(problem, t)? {
            let astray = state.is_astray(ASTRAY);
            state.suspect(astray);
        }
        Ok(Outcome { ratio, short: false })
    }

    /// Replace a point that is too far away, or too near.
    fn improve(
        &mut self,
        problem: &mut Problem<'_>,
        (t, distance): (usize, f64),
    ) -> Result<(), Stop> {
        let Self { state, geometry, .. } = self;
        let radius = (0.1 * distance).min(state.radii.delta).max(state.radii.rho);
        // A step this long counts when the errors of the model are judged, as that of a trust region would.
        state.radii.length = radius;
        state.improve(problem, t, radius, |set, candidate, d| {
            let (low, high) = (&set.low_room[..], &set.high_room[..]);
            let region = GeometryStep { basis: &set.basis, center: set.best, low, high, radius };
            geometry.on_lines(&region, t);
            std::mem::swap(d, &mut geometry.d);
            std::mem::swap(candidate, &mut geometry.candidate);
        })
    }
}
