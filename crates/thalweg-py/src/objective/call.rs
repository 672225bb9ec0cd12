//! Calling a function of the user with params.

use numpy::npyffi::{NPY_ARRAY_WRITEABLE, PyArrayObject};
use numpy::{PyArray1, PyArrayMethods, PyUntypedArrayMethods};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::tree::Tree;

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

/// Hands out params. A flat array is used again as long as nobody else holds it; everything else is made anew.
#[derive(Default)]
pub(crate) struct Arguments {
    kept: Option<Kept>,
}

/// The tuple of arguments that holds the array.
struct Kept {
    tuple: Py<PyTuple>,
    array: *mut PyArrayObject,
    data: *mut f64,
    descr: usize,
    len: usize,
}

// SAFETY: the pointer is only used while attached to the interpreter, and `tuple` keeps it alive.
unsafe impl Send for Kept {}

impl Arguments {
    /// Call `function` at the flat vector `point`.
    pub(crate) fn call<'py>(
        &mut self,
        py: Python<'py>,
        function: &Function,
        tree: &Tree,
        point: &[f64],
    ) -> PyResult<Bound<'py, PyAny>> {
        if !tree.is_vector() {
            return function.call(&PyTuple::new(py, [tree.build(py, point)?])?);
        }
        match &self.kept {
            Some(kept) if kept.is_free(point.len()) => {
                // SAFETY: `is_free` says that the array is ours alone, writeable, contiguous and of this length.
                unsafe { std::ptr::copy_nonoverlapping(point.as_ptr(), kept.data, point.len()) };
            }
            _ => self.kept = Some(Kept::new(py, point)?),
        }
        match &self.kept {
            Some(kept) => function.call(kept.tuple.bind(py)),
            None => function.call(&PyTuple::new(py, [tree.build(py, point)?])?),
        }
    }
}

impl Kept {
    fn new(py: Python<'_>, point: &[f64]) -> PyResult<Self> {
        let array = PyArray1::from_slice(py, point);
        let pointer = array.as_array_ptr();
        let data = array.data();
        // SAFETY: a live array.
        let descr = unsafe { (*pointer).fields.descr } as usize;
        let tuple = PyTuple::new(py, [array])?.unbind();
        Ok(Kept { tuple, array: pointer, data, descr, len: point.len() })
    }

    /// Whether nobody but us holds the array, and it is as we made it.
    fn is_free(&self, len: usize) -> bool {
        // SAFETY: `tuple` keeps the array alive, its fields are only read, and we are attached.
        unsafe {
            let array = &(*self.array).fields;
            ffi::Py_REFCNT(self.tuple.as_ptr()) == 1
                && ffi::Py_REFCNT(self.array.cast()) == 1
                && self.len == len
                && array.data.cast() == self.data
                && array.descr as usize == self.descr
                && array.nd == 1
                && *array.dimensions as usize == len
                && *array.strides == size_of::<f64>() as isize
                && array.flags & NPY_ARRAY_WRITEABLE != 0
        }
    }
}
