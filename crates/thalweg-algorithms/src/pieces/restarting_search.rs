//! The search of Py-BOBYQA: that of BOBYQA with one radius for all variables and other rules for it, which begins again where noise or
//! slow progress ends it.
//!
//! References:
//! * C. Cartis, J. Fiala, B. Marteau, L. Roberts, Improving the flexibility and robustness of model-based derivative-free optimization
//!   solvers, ACM Transactions on Mathematical Software 45 (2019), <https://doi.org/10.1145/3338517>
//! * C. Cartis, L. Roberts, O. Sheridan-Methven, Escaping local minima with local derivative-free methods: a numerical investigation,
//!   Optimization 71 (2022), <https://doi.org/10.1080/02331934.2021.1883015>
//! * M. J. D. Powell, The NEWUOA software for unconstrained optimization without derivatives (2006), section 7,
//!   <https://doi.org/10.1007/0-387-30065-1_16>
//! * M. J. D. Powell, The BOBYQA algorithm for bound constrained optimization without derivatives (2009),
//!   <https://www.damtp.cam.ac.uk/user/na/NA_papers/NA2009_06.pdf>

use thalweg_core::{Finish, Problem, Stop, Test, Verdict};

use super::box_trust_region::{BoxSearch, BoxTrustRegion};
use super::geometry_step::{GeometrySearch, GeometryStep};
use super::powell_state::{PowellState, SMALLEST_RADIUS};
use super::radii::Radii;
use super::radius_course::RadiusCourse;
use super::repetition::Repetition;
use super::search_rules::{Course, RestartType, SearchRules};

/// The model's gradient has to be at least this much larger (squared) than the least model's, and its error at the last point at least
/// as large, before that takes its place. (Powell: the gradient alone, as here with noise or few points.)
const ASTRAY: f64 = 1.0;
/// Up to this many times n + 1 points, a run without noise on a full set of points is at its begin.
const BEGIN: usize = 3;
/// The power of the squared distance that weighs points when one has to go, and the distance up to which all count the same, in radii:
/// at the begin, when the first points are as far away as they should be, and later (Powell 2006, section 7).
const DISTANCE_POWERS: [i32; 2] = [1, 3];
const NEAR: [f64; 2] = [1.0, 0.1];
/// The later power in a set that grows, which has near points enough.
const GROWN_POWER: i32 = 4;
/// The set grows after the first reduction of rho, while no point is farther away than this many times Delta.
const AROUND: f64 = 50.0;
/// Points farther away than this, in terms of rho, have to move before rho sinks: in a full set of points, and in a smaller one, whose
/// model knows too little of the curvature to judge from afar.
const FAR: [f64; 2] = [10.0, 2.0];

/// The search with its state.
pub struct RestartingSearch {
    rules: SearchRules,
    repetition: Repetition,
    state: PowellState,
    course: Course,
    step: BoxSearch,
    geometry: GeometrySearch,
    /// The points so far, those of renewed sets left out.
    n_points: usize,
    /// The best point before the last restart, in the parameters, with its value.
    before: Option<(Vec<f64>, f64)>,
    /// Good steps since then that were worse than it.
    vain_steps: u64,
    /// Radii and changes of the models, and the gradient of the last one.
    radii: RadiusCourse,
    gradient: Vec<f64>,
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
        mut rules: SearchRules,
        last_radius: f64,
        repetition: Repetition,
    ) -> Result<Finish, Stop> {
        rules.first.copies = repetition.copies(problem, (rules.unit(), rules.unit()))?;
        let last = (last_radius / rules.unit()).clamp(SMALLEST_RADIUS, 1.0);
        let radii = Radii::new(last, rules.shrink_radii);
        let mut search = RestartingSearch {
            state: PowellState::start(problem, x0, rules.first, radii)?,
            course: Course::default(),
            step: BoxSearch::default(),
            geometry: GeometrySearch::default(),
            n_points: rules.first.count,
            before: None,
            vain_steps: 0,
            radii: RadiusCourse::new(rules.restarts.detection.unwrap_or_default()),
            gradient: Vec::new(),
            rules,
            repetition,
        };
        loop {
            search.repetition.begin_iteration();
            search.repeat(problem)?;
            if let Some(finish) = search.iterate(problem)? {
                return Ok(search.with_best_of_all(finish));
            }
        }
    }

    /// One iteration; what the run comes to, if it is the last one.
    fn iterate(&mut self, problem: &mut Problem<'_>) -> Result<Option<Finish>, Stop> {
        if let Some(finish) = self.state.begin(problem)? {
            return Ok(Some(finish));
        }
        let best = self.best_of_all();
        if let Some(verdict) = self.rules.end(&mut self.course, &self.state.set.values, best) {
            return if self.restart(problem)? { Ok(None) } else { Ok(Some(self.end(verdict))) };
        }
        if self.is_lost() && self.restart(problem)? {
            return Ok(None);
        }
        let Outcome { ratio, short } = self.try_step(problem)?;
        if ratio > self.rules.good {
            return self.after_good_step(problem);
        }
        let Radii { delta, rho, length, last, .. } = self.state.radii;
        let accurate = short && self.state.is_accurate(&self.step.step);
        let [full, few] = FAR;
        let is_full = self.state.set.basis.len() > 2 * self.state.d.len();
        let distance = if is_full { full } else { few };
        let far = if accurate {
            None
        } else {
            self.state.set.farthest((2.0 * delta).max(distance * rho))
        };
        if let Some(far) = far {
            self.improve(problem, far)?;
        } else if short || ratio <= 0.0 && delta.max(length) <= rho {
            if rho > last {
                self.state.radii.reduce();
            } else if !self.restart(problem)? {
                let test = self.radius_test();
                return self.state.finish(problem, short, test).map(Some);
            }
        }
        Ok(None)
    }

    /// Evaluate points as often as the rules say from now on.
    fn repeat(&mut self, problem: &mut Problem<'_>) -> Result<(), Stop> {
        let (unit, Radii { delta, rho, .. }) = (self.rules.unit(), &self.state.radii);
        let copies = self.repetition.copies(problem, (delta * unit, rho * unit))?;
        self.rules.first.copies = copies;
        self.state.set.evaluate_as_often(copies);
        Ok(())
    }

    fn radius_test(&self) -> Test {
        let unit = self.rules.unit();
        Test {
            measure: "lower limit of the trust region's radius",
            value: self.state.radii.rho * unit,
            tolerance: self.state.radii.last * unit,
            option: "convergence_minimal_trustregion_radius_tolerance",
        }
    }

    /// The end of the run at the best point of the set.
    fn end(&self, verdict: Verdict) -> Finish {
        let set = &self.state.set;
        Finish { x: set.best_point(), value: set.best_value(), verdict, extras: Vec::new() }
    }

    fn best_of_all(&self) -> f64 {
        let here = self.state.set.best_value();
        self.before.as_ref().map_or(here, |(_, value)| here.min(*value))
    }

    /// The same end at the best point before the last restart, if that is the better one.
    fn with_best_of_all(self, finish: Finish) -> Finish {
        match self.before {
            Some((x, value)) if value < finish.value => Finish { x, value, ..finish },
            _ => finish,
        }
    }

    /// A step that went well, but led to a point that is worse than one before the restart, is in vain. Too many of them end the
    /// search from there.
    fn after_good_step(&mut self, problem: &mut Problem<'_>) -> Result<Option<Finish>, Stop> {
        let known = self.before.as_ref().map_or(f64::INFINITY, |(_, value)| *value);
        self.vain_steps += u64::from(known < self.state.set.best_value());
        let most = self.rules.restarts.most_vain_steps;
        if self.vain_steps <= most || self.restart(problem)? {
            return Ok(None);
        }
        let reason = format!("more than {most} steps after a restart led to nothing better");
        Ok(Some(self.end(Verdict::Stalled(reason))))
    }

    /// Whether the course of radii and models says that noise has got the upper hand.
    fn is_lost(&mut self) -> bool {
        if self.rules.restarts.detection.is_none() || self.course.over {
            return false;
        }
        let gradient = &self.state.model.gradient;
        if self.gradient.len() == gradient.len() {
            let squares = self.gradient.iter().zip(gradient).map(|(a, b)| (a - b) * (a - b));
            self.radii.record(self.state.radii.delta, squares.sum::<f64>().sqrt());
        }
        self.gradient.clone_from(gradient);
        self.radii.is_lost()
    }

    /// Go on with the first radius, if the rules allow another restart: with new points around the best one, or after points next to
    /// it have moved away.
    fn restart(&mut self, problem: &mut Problem<'_>) -> Result<bool, Stop> {
        let best = self.best_of_all();
        let Some(radius) = self.rules.restart(&mut self.course, best) else { return Ok(false) };
        if self.state.set.best_value() <= best {
            self.before = Some((self.state.set.best_point(), best));
        }
        (self.vain_steps, self.gradient) = (0, Vec::new());
        self.radii.forget();
        self.state.radii.restart(radius, self.rules.restarts.last_radius_factor);
        self.repetition.begin_again();
        self.repeat(problem)?;
        match self.rules.restarts.kind {
            RestartType::Soft => self.move_points(problem)?,
            RestartType::Hard => {
                let new = !self.rules.restarts.reuses_value;
                self.state.begin_anew(problem, radius, new)?;
            }
        }
        Ok(true)
    }

    /// Move the points next to the best one away from it, and go on from the best of them, if the rules say so.
    fn move_points(&mut self, problem: &mut Problem<'_>) -> Result<(), Stop> {
        let (mut moved, mut least) = (None, f64::INFINITY);
        for _ in 0..self.rules.restarts.n_moved.min(self.state.set.basis.len() - 1) {
            let (t, distance) = self.state.set.nearest();
            self.improve(problem, (t, distance))?;
            if self.state.set.values[t] < least {
                (moved, least) = (Some(t), self.state.set.values[t]);
            }
        }
        if let Some(t) = moved.filter(|_| self.rules.restarts.moves_center) {
            self.state.set.move_center(&mut self.state.model, t);
        }
        Ok(())
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
        self.n_points += 1;
        self.learn(problem)?;
        Ok(Outcome { ratio, short: false })
    }

    /// Give the point that was evaluated another one's place, or a place of its own, and judge the model.
    fn learn(&mut self, problem: &mut Problem<'_>) -> Result<(), Stop> {
        let Self { state, rules, .. } = self;
        // Both were measured for full sets of points and without noise.
        let n = state.d.len();
        let usual = rules.is_noisy() || rules.first.count <= 2 * n;
        let later = usize::from(usual || self.n_points >= BEGIN * (n + 1));
        let Radii { delta, rho, .. } = state.radii;
        let growing = rules.most_points > rules.first.count;
        let power = if growing && later == 1 { GROWN_POWER } else { DISTANCE_POWERS[later] };
        let t = state.replaceable((NEAR[later] * delta).max(rho), power, 0.0);
        let erred = usual || rules.least_models || state.is_worse_than_least();
        let added = growing && rho < 1.0 && state.add(rules.most_points, AROUND * delta);
        if (added || state.exchange(problem, t)?) && !rules.least_models {
            let astray = erred && state.is_astray(ASTRAY);
            state.suspect(astray);
        }
        self.settle();
        Ok(())
    }

    /// Let the least model be the next one, if the rules say so.
    fn settle(&mut self) {
        let PowellState { set, model, .. } = &mut self.state;
        if self.rules.least_models {
            model.become_least(&set.basis, &set.values, set.best);
        }
    }

    /// Replace a point that is too far away, or too near.
    fn improve(
        &mut self,
        problem: &mut Problem<'_>,
        (t, distance): (usize, f64),
    ) -> Result<(), Stop> {
        let Self { state, geometry, .. } = self;
        self.n_points += 1;
        let radius = (0.1 * distance).min(state.radii.delta).max(state.radii.rho);
        // A step this long counts when the errors of the model are judged, as that of a trust region would.
        state.radii.length = radius;
        state.improve(problem, t, radius, |set, candidate, d| {
            let (low, high) = (&set.low_room[..], &set.high_room[..]);
            let region = GeometryStep { basis: &set.basis, center: set.best, low, high, radius };
            geometry.on_lines(&region, t);
            std::mem::swap(d, &mut geometry.d);
            std::mem::swap(candidate, &mut geometry.candidate);
        })?;
        self.settle();
        Ok(())
    }
}
