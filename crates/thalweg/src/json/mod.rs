//! Results as JSON and back, bit for bit: `docs/result-json.md` describes the format.
//!
//! ```
//! use thalweg::OptimizeResult;
//!
//! let fun = |x: &[f64; 2]| (x[0] - 1.0).powi(2) + x[1].powi(4);
//! let result = thalweg::minimize(fun, [3.0, 2.0]).algorithm("lbfgsb").run()?;
//!
//! let text = result.to_json();
//! let flat = OptimizeResult::from_json(&text)?; // parameters as a flat vector
//! assert_eq!(flat.params, result.params);
//! let again = OptimizeResult::from_json_like(&text, &[0.0; 2])?; // in the shape of a template
//! assert_eq!(again, result);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod document;
mod numbers;
mod outputs;
mod read;
mod structure;
mod write;

use std::fmt;

use thalweg_space::params::Params;

use crate::result::{FlatResult, OptimizeResult};

/// What says that a file is a result.
const FORMAT: &str = "thalweg-result";

/// The version of the format that is written, and the newest one that is read.
const VERSION: u64 = 1;

/// Why a text is no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonError {
    message: String,
}

impl JsonError {
    fn new(message: impl Into<String>) -> Self {
        JsonError { message: message.into() }
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for JsonError {}

impl<P: Params> OptimizeResult<P> {
    /// The result as JSON, with its history. [`OptimizeResult::from_json`] and Python read it.
    pub fn to_json(&self) -> String {
        write::text(self, true)
    }

    /// The result as JSON without histories; their convergence reports are kept.
    pub fn to_json_without_history(&self) -> String {
        write::text(self, false)
    }

    /// Read a result written by [`OptimizeResult::to_json`], or by Python, into parameters of the shape of a template.
    ///
    /// # Errors
    /// The text is no result, is damaged, is of a newer version, or has another number of parameters than the template.
    pub fn from_json_like(text: &str, template: &P) -> Result<Self, JsonError> {
        let flat = OptimizeResult::from_json(text)?;
        let (found, wanted) = (flat.params.len(), template.n_values());
        if found != wanted {
            return Err(JsonError::new(format!(
                "The result has {found} parameters, but the template has {wanted}."
            )));
        }
        let mut shape =
            |flat: Vec<f64>| template.with_flat(&flat).unwrap_or_else(|_| template.clone());
        Ok(flat.map(&mut shape))
    }
}

impl FlatResult {
    /// Read a result written by [`OptimizeResult::to_json`], or by Python; its parameters as flat vectors.
    ///
    /// # Errors
    /// The text is no result, is damaged, or is of a newer version.
    pub fn from_json(text: &str) -> Result<FlatResult, JsonError> {
        read::result(text)
    }
}
