//! Calling the user's function, and closed-form derivatives.

use thalweg_core::{SolverKind, Values, Want};

use super::{Evaluator, Scratch, derivative_column, output_column};
use crate::aggregate::Aggregate;
use crate::numdiff::to_user;
use crate::objective::{Answer, Batch};

impl Evaluator<'_> {
    /// Outputs, constraints and closed-form derivatives at the points, in the algorithm's terms, into the columns of `values`.
    pub(super) fn evaluate(
        &mut self,
        points: &[f64],
        want: Want,
        aggregate: Aggregate,
        values: &mut Values,
    ) {
        let n = self.space.n_free();
        let (k, m) = (points.len() / n, aggregate.m);
        let closed_form = want.is_derivative() && self.objective.has_derivative();
        // Aggregating a derivative needs the outputs, too.
        let wants_outputs = want.is_evaluation() || (closed_form && !aggregate.is_direct());
        let of_constraints = self.wanted_of_constraints(points, want);
        if !wants_outputs && !closed_form && of_constraints == (false, false) {
            return self.fill_constraints(points, want, of_constraints, values);
        }
        let direct = aggregate.is_direct();
        let n_user = self.space.n_user();
        let direct_derivative = direct && self.space.is_identity();
        let mut outputs = std::mem::take(if direct && want.is_evaluation() {
            output_column(values, aggregate.solver)
        } else {
            &mut self.scratch.outputs
        });
        let mut derivatives = std::mem::take(if direct_derivative && closed_form {
            derivative_column(values, aggregate.solver)
        } else {
            &mut self.scratch.derivatives
        });
        outputs.resize(if wants_outputs { k * m } else { 0 }, 0.0);
        derivatives.resize(if closed_form { k * m * n_user } else { 0 }, 0.0);

        let (mut constraints, mut constraint_derivatives) =
            self.constraint_buffers(k, of_constraints);
        let answer = Answer {
            outputs: &mut outputs,
            derivatives: &mut derivatives,
            constraints: &mut constraints,
            constraint_derivatives: &mut constraint_derivatives,
        };
        self.call(points, answer);
        self.scratch.function_values = constraints;
        self.scratch.function_derivatives = constraint_derivatives;
        self.fill_constraints(points, want, of_constraints, values);

        if direct && want.is_evaluation() {
            aggregate.sign(&mut outputs);
            *output_column(values, aggregate.solver) = outputs;
        } else {
            if want.is_evaluation() {
                let m_solver = aggregate.n_solver_outputs();
                let column = output_column(values, aggregate.solver);
                for (from, to) in outputs.chunks_exact(m).zip(column.chunks_exact_mut(m_solver)) {
                    aggregate.outputs(from, to);
                }
            }
            self.scratch.outputs = outputs;
        }
        if direct_derivative && closed_form {
            aggregate.sign(&mut derivatives);
            *derivative_column(values, aggregate.solver) = derivatives;
        } else {
            if closed_form {
                self.pull_back(points, &derivatives, aggregate, values);
            }
            self.scratch.derivatives = derivatives;
        }
        if want.is_evaluation() && aggregate.solver != SolverKind::Scalar {
            let Values { values, residuals, contributions, .. } = values;
            let column = if aggregate.solver == SolverKind::LeastSquares {
                residuals
            } else {
                contributions
            };
            for (value, outputs) in values.iter_mut().zip(column.chunks_exact(m)) {
                *value = aggregate.solver_value(outputs);
            }
        }
    }

    /// Closed-form derivatives from the user's terms and space to the algorithm's.
    pub(super) fn pull_back(
        &mut self,
        points: &[f64],
        user: &[f64],
        aggregate: Aggregate,
        values: &mut Values,
    ) {
        let (n, n_user, m) = (self.space.n_free(), self.space.n_user(), aggregate.m);
        let m_solver = aggregate.n_solver_outputs();
        let column = derivative_column(values, aggregate.solver);
        let mut own = std::mem::take(&mut self.scratch.own);
        own.resize(m_solver * n_user, 0.0);
        for (i, x) in points.chunks_exact(n).enumerate() {
            let derivative = &user[i * m * n_user..(i + 1) * m * n_user];
            if aggregate.is_direct() {
                own.copy_from_slice(derivative);
                aggregate.sign(&mut own);
            } else {
                let outputs = &self.scratch.outputs[i * m..(i + 1) * m];
                aggregate.derivative(outputs, derivative, &mut own);
            }
            let target = &mut column[i * m_solver * n..(i + 1) * m_solver * n];
            self.space.pull_back_jacobian(x, &own, target, &mut self.scratch.work);
        }
        self.scratch.own = own;
    }

    /// Call the user's functions for what has room in `answer`, or use what they returned at the start.
    pub(super) fn call(&mut self, points: &[f64], answer: Answer<'_>) {
        let n = self.space.n_free();
        let Answer { mut outputs, mut derivatives, mut constraints, constraint_derivatives } =
            answer;
        let (mut points, mut skipped) = (points, 0);
        if points[..n] == *self.space.start() && points.len() == n {
            if use_up(&mut self.start.outputs, outputs) {
                outputs = &mut [];
            }
            if self.start.derivative.as_mut().is_some_and(|known| use_up(known, derivatives)) {
                self.start.derivative = None;
                derivatives = &mut [];
            }
            if use_up(&mut self.start_constraints, constraints) {
                constraints = &mut [];
            }
        } else if points[..n] == *self.space.start()
            && derivatives.is_empty()
            && constraint_derivatives.is_empty()
        {
            // A batch that begins with the start point: the rest of it is left to evaluate.
            let (m, c) = (self.start.outputs.len(), self.start_constraints.len());
            let known = |wanted: &[f64], of_start: usize| wanted.is_empty() || of_start > 0;
            if known(outputs, m) && known(constraints, c) {
                (points, skipped) = (&points[n..], 1);
                outputs = take_first(&mut self.start.outputs, outputs);
                constraints = take_first(&mut self.start_constraints, constraints);
            }
        }
        let wants = |room: &[f64]| !room.is_empty();
        let batch = Batch {
            points: &[],
            dim: self.space.n_user(),
            wants_outputs: wants(outputs),
            wants_derivative: wants(derivatives),
            wants_constraints: wants(constraints),
            wants_constraint_derivative: wants(constraint_derivatives),
            n_cores: self.n_cores,
            ..Batch::default()
        };
        if batch.wants_nothing() {
            return;
        }
        let Scratch { user, work, failures, .. } = &mut self.scratch;
        let batch = Batch { points: to_user(self.space, points, user, work), ..batch };
        let answer = Answer { outputs, derivatives, constraints, constraint_derivatives };
        self.objective.evaluate(&batch, answer, failures);
        failures.iter_mut().for_each(|failure| failure.index += skipped);
    }
}

/// Write what is known into its room, if both are there, and forget it.
fn use_up(known: &mut Vec<f64>, room: &mut [f64]) -> bool {
    let uses = !room.is_empty() && known.len() == room.len();
    if uses {
        room.copy_from_slice(known);
        known.clear();
    }
    uses
}

/// Write what is known into the first place of a batch, if it is wanted, and forget it; the rest of the room.
fn take_first<'a>(known: &mut Vec<f64>, room: &'a mut [f64]) -> &'a mut [f64] {
    if room.is_empty() {
        return room;
    }
    let (first, rest) = room.split_at_mut(known.len());
    first.copy_from_slice(known);
    known.clear();
    rest
}
