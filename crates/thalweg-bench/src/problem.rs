//! A benchmark problem: a function with exact derivatives, a start, what is known of the solution.

use std::fmt;

use thalweg::Bounds;

use crate::function::{Function, Scratch, VectorFunction};

/// What is known of the solution that counts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Solution {
    /// The minimizer, one of them if there are several; `None` where none is known.
    pub params: Option<Vec<f64>>,
    /// The value there; `None` where it is not known.
    pub value: Option<f64>,
}

/// Constraints `lower <= c(x) <= upper`. Equal limits are an equation; a missing one is infinite.
#[derive(Clone)]
pub struct ConstraintFunction {
    /// The lower limits, one per constraint.
    pub lower: Vec<f64>,
    /// The upper limits, one per constraint.
    pub upper: Vec<f64>,
    /// `values(x, c)`: writes the values.
    pub values: VectorFunction,
    /// `jacobian(x, jac)`: writes the row-major matrix of `d c_i / d x_j`, every entry of it.
    pub jacobian: VectorFunction,
}

/// One problem of a benchmark set.
///
/// The start, the solution, the bounds, and the arguments of all functions are in the same space, the scaled one if the set
/// was asked for with scaling.
#[derive(Clone, Debug)]
pub struct BenchmarkProblem {
    /// The name, unique within its set.
    pub name: String,
    /// The start point.
    pub start: Vec<f64>,
    /// The objective at the start, without noise.
    pub start_value: f64,
    /// What is known of the solution. Its value is that of the global minimum but for problems whose usual target is a local
    /// one (`freudenstein_roth`); lower values then count as solved, too.
    pub solution: Solution,
    /// What algorithms are given: with noise if the set was asked for with noise. Derivatives are those without noise.
    pub function: Function,
    /// The same without noise.
    pub noise_free: Function,
    /// Whether `function` has noise.
    pub noisy: bool,
    /// Bounds of the parameters, where the problem has them.
    pub bounds: Bounds,
    /// Other constraints, where the problem has them.
    pub constraints: Option<ConstraintFunction>,
}

impl BenchmarkProblem {
    /// A problem without noise, bounds and constraints.
    pub fn new(
        name: impl Into<String>,
        function: Function,
        start: Vec<f64>,
        solution: Solution,
    ) -> Self {
        BenchmarkProblem {
            name: name.into(),
            start_value: function.value(&start, &mut Scratch::default()),
            start,
            solution,
            noise_free: function.clone(),
            function,
            noisy: false,
            bounds: Bounds::none(),
            constraints: None,
        }
    }

    /// The number of parameters.
    pub fn n_params(&self) -> usize {
        self.start.len()
    }

    /// The number of residuals; `None` where the objective is a plain number.
    pub fn n_residuals(&self) -> Option<usize> {
        self.function.n_residuals()
    }

    /// Writes the residuals at `x` into `r`.
    ///
    /// # Panics
    /// If a length is wrong, or the problem has no residuals.
    pub fn residuals(&self, x: &[f64], r: &mut [f64]) {
        let Function::LeastSquares { n_residuals, residuals, .. } = &self.function else {
            panic!("{} has no residuals", self.name)
        };
        assert_eq!((x.len(), r.len()), (self.n_params(), *n_residuals), "{}", self.name);
        residuals(x, r);
    }

    /// Writes the Jacobian at `x` into `jac` (row-major, one row per residual).
    ///
    /// # Panics
    /// If a length is wrong, or the problem has no residuals.
    pub fn jacobian(&self, x: &[f64], jac: &mut [f64]) {
        let Function::LeastSquares { n_residuals, jacobian, .. } = &self.function else {
            panic!("{} has no residuals", self.name)
        };
        let n = self.n_params();
        assert_eq!((x.len(), jac.len()), (n, n_residuals * n), "{}", self.name);
        jacobian(x, jac);
    }

    /// The objective at `x`. [`Function::value`] does the same with memory of your own.
    ///
    /// # Panics
    /// If the length is wrong.
    pub fn value(&self, x: &[f64]) -> f64 {
        assert_eq!(x.len(), self.n_params(), "{}", self.name);
        self.function.value(x, &mut Scratch::default())
    }

    /// Writes the gradient of the objective at `x` into `gradient`.
    ///
    /// # Panics
    /// If a length is wrong.
    pub fn gradient(&self, x: &[f64], gradient: &mut [f64]) {
        let n = self.n_params();
        assert_eq!((x.len(), gradient.len()), (n, n), "{}", self.name);
        self.function.value_and_gradient(x, gradient, &mut Scratch::default());
    }

    /// Writes the Hessian of the objective at `x` (row-major, symmetric): central differences of the exact gradient, ten digits.
    ///
    /// # Panics
    /// If a length is wrong.
    pub fn hessian(&self, x: &[f64], hessian: &mut [f64]) {
        let n = self.n_params();
        assert_eq!((x.len(), hessian.len()), (n, n * n), "{}", self.name);
        let (mut moved, mut below, mut above) = (x.to_vec(), vec![0.0; n], vec![0.0; n]);
        for j in 0..n {
            let step = 1e-5 * x[j].abs().max(1.0);
            moved[j] = x[j] - step;
            self.gradient(&moved, &mut below);
            moved[j] = x[j] + step;
            self.gradient(&moved, &mut above);
            moved[j] = x[j];
            for i in 0..n {
                hessian[i * n + j] = (above[i] - below[i]) / (2.0 * step);
            }
        }
        for i in 0..n {
            for j in 0..i {
                let mean = 0.5 * (hessian[i * n + j] + hessian[j * n + i]);
                hessian[i * n + j] = mean;
                hessian[j * n + i] = mean;
            }
        }
    }

    /// The part of the possible decrease that `value` has left to go: `(f - f*) / (f0 - f*)`, clipped below at zero.
    /// A problem counts as solved to a precision once this is at most that precision. NaN stays NaN (never solved), and
    /// so is everything where the value of the solution is not known.
    pub fn normalized_gap(&self, value: f64) -> f64 {
        let optimum = self.solution.value.unwrap_or(f64::NAN);
        let gap = (value - optimum) / (self.start_value - optimum);
        if gap < 0.0 { 0.0 } else { gap }
    }
}

impl fmt::Debug for ConstraintFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("ConstraintFunction");
        shown.field("lower", &self.lower).field("upper", &self.upper).finish_non_exhaustive()
    }
}
