//! Powell's direction set method: line searches along directions that become conjugate, without derivatives.
//!
//! # When to use
//! A few variables and a smooth objective whose variables hardly interact, or one with kinks along the axes. Each line search is
//! thorough, which costs many evaluations: `bobyqa` and `praxis` need far fewer on most smooth problems.
//!
//! # How it works
//! One iteration minimizes along each direction in turn, at first the coordinate axes. The way from the iteration's start to its end
//! is a promising new direction. It takes the place of the direction along which the objective fell most, which it resembles most,
//! unless Powell's two tests say that the objective does not go on falling that way, or that the directions would become dependent.
//! Lines without ends are searched by a bracket and Brent's method; lines that end at bounds on both sides by Brent's method between
//! the ends; lines with one end by the same on the arc tangent of the step.
//!
//! # Differences from the reference
//! The points are those of scipy 1.17.1's `minimize(method="Powell")` in the same order (`tests/golden_powell.rs`), except that
//! * the value at the start of a line search is known and not asked for again, which saves one evaluation per line search;
//! * a search between bounds that finds nothing better than its start stays there. scipy moves to the worse point;
//! * line searches are never more precise than the square root of the machine precision, beyond which values are rounding;
//! * no point leaves the bounds by rounding;
//! * on a bound a run does not end before the coordinate axes themselves give no decrease: each of the other directions may lead out of
//!   the bounds, so that nothing is searched along a face that the minimum is on. scipy ends there;
//! * a line along which the objective falls as far as numbers reach, or an objective that is finite at the start only, is reported
//!   as no success.
//!
//! # Cost per iteration
//! n + 1 line searches of about 5 to 30 evaluations, and O(n^2) operations.
//!
//! # References
//! * Powell 1964: An efficient method for finding the minimum of a function of several variables without calculating derivatives,
//!   <https://doi.org/10.1093/comjnl/7.2.155>
//! * Brent 1973: Algorithms for minimization without derivatives, chapters 5 and 7
//! * Press, Teukolsky, Vetterling, Flannery: Numerical recipes, section 10.7 (the two tests in the form used here)

use thalweg_core::{Algorithm, Finish, Problem, Stop, Test};
use thalweg_macros::Options;

use crate::pieces::brent::{Bracket, Brent, Sample, bracket};

/// Line searches are this much less precise than the parameters are wanted.
const LINE_SEARCH_TOLERANCE: f64 = 100.0;
/// The largest number of evaluations of one search after its bracket.
const MAX_LINE_EVALUATIONS: usize = 500;
/// A bound that is nearer than this, relative to the parameter, is where line searches end that lead out: they come near it only.
const NEAR: f64 = 1e-3;
/// A decrease as small as this ends the run, however small the objective is.
const SMALLEST_DECREASE: f64 = 1e-20;

/// Minimize a scalar function by Powell's direction set method, without derivatives.
#[derive(Clone, Debug, Options)]
#[algorithm(name = "powell", kind = Scalar, supports(bounds))]
pub struct Powell {
    /// Stop when the decrease of the objective in an iteration, relative to the mean of its absolute values before and after, is at
    /// most this.
    #[option(shared, min = 0.0)]
    pub convergence_ftol_rel: f64,
    /// The precision of the parameters: line searches end when the minimum along the line is known to 100 times this.
    #[option(shared, min = 0.0)]
    pub convergence_xtol_rel: f64,
}

impl Algorithm for Powell {
    fn solve(&self, problem: &mut Problem<'_>, x0: &[f64]) -> Result<Finish, Stop> {
        let n = problem.dim();
        let mut directions = unit_vectors(n);
        let value = problem.value(x0)?;
        let mut line = Line { problem, x: x0.to_vec(), value, defined: false, endless: false };

        let mut end_of_last_sweep = x0.to_vec();
        let mut are_axes = true;
        loop {
            let value_at_start = line.value;
            let (mut steepest, mut largest_decrease) = (0, 0.0);
            for (i, direction) in directions.iter().enumerate() {
                let before = line.value;
                self.search(&mut line, direction)?;
                if before - line.value > largest_decrease {
                    (steepest, largest_decrease) = (i, before - line.value);
                }
            }
            line.problem.iteration(&line.x, line.value)?;
            if let Some(finish) = self.ended(&line, value_at_start) {
                if are_axes || !finish.verdict.is_success() || !line.is_near_a_bound() {
                    return Ok(finish);
                }
                // Directions that lead out of the bounds have no length: those that are left may not span the face.
                (directions, are_axes) = (unit_vectors(n), true);
                end_of_last_sweep.clone_from(&line.x);
                continue;
            }

            // As in scipy, the way of the last search along a new direction counts as a part of this iteration's.
            let last = std::mem::replace(&mut end_of_last_sweep, line.x.clone());
            let mut across: Vec<f64> = line.x.iter().zip(&last).map(|(x, l)| x - l).collect();
            let (_, farthest) = line.ends(&across);
            let beyond = line.value_at(&across, farthest.min(1.0))?;
            if is_new_direction(value_at_start, line.value, beyond, largest_decrease) {
                let step = self.search(&mut line, &across)?;
                across.iter_mut().for_each(|d| *d *= step);
                if across.iter().any(|&d| d != 0.0) {
                    directions.swap_remove(steepest);
                    directions.push(across);
                    are_axes = false;
                }
            }
        }
    }
}

/// Powell's tests, with the objective before (`start`) and after (`end`) the iteration and as far again (`beyond`).
fn is_new_direction(start: f64, end: f64, beyond: f64, largest_decrease: f64) -> bool {
    if beyond >= start {
        return false; // Nothing is to be gained by going on.
    }
    let gained = start - end - largest_decrease;
    let curvature = 2.0 * (start + beyond - 2.0 * end);
    curvature * gained * gained < largest_decrease * (start - beyond) * (start - beyond)
}

impl Powell {
    /// Go to the minimum along the direction. Returns how far.
    fn search(&self, line: &mut Line<'_, '_>, direction: &[f64]) -> Result<f64, Stop> {
        if direction.iter().all(|&d| d == 0.0) {
            return Ok(0.0);
        }
        let (low, high) = line.ends(direction);
        let to = match (low.is_finite(), high.is_finite()) {
            (false, false) => self.search_without_ends(line, direction)?,
            (true, true) => self.search_between(line, direction, (low, high), |step| step)?,
            _ => self.search_between(line, direction, (low.atan(), high.atan()), f64::tan)?,
        };
        line.x = line.point(direction, to.at);
        line.value = to.value;
        Ok(to.at)
    }

    fn search_without_ends(
        &self,
        line: &mut Line<'_, '_>,
        direction: &[f64],
    ) -> Result<Sample, Stop> {
        let here = Sample { at: 0.0, value: line.value };
        match bracket(here, |step| line.value_at(direction, step))? {
            Bracket::Found([a, b, c]) => {
                let brent = Brent {
                    // Finer than this, differences of values are rounding (Brent 1973, section 5.6).
                    relative: (LINE_SEARCH_TOLERANCE * self.convergence_xtol_rel)
                        .max(f64::EPSILON.sqrt()),
                    absolute: 1e-11,
                    golden: 0.381_966_0,
                    max_evaluations: MAX_LINE_EVALUATIONS,
                };
                let ends = (a.at.min(c.at), a.at.max(c.at));
                brent.minimize(ends, b, |step| line.value_at(direction, step))
            }
            Bracket::Flat(best) => Ok(best),
            Bracket::Endless(best) => {
                line.endless = true;
                Ok(best)
            }
        }
    }

    /// The search between two ends, in terms of something of which `step` makes the step along the direction.
    fn search_between(
        &self,
        line: &mut Line<'_, '_>,
        direction: &[f64],
        (low, high): (f64, f64),
        step: fn(f64) -> f64,
    ) -> Result<Sample, Stop> {
        let brent = Brent {
            relative: 2.2e-16_f64.sqrt(),
            absolute: self.convergence_xtol_rel / 3.0,
            golden: 0.5 * (3.0 - 5.0_f64.sqrt()),
            max_evaluations: MAX_LINE_EVALUATIONS,
        };
        let at = low + brent.golden * (high - low);
        let first = Sample { at, value: line.value_at(direction, step(at))? };
        let best = brent.minimize((low, high), first, |at| line.value_at(direction, step(at)))?;
        let here = Sample { at: 0.0, value: line.value };
        Ok(if best.value < here.value { Sample { at: step(best.at), ..best } } else { here })
    }

    fn ended(&self, line: &Line<'_, '_>, value_at_start: f64) -> Option<Finish> {
        let (x, value) = (line.x.clone(), line.value);
        if line.endless {
            let reason = "the objective falls along a line as far as numbers reach";
            return Some(Finish::stalled(x, value, reason));
        }
        let decrease = 2.0 * (value_at_start - value);
        let size = value_at_start.abs() + value.abs();
        let tolerance = self.convergence_ftol_rel * size + SMALLEST_DECREASE;
        if decrease.is_nan() || !line.defined {
            let reason = "the objective is not finite at any point but the start";
            return Some(Finish::stalled(x, value, reason));
        }
        (decrease <= tolerance).then(|| {
            let measure = "decrease of the objective in an iteration, twice,";
            let option = "convergence_ftol_rel";
            Finish::converged(x, value, Test { measure, value: decrease, tolerance, option })
        })
    }
}

/// The problem along lines through the best point.
struct Line<'p, 'a> {
    problem: &'p mut Problem<'a>,
    x: Vec<f64>,
    value: f64,
    /// Whether any value but the one at the start was finite.
    defined: bool,
    /// Whether the objective fell without end along a line.
    endless: bool,
}

impl Line<'_, '_> {
    /// The largest steps backward and forward along the direction that keep the bounds.
    fn ends(&self, direction: &[f64]) -> (f64, f64) {
        let (mut low, mut high) = (f64::NEG_INFINITY, f64::INFINITY);
        for (i, &d) in direction.iter().enumerate() {
            if d != 0.0 {
                let to_lower = (self.problem.lower()[i] - self.x[i]) / d;
                let to_upper = (self.problem.upper()[i] - self.x[i]) / d;
                low = low.max(to_lower.min(to_upper));
                high = high.min(to_lower.max(to_upper));
            }
        }
        if low <= high { (low, high) } else { (0.0, 0.0) }
    }

    fn is_near_a_bound(&self) -> bool {
        let bounds = self.problem.lower().iter().zip(self.problem.upper());
        self.x
            .iter()
            .zip(bounds)
            .any(|(x, (lower, upper))| (x - lower).min(upper - x) <= NEAR * (1.0 + x.abs()))
    }

    fn value_at(&mut self, direction: &[f64], step: f64) -> Result<f64, Stop> {
        let x = self.point(direction, step);
        if !x.iter().all(|x| x.is_finite()) {
            return Ok(f64::INFINITY);
        }
        let value = self.problem.value(&x)?;
        self.defined |= value.is_finite() && x != self.x;
        Ok(value)
    }

    fn point(&self, direction: &[f64], step: f64) -> Vec<f64> {
        let mut x: Vec<f64> = self.x.iter().zip(direction).map(|(x, d)| x + step * d).collect();
        self.problem.clip(&mut x);
        x
    }
}

fn unit_vectors(n: usize) -> Vec<Vec<f64>> {
    (0..n).map(|i| (0..n).map(|j| f64::from(u8::from(i == j))).collect()).collect()
}

#[cfg(test)]
mod tests {
    use thalweg_core::{ProblemSpec, Verdict, testing::FunctionOracle};

    use super::*;

    fn run(oracle: &mut FunctionOracle<'_>, bounds: &[(f64, f64)], x0: &[f64]) -> Finish {
        let (lower, upper) = bounds.iter().copied().unzip();
        let spec = ProblemSpec { lower, upper, n_outputs: 1, ..Default::default() };
        let finish = Powell::default().solve(&mut Problem::new(oracle, &spec), x0).unwrap();
        for (_, x) in &oracle.trace {
            let inside = x.iter().zip(bounds).all(|(x, (low, high))| (low..=high).contains(&x));
            assert!(inside, "{x:?} is not within {bounds:?}");
        }
        finish
    }

    const FREE: (f64, f64) = (f64::NEG_INFINITY, f64::INFINITY);

    fn valley(x: &[f64]) -> f64 {
        (x[0] + x[1] - 3.0).powi(2) + 100.0 * (x[0] - 2.0 * x[1]).powi(2)
    }

    #[test]
    fn a_slanted_quadratic_is_solved_once_the_directions_are_conjugate() {
        let mut oracle = FunctionOracle::scalar(valley);
        let finish = run(&mut oracle, &[FREE; 2], &[-40.0, 10.0]);
        assert!(finish.verdict.is_success() && finish.value < 1e-9, "{finish:?}");
        assert!(oracle.n_evaluations < 150, "{}", oracle.n_evaluations);
    }

    #[test]
    fn bounds_on_one_side_on_both_and_on_the_start_are_kept() {
        let bounds = [(-1.0, f64::INFINITY), (0.0, 0.75)];
        let finish = run(&mut FunctionOracle::scalar(valley), &bounds, &[-1.0, 0.0]);
        assert!(finish.verdict.is_success(), "{finish:?}");
        assert!((finish.x[1] - 0.75).abs() < 1e-4 && (finish.x[0] - 1.5).abs() < 1e-2);
    }

    #[test]
    fn a_minimum_on_a_face_is_found_though_directions_lead_out_of_the_bounds() {
        // Three ascending numbers as the first and the gaps, next to targets of which the first two descend.
        let bowl = |x: &[f64]| {
            let t = [-0.7, -1.7, 0.6];
            let at = [x[0], x[0] + x[1], x[0] + x[1] + x[2]];
            at.iter().zip(t).map(|(x, t)| (x - t) * (x - t)).sum::<f64>()
        };
        let bounds = [FREE, (0.0, f64::INFINITY), (0.0, f64::INFINITY)];
        let finish = run(&mut FunctionOracle::scalar(bowl), &bounds, &[0.0, 1.0, 1.0]);
        // The first two are as near to their targets as they can be, together.
        assert!((finish.value - 0.5).abs() < 1e-4, "{finish:?}");
    }

    #[test]
    fn a_search_between_bounds_never_makes_it_worse() {
        // The best point between the bounds is the start, in a dip too narrow to be met.
        let dip = |x: &[f64]| if x[0] == 0.1 { -1.0 } else { x[0] };
        let finish = run(&mut FunctionOracle::scalar(dip), &[(0.0, 1.0)], &[0.1]);
        assert_eq!((finish.x[0], finish.value), (0.1, -1.0));
    }

    #[test]
    fn an_objective_that_falls_for_ever_is_no_success() {
        let finish = run(&mut FunctionOracle::scalar(|x| -x[0]), &[FREE], &[1.0]);
        let Verdict::Stalled(reason) = &finish.verdict else { panic!("{finish:?}") };
        assert_eq!(reason, "the objective falls along a line as far as numbers reach");
    }

    #[test]
    fn an_objective_that_is_finite_at_the_start_only_is_no_success() {
        let lonely = |x: &[f64]| if x == [1.0, 1.0] { 0.0 } else { f64::NAN };
        let finish = run(&mut FunctionOracle::scalar(lonely), &[FREE; 2], &[1.0, 1.0]);
        let Verdict::Stalled(reason) = &finish.verdict else { panic!("{finish:?}") };
        assert_eq!(reason, "the objective is not finite at any point but the start");
    }
}
