//! An objective with a log around it: answers that are in the log are not asked for again, and new ones are noted.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Instant;

use thalweg_core::{OptionCall, SolverKind};
use thalweg_log::{AnswerBatch, LoggedFailure, Wanted, point_hash};

use super::journal::Journal;
use super::tape::Logged;
use crate::objective::{
    Answer, Batch, Failure, Objective, SecondDerivatives, StartValues, UserError, UserErrorKind,
};

/// A batch that takes longer than this is evaluated in parts, so that what is finished is noted: one point after the other, and
/// on several cores, where it costs something to begin.
const PART_SECONDS: [f64; 2] = [0.05, 0.5];

/// An objective with a log around it.
pub(super) struct Journaled<'a> {
    pub objective: &'a mut dyn Objective,
    pub journal: Arc<Journal>,
    /// Whether a failure ends the run, unless it is told to go on.
    pub ends_at_failure: bool,
    /// Whether a failure is part of the run: then it is not asked for again.
    pub keeps_failures: bool,
    pub keeps_going: bool,
    /// How long an evaluation takes, as far as is known.
    pub seconds_per_point: f64,
    /// Tells the user that the log cannot be written.
    pub warn: Box<dyn FnMut(&str) + Send>,
}

impl Journaled<'_> {
    /// What the user has to know about the log.
    pub fn pass_on_warning(&mut self) {
        if let Some(warning) = self.journal.writer.take_warning() {
            (self.warn)(&warning);
        }
    }

    fn ends(&self, failure: &Failure) -> bool {
        failure.error.kind != UserErrorKind::Ordinary || (self.ends_at_failure && !self.keeps_going)
    }

    /// Ask the objective, in parts where a batch takes long.
    fn ask(&mut self, batch: &Batch<'_>, answer: Answer<'_>, failures: &mut Vec<Failure>) {
        self.journal.go_live();
        let k = batch.len();
        let mut rest = answer;
        let widths = widths(&rest, k);
        let mut done = 0;
        while done < k {
            let count = self.part(batch, k - done);
            let (mut part, later) = split(rest, widths, count);
            rest = later;
            let range = done * batch.dim..(done + count) * batch.dim;
            let points = &batch.points[range.clone()];
            let directions = batch.directions.get(range).unwrap_or_default();
            let own = Batch { points, directions, ..*batch };
            let ended = self.ask_part(&own, &mut part, failures, done);
            if ended {
                return;
            }
            done += count;
        }
    }

    /// How many of `k` points to ask for at once.
    fn part(&self, batch: &Batch<'_>, k: usize) -> usize {
        if !self.objective.may_be_asked_in_parts() {
            return k;
        }
        let cores = batch.n_cores.max(1);
        if self.journal.writer.is_strict() {
            return k.min(cores);
        }
        let seconds = PART_SECONDS[usize::from(cores > 1)];
        let points = (seconds / self.seconds_per_point.max(1e-9)) as usize;
        k.min(cores * (points / cores).max(1))
    }

    /// Ask for one part and note the answers; says whether the run ends here.
    fn ask_part(
        &mut self,
        batch: &Batch<'_>,
        answer: &mut Answer<'_>,
        failures: &mut Vec<Failure>,
        offset: usize,
    ) -> bool {
        self.journal.writer.before_evaluation();
        let begin = Instant::now();
        let mut own = Vec::new();
        self.objective.evaluate(batch, reborrowed(answer), &mut own);
        self.seconds_per_point = begin.elapsed().as_secs_f64() / batch.len() as f64;
        self.note_infos(batch.points, batch.dim);
        // What comes after a failure that ends the run may not have been evaluated.
        let ending =
            own.iter().filter(|failure| self.ends(failure)).map(|failure| failure.index).min();
        let known = match ending {
            Some(first) => {
                let is_ordinary = own
                    .iter()
                    .filter(|failure| failure.index == first)
                    .all(|failure| failure.error.kind == UserErrorKind::Ordinary);
                first + usize::from(is_ordinary && self.notes_failures())
            }
            None => batch.len(),
        };
        self.note(batch, answer, &own, known.min(batch.len()));
        failures.extend(own.into_iter().map(|f| Failure { index: f.index + offset, ..f }));
        self.pass_on_warning();
        ending.is_some()
    }

    /// What the objective said besides its numbers at these points.
    fn note_infos(&mut self, points: &[f64], dim: usize) {
        let infos = self.objective.take_infos();
        if !infos.is_empty() {
            let key = |i: usize| point_hash(&points[i * dim..(i + 1) * dim]);
            self.journal.note_infos(infos.into_iter().map(|(i, info)| (key(i), info)));
        }
    }

    fn notes_failures(&self) -> bool {
        self.keeps_failures || self.journal.is_exploring()
    }

    /// Note the answers at the first `count` points.
    fn note(&self, batch: &Batch<'_>, answer: &Answer<'_>, failures: &[Failure], count: usize) {
        let widths = widths(answer, batch.len());
        let wanted = wanted(batch).with(Wanted::FINAL, self.journal.is_final());
        if failures.is_empty() && wanted == Wanted::OUTPUTS && widths == [1, 0, 0, 0] {
            let points = &batch.points[..count * batch.dim];
            return self.journal.writer.answered_values(points, &answer.outputs[..count]);
        }
        let kept = |i: &usize| {
            self.notes_failures() || !failures.iter().any(|failure| failure.index == *i)
        };
        let places: Vec<usize> = (0..count).filter(kept).collect();
        if places.is_empty() {
            return;
        }
        let mut numbers = Vec::with_capacity(places.len() * widths.iter().sum::<usize>());
        for &i in &places {
            for (column, width) in columns(answer).into_iter().zip(widths) {
                numbers.extend_from_slice(&column[i * width..(i + 1) * width]);
            }
        }
        let noted = failures.iter().filter_map(|failure| {
            let index = places.iter().position(|&i| i == failure.index)?;
            Some(LoggedFailure {
                index,
                what: failure.what.to_string(),
                function: failure.error.function.clone(),
                message: failure.error.message.clone(),
            })
        });
        self.journal.note_answers(&AnswerBatch {
            wanted,
            keys: places.iter().map(|&i| point_hash(&place(batch, i))).collect(),
            widths,
            sizes: Vec::new(),
            numbers,
            failures: noted.collect(),
            description: String::new(),
        });
    }

    /// Answer from the log as far as it goes, and ask for the other points.
    fn replay(&mut self, batch: &Batch<'_>, answer: Answer<'_>, failures: &mut Vec<Failure>) {
        let (k, wanted) = (batch.len(), wanted(batch));
        let widths = widths(&answer, k);
        let mut answer = answer;
        let mut missing = Vec::new();
        for i in 0..k {
            match self.journal.answer(&place(batch, i), wanted) {
                Some(logged) if logged.widths == widths => {
                    fill(&mut answer, i, widths, logged.numbers());
                    failures.extend(
                        logged.failure.map(|failure| Failure { index: i, ..replayed(*failure) }),
                    );
                }
                Some(logged) => {
                    let text = format!(
                        "holds {} numbers, but {} are asked for",
                        logged.numbers().len(),
                        widths.iter().sum::<usize>()
                    );
                    return failures.push(self.mistake(i, &text));
                }
                None => missing.push(i),
            }
            // The rest of the batch was not evaluated then, either.
            if failures.last().is_some_and(|failure| failure.index == i && self.ends(failure)) {
                return;
            }
        }
        if missing.is_empty() {
            return;
        }
        if let Some((handed_out, left)) = self.journal.is_mistake() {
            let point = &batch.points[missing[0] * batch.dim..(missing[0] + 1) * batch.dim];
            let number = handed_out + 1;
            let text = format!(
                "does not hold the point {point:?} that the run asks for in evaluation {number}, but {left} others"
            );
            return failures.push(self.mistake(missing[0], &text));
        }
        if missing.len() == k {
            return self.ask(batch, answer, failures);
        }
        self.ask_missing(batch, &missing, (&mut answer, widths), failures);
    }

    /// Ask for some points of a batch.
    fn ask_missing(
        &mut self,
        batch: &Batch<'_>,
        missing: &[usize],
        (answer, widths): (&mut Answer<'_>, [usize; 4]),
        failures: &mut Vec<Failure>,
    ) {
        let dim = batch.dim;
        let of = |numbers: &[f64]| -> Vec<f64> {
            let own = |&i: &usize| numbers.get(i * dim..(i + 1) * dim).unwrap_or_default().iter();
            missing.iter().flat_map(own).copied().collect()
        };
        let (points, directions) = (of(batch.points), of(batch.directions));
        let [mut outputs, mut derivatives, mut constraints, mut constraint_derivatives] =
            widths.map(|width| vec![0.0; width * missing.len()]);
        let own = Answer {
            outputs: &mut outputs,
            derivatives: &mut derivatives,
            constraints: &mut constraints,
            constraint_derivatives: &mut constraint_derivatives,
        };
        let mut found = Vec::new();
        let part = Batch { points: &points, directions: &directions, ..*batch };
        self.ask(&part, own, &mut found);
        let columns = [outputs, derivatives, constraints, constraint_derivatives];
        for (place, &i) in missing.iter().enumerate() {
            let numbers: Vec<f64> = columns
                .iter()
                .zip(widths)
                .flat_map(|(column, width)| &column[place * width..(place + 1) * width])
                .copied()
                .collect();
            fill(answer, i, widths, &numbers);
        }
        let place = |failure: Failure| Failure { index: missing[failure.index], ..failure };
        failures.extend(found.into_iter().map(place));
        failures.sort_by_key(|failure| failure.index);
    }

    /// The run does not repeat the one of the log.
    fn mistake(&self, index: usize, what: &str) -> Failure {
        let message = format!(
            "The run cannot be resumed: the log {} {what}. The objective, the algorithm or the version of thalweg is not the one \
             with which the log was written.",
            self.journal.writer.path().display()
        );
        let error = UserError { kind: UserErrorKind::Fatal, ..UserError::new(message) };
        Failure { index, what: "the log", error }
    }
}

impl Objective for Journaled<'_> {
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
        if let Some(logged) = self.journal.answer(params, Wanted::START) {
            let start = start_of(&logged);
            self.objective.restore(&logged.description);
            self.objective.resume(&start);
            return Ok(start);
        }
        let begin = Instant::now();
        let start = self.objective.start(params)?;
        self.seconds_per_point = begin.elapsed().as_secs_f64();
        self.note_infos(params, params.len());
        let derivative = start.derivative.as_deref().unwrap_or_default();
        let constraints = start.constraints.concat();
        self.journal.note_answers(&AnswerBatch {
            wanted: Wanted::START
                .with(Wanted::OUTPUTS, true)
                .with(Wanted::DERIVATIVES, start.derivative.is_some())
                .with(Wanted::CONSTRAINTS, !start.constraints.is_empty()),
            keys: vec![point_hash(params)],
            widths: [start.outputs.len(), derivative.len(), constraints.len(), 0],
            sizes: start.constraints.iter().map(Vec::len).collect(),
            numbers: [&start.outputs, derivative, &constraints].concat(),
            failures: Vec::new(),
            description: self.objective.describe(),
        });
        self.pass_on_warning();
        Ok(start)
    }

    fn resume(&mut self, start: &StartValues) {
        self.objective.resume(start);
    }

    fn keep_going(&mut self, always: bool) {
        self.keeps_going = always;
        self.objective.keep_going(always);
    }

    fn evaluate(&mut self, batch: &Batch<'_>, answer: Answer<'_>, failures: &mut Vec<Failure>) {
        if self.journal.has_tape() {
            self.replay(batch, answer, failures);
        } else {
            self.ask(batch, answer, failures);
        }
    }

    fn call(&mut self, call: OptionCall) -> Result<Vec<f64>, UserError> {
        self.objective.call(call)
    }
}

/// The evaluation at the start, as it was logged.
fn start_of(logged: &Logged) -> StartValues {
    let [m, d, ..] = logged.widths;
    let numbers = logged.numbers();
    let mut rest = numbers[m + d..].iter().copied();
    StartValues {
        outputs: numbers[..m].to_vec(),
        derivative: (d > 0).then(|| numbers[m..m + d].to_vec()),
        constraints: logged.sizes.iter().map(|&size| rest.by_ref().take(size).collect()).collect(),
    }
}

fn wanted(batch: &Batch<'_>) -> Wanted {
    Wanted::default()
        .with(Wanted::OUTPUTS, batch.wants_outputs)
        .with(Wanted::DERIVATIVES, batch.wants_derivative)
        .with(Wanted::CONSTRAINTS, batch.wants_constraints)
        .with(Wanted::CONSTRAINT_DERIVATIVES, batch.wants_constraint_derivative)
        .with(Wanted::HESSIANS, batch.wants_hessian)
        .with(Wanted::PRODUCTS, batch.wants_product)
}

/// The point that an answer belongs to; for products, with the direction behind it.
fn place<'b>(batch: &Batch<'b>, i: usize) -> Cow<'b, [f64]> {
    let point = &batch.points[i * batch.dim..(i + 1) * batch.dim];
    match batch.wants_product {
        true => Cow::Owned([point, batch.direction(i)].concat()),
        false => Cow::Borrowed(point),
    }
}

fn replayed(failure: LoggedFailure) -> Failure {
    const KNOWN: [&str; 6] = ["fun", "jac", "fun_and_jac", "hess", "hessp", Failure::CONSTRAINT];
    let what = KNOWN.into_iter().find(|known| *known == failure.what).unwrap_or("fun");
    let error = UserError { function: failure.function, ..UserError::new(failure.message) };
    Failure { index: failure.index, what, error }
}

fn columns<'c>(answer: &'c Answer<'_>) -> [&'c [f64]; 4] {
    [&*answer.outputs, &*answer.derivatives, &*answer.constraints, &*answer.constraint_derivatives]
}

/// How many numbers each point has in each column.
fn widths(answer: &Answer<'_>, k: usize) -> [usize; 4] {
    columns(answer).map(|column| column.len() / k.max(1))
}

fn fill(answer: &mut Answer<'_>, i: usize, widths: [usize; 4], numbers: &[f64]) {
    let Answer { outputs, derivatives, constraints, constraint_derivatives } = answer;
    let mut rest = numbers;
    for (column, width) in
        [outputs, derivatives, constraints, constraint_derivatives].into_iter().zip(widths)
    {
        let (own, later) = rest.split_at(width);
        column[i * width..(i + 1) * width].copy_from_slice(own);
        rest = later;
    }
}

fn reborrowed<'r>(answer: &'r mut Answer<'_>) -> Answer<'r> {
    Answer {
        outputs: &mut *answer.outputs,
        derivatives: &mut *answer.derivatives,
        constraints: &mut *answer.constraints,
        constraint_derivatives: &mut *answer.constraint_derivatives,
    }
}

/// The room for the first `count` points, and the rest.
fn split(answer: Answer<'_>, widths: [usize; 4], count: usize) -> (Answer<'_>, Answer<'_>) {
    let [a, b, c, d] = widths.map(|width| width * count);
    let (outputs, later_outputs) = answer.outputs.split_at_mut(a);
    let (derivatives, later_derivatives) = answer.derivatives.split_at_mut(b);
    let (constraints, later_constraints) = answer.constraints.split_at_mut(c);
    let (constraint_derivatives, later) = answer.constraint_derivatives.split_at_mut(d);
    (
        Answer { outputs, derivatives, constraints, constraint_derivatives },
        Answer {
            outputs: later_outputs,
            derivatives: later_derivatives,
            constraints: later_constraints,
            constraint_derivatives: later,
        },
    )
}
