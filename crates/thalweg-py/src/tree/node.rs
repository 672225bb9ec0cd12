//! The leaf plan: what a parameter tree looks like, found out once.

use pyo3::prelude::*;
use pyo3::types::{PyString, PyType};

use super::pandas::{FrameTemplate, SeriesTemplate};

/// A container or a leaf.
pub(crate) enum Node {
    /// `None`: nothing.
    None,
    /// A dict; children in insertion order. `template` is an emptied copy of a subclass's instance.
    Dict { keys: Vec<Py<PyAny>>, children: Vec<Node>, template: Option<Py<PyAny>> },
    /// A list.
    List(Vec<Node>),
    /// A plain tuple.
    Tuple(Vec<Node>),
    /// A named tuple.
    NamedTuple { class: Py<PyType>, fields: Vec<String>, children: Vec<Node> },
    /// A dataclass; its fields that the constructor takes.
    Dataclass { class: Py<PyType>, fields: Vec<Py<PyString>>, children: Vec<Node> },
    /// Numbers.
    Leaf(Leaf),
}

/// Numbers that lie at `offset..offset + size` of the flat vector.
pub(crate) struct Leaf {
    pub(crate) offset: usize,
    pub(crate) size: usize,
    pub(crate) kind: LeafKind,
}

/// How a leaf is handed to the user.
pub(crate) enum LeafKind {
    /// A Python number; handed out as float.
    Scalar,
    /// A numpy scalar; handed out as `numpy.float64`.
    NumpyScalar,
    /// A numpy array of any number of dimensions.
    Array { shape: Vec<usize> },
    /// A JAX array, made by `jax.numpy.asarray`.
    Jax { shape: Vec<usize>, asarray: Py<PyAny> },
    /// A pandas Series.
    Series(SeriesTemplate),
    /// A pandas DataFrame with a column "value", which alone holds parameters.
    ValueFrame(FrameTemplate),
    /// A pandas DataFrame whose every cell is a parameter.
    Frame { template: FrameTemplate, shape: [usize; 2] },
}

impl Leaf {
    /// The shape that the leaf has in blocks of Jacobians.
    pub(crate) fn shape(&self) -> Vec<usize> {
        match &self.kind {
            LeafKind::Scalar | LeafKind::NumpyScalar => Vec::new(),
            LeafKind::Array { shape } | LeafKind::Jax { shape, .. } => shape.clone(),
            LeafKind::Series(_) | LeafKind::ValueFrame(_) => vec![self.size],
            LeafKind::Frame { shape, .. } => shape.to_vec(),
        }
    }

    /// What a user is told that has to stand here.
    pub(crate) fn expectation(&self) -> String {
        match &self.kind {
            LeafKind::Scalar | LeafKind::NumpyScalar => "a number".to_string(),
            LeafKind::Array { shape } | LeafKind::Jax { shape, .. } => {
                format!("an array of shape {}", crate::numeric::shape_text(shape))
            }
            LeafKind::Series(_) | LeafKind::ValueFrame(_) => {
                format!("a Series or array with {} entries", self.size)
            }
            LeafKind::Frame { shape, .. } => {
                format!("a DataFrame or array of shape {}", crate::numeric::shape_text(shape))
            }
        }
    }
}

impl Node {
    /// The children of a container.
    pub(crate) fn children(&self) -> &[Node] {
        match self {
            Node::None | Node::Leaf(_) => &[],
            Node::Dict { children, .. }
            | Node::List(children)
            | Node::Tuple(children)
            | Node::NamedTuple { children, .. }
            | Node::Dataclass { children, .. } => children,
        }
    }

    /// The name of child `i` in paths.
    pub(crate) fn part(&self, py: Python<'_>, i: usize) -> String {
        match self {
            Node::Dict { keys, .. } => text(keys[i].bind(py)),
            Node::NamedTuple { fields, .. } => fields[i].clone(),
            Node::Dataclass { fields, .. } => text(fields[i].bind(py)),
            _ => i.to_string(),
        }
    }

    /// All leaves from left to right.
    pub(crate) fn leaves<'a>(&'a self, into: &mut Vec<&'a Leaf>) {
        if let Node::Leaf(leaf) = self {
            into.push(leaf);
        }
        self.children().iter().for_each(|child| child.leaves(into));
    }
}

/// `str(object)`, for names and messages.
pub(crate) fn text(object: &Bound<'_, PyAny>) -> String {
    object.str().map_or_else(|_| "?".to_string(), |text| text.to_string_lossy().into_owned())
}
