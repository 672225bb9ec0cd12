//! Objectives made of Rust closures over parameters of any shape.

use rayon::prelude::*;
use thalweg_core::SolverKind;
use thalweg_space::params::Params;

use crate::objective::{Batch, Failure, Objective, StartValues, UserError};

/// What an objective may return: numbers, or an error instead of them.
///
/// Implemented for `f64`, `Vec<f64>`, `[f64; N]` and for `Result` of these with any error that can be displayed.
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

impl<O: Output, E: std::fmt::Display> Output for Result<O, E> {
    fn count(&self) -> usize {
        self.as_ref().map_or(0, Output::count)
    }

    fn write(self, out: &mut [f64]) -> Result<(), UserError> {
        self.map_err(|error| UserError::new(error.to_string()))?.write(out)
    }
}

fn copy(numbers: &[f64], out: &mut [f64]) -> Result<(), UserError> {
    if numbers.len() != out.len() {
        let (found, expected) = (numbers.len(), out.len());
        let message = format!("fun returned {found} numbers, but {expected} at start params");
        return Err(UserError::new(message));
    }
    out.copy_from_slice(numbers);
    Ok(())
}

/// Writes a derivative, row-major.
pub(crate) type Derivative<'a, P> = Box<dyn FnMut(&P, &mut [f64]) -> Result<(), UserError> + 'a>;
/// Returns the value and writes the gradient.
pub(crate) type ValueAndGradient<'a, P> = Box<dyn FnMut(&P, &mut [f64]) -> f64 + 'a>;

/// An objective made of closures, as [`crate::minimize`] and its siblings make it. Which of the batch runners it uses is known where the closure's type is.
pub struct Closures<'a, P, F> {
    fun: F,
    kind: SolverKind,
    params: P,
    pub(crate) derivative: Option<Derivative<'a, P>>,
    pub(crate) value_and_gradient: Option<ValueAndGradient<'a, P>>,
    pool: Option<rayon::ThreadPool>,
    n_outputs: usize,
    first: fn(&mut F, &P) -> Result<Vec<f64>, UserError>,
    run: fn(&mut Self, &Batch<'_>, &mut [f64], &mut Vec<Failure>),
}

impl<P: Params, R: Output, F: FnMut(&P) -> R> Closures<'_, P, F> {
    pub(crate) fn new(fun: F, kind: SolverKind, params: P) -> Self {
        Closures {
            fun,
            kind,
            params,
            derivative: None,
            value_and_gradient: None,
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

impl<P, F> Closures<'_, P, F> {
    /// The closed-form derivative at the current parameters.
    fn write_derivative(&mut self, out: &mut [f64]) -> Result<(), UserError> {
        match (&mut self.derivative, &mut self.value_and_gradient) {
            (Some(derivative), _) => derivative(&self.params, out),
            (None, Some(both)) => {
                both(&self.params, out);
                Ok(())
            }
            (None, None) => Ok(()),
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

    fn start(&mut self, params: &[f64]) -> Result<StartValues, Failure> {
        set(&mut self.params, params);
        let failure = |error| Failure { index: 0, what: "fun", error };
        let outputs = (self.first)(&mut self.fun, &self.params).map_err(failure)?;
        if outputs.is_empty() {
            return Err(failure(UserError::new("fun returned no numbers")));
        }
        self.n_outputs = outputs.len();
        let mut derivative = self.has_derivative().then(|| vec![0.0; outputs.len() * params.len()]);
        if let Some(derivative) = &mut derivative {
            let failure = |error| Failure { index: 0, what: "jac", error };
            self.write_derivative(derivative).map_err(failure)?;
        }
        Ok(StartValues { outputs, derivative })
    }

    fn evaluate(
        &mut self,
        batch: &Batch<'_>,
        outputs: &mut [f64],
        derivatives: &mut [f64],
        failures: &mut Vec<Failure>,
    ) {
        let together =
            batch.wants_outputs && batch.wants_derivative && self.value_and_gradient.is_some();
        if batch.wants_outputs && !together {
            (self.run)(self, batch, outputs, failures);
        }
        if batch.wants_derivative {
            let width = self.n_outputs * batch.dim;
            for (i, (point, out)) in
                batch.iter().zip(derivatives.chunks_exact_mut(width)).enumerate()
            {
                set(&mut self.params, point);
                match &mut self.value_and_gradient {
                    Some(both) if together => outputs[i] = both(&self.params, out),
                    _ => {
                        if let Err(error) = self.write_derivative(out) {
                            failures.push(Failure { index: i, what: "jac", error });
                        }
                    }
                }
            }
        }
    }
}
