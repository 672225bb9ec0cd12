//! PRAXIS: line searches along principal axes, without derivatives (Brent 1973).
//!
//! # When to use
//! A smooth objective of few variables without bounds, above all one with long curved valleys, and one whose accuracy matters: few
//! methods without derivatives come as near to a minimum. It uses random steps; the seed decides on them.
//!
//! # How it works
//! Powell's method with a cure for directions that become dependent. A cycle builds up conjugate directions one by one: it minimizes
//! along all of them, takes the way that this went as a new direction in place of the one that contributed most, and minimizes along
//! that. Every line search is a parabola from two or three values, which also gives the curvature along the direction. At the end of a
//! cycle the curvatures and directions make a quadratic form, whose principal axes (by a singular value decomposition) are the
//! orthogonal directions of the next cycle. Where the problem is ill-conditioned or progress is small, a random step leaves the
//! valley floor first. Once per cycle a step along a parabola through the ends of the last cycles follows curved valleys.
//!
//! # Differences from the reference
//! Written from Brent's chapter 7. The largest step is NLopt's: the smallest coordinate in absolute value, ones for zeros. Against NLopt
//! 2.11's LN_PRAXIS:
//! * the change of the objective ends a run when it is small in two cycles in a row, not in one search; a run ends when progress is
//!   small twice in a row, as Brent's does, compared with `convergence_xtol_rel` or the square root of the machine precision;
//! * random steps come from the seed of the run;
//! * values that are not finite count as much worse than the best one; a run without any other is no success.
//!
//! # Cost per iteration
//! About 3 n evaluations and O(n^2) operations; a cycle of n - 1 iterations and O(n^3) operations.
//!
//! # References
//! * Brent 1973: Algorithms for minimization without derivatives, chapter 7
//! * Powell 1964: An efficient method for finding the minimum of a function of several variables without calculating derivatives,
//!   <https://doi.org/10.1093/comjnl/7.2.155>
//!
//! | code | Brent |
//! |---|---|
//! | `directions`, `curvatures` | v_i, d_i (half the second derivatives) |
//! | `progress` | ldt, the length of recent steps |
//! | `largest_step` | h |

use thalweg_core::{Algorithm, Finish, Problem, Stop, Test};
use thalweg_linalg::{Svd, nrm2};
use thalweg_macros::Options;

use crate::pieces::first_step::first_steps;
use crate::pieces::parabolic_line::{Curve, Lines, TINY};

/// How much of the former progress is remembered.
const MEMORY: f64 = 0.01;
/// A line that starts with curvatures that differ by more than this factor is a new problem to the others.
const SAME_CURVATURE: f64 = 0.9;

/// Minimize a scalar function along principal axes, without derivatives.
#[derive(Clone, Debug, Options)]
#[algorithm(name = "praxis", kind = Scalar)]
pub struct Praxis {
    /// Stop when the length of the last steps, relative to that of the parameters, is at most this, twice in a row.
    #[option(shared, min = 0.0)]
    pub convergence_xtol_rel: f64,
    /// Stop when the length of the last steps is at most this, twice in a row.
    #[option(shared, min = 0.0)]
    pub convergence_xtol_abs: f64,
    /// Stop when two cycles in a row change the objective by at most this, relative to its value.
    #[option(shared, min = 0.0)]
    pub convergence_ftol_rel: f64,
    /// Stop when two cycles in a row change the objective by at most this.
    #[option(shared, min = 0.0)]
    pub convergence_ftol_abs: f64,
}

/// Everything that changes in a run.
struct State {
    directions: Vec<Vec<f64>>,
    curvatures: Vec<f64>,
    ill_conditioned: bool,
    /// How often in a row progress was small.
    idle: i32,
    curve: Curve,
}

impl Algorithm for Praxis {
    fn solve(&self, problem: &mut Problem<'_>, x0: &[f64]) -> Result<Finish, Stop> {
        let n = problem.dim();
        let steps = first_steps(x0, problem.lower(), problem.upper());
        let value = problem.value(x0)?;
        let mut lines =
            Lines::new(problem, x0, value, steps.into_iter().fold(f64::INFINITY, f64::min));
        let mut state = State {
            directions: (0..n)
                .map(|i| (0..n).map(|j| f64::from(u8::from(i == j))).collect())
                .collect(),
            curvatures: vec![0.0; n],
            ill_conditioned: false,
            idle: 0,
            curve: Curve::new(x0, value),
        };
        let mut small_changes = 0;
        loop {
            let before = lines.value;
            if let Some(finish) = self.cycle(&mut lines, &mut state)? {
                return Ok(finish);
            }
            lines.follow_curve(&mut state.curve)?;
            state.principal_axes(&mut lines);
            match self.value_test(before, lines.value) {
                Some(test) if small_changes > 0 => {
                    return Ok(Finish::converged(lines.x, lines.value, test));
                }
                Some(_) => small_changes += 1,
                None => small_changes = 0,
            }
        }
    }
}

impl Praxis {
    /// Build up conjugate directions; returns the end of the run if this is it.
    fn cycle(&self, lines: &mut Lines<'_, '_>, state: &mut State) -> Result<Option<Finish>, Stop> {
        let n = state.directions.len();
        let old = std::mem::take(&mut state.curvatures[0]);
        let first = lines.search(&state.directions[0], &mut state.curvatures[0], 2, None)?;
        if first <= 0.0 {
            state.directions[0].iter_mut().for_each(|v| *v = -*v);
        }
        let new = state.curvatures[0];
        if old <= SAME_CURVATURE * new || SAME_CURVATURE * old >= new {
            state.curvatures[1..].fill(0.0);
        }
        if n == 1 {
            return self.judge(lines, state, first.abs());
        }
        for k in 1..n {
            let length = lines.conjugate(state, k)?;
            if let Some(finish) = self.judge(lines, state, length)? {
                return Ok(Some(finish));
            }
        }
        Ok(None)
    }

    /// The end of an iteration that went `length`.
    fn judge(
        &self,
        lines: &mut Lines<'_, '_>,
        state: &mut State,
        length: f64,
    ) -> Result<Option<Finish>, Stop> {
        lines.report()?;
        if !lines.defined {
            let reason = "the objective is not finite at any point but the start";
            return Ok(Some(Finish::stalled(lines.x.clone(), lines.value, reason)));
        }
        lines.progress = (MEMORY * lines.progress).max(length);
        let size = nrm2(&lines.x);
        let relative = self.convergence_xtol_rel.max(f64::EPSILON.sqrt()) * size;
        let (tolerance, option) = if relative >= self.convergence_xtol_abs {
            (relative.max(TINY), "convergence_xtol_rel")
        } else {
            (self.convergence_xtol_abs, "convergence_xtol_abs")
        };
        if 2.0 * lines.progress > tolerance {
            state.idle = 0;
            return Ok(None);
        }
        state.idle += 1;
        let measure = "twice the length of the last steps";
        let test = Test { measure, value: 2.0 * lines.progress, tolerance, option };
        let end = || Finish::converged(lines.x.clone(), lines.value, test);
        Ok((state.idle > 1).then(end))
    }

    fn value_test(&self, old: f64, new: f64) -> Option<Test> {
        let value = old - new;
        let relative = self.convergence_ftol_rel * 0.5 * (old.abs() + new.abs());
        let (tolerance, option) = if relative >= self.convergence_ftol_abs {
            (relative, "convergence_ftol_rel")
        } else {
            (self.convergence_ftol_abs, "convergence_ftol_abs")
        };
        let measure = "change of the objective in a cycle";
        (value <= tolerance).then_some(Test { measure, value, tolerance, option })
    }
}

impl Lines<'_, '_> {
    /// Minimize along all directions, the first k of which are conjugate, put the way that this went in the place of the one from the
    /// k-th on that contributed most, and minimize along it. Returns how far that went.
    fn conjugate(&mut self, state: &mut State, k: usize) -> Result<f64, Stop> {
        let n = state.directions.len();
        let (start, value_at_start) = (self.x.clone(), self.value);
        state.ill_conditioned |= state.idle > 0;
        let mut most;
        loop {
            let random = if state.ill_conditioned {
                self.random_step(&state.directions, state.idle)?
            } else {
                vec![0.0; n]
            };
            let mut largest = 0.0;
            most = k;
            for i in k..n {
                let before = self.value;
                let step = self.search(&state.directions[i], &mut state.curvatures[i], 2, None)?;
                let contribution = if state.ill_conditioned {
                    state.curvatures[i] * (step + random[i]).powi(2)
                } else {
                    before - self.value
                };
                if contribution > largest {
                    (most, largest) = (i, contribution);
                }
            }
            // Too little to judge by: once more, from a random point nearby.
            if state.ill_conditioned || largest >= (100.0 * f64::EPSILON * self.value).abs() {
                break;
            }
            state.ill_conditioned = true;
        }
        for i in 0..k {
            self.search(&state.directions[i], &mut state.curvatures[i], 2, None)?;
        }

        let way: Vec<f64> = self.x.iter().zip(&start).map(|(x, s)| x - s).collect();
        let length = nrm2(&way);
        if length <= TINY {
            return Ok(length);
        }
        state.directions[k..=most].rotate_right(1);
        state.curvatures[k..=most].rotate_right(1);
        state.directions[k] = way.iter().map(|w| w / length).collect();
        state.curvatures[k] = 0.0;
        let end = (length, std::mem::replace(&mut self.value, value_at_start));
        self.x = start;
        let went = self.search(&state.directions[k], &mut state.curvatures[k], 4, Some(end))?;
        if went <= 0.0 {
            state.directions[k].iter_mut().for_each(|v| *v = -*v);
        }
        Ok(went.abs())
    }
}

impl State {
    /// New directions: the principal axes of sum v_i v_i' / d_i, the steepest first.
    fn principal_axes(&mut self, lines: &mut Lines<'_, '_>) {
        let n = self.directions.len();
        let scales: Vec<f64> = self.curvatures.iter().map(|d| 1.0 / d.max(TINY).sqrt()).collect();
        let largest = scales.iter().copied().fold(0.0, f64::max);
        let rows: Vec<f64> = (self.directions.iter().zip(&scales))
            .flat_map(|(v, scale)| v.iter().map(move |v| v * (scale / largest)))
            .collect();
        let Ok(svd) = Svd::factor(&rows, n, n) else { return };
        for i in 0..n {
            let k = n - 1 - i; // The singular values descend, the curvatures with them.
            self.directions[i].copy_from_slice(svd.right_vector(k));
            let width = svd.values()[k] * largest;
            self.curvatures[i] = (1.0 / (width * width)).min(1.0 / TINY);
        }
        lines.least_curvature = self.curvatures[n - 1].max(TINY);
        self.ill_conditioned = f64::EPSILON.sqrt() * self.curvatures[0] > lines.least_curvature;
    }
}

#[cfg(test)]
mod tests {
    use thalweg_core::{ProblemSpec, Verdict, testing::FunctionOracle};

    use super::*;

    fn run(oracle: &mut FunctionOracle<'_>, x0: &[f64]) -> Finish {
        let spec = ProblemSpec::unconstrained(x0.len());
        Praxis::default().solve(&mut Problem::new(oracle, &spec), x0).unwrap()
    }

    #[test]
    fn principal_axes_of_a_slanted_quadratic_are_found() {
        let mut oracle = FunctionOracle::scalar(|_| 0.0);
        let spec = ProblemSpec::unconstrained(2);
        let mut problem = Problem::new(&mut oracle, &spec);
        let mut lines = Lines::new(&mut problem, &[0.0, 0.0], 0.0, 1.0);
        // Conjugate directions of 5 x^2 + 6 x y + 5 y^2 = 8 u^2 + 2 v^2 with u, v = (x + y, x - y) / sqrt 2.
        let mut state = State {
            directions: vec![vec![1.0, 0.0], vec![-0.6, 1.0]],
            curvatures: vec![5.0, 3.2],
            ill_conditioned: true,
            idle: 0,
            curve: Curve::new(&[0.0, 0.0], 0.0),
        };
        state.principal_axes(&mut lines);
        assert!(
            (state.curvatures[0] - 8.0).abs() < 1e-12 && (state.curvatures[1] - 2.0).abs() < 1e-12
        );
        assert!((state.directions[0][0] - state.directions[0][1]).abs() < 1e-12);
        assert!(!state.ill_conditioned);
    }

    #[test]
    fn a_curved_valley_is_followed_to_its_end() {
        let rosenbrock = |x: &[f64]| 100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2);
        let mut oracle = FunctionOracle::scalar(rosenbrock);
        let finish = run(&mut oracle, &[-1.2, 1.0]);
        assert!(finish.verdict.is_success() && finish.value < 1e-8, "{finish:?}");
        assert!(oracle.n_evaluations < 300, "{}", oracle.n_evaluations);
    }

    #[test]
    fn one_variable_is_enough() {
        let finish = run(&mut FunctionOracle::scalar(|x| (x[0] - 5.0).powi(4)), &[1.0]);
        assert!(finish.verdict.is_success() && finish.value < 1e-6, "{finish:?}");
    }

    #[test]
    fn an_objective_that_is_finite_at_the_start_only_is_no_success() {
        let lonely = |x: &[f64]| if x == [1.0, 1.0] { 0.0 } else { f64::NAN };
        let finish = run(&mut FunctionOracle::scalar(lonely), &[1.0, 1.0]);
        let Verdict::Stalled(reason) = &finish.verdict else { panic!("{finish:?}") };
        assert_eq!(reason, "the objective is not finite at any point but the start");
    }
}
