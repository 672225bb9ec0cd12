//! Local runs: one after the other with the direct driver, or several in lockstep.

use std::sync::Arc;

use thalweg_core::{OptionCall, Sink, SolverKind};
use thalweg_space::{Bounds, Space};

use super::notes::{Keeper, Note, Notes, pass_on, push};
use crate::drivers::{Job, Outcome, Round, Tell, lockstep_jobs};
use crate::limits::IterationReport;
use crate::objective::{
    Answer, Batch, Failure, Objective, SecondDerivatives, StartValues, UserError, UserErrorKind,
};
use crate::pipeline::{Specification, optimize_in};

/// What all local runs of a search have in common.
pub(super) struct Local<'l, 'a> {
    pub spec: &'l mut Specification<'a>,
    pub space: &'l Space,
    pub n_cores: usize,
    /// Whether the algorithm is one of the catalog, so that its runs may be suspended.
    pub of_catalog: bool,
    /// The number of the step of the first run.
    pub first_step: u64,
    /// Set when the user's callback asked for the end.
    pub told_to_stop: bool,
}

impl Local<'_, '_> {
    /// Run from every start, in order. Runs that did not begin because the search has to end have no outcome; `ends_search`
    /// says after which outcomes it has to.
    pub fn run(
        &mut self,
        starts: &[Vec<f64>],
        ends_search: &dyn Fn(&Outcome) -> bool,
    ) -> Vec<Option<Outcome>> {
        if starts.len() > 1 && self.of_catalog {
            return self.in_lockstep(starts, ends_search);
        }
        let mut outcomes: Vec<Option<Outcome>> = Vec::new();
        for (start, step) in starts.iter().zip(self.first_step..) {
            let outcome = self.directly(start, step);
            let ends = ends_search(&outcome);
            outcomes.push(Some(outcome));
            if ends {
                break;
            }
        }
        outcomes
    }

    /// Whether the first evaluation of a run asks for the derivative, too.
    fn starts_with_derivative(&self) -> bool {
        self.spec.objective.has_derivative() && self.spec.algorithm.spec().features.needs_gradient
    }

    /// One run whose objective is evaluated where it is needed.
    fn directly(&mut self, start: &[f64], step: u64) -> Outcome {
        let space = self.space.starting_at(start);
        let user = user_point(&space, start);
        let with_derivative = self.starts_with_derivative();
        let n_cores = self.n_cores;
        let spec = &mut *self.spec;
        let mut numerical_derivatives = spec.numerical_derivatives.clone();
        numerical_derivatives.n_cores = n_cores;
        let told_to_stop = &mut self.told_to_stop;
        let mut callback = spec.callback.as_mut().map(|callback| {
            |report: &IterationReport<'_>| {
                *told_to_stop |= callback(report);
                *told_to_stop
            }
        });
        optimize_in(
            Specification {
                objective: &mut FromHere {
                    objective: &mut *spec.objective,
                    with_derivative,
                    sizes: spec.nonlinear.iter().map(|constraint| constraint.n_values).collect(),
                },
                start: &user,
                names: spec.names,
                direction: spec.direction,
                algorithm: spec.algorithm.boxed(),
                algorithm_name: spec.algorithm_name.clone(),
                wording: spec.wording,
                limits: spec.limits,
                bounds: spec.bounds.clone(),
                constraints: spec.constraints.clone(),
                nonlinear: spec.nonlinear.clone(),
                extra_rows: spec.extra_rows.clone(),
                constraint_handling: spec.constraint_handling,
                space: spec.space,
                scaling: None, // the space is scaled
                soft_bounds: Bounds::none(),
                numerical_derivatives,
                n_cores,
                error_handling: spec.error_handling,
                penalty: spec.penalty,
                collect_history: spec.collect_history,
                callback: callback.as_mut().map(|callback| callback as _),
                on_failure: match &mut spec.on_failure {
                    Some(notify) => Some(&mut **notify),
                    None => None,
                },
                sinks: spec.sinks.iter_mut().map(|sink| &mut **sink as &mut dyn Sink).collect(),
                interrupt: spec.interrupt.clone(),
                seed: spec.seed,
                multistart: None,
                log: None,
                on_space: None,
                clock: spec.clock.clone(),
                step,
            },
            &space,
            None,
        )
    }

    /// Suspended runs whose batches are merged. What they have to tell the user is kept until they are suspended: the user's
    /// code never runs on their stacks.
    fn in_lockstep(
        &mut self,
        starts: &[Vec<f64>],
        ends_search: &dyn Fn(&Outcome) -> bool,
    ) -> Vec<Option<Outcome>> {
        let notes: Notes = Arc::default();
        let steps = starts.iter().zip(self.first_step..);
        let jobs = steps.map(|(start, step)| Ok(self.job(start, step, &notes))).collect();
        let n_cores = self.n_cores;
        let spec = &mut *self.spec;
        let told_to_stop = &mut self.told_to_stop;
        spec.objective.keep_going(true);
        let outcomes = lockstep_jobs(
            jobs,
            &mut |round| {
                *told_to_stop |= pass_on(&notes, spec);
                if *told_to_stop { all_interrupted(round) } else { answer(round, spec, n_cores) }
            },
            &mut |_, outcome| ends_search(outcome),
        );
        *told_to_stop |= pass_on(&notes, spec);
        spec.objective.keep_going(false);
        outcomes
    }

    /// A run that can be suspended: everything that it needs is its own.
    fn job(&self, start: &[f64], step: u64, notes: &Notes) -> Job {
        let spec = &*self.spec;
        let space = self.space.starting_at(start);
        let user = user_point(&space, start);
        let (algorithm, algorithm_name) = (spec.algorithm.boxed(), spec.algorithm_name.clone());
        let (direction, limits, wording) = (spec.direction, spec.limits, spec.wording);
        let numerical_derivatives = spec.numerical_derivatives.clone();
        let (n_cores, seed, penalty) = (self.n_cores, spec.seed, spec.penalty);
        let (error_handling, collect_history) = (spec.error_handling, spec.collect_history);
        let (bounds, constraints) = (spec.bounds.clone(), spec.constraints.clone());
        let (nonlinear, extra_rows) = (spec.nonlinear.clone(), spec.extra_rows.clone());
        let constraint_handling = spec.constraint_handling;
        let (build_options, interrupt) = (spec.space, spec.interrupt.clone());
        let has_callback = spec.callback.is_some();
        let (has_notify, has_sinks) = (spec.on_failure.is_some(), !spec.sinks.is_empty());
        let (notes, clock) = (Arc::clone(notes), spec.clock.clone());
        let run = move |objective: &mut dyn Objective| {
            let mut on_iteration = |report: &IterationReport<'_>| {
                push(&notes, Note::iteration(report));
                false
            };
            let mut on_failure = |failure: &Failure| push(&notes, Note::failure(failure));
            let mut keeper = Keeper(Arc::clone(&notes));
            let sinks = if has_sinks { vec![&mut keeper as &mut dyn Sink] } else { Vec::new() };
            optimize_in(
                Specification {
                    objective,
                    start: &user,
                    names: &|position| position.to_string(), // everything was checked before
                    direction,
                    algorithm,
                    algorithm_name,
                    wording,
                    limits,
                    bounds,
                    constraints,
                    nonlinear,
                    extra_rows,
                    constraint_handling,
                    space: build_options,
                    scaling: None,
                    soft_bounds: Bounds::none(),
                    numerical_derivatives,
                    n_cores,
                    error_handling,
                    penalty,
                    collect_history,
                    callback: has_callback.then_some(&mut on_iteration),
                    on_failure: has_notify.then_some(&mut on_failure),
                    sinks,
                    interrupt,
                    seed,
                    multistart: None,
                    log: None,
                    on_space: None,
                    clock,
                    step,
                },
                &space,
                None,
            )
        };
        Job {
            kind: self.spec.objective.kind(),
            has_derivative: self.spec.objective.has_derivative(),
            second_derivatives: self.spec.objective.second_derivatives(),
            start_with_derivative: self.starts_with_derivative(),
            nonlinear: self.spec.nonlinear.clone(),
            of_catalog: self.of_catalog,
            run: Box::new(run),
        }
    }
}

/// The user's point of an internal one.
pub(super) fn user_point(space: &Space, x: &[f64]) -> Vec<f64> {
    let mut user = vec![0.0; space.n_user()];
    space.to_user(x, &mut user, &mut space.workspace());
    user
}

/// Evaluate the merged batch of a round.
fn answer(round: &Round, spec: &mut Specification<'_>, n_cores: usize) -> Tell {
    let (k, m) = (round.runs.len(), spec.objective.n_outputs());
    let c: usize = spec.nonlinear.iter().map(|constraint| constraint.n_values).sum();
    let batch = Batch {
        points: &round.points,
        dim: round.dim,
        wants_outputs: round.wants_outputs,
        wants_derivative: round.wants_derivative,
        wants_constraints: round.wants_constraints,
        wants_constraint_derivative: round.wants_constraint_derivative,
        wants_hessian: round.wants_hessian,
        wants_product: round.wants_product,
        directions: &round.directions,
        n_cores,
    };
    let rows = if round.wants_constraint_derivative { k * c * round.dim } else { 0 };
    let mut tell = Tell {
        outputs: vec![0.0; if round.wants_outputs { k * m } else { 0 }],
        derivatives: vec![0.0; k * batch.width_of_derivatives(m)],
        constraints: vec![0.0; if round.wants_constraints { k * c } else { 0 }],
        constraint_derivatives: vec![0.0; rows],
        failures: Vec::new(),
    };
    let answer = Answer {
        outputs: &mut tell.outputs,
        derivatives: &mut tell.derivatives,
        constraints: &mut tell.constraints,
        constraint_derivatives: &mut tell.constraint_derivatives,
    };
    spec.objective.evaluate(&batch, answer, &mut tell.failures);
    // What ends the search ends every run: nothing after it was evaluated.
    if let Some(i) = tell.failures.iter().position(|f| f.error.kind != UserErrorKind::Ordinary) {
        let first = tell.failures.swap_remove(i);
        let kind = first.error.kind;
        tell = all_interrupted(round);
        if kind == UserErrorKind::Fatal {
            let index = first.index.min(k - 1);
            tell.failures[index] = Failure { index, ..first };
        }
    }
    tell
}

fn all_interrupted(round: &Round) -> Tell {
    let interrupt = |index| {
        let error = UserError::new("the search was ended");
        let error = UserError { kind: UserErrorKind::Interrupt, ..error };
        Failure { index, what: "fun", error }
    };
    Tell { failures: (0..round.runs.len()).map(interrupt).collect(), ..Default::default() }
}

/// The user's objective, at whose start nothing was evaluated yet.
struct FromHere<'o> {
    objective: &'o mut dyn Objective,
    with_derivative: bool,
    /// How many values each nonlinear constraint has.
    sizes: Vec<usize>,
}

impl Objective for FromHere<'_> {
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
        let m = self.n_outputs();
        let mut outputs = vec![0.0; m];
        let mut derivative = self.with_derivative.then(|| vec![0.0; m * params.len()]);
        let mut failures = Vec::new();
        let batch = Batch {
            points: params,
            dim: params.len(),
            wants_outputs: true,
            wants_derivative: self.with_derivative,
            wants_constraints: !self.sizes.is_empty(),
            n_cores: 1,
            ..Batch::default()
        };
        let mut values = vec![0.0; self.sizes.iter().sum()];
        let answer = Answer {
            outputs: &mut outputs,
            derivatives: derivative.as_deref_mut().unwrap_or(&mut []),
            constraints: &mut values,
            ..Answer::default()
        };
        self.objective.evaluate(&batch, answer, &mut failures);
        let mut rest = values.into_iter();
        let sizes = self.sizes.iter();
        let constraints = sizes.map(|&size| rest.by_ref().take(size).collect()).collect();
        match failures.pop() {
            Some(failure) => Err(failure),
            None => Ok(StartValues { outputs, derivative, constraints }),
        }
    }

    fn evaluate(&mut self, batch: &Batch<'_>, answer: Answer<'_>, failures: &mut Vec<Failure>) {
        self.objective.evaluate(batch, answer, failures);
    }

    fn call(&mut self, call: OptionCall) -> Result<Vec<f64>, UserError> {
        self.objective.call(call)
    }
}
