//! The problem that the inner algorithm sees: the objective with the penalty added.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;

use thalweg_core::{
    Features, Iteration, OptionCall, Oracle, Problem, Request, SolverKind, Stop, Values, Want,
};

use super::caution::Caution;
use super::penalty::Penalty;
use super::trail::Trail;
use crate::pieces::box_model::Bounds;

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

    /// Whether the derivatives of the objective and of the constraints are known.
    pub fn knows_derivatives(&self) -> bool {
        self.want.contains(Want::GRADIENT | Want::CONSTRAINT_JACOBIAN)
    }

    /// The gradient of L.
    pub fn gradient_of(&self, penalty: &Penalty) -> Vec<f64> {
        let mut residuals = Vec::new();
        penalty.residuals(&self.constraints, &mut residuals);
        let mut gradient = self.answer.gradients.clone();
        let jacobian = &self.answer.constraint_jacobians;
        let terms = Terms { penalty, residuals: &residuals, jacobian, n: self.x.len() };
        terms.add_to_gradient(&mut gradient);
        gradient
    }

    /// The gradients of the constraints whose terms change near the point, if derivatives are known.
    pub fn active_rows(&self, penalty: &Penalty) -> Vec<&[f64]> {
        if !self.knows_derivatives() {
            return Vec::new();
        }
        let mut residuals = Vec::new();
        penalty.residuals(&self.constraints, &mut residuals);
        let rows = self.answer.constraint_jacobians.chunks_exact(self.x.len()).zip(&residuals);
        let rows = rows.enumerate().filter(|(k, (_, r))| penalty.is_active(*k, **r));
        rows.map(|(_, (row, _))| row).collect()
    }

    /// The largest entry of the projected gradient of L, if derivatives are known.
    pub fn slope(&self, penalty: &Penalty, problem: &Problem<'_>) -> Option<f64> {
        let bounds = Bounds::new(problem.lower(), problem.upper());
        let slope = || bounds.projected_gradient(&self.x, &self.gradient_of(penalty));
        self.knows_derivatives().then(slope)
    }

    fn knows(&self, x: &[f64], want: Want) -> bool {
        self.want.contains(want) && self.x == x
    }
}

/// The terms of the penalty at one point.
struct Terms<'a> {
    penalty: &'a Penalty,
    residuals: &'a [f64],
    /// Of the constraints; empty if no derivative is wanted.
    jacobian: &'a [f64],
    n: usize,
}

/// What a term becomes for an algorithm of some kind.
#[derive(Clone, Copy)]
enum Form {
    /// A residual, whose square is the term.
    Residual,
    /// A contribution, which is the term.
    Contribution,
}

impl Terms<'_> {
    fn sum(&self) -> f64 {
        self.penalty.rho() / 2.0 * self.residuals.iter().map(|r| r * r).sum::<f64>()
    }

    /// One term in this form, and the factor of the constraint's derivative in its own.
    fn term(&self, form: Form, k: usize) -> (f64, f64) {
        let (rho, r) = (self.penalty.rho(), self.residuals[k]);
        match form {
            Form::Residual => ((rho / 2.0).sqrt() * r, (rho / 2.0).sqrt()),
            Form::Contribution => (rho / 2.0 * r * r, rho * r),
        }
    }

    /// The constraints that change their terms, with their derivatives.
    fn active_rows(&self) -> impl Iterator<Item = (usize, &[f64])> {
        let rows = self.jacobian.chunks_exact(self.n).enumerate();
        rows.filter(|(k, _)| self.penalty.is_active(*k, self.residuals[*k]))
    }

    fn add_to_gradient(&self, gradient: &mut [f64]) {
        for (k, row) in self.active_rows() {
            let weight = self.penalty.rho() * self.residuals[k];
            gradient.iter_mut().zip(row).for_each(|(g, d)| *g += weight * d);
        }
    }

    /// The problem's own outputs, and after them those that stand for the terms.
    fn write_outputs(&self, form: Form, own: &[f64], all: &mut [f64]) {
        let (first, further) = all.split_at_mut(own.len());
        first.copy_from_slice(own);
        further.iter_mut().enumerate().for_each(|(k, output)| *output = self.term(form, k).0);
    }

    /// The derivatives of all outputs.
    fn write_rows(&self, form: Form, own: &[f64], all: &mut [f64]) {
        let (first, further) = all.split_at_mut(own.len());
        first.copy_from_slice(own);
        further.fill(0.0);
        for (k, row) in self.active_rows() {
            let factor = self.term(form, k).1;
            let entries = &mut further[k * self.n..(k + 1) * self.n];
            entries.iter_mut().zip(row).for_each(|(entry, d)| *entry = factor * d);
        }
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
    /// Whether the penalty may turn out to be too small, and what speaks for it.
    caution: Option<Caution>,
    is_alarmed: bool,
    /// The last point whose value was asked for, and the value of L.
    valued: (Vec<f64>, f64),
    /// The lowest objective where the constraints are satisfied.
    lowest: f64,
    tolerances: Vec<f64>,
    residuals: Vec<f64>,
    /// The iterates so far.
    trail: &'s mut Trail,
}

impl<'s, 'p> Subproblem<'s, 'p> {
    pub fn new(
        problem: &'s mut Problem<'p>,
        penalty: &'s Penalty,
        start: &Point,
        trail: &'s mut Trail,
    ) -> Self {
        trail.add(start);
        let tolerances = problem.constraint_tolerances().to_vec();
        Subproblem {
            problem,
            caution: None,
            is_alarmed: false,
            valued: (Vec::new(), f64::NAN),
            lowest: f64::INFINITY,
            tolerances,
            penalty,
            size: start.value.abs().max(1.0),
            last: start.clone(),
            best: None,
            plain: HashMap::new(),
            has_run_away: false,
            residuals: Vec::new(),
            trail,
        }
    }

    /// Whether the values fell without end where the constraints are violated.
    pub fn has_run_away(&self) -> bool {
        self.has_run_away
    }

    /// Watch whether the penalty is too small.
    pub fn with_caution(mut self, is_cautious: bool) -> Self {
        self.caution = is_cautious.then(Caution::default);
        self
    }

    /// Whether the penalty has turned out to be too small; the subproblem was given up then.
    pub fn is_alarmed(&self) -> bool {
        self.is_alarmed
    }

    /// The lowest objective where the constraints were satisfied.
    pub fn lowest(&self) -> f64 {
        self.lowest
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
        let constraints = &from.constraints[i * c..(i + 1) * c];
        self.penalty.residuals(constraints, &mut self.residuals);
        let jacobian = if want.is_derivative() {
            &from.constraint_jacobians[i * c * n..(i + 1) * c * n]
        } else {
            &[]
        };
        let terms = Terms { penalty: self.penalty, residuals: &self.residuals, jacobian, n };
        let (outputs, all) = (i * m..(i + 1) * m, i * (m + c)..(i + 1) * (m + c));
        let rows = |range: &Range<usize>| range.start * n..range.end * n;
        if want.contains(Want::GRADIENT) {
            let entries = i * n..(i + 1) * n;
            let gradient = &mut to.gradients[entries.clone()];
            gradient.copy_from_slice(&from.gradients[entries]);
            terms.add_to_gradient(gradient);
        }
        if want.contains(Want::RESIDUALS) {
            let own = &from.residuals[outputs.clone()];
            terms.write_outputs(Form::Residual, own, &mut to.residuals[all.clone()]);
        }
        if want.contains(Want::JACOBIAN) {
            let own = &from.jacobians[rows(&outputs)];
            terms.write_rows(Form::Residual, own, &mut to.jacobians[rows(&all)]);
        }
        if want.contains(Want::CONTRIBUTIONS) {
            let own = &from.contributions[outputs.clone()];
            terms.write_outputs(Form::Contribution, own, &mut to.contributions[all.clone()]);
        }
        if want.contains(Want::SCORES) {
            let own = &from.scores[rows(&outputs)];
            terms.write_rows(Form::Contribution, own, &mut to.scores[rows(&all)]);
        }
        let penalty = terms.sum();
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
                let beyond = |(k, &value): (usize, &f64)| {
                    let violation = self.penalty.violation(k, value);
                    violation > self.tolerances[k] || violation.is_nan()
                };
                if !constraints.iter().enumerate().any(beyond) {
                    self.lowest = self.lowest.min(from.values[i]);
                }
                self.has_run_away |=
                    value < RUN_AWAY * self.size && constraints.iter().enumerate().any(violated);
            }
        }
        if request.len() == 1 {
            self.last = Point::new(request.points, want, from);
            if request.want.is_evaluation() {
                self.valued = (request.points.to_vec(), values.values[0]);
            }
            self.watch();
        }
    }

    /// Look for signs that the penalty is too small at the last point, if value and derivatives are known there.
    fn watch(&mut self) {
        let Some(caution) = &mut self.caution else { return };
        let Point { x, constraints, .. } = &self.last;
        let (valued, value) = &self.valued;
        if !self.last.knows_derivatives() || x != valued {
            return;
        }
        let mut sizes = constraints.iter().enumerate();
        let is_violated = sizes.any(|(k, &c)| self.penalty.violation(k, c) > 0.0);
        let slopes = (*value, self.last.gradient_of(self.penalty));
        self.is_alarmed |= caution.is_alarmed_by(x, slopes, is_violated);
    }
}

impl Oracle for Subproblem<'_, '_> {
    fn answer(&mut self, request: &Request<'_>, values: &mut Values) -> Result<(), Stop> {
        if request.want.is_second_derivative() {
            values.prepare(request.want, request.len(), request.dim, 1, 0);
            let bounds = (self.problem.lower(), self.problem.upper());
            super::second::answer(self, bounds, request, values)?;
            let rest = request.want.without(Want::HESSIAN | Want::HESSIAN_PRODUCT);
            if rest == Want::default() {
                return Ok(());
            }
            return self.answer(&Request { want: rest, directions: &[], ..*request }, values);
        }
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
        // Whoever asks sees from the flags that the run itself goes on.
        if self.has_run_away || self.is_alarmed { Err(Stop::Unbounded) } else { Ok(()) }
    }

    fn iteration(&mut self, iteration: &Iteration<'_>) -> Result<(), Stop> {
        let best = self.best.as_ref().map(|(_, best)| best);
        if let Some(point) =
            best.into_iter().chain([&self.last]).find(|point| point.x == iteration.x)
        {
            self.trail.add(point);
        }
        let plain = match self.plain.get(&key(iteration.x)) {
            Some(&value) => value,
            None if self.last.x == iteration.x => self.last.value,
            None => self.best.as_ref().map_or(self.last.value, |(_, best)| best.value),
        };
        self.problem.iteration(iteration.x, plain)
    }

    fn call(&mut self, call: OptionCall) -> Result<Vec<f64>, Stop> {
        self.problem.call(call.option, &call.function, call.question)
    }
}
