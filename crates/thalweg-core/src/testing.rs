//! An oracle made of closures, for the tests of algorithms: no pipeline, no limits but a budget, and a trace.

use crate::{Iteration, OptionCall, Oracle, Request, Stop, Values, Want};

type Scalar<'a> = Box<dyn FnMut(&[f64]) -> f64 + 'a>;
type Vector<'a> = Box<dyn FnMut(&[f64], &mut [f64]) + 'a>;
type Product<'a> = Box<dyn FnMut(&[f64], &[f64], &mut [f64]) + 'a>;

/// Answers requests from closures and keeps every point that was asked for.
///
/// ```
/// use thalweg_core::{Problem, ProblemSpec, testing::FunctionOracle};
/// let mut oracle = FunctionOracle::scalar(|x| x[0] * x[0]).with_gradient(|x, g| g[0] = 2.0 * x[0]);
/// let spec = ProblemSpec::unconstrained(1);
/// let mut gradient = Vec::new();
/// let value = Problem::new(&mut oracle, &spec).value_and_gradient(&[3.0], &mut gradient).unwrap();
/// assert_eq!((value, gradient[0]), (9.0, 6.0));
/// assert_eq!(oracle.trace.len(), 1);
/// ```
pub struct FunctionOracle<'a> {
    value: Option<Scalar<'a>>,
    gradient: Option<Vector<'a>>,
    residuals: Option<(usize, Vector<'a>)>,
    jacobian: Option<Vector<'a>>,
    contributions: Option<(usize, Vector<'a>)>,
    scores: Option<Vector<'a>>,
    hessian: Option<Vector<'a>>,
    hessian_product: Option<Product<'a>>,
    /// Every point asked for, with what was wanted there.
    pub trace: Vec<(Want, Vec<f64>)>,
    /// The accepted point and value of every iteration.
    pub iterations: Vec<(Vec<f64>, f64)>,
    /// The number of evaluations of the objective.
    pub n_evaluations: u64,
    /// The number of evaluations after which the run is stopped.
    pub max_evaluations: u64,
}

impl<'a> FunctionOracle<'a> {
    /// A scalar objective.
    pub fn scalar(value: impl FnMut(&[f64]) -> f64 + 'a) -> Self {
        FunctionOracle { value: Some(Box::new(value)), ..Self::empty() }
    }

    /// A least-squares objective with `m` residuals.
    pub fn least_squares(m: usize, residuals: impl FnMut(&[f64], &mut [f64]) + 'a) -> Self {
        FunctionOracle { residuals: Some((m, Box::new(residuals))), ..Self::empty() }
    }

    /// A likelihood of `m` contributions.
    pub fn likelihood(m: usize, contributions: impl FnMut(&[f64], &mut [f64]) + 'a) -> Self {
        FunctionOracle { contributions: Some((m, Box::new(contributions))), ..Self::empty() }
    }

    /// Add the scores (row-major) of the contributions.
    #[must_use]
    pub fn with_scores(mut self, scores: impl FnMut(&[f64], &mut [f64]) + 'a) -> Self {
        self.scores = Some(Box::new(scores));
        self
    }

    /// Add the gradient of a scalar objective.
    #[must_use]
    pub fn with_gradient(mut self, gradient: impl FnMut(&[f64], &mut [f64]) + 'a) -> Self {
        self.gradient = Some(Box::new(gradient));
        self
    }

    /// Add the Hessian (n rows, n columns) of a scalar objective; products are made of it unless they are given.
    #[must_use]
    pub fn with_hessian(mut self, hessian: impl FnMut(&[f64], &mut [f64]) + 'a) -> Self {
        self.hessian = Some(Box::new(hessian));
        self
    }

    /// Add the products of the Hessian of a scalar objective (at the first slice) with a direction (the second slice).
    #[must_use]
    pub fn with_hessian_product(
        mut self,
        product: impl FnMut(&[f64], &[f64], &mut [f64]) + 'a,
    ) -> Self {
        self.hessian_product = Some(Box::new(product));
        self
    }

    /// Add the Jacobian (row-major) of the residuals.
    #[must_use]
    pub fn with_jacobian(mut self, jacobian: impl FnMut(&[f64], &mut [f64]) + 'a) -> Self {
        self.jacobian = Some(Box::new(jacobian));
        self
    }

    /// Set the number of evaluations after which the run is stopped.
    #[must_use]
    pub fn with_budget(mut self, max_evaluations: u64) -> Self {
        self.max_evaluations = max_evaluations;
        self
    }

    fn empty() -> Self {
        FunctionOracle {
            value: None,
            gradient: None,
            residuals: None,
            jacobian: None,
            contributions: None,
            scores: None,
            hessian: None,
            hessian_product: None,
            trace: Vec::new(),
            iterations: Vec::new(),
            n_evaluations: 0,
            max_evaluations: u64::MAX,
        }
    }

    fn answer_one(&mut self, want: Want, x: &[f64], i: usize, values: &mut Values) {
        let n = x.len();
        if want.contains(Want::VALUE)
            && let Some(value) = &mut self.value
        {
            values.values[i] = value(x);
        }
        if want.contains(Want::GRADIENT)
            && let Some(gradient) = &mut self.gradient
        {
            gradient(x, &mut values.gradients[i * n..(i + 1) * n]);
        }
        if want.contains(Want::RESIDUALS)
            && let Some((m, residuals)) = &mut self.residuals
        {
            let r = &mut values.residuals[i * *m..(i + 1) * *m];
            residuals(x, r);
            values.values[i] = r.iter().map(|r| r * r).sum();
        }
        if want.contains(Want::JACOBIAN)
            && let (Some((m, _)), Some(jacobian)) = (&self.residuals, &mut self.jacobian)
        {
            jacobian(x, &mut values.jacobians[i * m * n..(i + 1) * m * n]);
        }
        if want.contains(Want::CONTRIBUTIONS)
            && let Some((m, contributions)) = &mut self.contributions
        {
            let c = &mut values.contributions[i * *m..(i + 1) * *m];
            contributions(x, c);
            values.values[i] = c.iter().sum();
        }
        if want.contains(Want::SCORES)
            && let (Some((m, _)), Some(scores)) = (&self.contributions, &mut self.scores)
        {
            scores(x, &mut values.scores[i * *m * n..(i + 1) * *m * n]);
        }
        if values.values[i].is_nan() {
            values.values[i] = f64::INFINITY;
        }
    }

    fn answer_second(&mut self, request: &Request<'_>, i: usize, values: &mut Values) {
        let (x, n) = (request.point(i), request.dim);
        if request.want.contains(Want::HESSIAN)
            && let Some(hessian) = &mut self.hessian
        {
            hessian(x, &mut values.hessians[i * n * n..(i + 1) * n * n]);
        }
        if request.want.contains(Want::HESSIAN_PRODUCT) {
            let (d, out) = (request.direction(i), &mut values.products[i * n..(i + 1) * n]);
            if let Some(product) = &mut self.hessian_product {
                product(x, d, out);
            } else if let Some(hessian) = &mut self.hessian {
                let mut entries = vec![0.0; n * n];
                hessian(x, &mut entries);
                for (out, row) in out.iter_mut().zip(entries.chunks_exact(n)) {
                    *out = row.iter().zip(d).map(|(h, d)| h * d).sum();
                }
            }
        }
    }
}

impl Oracle for FunctionOracle<'_> {
    fn answer(&mut self, request: &Request<'_>, values: &mut Values) -> Result<(), Stop> {
        let outputs = self.residuals.as_ref().or(self.contributions.as_ref());
        let m = outputs.map_or(1, |(m, _)| *m);
        values.prepare(request.want, request.len(), request.dim, m, 0);
        for (i, x) in request.iter().enumerate() {
            if request.want.is_evaluation() {
                if self.n_evaluations >= self.max_evaluations {
                    return Err(Stop::MaxEvaluations(self.max_evaluations));
                }
                self.n_evaluations += 1;
            }
            self.trace.push((request.want, x.to_vec()));
            self.answer_one(request.want, x, i, values);
            self.answer_second(request, i, values);
        }
        Ok(())
    }

    fn iteration(&mut self, iteration: &Iteration<'_>) -> Result<(), Stop> {
        self.iterations.push((iteration.x.to_vec(), iteration.value));
        Ok(())
    }

    fn call(&mut self, call: OptionCall) -> Result<Vec<f64>, Stop> {
        call.answer().map_err(|error| Stop::Failed(error.message))
    }
}
