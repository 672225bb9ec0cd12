//! Differential evolution: a population that moves by scaled differences of its own members. Global.
//!
//! # When to use
//! Many local minima, finite bounds, up to a few dozen variables, and evaluations cheap enough for thousands of them. Each
//! generation is one batch, so any number of workers can be used.
//!
//! # How it works
//! Every generation makes one trial per member: a mutant (a member plus `mutation_constant` times differences of members)
//! crossed with the member itself, each coordinate being taken from the mutant with probability `recombination_constant`.
//! A trial that is not worse replaces its member. The run has converged when the values in the population hardly differ;
//! its best member is then polished by L-BFGS-B. With nonlinear constraints a trial that keeps them, within their tolerances,
//! replaces a member that does not; of two that do not, the trial has to violate none of them more (Lampinen). There is no
//! convergence before all members keep them, and the best one is polished by SLSQP. Few members meet equations by chance, and the
//! population follows the first one that does: for these, rather `slsqp` from several starts.
//!
//! # Differences from the reference
//! The rules are those of scipy 1.17.1's `differential_evolution(updating="deferred")`: the twelve strategies, the size of the
//! population (`population_size_multiplier` times n, at least 5, rounded up to a power of two for Sobol points), mutation drawn
//! anew per generation, coordinates out of bounds redrawn uniformly, the convergence test. Different are
//! * the start, which is always a member of the first population;
//! * the random numbers: each member of each generation has a stream of its own, so that results depend on the seed alone;
//! * at least 6 members for the strategies `rand2..`, which take five others (scipy fails there);
//! * Sobol points end at 256 dimensions; beyond, the run ends at once and says so;
//! * constraints, which count as kept within their tolerances, where scipy's count as kept to the last bit; and SLSQP for them, where
//!   scipy polishes by trust-constr;
//! * a run that uses up its iterations is not polished.
//!
//! Beside scipy on sphere, Rosenbrock, Rastrigin and Ackley, n = 2 and 5, 15 seeds each, without polish
//! (`scripts/reference/compare_differential_evolution.py`; success is a gap of at most 1e-4):
//!
//! | strategy, sample | solved, thalweg : scipy (of 120) | ratio of median evaluations |
//! |---|---|---|
//! | best1bin, latinhypercube | 114 : 116 | 0.97 to 1.08 |
//! | rand1exp, latinhypercube | 120 : 120 | 0.93 to 1.03 |
//! | currenttobest1bin, sobol | 120 : 120 | 0.97 to 1.06 |
//! | randtobest1exp, halton | 120 : 120 | 0.96 to 1.05 |
//! | best2bin, random | 120 : 120 | 0.97 to 1.06 |
//! | rand2bin, latinhypercube | 120 : 120 | 0.92 to 1.02 |
//!
//! # Cost per iteration
//! One batch of as many evaluations as there are members, and O(n) operations for each of them.
//!
//! # References
//! * Storn, Price 1997: Differential evolution, Journal of Global Optimization 11, 341-359,
//!   <https://doi.org/10.1023/A:1008202821328>
//! * Price, Storn, Lampinen 2005: Differential evolution, a practical approach to global optimization,
//!   <https://doi.org/10.1007/3-540-31306-0>
//! * Lampinen 2002: A constraint handling approach for the differential evolution algorithm, Congress on Evolutionary Computation,
//!   <https://doi.org/10.1109/CEC.2002.1004459>
//!
//! | code | Storn, Price |
//! |---|---|
//! | `scale` | F |
//! | `recombination_constant` | CR |
//! | `mutant` | v (eq. 2) |

use thalweg_core::{Algorithm, Finish, Problem, Rng, Stop, Test, Want};
use thalweg_macros::{Choice, Options};

use crate::algorithms::lbfgsb::Lbfgsb;
use crate::algorithms::slsqp::Slsqp;
use crate::pieces::population::{Population, between, redraw_outside};
use crate::pieces::sampling::{SOBOL_DIMENSIONS, SamplingMethod};

/// How a trial is made: what the mutant starts from, how many differences are added, and how coordinates are crossed.
///
/// "bin" takes each coordinate from the mutant by its own draw, "exp" takes a run of neighbouring coordinates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum Strategy {
    /// best + F (a - b).
    Best1bin,
    /// best + F (a - b).
    Best1exp,
    /// a + F (b - c).
    Rand1bin,
    /// a + F (b - c).
    Rand1exp,
    /// a + F (b + c - d - e).
    Rand2bin,
    /// a + F (b + c - d - e).
    Rand2exp,
    /// a + F (best - a) + F (b - c).
    Randtobest1bin,
    /// a + F (best - a) + F (b - c).
    Randtobest1exp,
    /// member + F (best - member + a - b).
    Currenttobest1bin,
    /// member + F (best - member + a - b).
    Currenttobest1exp,
    /// best + F (a + b - c - d).
    Best2bin,
    /// best + F (a + b - c - d).
    Best2exp,
}

/// Search the box for the global minimum of a scalar function by differential evolution.
#[derive(Clone, Debug, Options)]
#[algorithm(
    name = "differential_evolution",
    kind = Scalar,
    global,
    needs(bounds),
    supports(bounds, nonlinear_constraints, parallel)
)]
pub struct DifferentialEvolution {
    /// Stop when the standard deviation of the population's values is at most `convergence_ftol_abs` plus this times the
    /// absolute value of their mean.
    #[option(default = 0.01, min = 0.0, overrides = "measures a population, not a step")]
    pub convergence_ftol_rel: f64,
    /// See `convergence_ftol_rel`.
    #[option(
        default = 1e-8,
        min = 0.0,
        overrides = "lets a population converge to the value zero"
    )]
    pub convergence_ftol_abs: f64,
    /// How trials are made.
    #[option(default = Strategy::Best1bin)]
    pub strategy: Strategy,
    /// The number of members per variable.
    #[option(default = 15, min = 1)]
    pub population_size_multiplier: usize,
    /// F: the factor of the differences; a pair is an interval from which it is drawn in each generation.
    #[option(default = (0.5, 1.0), min = 0.0, below = 2.0)]
    pub mutation_constant: (f64, f64),
    /// CR: the probability that a coordinate comes from the mutant.
    #[option(default = 0.7, min = 0.0, max = 1.0)]
    pub recombination_constant: f64,
    /// How the first population is spread over the box: "latinhypercube", "random", "sobol" or "halton".
    #[option(default = SamplingMethod::LatinHypercube)]
    pub sampling_method: SamplingMethod,
    /// Improve the best member at the end with L-BFGS-B, or SLSQP where there are constraints; asks for derivatives.
    #[option(default = true)]
    pub polish: bool,
}

impl Algorithm for DifferentialEvolution {
    fn solve(&self, problem: &mut Problem<'_>, x0: &[f64]) -> Result<Finish, Stop> {
        let rng = problem.rng().clone();
        let Some(members) = self.first_members(problem, x0, &mut rng.stream(0)) else {
            let reason =
                format!("sobol points end at {SOBOL_DIMENSIONS} dimensions (sampling_method)");
            return Ok(Finish::exhausted(x0.to_vec(), problem.value(x0)?, reason));
        };
        let (values, violations) = evaluate(problem, &members)?;
        let mut population = Population::new(x0.len(), members, values, violations);

        let mut generation = 0;
        loop {
            generation += 1;
            let rng = rng.stream(generation);
            let trials = self.trials(problem, &population, &rng);
            let (values, violations) = evaluate(problem, &trials)?;
            population.select(&trials, &values, &violations);
            problem.iteration(population.best(), population.best_value())?;
            if let Some(test) = self.converged(&population) {
                return self.finish(problem, &population, test);
            }
        }
    }
}

impl DifferentialEvolution {
    /// The first population: a sample of the box, with the start in the place of its first point.
    fn first_members(&self, problem: &Problem<'_>, x0: &[f64], rng: &mut Rng) -> Option<Vec<f64>> {
        let n = x0.len();
        let smallest = if self.strategy.n_others() == 5 { 6 } else { 5 };
        let mut size = (self.population_size_multiplier * n).max(smallest);
        if self.sampling_method == SamplingMethod::Sobol {
            size = size.next_power_of_two();
        }
        let mut points = self.sampling_method.sample(size, n, rng)?;
        for x in points.chunks_exact_mut(n) {
            for (i, x) in x.iter_mut().enumerate() {
                *x = between(problem.lower()[i], problem.upper()[i], *x);
            }
        }
        points[..n].copy_from_slice(x0);
        Some(points)
    }

    /// One trial per member, each from a stream of random numbers of its own.
    fn trials(&self, problem: &Problem<'_>, population: &Population, rng: &Rng) -> Vec<f64> {
        let scale = rng.clone().uniform_in(self.mutation_constant.0, self.mutation_constant.1);
        let mut mutant = vec![0.0; population.dim()];
        let mut trials = population.members().to_vec();
        for (i, trial) in trials.chunks_exact_mut(population.dim()).enumerate() {
            let rng = &mut rng.stream(i as u64);
            self.strategy.mutate(population, i, scale, rng, &mut mutant);
            self.cross(&mutant, trial, rng);
            redraw_outside(trial, problem, rng);
        }
        trials
    }

    /// Take over coordinates of the mutant, at least one (eq. 4 and 5).
    fn cross(&self, mutant: &[f64], trial: &mut [f64], rng: &mut Rng) {
        let n = trial.len();
        let first = rng.below(n);
        trial[first] = mutant[first];
        for k in 1..n {
            let i = (first + k) % n;
            if rng.uniform() < self.recombination_constant {
                trial[i] = mutant[i];
            } else if self.strategy.is_exponential() {
                return;
            }
        }
    }

    /// Whether the values agree: std(f) <= ftol_abs + ftol_rel |mean(f)|.
    fn converged(&self, population: &Population) -> Option<Test> {
        let (mean, value) = population.mean_and_deviation();
        let relative = self.convergence_ftol_rel * mean.abs();
        let tolerance = self.convergence_ftol_abs + relative;
        let measure = "standard deviation of the population's values";
        let is_relative = relative >= self.convergence_ftol_abs;
        let option = if is_relative { "convergence_ftol_rel" } else { "convergence_ftol_abs" };
        // Infinite values make the mean infinite and the deviation NaN.
        let is_met = population.is_feasible() && mean.is_finite() && value <= tolerance;
        is_met.then_some(Test { measure, value, tolerance, option })
    }

    /// The best member, polished if that is wanted and makes it better.
    fn finish(
        &self,
        problem: &mut Problem<'_>,
        population: &Population,
        test: Test,
    ) -> Result<Finish, Stop> {
        let finish = Finish::converged(population.best().to_vec(), population.best_value(), test);
        if !self.polish {
            return Ok(finish);
        }
        let is_constrained = !problem.constraint_limits().is_empty();
        let polished = if is_constrained {
            Slsqp::default().solve(problem, &finish.x)?
        } else {
            Lbfgsb::default().solve(problem, &finish.x)?
        };
        let is_better = polished.value < finish.value;
        if is_better && (!is_constrained || is_feasible(problem, &polished.x)?) {
            return Ok(Finish { x: polished.x, value: polished.value, ..finish });
        }
        Ok(finish)
    }
}

/// Values and, where there are constraints, violations beyond their tolerances at several points.
fn evaluate(problem: &mut Problem<'_>, points: &[f64]) -> Result<(Vec<f64>, Vec<f64>), Stop> {
    if problem.constraint_limits().is_empty() {
        return Ok((problem.values(points)?.to_vec(), Vec::new()));
    }
    let (limits, tolerances) = (problem.constraint_limits(), problem.constraint_tolerances());
    let answers = problem.batch(Want::VALUE | Want::CONSTRAINTS, points)?;
    let rows = answers.constraints.chunks_exact(limits.len());
    let violations = rows.flat_map(|row| {
        row.iter().zip(limits).zip(tolerances).map(|((c, (lower, upper)), tolerance)| {
            let violation = (lower - c).max(c - upper);
            match violation <= *tolerance {
                true => 0.0,
                // Constraints without a value are violated by more than any other.
                false if violation.is_nan() => f64::INFINITY,
                false => violation,
            }
        })
    });
    Ok((answers.values.clone(), violations.collect()))
}

fn is_feasible(problem: &mut Problem<'_>, x: &[f64]) -> Result<bool, Stop> {
    let (_, violations) = evaluate(problem, x)?;
    Ok(violations.iter().all(|v| *v == 0.0))
}

impl Strategy {
    /// The number of other members that a mutant is made of.
    fn n_others(self) -> usize {
        match self {
            Strategy::Best1bin | Strategy::Best1exp => 2,
            Strategy::Currenttobest1bin | Strategy::Currenttobest1exp => 2,
            Strategy::Rand1bin | Strategy::Rand1exp => 3,
            Strategy::Randtobest1bin | Strategy::Randtobest1exp => 3,
            Strategy::Best2bin | Strategy::Best2exp => 4,
            Strategy::Rand2bin | Strategy::Rand2exp => 5,
        }
    }

    fn is_exponential(self) -> bool {
        matches!(
            self,
            Strategy::Best1exp
                | Strategy::Rand1exp
                | Strategy::Rand2exp
                | Strategy::Randtobest1exp
                | Strategy::Currenttobest1exp
                | Strategy::Best2exp
        )
    }

    /// The mutant for member `i`, by the formula of the strategy.
    fn mutate(self, population: &Population, i: usize, scale: f64, rng: &mut Rng, v: &mut [f64]) {
        let (best, member) = (population.best(), population.member(i));
        let n = v.len();
        match self {
            Strategy::Best1bin | Strategy::Best1exp => {
                let [a, b] = population.others(i, rng);
                (0..n).for_each(|j| v[j] = best[j] + scale * (a[j] - b[j]));
            }
            Strategy::Currenttobest1bin | Strategy::Currenttobest1exp => {
                let [a, b] = population.others(i, rng);
                (0..n).for_each(|j| {
                    v[j] = member[j] + scale * (best[j] - member[j] + a[j] - b[j]);
                });
            }
            Strategy::Rand1bin | Strategy::Rand1exp => {
                let [a, b, c] = population.others(i, rng);
                (0..n).for_each(|j| v[j] = a[j] + scale * (b[j] - c[j]));
            }
            Strategy::Randtobest1bin | Strategy::Randtobest1exp => {
                let [a, b, c] = population.others(i, rng);
                (0..n).for_each(|j| v[j] = a[j] + scale * (best[j] - a[j] + b[j] - c[j]));
            }
            Strategy::Best2bin | Strategy::Best2exp => {
                let [a, b, c, d] = population.others(i, rng);
                (0..n).for_each(|j| v[j] = best[j] + scale * (a[j] + b[j] - c[j] - d[j]));
            }
            Strategy::Rand2bin | Strategy::Rand2exp => {
                let [a, b, c, d, e] = population.others(i, rng);
                (0..n).for_each(|j| v[j] = a[j] + scale * (b[j] + c[j] - d[j] - e[j]));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use thalweg_core::{Choice as _, ProblemSpec, testing::FunctionOracle};

    use super::*;

    fn boxed(n: usize, seed: u64) -> ProblemSpec {
        ProblemSpec {
            lower: vec![-4.0; n],
            upper: vec![6.0; n],
            n_outputs: 1,
            seed,
            ..Default::default()
        }
    }

    fn rastrigin(x: &[f64]) -> f64 {
        x.iter().map(|x| 10.0 + x * x - 10.0 * (std::f64::consts::TAU * x).cos()).sum()
    }

    #[test]
    fn every_strategy_and_sample_finds_the_global_minimum_within_the_box() {
        for (i, word) in Strategy::WORDS.iter().enumerate() {
            let algorithm = DifferentialEvolution {
                strategy: Strategy::from_word(word).unwrap(),
                sampling_method: SamplingMethod::from_word(SamplingMethod::WORDS[i % 4]).unwrap(),
                polish: false,
                ..Default::default()
            };
            let mut oracle = FunctionOracle::scalar(rastrigin).with_budget(100_000);
            let spec = boxed(2, 3);
            let problem = &mut Problem::new(&mut oracle, &spec);
            let finish = algorithm.solve(problem, &[5.0, 5.0]).unwrap();
            assert!(finish.verdict.is_success() && finish.value < 1e-6, "{word}: {finish:?}");
            assert_eq!(oracle.trace[0].1, [5.0, 5.0]);
            assert!(oracle.trace.iter().all(|(_, x)| x.iter().all(|x| (-4.0..=6.0).contains(x))));
        }
    }

    #[test]
    fn a_polished_result_is_exact() {
        let bowl = |x: &[f64]| x.iter().map(|x| (x - 1.0).powi(2)).sum::<f64>() + 7.0;
        let mut oracle = FunctionOracle::scalar(bowl)
            .with_gradient(|x, g| g.iter_mut().zip(x).for_each(|(g, x)| *g = 2.0 * (x - 1.0)));
        let spec = boxed(3, 0);
        let problem = &mut Problem::new(&mut oracle, &spec);
        let finish = DifferentialEvolution::default().solve(problem, &[5.0; 3]).unwrap();
        assert!(finish.value - 7.0 < 1e-12, "{finish:?}");
    }

    #[test]
    fn the_population_is_as_large_as_the_strategy_and_the_sample_need() {
        let size = |strategy, sampling_method, n: usize| {
            let algorithm = DifferentialEvolution {
                strategy,
                sampling_method,
                population_size_multiplier: 3,
                ..Default::default()
            };
            let mut oracle = FunctionOracle::scalar(rastrigin);
            let spec = boxed(n, 0);
            let problem = Problem::new(&mut oracle, &spec);
            algorithm.first_members(&problem, &vec![0.0; n], &mut Rng::new(0)).map(|m| m.len() / n)
        };
        assert_eq!(size(Strategy::Best1bin, SamplingMethod::Random, 1), Some(5));
        assert_eq!(size(Strategy::Rand2bin, SamplingMethod::Random, 1), Some(6));
        assert_eq!(size(Strategy::Best1bin, SamplingMethod::Sobol, 3), Some(16));
        assert_eq!(size(Strategy::Best1bin, SamplingMethod::Halton, 300), Some(900));
        assert_eq!(size(Strategy::Best1bin, SamplingMethod::Sobol, 300), None);
    }

    #[test]
    fn undefined_values_are_the_worst_and_no_convergence() {
        let algorithm = DifferentialEvolution { polish: false, ..Default::default() };
        let half = |x: &[f64]| if x[0] < 0.5 { f64::NAN } else { rastrigin(x) };
        let mut oracle = FunctionOracle::scalar(half).with_budget(100_000);
        let spec = boxed(2, 1);
        let finish = algorithm.solve(&mut Problem::new(&mut oracle, &spec), &[5.0; 2]).unwrap();
        assert!((finish.value - rastrigin(&[0.9949586, 0.0])).abs() < 1e-4, "{finish:?}");
        let mut oracle = FunctionOracle::scalar(|_| f64::NAN).with_budget(1_000);
        let run = algorithm.solve(&mut Problem::new(&mut oracle, &spec), &[5.0; 2]);
        assert_eq!(run.unwrap_err(), Stop::MaxEvaluations(1_000));
    }
}
