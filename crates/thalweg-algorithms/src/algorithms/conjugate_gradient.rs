//! Nonlinear conjugate gradients: steepest descent that remembers its last direction.
//!
//! *When to use*: very large smooth objectives with gradients for which even the few vectors of a limited-memory method are too
//! much. It stores four vectors. Where memory is no concern, quasi-Newton methods need fewer evaluations.
//!
//! *How it works*: each iteration searches along a direction d for a step with sufficient decrease and small slope, takes it, and
//! goes on along `-g + beta d`. With y the change of the gradient from g to g', beta is one of
//!
//! | `update` | beta |
//! |---|---|
//! | `polak_ribiere` | `max(0, g'y / g g)` |
//! | `hestenes_stiefel` | `max(0, g'y / d y)` |
//! | `fletcher_reeves` | `g'g' / g g` |
//! | `hager_zhang` | `(y - 2 d yy / dy) g' / dy`, not below `0.4 d g / d d` |
//!
//! A direction that does not lead downhill by at least a hundredth of the gradient's square is replaced by steepest descent, and
//! so is one whose search failed; only if that fails as well, there is no further progress.
//!
//! *Differences from the reference implementation* (scipy's CG):
//! * the direction is tested after the step, which is kept; the reference searches on for another step, as `search_on` does (after
//!   Gilbert and Nocedal), which is set under its name;
//! * a failed search is repeated from steepest descent, where the reference gives up;
//! * the default is the beta of Hestenes and Stiefel, which tolerates inexact searches best, with searches four times as exact:
//!   that takes half the evaluations, or less, on large objectives that are nearly quadratic. Under its own name the reference's
//!   choice is kept;
//! * the search of Hager and Zhang can be had. It goes on where differences of values are lost in rounding, down to gradients of
//!   the last digit.
//!
//! *Cost per iteration* with n variables: about 10 n operations.
//!
//! References:
//! * E. Polak, G. Ribière, Note sur la convergence de méthodes de directions conjuguées, Rev. Fr. Inform. Rech. Oper. 3 (1969),
//!   <https://doi.org/10.1051/m2an/196903R100351>
//! * J. C. Gilbert, J. Nocedal, Global convergence properties of conjugate gradient methods for optimization, SIAM J. Optim. 2
//!   (1992), <https://doi.org/10.1137/0802003>
//! * W. W. Hager, H. Zhang, A new conjugate gradient method with guaranteed descent and an efficient line search, SIAM J. Optim.
//!   16 (2005), <https://doi.org/10.1137/030601880>

use thalweg_core::{Algorithm, Finish, OptionError, Problem, Stop, Verdict};
use thalweg_linalg::{dot, nrm2};
use thalweg_macros::{Choice, Options};

use crate::pieces::descent::{Descent, LineSearch, NO_BETTER_POINT, NOT_FINITE, check_wolfe};
use crate::pieces::gradient_norm::{gradient_test, p_norm};
use crate::pieces::hager_zhang::HagerZhang;
use crate::pieces::more_thuente::{MoreThuente, Searched};
use crate::pieces::zoom_search::ZoomSearch;

/// The part of the steepest slope that a direction has to keep.
const SUFFICIENT_DESCENT: f64 = 0.01;
/// The part of the smallest useful slope below which Hager and Zhang's beta may not fall.
const LEAST_MEMORY: f64 = 0.4;
/// Iterations without a lower value or a smaller gradient after which rounding is all that moves the point.
const IDLE_ITERATIONS: usize = 20;

/// How much of the last direction is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum Update {
    /// The formula of Polak and Ribière, not below zero.
    PolakRibiere,
    /// The formula of Hestenes and Stiefel, not below zero.
    HestenesStiefel,
    /// The formula of Fletcher and Reeves.
    FletcherReeves,
    /// The formula of Hager and Zhang.
    HagerZhang,
}

/// How the step along a direction is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum Search {
    /// By strong Wolfe conditions.
    MoreThuente,
    /// By Wolfe conditions or approximate ones that rounding does not spoil.
    HagerZhang,
}

/// Nonlinear conjugate gradients.
#[derive(Clone, Debug, Options)]
#[algorithm(name = "conjugate_gradient", kind = Scalar, needs(gradient))]
pub struct ConjugateGradient {
    /// Stop when the norm of the gradient is at most this.
    #[option(shared, min = 0.0)]
    pub convergence_gtol_abs: f64,
    /// The order of the norm in which the gradient is measured; infinity stands for its largest entry.
    #[option(default = f64::INFINITY, min = 1.0)]
    pub norm: f64,
    /// How much of the last direction is kept.
    #[option(default = Update::HestenesStiefel)]
    pub update: Update,
    /// How the step along a direction is found.
    #[option(default = Search::MoreThuente)]
    pub line_search: Search,
    /// The longest first trial of a line search, as a multiple of its direction. Without this limit it is the step that would
    /// repeat the last decrease.
    #[option(default = f64::INFINITY, above = 0.0)]
    pub max_first_step: f64,
    /// The part of the decrease predicted by the slope that a step has to attain; below `curvature_condition`.
    #[option(default = 1e-4, above = 0.0, below = 0.5)]
    pub armijo_condition: f64,
    /// The part of the slope that a step may leave.
    #[option(default = 0.1, min = 0.001, below = 1.0)]
    pub curvature_condition: f64,
    /// Whether a step after which the next direction does not lead downhill enough is searched again, for a smaller slope; otherwise
    /// it is kept, and the next direction is that of steepest descent.
    #[option(default = false)]
    pub search_on: bool,
    /// The largest number of evaluations in one line search.
    #[option(shared, min = 1)]
    pub max_line_search_steps: usize,
}

impl Algorithm for ConjugateGradient {
    fn solve(&self, problem: &mut Problem<'_>, x0: &[f64]) -> Result<Finish, Stop> {
        let line_search = self.line_search();
        let mut point = Descent::start(problem, x0)?;
        if !point.is_finite() {
            return Ok(point.stalled(NOT_FINITE));
        }
        let mut progress = Progress::from(&point);
        let mut steepest = true;
        // At first, as if the last step had gained half the length of the gradient.
        let mut gain = nrm2(&point.gradient) / 2.0;
        loop {
            let test = gradient_test(&point.gradient, self.norm, self.convergence_gtol_abs);
            if let Some(test) = test {
                return Ok(point.finish(Verdict::Converged(test)));
            }
            if progress.idle > IDLE_ITERATIONS {
                let reason =
                    format!("no lower value or smaller gradient in {IDLE_ITERATIONS} iterations");
                return Ok(point.stalled(reason));
            }
            let (value, slope) = (point.value, point.slope());
            let first = point.step_to_gain(gain).min(self.max_first_step);
            let found = point.search(problem, &line_search, first)?;
            let found = self.search_on(problem, &mut point, found, (value, slope, first))?;
            let Some(search) = found else {
                if steepest {
                    return Ok(point.stalled(NO_BETTER_POINT));
                }
                point.turn_downhill();
                (steepest, gain) = (true, nrm2(&point.gradient) / 2.0);
                continue;
            };
            problem.iteration(&point.x, point.value)?;
            progress.note(&point);
            gain = value - point.value;
            if gain <= 0.0 {
                gain = nrm2(&point.gradient) / 2.0;
            }
            steepest = !self.turn(&mut point, search.slope - slope);
        }
    }

    fn check(&self) -> Result<(), OptionError> {
        check_wolfe("conjugate_gradient", self.armijo_condition, self.curvature_condition)
    }
}

impl ConjugateGradient {
    fn line_search(&self) -> LineSearch {
        let (sufficient_decrease, curvature) = (self.armijo_condition, self.curvature_condition);
        let max_evaluations = self.max_line_search_steps;
        match self.line_search {
            Search::MoreThuente => LineSearch::MoreThuente(MoreThuente {
                sufficient_decrease,
                curvature,
                width: 1e-14,
                max_evaluations,
            }),
            Search::HagerZhang => LineSearch::HagerZhang(HagerZhang {
                sufficient_decrease,
                curvature,
                slack: 1e-6,
                max_evaluations,
            }),
        }
    }

    /// The step that was `found`, if the next direction leads downhill enough from there; otherwise that of another search, which asks
    /// for this. Where there is none, what was found has to do.
    fn search_on(
        &self,
        problem: &mut Problem<'_>,
        point: &mut Descent,
        found: Option<Searched>,
        (value, slope, first): (f64, f64, f64),
    ) -> Result<Option<Searched>, Stop> {
        let is_welcome = |point: &Descent, end_slope: f64| {
            let beta = self.beta(point, end_slope - slope);
            let square = dot(&point.gradient, &point.gradient);
            leads_down(beta * end_slope - square, square)
                || gradient_test(&point.gradient, self.norm, self.convergence_gtol_abs).is_some()
        };
        if !self.search_on || found.is_some_and(|found| is_welcome(point, found.slope)) {
            return Ok(found);
        }
        let zoom = ZoomSearch {
            sufficient_decrease: self.armijo_condition,
            curvature: self.curvature_condition,
            max_evaluations: self.max_line_search_steps,
        };
        let kept = found.is_some().then(|| point.clone());
        let again =
            point.search_again(problem, (&zoom, first), (value, slope), found, is_welcome)?;
        match (again, kept) {
            (None, Some(kept)) => {
                *point = kept;
                Ok(found)
            }
            (again, _) => Ok(again),
        }
    }

    /// How much of the last direction the next one keeps. `bend` is d'y, the change of the slope along the last direction, which a
    /// line search makes positive.
    fn beta(&self, point: &Descent, bend: f64) -> f64 {
        let (g, g_old) = (&point.gradient, &point.gradient_old);
        let (square, square_old, product) = (dot(g, g), dot(g_old, g_old), dot(g, g_old));
        match self.update {
            Update::PolakRibiere => ((square - product) / square_old).max(0.0),
            Update::HestenesStiefel => ((square - product) / bend).max(0.0),
            Update::FletcherReeves => square / square_old,
            Update::HagerZhang => {
                let change = square + square_old - 2.0 * product;
                let (along, d) = (dot(g, &point.direction), &point.direction);
                let beta = (square - product - 2.0 * along * change / bend) / bend;
                beta.max(LEAST_MEMORY * dot(g_old, d) / dot(d, d))
            }
        }
    }

    /// Take the next direction; false when it is that of steepest descent. `bend` is as for [`beta`](Self::beta).
    fn turn(&self, point: &mut Descent, bend: f64) -> bool {
        let beta = self.beta(point, bend);
        for (d, g) in point.direction.iter_mut().zip(&point.gradient) {
            *d = beta * *d - g;
        }
        let square = dot(&point.gradient, &point.gradient);
        let conjugate = beta != 0.0 && leads_down(point.slope(), square);
        if !conjugate {
            point.turn_downhill();
        }
        conjugate
    }
}

/// Whether a slope is steep enough for a gradient with this square. Written so that what is not finite fails.
fn leads_down(slope: f64, square: f64) -> bool {
    slope <= -SUFFICIENT_DESCENT * square
}

/// The lowest value and the smallest gradient so far, and the iterations since there was a new one.
struct Progress {
    value: f64,
    size: f64,
    idle: usize,
}

impl Progress {
    fn from(point: &Descent) -> Self {
        Progress { value: point.value, size: p_norm(&point.gradient, 2.0), idle: 0 }
    }

    fn note(&mut self, point: &Descent) {
        let now = Progress::from(point);
        let idle = if now.value < self.value || now.size < self.size { 0 } else { self.idle + 1 };
        *self = Progress { value: self.value.min(now.value), size: self.size.min(now.size), idle };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use thalweg_core::ProblemSpec;
    use thalweg_core::testing::FunctionOracle;

    /// A chain of springs of different stiffness.
    fn chain(x: &[f64]) -> f64 {
        let ends = (x[0] - 1.0).powi(2);
        ends + x
            .windows(2)
            .enumerate()
            .map(|(i, w)| (i + 1) as f64 * (w[1] - w[0]).powi(2))
            .sum::<f64>()
    }

    fn chain_gradient(x: &[f64], g: &mut [f64]) {
        g.fill(0.0);
        g[0] = 2.0 * (x[0] - 1.0);
        for i in 0..x.len() - 1 {
            let pull = 2.0 * (i + 1) as f64 * (x[i + 1] - x[i]);
            g[i] -= pull;
            g[i + 1] += pull;
        }
    }

    fn run(algorithm: &ConjugateGradient, oracle: &mut FunctionOracle<'_>, x0: &[f64]) -> Finish {
        let spec = ProblemSpec::unconstrained(x0.len());
        algorithm.solve(&mut Problem::new(oracle, &spec), x0).unwrap()
    }

    const UPDATES: [Update; 4] =
        [Update::PolakRibiere, Update::HestenesStiefel, Update::FletcherReeves, Update::HagerZhang];

    #[test]
    fn a_quadratic_of_n_variables_takes_n_directions() {
        for update in UPDATES {
            for line_search in [Search::MoreThuente, Search::HagerZhang] {
                let mut oracle = FunctionOracle::scalar(chain).with_gradient(chain_gradient);
                let algorithm = ConjugateGradient { update, line_search, ..Default::default() };
                let finish = run(&algorithm, &mut oracle, &[0.0; 12]);
                let what = format!("{update:?} {line_search:?}: {}", oracle.n_evaluations);
                assert!(finish.verdict.is_success(), "{what} {}", finish.verdict);
                assert!(finish.x.iter().all(|x| (x - 1.0).abs() < 1e-3), "{what}");
                assert!(oracle.iterations.len() <= 14 && oracle.n_evaluations <= 30, "{what}");
            }
        }
    }

    #[test]
    fn hager_and_zhang_go_on_where_values_are_lost_in_rounding() {
        let far_up = |x: &[f64]| 1e6 + chain(x);
        let ends: Vec<bool> =
            [(Update::PolakRibiere, Search::MoreThuente), (Update::HagerZhang, Search::HagerZhang)]
                .into_iter()
                .map(|(update, line_search)| {
                    let mut oracle = FunctionOracle::scalar(far_up).with_gradient(chain_gradient);
                    let tight = ConjugateGradient {
                        convergence_gtol_abs: 1e-9,
                        update,
                        line_search,
                        ..Default::default()
                    };
                    run(&tight, &mut oracle, &[0.0; 12]).verdict.is_success()
                })
                .collect();
        assert_eq!(ends, [false, true]);
    }

    #[test]
    fn rounding_alone_is_no_progress() {
        let mut oracle = FunctionOracle::scalar(|x| 1e6 + chain(x)).with_gradient(chain_gradient);
        let never = ConjugateGradient {
            convergence_gtol_abs: 0.0,
            update: Update::HagerZhang,
            line_search: Search::HagerZhang,
            ..Default::default()
        };
        let finish = run(&never, &mut oracle, &[0.3; 7]);
        assert!(matches!(finish.verdict, Verdict::Stalled(_)), "{}", finish.verdict);
        assert!(oracle.n_evaluations < 2000, "{}", oracle.n_evaluations);
    }

    #[test]
    fn a_wrong_gradient_and_an_undefined_start_are_no_success() {
        for line_search in [Search::MoreThuente, Search::HagerZhang] {
            let algorithm = ConjugateGradient { line_search, ..Default::default() };
            let mut oracle = FunctionOracle::scalar(|x| x[0]).with_gradient(|_, g| g[0] = -1.0);
            let finish = run(&algorithm, &mut oracle, &[0.0]);
            assert_eq!(finish.verdict, Verdict::Stalled(NO_BETTER_POINT.into()));
            let mut oracle =
                FunctionOracle::scalar(|_| f64::NAN).with_gradient(|_, g| g[0] = f64::NAN);
            let finish = run(&algorithm, &mut oracle, &[0.0]);
            assert_eq!(finish.verdict, Verdict::Stalled(NOT_FINITE.into()));
        }
    }
}
