//! The problem as an algorithm sees it.

use crate::{
    Experience, Iteration, Manner, OptionCall, OptionFunction, Oracle, Question, Request, Rng,
    Stop, Values, Want,
};

/// What is known of a problem before the first evaluation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProblemSpec {
    /// Lower bounds, `-inf` where there is none; n entries, each below its upper bound.
    pub lower: Vec<f64>,
    /// Upper bounds, `+inf` where there is none; n entries.
    pub upper: Vec<f64>,
    /// The number m of residuals or contributions; 1 for a scalar objective.
    pub n_outputs: usize,
    /// Lower and upper limits of each nonlinear constraint value; equal for an equality.
    pub constraint_limits: Vec<(f64, f64)>,
    /// By how much each nonlinear constraint value may violate its limits.
    pub constraint_tolerances: Vec<f64>,
    /// How many of the values each constraint has, in order.
    pub constraint_sizes: Vec<usize>,
    /// Whether gradients are differences of values, and as rough.
    pub has_rough_gradient: bool,
    /// Whether there are Hessians in closed form.
    pub has_hessian: bool,
    /// Whether there are products with the Hessian in closed form.
    pub has_hessian_product: bool,
    /// The seed of the algorithm's random numbers.
    pub seed: u64,
    /// What runs on similar problems have shown; nothing by default.
    pub experience: Experience,
}

impl ProblemSpec {
    /// An unconstrained scalar problem of `n` variables.
    pub fn unconstrained(n: usize) -> Self {
        ProblemSpec {
            lower: vec![f64::NEG_INFINITY; n],
            upper: vec![f64::INFINITY; n],
            n_outputs: 1,
            ..Default::default()
        }
    }
}

/// The problem to solve: the one door through which an algorithm learns about the objective.
///
/// Smaller values are better; a user's maximization has been turned round before. Every evaluation may end the run: pass the
/// [`Stop`] on with `?`. A value is never NaN: where the objective is undefined it is `+inf`, and whatever else was asked
/// there (gradient, residuals) must not be used.
///
/// Buffers given as `&mut Vec<f64>` are exchanged, not copied: they are resized as needed, and what was in them is lost.
///
/// # Panics
/// A point that does not have [`Problem::dim`] numbers is a mistake of the algorithm, at which every evaluation panics.
pub struct Problem<'a> {
    oracle: &'a mut dyn Oracle,
    spec: &'a ProblemSpec,
    rng: Rng,
    values: Values,
    is_bounded: bool,
}

impl<'a> Problem<'a> {
    /// A problem whose requests go to `oracle`.
    pub fn new(oracle: &'a mut dyn Oracle, spec: &'a ProblemSpec) -> Self {
        let is_bounded = spec.lower.iter().chain(&spec.upper).any(|bound| bound.is_finite());
        Problem { oracle, spec, rng: Rng::new(spec.seed), values: Values::default(), is_bounded }
    }

    /// The number n of variables, at least 1.
    #[inline]
    pub fn dim(&self) -> usize {
        self.spec.lower.len()
    }

    /// The number m of residuals or contributions.
    #[inline]
    pub fn n_outputs(&self) -> usize {
        self.spec.n_outputs
    }

    /// The lower bounds, `-inf` where there is none. No point outside the bounds may ever be asked for.
    #[inline]
    pub fn lower(&self) -> &'a [f64] {
        &self.spec.lower
    }

    /// The upper bounds, `+inf` where there is none. Each is strictly above its lower bound.
    #[inline]
    pub fn upper(&self) -> &'a [f64] {
        &self.spec.upper
    }

    /// Whether any bound is finite.
    pub fn is_bounded(&self) -> bool {
        self.is_bounded
    }

    /// The limits of each nonlinear constraint value.
    pub fn constraint_limits(&self) -> &'a [(f64, f64)] {
        &self.spec.constraint_limits
    }

    /// How many of the nonlinear constraint values each constraint has, in order.
    pub fn constraint_sizes(&self) -> &'a [usize] {
        &self.spec.constraint_sizes
    }

    /// By how much each nonlinear constraint value may violate its limits.
    pub fn constraint_tolerances(&self) -> &'a [f64] {
        &self.spec.constraint_tolerances
    }

    /// Whether [`Problem::gradient`] is a difference of values: right to six to eight digits at best, where closed forms have fifteen.
    pub fn has_rough_gradient(&self) -> bool {
        self.spec.has_rough_gradient
    }

    /// Whether [`Problem::hessian`] is a closed form. Otherwise it is made of products or differences, which costs n of these.
    pub fn has_hessian(&self) -> bool {
        self.spec.has_hessian
    }

    /// Whether [`Problem::hessian_product`] is a closed form. Otherwise it is made of the Hessian if there is one in closed form,
    /// which is then asked for once at each point, or of a difference of gradients.
    pub fn has_hessian_product(&self) -> bool {
        self.spec.has_hessian_product
    }

    /// What runs on similar problems have shown.
    pub fn experience(&self) -> &'a Experience {
        &self.spec.experience
    }

    /// Move a point onto the nearest point within the bounds.
    pub fn clip(&self, x: &mut [f64]) {
        if !self.is_bounded {
            return;
        }
        for (x, (&low, &high)) in x.iter_mut().zip(self.lower().iter().zip(self.upper())) {
            *x = x.max(low).min(high);
        }
    }

    /// The random numbers of this run. Nothing else may decide anything by chance.
    pub fn rng(&mut self) -> &mut Rng {
        &mut self.rng
    }

    /// The objective at `x`.
    ///
    /// # Errors
    /// [`Stop`] when the run has to end.
    #[inline]
    pub fn value(&mut self, x: &[f64]) -> Result<f64, Stop> {
        self.ask(Want::VALUE, x)
    }

    /// The objective at `x`, and its gradient (n entries) into `gradient`.
    ///
    /// # Errors
    /// [`Stop`] when the run has to end.
    #[inline]
    pub fn value_and_gradient(&mut self, x: &[f64], gradient: &mut Vec<f64>) -> Result<f64, Stop> {
        let value = self.ask(Want::VALUE.and(Want::GRADIENT), x)?;
        std::mem::swap(gradient, &mut self.values.gradients);
        Ok(value)
    }

    /// The gradient at `x` alone; does not count as an evaluation of the objective.
    ///
    /// # Errors
    /// [`Stop`] when the run has to end.
    pub fn gradient(&mut self, x: &[f64], gradient: &mut Vec<f64>) -> Result<(), Stop> {
        self.ask(Want::GRADIENT, x)?;
        std::mem::swap(gradient, &mut self.values.gradients);
        Ok(())
    }

    /// The Hessian at `x` (n rows, n columns, symmetric to the last bit); does not count as an evaluation of the objective.
    ///
    /// Where the user gives none, it is made of n products, of differences of n gradients, or of second differences of the
    /// objective, within the bounds.
    ///
    /// # Errors
    /// [`Stop`] when the run has to end.
    pub fn hessian(&mut self, x: &[f64], hessian: &mut Vec<f64>) -> Result<(), Stop> {
        self.ask(Want::HESSIAN, x)?;
        std::mem::swap(hessian, &mut self.values.hessians);
        Ok(())
    }

    /// The product of the Hessian at `x` with `direction` (n entries); does not count as an evaluation of the objective.
    ///
    /// Where the user gives none, it is made of the Hessian at `x`, which is computed once, or of the difference of two
    /// gradients, within the bounds. Ask for all products at a point before those at another.
    ///
    /// # Errors
    /// [`Stop`] when the run has to end.
    ///
    /// # Panics
    /// When `direction` does not have one number per variable.
    pub fn hessian_product(
        &mut self,
        x: &[f64],
        direction: &[f64],
        product: &mut Vec<f64>,
    ) -> Result<(), Stop> {
        let n = self.dim();
        assert!(x.len() == n && direction.len() == n, "a direction has one number per variable");
        self.oracle.answer(&Request::product(x, direction), &mut self.values)?;
        std::mem::swap(product, &mut self.values.products);
        Ok(())
    }

    /// The residuals at `x` (m entries), and their sum of squares.
    ///
    /// # Errors
    /// [`Stop`] when the run has to end.
    pub fn residuals(&mut self, x: &[f64], residuals: &mut Vec<f64>) -> Result<f64, Stop> {
        let value = self.ask(Want::RESIDUALS, x)?;
        std::mem::swap(residuals, &mut self.values.residuals);
        Ok(value)
    }

    /// The Jacobian of the residuals at `x` (m rows, n columns, row-major); does not count as an evaluation.
    ///
    /// # Errors
    /// [`Stop`] when the run has to end.
    pub fn jacobian(&mut self, x: &[f64], jacobian: &mut Vec<f64>) -> Result<(), Stop> {
        self.ask(Want::JACOBIAN, x)?;
        std::mem::swap(jacobian, &mut self.values.jacobians);
        Ok(())
    }

    /// The residuals and their Jacobian at `x`, and the sum of squares.
    ///
    /// # Errors
    /// [`Stop`] when the run has to end.
    pub fn residuals_and_jacobian(
        &mut self,
        x: &[f64],
        residuals: &mut Vec<f64>,
        jacobian: &mut Vec<f64>,
    ) -> Result<f64, Stop> {
        let value = self.ask(Want::RESIDUALS.and(Want::JACOBIAN), x)?;
        std::mem::swap(residuals, &mut self.values.residuals);
        std::mem::swap(jacobian, &mut self.values.jacobians);
        Ok(value)
    }

    /// The likelihood contributions at `x` (m entries) and their Jacobian (m rows, n columns), and the sum.
    ///
    /// # Errors
    /// [`Stop`] when the run has to end.
    pub fn contributions_and_scores(
        &mut self,
        x: &[f64],
        contributions: &mut Vec<f64>,
        scores: &mut Vec<f64>,
    ) -> Result<f64, Stop> {
        let value = self.ask(Want::CONTRIBUTIONS.and(Want::SCORES), x)?;
        std::mem::swap(contributions, &mut self.values.contributions);
        std::mem::swap(scores, &mut self.values.scores);
        Ok(value)
    }

    /// The likelihood contributions at `x` (m entries), and their sum.
    ///
    /// # Errors
    /// [`Stop`] when the run has to end.
    pub fn contributions(&mut self, x: &[f64], contributions: &mut Vec<f64>) -> Result<f64, Stop> {
        let value = self.ask(Want::CONTRIBUTIONS, x)?;
        std::mem::swap(contributions, &mut self.values.contributions);
        Ok(value)
    }

    /// The nonlinear constraints at `x` (c entries).
    ///
    /// # Errors
    /// [`Stop`] when the run has to end.
    pub fn constraints(&mut self, x: &[f64], constraints: &mut Vec<f64>) -> Result<(), Stop> {
        self.ask(Want::CONSTRAINTS, x)?;
        std::mem::swap(constraints, &mut self.values.constraints);
        Ok(())
    }

    /// The Jacobian of the nonlinear constraints at `x` (c rows, n columns).
    ///
    /// # Errors
    /// [`Stop`] when the run has to end.
    pub fn constraint_jacobian(&mut self, x: &[f64], jacobian: &mut Vec<f64>) -> Result<(), Stop> {
        self.ask(Want::CONSTRAINT_JACOBIAN, x)?;
        std::mem::swap(jacobian, &mut self.values.constraint_jacobians);
        Ok(())
    }

    /// The objective at several independent points, given one after the other: one value per point.
    ///
    /// Ask for points in batches wherever they do not depend on each other; they are then evaluated in parallel.
    ///
    /// # Errors
    /// [`Stop`] when the run has to end.
    ///
    /// # Panics
    /// When `points` does not hold whole points.
    pub fn values(&mut self, points: &[f64]) -> Result<&[f64], Stop> {
        Ok(&self.batch(Want::VALUE, points)?.values)
    }

    /// Anything at several independent points, given one after the other. No points have no values.
    ///
    /// # Errors
    /// [`Stop`] when the run has to end.
    ///
    /// # Panics
    /// When `points` does not hold whole points.
    pub fn batch(&mut self, want: Want, points: &[f64]) -> Result<&Values, Stop> {
        self.batch_in(Manner::default(), want, points)
    }

    /// The same, taken in a manner of its own.
    ///
    /// # Errors
    /// [`Stop`] when the run has to end.
    ///
    /// # Panics
    /// When `points` does not hold whole points.
    pub fn batch_in(
        &mut self,
        manner: Manner,
        want: Want,
        points: &[f64],
    ) -> Result<&Values, Stop> {
        let n = self.dim();
        assert!(
            points.len().is_multiple_of(n),
            "points of {n} variables, not {} numbers",
            points.len()
        );
        if points.is_empty() {
            self.values.clear();
            return Ok(&self.values);
        }
        let request = Request { manner, ..Request::batch(want, points, n) };
        self.oracle.answer(&request, &mut self.values)?;
        Ok(&self.values)
    }

    /// Report the end of an iteration: its accepted point and value.
    ///
    /// # Errors
    /// [`Stop`] when the run has to end.
    #[inline]
    pub fn iteration(&mut self, x: &[f64], value: f64) -> Result<(), Stop> {
        self.oracle.iteration(&Iteration { x, value })
    }

    /// What a function that stands for the value of an option says.
    ///
    /// # Errors
    /// [`Stop`] when the run has to end: the function failed, or its answer is not one to the question.
    pub fn call(
        &mut self,
        option: &'static str,
        function: &OptionFunction,
        question: Question,
    ) -> Result<Vec<f64>, Stop> {
        self.oracle.call(OptionCall { option, function: function.clone(), question })
    }

    #[inline]
    fn ask(&mut self, want: Want, x: &[f64]) -> Result<f64, Stop> {
        assert_eq!(x.len(), self.dim(), "a point has one number per variable");
        self.oracle.answer(&Request::one(want, x), &mut self.values)?;
        Ok(self.values.values.first().copied().unwrap_or(f64::NAN))
    }
}
