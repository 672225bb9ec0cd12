//! Nonlinear constraints around any algorithm: an augmented Lagrangian.
//!
//! **When to use.** An algorithm cannot keep nonlinear constraints `a <= c(x) <= b` itself, but is right for the objective: it has
//! no derivatives, it is a sum of squares, it has many minima. Bounds stay with the algorithm.
//!
//! **How it works.** In every outer iteration the algorithm minimizes, within the bounds, the Powell-Hestenes-Rockafellar function
//!
//! ```text
//! L(x) = f(x) + rho/2 sum_i r_i(x)^2,    r_i(x) = z_i - clamp(z_i, a_i, b_i),    z_i = c_i(x) + y_i / rho
//! ```
//!
//! from where it ended before. Then each multiplier y_i becomes `rho r_i`, which makes the gradient of the Lagrangian f + y'c at
//! the new multipliers that of L; and the penalty rho grows, unless infeasibility and complementarity,
//! `V_i = c_i - clamp(z_i, a_i, b_i)`, fell enough. The run has converged when every |V_i| is within the tolerance of its
//! constraint and the algorithm itself says that it has converged. The constraints of a least-squares algorithm are further
//! residuals `sqrt(rho/2) r_i`; those of a likelihood algorithm further contributions. Second derivatives are differences of
//! gradients of L, whatever the user gives for the objective: nobody knows those of the constraints.
//!
//! **What a subproblem begins with.** The gradient of L is made of those of f and c, so the changes of the gradient of the *next* L on the
//! last ten steps are known whatever its multipliers and its penalty are: a quasi-Newton method begins with them in its memory, and before
//! them with the curvature `rho J'J` of the terms of the penalty across the constraints that hold or are violated. The simplex
//! of Nelder and Mead begins as large as the way between the last two ends. A subproblem that ends by a test on changes where it is still
//! a tenth as steep as at its start is begun again, with tighter tolerances: the multipliers from there would be wrong.
//!
//! **From a feasible start** with derivatives the first penalty is 3 instead of 10: the subproblem is easier. Where L falls and bends down on
//! a step to a point outside the constraints, that is too small, and the run begins again with 10. A subproblem with too small a penalty may
//! also lead to where nothing leads back, a stationary point of the violation. The run then goes back to the start, twice at most, with a
//! first penalty that is a hundred times as large.
//!
//! **Differences from the reference.** One signed multiplier for each value instead of one for each limit, which is the same as
//! long as a < b. The penalty grows unless infeasibility and complementarity fall to a tenth (there: a half). The tolerances of the
//! subproblems are powers of the algorithm's own, 0.6 for the first one, and then nearer to 1 as the constraints come nearer to theirs. A
//! subproblem whose value falls without end outside the constraints is given up and begun again with a larger penalty. Subproblems do
//! not begin from scratch (above).
//!
//! **Cost.** Some runs of the algorithm, most of them short ones.
//!
//! **References.** E. G. Birgin, J. M. Martínez, Practical Augmented Lagrangian Methods for Constrained Optimization, SIAM 2014,
//! algorithm 4.1 (doi:10.1137/1.9781611973365); the same, Improving ultimate convergence of an augmented Lagrangian method,
//! Optimization Methods and Software 23, 2008 (doi:10.1080/10556780701577730), for the first penalty. D. P. Bertsekas, Constrained
//! Optimization and Lagrange Multiplier Methods, Academic Press 1982, for the rate of convergence.

mod around;
mod caution;
mod fall;
mod options;
mod penalty;
mod progress;
mod repeats;
mod ridge;
mod second;
mod subproblem;
mod trail;

use thalweg_core::{
    Algorithm, Experience, Extra, Features, Finish, Problem, ProblemSpec, Stop, Verdict,
};

use self::fall::Fall;
pub use self::options::AugmentedLagrangianOptions;
use self::penalty::Penalty;
use self::progress::{Progress, Step};
use self::repeats::Repeats;
use self::subproblem::{Point, Subproblem, evaluation_of};
use self::trail::Trail;

/// So often a run that has lost its way outside the constraints goes back to a start that satisfied them.
const WAYS_BACK: i32 = 2;
/// By this factor the first penalty is larger each time.
const FENCE: f64 = 100.0;

/// An algorithm that keeps nonlinear constraints with the help of another.
#[derive(Debug)]
pub struct AugmentedLagrangian {
    inner: Box<dyn Algorithm>,
    /// How it goes on from one subproblem to the next.
    pub options: AugmentedLagrangianOptions,
}

impl AugmentedLagrangian {
    /// Keep nonlinear constraints around `inner`, whose name, options and needs stay what they are.
    ///
    /// ```
    /// use thalweg_algorithms::AugmentedLagrangian;
    /// use thalweg_algorithms::algorithms::lbfgsb::Lbfgsb;
    /// use thalweg_core::Configure;
    /// let both = AugmentedLagrangian::around(Box::new(Lbfgsb::default()));
    /// assert!(both.spec().features.nonlinear_constraints && both.spec().name == "lbfgsb");
    /// ```
    pub fn around(inner: Box<dyn Algorithm>) -> Self {
        AugmentedLagrangian { inner, options: AugmentedLagrangianOptions::default() }
    }
}

impl Algorithm for AugmentedLagrangian {
    fn solve(&self, problem: &mut Problem<'_>, x0: &[f64]) -> Result<Finish, Stop> {
        if problem.constraint_limits().is_empty() {
            return self.inner.solve(problem, x0);
        }
        let features = self.inner.spec().features;
        let mut point = first_point(problem, x0, features)?;
        let options = self.options;
        let rho = options.initial_penalty.unwrap_or_else(|| Penalty::first_rho(problem, &point));
        let mut penalty = Penalty::new(problem.constraint_limits(), rho);
        let mut progress = Progress::new(problem.constraint_tolerances());
        let mut trail = Trail::default();
        let mut repeats = Repeats::new();
        let feasible_start = progress.is_feasible(&point, &penalty).then(|| point.clone());
        let mut ways_back = 0;
        let mut fall = Fall::from(&point, point.slope(&penalty, problem));

        for number in 1..=options.max_subproblems {
            let inner = self.with_tolerances(repeats.exponent(progress.exponent()));
            let seed = (problem.rng().uniform() * 2_f64.powi(53)) as u64;
            let experience = trail.experience(problem, &penalty, &point);
            let spec = subproblem_spec(problem, features, (seed, experience));
            let is_cautious = options.initial_penalty.is_none()
                && feasible_start.is_some()
                && penalty.is_cautious();
            let mut subproblem =
                Subproblem::new(problem, &penalty, &point, &mut trail).with_caution(is_cautious);
            let solved = inner.solve(&mut Problem::new(&mut subproblem, &spec), &point.x);
            fall.note(subproblem.lowest());
            if let (true, Some(start)) = (subproblem.is_alarmed(), &feasible_start) {
                point.clone_from(start);
                penalty = penalty.usual();
                progress = Progress::new(problem.constraint_tolerances());
                (trail, repeats) = (Trail::default(), Repeats::new());
                continue;
            }
            if subproblem.has_run_away() {
                penalty.grow(options.penalty_growth);
                continue;
            }
            let finish = solved?;
            let end = subproblem.point_at(&finish.x, evaluation_of(features.kind))?;
            let start = std::mem::replace(&mut point, end);
            trail.add_end(&point.x);
            let slopes = [&start, &point].map(|point| point.slope(&penalty, problem));
            if repeats.asks_for_another(slopes, &finish.verdict) {
                continue;
            }

            let step = progress.judge(&point, &penalty, &finish.verdict, options.sufficient_fall);
            penalty.update_multipliers(&point.constraints);
            let verdict = match step {
                Step::Converged(test) => match fall.complaint(point.value, slopes[1]) {
                    Some(reason) => Verdict::Stalled(reason),
                    None => Verdict::Converged(test),
                },
                Step::Stalled(reason) => Verdict::Stalled(reason),
                Step::Infeasible(reason) => match &feasible_start {
                    Some(start) if ways_back < WAYS_BACK => {
                        ways_back += 1;
                        point.clone_from(start);
                        let fence = rho * FENCE.powi(ways_back);
                        penalty = Penalty::new(problem.constraint_limits(), fence);
                        progress = Progress::new(problem.constraint_tolerances());
                        (trail, repeats) = (Trail::default(), Repeats::new());
                        continue;
                    }
                    _ => Verdict::Infeasible(reason),
                },
                Step::MorePenalty => {
                    penalty.grow(options.penalty_growth);
                    continue;
                }
                Step::Again => continue,
            };
            return Ok(report(verdict, point, finish, &penalty, number));
        }
        let reason = format!("{} subproblems of the augmented Lagrangian", options.max_subproblems);
        let finish = Finish::exhausted(Vec::new(), 0.0, "");
        let verdict = Verdict::Exhausted(reason);
        Ok(report(verdict, point, finish, &penalty, options.max_subproblems))
    }
}

/// The start, with everything that the first subproblem will ask for there.
fn first_point(problem: &mut Problem<'_>, x0: &[f64], features: Features) -> Result<Point, Stop> {
    let want = subproblem::at_first_point(features);
    let values = problem.batch(want, x0)?;
    Ok(Point::new(x0, want, values))
}

fn subproblem_spec(
    problem: &Problem<'_>,
    features: Features,
    (seed, experience): (u64, Experience),
) -> ProblemSpec {
    let c = problem.constraint_limits().len();
    let is_scalar = features.kind == thalweg_core::SolverKind::Scalar;
    ProblemSpec {
        lower: problem.lower().to_vec(),
        upper: problem.upper().to_vec(),
        n_outputs: if is_scalar { 1 } else { problem.n_outputs() + c },
        has_rough_gradient: problem.has_rough_gradient(),
        seed,
        experience,
        ..ProblemSpec::default()
    }
}

/// The result, with the multipliers in the sign of: gradient of f + sum y_i gradient of c_i = 0.
fn report(
    verdict: Verdict,
    point: Point,
    last: Finish,
    penalty: &Penalty,
    number: usize,
) -> Finish {
    let mut finish = Finish { x: point.x, value: point.value, verdict, extras: Vec::new() }
        .with("multipliers", penalty.multipliers().to_vec())
        .with("penalty", penalty.rho())
        .with("n_subproblems", number as u64)
        .with("subproblem", last.verdict.to_string());
    for (name, extra) in last.extras {
        match (name, extra) {
            // That of the subproblem is that of the Lagrangian.
            ("gradient", Extra::Vector(gradient)) => {
                finish = finish.with("lagrangian_gradient", gradient);
            }
            ("jacobian" | "hessian" | "hessian_inverse", _) => {}
            (name, extra) => finish.extras.push((name, extra)),
        }
    }
    finish
}
