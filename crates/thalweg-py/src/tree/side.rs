//! Partial trees of bounds: one side of the bounds, said for some parameters.

use std::collections::HashMap;

use numpy::{PyArrayMethods, PyUntypedArrayMethods};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::compile::compile;
use super::node::{Leaf, LeafKind, Node};
use super::pandas::aligned_values;
use super::paths::paths;
use super::read::{Mismatch, read_leaf};
use crate::numeric::{describe, is_number, number, shape_text, to_f64_array};

/// Read one side of the bounds into `out`, which keeps what it holds (NaN) where nothing is said.
///
/// `None` and NaN say nothing; a number holds for everything below its place; dicts and labelled objects may be partial.
///
/// # Errors
/// Something is said about a parameter that does not exist, or an array has another shape.
pub(crate) fn read_side(
    py: Python<'_>,
    node: &Node,
    side: &Bound<'_, PyAny>,
    out: &mut [f64],
) -> Result<(), Mismatch> {
    if side.is_none() {
        return Ok(());
    }
    if is_number(side) {
        let value = number(side)?;
        let mut leaves = Vec::new();
        node.leaves(&mut leaves);
        leaves.iter().for_each(|leaf| out[leaf.offset..leaf.offset + leaf.size].fill(value));
        return Ok(());
    }
    match node {
        Node::Leaf(leaf) => read_leaf_side(py, node, leaf, side, out),
        Node::Dict { keys, children, .. } if side.is_instance_of::<PyDict>() => {
            let side = side.cast::<PyDict>().map_err(PyErr::from)?;
            for (key, value) in side.iter() {
                let found = keys.iter().position(|own| own.bind(py).eq(&key).unwrap_or(false));
                let part = super::node::text(&key);
                let i = found
                    .ok_or_else(|| Mismatch::new(format!("the params have no key '{part}'")))?;
                read_side(py, &children[i], &value, out).map_err(|error| error.below(part))?;
            }
            Ok(())
        }
        Node::List(children) | Node::Tuple(children) | Node::NamedTuple { children, .. }
            if side.is_instance_of::<pyo3::types::PyList>()
                || side.is_instance_of::<pyo3::types::PyTuple>() =>
        {
            let n = children.len();
            if side.len()? != n {
                return Err(Mismatch::new(format!(
                    "expected {n} entries (None where there is no bound), got {}",
                    describe(side)
                )));
            }
            for (i, (child, value)) in children.iter().zip(side.try_iter()?).enumerate() {
                read_side(py, child, &value?, out)
                    .map_err(|error| error.below(node.part(py, i)))?;
            }
            Ok(())
        }
        Node::Dataclass { class, fields, children } if side.is_instance(class.bind(py))? => {
            for (field, child) in fields.iter().zip(children) {
                let value = side.getattr(field.bind(py))?;
                read_side(py, child, &value, out)
                    .map_err(|error| error.below(field.to_string()))?;
            }
            Ok(())
        }
        _ => by_path(py, node, side, out),
    }
}

fn read_leaf_side(
    py: Python<'_>,
    node: &Node,
    leaf: &Leaf,
    side: &Bound<'_, PyAny>,
    out: &mut [f64],
) -> Result<(), Mismatch> {
    let own = &mut out[leaf.offset..leaf.offset + leaf.size];
    if let LeafKind::Array { shape } | LeafKind::Jax { shape, .. } = &leaf.kind
        && !side.is_instance_of::<PyDict>()
        && side.getattr("index").is_err()
    {
        let array = to_f64_array(side)?;
        if array.shape() != &shape[..] {
            return Err(Mismatch::new(format!(
                "expected {}, got shape {}",
                leaf.expectation(),
                shape_text(array.shape())
            )));
        }
        overwrite(own, &array.to_vec().map_err(PyErr::from)?);
        return Ok(());
    }
    let mut values = vec![f64::NAN; own.len()];
    if read_leaf(leaf, side, &mut values).is_ok() {
        overwrite(own, &values);
        return Ok(());
    }
    if let LeafKind::Series(_) | LeafKind::ValueFrame(_) = &leaf.kind
        && let Some(values) = partial_series(py, leaf, side)?
    {
        overwrite(own, &values);
        return Ok(());
    }
    by_path(py, node, side, out)
}

/// A Series whose labels are some of the leaf's.
fn partial_series(
    py: Python<'_>,
    leaf: &Leaf,
    side: &Bound<'_, PyAny>,
) -> Result<Option<Vec<f64>>, Mismatch> {
    let index = match &leaf.kind {
        LeafKind::Series(template) => template.index(py).clone(),
        LeafKind::ValueFrame(template) => template.index(py)?,
        _ => return Ok(None),
    };
    let is_series = super::pandas::Interop::find(py)?.is_series(side)?;
    if !is_series {
        return Ok(None);
    }
    let own = side.getattr("index")?;
    let known = own.call_method1("isin", (&index,))?.call_method0("all")?.extract::<bool>()?;
    if !known || !own.getattr("is_unique")?.extract::<bool>()? {
        return Ok(None);
    }
    let full = side.call_method1("reindex", (&index,))?;
    Ok(aligned_values(&full, &index)?.ok())
}

/// Match the leaves of `side` to the parameters below `node` by their paths.
fn by_path(
    py: Python<'_>,
    node: &Node,
    side: &Bound<'_, PyAny>,
    out: &mut [f64],
) -> Result<(), Mismatch> {
    let compiled = compile(side)?.map_err(|bad| {
        let place = if bad.path.is_empty() {
            String::new()
        } else {
            format!(" at '{}'", bad.path.join("."))
        };
        Mismatch::new(format!("the bound{place} {}", bad.text))
    })?;
    let mut leaves = Vec::new();
    node.leaves(&mut leaves);
    let positions = leaves.iter().flat_map(|leaf| leaf.offset..leaf.offset + leaf.size);
    let known: HashMap<_, _> = paths(py, node)?.into_iter().zip(positions).collect();
    let mut unknown = Vec::new();
    for (path, value) in paths(py, &compiled.root)?.iter().zip(&compiled.start) {
        match known.get(path) {
            Some(&position) if value.is_nan() => debug_assert!(position < out.len()),
            Some(&position) => out[position] = *value,
            None => unknown.push(format!("{} ({value})", path.join("_"))),
        }
    }
    if unknown.is_empty() && compiled.start.len() < known.len() && !is_labelled(side) {
        return Err(Mismatch::new(format!(
            "{} bounds for {} parameters: {}",
            compiled.start.len(),
            known.len(),
            describe(side)
        )));
    }
    if unknown.is_empty() {
        Ok(())
    } else {
        Err(Mismatch::new(format!("no parameter for the bounds {}", unknown.join(", "))))
    }
}

/// Dicts and objects of pandas say which parameter they mean; positions alone must be complete.
fn is_labelled(side: &Bound<'_, PyAny>) -> bool {
    side.is_instance_of::<PyDict>() || side.getattr("index").is_ok_and(|index| !index.is_callable())
}

fn overwrite(own: &mut [f64], values: &[f64]) {
    own.iter_mut()
        .zip(values)
        .filter(|(_, value)| !value.is_nan())
        .for_each(|(own, value)| *own = *value);
}
