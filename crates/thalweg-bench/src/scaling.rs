//! Badly scaled versions of problems: algorithms see each parameter times a factor of its own.

use std::sync::Arc;

use thalweg::Bounds;

use crate::function::{Function, VectorFunction};
use crate::problem::{BenchmarkProblem, ConstraintFunction};
use crate::set::SetError;

/// The factors: equally spaced from the first to the last parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScalingOptions {
    /// The factor of the first parameter.
    pub min_scale: f64,
    /// The factor of the last parameter.
    pub max_scale: f64,
}

impl Default for ScalingOptions {
    fn default() -> Self {
        ScalingOptions { min_scale: 0.1, max_scale: 10.0 }
    }
}

impl ScalingOptions {
    /// Checks the ranges.
    pub(crate) fn check(&self) -> Result<(), SetError> {
        for (name, value) in [("min_scale", self.min_scale), ("max_scale", self.max_scale)] {
            if !(value > 0.0 && value.is_finite()) {
                return Err(SetError::invalid(format!(
                    "{name} of the scaling is {value}; it must be a finite positive number."
                )));
            }
        }
        if self.min_scale > self.max_scale {
            return Err(SetError::invalid(format!(
                "min_scale of the scaling is {}, which is more than max_scale, {}.",
                self.min_scale, self.max_scale
            )));
        }
        Ok(())
    }

    /// The factors of `n` parameters.
    pub fn factors(&self, n: usize) -> Vec<f64> {
        let step = (self.max_scale - self.min_scale) / (n.max(2) - 1) as f64;
        (0..n).map(|j| self.min_scale + step * j as f64).collect()
    }

    /// The problem in scaled parameters: start, solution, bounds and all functions.
    pub(crate) fn apply(&self, mut problem: BenchmarkProblem) -> BenchmarkProblem {
        let factors: Arc<[f64]> = self.factors(problem.n_params()).into();
        let scale = |x: &mut Vec<f64>| x.iter_mut().zip(&*factors).for_each(|(x, s)| *x *= s);
        scale(&mut problem.start);
        problem.solution.params.as_mut().map(scale);
        let Bounds { lower, upper } = &mut problem.bounds;
        lower.as_mut().map(scale);
        upper.as_mut().map(scale);
        problem.function = scaled(problem.function, &factors);
        problem.noise_free = scaled(problem.noise_free, &factors);
        problem.constraints = problem.constraints.map(|constraints| ConstraintFunction {
            values: at_unscaled(constraints.values, &factors),
            jacobian: derivative_at_unscaled(constraints.jacobian, &factors),
            ..constraints
        });
        problem
    }
}

fn scaled(function: Function, factors: &Arc<[f64]>) -> Function {
    match function {
        Function::LeastSquares { n_residuals, residuals, jacobian } => Function::LeastSquares {
            n_residuals,
            residuals: at_unscaled(residuals, factors),
            jacobian: derivative_at_unscaled(jacobian, factors),
        },
        Function::Scalar { value, gradient } => {
            let factors_of_value = factors.clone();
            Function::Scalar {
                value: Arc::new(move |x| value(&unscale(x, &factors_of_value))),
                gradient: derivative_at_unscaled(gradient, factors),
            }
        }
    }
}

fn unscale(x: &[f64], factors: &[f64]) -> Vec<f64> {
    x.iter().zip(factors).map(|(x, s)| x / s).collect()
}

fn at_unscaled(function: VectorFunction, factors: &Arc<[f64]>) -> VectorFunction {
    let factors = factors.clone();
    Arc::new(move |x, out| function(&unscale(x, &factors), out))
}

/// A gradient, or the rows of a Jacobian.
fn derivative_at_unscaled(derivative: VectorFunction, factors: &Arc<[f64]>) -> VectorFunction {
    let factors = factors.clone();
    Arc::new(move |x, out| {
        derivative(&unscale(x, &factors), out);
        for row in out.chunks_exact_mut(factors.len()) {
            row.iter_mut().zip(&*factors).for_each(|(d, s)| *d /= s);
        }
    })
}
