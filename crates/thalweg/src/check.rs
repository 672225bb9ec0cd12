//! Comparing closed-form derivatives, of the first and second order, with numerical ones.

use std::fmt;

use thalweg_core::SolverKind;
use thalweg_diff::{Bounds, DiffError, DiffOptions, FirstPlan, Method, Plan, SecondPlan, StepRule};
use thalweg_space::params::Params;

use crate::builder::Optimization;
use crate::error::OptimizeError;
use crate::objective::{Answer, Batch, Failure, Objective};

/// How far a closed-form derivative is from central differences at the start.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct DerivativeCheck {
    /// The closed-form derivative: m rows, n columns.
    pub closed_form: Vec<f64>,
    /// The numerical derivative.
    pub numerical: Vec<f64>,
    /// The largest difference of an entry, relative to max(1, |entry|).
    pub largest_difference: f64,
    /// The row (output) and the column's parameter with the largest difference.
    pub worst: (usize, String),
    /// The parameter of that row, where second derivatives are compared.
    pub other: Option<String>,
}

impl DerivativeCheck {
    /// Whether all entries agree up to `tolerance`; 1e-5 is a sensible one.
    pub fn agrees(&self, tolerance: f64) -> bool {
        self.largest_difference <= tolerance
    }
}

impl fmt::Display for DerivativeCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (row, name) = &self.worst;
        let difference = self.largest_difference;
        if let Some(other) = &self.other {
            return write!(
                f,
                "largest relative difference {difference:.2e} at '{other}', '{name}'"
            );
        }
        write!(f, "largest relative difference {difference:.2e} at '{name}' of output {row}")
    }
}

impl<P: Params, O: Objective> Optimization<'_, P, O> {
    /// Compare the closed-form derivative with central differences at the start values, within the bounds.
    ///
    /// ```
    /// let check = thalweg::minimize(|x: &[f64; 2]| x[0] * x[0] + x[1].sin(), [1.0, 2.0])
    ///     .gradient(|x| [2.0 * x[0], -x[1].cos()]) // the sign is wrong
    ///     .check_derivative()?;
    /// assert_eq!(check.to_string(), "largest relative difference 8.32e-1 at '1' of output 0");
    /// assert!(!check.agrees(1e-5));
    /// assert_eq!(check.worst, (0, "1".to_string()));
    /// # Ok::<(), thalweg::OptimizeError>(())
    /// ```
    ///
    /// # Errors
    /// There is no closed-form derivative, or the objective failed.
    pub fn check_derivative(mut self) -> Result<DerivativeCheck, OptimizeError> {
        let x = self.flat_start()?;
        let (bounds, _) = self.restrictions(x.len())?;
        let start = self.objective.start(&x).map_err(OptimizeError::Start)?;
        if !self.objective.has_derivative() {
            let message =
                "check_derivative needs a closed-form derivative: give one with .derivative(..)";
            return Err(OptimizeError::invalid(crate::InvalidKind::Function, message));
        }
        let (n, m) = (x.len(), start.outputs.len());
        let bounds = Bounds { lower: bounds.lower.as_deref(), upper: bounds.upper.as_deref() };
        let options =
            DiffOptions { step_rule: StepRule::Optimal, ..DiffOptions::new(Method::Central) };
        let names = self.start.leaf_names();
        let wrong = |error: DiffError| {
            let message = error.with_names(|j| names[j].clone());
            OptimizeError::invalid(crate::InvalidKind::Bounds, message)
        };
        let mut plan = FirstPlan::new(n, bounds, &options).map_err(wrong)?;
        plan.update(&x).map_err(wrong)?;
        let points = plan.to_points();
        let mut outputs = vec![0.0; plan.n_points() * m];
        self.call(&points, n, &mut outputs, &mut [])?;
        let mut numerical = vec![0.0; m * n];
        plan.finish(Some(&start.outputs), &outputs, m, &mut numerical)?;
        let mut closed_form = vec![0.0; m * n];
        self.call(&x, n, &mut [], &mut closed_form)?;
        Ok(compare(closed_form, numerical, &names))
    }

    /// Compare the closed-form second derivative, from [`hessian`](Optimization::hessian) or else from
    /// [`hessian_product`](Optimization::hessian_product), with differences at the start values, within the bounds: of the
    /// closed-form gradient if there is one, or else of the values, which are good to some four digits.
    ///
    /// ```
    /// let check = thalweg::minimize(|x: &[f64; 2]| x[0] * x[0] * x[1].sin(), [1.0, 2.0])
    ///     .gradient(|x| [2.0 * x[0] * x[1].sin(), x[0] * x[0] * x[1].cos()])
    ///     .hessian(|x, h| {
    ///         let mixed = 2.0 * x[1].cos(); // a factor x0 is missing, which is 1 here
    ///         h.copy_from_slice(&[2.0 * x[1].sin(), mixed, mixed, x[1].sin()]); // the sign is wrong
    ///     })
    ///     .check_hessian()?;
    /// assert_eq!(check.to_string(), "largest relative difference 1.82e0 at '1', '1'");
    /// assert!(!check.agrees(1e-5));
    /// # Ok::<(), thalweg::OptimizeError>(())
    /// ```
    ///
    /// # Errors
    /// There is no closed-form second derivative, or the objective failed.
    pub fn check_hessian(mut self) -> Result<DerivativeCheck, OptimizeError> {
        let x = self.flat_start()?;
        let n = x.len();
        let (bounds, _) = self.restrictions(n)?;
        let given = self.objective.second_derivatives();
        if !given.any() || self.objective.kind() != SolverKind::Scalar {
            let message = "check_hessian needs a scalar objective with a closed-form second derivative: give one with \
                           .hessian(..) or .hessian_product(..)";
            return Err(OptimizeError::invalid(crate::InvalidKind::Function, message));
        }
        let start = self.objective.start(&x).map_err(OptimizeError::Start)?;
        let bounds = Bounds { lower: bounds.lower.as_deref(), upper: bounds.upper.as_deref() };
        let names = self.start.leaf_names();
        let wrong = |error: DiffError| {
            let message = error.with_names(|j| names[j].clone());
            OptimizeError::invalid(crate::InvalidKind::Bounds, message)
        };
        let mut numerical = vec![0.0; n * n];
        if self.objective.has_derivative() {
            let options =
                DiffOptions { step_rule: StepRule::Optimal, ..DiffOptions::new(Method::Central) };
            let mut plan = FirstPlan::new(n, bounds, &options).map_err(wrong)?;
            plan.update(&x).map_err(wrong)?;
            let (mut center, mut gradients) = (vec![0.0; n], vec![0.0; plan.n_points() * n]);
            self.call(&x, n, &mut [], &mut center)?;
            self.call(&plan.to_points(), n, &mut [], &mut gradients)?;
            plan.finish(Some(&center), &gradients, n, &mut numerical)?;
        } else {
            let mut plan =
                SecondPlan::new(n, bounds, &DiffOptions::for_hessian()).map_err(wrong)?;
            plan.update(&x).map_err(wrong)?;
            let mut outputs = vec![0.0; plan.n_points()];
            self.call(&plan.to_points(), n, &mut outputs, &mut [])?;
            plan.finish(Some(&start.outputs), &outputs, 1, &mut numerical)?;
        }
        let closed_form = self.closed_form_hessian(&x, given.hessian)?;
        let mut check = compare(closed_form, numerical, &names);
        check.other = names.get(check.worst.0).cloned();
        Ok(check)
    }

    /// The Hessian at a point, as it is or by its products with all unit vectors.
    fn closed_form_hessian(&mut self, x: &[f64], whole: bool) -> Result<Vec<f64>, OptimizeError> {
        let n = x.len();
        let mut hessian = vec![0.0; n * n];
        let mut unit = vec![0.0; n * n];
        unit.iter_mut().step_by(n + 1).for_each(|entry| *entry = 1.0);
        let batch = Batch {
            points: &x.repeat(if whole { 1 } else { n }),
            dim: n,
            wants_hessian: whole,
            wants_product: !whole,
            directions: if whole { &[] } else { &unit },
            n_cores: self.n_cores,
            ..Batch::default()
        };
        let mut failures: Vec<Failure> = Vec::new();
        let answer = Answer { derivatives: &mut hessian, ..Answer::default() };
        self.objective.evaluate(&batch, answer, &mut failures);
        failures.pop().map_or(Ok(hessian), |failure| Err(OptimizeError::Start(failure)))
    }

    fn call(
        &mut self,
        points: &[f64],
        dim: usize,
        outputs: &mut [f64],
        derivatives: &mut [f64],
    ) -> Result<(), OptimizeError> {
        let (wants_outputs, wants_derivative) = (!outputs.is_empty(), !derivatives.is_empty());
        let n_cores = self.n_cores;
        let batch =
            Batch { points, dim, wants_outputs, wants_derivative, n_cores, ..Batch::default() };
        let mut failures: Vec<Failure> = Vec::new();
        let answer = Answer { outputs, derivatives, ..Answer::default() };
        self.objective.evaluate(&batch, answer, &mut failures);
        failures.pop().map_or(Ok(()), |failure| Err(OptimizeError::Start(failure)))
    }
}

fn compare(closed_form: Vec<f64>, numerical: Vec<f64>, names: &[String]) -> DerivativeCheck {
    let difference = |(a, b): (&f64, &f64)| {
        let difference = (a - b).abs() / a.abs().max(b.abs()).max(1.0);
        if difference.is_nan() { f64::INFINITY } else { difference }
    };
    let pairs = closed_form.iter().zip(&numerical).map(difference).enumerate();
    let (place, largest_difference) =
        pairs.fold((0, 0.0), |worst, (i, d)| if d > worst.1 { (i, d) } else { worst });
    let n = names.len().max(1);
    let name = names.get(place % n).cloned().unwrap_or_default();
    let worst = (place / n, name);
    DerivativeCheck { largest_difference, worst, other: None, closed_form, numerical }
}
