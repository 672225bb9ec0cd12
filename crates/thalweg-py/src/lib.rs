//! The Python module of thalweg: translation only.

mod errors;
mod numeric;
mod tree;

use pyo3::prelude::*;

/// The compiled part of thalweg. Private: use the package `thalweg`.
#[pymodule]
mod _thalweg {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::tree::Tree;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
