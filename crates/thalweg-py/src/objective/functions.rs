//! The user's functions: the first evaluation, in which they are learnt about, and all later ones.

use std::time::Instant;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use thalweg::core::SolverKind;
use thalweg::{Failure, StartValues};

use super::batch::BatchEvaluator;
use super::call::{Arguments, Function};
use super::constraints::Constraints;
use super::failure::{Cause, failure};
use super::output::{
    Form, compile_outputs, has_low_precision, read_outputs, read_scalar, recognize, split,
};
use super::second::Second;
use crate::errors::{Kind, error};
use crate::interrupt::Flag;
use crate::numeric::{as_f64_array, number};
use crate::tree::Tree;
use crate::turns::Turns;

/// Changes of the start values that are no reason to evaluate once more; the value there is taken for that at the start. Numerical
/// derivatives, whose steps are near 1e-8, do not notice.
const ROUNDING: f64 = 1e-14;

/// The functions and what is known about what they return.
pub(crate) struct Functions {
    pub(super) tree: Py<Tree>,
    pub(super) fun: Option<Function>,
    pub(super) jac: Option<Function>,
    pub(super) fun_and_jac: Option<Function>,
    pub(super) second: Second,
    /// fun_and_jac is the user's fun, by jac=True.
    pub(super) jac_is_true: bool,
    /// The kind by mark or annotation of fun.
    pub(super) declared: Option<SolverKind>,
    /// The kind by mark of jac or fun_and_jac.
    jac_kind: Option<SolverKind>,
    pub(super) form: Form,
    /// Whether what fun returned at the start has fewer digits than float64.
    pub(super) low_precision: bool,
    /// The kind of what fun returns; known after the start.
    pub(super) kind: Option<SolverKind>,
    /// The structure of residuals or contributions.
    pub(super) outputs: Option<Py<Tree>>,
    /// Set if outputs are to be summed up here, because the derivative is that of the sum.
    pub(super) aggregated: Option<SolverKind>,
    /// The kind of algorithm at work.
    solver: Option<SolverKind>,
    pub(super) start: Option<StartValues>,
    arguments: Arguments,
    interrupted: Flag,
    pub(super) batches: Option<BatchEvaluator>,
    /// Whether any failure ends the run.
    ends_at_failure: bool,
    /// The nonlinear constraints of the run.
    pub(super) constraints: Constraints,
    /// Whether no failure says anything about other points, for now.
    pub(super) keeps_going: bool,
    /// How many outputs there are, where a log answered the start.
    pub(super) resumed: Option<usize>,
    /// What FunctionValues said besides their value at points of the last batch, as JSON; `None` where nobody wants to know.
    pub(super) infos: Option<Vec<(usize, String)>>,
    /// When other threads get the interpreter, if the run keeps it between evaluations.
    pub(super) turns: Option<Turns>,
}

impl Functions {
    /// No functions yet, for params of this structure.
    pub(super) fn new(
        tree: Py<Tree>,
        declared: Option<SolverKind>,
        jac_kind: Option<SolverKind>,
    ) -> Self {
        Functions {
            tree,
            fun: None,
            jac: None,
            fun_and_jac: None,
            second: Second::default(),
            jac_is_true: false,
            declared,
            jac_kind,
            form: Form::Plain,
            low_precision: false,
            kind: None,
            outputs: None,
            aggregated: None,
            solver: None,
            start: None,
            arguments: Arguments::default(),
            interrupted: Flag::default(),
            batches: None,
            ends_at_failure: false,
            constraints: Constraints::default(),
            keeps_going: false,
            resumed: None,
            infos: None,
            turns: None,
        }
    }

    /// Keep what FunctionValues say besides their value, for a log.
    pub(crate) fn keep_infos(&mut self) {
        self.infos = Some(Vec::new());
    }

    /// Prepare a run: the kind of algorithm, the flag of Ctrl-C, who evaluates batches, and what a failure means.
    pub(crate) fn prepare(
        &mut self,
        solver: SolverKind,
        interrupted: Flag,
        batches: Option<BatchEvaluator>,
        ends_at_failure: bool,
    ) {
        if self.solver.is_some_and(|former| former != solver) {
            // What the derivative is taken for depends on the algorithm.
            (self.start, self.aggregated) = (None, None);
        }
        self.solver = Some(solver);
        self.interrupted = interrupted;
        self.batches = batches;
        (self.ends_at_failure, self.keeps_going) = (ends_at_failure, false);
        (self.resumed, self.infos, self.turns) = (None, None, None);
    }

    /// Whether evaluations of the run happen in the thread that asks for them, one after the other.
    pub(crate) fn evaluates_here(&self) -> bool {
        self.batches.is_none()
    }

    /// The run keeps the interpreter between evaluations: let other threads have it now and then.
    pub(crate) fn take_turns(&mut self) {
        self.turns = Some(Turns::new());
    }

    /// Set the nonlinear constraints of the run, after [`Functions::prepare`].
    pub(crate) fn set_constraints(&mut self, mut constraints: Constraints) {
        constraints.prepare(Flag::clone(&self.interrupted), self.ends_at_failure);
        self.constraints = constraints;
    }

    pub(crate) fn constraints(&self) -> &Constraints {
        &self.constraints
    }

    pub(crate) fn tree(&self) -> &Py<Tree> {
        &self.tree
    }

    /// Whether only the first evaluation can tell the kind.
    pub(crate) fn kind_is_open(&self) -> bool {
        self.declared.is_none() && self.kind.is_none()
    }

    /// The evaluation at the start; kept, so that a second call costs nothing.
    pub(crate) fn evaluate_start(&mut self, py: Python<'_>) -> Result<StartValues, Failure> {
        if self.start.is_none() {
            let begin = Instant::now();
            let tree = self.tree.clone_ref(py);
            self.start = Some(self.first_evaluation(py, tree.get().start())?);
            if let Some(batches) = &mut self.batches {
                batches.note(begin.elapsed(), 1);
            }
        }
        Ok(self.start.clone().unwrap_or_default())
    }

    /// The evaluation where the run begins: the user's start values, unless constraints move them by more than rounding.
    pub(super) fn evaluate_begin(
        &mut self,
        py: Python<'_>,
        point: &[f64],
    ) -> Result<StartValues, Failure> {
        let tree = self.tree.clone_ref(py);
        let is_near = |(a, b): (&f64, &f64)| (a - b).abs() <= ROUNDING * b.abs().max(1.0);
        if point.iter().zip(tree.get().start()).all(is_near) {
            return self.evaluate_start(py);
        }
        self.first_evaluation(py, point)
    }

    fn first_evaluation(&mut self, py: Python<'_>, start: &[f64]) -> Result<StartValues, Failure> {
        let tree = self.tree.clone_ref(py);
        let tree = tree.get();
        let (mut derivative, mut value_beside) = (None, None);
        let returned = match (&self.fun, &self.fun_and_jac) {
            (Some(fun), _) => self
                .arguments
                .call(py, fun, tree, start)
                .map_err(|error| (fun.what, Cause::User(error))),
            (None, Some(both)) => match self.arguments.call(py, both, tree, start) {
                Ok(returned) => split(returned, self.jac_is_true)
                    .map(|(value, jac)| {
                        derivative = Some(jac);
                        value
                    })
                    .map_err(|error| (both.what, Cause::Ours(error))),
                Err(error) => Err((both.what, Cause::User(error))),
            },
            (None, None) => Err(("fun", Cause::Ours(PyValueError::new_err("fun is needed")))),
        };
        let returned = returned.map_err(|(what, cause)| self.failed(py, 0, what, cause))?;
        let ours = |functions: &Self, error| functions.failed(py, 0, "fun", Cause::Ours(error));
        let outputs = self.first_outputs(returned).map_err(|error| ours(self, error))?;

        if derivative.is_none() {
            let source = self.jac.as_ref().or(self.fun_and_jac.as_ref());
            if let Some(source) = source {
                let what = source.what;
                let returned = self.arguments.call(py, source, tree, start);
                let returned =
                    returned.map_err(|error| self.failed(py, 0, what, Cause::User(error)))?;
                let part = match what {
                    "jac" => Ok(returned),
                    _ => split(returned, self.jac_is_true).map(|(value, jac)| {
                        value_beside = Some(value);
                        jac
                    }),
                };
                derivative =
                    Some(part.map_err(|error| self.failed(py, 0, what, Cause::Ours(error)))?);
            }
        }
        let derivative = derivative
            .map(|derivative| self.first_derivative(&derivative))
            .transpose()
            .map_err(|error| ours(self, error))?;
        if let Some(value) = value_beside {
            let mut unused = vec![0.0; self.n_rows()];
            self.read_value_beside_jac(value, &mut unused).map_err(|wrong| {
                let text = format!("The value of fun_and_jac does not fit: {}", wrong.value(py));
                let wrong = error(py, Kind::Function, text);
                self.failed(py, 0, "fun_and_jac", Cause::Ours(wrong))
            })?;
        }
        Ok(StartValues { outputs: self.aggregate(outputs), derivative, ..StartValues::default() })
    }

    /// Learn from the first value what the function returns.
    fn first_outputs(&mut self, returned: Bound<'_, PyAny>) -> PyResult<Vec<f64>> {
        let py = returned.py();
        let (form, kind) = recognize(&returned, self.declared, true)?;
        let kind = kind.unwrap_or(SolverKind::Scalar);
        self.form = form;
        self.note_info(&returned, 0);
        let value = form.unwrap(returned)?;
        self.low_precision = has_low_precision(&value);
        let outputs = if kind == SolverKind::Scalar {
            vec![read_scalar(&value)?]
        } else {
            let tree = compile_outputs(&value, kind)?;
            let outputs = tree.start().to_vec();
            self.outputs = Some(Py::new(py, tree)?);
            outputs
        };
        self.kind = Some(kind);
        Ok(outputs)
    }

    /// Learn from the first derivative whether it is that of every output or that of their sum.
    fn first_derivative(&mut self, derivative: &Bound<'_, PyAny>) -> PyResult<Vec<f64>> {
        let n = self.tree.get().size();
        let kind = self.kind.unwrap_or(SolverKind::Scalar);
        let aggregates = self.solver.is_none_or(|solver| solver == SolverKind::Scalar);
        if kind != SolverKind::Scalar && aggregates && self.jac_kind == Some(SolverKind::Scalar) {
            self.aggregated = Some(kind);
        }
        let mut entries = vec![0.0; self.n_rows() * n];
        let first = self.read_derivative(derivative, &mut entries);
        let Err(mismatch) = first else { return Ok(entries) };
        if kind != SolverKind::Scalar && aggregates && self.jac_kind.is_none() {
            self.aggregated = Some(kind);
            let mut gradient = vec![0.0; n];
            if self.read_derivative(derivative, &mut gradient).is_ok() {
                return Ok(gradient);
            }
            self.aggregated = None;
        }
        Err(mismatch)
    }

    /// The number of rows of the derivative.
    pub(super) fn n_rows(&self) -> usize {
        match (&self.outputs, self.aggregated) {
            (Some(tree), None) => tree.get().size(),
            _ => self.resumed.unwrap_or(1),
        }
    }

    fn aggregate(&self, outputs: Vec<f64>) -> Vec<f64> {
        match self.aggregated {
            None => outputs,
            Some(kind) => vec![sum_up(kind, &outputs)],
        }
    }

    #[inline]
    pub(super) fn read_derivative(
        &self,
        derivative: &Bound<'_, PyAny>,
        out: &mut [f64],
    ) -> PyResult<()> {
        let tree = self.tree.get();
        let read = match (&self.outputs, self.aggregated) {
            (Some(outputs), None) => tree.read_blocks(derivative, outputs.get(), out),
            _ if tree.is_vector()
                && let Some((data, [len])) = as_f64_array(derivative)
                && *len == out.len() =>
            {
                out.copy_from_slice(data);
                return Ok(());
            }
            _ => tree.read(derivative, out),
        };
        read.map_err(|mismatch| {
            let text =
                format!("The output of derivative and criterion cannot be aligned: {mismatch}.");
            error(derivative.py(), Kind::Function, text)
        })
    }

    #[inline]
    pub(super) fn read_value(&self, returned: Bound<'_, PyAny>, out: &mut [f64]) -> PyResult<()> {
        let value = self.form.unwrap(returned)?;
        match (&self.outputs, self.aggregated) {
            (None, _) if self.is_unlearnt() => self.read_unlearnt(&value, out)?,
            (None, _) => out[0] = read_scalar(&value)?,
            (Some(tree), None) => read_outputs(&value, tree.get(), out)?,
            (Some(tree), Some(kind)) => {
                let mut outputs = vec![0.0; tree.get().size()];
                read_outputs(&value, tree.get(), &mut outputs)?;
                out[0] = sum_up(kind, &outputs);
            }
        }
        Ok(())
    }

    /// The value that fun_and_jac returned; with the derivative of a sum it may be the sum itself.
    #[inline]
    pub(super) fn read_value_beside_jac(
        &self,
        returned: Bound<'_, PyAny>,
        out: &mut [f64],
    ) -> PyResult<()> {
        if self.aggregated.is_some()
            && let Ok((form, _)) = recognize(&returned, Some(SolverKind::Scalar), false)
            && let Ok(value) = form.unwrap(returned.clone())
            && let Ok(value) = number(&value)
        {
            out[0] = value;
            return Ok(());
        }
        self.read_value(returned, out)
    }

    #[cold]
    pub(super) fn failed(
        &self,
        py: Python<'_>,
        index: usize,
        what: &'static str,
        cause: Cause,
    ) -> Failure {
        failure(py, index, what, cause, &self.interrupted)
    }

    /// Whether nothing is evaluated after this failure.
    pub(super) fn ends_at(&self, failure: &Failure) -> bool {
        (self.ends_at_failure && !self.keeps_going)
            || failure.error.kind != thalweg::UserErrorKind::Ordinary
    }

    /// One point: the outputs into `out` and the derivative into `derivative`, each unless empty.
    pub(super) fn point(
        &mut self,
        py: Python<'_>,
        (index, point): (usize, &[f64]),
        out: &mut [f64],
        derivative: &mut [f64],
    ) -> Result<(), (&'static str, Cause)> {
        let (wants_value, wants_derivative) = (!out.is_empty(), !derivative.is_empty());
        let both = self.fun_and_jac.as_ref().filter(|_| {
            (wants_value && (wants_derivative || self.fun.is_none()))
                || (wants_derivative && self.jac.is_none())
        });
        let tree = self.tree.get();
        if let Some(both) = both {
            let what = both.what;
            let returned = self.arguments.call(py, both, tree, point);
            let returned = returned.map_err(|error| (what, Cause::User(error)))?;
            let ours = |error| (what, Cause::Ours(error));
            let (value, jac) = split(returned, self.jac_is_true).map_err(ours)?;
            if wants_value {
                self.note_info(&value, index);
                self.read_value_beside_jac(value, out).map_err(ours)?;
            }
            if wants_derivative {
                self.read_derivative(&jac, derivative).map_err(ours)?;
            }
            return Ok(());
        }
        if let (true, Some(fun)) = (wants_value, &self.fun) {
            let returned = self.arguments.call(py, fun, tree, point);
            let returned = returned.map_err(|error| ("fun", Cause::User(error)))?;
            self.note_info(&returned, index);
            self.read_value(returned, out).map_err(|error| ("fun", Cause::Ours(error)))?;
        }
        if let (true, Some(jac)) = (wants_derivative, &self.jac) {
            let returned = self.arguments.call(py, jac, self.tree.get(), point);
            let returned = returned.map_err(|error| ("jac", Cause::User(error)))?;
            self.read_derivative(&returned, derivative)
                .map_err(|error| ("jac", Cause::Ours(error)))?;
        }
        Ok(())
    }
}

/// The objective as one number.
pub(crate) fn sum_up(kind: SolverKind, outputs: &[f64]) -> f64 {
    match kind {
        SolverKind::LeastSquares => outputs.iter().map(|residual| residual * residual).sum(),
        _ => outputs.iter().sum(),
    }
}
