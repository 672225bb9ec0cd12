//! What happens when the user's function fails: the run ends, or a penalty stands in.

use thalweg_core::SolverKind;

use crate::error::{InvalidKind, OptimizeError};
use crate::objective::{Failure, UserErrorKind};

/// What to do when the user's function fails during the optimization.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ErrorHandling {
    /// End the run with the user's error and the partial result.
    #[default]
    Raise,
    /// The same; kept as a name of its own for optimagic's users.
    RaiseStrict,
    /// Put a penalty in the place of the value and go on.
    Continue,
}

impl ErrorHandling {
    /// Whether this failure ends the run.
    pub(crate) fn ends_run(self, failure: &Failure) -> bool {
        self != ErrorHandling::Continue || failure.error.kind != UserErrorKind::Ordinary
    }
}

/// The user's choice of the penalty, in the user's sign.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PenaltyOptions {
    /// The penalty at the start point; by default clearly worse than the start value.
    pub constant: Option<f64>,
    /// How much worse it gets per unit of distance from the start point; 0.1 by default.
    pub slope: Option<f64>,
}

/// The penalty c + s ||x - x0||, in the algorithm's sign and space.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Penalty {
    constant: f64,
    slope: f64,
    center: Vec<f64>,
}

impl Penalty {
    /// The penalty around the start `center` with (signed) start value `value`.
    pub(crate) fn new(
        options: PenaltyOptions,
        maximize: bool,
        center: &[f64],
        value: f64,
    ) -> Result<Self, OptimizeError> {
        let sign = if maximize { -1.0 } else { 1.0 };
        for (name, given) in [("constant", options.constant), ("slope", options.slope)] {
            if let Some(given) = given
                && (!given.is_finite() || (maximize && given >= 0.0))
            {
                let expected = if maximize { "negative when maximizing" } else { "finite" };
                let message =
                    format!("error_penalty['{name}'] is {given}, but has to be {expected}.");
                return Err(OptimizeError::invalid(InvalidKind::Argument, message));
            }
        }
        Ok(Penalty {
            constant: options.constant.map_or(value + value.abs() + 100.0, |c| sign * c),
            slope: options.slope.map_or(0.1, |s| sign * s),
            center: center.to_vec(),
        })
    }

    /// Write the Hessian of the penalty at `x`: `s (I - e e') / ||x - x0||` with the unit vector e from the start to x.
    pub(crate) fn write_hessian(&self, x: &[f64], hessian: &mut [f64]) {
        let n = x.len();
        let away: Vec<f64> = x.iter().zip(&self.center).map(|(x, c)| x - c).collect();
        let square = away.iter().map(|a| a * a).sum::<f64>();
        for (place, entry) in hessian.iter_mut().enumerate() {
            let (i, j) = (place / n, place % n);
            let unit = if i == j { 1.0 } else { 0.0 };
            let curvature = self.slope / square.sqrt() * (unit - away[i] * away[j] / square);
            *entry = if square > 0.0 { curvature } else { 0.0 };
        }
    }

    /// Write the penalty at `x` into the m outputs and, if wanted, the m x n derivative.
    pub(crate) fn write(
        &self,
        kind: SolverKind,
        x: &[f64],
        outputs: &mut [f64],
        derivative: Option<&mut [f64]>,
    ) {
        let distance = x.iter().zip(&self.center).map(|(x, c)| (x - c).powi(2)).sum::<f64>().sqrt();
        let total = self.constant + self.slope * distance;
        let m = outputs.len().max(1) as f64;
        // The output whose aggregate over m outputs is the penalty, and its derivative by the penalty.
        let (output, factor) = match kind {
            SolverKind::LeastSquares => {
                let root = (total.max(0.0) / m).sqrt();
                (root, if root > 0.0 { 0.5 / (root * m) } else { 0.0 })
            }
            SolverKind::Scalar | SolverKind::Likelihood => (total / m, 1.0 / m),
        };
        outputs.fill(output);
        if let Some(derivative) = derivative {
            let scale = if distance > 0.0 { factor * self.slope / distance } else { 0.0 };
            for row in derivative.chunks_exact_mut(x.len()) {
                for ((entry, x), c) in row.iter_mut().zip(x).zip(&self.center) {
                    *entry = scale * (x - c);
                }
            }
        }
    }
}
