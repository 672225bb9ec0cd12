//! Calling the user's function, and closed-form derivatives.

use thalweg_core::{SolverKind, Values, Want};

use super::{Evaluator, Scratch, derivative_column, output_column};
use crate::aggregate::Aggregate;
use crate::numdiff::to_user;
use crate::objective::Batch;

impl Evaluator<'_> {
    /// Outputs and closed-form derivatives at the points, in the algorithm's terms, into the columns of `values`.
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
        if !wants_outputs && !closed_form {
            return;
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

        self.call(points, wants_outputs, closed_form, &mut outputs, &mut derivatives);

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

    /// Call the user's function, or use what it returned at the start.
    pub(super) fn call(
        &mut self,
        points: &[f64],
        mut wants_outputs: bool,
        mut wants_derivative: bool,
        outputs: &mut [f64],
        derivatives: &mut [f64],
    ) {
        // A batch that begins with the start point: the rest of it is left to evaluate.
        let (n, m) = (self.space.n_free(), self.objective.n_outputs());
        let (mut points, mut outputs, mut skipped) = (points, outputs, 0);
        let start_is_known = !self.start.outputs.is_empty() || self.start.derivative.is_some();
        if start_is_known && points[..n] == *self.space.start() {
            if wants_outputs
                && !self.start.outputs.is_empty()
                && !(wants_derivative && points.len() > n)
            {
                outputs[..m].copy_from_slice(&self.start.outputs);
                self.start.outputs = Vec::new();
                if points.len() > n {
                    (points, outputs, skipped) = (&points[n..], &mut outputs[m..], 1);
                } else {
                    wants_outputs = false;
                }
            }
            if wants_derivative
                && points.len() == n
                && let Some(derivative) = self.start.derivative.take()
            {
                derivatives.copy_from_slice(&derivative);
                wants_derivative = false;
            }
        }
        if !wants_outputs && !wants_derivative {
            return;
        }
        let Scratch { user, work, failures, .. } = &mut self.scratch;
        let batch = Batch {
            points: to_user(self.space, points, user, work),
            dim: self.space.n_user(),
            wants_outputs,
            wants_derivative,
            n_cores: self.n_cores,
        };
        let outputs = if wants_outputs { outputs } else { &mut [] };
        let derivatives = if wants_derivative { derivatives } else { &mut [] };
        self.objective.evaluate(&batch, outputs, derivatives, failures);
        failures.iter_mut().for_each(|failure| failure.index += skipped);
    }
}
