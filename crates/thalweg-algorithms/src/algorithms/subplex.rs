//! Subplex: Nelder-Mead in small subspaces, one after the other, without derivatives.
//!
//! # When to use
//! As `neldermead`, an objective that is kinked or noisy, but of more variables: the simplices stay small however many there are. On
//! smooth problems anything that models the objective needs far fewer evaluations.
//!
//! # How it works
//! Each cycle sorts the variables by how far they moved in the last one and cuts the sorted list into subspaces of two to five
//! variables (one for the last), where the movement drops most. In each subspace in turn a Nelder-Mead simplex runs until the distance
//! of its worst from its best vertex is a quarter of what it was, or until bounds have pressed it flat. The steps for the next cycle are
//! those of this one, scaled by how far the cycle got.
//!
//! # Differences from the reference
//! Written from Rowan's thesis. Where it leaves a choice (first steps, bounds, ties, where the sorted list is cut), the rules are those
//! that the points of NLopt 2.11's LN_SBPLX show. The points of both are the same, bit for bit, with and without bounds, until values
//! at a minimum differ by rounding only. What differs is the end of a run:
//! * the relative change of the objective ends the run only in a cycle that changed the objective at all;
//! * a run without any finite value but the one at its start is no success;
//! * a cycle that moves along a plateau shortens the steps, so that it comes to an end;
//! * parameters have converged when the largest movement and the largest step are small relative to the largest coordinate or 1
//!   (Rowan's test), not relative to each coordinate, which coordinates near zero never meet.
//!
//! # Cost per iteration
//! A cycle of about ten to twenty evaluations per variable, and O(1) operations per evaluation beyond copying the point.
//!
//! # References
//! * Rowan 1990: Functional stability analysis of numerical algorithms, PhD thesis, University of Texas at Austin
//! * Nelder, Mead 1965: A simplex method for function minimization, <https://doi.org/10.1093/comjnl/7.4.308>
//!
//! | code | Rowan |
//! |---|---|
//! | `moved` | Delta x, the progress of the last cycle |
//! | `SHRINKAGE`, `LARGEST_RESCALING` | psi, 1 / omega |

use thalweg_core::{Algorithm, Finish, Problem, Stop, Test};
use thalweg_macros::Options;

use crate::pieces::first_step::first_steps;
use crate::pieces::subspace_simplex::{Best, SubspaceSearch};

/// A simplex has done its work when it is this part of its first size.
const SHRINKAGE: f64 = 0.25;
/// The largest factor, up or down, by which steps change between cycles.
const LARGEST_RESCALING: f64 = 10.0;
/// The sizes of subspaces.
const SMALLEST: usize = 2;
const LARGEST: usize = 5;

/// Minimize a scalar function by Nelder-Mead in subspaces, without derivatives.
#[derive(Clone, Debug, Options)]
#[algorithm(name = "subplex", kind = Scalar, supports(bounds))]
pub struct Subplex {
    /// Stop when the largest movement and the largest step of a cycle, relative to the largest coordinate or 1, are at most this.
    #[option(shared, min = 0.0)]
    pub convergence_xtol_rel: f64,
    /// Stop when the largest movement and the largest step of a cycle are at most this.
    #[option(shared, min = 0.0)]
    pub convergence_xtol_abs: f64,
    /// Stop when a cycle changes the objective by at most this, relative to its value.
    #[option(shared, min = 0.0)]
    pub convergence_ftol_rel: f64,
    /// Stop when a cycle changes the objective by at most this.
    #[option(shared, min = 0.0)]
    pub convergence_ftol_abs: f64,
}

impl Algorithm for Subplex {
    fn solve(&self, problem: &mut Problem<'_>, x0: &[f64]) -> Result<Finish, Stop> {
        let mut best = Best { x: x0.to_vec(), value: problem.value(x0)?, defined: false };
        let mut steps = signed_first_steps(x0, problem.lower(), problem.upper());
        let mut moved = vec![0.0; problem.dim()];

        loop {
            let old = best.clone();
            let (order, sizes) = subspaces(&moved);
            let mut rest = &order[..];
            for &size in &sizes {
                let (variables, others) = rest.split_at(size);
                SubspaceSearch::new(problem, variables, &mut best).run(&steps, SHRINKAGE)?;
                rest = others;
            }
            let Best { x, value, defined } = &best;
            problem.iteration(x, *value)?;
            if !defined {
                let reason = "the objective is not finite at any point but the start";
                return Ok(Finish::stalled(best.x, best.value, reason));
            }

            moved.iter_mut().zip(x.iter().zip(&old.x)).for_each(|(m, (x, old))| *m = x - old);
            // On a plateau, where any movement is as good as none, the steps have to become smaller nevertheless.
            rescale(&mut steps, &moved, sizes.len() == 1, *value < old.value);
            let test =
                self.size_test(x, &moved, &steps).or_else(|| self.value_test(old.value, *value));
            if let Some(test) = test {
                return Ok(Finish::converged(best.x, best.value, test));
            }
            if steps.iter().zip(x).all(|(step, x)| x + step == *x) {
                let reason = "the steps are below the precision of the parameters";
                return Ok(Finish::stalled(best.x, best.value, reason));
            }
        }
    }
}

impl Subplex {
    fn size_test(&self, x: &[f64], moved: &[f64], steps: &[f64]) -> Option<Test> {
        let largest = |v: &[f64]| v.iter().fold(0.0_f64, |largest, v| largest.max(v.abs()));
        let value = largest(moved).max(SHRINKAGE * largest(steps));
        let relative = self.convergence_xtol_rel * largest(x).max(1.0);
        let (tolerance, option) = if relative >= self.convergence_xtol_abs {
            (relative, "convergence_xtol_rel")
        } else {
            (self.convergence_xtol_abs, "convergence_xtol_abs")
        };
        let measure = "largest movement or step of a cycle";
        (value <= tolerance).then_some(Test { measure, value, tolerance, option })
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
        (0.0 < value && value <= tolerance).then_some(Test { measure, value, tolerance, option })
    }
}

/// The first steps; where there is no bound that shows the way, they lead away from zero.
fn signed_first_steps(x: &[f64], lower: &[f64], upper: &[f64]) -> Vec<f64> {
    let mut steps = first_steps(x, lower, upper);
    for (i, step) in steps.iter_mut().enumerate() {
        let is_free = lower[i] == f64::NEG_INFINITY && upper[i] == f64::INFINITY;
        if is_free && x[i] < 0.0 {
            *step = -*step;
        }
    }
    steps
}

/// The variables in the order of their movement, and the sizes of the subspaces into which this order is cut.
fn subspaces(moved: &[f64]) -> (Vec<usize>, Vec<usize>) {
    let mut order: Vec<usize> = (0..moved.len()).collect();
    order.sort_by(|&i, &j| moved[j].abs().total_cmp(&moved[i].abs()));
    let sorted: Vec<f64> = order.iter().map(|&i| moved[i].abs()).collect();
    let (mut sizes, mut start) = (Vec::new(), 0);
    while start < moved.len() {
        sizes.push(size_of_subspace(&sorted, start));
        start += sizes[sizes.len() - 1];
    }
    (order, sizes)
}

/// The number of variables from `start` on for which the mean movement of all variables before the cut exceeds that of those behind it
/// most, among those that leave none or enough for another subspace.
fn size_of_subspace(moved: &[f64], start: usize) -> usize {
    let rest = moved.len() - start;
    let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
    let mut best = (rest.min(SMALLEST), f64::NEG_INFINITY);
    for size in (SMALLEST..=LARGEST).filter(|size| size + SMALLEST <= rest) {
        let (before, behind) = moved.split_at(start + size);
        let drop = mean(before) - mean(behind);
        if drop > best.1 {
            best = (size, drop);
        }
    }
    best.0
}

/// The steps of the next cycle: scaled by the progress of this one, at most by `SHRINKAGE` if it was a single simplex or gained nothing;
/// along the last movement, and turned round where there was none.
fn rescale(steps: &mut [f64], moved: &[f64], single: bool, gained: bool) {
    let sum = |v: &[f64]| v.iter().map(|v| v.abs()).sum::<f64>();
    let progress = (sum(moved) / sum(steps)).clamp(1.0 / LARGEST_RESCALING, LARGEST_RESCALING);
    let factor = match (single, gained) {
        (true, _) => SHRINKAGE,
        (false, true) => progress,
        (false, false) => progress.min(SHRINKAGE),
    };
    for (step, moved) in steps.iter_mut().zip(moved) {
        let size = factor * *step;
        *step = if *moved == 0.0 { -size } else { size.abs().copysign(*moved) };
    }
}

#[cfg(test)]
mod tests {
    use thalweg_core::{ProblemSpec, Verdict, testing::FunctionOracle};

    use super::*;

    #[test]
    fn subspaces_are_cut_where_the_movement_drops() {
        assert_eq!(subspaces(&[0.1, -9.0, 0.2, 8.0, 10.0]), (vec![4, 1, 3, 2, 0], vec![3, 2]));
        assert_eq!(subspaces(&[0.0; 7]), ((0..7).collect(), vec![2, 2, 2, 1]));
        assert_eq!(subspaces(&[5.0]), (vec![0], vec![1]));
        // The second subspace is cut where the mean of the first six and of the rest differ most, not that of its own.
        let second = [3.9, 3.5, 0.196_119, 0.116_511, 0.086_337, 0.006_042, 0.002_939];
        assert_eq!(subspaces(&second).1, [2, 2, 2, 1]);
        for n in 1..40 {
            let moved: Vec<f64> = (0..n).map(|i| f64::from(i * i % 7)).collect();
            let (order, sizes) = subspaces(&moved);
            assert_eq!(sizes.iter().sum::<usize>(), order.len());
            let (last, others) = sizes.split_last().unwrap();
            let allowed = |size: &usize| (SMALLEST..=LARGEST).contains(size);
            assert!(others.iter().all(allowed) && (1..=LARGEST).contains(last), "{n}: {sizes:?}");
        }
    }

    #[test]
    fn steps_follow_the_progress_within_limits() {
        let mut steps = [1.0, -1.0, 2.0];
        rescale(&mut steps, &[-2.0, 0.0, 6.0], false, true);
        assert_eq!(steps, [-2.0, 2.0, 4.0]);
        rescale(&mut steps, &[0.0, 0.0, 1e9], false, true);
        assert_eq!(steps, [20.0, -20.0, 40.0]);
        rescale(&mut steps, &[1.0, 1.0, 1.0], true, true);
        assert_eq!(steps, [5.0, 5.0, 10.0]);
        rescale(&mut steps, &[50.0, 50.0, 50.0], false, false);
        assert_eq!(steps, [1.25, 1.25, 2.5]);
    }

    #[test]
    fn kinks_in_many_variables_are_no_obstacle() {
        let kinked = |x: &[f64]| x.iter().enumerate().map(|(i, x)| (x - i as f64).abs()).sum();
        let mut oracle = FunctionOracle::scalar(kinked);
        let spec = ProblemSpec::unconstrained(12);
        let finish = Subplex::default().solve(&mut Problem::new(&mut oracle, &spec), &[1.0; 12]);
        let finish = finish.unwrap();
        assert!(finish.verdict.is_success() && finish.value < 1e-3, "{finish:?}");
    }

    #[test]
    fn without_tolerances_the_precision_of_the_numbers_is_the_end() {
        let algorithm = Subplex {
            convergence_xtol_rel: 0.0,
            convergence_xtol_abs: 0.0,
            convergence_ftol_rel: 0.0,
            convergence_ftol_abs: 0.0,
        };
        let mut oracle = FunctionOracle::scalar(|_| 1.0).with_budget(10_000);
        let spec = ProblemSpec::unconstrained(3);
        let finish = algorithm.solve(&mut Problem::new(&mut oracle, &spec), &[1.0, 2.0, 3.0]);
        let Verdict::Stalled(reason) = finish.unwrap().verdict else { panic!("a success") };
        assert_eq!(reason, "the steps are below the precision of the parameters");
    }

    #[test]
    fn an_objective_that_is_finite_at_the_start_only_is_no_success() {
        let lonely = |x: &[f64]| if x == [1.0, 1.0] { 0.0 } else { f64::NAN };
        let mut oracle = FunctionOracle::scalar(lonely);
        let spec = ProblemSpec::unconstrained(2);
        let finish = Subplex::default().solve(&mut Problem::new(&mut oracle, &spec), &[1.0, 1.0]);
        let Verdict::Stalled(reason) = finish.unwrap().verdict else { panic!("a success") };
        assert_eq!(reason, "the objective is not finite at any point but the start");
    }
}
