//! Levenberg-Marquardt in the trust-region form of Moré (1978), as in MINPACK.
//!
//! # When to use
//! Residuals without bounds, from small to some hundred parameters, with a Jacobian (exact or numerical). It is the
//! default choice for curve fitting.
//!
//! # How it works
//! Each step minimizes the linearized sum of squares |J p + r|^2 within an ellipsoid |D p| <= radius, where D holds the
//! largest norms so far of the Jacobian's columns; the method is then invariant to the units of the parameters. J is
//! factored once per iteration by column-pivoted QR; the damping parameter that keeps the step within the radius comes from
//! a safeguarded Newton iteration on R. The radius follows the ratio of the actual to the predicted reduction, with the
//! minimizer of a parabola deciding how far it shrinks. A trial point without finite residuals is rejected
//! and the radius cut to a tenth.
//!
//! # Differences from the reference
//! Fewer residuals than parameters are allowed. A rejected Gauss-Newton step that still fits into the shrunken region is not
//! evaluated again. Where MINPACK returns its "tolerance too small" exits, the run ends as
//! stalled, which is not a success.
//!
//! # Cost per iteration
//! One Jacobian, one QR (2 m n^2), and per trial point one evaluation and about two triangular eliminations (n^3 each).
//!
//! # References
//! * J. J. Moré, The Levenberg-Marquardt algorithm: implementation and theory, Lecture Notes in Mathematics 630 (1978)
//!   105-116, doi:10.1007/BFb0067700.
//! * J. J. Moré, B. S. Garbow, K. E. Hillstrom, User guide for MINPACK-1, ANL-80-74 (1980), doi:10.2172/6997568.

use thalweg_core::{Algorithm, Extra, Finish, Problem, Stop, Test};
use thalweg_linalg::{QrPivot, Result as LinalgResult, all_finite, axpy, dot, nrm2, nrm2_scaled};
use thalweg_macros::Options;

use crate::pieces::column_scale::{ColumnScale, Scaling};
use crate::pieces::lm_parameter::{LmParameter, Triangular};

/// Levenberg-Marquardt for least squares without bounds, in Moré's trust-region form (MINPACK).
#[derive(Clone, Debug, Options)]
#[algorithm(name = "levenberg_marquardt", kind = LeastSquares, needs(gradient))]
pub struct LevenbergMarquardt {
    /// Stop when both the actual and the predicted relative reduction of the sum of squares are at most this.
    #[option(shared)]
    pub convergence_ftol_rel: f64,
    /// Stop when the trust region's radius is at most this, relative to the norm of the scaled parameters.
    #[option(
        default = 1e-8,
        min = 0.0,
        overrides = "the default of the reference; optimagic does not change it"
    )]
    pub convergence_xtol_rel: f64,
    /// Stop when the cosine of the angle between the residuals and every column of the Jacobian is at most this in magnitude.
    #[option(shared)]
    pub convergence_gtol_rel: f64,
    /// The first radius is this times the norm of the scaled start, or this itself when the start is zero.
    #[option(default = 100.0, above = 0.0)]
    pub initial_radius_factor: f64,
    /// How the parameters are scaled: "jac" (norms of the Jacobian's columns) or "none".
    #[option(default = Scaling::Jacobian)]
    pub x_scale: Scaling,
}

/// Steps with a smaller ratio of actual to predicted reduction are rejected.
const ACCEPT: f64 = 1e-4;

impl Algorithm for LevenbergMarquardt {
    fn solve(&self, problem: &mut Problem<'_>, x0: &[f64]) -> Result<Finish, Stop> {
        let mut x = x0.to_vec();
        let (mut residuals, mut jacobian) = (Vec::new(), Vec::new());
        let mut value = problem.residuals_and_jacobian(&x, &mut residuals, &mut jacobian)?;
        if !value.is_finite() {
            return Ok(Finish::stalled(x, value, "the residuals are not finite at the start"));
        }
        let mut model = LinearModel::new(problem.n_outputs(), x.len());
        if model.linearize(&jacobian, &residuals).is_err() {
            return Ok(Finish::stalled(x, value, "the Jacobian is not finite at the start"));
        }
        let mut scale = ColumnScale::start(self.x_scale, model.qr.column_norms());
        let mut region = Region::start(&x, &scale, self.initial_radius_factor);
        let (mut trial, mut trial_residuals) = (x.clone(), Vec::new());

        loop {
            let cosine = model.cosine();
            if cosine <= self.convergence_gtol_rel {
                let finish = Finish::converged(x, value, self.gradient_test(cosine));
                return Ok(finish.with("jacobian", Extra::Matrix(jacobian, problem.dim())));
            }
            scale.grow(model.qr.column_norms());

            loop {
                let step = model.step(&scale, &mut region);
                trial.copy_from_slice(&x);
                axpy(1.0, model.lm.step(), &mut trial);
                if !all_finite(&trial) {
                    return Ok(Finish::stalled(x, value, "the step is not finite"));
                }
                let trial_value = problem.residuals(&trial, &mut trial_residuals)?;
                // A rejected value counts as infinite: the radius is cut to a tenth.
                let norm =
                    if trial_value.is_finite() { nrm2(&trial_residuals) } else { f64::INFINITY };
                let reduction = Reduction::of(model.norm, norm, &step);
                region.update(&reduction, &step);

                let accepted = reduction.ratio >= ACCEPT;
                if accepted {
                    std::mem::swap(&mut x, &mut trial);
                    std::mem::swap(&mut residuals, &mut trial_residuals);
                    value = trial_value;
                    region.accept(&x, &scale);
                    problem.iteration(&x, value)?;
                }
                if let Some(test) = self.convergence(&reduction, &region) {
                    return Ok(Finish::converged(x, value, test));
                }
                if let Some(reason) = precision_exit(&reduction, &region, cosine) {
                    return Ok(Finish::stalled(x, value, reason));
                }
                if accepted {
                    break;
                }
            }

            problem.jacobian(&x, &mut jacobian)?;
            if model.linearize(&jacobian, &residuals).is_err() {
                return Ok(Finish::stalled(
                    x,
                    value,
                    "the Jacobian is not finite at the last point",
                ));
            }
        }
    }
}

impl LevenbergMarquardt {
    fn gradient_test(&self, cosine: f64) -> Test {
        Test {
            measure: "largest cosine between residuals and columns of the Jacobian",
            value: cosine,
            tolerance: self.convergence_gtol_rel,
            option: "convergence_gtol_rel",
        }
    }

    /// The tests after a trial step, accepted or not.
    fn convergence(&self, reduction: &Reduction, region: &Region) -> Option<Test> {
        if reduction.is_within(self.convergence_ftol_rel) {
            return Some(Test {
                measure: "actual and predicted relative reduction of the sum of squares",
                value: reduction.actual.abs().max(reduction.predicted),
                tolerance: self.convergence_ftol_rel,
                option: "convergence_ftol_rel",
            });
        }
        if region.radius <= self.convergence_xtol_rel * region.x_norm {
            return Some(Test {
                measure: "radius of the trust region relative to the scaled parameters",
                value: region.radius / region.x_norm,
                tolerance: self.convergence_xtol_rel,
                option: "convergence_xtol_rel",
            });
        }
        None
    }
}

/// Why no better point can be told apart, when the tolerances are below what the arithmetic resolves.
fn precision_exit(reduction: &Reduction, region: &Region, cosine: f64) -> Option<&'static str> {
    if reduction.is_within(f64::EPSILON) {
        Some("the sum of squares cannot be reduced further in this precision")
    } else if region.radius <= f64::EPSILON * region.x_norm {
        Some("the parameters cannot be improved further in this precision")
    } else if cosine <= f64::EPSILON {
        Some("the residuals are orthogonal to the columns of the Jacobian to machine precision")
    } else {
        None
    }
}

/// The residuals linearized at the current point: |J p + r| in triangular form.
struct LinearModel {
    m: usize,
    n: usize,
    qr: QrPivot,
    r: Vec<f64>,
    qtr: Vec<f64>,
    /// |r|.
    norm: f64,
    lm: LmParameter,
    product: Vec<f64>,
}

impl LinearModel {
    fn new(m: usize, n: usize) -> Self {
        LinearModel {
            m,
            n,
            qr: QrPivot::default(),
            r: vec![0.0; n * n],
            qtr: vec![0.0; m.max(n)],
            norm: 0.0,
            lm: LmParameter::new(n),
            product: vec![0.0; n],
        }
    }

    fn linearize(&mut self, jacobian: &[f64], residuals: &[f64]) -> LinalgResult<()> {
        self.norm = nrm2(residuals);
        self.qr.refactor(jacobian, self.m, self.n)?;
        self.qr.write_r(&mut self.r)?;
        self.qtr.fill(0.0);
        self.qtr[..self.m].copy_from_slice(residuals);
        self.qr.apply_qt(&mut self.qtr[..self.m])
    }

    /// The largest cosine, in magnitude, between r and a column of J; 0 when r is zero.
    fn cosine(&self) -> f64 {
        let mut largest = 0.0_f64;
        for (k, &j) in self.qr.permutation().iter().enumerate() {
            let length = self.qr.column_norms()[j];
            if length > 0.0 && self.norm > 0.0 {
                let product: f64 =
                    (0..=k).map(|i| self.r[i * self.n + k] * (self.qtr[i] / self.norm)).sum();
                largest = largest.max((product / length).abs());
            }
        }
        largest
    }

    /// Puts the step within the region into `lm`; the damping parameter goes to the region.
    fn step(&mut self, scale: &ColumnScale, region: &mut Region) -> Step {
        let n = self.n;
        let system =
            Triangular { r: &self.r, permutation: self.qr.permutation(), qtr: &self.qtr[..n] };
        region.par = self.lm.solve(&system, scale.diagonal(), region.radius, region.par);
        let p = self.lm.step();
        for (q, &j) in self.product.iter_mut().zip(self.qr.permutation()) {
            *q = p[j];
        }
        for i in 0..n {
            self.product[i] = dot(&self.r[i * n + i..(i + 1) * n], &self.product[i..]);
        }
        let length = nrm2_scaled(scale.diagonal(), p);
        region.limit_first(length);
        Step {
            length,
            linear: nrm2(&self.product) / self.norm,
            damping: region.par.sqrt() * length / self.norm,
        }
    }
}

/// A step p, measured.
struct Step {
    /// |D p|.
    length: f64,
    /// |J p| / |r|.
    linear: f64,
    /// sqrt(par) |D p| / |r|.
    damping: f64,
}

/// What a step brought, relative to |r|^2.
struct Reduction {
    actual: f64,
    predicted: f64,
    /// Half the directional derivative of |r|^2 along the step.
    slope: f64,
    ratio: f64,
    /// The norm of the residuals grew tenfold or more, or is not finite.
    blew_up: bool,
}

impl Reduction {
    /// Written so that nothing overflows or cancels (Moré 1978, section 4).
    fn of(norm: f64, trial_norm: f64, step: &Step) -> Self {
        let blew_up = 0.1 * trial_norm >= norm;
        let actual = if blew_up { -1.0 } else { 1.0 - (trial_norm / norm).powi(2) };
        let (linear, damping) = (step.linear.powi(2), step.damping.powi(2));
        let predicted = linear + 2.0 * damping;
        let ratio = if predicted == 0.0 { 0.0 } else { actual / predicted };
        Reduction { actual, predicted, slope: -(linear + damping), ratio, blew_up }
    }

    /// Whether both reductions are at most `tolerance`, and the actual one is not far above the predicted one.
    fn is_within(&self, tolerance: f64) -> bool {
        self.actual.abs() <= tolerance && self.predicted <= tolerance && 0.5 * self.ratio <= 1.0
    }
}

/// The trust region |D p| <= radius.
struct Region {
    radius: f64,
    /// The damping parameter of the last step: the guess for the next one.
    par: f64,
    /// |D x| at the current point.
    x_norm: f64,
    /// No step has been accepted yet: the first radius is a guess, and is cut to the first step.
    untested: bool,
}

impl Region {
    fn start(x: &[f64], scale: &ColumnScale, factor: f64) -> Self {
        let x_norm = nrm2_scaled(scale.diagonal(), x);
        let radius = if x_norm == 0.0 { factor } else { factor * x_norm };
        Region { radius, par: 0.0, x_norm, untested: true }
    }

    fn limit_first(&mut self, length: f64) {
        if self.untested {
            self.radius = self.radius.min(length);
        }
    }

    fn accept(&mut self, x: &[f64], scale: &ColumnScale) {
        self.x_norm = nrm2_scaled(scale.diagonal(), x);
        self.untested = false;
    }

    fn update(&mut self, reduction: &Reduction, step: &Step) {
        if reduction.ratio <= 0.25 {
            // After an increase: the minimizer of the parabola through both values and the slope.
            let minimizer = if reduction.actual >= 0.0 {
                0.5
            } else {
                0.5 * reduction.slope / (reduction.slope + 0.5 * reduction.actual)
            };
            let factor = if reduction.blew_up || minimizer < 0.1 { 0.1 } else { minimizer };
            let full_step = self.par == 0.0;
            self.radius = factor * self.radius.min(10.0 * step.length);
            self.par /= factor;
            // A rejected Gauss-Newton step that still fits would come again: the reference then evaluates it twice.
            if full_step && reduction.ratio < ACCEPT && step.length <= 1.1 * self.radius {
                self.radius = factor * self.radius.min(10.0 * step.length);
            }
        } else if self.par == 0.0 || reduction.ratio >= 0.75 {
            self.radius = 2.0 * step.length;
            self.par *= 0.5;
        }
    }
}
