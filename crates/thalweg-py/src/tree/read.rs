//! From the user's objects to flat vectors, against a plan: the structure is checked on the way.

use numpy::{PyArrayMethods, PyUntypedArrayMethods};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyDictMethods, PyList, PyTuple};

use super::compile::reason;
use super::culprit::first_culprit;
use super::node::{Leaf, LeafKind, Node, text};
use super::pandas::{Interop, aligned_values, series_values, value_column};
use crate::numeric::{as_f64_array, describe, number, shape_text, to_f64_array};

/// Where an object differs from the plan.
#[derive(Debug)]
pub(crate) struct Mismatch {
    /// From the leaf outwards.
    reversed_path: Vec<String>,
    text: String,
}

impl Mismatch {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Mismatch { reversed_path: Vec::new(), text: text.into() }
    }

    fn expected(what: &str, object: &Bound<'_, PyAny>) -> Self {
        Mismatch::new(format!("expected {what}, got {}", describe(object)))
    }

    /// The same seen from one level further out.
    pub(crate) fn below(mut self, part: String) -> Self {
        self.reversed_path.push(part);
        self
    }
}

impl std::fmt::Display for Mismatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !self.reversed_path.is_empty() {
            let path: Vec<_> = self.reversed_path.iter().rev().map(String::as_str).collect();
            write!(f, "at '{}': ", path.join("."))?;
        }
        f.write_str(&self.text)
    }
}

impl From<PyErr> for Mismatch {
    fn from(error: PyErr) -> Self {
        Mismatch::new(error.to_string())
    }
}

/// What is done with the object that stands at a leaf.
pub(crate) type ReadLeaf<'a> = dyn FnMut(&Leaf, &Bound<'_, PyAny>) -> Result<(), Mismatch> + 'a;

/// Walk `object` along the plan.
///
/// # Errors
/// The first place where the structures differ, or at which `read` complains.
pub(crate) fn read_with(
    node: &Node,
    object: &Bound<'_, PyAny>,
    read: &mut ReadLeaf<'_>,
) -> Result<(), Mismatch> {
    match node {
        Node::Leaf(leaf) => read(leaf, object),
        Node::None if object.is_none() => Ok(()),
        Node::None => Err(Mismatch::expected("None", object)),
        Node::Dict { keys, children, .. } => read_dict(keys, children, object, read),
        Node::List(children) | Node::Tuple(children) => {
            read_sequence(children, object, read, &|i| i.to_string())
        }
        Node::NamedTuple { fields, children, .. } => {
            read_sequence(children, object, read, &|i| fields[i].clone())
        }
        Node::Dataclass { class, fields, children } => {
            let py = object.py();
            for (field, child) in fields.iter().zip(children) {
                let name = field.bind(py);
                let value = match object.cast::<PyDict>() {
                    Ok(dict) => dict.get_item(name)?,
                    Err(_) => object.getattr(name).ok(),
                };
                let class = class.bind(py);
                let value = value.ok_or_else(|| {
                    Mismatch::expected(&format!("a {}", describe_class(class)), object)
                })?;
                read_with(child, &value, read).map_err(|error| error.below(text(name)))?;
            }
            Ok(())
        }
    }
}

fn describe_class(class: &Bound<'_, pyo3::types::PyType>) -> String {
    class.name().map_or_else(|_| "dataclass".to_string(), |name| name.to_string())
}

fn read_dict(
    keys: &[Py<PyAny>],
    children: &[Node],
    object: &Bound<'_, PyAny>,
    read: &mut ReadLeaf<'_>,
) -> Result<(), Mismatch> {
    let py = object.py();
    let dict = object.cast::<PyDict>().map_err(|_| {
        let keys: Vec<_> = keys.iter().map(|key| text(key.bind(py))).collect();
        Mismatch::expected(&format!("a dict with the keys {}", keys.join(", ")), object)
    })?;
    for (key, child) in keys.iter().zip(children) {
        let key = key.bind(py);
        let value = dict
            .get_item(key)?
            .ok_or_else(|| Mismatch::new(format!("the key '{}' is missing", text(key))))?;
        read_with(child, &value, read).map_err(|error| error.below(text(key)))?;
    }
    if dict.len() != keys.len() {
        for key in dict.keys() {
            if !keys.iter().any(|own| own.bind(py).eq(&key).unwrap_or(false)) {
                return Err(Mismatch::new(format!("there is an unknown key '{}'", text(&key))));
            }
        }
    }
    Ok(())
}

fn read_sequence(
    children: &[Node],
    object: &Bound<'_, PyAny>,
    read: &mut ReadLeaf<'_>,
    name: &dyn Fn(usize) -> String,
) -> Result<(), Mismatch> {
    let n = children.len();
    let mut one = |i: usize, item: Bound<'_, PyAny>| {
        read_with(&children[i], &item, read).map_err(|error| error.below(name(i)))
    };
    if let Ok(list) = object.cast::<PyList>()
        && list.len() == n
    {
        return list.iter().enumerate().try_for_each(|(i, item)| one(i, item));
    }
    if let Ok(tuple) = object.cast::<PyTuple>()
        && tuple.len() == n
    {
        return tuple.iter().enumerate().try_for_each(|(i, item)| one(i, item));
    }
    // A one-dimensional array may stand for a list of numbers.
    if let Some((data, [len])) = as_f64_array(object)
        && *len == n
        && children.iter().all(|child| matches!(child, Node::Leaf(leaf) if leaf.shape().is_empty()))
    {
        let data = data.to_vec();
        for (i, value) in data.into_iter().enumerate() {
            one(i, pyo3::types::PyFloat::new(object.py(), value).into_any())?;
        }
        return Ok(());
    }
    Err(Mismatch::expected(&format!("a list or tuple with {n} entries"), object))
}

/// Read a tree with the structure of the plan into `out`, which has the plan's size.
///
/// # Errors
/// The structures differ, or a leaf is not numeric.
pub(crate) fn flatten_into(
    node: &Node,
    object: &Bound<'_, PyAny>,
    out: &mut [f64],
) -> Result<(), Mismatch> {
    read_with(node, object, &mut |leaf, object| {
        read_leaf(leaf, object, &mut out[leaf.offset..leaf.offset + leaf.size])
    })
}

/// Read the numbers of one leaf into `out`.
pub(crate) fn read_leaf(
    leaf: &Leaf,
    object: &Bound<'_, PyAny>,
    out: &mut [f64],
) -> Result<(), Mismatch> {
    match &leaf.kind {
        LeafKind::Scalar | LeafKind::NumpyScalar => match number(object) {
            Ok(value) => {
                out[0] = value;
                Ok(())
            }
            Err(_) => Err(Mismatch::expected("a number", object)),
        },
        LeafKind::Array { shape } | LeafKind::Jax { shape, .. } => {
            read_array(object, shape, out, leaf)
        }
        LeafKind::Series(template) => read_labelled(object, template.index(object.py()), out, leaf),
        LeafKind::ValueFrame(template) => {
            read_labelled(object, &template.index(object.py())?, out, leaf)
        }
        LeafKind::Frame { shape, template } => {
            if Interop::find(object.py())?.is_frame(object)? {
                let own = template.frame(object.py());
                for axis in ["index", "columns"] {
                    let equal =
                        own.getattr(axis)?.call_method1("equals", (object.getattr(axis)?,))?;
                    if !equal.extract::<bool>()? {
                        return Err(Mismatch::new(format!(
                            "its {axis} differs from that of the params"
                        )));
                    }
                }
            }
            read_array(object, shape, out, leaf)
        }
    }
}

fn read_array(
    object: &Bound<'_, PyAny>,
    shape: &[usize],
    out: &mut [f64],
    leaf: &Leaf,
) -> Result<(), Mismatch> {
    if let Some((data, found)) = as_f64_array(object)
        && found == shape
    {
        out.copy_from_slice(data);
        return Ok(());
    }
    if object.is_none() {
        return Err(Mismatch::expected(&leaf.expectation(), object));
    }
    let array = to_f64_array(object).map_err(|error| {
        let why = match first_culprit(object) {
            Some((name, value)) => format!("at '{name}' it is {value}"),
            None => reason(object.py(), &error),
        };
        let got = describe(object);
        let why = if why == got { String::new() } else { format!(", which is not numeric: {why}") };
        Mismatch::new(format!("expected {}, got {got}{why}", leaf.expectation()))
    })?;
    if array.shape() != shape {
        return Err(Mismatch::new(format!(
            "expected {}, got shape {}",
            leaf.expectation(),
            shape_text(array.shape())
        )));
    }
    out.copy_from_slice(&array.to_vec().map_err(PyErr::from)?);
    Ok(())
}

/// A Series or a frame with a column "value", matched by label; or an array, matched by position.
fn read_labelled(
    object: &Bound<'_, PyAny>,
    index: &Bound<'_, PyAny>,
    out: &mut [f64],
    leaf: &Leaf,
) -> Result<(), Mismatch> {
    if let Some((data, [len])) = as_f64_array(object)
        && *len == out.len()
    {
        out.copy_from_slice(data);
        return Ok(());
    }
    let interop = Interop::find(object.py())?;
    let series = if interop.is_series(object)? {
        Some(object.clone())
    } else if interop.is_frame(object)? && value_column(object)?.is_some() {
        Some(object.get_item("value")?)
    } else {
        None
    };
    let Some(series) = series else {
        return read_array(object, &[out.len()], out, leaf);
    };
    let values = aligned_values(&series, index)?.map_err(Mismatch::new)?;
    if values.len() != out.len() {
        return Err(Mismatch::expected(&leaf.expectation(), object));
    }
    out.copy_from_slice(&values);
    Ok(())
}

/// One column of a frame with a column "value", as numbers; `None` if there is no such column.
pub(crate) fn frame_column(
    leaf: &Leaf,
    py: Python<'_>,
    column: &str,
) -> PyResult<Option<Vec<f64>>> {
    let LeafKind::ValueFrame(template) = &leaf.kind else { return Ok(None) };
    let frame = template.frame(py);
    if !frame.getattr("columns")?.contains(column)? {
        return Ok(None);
    }
    series_values(&frame.get_item(column)?).map(Some)
}
