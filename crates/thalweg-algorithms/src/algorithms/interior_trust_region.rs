//! Interior trust region: a quasi-Newton model, bent away from the bounds, in a trust region that may be small.
//!
//! # When to use
//! A smooth objective with a gradient and up to about a hundred parameters, in particular when its Hessian is indefinite or badly
//! scaled on the way, where line searches creep: likelihoods and sums of squares of dynamic models. Bounds are never touched. For more
//! parameters, or when the model's own time counts, `lbfgsb`.
//!
//! # How it works
//! The iterates stay strictly inside the bounds. Variables are scaled by the distance to the bound towards which the objective falls
//! (Coleman and Li), which adds a diagonal term to the model. The model's matrix learns from the changes of the gradient (BFGS, SR1 or
//! others). Its step within the radius is exact, or taken in the plane of gradient and Newton step, or by truncated conjugate
//! gradients. A step that would leave the bounds is truncated or reflected there, and compared by the model with the step cut as a
//! whole and with one along the scaled gradient. Where the objective does not follow the model, or is not defined, the radius shrinks.
//!
//! # Differences from the reference
//! Written from the papers. Against fides 0.8:
//! * the gradient is asked for at accepted points only; each trial point is one evaluation of the objective;
//! * the relative test of the gradient counts only after a step that the radius did not cut: an objective that falls for ever passes it;
//! * Broyden's good and bad methods are used through their symmetric part, which solves more problems (to 1e-7, 40 instead of 25 of 53 with
//!   "bg"; "bb" of the reference never changes its matrix). "bb" is slow: thousands of evaluations in Rosenbrock's valley, here and there;
//! * the class between BFGS and DFP has a name and an option, "broyden" and `broyden_phi`. In Python, under the name `fides`, instances of
//!   the classes of `fides.hessian_approximation` stand for their names, as in optimagic;
//! * BFGS and DFP leave out steps without positive curvature; a matrix that can no longer be decomposed begins afresh;
//! * "mixed" is the better of "reflect" and "truncate" by the model;
//! * the Newton direction of the plane and of conjugate gradients comes from the same matrix, bounds' term included.
//!
//! # Cost per iteration
//! One evaluation and one gradient. "full" and "2D": one eigendecomposition, about 9 n^3 operations; "scg": up to n products, 2 n^3 in the
//! worst case and usually a few times n^2.
//!
//! # References
//! * T. F. Coleman, Y. Li, An interior trust region approach for nonlinear minimization subject to bounds, SIAM J. Optim. 6 (1996)
//!   418-445, <https://doi.org/10.1137/0806023>
//! * F. Fröhlich, P. K. Sorger, Fides: Reliable trust-region optimization for parameter estimation of ordinary differential equation
//!   models, PLoS Comput. Biol. 18 (2022), <https://doi.org/10.1371/journal.pcbi.1010322>
//! * T. Steihaug, The conjugate gradient method and trust regions in large scale optimization, SIAM J. Numer. Anal. 20 (1983),
//!   <https://doi.org/10.1137/0720042>

use std::convert::Infallible;

use thalweg_core::{Algorithm, Extra, Finish, OptionError, Problem, Stop, Test};
use thalweg_linalg::{all_finite, dot, mul, nrm2};
use thalweg_macros::{Choice, Options};

use crate::pieces::coleman_li::{self, keeps_bounds, step_to_bound};
use crate::pieces::lsq_model::{DenseModel, Quadratic};
use crate::pieces::reflective_step::Place;
use crate::pieces::secant_matrix::{SecantMatrix, SecantUpdate};
use crate::pieces::steihaug::steihaug;
use crate::pieces::subspace_step::orthonormal;
use crate::pieces::truncated_step::truncate;
use crate::pieces::trust_region_2d;
use crate::pieces::trust_region_eigen::EigenRegion;

/// A step of this part of the radius is at the boundary of the region.
const AT_BOUNDARY: f64 = 0.9;
/// The most reflections of one step.
const MOST_REFLECTIONS: usize = 10;

/// What happens to a step that would leave the bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum Stepback {
    /// Variables are held where they meet their bound, and the others solved for anew.
    Truncate,
    /// It is reflected at every bound that it meets.
    Reflect,
    /// It is reflected once.
    ReflectSingle,
    /// The better of both.
    Mixed,
}

/// Where the model is minimized.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum Subspace {
    /// In all variables.
    Full,
    /// In the plane of the gradient and the Newton step.
    #[choice(word = "2D")]
    Plane,
    /// By truncated conjugate gradients.
    Scg,
}

/// A quasi-Newton method in an interior trust region, with bounds.
#[derive(Clone, Debug, Options)]
#[algorithm(name = "interior_trust_region", kind = Scalar, needs(gradient), supports(bounds))]
pub struct InteriorTrustRegion {
    /// Stop when an accepted step that the model foresaw changes the objective by less than this.
    #[option(shared, min = 0.0)]
    pub convergence_ftol_abs: f64,
    /// Stop when an accepted step that the model foresaw changes the objective by less than this, relative to its value.
    #[option(shared, min = 0.0)]
    pub convergence_ftol_rel: f64,
    /// Stop when the norm of an accepted step is below this.
    #[option(shared, min = 0.0)]
    pub convergence_xtol_abs: f64,
    /// Stop when the norm of the gradient, scaled by the distances to the bounds, is below this.
    #[option(shared, min = 0.0)]
    pub convergence_gtol_abs: f64,
    /// Stop when the norm of the gradient, scaled by the distances to the bounds, is below this, relative to the objective.
    #[option(shared, min = 0.0)]
    pub convergence_gtol_rel: f64,
    /// How the matrix of the model learns: "bfgs", "dfp", "sr1", Broyden's bad or good method ("bb", "bg"), or "broyden", a share of
    /// DFP in BFGS.
    #[option(default = SecantUpdate::Bfgs)]
    pub hessian_update_strategy: SecantUpdate,
    /// With "broyden": the share of DFP.
    #[option(default = 0.5, min = 0.0, max = 1.0)]
    pub broyden_phi: f64,
    /// The first radius, in the scaled variables.
    #[option(default = 1.0, above = 0.0, below = f64::INFINITY)]
    pub trustregion_initial_radius: f64,
    /// What happens to a step that would leave the bounds: "truncate", "reflect", "reflect_single" or "mixed".
    #[option(default = Stepback::Truncate)]
    pub trustregion_stepback_strategy: Stepback,
    /// Where the model is minimized: in all variables ("full"), in a plane ("2D"), by truncated conjugate gradients ("scg").
    #[option(default = Subspace::Full)]
    pub trustregion_subspace_dimension: Subspace,
    /// A step goes at least this share of the way to a bound that it would cross, and more as the gradient vanishes.
    #[option(default = 0.95, above = 0.0, below = 1.0)]
    pub trustregion_max_stepback_fraction: f64,
    /// The radius shrinks when the actual decrease is below this share of what the model promised.
    #[option(default = 0.25, above = 0.0, below = 1.0)]
    pub trustregion_decrease_threshold: f64,
    /// The radius grows when the actual decrease is at least this share of what the model promised, and the step at the boundary.
    #[option(default = 0.75, above = 0.0, below = 1.0)]
    pub trustregion_increase_threshold: f64,
    /// By what the radius shrinks.
    #[option(default = 0.25, above = 0.0, below = 1.0)]
    pub trustregion_decrease_factor: f64,
    /// By what the radius grows.
    #[option(default = 2.0, min = 1.0)]
    pub trustregion_increase_factor: f64,
}

impl Algorithm for InteriorTrustRegion {
    fn solve(&self, problem: &mut Problem<'_>, x0: &[f64]) -> Result<Finish, Stop> {
        let (lower, upper) = (problem.lower(), problem.upper());
        let mut at = Iterate { x: x0.to_vec(), ..Iterate::default() };
        coleman_li::move_inside(&mut at.x, lower, upper, 1e-10);
        at.value = problem.value_and_gradient(&at.x, &mut at.gradient)?;
        if !at.value.is_finite() || !all_finite(&at.gradient) {
            return Ok(at.stalled("the objective or its gradient is not finite at the start"));
        }
        let (update, phi) = (self.hessian_update_strategy, self.broyden_phi);
        let mut secant = SecantMatrix::new(x0.len(), update, phi);
        let mut radius = self.trustregion_initial_radius;
        let mut inside = true;

        loop {
            let model = ScaledModel::around(&at, &secant, lower, upper);
            if let Some(test) = self.gradient_test(model.optimality, at.value, inside) {
                return Ok(at.converged(test, &secant));
            }
            let Some(region) = Region::new(&model, self.trustregion_subspace_dimension) else {
                secant.clear();
                continue;
            };

            loop {
                let theta = self.trustregion_max_stepback_fraction.max(1.0 - model.optimality);
                let place = Place { x: &at.x, lower, upper, d: &model.d, radius, theta };
                let step = self.step(&place, &model, &region);
                let mut trial = Iterate { x: at.x.clone(), ..Iterate::default() };
                trial.x.iter_mut().zip(place.unscaled(&step)).for_each(|(x, p)| *x += p);
                coleman_li::move_inside(&mut trial.x, lower, upper, 0.0);
                if trial.x == at.x || !all_finite(&trial.x) {
                    return Ok(at.stalled("the step no longer changes the parameters"));
                }
                trial.value = problem.value(&trial.x)?;
                let bend =
                    0.5 * (0..step.len()).map(|i| model.bend[i] * step[i] * step[i]).sum::<f64>();
                let promised = -model.quadratic().value(&step);
                let ratio = (at.value - trial.value - bend) / promised;
                let length = nrm2(&step);
                inside = length <= AT_BOUNDARY * radius;
                radius = self.next_radius(radius, length, ratio);
                if !(trial.value.is_finite() && ratio > 0.0 && trial.value < at.value) {
                    continue;
                }
                problem.gradient(&trial.x, &mut trial.gradient)?;
                if !all_finite(&trial.gradient) {
                    radius = radius.min(self.trustregion_decrease_factor * length);
                    continue;
                }
                problem.iteration(&trial.x, trial.value)?;
                let before = std::mem::replace(&mut at, trial);
                let s: Vec<f64> = at.x.iter().zip(&before.x).map(|(new, old)| new - old).collect();
                let y: Vec<f64> =
                    at.gradient.iter().zip(&before.gradient).map(|(new, old)| new - old).collect();
                let test = self.change_test(&before, &at, nrm2(&s), ratio);
                secant.update(&s, &y);
                if let Some(test) = test {
                    return Ok(at.converged(test, &secant));
                }
                break;
            }
        }
    }

    fn check(&self) -> Result<(), OptionError> {
        OptionError::unless_less(
            "interior_trust_region",
            ("trustregion_decrease_threshold", self.trustregion_decrease_threshold),
            ("trustregion_increase_threshold", self.trustregion_increase_threshold),
        )
    }
}

impl InteriorTrustRegion {
    /// The model's step within the radius, brought back inside the bounds.
    fn step(&self, place: &Place<'_>, model: &ScaledModel, region: &Region) -> Vec<f64> {
        let full = region.step(place.radius);
        let p = place.unscaled(&full);
        if keeps_bounds(place.x, &p, place.lower, place.upper) {
            return full;
        }
        let quadratic = model.quadratic();
        let to_bound = step_to_bound(place.x, &p, place.lower, place.upper);
        let cut: Vec<f64> = full.iter().map(|s| place.theta * to_bound * s).collect();
        let mut candidates = vec![cut, place.downhill(&quadratic).0];
        let strategy = self.trustregion_stepback_strategy;
        let most = if strategy == Stepback::ReflectSingle { 1 } else { MOST_REFLECTIONS };
        if strategy != Stepback::Truncate
            && let Some((reflected, _)) = place.reflections(&quadratic, &full, most)
        {
            candidates.push(reflected);
        }
        if matches!(strategy, Stepback::Truncate | Stepback::Mixed) {
            let solver = |free: &[usize], gradient: &[f64], radius: f64| {
                let part = model.part(free, gradient);
                let region = Region::new(&part, self.trustregion_subspace_dimension);
                region.map_or_else(|| vec![0.0; free.len()], |region| region.step(radius))
            };
            candidates.push(truncate(place, &quadratic, full, &solver));
        }
        let value = |s: &Vec<f64>| quadratic.value(s);
        candidates.into_iter().min_by(|a, b| value(a).total_cmp(&value(b))).unwrap_or_default()
    }

    fn next_radius(&self, radius: f64, length: f64, ratio: f64) -> f64 {
        let shrunk = (self.trustregion_decrease_factor * radius).min(0.25 * length);
        if ratio >= self.trustregion_increase_threshold && length > AT_BOUNDARY * radius {
            self.trustregion_increase_factor * radius
        } else if ratio > self.trustregion_decrease_threshold {
            radius
        } else {
            shrunk
        }
    }

    /// Whether the gradient is small; relative to the objective only where the last step was `inside` the region. An objective that falls
    /// without bounds, say as a cube, passes the relative test sooner or later.
    fn gradient_test(&self, value: f64, objective: f64, inside: bool) -> Option<Test> {
        let measure = "norm of the scaled gradient";
        let relative = if inside { self.convergence_gtol_rel * objective.abs() } else { 0.0 };
        let (tolerance, option) = if self.convergence_gtol_abs >= relative {
            (self.convergence_gtol_abs, "convergence_gtol_abs")
        } else {
            (relative, "convergence_gtol_rel")
        };
        (value <= tolerance).then_some(Test { measure, value, tolerance, option })
    }

    fn change_test(&self, old: &Iterate, new: &Iterate, length: f64, ratio: f64) -> Option<Test> {
        let value = old.value - new.value;
        let relative = self.convergence_ftol_rel * old.value.abs();
        let (tolerance, option) = if self.convergence_ftol_abs >= relative {
            (self.convergence_ftol_abs, "convergence_ftol_abs")
        } else {
            (relative, "convergence_ftol_rel")
        };
        if value < tolerance && ratio > self.trustregion_decrease_threshold {
            let measure = "change of the objective";
            return Some(Test { measure, value, tolerance, option });
        }
        (length < self.convergence_xtol_abs).then_some(Test {
            measure: "norm of the step",
            value: length,
            tolerance: self.convergence_xtol_abs,
            option: "convergence_xtol_abs",
        })
    }
}

/// A point with what is known there.
#[derive(Clone, Default)]
struct Iterate {
    x: Vec<f64>,
    value: f64,
    gradient: Vec<f64>,
}

impl Iterate {
    fn converged(self, test: Test, secant: &SecantMatrix) -> Finish {
        let matrix = Extra::Matrix(secant.symmetric(), self.x.len());
        let finish = Finish::converged(self.x, self.value, test);
        finish.with("gradient", self.gradient).with("hessian", matrix)
    }

    fn stalled(self, reason: &str) -> Finish {
        let finish = Finish::stalled(self.x, self.value, reason);
        finish.with("gradient", Extra::Vector(self.gradient))
    }
}

/// The model in the variables D^-1 x.
struct ScaledModel {
    /// The diagonal of D: the roots of the distances v to the bounds.
    d: Vec<f64>,
    /// D g.
    gradient: Vec<f64>,
    /// The diagonal of the term that the bounds add to the matrix.
    bend: Vec<f64>,
    /// D B D with that term.
    matrix: Vec<f64>,
    /// The norm of v g: zero at a solution.
    optimality: f64,
}

impl ScaledModel {
    fn around(at: &Iterate, secant: &SecantMatrix, lower: &[f64], upper: &[f64]) -> Self {
        let n = at.x.len();
        let (v, dv) = coleman_li::scaling(&at.x, &at.gradient, lower, upper);
        let d: Vec<f64> = v.iter().map(|v| v.sqrt()).collect();
        let gradient: Vec<f64> = d.iter().zip(&at.gradient).map(|(d, g)| d * g).collect();
        let bend: Vec<f64> = at.gradient.iter().zip(&dv).map(|(g, dv)| g * dv).collect();
        let mut matrix = secant.symmetric();
        for (i, row) in matrix.chunks_exact_mut(n).enumerate() {
            row.iter_mut().zip(&d).for_each(|(b, d_j)| *b *= d[i] * d_j);
            row[i] += bend[i];
        }
        let optimality = nrm2(&(0..n).map(|i| v[i] * at.gradient[i]).collect::<Vec<_>>());
        ScaledModel { d, gradient, bend, matrix, optimality }
    }

    fn quadratic(&self) -> DenseModel<'_> {
        DenseModel { gradient: &self.gradient, matrix: &self.matrix }
    }

    /// The model in some of the variables, with the gradient there.
    fn part(&self, free: &[usize], gradient: &[f64]) -> ScaledModel {
        let n = self.d.len();
        let row = |&i: &usize| free.iter().map(move |&j| self.matrix[i * n + j]);
        ScaledModel {
            d: free.iter().map(|&i| self.d[i]).collect(),
            gradient: gradient.to_vec(),
            bend: free.iter().map(|&i| self.bend[i]).collect(),
            matrix: free.iter().flat_map(row).collect(),
            optimality: self.optimality,
        }
    }
}

/// How the model is minimized within a radius: prepared once, used for several radii.
enum Region {
    Full(EigenRegion),
    Plane { basis: [Vec<f64>; 2], matrix: [f64; 3], gradient: [f64; 2] },
    Scg { matrix: Vec<f64>, gradient: Vec<f64> },
}

impl Region {
    /// `None` when the matrix cannot be decomposed.
    fn new(model: &ScaledModel, subspace: Subspace) -> Option<Self> {
        let (matrix, gradient) = (&model.matrix, &model.gradient);
        if subspace == Subspace::Scg {
            return all_finite(matrix)
                .then(|| Region::Scg { matrix: matrix.clone(), gradient: gradient.clone() });
        }
        let full = EigenRegion::new(matrix, gradient).ok()?;
        if subspace == Subspace::Full {
            return Some(Region::Full(full));
        }
        let basis = orthonormal(gradient, full.newton_or_least_curvature());
        let quadratic = model.quadratic();
        let c = |i: usize, j: usize| quadratic.curvature(&basis[i], &basis[j]);
        let matrix = [c(0, 0), c(0, 1), c(1, 1)];
        let gradient = [dot(&basis[0], gradient), dot(&basis[1], gradient)];
        Some(Region::Plane { basis, matrix, gradient })
    }

    fn step(&self, radius: f64) -> Vec<f64> {
        match self {
            Region::Full(region) => region.step(radius),
            Region::Plane { basis, matrix, gradient } => {
                let weights = trust_region_2d::solve(*matrix, *gradient, radius);
                let both = basis[0].iter().zip(&basis[1]);
                both.map(|(a, b)| weights[0] * a + weights[1] * b).collect()
            }
            Region::Scg { matrix, gradient } => {
                let n = gradient.len();
                let Ok(step) = steihaug(gradient, radius, |d, product| {
                    product.resize(n, 0.0);
                    mul(matrix, n, d, product);
                    Ok::<(), Infallible>(())
                });
                step.p
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_within_bounds, boxed, rosenbrock, rosenbrock_gradient};
    use thalweg_core::ProblemSpec;
    use thalweg_core::testing::FunctionOracle;

    fn run(algorithm: &InteriorTrustRegion, spec: &ProblemSpec, x0: &[f64]) -> (Finish, u64) {
        let mut oracle = FunctionOracle::scalar(rosenbrock).with_gradient(rosenbrock_gradient);
        let finish = algorithm.solve(&mut Problem::new(&mut oracle, spec), x0).unwrap();
        assert_within_bounds(&oracle, spec);
        (finish, oracle.n_evaluations)
    }

    fn every_kind() -> Vec<InteriorTrustRegion> {
        use {SecantUpdate as U, Stepback as S, Subspace as P};
        let updates = [U::Bfgs, U::Dfp, U::Sr1, U::Bb, U::Bg, U::Broyden].map(|update| {
            InteriorTrustRegion { hessian_update_strategy: update, ..Default::default() }
        });
        let steps =
            [S::Truncate, S::Reflect, S::ReflectSingle, S::Mixed].into_iter().flat_map(|s| {
                [P::Full, P::Plane, P::Scg].map(|subspace| InteriorTrustRegion {
                    trustregion_stepback_strategy: s,
                    trustregion_subspace_dimension: subspace,
                    ..Default::default()
                })
            });
        updates.into_iter().chain(steps).collect()
    }

    #[test]
    fn every_update_subspace_and_strategy_solves_the_valley_with_and_without_bounds() {
        let inf = f64::INFINITY;
        for algorithm in every_kind() {
            let most = match algorithm.hessian_update_strategy {
                // Broyden's methods are made for equations, and slow here; DFP corrects a bad matrix slowly.
                SecantUpdate::Bb | SecantUpdate::Bg => 10_000,
                SecantUpdate::Dfp => 300,
                _ => 150,
            };
            let (finish, n) = run(&algorithm, &ProblemSpec::unconstrained(2), &[-1.2, 1.0]);
            assert!(finish.value < 1e-4 && n < most, "{algorithm:?}: {finish:?} {n}");
            let spec = boxed(&[-inf, -1.0], &[0.5, inf]);
            let (finish, n) = run(&algorithm, &spec, &[0.4, 2.0]);
            assert!((finish.x[0] - 0.5).abs() < 1e-3 && n < most, "{algorithm:?}: {finish:?} {n}");
            assert!(finish.x[0] < 0.5, "strictly inside");
        }
    }

    #[test]
    fn a_start_that_has_converged_costs_one_evaluation() {
        let (finish, n) = run(&Default::default(), &boxed(&[0.0; 2], &[2.0; 2]), &[1.0, 1.0]);
        assert_eq!(n, 1);
        assert_eq!(
            finish.verdict.to_string(),
            "converged: norm of the scaled gradient 0.000e0 <= 1.000e-5 (convergence_gtol_abs)"
        );
    }

    #[test]
    fn where_the_objective_is_not_defined_the_radius_shrinks() {
        let mut oracle =
            FunctionOracle::scalar(|x| if x[0] <= 0.0 { f64::INFINITY } else { x[0] - x[0].ln() })
                .with_gradient(|x, g| g[0] = 1.0 - 1.0 / x[0]);
        let algorithm =
            InteriorTrustRegion { trustregion_initial_radius: 50.0, ..Default::default() };
        let spec = ProblemSpec::unconstrained(1);
        let finish = algorithm.solve(&mut Problem::new(&mut oracle, &spec), &[20.0]).unwrap();
        assert!(finish.verdict.is_success() && (finish.x[0] - 1.0).abs() < 1e-4, "{finish:?}");
    }
}
