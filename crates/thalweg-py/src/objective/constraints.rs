//! The user's nonlinear constraints: Python functions of a part of the params.

mod spread;

use std::time::Instant;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use thalweg::{Answer, Batch, Failure, Limit, NonlinearLimits, UserErrorKind};

use super::batch::{BatchEvaluator, Timing};
use super::failure::{Cause, failure};
use crate::errors::{Kind, error};
use crate::interrupt::Flag;
use crate::numeric::{describe, number, to_vec, vector};
use crate::tree::Tree;

/// One constraint, as the package describes it.
struct Constraint {
    limits: NonlinearLimits,
    func: Py<PyAny>,
    derivative: Option<Py<PyAny>>,
    /// From the params to what the functions take; all params without any.
    steps: Vec<Py<PyAny>>,
    /// Whether the functions take an array of the selected params, which were listed.
    takes_array: bool,
    /// The positions of the selected params in the flat vector, and their structure.
    positions: Vec<usize>,
    selected: Py<Tree>,
    /// Limits as the user gave them: their structure has to be that of the values.
    given: Vec<(String, Py<PyAny>)>,
    /// The structure of the values; `None` for a number. Known after the start.
    values: Option<Tree>,
    /// Whether the functions can be sent to where batches are evaluated.
    travels: bool,
    timing: Timing,
}

/// All constraints of a run.
#[derive(Default)]
pub(crate) struct Constraints {
    constraints: Vec<Constraint>,
    interrupted: Flag,
    ends_at_failure: bool,
    keeps_going: bool,
}

impl Constraints {
    /// Read a list of dicts, one for each constraint.
    pub(crate) fn read(list: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let mut constraints = Vec::new();
        for entry in list.map(|list| list.try_iter()).transpose()?.into_iter().flatten() {
            constraints.push(Constraint::read(&entry?.cast_into::<PyDict>()?)?);
        }
        Ok(Constraints { constraints, ..Constraints::default() })
    }

    pub(crate) fn prepare(&mut self, interrupted: Flag, ends_at_failure: bool) {
        (self.interrupted, self.ends_at_failure) = (interrupted, ends_at_failure);
    }

    /// As [`thalweg::Objective::keep_going`].
    pub(crate) fn keep_going(&mut self, always: bool) {
        self.keeps_going = always;
    }

    pub(crate) fn limits(&self) -> Vec<NonlinearLimits> {
        self.constraints.iter().map(|constraint| constraint.limits.clone()).collect()
    }

    /// The number of values of all constraints; known after the start.
    pub(crate) fn n_values(&self) -> usize {
        self.constraints.iter().map(|constraint| constraint.limits.n_values).sum()
    }

    /// The values of each constraint at the start, whose structure is learnt from them.
    pub(crate) fn start(
        &mut self,
        py: Python<'_>,
        tree: &Tree,
        point: &[f64],
    ) -> Result<Vec<Vec<f64>>, Failure> {
        let interrupted = &self.interrupted;
        let learn = |constraint: &mut Constraint| {
            let begin = Instant::now();
            let learnt = constraint.first_values(py, tree, point);
            constraint.timing.note(begin.elapsed(), 1);
            learnt.map_err(|cause| constraint.failed(py, 0, cause, interrupted))
        };
        self.constraints.iter_mut().map(learn).collect()
    }

    /// The structure of the values of each constraint: an object that has it, or nothing for a number.
    pub(crate) fn structures<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<Vec<Option<Bound<'py, PyAny>>>> {
        let structure = |constraint: &Constraint| {
            constraint.values.as_ref().map(|tree| tree.build(py, tree.start())).transpose()
        };
        self.constraints.iter().map(structure).collect()
    }

    /// Take over the structures of values from an earlier session.
    pub(crate) fn restore(&mut self, structures: &[Option<Bound<'_, PyAny>>]) -> PyResult<()> {
        for (constraint, structure) in self.constraints.iter_mut().zip(structures) {
            let compile = |object| Tree::compile(object, Kind::Function, "what func returned");
            constraint.values = structure.as_ref().map(compile).transpose()?;
        }
        Ok(())
    }

    /// From now on as many values are expected as there are in these.
    pub(crate) fn resume(&mut self, start: &[Vec<f64>]) {
        for (constraint, values) in self.constraints.iter_mut().zip(start) {
            constraint.limits.n_values = values.len();
        }
    }

    /// Values and closed-form derivatives at the points, each unless it has no room. `outside` evaluates batches that are worth it.
    pub(crate) fn evaluate(
        &mut self,
        py: Python<'_>,
        tree: &Tree,
        (batch, outside): (&Batch<'_>, Option<&BatchEvaluator>),
        answer: Answer<'_>,
        failures: &mut Vec<Failure>,
    ) {
        if let Some(batches) = outside.filter(|_| batch.len() > 1)
            && batches.n_cores(batch.n_cores) > 1
        {
            self.evaluate_spread(py, tree, (batch, batches), answer, failures);
        } else {
            self.evaluate_here(py, tree, batch, answer, failures);
        }
    }

    fn evaluate_here(
        &self,
        py: Python<'_>,
        tree: &Tree,
        batch: &Batch<'_>,
        answer: Answer<'_>,
        failures: &mut Vec<Failure>,
    ) {
        let (c, n) = (self.n_values(), batch.dim);
        for (index, point) in batch.iter().enumerate() {
            let mut first = index * c;
            for constraint in &self.constraints {
                let rows = first..first + constraint.limits.n_values;
                first = rows.end;
                let mut evaluated = Ok(());
                if batch.wants_constraints {
                    let out = &mut answer.constraints[rows.clone()];
                    evaluated = constraint.values(py, tree, point, out);
                }
                if batch.wants_constraint_derivative && constraint.derivative.is_some() {
                    let out = &mut answer.constraint_derivatives[rows.start * n..rows.end * n];
                    evaluated = evaluated.and_then(|()| constraint.rows(py, tree, point, out));
                }
                if let Err(cause) = evaluated {
                    let failed = constraint.failed(py, index, cause, &self.interrupted);
                    let ends = self.ends_at(&failed);
                    failures.push(failed);
                    if ends {
                        return; // the rest of the batch is not evaluated
                    }
                }
            }
        }
    }

    fn ends_at(&self, failed: &Failure) -> bool {
        (self.ends_at_failure && !self.keeps_going) || failed.error.kind != UserErrorKind::Ordinary
    }
}

impl Constraint {
    fn read(entry: &Bound<'_, PyDict>) -> PyResult<Self> {
        let get = |key: &str| -> PyResult<Bound<'_, PyAny>> {
            entry.get_item(key)?.ok_or_else(|| PyValueError::new_err(format!("no key '{key}'")))
        };
        let derivative = Some(get("derivative")?).filter(|derivative| !derivative.is_none());
        let limit = |key: &str| -> PyResult<Limit> {
            let limit = get(key)?;
            Ok(match number(&limit) {
                Ok(limit) => Limit::Same(limit),
                Err(_) => Limit::Each(to_vec(&limit)?),
            })
        };
        let positions = to_vec(&get("positions")?)?;
        let steps = get("steps")?.try_iter()?.map(|step| step.map(Bound::unbind));
        Ok(Constraint {
            limits: NonlinearLimits {
                name: get("name")?.extract()?,
                position: get("index")?.extract()?,
                tol: number(&get("tol")?)?,
                has_derivative: derivative.is_some(),
                n_values: 0,
                ..NonlinearLimits::new(limit("lower")?, limit("upper")?)
            },
            func: get("func")?.unbind(),
            derivative: derivative.map(Bound::unbind),
            steps: steps.collect::<PyResult<_>>()?,
            takes_array: get("takes_array")?.is_truthy()?,
            positions: positions.into_iter().map(|position| position as usize).collect(),
            selected: get("selected")?.cast_into::<Tree>()?.unbind(),
            given: get("given")?.extract()?,
            values: None,
            travels: get("travels")?.is_truthy()?,
            timing: Timing::default(),
        })
    }

    /// What the functions take, made of the params at a point.
    fn argument<'py>(
        &self,
        py: Python<'py>,
        tree: &Tree,
        point: &[f64],
    ) -> PyResult<Bound<'py, PyAny>> {
        if self.takes_array {
            let selected: Vec<f64> = self.positions.iter().map(|&i| point[i]).collect();
            return Ok(vector(py, &selected).into_any());
        }
        let params = tree.build(py, point)?;
        self.steps.iter().try_fold(params, |part, step| step.bind(py).call1((part,)))
    }

    fn call<'py>(
        &self,
        py: Python<'py>,
        function: &Py<PyAny>,
        tree: &Tree,
        point: &[f64],
    ) -> Result<Bound<'py, PyAny>, Cause> {
        let argument = self.argument(py, tree, point).map_err(Cause::User)?;
        function.bind(py).call1((argument,)).map_err(Cause::User)
    }

    fn first_values(
        &mut self,
        py: Python<'_>,
        tree: &Tree,
        point: &[f64],
    ) -> Result<Vec<f64>, Cause> {
        let returned = self.call(py, &self.func, tree, point)?;
        let values = match number(&returned) {
            Ok(value) => vec![value],
            Err(_) if returned.is_none() => {
                let text = "func returned None instead of numbers. Is a return statement missing?";
                return Err(Cause::Ours(error(py, Kind::Function, text)));
            }
            Err(_) => {
                let values = Tree::compile(&returned, Kind::Function, "what func returned");
                let values = values.map_err(Cause::Ours)?;
                let flat = values.start().to_vec();
                self.values = Some(values);
                flat
            }
        };
        self.check_limits(py, values.len()).map_err(Cause::Ours)?;
        self.limits.n_values = values.len();
        Ok(values)
    }

    /// Limits that are more than one number are structured like the values.
    fn check_limits(&self, py: Python<'_>, count: usize) -> PyResult<()> {
        let Some(values) = &self.values else { return Ok(()) };
        for (name, given) in &self.given {
            let given = given.bind(py);
            let mut flat = vec![0.0; count];
            let flattened = Tree::compile(given, Kind::Constraint, name)?;
            let fits = values.read(given, &mut flat);
            if flattened.size() == count && fits.is_ok() && flat == flattened.start() {
                continue;
            }
            let by_position =
                flattened.is_vector() || given.is_instance_of::<pyo3::types::PyList>();
            if by_position && values.is_vector() {
                continue; // how many there are is checked with everything else
            }
            let why = match fits {
                Err(mismatch) => mismatch.to_string(),
                Ok(()) => "the order is another".to_string(),
            };
            let text = format!(
                "{} has a {name} ({}) that is not structured like what func returns: {why}. Give one number for all \
                 values, or the same structure.",
                self.limits,
                describe(given)
            );
            return Err(error(py, Kind::Constraint, text));
        }
        Ok(())
    }

    fn values(
        &self,
        py: Python<'_>,
        tree: &Tree,
        point: &[f64],
        out: &mut [f64],
    ) -> Result<(), Cause> {
        let returned = self.call(py, &self.func, tree, point)?;
        self.read_values(&returned, out)
    }

    fn read_values(&self, returned: &Bound<'_, PyAny>, out: &mut [f64]) -> Result<(), Cause> {
        let ours = |text: String| Cause::Ours(error(returned.py(), Kind::Function, text));
        match &self.values {
            None => {
                out[0] = number(returned).map_err(|_| {
                    let returned = describe(returned);
                    ours(format!("func returned {returned}, but a number at the start params"))
                })?;
                Ok(())
            }
            Some(values) => values.read(returned, out).map_err(|mismatch| {
                ours(format!(
                    "func returned another structure than at the start params: {mismatch}"
                ))
            }),
        }
    }

    /// The derivative: one row for each value, with zeros for params that are not selected.
    fn rows(
        &self,
        py: Python<'_>,
        tree: &Tree,
        point: &[f64],
        out: &mut [f64],
    ) -> Result<(), Cause> {
        let Some(derivative) = &self.derivative else { return Ok(()) };
        let returned = self.call(py, derivative, tree, point)?;
        self.read_rows(&returned, point.len(), out)
    }

    fn read_rows(
        &self,
        returned: &Bound<'_, PyAny>,
        n: usize,
        out: &mut [f64],
    ) -> Result<(), Cause> {
        let (py, k) = (returned.py(), self.positions.len());
        let mut entries = vec![0.0; self.limits.n_values * k];
        let read = match &self.values {
            None => self.selected.get().read(returned, &mut entries),
            Some(values) => self.selected.get().read_blocks(returned, values, &mut entries),
        };
        read.map_err(|mismatch| {
            let text = format!(
                "derivative and the selected params cannot be aligned: {mismatch}. It has one block for each part of \
                 what func returns (outer) and each selected part of the params (inner)"
            );
            Cause::Ours(error(py, Kind::Function, text))
        })?;
        out.fill(0.0);
        for (row, own) in out.chunks_exact_mut(n).zip(entries.chunks_exact(k.max(1))) {
            for (&position, entry) in self.positions.iter().zip(own) {
                row[position] += entry;
            }
        }
        Ok(())
    }

    #[cold]
    fn failed(&self, py: Python<'_>, index: usize, cause: Cause, interrupted: &Flag) -> Failure {
        let failure = failure(py, index, Failure::CONSTRAINT, cause, interrupted);
        Failure { error: failure.error.of(self.limits.to_string()), ..failure }
    }
}
