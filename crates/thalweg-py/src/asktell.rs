//! Ask/tell: a run whose objective somebody else evaluates.

use std::sync::{Mutex, PoisonError};

use pyo3::exceptions::PyBaseException;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use thalweg::core::SolverKind;
use thalweg::drivers::{Ask, Backend, Blueprint, Suspended, Tell};
use thalweg::{Answer, Direction, Failure, FlatResult, OptimizeError};

use crate::errors::{Kind, error};
use crate::handling::{Handling, handling};
use crate::interrupt::Flag;
use crate::objective::output::{compile_outputs, read_outputs, read_scalar, split};
use crate::objective::{Cause, Constraints, failure, kind_from_word, start_error};
use crate::outcome::{outcome_error, specification_error};
use crate::result::RawResult;
use crate::solve::{Arguments, check_start, guarded};
use crate::space::Space;
use crate::tree::Tree;

/// A suspended run: it asks for points and waits to be told what the objective is there.
#[pyclass(frozen, module = "thalweg._thalweg")]
pub(crate) struct AskTell {
    tree: Py<Tree>,
    kind: SolverKind,
    /// Taken out while it is worked with, so that no lock is held while Python code runs.
    state: Mutex<Option<State>>,
}

struct State {
    run: Option<Suspended>,
    /// The structure of residuals or contributions; known after the first answer.
    outputs: Option<Tree>,
    result: Option<FlatResult>,
    /// The nonlinear constraints, which are called here: only the objective is the user's to evaluate.
    constraints: Constraints,
    /// Their values at the start, until they are told.
    known: Option<Vec<f64>>,
}

#[pymethods]
impl AskTell {
    #[new]
    #[pyo3(signature = (tree, algorithm, options=None, *, kind="scalar", derivatives=false, maximize=false, lower=None,
        upper=None, space=None, scaling=None, soft_lower=None, soft_upper=None, numdiff=None, error_handling="raise", penalty=None,
        collect_history=true, nonlinear=None, constraint_handling=Handling::default()))]
    #[allow(clippy::too_many_arguments)] // keyword arguments of Python
    fn new(
        py: Python<'_>,
        tree: Py<Tree>,
        algorithm: &Bound<'_, PyAny>,
        options: Option<&Bound<'_, PyDict>>,
        kind: &str,
        derivatives: bool,
        maximize: bool,
        lower: Option<&Bound<'_, PyAny>>,
        upper: Option<&Bound<'_, PyAny>>,
        space: Option<&Bound<'_, Space>>,
        scaling: Option<(String, f64, f64)>,
        soft_lower: Option<&Bound<'_, PyAny>>,
        soft_upper: Option<&Bound<'_, PyAny>>,
        numdiff: Option<&Bound<'_, PyDict>>,
        error_handling: &str,
        penalty: Option<&Bound<'_, PyDict>>,
        collect_history: bool,
        nonlinear: Option<&Bound<'_, PyAny>>,
        constraint_handling: Handling,
    ) -> PyResult<Self> {
        let kind = kind_from_word(Some(kind))?.unwrap_or(SolverKind::Scalar);
        let arguments = Arguments {
            algorithm,
            options,
            maximize,
            lower,
            upper,
            space,
            scaling,
            soft: (soft_lower, soft_upper),
            numdiff,
            error_handling,
            penalty,
        };
        let (resolved, lines) = arguments.resolve(&Flag::default())?;
        if lines.is_some() {
            let text = "Algorithms that are written in Python cannot be suspended; use minimize or maximize.";
            return Err(error(py, Kind::Argument, text));
        }
        let plan = tree.get();
        check_start(plan).map_err(|wrong| specification_error(py, wrong))?;
        let mut own = Constraints::read(nonlinear)?;
        let start = own.start(py, plan, plan.start());
        let start = start.map_err(|failed| start_error(py, failed))?;
        let names = (0..plan.size()).map(|i| plan.name(py, i)).collect::<Vec<_>>();
        let (constraints, build_options) = arguments.constraints();
        let blueprint = Blueprint {
            has_derivative: derivatives,
            names: names.into(),
            direction: if maximize { Direction::Maximize } else { Direction::Minimize },
            bounds: arguments.bounds()?,
            constraints,
            space: build_options,
            scaling: arguments.scaling()?,
            soft_bounds: arguments.soft_bounds()?,
            numerical_derivatives: arguments.numerical_derivatives()?,
            error_handling: arguments.error_handling()?,
            penalty: arguments.penalty()?,
            collect_history,
            nonlinear: own.limits(),
            constraint_handling: handling(&constraint_handling)?,
            ..Blueprint::new(kind, plan.start().to_vec(), resolved)
        };
        let run = guarded(py, || Suspended::start(blueprint, Backend::Coroutine))?;
        let run = run.map_err(|wrong| specification_error(py, wrong))?;
        let known = Some(start.concat());
        let mut state =
            State { run: Some(run), outputs: None, result: None, constraints: own, known };
        state.settle().map_err(|wrong| outcome_error(py, wrong, plan))?;
        Ok(AskTell { tree, kind, state: Mutex::new(Some(state)) })
    }

    /// What is wanted ("fun", "jac" or "fun_and_jac") and the list of points; None when the run has ended.
    fn ask<'py>(&self, py: Python<'py>) -> PyResult<Option<(&'static str, Bound<'py, PyList>)>> {
        let ask =
            self.with_state(py, |state| state.run.as_ref().and_then(Suspended::ask).cloned())?;
        let Some(ask) = ask else { return Ok(None) };
        let tree = self.tree.get();
        let points = ask.iter().map(|point| tree.build(py, point)).collect::<PyResult<Vec<_>>>()?;
        Ok(Some((want(&ask), PyList::new(py, points)?)))
    }

    /// Answer: one output per point, a pair (output, derivative) for "fun_and_jac"; an exception says that a point failed.
    fn tell(&self, py: Python<'_>, answers: &Bound<'_, PyAny>) -> PyResult<()> {
        let answers: Vec<Bound<'_, PyAny>> = answers.try_iter()?.collect::<PyResult<_>>()?;
        self.with_state(py, |state| self.tell_state(py, state, answers))?
    }

    /// The result of a run that has ended.
    fn result(&self, py: Python<'_>) -> PyResult<RawResult> {
        let result = self.with_state(py, |state| state.result.clone())?;
        let text = "The run has not ended, or it ended with an exception.";
        let result = result.ok_or_else(|| error(py, Kind::NotAvailable, text))?;
        RawResult::new(py, result, self.tree.get(), None)
    }
}

impl State {
    /// Take the result of a run that has ended.
    fn settle(&mut self) -> Result<(), OptimizeError> {
        if let Some(run) = self.run.take_if(|run| run.ask().is_none()) {
            self.result = Some(run.finish()?);
        }
        Ok(())
    }

    /// What the batch wants of the constraints.
    fn add_constraints(&mut self, py: Python<'_>, tree: &Tree, ask: &Ask, tell: &mut Tell) {
        if !ask.wants_constraints && !ask.wants_constraint_derivative {
            return;
        }
        if let Some(known) = self.known.take() {
            tell.constraints = known;
            return;
        }
        let width = ask.len() * self.constraints.n_values();
        tell.constraints.resize(if ask.wants_constraints { width } else { 0 }, 0.0);
        let width = if ask.wants_constraint_derivative { width * ask.dim } else { 0 };
        tell.constraint_derivatives.resize(width, 0.0);
        let Tell { constraints, constraint_derivatives, failures, .. } = tell;
        let answer = Answer { constraints, constraint_derivatives, ..Answer::default() };
        self.constraints.evaluate(py, tree, (&ask.batch(), None), answer, failures);
    }
}

fn want(ask: &Ask) -> &'static str {
    match (ask.wants_outputs, ask.wants_derivative) {
        (true, true) => "fun_and_jac",
        (false, true) => "jac",
        _ => "fun",
    }
}

impl AskTell {
    /// Work with the state, which nobody else can have in the meantime.
    fn with_state<T>(&self, py: Python<'_>, work: impl FnOnce(&mut State) -> T) -> PyResult<T> {
        let lock = || self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = lock().take();
        let Some(mut state) = taken else {
            return Err(error(
                py,
                Kind::Argument,
                "The run is being worked with in another thread.",
            ));
        };
        let worked = work(&mut state);
        *lock() = Some(state);
        Ok(worked)
    }

    fn tell_state(
        &self,
        py: Python<'_>,
        state: &mut State,
        answers: Vec<Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let Some(ask) = state.run.as_ref().and_then(Suspended::ask).cloned() else {
            return Err(error(py, Kind::Argument, "The run has ended: there is nothing to tell."));
        };
        if answers.len() != ask.len() {
            let text =
                format!("{} points were asked for, but {} answers told.", ask.len(), answers.len());
            return Err(error(py, Kind::Argument, text));
        }
        let mut tell = self.read(py, &ask, answers, &mut state.outputs)?;
        state.add_constraints(py, self.tree.get(), &ask, &mut tell);
        self.go_on(py, state, tell)?;
        // Batches that want nothing but constraints are answered here.
        while let Some(ask) = state.run.as_ref().and_then(Suspended::ask).cloned()
            && !ask.wants_outputs
            && !ask.wants_derivative
        {
            let mut tell = Tell::default();
            state.add_constraints(py, self.tree.get(), &ask, &mut tell);
            self.go_on(py, state, tell)?;
        }
        Ok(())
    }

    fn go_on(&self, py: Python<'_>, state: &mut State, tell: Tell) -> PyResult<()> {
        let told = guarded(py, || {
            let told = state.run.as_mut().map_or(Ok(()), |run| run.tell(tell));
            told.and_then(|()| state.settle())
        })?;
        told.map_err(|wrong| outcome_error(py, wrong, self.tree.get()))
    }

    /// The answers as numbers.
    fn read(
        &self,
        py: Python<'_>,
        ask: &Ask,
        answers: Vec<Bound<'_, PyAny>>,
        outputs: &mut Option<Tree>,
    ) -> PyResult<Tell> {
        let mut tell = Tell::default();
        for (index, answer) in answers.into_iter().enumerate() {
            if answer.is_instance_of::<PyBaseException>() {
                let cause = Cause::User(PyErr::from_value(answer));
                tell.failures.push(self.failed(py, index, want(ask), cause));
                self.put_nothing(ask, outputs.as_ref(), &mut tell);
                continue;
            }
            let (value, derivative) = match (ask.wants_outputs, ask.wants_derivative) {
                (true, true) => {
                    split(answer, false).map(|(value, jac)| (Some(value), Some(jac)))?
                }
                (false, true) => (None, Some(answer)),
                _ => (Some(answer), None),
            };
            if let Some(value) = value {
                self.read_value(&value, outputs, &mut tell.outputs)?;
            }
            if let Some(derivative) = derivative {
                self.read_derivative(&derivative, outputs.as_ref(), &mut tell.derivatives)?;
            }
        }
        Ok(tell)
    }

    fn failed(&self, py: Python<'_>, index: usize, what: &'static str, cause: Cause) -> Failure {
        failure(py, index, what, cause, &Flag::default())
    }

    /// Room for a point that failed.
    fn put_nothing(&self, ask: &Ask, outputs: Option<&Tree>, tell: &mut Tell) {
        let m = outputs.map_or(1, Tree::size);
        if ask.wants_outputs {
            tell.outputs.extend(std::iter::repeat_n(f64::NAN, m));
        }
        if ask.wants_derivative {
            tell.derivatives.extend(std::iter::repeat_n(f64::NAN, m * ask.dim));
        }
    }

    fn read_value(
        &self,
        value: &Bound<'_, PyAny>,
        outputs: &mut Option<Tree>,
        into: &mut Vec<f64>,
    ) -> PyResult<()> {
        if self.kind == SolverKind::Scalar {
            into.push(read_scalar(value)?);
            return Ok(());
        }
        let tree = match outputs {
            Some(tree) => tree,
            None => outputs.insert(compile_outputs(value, self.kind)?),
        };
        let from = into.len();
        into.resize(from + tree.size(), 0.0);
        read_outputs(value, tree, &mut into[from..])
    }

    fn read_derivative(
        &self,
        derivative: &Bound<'_, PyAny>,
        outputs: Option<&Tree>,
        into: &mut Vec<f64>,
    ) -> PyResult<()> {
        let tree = self.tree.get();
        let from = into.len();
        into.resize(from + outputs.map_or(1, Tree::size) * tree.size(), 0.0);
        let read = match outputs {
            Some(outputs) => tree.read_blocks(derivative, outputs, &mut into[from..]),
            None => tree.read(derivative, &mut into[from..]),
        };
        read.map_err(|mismatch| {
            let text = format!("The derivative cannot be aligned with params: {mismatch}.");
            error(derivative.py(), Kind::Function, text)
        })
    }
}
