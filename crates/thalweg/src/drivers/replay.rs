//! Recording every answer of an objective, and answering from the record.

use thalweg_core::{OptionCall, SolverKind};

use crate::objective::{
    Answer, Batch, Failure, Objective, SecondDerivatives, StartValues, UserError, UserErrorKind,
};

/// One batch and its answer, as recorded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Exchange {
    /// The points.
    pub points: Vec<f64>,
    /// The outputs, if they were wanted.
    pub outputs: Option<Vec<f64>>,
    /// The derivatives, if they were wanted: the second ones if `wants_hessian`, or their products if there are `directions`.
    pub derivatives: Option<Vec<f64>>,
    /// Whether Hessians were wanted.
    pub wants_hessian: bool,
    /// The directions of products with Hessians, if these were wanted.
    pub directions: Vec<f64>,
    /// The values of the nonlinear constraints, if they were wanted: of each constraint at the start, of all together later.
    pub constraints: Option<Vec<Vec<f64>>>,
    /// The derivatives of the nonlinear constraints, if they were wanted.
    pub constraint_derivatives: Option<Vec<f64>>,
    /// The points that failed.
    pub failures: Vec<RecordedFailure>,
}

/// A failure, as recorded. The original error is not kept.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedFailure {
    /// The point's number in the batch.
    pub index: usize,
    /// As in [`Failure::what`].
    pub what: &'static str,
    /// As in [`UserError::function`].
    pub function: Option<String>,
    /// What happened.
    pub message: String,
}

impl RecordedFailure {
    fn of(failure: &Failure) -> Self {
        RecordedFailure {
            index: failure.index,
            what: failure.what,
            function: failure.error.function.clone(),
            message: failure.error.message.clone(),
        }
    }

    fn replayed(&self) -> Failure {
        let error = UserError { function: self.function.clone(), ..UserError::new(&*self.message) };
        Failure { index: self.index, what: self.what, error }
    }
}

/// The record of a run: its start, then every batch.
pub type Tape = Vec<Exchange>;

/// An objective that records its answers.
#[derive(Debug)]
pub struct Recording<'a, O: ?Sized> {
    objective: &'a mut O,
    tape: &'a mut Tape,
}

impl<'a, O: Objective + ?Sized> Recording<'a, O> {
    /// Record the answers of `objective` at the end of `tape`.
    pub fn new(objective: &'a mut O, tape: &'a mut Tape) -> Self {
        Recording { objective, tape }
    }
}

impl<O: Objective + ?Sized> Objective for Recording<'_, O> {
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
        let values = self.objective.start(params)?;
        self.tape.push(Exchange {
            points: params.to_vec(),
            outputs: Some(values.outputs.clone()),
            derivatives: values.derivative.clone(),
            wants_hessian: false,
            directions: Vec::new(),
            constraints: Some(values.constraints.clone()),
            constraint_derivatives: None,
            failures: Vec::new(),
        });
        Ok(values)
    }

    fn resume(&mut self, start: &StartValues) {
        self.objective.resume(start);
    }

    fn keep_going(&mut self, always: bool) {
        self.objective.keep_going(always);
    }

    fn evaluate(&mut self, batch: &Batch<'_>, answer: Answer<'_>, failures: &mut Vec<Failure>) {
        let before = failures.len();
        let Answer { outputs, derivatives, constraints, constraint_derivatives } = answer;
        let lent = Answer {
            outputs: &mut *outputs,
            derivatives: &mut *derivatives,
            constraints: &mut *constraints,
            constraint_derivatives: &mut *constraint_derivatives,
        };
        self.objective.evaluate(batch, lent, failures);
        self.tape.push(Exchange {
            points: batch.points.to_vec(),
            outputs: batch.wants_outputs.then(|| outputs.to_vec()),
            derivatives: wants_derivatives(batch).then(|| derivatives.to_vec()),
            wants_hessian: batch.wants_hessian,
            directions: batch.directions.to_vec(),
            constraints: batch.wants_constraints.then(|| vec![constraints.to_vec()]),
            constraint_derivatives: batch
                .wants_constraint_derivative
                .then(|| constraint_derivatives.to_vec()),
            failures: failures[before..].iter().map(RecordedFailure::of).collect(),
        });
    }

    fn call(&mut self, call: OptionCall) -> Result<Vec<f64>, UserError> {
        self.objective.call(call)
    }
}

/// An objective that answers from a record until it ends, and then asks the real objective.
///
/// Every point has to be the recorded one to the last bit; a run that asks for another is ended with an error that
/// says at which evaluation.
#[derive(Debug)]
pub struct Replaying<'a, O: ?Sized> {
    objective: &'a mut O,
    tape: &'a [Exchange],
    evaluations: usize,
    n_outputs: usize,
}

impl<'a, O: Objective + ?Sized> Replaying<'a, O> {
    /// Answer from `tape` first.
    pub fn new(objective: &'a mut O, tape: &'a [Exchange]) -> Self {
        Replaying { objective, tape, evaluations: 0, n_outputs: 0 }
    }

    /// What differs between the batch and the recorded one, if anything.
    fn mismatch(&self, recorded: &Exchange, batch: &Batch<'_>) -> Option<Failure> {
        let first = self.evaluations + 1;
        let message = if recorded.points.len() != batch.points.len() {
            let count = recorded.points.len() / batch.dim.max(1);
            format!(
                "evaluation {first}: the record holds a batch of {count} points, but {} are asked for",
                batch.len()
            )
        } else if let Some(i) = differing(&recorded.points, batch.points) {
            let number = first + i / batch.dim;
            let from = i / batch.dim * batch.dim;
            let point = |points: &[f64]| format!("{:?}", &points[from..from + batch.dim]);
            format!(
                "evaluation {number}: the record holds the point {}, but {} is asked for",
                point(&recorded.points),
                point(batch.points)
            )
        } else if recorded.outputs.is_some() != batch.wants_outputs
            || recorded.derivatives.is_some() != wants_derivatives(batch)
            || recorded.wants_hessian != batch.wants_hessian
            || recorded.directions.len() != batch.directions.len()
            || recorded.constraints.is_some() != batch.wants_constraints
            || recorded.constraint_derivatives.is_some() != batch.wants_constraint_derivative
        {
            format!("evaluation {first}: the record holds another quantity than the one asked for")
        } else if let Some(i) = differing(&recorded.directions, batch.directions) {
            let number = first + i / batch.dim;
            format!("evaluation {number}: the record holds the product with another direction")
        } else {
            return None;
        };
        let message = format!("the run does not repeat the recorded one at {message}");
        let error = UserError { kind: UserErrorKind::Fatal, ..UserError::new(message) };
        Some(Failure { index: 0, what: "replay", error })
    }
}

/// Whether a batch wants derivatives of any order.
fn wants_derivatives(batch: &Batch<'_>) -> bool {
    batch.wants_derivative || batch.wants_second_derivative()
}

/// The first place where two vectors differ in their bits.
fn differing(a: &[f64], b: &[f64]) -> Option<usize> {
    a.iter().zip(b).position(|(a, b)| a.to_bits() != b.to_bits())
}

impl<O: Objective + ?Sized> Objective for Replaying<'_, O> {
    fn kind(&self) -> SolverKind {
        self.objective.kind()
    }

    fn n_outputs(&self) -> usize {
        self.n_outputs
    }

    fn has_derivative(&self) -> bool {
        self.objective.has_derivative()
    }

    fn second_derivatives(&self) -> SecondDerivatives {
        self.objective.second_derivatives()
    }

    fn start(&mut self, params: &[f64]) -> Result<StartValues, Failure> {
        let values = match self.tape.split_first() {
            Some((recorded, rest)) => {
                if differing(&recorded.points, params).is_some()
                    || recorded.points.len() != params.len()
                {
                    let batch = Batch {
                        points: params,
                        dim: params.len(),
                        wants_outputs: true,
                        wants_derivative: recorded.derivatives.is_some(),
                        wants_constraints: true,
                        n_cores: 1,
                        ..Batch::default()
                    };
                    return Err(self.mismatch(recorded, &batch).unwrap_or_else(|| Failure {
                        index: 0,
                        what: "replay",
                        error: UserError::new("the record belongs to another start"),
                    }));
                }
                self.tape = rest;
                let start = StartValues {
                    outputs: recorded.outputs.clone().unwrap_or_default(),
                    derivative: recorded.derivatives.clone(),
                    constraints: recorded.constraints.clone().unwrap_or_default(),
                };
                self.objective.resume(&start);
                start
            }
            None => self.objective.start(params)?,
        };
        self.n_outputs = values.outputs.len();
        Ok(values)
    }

    fn evaluate(&mut self, batch: &Batch<'_>, answer: Answer<'_>, failures: &mut Vec<Failure>) {
        let Some((recorded, rest)) = self.tape.split_first() else {
            return self.objective.evaluate(batch, answer, failures);
        };
        if let Some(mismatch) = self.mismatch(recorded, batch) {
            failures.push(mismatch);
            return;
        }
        for (room, numbers) in [
            (answer.outputs, recorded.outputs.as_ref()),
            (answer.derivatives, recorded.derivatives.as_ref()),
            (answer.constraints, recorded.constraints.as_ref().and_then(|all| all.first())),
            (answer.constraint_derivatives, recorded.constraint_derivatives.as_ref()),
        ] {
            if let Some(numbers) = numbers.filter(|numbers| numbers.len() == room.len()) {
                room.copy_from_slice(numbers);
            }
        }
        failures.extend(recorded.failures.iter().map(RecordedFailure::replayed));
        self.tape = rest;
        self.evaluations += batch.len();
    }

    fn call(&mut self, call: OptionCall) -> Result<Vec<f64>, UserError> {
        self.objective.call(call)
    }
}
