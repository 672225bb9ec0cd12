//! Options between Python and Rust.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString};
use thalweg::NumericalDerivatives;
use thalweg::core::{Extra, OptionKind, OptionValue};
use thalweg::diff::{DiffOptions, Method, Steps};

use crate::errors::{Kind, error};
use crate::interrupt::Flag;
use crate::numeric::{describe, is_number, new_array, number, to_vec, vector};
use crate::option_function::option_function;

/// The value of an algorithm's option.
///
/// # Errors
/// Neither a number, nor words, nor a list of numbers, nor a function.
pub(crate) fn option_value(
    name: &str,
    value: &Bound<'_, PyAny>,
    interrupted: &Flag,
) -> PyResult<OptionValue> {
    if value.is_none() {
        Ok(OptionValue::None)
    } else if value.is_instance_of::<PyBool>() {
        Ok(OptionValue::Bool(value.extract()?))
    } else if value.is_instance_of::<PyInt>() {
        // An integer beyond 64 bits is as good as infinite.
        Ok(value.extract().map_or_else(|_| OptionValue::Float(f64::INFINITY), OptionValue::Integer))
    } else if let Ok(text) = value.cast::<PyString>() {
        Ok(OptionValue::Text(text.extract()?))
    } else if is_number(value) {
        Ok(match value.extract::<i64>() {
            Ok(integer) if !value.is_instance_of::<PyFloat>() => OptionValue::Integer(integer),
            _ => OptionValue::Float(number(value)?),
        })
    } else if value.is_callable() {
        Ok(OptionValue::Function(option_function(value, interrupted)))
    } else if let Ok(list) = to_vec(value) {
        Ok(OptionValue::List(list))
    } else {
        let text =
            format!("The option {name} is {}, which is not a value of an option.", describe(value));
        Err(error(value.py(), Kind::AlgoOption, text))
    }
}

/// Options by name with their values; those in a dictionary of options have the names of both, with a dot between.
///
/// # Errors
/// A name is no text, or a value is none of an option.
pub(crate) fn option_values(
    options: &Bound<'_, PyDict>,
    interrupted: &Flag,
) -> PyResult<Vec<(String, OptionValue)>> {
    let mut values = Vec::new();
    for (name, value) in options.iter() {
        let name: String = name.extract()?;
        if let Ok(entries) = value.cast::<PyDict>() {
            for (key, value) in option_values(entries, interrupted)? {
                values.push((format!("{name}.{key}"), value));
            }
        } else {
            values.push((name.clone(), option_value(&name, &value, interrupted)?));
        }
    }
    Ok(values)
}

/// An option's value in Python.
pub(crate) fn option_to_python<'py>(
    py: Python<'py>,
    value: &OptionValue,
) -> PyResult<Bound<'py, PyAny>> {
    Ok(match value {
        OptionValue::None => py.None().into_bound(py),
        OptionValue::Bool(value) => PyBool::new(py, *value).to_owned().into_any(),
        OptionValue::Integer(value) => value.into_pyobject(py)?.into_any(),
        OptionValue::Float(value) => PyFloat::new(py, *value).into_any(),
        OptionValue::Text(value) => PyString::new(py, value).into_any(),
        OptionValue::Function(function) => PyString::new(py, function.name()).into_any(),
        OptionValue::List(values) => pyo3::types::PyTuple::new(py, values)?.into_any(),
    })
}

/// The kind of an option as a word, whether None is a value, and the words of a choice.
pub(crate) fn kind_words(
    kind: &OptionKind,
) -> (&'static str, bool, Option<&'static [&'static str]>) {
    match kind {
        OptionKind::Bool => ("bool", false, None),
        OptionKind::Integer => ("int", false, None),
        OptionKind::Float => ("float", false, None),
        OptionKind::Interval => ("interval", false, None),
        OptionKind::Choice(words) => ("choice", false, Some(words)),
        OptionKind::Text => ("text", false, None),
        OptionKind::Optional(inner) => {
            let (word, _, choices) = kind_words(inner);
            (word, true, choices)
        }
        OptionKind::OrFunction(inner, _) => kind_words(inner),
    }
}

/// What a function takes that can stand for the value, in words; None where none can.
pub(crate) fn arguments(kind: &OptionKind) -> Option<&'static str> {
    match kind {
        OptionKind::OrFunction(_, signature) => Some(signature.arguments()),
        OptionKind::Optional(inner) => arguments(inner),
        _ => None,
    }
}

/// A further output of an algorithm in Python.
pub(crate) fn extra_to_python<'py>(py: Python<'py>, extra: &Extra) -> PyResult<Bound<'py, PyAny>> {
    Ok(match extra {
        Extra::Number(value) => PyFloat::new(py, *value).into_any(),
        Extra::Count(value) => value.into_pyobject(py)?.into_any(),
        Extra::Vector(values) => vector(py, values).into_any(),
        Extra::Matrix(values, columns) => {
            new_array(py, values, &[values.len() / (*columns).max(1), *columns])
        }
        Extra::Text(text) => PyString::new(py, text).into_any(),
    })
}

/// How derivatives are computed, from a dict; missing keys and None keep `defaults`.
///
/// # Errors
/// An unknown key, or a value of the wrong type. Ranges are checked when the derivative is planned.
pub(crate) fn numerical_derivatives(
    given: Option<&Bound<'_, PyDict>>,
    defaults: DiffOptions,
) -> PyResult<NumericalDerivatives> {
    let mut how = NumericalDerivatives { options: defaults, n_cores: 1 };
    let Some(given) = given else { return Ok(how) };
    let options = &mut how.options;
    for (key, value) in given.iter() {
        let key: String = key.extract()?;
        if value.is_none() {
            continue;
        }
        match key.as_str() {
            "method" => {
                options.method =
                    value.extract::<String>()?.parse::<Method>().map_err(value_error)?;
            }
            "step_rule" => {
                options.step_rule = value.extract::<String>()?.parse().map_err(value_error)?;
            }
            "step_size" => options.step_size = Some(steps(&value)?),
            "scaling_factor" => options.scaling_factor = steps(&value)?,
            "min_steps" => options.min_steps = Some(steps(&value)?),
            "n_steps" => options.n_steps = value.extract()?,
            "step_ratio" => options.step_ratio = number(&value)?,
            "n_cores" => how.n_cores = value.extract()?,
            _ => return Err(PyValueError::new_err(format!("unknown option '{key}'"))),
        }
    }
    Ok(how)
}

fn steps(value: &Bound<'_, PyAny>) -> PyResult<Steps> {
    match number(value) {
        Ok(step) => Ok(Steps::Scalar(step)),
        Err(_) => Ok(Steps::Each(to_vec(value)?)),
    }
}

pub(crate) fn value_error(error: impl std::fmt::Display) -> PyErr {
    PyValueError::new_err(error.to_string())
}

/// A list of words in Python, or None.
pub(crate) fn words_to_python<'py>(
    py: Python<'py>,
    words: Option<&[&str]>,
) -> PyResult<Option<Bound<'py, PyList>>> {
    words.map(|words| PyList::new(py, words)).transpose()
}
