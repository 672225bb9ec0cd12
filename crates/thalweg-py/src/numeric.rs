//! Numbers in and out of numpy, without asking numpy more often than necessary.

use std::ffi::c_int;
use std::slice;

use numpy::npyffi::{NPY_ARRAY_ALIGNED, NPY_ARRAY_C_CONTIGUOUS, PyArrayObject};
use numpy::{IxDyn, PyArray, PyArray1, PyArrayDyn, PyArrayMethods, PyUntypedArray};
use numpy::{PyUntypedArrayMethods, prelude::*};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;
use pyo3::{ffi, intern};

/// A fresh C-contiguous float64 array of the given shape that holds `data`.
pub(crate) fn new_array<'py>(py: Python<'py>, data: &[f64], shape: &[usize]) -> Bound<'py, PyAny> {
    if let [_] = shape {
        return PyArray1::from_slice(py, data).into_any();
    }
    let array = PyArrayDyn::<f64>::zeros(py, IxDyn(shape), false);
    // SAFETY: the array was made on the line above, is contiguous, has `data.len()` entries and no other owner.
    unsafe {
        std::ptr::copy_nonoverlapping(data.as_ptr(), array.data(), data.len().min(array.len()))
    };
    array.into_any()
}

/// The data of a C-contiguous, aligned float64 array, and its shape; `None` for everything else.
#[inline]
pub(crate) fn as_f64_array<'a>(object: &'a Bound<'_, PyAny>) -> Option<(&'a [f64], &'a [usize])> {
    if let Some(found) = as_common_array(object) {
        return Some(found);
    }
    let array = object.cast::<PyArrayDyn<f64>>().ok()?;
    if !array.is_c_contiguous() {
        return None;
    }
    let (data, len) = (array.data(), array.len());
    if data.is_null() || !data.is_aligned() {
        return None;
    }
    // SAFETY: contiguous, aligned, native float64 (checked by the cast). The slice is copied from at once by all
    // callers, before any Python code can run.
    Some((unsafe { slice::from_raw_parts(data, len) }, array.shape()))
}

/// The same for nothing but numpy's own class and its one description of float64, told by two addresses.
#[inline]
fn as_common_array<'a>(object: &'a Bound<'_, PyAny>) -> Option<(&'a [f64], &'a [usize])> {
    const FLAGS: c_int = NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_ALIGNED;
    static COMMON: PyOnceLock<(usize, usize)> = PyOnceLock::new();
    let py = object.py();
    let (class, descr) = *COMMON.get_or_init(py, || {
        let array = PyArray1::<f64>::zeros(py, 1, false);
        // SAFETY: a live array.
        unsafe {
            let descr = (*array.as_array_ptr()).fields.descr;
            (ffi::Py_TYPE(array.as_ptr()) as usize, descr as usize)
        }
    });
    // SAFETY: an array, if its class says so. Both addresses are of objects that numpy never frees.
    unsafe {
        if ffi::Py_TYPE(object.as_ptr()) as usize != class {
            return None;
        }
        let fields = &(*object.as_ptr().cast::<PyArrayObject>()).fields;
        if fields.descr as usize != descr
            || fields.flags & FLAGS != FLAGS
            || fields.nd == 0
            || fields.data.is_null()
        {
            return None;
        }
        let shape = slice::from_raw_parts(fields.dimensions.cast::<usize>(), fields.nd as usize);
        // The slice is copied from at once by all callers, before any Python code can run.
        Some((slice::from_raw_parts(fields.data.cast(), shape.iter().product()), shape))
    }
}

static FLOAT64: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
static ASCONTIGUOUS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

/// The type `numpy.float64`.
pub(crate) fn float64_type(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    let get = || py.import("numpy")?.getattr("float64").map(Bound::unbind);
    Ok(FLOAT64.get_or_try_init(py, get)?.bind(py))
}

/// Anything that numpy takes for numbers as a C-contiguous float64 array (a copy unless it is one already).
///
/// # Errors
/// Strings, complex numbers, dates; whatever numpy cannot convert. A plain Python message without context.
pub(crate) fn to_f64_array<'py>(
    object: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyArrayDyn<f64>>> {
    let py = object.py();
    let numpy = py.import(intern!(py, "numpy"))?;
    let plain = numpy.call_method1(intern!(py, "asarray"), (object,))?;
    let plain = plain.cast::<PyUntypedArray>()?;
    if matches!(plain.dtype().kind(), b'S' | b'U' | b'M' | b'm' | b'c' | b'V') {
        // Extension types such as bfloat16 are of kind V, but numbers: the conversion below decides.
        let dtype = plain.dtype();
        if dtype.kind() != b'V' || dtype.has_fields() {
            return Err(PyTypeError::new_err(format!("dtype {dtype} is not a real number")));
        }
    }
    if plain.dtype().kind() == b'O' {
        check_objects(plain)?;
    }
    let convert = ASCONTIGUOUS.get_or_try_init(py, || numpy.getattr("array").map(Bound::unbind))?;
    let options = PyDict::new(py);
    options.set_item(intern!(py, "dtype"), float64_type(py)?)?;
    options.set_item(intern!(py, "order"), intern!(py, "C"))?;
    let array = convert.bind(py).call((plain,), Some(&options))?;
    Ok(array.cast_into::<PyArrayDyn<f64>>()?)
}

/// Arrays of objects may hold numbers and None (read as NaN), but no strings, which numpy would parse.
fn check_objects(array: &Bound<'_, PyUntypedArray>) -> PyResult<()> {
    for item in array.call_method0("ravel")?.try_iter()? {
        let item = item?;
        if !item.is_none() {
            number(&item)?;
        }
    }
    Ok(())
}

/// Whether this is a Python or numpy scalar (or another type with `__float__` or `__index__` and no length).
pub(crate) fn is_number(object: &Bound<'_, PyAny>) -> bool {
    number(object).is_ok()
}

/// The value of a number: float, int, bool, a numpy scalar, a 0-d array, a JAX scalar, a Fraction or Decimal.
///
/// # Errors
/// Anything with a length, strings and complex numbers.
#[inline]
pub(crate) fn number(object: &Bound<'_, PyAny>) -> PyResult<f64> {
    // SAFETY: both functions only read a live object.
    unsafe {
        if ffi::PyFloat_Check(object.as_ptr()) != 0 {
            return Ok(ffi::PyFloat_AsDouble(object.as_ptr()));
        }
    }
    slow_number(object)
}

#[cold]
fn slow_number(object: &Bound<'_, PyAny>) -> PyResult<f64> {
    if let Some(text) = complaint(object) {
        return Err(PyValueError::new_err(text));
    }
    // Neither strings (no __float__) nor complex numbers (it raises) get past this.
    object.extract::<f64>()
}

/// Why something is no number although `float()` would take it.
fn complaint(object: &Bound<'_, PyAny>) -> Option<String> {
    if let Ok(array) = object.cast::<PyUntypedArray>() {
        return (array.ndim() > 0)
            .then(|| format!("an array of shape {}", shape_text(array.shape())));
    }
    if object.is_none() {
        return Some("None".to_string());
    }
    let kind = object.getattr("dtype").and_then(|dtype| dtype.getattr("kind"));
    if kind.and_then(|kind| kind.extract::<char>()).is_ok_and(|kind| kind == 'c') {
        return Some("a complex number".to_string());
    }
    object.len().ok().map(|_| describe(object))
}

/// A shape as Python prints it.
pub(crate) fn shape_text(shape: &[usize]) -> String {
    match shape {
        [one] => format!("({one},)"),
        _ => format!("({})", shape.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
    }
}

/// What an object is, in a few words for messages: its type, with the shape or length where it has one.
pub(crate) fn describe(object: &Bound<'_, PyAny>) -> String {
    if object.is_none() {
        return "None".to_string();
    }
    let name =
        object.get_type().name().map_or_else(|_| "object".to_string(), |name| name.to_string());
    if let Ok(shape) = object.getattr("shape").and_then(|shape| shape.extract::<Vec<usize>>()) {
        return format!("{name} of shape {}", shape_text(&shape));
    }
    match object.len() {
        Ok(len) => format!("{name} of length {len}"),
        Err(_) => name,
    }
}

/// A flat float64 vector.
pub(crate) fn vector<'py>(py: Python<'py>, data: &[f64]) -> Bound<'py, PyArray1<f64>> {
    PyArray::from_slice(py, data)
}

/// Any one-dimensional sequence of numbers as a vector.
///
/// # Errors
/// Not numeric, or not one-dimensional.
pub(crate) fn to_vec(object: &Bound<'_, PyAny>) -> PyResult<Vec<f64>> {
    if let Some((data, [_])) = as_f64_array(object) {
        return Ok(data.to_vec());
    }
    let array = to_f64_array(object)?;
    if array.ndim() != 1 {
        return Err(PyValueError::new_err(format!(
            "expected one dimension, got shape {}",
            shape_text(array.shape())
        )));
    }
    Ok(array.to_vec()?)
}
