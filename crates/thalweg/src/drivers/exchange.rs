//! What goes to and fro between a suspended run and whoever evaluates for it.

use thalweg_core::SolverKind;

use crate::objective::{Batch, Failure, Objective, StartValues, UserError, UserErrorKind};

/// A batch that a run waits for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ask {
    /// The points in the user's terms, one after the other.
    pub points: Vec<f64>,
    /// The number n of parameters.
    pub dim: usize,
    /// Whether outputs are wanted.
    pub wants_outputs: bool,
    /// Whether closed-form derivatives are wanted.
    pub wants_derivative: bool,
}

impl Ask {
    /// The number of points.
    #[allow(clippy::len_without_is_empty)] // there is at least one point
    pub fn len(&self) -> usize {
        self.points.len() / self.dim.max(1)
    }

    /// The points one by one.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[f64]> {
        self.points.chunks_exact(self.dim.max(1))
    }

    fn of(batch: &Batch<'_>) -> Self {
        Ask {
            points: batch.points.to_vec(),
            dim: batch.dim,
            wants_outputs: batch.wants_outputs,
            wants_derivative: batch.wants_derivative,
        }
    }
}

/// The answer to an [`Ask`] of k points.
#[derive(Debug, Default)]
pub struct Tell {
    /// k * m outputs, if they are wanted.
    pub outputs: Vec<f64>,
    /// k * m * n derivatives, if they are wanted.
    pub derivatives: Vec<f64>,
    /// Points that could not be evaluated; their numbers are ignored.
    pub failures: Vec<Failure>,
}

impl Tell {
    /// Outputs only.
    pub fn outputs(outputs: Vec<f64>) -> Self {
        Tell { outputs, ..Default::default() }
    }

    /// What is wrong with this answer to `ask` for an objective of `m` outputs (0: not known yet), if anything.
    pub(crate) fn complaint(&self, ask: &Ask, m: usize) -> Option<String> {
        let k = ask.len();
        if let Some(failure) = self.failures.iter().find(|failure| failure.index >= k) {
            return Some(format!(
                "point {} is told to have failed, but there are {k}",
                failure.index
            ));
        }
        if (0..k).all(|i| self.failures.iter().any(|failure| failure.index == i)) {
            return None; // no number is used
        }
        let found = self.outputs.len();
        let width = if m > 0 { m } else { found / k };
        if ask.wants_outputs && (found != k * width || width == 0) {
            let expected = if m > 0 { format!("{k} x {m}") } else { format!("a multiple of {k}") };
            return Some(format!(
                "{found} outputs were told for {k} points, but {expected} are expected"
            ));
        }
        let (found, expected) = (self.derivatives.len(), k * width * ask.dim);
        if ask.wants_derivative && found != expected {
            return Some(format!(
                "{found} entries of derivatives were told, but {expected} are expected"
            ));
        }
        None
    }
}

/// The objective of a suspended run: it hands batches out, and nothing else.
pub(crate) struct HandOut<'a> {
    pub kind: SolverKind,
    pub has_derivative: bool,
    /// Whether the derivative at the start is asked for together with the outputs.
    pub start_with_derivative: bool,
    pub n_outputs: usize,
    /// Hands a batch out and waits for the answer; `None` when nobody will answer any more.
    pub exchange: &'a mut dyn FnMut(Ask) -> Option<Tell>,
}

impl Objective for HandOut<'_> {
    fn kind(&self) -> SolverKind {
        self.kind
    }

    fn n_outputs(&self) -> usize {
        self.n_outputs
    }

    fn has_derivative(&self) -> bool {
        self.has_derivative
    }

    fn start(&mut self, params: &[f64]) -> Result<StartValues, Failure> {
        let ask = Ask {
            points: params.to_vec(),
            dim: params.len(),
            wants_outputs: true,
            wants_derivative: self.start_with_derivative,
        };
        match (self.exchange)(ask) {
            Some(mut tell) => match tell.failures.pop() {
                Some(failure) => Err(failure),
                None => {
                    self.n_outputs = tell.outputs.len();
                    let derivative = self.start_with_derivative.then_some(tell.derivatives);
                    Ok(StartValues { outputs: tell.outputs, derivative })
                }
            },
            None => Err(abandoned()),
        }
    }

    fn evaluate(
        &mut self,
        batch: &Batch<'_>,
        outputs: &mut [f64],
        derivatives: &mut [f64],
        failures: &mut Vec<Failure>,
    ) {
        match (self.exchange)(Ask::of(batch)) {
            Some(tell) => {
                // The numbers are complete, unless every point failed.
                if batch.wants_outputs && tell.outputs.len() == outputs.len() {
                    outputs.copy_from_slice(&tell.outputs);
                }
                if batch.wants_derivative && tell.derivatives.len() == derivatives.len() {
                    derivatives.copy_from_slice(&tell.derivatives);
                }
                failures.extend(tell.failures);
            }
            None => failures.push(abandoned()),
        }
    }
}

fn abandoned() -> Failure {
    let message = "the suspended run was abandoned".to_string();
    let error = UserError { kind: UserErrorKind::Interrupt, message, cause: None };
    Failure { index: 0, what: "fun", error }
}
