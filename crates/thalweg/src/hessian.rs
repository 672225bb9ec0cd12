//! Whether closed-form second derivatives can be used, which is said before the first evaluation.

use thalweg_core::SolverKind;

use crate::error::{InvalidKind, OptimizeError};
use crate::pipeline::Specification;

/// Second derivatives are those of one value.
pub(crate) fn check(spec: &Specification<'_>) -> Result<(), OptimizeError> {
    let given = spec.objective.second_derivatives();
    let features = spec.algorithm.spec().features;
    let what = if given.hessian { "hess" } else { "hessp" };
    let refuse = |text| Err(OptimizeError::invalid(InvalidKind::Function, text));
    if given.any() && features.kind != SolverKind::Scalar {
        return refuse(format!(
            "{} is a {} algorithm and has no use for {what}, the second derivative of a single value. Leave {what} out, or use \
             a scalar algorithm that uses second derivatives: {}.",
            spec.algorithm_name,
            features.kind.as_str(),
            users_of_hessians(),
        ));
    }
    Ok(())
}

/// The names of the algorithms that use second derivatives, for messages.
pub fn users_of_hessians() -> String {
    let names: Vec<&str> = crate::algorithms::CATALOG
        .iter()
        .filter(|entry| entry.spec.features.uses_hessian)
        .map(|entry| entry.spec.name)
        .collect();
    names.join(", ")
}
