//! What can be wrong with a request for a derivative, said before anything is evaluated.

use crate::options::Method;

/// Why a derivative cannot be planned or assembled. Every message names the argument, its value
/// and what would be right. Parameters are numbered in the order of the vector `x`; a caller that
/// knows names says them with [`DiffError::with_names`].
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DiffError {
    /// The text is not the name of a method.
    #[error(
        "method is '{given}'; use 'forward', 'backward' or 'central' for first derivatives, \
         'forward', 'backward', 'central_average' or 'central_cross' for second derivatives"
    )]
    UnknownMethod {
        /// The text as given.
        given: String,
    },
    /// The text is not the name of a step rule.
    #[error("step_rule is '{given}'; use 'reference' or 'optimal'")]
    UnknownStepRule {
        /// The text as given.
        given: String,
    },
    /// A method of second derivatives was asked for a first one.
    #[error(
        "method '{method}' gives second derivatives only; \
         for first derivatives use 'forward', 'backward' or 'central'"
    )]
    MethodNotForFirst {
        /// The method as given.
        method: Method,
    },
    /// A method of first derivatives was asked for a second one.
    #[error(
        "method '{method}' gives first derivatives only; for second derivatives use \
         'forward', 'backward', 'central_average' or 'central_cross'"
    )]
    MethodNotForSecond {
        /// The method as given.
        method: Method,
    },
    /// An argument with one entry per parameter has another number of entries.
    #[error(
        "{argument} has {given} entries for {expected} parameters; give one number per parameter"
    )]
    Length {
        /// Name of the argument.
        argument: &'static str,
        /// Entries given.
        given: usize,
        /// Number of parameters.
        expected: usize,
    },
    /// A step, factor or minimum is zero, negative, infinite or NaN.
    #[error("{argument} is {value}{}; it must be positive and finite", entry(.parameter))]
    NotPositive {
        /// Name of the argument.
        argument: &'static str,
        /// Entry at fault, where the argument has one entry per parameter.
        parameter: Option<usize>,
        /// The value as given.
        value: f64,
    },
    /// An explicit step is not above the smallest step allowed.
    #[error(
        "step_size times scaling_factor is {step} for parameter {parameter}, but min_steps is {min_step}; \
         the step must be larger than its minimum"
    )]
    StepBelowMinimum {
        /// Parameter at fault.
        parameter: usize,
        /// `step_size * scaling_factor`.
        step: f64,
        /// The minimum.
        min_step: f64,
    },
    /// `n_steps` is zero.
    #[error("n_steps is 0; use 1 for plain differences or more for Richardson extrapolation")]
    NoSteps,
    /// `step_ratio` does not make the steps grow.
    #[error("step_ratio is {value}; it must be finite and larger than 1")]
    StepRatio {
        /// The value as given.
        value: f64,
    },
    /// Richardson extrapolation of second derivatives.
    #[error(
        "n_steps is {n_steps}, but Richardson extrapolation is for first derivatives; use n_steps = 1"
    )]
    RichardsonOfSecond {
        /// The value as given.
        n_steps: usize,
    },
    /// A parameter is NaN or infinite.
    #[error("parameter {parameter} is {value}; derivatives need finite parameters")]
    NotFinite {
        /// Parameter at fault.
        parameter: usize,
        /// Its value.
        value: f64,
    },
    /// A bound is NaN, or the lower one is above the upper one.
    #[error(
        "the bounds of parameter {parameter} are [{lower}, {upper}]; the lower bound must not exceed the upper one"
    )]
    CrossedBounds {
        /// Parameter at fault.
        parameter: usize,
        /// Its lower bound.
        lower: f64,
        /// Its upper bound.
        upper: f64,
    },
    /// The point at which the derivative is wanted is outside its bounds.
    #[error("parameter {parameter} is {value}, outside its bounds [{lower}, {upper}]")]
    OutsideBounds {
        /// Parameter at fault.
        parameter: usize,
        /// Its value.
        value: f64,
        /// Its lower bound.
        lower: f64,
        /// Its upper bound.
        upper: f64,
    },
    /// The evaluations or the output handed in have the wrong length.
    #[error("{argument} has {given} entries, expected {expected}")]
    Shape {
        /// Name of the argument.
        argument: &'static str,
        /// Entries given.
        given: usize,
        /// Entries needed.
        expected: usize,
    },
    /// The plan contains differences from the value at `x`, and none was given.
    #[error("the value at params (f0) is needed for one-sided differences, but was not given")]
    MissingF0,
    /// The function returned vectors of different lengths.
    #[error(
        "the function returned {given} values at one point and {expected} at params; it must always return the same number"
    )]
    OutputLength {
        /// Entries returned.
        given: usize,
        /// Entries returned at `x`.
        expected: usize,
    },
}

impl DiffError {
    /// The number of the parameter at fault, if the error is about one parameter.
    pub fn parameter(&self) -> Option<usize> {
        match *self {
            Self::NotPositive { parameter, .. } => parameter,
            Self::StepBelowMinimum { parameter, .. }
            | Self::NotFinite { parameter, .. }
            | Self::CrossedBounds { parameter, .. }
            | Self::OutsideBounds { parameter, .. } => Some(parameter),
            _ => None,
        }
    }

    /// The message with the name of the parameter at fault, which `name` knows, in the place of its number.
    pub fn with_names(&self, name: impl FnOnce(usize) -> String) -> String {
        let text = self.to_string();
        match self.parameter() {
            Some(j) => {
                text.replacen(&format!("parameter {j}"), &format!("parameter '{}'", name(j)), 1)
            }
            None => text,
        }
    }
}

fn entry(parameter: &Option<usize>) -> String {
    parameter.map_or(String::new(), |j| format!(" for parameter {j}"))
}
