//! BHHH: Newton's method for likelihoods, with the outer product of the scores for the Hessian.
//!
//! *When to use*: maximum likelihood without bounds, with one contribution per observation and their scores. Needs no second
//! derivatives, and few iterations where the model is right and the sample large; the matrix of its end estimates the precision of
//! the parameters.
//!
//! *How it works*: with f the sum of the contributions (of the negative log-likelihood), g its gradient and `s_i` the score of the
//! i-th contribution, each iteration
//! 1. solves `(sum_i s_i s_i') p = -g`; at a likelihood's maximum the matrix is, on average, the Hessian (information equality);
//! 2. tests the statistic `g'p`, half of which the model expects to gain;
//! 3. searches along p for a step with sufficient decrease and small slope;
//! 4. takes the step and the change of the gradient into a BFGS matrix, which begins as the first matrix of scores; whichever of
//!    the two matrices predicted the change of f better serves the next iteration.
//!
//! The last rule keeps steps sensible where the information equality does not hold: far from the maximum, in misspecified models, and
//! where all contributions fit perfectly, so that all scores vanish. When a search fails, the iteration is repeated with the other
//! matrix, then from steepest descent; only if that fails as well, there is no further progress.
//!
//! *Differences from the reference implementation* (optimagic's): it converges. The reference walks away from the maximum (a logit
//! model with 400 observations and its maximum at -247 ends at -307). Its misspelled option converence_gtol_abs is
//! `convergence_gtol_abs` here. The default of `stopping_maxiter` is 200, as there.
//!
//! *Cost per iteration* with m contributions and n variables: 2 m n^2 + n^3 operations.
//!
//! References:
//! * E. R. Berndt, B. H. Hall, R. E. Hall, J. A. Hausman, Estimation and inference in nonlinear structural models, Ann. Econ. Soc.
//!   Meas. 3 (1974)
//! * J. E. Dennis, D. M. Gay, R. E. Welsch, An adaptive nonlinear least-squares algorithm, ACM Trans. Math. Softw. 7 (1981), for the
//!   choice between two matrices, <https://doi.org/10.1145/355958.355965>
//! * K. E. Train, Discrete Choice Methods with Simulation (2009), chapter 8, <https://doi.org/10.1017/CBO9780511805271>

use thalweg_core::{Algorithm, Extra, Finish, Problem, Stop, Test};
use thalweg_linalg::{all_finite, axpy, dot, nrm2};
use thalweg_macros::Options;

use crate::pieces::descent::{NO_BETTER_POINT, NOT_FINITE};
use crate::pieces::more_thuente::{Ending, MoreThuente};
use crate::pieces::symmetric_model::SymmetricModel;

/// The largest step of a line search, as a multiple of its direction.
const LARGEST_STEP: f64 = 1e10;

/// Newton's method for likelihoods with the outer product of the scores (BHHH).
#[derive(Clone, Debug, Options)]
#[algorithm(name = "bhhh", kind = Likelihood, needs(gradient))]
pub struct Bhhh {
    /// Stop when the statistic g'H^-1 g of the gradient g and the matrix H that stands for the Hessian is at most this.
    #[option(
        default = 1e-8,
        min = 0.0,
        overrides = "the statistic is about the square of the distance to the maximum in standard errors"
    )]
    pub convergence_gtol_abs: f64,
    /// The largest number of evaluations in one line search.
    #[option(shared, min = 1)]
    pub max_line_search_steps: usize,
}

/// Which matrix an iteration uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Matrix {
    Scores,
    Secant,
    Identity,
}

impl Algorithm for Bhhh {
    fn solve(&self, problem: &mut Problem<'_>, x0: &[f64]) -> Result<Finish, Stop> {
        let n = x0.len();
        let mut point = Point::at(problem, x0.to_vec())?;
        if !point.value.is_finite() || !all_finite(&point.scores) {
            return Ok(Finish::stalled(point.x, point.value, NOT_FINITE));
        }
        let line_search = MoreThuente {
            sufficient_decrease: 1e-4,
            curvature: 0.9,
            width: 1e-14,
            max_evaluations: self.max_line_search_steps,
        };
        let (mut outer, mut secant) = (SymmetricModel::new(n), SymmetricModel::new(n));
        outer.sum_of_products(&point.scores);
        secant.copy_from(&outer);
        let (mut direction, mut matrix) = (vec![0.0; n], Matrix::Scores);
        loop {
            let model = match matrix {
                Matrix::Scores => outer.newton_step(&point.gradient, &mut direction),
                Matrix::Secant => secant.newton_step(&point.gradient, &mut direction),
                Matrix::Identity => None,
            };
            let slope = model.unwrap_or_else(|| {
                let scale = nrm2(&point.gradient).max(1.0);
                direction.iter_mut().zip(&point.gradient).for_each(|(d, g)| *d = -g / scale);
                dot(&direction, &point.gradient)
            });
            if let Some(test) =
                self.test(if model.is_some() { -slope } else { nrm2(&point.gradient) })
            {
                return Ok(Finish::converged(point.x, point.value, test)
                    .with("gradient", point.gradient)
                    .with("hessian", Extra::Matrix(outer.matrix().to_vec(), n)));
            }

            let Some(next) = point.search(problem, &line_search, &direction, slope)? else {
                matrix = match matrix {
                    Matrix::Scores => Matrix::Secant,
                    Matrix::Secant => Matrix::Identity,
                    Matrix::Identity => {
                        return Ok(Finish::stalled(point.x, point.value, NO_BETTER_POINT)
                            .with("gradient", point.gradient));
                    }
                };
                continue;
            };
            problem.iteration(&next.x, next.value)?;
            matrix = point.better_matrix(&next, &mut outer, &mut secant);
            secant.update(&next.minus(&point, |p| &p.x), &next.minus(&point, |p| &p.gradient));
            outer.sum_of_products(&next.scores);
            point = next;
        }
    }
}

impl Bhhh {
    fn test(&self, statistic: f64) -> Option<Test> {
        (statistic <= self.convergence_gtol_abs).then_some(Test {
            measure: "statistic g'H^-1 g",
            value: statistic,
            tolerance: self.convergence_gtol_abs,
            option: "convergence_gtol_abs",
        })
    }
}

/// A point with all that is known there.
#[derive(Clone, Debug, Default)]
struct Point {
    x: Vec<f64>,
    value: f64,
    gradient: Vec<f64>,
    contributions: Vec<f64>,
    scores: Vec<f64>,
}

impl Point {
    fn at(problem: &mut Problem<'_>, x: Vec<f64>) -> Result<Self, Stop> {
        let mut point = Point { gradient: vec![0.0; x.len()], x, ..Default::default() };
        point.evaluate(problem)?;
        Ok(point)
    }

    /// Evaluate at the point's own x.
    fn evaluate(&mut self, problem: &mut Problem<'_>) -> Result<(), Stop> {
        let (contributions, scores) = (&mut self.contributions, &mut self.scores);
        self.value = problem.contributions_and_scores(&self.x, contributions, scores)?;
        self.gradient.fill(0.0);
        for score in self.scores.chunks_exact(self.x.len()) {
            axpy(1.0, score, &mut self.gradient);
        }
        Ok(())
    }

    /// A better point along the direction, if there is one.
    fn search(
        &self,
        problem: &mut Problem<'_>,
        line_search: &MoreThuente,
        direction: &[f64],
        slope: f64,
    ) -> Result<Option<Point>, Stop> {
        if !(slope < 0.0 && slope.is_finite()) {
            return Ok(None);
        }
        let mut next = self.clone();
        let searched = line_search.search((self.value, slope), 1.0, LARGEST_STEP, |step| {
            for ((x, from), d) in next.x.iter_mut().zip(&self.x).zip(direction) {
                *x = from + step * d;
            }
            next.evaluate(problem)?;
            Ok((next.value, dot(&next.gradient, direction)))
        })?;
        let better = searched.value < self.value && all_finite(&next.scores);
        Ok((better && searched.ending != Ending::Exhausted).then_some(next))
    }

    fn minus(&self, other: &Point, part: impl Fn(&Point) -> &Vec<f64>) -> Vec<f64> {
        part(self).iter().zip(part(other)).map(|(a, b)| a - b).collect()
    }

    /// The matrix that predicted the change from here to `next` better.
    fn better_matrix(
        &self,
        next: &Point,
        outer: &mut SymmetricModel,
        secant: &mut SymmetricModel,
    ) -> Matrix {
        let (step, change) = (next.minus(self, |p| &p.x), next.value - self.value);
        let error =
            |model: &mut SymmetricModel| (model.predicted(&self.gradient, &step) - change).abs();
        if error(outer) <= error(secant) { Matrix::Scores } else { Matrix::Secant }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use thalweg_core::testing::FunctionOracle;
    use thalweg_core::{ProblemSpec, Verdict};

    /// Observations: a constant, two regressors, and an outcome that depends on them and on what looks like chance.
    fn data(m: usize) -> Vec<([f64; 3], f64)> {
        let noise = |i: usize, k: f64| ((i as f64 * k).sin() * 43758.5453).fract().abs();
        (0..m)
            .map(|i| {
                let z = [1.0, 4.0 * noise(i, 12.9898) - 2.0, 4.0 * noise(i, 78.233) - 2.0];
                (z, noise(i, 37.719))
            })
            .collect()
    }

    /// The negative log-likelihood of a logit model and its derivative with respect to the index.
    fn logit(index: f64, draw: f64, true_index: f64) -> (f64, f64) {
        let outcome = f64::from(u8::from(draw < 1.0 / (1.0 + (-true_index).exp())));
        let sign = 2.0 * outcome - 1.0;
        let probability = 1.0 / (1.0 + (sign * index).exp());
        ((-sign * index).exp().ln_1p(), -sign * probability)
    }

    /// The same of a Poisson model, whose outcome is the rounded mean plus up to one.
    fn poisson(index: f64, draw: f64, true_index: f64) -> (f64, f64) {
        let outcome = (true_index.exp() + 2.0 * draw - 1.0).round().max(0.0);
        (index.exp() - outcome * index, index.exp() - outcome)
    }

    const TRUTH: [f64; 3] = [0.5, -1.0, 0.8];

    fn run(model: fn(f64, f64, f64) -> (f64, f64), m: usize, x0: &[f64]) -> (Finish, u64, usize) {
        let rows = data(m);
        let each = |x: &[f64], out: &mut dyn FnMut(usize, (f64, f64), [f64; 3])| {
            for (i, (z, draw)) in rows.iter().enumerate() {
                out(i, model(dot(z, x), *draw, dot(z, &TRUTH)), *z);
            }
        };
        let mut oracle = FunctionOracle::likelihood(m, |x, c| each(x, &mut |i, l, _| c[i] = l.0))
            .with_scores(|x, s| {
                each(x, &mut |i, l, z| (0..3).for_each(|j| s[3 * i + j] = l.1 * z[j]));
            });
        let spec = ProblemSpec { n_outputs: m, ..ProblemSpec::unconstrained(3) };
        let finish = Bhhh::default().solve(&mut Problem::new(&mut oracle, &spec), x0).unwrap();
        let iterations = oracle.iterations.len();
        (finish, oracle.n_evaluations, iterations)
    }

    #[test]
    fn finds_the_maximum_of_likelihoods_in_a_few_iterations() {
        for (model, most) in [(logit as fn(f64, f64, f64) -> (f64, f64), 12), (poisson, 25)] {
            let (finish, evaluations, iterations) = run(model, 400, &[0.0; 3]);
            assert!(finish.verdict.is_success(), "{}", finish.verdict);
            let Some((_, Extra::Vector(gradient))) = finish.extras.first() else { panic!() };
            assert!(nrm2(gradient) < 1e-2, "{gradient:?}");
            assert!(finish.x.iter().zip(TRUTH).all(|(x, t)| (x - t).abs() < 0.4), "{:?}", finish.x);
            assert!(iterations <= most, "{iterations} iterations");
            assert!(evaluations <= 2 * most as u64, "{evaluations} evaluations");
        }
    }

    #[test]
    fn the_matrix_of_the_end_is_near_the_information() {
        let (finish, ..) = run(logit, 2000, &[0.0; 3]);
        let Some(("hessian", Extra::Matrix(outer, 3))) = finish.extras.last() else { panic!() };
        // The expected Hessian: sum of p (1 - p) z z'.
        let mut information = [0.0; 9];
        for (z, _) in data(2000) {
            let p = 1.0 / (1.0 + (-dot(&z, &finish.x)).exp());
            (0..9).for_each(|k| information[k] += p * (1.0 - p) * z[k / 3] * z[k % 3]);
        }
        for k in [0, 4, 8] {
            assert!((outer[k] / information[k] - 1.0).abs() < 0.15, "{outer:?} {information:?}");
        }
    }

    #[test]
    fn fewer_observations_than_parameters_are_no_obstacle() {
        // Two squares in three variables.
        let mut oracle = FunctionOracle::likelihood(2, |x, c| {
            c.copy_from_slice(&[(x[0] + x[1] - 1.0).powi(2), (x[2] - 2.0).powi(2)]);
        })
        .with_scores(|x, s| {
            let (a, b) = (2.0 * (x[0] + x[1] - 1.0), 2.0 * (x[2] - 2.0));
            s.copy_from_slice(&[a, a, 0.0, 0.0, 0.0, b]);
        });
        let spec = ProblemSpec { n_outputs: 2, ..ProblemSpec::unconstrained(3) };
        let finish = Bhhh::default().solve(&mut Problem::new(&mut oracle, &spec), &[5.0, 5.0, 5.0]);
        let finish = finish.unwrap();
        assert!(finish.value < 1e-6, "{} {}", finish.value, finish.verdict);
    }

    #[test]
    fn wrong_scores_and_an_undefined_start_are_no_success() {
        let spec = ProblemSpec::unconstrained(1);
        let mut oracle =
            FunctionOracle::likelihood(1, |x, c| c[0] = x[0]).with_scores(|_, s| s[0] = -1.0);
        let finish = Bhhh::default().solve(&mut Problem::new(&mut oracle, &spec), &[0.0]).unwrap();
        assert_eq!(finish.verdict, Verdict::Stalled(NO_BETTER_POINT.into()));
        let mut oracle = FunctionOracle::likelihood(1, |_, c| c[0] = f64::NAN)
            .with_scores(|_, s| s[0] = f64::NAN);
        let finish = Bhhh::default().solve(&mut Problem::new(&mut oracle, &spec), &[0.0]).unwrap();
        assert_eq!(finish.verdict, Verdict::Stalled(NOT_FINITE.into()));
    }
}
