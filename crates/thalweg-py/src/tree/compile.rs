//! From a tree of parameters to its plan.

use numpy::{PyArrayMethods, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFloat, PyList, PyString, PyTuple, PyType};

use super::culprit::{describe_value, first_culprit};
use super::node::{Leaf, LeafKind, Node, text};
use super::pandas::{FrameTemplate, Interop, SeriesTemplate, series_values, value_column};
use crate::numeric::{as_f64_array, number, to_f64_array};

/// Containers nested deeper than this are taken for a cycle.
const MAX_DEPTH: usize = 200;

/// Why a tree cannot be compiled: the path of the culprit and what is wrong with it.
pub(crate) struct BadLeaf {
    pub(crate) path: Vec<String>,
    pub(crate) text: String,
}

/// A plan and the numbers that the tree held.
pub(crate) struct Compiled {
    pub(crate) root: Node,
    pub(crate) start: Vec<f64>,
}

/// Compile `params`.
///
/// # Errors
/// A leaf that is not numeric.
pub(crate) fn compile(params: &Bound<'_, PyAny>) -> PyResult<Result<Compiled, BadLeaf>> {
    let mut compiler = Compiler { interop: None, start: Vec::new(), path: Vec::new() };
    Ok(match compiler.node(params) {
        Ok(root) => Ok(Compiled { root, start: compiler.start }),
        Err(text) => Err(BadLeaf { path: compiler.path, text }),
    })
}

struct Compiler<'py> {
    /// Found when it is first needed.
    interop: Option<Interop<'py>>,
    start: Vec<f64>,
    /// The path of the node at hand; left as it is when something is wrong.
    path: Vec<String>,
}

impl<'py> Compiler<'py> {
    fn node(&mut self, object: &Bound<'py, PyAny>) -> Result<Node, String> {
        if self.path.len() > MAX_DEPTH {
            self.path.truncate(3);
            return Err("is nested too deeply, or contains itself".to_string());
        }
        if object.is_none() {
            Ok(Node::None)
        } else if let Ok(dict) = object.cast::<PyDict>() {
            self.dict(dict)
        } else if let Ok(list) = object.cast::<PyList>() {
            let items: Vec<_> = list.iter().collect();
            Ok(Node::List(self.numbered(&items)?))
        } else if let Ok(tuple) = object.cast::<PyTuple>() {
            self.tuple(tuple)
        } else {
            match self.leaf(object) {
                Ok(Some(leaf)) => Ok(Node::Leaf(leaf)),
                Ok(None) => self.dataclass(object),
                Err(error) => Err(self.not_numeric(object, &error)),
            }
        }
    }

    /// Why a leaf is no leaf. The path leads on to the entry at fault where there is one.
    fn not_numeric(&mut self, object: &Bound<'py, PyAny>, error: &PyErr) -> String {
        let why = match first_culprit(object) {
            Some((name, why)) => {
                self.path.push(name);
                why
            }
            None => reason(object.py(), error),
        };
        format!("is not numeric: {why}")
    }

    fn child(&mut self, part: String, object: &Bound<'py, PyAny>) -> Result<Node, String> {
        self.path.push(part);
        let node = self.node(object)?;
        self.path.pop();
        Ok(node)
    }

    fn numbered(&mut self, items: &[Bound<'py, PyAny>]) -> Result<Vec<Node>, String> {
        items.iter().enumerate().map(|(i, item)| self.child(i.to_string(), item)).collect()
    }

    fn dict(&mut self, dict: &Bound<'py, PyDict>) -> Result<Node, String> {
        let py = dict.py();
        let (mut keys, mut children) = (Vec::new(), Vec::new());
        for (key, value) in dict.iter() {
            children.push(self.child(text(&key), &value)?);
            keys.push(key.unbind());
        }
        let template = if dict.is_exact_instance_of::<PyDict>() {
            None
        } else {
            // A subclass may carry more than its items: copy one, and put the values in.
            let copy = py.import("copy").and_then(|copy| copy.call_method1("copy", (dict,)));
            let copy = copy.map_err(|error| format!("cannot be copied: {error}"))?;
            for key in &keys {
                copy.set_item(key, py.None()).map_err(|error| format!("cannot be set: {error}"))?;
            }
            Some(copy.unbind())
        };
        Ok(Node::Dict { keys, children, template })
    }

    fn tuple(&mut self, tuple: &Bound<'py, PyTuple>) -> Result<Node, String> {
        let items: Vec<_> = tuple.iter().collect();
        if tuple.is_exact_instance_of::<PyTuple>() {
            return Ok(Node::Tuple(self.numbered(&items)?));
        }
        let names = tuple.getattr("_fields").and_then(|fields| fields.extract::<Vec<String>>());
        let Ok(fields) = names else {
            return Ok(Node::Tuple(self.numbered(&items)?));
        };
        let children = fields.iter().zip(&items);
        let children = children
            .map(|(name, item)| self.child(name.clone(), item))
            .collect::<Result<_, _>>()?;
        Ok(Node::NamedTuple { class: tuple.get_type().unbind(), fields, children })
    }

    fn dataclass(&mut self, object: &Bound<'py, PyAny>) -> Result<Node, String> {
        let declared = (!object.is_instance_of::<PyType>())
            .then(|| object.getattr("__dataclass_fields__").ok())
            .flatten()
            .and_then(|fields| fields.cast_into::<PyDict>().ok());
        let Some(declared) = declared else {
            return Err(format!("is not numeric: {}", describe_value(object)));
        };
        let (mut fields, mut children) = (Vec::new(), Vec::new());
        for (name, field) in declared.iter() {
            let is_field =
                field.getattr("_field_type").is_ok_and(|kind| text(&kind).ends_with("_FIELD"));
            let by_constructor =
                field.getattr("init").is_ok_and(|init| init.is_truthy().unwrap_or(false));
            if is_field && by_constructor {
                let name = name.cast_into::<PyString>().map_err(|error| error.to_string())?;
                let value = object.getattr(&name).map_err(|error| error.to_string())?;
                children.push(self.child(text(&name), &value)?);
                fields.push(name.unbind());
            }
        }
        Ok(Node::Dataclass { class: object.get_type().unbind(), fields, children })
    }

    /// A leaf, if the object is one.
    fn leaf(&mut self, object: &Bound<'py, PyAny>) -> PyResult<Option<Leaf>> {
        let offset = self.start.len();
        let kind = if let Some((data, shape)) = as_f64_array(object) {
            self.start.extend(data);
            Some(LeafKind::Array { shape: shape.to_vec() })
        } else if object.is_exact_instance_of::<PyFloat>() {
            self.start.push(number(object)?);
            Some(LeafKind::Scalar)
        } else {
            self.uncommon_leaf(object)?
        };
        Ok(kind.map(|kind| Leaf { offset, size: self.start.len() - offset, kind }))
    }

    /// The kind of a leaf that is neither an array of float64 nor a float, if the object is one.
    fn uncommon_leaf(&mut self, object: &Bound<'py, PyAny>) -> PyResult<Option<LeafKind>> {
        let py = object.py();
        let interop = match &self.interop {
            Some(interop) => interop,
            None => self.interop.insert(Interop::find(py)?),
        };
        let kind = if object.cast::<PyUntypedArray>().is_ok() {
            let array = to_f64_array(object)?;
            self.start.extend(array.to_vec()?);
            LeafKind::Array { shape: array.shape().to_vec() }
        } else if interop.is_jax(object)? {
            let array = to_f64_array(object)?;
            self.start.extend(array.to_vec()?);
            let asarray = py.import("jax.numpy")?.getattr("asarray")?.unbind();
            LeafKind::Jax { shape: array.shape().to_vec(), asarray }
        } else if interop.is_series(object)? {
            let values = series_values(object)?;
            let template = SeriesTemplate::new(object, &values)?;
            self.start.extend(values);
            LeafKind::Series(template)
        } else if interop.is_frame(object)? {
            self.frame(object)?
        } else if object.hasattr("__float__")? || object.hasattr("__index__")? {
            self.start.push(number(object)?);
            let module = object.get_type().module()?;
            if module.to_string_lossy() == "numpy" {
                LeafKind::NumpyScalar
            } else {
                LeafKind::Scalar
            }
        } else {
            return Ok(None);
        };
        Ok(Some(kind))
    }

    fn frame(&mut self, frame: &Bound<'py, PyAny>) -> PyResult<LeafKind> {
        if let Some(column) = value_column(frame)? {
            let values = series_values(&frame.get_item("value")?)?;
            let template = FrameTemplate::with_value(frame, column, &values)?;
            self.start.extend(values);
            return Ok(LeafKind::ValueFrame(template));
        }
        let array = to_f64_array(frame)?;
        self.start.extend(array.to_vec()?);
        let shape = [array.shape()[0], array.shape()[1]];
        Ok(LeafKind::Frame { template: FrameTemplate::of_cells(frame)?, shape })
    }
}

/// The message of an exception without its class.
pub(crate) fn reason(py: Python<'_>, error: &PyErr) -> String {
    text(error.value(py))
}
