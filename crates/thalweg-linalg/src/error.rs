//! What can go wrong in a factorization or a solve.

use std::fmt;

/// The result of a factorization or a solve.
pub type Result<T> = std::result::Result<T, LinalgError>;

/// Why a factorization or a solve was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinalgError {
    /// A slice does not have the length that the shape asks for.
    Shape {
        /// Number of elements that the shape asks for.
        expected: usize,
        /// Number of elements in the slice.
        found: usize,
    },
    /// The input contains an infinity or a NaN.
    NonFinite,
    /// The matrix is not numerically positive definite.
    NotPositiveDefinite {
        /// The first pivot that is not positive.
        pivot: usize,
    },
    /// The matrix is exactly singular.
    Singular {
        /// The first pivot that is zero.
        pivot: usize,
    },
    /// An iterative decomposition did not converge.
    NoConvergence,
}

impl fmt::Display for LinalgError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shape { expected, found } => {
                write!(f, "the slice holds {found} numbers where the shape asks for {expected}")
            }
            Self::NonFinite => write!(f, "the matrix contains an infinity or a NaN"),
            Self::NotPositiveDefinite { pivot } => {
                write!(f, "the matrix is not positive definite (pivot {pivot})")
            }
            Self::Singular { pivot } => write!(f, "the matrix is singular (pivot {pivot})"),
            Self::NoConvergence => write!(f, "the decomposition did not converge"),
        }
    }
}

impl std::error::Error for LinalgError {}

/// Refuses a slice of the wrong length or with an infinity or a NaN in it.
pub(crate) fn check(a: &[f64], expected: usize) -> Result<()> {
    check_len(a, expected)?;
    if crate::all_finite(a) { Ok(()) } else { Err(LinalgError::NonFinite) }
}

/// Refuses a slice of the wrong length.
pub(crate) fn check_len(a: &[f64], expected: usize) -> Result<()> {
    if a.len() == expected { Ok(()) } else { Err(LinalgError::Shape { expected, found: a.len() }) }
}
