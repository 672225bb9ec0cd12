//! Numerical derivatives of the algorithm's outputs, in the algorithm's space.

use thalweg_core::SolverKind;
use thalweg_diff::{DiffError, DiffOptions, FirstPlan, Method, Plan, SecondPlan, Steps};
use thalweg_space::{Space, Workspace};

use crate::aggregate::Aggregate;
use crate::error::{InvalidKind, OptimizeError};
use crate::objective::{Answer, Batch, Failure, Objective};
use crate::policy::ErrorHandling;

/// The most numbers of stencil points that are in memory at once.
const CHUNK_NUMBERS: usize = 1 << 20;

/// How derivatives are computed where the user gives none.
#[derive(Clone, Debug, PartialEq)]
pub struct NumericalDerivatives {
    /// Method and steps.
    pub options: DiffOptions,
    /// How many points may be evaluated at the same time.
    pub n_cores: usize,
}

impl Default for NumericalDerivatives {
    fn default() -> Self {
        NumericalDerivatives { options: DiffOptions::for_optimization(), n_cores: 1 }
    }
}

/// Steps that are given for every parameter of the user, for those that the algorithm sees; lengths in its units.
fn for_free_parameters(options: &DiffOptions, space: &Space) -> DiffOptions {
    let free = |steps: &Steps| match steps {
        Steps::Each(all) if all.len() == space.n_user() => {
            Steps::Each((0..space.n_free()).map(|i| all[space.user_position(i)]).collect())
        }
        other => other.clone(),
    };
    let length = |steps: &Steps| match (free(steps), space.scale()) {
        (steps, None) => steps,
        (Steps::Scalar(step), Some(scale)) => {
            Steps::Each(scale.iter().map(|factor| step / factor).collect())
        }
        (Steps::Each(steps), Some(scale)) => {
            Steps::Each(steps.iter().zip(scale).map(|(step, factor)| step / factor).collect())
        }
    };
    DiffOptions {
        step_size: options.step_size.as_ref().map(length),
        scaling_factor: free(&options.scaling_factor),
        min_steps: options.min_steps.as_ref().map(length),
        ..options.clone()
    }
}

/// First or second differences.
enum Differences {
    First(FirstPlan),
    Second(SecondPlan),
}

impl Differences {
    fn update(&mut self, x: &[f64]) -> Result<(), DiffError> {
        match self {
            Differences::First(plan) => plan.update(x),
            Differences::Second(plan) => plan.update(x),
        }
    }

    fn plan(&mut self) -> &mut dyn Plan {
        match self {
            Differences::First(plan) => plan,
            Differences::Second(plan) => plan,
        }
    }
}

/// How second differences are taken where first ones are taken like this: on the same sides, but with steps of their own. What is
/// right for first differences is far too short for second ones.
fn second_options(options: &DiffOptions) -> DiffOptions {
    let method = match options.method {
        Method::Forward | Method::Backward => options.method,
        Method::Central | Method::CentralCross => Method::CentralCross,
        Method::CentralAverage => Method::CentralAverage,
    };
    DiffOptions { method, ..DiffOptions::for_hessian() }
}

/// Plans, points and values of one numerical derivative, kept between derivatives.
pub(crate) struct Differentiator {
    differences: Differences,
    n_cores: usize,
    internal: Vec<f64>,
    user: Vec<f64>,
    outputs: Vec<f64>,
    values: Vec<f64>,
}

impl Differentiator {
    /// A plan for the parameters that the algorithm sees, which `name` knows.
    ///
    /// # Errors
    /// An option is impossible.
    pub(crate) fn new(
        space: &Space,
        how: &NumericalDerivatives,
        name: &dyn Fn(usize) -> String,
    ) -> Result<Self, OptimizeError> {
        let bounds = thalweg_diff::Bounds { lower: space.lower(), upper: space.upper() };
        let options = for_free_parameters(&how.options, space);
        let plan = FirstPlan::new(space.n_free(), bounds, &options).map_err(|error| {
            OptimizeError::invalid(InvalidKind::DiffOption, error.with_names(name))
        })?;
        Ok(Self::of(Differences::First(plan), how))
    }

    /// The same for second derivatives.
    ///
    /// # Errors
    /// An option is impossible.
    pub(crate) fn of_second_order(
        space: &Space,
        how: &NumericalDerivatives,
        name: &dyn Fn(usize) -> String,
    ) -> Result<Self, OptimizeError> {
        let bounds = thalweg_diff::Bounds { lower: space.lower(), upper: space.upper() };
        let options = second_options(&how.options);
        let plan = SecondPlan::new(space.n_free(), bounds, &options).map_err(|error| {
            OptimizeError::invalid(InvalidKind::DiffOption, error.with_names(name))
        })?;
        Ok(Self::of(Differences::Second(plan), how))
    }

    fn of(differences: Differences, how: &NumericalDerivatives) -> Self {
        Differentiator {
            differences,
            n_cores: how.n_cores.max(1),
            internal: Vec::new(),
            user: Vec::new(),
            outputs: Vec::new(),
            values: Vec::new(),
        }
    }

    /// The derivative at `x` of the algorithm's outputs, whose values there are `center`, into `out`.
    /// Returns the failures of the user's function; entries that could not be computed are NaN.
    pub(crate) fn derivative(
        &mut self,
        x: &[f64],
        center: &[f64],
        out: &mut [f64],
        context: &mut Context<'_>,
    ) -> Result<Vec<Failure>, OptimizeError> {
        let m = context.quantity.n_solver(x.len());
        self.differences.update(x)?;
        self.values.clear();
        let n_points = self.differences.plan().n_points();
        let mut failures = self.evaluate(0..n_points, context);
        if failures.iter().any(|failure| context.ends_run(failure)) {
            out.fill(f64::NAN);
            return Ok(failures);
        }
        let report = self.differences.plan().finish(Some(center), &self.values, m, out)?;
        if !report.is_complete() {
            let extra = self.differences.plan().extend();
            if !extra.is_empty() {
                failures.extend(self.evaluate(extra, context));
                self.differences.plan().finish(Some(center), &self.values, m, out)?;
            }
        }
        Ok(failures)
    }

    /// Evaluate points of the plan and append the algorithm's outputs there to `values`.
    fn evaluate(
        &mut self,
        points: std::ops::Range<usize>,
        context: &mut Context<'_>,
    ) -> Vec<Failure> {
        let n = self.differences.plan().n_params();
        let chunk = (CHUNK_NUMBERS / n.max(1)).max(self.n_cores);
        let mut failures = Vec::new();
        let (mut from, to) = (points.start, points.end);
        while from < to {
            let until = to.min(from + chunk);
            self.evaluate_chunk(from..until, context, &mut failures);
            if failures.iter().any(|failure| context.ends_run(failure)) {
                break; // the user's function is not called again
            }
            from = until;
        }
        failures
    }

    fn evaluate_chunk(
        &mut self,
        points: std::ops::Range<usize>,
        context: &mut Context<'_>,
        failures: &mut Vec<Failure>,
    ) {
        let plan = self.differences.plan();
        let (n, k) = (plan.n_params(), points.len());
        self.internal.resize(k * n, 0.0);
        for (point, i) in self.internal.chunks_exact_mut(n).zip(points) {
            plan.write_point(i, point);
        }
        if let Quantity::Gradient(aggregate) = context.quantity {
            return self.evaluate_gradients(aggregate, context, failures);
        }
        let user = to_user(context.space, &self.internal, &mut self.user, context.work);
        let m = context.quantity.n_user();
        self.outputs.resize(k * m, 0.0);
        let of_constraints = matches!(context.quantity, Quantity::Constraints(_));
        let batch = Batch {
            points: user,
            dim: context.space.n_user(),
            wants_outputs: !of_constraints,
            wants_constraints: of_constraints,
            n_cores: self.n_cores,
            ..Batch::default()
        };
        let answer = match of_constraints {
            true => Answer { constraints: &mut self.outputs, ..Answer::default() },
            false => Answer { outputs: &mut self.outputs, ..Answer::default() },
        };
        let before = failures.len();
        context.objective.evaluate(&batch, answer, failures);
        let first = self.values.len();
        let m_solver = context.quantity.n_solver(n);
        self.values.resize(first + k * m_solver, 0.0);
        let values = &mut self.values[first..];
        match context.quantity {
            Quantity::Outputs(aggregate) => {
                let outputs = self.outputs.chunks_exact(m);
                for (outputs, value) in outputs.zip(values.chunks_exact_mut(m_solver)) {
                    aggregate.outputs(outputs, value);
                }
            }
            Quantity::Gradient(_) | Quantity::Constraints(_) => {
                values.copy_from_slice(&self.outputs);
            }
        }
        for failure in &failures[before..] {
            values[failure.index * m_solver..(failure.index + 1) * m_solver].fill(f64::NAN);
        }
    }

    /// Closed-form gradients in the algorithm's terms at the points of a chunk.
    fn evaluate_gradients(
        &mut self,
        aggregate: Aggregate,
        context: &mut Context<'_>,
        failures: &mut Vec<Failure>,
    ) {
        let (n, n_user, m) = (context.space.n_free(), context.space.n_user(), aggregate.m);
        let k = self.internal.len() / n;
        let user = to_user(context.space, &self.internal, &mut self.user, context.work);
        let wants_outputs = !aggregate.is_direct();
        self.outputs.resize(if wants_outputs { k * m } else { 0 }, 0.0);
        let mut derivatives = vec![0.0; k * m * n_user];
        let batch = Batch {
            points: user,
            dim: n_user,
            wants_outputs,
            wants_derivative: true,
            n_cores: self.n_cores,
            ..Batch::default()
        };
        let before = failures.len();
        let answer = Answer {
            outputs: &mut self.outputs,
            derivatives: &mut derivatives,
            ..Answer::default()
        };
        context.objective.evaluate(&batch, answer, failures);
        let first = self.values.len();
        self.values.resize(first + k * n, 0.0);
        let mut own = vec![0.0; n_user];
        for (i, gradient) in self.values[first..].chunks_exact_mut(n).enumerate() {
            let derivative = &derivatives[i * m * n_user..(i + 1) * m * n_user];
            if aggregate.is_direct() {
                own.copy_from_slice(derivative);
                aggregate.sign(&mut own);
            } else {
                let outputs = &self.outputs[i * m..(i + 1) * m];
                aggregate.derivative(outputs, derivative, &mut own);
            }
            let x = &self.internal[i * n..(i + 1) * n];
            context.space.pull_back_gradient(x, &own, gradient, context.work);
        }
        for failure in &failures[before..] {
            self.values[first + failure.index * n..][..n].fill(f64::NAN);
        }
    }
}

/// What is differentiated.
#[derive(Clone, Copy)]
pub(crate) enum Quantity {
    /// The objective's outputs.
    Outputs(Aggregate),
    /// The gradient, in closed form, of an objective that is one value for the algorithm.
    Gradient(Aggregate),
    /// This many values of the nonlinear constraints.
    Constraints(usize),
}

impl Quantity {
    /// The number of values that the user's functions return.
    fn n_user(self) -> usize {
        match self {
            Quantity::Outputs(aggregate) | Quantity::Gradient(aggregate) => aggregate.m,
            Quantity::Constraints(c) => c,
        }
    }

    /// The number of values that the algorithm sees.
    fn n_solver(self, n: usize) -> usize {
        match self {
            Quantity::Outputs(aggregate) => aggregate.n_solver_outputs(),
            Quantity::Gradient(_) => n,
            Quantity::Constraints(c) => c,
        }
    }
}

/// What an evaluation works with.
pub(crate) struct Context<'a> {
    pub objective: &'a mut dyn Objective,
    pub space: &'a Space,
    pub work: &'a mut Workspace,
    pub quantity: Quantity,
    pub error_handling: ErrorHandling,
}

impl Context<'_> {
    fn ends_run(&self, failure: &Failure) -> bool {
        self.error_handling.ends_run(failure)
    }
}

/// The user's points for internal points; no copy where the two are the same.
pub(crate) fn to_user<'a>(
    space: &Space,
    internal: &'a [f64],
    buffer: &'a mut Vec<f64>,
    work: &mut Workspace,
) -> &'a [f64] {
    if space.is_identity() {
        return internal;
    }
    let (n, n_user) = (space.n_free(), space.n_user());
    buffer.resize(internal.len() / n * n_user, 0.0);
    for (x, user) in internal.chunks_exact(n).zip(buffer.chunks_exact_mut(n_user)) {
        space.to_user(x, user, work);
    }
    buffer
}

/// The kind of an algorithm's outputs, by what it asks for.
pub(crate) fn wanted_kind(want: thalweg_core::Want) -> SolverKind {
    use thalweg_core::Want;
    if want.intersects(Want::RESIDUALS | Want::JACOBIAN) {
        SolverKind::LeastSquares
    } else if want.intersects(Want::CONTRIBUTIONS | Want::SCORES) {
        SolverKind::Likelihood
    } else {
        SolverKind::Scalar
    }
}
