//! The points of sequential quadratic programming, and the step from one of them.
//!
//! The step solves the quadratic subproblem. If the linearized constraints contradict each other, the price of slacks is raised until
//! the step takes the constraints nearer to their limits; if no price does, the point is a stationary point of the violation.

use thalweg_core::{Finish, Problem, Stop, Test, Want};
use thalweg_linalg::{dot, mul, nrm2};

use crate::pieces::damped_bfgs::DampedBfgs;
use crate::pieces::exact_penalty::violation;
use crate::pieces::sqp_step::{Linearized, SqpStep, SqpSubproblem};

/// The prices of slacks: 10^2 to 10^12.
const PRICES: std::ops::RangeInclusive<i32> = 2..=12;
/// A price is high enough if it leaves at most this share of the violations.
const GOOD_SHARE: f64 = 0.9;
/// The constraints cannot be met from here if every price leaves more than this share.
const HOPELESS_SHARE: f64 = 1.0 - 1e-6;

/// A point with what is known there.
pub(crate) struct Point {
    pub x: Vec<f64>,
    pub value: f64,
    pub constraints: Vec<f64>,
    pub gradient: Vec<f64>,
    pub jacobian: Vec<f64>,
}

impl Point {
    pub fn at(problem: &mut Problem<'_>, x: Vec<f64>) -> Result<Self, Stop> {
        let (value, constraints) = if problem.constraint_limits().is_empty() {
            (problem.value(&x)?, Vec::new())
        } else {
            let values = problem.batch(Want::VALUE | Want::CONSTRAINTS, &x)?;
            (values.values[0], values.constraints.clone())
        };
        Ok(Point { x, value, constraints, gradient: Vec::new(), jacobian: Vec::new() })
    }

    pub fn differentiate(&mut self, problem: &mut Problem<'_>) -> Result<(), Stop> {
        problem.gradient(&self.x, &mut self.gradient)?;
        if !self.constraints.is_empty() {
            problem.constraint_jacobian(&self.x, &mut self.jacobian)?;
        }
        Ok(())
    }

    pub fn what_is_not_finite(&self) -> Option<&'static str> {
        if !self.gradient.iter().all(|g| g.is_finite()) {
            return Some("the gradient of the objective is not finite");
        }
        let is_finite = self.jacobian.iter().all(|a| a.is_finite());
        (!is_finite).then_some("the derivative of a constraint is not finite")
    }

    /// Whether each violation is at most this share of its tolerance, or rounding.
    pub fn is_feasible(&self, problem: &Problem<'_>, share: f64) -> bool {
        let tolerances = problem.constraint_tolerances();
        let each = self.constraints.iter().zip(problem.constraint_limits()).zip(tolerances);
        each.into_iter().all(|((c, limits), tolerance)| {
            violation(*c, *limits) <= (share * tolerance).max(1e-14 * (1.0 + c.abs()))
        })
    }

    pub fn why_infeasible(&self, problem: &Problem<'_>) -> String {
        why_infeasible(&self.constraints, problem.constraint_limits())
    }

    pub fn converged(self, test: Test, multipliers: &[f64]) -> Finish {
        let finish = Finish::converged(self.x, self.value, test);
        with_derivatives(finish, self.gradient, multipliers)
    }

    pub fn end<R: Into<String>>(
        self,
        finish: fn(Vec<f64>, f64, String) -> Finish,
        reason: R,
        multipliers: &[f64],
    ) -> Finish {
        with_derivatives(finish(self.x, self.value, reason.into()), self.gradient, multipliers)
    }
}

/// Why a run ends at a point that violates constraints.
pub(crate) fn why_infeasible(constraints: &[f64], limits: &[(f64, f64)]) -> String {
    let (mut most, mut of) = (0.0, 0);
    for (i, (c, limits)) in constraints.iter().zip(limits).enumerate() {
        let violation = violation(*c, *limits);
        if violation > most {
            (most, of) = (violation, i);
        }
    }
    let (c, (lower, upper)) = (constraints[of], limits[of]);
    format!(
        "constraint value {of} stays at {c:e}, outside its limits [{lower}, {upper}], and no small step brings the \
         constraints nearer to their limits: the end is a stationary point of the violation, or the constraints contradict \
         each other"
    )
}

fn with_derivatives(finish: Finish, gradient: Vec<f64>, multipliers: &[f64]) -> Finish {
    let finish = finish.with("gradient", gradient);
    if multipliers.is_empty() { finish } else { finish.with("multipliers", multipliers.to_vec()) }
}

/// The step of the subproblem at a point.
pub(crate) struct Step {
    pub sqp: SqpStep,
    /// The constraints at its end by the linear model.
    pub linearized: Vec<f64>,
    /// Whether the linearized constraints contradict each other.
    pub is_relaxed: bool,
    /// Whether no step brings them nearer to their limits.
    pub is_hopeless: bool,
}

impl Step {
    /// The change of the objective and of the weighted violations that the model promises.
    pub fn promise(&self, here: &Point, problem: &Problem<'_>) -> f64 {
        let limits = problem.constraint_limits();
        let violations = here.constraints.iter().zip(limits).map(|(c, l)| violation(*c, *l));
        let weighted: f64 = violations.zip(&self.sqp.multipliers).map(|(v, y)| v * y.abs()).sum();
        dot(&here.gradient, &self.sqp.direction).abs() + weighted
    }

    pub fn from(here: &Point, matrix: &DampedBfgs, problem: &Problem<'_>) -> Option<Self> {
        let bounds = problem.lower().iter().zip(problem.upper());
        let room: Vec<(f64, f64)> =
            here.x.iter().zip(bounds).map(|(x, (low, high))| (low - x, high - x)).collect();
        let limits: Vec<(f64, f64)> = (here.constraints.iter())
            .zip(problem.constraint_limits())
            .map(|(c, &(low, high))| (low - c, if low == high { low - c } else { high - c }))
            .collect();
        let (gradient, jacobian) = (&here.gradient, &here.jacobian);
        let at = Linearized { gradient, jacobian, limits: &limits, room: &room };
        let subproblem = SqpSubproblem::new(matrix.matrix(), at)?;
        if let Some(sqp) = subproblem.solve() {
            let linearized = linearize(here, &sqp);
            return Some(Step { sqp, linearized, is_relaxed: false, is_hopeless: false });
        }
        let size = |constraints: &[f64]| {
            let each = constraints.iter().zip(problem.constraint_limits());
            nrm2(&each.map(|(c, limits)| violation(*c, *limits)).collect::<Vec<_>>())
        };
        let before = size(&here.constraints);
        let mut last = None;
        for sqp in PRICES.filter_map(|exponent| subproblem.solve_relaxed(10_f64.powi(exponent))) {
            let linearized = linearize(here, &sqp);
            let share = size(&linearized) / before;
            last = Some(Step {
                sqp,
                linearized,
                is_relaxed: true,
                is_hopeless: share > HOPELESS_SHARE,
            });
            if share <= GOOD_SHARE {
                break;
            }
        }
        last
    }
}

fn linearize(here: &Point, step: &SqpStep) -> Vec<f64> {
    let mut linearized = vec![0.0; here.constraints.len()];
    mul(&here.jacobian, here.x.len(), &step.direction, &mut linearized);
    linearized.iter_mut().zip(&here.constraints).for_each(|(l, c)| *l += c);
    linearized
}

#[cfg(test)]
mod tests {
    use super::*;
    use thalweg_core::ProblemSpec;
    use thalweg_core::testing::FunctionOracle;

    /// The step from x = 0 with constraint values `c` and the derivative 1 of each.
    fn step(c: &[f64], limits: &[(f64, f64)]) -> (Step, bool) {
        let spec = ProblemSpec {
            constraint_limits: limits.to_vec(),
            constraint_tolerances: vec![1e-5; c.len()],
            ..ProblemSpec::unconstrained(1)
        };
        let mut oracle = FunctionOracle::scalar(|x| x[0]);
        let problem = Problem::new(&mut oracle, &spec);
        let point = Point {
            x: vec![0.0],
            value: 0.0,
            constraints: c.to_vec(),
            gradient: vec![1.0],
            jacobian: vec![1.0; c.len()],
        };
        let is_feasible = point.is_feasible(&problem, 1.0);
        (Step::from(&point, &DampedBfgs::new(1), &problem).expect("a step"), is_feasible)
    }

    #[test]
    fn constraints_that_agree_are_met_by_the_linear_model() {
        let (step, is_feasible) = step(&[1.0, 0.5], &[(3.0, 3.0), (0.0, 9.0)]);
        assert_eq!((step.linearized, step.is_relaxed, is_feasible), (vec![3.0, 2.5], false, false));
    }

    #[test]
    fn contradictions_are_relaxed_and_hopeless_where_nothing_helps() {
        let (far, _) = step(&[5.0, 5.0], &[(0.0, 0.0), (1.0, 1.0)]);
        assert!(far.is_relaxed && !far.is_hopeless);
        assert!(far.linearized[0] < 5.0 && far.linearized[0] > -0.5, "{:?}", far.linearized);
        let (between, _) = step(&[0.5, 0.5], &[(0.0, 0.0), (1.0, 1.0)]);
        assert!(between.is_relaxed && between.is_hopeless);
    }

    #[test]
    fn tolerances_decide_what_is_feasible() {
        assert!(step(&[1.0 + 9e-6], &[(1.0, 1.0)]).1);
        assert!(!step(&[1.0 + 2e-5], &[(1.0, 1.0)]).1);
    }
}
