//! Classic functions with many minima, or one that is hard to find, on boxes: those that exist in any number of dimensions, in 2, 5
//! and 10 (or the next number that is allowed), and those of fixed size.
//!
//! Every formula is written once; derivatives are exact, by automatic differentiation. Starts are fixed points of the boxes, neither
//! in their middle nor near a minimizer.
//!
//! References:
//! * M. Jamil, X.-S. Yang, A literature survey of benchmark functions for global optimization problems, Int. J. Math. Model. Numer.
//!   Optim. 4 (2013), <https://doi.org/10.1504/IJMMNO.2013.055204>
//! * M. Molga, C. Smutnicki, Test functions for optimization needs (2005)
//! * S. Surjanovic, D. Bingham, Virtual library of simulation experiments, <https://www.sfu.ca/~ssurjano>

mod any_size;
mod fixed_size;

use thalweg::Bounds;

use crate::dual::{Dual, in_each_direction, value_of};
use crate::function::Function;
use crate::problem::{BenchmarkProblem, Solution};

pub(crate) use any_size::FAMILIES;

/// The sizes of the set.
const SIZES: [usize; 3] = [2, 5, 10];

/// The problems of the set.
pub fn global() -> Vec<BenchmarkProblem> {
    let of_family = |family: &'static GlobalFamily| {
        SIZES.map(|n| family.problem(n.next_multiple_of(family.multiple_of)))
    };
    let mut problems: Vec<BenchmarkProblem> = FAMILIES.iter().flat_map(of_family).collect();
    problems.dedup_by(|a, b| a.name == b.name);
    problems.extend(fixed_size::problems());
    problems
}

/// A function of any number of parameters.
pub(crate) struct GlobalFamily {
    pub name: &'static str,
    /// What the number of parameters has to be a multiple of.
    pub multiple_of: usize,
    formula: fn(&[Dual]) -> Dual,
    /// The interval of every parameter.
    interval: fn(usize) -> (f64, f64),
    /// The global minimizer and its value.
    minimum: fn(usize) -> (Vec<f64>, f64),
}

impl GlobalFamily {
    /// The problem in `n` parameters.
    pub fn problem(&self, n: usize) -> BenchmarkProblem {
        let (lower, upper) = (self.interval)(n);
        let (params, value) = (self.minimum)(n);
        let name = format!("{}_{n}", self.name);
        problem(&name, self.formula, &vec![(lower, upper); n], params, value)
    }
}

/// A problem on a box.
fn problem(
    name: &str,
    formula: fn(&[Dual]) -> Dual,
    intervals: &[(f64, f64)],
    minimizer: Vec<f64>,
    value: f64,
) -> BenchmarkProblem {
    let function = Function::scalar(
        move |x| value_of(x, |x| formula(x).value),
        move |x, gradient| in_each_direction(x, |j, x| gradient[j] = formula(x).slope),
    );
    let solution = Solution { params: Some(minimizer), value: Some(value) };
    let start = intervals
        .iter()
        .enumerate()
        .map(|(j, (lower, upper))| lower + (upper - lower) * golden_multiple(j));
    let mut problem = BenchmarkProblem::new(name, function, start.collect(), solution);
    problem.bounds = Bounds::from_pairs(intervals.iter().copied());
    problem
}

/// The broken parts of the multiples of the golden ratio, which spread evenly.
fn golden_multiple(j: usize) -> f64 {
    ((j + 1) as f64 * 0.618_033_988_749_894_9).fract()
}
