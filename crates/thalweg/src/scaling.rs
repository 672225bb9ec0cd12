//! Scaling as a step of the pipeline, and how sensitive an objective is to its parameters.

use thalweg_core::SolverKind;
use thalweg_space::{ScalingError, ScalingMethod, Space};

use crate::aggregate::Aggregate;
use crate::error::{InvalidKind, OptimizeError};
use crate::numdiff::{Context, Differentiator, NumericalDerivatives};
use crate::objective::{Batch, Objective, StartValues};
use crate::pipeline::{Specification, check_start, start_of, start_params};
use crate::policy::ErrorHandling;

/// The space scaled as the specification asks for it, and what had to be evaluated at the start for that.
pub(crate) fn scale(
    spec: &mut Specification<'_>,
    space: Space,
) -> Result<(Space, Option<StartValues>), OptimizeError> {
    let Some(scaling) = spec.scaling.take() else { return Ok((space, None)) };
    scaling.check()?;
    if space.n_free() == 0 {
        return Ok((space, None));
    }
    if scaling.method != ScalingMethod::Gradient {
        let scaled = space.with_scaling(&scaling, &spec.soft_bounds, None, spec.names)?;
        return Ok((scaled, None));
    }
    let params = start_params(spec, &space);
    let start = start_of(spec, &params, None)?;
    let how = &spec.numerical_derivatives;
    let gradient = gradient_at_start(spec.objective, &params, &start, &space, (how, spec.names))?;
    let scaled = space.with_scaling(&scaling, &spec.soft_bounds, Some(&gradient), spec.names)?;
    Ok((scaled, Some(start)))
}

/// The gradient of the scalar objective at the start of the space, in the user's sign.
pub(crate) fn gradient_at_start(
    objective: &mut dyn Objective,
    params: &[f64],
    start: &StartValues,
    space: &Space,
    (how, names): (&NumericalDerivatives, &dyn Fn(usize) -> String),
) -> Result<Vec<f64>, OptimizeError> {
    let (kind, m) = (objective.kind(), objective.n_outputs());
    let aggregate = Aggregate { objective: kind, solver: SolverKind::Scalar, maximize: false, m };
    let value = check_start(aggregate, start, params.len())?;
    let mut work = space.workspace();
    let mut gradient = vec![0.0; space.n_free()];
    if !objective.has_derivative() {
        let error_handling = ErrorHandling::Raise;
        let mut context = Context { objective, space, work: &mut work, aggregate, error_handling };
        let failures = Differentiator::new(space, how, &|i| names(space.user_position(i)))?
            .derivative(space.start(), &[value], &mut gradient, &mut context)?;
        return match failures.into_iter().next() {
            Some(failure) => Err(OptimizeError::Start(failure)),
            None => Ok(gradient),
        };
    }
    let derivative = match &start.derivative {
        Some(derivative) => derivative.clone(),
        None => closed_form(objective, params, m)?,
    };
    let mut user = vec![0.0; params.len()];
    if aggregate.is_direct() {
        user.copy_from_slice(&derivative);
    } else {
        aggregate.derivative(&start.outputs, &derivative, &mut user);
    }
    space.pull_back_gradient(space.start(), &user, &mut gradient, &mut work);
    Ok(gradient)
}

/// The closed-form derivative at one point.
fn closed_form(
    objective: &mut dyn Objective,
    params: &[f64],
    m: usize,
) -> Result<Vec<f64>, OptimizeError> {
    let mut derivative = vec![0.0; m * params.len()];
    let mut failures = Vec::new();
    let batch = Batch {
        points: params,
        dim: params.len(),
        wants_outputs: false,
        wants_derivative: true,
        n_cores: 1,
    };
    objective.evaluate(&batch, &mut [], &mut derivative, &mut failures);
    match failures.pop() {
        Some(failure) => Err(OptimizeError::Start(failure)),
        None => Ok(derivative),
    }
}

impl From<ScalingError> for OptimizeError {
    fn from(error: ScalingError) -> Self {
        OptimizeError::invalid(InvalidKind::Scaling, error.to_string())
    }
}
