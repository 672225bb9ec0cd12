//! What the pipeline asks of a user's function, whatever language it is written in.

use std::fmt;

use thalweg_core::{OptionCall, SolverKind};
pub use thalweg_core::{UserError, UserErrorKind};

/// A user's objective over the flat user vector, in the user's sign.
///
/// It speaks of *outputs* (m numbers per point: the value, the residuals or the contributions) and of their *derivatives*
/// (m rows, n columns, row-major). What they mean is said by [`Objective::kind`].
pub trait Objective {
    /// What the outputs are.
    fn kind(&self) -> SolverKind;

    /// The number m of outputs; known after [`Objective::start`].
    fn n_outputs(&self) -> usize;

    /// Whether the user gave a closed-form derivative.
    fn has_derivative(&self) -> bool;

    /// Which second derivatives of the value (not of every output) the user gave in closed form.
    fn second_derivatives(&self) -> SecondDerivatives {
        SecondDerivatives::default()
    }

    /// Evaluate at the start: the outputs, and the derivative when it is closed-form.
    ///
    /// # Errors
    /// The user's function failed, or returned something that cannot be used.
    fn start(&mut self, params: &[f64]) -> Result<StartValues, Failure>;

    /// Called instead of [`Objective::start`] when a record answered the start: from now on as many numbers as there are in
    /// `start` are expected per point.
    fn resume(&mut self, start: &StartValues) {
        let _ = start;
    }

    /// What was learnt at the start besides the numbers, in words that [`Objective::restore`] understands, for the log.
    fn describe(&self) -> String {
        String::new()
    }

    /// Called before [`Objective::resume`] with what [`Objective::describe`] said in an earlier session.
    fn restore(&mut self, description: &str) {
        let _ = description;
    }

    /// From now on a failure at one point says nothing about the others (`true`), or may end the run again (`false`). An objective
    /// that evaluates all points of a batch whatever happens has nothing to do.
    fn keep_going(&mut self, always: bool) {
        let _ = always;
    }

    /// Whether a batch that takes long may be asked for in parts, one after the other, so that a log can note what is finished.
    /// An objective that gains by large batches whatever they cost says no.
    fn may_be_asked_in_parts(&self) -> bool {
        false
    }

    /// What the objective said besides its numbers at points of the last batch, as JSON, for the log.
    fn take_infos(&mut self) -> Vec<(usize, String)> {
        Vec::new()
    }

    /// Evaluate a batch into `answer`. Points that fail are added to `failures`; the others are evaluated all the same. A batch that
    /// wants second derivatives wants nothing else.
    fn evaluate(&mut self, batch: &Batch<'_>, answer: Answer<'_>, failures: &mut Vec<Failure>);

    /// Ask a function of the user's that stands for the value of an option. An objective around another one passes the call on.
    ///
    /// # Errors
    /// The function failed, or its answer is not one to the question.
    fn call(&mut self, call: OptionCall) -> Result<Vec<f64>, UserError> {
        call.answer()
    }
}

/// Where an objective writes its answers to a [`Batch`] of k points, one point after the other. A slice whose quantity is not
/// wanted is empty.
#[derive(Debug, Default)]
pub struct Answer<'a> {
    /// k * m outputs.
    pub outputs: &'a mut [f64],
    /// k * m * n derivatives; where second derivatives of the value are wanted, k * n * n entries of Hessians or k * n of products.
    pub derivatives: &'a mut [f64],
    /// k * c values of the nonlinear constraints.
    pub constraints: &'a mut [f64],
    /// k * c * n derivatives of the nonlinear constraints; the rows of constraints without a closed form are not read.
    pub constraint_derivatives: &'a mut [f64],
}

/// Which second derivatives of the value there are in closed form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SecondDerivatives {
    /// The Hessian.
    pub hessian: bool,
    /// Products of the Hessian with directions.
    pub product: bool,
}

impl SecondDerivatives {
    /// Whether there is anything.
    pub fn any(self) -> bool {
        self.hessian || self.product
    }
}

/// The evaluation at the start.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StartValues {
    /// The m outputs.
    pub outputs: Vec<f64>,
    /// Their closed-form derivative (m rows, n columns), if there is one.
    pub derivative: Option<Vec<f64>>,
    /// The values of each nonlinear constraint.
    pub constraints: Vec<Vec<f64>>,
}

/// Independent points at which the same is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Batch<'a> {
    /// The points, one after the other.
    pub points: &'a [f64],
    /// The number n of parameters.
    pub dim: usize,
    /// Whether outputs are wanted.
    pub wants_outputs: bool,
    /// Whether closed-form derivatives are wanted.
    pub wants_derivative: bool,
    /// Whether the values of the nonlinear constraints are wanted.
    pub wants_constraints: bool,
    /// Whether the closed-form derivatives of the nonlinear constraints are wanted.
    pub wants_constraint_derivative: bool,
    /// Whether Hessians of the value are wanted.
    pub wants_hessian: bool,
    /// Whether products of the Hessian with `directions` are wanted.
    pub wants_product: bool,
    /// One direction of n numbers for each point, where products are wanted.
    pub directions: &'a [f64],
    /// How many points may be evaluated at the same time.
    pub n_cores: usize,
}

impl<'a> Batch<'a> {
    /// The number k of points.
    #[allow(clippy::len_without_is_empty)] // a batch has at least one point
    pub fn len(&self) -> usize {
        self.points.len() / self.dim
    }

    pub(crate) fn wants_nothing(&self) -> bool {
        let of_objective = self.wants_outputs || self.wants_derivative;
        !of_objective
            && !self.wants_second_derivative()
            && !self.wants_constraints
            && !self.wants_constraint_derivative
    }

    /// Whether Hessians or products with them are wanted.
    pub fn wants_second_derivative(&self) -> bool {
        self.wants_hessian || self.wants_product
    }

    /// The numbers in [`Answer::derivatives`] for each point, of an objective of `m` outputs.
    pub(crate) fn width_of_derivatives(&self, m: usize) -> usize {
        match (self.wants_hessian, self.wants_product) {
            (true, _) => self.dim * self.dim,
            (_, true) => self.dim,
            _ if self.wants_derivative => m * self.dim,
            _ => 0,
        }
    }

    /// The direction that comes with the `i`-th point.
    pub fn direction(&self, i: usize) -> &'a [f64] {
        &self.directions[i * self.dim..(i + 1) * self.dim]
    }

    /// The same points, but without the constraints.
    pub fn of_objective(&self) -> Self {
        Batch { wants_constraints: false, wants_constraint_derivative: false, ..*self }
    }

    /// The points one by one.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &'a [f64]> + use<'a> {
        self.points.chunks_exact(self.dim)
    }
}

/// A failure at one point of a batch.
#[derive(Debug)]
pub struct Failure {
    /// The point's number in the batch.
    pub index: usize,
    /// What failed: "fun", "jac", "fun_and_jac", "hess", "hessp", "constraint", "a numerical derivative" or "option".
    pub what: &'static str,
    /// The error.
    pub error: UserError,
}

impl Failure {
    /// [`Failure::what`] of nonlinear constraints and their derivatives.
    pub const CONSTRAINT: &'static str = "constraint";
    /// [`Failure::what`] of an objective that fails where a numerical derivative needs it.
    pub const NUMERICAL_DERIVATIVE: &'static str = "a numerical derivative";

    /// [`Failure::what`] of functions that stand for values of options.
    pub const OPTION: &'static str = "option";

    /// A numerical derivative that cannot be computed, at the point of this index.
    pub(crate) fn of_numerical_derivative(index: usize, why: &dyn fmt::Display) -> Self {
        let error = UserError::new(why.to_string());
        Failure { index, what: Failure::NUMERICAL_DERIVATIVE, error }
    }

    /// The function that failed, as messages call it.
    pub fn function(&self) -> &str {
        self.error.function.as_deref().unwrap_or(self.what)
    }

    /// Whether a nonlinear constraint failed.
    pub fn is_of_constraint(&self) -> bool {
        self.what == Failure::CONSTRAINT
    }
}
