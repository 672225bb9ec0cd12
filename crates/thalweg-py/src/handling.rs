//! How nonlinear constraints reach the algorithm, from Python's words.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use thalweg::{AugmentedLagrangianOptions, ConstraintHandling};

/// How nonlinear constraints reach the algorithm.
pub(crate) fn handling(given: &Handling) -> PyResult<ConstraintHandling> {
    match given {
        Handling::Options(initial_penalty, penalty_growth, sufficient_fall, max_subproblems) => {
            Ok(ConstraintHandling::AugmentedLagrangianWith(AugmentedLagrangianOptions {
                initial_penalty: *initial_penalty,
                penalty_growth: *penalty_growth,
                sufficient_fall: *sufficient_fall,
                max_subproblems: *max_subproblems,
            }))
        }
        Handling::Word(word) if word == "native" => Ok(ConstraintHandling::Native),
        Handling::Word(word) if word == "augmented_lagrangian" => {
            Ok(ConstraintHandling::AugmentedLagrangian)
        }
        Handling::Word(other) => {
            Err(PyValueError::new_err(format!("unknown constraint_handling '{other}'")))
        }
    }
}

/// A word, or the options of an augmented Lagrangian in the order of their fields.
#[derive(FromPyObject)]
pub(crate) enum Handling {
    Word(String),
    Options(Option<f64>, f64, f64, usize),
}

impl Default for Handling {
    fn default() -> Self {
        Handling::Word("native".into())
    }
}
