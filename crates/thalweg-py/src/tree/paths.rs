//! Names of parameters: made when somebody asks for them.

use pyo3::prelude::*;

use super::node::{Leaf, LeafKind, Node};
use super::pandas::labels;

/// The path of every parameter, in flat order. Numbers at the root have the empty path.
pub(crate) fn paths(py: Python<'_>, node: &Node) -> PyResult<Vec<Vec<String>>> {
    let (mut out, mut prefix) = (Vec::new(), Vec::new());
    walk(py, node, &mut prefix, &mut out)?;
    Ok(out)
}

fn walk(
    py: Python<'_>,
    node: &Node,
    prefix: &mut Vec<String>,
    out: &mut Vec<Vec<String>>,
) -> PyResult<()> {
    if let Node::Leaf(leaf) = node {
        for suffix in leaf_paths(py, leaf)? {
            out.push(prefix.iter().cloned().chain(suffix).collect());
        }
    }
    for (i, child) in node.children().iter().enumerate() {
        prefix.push(node.part(py, i));
        walk(py, child, prefix, out)?;
        prefix.pop();
    }
    Ok(())
}

/// The paths within one leaf.
fn leaf_paths(py: Python<'_>, leaf: &Leaf) -> PyResult<Vec<Vec<String>>> {
    Ok(match &leaf.kind {
        LeafKind::Scalar | LeafKind::NumpyScalar => vec![Vec::new()],
        LeafKind::Array { shape } | LeafKind::Jax { shape, .. } => array_paths(shape),
        LeafKind::Series(template) => labels(template.index(py))?,
        LeafKind::ValueFrame(template) => labels(&template.index(py)?)?,
        LeafKind::Frame { template, .. } => {
            let columns = labels(&template.columns(py)?)?;
            let rows = labels(&template.index(py)?)?;
            let cell = |row: &Vec<String>, column: &Vec<String>| {
                row.iter().chain(column).cloned().collect()
            };
            rows.iter()
                .flat_map(|row| columns.iter().map(move |column| cell(row, column)))
                .collect()
        }
    })
}

/// The indices of all entries of an array in C order; one empty path for a 0-d array.
fn array_paths(shape: &[usize]) -> Vec<Vec<String>> {
    let mut paths = vec![Vec::new()];
    for &len in shape {
        let longer = |path: Vec<String>| {
            (0..len).map(move |i| path.iter().cloned().chain([i.to_string()]).collect())
        };
        paths = paths.into_iter().flat_map(longer).collect();
    }
    paths
}
