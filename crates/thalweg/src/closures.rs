//! Objectives made of Rust closures over parameters of any shape.

use std::cell::RefCell;
use std::fmt;

use rayon::prelude::*;
use thalweg_core::SolverKind;
use thalweg_space::params::Params;

use crate::objective::{
    Answer, Batch, Failure, Objective, SecondDerivatives, StartValues, UserError,
};

/// What an objective may return: numbers, or an error instead of them.
///
/// Implemented for `f64`, `Vec<f64>`, `[f64; N]`, the vectors of `ndarray`, `nalgebra` and `faer` when the feature of that name is
/// on, and for `Result` of these with any error that can be displayed.
#[diagnostic::on_unimplemented(
    message = "an objective cannot return `{Self}`",
    label = "not made of f64 numbers",
    note = "a scalar objective returns f64; residuals and contributions are a `Vec<f64>` or `[f64; N]`",
    note = "an objective that may fail returns a `Result` of these"
)]
pub trait Output {
    /// How many numbers there are.
    fn count(&self) -> usize;

    /// Write the numbers into `out`.
    ///
    /// # Errors
    /// The user's error, or a number of numbers that is not `out.len()`.
    fn write(self, out: &mut [f64]) -> Result<(), UserError>;
}

impl Output for f64 {
    fn count(&self) -> usize {
        1
    }

    #[inline]
    fn write(self, out: &mut [f64]) -> Result<(), UserError> {
        out[0] = self;
        Ok(())
    }
}

impl Output for Vec<f64> {
    fn count(&self) -> usize {
        self.len()
    }

    fn write(self, out: &mut [f64]) -> Result<(), UserError> {
        copy(&self, out)
    }
}

impl<const N: usize> Output for [f64; N] {
    fn count(&self) -> usize {
        N
    }

    fn write(self, out: &mut [f64]) -> Result<(), UserError> {
        copy(&self, out)
    }
}

impl<O: Output, E: fmt::Display> Output for Result<O, E> {
    fn count(&self) -> usize {
        self.as_ref().map_or(0, Output::count)
    }

    fn write(self, out: &mut [f64]) -> Result<(), UserError> {
        self.map_err(user_error)?.write(out)
    }
}

/// The user's error in words. The alternative form is that in which errors with causes (anyhow's, for instance) tell them, too.
fn user_error(error: impl fmt::Display) -> UserError {
    UserError::new(format!("{error:#}"))
}

/// What a function that writes into a slice may return: nothing, or an error instead of what it should have written.
///
/// Implemented for `()`, and for `Result<(), E>` with any error that can be displayed.
#[diagnostic::on_unimplemented(
    message = "a function that writes a derivative cannot return `{Self}`",
    label = "neither () nor Result<(), E>",
    note = "write the entries into the slice that is the last argument: `|x, out| out.copy_from_slice(&[..])`",
    note = "a function that may fail returns a `Result<(), E>` with an error that can be displayed"
)]
pub trait Written {
    /// Whether it was written.
    ///
    /// # Errors
    /// The user's error.
    fn written(self) -> Result<(), UserError>;
}

impl Written for () {
    fn written(self) -> Result<(), UserError> {
        Ok(())
    }
}

impl<E: fmt::Display> Written for Result<(), E> {
    fn written(self) -> Result<(), UserError> {
        self.map_err(user_error)
    }
}

/// Vectors of other crates, through their iterators: whatever the layout in memory, the order is that of the indices.
#[cfg(any(feature = "ndarray", feature = "nalgebra", feature = "faer"))]
macro_rules! vector_output {
    ($([$($generics:tt)*] $type:ty, $count:ident;)*) => {$(
        impl<$($generics)*> Output for $type {
            fn count(&self) -> usize {
                self.$count()
            }

            fn write(self, out: &mut [f64]) -> Result<(), UserError> {
                check_count(self.$count(), out.len())?;
                out.iter_mut().zip(self.iter()).for_each(|(out, number)| *out = *number);
                Ok(())
            }
        }
    )*};
}

#[cfg(feature = "ndarray")]
vector_output! { [] ndarray::Array1<f64>, len; }
#[cfg(feature = "nalgebra")]
vector_output! { [] nalgebra::DVector<f64>, len; [const N: usize] nalgebra::SVector<f64, N>, len; }
#[cfg(feature = "faer")]
vector_output! { [] faer::Col<f64>, nrows; }

fn copy(numbers: &[f64], out: &mut [f64]) -> Result<(), UserError> {
    check_count(numbers.len(), out.len())?;
    out.copy_from_slice(numbers);
    Ok(())
}

fn check_count(found: usize, expected: usize) -> Result<(), UserError> {
    if found == expected {
        return Ok(());
    }
    Err(UserError::new(format!("fun returned {found} numbers, but {expected} at start params")))
}

/// Make an objective of a function that changes its own state: a counter, a workspace.
///
/// Objectives are `Fn`, so that [`threads`](crate::Optimization::threads) may evaluate them; one that changes its state is
/// evaluated in one thread.
///
/// ```
/// let mut calls = 0;
/// let fun = thalweg::stateful(|x: &[f64; 2]| {
///     calls += 1;
///     x[0] * x[0] + x[1] * x[1]
/// });
/// let result = thalweg::minimize(fun, [1.0, 2.0]).algorithm("neldermead").run()?;
/// assert_eq!(calls, result.n_fun_evals);
/// # Ok::<(), thalweg::OptimizeError>(())
/// ```
pub fn stateful<P, R>(fun: impl FnMut(&P) -> R) -> impl Fn(&P) -> R {
    let fun = RefCell::new(fun);
    move |params| (*fun.borrow_mut())(params)
}

/// Writes a derivative, row-major.
pub(crate) type Derivative<'a, P> = Box<dyn FnMut(&P, &mut [f64]) -> Result<(), UserError> + 'a>;
/// Writes the value and the gradient.
pub(crate) type ValueAndGradient<'a, P> =
    Box<dyn FnMut(&P, &mut [f64], &mut [f64]) -> Result<(), UserError> + 'a>;

/// Writes the product of the Hessian with a direction.
pub(crate) type Product<'a, P> =
    Box<dyn FnMut(&P, &[f64], &mut [f64]) -> Result<(), UserError> + 'a>;

/// An objective made of closures, as [`crate::minimize`] and its siblings make it. Which of the batch runners it uses is
/// known where the closure's type is.
pub struct Closures<'a, P, F> {
    fun: F,
    kind: SolverKind,
    params: P,
    pub(crate) derivative: Option<Derivative<'a, P>>,
    pub(crate) value_and_gradient: Option<ValueAndGradient<'a, P>>,
    pub(crate) hessian: Option<Derivative<'a, P>>,
    pub(crate) hessian_product: Option<Product<'a, P>>,
    pool: Option<rayon::ThreadPool>,
    n_outputs: usize,
    first: fn(&F, &P) -> Result<Vec<f64>, UserError>,
    run: fn(&mut Self, &Batch<'_>, &mut [f64], &mut Vec<Failure>),
}

impl<P, F> fmt::Debug for Closures<'_, P, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Closures").field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl<P: Params, R: Output, F: Fn(&P) -> R> Closures<'_, P, F> {
    pub(crate) fn new(fun: F, kind: SolverKind, params: P) -> Self {
        Closures {
            fun,
            kind,
            params,
            derivative: None,
            value_and_gradient: None,
            hessian: None,
            hessian_product: None,
            pool: None,
            n_outputs: 0,
            first: |fun, params| {
                let output = fun(params);
                let mut numbers = vec![0.0; output.count()];
                output.write(&mut numbers).map(|()| numbers)
            },
            run: Self::one_by_one,
        }
    }

    fn one_by_one(&mut self, batch: &Batch<'_>, outputs: &mut [f64], failures: &mut Vec<Failure>) {
        for (index, (point, out)) in
            batch.iter().zip(outputs.chunks_exact_mut(self.n_outputs)).enumerate()
        {
            set(&mut self.params, point);
            if let Err(error) = (self.fun)(&self.params).write(out) {
                failures.push(Failure { index, what: "fun", error });
            }
        }
    }
}

impl<P: Params + Send + Sync, R: Output, F: Fn(&P) -> R + Sync> Closures<'_, P, F> {
    /// Evaluate batches on `n` threads of a pool of its own.
    pub(crate) fn use_threads(&mut self, n: usize) {
        self.pool = rayon::ThreadPoolBuilder::new().num_threads(n).build().ok();
        self.run = Self::in_threads;
    }

    fn in_threads(&mut self, batch: &Batch<'_>, outputs: &mut [f64], failures: &mut Vec<Failure>) {
        let Some(pool) = self.pool.as_ref().filter(|_| batch.len() > 1) else {
            return self.one_by_one(batch, outputs, failures);
        };
        let (fun, template, m) = (&self.fun, &self.params, self.n_outputs);
        let points = batch.points.par_chunks_exact(batch.dim);
        let work = points.zip(outputs.par_chunks_exact_mut(m)).enumerate();
        let evaluate = |params: &mut P, (index, (point, out)): (usize, (&[f64], &mut [f64]))| {
            set(params, point);
            let error = fun(params).write(out).err()?;
            Some(Failure { index, what: "fun", error })
        };
        let failed: Vec<Option<Failure>> =
            pool.install(|| work.map_init(|| template.clone(), evaluate).collect());
        failures.extend(failed.into_iter().flatten());
    }
}

impl<P: Params, F> Closures<'_, P, F> {
    /// The outputs and the closed-form derivative at the current parameters, from as few calls as possible.
    fn start_values(&mut self, n: usize) -> Result<StartValues, Failure> {
        let failure = |what| move |error| Failure { index: 0, what, error };
        if self.value_and_gradient.is_some() && self.kind != SolverKind::Scalar {
            let message = "value_and_gradient is for scalar objectives. Give the Jacobian of residuals or \
                           contributions with .derivative(..).";
            return Err(failure("fun_and_jac")(UserError::new(message)));
        }
        if let (None, Some(both)) = (&self.derivative, &mut self.value_and_gradient) {
            let (mut outputs, mut gradient) = (vec![0.0], vec![0.0; n]);
            both(&self.params, &mut outputs, &mut gradient).map_err(failure("fun_and_jac"))?;
            return Ok(StartValues {
                outputs,
                derivative: Some(gradient),
                ..StartValues::default()
            });
        }
        let outputs = (self.first)(&self.fun, &self.params).map_err(failure("fun"))?;
        let mut derivative = None;
        if let Some(write) = &mut self.derivative {
            let entries = derivative.insert(vec![0.0; outputs.len() * n]);
            write(&self.params, entries).map_err(failure("jac"))?;
        }
        Ok(StartValues { outputs, derivative, ..StartValues::default() })
    }

    /// The derivative (zero before), and the value if it is wanted and comes with it, at one point.
    fn differentiate(
        &mut self,
        point: &[f64],
        value: Option<&mut [f64]>,
        out: &mut [f64],
    ) -> Result<(), UserError> {
        set(&mut self.params, point);
        out.fill(0.0);
        match (&mut self.derivative, &mut self.value_and_gradient, value) {
            (_, Some(both), Some(value)) => both(&self.params, value, out),
            (Some(derivative), _, _) => derivative(&self.params, out),
            (None, Some(both), None) => both(&self.params, &mut [0.0], out),
            (None, None, _) => Ok(()),
        }
    }
}

impl<P: Params, F> Closures<'_, P, F> {
    /// Hessians or products with them, each zero before.
    fn second(&mut self, batch: &Batch<'_>, out: &mut [f64], failures: &mut Vec<Failure>) {
        let width = batch.width_of_derivatives(1);
        for (index, (point, out)) in batch.iter().zip(out.chunks_exact_mut(width)).enumerate() {
            set(&mut self.params, point);
            out.fill(0.0);
            let (what, written) = match (&mut self.hessian, &mut self.hessian_product) {
                (Some(hessian), _) if batch.wants_hessian => ("hess", hessian(&self.params, out)),
                (_, Some(product)) if batch.wants_product => {
                    ("hessp", product(&self.params, batch.direction(index), out))
                }
                _ => continue,
            };
            if let Err(error) = written {
                failures.push(Failure { index, what, error });
            }
        }
    }
}

/// The user's parameters for a flat vector of the right length.
fn set<P: Params>(params: &mut P, flat: &[f64]) {
    let fits = params.set_flat(flat);
    debug_assert!(fits.is_ok());
}

impl<P: Params, F> Objective for Closures<'_, P, F> {
    fn kind(&self) -> SolverKind {
        self.kind
    }

    fn n_outputs(&self) -> usize {
        self.n_outputs
    }

    fn has_derivative(&self) -> bool {
        self.derivative.is_some() || self.value_and_gradient.is_some()
    }

    fn second_derivatives(&self) -> SecondDerivatives {
        let (hessian, product) = (self.hessian.is_some(), self.hessian_product.is_some());
        SecondDerivatives { hessian, product }
    }

    fn start(&mut self, params: &[f64]) -> Result<StartValues, Failure> {
        set(&mut self.params, params);
        let values = self.start_values(params.len())?;
        self.n_outputs = values.outputs.len();
        Ok(values)
    }

    fn may_be_asked_in_parts(&self) -> bool {
        true
    }

    fn resume(&mut self, start: &StartValues) {
        self.n_outputs = start.outputs.len();
    }

    fn evaluate(&mut self, batch: &Batch<'_>, answer: Answer<'_>, failures: &mut Vec<Failure>) {
        let Answer { outputs, derivatives, .. } = answer;
        if batch.wants_second_derivative() {
            return self.second(batch, derivatives, failures);
        }
        let together =
            batch.wants_outputs && batch.wants_derivative && self.value_and_gradient.is_some();
        if batch.wants_outputs && !together {
            (self.run)(self, batch, outputs, failures);
        }
        if batch.wants_derivative {
            let what = if together { "fun_and_jac" } else { "jac" };
            let width = self.n_outputs * batch.dim;
            let rows = batch.iter().zip(derivatives.chunks_exact_mut(width));
            for (index, (point, out)) in rows.enumerate() {
                let value = together.then(|| &mut outputs[index..=index]);
                if let Err(error) = self.differentiate(point, value, out) {
                    failures.push(Failure { index, what, error });
                }
            }
        }
    }
}

#[cfg(all(test, any(feature = "ndarray", feature = "nalgebra", feature = "faer")))]
mod tests {
    use super::*;

    fn numbers(output: impl Output) -> Vec<f64> {
        let mut numbers = vec![0.0; output.count()];
        output.write(&mut numbers).expect("as many as there are");
        numbers
    }

    #[cfg(feature = "ndarray")]
    #[test]
    fn arrays_of_ndarray_are_outputs() {
        assert_eq!(numbers(ndarray::arr1(&[1.0, 2.0])), [1.0, 2.0]);
        assert!(ndarray::arr1(&[1.0, 2.0]).write(&mut [0.0]).is_err());
    }

    #[cfg(feature = "nalgebra")]
    #[test]
    fn vectors_of_nalgebra_are_outputs() {
        assert_eq!(numbers(nalgebra::DVector::from_vec(vec![1.0, 2.0])), [1.0, 2.0]);
        assert_eq!(numbers(nalgebra::Vector3::new(1.0, 2.0, 3.0)), [1.0, 2.0, 3.0]);
    }

    #[cfg(feature = "faer")]
    #[test]
    fn columns_of_faer_are_outputs() {
        assert_eq!(numbers(faer::Col::<f64>::from_fn(2, |i| i as f64)), [0.0, 1.0]);
    }
}
