//! Small scalar problems on boxes for global methods: sphere, Rosenbrock, Rastrigin and Ackley in 2 and 5 dimensions.
//!
//! The boxes are the usual ones in size, but not centred at the minimizer: a method that happens to look at the centre
//! first shall not win by that. All minima have the value 0.
//!
//! References: M. Molga, C. Smutnicki, Test functions for optimization needs (2005); D. H. Ackley, A Connectionist
//! Machine for Genetic Hillclimbing, Kluwer (1987); H. Mühlenbein, M. Schomisch, J. Born, The parallel genetic
//! algorithm as function optimizer (1991), <https://doi.org/10.1016/S0167-8191(05)80052-3>.

use std::f64::consts::{E, TAU};

/// A scalar function on a box, the same interval in each coordinate. The minimum value is 0.
#[derive(Clone, Debug)]
pub struct GlobalProblem {
    /// The name, unique within the set.
    pub name: &'static str,
    /// The number of parameters.
    pub n: usize,
    /// The lower bound of every parameter.
    pub lower: f64,
    /// The upper bound of every parameter.
    pub upper: f64,
    /// Every coordinate of the minimizer.
    pub solution: f64,
    /// The function of `n` parameters.
    pub value: fn(&[f64]) -> f64,
}

/// The eight problems.
pub fn bounded() -> Vec<GlobalProblem> {
    let problem = |name, n, value, lower, upper, solution| GlobalProblem {
        name,
        n,
        lower,
        upper,
        solution,
        value,
    };
    vec![
        problem("sphere_2", 2, sphere, -4.0, 6.0, 0.0),
        problem("sphere_5", 5, sphere, -4.0, 6.0, 0.0),
        problem("rosenbrock_2", 2, rosenbrock, -5.0, 10.0, 1.0),
        problem("rosenbrock_5", 5, rosenbrock, -5.0, 10.0, 1.0),
        problem("rastrigin_2", 2, rastrigin, -4.12, 6.12, 0.0),
        problem("rastrigin_5", 5, rastrigin, -4.12, 6.12, 0.0),
        problem("ackley_2", 2, ackley, -25.0, 40.0, 0.0),
        problem("ackley_5", 5, ackley, -25.0, 40.0, 0.0),
    ]
}

fn sphere(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum()
}

fn rosenbrock(x: &[f64]) -> f64 {
    x.windows(2).map(|w| 100.0 * (w[1] - w[0] * w[0]).powi(2) + (1.0 - w[0]).powi(2)).sum()
}

fn rastrigin(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x + 10.0 * (1.0 - (TAU * x).cos())).sum()
}

fn ackley(x: &[f64]) -> f64 {
    let n = x.len() as f64;
    let radius = (x.iter().map(|x| x * x).sum::<f64>() / n).sqrt();
    let waves = x.iter().map(|x| (TAU * x).cos()).sum::<f64>() / n;
    20.0 - 20.0 * (-0.2 * radius).exp() + E - waves.exp()
}
