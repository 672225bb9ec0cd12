//! Hessians and products with them, of Python functions.

use numpy::{PyArrayMethods, PyUntypedArrayMethods};
use pyo3::exceptions::PyUserWarning;
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use thalweg::core::SolverKind;
use thalweg::{Batch, Failure, Resolved, SecondDerivatives, UserErrorKind};

use super::call::Function;
use super::failure::Cause;
use super::functions::Functions;
use super::output::warn;
use crate::errors::{Kind, error};
use crate::numeric::{describe, number, shape_text, to_f64_array};
use crate::tree::Tree;

/// The user's second derivatives of the value.
#[derive(Default)]
pub(crate) struct Second {
    /// `hess(params)`: the Hessian.
    pub(super) hess: Option<Function>,
    /// `hessp(params, p)`: its product with p.
    pub(super) hessp: Option<Function>,
}

impl Second {
    pub(super) fn given(&self) -> SecondDerivatives {
        SecondDerivatives { hessian: self.hess.is_some(), product: self.hessp.is_some() }
    }
}

impl Functions {
    /// One point after the other, in this thread.
    pub(super) fn evaluate_second(
        &self,
        py: Python<'_>,
        batch: &Batch<'_>,
        out: &mut [f64],
        failures: &mut Vec<Failure>,
    ) {
        let what = if batch.wants_hessian { "hess" } else { "hessp" };
        let width = if batch.wants_hessian { batch.dim * batch.dim } else { batch.dim };
        for (i, (point, out)) in batch.iter().zip(out.chunks_exact_mut(width)).enumerate() {
            let called = match batch.wants_hessian {
                true => self.hessian(py, point, out),
                false => self.product(py, point, batch.direction(i), out),
            };
            let Err(cause) = called else { continue };
            let is_ours = matches!(cause, Cause::Ours(_));
            let mut failed = self.failed(py, i, what, cause);
            if is_ours {
                // What has the wrong shape once has it always: no penalty helps.
                failed.error.kind = UserErrorKind::Fatal;
            }
            let ends = self.ends_at(&failed);
            failures.push(failed);
            if ends {
                return; // the rest of the batch is not evaluated
            }
        }
    }

    /// Say that an algorithm has no use for second derivatives, as scipy does.
    pub(crate) fn warn_of_unused_hessian(
        &self,
        py: Python<'_>,
        resolved: &Resolved,
    ) -> PyResult<()> {
        let (given, features) = (self.second.given(), resolved.algorithm.spec().features);
        if !given.any() || features.uses_hessian || features.kind != SolverKind::Scalar {
            return Ok(());
        }
        let what = match (given.hessian, given.product) {
            (true, true) => "hess and hessp are",
            (true, false) => "hess is",
            (false, _) => "hessp is",
        };
        let text = format!(
            "The algorithm {} does not use second derivatives: {what} ignored. Algorithms that use them: {}.",
            resolved.name,
            thalweg::users_of_hessians(),
        );
        warn(py, &text, py.get_type::<PyUserWarning>().as_any())
    }

    fn hessian(&self, py: Python<'_>, point: &[f64], out: &mut [f64]) -> Result<(), Cause> {
        let Some(hess) = &self.second.hess else { return Ok(()) };
        let tree = self.tree().get();
        let params = tree.build(py, point).map_err(Cause::Ours)?;
        let arguments = PyTuple::new(py, [params]).map_err(Cause::Ours)?;
        let returned = hess.call(&arguments).map_err(Cause::User)?;
        read_hessian(tree, &returned, out).map_err(Cause::Ours)
    }

    fn product(
        &self,
        py: Python<'_>,
        point: &[f64],
        direction: &[f64],
        out: &mut [f64],
    ) -> Result<(), Cause> {
        let Some(hessp) = &self.second.hessp else { return Ok(()) };
        let tree = self.tree().get();
        let arguments = [tree.build(py, point), tree.build(py, direction)];
        let [params, p] = arguments.map(|argument| argument.map_err(Cause::Ours));
        let arguments = PyTuple::new(py, [params?, p?]).map_err(Cause::Ours)?;
        let returned = hessp.call(&arguments).map_err(Cause::User)?;
        read_product(tree, &returned, out).map_err(Cause::Ours)
    }
}

/// A Hessian: a matrix in the order of the flat params, or the tree of blocks that `second_derivative` returns.
fn read_hessian(tree: &Tree, returned: &Bound<'_, PyAny>, out: &mut [f64]) -> PyResult<()> {
    let (py, n) = (returned.py(), tree.size());
    let mut mismatch = String::new();
    if !tree.is_vector() {
        match tree.read_hessian(returned, out) {
            Ok(()) => return Ok(()),
            Err(found) => mismatch = format!(" As a tree of blocks: {found}."),
        }
    }
    let dense = match returned.hasattr("toarray")? {
        true => returned.call_method0("toarray")?, // a sparse matrix
        false => returned.clone(),
    };
    if n == 1
        && let Ok(number) = number(&dense)
    {
        out[0] = number;
        return Ok(());
    }
    if let Ok(array) = to_f64_array(&dense)
        && (array.shape() == [n, n] || (n == 1 && array.len() == 1))
    {
        out.copy_from_slice(&array.to_vec()?);
        return Ok(());
    }
    let blocks = if tree.is_vector() {
        ""
    } else {
        ", or the tree of blocks of params by params that second_derivative returns"
    };
    let text = format!(
        "hess has to return the Hessian as an array of shape {}{blocks}, but it returned {}.{mismatch}",
        shape_text(&[n, n]),
        describe(returned),
    );
    Err(error(py, Kind::Function, text))
}

/// A product with the Hessian: in the structure of the params, or flat.
fn read_product(tree: &Tree, returned: &Bound<'_, PyAny>, out: &mut [f64]) -> PyResult<()> {
    let n = tree.size();
    if tree.read(returned, out).is_ok() {
        return Ok(());
    }
    if let Ok(array) = to_f64_array(returned)
        && array.len() == n
        && array.shape().iter().filter(|&&len| len != 1).count() <= 1
    {
        out.copy_from_slice(&array.to_vec()?);
        return Ok(());
    }
    let structure = if tree.is_vector() { "" } else { "something structured like params, or " };
    let text = format!(
        "hessp has to return the product of the Hessian with its second argument: {structure}an array of shape {}, but it \
         returned {}.",
        shape_text(&[n]),
        describe(returned),
    );
    Err(error(returned.py(), Kind::Function, text))
}
