//! Block trees: Jacobians and Hessians in the structure of outputs and parameters, as in JAX.
//!
//! The block of an output leaf of shape s and a parameter leaf of shape t has the shape s + t; where pandas takes part
//! and at most two dimensions remain, it is a Series or DataFrame with the leaves' labels.

use numpy::{PyArrayMethods, PyUntypedArrayMethods};
use pyo3::prelude::*;

use super::build::build_with;
use super::node::{Leaf, LeafKind, Node};
use super::pandas::{aligned, new_frame, new_series};
use super::read::{Mismatch, read_with};
use crate::numeric::{as_f64_array, describe, new_array, shape_text, to_f64_array};

/// A row-major matrix with the rows of `outer` (one row if `None`: a scalar output) and the columns of `inner` as a
/// tree of blocks.
pub(crate) fn to_blocks<'py>(
    py: Python<'py>,
    matrix: &[f64],
    n: usize,
    outer: Option<&Node>,
    inner: &Node,
) -> PyResult<Bound<'py, PyAny>> {
    let row_block = |o: Option<&Leaf>| {
        build_with(py, inner, &mut |i: &Leaf| {
            let mut data = Vec::new();
            let (first, count) = o.map_or((0, 1), |o| (o.offset, o.size));
            for row in first..first + count {
                data.extend_from_slice(&matrix[row * n + i.offset..][..i.size]);
            }
            match o {
                Some(o) => block(py, &[o, i], &data),
                None => block(py, &[i], &data),
            }
        })
    };
    match outer {
        None => row_block(None),
        Some(outer) => build_with(py, outer, &mut |o| row_block(Some(o))),
    }
}

/// Second derivatives, m matrices of n x n one after the other, as a tree of blocks; no outer level for `None`.
pub(crate) fn hessian_to_blocks<'py>(
    py: Python<'py>,
    hessians: &[f64],
    n: usize,
    outer: Option<&Node>,
    inner: &Node,
) -> PyResult<Bound<'py, PyAny>> {
    let blocks = |o: Option<&Leaf>| {
        build_with(py, inner, &mut |i: &Leaf| {
            build_with(py, inner, &mut |j: &Leaf| {
                let mut data = Vec::new();
                let (first, count) = o.map_or((0, 1), |o| (o.offset, o.size));
                for k in first..first + count {
                    for row in i.offset..i.offset + i.size {
                        data.extend_from_slice(&hessians[(k * n + row) * n + j.offset..][..j.size]);
                    }
                }
                let leaves: Vec<&Leaf> = o.into_iter().chain([i, j]).collect();
                block(py, &leaves, &data)
            })
        })
    };
    match outer {
        None => blocks(None),
        Some(outer) => build_with(py, outer, &mut |o| blocks(Some(o))),
    }
}

/// One block.
fn block<'py>(py: Python<'py>, leaves: &[&Leaf], data: &[f64]) -> PyResult<Bound<'py, PyAny>> {
    let shape: Vec<usize> = leaves.iter().flat_map(|leaf| leaf.shape()).collect();
    let array = new_array(py, data, &shape);
    let with_axes: Vec<&Leaf> =
        leaves.iter().copied().filter(|leaf| !leaf.shape().is_empty()).collect();
    match with_axes[..] {
        [one] => match &one.kind {
            LeafKind::Series(_) | LeafKind::ValueFrame(_) => {
                let index = index(py, one)?.map(Bound::unbind).unwrap_or_else(|| py.None());
                new_series(py, array, &index, None)
            }
            LeafKind::Frame { template, .. } => {
                new_frame(py, array, Some(&template.index(py)?), Some(&template.columns(py)?))
            }
            _ => Ok(array),
        },
        [rows, columns] if shape.len() == 2 => {
            let (rows, columns) = (index(py, rows)?, index(py, columns)?);
            if rows.is_none() && columns.is_none() {
                return Ok(array);
            }
            new_frame(py, array, rows.as_ref(), columns.as_ref())
        }
        _ => Ok(array),
    }
}

/// The labels of a one-dimensional leaf of pandas.
fn index<'py>(py: Python<'py>, leaf: &Leaf) -> PyResult<Option<Bound<'py, PyAny>>> {
    match &leaf.kind {
        LeafKind::Series(template) => Ok(Some(template.index(py).clone())),
        LeafKind::ValueFrame(template) => template.index(py).map(Some),
        _ => Ok(None),
    }
}

/// Read a tree of blocks into a row-major matrix of `outer`'s rows and `inner`'s `n` columns.
///
/// # Errors
/// The structures differ, or a block has another shape than its leaves ask for.
pub(crate) fn from_blocks(
    blocks: &Bound<'_, PyAny>,
    n: usize,
    outer: &Node,
    inner: &Node,
    out: &mut [f64],
) -> Result<(), Mismatch> {
    read_with(outer, blocks, &mut |o, row| {
        read_with(inner, row, &mut |i, block| {
            let mut write = |data: &[f64]| {
                for (k, row) in data.chunks_exact(i.size.max(1)).enumerate() {
                    out[(o.offset + k) * n + i.offset..][..i.size].copy_from_slice(row);
                }
            };
            if let Some((data, shape)) = as_f64_array(block)
                && fits(shape, o, i)
            {
                write(data);
                return Ok(());
            }
            let block = &with_labels_in_order(block, o, i)?;
            let array = to_f64_array(block).map_err(|_| {
                Mismatch::new(format!("expected an array, got {}", describe(block)))
            })?;
            if !fits(array.shape(), o, i) {
                let wanted: Vec<usize> = o.shape().into_iter().chain(i.shape()).collect();
                return Err(Mismatch::new(format!(
                    "expected a block of shape {}, got shape {}; output and derivative must have the same number of elements",
                    shape_text(&wanted),
                    shape_text(array.shape())
                )));
            }
            write(&array.to_vec().map_err(PyErr::from)?);
            Ok(())
        })
    })
}

/// A block of pandas with its labels in the order of the leaves'; any other block as it is.
fn with_labels_in_order<'py>(
    block: &Bound<'py, PyAny>,
    outer: &Leaf,
    inner: &Leaf,
) -> Result<Bound<'py, PyAny>, Mismatch> {
    let py = block.py();
    let mut axes = Vec::new();
    for leaf in [outer, inner] {
        match &leaf.kind {
            LeafKind::Frame { template, .. } => {
                axes.extend([Some(template.index(py)?), Some(template.columns(py)?)]);
            }
            _ if leaf.shape().is_empty() => {}
            _ => {
                axes.push(index(py, leaf)?);
                axes.extend(leaf.shape().iter().skip(1).map(|_| None));
            }
        }
    }
    aligned(block, &axes)?.map_err(Mismatch::new)
}

/// Whether a block's shape is that of output and parameters together, apart from axes of length 1.
fn fits(shape: &[usize], outer: &Leaf, inner: &Leaf) -> bool {
    let (o, i) = (outer.shape(), inner.shape());
    let wanted = o.iter().chain(&i).filter(|&&len| len != 1);
    shape.iter().filter(|&&len| len != 1).eq(wanted)
}

/// Read a tree of blocks of second derivatives: m matrices of n x n one after the other.
///
/// # Errors
/// The structures differ, or a block has another shape than its leaves ask for.
pub(crate) fn hessian_from_blocks(
    blocks: &Bound<'_, PyAny>,
    n: usize,
    outer: Option<&Node>,
    inner: &Node,
    out: &mut [f64],
) -> Result<(), Mismatch> {
    let mut read = |first: usize, count: usize, blocks: &Bound<'_, PyAny>| {
        read_with(inner, blocks, &mut |i, row| {
            read_with(inner, row, &mut |j, block| {
                let ordered;
                let block = match outer {
                    None => {
                        ordered = with_labels_in_order(block, i, j)?;
                        &ordered
                    }
                    Some(_) => block,
                };
                let array = to_f64_array(block)?;
                if array.len() != count * i.size * j.size {
                    return Err(Mismatch::new(format!(
                        "a block has shape {}",
                        shape_text(array.shape())
                    )));
                }
                let data = array.to_vec().map_err(PyErr::from)?;
                for (k, row) in data.chunks_exact(j.size.max(1)).enumerate() {
                    let matrix = (first + k / i.size) * n + i.offset + k % i.size;
                    out[matrix * n + j.offset..][..j.size].copy_from_slice(row);
                }
                Ok(())
            })
        })
    };
    match outer {
        None => read(0, 1, blocks),
        Some(outer) => read_with(outer, blocks, &mut |o, blocks| read(o.offset, o.size, blocks)),
    }
}
