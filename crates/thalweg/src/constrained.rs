//! Nonlinear constraints made of Rust closures, and an objective with which they go.

use std::fmt;

use thalweg_core::{OptionCall, SolverKind};
use thalweg_space::params::Params;

use crate::closures::{Derivative, Output, Written};
use crate::nonlinear::{Limit, NonlinearLimits};
use crate::objective::{
    Answer, Batch, Failure, Objective, SecondDerivatives, StartValues, UserError,
};

type Values<'a, P> = Box<dyn Fn(&P, &mut Vec<f64>) -> Result<(), UserError> + 'a>;

/// A nonlinear constraint `lower <= g(params) <= upper` on a function that returns one number or several.
///
/// The start values need not satisfy it, and it may be violated on the way; a result that violates it by more than `tol` is never
/// a success.
///
/// ```
/// use thalweg::{ConstraintHandling, NonlinearConstraint, minimize};
///
/// // The point of the disc of radius 1 that is nearest to (2, 1).
/// let disc = NonlinearConstraint::new(|x: &[f64; 2]| x[0].powi(2) + x[1].powi(2))
///     .name("disc")
///     .upper(1.0)
///     .derivative(|x, out| out.copy_from_slice(&[2.0 * x[0], 2.0 * x[1]]));
/// let result = minimize(|x: &[f64; 2]| (x[0] - 2.0).powi(2) + (x[1] - 1.0).powi(2), [0.0, 0.0])
///     .algorithm("lbfgsb")
///     .constraint(disc)
///     .constraint_handling(ConstraintHandling::AugmentedLagrangian)
///     .run()?;
/// assert!(result.success, "{result}");
/// assert!((result.params[0] - 2.0 / 5.0_f64.sqrt()).abs() < 1e-4);
/// assert!(result.max_constraint_violation <= 1e-5);
/// # Ok::<(), thalweg::OptimizeError>(())
/// ```
pub struct NonlinearConstraint<'a, P> {
    values: Values<'a, P>,
    derivative: Option<Derivative<'a, P>>,
    pub(crate) limits: NonlinearLimits,
}

impl<P> fmt::Debug for NonlinearConstraint<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NonlinearConstraint").field(&self.limits).finish()
    }
}

impl<'a, P> NonlinearConstraint<'a, P> {
    /// A constraint on this function, which returns the same number of numbers everywhere. It needs a limit.
    pub fn new<R: Output>(fun: impl Fn(&P) -> R + 'a) -> Self {
        let values = move |params: &P, numbers: &mut Vec<f64>| {
            let output = fun(params);
            numbers.resize(output.count(), 0.0);
            output.write(numbers)
        };
        let (lower, upper) = (f64::NEG_INFINITY, f64::INFINITY);
        let limits = NonlinearLimits { n_values: 0, ..NonlinearLimits::new(lower, upper) };
        NonlinearConstraint { values: Box::new(values), derivative: None, limits }
    }

    /// The smallest allowed value, or one for each value; minus infinity by default.
    pub fn lower(mut self, lower: impl Into<Limit>) -> Self {
        self.limits.lower = lower.into();
        self
    }

    /// The largest allowed value, or one for each value; infinity by default.
    pub fn upper(mut self, upper: impl Into<Limit>) -> Self {
        self.limits.upper = upper.into();
        self
    }

    /// The value that the function has to have, or one for each value.
    pub fn equal_to(self, value: impl Into<Limit>) -> Self {
        let value = value.into();
        self.lower(value.clone()).upper(value)
    }

    /// By how much a value may violate its limits; 1e-5 by default.
    pub fn tol(mut self, tol: f64) -> Self {
        self.limits.tol = tol;
        self
    }

    /// The name by which messages call it.
    pub fn name(mut self, name: &str) -> Self {
        self.limits.name = name.to_string();
        self
    }

    /// The closed-form derivative: one row for each value with one entry for each flat parameter, written into the slice, which
    /// is zero before; where that may fail, the function returns a `Result`. Without it the derivative is numerical.
    pub fn derivative<W: Written>(
        mut self,
        mut derivative: impl FnMut(&P, &mut [f64]) -> W + 'a,
    ) -> Self {
        self.limits.has_derivative = true;
        self.derivative = Some(Box::new(move |params, out| derivative(params, out).written()));
        self
    }
}

/// The functions of the constraints of a run, over parameters of the user's shape.
pub(crate) struct ConstraintFunctions<'a, P> {
    constraints: Vec<NonlinearConstraint<'a, P>>,
    params: P,
    numbers: Vec<f64>,
}

impl<'a, P: Params> ConstraintFunctions<'a, P> {
    pub fn new(constraints: Vec<NonlinearConstraint<'a, P>>, params: P) -> Self {
        ConstraintFunctions { constraints, params, numbers: Vec::new() }
    }

    /// The number of values of all constraints; known after the start.
    pub fn n_values(&self) -> usize {
        self.constraints.iter().map(|constraint| constraint.limits.n_values).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.constraints.is_empty()
    }

    /// The values of each constraint at the start; from now on as many are expected.
    pub fn start(&mut self, params: &[f64]) -> Result<Vec<Vec<f64>>, Failure> {
        self.set(params);
        let mut all = Vec::with_capacity(self.constraints.len());
        for constraint in &mut self.constraints {
            let mut values = Vec::new();
            (constraint.values)(&self.params, &mut values)
                .map_err(|error| failure(0, error, &constraint.limits))?;
            constraint.limits.n_values = values.len();
            all.push(values);
        }
        Ok(all)
    }

    /// From now on as many values are expected as there are in these.
    pub fn resume(&mut self, start: &[Vec<f64>]) {
        for (constraint, values) in self.constraints.iter_mut().zip(start) {
            constraint.limits.n_values = values.len();
        }
    }

    fn set(&mut self, point: &[f64]) {
        let fits = self.params.set_flat(point);
        debug_assert!(fits.is_ok());
    }

    /// Values and closed-form derivatives at the points, each unless it has no room.
    pub fn evaluate(
        &mut self,
        batch: &Batch<'_>,
        values: &mut [f64],
        derivatives: &mut [f64],
        failures: &mut Vec<Failure>,
    ) {
        let c = self.n_values();
        for (index, point) in batch.iter().enumerate() {
            self.set(point);
            let mut first = 0;
            for constraint in &mut self.constraints {
                let rows = index * c + first..index * c + first + constraint.limits.n_values;
                first += constraint.limits.n_values;
                let mut evaluated = Ok(());
                if batch.wants_constraints {
                    let out = &mut values[rows.clone()];
                    evaluated = write_values(constraint, &self.params, &mut self.numbers, out);
                }
                if let (true, Some(derivative)) =
                    (batch.wants_constraint_derivative, &mut constraint.derivative)
                {
                    let out = &mut derivatives[rows.start * batch.dim..rows.end * batch.dim];
                    out.fill(0.0);
                    evaluated = evaluated.and_then(|()| derivative(&self.params, out));
                }
                if let Err(error) = evaluated {
                    failures.push(failure(index, error, &constraint.limits));
                }
            }
        }
    }
}

fn write_values<P>(
    constraint: &NonlinearConstraint<'_, P>,
    params: &P,
    numbers: &mut Vec<f64>,
    out: &mut [f64],
) -> Result<(), UserError> {
    (constraint.values)(params, numbers)?;
    if numbers.len() != out.len() {
        let (found, expected) = (numbers.len(), out.len());
        let text = format!("it returned {found} numbers, but {expected} at start params");
        return Err(UserError::new(text));
    }
    out.copy_from_slice(numbers);
    Ok(())
}

fn failure(index: usize, error: UserError, limits: &NonlinearLimits) -> Failure {
    Failure { index, what: Failure::CONSTRAINT, error: error.of(limits.to_string()) }
}

/// An objective, and constraints that are closures.
pub(crate) struct Constrained<'a, 'f, P> {
    pub objective: &'a mut dyn Objective,
    pub functions: ConstraintFunctions<'f, P>,
}

impl<P: Params> Objective for Constrained<'_, '_, P> {
    fn kind(&self) -> SolverKind {
        self.objective.kind()
    }

    fn n_outputs(&self) -> usize {
        self.objective.n_outputs()
    }

    fn has_derivative(&self) -> bool {
        self.objective.has_derivative()
    }

    fn second_derivatives(&self) -> SecondDerivatives {
        self.objective.second_derivatives()
    }

    fn start(&mut self, params: &[f64]) -> Result<StartValues, Failure> {
        let start = self.objective.start(params)?;
        Ok(StartValues { constraints: self.functions.start(params)?, ..start })
    }

    fn call(&mut self, call: OptionCall) -> Result<Vec<f64>, UserError> {
        self.objective.call(call)
    }

    fn keep_going(&mut self, always: bool) {
        self.objective.keep_going(always);
    }

    fn describe(&self) -> String {
        self.objective.describe()
    }

    fn restore(&mut self, description: &str) {
        self.objective.restore(description);
    }

    fn may_be_asked_in_parts(&self) -> bool {
        self.objective.may_be_asked_in_parts()
    }

    fn take_infos(&mut self) -> Vec<(usize, String)> {
        self.objective.take_infos()
    }

    fn resume(&mut self, start: &StartValues) {
        self.objective.resume(start);
        self.functions.resume(&start.constraints);
    }

    fn evaluate(&mut self, batch: &Batch<'_>, answer: Answer<'_>, failures: &mut Vec<Failure>) {
        let Answer { outputs, derivatives, constraints, constraint_derivatives } = answer;
        if batch.wants_outputs || batch.wants_derivative || batch.wants_second_derivative() {
            let own = Answer { outputs, derivatives, ..Answer::default() };
            let batch = batch.of_objective();
            self.objective.evaluate(&batch, own, failures);
        }
        if batch.wants_constraints || batch.wants_constraint_derivative {
            self.functions.evaluate(batch, constraints, constraint_derivatives, failures);
        }
    }
}
