//! The problem that the inner algorithm sees: the objective with the penalty added.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use thalweg_core::{Features, Iteration, Oracle, Problem, Request, SolverKind, Stop, Values, Want};

use super::penalty::Penalty;

/// A subproblem that falls below this many times the objective's size outside the constraints will not come back.
const RUN_AWAY: f64 = -1e15;

/// The most points whose objective is kept for reports.
const MOST_KEPT: usize = 1 << 17;

/// A number for a point; the same in every run.
fn key(x: &[f64]) -> u64 {
    let mut hasher = DefaultHasher::new();
    x.iter().for_each(|x| x.to_bits().hash(&mut hasher));
    hasher.finish()
}

/// A point and what is known there of the problem without penalty.
#[derive(Clone, Debug)]
pub(super) struct Point {
    pub x: Vec<f64>,
    pub value: f64,
    pub constraints: Vec<f64>,
    want: Want,
    answer: Values,
}

impl Point {
    pub fn new(x: &[f64], want: Want, answer: &Values) -> Self {
        let value = if want.is_evaluation() { answer.values[0] } else { f64::NAN };
        let constraints = answer.constraints.clone();
        Point { x: x.to_vec(), value, constraints, want, answer: answer.clone() }
    }

    fn knows(&self, x: &[f64], want: Want) -> bool {
        self.want.contains(want) && self.x == x
    }
}

/// What an algorithm of some kind asks for to know a value.
pub(super) fn evaluation_of(kind: SolverKind) -> Want {
    match kind {
        SolverKind::Scalar => Want::VALUE,
        SolverKind::LeastSquares => Want::RESIDUALS,
        SolverKind::Likelihood => Want::CONTRIBUTIONS,
    }
}

/// What an algorithm is likely to ask for at its start.
pub(super) fn at_first_point(features: Features) -> Want {
    let evaluation = evaluation_of(features.kind) | Want::CONSTRAINTS;
    let derivative = match features.kind {
        _ if !features.needs_gradient => return evaluation,
        SolverKind::Scalar => Want::GRADIENT,
        SolverKind::LeastSquares => Want::JACOBIAN,
        SolverKind::Likelihood => Want::SCORES,
    };
    evaluation | derivative | Want::CONSTRAINT_JACOBIAN
}

/// The oracle of a subproblem. What it answers is made of what the problem itself answers.
pub(super) struct Subproblem<'s, 'p> {
    problem: &'s mut Problem<'p>,
    penalty: &'s Penalty,
    /// The last single point, and the best one of the subproblem.
    last: Point,
    best: Option<(f64, Point)>,
    /// The objective without penalty at every point, by a [`key`]: for reports of iterations.
    plain: HashMap<u64, f64>,
    size: f64,
    has_run_away: bool,
    residuals: Vec<f64>,
}

impl<'s, 'p> Subproblem<'s, 'p> {
    pub fn new(problem: &'s mut Problem<'p>, penalty: &'s Penalty, start: Point) -> Self {
        Subproblem {
            problem,
            penalty,
            size: start.value.abs().max(1.0),
            last: start,
            best: None,
            plain: HashMap::new(),
            has_run_away: false,
            residuals: Vec::new(),
        }
    }

    /// Whether the values fell without end where the constraints are violated.
    pub fn has_run_away(&self) -> bool {
        self.has_run_away
    }

    /// What is known of the problem at `x`, or else an evaluation there.
    pub fn point_at(self, x: &[f64], evaluation: Want) -> Result<Point, Stop> {
        let want = evaluation | Want::CONSTRAINTS;
        if self.last.knows(x, want) {
            return Ok(self.last);
        }
        if let Some((_, best)) = self.best
            && best.knows(x, want)
        {
            return Ok(best);
        }
        let answer = self.problem.batch(want, x)?;
        Ok(Point::new(x, want, answer))
    }

    /// Add the penalty to what the problem answers at one point of a batch; returns the value.
    fn augment(&mut self, want: Want, i: usize, from: &Values, to: &mut Values, n: usize) -> f64 {
        let (c, m) = (self.penalty.limits().len(), self.problem.n_outputs());
        let rho = self.penalty.rho();
        let constraints = &from.constraints[i * c..(i + 1) * c];
        self.penalty.residuals(constraints, &mut self.residuals);
        let residuals = &self.residuals;
        let row = |k: usize| &from.constraint_jacobians[(i * c + k) * n..(i * c + k + 1) * n];
        let active = || (0..c).filter(|&k| self.penalty.is_active(k, residuals[k]));
        if want.contains(Want::GRADIENT) {
            let gradient = &mut to.gradients[i * n..(i + 1) * n];
            gradient.copy_from_slice(&from.gradients[i * n..(i + 1) * n]);
            for k in active() {
                let weight = rho * residuals[k];
                gradient.iter_mut().zip(row(k)).for_each(|(g, d)| *g += weight * d);
            }
        }
        // Further residuals, or further contributions: value and factor of the derivative.
        let root = (rho / 2.0).sqrt();
        let residual = |k: usize| (root * residuals[k], root);
        let contribution = |k: usize| (rho / 2.0 * residuals[k].powi(2), rho * residuals[k]);
        let kinds: [(Want, Want, &dyn Fn(usize) -> (f64, f64)); 2] = [
            (Want::RESIDUALS, Want::JACOBIAN, &residual),
            (Want::CONTRIBUTIONS, Want::SCORES, &contribution),
        ];
        for (outputs, derivatives, further) in kinds {
            if want.contains(outputs) {
                let (own, all) = match outputs {
                    Want::RESIDUALS => (&from.residuals, &mut to.residuals),
                    _ => (&from.contributions, &mut to.contributions),
                };
                let all = &mut all[i * (m + c)..(i + 1) * (m + c)];
                all[..m].copy_from_slice(&own[i * m..(i + 1) * m]);
                (0..c).for_each(|k| all[m + k] = further(k).0);
            }
            if want.contains(derivatives) {
                let (own, all) = match derivatives {
                    Want::JACOBIAN => (&from.jacobians, &mut to.jacobians),
                    _ => (&from.scores, &mut to.scores),
                };
                let all = &mut all[i * (m + c) * n..(i + 1) * (m + c) * n];
                all[..m * n].copy_from_slice(&own[i * m * n..(i + 1) * m * n]);
                all[m * n..].fill(0.0);
                for k in active() {
                    let factor = further(k).1;
                    let entries = all[(m + k) * n..(m + k + 1) * n].iter_mut();
                    entries.zip(row(k)).for_each(|(entry, d)| *entry = factor * d);
                }
            }
        }
        let penalty = rho / 2.0 * residuals.iter().map(|r| r * r).sum::<f64>();
        if want.is_evaluation() && penalty.is_finite() {
            from.values[i] + penalty
        } else {
            f64::INFINITY // where a constraint is violated beyond measure, it does not matter by how low a value
        }
    }

    fn note(&mut self, request: &Request<'_>, want: Want, from: &Values, values: &Values) {
        let c = self.penalty.limits().len();
        if request.want.is_evaluation() {
            for (i, &value) in values.values.iter().enumerate() {
                if self.plain.len() >= MOST_KEPT {
                    self.plain.clear();
                }
                self.plain.insert(key(request.point(i)), from.values[i]);
                if self.best.as_ref().is_none_or(|(best, _)| value < *best) {
                    let mut answer = Values::default();
                    answer.append(from, want, i, 1, request.len());
                    self.best = Some((value, Point::new(request.point(i), want, &answer)));
                }
                let constraints = &from.constraints[i * c..(i + 1) * c];
                let violated = |(k, &value): (usize, &f64)| self.penalty.violation(k, value) > 0.0;
                self.has_run_away |=
                    value < RUN_AWAY * self.size && constraints.iter().enumerate().any(violated);
            }
        }
        if request.len() == 1 {
            self.last = Point::new(request.points, want, from);
        }
    }
}

impl Oracle for Subproblem<'_, '_> {
    fn answer(&mut self, request: &Request<'_>, values: &mut Values) -> Result<(), Stop> {
        let mut want = request.want | Want::CONSTRAINTS;
        if want.is_derivative() {
            want = want | Want::CONSTRAINT_JACOBIAN;
        }
        let (n, k) = (request.dim, request.len());
        let m = self.problem.n_outputs() + self.penalty.limits().len();
        values.prepare(request.want, k, n, m, 0);
        let best = self.best.as_ref().map(|(_, best)| best);
        let known = best.into_iter().chain([&self.last]);
        let known = known.into_iter().find(|point| point.knows(request.points, want));
        let from = match known {
            Some(known) => known.answer.clone(),
            None => self.problem.batch(want, request.points)?.clone(),
        };
        for i in 0..k {
            let value = self.augment(request.want, i, &from, values, n);
            if request.want.is_evaluation() {
                values.values[i] = value;
            }
        }
        self.note(request, want, &from, values);
        // Whoever asks sees from the flag that the run itself goes on.
        if self.has_run_away { Err(Stop::Unbounded) } else { Ok(()) }
    }

    fn iteration(&mut self, iteration: &Iteration<'_>) -> Result<(), Stop> {
        let plain = match self.plain.get(&key(iteration.x)) {
            Some(&value) => value,
            None if self.last.x == iteration.x => self.last.value,
            None => self.best.as_ref().map_or(self.last.value, |(_, best)| best.value),
        };
        self.problem.iteration(iteration.x, plain)
    }
}
