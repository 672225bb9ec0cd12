//! Parallel Nelder-Mead (Lee and Wiswall 2007): several of the worst vertices of the simplex move at the same time.
//!
//! # When to use
//! Where Nelder-Mead is the right method, each evaluation is expensive and several can run at once. With `n_cores = 1` the
//! moves are nearly those of [`neldermead`](crate::algorithms::neldermead); what differs is the first simplex.
//!
//! # How it works
//! In each iteration the p worst vertices are reflected through the centroid of the n + 1 - p best ones, in one batch. A
//! second batch holds what the reflections call for: an expansion where the reflection beats the best vertex, a contraction
//! where it does not beat the next better vertex. An expansion is taken when it, too, beats the best vertex. Only when every one of
//! the p vertices ends in a failed contraction does the simplex shrink, to 1/n of its size (a half if not `adaptive`). p is `n_cores`,
//! but at most n - 1 and at least 1, so the path depends on this option, and on nothing else: how a batch is split among workers does
//! not matter.
//!
//! # Differences from the reference
//! The points are those of optimagic 0.5.3, for any number of vertices that move, whose shrinks are more violent than those of Gao and
//! Han (to 1 - 1/n) and take fewer evaluations on most problems. What differs:
//! * In a shrink the best vertex, which does not move, is not evaluated again.
//! * Before convergence is declared, the best vertex is compared with 2 n neighbours in one batch, and the search goes on from
//!   a better one: with several moving vertices the simplex flattens easily.
//! * Bounds are kept: the first simplex is flipped, scaled and shifted into the box coordinate by coordinate, which leaves its
//!   volume positive, and trial points move to the nearest point within the bounds.
//! * `gao_han` and `nash` size the simplex by the largest *absolute* coordinate, as in their papers; optimagic 0.5.3 takes the
//!   largest coordinate with its sign, and in `nash` another step for zeros.
//! * A first simplex from a function of the user's is changed only where it would leave the bounds, and its vertices have to be finite.
//! * `gao_han` does not contain the start. When the search ends at a worse point, it goes on from the start.
//! * With one variable, where 1 - 1/n leaves nothing to shrink to, the coefficients are those of Nelder and Mead.
//!
//! # Cost per iteration
//! Two batches of up to p evaluations (one of n after a shrink) and O(n^2) operations.
//!
//! # References
//! * Lee, Wiswall 2007: A parallel implementation of the simplex function minimization routine, Computational Economics 30,
//!   171-187, <https://doi.org/10.1007/s10614-007-9094-2>
//! * Gao, Han 2012, <https://doi.org/10.1007/s10589-010-9329-3> (coefficients and first simplex)
//! * Wessing 2019: Proper initialization is crucial for the Nelder-Mead simplex search,
//!   <https://doi.org/10.1007/s11590-018-1284-4> (the four rules for the first simplex)

use thalweg_core::{Algorithm, Finish, Problem, Stop, Test};
use thalweg_macros::Options;

pub use crate::pieces::first_simplex::{FirstSimplex, InitSimplexMethod};
use crate::pieces::simplex::{Coefficients, Simplex, step_from, values_within_bounds};

/// Minimize a scalar function by a Nelder-Mead method that moves several vertices in parallel.
#[derive(Clone, Debug, Options)]
#[algorithm(name = "neldermead_parallel", kind = Scalar, supports(bounds, parallel))]
pub struct NelderMeadParallel {
    /// The objective may differ by no more than this between the best and any other vertex at convergence.
    #[option(default = 1e-8, min = 0.0, overrides = "zero would switch the test off")]
    pub convergence_ftol_abs: f64,
    /// No coordinate may differ by more than this between the best and any other vertex at convergence.
    #[option(default = 1e-8, min = 0.0, overrides = "zero would switch the test off")]
    pub convergence_xtol_abs: f64,
    /// The rule for the first simplex: "gao_han", "pfeffer", "nash" or "varadhan_borchers"; or a function of the start that gives the
    /// n + 1 vertices, as the algorithm sees both.
    #[option(default = InitSimplexMethod::GaoHan.into())]
    pub init_simplex_method: FirstSimplex,
    /// Adapt the steps to the number of variables (Gao and Han).
    #[option(default = true)]
    pub adaptive: bool,
    /// The number of vertices that move at the same time; at most n - 1 of them do.
    #[option(default = 1, min = 1)]
    pub n_cores: usize,
}

impl Algorithm for NelderMeadParallel {
    fn solve(&self, problem: &mut Problem<'_>, x0: &[f64]) -> Result<Finish, Stop> {
        let n = problem.dim();
        let p = self.n_cores.min(n.saturating_sub(1)).max(1);
        let first = n + 1 - p;
        let step = Coefficients::new(self.adaptive, n);
        // The start comes first: whoever calls knows its value, so that it costs no further evaluation.
        let mut value_at_start = problem.value(x0)?;
        let mut simplex = self.init_simplex_method.simplex(problem, "init_simplex_method", x0)?;
        let mut centroid = vec![0.0; n];

        loop {
            problem.iteration(simplex.vertex(0), simplex.value(0))?;
            if let Some(test) = self.converged(&simplex) {
                let mut better = simplex.better_neighbour(problem)?;
                if better.is_none() && value_at_start < simplex.value(0) {
                    (better, value_at_start) = (Some(x0.to_vec()), f64::INFINITY);
                }
                match better {
                    Some(x) => simplex = InitSimplexMethod::Pfeffer.simplex(problem, &x)?,
                    None => return Ok(simplex.converged(test)),
                }
            }
            simplex.centroid(first, &mut centroid);
            let (mut points, mut values) = reflect(problem, &simplex, &centroid, p, step)?;
            let moves: Vec<Move> =
                (0..p).map(|i| Move::after(&simplex, first + i, values[i])).collect();
            let failed =
                second_steps(problem, &simplex, &centroid, &moves, step, &mut points, &mut values)?;

            if failed < p {
                simplex.replace_from(first, &points, &values);
            } else {
                simplex.shrink(problem, 1.0 - step.shrink)?;
                if self.converged(&simplex).is_none()
                    && let Some(reason) = simplex.is_spent(self.convergence_xtol_abs)
                {
                    return Ok(simplex.stalled(reason));
                }
            }
        }
    }
}

impl NelderMeadParallel {
    fn converged(&self, simplex: &Simplex) -> Option<Test> {
        let (spread, size) = (simplex.value_spread(), simplex.size());
        let met = spread <= self.convergence_ftol_abs && size <= self.convergence_xtol_abs;
        met.then_some(Test {
            measure: "difference of the objective between the vertices",
            value: spread,
            tolerance: self.convergence_ftol_abs,
            option: "convergence_ftol_abs",
        })
    }
}

/// What a reflection calls for.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Move {
    Accept,
    Expand,
    ContractOutside,
    ContractInside,
}

impl Move {
    /// The cases of Lee and Wiswall for the vertex of this rank.
    fn after(simplex: &Simplex, rank: usize, reflected: f64) -> Self {
        if reflected < simplex.value(0) {
            Move::Expand
        } else if reflected < simplex.value(rank - 1) {
            Move::Accept
        } else if reflected < simplex.value(rank) {
            Move::ContractOutside
        } else {
            Move::ContractInside
        }
    }

    /// How far beyond the centroid the second step leads, if there is one.
    fn multiple(self, step: Coefficients) -> Option<f64> {
        match self {
            Move::Accept => None,
            Move::Expand => Some(step.reflection * step.expansion),
            Move::ContractOutside => Some(step.reflection * step.contraction),
            Move::ContractInside => Some(-step.contraction),
        }
    }
}

/// The reflections of the `p` worst vertices, and their values.
fn reflect(
    problem: &mut Problem<'_>,
    simplex: &Simplex,
    centroid: &[f64],
    p: usize,
    step: Coefficients,
) -> Result<(Vec<f64>, Vec<f64>), Stop> {
    let n = centroid.len();
    let mut points = vec![0.0; p * n];
    for (i, trial) in points.chunks_exact_mut(n).enumerate() {
        step_from(centroid, simplex.vertex(n + 1 - p + i), step.reflection, trial);
    }
    let values = values_within_bounds(problem, &mut points)?;
    Ok((points, values))
}

/// The second step of every worker, in one batch. Turns the reflections in `points` and `values` into the workers' results and
/// returns how many of them failed: these keep the better of the reflection and the old vertex.
fn second_steps(
    problem: &mut Problem<'_>,
    simplex: &Simplex,
    centroid: &[f64],
    moves: &[Move],
    step: Coefficients,
    points: &mut [f64],
    values: &mut [f64],
) -> Result<usize, Stop> {
    let n = centroid.len();
    let first = n + 1 - moves.len();
    let asked: Vec<(usize, f64)> = moves
        .iter()
        .enumerate()
        .filter_map(|(i, step_kind)| Some((i, step_kind.multiple(step)?)))
        .collect();
    if asked.is_empty() {
        return Ok(0);
    }
    let mut trials = vec![0.0; asked.len() * n];
    for (trial, &(i, multiple)) in trials.chunks_exact_mut(n).zip(&asked) {
        step_from(centroid, simplex.vertex(first + i), multiple, trial);
    }
    let trial_values = values_within_bounds(problem, &mut trials)?;

    let mut failed = 0;
    for ((trial, value), &(i, _)) in trials.chunks_exact(n).zip(trial_values).zip(&asked) {
        let point = &mut points[i * n..(i + 1) * n];
        let better = match moves[i] {
            Move::ContractInside => value < simplex.value(first + i),
            Move::ContractOutside => value <= values[i],
            // Nelder and Mead compare the expansion with the best vertex, most later versions with the reflection.
            Move::Expand | Move::Accept => value < simplex.value(0),
        };
        if better {
            point.copy_from_slice(trial);
            values[i] = value;
        } else if moves[i] != Move::Expand {
            failed += 1;
            if moves[i] == Move::ContractInside {
                point.copy_from_slice(simplex.vertex(first + i));
                values[i] = simplex.value(first + i);
            }
        }
    }
    Ok(failed)
}

#[cfg(test)]
mod tests {
    use thalweg_core::{ProblemSpec, Verdict, testing::FunctionOracle};

    use super::*;

    const RULES: [InitSimplexMethod; 4] = [
        InitSimplexMethod::GaoHan,
        InitSimplexMethod::Pfeffer,
        InitSimplexMethod::Nash,
        InitSimplexMethod::VaradhanBorchers,
    ];

    fn bowl(x: &[f64]) -> f64 {
        x.iter().enumerate().map(|(i, x)| (x - i as f64 - 1.0).powi(2)).sum()
    }

    #[test]
    fn every_rule_and_number_of_vertices_finds_the_minimum() {
        for init_simplex_method in RULES.map(FirstSimplex::from) {
            for (n, n_cores) in [(1, 1), (1, 4), (2, 1), (4, 1), (4, 2), (4, 9)] {
                let init_simplex_method = init_simplex_method.clone();
                let algorithm =
                    NelderMeadParallel { init_simplex_method, n_cores, ..Default::default() };
                let mut oracle = FunctionOracle::scalar(bowl).with_budget(20_000);
                let spec = ProblemSpec::unconstrained(n);
                let problem = &mut Problem::new(&mut oracle, &spec);
                let finish = algorithm.solve(problem, &vec![0.5; n]).unwrap();
                // Where all but two vertices move at a time, the simplex flattens early, in optimagic too.
                let tolerance = if n_cores > 2 { 1e-4 } else { 1e-12 };
                assert!(finish.value < tolerance, "{algorithm:?}, {n}: {finish:?}");
                assert!(finish.verdict.is_success());
            }
        }
    }

    #[test]
    fn bounds_hold_from_every_corner_and_the_minimum_at_them_is_found() {
        let (low, high) = (vec![-1.0, 0.0, f64::NEG_INFINITY], vec![0.5, 2.5, 3.5]);
        for init_simplex_method in RULES.map(FirstSimplex::from) {
            for x0 in [[-1.0, 0.0, 3.5], [0.5, 2.5, -7.0], [0.0, 2.4, 3.0], [-0.9, 0.0, 0.0]] {
                let init_simplex_method = init_simplex_method.clone();
                let algorithm =
                    NelderMeadParallel { init_simplex_method, n_cores: 2, ..Default::default() };
                let spec = ProblemSpec {
                    lower: low.clone(),
                    upper: high.clone(),
                    n_outputs: 1,
                    ..Default::default()
                };
                let mut oracle = FunctionOracle::scalar(bowl).with_budget(20_000);
                let finish = algorithm.solve(&mut Problem::new(&mut oracle, &spec), &x0).unwrap();
                assert!(
                    (finish.value - 0.25).abs() < 1e-6,
                    "{algorithm:?} from {x0:?}: {finish:?}"
                );
                for (_, x) in &oracle.trace {
                    assert!((0..3).all(|i| low[i] <= x[i] && x[i] <= high[i]), "{x:?}");
                }
            }
        }
    }

    #[test]
    fn a_function_of_the_start_gives_the_first_simplex() {
        let init_simplex_method = FirstSimplex::by(|x0| {
            let vertex = |step: [f64; 2]| [x0[0] + step[0], x0[1] + step[1]];
            [[0.0, 0.0], [0.25, 0.0], [0.0, -3.0]].map(vertex).concat()
        });
        let algorithm = NelderMeadParallel { init_simplex_method, ..Default::default() };
        let mut oracle = FunctionOracle::scalar(bowl);
        let spec = ProblemSpec::unconstrained(2);
        let finish = algorithm.solve(&mut Problem::new(&mut oracle, &spec), &[0.5, 0.1]).unwrap();
        assert!(finish.value < 1e-12 && finish.verdict.is_success());
        // The start, and then the simplex.
        let asked: Vec<&[f64]> = oracle.trace[1..4].iter().map(|(_, x)| &x[..]).collect();
        assert_eq!(asked, [[0.5, 0.1], [0.75, 0.1], [0.5, -2.9]]);
    }

    #[test]
    fn a_start_at_the_minimum_is_kept() {
        let mut oracle = FunctionOracle::scalar(bowl);
        let spec = ProblemSpec::unconstrained(3);
        let problem = &mut Problem::new(&mut oracle, &spec);
        let finish = NelderMeadParallel::default().solve(problem, &[1.0, 2.0, 3.0]).unwrap();
        assert_eq!(finish.value, 0.0);
    }

    #[test]
    fn an_undefined_objective_is_no_success() {
        let mut oracle = FunctionOracle::scalar(|_| f64::NAN).with_budget(10_000);
        let spec = ProblemSpec::unconstrained(3);
        let problem = &mut Problem::new(&mut oracle, &spec);
        let finish = NelderMeadParallel::default().solve(problem, &[1.0; 3]).unwrap();
        assert!(matches!(finish.verdict, Verdict::Stalled(_)));
    }
}
