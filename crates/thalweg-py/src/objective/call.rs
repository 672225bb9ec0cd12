//! Calling a function of the user with params.

use numpy::npyffi::{NPY_ARRAY_WRITEABLE, PyArrayObject};
use numpy::{PyArray1, PyArrayMethods, PyUntypedArrayMethods};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFloat, PyTuple};

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

/// Hands out params. A flat array or a dict of numbers is used again as long as nobody else holds it; everything else is made
/// anew.
#[derive(Default)]
pub(crate) struct Arguments {
    kept: Option<Kept>,
}

/// The tuple of arguments that holds the params.
struct Kept {
    tuple: Py<PyTuple>,
    params: Params,
}

enum Params {
    Array { array: *mut PyArrayObject, data: *mut f64, descr: usize, len: usize },
    Dict(Py<PyDict>),
}

// SAFETY: the pointers are only used while attached to the interpreter, and `tuple` keeps what they point to alive.
unsafe impl Send for Params {}

impl Arguments {
    /// Call `function` at the flat vector `point`.
    pub(crate) fn call<'py>(
        &mut self,
        py: Python<'py>,
        function: &Function,
        tree: &Tree,
        point: &[f64],
    ) -> PyResult<Bound<'py, PyAny>> {
        if self.kept.as_ref().is_none_or(|kept| !kept.renew(py, tree, point)) {
            self.kept = None;
            let params = tree.build(py, point)?;
            let tuple = PyTuple::new(py, [&params])?;
            let Some(params) = Params::of(tree, params) else { return function.call(&tuple) };
            self.kept = Some(Kept { tuple: tuple.unbind(), params });
        }
        match &self.kept {
            Some(kept) => function.call(kept.tuple.bind(py)),
            None => function.call(&PyTuple::new(py, [tree.build(py, point)?])?),
        }
    }
}

impl Kept {
    /// Write `point` into the params, if nobody but us holds them and they are as we made them.
    fn renew(&self, py: Python<'_>, tree: &Tree, point: &[f64]) -> bool {
        // SAFETY: we are attached, and hold the tuple.
        let free = unsafe { ffi::Py_REFCNT(self.tuple.as_ptr()) } == 1;
        free && match &self.params {
            Params::Array { array, data, descr, len } => {
                // SAFETY: the tuple keeps the array alive; it is written to only after the check that it is ours alone,
                // writeable, contiguous and of this length.
                unsafe {
                    let untouched = ffi::Py_REFCNT(array.cast()) == 1
                        && *len == point.len()
                        && is_as_made(*array, *data, *descr, *len);
                    if untouched {
                        std::ptr::copy_nonoverlapping(point.as_ptr(), *data, *len);
                    }
                    untouched
                }
            }
            Params::Dict(dict) => {
                // SAFETY: as above; the tuple and `dict` hold it.
                let free = unsafe { ffi::Py_REFCNT(dict.as_ptr()) } == 2;
                free && tree.dict_keys().is_some_and(|keys| refill(dict.bind(py), keys, point))
            }
        }
    }
}

impl Params {
    /// How to use `params`, which were just made, again; `None` if that is not possible.
    fn of(tree: &Tree, params: Bound<'_, PyAny>) -> Option<Self> {
        if tree.dict_keys().is_some() {
            return Some(Params::Dict(params.cast_into::<PyDict>().ok()?.unbind()));
        }
        let array = tree.is_vector().then(|| params.cast::<PyArray1<f64>>().ok()).flatten()?;
        let pointer = array.as_array_ptr();
        // SAFETY: a live array.
        let descr = unsafe { (*pointer).fields.descr } as usize;
        Some(Params::Array { array: pointer, data: array.data(), descr, len: array.len() })
    }
}

/// Whether an array still has the memory, type, shape and flags that it was made with.
///
/// # Safety
/// `array` has to be alive, and the thread attached.
unsafe fn is_as_made(array: *mut PyArrayObject, data: *mut f64, descr: usize, len: usize) -> bool {
    // SAFETY: the caller's promise; with one dimension there is one length and one stride.
    unsafe {
        let array = &(*array).fields;
        array.data.cast() == data
            && array.descr as usize == descr
            && array.nd == 1
            && *array.dimensions as usize == len
            && *array.strides == size_of::<f64>() as isize
            && array.flags & NPY_ARRAY_WRITEABLE != 0
    }
}

/// Write new numbers into a dict that still has its keys in their order. False if it has not.
fn refill(dict: &Bound<'_, PyDict>, keys: &[Py<PyAny>], point: &[f64]) -> bool {
    if dict.len() != keys.len() {
        return false;
    }
    let py = dict.py();
    let (mut position, mut key) = (0, std::ptr::null_mut());
    for (own, &value) in keys.iter().zip(point) {
        let value = PyFloat::new(py, value);
        // SAFETY: a live dict; only the values of keys that it has are changed while it is walked through.
        unsafe {
            if ffi::PyDict_Next(dict.as_ptr(), &mut position, &mut key, std::ptr::null_mut()) == 0
                || key != own.as_ptr()
            {
                return false;
            }
            if ffi::PyDict_SetItem(dict.as_ptr(), key, value.as_ptr()) != 0 {
                drop(PyErr::take(py)); // a key that cannot be hashed any more: making a new dict will say so
                return false;
            }
        }
    }
    true
}
