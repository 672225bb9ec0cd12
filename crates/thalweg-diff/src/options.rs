//! How a derivative is taken: method, step sizes, extrapolation.
//!
//! One option object serves first and second derivatives, as in optimagic's `NumdiffOptions`.
//! What does not fit a use is refused when a plan for that use is made, never later.

use std::fmt;
use std::str::FromStr;

use crate::error::DiffError;

/// The finite-difference formula, by the names used in Python.
///
/// `Forward` and `Backward` serve both orders; `Central` is for first derivatives,
/// `CentralAverage` and `CentralCross` for second ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Differences upwards. First: `(f(x+h) - f0) / h`, error O(h), n + 1 evaluations.
    Forward,
    /// Differences downwards.
    Backward,
    /// `(f(x+h) - f(x-h)) / 2h`, error O(h^2), 2n + 1 evaluations. First derivatives.
    Central,
    /// Mean of the forward and the backward formula, error O(h^2). Second derivatives.
    CentralAverage,
    /// Four points around `x` for each pair, error O(h^2). Second derivatives.
    CentralCross,
}

impl Method {
    /// All methods, in the order of the documentation.
    pub const ALL: [Self; 5] =
        [Self::Forward, Self::Backward, Self::Central, Self::CentralAverage, Self::CentralCross];

    /// The name in Python, for example `central_cross`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Forward => "forward",
            Self::Backward => "backward",
            Self::Central => "central",
            Self::CentralAverage => "central_average",
            Self::CentralCross => "central_cross",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Method {
    type Err = DiffError;

    fn from_str(name: &str) -> Result<Self, DiffError> {
        Self::ALL
            .into_iter()
            .find(|method| method.name() == name)
            .ok_or_else(|| DiffError::UnknownMethod { given: name.to_owned() })
    }
}

/// How long a step is when the user gives none. All rules scale with `max(|x_j|, 0.1)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum StepRule {
    /// The steps of optimagic: eps^(1/2) for first, eps^(1/3) for second derivatives, whatever the
    /// method. The divisor is the nominal step, so results agree with optimagic to the last bit.
    #[default]
    Reference,
    /// Steps that balance truncation and rounding for the method at hand: a method of error order
    /// p for the derivative of order q gets `eps^(1/(p+q))`. Each step is rounded so that `x + h`
    /// is exactly representable.
    Optimal,
}

impl FromStr for StepRule {
    type Err = DiffError;

    fn from_str(name: &str) -> Result<Self, DiffError> {
        match name {
            "reference" => Ok(Self::Reference),
            "optimal" => Ok(Self::Optimal),
            _ => Err(DiffError::UnknownStepRule { given: name.to_owned() }),
        }
    }
}

/// One number for all parameters, or one for each.
#[derive(Debug, Clone, PartialEq)]
pub enum Steps {
    /// The same for every parameter.
    Scalar(f64),
    /// One entry per parameter.
    Each(Vec<f64>),
}

impl Steps {
    /// One positive, finite number for each of `n` parameters.
    pub(crate) fn expand(&self, argument: &'static str, n: usize) -> Result<Vec<f64>, DiffError> {
        self.check(argument)?;
        match self {
            Self::Scalar(value) => Ok(vec![*value; n]),
            Self::Each(values) if values.len() == n => Ok(values.clone()),
            Self::Each(values) => {
                Err(DiffError::Length { argument, given: values.len(), expected: n })
            }
        }
    }

    fn check(&self, argument: &'static str) -> Result<(), DiffError> {
        let bad = |value: f64| !(value > 0.0 && value.is_finite());
        match self {
            Self::Scalar(value) if bad(*value) => {
                Err(DiffError::NotPositive { argument, parameter: None, value: *value })
            }
            Self::Scalar(_) => Ok(()),
            Self::Each(values) => match values.iter().position(|v| bad(*v)) {
                Some(j) => {
                    Err(DiffError::NotPositive { argument, parameter: Some(j), value: values[j] })
                }
                None => Ok(()),
            },
        }
    }
}

impl From<f64> for Steps {
    fn from(value: f64) -> Self {
        Self::Scalar(value)
    }
}

impl From<Vec<f64>> for Steps {
    fn from(values: Vec<f64>) -> Self {
        Self::Each(values)
    }
}

/// How a derivative is taken. The default is that of `first_derivative` in optimagic: central
/// differences with the reference steps, no extrapolation, one thread.
///
/// ```
/// use thalweg_diff::{DiffOptions, Method};
///
/// let options = DiffOptions { step_size: Some(1e-4.into()), ..DiffOptions::new(Method::Forward) };
/// assert!(options.validate_first().is_ok());
/// let error = DiffOptions::new(Method::CentralCross).validate_first().unwrap_err();
/// assert!(error.to_string().contains("second derivatives only"));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct DiffOptions {
    /// The finite-difference formula.
    pub method: Method,
    /// Absolute step before `scaling_factor`; `None`: by `step_rule`.
    pub step_size: Option<Steps>,
    /// Every step is multiplied by this.
    pub scaling_factor: Steps,
    /// Smallest step to which a step may be squeezed so that it fits between the bounds;
    /// `None`: steps are not squeezed (a shorter side or interval is used instead).
    pub min_steps: Option<Steps>,
    /// Length of the steps where `step_size` is `None`.
    pub step_rule: StepRule,
    /// Number of steps per parameter and side; above 1, Richardson extrapolation.
    pub n_steps: usize,
    /// Each further step is longer by this factor.
    pub step_ratio: f64,
    /// Threads used by the drivers [`gradient`](crate::gradient), [`jacobian`](crate::jacobian)
    /// and [`hessian`](crate::hessian). Plans ignore it.
    pub threads: usize,
}

impl Default for DiffOptions {
    fn default() -> Self {
        Self::new(Method::Central)
    }
}

impl DiffOptions {
    /// Defaults with this method.
    pub fn new(method: Method) -> Self {
        Self {
            method,
            step_size: None,
            scaling_factor: Steps::Scalar(1.0),
            min_steps: None,
            step_rule: StepRule::Reference,
            n_steps: 1,
            step_ratio: 2.0,
            threads: 1,
        }
    }

    /// For gradients and Jacobians inside an optimization: forward.
    pub fn for_optimization() -> Self {
        Self::new(Method::Forward)
    }

    /// For the Jacobian of an estimation: central with optimal steps. Departs from optimagic, whose
    /// steps are short for central differences: the error is 200 times smaller (`tests/accuracy.rs`).
    pub fn for_jacobian() -> Self {
        Self { step_rule: StepRule::Optimal, ..Self::new(Method::Central) }
    }

    /// For the Hessian of an estimation: central_cross with optimal steps. Departs from optimagic,
    /// which doubles its steps instead: the error is 170 times smaller (`tests/accuracy.rs`).
    pub fn for_hessian() -> Self {
        Self { step_rule: StepRule::Optimal, ..Self::new(Method::CentralCross) }
    }

    /// Check everything that does not depend on the number of parameters, for first derivatives.
    ///
    /// # Errors
    /// A method for second derivatives only; a step, factor, minimum or ratio out of its range.
    pub fn validate_first(&self) -> Result<(), DiffError> {
        FirstMethod::try_from(self.method)?;
        self.validate_common()
    }

    /// Check everything that does not depend on the number of parameters, for second derivatives.
    ///
    /// # Errors
    /// As [`validate_first`](Self::validate_first), and `n_steps` above 1.
    pub fn validate_second(&self) -> Result<(), DiffError> {
        SecondMethod::try_from(self.method)?;
        self.validate_common()?;
        if self.n_steps > 1 {
            return Err(DiffError::RichardsonOfSecond { n_steps: self.n_steps });
        }
        Ok(())
    }

    fn validate_common(&self) -> Result<(), DiffError> {
        self.scaling_factor.check("scaling_factor")?;
        if let Some(steps) = &self.step_size {
            steps.check("step_size")?;
        }
        if let Some(steps) = &self.min_steps {
            steps.check("min_steps")?;
        }
        if self.n_steps == 0 {
            return Err(DiffError::NoSteps);
        }
        if !(self.step_ratio > 1.0 && self.step_ratio.is_finite()) {
            return Err(DiffError::StepRatio { value: self.step_ratio });
        }
        Ok(())
    }
}

/// The methods of first derivatives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FirstMethod {
    Forward,
    Backward,
    Central,
}

impl FirstMethod {
    /// Order p of the error in the step: also the distance of the orders of the error terms.
    pub(crate) fn error_order(self) -> i32 {
        if self == Self::Central { 2 } else { 1 }
    }
}

impl TryFrom<Method> for FirstMethod {
    type Error = DiffError;

    fn try_from(method: Method) -> Result<Self, DiffError> {
        match method {
            Method::Forward => Ok(Self::Forward),
            Method::Backward => Ok(Self::Backward),
            Method::Central => Ok(Self::Central),
            Method::CentralAverage | Method::CentralCross => {
                Err(DiffError::MethodNotForFirst { method })
            }
        }
    }
}

/// The methods of second derivatives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SecondMethod {
    Forward,
    Backward,
    CentralAverage,
    CentralCross,
}

impl TryFrom<Method> for SecondMethod {
    type Error = DiffError;

    fn try_from(method: Method) -> Result<Self, DiffError> {
        match method {
            Method::Forward => Ok(Self::Forward),
            Method::Backward => Ok(Self::Backward),
            Method::CentralAverage => Ok(Self::CentralAverage),
            Method::CentralCross => Ok(Self::CentralCross),
            Method::Central => Err(DiffError::MethodNotForSecond { method }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_is_read_back_from_its_name() {
        for method in Method::ALL {
            assert_eq!(method.to_string().parse::<Method>(), Ok(method));
        }
        let message = "centrall".parse::<Method>().unwrap_err().to_string();
        assert!(message.contains("'centrall'") && message.contains("'central_cross'"), "{message}");
    }

    #[test]
    fn a_method_is_refused_for_the_other_use() {
        assert!(DiffOptions::new(Method::CentralCross).validate_first().is_err());
        assert!(DiffOptions::new(Method::CentralAverage).validate_first().is_err());
        assert!(DiffOptions::new(Method::Central).validate_second().is_err());
        assert!(DiffOptions::for_hessian().validate_second().is_ok());
    }

    #[test]
    fn messages_name_argument_value_and_remedy() {
        let base = DiffOptions::default;
        let cases = [
            (
                DiffOptions { scaling_factor: Steps::Scalar(0.0), ..base() },
                "scaling_factor is 0; it must be positive and finite",
            ),
            (
                DiffOptions { step_size: Some(vec![1.0, -2.0].into()), ..base() },
                "step_size is -2 for parameter 1; it must be positive and finite",
            ),
            (
                DiffOptions { min_steps: Some(f64::NAN.into()), ..base() },
                "min_steps is NaN; it must be positive and finite",
            ),
            (
                DiffOptions { step_ratio: 1.0, ..base() },
                "step_ratio is 1; it must be finite and larger than 1",
            ),
            (
                DiffOptions { n_steps: 0, ..base() },
                "n_steps is 0; use 1 for plain differences or more for Richardson extrapolation",
            ),
        ];
        for (options, text) in cases {
            assert_eq!(options.validate_first().unwrap_err().to_string(), text);
        }
        let options = DiffOptions { n_steps: 2, ..DiffOptions::for_hessian() };
        let text = options.validate_second().unwrap_err().to_string();
        assert!(text.starts_with("n_steps is 2, but Richardson"), "{text}");
    }
}
