//! Options that are functions written in Python.

use numpy::{PyArrayMethods, PyUntypedArrayMethods};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use thalweg::Failure;
use thalweg::core::{OptionFunction, Question, SearchState, UserError};

use crate::interrupt::Flag;
use crate::numeric::{describe, number, shape_text, to_f64_array, vector};
use crate::objective::{Cause, failure};

/// A callable as the value of an option.
pub(crate) fn option_function(callable: &Bound<'_, PyAny>, interrupted: &Flag) -> OptionFunction {
    let name = name_of(callable);
    let (callable, interrupted) = (callable.clone().unbind(), Flag::clone(interrupted));
    OptionFunction::new(&name, move |question| {
        Python::attach(|py| {
            let returned = call(callable.bind(py), question).map_err(|error| {
                failure(py, 0, Failure::OPTION, Cause::User(error), &interrupted).error
            })?;
            read(&returned, question)
        })
    })
}

/// What messages and logs call a function: nothing that changes from one session to the next.
fn name_of(callable: &Bound<'_, PyAny>) -> String {
    let py = callable.py();
    let own = callable.getattr(intern!(py, "__qualname__"));
    let name = own.or_else(|_| callable.get_type().qualname().map(Bound::into_any));
    name.map_or_else(|_| "function".to_string(), |name| name.to_string())
}

/// Call it with the names that optimagic gives the arguments, or with the start alone.
fn call<'py>(callable: &Bound<'py, PyAny>, question: &Question) -> PyResult<Bound<'py, PyAny>> {
    let py = callable.py();
    match question {
        Question::Repeats(SearchState {
            upper_trustregion_radius,
            lower_trustregion_radius,
            n_iterations,
            n_resets,
        }) => {
            let named = PyDict::new(py);
            named.set_item(intern!(py, "upper_trustregion_radius"), upper_trustregion_radius)?;
            named.set_item(intern!(py, "lower_trustregion_radius"), lower_trustregion_radius)?;
            named.set_item(intern!(py, "n_iterations"), n_iterations)?;
            named.set_item(intern!(py, "n_resets"), n_resets)?;
            callable.call((), Some(&named))
        }
        Question::FirstSimplex(x0) => callable.call1((vector(py, x0),)),
    }
}

/// What it returned, as numbers.
fn read(returned: &Bound<'_, PyAny>, question: &Question) -> Result<Vec<f64>, UserError> {
    match question {
        Question::Repeats(_) => match number(returned) {
            Ok(count) => Ok(vec![count]),
            Err(_) => Err(question.wrong(shown(returned))),
        },
        Question::FirstSimplex(x0) => {
            let n = x0.len();
            let array = to_f64_array(returned).map_err(|_| question.wrong(shown(returned)))?;
            let shape: Vec<usize> = array.shape().to_vec();
            if shape != [n + 1, n] {
                let found = format!("an array of shape {}", shape_text(&shape));
                return Err(question.wrong(found));
            }
            array.to_vec().map_err(|_| question.wrong(shown(returned)))
        }
    }
}

/// A returned value in a message: itself if it is short.
fn shown(returned: &Bound<'_, PyAny>) -> String {
    const LONG: usize = 60;
    match returned.repr() {
        Ok(text) if text.len().is_ok_and(|len| len <= LONG) => text.to_string(),
        _ => describe(returned),
    }
}
