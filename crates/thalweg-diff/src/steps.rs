//! Step sizes before bounds, and the bounds themselves.
//!
//! Without an explicit step, `h_j = eps^a * max(|x_j|, 0.1) * scaling_factor_j`; the
//! exponent depends on the rule. An optimal step balances the truncation error `O(h^p)` against
//! the rounding error `O(eps / h^q)` of a q-th derivative, which gives `a = 1 / (p + q)`. With K
//! steps `h r^k` and Richardson extrapolation the truncation error is the product of the steps to
//! the power p, so `h^(pK+1) = eps * r^(-p K (K-1) / 2)`.
//!
//! References: Gill, Murray, Wright (1981), *Practical Optimization*, section 8.6;
//! Press et al. (2007), *Numerical Recipes*, section 5.7 (exactly representable steps).

use crate::error::DiffError;
use crate::options::{DiffOptions, StepRule, Steps};

/// Parameters nearer to zero than this get the step of this magnitude.
const SMALLEST_SCALE: f64 = 0.1;

/// eps^(1/2), exactly 2^-26.
const SQRT_EPSILON: f64 = 1.0 / (1_u64 << 26) as f64;

/// eps^(1/3) as the reference has it. A constant, because `powf` differs between platforms in the
/// last bit, which shows in second derivatives.
const CBRT_EPSILON: f64 = 6.055454452393343e-6;

/// What the step rule needs to know about the formula.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Accuracy {
    /// 1 for first, 2 for second derivatives.
    pub derivative_order: i32,
    /// Order of the truncation error in the step.
    pub error_order: i32,
}

/// Bounds on the parameters, lower and upper; a missing side is unbounded, as is an infinite entry.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Bounds<'a> {
    /// Lower bounds, one per parameter.
    pub lower: Option<&'a [f64]>,
    /// Upper bounds, one per parameter.
    pub upper: Option<&'a [f64]>,
}

impl<'a> Bounds<'a> {
    /// No bounds.
    pub const NONE: Self = Self { lower: None, upper: None };

    /// Bounds on both sides.
    pub fn new(lower: &'a [f64], upper: &'a [f64]) -> Self {
        Self { lower: Some(lower), upper: Some(upper) }
    }
}

/// Bounds checked and owned. Infinite bounds become the largest finite numbers, so that a clamped
/// point is always finite.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    pub lower: Vec<f64>,
    pub upper: Vec<f64>,
}

impl Limits {
    /// `None` where nothing is bounded.
    pub(crate) fn new(bounds: Bounds<'_>, n: usize) -> Result<Option<Self>, DiffError> {
        let read = |side: Option<&[f64]>, argument, open: f64| match side {
            None => Ok(vec![open; n]),
            Some(values) if values.len() == n => {
                Ok(values.iter().map(|v| v.clamp(-f64::MAX, f64::MAX)).collect())
            }
            Some(values) => Err(DiffError::Length { argument, given: values.len(), expected: n }),
        };
        let lower = read(bounds.lower, "the lower bound", -f64::MAX)?;
        let upper = read(bounds.upper, "the upper bound", f64::MAX)?;
        for j in 0..n {
            let is_ordered = lower[j] <= upper[j];
            if !is_ordered {
                let (lower, upper) = (lower[j], upper[j]);
                return Err(DiffError::CrossedBounds { parameter: j, lower, upper });
            }
        }
        let open = lower.iter().all(|v| *v == -f64::MAX) && upper.iter().all(|v| *v == f64::MAX);
        Ok((!open).then_some(Self { lower, upper }))
    }

    pub(crate) fn check(&self, x: &[f64]) -> Result<(), DiffError> {
        let inside = |j: &usize| self.lower[*j] <= x[*j] && x[*j] <= self.upper[*j];
        match (0..x.len()).find(|j| !inside(j)) {
            None => Ok(()),
            Some(j) => Err(DiffError::OutsideBounds {
                parameter: j,
                value: x[j],
                lower: if self.lower[j] == -f64::MAX { f64::NEG_INFINITY } else { self.lower[j] },
                upper: if self.upper[j] == f64::MAX { f64::INFINITY } else { self.upper[j] },
            }),
        }
    }

    /// Parameters whose bounds coincide.
    pub(crate) fn fixed(&self) -> Vec<usize> {
        (0..self.lower.len()).filter(|j| self.lower[*j] == self.upper[*j]).collect()
    }
}

/// `x` has the right length and is finite.
pub(crate) fn check_point(x: &[f64], n: usize) -> Result<(), DiffError> {
    if x.len() != n {
        return Err(DiffError::Shape { argument: "x", given: x.len(), expected: n });
    }
    match x.iter().position(|v| !v.is_finite()) {
        None => Ok(()),
        Some(j) => Err(DiffError::NotFinite { parameter: j, value: x[j] }),
    }
}

/// The length of the (smallest) step of each parameter, before bounds.
#[derive(Debug, Clone)]
pub(crate) struct StepSizes {
    /// Explicit steps times factors; empty where the rule decides.
    explicit: Vec<f64>,
    /// Coefficient of the rule times factors.
    relative: Vec<f64>,
    /// Coefficient of the rule.
    coefficient: f64,
    /// Smallest steps, empty without `min_steps`.
    min_steps: Vec<f64>,
    /// Round steps so that x + h is exactly representable.
    pub exact: bool,
}

impl StepSizes {
    pub(crate) fn new(
        options: &DiffOptions,
        accuracy: Accuracy,
        n: usize,
    ) -> Result<Self, DiffError> {
        let factors = options.scaling_factor.expand("scaling_factor", n)?;
        let expand = |steps: &Option<Steps>, argument| match steps {
            Some(steps) => steps.expand(argument, n),
            None => Ok(Vec::new()),
        };
        let mut explicit = expand(&options.step_size, "step_size")?;
        explicit.iter_mut().zip(&factors).for_each(|(step, factor)| *step *= factor);
        let min_steps = expand(&options.min_steps, "min_steps")?;
        for (j, (step, min_step)) in explicit.iter().zip(&min_steps).enumerate() {
            if step <= min_step {
                let (step, min_step) = (*step, *min_step);
                return Err(DiffError::StepBelowMinimum { parameter: j, step, min_step });
            }
        }
        Ok(Self {
            explicit,
            relative: factors,
            coefficient: coefficient(options, accuracy),
            min_steps,
            exact: options.step_rule == StepRule::Optimal,
        })
    }

    /// The step of parameter `j` at the value `x`.
    #[inline]
    pub(crate) fn at(&self, j: usize, x: f64) -> f64 {
        let magnitude = x.abs();
        let rule = self.coefficient * magnitude.max(SMALLEST_SCALE);
        let mut step = match self.explicit.get(j) {
            Some(step) => *step,
            None => {
                let step = rule * self.relative[j];
                self.min_steps.get(j).map_or(step, |smallest| step.max(*smallest))
            }
        };
        // A step that is lost in rounding would give the derivative 0, silently.
        if magnitude + step == magnitude {
            step = rule;
        }
        if self.exact { (magnitude + step) - magnitude } else { step }
    }

    /// The smallest step to which that of parameter `j` may be squeezed.
    #[inline]
    pub(crate) fn min_step(&self, j: usize) -> Option<f64> {
        self.min_steps.get(j).copied()
    }
}

/// The constant in front of `max(|x|, 0.1)`; see the head of this file.
fn coefficient(options: &DiffOptions, accuracy: Accuracy) -> f64 {
    match options.step_rule {
        StepRule::Reference if accuracy.derivative_order == 1 => SQRT_EPSILON,
        StepRule::Reference => CBRT_EPSILON,
        StepRule::Optimal => {
            let steps = options.n_steps as f64;
            let p = f64::from(accuracy.error_order);
            let order = p * steps + f64::from(accuracy.derivative_order);
            let spread = options.step_ratio.powf(-p * steps * (steps - 1.0) / 2.0);
            (f64::EPSILON * spread).powf(1.0 / order)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_lost_in_rounding_is_replaced() {
        let options = DiffOptions { step_size: Some(1e-10.into()), ..DiffOptions::default() };
        let accuracy = Accuracy { derivative_order: 1, error_order: 2 };
        let sizes = StepSizes::new(&options, accuracy, 1).unwrap();
        assert_eq!(sizes.at(0, 1.0), 1e-10);
        assert_eq!(sizes.at(0, 1e8), 1e8 * f64::EPSILON.sqrt());
    }
}
