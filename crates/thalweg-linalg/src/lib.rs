//! Small dense linear algebra for thalweg's algorithms: plain `f64` slices in, [`Result`] out.
//!
//! * Matrices are row-major slices: `a[i * n + j]` is row `i`, column `j`; `m` counts rows, `n` columns.
//! * Factorizations are reusable workspaces: `refactor` overwrites one without allocating while the
//!   sizes stay the same; `factor` makes a fresh one.
//! * Factorizations refuse infinities and NaN with [`LinalgError::NonFinite`] instead of looping or
//!   returning garbage. The level-1 and level-2 functions ([`dot`], [`mul`], ...) let them through.
//! * Everything is sequential and deterministic: the same input gives the same bits.
//!
//! | file | holds |
//! |---|---|
//! | `vector` | dot products, updates, norms that do not overflow |
//! | `matrix` | products of a matrix or its transpose with a vector, column norms |
//! | `triangular` | solves with triangular matrices |
//! | `qr` | column-pivoted Householder QR |
//! | `cholesky` | Cholesky of a positive definite matrix |
//! | `lblt` | Bunch-Kaufman of a symmetric indefinite matrix |
//! | `eigen` | eigendecomposition of a symmetric matrix; 2 x 2 in closed form |
//! | `svd` | thin singular value decomposition |
//!
//! The crate `faer` does the singular value and eigenvalue problems, and Cholesky from
//! [`FAER_FROM`] columns on; below that size plain loops are faster. Its types appear nowhere outside.

mod cholesky;
mod eigen;
mod error;
mod lblt;
mod matrix;
mod qr;
mod svd;
mod triangular;
mod vector;

pub use cholesky::Cholesky;
pub use eigen::{SymEigen, eigen_2x2};
pub use error::{LinalgError, Result};
pub use lblt::Lblt;
pub use matrix::{add_mul_transposed, column_norms, mul, mul_transposed, transpose};
pub use qr::QrPivot;
pub use svd::Svd;
pub use triangular::{solve_lower, solve_lower_transposed, solve_upper, solve_upper_transposed};
pub use vector::{all_finite, axpy, dot, nrm_inf, nrm2, nrm2_scaled, scale};

/// Number of columns from which `faer`'s blocked kernels replace the plain loops.
pub const FAER_FROM: usize = 30;
