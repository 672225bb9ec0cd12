//! BFGS: quasi-Newton with a dense matrix.
//!
//! *When to use*: smooth objectives with gradients, up to some hundred variables, without bounds. It learns the whole curvature,
//! so that it ends with fewer evaluations than limited-memory methods where variables depend on each other strongly, and its
//! result has an approximation of the inverse Hessian.
//!
//! *How it works*: a matrix H stands for the inverse Hessian, at first the identity. Each iteration
//! 1. searches along the direction `-H g` for a step with sufficient decrease and a slope that has gone up enough for an update;
//! 2. takes it, and tests the gradient;
//! 3. takes the step and the change of the gradient into H, so that H maps the change to the step, and tests the lengths of this
//!    step and of the next one.
//!
//! When a search fails, H is forgotten and the iteration repeated from steepest descent; only if that fails as well, there is no
//! further progress.
//!
//! *Differences from the reference implementation* (scipy's BFGS):
//! * in directions of which nothing is known yet, H follows the curvature along the last step, as in L-BFGS (`scaling`); every
//!   search but the first begins with the whole step (`first_step`), and ends where the slope has gone up enough for an
//!   update, even if it is steep on the far side of the minimizer (`step_conditions`). That halves the number of evaluations.
//!   Under its own name the reference's choices are kept, which need the same number on nearly every problem;
//! * a short step ends a run only if it gained little and the next one would be short as well, or finds no better point: the
//!   first steps into a steep valley lead to no minimum;
//! * steps without positive curvature are left out, where the reference goes on with an arbitrary weight;
//! * a failed search is repeated from steepest descent, where the reference gives up;
//! * a trial without a finite value makes the line search back off.
//!
//! *Cost per iteration* with n variables: 16 n^2 operations.
//!
//! References:
//! * J. Nocedal, S. J. Wright, Numerical Optimization (2006), algorithm 6.1, <https://doi.org/10.1007/978-0-387-40065-5>
//! * J. J. Moré, D. J. Thuente, Line search algorithms with guaranteed sufficient decrease, ACM Trans. Math. Softw. 20 (1994),
//!   <https://doi.org/10.1145/192115.192132>

use thalweg_core::{
    Algorithm, CurvaturePair, Extra, Finish, OptionError, Problem, Stop, Test, Verdict,
};
use thalweg_linalg::nrm2;
use thalweg_macros::{Choice, Options};

use crate::pieces::dense_bfgs::{DenseBfgs, Scaling};
use crate::pieces::descent::{
    Conditions, Descent, LineSearch, NO_BETTER_POINT, NOT_FINITE, check_wolfe,
};
use crate::pieces::gradient_norm::gradient_test;
use crate::pieces::more_thuente::MoreThuente;
use crate::pieces::wolfe_search::WolfeSearch;

/// The step with which a search begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum FirstStep {
    /// The whole direction; along steepest descent, one unit or the whole gradient if that is shorter.
    Whole,
    /// The step that would repeat the last decrease, at most the whole direction.
    LastDecrease,
}

/// Dense quasi-Newton method with line search (BFGS).
#[derive(Clone, Debug, Options)]
#[algorithm(name = "bfgs", kind = Scalar, needs(gradient))]
pub struct Bfgs {
    /// Stop when the norm of the gradient is at most this.
    #[option(shared, min = 0.0)]
    pub convergence_gtol_abs: f64,
    /// Stop when the lengths of the last step and of the next one, as the model has it, are at most this times the sum of this and
    /// the length of the parameters, and the last one gained at most this, relative to the objective or to 1 if that is larger; or
    /// when no better point is found after such a step.
    #[option(shared, min = 0.0)]
    pub convergence_xtol_rel: f64,
    /// The order of the norm in which the gradient is measured; infinity stands for its largest entry.
    #[option(default = f64::INFINITY, min = 1.0)]
    pub norm: f64,
    /// The step with which a search begins.
    #[option(default = FirstStep::Whole)]
    pub first_step: FirstStep,
    /// Whether the matrix gets the size of the curvature along steps in the directions of which nothing is known yet.
    #[option(default = Scaling::Always)]
    pub scaling: Scaling,
    /// What a step has to fulfil.
    #[option(default = Conditions::Wolfe)]
    pub step_conditions: Conditions,
    /// The part of the decrease predicted by the slope that a step has to attain; below `curvature_condition`.
    #[option(default = 1e-4, above = 0.0, below = 1.0)]
    pub armijo_condition: f64,
    /// The part of the slope that a step may leave.
    #[option(default = 0.7, above = 0.0, below = 1.0)]
    pub curvature_condition: f64,
    /// The largest number of evaluations in one line search.
    #[option(shared, min = 1)]
    pub max_line_search_steps: usize,
}

impl Algorithm for Bfgs {
    fn solve(&self, problem: &mut Problem<'_>, x0: &[f64]) -> Result<Finish, Stop> {
        let line_search = self.line_search();
        let mut point = Descent::start(problem, x0)?;
        if !point.is_finite() {
            return Ok(point.stalled(NOT_FINITE));
        }
        let mut inverse = DenseBfgs::new(x0.len(), self.scaling);
        let nowhere = vec![0.0; x0.len()];
        for CurvaturePair { step, change } in &problem.experience().curvature {
            inverse.update((&nowhere, &nowhere), (step, change));
        }
        let mut gain = 0.0;
        let mut test = self.gradient_test(&point);
        // The test of the last step, if that was short and gained little.
        let mut settled = None;
        loop {
            if test.is_none() {
                inverse.direction(&point.gradient, &mut point.direction);
                // A short step alone may be one into a valley, or cut short, after which the model knows better.
                test = self.step_test(1.0, &point).filter(|_| settled.is_some());
            }
            if let Some(test) = test {
                return Ok(point
                    .finish(Verdict::Converged(test))
                    .with("hessian_inverse", Extra::Matrix(inverse.into_matrix(), x0.len())));
            }
            let first = self.first_step(&point, inverse.is_identity(), gain);
            let value = point.value;
            let Some(search) = point.search(problem, &line_search, first)? else {
                if let Some(met) = settled.take() {
                    test = Some(met);
                    continue;
                }
                if inverse.is_identity() {
                    return Ok(point.stalled(NO_BETTER_POINT));
                }
                test = self.step_test(1.0, &point).or_else(|| point.lost_in_rounding());
                if test.is_none() {
                    inverse.clear();
                }
                continue;
            };
            problem.iteration(&point.x, point.value)?;
            gain = value - point.value;
            test = self.gradient_test(&point);
            settled = self.step_test(search.step, &point).filter(|_| self.is_little(gain, value));
            inverse.update((&point.x_old, &point.gradient_old), (&point.x, &point.gradient));
        }
    }

    fn check(&self) -> Result<(), OptionError> {
        check_wolfe("bfgs", self.armijo_condition, self.curvature_condition)
    }
}

impl Bfgs {
    fn line_search(&self) -> LineSearch {
        let (sufficient_decrease, curvature) = (self.armijo_condition, self.curvature_condition);
        let max_evaluations = self.max_line_search_steps;
        match self.step_conditions {
            Conditions::StrongWolfe => LineSearch::MoreThuente(MoreThuente {
                sufficient_decrease,
                curvature,
                width: 1e-14,
                max_evaluations,
            }),
            Conditions::Wolfe => {
                LineSearch::Wolfe(WolfeSearch { sufficient_decrease, curvature, max_evaluations })
            }
        }
    }

    /// The step with which a search begins; `gain` is the decrease of the last one.
    fn first_step(&self, point: &Descent, steepest: bool, gain: f64) -> f64 {
        match (self.first_step, steepest) {
            (FirstStep::Whole, true) => point.unit_step(),
            (FirstStep::Whole, false) => 1.0,
            // At first, as if the last step had gained half the length of the gradient.
            (FirstStep::LastDecrease, true) => {
                point.step_to_gain(nrm2(&point.gradient) / 2.0).min(1.0)
            }
            (FirstStep::LastDecrease, false) => point.step_to_gain(gain).min(1.0),
        }
    }

    fn gradient_test(&self, point: &Descent) -> Option<Test> {
        gradient_test(&point.gradient, self.norm, self.convergence_gtol_abs)
    }

    /// Whether a step from `value` that gained this much may be the last one.
    fn is_little(&self, gain: f64, value: f64) -> bool {
        gain <= self.convergence_xtol_rel * value.abs().max(1.0)
    }

    fn step_test(&self, step: f64, point: &Descent) -> Option<Test> {
        let tolerance = self.convergence_xtol_rel;
        let length = step * nrm2(&point.direction) / (tolerance + nrm2(&point.x));
        (length <= tolerance).then_some(Test {
            measure: "relative length of the step",
            value: length,
            tolerance,
            option: "convergence_xtol_rel",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use thalweg_core::testing::FunctionOracle;
    use thalweg_core::{Experience, ProblemSpec};

    fn rosenbrock(x: &[f64]) -> f64 {
        100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2)
    }

    fn rosenbrock_gradient(x: &[f64], g: &mut [f64]) {
        let valley = x[1] - x[0] * x[0];
        g.copy_from_slice(&[-400.0 * x[0] * valley - 2.0 * (1.0 - x[0]), 200.0 * valley]);
    }

    fn run(algorithm: &Bfgs, oracle: &mut FunctionOracle<'_>, x0: &[f64]) -> Finish {
        let spec = ProblemSpec::unconstrained(x0.len());
        algorithm.solve(&mut Problem::new(oracle, &spec), x0).unwrap()
    }

    #[test]
    fn ends_with_the_inverse_hessian() {
        let mut oracle = FunctionOracle::scalar(rosenbrock).with_gradient(rosenbrock_gradient);
        let finish = run(&Bfgs::default(), &mut oracle, &[-1.2, 1.0]);
        assert!(finish.verdict.is_success() && finish.value < 1e-12);
        assert!(oracle.n_evaluations <= 50, "{}", oracle.n_evaluations);
        let Some(("hessian_inverse", Extra::Matrix(inverse, 2))) = finish.extras.last() else {
            panic!("{:?}", finish.extras)
        };
        // The Hessian at (1, 1) is [[802, -400], [-400, 200]].
        for (entry, expected) in inverse.iter().zip([0.5, 1.0, 1.0, 2.005]) {
            assert!((entry / expected - 1.0).abs() < 0.05, "{inverse:?}");
        }
    }

    #[test]
    fn known_curvature_saves_the_first_steps() {
        let pair = |step: [f64; 2], change: [f64; 2]| CurvaturePair {
            step: step.to_vec(),
            change: change.to_vec(),
        };
        let curvature = vec![pair([1.0, 0.0], [1.0, 0.0]), pair([0.0, -0.5], [0.0, -50.0])];
        let experience = Experience { curvature, ..Experience::default() };
        let spec = ProblemSpec { experience, ..ProblemSpec::unconstrained(2) };
        let mut oracle = FunctionOracle::scalar(|x| 0.5 * (x[0] * x[0] + 100.0 * x[1] * x[1]))
            .with_gradient(|x, g| g.copy_from_slice(&[x[0], 100.0 * x[1]]));
        let finish =
            Bfgs::default().solve(&mut Problem::new(&mut oracle, &spec), &[3.0, 2.0]).unwrap();
        assert!(finish.verdict.is_success() && finish.value < 1e-20, "{finish:?}");
        assert_eq!(oracle.n_evaluations, 2, "the first step is Newton's");
    }

    #[test]
    fn short_steps_end_the_run_as_well() {
        let mut oracle = FunctionOracle::scalar(rosenbrock).with_gradient(rosenbrock_gradient);
        let algorithm =
            Bfgs { convergence_gtol_abs: 0.0, convergence_xtol_rel: 1e-6, ..Bfgs::default() };
        let finish = run(&algorithm, &mut oracle, &[-1.2, 1.0]);
        let Verdict::Converged(test) = finish.verdict else { panic!("{}", finish.verdict) };
        assert_eq!(test.option, "convergence_xtol_rel");
    }

    #[test]
    fn short_first_steps_into_a_valley_are_not_the_end() {
        let valley = |x: &[f64]| 1e4 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2);
        let slope = |x: &[f64], g: &mut [f64]| {
            let across = x[1] - x[0] * x[0];
            g[0] = -4e4 * x[0] * across - 2.0 * (1.0 - x[0]);
            g[1] = 2e4 * across;
        };
        let as_scipy = Bfgs {
            first_step: FirstStep::LastDecrease,
            scaling: Scaling::Never,
            step_conditions: Conditions::StrongWolfe,
            ..Bfgs::default()
        };
        for algorithm in [Bfgs::default(), as_scipy] {
            let mut oracle = FunctionOracle::scalar(valley).with_gradient(slope);
            let finish = run(&algorithm, &mut oracle, &[10.0, 10.0]);
            assert!(finish.value < 1e-6, "{algorithm:?} ends at {}", finish.value);
        }
    }

    #[test]
    fn conditions_in_the_wrong_order_are_refused() {
        let algorithm = Bfgs { armijo_condition: 0.9, curvature_condition: 0.1, ..Bfgs::default() };
        assert_eq!(
            algorithm.check().unwrap_err().to_string(),
            "option 'armijo_condition' of bfgs is 0.9, but has to be less than curvature_condition, which is 0.1"
        );
        assert!(Bfgs::default().check().is_ok());
    }

    #[test]
    fn a_wrong_gradient_and_an_undefined_start_are_no_success() {
        let mut oracle = FunctionOracle::scalar(|x| x[0]).with_gradient(|_, g| g[0] = -1.0);
        let finish = run(&Bfgs::default(), &mut oracle, &[0.0]);
        assert_eq!(finish.verdict, Verdict::Stalled(NO_BETTER_POINT.into()));
        let mut oracle = FunctionOracle::scalar(|_| f64::NAN).with_gradient(|_, g| g[0] = f64::NAN);
        let finish = run(&Bfgs::default(), &mut oracle, &[0.0]);
        assert_eq!(finish.verdict, Verdict::Stalled(NOT_FINITE.into()));
    }
}
