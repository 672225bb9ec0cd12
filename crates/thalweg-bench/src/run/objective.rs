//! A benchmark problem as an objective.

use thalweg::core::SolverKind;
use thalweg::{Answer, Batch, Failure, Objective, StartValues};

use crate::function::{Function, VectorFunction};
use crate::problem::BenchmarkProblem;

/// Residuals where a problem has them, else the value; constraints with them.
pub(crate) struct ProblemObjective<'a> {
    problem: &'a BenchmarkProblem,
}

impl<'a> ProblemObjective<'a> {
    pub(crate) fn new(problem: &'a BenchmarkProblem) -> Self {
        ProblemObjective { problem }
    }

    fn outputs(&self, x: &[f64], out: &mut [f64]) {
        match &self.problem.function {
            Function::LeastSquares { residuals, .. } => residuals(x, out),
            Function::Scalar { value, .. } => out[0] = value(x),
        }
    }

    fn derivative(&self) -> &VectorFunction {
        match &self.problem.function {
            Function::LeastSquares { jacobian, .. } => jacobian,
            Function::Scalar { gradient, .. } => gradient,
        }
    }
}

impl Objective for ProblemObjective<'_> {
    fn kind(&self) -> SolverKind {
        match self.problem.n_residuals() {
            Some(_) => SolverKind::LeastSquares,
            None => SolverKind::Scalar,
        }
    }

    fn n_outputs(&self) -> usize {
        self.problem.n_residuals().unwrap_or(1)
    }

    fn has_derivative(&self) -> bool {
        // The closed form is that of the function without noise, which algorithms must not see.
        !self.problem.noisy
    }

    fn start(&mut self, params: &[f64]) -> Result<StartValues, Failure> {
        let (m, n) = (self.n_outputs(), params.len());
        let mut start = StartValues { outputs: vec![0.0; m], ..StartValues::default() };
        self.outputs(params, &mut start.outputs);
        if self.has_derivative() {
            let mut derivative = vec![0.0; m * n];
            self.derivative()(params, &mut derivative);
            start.derivative = Some(derivative);
        }
        if let Some(constraints) = &self.problem.constraints {
            let mut values = vec![0.0; constraints.lower.len()];
            (constraints.values)(params, &mut values);
            start.constraints.push(values);
        }
        Ok(start)
    }

    fn evaluate(&mut self, batch: &Batch<'_>, answer: Answer<'_>, _failures: &mut Vec<Failure>) {
        let (m, n) = (self.n_outputs(), batch.dim);
        for (k, x) in batch.iter().enumerate() {
            if batch.wants_outputs {
                self.outputs(x, &mut answer.outputs[k * m..][..m]);
            }
            if batch.wants_derivative {
                self.derivative()(x, &mut answer.derivatives[k * m * n..][..m * n]);
            }
            let Some(constraints) = &self.problem.constraints else { continue };
            let c = constraints.lower.len();
            if batch.wants_constraints {
                (constraints.values)(x, &mut answer.constraints[k * c..][..c]);
            }
            if batch.wants_constraint_derivative {
                let rows = &mut answer.constraint_derivatives[k * c * n..][..c * n];
                (constraints.jacobian)(x, rows);
            }
        }
    }
}
