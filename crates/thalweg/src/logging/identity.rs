//! What defines a run, field by field. Whatever changes the points at which the objective is asked is in it; limits, the number
//! of workers and what listens to the run are not.

use std::fmt::Debug;

use thalweg_log::{Fingerprint, LogProblem, LogReader, ProblemHeader};
use thalweg_space::{Bounds, Space};

use super::keep::Log;
use crate::nonlinear::NonlinearLimits;
use crate::pipeline::Specification;
use crate::policy::ErrorHandling;
use crate::result::Direction;

/// Fields that count only if an evaluation failed.
const OF_FAILURES: [&str; 2] = ["error_handling", "error_penalty"];

/// Whether a difference in this field does not matter for what the log holds.
pub(super) fn is_known(reader: &LogReader, problem: &LogProblem, field: &str) -> bool {
    let of_failures = OF_FAILURES.iter().any(|known| field.starts_with(known));
    of_failures && reader.has_failures(problem).is_ok_and(|failed| !failed)
}

/// What is written about the run before its first evaluation.
pub(super) fn header(spec: &Specification<'_>, space: &Space, log: &Log) -> ProblemHeader {
    let direction = match spec.direction {
        Direction::Minimize => "minimize",
        Direction::Maximize => "maximize",
    };
    ProblemHeader {
        direction: direction.to_string(),
        algorithm: spec.algorithm_name.clone(),
        names: (0..spec.start.len()).map(|i| (spec.names)(i)).collect(),
        start: crate::pipeline::start_params(spec, space),
        lower: spec.bounds.lower.clone(),
        upper: spec.bounds.upper.clone(),
        structure: log.structure.clone(),
        fingerprint: fingerprint(spec, direction, log),
    }
}

fn fingerprint(spec: &Specification<'_>, direction: &str, log: &Log) -> Fingerprint {
    let mut fields = Fingerprint::default();
    fields.push("direction", direction);
    fields.push("kind of fun", spec.objective.kind().as_str());
    fields.push("number of parameters", spec.start.len().to_string());
    fields.push("names of the parameters", {
        let names: Vec<String> = (0..spec.start.len()).map(|i| (spec.names)(i)).collect();
        format!("{}", serde_json::Value::from(names))
    });
    fields.push("start value", debug(&spec.start));
    fields.push("algorithm", spec.algorithm_name.clone());
    for option in spec.algorithm.spec().options {
        if let Some(value) = spec.algorithm.option(option.name) {
            fields.push(format!("option {}", option.name), value.to_string());
        }
    }
    fields.push("seed", spec.seed.to_string());
    bounds(&mut fields, "", &spec.bounds);
    for constraint in &spec.constraints {
        let field = format!("constraints[{}]", constraint.index);
        fields.push(field, debug(&constraint.kind));
    }
    for constraint in &spec.nonlinear {
        // How many values there are is known only once it was evaluated.
        let limits = NonlinearLimits { n_values: 0, ..constraint.clone() };
        fields.push(format!("constraints[{}]", constraint.position), debug(&limits));
    }
    for row in &spec.extra_rows {
        fields.push(format!("constraints[{}]", row.constraint), debug(row));
    }
    fields.push("constraint_handling", debug(&spec.constraint_handling));
    fields.push("treatment of start values", debug(&spec.space));
    fields.push("scaling", spec.scaling.as_ref().map_or("none".into(), debug));
    let derivative = if spec.objective.has_derivative() {
        "closed form".to_string()
    } else {
        debug(&spec.numerical_derivatives.options)
    };
    fields.push("derivative", derivative);
    if spec.algorithm.spec().features.uses_hessian {
        let given = spec.objective.second_derivatives();
        let second = match (given.hessian, given.product) {
            (true, true) => "closed form, and products".to_string(),
            (true, false) => "closed form".to_string(),
            (false, true) => "products in closed form".to_string(),
            (false, false) => debug(&spec.numerical_derivatives.options),
        };
        // Logs of algorithms that can do without were written before there was anything to say.
        if given.any() || spec.algorithm.spec().features.needs_hessian {
            fields.push("second derivative", second);
        }
    }
    let handling = match spec.error_handling {
        ErrorHandling::Continue => "continue",
        ErrorHandling::Raise | ErrorHandling::RaiseStrict => "raise",
    };
    fields.push("error_handling", handling);
    fields.push("error_penalty", debug(&spec.penalty));
    if spec.multistart.is_some() || spec.scaling.is_some() {
        bounds(&mut fields, "soft ", &spec.soft_bounds);
    }
    match &spec.multistart {
        None => fields.push("multistart", "no"),
        Some(search) => {
            fields.push("multistart", "yes");
            search.identify(&mut |name, value| fields.push(format!("multistart {name}"), value));
            bounds(&mut fields, "multistart soft ", search.soft_bounds());
        }
    }
    for (field, value) in &log.identity {
        fields.push(field.clone(), value.clone());
    }
    fields
}

fn bounds(fields: &mut Fingerprint, prefix: &str, bounds: &Bounds) {
    for (side, numbers) in [("lower", &bounds.lower), ("upper", &bounds.upper)] {
        let given = numbers.as_ref().filter(|numbers| numbers.iter().any(|x| x.is_finite()));
        let text = given.map_or("none".to_string(), |numbers| {
            let none = if side == "lower" { f64::NEG_INFINITY } else { f64::INFINITY };
            debug(&numbers.iter().map(|&x| if x.is_nan() { none } else { x }).collect::<Vec<f64>>())
        });
        fields.push(format!("{prefix}{side} bound"), text);
    }
}

/// The value in words, in which numbers lose no bit.
fn debug(value: &(impl Debug + ?Sized)) -> String {
    format!("{value:?}")
}
