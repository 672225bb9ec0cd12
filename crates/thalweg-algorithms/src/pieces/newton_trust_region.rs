//! Newton's method in a trust region: the outer iteration, whatever the step within the region is found by.
//!
//! Each iteration takes the quadratic model of gradient and Hessian at the point, minimizes it within the radius, and evaluates the
//! objective there. The ratio of the actual decrease to the promised one judges step and radius: below 1/4 the radius shrinks to a
//! quarter, above 3/4 with a step on the boundary it doubles, and above the threshold of acceptance the step is taken.
//!
//! Where the promised decrease is less than the rounding errors of the objective, the ratio is chance. Such a step is taken if it makes
//! the gradient smaller (Conn, Gould and Toint 2000, section 17.4.2), or else is the end.
//!
//! References:
//! * J. Nocedal, S. J. Wright, Numerical Optimization (2006), algorithm 4.1, doi:10.1007/978-0-387-40065-5
//! * A. R. Conn, N. I. M. Gould, P. L. Toint, Trust-Region Methods (2000), doi:10.1137/1.9780898719857

use thalweg_core::{Extra, Finish, Problem, Stop, Test};
use thalweg_linalg::{all_finite, nrm2};

use super::descent::NOT_FINITE;
use super::gradient_norm::{gradient_test, p_norm};
use super::region_step::RegionStep;

/// The end of a run whose model is of no use.
pub const NO_DECREASE: &str = "the model of second derivatives promises no decrease";
/// The end of a run that has come as near to the minimum as numbers allow.
pub const NO_CHANGE: &str = "the step no longer changes the parameters";
/// The end of a run in which the gradient no longer falls either.
pub const ROUNDING: &str = "changes of the objective are lost in rounding";

/// Ratios below which the radius shrinks, and above which it may grow.
const POOR: f64 = 0.25;
const GOOD: f64 = 0.75;
const SHRINK: f64 = 0.25;
const GROW: f64 = 2.0;
/// Radii below this part of the first one cannot be what the problem needs: the gradient is wrong.
const SMALLEST: f64 = 1e-30;
/// Multiples of the objective's last digit that are rounding.
const NOISE: f64 = 10.0 * f64::EPSILON;

/// The options that all these algorithms have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rules {
    /// The first radius.
    pub initial_radius: f64,
    /// The largest radius.
    pub max_radius: f64,
    /// The ratio above which a step is taken.
    pub acceptance: f64,
    /// The order of the norm of the gradient.
    pub norm: f64,
    /// The norm of the gradient at which the run has converged.
    pub tolerance: f64,
}

/// How the model is minimized within a radius.
pub trait Region {
    /// Take the model of a new point, with the gradient there.
    ///
    /// # Errors
    /// [`Stop`] from an evaluation.
    fn move_to(
        &mut self,
        problem: &mut Problem<'_>,
        x: &[f64],
        gradient: &[f64],
    ) -> Result<(), Stop>;

    /// The step from that point within the radius. A model that is of no use promises no decrease.
    ///
    /// # Errors
    /// [`Stop`] from an evaluation.
    fn step(
        &mut self,
        problem: &mut Problem<'_>,
        x: &[f64],
        radius: f64,
    ) -> Result<RegionStep, Stop>;
}

/// Minimize from `x0`.
///
/// # Errors
/// [`Stop`] from an evaluation.
pub fn minimize(
    problem: &mut Problem<'_>,
    x0: &[f64],
    rules: &Rules,
    region: &mut impl Region,
) -> Result<Finish, Stop> {
    let mut at = Iterate { x: x0.to_vec(), ..Iterate::default() };
    at.value = problem.value_and_gradient(&at.x, &mut at.gradient)?;
    if !at.value.is_finite() || !all_finite(&at.gradient) {
        return Ok(at.stalled(NOT_FINITE));
    }
    let first = rules.initial_radius.min(rules.max_radius);
    let mut radius = first;
    loop {
        if let Some(test) = gradient_test(&at.gradient, rules.norm, rules.tolerance) {
            return at.converged(problem, test);
        }
        region.move_to(problem, &at.x, &at.gradient)?;
        loop {
            let step = region.step(problem, &at.x, radius)?;
            if step.decrease.is_nan() || step.decrease <= 0.0 {
                return at.stalled_with_model(problem, NO_DECREASE);
            }
            let mut trial = at.after(&step.p);
            if trial.x == at.x || !all_finite(&trial.x) || radius < SMALLEST * first {
                return at.stalled_with_model(problem, NO_CHANGE);
            }
            trial.value = problem.value(&trial.x)?;
            let is_noise = step.decrease <= NOISE * at.value.abs();
            let ratio = (at.value - trial.value) / step.decrease;
            let is_near = trial.value <= at.value + NOISE * at.value.abs();
            let mut is_taken = if is_noise { is_near } else { ratio > rules.acceptance };
            if is_taken {
                problem.gradient(&trial.x, &mut trial.gradient)?;
                is_taken =
                    all_finite(&trial.gradient) && (!is_noise || trial.is_flatter(&at, rules));
            }
            if is_noise && !is_taken {
                return at.stalled_with_model(problem, ROUNDING);
            }
            radius = match ratio {
                _ if is_noise => radius,
                _ if !is_taken => shrunk(radius, nrm2(&step.p)),
                ratio if ratio < POOR => SHRINK * radius,
                ratio if ratio > GOOD && step.on_boundary => (GROW * radius).min(rules.max_radius),
                _ => radius,
            };
            if is_taken {
                at = trial;
                problem.iteration(&at.x, at.value)?;
                break;
            }
            problem.iteration(&at.x, at.value)?;
        }
    }
}

/// The radius after a step that was not taken: a quarter as often as it takes to put the step out of reach.
fn shrunk(radius: f64, length: f64) -> f64 {
    let smaller = SHRINK * radius;
    // Never, if the length is not a number.
    if smaller >= length && length > 0.0 { shrunk(smaller, length) } else { smaller }
}

/// A point with what is known there.
#[derive(Clone, Debug, Default)]
struct Iterate {
    x: Vec<f64>,
    value: f64,
    gradient: Vec<f64>,
}

impl Iterate {
    /// The point after a step, with nothing known yet.
    fn after(&self, step: &[f64]) -> Iterate {
        let x = self.x.iter().zip(step).map(|(x, p)| x + p).collect();
        Iterate { x, ..Iterate::default() }
    }

    fn is_flatter(&self, other: &Iterate, rules: &Rules) -> bool {
        p_norm(&self.gradient, rules.norm) < p_norm(&other.gradient, rules.norm)
    }

    fn converged(self, problem: &mut Problem<'_>, test: Test) -> Result<Finish, Stop> {
        let finish = Finish::converged(self.x, self.value, test).with("gradient", self.gradient);
        with_hessian(problem, finish)
    }

    fn stalled_with_model(self, problem: &mut Problem<'_>, reason: &str) -> Result<Finish, Stop> {
        with_hessian(problem, self.stalled(reason))
    }

    fn stalled(self, reason: &str) -> Finish {
        let finish = Finish::stalled(self.x, self.value, reason);
        finish.with("gradient", Extra::Vector(self.gradient))
    }
}

/// The result with the Hessian at its point, which is worth a last evaluation where it is a closed form.
fn with_hessian(problem: &mut Problem<'_>, finish: Finish) -> Result<Finish, Stop> {
    if !problem.has_hessian() {
        return Ok(finish);
    }
    let (n, mut hessian) = (finish.x.len(), Vec::new());
    problem.hessian(&finish.x, &mut hessian)?;
    let is_known = all_finite(&hessian);
    Ok(if is_known { finish.with("hessian", Extra::Matrix(hessian, n)) } else { finish })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pieces::trust_region_eigen::EigenRegion;
    use crate::testing::{rosenbrock, rosenbrock_gradient};
    use thalweg_core::testing::FunctionOracle;
    use thalweg_core::{ProblemSpec, Verdict};
    use thalweg_linalg::mul;

    const RULES: Rules = Rules {
        initial_radius: 1.0,
        max_radius: 1000.0,
        acceptance: 0.15,
        norm: 2.0,
        tolerance: 1e-8,
    };

    /// Steps from the eigenvalues.
    #[derive(Default)]
    struct Eigen(Vec<f64>, Vec<f64>);

    impl Region for Eigen {
        fn move_to(&mut self, problem: &mut Problem<'_>, x: &[f64], g: &[f64]) -> Result<(), Stop> {
            self.1 = g.to_vec();
            problem.hessian(x, &mut self.0)
        }

        fn step(
            &mut self,
            _: &mut Problem<'_>,
            _: &[f64],
            radius: f64,
        ) -> Result<RegionStep, Stop> {
            let Ok(region) = EigenRegion::new(&self.0, &self.1) else {
                return Ok(RegionStep::default());
            };
            let p = region.step(radius);
            let mut there = vec![0.0; p.len()];
            mul(&self.0, p.len(), &p, &mut there);
            there.iter_mut().zip(&self.1).for_each(|(t, g)| *t += g);
            let is_cut = nrm2(&p) > 0.999 * radius;
            Ok(RegionStep::new(p, &self.1, &there, is_cut))
        }
    }

    fn run(rules: &Rules, oracle: &mut FunctionOracle<'_>, x0: &[f64]) -> Finish {
        let spec = ProblemSpec::unconstrained(x0.len());
        minimize(&mut Problem::new(oracle, &spec), x0, rules, &mut Eigen::default()).unwrap()
    }

    fn valley<'a>() -> FunctionOracle<'a> {
        FunctionOracle::scalar(rosenbrock).with_gradient(rosenbrock_gradient).with_hessian(
            |x, h| {
                h.copy_from_slice(&[
                    1200.0 * x[0] * x[0] - 400.0 * x[1] + 2.0,
                    -400.0 * x[0],
                    -400.0 * x[0],
                    200.0,
                ]);
            },
        )
    }

    /// Lengths of the steps from each accepted point to the points that were tried from there.
    fn longest_step(oracle: &FunctionOracle<'_>, x0: &[f64]) -> f64 {
        let mut at = x0.to_vec();
        let tried = oracle.trace.iter().filter(|(want, _)| want.is_evaluation()).skip(1);
        let mut longest = 0.0_f64;
        for ((_, trial), (after, _)) in tried.zip(&oracle.iterations) {
            let step: Vec<f64> = trial.iter().zip(&at).map(|(t, a)| t - a).collect();
            longest = longest.max(nrm2(&step));
            at = after.clone();
        }
        longest
    }

    #[test]
    fn follows_a_curved_valley_to_its_end() {
        let mut oracle = valley();
        let finish = run(&RULES, &mut oracle, &[-1.2, 1.0]);
        assert!(finish.verdict.is_success() && finish.value < 1e-16, "{finish:?}");
        assert!(oracle.n_evaluations <= 30, "{}", oracle.n_evaluations);
        // Every trial is an iteration, and no trial is made twice.
        assert_eq!(oracle.iterations.len() as u64, oracle.n_evaluations - 1);
        let mut points: Vec<&Vec<f64>> =
            oracle.trace.iter().filter(|(want, _)| want.is_evaluation()).map(|(_, x)| x).collect();
        points.dedup();
        assert_eq!(points.len() as u64, oracle.n_evaluations);
    }

    #[test]
    fn no_step_is_longer_than_the_largest_radius() {
        let bowl = || {
            FunctionOracle::scalar(|x| x[0] * x[0])
                .with_gradient(|x, g| g[0] = 2.0 * x[0])
                .with_hessian(|_, h| h[0] = 2.0)
        };
        for (max_radius, expected) in [(1000.0, 512.0), (4.0, 4.0), (0.5, 0.5)] {
            let mut oracle = bowl();
            let finish = run(&Rules { max_radius, ..RULES }, &mut oracle, &[1000.0]);
            assert!(finish.verdict.is_success());
            assert!(longest_step(&oracle, &[1000.0]) <= expected, "{max_radius}");
        }
    }

    #[test]
    fn a_closed_form_hessian_is_part_of_the_result() {
        let spec = ProblemSpec { has_hessian: true, ..ProblemSpec::unconstrained(2) };
        let (mut with, mut without) = (valley(), valley());
        let mut problem = Problem::new(&mut with, &spec);
        let finish = minimize(&mut problem, &[-1.2, 1.0], &RULES, &mut Eigen::default()).unwrap();
        let Some(("hessian", Extra::Matrix(hessian, 2))) = finish.extras.last() else {
            panic!("{:?}", finish.extras)
        };
        let (x, y) = (finish.x[0], finish.x[1]);
        let expected = [1200.0 * x * x - 400.0 * y + 2.0, -400.0 * x, -400.0 * x, 200.0];
        assert_eq!(hessian[..], expected);
        // Differences are not made for it alone.
        let finish = run(&RULES, &mut without, &[-1.2, 1.0]);
        assert!(finish.extras.iter().all(|(name, _)| *name != "hessian"), "{:?}", finish.extras);
        assert_eq!(with.trace.len(), without.trace.len() + 1);
    }

    #[test]
    fn where_the_objective_is_not_defined_the_radius_shrinks() {
        let mut oracle = FunctionOracle::scalar(|x| x[0] - x[0].ln())
            .with_gradient(|x, g| g[0] = 1.0 - 1.0 / x[0])
            .with_hessian(|x, h| h[0] = 1.0 / (x[0] * x[0]));
        let finish = run(&Rules { initial_radius: 50.0, ..RULES }, &mut oracle, &[20.0]);
        assert!(finish.verdict.is_success() && (finish.x[0] - 1.0).abs() < 1e-8, "{finish:?}");
    }

    #[test]
    fn in_the_rounding_of_the_objective_the_gradient_decides() {
        // 1e6 hides changes below 1e-10, which is where the gradient is 1e-5.
        let mut oracle = FunctionOracle::scalar(|x| 1e6 + x[0].cosh())
            .with_gradient(|x, g| g[0] = x[0].sinh())
            .with_hessian(|x, h| h[0] = x[0].cosh());
        let finish = run(&RULES, &mut oracle, &[3.0]);
        assert!(finish.verdict.is_success() && finish.x[0].abs() < 1e-8, "{finish:?}");
        // A gradient that never becomes smaller than its noise.
        let mut noisy = FunctionOracle::scalar(|x| 1e6 + x[0].cosh())
            .with_gradient(|x, g| g[0] = x[0].sinh().abs().max(1e-6) * x[0].signum())
            .with_hessian(|x, h| h[0] = x[0].cosh());
        let finish = run(&Rules { tolerance: 0.0, ..RULES }, &mut noisy, &[3.0]);
        assert_eq!(finish.verdict, Verdict::Stalled(ROUNDING.into()));
    }

    #[test]
    fn what_is_no_success_says_why() {
        let mut wrong = FunctionOracle::scalar(|x| x[0])
            .with_gradient(|_, g| g[0] = -1.0)
            .with_hessian(|_, h| h[0] = 0.0);
        let finish = run(&RULES, &mut wrong, &[0.0]);
        assert_eq!(finish.verdict, Verdict::Stalled(NO_CHANGE.into()));
        assert!(wrong.n_evaluations < 60, "{}", wrong.n_evaluations);

        let mut undefined = FunctionOracle::scalar(|_| f64::NAN)
            .with_gradient(|_, g| g[0] = f64::NAN)
            .with_hessian(|_, h| h[0] = f64::NAN);
        let finish = run(&RULES, &mut undefined, &[0.0]);
        assert_eq!(finish.verdict, Verdict::Stalled(NOT_FINITE.into()));

        let mut no_model = FunctionOracle::scalar(|x| x[0] * x[0])
            .with_gradient(|x, g| g[0] = 2.0 * x[0])
            .with_hessian(|_, h| h[0] = f64::NAN);
        let finish = run(&RULES, &mut no_model, &[1.0]);
        assert_eq!(
            finish.verdict.to_string(),
            "no further progress: the model of second derivatives promises no decrease"
        );
    }
}
