//! The nonlinear constraints at the algorithm's points: values, derivatives, and what is remembered of them.

use thalweg_core::{Values, Want};

use super::{Evaluator, Scratch};
use crate::nonlinear::value_of;
use crate::numdiff::{Context, Quantity, to_user};
use crate::objective::{Answer, Failure, UserError};

/// The constraints at the last single points: algorithms may ask for them apart from the objective.
#[derive(Default)]
pub(super) struct Known {
    x: Vec<f64>,
    values: Vec<f64>,
    jacobian_x: Vec<f64>,
    jacobian: Vec<f64>,
}

impl Known {
    fn values_at(&self, x: &[f64]) -> Option<&[f64]> {
        (!self.values.is_empty() && self.x == x).then_some(&self.values)
    }

    fn jacobian_at(&self, x: &[f64]) -> Option<&[f64]> {
        (!self.jacobian.is_empty() && self.jacobian_x == x).then_some(&self.jacobian)
    }
}

impl Evaluator<'_> {
    /// Constraints are evaluated wherever the objective is: only then is it known which point is the best. A numerical
    /// derivative needs them, too.
    pub(super) fn with_constraints(&self, want: Want) -> Want {
        if self.constraints.is_empty() {
            want.without(Want::CONSTRAINTS | Want::CONSTRAINT_JACOBIAN)
        } else if want.is_evaluation() || want.contains(Want::CONSTRAINT_JACOBIAN) {
            want | Want::CONSTRAINTS
        } else {
            want
        }
    }

    /// Whether the user's constraints have to be called at the points, for values and for closed-form derivatives.
    pub(super) fn wanted_of_constraints(&self, points: &[f64], want: Want) -> (bool, bool) {
        if self.constraints.n_function_values() == 0 {
            return (false, false);
        }
        let known = &self.scratch.known;
        let has_closed_form = self.constraints.ranges(true).next().is_some();
        (
            want.contains(Want::CONSTRAINTS) && known.values_at(points).is_none(),
            want.contains(Want::CONSTRAINT_JACOBIAN)
                && has_closed_form
                && known.jacobian_at(points).is_none(),
        )
    }

    /// Room for the answers of the user's constraints at `k` points.
    pub(super) fn constraint_buffers(
        &mut self,
        k: usize,
        (values, derivatives): (bool, bool),
    ) -> (Vec<f64>, Vec<f64>) {
        let width = k * self.constraints.n_function_values();
        let mut constraints = std::mem::take(&mut self.scratch.function_values);
        let mut rows = std::mem::take(&mut self.scratch.function_derivatives);
        // Whatever is not answered, because everything failed, counts as violated.
        constraints.clear();
        constraints.resize(if values { width } else { 0 }, f64::NAN);
        rows.resize(if derivatives { width * self.space.n_user() } else { 0 }, 0.0);
        (constraints, rows)
    }

    /// What the user's constraints answered (`called`: for values, for derivatives), or what is known, into the columns of
    /// `values`; linear rows are computed here.
    pub(super) fn fill_constraints(
        &mut self,
        points: &[f64],
        want: Want,
        called: (bool, bool),
        values: &mut Values,
    ) {
        if want.contains(Want::CONSTRAINTS) {
            match self.scratch.known.values_at(points) {
                Some(known) if !called.0 => values.constraints.copy_from_slice(known),
                _ => self.fill_values(points, &mut values.constraints),
            }
        }
        if want.contains(Want::CONSTRAINT_JACOBIAN) {
            match self.scratch.known.jacobian_at(points) {
                Some(known) if !called.1 => values.constraint_jacobians.copy_from_slice(known),
                _ => self.fill_jacobians(points, called.1, &mut values.constraint_jacobians),
            }
        }
    }

    fn fill_values(&mut self, points: &[f64], column: &mut [f64]) {
        let (c, of_functions) = (self.constraints.len(), self.constraints.n_function_values());
        let (n, n_user) = (self.space.n_free(), self.space.n_user());
        self.counts.constraints += (points.len() / n) as u64;
        let Scratch { user, work, function_values, .. } = &mut self.scratch;
        let user = to_user(self.space, points, user, work);
        for (i, (own, params)) in
            column.chunks_exact_mut(c).zip(user.chunks_exact(n_user)).enumerate()
        {
            let (functions, rows) = own.split_at_mut(of_functions);
            functions.copy_from_slice(&function_values[i * of_functions..(i + 1) * of_functions]);
            for (value, row) in rows.iter_mut().zip(self.constraints.rows()) {
                *value = value_of(row, params);
            }
        }
    }

    /// Closed-form rows, and those of linear constraints; the others are left for numerical differentiation.
    fn fill_jacobians(&mut self, points: &[f64], has_closed_form: bool, column: &mut [f64]) {
        let (c, of_functions) = (self.constraints.len(), self.constraints.n_function_values());
        let (n, n_user) = (self.space.n_free(), self.space.n_user());
        self.counts.constraint_jacobians += (points.len() / n) as u64;
        let Scratch { work, function_derivatives, own, .. } = &mut self.scratch;
        own.clear();
        own.resize(c * n_user, 0.0);
        for (i, x) in points.chunks_exact(n).enumerate() {
            if has_closed_form {
                let width = of_functions * n_user;
                own[..width].copy_from_slice(&function_derivatives[i * width..(i + 1) * width]);
            }
            for (k, row) in self.constraints.rows().iter().enumerate() {
                let entries = &mut own[(of_functions + k) * n_user..][..n_user];
                entries.fill(0.0);
                for (&position, &weight) in row.positions.iter().zip(&row.weights) {
                    entries[position] += weight;
                }
            }
            self.space.pull_back_jacobian(x, own, &mut column[i * c * n..(i + 1) * c * n], work);
        }
    }

    /// Numerical derivatives of the constraints that have no closed form.
    pub(super) fn differentiate_constraints(&mut self, points: &[f64], values: &mut Values) {
        if self.scratch.known.jacobian_at(points).is_some() {
            return;
        }
        let Some(mut differentiator) = self.constraint_differentiator.take() else { return };
        let (n, c, m) =
            (self.space.n_free(), self.constraints.len(), self.constraints.n_function_values());
        let error_handling = self.error_handling;
        let mut jacobian = vec![0.0; m * n];
        for (i, x) in points.chunks_exact(n).enumerate() {
            if self.scratch.failures.iter().any(|failure| error_handling.ends_run(failure)) {
                break; // the user's function is not called again
            }
            let center = &values.constraints[i * c..i * c + m];
            let failed = self.scratch.failures.iter().any(|f| f.index == i && f.is_of_constraint());
            if failed || !center.iter().all(|value| value.is_finite()) {
                jacobian.fill(f64::NAN);
            } else {
                let mut context = Context {
                    objective: &mut *self.objective,
                    space: self.space,
                    work: &mut self.scratch.work,
                    quantity: Quantity::Constraints(m),
                    error_handling,
                };
                let ended = differentiator.derivative(x, center, &mut jacobian, &mut context);
                let failures = ended.unwrap_or_else(|error| {
                    let error = UserError::new(error.to_string());
                    vec![Failure { index: i, what: Failure::CONSTRAINT, error }]
                });
                let fails = jacobian.iter().any(|entry| !entry.is_finite())
                    || failures.iter().any(|failure| error_handling.ends_run(failure));
                if fails && let Some(first) = failures.into_iter().next() {
                    self.scratch.failures.push(Failure { index: i, ..first });
                }
            }
            for range in self.constraints.ranges(false) {
                values.constraint_jacobians[(i * c + range.start) * n..(i * c + range.end) * n]
                    .copy_from_slice(&jacobian[range.start * n..range.end * n]);
            }
        }
        self.constraint_differentiator = Some(differentiator);
    }

    /// Keep the constraints at a single point: the next request may be for the objective there, or for the derivative.
    pub(super) fn remember_constraints(&mut self, points: &[f64], want: Want, values: &Values) {
        if points.len() != self.space.n_free() || !self.scratch.failures.is_empty() {
            return;
        }
        let keep = |of: &mut Vec<f64>, numbers: &[f64]| {
            of.clear();
            of.extend_from_slice(numbers);
        };
        let known = &mut self.scratch.known;
        if want.contains(Want::CONSTRAINTS) {
            keep(&mut known.x, points);
            keep(&mut known.values, &values.constraints);
        }
        if want.contains(Want::CONSTRAINT_JACOBIAN) {
            keep(&mut known.jacobian_x, points);
            keep(&mut known.jacobian, &values.constraint_jacobians);
        }
    }

    /// Constraints that failed or are not numbers are violated by as much as can be; a derivative that is not finite where the
    /// constraint is counts as a failure.
    pub(super) fn judge_constraints(&mut self, points: &[f64], want: Want, values: &mut Values) {
        let (c, n, m) =
            (self.constraints.len(), self.space.n_free(), self.constraints.n_function_values());
        let k = points.len() / n;
        for i in 0..k {
            let own = &mut values.constraints[i * c..(i + 1) * c];
            if self.scratch.failures.iter().any(|f| f.index == i && f.is_of_constraint()) {
                own[..m].fill(f64::NAN);
            }
            self.constraints.tame(own);
            if !want.contains(Want::CONSTRAINT_JACOBIAN) || own.iter().any(|v| !v.is_finite()) {
                continue;
            }
            let rows = &values.constraint_jacobians[i * c * n..(i + 1) * c * n];
            if let Some(wrong) = rows.iter().position(|entry| !entry.is_finite()) {
                let Scratch { user, work, failures, .. } = &mut self.scratch;
                let params = to_user(self.space, &points[i * n..(i + 1) * n], user, work);
                let entry = rows[wrong];
                let function = self.constraints.describe(wrong / n);
                let text =
                    format!("a derivative is {entry} at params {}", super::judge::shown(params));
                let error = UserError::new(text).of(function);
                failures.push(Failure { index: i, what: Failure::CONSTRAINT, error });
            }
        }
    }

    /// The constraints at any point, which may be asked for after the run.
    pub(crate) fn constraints_at(&mut self, x: &[f64]) -> Option<Vec<f64>> {
        if let Some(known) = self.scratch.known.values_at(x) {
            return Some(known.to_vec());
        }
        let mut functions = vec![0.0; self.constraints.n_function_values()];
        self.scratch.failures.clear();
        if !functions.is_empty() {
            self.call(x, Answer { constraints: &mut functions, ..Answer::default() });
        }
        self.scratch.function_values = functions;
        let mut values = vec![0.0; self.constraints.len()];
        self.fill_values(x, &mut values);
        self.constraints.tame(&mut values);
        self.scratch.failures.is_empty().then_some(values)
    }
}
