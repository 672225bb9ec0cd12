//! What is known about the functions beyond one session: how what they return is structured, and what it says besides numbers.

use pyo3::prelude::*;
use thalweg::core::SolverKind;

use super::functions::Functions;
use super::kind_from_word;
use super::output::Form;
use crate::errors::Kind;
use crate::tree::Tree;

impl Functions {
    /// What was learnt at the start, in words for [`Functions::restore_description`].
    pub(super) fn description(&self, py: Python<'_>) -> PyResult<String> {
        let word = |kind: Option<SolverKind>| kind.map(SolverKind::as_str);
        let form = match self.form {
            Form::Plain => ("plain", None),
            Form::FunctionValue => ("function_value", None),
            Form::Dict(kind) => ("dict", Some(kind.as_str())),
        };
        let outputs = self.outputs().map(|tree| tree.get().build(py, tree.get().start()));
        let constraints = self.constraints().structures(py)?;
        let learnt =
            (form, word(self.kind), word(self.aggregated), outputs.transpose()?, constraints);
        py.import("thalweg._structure")?.call_method1("describe", learnt)?.extract()
    }

    /// Know again what was learnt at the start of an earlier session.
    pub(crate) fn restore_description(&mut self, py: Python<'_>, text: &str) -> PyResult<()> {
        type Learnt<'py> = (
            (String, Option<String>),
            Option<String>,
            Option<String>,
            Option<Bound<'py, PyAny>>,
            Vec<Option<Bound<'py, PyAny>>>,
        );
        let learnt = py.import("thalweg._structure")?.call_method1("learnt", (text,))?;
        let (form, kind, aggregated, outputs, constraints): Learnt<'_> = learnt.extract()?;
        let of_dict = kind_from_word(form.1.as_deref())?;
        self.form = match (form.0.as_str(), of_dict) {
            ("function_value", _) => Form::FunctionValue,
            ("dict", Some(kind)) => Form::Dict(kind),
            _ => Form::Plain,
        };
        self.kind = kind_from_word(kind.as_deref())?;
        self.aggregated = kind_from_word(aggregated.as_deref())?;
        if let Some(outputs) = outputs {
            let tree = Tree::compile(&outputs, Kind::Function, "the output of fun")?;
            self.set_outputs(Some(Py::new(py, tree)?));
        }
        self.set_constraint_structures(&constraints)
    }

    /// The structure of residuals or contributions, once known.
    pub(super) fn outputs(&self) -> Option<&Py<Tree>> {
        self.outputs.as_ref()
    }

    pub(super) fn set_outputs(&mut self, outputs: Option<Py<Tree>>) {
        self.outputs = outputs;
    }

    pub(super) fn set_constraint_structures(
        &mut self,
        structures: &[Option<Bound<'_, PyAny>>],
    ) -> PyResult<()> {
        self.constraints.restore(structures)
    }

    /// Whether the structure of residuals or contributions could not be taken over from an earlier session.
    pub(super) fn is_unlearnt(&self) -> bool {
        self.resumed.is_some() && self.kind.is_some_and(|kind| kind != SolverKind::Scalar)
    }

    /// Residuals or contributions of whatever structure, as many as there were at the start.
    pub(super) fn read_unlearnt(&self, value: &Bound<'_, PyAny>, out: &mut [f64]) -> PyResult<()> {
        let tree = Tree::compile(value, Kind::Function, "the output of fun")?;
        if tree.size() != out.len() {
            let text = format!(
                "The output of fun has {} numbers, but at the start it had {}.",
                tree.size(),
                out.len()
            );
            return Err(crate::errors::error(value.py(), Kind::Function, text));
        }
        out.copy_from_slice(tree.start());
        Ok(())
    }

    /// Keep what a FunctionValue says besides its value, if a log wants to know.
    pub(super) fn note_info(&mut self, returned: &Bound<'_, PyAny>, index: usize) {
        if self.infos.is_none() || self.form != Form::FunctionValue {
            return;
        }
        let py = returned.py();
        let text = || -> PyResult<Option<String>> {
            let info = returned.getattr(pyo3::intern!(py, "info"))?;
            if info.is_none() {
                return Ok(None);
            }
            py.import("thalweg._structure")?.call_method1("info_text", (info,))?.extract()
        };
        if let (Ok(Some(text)), Some(infos)) = (text(), &mut self.infos) {
            infos.push((index, text));
        }
    }
}
