//! Closed-form derivatives of the first and second order.

use thalweg_space::params::Params;

use super::Optimization;
use crate::closures::{Closures, Output, Written};
use crate::objective::UserError;

impl<'a, P: Params, F> Optimization<'a, P, Closures<'a, P, F>> {
    /// A closed-form gradient (n entries in the order of the flat parameters), or Jacobian of residuals or contributions
    /// (m rows, n columns, row-major), written into the slice, which is zero before. Where that may fail, the function returns a
    /// `Result`, as the objective does.
    ///
    /// ```
    /// let fun = |x: &[f64; 2]| x[0] * x[0] - x[1].ln() + x[1];
    /// let result = thalweg::minimize(fun, [3.0, 2.0])
    ///     .derivative(|x, g| {
    ///         if x[1] == 0.0 {
    ///             return Err("no slope at zero");
    ///         }
    ///         g.copy_from_slice(&[2.0 * x[0], 1.0 - 1.0 / x[1]]);
    ///         Ok(())
    ///     })
    ///     .lower(1, 0.01)
    ///     .algorithm("lbfgsb")
    ///     .run()?;
    /// assert!(result.success && (result.params[1] - 1.0).abs() < 1e-4);
    /// # Ok::<(), thalweg::OptimizeError>(())
    /// ```
    pub fn derivative<W: Written>(
        mut self,
        mut derivative: impl FnMut(&P, &mut [f64]) -> W + 'a,
    ) -> Self {
        self.objective.derivative =
            Some(Box::new(move |params, out| derivative(params, out).written()));
        self
    }

    /// A closed-form gradient in the shape of the parameters. For one that may fail there is
    /// [`derivative`](Optimization::derivative).
    pub fn gradient(mut self, mut gradient: impl FnMut(&P) -> P + 'a) -> Self {
        let mut flat = Vec::new();
        self.objective.derivative = Some(Box::new(move |params, out| {
            flat.clear();
            gradient(params).flatten_into(&mut flat);
            if flat.len() != out.len() {
                let (found, expected) = (flat.len(), out.len());
                let message =
                    format!("the gradient has {found} entries, but {expected} are expected");
                return Err(UserError::new(message));
            }
            out.copy_from_slice(&flat);
            Ok(())
        }));
        self
    }

    /// A function that returns the value of a scalar objective (or an error) and writes the gradient into the slice, which is
    /// zero before: for the case that the two share work.
    pub fn value_and_gradient<R: Output>(
        mut self,
        mut both: impl FnMut(&P, &mut [f64]) -> R + 'a,
    ) -> Self {
        self.objective.value_and_gradient =
            Some(Box::new(move |params, value, gradient| both(params, gradient).write(value)));
        self
    }

    /// The closed-form Hessian of the value: n rows and n columns in the order of the flat parameters, row-major, written into the
    /// slice, which is zero before. Algorithms that use no second derivatives do without it; those that need them take
    /// differences where it is not given.
    ///
    /// With residuals or contributions, it is the Hessian of their sum (of squares), for scalar algorithms. Where it may fail, the
    /// function returns a `Result`.
    ///
    /// ```
    /// let result = thalweg::minimize(|x: &[f64; 2]| x[0].powi(4) + (x[0] - x[1]).powi(2), [2.0, -1.0])
    ///     .gradient(|x| [4.0 * x[0].powi(3) + 2.0 * (x[0] - x[1]), 2.0 * (x[1] - x[0])])
    ///     .hessian(|x, h| h.copy_from_slice(&[12.0 * x[0] * x[0] + 2.0, -2.0, -2.0, 2.0]))
    ///     .algorithm("newton_cg")
    ///     .run()?;
    /// assert!(result.success && result.fun < 1e-6);
    /// assert!(result.n_hess_evals > 0);
    /// # Ok::<(), thalweg::OptimizeError>(())
    /// ```
    pub fn hessian<W: Written>(
        mut self,
        mut hessian: impl FnMut(&P, &mut [f64]) -> W + 'a,
    ) -> Self {
        self.objective.hessian = Some(Box::new(move |params, out| hessian(params, out).written()));
        self
    }

    /// The product of the Hessian with a direction (the second argument, n numbers), written into the slice (n numbers), which is
    /// zero before: for objectives whose Hessian is too large to be written down. Where it may fail, the function returns a `Result`.
    ///
    /// ```
    /// let n = 1000;
    /// let weight = |i: usize| 1.0 + i as f64;
    /// let result = thalweg::minimize(
    ///     |x: &Vec<f64>| x.iter().enumerate().map(|(i, x)| weight(i) * x * x).sum::<f64>(),
    ///     vec![1.0; n],
    /// )
    /// .derivative(|x, g| g.iter_mut().enumerate().for_each(|(i, g)| *g = 2.0 * weight(i) * x[i]))
    /// .hessian_product(|_, d, out| out.iter_mut().enumerate().for_each(|(i, out)| *out = 2.0 * weight(i) * d[i]))
    /// .algorithm("trust_ncg")
    /// .run()?;
    /// assert!(result.success && result.fun < 1e-6);
    /// # Ok::<(), thalweg::OptimizeError>(())
    /// ```
    pub fn hessian_product<W: Written>(
        mut self,
        mut product: impl FnMut(&P, &[f64], &mut [f64]) -> W + 'a,
    ) -> Self {
        self.objective.hessian_product =
            Some(Box::new(move |params, direction, out| product(params, direction, out).written()));
        self
    }
}
