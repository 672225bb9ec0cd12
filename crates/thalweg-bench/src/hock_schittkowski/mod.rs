//! Problems with bounds and constraints of the collection of Hock and Schittkowski (1981), with starts and solutions.
//!
//! Every formula is written once; derivatives are exact, by automatic differentiation. Constraints are in the order of the book:
//! inequalities `g(x) >= 0`, then equations `h(x) = 0`. Starts are the book's, moved into the bounds where they violate them.
//! Solutions have more digits than the book's, the last ones of which are wrong now and then.
//!
//! Left out are problems that are mostly data, or the solution of which satisfies no optimality conditions (13), and 8, whose objective
//! is constant.
//!
//! Reference: W. Hock, K. Schittkowski, Test Examples for Nonlinear Programming Codes, Lecture Notes in Economics and Mathematical
//! Systems 187, Springer (1981), <https://doi.org/10.1007/978-3-642-48320-2>

mod larger;
mod medium;
mod planar;
mod spatial;

use std::f64::consts::PI;
use std::sync::Arc;

use thalweg::Bounds;

use crate::dual::{Dual, in_each_direction, value_of};
use crate::function::Function;
use crate::problem::{BenchmarkProblem, ConstraintFunction, Solution};

const INF: f64 = f64::INFINITY;

/// The problems, in the order of their numbers.
pub fn hock_schittkowski() -> Vec<BenchmarkProblem> {
    let groups = [planar::problems(), spatial::problems(), medium::problems(), larger::problems()];
    let mut problems: Vec<Hs> = groups.into_iter().flatten().collect();
    problems.sort_by_key(|problem| problem.number);
    problems.into_iter().map(Hs::build).collect()
}

/// Values of several constraints.
type Constraints = Arc<dyn Fn(&[Dual]) -> Vec<Dual> + Send + Sync>;

/// A problem as the book states it.
struct Hs {
    number: usize,
    start: Vec<f64>,
    objective: fn(&[Dual]) -> Dual,
    lower: Vec<f64>,
    upper: Vec<f64>,
    /// Constraints with their lower and upper limits.
    constraints: Vec<(Constraints, Vec<f64>, Vec<f64>)>,
    solution: Solution,
}

/// A problem without bounds and constraints as yet.
fn hs(number: usize, start: &[f64], objective: fn(&[Dual]) -> Dual) -> Hs {
    let n = start.len();
    Hs {
        number,
        start: start.to_vec(),
        objective,
        lower: vec![-INF; n],
        upper: vec![INF; n],
        constraints: Vec::new(),
        solution: Solution::default(),
    }
}

impl Hs {
    /// Bounds of each parameter.
    fn bounds(mut self, lower: &[f64], upper: &[f64]) -> Self {
        self.lower = lower.to_vec();
        self.upper = upper.to_vec();
        self
    }

    /// The same bounds for all parameters.
    fn within(mut self, lower: f64, upper: f64) -> Self {
        self.lower.fill(lower);
        self.upper.fill(upper);
        self
    }

    /// Inequalities `g(x) >= 0`.
    fn inequalities<const M: usize>(self, g: fn(&[Dual]) -> [Dual; M]) -> Self {
        self.limited(g, [0.0; M], [INF; M])
    }

    /// Equations `h(x) = 0`.
    fn equations<const M: usize>(self, h: fn(&[Dual]) -> [Dual; M]) -> Self {
        self.limited(h, [0.0; M], [0.0; M])
    }

    /// Constraints with limits.
    fn limited<const M: usize>(
        mut self,
        c: fn(&[Dual]) -> [Dual; M],
        lower: [f64; M],
        upper: [f64; M],
    ) -> Self {
        let values: Constraints = Arc::new(move |x| c(x).to_vec());
        self.constraints.push((values, lower.to_vec(), upper.to_vec()));
        self
    }

    /// The solution and its value.
    fn solved(mut self, params: &[f64], value: f64) -> Self {
        self.solution = Solution { params: Some(params.to_vec()), value: Some(value) };
        self
    }

    fn build(self) -> BenchmarkProblem {
        let objective = self.objective;
        let function = Function::scalar(
            move |x| value_of(x, |x| objective(x).value),
            move |x, gradient| in_each_direction(x, |j, x| gradient[j] = objective(x).slope),
        );
        let bounded = self.start.iter().zip(&self.lower).zip(&self.upper);
        let start = bounded.map(|((x, lower), upper)| x.clamp(*lower, *upper)).collect();
        let name = format!("hs{}", self.number);
        let mut problem = BenchmarkProblem::new(name, function, start, self.solution);
        if self.lower.iter().chain(&self.upper).any(|bound| bound.is_finite()) {
            problem.bounds = Bounds::new(self.lower, self.upper);
        }
        problem.constraints = joined(self.constraints);
        problem
    }
}

/// All constraints as one function.
fn joined(parts: Vec<(Constraints, Vec<f64>, Vec<f64>)>) -> Option<ConstraintFunction> {
    if parts.is_empty() {
        return None;
    }
    let lower = parts.iter().flat_map(|part| part.1.clone()).collect();
    let upper = parts.iter().flat_map(|part| part.2.clone()).collect();
    let functions: Vec<Constraints> = parts.into_iter().map(|part| part.0).collect();
    let all = Arc::new(move |x: &[Dual]| -> Vec<Dual> {
        functions.iter().flat_map(|function| function(x)).collect()
    });
    let of_jacobian = all.clone();
    let values = move |x: &[f64], c: &mut [f64]| {
        let values = value_of(x, |x| all(x));
        c.iter_mut().zip(values).for_each(|(c, value)| *c = value.value);
    };
    let jacobian = move |x: &[f64], jac: &mut [f64]| {
        in_each_direction(x, |j, x| {
            for (i, c) in of_jacobian(x).into_iter().enumerate() {
                jac[i * x.len() + j] = c.slope;
            }
        });
    };
    Some(ConstraintFunction {
        lower,
        upper,
        values: Arc::new(values),
        jacobian: Arc::new(jacobian),
    })
}
