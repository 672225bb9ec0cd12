//! What goes to and fro between a suspended run and whoever evaluates for it.

use thalweg_core::{OptionCall, SolverKind};

use crate::nonlinear::NonlinearLimits;
use crate::objective::{
    Answer, Batch, Failure, Objective, SecondDerivatives, StartValues, UserError, UserErrorKind,
};

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
    /// Whether the values of the nonlinear constraints are wanted.
    pub wants_constraints: bool,
    /// Whether the closed-form derivatives of the nonlinear constraints are wanted.
    pub wants_constraint_derivative: bool,
    /// Whether Hessians of the value are wanted; then nothing else is.
    pub wants_hessian: bool,
    /// Whether products of the Hessian with the directions are wanted; then nothing else is.
    pub wants_product: bool,
    /// One direction for each point, where products are wanted.
    pub directions: Vec<f64>,
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
            wants_constraints: batch.wants_constraints,
            wants_constraint_derivative: batch.wants_constraint_derivative,
            wants_hessian: batch.wants_hessian,
            wants_product: batch.wants_product,
            directions: batch.directions.to_vec(),
        }
    }

    /// The same as a batch, to be evaluated here.
    pub fn batch(&self) -> Batch<'_> {
        Batch {
            points: &self.points,
            dim: self.dim,
            wants_outputs: self.wants_outputs,
            wants_derivative: self.wants_derivative,
            wants_constraints: self.wants_constraints,
            wants_constraint_derivative: self.wants_constraint_derivative,
            wants_hessian: self.wants_hessian,
            wants_product: self.wants_product,
            directions: &self.directions,
            n_cores: 1,
        }
    }
}

/// The answer to an [`Ask`] of k points.
#[derive(Debug, Default)]
pub struct Tell {
    /// k * m outputs, if they are wanted.
    pub outputs: Vec<f64>,
    /// k * m * n derivatives, if they are wanted; or the k Hessians (n * n numbers each) or products (n numbers each) that are.
    pub derivatives: Vec<f64>,
    /// k * c values of the nonlinear constraints, if they are wanted.
    pub constraints: Vec<f64>,
    /// k * c * n derivatives of the nonlinear constraints, if they are wanted; rows of constraints without a closed form are
    /// not read.
    pub constraint_derivatives: Vec<f64>,
    /// Points that could not be evaluated; their numbers are ignored.
    pub failures: Vec<Failure>,
}

impl Tell {
    /// Outputs only.
    pub fn outputs(outputs: Vec<f64>) -> Self {
        Tell { outputs, ..Default::default() }
    }

    /// What is wrong with this answer to `ask` for an objective of `m` outputs (0: not known yet) and `c` constraint values, if
    /// anything.
    pub(crate) fn complaint(&self, ask: &Ask, m: usize, c: usize) -> Option<String> {
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
        for (is_wanted, found, width, what) in [
            (ask.wants_constraints, self.constraints.len(), c, "values of constraints"),
            (
                ask.wants_constraint_derivative,
                self.constraint_derivatives.len(),
                c * ask.dim,
                "entries of derivatives of constraints",
            ),
        ] {
            if is_wanted && found != k * width {
                let expected = k * width;
                return Some(format!("{found} {what} were told, but {expected} are expected"));
            }
        }
        let width = if m > 0 { m } else { found / k };
        if ask.wants_outputs && (found != k * width || width == 0) {
            let expected = if m > 0 { format!("{k} x {m}") } else { format!("a multiple of {k}") };
            return Some(format!(
                "{found} outputs were told for {k} points, but {expected} are expected"
            ));
        }
        let batch = ask.batch();
        let wants_any = batch.wants_derivative || batch.wants_second_derivative();
        let (found, expected) = (self.derivatives.len(), k * batch.width_of_derivatives(width));
        if wants_any && found != expected {
            return Some(format!(
                "{found} entries of derivatives were told, but {expected} are expected"
            ));
        }
        None
    }
}

/// What a suspended run hands out.
pub(crate) enum HandedOut {
    /// A batch, for whoever evaluates.
    Batch(Ask),
    /// A question to an option's function, which the driver answers itself.
    Call(OptionCall),
}

/// The answer.
pub(crate) enum Reply {
    Tell(Tell),
    Called(Result<Vec<f64>, UserError>),
}

/// The objective of a suspended run: it hands batches and questions to options' functions out, and nothing else.
pub(crate) struct HandOut<'a> {
    pub kind: SolverKind,
    pub has_derivative: bool,
    pub second_derivatives: SecondDerivatives,
    /// Whether the derivative at the start is asked for together with the outputs.
    pub start_with_derivative: bool,
    pub n_outputs: usize,
    /// The nonlinear constraints, whose numbers of values are known beforehand.
    pub nonlinear: Vec<NonlinearLimits>,
    /// Hands something out and waits for the answer; `None` when nobody will answer any more.
    pub exchange: &'a mut dyn FnMut(HandedOut) -> Option<Reply>,
}

impl HandOut<'_> {
    fn ask(&mut self, ask: Ask) -> Option<Tell> {
        match (self.exchange)(HandedOut::Batch(ask)) {
            Some(Reply::Tell(tell)) => Some(tell),
            _ => None,
        }
    }
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

    fn second_derivatives(&self) -> SecondDerivatives {
        self.second_derivatives
    }

    fn start(&mut self, params: &[f64]) -> Result<StartValues, Failure> {
        let ask = Ask {
            points: params.to_vec(),
            dim: params.len(),
            wants_outputs: true,
            wants_derivative: self.start_with_derivative,
            wants_constraints: !self.nonlinear.is_empty(),
            ..Ask::default()
        };
        match self.ask(ask) {
            Some(mut tell) => match tell.failures.pop() {
                Some(failure) => Err(failure),
                None => {
                    self.n_outputs = tell.outputs.len();
                    let mut rest = tell.constraints.into_iter();
                    let counts = self.nonlinear.iter().map(|constraint| constraint.n_values);
                    let constraints = counts.map(|count| rest.by_ref().take(count).collect());
                    let derivative = self.start_with_derivative.then_some(tell.derivatives);
                    Ok(StartValues {
                        outputs: tell.outputs,
                        derivative,
                        constraints: constraints.collect(),
                    })
                }
            },
            None => Err(abandoned()),
        }
    }

    fn evaluate(&mut self, batch: &Batch<'_>, answer: Answer<'_>, failures: &mut Vec<Failure>) {
        match self.ask(Ask::of(batch)) {
            Some(tell) => {
                for (room, told) in [
                    (answer.outputs, tell.outputs),
                    (answer.derivatives, tell.derivatives),
                    (answer.constraints, tell.constraints),
                    (answer.constraint_derivatives, tell.constraint_derivatives),
                ] {
                    // The numbers are complete, unless every point failed.
                    if room.len() == told.len() {
                        room.copy_from_slice(&told);
                    }
                }
                failures.extend(tell.failures);
            }
            None => failures.push(abandoned()),
        }
    }

    fn call(&mut self, call: OptionCall) -> Result<Vec<f64>, UserError> {
        match (self.exchange)(HandedOut::Call(call)) {
            Some(Reply::Called(answer)) => answer,
            _ => Err(abandoned().error),
        }
    }
}

fn abandoned() -> Failure {
    let message = "the suspended run was abandoned";
    let error = UserError { kind: UserErrorKind::Interrupt, ..UserError::new(message) };
    Failure { index: 0, what: "fun", error }
}
