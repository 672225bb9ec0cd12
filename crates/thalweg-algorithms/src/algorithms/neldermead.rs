//! Nelder-Mead: move a simplex downhill by reflecting its worst vertex, without derivatives.
//!
//! # When to use
//! A few variables (up to about ten; with `adaptive` a few more) and an objective that is kinked, noisy or not
//! differentiable. On smooth problems anything that models the objective needs far fewer evaluations.
//!
//! # How it works
//! In each iteration the worst vertex is reflected through the centroid of the others. A reflection that beats the best
//! vertex is expanded; one that does not beat the second worst is contracted, outside when it beats the worst vertex and
//! inside otherwise. When the contraction fails too, the whole simplex shrinks toward its best vertex.
//! Bounds are kept by moving each trial point onto the nearest point within them.
//!
//! # Differences from the reference
//! With its defaults the method asks for the same points in the same order as scipy 1.17.1's
//! `minimize(method="Nelder-Mead")`, to the last bit (`tests/golden_neldermead.rs`), except that
//! * a vertex of the first simplex that the lower bound would press onto the start is reflected to the other side, as scipy
//!   does at upper bounds only: scipy's simplex is flat there and never leaves the bound;
//! * vertices of equal value are ranked by age always; numpy's sort does so below 17 vertices on processors without AVX only;
//! * a simplex that shrank to a point, or one without any finite value, ends the run as stalled instead of using up the budget;
//! * where there are bounds, convergence is declared only after a look at the neighbours (`probe_bounds`). Without it, as in
//!   scipy, 11 to 31 percent of random box-constrained quadratics (n = 2 to 5, starts partly on bounds) end away from their
//!   minimum, with it none of 900;
//! * for n = 1 `adaptive` has no effect; the formula's shrink factor would be zero.
//!
//! `nlopt_neldermead` is this method with `initial_simplex = "greedy"` and tolerances combined by "any". Without bounds it asks for
//! the same points as NLopt 2.11's LN_NELDERMEAD (up to rounding) until values are equal or not finite.
//!
//! # Cost per iteration
//! One or two evaluations (n more after a shrink, in one batch) and O(n^2) operations.
//!
//! # References
//! * Nelder, Mead 1965: A simplex method for function minimization, <https://doi.org/10.1093/comjnl/7.4.308>
//! * Lagarias, Reeds, Wright, Wright 1998: Convergence properties of the Nelder-Mead simplex method in low dimensions,
//!   <https://doi.org/10.1137/S1052623496303470>
//! * Gao, Han 2012: Implementing the Nelder-Mead simplex algorithm with adaptive parameters,
//!   <https://doi.org/10.1007/s10589-010-9329-3>
//!
//! The step itself is `Simplex::step`, which other methods share.

use thalweg_core::{Algorithm, Finish, Problem, Stop, Test};
use thalweg_macros::{Choice, Options};

use crate::pieces::simplex::{Coefficients, Simplex, Trial, value_within_bounds};

/// How large the first simplex is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum InitialSimplex {
    /// 5 percent of each coordinate, 0.00025 where it is zero (scipy's rule).
    FivePercent,
    /// A quarter of the box in each coordinate; where it is not finite, the coordinate's size, 1 where that is zero.
    Wide,
    /// As wide, but each coordinate is changed from the best vertex so far instead of the start (NLopt's rule). The vertices then
    /// depend on each other and are asked for one after the other.
    Greedy,
}

/// How the tolerances on the parameters and on the objective work together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum Combine {
    /// Both have to be met.
    Both,
    /// Either is enough; a tolerance of zero is switched off.
    Any,
}

/// Minimize a scalar function by the Nelder-Mead simplex method, without derivatives.
#[derive(Clone, Debug, Options)]
#[algorithm(name = "neldermead", kind = Scalar, supports(bounds, parallel))]
pub struct NelderMead {
    /// Stop when the objective differs by no more than this between the best and any other vertex.
    #[option(default = 1e-8, min = 0.0, overrides = "zero would switch the test off")]
    pub convergence_ftol_abs: f64,
    /// As `convergence_ftol_abs`, relative to the best vertex's value; the larger tolerance counts.
    #[option(default = 0.0, min = 0.0, overrides = "the absolute tolerance is the usual one here")]
    pub convergence_ftol_rel: f64,
    /// Stop when no coordinate differs by more than this between the best and any other vertex.
    #[option(default = 1e-8, min = 0.0, overrides = "zero would switch the test off")]
    pub convergence_xtol_abs: f64,
    /// As `convergence_xtol_abs`, relative to the best vertex's largest coordinate; the larger tolerance counts.
    #[option(default = 0.0, min = 0.0, overrides = "the absolute tolerance is the usual one here")]
    pub convergence_xtol_rel: f64,
    /// Whether the tolerances on parameters and objective have both to be met ("both") or either ("any").
    #[option(default = Combine::Both)]
    pub convergence_combine: Combine,
    /// The first simplex: "five_percent" of each coordinate (scipy), "wide" (a quarter of the box or the coordinate's size), or
    /// "greedy" (as wide, each vertex starting from the best one before it; NLopt).
    #[option(default = InitialSimplex::FivePercent)]
    pub initial_simplex: InitialSimplex,
    /// Adapt the steps to the number of variables (Gao and Han); better for many of them.
    #[option(default = false)]
    pub adaptive: bool,
    /// Where there are bounds, try a small step up and down each coordinate before convergence is declared, and go on from there
    /// with a new simplex when one is better. Costs 2 n evaluations; without it the simplex often gets stuck on a bound.
    #[option(default = true)]
    pub probe_bounds: bool,
}

impl Algorithm for NelderMead {
    fn solve(&self, problem: &mut Problem<'_>, x0: &[f64]) -> Result<Finish, Stop> {
        let n = problem.dim();
        let step = Coefficients::new(self.adaptive, n);
        let mut simplex = self.first_simplex(problem, x0)?;
        let mut trial = Trial::new(n);

        loop {
            problem.iteration(simplex.vertex(0), simplex.value(0))?;
            if let Some(test) = self.converged(&simplex) {
                match self.leave_bounds(problem, &simplex)? {
                    Some(better) => simplex = better,
                    None => return Ok(simplex.converged(test)),
                }
            }
            if !simplex.step(&step, &mut trial, |x| value_within_bounds(problem, x))? {
                simplex.shrink(problem, step.shrink)?;
                if self.converged(&simplex).is_none()
                    && let Some(reason) = simplex.is_spent(self.convergence_xtol_abs)
                {
                    return Ok(simplex.stalled(reason));
                }
            }
        }
    }
}

impl NelderMead {
    /// The start, and the start (or the best vertex so far) with each coordinate changed in turn, all within the bounds.
    fn first_simplex(&self, problem: &mut Problem<'_>, x0: &[f64]) -> Result<Simplex, Stop> {
        let n = x0.len();
        let mut points = x0.repeat(n + 1);
        let reach = &problem.experience().reach;
        for (i, &x) in x0.iter().enumerate() {
            let (low, high) = (problem.lower()[i], problem.upper()[i]);
            let there = match self.initial_simplex {
                InitialSimplex::FivePercent => five_percent_away(x, low, high),
                InitialSimplex::Wide | InitialSimplex::Greedy => wide_step_away(x, low, high),
            };
            let near = |reach: &f64| there.clamp(x - reach, x + reach);
            points[(i + 1) * n + i] = reach.get(i).map_or(there, near);
        }
        if self.initial_simplex != InitialSimplex::Greedy {
            return Simplex::evaluate(problem, points);
        }
        let mut best = (problem.value(x0)?, 0);
        let mut values = vec![best.0];
        for i in 1..=n {
            // The coordinates before this one may have changed for the better.
            points.copy_within(best.1 * n..best.1 * n + i - 1, i * n);
            values.push(problem.value(&points[i * n..(i + 1) * n])?);
            if values[i] <= best.0 {
                best = (values[i], i);
            }
        }
        Ok(Simplex::new(n, points, values))
    }

    /// A new simplex around a better point, if the old one is stuck on a bound (see `probe_bounds`).
    fn leave_bounds(
        &self,
        problem: &mut Problem<'_>,
        simplex: &Simplex,
    ) -> Result<Option<Simplex>, Stop> {
        if !self.probe_bounds || !problem.is_bounded() {
            return Ok(None);
        }
        let Some(x) = simplex.better_neighbour(problem)? else { return Ok(None) };
        self.first_simplex(problem, &x).map(Some)
    }

    fn converged(&self, simplex: &Simplex) -> Option<Test> {
        let f_test = self.value_test(simplex);
        match self.convergence_combine {
            // The test on the values costs nothing, so the one on the points is made after it only.
            Combine::Both => f_test.and_then(|f| self.size_test(simplex).map(|_| f)),
            // Of tolerances that are zero, those that are so because the best vertex or its value is count as well.
            Combine::Any => {
                let value = self.convergence_ftol_abs.max(self.convergence_ftol_rel);
                let size = self.convergence_xtol_abs.max(self.convergence_xtol_rel);
                f_test
                    .filter(|_| value > 0.0)
                    .or_else(|| self.size_test(simplex).filter(|_| size > 0.0))
            }
        }
    }

    /// The largest |f_i - f_0|. Infinite values never pass: inf - inf is NaN.
    fn value_test(&self, simplex: &Simplex) -> Option<Test> {
        let value = simplex.value_spread();
        let relative = self.convergence_ftol_rel * simplex.value(0).abs();
        let (tolerance, option) = if relative > self.convergence_ftol_abs {
            (relative, "convergence_ftol_rel")
        } else {
            (self.convergence_ftol_abs, "convergence_ftol_abs")
        };
        let measure = "difference of the objective between the vertices";
        (value <= tolerance).then_some(Test { measure, value, tolerance, option })
    }

    /// The largest |x_i - x_0| in any coordinate.
    fn size_test(&self, simplex: &Simplex) -> Option<Test> {
        let largest = simplex.vertex(0).iter().fold(0.0_f64, |largest, x| largest.max(x.abs()));
        let relative = self.convergence_xtol_rel * largest;
        let (tolerance, option) = if relative > self.convergence_xtol_abs {
            (relative, "convergence_xtol_rel")
        } else {
            (self.convergence_xtol_abs, "convergence_xtol_abs")
        };
        let value = simplex.size();
        let measure = "size of the simplex";
        (value <= tolerance).then_some(Test { measure, value, tolerance, option })
    }
}

/// scipy's first step: 5 percent away from zero, 0.00025 where x is zero.
fn five_percent_away(x: f64, low: f64, high: f64) -> f64 {
    let there = if x == 0.0 { 0.00025 } else { 1.05 * x };
    let back = if there > high { 2.0 * high - there } else { there };
    let clipped = back.max(low).min(high);
    // Departure from scipy, which leaves the vertex on the start here (see the head of the file).
    if clipped == x { (2.0 * x - back).max(low).min(high) } else { clipped }
}

/// A quarter of the box, or as far as x is from zero, toward the side with more room (away from zero when both are equal).
fn wide_step_away(x: f64, low: f64, high: f64) -> f64 {
    let width = high - low;
    let size = match (width.is_finite(), x == 0.0) {
        (true, _) => 0.25 * width,
        (false, true) => 1.0,
        (false, false) => x.abs(),
    };
    let (up, down) = (high - x, x - low);
    let upward = up > down || (up == down && x >= 0.0);
    let there = if upward { x + size } else { x - size };
    there.max(low).min(high)
}

#[cfg(test)]
mod tests {
    use thalweg_core::{Experience, ProblemSpec, Verdict, testing::FunctionOracle};

    use super::*;

    fn run(
        algorithm: &NelderMead,
        oracle: &mut FunctionOracle<'_>,
        bounds: &[(f64, f64)],
        x0: &[f64],
    ) -> Finish {
        let (lower, upper) = bounds.iter().copied().unzip();
        let spec = ProblemSpec { lower, upper, n_outputs: 1, ..Default::default() };
        let finish = algorithm.solve(&mut Problem::new(oracle, &spec), x0).unwrap();
        for (_, x) in &oracle.trace {
            let inside = x.iter().zip(bounds).all(|(x, (low, high))| (low..=high).contains(&x));
            assert!(inside, "{x:?} is not within {bounds:?}");
        }
        finish
    }

    const FREE: (f64, f64) = (f64::NEG_INFINITY, f64::INFINITY);

    fn bowl(x: &[f64]) -> f64 {
        x.iter().enumerate().map(|(i, x)| (x - i as f64 - 1.0).powi(2)).sum()
    }

    #[test]
    fn a_start_on_a_lower_bound_leaves_it() {
        let rules = [InitialSimplex::FivePercent, InitialSimplex::Wide, InitialSimplex::Greedy];
        for initial_simplex in rules {
            let algorithm = NelderMead { initial_simplex, ..Default::default() };
            let mut oracle = FunctionOracle::scalar(bowl);
            let bounds = [(-3.0, 4.0), (-1.0, f64::INFINITY), (-2.0, 8.0)];
            let finish = run(&algorithm, &mut oracle, &bounds, &[-3.0, -1.0, 8.0]);
            assert!(finish.value < 1e-12, "{initial_simplex:?}: {finish:?}");
        }
    }

    #[test]
    fn the_wide_simplex_fits_the_box_and_the_coordinates() {
        assert_eq!(wide_step_away(1.0, 0.0, 8.0), 3.0);
        assert_eq!(wide_step_away(8.0, 0.0, 8.0), 6.0);
        assert_eq!(wide_step_away(-5.0, f64::NEG_INFINITY, f64::INFINITY), -10.0);
        assert_eq!(wide_step_away(0.0, f64::NEG_INFINITY, 0.5), -1.0);
        assert_eq!(wide_step_away(-5.0, -5.0, f64::INFINITY), 0.0);
    }

    #[test]
    fn a_greedy_simplex_goes_on_from_its_best_vertex() {
        let algorithm =
            NelderMead { initial_simplex: InitialSimplex::Greedy, ..Default::default() };
        let mut oracle = FunctionOracle::scalar(|x| (x[0] - 2.0).powi(2) + x[1] * x[1] + x[2]);
        run(&algorithm, &mut oracle, &[FREE, FREE, (-1.0, 1.0)], &[1.0, 2.0, 0.5]);
        let first: Vec<&[f64]> = oracle.trace[..4].iter().map(|(_, x)| &x[..]).collect();
        assert_eq!(first, [[1.0, 2.0, 0.5], [2.0, 2.0, 0.5], [2.0, 4.0, 0.5], [2.0, 2.0, 0.0]]);
    }

    #[test]
    fn the_first_simplex_is_no_larger_than_the_expected_way() {
        let reach = vec![0.5, 0.03, 50.0];
        let experience = Experience { reach, ..Experience::default() };
        let spec = ProblemSpec { experience, ..ProblemSpec::unconstrained(3) };
        let first = |initial_simplex| {
            let algorithm = NelderMead { initial_simplex, ..Default::default() };
            let mut oracle = FunctionOracle::scalar(|x| x.iter().map(|x| x * x).sum());
            let mut problem = Problem::new(&mut oracle, &spec);
            algorithm.solve(&mut problem, &[1.0, 1.0, 1.0]).unwrap();
            oracle.trace[1..4].iter().enumerate().map(|(i, (_, x))| x[i]).collect::<Vec<_>>()
        };
        assert_eq!(first(InitialSimplex::Wide), [1.5, 1.03, 2.0]);
        assert_eq!(first(InitialSimplex::FivePercent), [1.05, 1.03, 1.05]);
    }

    #[test]
    fn a_wide_simplex_gets_around_faster_when_the_start_is_far() {
        let mut counts = [0; 2];
        for (i, rule) in [InitialSimplex::FivePercent, InitialSimplex::Wide].into_iter().enumerate()
        {
            let algorithm = NelderMead { initial_simplex: rule, ..Default::default() };
            let mut oracle = FunctionOracle::scalar(bowl);
            let finish = run(&algorithm, &mut oracle, &[FREE; 2], &[100.0, -100.0]);
            assert!(finish.value < 1e-12);
            counts[i] = oracle.n_evaluations;
        }
        assert!(counts[1] < counts[0], "{counts:?}");
    }

    #[test]
    fn either_tolerance_is_enough_when_combined_so_and_zero_switches_one_off() {
        let only_x = NelderMead {
            convergence_combine: Combine::Any,
            convergence_ftol_abs: 0.0,
            convergence_xtol_abs: 0.0,
            convergence_xtol_rel: 1e-5,
            ..Default::default()
        };
        let finish = run(&only_x, &mut FunctionOracle::scalar(|_| 7.0), &[FREE; 2], &[1.0, 1.0]);
        let Verdict::Converged(test) = &finish.verdict else { panic!("{finish:?}") };
        assert_eq!(test.option, "convergence_xtol_rel");
        assert!(0.0 < test.value && test.value <= test.tolerance);
        let both = NelderMead { convergence_combine: Combine::Both, ..only_x };
        let finish = run(&both, &mut FunctionOracle::scalar(bowl), &[FREE; 2], &[1.0, 1.0]);
        assert!(finish.value < 1e-20, "{finish:?}");
    }

    #[test]
    fn an_undefined_region_is_avoided_and_an_undefined_objective_is_no_success() {
        let mut oracle = FunctionOracle::scalar(|x| if x[0] < 0.5 { f64::NAN } else { bowl(x) });
        let finish = run(&NelderMead::default(), &mut oracle, &[FREE; 2], &[3.0, 3.0]);
        assert!(finish.verdict.is_success() && finish.value < 1e-12);
        let mut oracle = FunctionOracle::scalar(|_| f64::NAN).with_budget(10_000);
        let finish = run(&NelderMead::default(), &mut oracle, &[FREE; 2], &[3.0, 3.0]);
        assert!(matches!(finish.verdict, Verdict::Stalled(_)), "{finish:?}");
    }

    #[test]
    fn a_noisy_objective_ends_when_the_simplex_is_a_point() {
        let mut count = 0_u32;
        let noise = move |x: &[f64]| {
            count = count.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            x[0] * x[0] + f64::from(count >> 16)
        };
        let mut oracle = FunctionOracle::scalar(noise).with_budget(100_000);
        let finish = run(&NelderMead::default(), &mut oracle, &[FREE], &[3.0]);
        assert!(matches!(finish.verdict, Verdict::Stalled(_)), "{finish:?}");
    }

    #[test]
    fn points_that_overflow_are_not_asked_for() {
        let mut oracle = FunctionOracle::scalar(|x| -x[0].abs().ln()).with_budget(100_000);
        let spec = ProblemSpec::unconstrained(1);
        let _ = NelderMead::default().solve(&mut Problem::new(&mut oracle, &spec), &[1.0]);
        assert!(oracle.trace.iter().all(|(_, x)| x[0].is_finite()));
    }
}
