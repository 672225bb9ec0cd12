//! Compass search: try a step up and down each coordinate, and take smaller steps when none helps.
//!
//! # When to use
//! A few variables between bounds and an objective that is noisy, stepped or kinked along the axes, when simplicity and a foreseeable
//! end matter more than evaluations. `neldermead` and `subplex` need far fewer, `bobyqa` fewer still where the objective is smooth.
//!
//! # How it works
//! Each round goes through the coordinates and tries one step up and one down, as long as the same part of each coordinate's range. The
//! first point that is better ends the round and becomes the new center. When none is, the steps become shorter. For continuously
//! differentiable objectives the centers approach a point where no feasible direction leads downhill. With `population_size`, the search
//! begins at the best of several random points.
//!
//! # Differences from the reference
//! From one start, the points are those of pygmo 2.20's `compass_search` in the same order, to the last bit
//! (`tests/golden_compass_search.rs`). Otherwise
//! * optimagic always begins with a population; here it is asked for by `population_size` (under the name `pygmo_compass_search` it is
//!   100 or more by default, as there), and the seed decides on it;
//! * the search goes on to steps of a millionth of the range instead of a hundredth (not under the name `pygmo_compass_search`);
//! * an objective that is finite at the start only is reported as no success;
//! * it counts as what it is, a local method (`pygmo_compass_search` is listed among the global ones, as in optimagic).
//!
//! # Cost per iteration
//! At most 2 n evaluations, one after the other, and O(n) operations for each.
//!
//! # References
//! * Kolda, Lewis, Torczon 2003: Optimization by direct search: new perspectives on some classical and modern methods,
//!   <https://doi.org/10.1137/S003614450242889>

use thalweg_core::{Algorithm, Finish, OptionError, Problem, Stop, Test};
use thalweg_macros::Options;

/// The smallest population whose size follows from the number of variables.
const LEAST_POPULATION: usize = 100;

/// Minimize a scalar function by steps along the coordinates, without derivatives.
#[derive(Clone, Debug, Options)]
#[algorithm(name = "compass_search", kind = Scalar, needs(bounds))]
pub struct CompassSearch {
    /// Stop when the steps are at most this part of the range between the bounds; below `start_range`.
    #[option(default = 1e-6, above = 0.0, max = 1.0)]
    pub stop_range: f64,
    /// The first steps, as a part of the range between the bounds.
    #[option(default = 0.1, above = 0.0, max = 1.0)]
    pub start_range: f64,
    /// The factor by which steps become shorter when none helped.
    #[option(default = 0.5, above = 0.0, below = 1.0)]
    pub reduction_coeff: f64,
    /// The number of points, the start and random ones between the bounds, of which the best is where the search begins. None: ten
    /// for each variable and ten more, at least 100.
    #[option(default = Some(1), min = 1)]
    pub population_size: Option<usize>,
    /// Whether to leave the start out of the population, which has one more random point then.
    #[option(default = false)]
    pub discard_start_params: bool,
}

impl Algorithm for CompassSearch {
    fn solve(&self, problem: &mut Problem<'_>, x0: &[f64]) -> Result<Finish, Stop> {
        let (mut x, mut value) = self.first_center(problem, x0)?;
        let mut defined = false;
        let mut range = self.start_range;
        while range > self.stop_range {
            match better_neighbour(problem, &x, value, range, &mut defined)? {
                Some(better) => (x, value) = better,
                None => range *= self.reduction_coeff,
            }
            problem.iteration(&x, value)?;
        }
        if !defined && range < self.start_range {
            let reason = "the objective is not finite at any point but the start";
            return Ok(Finish::stalled(x, value, reason));
        }
        let test = Test {
            measure: "steps, as a part of the range between the bounds,",
            value: range,
            tolerance: self.stop_range,
            option: "stop_range",
        };
        Ok(Finish::converged(x, value, test))
    }

    fn check(&self) -> Result<(), OptionError> {
        OptionError::unless_less(
            "compass_search",
            ("stop_range", self.stop_range),
            ("start_range", self.start_range),
        )
    }
}

impl CompassSearch {
    /// The best point of the population and its value.
    fn first_center(&self, problem: &mut Problem<'_>, x0: &[f64]) -> Result<(Vec<f64>, f64), Stop> {
        let n = problem.dim();
        let size = self.population_size.unwrap_or_else(|| (10 * (n + 1)).max(LEAST_POPULATION));
        if size == 1 && !self.discard_start_params {
            return Ok((x0.to_vec(), problem.value(x0)?));
        }
        let mut points = if self.discard_start_params { Vec::new() } else { x0.to_vec() };
        while points.len() < size * n {
            let i = points.len() % n;
            let (low, high) = (problem.lower()[i], problem.upper()[i]);
            let u = problem.rng().uniform();
            // Not low + (high - low) u, which could leave the bounds by rounding and overflow.
            points.push((low * (1.0 - u) + high * u).max(low).min(high));
        }
        let values = problem.values(&points)?;
        let best = (0..size).fold(0, |best, k| if values[k] < values[best] { k } else { best });
        Ok((points[best * n..(best + 1) * n].to_vec(), values[best]))
    }
}

/// The first point that is better among those one step up and down each coordinate in turn.
fn better_neighbour(
    problem: &mut Problem<'_>,
    x: &[f64],
    value: f64,
    range: f64,
    defined: &mut bool,
) -> Result<Option<(Vec<f64>, f64)>, Stop> {
    for i in 0..x.len() {
        let (low, high) = (problem.lower()[i], problem.upper()[i]);
        let step = range * (high - low);
        for there in [(x[i] + step).min(high), (x[i] - step).max(low)] {
            let mut trial = x.to_vec();
            trial[i] = there;
            let at_trial = problem.value(&trial)?;
            *defined |= at_trial.is_finite() && there != x[i];
            if at_trial < value {
                return Ok(Some((trial, at_trial)));
            }
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use thalweg_core::{ProblemSpec, Verdict, testing::FunctionOracle};

    use super::*;

    fn run(algorithm: &CompassSearch, oracle: &mut FunctionOracle<'_>, seed: u64) -> Finish {
        let (lower, upper) = (vec![-1.0, 2.0], vec![3.0, 10.0]);
        let spec = ProblemSpec { lower, upper, n_outputs: 1, seed, ..Default::default() };
        let finish = algorithm.solve(&mut Problem::new(oracle, &spec), &[0.0, 9.0]).unwrap();
        for (_, x) in &oracle.trace {
            assert!((-1.0..=3.0).contains(&x[0]) && (2.0..=10.0).contains(&x[1]), "{x:?}");
        }
        finish
    }

    fn kinked(x: &[f64]) -> f64 {
        (x[0] - 1.5).abs() + 0.1 * x[1]
    }

    #[test]
    fn kinks_and_bounds_are_met() {
        let finish = run(&CompassSearch::default(), &mut FunctionOracle::scalar(kinked), 0);
        assert!(finish.verdict.is_success(), "{finish:?}");
        assert!((finish.x[0] - 1.5).abs() < 1e-5, "{finish:?}");
        assert_eq!(finish.x[1], 2.0);
    }

    #[test]
    fn a_population_is_one_batch_of_the_seed_with_or_without_the_start() {
        let mut first_points = Vec::new();
        for (seed, discard_start_params) in [(1, false), (1, true), (2, true)] {
            let algorithm = CompassSearch {
                population_size: Some(20),
                discard_start_params,
                ..Default::default()
            };
            let mut oracle = FunctionOracle::scalar(kinked);
            let finish = run(&algorithm, &mut oracle, seed);
            assert!((finish.value - 0.2).abs() < 1e-4, "{finish:?}");
            let best = oracle.trace[..20].iter().map(|(_, x)| kinked(x)).fold(9.0, f64::min);
            assert!(oracle.iterations[0].1 <= best);
            first_points.push((oracle.trace[0].1.clone(), oracle.trace[1].1.clone()));
        }
        assert_eq!(first_points[0].0, [0.0, 9.0]);
        assert_eq!(first_points[0].1, first_points[1].0);
        assert_ne!(first_points[1].0, first_points[2].0);
    }

    #[test]
    fn an_objective_that_is_finite_at_the_start_only_is_no_success() {
        let lonely = |x: &[f64]| if x == [0.0, 9.0] { 0.0 } else { f64::NAN };
        let finish = run(&CompassSearch::default(), &mut FunctionOracle::scalar(lonely), 0);
        let Verdict::Stalled(reason) = &finish.verdict else { panic!("{finish:?}") };
        assert_eq!(reason, "the objective is not finite at any point but the start");
    }
}
