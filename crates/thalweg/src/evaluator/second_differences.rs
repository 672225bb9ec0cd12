//! Second derivatives where the user gives none: differences of gradients or of values.

use thalweg_algorithms::pieces::hessian_product::length_within_bounds;
use thalweg_core::{SolverKind, Values, Want};

use super::Evaluator;
use super::second::Local;
use crate::numdiff::{Context, Quantity};
use crate::objective::{Failure, UserError};

/// The length of differences of closed-form gradients for products, relative to one and the length of the point.
const LENGTH: f64 = 1.5e-8;
/// The same for gradients that are differences themselves.
const LENGTH_FOR_DIFFERENCES: f64 = 1e-4;

impl Evaluator<'_> {
    /// Differences of closed-form gradients, or second differences of the value.
    pub(super) fn numerical_hessian(
        &mut self,
        local: &mut Local,
        out: &mut [f64],
    ) -> Result<(), Failure> {
        let aggregate = self.scalar();
        let center = if self.objective.has_derivative() {
            self.know_gradient(local)?;
            local.gradient.clone()
        } else {
            self.know_value(&local.x)?;
            self.scratch.last.outputs.clone()
        };
        let quantity = match self.objective.has_derivative() {
            true => Quantity::Gradient(aggregate),
            false => Quantity::Outputs(aggregate),
        };
        let Some(mut differentiator) = self.hessian_differentiator.take() else {
            return Err(undeclared());
        };
        let error_handling = self.error_handling;
        let mut context = Context {
            objective: &mut *self.objective,
            space: self.space,
            work: &mut self.scratch.work,
            quantity,
            error_handling,
        };
        let ended = differentiator.derivative(&local.x, &center, out, &mut context);
        self.hessian_differentiator = Some(differentiator);
        let failures = ended.map_err(|error| Failure::of_numerical_derivative(0, &error))?;
        let fails = out.iter().any(|entry| !entry.is_finite())
            || failures.iter().any(|failure| error_handling.ends_run(failure));
        match failures.into_iter().next() {
            Some(first) if fails => Err(first),
            _ => Ok(()),
        }
    }

    /// `(g(x + t d) - g(x)) / t`, within the bounds.
    pub(super) fn product_by_difference(
        &mut self,
        local: &mut Local,
        d: &[f64],
        out: &mut [f64],
    ) -> Result<(), Failure> {
        let size = |v: &[f64]| v.iter().map(|v| v * v).sum::<f64>().sqrt();
        if size(d) == 0.0 {
            out.fill(0.0);
            return Ok(());
        }
        if !self.uses_hessian {
            return Err(undeclared());
        }
        self.know_gradient(local)?;
        let length = if self.objective.has_derivative() { LENGTH } else { LENGTH_FOR_DIFFERENCES };
        let wanted = length * (1.0 + size(&local.x)) / size(d);
        let t = length_within_bounds(&local.x, d, wanted, |j| self.bounds_at(j));
        let moved: Vec<f64> = (0..d.len())
            .map(|j| {
                let (lower, upper) = self.bounds_at(j);
                (local.x[j] + t * d[j]).max(lower).min(upper)
            })
            .collect();
        let gradient = self.gradient_at(&moved)?;
        for ((out, there), here) in out.iter_mut().zip(&gradient).zip(&local.gradient) {
            *out = (there - here) / t;
        }
        Ok(())
    }

    pub(super) fn know_gradient(&mut self, local: &mut Local) -> Result<(), Failure> {
        if local.gradient.is_empty() {
            local.gradient = self.gradient_at(&local.x.clone())?;
        }
        Ok(())
    }

    /// The outputs at `x`, in the algorithm's terms, as the last ones.
    pub(super) fn know_value(&mut self, x: &[f64]) -> Result<(), Failure> {
        if !self.scratch.last.is(SolverKind::Scalar, x) {
            self.evaluate_center(0, x, self.scalar());
        }
        match self.scratch.failures.drain(..).next() {
            Some(failure) => {
                self.scratch.last.kind = None;
                Err(failure)
            }
            None => Ok(()),
        }
    }

    /// The gradient at a point, which is part of a second derivative and counts as that.
    pub(super) fn gradient_at(&mut self, x: &[f64]) -> Result<Vec<f64>, Failure> {
        let aggregate = self.scalar();
        let mut values = Values::default();
        values.prepare(Want::GRADIENT, 1, x.len(), 1, 0);
        let centers = self.scratch.centers.len();
        if self.objective.has_derivative() {
            self.evaluate(x, Want::GRADIENT, aggregate, &mut values);
        } else {
            self.differentiate(x, Want::GRADIENT, aggregate, &mut values);
        }
        self.scratch.centers.truncate(centers);
        match self.scratch.failures.drain(..).next() {
            Some(failure) => Err(failure),
            None => Ok(values.gradients),
        }
    }
}

/// An algorithm may ask only for what it declares.
fn undeclared() -> Failure {
    let text = "the algorithm asks for second derivatives; it has to declare that it needs or supports them";
    Failure { index: 0, what: "algorithm", error: UserError::new(text) }
}
