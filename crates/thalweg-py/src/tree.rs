//! Parameter trees: compiled once into a plan, then taken apart and put together without looking at types again.

mod blocks;
mod build;
mod compile;
mod culprit;
mod node;
mod pandas;
mod paths;
mod read;
mod reuse;
mod side;

use numpy::{PyArray1, PyArray2, PyArrayMethods, PyUntypedArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyList, PyTuple};

pub(crate) use self::read::Mismatch;
pub(crate) use self::reuse::Reuse;

use self::node::{Leaf, LeafKind, Node};
use crate::errors::{Kind, error};
use crate::numeric::{as_f64_array, to_f64_array, to_vec, vector};

/// The compiled plan of a tree of parameters (or of a function's output).
///
/// Containers: dict (insertion order), list, tuple, namedtuple, dataclass, None. Leaves: numbers, numpy arrays, objects of
/// pandas, JAX arrays. The plan shares nothing with the object that it was made from.
#[pyclass(frozen, module = "thalweg._thalweg")]
pub(crate) struct Tree {
    root: Node,
    start: Vec<f64>,
    names: PyOnceLock<Py<PyList>>,
}

impl Tree {
    /// Compile `params`; `what` names them in messages.
    ///
    /// # Errors
    /// A leaf that is not numeric: an exception of class `kind`.
    pub(crate) fn compile(params: &Bound<'_, PyAny>, kind: Kind, what: &str) -> PyResult<Self> {
        match compile::compile(params)? {
            Ok(compiled) => {
                Ok(Tree { root: compiled.root, start: compiled.start, names: PyOnceLock::new() })
            }
            Err(bad) => {
                let place = match bad.path.is_empty() {
                    true => what.to_string(),
                    false => format!("The leaf '{}' of {what}", bad.path.join(".")),
                };
                Err(error(params.py(), kind, format!("{place} {}.", bad.text)))
            }
        }
    }

    /// The number of parameters.
    pub(crate) fn size(&self) -> usize {
        self.start.len()
    }

    /// The flat start values.
    pub(crate) fn start(&self) -> &[f64] {
        &self.start
    }

    /// Whether the tree is one array with one dimension.
    pub(crate) fn is_vector(&self) -> bool {
        matches!(&self.root, Node::Leaf(Leaf { kind: LeafKind::Array { shape }, .. }) if shape.len() == 1)
    }

    /// The user's object for a flat vector.
    pub(crate) fn build<'py>(&self, py: Python<'py>, flat: &[f64]) -> PyResult<Bound<'py, PyAny>> {
        build::unflatten(py, &self.root, flat)
    }

    /// How to write other numbers into `object`, which [`build`](Self::build) just made; `None` if it has to be made anew.
    pub(crate) fn reuse(&self, object: Bound<'_, PyAny>) -> Option<Reuse> {
        Reuse::of(&self.root, object)
    }

    /// Read an object with this tree's structure into `out`.
    #[inline]
    pub(crate) fn read(&self, object: &Bound<'_, PyAny>, out: &mut [f64]) -> Result<(), Mismatch> {
        read::flatten_into(&self.root, object, out)
    }

    /// Read a derivative of an output with the structure `outer` into the matrix `out`; the columns are this tree's.
    pub(crate) fn read_blocks(
        &self,
        blocks: &Bound<'_, PyAny>,
        outer: &Tree,
        out: &mut [f64],
    ) -> Result<(), Mismatch> {
        blocks::from_blocks(blocks, self.size(), &outer.root, &self.root, out)
    }

    /// Read a tree of blocks of second derivatives of a number with respect to this tree.
    pub(crate) fn read_hessian(
        &self,
        blocks: &Bound<'_, PyAny>,
        out: &mut [f64],
    ) -> Result<(), Mismatch> {
        blocks::hessian_from_blocks(blocks, self.size(), None, &self.root, out)
    }

    /// The name of one parameter; its number if names cannot be made.
    pub(crate) fn name(&self, py: Python<'_>, position: usize) -> String {
        let name = |names: &Py<PyList>| names.bind(py).get_item(position)?.extract();
        let name: PyResult<String> = self.all_names(py).and_then(name);
        name.unwrap_or_else(|_| position.to_string())
    }

    /// The names of all parameters, made once: whoever asks for one of them asks for all, one after the other.
    fn all_names(&self, py: Python<'_>) -> PyResult<&Py<PyList>> {
        self.names.get_or_try_init(py, || {
            let names = paths::paths(py, &self.root)?.into_iter().map(|path| path.join("_"));
            Ok(PyList::new(py, names.collect::<Vec<_>>())?.unbind())
        })
    }

    /// The column `column` of all frames with a column "value", NaN elsewhere; `None` if no frame has it.
    fn column(&self, py: Python<'_>, column: &str) -> PyResult<Option<Vec<f64>>> {
        let (mut leaves, mut flat, mut any) = (Vec::new(), vec![f64::NAN; self.size()], false);
        self.root.leaves(&mut leaves);
        for leaf in leaves {
            let values = read::frame_column(leaf, py, column)
                .map_err(|bad| error(py, Kind::Bounds, bad_column(py, leaf, column, &bad)))?;
            if let Some(values) = values {
                flat[leaf.offset..leaf.offset + leaf.size].copy_from_slice(&values);
                any = true;
            }
        }
        Ok(any.then_some(flat))
    }

    fn check_size(&self, found: usize) -> PyResult<()> {
        if found == self.size() {
            Ok(())
        } else {
            let n = self.size();
            Err(PyValueError::new_err(format!("expected {n} numbers for the params, got {found}")))
        }
    }
}

/// What trees are called in messages, unless they are the output of a function.
const PARAMS: &str = "params";

fn kind_of(what: &str) -> Kind {
    if what.starts_with("the output of ") { Kind::Function } else { Kind::Params }
}

/// What is wrong with a column of bounds, which holds something else than numbers.
fn bad_column(py: Python<'_>, leaf: &Leaf, column: &str, error: &PyErr) -> String {
    let culprit = match &leaf.kind {
        LeafKind::ValueFrame(template) => template.frame(py).get_item(column).ok(),
        _ => None,
    };
    let why = match culprit.as_ref().and_then(culprit::first_culprit) {
        Some((name, value)) => format!("at '{name}' it is {value}"),
        None => compile::reason(py, error),
    };
    format!("The column {column} of params is not numeric: {why}.")
}

#[pymethods]
impl Tree {
    #[new]
    #[pyo3(signature = (params, what=PARAMS))]
    fn new(params: &Bound<'_, PyAny>, what: &str) -> PyResult<Self> {
        Tree::compile(params, kind_of(what), what)
    }

    /// The flat start values; a new array each time.
    #[getter(start)]
    fn py_start<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        vector(py, &self.start)
    }

    /// The number of parameters.
    #[getter(size)]
    fn py_size(&self) -> usize {
        self.size()
    }

    fn __len__(&self) -> usize {
        self.size()
    }

    /// Whether the tree is one numpy array with one dimension.
    #[getter]
    fn is_array(&self) -> bool {
        self.is_vector()
    }

    /// The path of every parameter, a tuple of str each.
    #[getter]
    fn paths<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let paths = paths::paths(py, &self.root)?;
        let paths = paths.into_iter().map(|path| PyTuple::new(py, path));
        PyList::new(py, paths.collect::<PyResult<Vec<_>>>()?)
    }

    /// The name of every parameter: the parts of its path joined by "_".
    #[getter]
    fn names<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        // A copy, so that nobody can change the kept list.
        Ok(self.all_names(py)?.bind(py).get_slice(0, self.size()))
    }

    /// The flat vector of an object with this tree's structure.
    #[pyo3(signature = (tree, what=PARAMS))]
    fn flatten<'py>(
        &self,
        tree: &Bound<'py, PyAny>,
        what: &str,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let mut flat = vec![0.0; self.size()];
        self.read(tree, &mut flat).map_err(|mismatch| {
            let (kind, first) = match kind_of(what) {
                Kind::Function => (Kind::Function, "at the start params"),
                kind => (kind, "of the start params"),
            };
            let text = format!("The structure of {what} differs from that {first}: {mismatch}.");
            error(tree.py(), kind, text)
        })?;
        Ok(vector(tree.py(), &flat))
    }

    /// The user's object for a flat vector.
    fn unflatten<'py>(&self, flat: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        if let Some((data, [_])) = as_f64_array(flat) {
            self.check_size(data.len())?;
            let data = data.to_vec(); // building may run code of pandas, and the array belongs to somebody else
            return self.build(flat.py(), &data);
        }
        let flat_values = to_vec(flat)?;
        self.check_size(flat_values.len())?;
        self.build(flat.py(), &flat_values)
    }

    /// The tree with every parameter replaced by its position.
    fn positions<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let positions: Vec<f64> = (0..self.size()).map(|i| i as f64).collect();
        self.build(py, &positions)
    }

    /// One side of the bounds, given as a partial tree, as a flat vector with NaN where nothing is said. What it says beats
    /// the column `name` of frames with a column "value".
    fn flatten_side<'py>(
        &self,
        side: &Bound<'py, PyAny>,
        name: &str,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let py = side.py();
        let mut flat = self.column(py, name)?.unwrap_or_else(|| vec![f64::NAN; self.size()]);
        side::read_side(py, &self.root, side, &mut flat).map_err(|mismatch| {
            let text = format!("{name} could not be matched to params pytree: {mismatch}.");
            error(py, Kind::Bounds, text)
        })?;
        Ok(vector(py, &flat))
    }

    /// The column `column` of all frames that have a column "value", as a flat vector with NaN elsewhere; None if no
    /// frame has it.
    fn frame_column<'py>(
        &self,
        py: Python<'py>,
        column: &str,
    ) -> PyResult<Option<Bound<'py, PyArray1<f64>>>> {
        Ok(self.column(py, column)?.map(|flat| vector(py, &flat)))
    }

    /// Whether any leaf is a frame with a column "value" (which may have columns of bounds).
    #[getter]
    fn has_value_frame(&self) -> bool {
        let mut leaves = Vec::new();
        self.root.leaves(&mut leaves);
        leaves.iter().any(|leaf| matches!(leaf.kind, LeafKind::ValueFrame(_)))
    }

    /// A Jacobian (m, n), or a gradient (n,) if `outer` is None, as a tree of blocks.
    #[pyo3(signature = (matrix, outer=None))]
    fn to_blocks<'py>(
        &self,
        matrix: &Bound<'py, PyAny>,
        outer: Option<&Tree>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = matrix.py();
        let array = to_f64_array(matrix)?;
        let (m, n) = (outer.map_or(1, Tree::size), self.size());
        let fits = match outer {
            Some(_) => array.shape() == [m, n],
            None => array.shape() == [n] || array.shape() == [1, n],
        };
        if !fits {
            return Err(dimension_error(array.shape(), &[m, n]));
        }
        blocks::to_blocks(py, &array.to_vec()?, n, outer.map(|outer| &outer.root), &self.root)
    }

    /// The matrix (m, n) of a tree of blocks; (1, n) if `outer` is None.
    #[pyo3(name = "from_blocks", signature = (blocks, outer=None, what="jac"))]
    fn matrix_of_blocks<'py>(
        &self,
        blocks: &Bound<'py, PyAny>,
        outer: Option<&Tree>,
        what: &str,
    ) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let py = blocks.py();
        let (m, n) = (outer.map_or(1, Tree::size), self.size());
        let mut matrix = vec![0.0; m * n];
        let read = match outer {
            Some(outer) => self.read_blocks(blocks, outer, &mut matrix),
            None => self.read(blocks, &mut matrix),
        };
        read.map_err(|mismatch| {
            let text = format!("The output of {what} cannot be aligned with params: {mismatch}.");
            error(py, Kind::Function, text)
        })?;
        vector(py, &matrix).reshape([m, n])
    }

    /// Second derivatives (n, n), or (m, n, n) with `outer`, as a tree of blocks.
    #[pyo3(signature = (hessians, outer=None))]
    fn hessian_to_blocks<'py>(
        &self,
        hessians: &Bound<'py, PyAny>,
        outer: Option<&Tree>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = hessians.py();
        let array = to_f64_array(hessians)?;
        let n = self.size();
        let fits = match outer {
            Some(outer) => array.shape() == [outer.size(), n, n],
            None => array.shape() == [n, n] || array.shape() == [1, n, n],
        };
        if !fits {
            return Err(dimension_error(array.shape(), &[outer.map_or(1, Tree::size), n, n]));
        }
        blocks::hessian_to_blocks(
            py,
            &array.to_vec()?,
            n,
            outer.map(|outer| &outer.root),
            &self.root,
        )
    }

    /// The matrix (n, n), or (m, n, n) with `outer`, of a tree of blocks of second derivatives.
    #[pyo3(name = "hessian_from_blocks", signature = (blocks, outer=None))]
    fn matrix_of_hessian_blocks<'py>(
        &self,
        blocks: &Bound<'py, PyAny>,
        outer: Option<&Tree>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = blocks.py();
        let n = self.size();
        let mut flat = vec![0.0; outer.map_or(1, Tree::size) * n * n];
        let outer_root = outer.map(|outer| &outer.root);
        blocks::hessian_from_blocks(blocks, n, outer_root, &self.root, &mut flat).map_err(
            |mismatch| {
                PyValueError::new_err(format!("the blocks do not fit the params: {mismatch}"))
            },
        )?;
        let shape = match outer {
            Some(outer) => vec![outer.size(), n, n],
            None => vec![n, n],
        };
        Ok(crate::numeric::new_array(py, &flat, &shape))
    }

    /// Pickled as the start params.
    fn __reduce__<'py>(
        slf: &Bound<'py, Self>,
    ) -> PyResult<(Bound<'py, PyAny>, (Bound<'py, PyAny>,))> {
        let tree = slf.get();
        Ok((slf.get_type().into_any(), (tree.build(slf.py(), &tree.start)?,)))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("Tree({})", self.build(py, &self.start)?.repr()?))
    }
}

fn dimension_error(found: &[usize], expected: &[usize]) -> PyErr {
    use crate::numeric::shape_text;
    let expected_text = shape_text(expected);
    let axis = found.iter().zip(expected).position(|(found, expected)| found != expected);
    let place = match axis {
        Some(axis) if found.len() == expected.len() => format!(": dimension {axis} differs"),
        _ => ": the number of dimensions differs".to_string(),
    };
    PyValueError::new_err(format!(
        "expected shape {expected_text}, got {}{place}",
        shape_text(found)
    ))
}
