//! What an algorithm is, and what it declares about itself.

use std::fmt::Debug;

use crate::{Configure, Finish, OptionError, OptionSpec, Problem, Stop};

/// An optimization algorithm: a plain struct of options with one function.
///
/// `solve` is written in direct style, a plain loop in the order of the paper. It contains convergence tests only: budgets,
/// targets, callbacks, interrupts and failures arrive as [`Stop`] out of an evaluation, and are passed on with `?`.
/// It must be deterministic given the problem's seed: no clock, no hash order, no randomness but [`Problem::rng`].
///
/// ```
/// use thalweg_core::{Algorithm, Finish, Problem, Stop, Test};
/// use thalweg_macros::Options;
///
/// /// Walk downhill by a fixed multiple of the gradient.
/// #[derive(Clone, Debug, Options)]
/// #[algorithm(name = "steepest", kind = Scalar, needs(gradient), crate = thalweg_core)]
/// pub struct Steepest {
///     /// The multiple of the gradient that is subtracted in each iteration.
///     #[option(default = 0.1, above = 0.0)]
///     pub step: f64,
///     /// Stop when the largest entry of the gradient is below this.
///     #[option(shared)]
///     pub convergence_gtol_abs: f64,
/// }
///
/// impl Algorithm for Steepest {
///     fn solve(&self, problem: &mut Problem<'_>, x0: &[f64]) -> Result<Finish, Stop> {
///         let (mut x, mut g) = (x0.to_vec(), Vec::new());
///         loop {
///             let f = problem.value_and_gradient(&x, &mut g)?;
///             let size = g.iter().fold(0.0_f64, |m, g| m.max(g.abs()));
///             if size <= self.convergence_gtol_abs {
///                 let test = Test { measure: "gradient", value: size, tolerance: self.convergence_gtol_abs, option: "convergence_gtol_abs" };
///                 return Ok(Finish::converged(x, f, test));
///             }
///             x.iter_mut().zip(&g).for_each(|(x, g)| *x -= self.step * g);
///             problem.iteration(&x, f)?;
///         }
///     }
/// }
/// assert_eq!(Steepest::default().convergence_gtol_abs, 1e-5);
/// ```
pub trait Algorithm: Configure + Debug + Send + Sync {
    /// Solve `problem` from the start `x0`, which lies within the bounds.
    ///
    /// # Errors
    /// [`Stop`] from an evaluation, passed on.
    fn solve(&self, problem: &mut Problem<'_>, x0: &[f64]) -> Result<Finish, Stop>;

    /// Refuse options that contradict each other although each is within its own range. Called before the first evaluation.
    ///
    /// # Errors
    /// [`OptionError::Conflict`].
    fn check(&self) -> Result<(), OptionError> {
        Ok(())
    }
}

/// The structure of the objective that an algorithm uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SolverKind {
    /// Only the value.
    Scalar,
    /// Residuals whose sum of squares is minimized.
    LeastSquares,
    /// Contributions whose sum is optimized.
    Likelihood,
}

impl SolverKind {
    /// The kind's name in optimagic's words.
    pub fn as_str(self) -> &'static str {
        match self {
            SolverKind::Scalar => "scalar",
            SolverKind::LeastSquares => "least_squares",
            SolverKind::Likelihood => "likelihood",
        }
    }
}

/// What an algorithm needs and supports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Features {
    /// The structure of the objective that it uses.
    pub kind: SolverKind,
    /// It looks for a global optimum.
    pub global: bool,
    /// It asks for derivatives.
    pub needs_gradient: bool,
    /// It asks for second derivatives, which are numerical where the user gives none.
    pub needs_hessian: bool,
    /// It asks for second derivatives where the user gives them.
    pub uses_hessian: bool,
    /// It cannot run without finite bounds on every parameter.
    pub needs_bounds: bool,
    /// It keeps bounds.
    pub bounds: bool,
    /// Bounds may be missing or one-sided.
    pub infinite_bounds: bool,
    /// It keeps linear constraints.
    pub linear_constraints: bool,
    /// It keeps nonlinear constraints.
    pub nonlinear_constraints: bool,
    /// It asks for batches of independent points.
    pub parallel: bool,
}

/// Everything that an algorithm declares, once, in its own file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AlgorithmSpec {
    /// The name by which users ask for it.
    pub name: &'static str,
    /// The name of its struct.
    pub struct_name: &'static str,
    /// The doc comment of its struct.
    pub doc: &'static str,
    /// What it needs and supports.
    pub features: Features,
    /// Its options, in order.
    pub options: &'static [OptionSpec],
}

/// One line of the catalog.
#[derive(Clone, Copy, Debug)]
pub struct CatalogEntry {
    /// What the algorithm declares.
    pub spec: &'static AlgorithmSpec,
    /// The algorithm with its default options.
    pub create: fn() -> Box<dyn Algorithm>,
}

impl CatalogEntry {
    /// The line for algorithm `A`.
    pub const fn of<A: Algorithm + Default + Declared + 'static>() -> Self {
        CatalogEntry { spec: A::SPEC, create: || Box::new(A::default()) }
    }
}

/// Implemented by `#[derive(Options)]` on an algorithm: its declaration, without an instance.
pub trait Declared {
    /// The declaration.
    const SPEC: &'static AlgorithmSpec;
}

/// An algorithm as users choose it: by name, or as a value.
#[derive(Debug)]
pub enum AlgorithmChoice {
    /// By its public name.
    Name(String),
    /// With its options.
    Value(Box<dyn Algorithm>),
}

impl From<&str> for AlgorithmChoice {
    fn from(name: &str) -> Self {
        AlgorithmChoice::Name(name.to_string())
    }
}

impl From<String> for AlgorithmChoice {
    fn from(name: String) -> Self {
        AlgorithmChoice::Name(name)
    }
}

impl<A: Algorithm + 'static> From<A> for AlgorithmChoice {
    fn from(algorithm: A) -> Self {
        AlgorithmChoice::Value(Box::new(algorithm))
    }
}

impl From<Box<dyn Algorithm>> for AlgorithmChoice {
    fn from(algorithm: Box<dyn Algorithm>) -> Self {
        AlgorithmChoice::Value(algorithm)
    }
}
