//! Calling a function of the user with params.

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::tree::{Reuse, Tree};

/// A callable with its keyword arguments.
pub(crate) struct Function {
    /// "fun", "jac", "fun_and_jac", "hess" or "hessp".
    pub(crate) what: &'static str,
    callable: Py<PyAny>,
    kwargs: Option<Py<PyDict>>,
}

impl Function {
    pub(crate) fn new(
        what: &'static str,
        callable: Option<Bound<'_, PyAny>>,
        kwargs: Option<Bound<'_, PyDict>>,
    ) -> Option<Self> {
        let kwargs = kwargs.filter(|kwargs| !kwargs.is_empty()).map(Bound::unbind);
        Some(Function { what, callable: callable?.unbind(), kwargs })
    }

    #[inline]
    pub(super) fn call<'py>(&self, arguments: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
        let py = arguments.py();
        match &self.kwargs {
            None => self.callable.bind(py).call1(arguments),
            Some(kwargs) => self.callable.bind(py).call(arguments, Some(kwargs.bind(py))),
        }
    }

    /// The function of the params alone, for a batch evaluator.
    pub(crate) fn partial<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match &self.kwargs {
            None => Ok(self.callable.bind(py).clone()),
            Some(kwargs) => py
                .import("functools")?
                .getattr("partial")?
                .call((&self.callable,), Some(kwargs.bind(py))),
        }
    }
}

/// Hands out params. Arrays, numbers and dicts of them are used again as long as nobody else holds them; everything else is made
/// anew.
#[derive(Default)]
pub(crate) struct Arguments {
    kept: Option<Kept>,
}

/// The tuple of arguments that holds the params.
struct Kept {
    tuple: Py<PyTuple>,
    params: Reuse,
}

impl Arguments {
    /// Call `function` at the flat vector `point`.
    pub(crate) fn call<'py>(
        &mut self,
        py: Python<'py>,
        function: &Function,
        tree: &Tree,
        point: &[f64],
    ) -> PyResult<Bound<'py, PyAny>> {
        if let Some(kept) = &self.kept
            && kept.renew(py, point)
        {
            return function.call(kept.tuple.bind(py));
        }
        self.kept = None;
        let params = tree.build(py, point)?;
        let tuple = PyTuple::new(py, [&params])?;
        match tree.reuse(params) {
            Some(params) => {
                let kept = self.kept.insert(Kept { tuple: tuple.unbind(), params });
                function.call(kept.tuple.bind(py))
            }
            None => function.call(&tuple),
        }
    }
}

impl Kept {
    /// Write `point` into the params, if nobody but us holds them and they are as we made them.
    fn renew(&self, py: Python<'_>, point: &[f64]) -> bool {
        // SAFETY: we are attached, and hold the tuple.
        let free = unsafe { ffi::Py_REFCNT(self.tuple.as_ptr()) } == 1;
        free && self.params.renew(py, point)
    }
}
