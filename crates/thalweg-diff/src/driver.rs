//! Derivatives of Rust closures, in one call.
//!
//! All points of a derivative are evaluated as one batch, by `options.threads` threads. Each value
//! has its fixed place, so the result does not depend on the number of threads.

use crate::error::DiffError;
use crate::first::FirstPlan;
use crate::options::DiffOptions;
use crate::plan::{Plan, Report};
use crate::second::SecondPlan;
use crate::steps::Bounds;

/// A numerical derivative.
#[derive(Debug, Clone, PartialEq)]
pub struct Derivative {
    /// Gradient (n), Jacobian (m x n, row-major) or Hessian (m x n x n, row-major). Entries that
    /// could not be computed are NaN.
    pub values: Vec<f64>,
    /// Number m of outputs of the function; 1 for scalar functions.
    pub n_outputs: usize,
    /// Number n of parameters.
    pub n_params: usize,
    /// The function at `x` (m).
    pub func_value: Vec<f64>,
    /// Parameters whose bounds coincide; their entries are 0.
    pub fixed: Vec<usize>,
    /// Parameters with NaN entries.
    pub failed: Vec<usize>,
    /// Parameters with entries by another formula, because evaluations failed.
    pub repaired: Vec<usize>,
    /// Estimated errors like `values`; with Richardson extrapolation only.
    pub errors: Option<Vec<f64>>,
    /// Evaluations of the function, that at `x` included.
    pub n_evaluations: usize,
}

/// Gradient of a scalar function at `x`. A value that cannot be computed is NaN.
///
/// ```
/// use thalweg_diff::{Bounds, DiffOptions, gradient};
///
/// let fun = |x: &[f64]| (x[0] - 1.0).powi(2) + x[0] * x[1];
/// let at_bound = Bounds::new(&[0.0, 0.0], &[2.0, 5.0]);
/// let result = gradient(fun, &[2.0, 3.0], at_bound, &DiffOptions::default())?;
/// assert!((result.values[0] - 5.0).abs() < 1e-6);
/// assert!((result.values[1] - 2.0).abs() < 1e-6);
/// # Ok::<(), thalweg_diff::DiffError>(())
/// ```
///
/// # Errors
/// Invalid options, bounds or `x`, before the first evaluation.
pub fn gradient<F>(
    fun: F,
    x: &[f64],
    bounds: Bounds<'_>,
    options: &DiffOptions,
) -> Result<Derivative, DiffError>
where
    F: Fn(&[f64]) -> f64 + Sync,
{
    jacobian(|x: &[f64]| vec![fun(x)], x, bounds, options)
}

/// Jacobian (m x n) of a function with m outputs at `x`.
///
/// ```
/// use thalweg_diff::{Bounds, DiffOptions, jacobian};
///
/// let fun = |x: &[f64]| vec![x[0] * x[1], x[1].exp()];
/// let options = DiffOptions { n_steps: 3, ..DiffOptions::default() };
/// let result = jacobian(fun, &[2.0, 0.0], Bounds::NONE, &options)?;
/// for (entry, exact) in result.values.iter().zip([0.0, 2.0, 0.0, 1.0]) {
///     assert!((entry - exact).abs() < 1e-7);
/// }
/// # Ok::<(), thalweg_diff::DiffError>(())
/// ```
///
/// # Errors
/// Invalid options, bounds or `x`, before the first evaluation; outputs of unequal length.
pub fn jacobian<F>(
    fun: F,
    x: &[f64],
    bounds: Bounds<'_>,
    options: &DiffOptions,
) -> Result<Derivative, DiffError>
where
    F: Fn(&[f64]) -> Vec<f64> + Sync,
{
    let mut plan = FirstPlan::new(x.len(), bounds, options)?;
    plan.update(x)?;
    let mut result = differentiate(&fun, &mut plan, x, options.threads)?;
    result.errors = plan.errors().map(<[f64]>::to_vec);
    Ok(result)
}

/// Hessian (n x n) of a scalar function at `x`; symmetric to the last bit.
///
/// ```
/// use thalweg_diff::{Bounds, DiffOptions, hessian};
///
/// let fun = |x: &[f64]| x[0] * x[0] + 3.0 * x[0] * x[1];
/// let result = hessian(fun, &[0.5, -1.0], Bounds::NONE, &DiffOptions::for_hessian())?;
/// for (entry, exact) in result.values.iter().zip([2.0, 3.0, 3.0, 0.0]) {
///     assert!((entry - exact).abs() < 1e-4);
/// }
/// # Ok::<(), thalweg_diff::DiffError>(())
/// ```
///
/// # Errors
/// Invalid options, bounds or `x`, before the first evaluation.
pub fn hessian<F>(
    fun: F,
    x: &[f64],
    bounds: Bounds<'_>,
    options: &DiffOptions,
) -> Result<Derivative, DiffError>
where
    F: Fn(&[f64]) -> f64 + Sync,
{
    hessians(|x: &[f64]| vec![fun(x)], x, bounds, options)
}

/// Hessians (m x n x n) of a function with m outputs at `x`.
///
/// # Errors
/// Invalid options, bounds or `x`, before the first evaluation; outputs of unequal length.
pub fn hessians<F>(
    fun: F,
    x: &[f64],
    bounds: Bounds<'_>,
    options: &DiffOptions,
) -> Result<Derivative, DiffError>
where
    F: Fn(&[f64]) -> Vec<f64> + Sync,
{
    let mut plan = SecondPlan::new(x.len(), bounds, options)?;
    plan.update(x)?;
    differentiate(&fun, &mut plan, x, options.threads)
}

/// Evaluate a plan, with its second round where something failed.
fn differentiate<F, P>(
    fun: &F,
    plan: &mut P,
    x: &[f64],
    threads: usize,
) -> Result<Derivative, DiffError>
where
    F: Fn(&[f64]) -> Vec<f64> + Sync,
    P: Plan + Sync,
{
    let func_value = fun(x);
    let m = func_value.len();
    let mut values = vec![0.0; plan.derivative_len(m)];
    let mut evals = evaluate(fun, plan, 0, m, threads)?;
    let first = plan.finish(Some(&func_value), &evals, m, &mut values)?;
    let mut report = first;
    if !report.is_complete() {
        let more = plan.extend();
        if !more.is_empty() {
            evals.extend(evaluate(fun, plan, more.start, m, threads)?);
            report = plan.finish(Some(&func_value), &evals, m, &mut values)?;
        }
    }
    let Report { failed, repaired } = report;
    Ok(Derivative {
        values,
        n_outputs: m,
        n_params: x.len(),
        func_value,
        fixed: plan.fixed().to_vec(),
        failed,
        repaired,
        errors: None,
        n_evaluations: plan.n_points() + 1,
    })
}

/// Values at the points from number `first` on, one row of `m` each.
fn evaluate<F, P>(
    fun: &F,
    plan: &P,
    first: usize,
    m: usize,
    threads: usize,
) -> Result<Vec<f64>, DiffError>
where
    F: Fn(&[f64]) -> Vec<f64> + Sync,
    P: Plan + Sync,
{
    let count = plan.n_points() - first;
    let mut evals = vec![f64::NAN; count * m];
    if m == 0 || count == 0 {
        return Ok(evals);
    }
    let fill = |start: usize, rows: &mut [f64]| -> Result<(), DiffError> {
        let mut point = vec![0.0; plan.n_params()];
        for (i, row) in rows.chunks_exact_mut(m).enumerate() {
            plan.write_point(start + i, &mut point);
            let outputs = fun(&point);
            if outputs.len() != m {
                return Err(DiffError::OutputLength { given: outputs.len(), expected: m });
            }
            row.copy_from_slice(&outputs);
        }
        Ok(())
    };
    let share = count.div_ceil(threads.clamp(1, count));
    if share == count {
        fill(first, &mut evals)?;
        return Ok(evals);
    }
    let fill = &fill;
    std::thread::scope(|scope| {
        let chunks = evals.chunks_mut(share * m).enumerate();
        let workers: Vec<_> =
            chunks.map(|(c, rows)| scope.spawn(move || fill(first + c * share, rows))).collect();
        workers.into_iter().try_for_each(|worker| match worker.join() {
            Ok(outcome) => outcome,
            // The user's own panic goes on where it would have gone without threads.
            Err(panic) => std::panic::resume_unwind(panic),
        })
    })?;
    Ok(evals)
}
