//! What counts as a number, and the error policy.

use thalweg_core::{Stop, Values, Want};

use super::{Evaluator, Scratch, derivative_column, output_column};
use crate::aggregate::Aggregate;
use crate::numdiff::to_user;
use crate::objective::{Failure, UserError, UserErrorKind};
use crate::policy::ErrorHandling;

impl Evaluator<'_> {
    /// The error policy, and what counts as a number. The error is the stop and the point that brought it.
    pub(super) fn judge(
        &mut self,
        points: &[f64],
        want: Want,
        aggregate: Aggregate,
        values: &mut Values,
    ) -> Result<(), (Stop, usize)> {
        if want.is_evaluation() {
            for value in &mut values.values {
                if value.is_nan() {
                    *value = f64::INFINITY;
                }
            }
        }
        if want.is_derivative() {
            let k = points.len() / self.space.n_free();
            self.check_derivatives(k, points, want, aggregate, values);
        }
        if want.contains(Want::CONSTRAINTS) {
            self.judge_constraints(points, want, values);
        }
        self.forgive_endless_points(points, want, aggregate, values);
        if self.scratch.failures.is_empty() {
            return Ok(());
        }
        let failures = std::mem::take(&mut self.scratch.failures);
        let handling = match self.scratch.manner.goes_on {
            None => self.error_handling,
            Some(true) => ErrorHandling::Continue,
            Some(false) => ErrorHandling::Raise,
        };
        for failure in failures {
            match (failure.error.kind, handling) {
                (UserErrorKind::Interrupt, _) => return Err((Stop::Interrupted, failure.index)),
                (UserErrorKind::Ordinary, ErrorHandling::Continue) => {
                    if !failure.is_of_constraint() {
                        self.put_penalty(failure.index, points, want, aggregate, values);
                        if want.is_derivative() {
                            let n = self.space.n_free();
                            let from = failure.index * n;
                            self.scratch.penalized = points[from..from + n].to_vec();
                        }
                    }
                    if let Some(notify) = &mut self.on_failure {
                        notify(&failure);
                    }
                    self.scratch.failures.push(failure);
                }
                _ => {
                    let (message, index) = (failure.error.message.clone(), failure.index);
                    self.failure = Some(failure);
                    return Err((Stop::Failed(message), index));
                }
            }
        }
        Ok(())
    }

    /// Where a point is not finite, because an algorithm's arithmetic has overflowed, no answer is the user's fault: such a point is
    /// infinitely bad.
    fn forgive_endless_points(
        &mut self,
        points: &[f64],
        want: Want,
        aggregate: Aggregate,
        values: &mut Values,
    ) {
        let (n, m) = (self.space.n_free(), aggregate.n_solver_outputs());
        let is_endless = |i: usize| points[i * n..(i + 1) * n].iter().any(|x| !x.is_finite());
        self.scratch.failures.retain(|failure| {
            let i = failure.index;
            let forgiven = failure.error.kind == UserErrorKind::Ordinary && is_endless(i);
            if forgiven && want.is_evaluation() {
                output_column(values, aggregate.solver)[i * m..(i + 1) * m].fill(f64::INFINITY);
                values.values[i] = f64::INFINITY;
            }
            !forgiven
        });
    }

    /// A derivative that is not finite where the value is counts as a failure.
    pub(super) fn check_derivatives(
        &mut self,
        k: usize,
        points: &[f64],
        want: Want,
        aggregate: Aggregate,
        values: &mut Values,
    ) {
        if derivative_column(values, aggregate.solver).iter().all(|entry| entry.is_finite()) {
            return;
        }
        let evaluated = want.is_evaluation();
        // What the objective is there is known, too, where its derivative is numerical.
        let known = if evaluated { &values.values } else { &self.scratch.centers };
        let finite: Vec<bool> =
            (0..k).map(|i| known.get(i).is_none_or(|value| value.is_finite())).collect();
        let closed_form = self.objective.has_derivative();
        let column = derivative_column(values, aggregate.solver);
        let (width, n) = (column.len() / k, self.space.n_free());
        let Scratch { user, work, failures, .. } = &mut self.scratch;
        for (i, entries) in column.chunks_exact(width.max(1)).enumerate() {
            let failed = failures.iter().any(|failure| failure.index == i);
            if finite[i] && !failed && !entries.iter().all(|entry| entry.is_finite()) {
                let source = if closed_form {
                    "the derivative returned by jac or fun_and_jac"
                } else {
                    "the numerical derivative"
                };
                let params = to_user(self.space, &points[i * n..(i + 1) * n], user, work);
                let (entries, params) = (shown(entries), shown(params));
                let error =
                    UserError::new(format!("{source} is not finite: {entries} at params {params}"));
                let what = if closed_form { "jac" } else { Failure::NUMERICAL_DERIVATIVE };
                failures.push(Failure { index: i, what, error });
            }
        }
    }

    pub(super) fn put_penalty(
        &self,
        index: usize,
        points: &[f64],
        want: Want,
        aggregate: Aggregate,
        values: &mut Values,
    ) {
        let n = self.space.n_free();
        let m = aggregate.n_solver_outputs();
        let x = &points[index * n..(index + 1) * n];
        let mut outputs = vec![0.0; m];
        let mut derivative = vec![0.0; m * n];
        self.penalty.write(aggregate.solver, x, &mut outputs, Some(&mut derivative));
        if want.is_evaluation() {
            output_column(values, aggregate.solver)[index * m..(index + 1) * m]
                .copy_from_slice(&outputs);
            values.values[index] = aggregate.solver_value(&outputs);
        }
        if want.is_derivative() {
            derivative_column(values, aggregate.solver)[index * m * n..(index + 1) * m * n]
                .copy_from_slice(&derivative);
        }
        if want.contains(Want::HESSIAN) {
            self.penalty.write_hessian(x, &mut values.hessians[index * n * n..(index + 1) * n * n]);
        }
        if want.contains(Want::HESSIAN_PRODUCT) {
            // No direction of the penalty's little curvature is worth following.
            values.products[index * n..(index + 1) * n].fill(0.0);
        }
    }
}

/// The first numbers of a list, for messages.
pub(super) fn shown(numbers: &[f64]) -> String {
    const MOST: usize = 10;
    let list: Vec<String> = numbers.iter().take(MOST).copied().map(number).collect();
    let rest = if numbers.len() > MOST { ", ..." } else { "" };
    format!("[{}{rest}]", list.join(", "))
}

/// A number with all of its digits, and with an exponent where these are many.
fn number(x: f64) -> String {
    let is_usual = x == 0.0 || !x.is_finite() || (1e-5..1e16).contains(&x.abs());
    if is_usual { x.to_string() } else { format!("{x:e}") }
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn numbers_are_short_whatever_their_size() {
        assert_eq!(shown(&[1.0, -0.25, 0.0, 1e-300, f64::NAN]), "[1, -0.25, 0, 1e-300, NaN]");
        assert_eq!(shown(&[1e300, f64::INFINITY]), "[1e300, inf]");
        assert!(shown(&[0.0; 11]).ends_with(", 0, ...]"));
    }
}
