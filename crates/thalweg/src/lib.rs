//! Numerical optimization: one [`minimize`] for every algorithm, parameters of any shape.
//!
//! ```
//! use thalweg::minimize;
//!
//! let rosenbrock = |x: &[f64; 2]| 100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2);
//! let result = minimize(rosenbrock, [-1.2, 1.0]).algorithm("lbfgsb").run()?;
//! assert!(result.success);
//! println!("{result}");
//! # Ok::<(), thalweg::OptimizeError>(())
//! ```
//!
//! # Where to begin
//!
//! * [`minimize`], [`maximize`], [`least_squares`] and [`likelihood`] take a closure and a start, and return a builder,
//!   [`Optimization`], whose methods say everything else: the algorithm and its options, bounds and constraints, derivatives, scaling,
//!   threads, logs. [`run`](Optimization::run) returns an [`OptimizeResult`] with parameters of the start's type.
//! * [`with_objective`] takes an [`Objective`] of yours, for instance one that evaluates many points at once.
//! * What can be parameters is said by [`Params`]: numbers, arrays, vectors, tuples, maps, and structs of yours with
//!   `#[derive(Params)]`.
//! * [`ask_tell`] is for objectives that are evaluated elsewhere; [`drivers`] for many runs at once.
//! * [`MultistartOptions`] searches from many starts, [`LogOptions`] keeps a run in a file from which it goes on, [`plots`] draws.
//! * [`algorithms`] has every algorithm as a struct of options; [`public_algorithms`] lists all names. An algorithm of your own
//!   derives [`Options`] and implements [`Algorithm`].
//! * [`diff`] has numerical derivatives on their own, and [`Space`] the changes of variables that keep constraints.
//!
//! # Errors
//!
//! What is wrong with a specification is an [`OptimizeError`] before anything is optimized. It names the argument, its value and what
//! would be right. Objectives may fail with a `Result`: see [`ErrorHandling`]. A run that ends without having converged is no error but
//! a result whose [`status`](OptimizeResult::status) says why.
//!
//! # Features
//!
//! `ndarray`, `nalgebra` and `faer` make vectors and matrices of these crates parameters and outputs. `png` draws figures as PNG. None
//! is on by default.

mod aggregate;
mod asktell;
mod builder;
mod check;
mod closures;
mod constrained;
mod convergence;
pub mod drivers;
mod error;
mod evaluator;
mod hessian;
mod history;
mod json;
mod limits;
mod logging;
pub mod multistart;
pub mod names;
mod nonlinear;
mod numdiff;
mod objective;
mod pipeline;
pub mod plots;
mod policy;
mod progress;
mod report;
mod resolve;
mod result;
mod scaling;
mod sensitivity;
mod status;
mod trace;
mod user_derivatives;

pub use asktell::{AskTell, Asked, ask_tell};
pub use builder::{
    By, Optimization, Selection, by, least_squares, likelihood, maximize, minimize, with_objective,
};
pub use check::DerivativeCheck;
pub use closures::{Closures, Output, Written, stateful};
pub use constrained::NonlinearConstraint;
pub use convergence::{Changes, ConvergenceReport};
pub use error::{InvalidKind, OptimizeError};
pub use hessian::users_of_hessians;
pub use history::{History, Row};
pub use json::JsonError;
pub use limits::{IterationReport, Limits};
pub use logging::{Clock, Log};
pub use multistart::{
    LocalErrors, MixingWeight, Multistart, MultistartInfo, MultistartOptions, StartSampling, Weigh,
};
pub use nonlinear::{ConstraintHandling, Limit, NonlinearLimits};
pub use numdiff::NumericalDerivatives;
pub use objective::{
    Answer, Batch, Failure, Objective, SecondDerivatives, StartValues, UserError, UserErrorKind,
};
pub use pipeline::{Specification, optimize};
pub use policy::{ErrorHandling, PenaltyOptions};
pub use progress::{Pace, Progress, ProgressReport};
pub use report::HtmlReport;
pub use resolve::{
    PublicAlgorithm, PublicOption, Resolved, describe, nearest, proposals, public_algorithms,
    resolve,
};
pub use result::{Direction, Extras, FlatResult, OptimizeResult};
pub use sensitivity::{
    BADLY_SCALED, ParameterSensitivity, Sensitivity, SensitivityOf, sensitivity,
};
pub use status::Status;
pub use thalweg_algorithms::AugmentedLagrangianOptions;
pub use trace::Trace;

pub use thalweg_core::{
    self as core, Algorithm, AlgorithmChoice, Event, Extra, OptionValue, Repeats, SearchState,
    Sink, SolverKind, Task,
};
pub use thalweg_diff as diff;
pub use thalweg_log::{
    self as log, Durability, IfExists, LogColumns, LogError, LogIteration, LogOptions, LogProblem,
    LogReader, LogStep, MultistartLog,
};
pub use thalweg_macros::{Choice, Options};
pub use thalweg_space::{
    self as space, Bounds, BuildOptions, Constraint, ConstraintKind, ConstraintPlan, Distribution,
    LinearRow, Scaling, ScalingMethod, Space, params, params::Params,
};
pub use thalweg_view as view;

/// Every algorithm, as a struct of options.
pub mod algorithms {
    pub use thalweg_algorithms::algorithms::*;
    pub use thalweg_algorithms::{CATALOG, find};
}

/// The Rust examples of the pages, which are tested like those of the code.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../../../README.md")]
    mod readme {}
    #[doc = include_str!("../../../docs/algorithm-options.md")]
    mod algorithm_options {}
    #[doc = include_str!("../../../docs/algorithms-choose.md")]
    mod algorithms_choose {}
    #[doc = include_str!("../../../docs/ask-tell.md")]
    mod ask_tell {}
    #[doc = include_str!("../../../docs/constraints-formulas.md")]
    mod constraints_formulas {}
    #[doc = include_str!("../../../docs/derivatives.md")]
    mod derivatives {}
    #[doc = include_str!("../../../docs/errors.md")]
    mod errors {}
    #[doc = include_str!("../../../docs/log.md")]
    mod log {}
    #[doc = include_str!("../../../docs/multistart.md")]
    mod multistart {}
    #[doc = include_str!("../../../docs/nonlinear.md")]
    mod nonlinear {}
    #[doc = include_str!("../../../docs/params.md")]
    mod params {}
    #[doc = include_str!("../../../docs/result-json.md")]
    mod result_json {}
    #[doc = include_str!("../../../docs/results.md")]
    mod results {}
    #[doc = include_str!("../../../docs/plots-rust.md")]
    mod plots_rust {}
    #[doc = include_str!("../../../docs/rust.md")]
    mod rust {}
    #[doc = include_str!("../../../docs/scaling.md")]
    mod scaling {}
}
