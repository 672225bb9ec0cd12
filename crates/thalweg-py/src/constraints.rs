//! Constraints as Python describes them: one dict for each, with positions in the flat vector.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use thalweg::{Constraint, ConstraintKind};

use crate::numeric::{number, to_vec};

/// Read a list of dicts: "kind", "index" (the position in the user's list) and what the kind needs.
pub(crate) fn read(list: &Bound<'_, PyAny>) -> PyResult<Vec<Constraint>> {
    list.try_iter()?.map(|entry| constraint(&Dict(entry?.cast_into::<PyDict>()?))).collect()
}

fn constraint(entry: &Dict<'_>) -> PyResult<Constraint> {
    let kind = match entry.get("kind")?.extract::<String>()?.as_str() {
        "fixed" => ConstraintKind::Fixed { positions: entry.positions()?, value: entry.value()? },
        "equality" => ConstraintKind::Equality { positions: entry.positions()? },
        "pairwise_equality" => {
            let selections = entry.get("selections")?;
            let selections = selections.try_iter()?.map(|selection| positions(&selection?));
            ConstraintKind::PairwiseEquality { selections: selections.collect::<PyResult<_>>()? }
        }
        "increasing" => ConstraintKind::Increasing { positions: entry.positions()? },
        "decreasing" => ConstraintKind::Decreasing { positions: entry.positions()? },
        "linear" => ConstraintKind::Linear {
            positions: entry.positions()?,
            weights: to_vec(&entry.get("weights")?)?,
            lower: entry.number("lower")?,
            upper: entry.number("upper")?,
        },
        "probability" => ConstraintKind::Probability { positions: entry.positions()? },
        "covariance" => ConstraintKind::Covariance {
            positions: entry.positions()?,
            regularization: entry.number("regularization")?,
        },
        "sdcorr" => ConstraintKind::Sdcorr {
            positions: entry.positions()?,
            regularization: entry.number("regularization")?,
        },
        other => {
            return Err(PyValueError::new_err(format!("unknown kind of constraint '{other}'")));
        }
    };
    Ok(Constraint::new(entry.get("index")?.extract()?, kind))
}

/// One constraint, by the names of its entries.
struct Dict<'py>(Bound<'py, PyDict>);

impl<'py> Dict<'py> {
    fn get(&self, key: &str) -> PyResult<Bound<'py, PyAny>> {
        let missing = || PyValueError::new_err(format!("a constraint has no entry '{key}'"));
        self.0.get_item(key)?.ok_or_else(missing)
    }

    fn number(&self, key: &str) -> PyResult<f64> {
        number(&self.get(key)?)
    }

    fn positions(&self) -> PyResult<Vec<usize>> {
        positions(&self.get("positions")?)
    }

    /// The values at which parameters are fixed, if they are said.
    fn value(&self) -> PyResult<Option<Vec<f64>>> {
        self.0.get_item("value")?.map(|value| to_vec(&value)).transpose()
    }
}

fn positions(array: &Bound<'_, PyAny>) -> PyResult<Vec<usize>> {
    let numbers = to_vec(array)?.into_iter();
    let position = |number: f64| match number >= 0.0 && number.fract() == 0.0 {
        true => Ok(number as usize),
        false => Err(PyValueError::new_err(format!("{number} is not a position"))),
    };
    numbers.map(position).collect()
}
