//! POUNDERS: least squares without derivatives, from a quadratic model of every residual by interpolation.
//!
//! # When to use
//! Residuals without derivatives, with or without bounds, that are expensive and bend: the second derivatives of the residuals become
//! known without an evaluation of their own. For residuals that are nearly linear or noisy, `dfols`; with derivatives,
//! `levenberg_marquardt` or `trf`. The variables should be of similar size, since one radius holds for all of them: see the scaling
//! option of `minimize`.
//!
//! # How it works
//! All points of the run are remembered with their residuals. n of them that are near the best one and independent of each other,
//! and as many further ones as tell of second derivatives, determine a quadratic model of each residual; what they leave open changes by
//! as little as possible from one model to the next, in the Frobenius norm. Together the models are one of the sum of squares, second
//! derivatives of the residuals included, which is made small within the bounds and a trust region. Where the step disappoints and
//! independent points near the best one are missing, one is evaluated; only a model that has all of them can make the radius smaller,
//! or end the run.
//!
//! # Differences from the reference
//! Written from the papers. Against the version of optimagic 0.5.3:
//! * the step of the Gauss-Newton part of the model is taken where the sum of the squared models is smaller there than at the step of
//!   the full model, whose second derivatives may be wrong at first; this needs fewer evaluations on the problems of Moré and Wild;
//! * the step is the exact one of the trust region where the bounds allow it, and that of truncated conjugate gradients elsewhere;
//! * points that improve the model lie along coordinates, downhill where there is room on both sides; those for the first model, for one
//!   that misses several and for the last test are one batch;
//! * further points are taken if they add to the span of the conditions on second derivatives, which is the same test up to scaling;
//! * a start next to a bound, and a box that is narrower than the radius, are no error: there the unit of the variable is smaller;
//! * the gradient tests see the gradient within the bounds, of the sum of squares itself, and count only where the model is trusted;
//! * a radius that cannot become smaller ends the run when a step fails, instead of repeating it until the limits are met;
//! * points without finite residuals are not remembered: steps are cut, improving points tried nearer and on the other side;
//! * where a step promises less than rounding, the radius becomes as small as the step;
//! * the step has no options of its own: `trustregion_subsolver_options` is accepted in Python, and has no effect;
//! * old points are forgotten, so that memory and time per iteration stay the same in long runs.
//!
//! # Cost per iteration
//! One evaluation, rarely two, and O(m n^2 + n^3) operations for n variables and m residuals: only what is new changes the models.
//! After every n iterations all points count as new once, which takes O(m n^3).
//!
//! # References
//! * Wild 2017: Solving derivative-free nonlinear least squares problems with POUNDERS,
//!   <https://doi.org/10.1137/1.9781611974683.ch40>
//! * Wild, Regis, Shoemaker 2008: ORBIT: optimization by radial basis function interpolation in trust-regions,
//!   <https://doi.org/10.1137/070691814>
//! * Moré, Sorensen 1983: Computing a trust region step, <https://doi.org/10.1137/0904038>

use thalweg_core::{Algorithm, Finish, OptionError, Problem, Stop, Test};
use thalweg_linalg::{all_finite, mul, nrm_inf, nrm2, transpose};
use thalweg_macros::{Choice, Options};

use crate::pieces::ball_step::ball_step;
use crate::pieces::bidiagonal_region::BidiagonalRegion;
use crate::pieces::box_trust_region::BoxTrustRegion;
use crate::pieces::residual_history::{Independent, ResidualHistory};
use crate::pieces::residual_quadratics::{Further, MainModel, ResidualQuadratics};

/// A successful step of at least this part of the radius makes it larger.
const LONG: f64 = 0.5;
/// The least radius in roundings of the parameters: points have to differ clearly.
const ROUNDING: f64 = 100.0;
/// Promises below this part of the sum of squares are rounding.
const NEGLIGIBLE: f64 = 1e-15;
/// How often an improving point without finite residuals is tried again, half as far away on the other side.
const ATTEMPTS: usize = 8;
/// How many points are remembered, in terms of those that a model may use.
const REMEMBERED: usize = 8;

/// How the model is made small within the trust region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum SubproblemSolver {
    /// The exact step of the ball where the bounds allow it, else truncated conjugate gradients within the bounds.
    Bntr,
    /// As `Bntr`, or the exact step of the ball, cut off at the bounds, if the model is smaller there.
    Gqtpar,
}

/// Minimize a sum of squares on quadratic models of the residuals by interpolation, without derivatives.
#[derive(Clone, Debug, Options)]
#[algorithm(name = "pounders", kind = LeastSquares, supports(bounds, parallel))]
pub struct Pounders {
    /// Stop when the largest entry of the model's gradient within the bounds is at most this.
    #[option(
        default = 1e-8,
        min = 0.0,
        overrides = "gradients of interpolation models are accurate near the end"
    )]
    pub convergence_gtol_abs: f64,
    /// Stop when that gradient, divided by the sum of squares, is at most this.
    #[option(shared, min = 0.0)]
    pub convergence_gtol_rel: f64,
    /// Stop when that gradient, divided by its size at the start, is at most this; none for no such test.
    #[option(default = None, min = 0.0, overrides = "a bad start would make it end early")]
    pub convergence_gtol_scaled: Option<f64>,
    /// The largest number of points in a model; none for 2 n + 1.
    #[option(default = None, min = 1)]
    pub max_interpolation_points: Option<u64>,
    /// The first radius; none for a tenth of the largest parameter, or 0.1 if that is below 1.
    #[option(default = Some(0.1), above = 0.0, below = f64::INFINITY)]
    pub trustregion_initial_radius: Option<f64>,
    /// The least radius: when a step fails there, the run ends.
    #[option(default = 1e-6, above = 0.0)]
    pub trustregion_minimal_radius: f64,
    /// The largest radius.
    #[option(default = 1e6, above = 0.0)]
    pub trustregion_maximal_radius: f64,
    /// The radius after a step that failed, relative to the one before.
    #[option(default = 0.5, above = 0.0, below = 1.0)]
    pub trustregion_shrinking_factor_not_successful: f64,
    /// The radius after a long successful step, relative to the one before.
    #[option(default = 2.0, min = 1.0)]
    pub trustregion_expansion_factor_successful: f64,
    /// The least part of the radius by which a point has to be outside of the span of the others to count as independent.
    #[option(default = 1e-5, above = 0.0, below = 1.0)]
    pub theta1: f64,
    /// How clearly a further point has to determine second derivatives.
    #[option(default = 1e-4, above = 0.0, below = 1.0)]
    pub theta2: f64,
    /// The ratio of actual to promised decrease above which a step is taken.
    #[option(default = 0.0, min = 0.0, below = 1.0)]
    pub trustregion_threshold_acceptance: f64,
    /// The ratio of actual to promised decrease from which a step is successful.
    #[option(default = 0.1, above = 0.0, below = 1.0)]
    pub trustregion_threshold_successful: f64,
    /// A model is trusted when its independent points are within this many radii; none for the root of n.
    #[option(default = None, min = 1.0)]
    pub c1: Option<f64>,
    /// The number of radii within which points are used at all.
    #[option(default = 10.0, min = 1.0)]
    pub c2: f64,
    /// How the model is made small: "bntr" for the exact step of the trust region, or conjugate gradients where that would leave the
    /// bounds; "gqtpar" tries the exact step, cut off at the bounds, there, too.
    #[option(default = SubproblemSolver::Bntr)]
    pub trustregion_subproblem_solver: SubproblemSolver,
}

impl Algorithm for Pounders {
    fn solve(&self, problem: &mut Problem<'_>, x0: &[f64]) -> Result<Finish, Stop> {
        let n = x0.len();
        let first = self.trustregion_initial_radius.unwrap_or(0.1 * nrm_inf(x0).max(1.0));
        let radius = first.min(self.trustregion_maximal_radius);
        let mut start = x0.to_vec();
        problem.clip(&mut start);
        let mut history = ResidualHistory::new(problem, radius);
        let steps = history.first_points(&start, radius);
        let values = history.evaluate(problem, &steps, f64::INFINITY)?;
        if !values[0].is_finite() {
            let reason = "the residuals are not finite at the start";
            return Ok(Finish::stalled(start, f64::INFINITY, reason));
        }
        let models = ResidualQuadratics::new(n, problem.n_outputs());
        let most = (n + 1) * (n + 2) / 2;
        let points = self.max_interpolation_points.map_or(2 * n + 1, |k| k as usize);
        let most = points.clamp(n + 1, most);
        let (gauss_newton, full, region) = Default::default();
        Search {
            options: self,
            history,
            models,
            gauss_newton,
            full,
            region,
            radius,
            most,
            first_gradient: None,
        }
        .run(problem)
    }

    fn check(&self) -> Result<(), OptionError> {
        OptionError::unless_less(
            "pounders",
            ("trustregion_minimal_radius", self.trustregion_minimal_radius),
            ("trustregion_maximal_radius", self.trustregion_maximal_radius),
        )
    }
}

/// One run.
struct Search<'a> {
    options: &'a Pounders,
    history: ResidualHistory,
    models: ResidualQuadratics,
    /// The last models of the sum of squares.
    gauss_newton: MainModel,
    full: MainModel,
    region: BidiagonalRegion,
    radius: f64,
    /// The largest number of points in a model.
    most: usize,
    /// The size of the first gradient.
    first_gradient: Option<f64>,
}

impl Search<'_> {
    fn run(&mut self, problem: &mut Problem<'_>) -> Result<Finish, Stop> {
        loop {
            problem.iteration(self.history.best_point(), self.history.best_value())?;
            self.history.forget(REMEMBERED * self.most);
            let near = self.near();
            let is_trusted = near.points.len() == self.history.dim();
            let Some(independent) = self.enough(problem, &near)? else {
                return Ok(self.stalled("the residuals are not finite near the best point"));
            };
            if !self.fit(&independent) {
                return Ok(self.stalled("the model of the residuals is not finite"));
            }
            if let Some(test) = self.gradient_test() {
                if is_trusted || !self.improve(problem, usize::MAX)? {
                    return Ok(self.converged(test));
                }
                continue;
            }
            let ratio = self.advance(problem, is_trusted)?;
            if ratio >= self.options.trustregion_threshold_successful {
                continue;
            }
            let improved = !is_trusted && self.improve(problem, 1)?;
            if !improved && self.radius <= self.least_radius() {
                return Ok(self.converged(self.radius_test()));
            }
        }
    }

    /// Independent points so near that a model of them is trusted.
    fn near(&self) -> Independent {
        let reach = self.options.c1.unwrap_or((self.history.dim() as f64).sqrt());
        let mut near = Independent::default();
        let apart = self.options.theta1 * self.radius;
        self.history.add_independent(&mut near, reach * self.radius, apart);
        near
    }

    /// As many independent points as there are variables: those from further away with the near ones and, where that is not enough,
    /// new ones, in one batch. `None` when there are no finite residuals in some direction.
    fn enough(
        &mut self,
        problem: &mut Problem<'_>,
        near: &Independent,
    ) -> Result<Option<Independent>, Stop> {
        let mut all = near.clone();
        for _ in 0..=self.history.dim() {
            let (reach, apart) = (self.options.c2 * self.radius, self.options.theta1 * self.radius);
            self.history.add_independent(&mut all, reach, apart);
            if all.points.len() == self.history.dim() {
                return Ok(Some(all));
            }
            if !self.evaluate_missing(problem, &all, usize::MAX)? {
                return Ok(None);
            }
            // The best point may be another one now.
            all = self.near();
        }
        Ok(None)
    }

    /// Evaluate missing points near the best one, at most `most` of them. Whether there were any, with finite residuals.
    fn improve(&mut self, problem: &mut Problem<'_>, most: usize) -> Result<bool, Stop> {
        let near = self.near();
        self.evaluate_missing(problem, &near, most)
    }

    fn evaluate_missing(
        &mut self,
        problem: &mut Problem<'_>,
        independent: &Independent,
        most: usize,
    ) -> Result<bool, Stop> {
        let mut steps = self.history.missing(independent, self.radius, &self.full.gradient);
        steps.truncate(most);
        let (mut any, mut left) = (false, steps);
        for _ in 0..ATTEMPTS {
            if left.is_empty() {
                break;
            }
            let points: Vec<f64> = left.iter().flat_map(|step| self.history.after(step)).collect();
            let best = self.history.best();
            let values = self.history.evaluate(problem, &points, f64::INFINITY)?;
            any |= values.iter().any(|value| value.is_finite());
            if self.history.best() != best {
                break;
            }
            let mut values = values.iter();
            left.retain(|_| values.next().is_some_and(|value| !value.is_finite()));
            left.iter_mut().flatten().for_each(|s| *s *= -0.5);
        }
        Ok(any)
    }

    /// Fit the models. Whether they are finite.
    fn fit(&mut self, independent: &Independent) -> bool {
        let options = self.options;
        let reach = options.c2 * self.radius;
        let further = Further { reach, apart: options.theta2, most: self.most };
        self.models.fit(&self.history, independent, self.radius, further);
        let center = self.history.residuals(self.history.best());
        self.models.gauss_newton(center, &mut self.gauss_newton);
        self.full.clone_from(&self.gauss_newton);
        self.models.add_curvature(center, &mut self.full);
        all_finite(&self.full.gradient) && all_finite(&self.full.hessian)
    }

    /// Evaluate the step to where the model is small, and adapt the radius. The ratio of actual to promised decrease.
    fn advance(&mut self, problem: &mut Problem<'_>, is_trusted: bool) -> Result<f64, Stop> {
        let options = self.options;
        let (d, promised) = self.step();
        let x = self.history.after(&d);
        let old = self.history.best_value();
        let mut ratio = f64::NEG_INFINITY;
        if promised > 0.0 && x != self.history.best_point() && all_finite(&x) {
            let limit = old - options.trustregion_threshold_acceptance * promised;
            let value = self.history.evaluate(problem, &x, limit)?[0];
            ratio = (old - value) / promised;
        }
        if ratio >= options.trustregion_threshold_successful {
            if nrm2(&d) > LONG * self.radius {
                let grown = options.trustregion_expansion_factor_successful * self.radius;
                self.radius = grown.min(options.trustregion_maximal_radius);
            }
        } else if is_trusted || ratio == f64::NEG_INFINITY {
            let mut shrunk = options.trustregion_shrinking_factor_not_successful * self.radius;
            if promised <= NEGLIGIBLE * old {
                // Nothing but rounding is to be gained with such steps.
                shrunk = shrunk.min(nrm2(&d));
            }
            self.radius = shrunk.max(self.least_radius());
        }
        Ok(ratio)
    }

    /// The step and the decrease that it promises. Second derivatives that are still wrong can promise more than there is, down to
    /// sums of squares below zero; the sum of the squared models, which cannot, decides between the full model's step and that of its
    /// Gauss-Newton part.
    fn step(&mut self) -> (Vec<f64>, f64) {
        let n = self.history.dim();
        let center = self.history.residuals(self.history.best());
        let mut columns = vec![0.0; self.models.jacobian.len()];
        transpose(&self.models.jacobian, center.len(), n, &mut columns);
        let mut simple = vec![0.0; n];
        let known =
            self.region.prepare(&columns, center, n) && self.region.step(self.radius, &mut simple);
        let simple = self.within_bounds(&self.gauss_newton, known.then_some(simple));
        let full = self.within_bounds(&self.full, None);
        if self.models.decrease(center, &simple) > self.models.decrease(center, &full) {
            let promised = self.gauss_newton.decrease(&simple);
            (simple, promised)
        } else {
            let promised = self.full.decrease(&full);
            (full, promised)
        }
    }

    /// The step of a model within the bounds: the exact one of the ball, if it is known, where that is within them.
    fn within_bounds(&self, model: &MainModel, exact: Option<Vec<f64>>) -> Vec<f64> {
        let (low, high) = self.history.room();
        let n = low.len();
        let gradient = &model.gradient;
        let mut exact = exact.or_else(|| ball_step(&model.hessian, gradient, self.radius).ok());
        if let Some(d) = &mut exact {
            if (0..n).all(|i| low[i] <= d[i] && d[i] <= high[i]) {
                return d.clone();
            }
            d.iter_mut().enumerate().for_each(|(i, d)| *d = d.max(low[i]).min(high[i]));
        }
        let region = BoxTrustRegion { gradient, low: &low, high: &high, radius: self.radius };
        let within = region.step(|v, out| mul(&model.hessian, n, v, out)).d;
        match exact {
            Some(d)
                if self.options.trustregion_subproblem_solver == SubproblemSolver::Gqtpar
                    && model.decrease(&d) > model.decrease(&within) =>
            {
                d
            }
            _ => within,
        }
    }

    /// The tolerance, or the resolution of floating point numbers.
    fn least_radius(&self) -> f64 {
        let resolution = ROUNDING * f64::EPSILON * self.history.size();
        self.options.trustregion_minimal_radius.max(resolution)
    }

    fn radius_test(&self) -> Test {
        let (value, tolerance) = (self.radius, self.least_radius());
        let option = if tolerance > self.options.trustregion_minimal_radius {
            ""
        } else {
            "trustregion_minimal_radius"
        };
        Test {
            measure: "radius of the trust region in which a step failed",
            value,
            tolerance,
            option,
        }
    }

    fn gradient_test(&mut self) -> Option<Test> {
        let (low, high) = self.history.room();
        let free =
            self.full.gradient.iter().zip(low.iter().zip(&high)).filter(|(g, (low, high))| {
                !(**low >= 0.0 && **g >= 0.0 || **high <= 0.0 && **g <= 0.0)
            });
        let size = free.fold(0.0_f64, |size, (g, _)| size.max(g.abs()));
        let first = *self.first_gradient.get_or_insert(size);
        let options = self.options;
        let value = self.history.best_value();
        let tests = [
            (
                "largest entry of the gradient",
                1.0,
                options.convergence_gtol_abs,
                "convergence_gtol_abs",
            ),
            (
                "gradient relative to the sum of squares",
                value,
                options.convergence_gtol_rel,
                "convergence_gtol_rel",
            ),
            (
                "gradient relative to the start",
                first,
                options.convergence_gtol_scaled.unwrap_or(0.0),
                "convergence_gtol_scaled",
            ),
        ];
        tests.into_iter().find(|(_, unit, tolerance, _)| size <= tolerance * unit).map(
            |(measure, unit, tolerance, option)| {
                let value = if size == 0.0 { 0.0 } else { size / unit };
                Test { measure, value, tolerance, option }
            },
        )
    }

    fn converged(&self, test: Test) -> Finish {
        Finish::converged(self.history.best_point().to_vec(), self.history.best_value(), test)
    }

    fn stalled(&self, reason: &str) -> Finish {
        Finish::stalled(self.history.best_point().to_vec(), self.history.best_value(), reason)
    }
}
