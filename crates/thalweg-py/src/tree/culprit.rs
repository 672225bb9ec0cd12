//! Which entry of an array, a Series or a frame is no number: for messages only.

use numpy::{PyArrayDescrMethods, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::prelude::*;

use super::node::text;
use super::pandas::{Interop, labels, value_column};
use crate::numeric::{describe, number};

/// Name and description of the first entry that is neither a number nor missing.
pub(crate) fn first_culprit(object: &Bound<'_, PyAny>) -> Option<(String, String)> {
    entries(object).ok()?.into_iter().find_map(|(name, entry)| {
        (!entry.is_none() && number(&entry).is_err()).then(|| (name, describe_value(&entry)))
    })
}

/// The entries of an array of objects, a Series or a frame, with the names that parameters would have.
fn entries<'py>(object: &Bound<'py, PyAny>) -> PyResult<Vec<(String, Bound<'py, PyAny>)>> {
    let py = object.py();
    if object.cast::<PyUntypedArray>().is_ok_and(|array| array.dtype().kind() == b'O') {
        let each = py.import("numpy")?.call_method1("ndenumerate", (object,))?.try_iter()?;
        return each
            .map(|entry| {
                let (position, entry) = entry?.extract::<(Vec<usize>, Bound<'py, PyAny>)>()?;
                let parts: Vec<_> = position.iter().map(ToString::to_string).collect();
                Ok((parts.join("_"), entry))
            })
            .collect();
    }
    let interop = Interop::find(py)?;
    if interop.is_series(object)? {
        return series_entries(object, "");
    }
    if interop.is_frame(object)? {
        if value_column(object)?.is_some() {
            return series_entries(&object.get_item("value")?, "");
        }
        let mut all = Vec::new();
        for column in object.call_method0("items")?.try_iter()? {
            let (label, column) = column?.extract::<(Bound<'py, PyAny>, Bound<'py, PyAny>)>()?;
            all.extend(series_entries(&column, &format!("_{}", text(&label)))?);
        }
        return Ok(all);
    }
    Ok(Vec::new())
}

fn series_entries<'py>(
    series: &Bound<'py, PyAny>,
    suffix: &str,
) -> PyResult<Vec<(String, Bound<'py, PyAny>)>> {
    let names = labels(&series.getattr("index")?)?;
    let names = names.into_iter().map(|parts| parts.join("_") + suffix);
    names.zip(series.try_iter()?).map(|(name, entry)| Ok((name, entry?))).collect()
}

/// A short `repr` for strings and the like, the type for everything else.
pub(crate) fn describe_value(object: &Bound<'_, PyAny>) -> String {
    match object.repr() {
        Ok(repr) if repr.len().is_ok_and(|len| len <= 60) => {
            format!("{} ({})", repr.to_string_lossy(), describe(object))
        }
        _ => describe(object),
    }
}
