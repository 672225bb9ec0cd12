//! The functions of benchmark problems: residuals with their Jacobian, or one value with its gradient.

use std::fmt;
use std::sync::Arc;

/// Writes a vector (residuals, constraint values), a gradient, or a row-major matrix at the point of the first argument.
pub type VectorFunction = Arc<dyn Fn(&[f64], &mut [f64]) + Send + Sync>;

/// One number at a point.
pub type ScalarFunction = Arc<dyn Fn(&[f64]) -> f64 + Send + Sync>;

/// A vector-valued function and its exact Jacobian, as the families write them down.
///
/// Both members are plain functions. Families of any size read `n` from the length of `x` and `m` from the output.
#[derive(Clone, Copy, Debug)]
pub struct ResidualFunction {
    /// `residuals(x, r)`: writes the `m` residuals at `x` (length `n`) into `r`.
    pub residuals: fn(&[f64], &mut [f64]),
    /// `jacobian(x, jac)`: writes the row-major `m x n` matrix of `d r_i / d x_j` into `jac`, every entry of it.
    pub jacobian: fn(&[f64], &mut [f64]),
}

/// The objective of a problem.
#[derive(Clone)]
pub enum Function {
    /// The sum of squares of residuals (without a factor of one half).
    LeastSquares {
        /// The number of residuals.
        n_residuals: usize,
        /// `residuals(x, r)`: writes the residuals.
        residuals: VectorFunction,
        /// `jacobian(x, jac)`: writes the row-major matrix of `d r_i / d x_j`, every entry of it.
        jacobian: VectorFunction,
    },
    /// A plain number.
    Scalar {
        /// The value.
        value: ScalarFunction,
        /// `gradient(x, g)`: writes the gradient, every entry of it.
        gradient: VectorFunction,
    },
}

/// Memory that evaluations of sums of squares share: residuals and Jacobian.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    residuals: Vec<f64>,
    jacobian: Vec<f64>,
}

impl Function {
    /// Residuals of a family, at `n_residuals` of them.
    pub fn least_squares(function: ResidualFunction, n_residuals: usize) -> Self {
        Function::LeastSquares {
            n_residuals,
            residuals: Arc::new(function.residuals),
            jacobian: Arc::new(function.jacobian),
        }
    }

    /// Residuals of a family with something that is fixed for a problem: a constant, data.
    pub(crate) fn with_parameter<P: Send + Sync + 'static>(
        parameter: P,
        n_residuals: usize,
        residuals: fn(&P, &[f64], &mut [f64]),
        jacobian: fn(&P, &[f64], &mut [f64]),
    ) -> Self {
        let parameter = Arc::new(parameter);
        let shared = parameter.clone();
        Function::LeastSquares {
            n_residuals,
            residuals: Arc::new(move |x, r| residuals(&shared, x, r)),
            jacobian: Arc::new(move |x, jac| jacobian(&parameter, x, jac)),
        }
    }

    /// A value and its gradient.
    pub fn scalar(
        value: impl Fn(&[f64]) -> f64 + Send + Sync + 'static,
        gradient: impl Fn(&[f64], &mut [f64]) + Send + Sync + 'static,
    ) -> Self {
        Function::Scalar { value: Arc::new(value), gradient: Arc::new(gradient) }
    }

    /// The number of residuals; `None` for a plain number.
    pub fn n_residuals(&self) -> Option<usize> {
        match self {
            Function::LeastSquares { n_residuals, .. } => Some(*n_residuals),
            Function::Scalar { .. } => None,
        }
    }

    /// The objective at `x`.
    pub fn value(&self, x: &[f64], scratch: &mut Scratch) -> f64 {
        match self {
            Function::LeastSquares { n_residuals, residuals, .. } => {
                scratch.residuals.resize(*n_residuals, 0.0);
                residuals(x, &mut scratch.residuals);
                scratch.residuals.iter().map(|r| r * r).sum()
            }
            Function::Scalar { value, .. } => value(x),
        }
    }

    /// Writes the gradient of the objective (`2 J^T r` for residuals) and returns the value.
    pub fn value_and_gradient(
        &self,
        x: &[f64],
        gradient: &mut [f64],
        scratch: &mut Scratch,
    ) -> f64 {
        match self {
            Function::LeastSquares { n_residuals, jacobian, .. } => {
                let value = self.value(x, scratch);
                scratch.jacobian.resize(n_residuals * x.len(), 0.0);
                jacobian(x, &mut scratch.jacobian);
                gradient.fill(0.0);
                let rows = scratch.jacobian.chunks_exact(x.len());
                for (row, r) in rows.zip(&scratch.residuals) {
                    for (g, d) in gradient.iter_mut().zip(row) {
                        *g += 2.0 * d * r;
                    }
                }
                value
            }
            Function::Scalar { value, gradient: write } => {
                write(x, gradient);
                value(x)
            }
        }
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Function::LeastSquares { n_residuals, .. } => {
                f.debug_struct("LeastSquares").field("n_residuals", n_residuals).finish()
            }
            Function::Scalar { .. } => f.debug_struct("Scalar").finish(),
        }
    }
}
