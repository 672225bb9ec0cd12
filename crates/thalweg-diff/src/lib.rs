//! Numerical derivatives within bounds: gradients, Jacobians and Hessians by finite differences.
//!
//! *When to use.* The objective is a black box. Forward differences cost n evaluations per gradient
//! and have about eight digits at best; central ones cost 2n and have ten
//! ([`StepRule::Optimal`]); Richardson extrapolation (`n_steps` above 1) buys more digits, and error
//! estimates, with more evaluations. Where the function can be written with generic scalars,
//! automatic differentiation is exact and cheaper.
//!
//! *How it works.* A **plan** never calls the function. It names the points, takes the values, and
//! returns the derivative; the same code serves loops, threads, processes and clusters, in Rust and
//! in Python. Drivers for Rust closures are included.
//!
//! ```
//! use thalweg_diff::{Bounds, DiffOptions, gradient};
//!
//! let rosenbrock = |x: &[f64]| 100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2);
//! let result = gradient(rosenbrock, &[-1.2, 1.0], Bounds::NONE, &DiffOptions::default())?;
//! assert!((result.values[0] + 215.6).abs() < 1e-4);
//! assert_eq!(result.n_evaluations, 5);
//! # Ok::<(), thalweg_diff::DiffError>(())
//! ```
//!
//! *Promises.*
//!
//! * No point is ever outside the bounds, whatever the rounding; where the requested side has no
//!   room, the other one is used, where neither has, the largest step that fits. Only a parameter
//!   whose bounds coincide has no derivative: its entries are 0, and it is listed as fixed.
//! * A failed evaluation (NaN or infinite) costs no more than the entries that depend on it, and
//!   these are replaced by other formulas where possible, with further evaluations if need be.
//! * Results depend neither on the number of threads nor on how a batch is split.
//! * With default options, the numbers are those of optimagic 0.5, to the last bit (Hessians: the upper
//!   triangle). What differs is listed at the head of each file under *Differences from optimagic*.
//!
//! | file | concern |
//! |---|---|
//! | `options.rs` | method, steps, extrapolation: parsing and validation |
//! | `steps.rs` | length of steps, bounds |
//! | `placement.rs` | which steps fit between the bounds, and on which side |
//! | `plan.rs` | the protocol between a derivative and its evaluator |
//! | `first.rs`, `second.rs` | formulas and fallbacks |
//! | `first/extrapolated.rs`, `first/candidates.rs` | differences of several steps, and what extrapolation chose from |
//! | `first/repair.rs` | entries that failed, from other formulas and points |
//! | `richardson.rs` | extrapolation to step zero |
//! | `driver.rs` | one call for Rust closures, with threads |

mod driver;
mod error;
mod first;
mod options;
mod placement;
mod plan;
mod richardson;
mod second;
mod steps;

pub use driver::{Derivative, gradient, hessian, hessians, jacobian};
pub use error::DiffError;
pub use first::{Candidate, FirstPlan, Shift};
pub use options::{DiffOptions, Method, StepRule, Steps};
pub use placement::Stencil;
pub use plan::{Plan, Report};
pub use second::SecondPlan;
pub use steps::Bounds;
