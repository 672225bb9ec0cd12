//! Many suspended runs whose batches are merged into one per round.

use std::collections::VecDeque;

use crate::drivers::blueprint::{Blueprint, Job};
use crate::drivers::exchange::{Ask, Tell};
use crate::drivers::suspended::{Backend, Outcome, Suspended};
use crate::error::{InvalidKind, OptimizeError};
use crate::objective::Failure;
use crate::result::FlatResult;

/// The most runs that are suspended at the same time: systems limit the number of memory mappings.
const WINDOW: usize = 1000;

/// The merged batch of one round.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Round {
    /// The points of all runs, one after the other.
    pub points: Vec<f64>,
    /// The number n of parameters.
    pub dim: usize,
    /// The run that each point belongs to, by its place in the list of blueprints.
    pub runs: Vec<usize>,
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

impl Round {
    /// The points one by one, each with its run.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &[f64])> {
        self.runs.iter().copied().zip(self.points.chunks_exact(self.dim.max(1)))
    }
}

/// Run all blueprints, which have the same number of parameters, in lockstep. `evaluate` answers the merged batch of each
/// round; the indices of failures are those of the merged points. A run that ends or fails leaves, and the others go on.
/// The results come in the order of the blueprints; one with another number of parameters than the first is refused.
///
/// ```
/// use thalweg::drivers::{Blueprint, Tell, lockstep};
/// use thalweg::core::SolverKind;
///
/// let starts = [[3.0, 1.0], [-2.0, 5.0]];
/// let blueprints = starts.map(|x| {
///     Blueprint::new(SolverKind::Scalar, x.to_vec(), thalweg::resolve("lbfgsb").unwrap())
/// });
/// let results = lockstep(blueprints.into(), |round| {
///     Tell::outputs(round.iter().map(|(_, x)| x[0] * x[0] + x[1] * x[1]).collect())
/// });
/// assert!(results.iter().all(|result| result.as_ref().unwrap().success));
/// ```
pub fn lockstep(
    blueprints: Vec<Blueprint>,
    mut evaluate: impl FnMut(&Round) -> Tell,
) -> Vec<Result<FlatResult, OptimizeError>> {
    let n = blueprints.first().map_or(0, |blueprint| blueprint.start.len());
    let start = |(index, blueprint): (usize, Blueprint)| {
        let own = blueprint.start.len();
        if own == n {
            return Ok(blueprint.into_job());
        }
        Err(refusal(format!(
            "run {index} has {own} parameters, but run 0 has {n}: only runs of the same size can be merged"
        )))
    };
    let jobs = blueprints.into_iter().enumerate().map(start).collect();
    let results = lockstep_jobs(jobs, &mut evaluate, &mut |_, _| false);
    results.into_iter().flatten().collect()
}

/// Run jobs of the same number of parameters in lockstep; one that could not be made has its error as result. `ended` is told of
/// every run that ends; when it returns `true`, runs that still wait are ended with their best points, and those that have not
/// begun have no result.
pub(crate) fn lockstep_jobs(
    jobs: Vec<Result<Job, OptimizeError>>,
    evaluate: &mut dyn FnMut(&Round) -> Tell,
    ended: &mut dyn FnMut(usize, &Outcome) -> bool,
) -> Vec<Option<Outcome>> {
    let mut results: Vec<Option<Outcome>> = Vec::new();
    results.resize_with(jobs.len(), || None);
    let mut waiting: VecDeque<_> = jobs.into_iter().enumerate().collect();
    let mut live: Vec<(usize, Suspended)> = Vec::new();
    loop {
        while live.len() < WINDOW
            && let Some((index, job)) = waiting.pop_front()
        {
            match job.and_then(|job| Suspended::start_job(job, Backend::Coroutine)) {
                Ok(run) => live.push((index, run)),
                Err(error) => results[index] = Some(Err(error)),
            }
        }
        let (kept, stop) = settle(live, &mut results, ended);
        live = kept;
        if stop {
            live.into_iter().for_each(|(index, run)| results[index] = Some(run.finish()));
            break;
        }
        if live.is_empty() && waiting.is_empty() {
            break;
        }
        // One merged batch for every combination of what runs want.
        for wanted in 1..64 {
            let wants = |run: &Suspended| run.ask().is_some_and(|ask| Wanted::of(ask).0 == wanted);
            let group: Vec<usize> = (0..live.len()).filter(|&i| wants(&live[i].1)).collect();
            if !group.is_empty() {
                let round = merge(&live, &group, Wanted(wanted));
                let tell = evaluate(&round);
                distribute(&mut live, &group, tell, &mut results);
            }
        }
    }
    results
}

/// What is wanted, as a set of bits in the order of the fields of [`Ask`].
#[derive(Clone, Copy)]
struct Wanted(u8);

impl Wanted {
    fn of(ask: &Ask) -> Self {
        let flags = [
            ask.wants_outputs,
            ask.wants_derivative,
            ask.wants_constraints,
            ask.wants_constraint_derivative,
            ask.wants_hessian,
            ask.wants_product,
        ];
        Wanted(flags.iter().enumerate().map(|(i, &flag)| u8::from(flag) << i).sum())
    }

    fn has(self, i: u8) -> bool {
        self.0 >> i & 1 == 1
    }
}

/// Keep the runs that still wait; put the others' results in their places. Says whether to stop.
fn settle(
    live: Vec<(usize, Suspended)>,
    results: &mut [Option<Outcome>],
    ended: &mut dyn FnMut(usize, &Outcome) -> bool,
) -> (Vec<(usize, Suspended)>, bool) {
    let (mut kept, mut stop) = (Vec::with_capacity(live.len()), false);
    for (index, run) in live {
        if run.ask().is_some() {
            kept.push((index, run));
        } else if results[index].is_none() {
            let outcome = run.finish();
            stop |= ended(index, &outcome);
            results[index] = Some(outcome);
        }
    }
    (kept, stop)
}

fn merge(live: &[(usize, Suspended)], group: &[usize], wanted: Wanted) -> Round {
    let mut round = Round {
        wants_outputs: wanted.has(0),
        wants_derivative: wanted.has(1),
        wants_constraints: wanted.has(2),
        wants_constraint_derivative: wanted.has(3),
        wants_hessian: wanted.has(4),
        wants_product: wanted.has(5),
        ..Default::default()
    };
    for &i in group {
        let (index, run) = &live[i];
        if let Some(ask) = run.ask() {
            round.points.extend_from_slice(&ask.points);
            round.directions.extend_from_slice(&ask.directions);
            round.runs.extend(std::iter::repeat_n(*index, ask.len()));
            round.dim = ask.dim;
        }
    }
    round
}

/// Split the answer and tell every run its part. A run whose part does not fit ends with the complaint.
fn distribute(
    live: &mut Vec<(usize, Suspended)>,
    group: &[usize],
    mut tell: Tell,
    results: &mut [Option<Outcome>],
) {
    let count = |run: &Suspended| run.ask().map_or(0, |ask| ask.len());
    let total: usize = group.iter().map(|&i| count(&live[i].1)).sum();
    let uneven = |found: usize, what: &str| {
        (!found.is_multiple_of(total))
            .then(|| format!("{found} {what} were told for {total} points"))
    };
    let complaint = uneven(tell.outputs.len(), "outputs")
        .or_else(|| uneven(tell.derivatives.len(), "entries of derivatives"))
        .or_else(|| uneven(tell.constraints.len(), "values of constraints"))
        .or_else(|| {
            uneven(tell.constraint_derivatives.len(), "entries of derivatives of constraints")
        });
    let part_of = |all: &[f64], from: usize, until: usize| {
        let width = all.len() / total;
        all[from * width..until * width].to_vec()
    };
    let mut from = 0;
    let mut refused = Vec::new();
    for &i in group {
        let (index, run) = &mut live[i];
        let k = count(run);
        let until = from + k;
        let own: Vec<Failure> =
            tell.failures.extract_if(.., |f| (from..until).contains(&f.index)).collect();
        let part = Tell {
            outputs: part_of(&tell.outputs, from, until),
            derivatives: part_of(&tell.derivatives, from, until),
            constraints: part_of(&tell.constraints, from, until),
            constraint_derivatives: part_of(&tell.constraint_derivatives, from, until),
            failures: own.into_iter().map(|f| Failure { index: f.index - from, ..f }).collect(),
        };
        let told = match &complaint {
            Some(complaint) => Err(refusal(complaint.clone())),
            None => run.tell(part),
        };
        if let Err(error) = told {
            results[*index] = Some(Err(error));
            refused.push(i);
        }
        from = until;
    }
    for i in refused.into_iter().rev() {
        live.swap_remove(i);
    }
}

fn refusal(message: String) -> OptimizeError {
    OptimizeError::invalid(InvalidKind::Argument, message)
}
