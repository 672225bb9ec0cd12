//! What the user's functions return, turned into numbers.

use numpy::{PyUntypedArray, PyUntypedArrayMethods};
use pyo3::exceptions::{PyFutureWarning, PyUserWarning};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFloat, PyInt, PyList, PyTuple};
use thalweg::core::SolverKind;

use crate::errors::{Kind, error};
use crate::numeric::{as_f64_array, describe, number};
use crate::tree::Tree;

/// How the value is wrapped; found out at the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Form {
    /// The value itself.
    #[default]
    Plain,
    /// The attribute `value` of a FunctionValue.
    FunctionValue,
    /// An item of a dict with the keys of 2022.
    Dict(SolverKind),
}

impl Form {
    /// The value in what the function returned.
    #[inline]
    pub(crate) fn unwrap<'py>(self, returned: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        match self {
            Form::Plain => Ok(returned),
            Form::FunctionValue => returned.getattr(pyo3::intern!(returned.py(), "value")),
            Form::Dict(kind) => returned.get_item(dict_key(kind)),
        }
    }
}

fn dict_key(kind: SolverKind) -> &'static str {
    match kind {
        SolverKind::Scalar => "value",
        SolverKind::LeastSquares => "root_contributions",
        SolverKind::Likelihood => "contributions",
    }
}

/// Look at the first value: how it is wrapped, and of which kind it says it is. Warns about dicts if asked to.
pub(crate) fn recognize(
    returned: &Bound<'_, PyAny>,
    declared: Option<SolverKind>,
    warns: bool,
) -> PyResult<(Form, Option<SolverKind>)> {
    if returned.is_exact_instance_of::<PyFloat>() {
        return Ok((Form::Plain, declared));
    }
    if let Ok(dict) = returned.cast::<PyDict>() {
        let present = |kind: &SolverKind| dict.contains(dict_key(*kind)).unwrap_or(false);
        let kinds = [SolverKind::LeastSquares, SolverKind::Likelihood, SolverKind::Scalar];
        let first =
            declared.filter(|kind| present(kind)).or_else(|| kinds.into_iter().find(present));
        // A marked function may well return a tree of residuals that happens to have the key "value".
        let is_tree =
            declared.is_some_and(|kind| kind != SolverKind::Scalar && first != Some(kind));
        return match first {
            Some(kind) if !is_tree => {
                if warns {
                    warn_about_dict(dict, kind)?;
                }
                Ok((Form::Dict(kind), Some(kind)))
            }
            _ => Ok((Form::Plain, declared)),
        };
    }
    for class in returned.get_type().mro() {
        let name: String = class.getattr("__name__")?.extract()?;
        let kind = match name.as_str() {
            "LeastSquaresFunctionValue" => Some(SolverKind::LeastSquares),
            "LikelihoodFunctionValue" => Some(SolverKind::Likelihood),
            "ScalarFunctionValue" => Some(SolverKind::Scalar),
            "FunctionValue" => declared,
            _ => continue,
        };
        if let (Some(kind), Some(declared)) = (kind, declared)
            && kind != declared
        {
            let text = format!(
                "fun is a {} function by its mark or annotation, but returned a {name}.",
                declared.as_str()
            );
            return Err(error(returned.py(), Kind::Function, text));
        }
        return Ok((Form::FunctionValue, kind));
    }
    Ok((Form::Plain, declared))
}

fn warn_about_dict(dict: &Bound<'_, PyDict>, kind: SolverKind) -> PyResult<()> {
    let py = dict.py();
    let category = py.get_type::<PyFutureWarning>();
    let text = match kind {
        SolverKind::Scalar => {
            "Functions that return a dict with the key 'value' are outdated. Return the value itself, or a \
             FunctionValue with further information."
        }
        _ => {
            "Functions that return a dict with the keys 'value', 'contributions' or 'root_contributions' are \
             outdated. Mark the function with mark.least_squares or mark.likelihood and return the residuals or \
             contributions, or a FunctionValue with further information."
        }
    };
    warn(py, text, category.as_any())?;
    if kind == SolverKind::Likelihood
        && let (Some(value), Some(parts)) =
            (dict.get_item("value")?, dict.get_item("contributions")?)
        && let Ok(value) = number(&value)
    {
        let parts = Tree::compile(&parts, Kind::Function, "contributions")?;
        let sum: f64 = parts.start().iter().sum();
        if (value - sum).abs() > 1e-8 * value.abs().max(sum.abs()) {
            let text = format!(
                "fun returned the value {value}, but contributions whose sum is {sum}. The sum is used."
            );
            warn(py, &text, py.get_type::<PyUserWarning>().as_any())?;
        }
    }
    Ok(())
}

/// Warn at the line of the user's code that called us.
pub(crate) fn warn(py: Python<'_>, text: &str, category: &Bound<'_, PyAny>) -> PyResult<()> {
    py.import("thalweg._warnings")?.call_method1("warn_user", (text, category))?;
    Ok(())
}

/// Read a scalar value.
pub(crate) fn read_scalar(value: &Bound<'_, PyAny>) -> PyResult<f64> {
    number(value).map_err(|_| {
        let too_large = value.is_instance_of::<PyInt>();
        let text = if too_large {
            "fun returned an integer that is too large for a float.".to_string()
        } else if value.is_none() {
            "fun returned None instead of a number. Is a return statement missing?".to_string()
        } else if value.is_instance_of::<PyTuple>() {
            format!(
                "fun returned {} instead of a number. If it returns the value and the gradient, pass jac=True.",
                describe(value)
            )
        } else {
            format!(
                "fun returned {} instead of a number. If it returns residuals, mark it with mark.least_squares; if it \
                 returns likelihood contributions, mark it with mark.likelihood.",
                describe(value)
            )
        };
        error(value.py(), Kind::Function, text)
    })
}

/// Whether these are floats with fewer digits than float64, as jax has them by default, or a tree with such leaves.
pub(crate) fn has_low_precision(value: &Bound<'_, PyAny>) -> bool {
    if value.is_exact_instance_of::<PyFloat>() {
        return false;
    }
    if let Ok(dict) = value.cast::<PyDict>() {
        return dict.iter().any(|(_, leaf)| has_low_precision(&leaf));
    }
    if value.is_instance_of::<PyList>() || value.is_instance_of::<PyTuple>() {
        return value.try_iter().is_ok_and(|mut leaves| {
            leaves.any(|leaf| leaf.is_ok_and(|leaf| has_low_precision(&leaf)))
        });
    }
    let Ok(dtype) = value.getattr("dtype") else { return false };
    let kind = dtype.getattr("kind").and_then(|kind| kind.extract::<char>());
    let bytes = dtype.getattr("itemsize").and_then(|bytes| bytes.extract::<usize>());
    // Extension types such as bfloat16 are of kind V.
    kind.is_ok_and(|kind| matches!(kind, 'f' | 'V')) && bytes.is_ok_and(|bytes| bytes < 8)
}

/// The structure of residuals or contributions.
pub(crate) fn compile_outputs(value: &Bound<'_, PyAny>, kind: SolverKind) -> PyResult<Tree> {
    let py = value.py();
    let what = if kind == SolverKind::LeastSquares { "residuals" } else { "contributions" };
    let zero_dim = value.cast::<PyUntypedArray>().is_ok_and(|array| array.ndim() == 0);
    if value.is_none() || zero_dim || number(value).is_ok() {
        let text = format!(
            "fun is marked as a {} function, but returned {} instead of an array or tree of {what}. Use mark.scalar if \
             fun returns a number.",
            kind.as_str(),
            describe(value)
        );
        return Err(error(py, Kind::Function, text));
    }
    let tree = Tree::compile(value, Kind::Function, "the output of fun")?;
    if tree.size() == 0 {
        return Err(error(py, Kind::Function, format!("fun returned no {what} at all.")));
    }
    Ok(tree)
}

/// Read residuals or contributions with the structure that they had at the start.
#[inline]
pub(crate) fn read_outputs(value: &Bound<'_, PyAny>, tree: &Tree, out: &mut [f64]) -> PyResult<()> {
    if tree.is_vector()
        && let Some((data, [len])) = as_f64_array(value)
        && *len == out.len()
    {
        out.copy_from_slice(data);
        return Ok(());
    }
    tree.read(value, out).map_err(|mismatch| {
        let text =
            format!("The output of fun has another structure than at the start: {mismatch}.");
        error(value.py(), Kind::Function, text)
    })
}

/// The two parts of what `fun_and_jac` returned.
pub(crate) fn split<'py>(
    returned: Bound<'py, PyAny>,
    jac_is_true: bool,
) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    let py = returned.py();
    if let Ok(pair) = returned.cast::<PyTuple>()
        && pair.len() == 2
    {
        return Ok((pair.get_item(0)?, pair.get_item(1)?));
    }
    let text = match jac_is_true {
        true => "With jac=True, fun has to return a tuple of the value and the gradient",
        false => "fun_and_jac has to return a tuple of the value and the derivative",
    };
    Err(error(py, Kind::Function, format!("{text}; it returned {}.", describe(&returned))))
}
