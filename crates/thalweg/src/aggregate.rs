//! From what the user's function returns to what the algorithm's kind of problem needs.

use thalweg_core::SolverKind::{self, LeastSquares, Likelihood, Scalar};
use thalweg_core::Values;

/// Whether an algorithm of kind `solver` can use an objective of kind `objective`.
pub(crate) fn is_compatible(objective: SolverKind, solver: SolverKind) -> bool {
    match solver {
        Scalar => true,
        LeastSquares => objective == LeastSquares,
        Likelihood => objective != Scalar,
    }
}

/// The translation between two compatible kinds, and between the user's and the algorithm's sign.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Aggregate {
    pub objective: SolverKind,
    pub solver: SolverKind,
    pub maximize: bool,
    /// The number of outputs of the objective.
    pub m: usize,
}

impl Aggregate {
    /// The number of outputs that the algorithm sees.
    pub fn n_solver_outputs(&self) -> usize {
        if self.solver == Scalar { 1 } else { self.m }
    }

    /// Whether outputs and derivatives pass through, but for the sign.
    pub fn is_direct(&self) -> bool {
        self.objective == self.solver
    }

    /// The scalar objective in the user's sign.
    pub fn user_value(&self, outputs: &[f64]) -> f64 {
        total(self.objective, outputs)
    }

    /// Turn the sign of whatever passes through.
    pub fn sign(&self, numbers: &mut [f64]) {
        if self.maximize {
            numbers.iter_mut().for_each(|number| *number = -*number);
        }
    }

    /// The algorithm's outputs at one point from the objective's; only when not direct.
    pub fn outputs(&self, outputs: &[f64], solver: &mut [f64]) {
        match (self.objective, self.solver) {
            (_, Scalar) => solver[0] = total(self.objective, outputs),
            (LeastSquares, Likelihood) => {
                solver.iter_mut().zip(outputs).for_each(|(s, r)| *s = r * r);
            }
            _ => solver.copy_from_slice(outputs),
        }
        self.sign(solver);
    }

    /// The derivative of the algorithm's outputs at one point (n columns); only when not direct.
    pub fn derivative(&self, outputs: &[f64], derivative: &[f64], solver: &mut [f64]) {
        let n = derivative.len() / outputs.len().max(1);
        match (self.objective, self.solver) {
            (LeastSquares, Scalar) => weighted_sum(outputs, derivative, n, |r| 2.0 * r, solver),
            (Likelihood, Scalar) => weighted_sum(outputs, derivative, n, |_| 1.0, solver),
            (LeastSquares, Likelihood) => {
                for ((row, out), r) in
                    derivative.chunks_exact(n).zip(solver.chunks_exact_mut(n)).zip(outputs)
                {
                    out.iter_mut().zip(row).for_each(|(s, d)| *s = 2.0 * r * d);
                }
            }
            _ => solver.copy_from_slice(derivative),
        }
        self.sign(solver);
    }

    /// The gradients of the values, from outputs and derivatives in the algorithm's terms; nothing to do for scalar algorithms.
    pub fn gradients(&self, values: &mut Values) {
        let (outputs, derivatives, weight): (_, _, fn(f64) -> f64) = match self.solver {
            Scalar => return,
            LeastSquares => (&values.residuals, &values.jacobians, |r| 2.0 * r),
            Likelihood => (&values.contributions, &values.scores, |_| 1.0),
        };
        let k = values.values.len().max(1);
        let n = values.gradients.len() / k;
        let points = outputs.chunks_exact(self.m).zip(derivatives.chunks_exact(self.m * n));
        for ((outputs, derivative), sum) in points.zip(values.gradients.chunks_exact_mut(n)) {
            weighted_sum(outputs, derivative, n, weight, sum);
        }
    }

    /// The scalar that the algorithm's outputs stand for.
    pub fn solver_value(&self, solver_outputs: &[f64]) -> f64 {
        total(self.solver, solver_outputs)
    }
}

pub(crate) fn total(kind: SolverKind, outputs: &[f64]) -> f64 {
    match kind {
        Scalar => outputs[0],
        LeastSquares => outputs.iter().map(|r| r * r).sum(),
        Likelihood => outputs.iter().sum(),
    }
}

fn weighted_sum(
    outputs: &[f64],
    derivative: &[f64],
    n: usize,
    weight: impl Fn(f64) -> f64,
    sum: &mut [f64],
) {
    sum.fill(0.0);
    for (row, &output) in derivative.chunks_exact(n).zip(outputs) {
        let weight = weight(output);
        sum.iter_mut().zip(row).for_each(|(s, d)| *s += weight * d);
    }
}
