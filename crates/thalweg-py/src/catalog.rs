//! The catalog of algorithms for Python.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use thalweg::core::words;
use thalweg::{PublicAlgorithm, PublicOption, names, public_algorithms};

use crate::options::{arguments, kind_words, option_to_python, words_to_python};

/// Every algorithm under every public name: what it needs and supports, and its options.
#[pyfunction]
pub(crate) fn catalog(py: Python<'_>) -> PyResult<Bound<'_, PyList>> {
    let entries = public_algorithms().into_iter().map(|algorithm| entry(py, &algorithm));
    PyList::new(py, entries.collect::<PyResult<Vec<_>>>()?)
}

fn entry<'py>(py: Python<'py>, algorithm: &PublicAlgorithm) -> PyResult<Bound<'py, PyDict>> {
    let entry = PyDict::new(py);
    entry.set_item("name", algorithm.name)?;
    entry.set_item("class_name", algorithm.class_name)?;
    entry.set_item("native", algorithm.native)?;
    entry.set_item("doc", algorithm.doc)?;
    let features = algorithm.features;
    entry.set_item("solver_type", features.kind.as_str())?;
    entry.set_item("is_global", features.global)?;
    entry.set_item("needs_jac", features.needs_gradient)?;
    entry.set_item("needs_hess", features.needs_hessian)?;
    entry.set_item("needs_bounds", features.needs_bounds)?;
    entry.set_item("supports_parallelism", features.parallel)?;
    entry.set_item("supports_bounds", features.bounds)?;
    entry.set_item("supports_infinite_bounds", features.infinite_bounds)?;
    entry.set_item("supports_linear_constraints", features.linear_constraints)?;
    entry.set_item("supports_nonlinear_constraints", features.nonlinear_constraints)?;
    let options = algorithm.options.iter().map(|declared| option(py, declared));
    entry.set_item("options", PyList::new(py, options.collect::<PyResult<Vec<_>>>()?)?)?;
    Ok(entry)
}

fn option<'py>(py: Python<'py>, declared: &PublicOption) -> PyResult<Bound<'py, PyDict>> {
    let option = PyDict::new(py);
    let (kind, optional, choices) = kind_words(&declared.kind);
    // Options of other libraries that have no effect may be words without a list of choices.
    let kind = match declared.default {
        thalweg::core::OptionValue::Text(_) if choices.is_none() => "text",
        _ if !declared.entries.is_empty() => "group",
        _ => kind,
    };
    option.set_item("name", declared.name)?;
    option.set_item("kind", kind)?;
    option.set_item("optional", optional)?;
    option.set_item("function_of", arguments(&declared.kind))?;
    option.set_item("choices", words_to_python(py, choices)?)?;
    option.set_item("default", option_to_python(py, &declared.default)?)?;
    option.set_item("min", declared.range.min)?;
    option.set_item("above", declared.range.above)?;
    option.set_item("max", declared.range.max)?;
    option.set_item("below", declared.range.below)?;
    option.set_item("doc", &declared.doc)?;
    let entries = declared.entries.iter().map(|entry| self::option(py, entry));
    option.set_item("entries", PyList::new(py, entries.collect::<PyResult<Vec<_>>>()?)?)?;
    Ok(option)
}

/// The names of the options that mean the same everywhere, with their defaults; None where there is none.
#[pyfunction]
pub(crate) fn shared_defaults(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let defaults = PyDict::new(py);
    for word in words::WORDS.iter().chain(words::LIMITS) {
        defaults.set_item(word.name, Some(word.default).filter(|default| !default.is_nan()))?;
    }
    defaults.set_item("stopping_maxfun_global", words::MAXFUN_GLOBAL)?;
    Ok(defaults)
}

/// Names that are not algorithms of this version: an outdated or misspelled name with the name that it stands for, or a name
/// of optimagic that is not there yet with None.
#[pyfunction]
pub(crate) fn known_names(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let known = PyDict::new(py);
    for (alias, name) in names::ALIASES {
        known.set_item(alias, name)?;
    }
    for name in names::NOT_YET {
        known.set_item(name, py.None())?;
    }
    Ok(known)
}
