//! Subplex: Nelder-Mead in small subspaces, one after the other, without derivatives.
//!
//! # When to use
//! As `neldermead`, an objective that is kinked or noisy, but of more variables: the simplices stay small however many there are. On
//! smooth problems anything that models the objective needs far fewer evaluations.
//!
//! # How it works
//! Each cycle sorts the variables by how far they moved in the last one and cuts the sorted list into subspaces of two to five
//! variables, where the movement drops most. In each subspace in turn a Nelder-Mead simplex runs until it is a quarter of its first
//! size. The steps for the next cycle are those of this one, scaled by how far the cycle got.
//!
//! # Differences from the reference
//! Written from Rowan's thesis. The first steps and the treatment of bounds follow the rules of `nlopt_neldermead`. Against NLopt 2.11's
//! LN_SBPLX:
//! * the relative change of the objective ends the run only in a cycle that changed the objective at all;
//! * a run without any finite value but the one at its start is no success;
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
use crate::pieces::simplex::{Coefficients, Simplex, Trial, value_within_bounds};

/// A simplex has done its work when it is this part of its first size.
const SHRINKAGE: f64 = 0.25;
/// The largest factor, up or down, by which steps change between cycles.
const LARGEST_RESCALING: f64 = 10.0;
/// The sizes of subspaces.
const SMALLEST: usize = 2;
const LARGEST: usize = 5;
/// The largest number of steps of one simplex, per variable. Noise could keep a simplex from shrinking.
const MAX_STEPS: usize = 200;
/// A bound nearer than this part of a step is no place for a vertex.
const TOO_NEAR: f64 = 0.1;

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
        let n = problem.dim();
        let (mut x, mut value) = (x0.to_vec(), problem.value(x0)?);
        let mut steps = first_steps(x0, problem.lower(), problem.upper());
        // The first step of a coordinate leads away from zero.
        steps.iter_mut().zip(x0).for_each(|(s, x)| *s = if *x < 0.0 { -*s } else { *s });
        let mut moved = vec![0.0; n];
        let mut defined = false;

        loop {
            let (x_old, value_old) = (x.clone(), value);
            let (order, sizes) = subspaces(&moved);
            let mut start = 0;
            for size in &sizes {
                let mut search = Search {
                    problem,
                    variables: &order[start..start + size],
                    x: &mut x,
                    defined: &mut defined,
                };
                value = search.run(&steps, value)?;
                start += size;
            }
            problem.iteration(&x, value)?;
            if !defined {
                let reason = "the objective is not finite at any point but the start";
                return Ok(Finish::stalled(x, value, reason));
            }

            moved.iter_mut().zip(x.iter().zip(&x_old)).for_each(|(m, (x, old))| *m = x - old);
            rescale(&mut steps, &moved, sizes.len());
            let test =
                self.size_test(&x, &moved, &steps).or_else(|| self.value_test(value_old, value));
            if let Some(test) = test {
                return Ok(Finish::converged(x, value, test));
            }
            if steps.iter().zip(&x).all(|(step, x)| x + step == *x) {
                let reason = "the steps are below the precision of the parameters";
                return Ok(Finish::stalled(x, value, reason));
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

/// The variables in the order of their movement, and the sizes of the subspaces into which this order is cut.
fn subspaces(moved: &[f64]) -> (Vec<usize>, Vec<usize>) {
    let mut order: Vec<usize> = (0..moved.len()).collect();
    order.sort_by(|&i, &j| moved[j].abs().total_cmp(&moved[i].abs()));
    let sorted: Vec<f64> = order.iter().map(|&i| moved[i].abs()).collect();
    let mut sizes = Vec::new();
    let mut rest = &sorted[..];
    while !rest.is_empty() {
        let size = first_size(rest);
        sizes.push(size);
        rest = &rest[size..];
    }
    (order, sizes)
}

/// The size for which the mean movement of the first variables exceeds that of the others most, among those that leave a number of
/// variables which can be divided, too.
fn first_size(moved: &[f64]) -> usize {
    let n = moved.len();
    let gap = |size: usize| {
        let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len().max(1) as f64;
        mean(&moved[..size]) - mean(&moved[size..])
    };
    let divisible = |rest: usize| SMALLEST * rest.div_ceil(LARGEST) <= rest;
    let mut best = None;
    for size in (SMALLEST..=LARGEST.min(n)).filter(|size| divisible(n - size)) {
        if best.is_none_or(|(_, largest)| gap(size) > largest) {
            best = Some((size, gap(size)));
        }
    }
    best.map_or(n, |(size, _)| size)
}

/// The steps of the next cycle: scaled by the progress of this one if there were several subspaces, along the last movement, and
/// turned round where there was none.
fn rescale(steps: &mut [f64], moved: &[f64], n_subspaces: usize) {
    let factor = if n_subspaces > 1 {
        let sum = |v: &[f64]| v.iter().map(|v| v.abs()).sum::<f64>();
        (sum(moved) / sum(steps)).clamp(1.0 / LARGEST_RESCALING, LARGEST_RESCALING)
    } else {
        SHRINKAGE
    };
    for (step, moved) in steps.iter_mut().zip(moved) {
        let size = factor * *step;
        *step = if *moved == 0.0 { -size } else { size.abs().copysign(*moved) };
    }
}

/// Nelder-Mead in a subspace.
struct Search<'s, 'a> {
    problem: &'s mut Problem<'a>,
    variables: &'s [usize],
    /// The best point, all variables.
    x: &'s mut Vec<f64>,
    defined: &'s mut bool,
}

impl Search<'_, '_> {
    /// Leaves the best point in `x`. Returns its value.
    fn run(&mut self, steps: &[f64], value: f64) -> Result<f64, Stop> {
        let k = self.variables.len();
        let mut simplex = self.first_simplex(steps, value)?;
        let first_size = simplex.size();
        let step = Coefficients::new(false, k);
        let mut trial = Trial::new(k);
        let mut rounds = 0;
        while simplex.size() > SHRINKAGE * first_size && rounds < MAX_STEPS * k {
            rounds += 1;
            if !simplex.step(&step, &mut trial, |x| self.value(x))? {
                let mut points = simplex.shrunk(step.shrink);
                let values: Result<Vec<f64>, Stop> =
                    points.chunks_exact_mut(k).map(|x| self.value(x)).collect();
                simplex.replace_from(1, &points, &values?);
            }
        }
        for (&i, &x) in self.variables.iter().zip(simplex.vertex(0)) {
            self.x[i] = x;
        }
        Ok(simplex.value(0))
    }

    fn first_simplex(&mut self, steps: &[f64], value: f64) -> Result<Simplex, Stop> {
        let k = self.variables.len();
        let start: Vec<f64> = self.variables.iter().map(|&i| self.x[i]).collect();
        let mut points = start.repeat(k + 1);
        let mut values = vec![value];
        for (j, &i) in self.variables.iter().enumerate() {
            let vertex = &mut points[(j + 1) * k..(j + 2) * k];
            vertex[j] =
                vertex_within(start[j], steps[i], self.problem.lower()[i], self.problem.upper()[i]);
            values.push(self.value(vertex)?);
        }
        Ok(Simplex::new(k, points, values))
    }

    /// The objective where the subspace's variables have these values, which are moved within the bounds.
    fn value(&mut self, part: &mut [f64]) -> Result<f64, Stop> {
        let mut x = self.x.clone();
        for (&i, &part) in self.variables.iter().zip(part.iter()) {
            x[i] = part;
        }
        let value = value_within_bounds(self.problem, &mut x)?;
        for (&i, part) in self.variables.iter().zip(part) {
            *part = x[i];
        }
        *self.defined |= value.is_finite() && x != *self.x;
        Ok(value)
    }
}

/// x + step if that is within the bounds, or else the bound that is in the way unless x is almost there, or else x - step.
fn vertex_within(x: f64, step: f64, low: f64, high: f64) -> f64 {
    let there = x + step;
    let bound = there.max(low).min(high);
    if bound == there || (bound - x).abs() > TOO_NEAR * step.abs() {
        return bound;
    }
    (x - step).max(low).min(high)
}

#[cfg(test)]
mod tests {
    use thalweg_core::{ProblemSpec, Verdict, testing::FunctionOracle};

    use super::*;

    #[test]
    fn subspaces_are_cut_where_the_movement_drops() {
        assert_eq!(subspaces(&[0.1, -9.0, 0.2, 8.0, 10.0]), (vec![4, 1, 3, 2, 0], vec![3, 2]));
        assert_eq!(subspaces(&[0.0; 7]), ((0..7).collect(), vec![2, 2, 3]));
        assert_eq!(subspaces(&[5.0]), (vec![0], vec![1]));
        for n in 1..40 {
            let moved: Vec<f64> = (0..n).map(|i| f64::from(i * i % 7)).collect();
            let (order, sizes) = subspaces(&moved);
            assert_eq!(sizes.iter().sum::<usize>(), order.len());
            let allowed = |size: &usize| (SMALLEST..=LARGEST).contains(size) || n == 1;
            assert!(sizes.iter().all(allowed), "{n}: {sizes:?}");
        }
    }

    #[test]
    fn steps_follow_the_progress_within_limits() {
        let mut steps = [1.0, -1.0, 2.0];
        rescale(&mut steps, &[-2.0, 0.0, 6.0], 2);
        assert_eq!(steps, [-2.0, 2.0, 4.0]);
        rescale(&mut steps, &[0.0, 0.0, 1e9], 2);
        assert_eq!(steps, [20.0, -20.0, 40.0]);
        rescale(&mut steps, &[1.0, 1.0, 1.0], 1);
        assert_eq!(steps, [5.0, 5.0, 10.0]);
    }

    #[test]
    fn a_vertex_is_within_the_bounds_and_off_the_start() {
        assert_eq!(vertex_within(1.0, 2.0, 0.0, 8.0), 3.0);
        assert_eq!(vertex_within(1.0, 2.0, 0.0, 2.0), 2.0);
        assert_eq!(vertex_within(1.0, 2.0, -4.0, 1.1), -1.0);
        assert_eq!(vertex_within(1.0, -2.0, 1.0, 9.0), 3.0);
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
