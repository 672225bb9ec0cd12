//! From flat vectors to the user's objects.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFloat, PyList, PyTuple};

use super::node::{Leaf, LeafKind, Node};
use crate::numeric::{float64_type, new_array};

/// What a leaf becomes.
pub(crate) type MakeLeaf<'a, 'py> = dyn FnMut(&Leaf) -> PyResult<Bound<'py, PyAny>> + 'a;

/// The user's structure around whatever `make` gives for each leaf. Every container is new.
pub(crate) fn build_with<'py>(
    py: Python<'py>,
    node: &Node,
    make: &mut MakeLeaf<'_, 'py>,
) -> PyResult<Bound<'py, PyAny>> {
    match node {
        Node::Leaf(leaf) => make(leaf),
        Node::None => Ok(py.None().into_bound(py)),
        Node::Dict { keys, children, template: None } => {
            let dict = PyDict::new(py);
            for (key, child) in keys.iter().zip(children) {
                dict.set_item(key, build_with(py, child, make)?)?;
            }
            Ok(dict.into_any())
        }
        Node::Dict { keys, children, template: Some(template) } => {
            let dict = py.import("copy")?.call_method1("copy", (template,))?;
            for (key, child) in keys.iter().zip(children) {
                dict.set_item(key, build_with(py, child, make)?)?;
            }
            Ok(dict)
        }
        Node::List(children) => Ok(PyList::new(py, build_all(py, children, make)?)?.into_any()),
        Node::Tuple(children) => Ok(PyTuple::new(py, build_all(py, children, make)?)?.into_any()),
        Node::NamedTuple { class, children, .. } => {
            let items = PyTuple::new(py, build_all(py, children, make)?)?;
            class.bind(py).call_method1(pyo3::intern!(py, "_make"), (items,))
        }
        Node::Dataclass { class, fields, children } => {
            let arguments = PyDict::new(py);
            for (field, child) in fields.iter().zip(children) {
                arguments.set_item(field, build_with(py, child, make)?)?;
            }
            class.bind(py).call((), Some(&arguments))
        }
    }
}

fn build_all<'py>(
    py: Python<'py>,
    children: &[Node],
    make: &mut MakeLeaf<'_, 'py>,
) -> PyResult<Vec<Bound<'py, PyAny>>> {
    children.iter().map(|child| build_with(py, child, make)).collect()
}

/// The user's parameters for a flat vector; every object is new, only labels and other columns of pandas are shared.
pub(crate) fn unflatten<'py>(
    py: Python<'py>,
    node: &Node,
    flat: &[f64],
) -> PyResult<Bound<'py, PyAny>> {
    build_with(py, node, &mut |leaf| {
        build_leaf(py, leaf, &flat[leaf.offset..leaf.offset + leaf.size])
    })
}

fn build_leaf<'py>(py: Python<'py>, leaf: &Leaf, values: &[f64]) -> PyResult<Bound<'py, PyAny>> {
    match &leaf.kind {
        LeafKind::Scalar => Ok(PyFloat::new(py, values[0]).into_any()),
        LeafKind::NumpyScalar => float64_type(py)?.call1((values[0],)),
        LeafKind::Array { shape } => Ok(new_array(py, values, shape)),
        // JAX may keep the memory of the array that it is given: always a fresh one.
        LeafKind::Jax { shape, asarray } => asarray.bind(py).call1((new_array(py, values, shape),)),
        LeafKind::Series(template) => template.build(py, values),
        LeafKind::ValueFrame(template) | LeafKind::Frame { template, .. } => {
            template.build(py, values)
        }
    }
}
