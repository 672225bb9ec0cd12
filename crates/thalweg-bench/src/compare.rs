//! thalweg's algorithms beside the reference implementations, evaluation by evaluation.
//!
//! Both sides are measured by the same rules, which stand at the head of `scripts/reference/more_wild_reference.py`: exact
//! derivatives that are not counted, tolerances so tight that runs go on to the end, the number of evaluations up to and
//! including the first one that solves the problem to a precision. The reference counts are data of this crate.

pub mod bounded;
mod differential_evolution;
pub(crate) mod reference;
pub mod report;

use thalweg::algorithms;
use thalweg::core::{SolverKind, Task};
use thalweg::{FlatResult, OptimizeError, least_squares, minimize};

pub use differential_evolution::{GlobalRow, compare_differential_evolution};

use crate::BenchmarkProblem;
use crate::more_wild::more_wild;

/// The two parts of the possible decrease that may be left for a problem to count as solved.
pub const PRECISIONS: [f64; 2] = [1e-4, 1e-7];

/// An algorithm of ours, the implementation that it has to keep up with, and the settings of both.
#[derive(Clone, Copy, Debug)]
pub struct Pairing {
    /// Our algorithm.
    pub algorithm: &'static str,
    /// The reference implementation, by its name in the data.
    pub reference: &'static str,
    /// The largest number of evaluations.
    pub max_evaluations: u64,
    /// Our options by name.
    pub options: &'static [(&'static str, f64)],
}

const SPREAD: &[(&str, f64)] = &[("convergence_ftol_abs", 1e-14), ("convergence_xtol_abs", 1e-14)];
const RELATIVE: &[(&str, f64)] =
    &[("convergence_ftol_rel", 1e-14), ("convergence_xtol_rel", 1e-14)];
const LEAST_SQUARES: &[(&str, f64)] = &[
    ("convergence_ftol_rel", 1e-14),
    ("convergence_gtol_rel", 1e-14),
    ("convergence_xtol_rel", 1e-8),
];

const SECOND_DERIVATIVES: &[(&str, f64)] = &[("convergence_gtol_abs", 1e-12)];

/// Every comparison on the problems of Moré and Wild.
pub const PAIRINGS: [Pairing; 33] = [
    Pairing {
        algorithm: "bfgs",
        reference: "scipy_bfgs",
        max_evaluations: 1000,
        options: &[("convergence_xtol_rel", 1e-14), ("convergence_gtol_abs", 1e-12)],
    },
    Pairing {
        algorithm: "bobyqa",
        reference: "nlopt_bobyqa",
        max_evaluations: 2000,
        options: RELATIVE,
    },
    Pairing {
        algorithm: "dfols",
        reference: "nag_dfols",
        max_evaluations: 2000,
        options: &[("convergence_minimal_trustregion_radius_tolerance", 1e-12)],
    },
    Pairing {
        algorithm: "dogbox",
        reference: "scipy_ls_dogbox",
        max_evaluations: 1000,
        options: LEAST_SQUARES,
    },
    Pairing {
        algorithm: "dogleg",
        reference: "scipy_dogleg",
        max_evaluations: 1000,
        options: SECOND_DERIVATIVES,
    },
    Pairing {
        algorithm: "fides",
        reference: "fides",
        max_evaluations: 1000,
        options: &[
            ("convergence_ftol_rel", 1e-14),
            ("convergence_xtol_abs", 1e-14),
            ("convergence_gtol_abs", 1e-12),
            ("convergence_gtol_rel", 1e-14),
        ],
    },
    Pairing {
        algorithm: "lbfgsb",
        reference: "scipy_lbfgsb",
        max_evaluations: 1000,
        options: &[("convergence_ftol_rel", 1e-14), ("convergence_gtol_abs", 1e-12)],
    },
    Pairing {
        algorithm: "levenberg_marquardt",
        reference: "scipy_ls_lm",
        max_evaluations: 1000,
        options: LEAST_SQUARES,
    },
    Pairing {
        algorithm: "migrad",
        reference: "iminuit_migrad",
        max_evaluations: 1000,
        options: &[],
    },
    Pairing {
        algorithm: "neldermead",
        reference: "scipy_neldermead",
        max_evaluations: 2000,
        options: SPREAD,
    },
    Pairing {
        algorithm: "neldermead_parallel",
        reference: "neldermead_parallel",
        max_evaluations: 2000,
        options: SPREAD,
    },
    Pairing {
        algorithm: "newton_cg",
        reference: "scipy_newton_cg",
        max_evaluations: 1000,
        options: &[("convergence_xtol_abs", 1e-14), ("convergence_gtol_abs", 0.0)],
    },
    Pairing {
        algorithm: "newuoa",
        reference: "nlopt_newuoa",
        max_evaluations: 2000,
        options: RELATIVE,
    },
    Pairing {
        algorithm: "nlopt_cobyla",
        reference: "nlopt_cobyla",
        max_evaluations: 2000,
        options: RELATIVE,
    },
    Pairing {
        algorithm: "nlopt_lbfgsb",
        reference: "nlopt_lbfgsb",
        max_evaluations: 1000,
        options: RELATIVE,
    },
    Pairing {
        algorithm: "nlopt_neldermead",
        reference: "nlopt_neldermead",
        max_evaluations: 2000,
        options: &[("convergence_xtol_rel", 1e-14)],
    },
    Pairing {
        algorithm: "nlopt_slsqp",
        reference: "nlopt_slsqp",
        max_evaluations: 1000,
        options: RELATIVE,
    },
    Pairing {
        algorithm: "nlopt_tnewton",
        reference: "nlopt_tnewton",
        max_evaluations: 1000,
        options: RELATIVE,
    },
    Pairing {
        algorithm: "nlopt_var",
        reference: "nlopt_var",
        max_evaluations: 1000,
        options: RELATIVE,
    },
    Pairing {
        algorithm: "pounders",
        reference: "pounders",
        max_evaluations: 2000,
        options: &[("convergence_gtol_abs", 1e-12), ("convergence_gtol_rel", 1e-14)],
    },
    Pairing {
        algorithm: "powell",
        reference: "scipy_powell",
        max_evaluations: 2000,
        options: RELATIVE,
    },
    Pairing {
        algorithm: "praxis",
        reference: "nlopt_praxis",
        max_evaluations: 2000,
        options: RELATIVE,
    },
    Pairing {
        algorithm: "pybobyqa",
        reference: "nag_pybobyqa",
        max_evaluations: 2000,
        options: &[
            ("convergence_minimal_trustregion_radius_tolerance", 1e-12),
            ("convergence_slow_progress_threshold", 0.0),
        ],
    },
    Pairing {
        algorithm: "scipy_bfgs",
        reference: "scipy_bfgs",
        max_evaluations: 1000,
        options: &[("convergence_xtol_rel", 1e-14), ("convergence_gtol_abs", 1e-12)],
    },
    Pairing {
        algorithm: "scipy_cobyla",
        reference: "scipy_cobyla",
        max_evaluations: 2000,
        options: &[("convergence_xtol_rel", 1e-14)],
    },
    Pairing {
        algorithm: "scipy_conjugate_gradient",
        reference: "scipy_conjugate_gradient",
        max_evaluations: 1000,
        options: &[("convergence_gtol_abs", 1e-12)],
    },
    Pairing {
        algorithm: "scipy_slsqp",
        reference: "scipy_slsqp",
        max_evaluations: 1000,
        options: &[("convergence_ftol_abs", 1e-14)],
    },
    Pairing {
        algorithm: "scipy_truncated_newton",
        reference: "scipy_truncated_newton",
        max_evaluations: 1000,
        options: &[
            ("convergence_ftol_abs", 1e-14),
            ("convergence_xtol_abs", 1e-14),
            ("convergence_gtol_abs", 1e-12),
        ],
    },
    Pairing {
        algorithm: "subplex",
        reference: "nlopt_sbplx",
        max_evaluations: 2000,
        options: RELATIVE,
    },
    Pairing {
        algorithm: "trf",
        reference: "scipy_ls_trf",
        max_evaluations: 1000,
        options: LEAST_SQUARES,
    },
    Pairing {
        algorithm: "trust_exact",
        reference: "scipy_trust_exact",
        max_evaluations: 1000,
        options: SECOND_DERIVATIVES,
    },
    Pairing {
        algorithm: "trust_krylov",
        reference: "scipy_trust_krylov",
        max_evaluations: 1000,
        options: SECOND_DERIVATIVES,
    },
    Pairing {
        algorithm: "trust_ncg",
        reference: "scipy_trust_ncg",
        max_evaluations: 1000,
        options: SECOND_DERIVATIVES,
    },
];

/// What one run needed.
#[derive(Clone, Debug, PartialEq)]
pub struct Counts {
    /// Evaluations up to the first one that solves the problem, for each of [`PRECISIONS`].
    pub evaluations: [Option<u64>; 2],
    /// The best value of the objective.
    pub best_value: f64,
    /// All evaluations.
    pub total: u64,
}

impl Counts {
    /// The counts of a run, from the gap of every evaluation in turn and the best value.
    pub(crate) fn of(gaps: impl Iterator<Item = f64>, best_value: f64) -> Self {
        let mut counts = Counts { evaluations: [None; 2], best_value, total: 0 };
        for gap in gaps {
            counts.total += 1;
            for (evaluations, precision) in counts.evaluations.iter_mut().zip(PRECISIONS) {
                if evaluations.is_none() && gap <= precision {
                    *evaluations = Some(counts.total);
                }
            }
        }
        counts
    }
}

/// One problem on both sides.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The problem.
    pub problem: String,
    /// thalweg's counts.
    pub ours: Counts,
    /// The reference implementation's counts.
    pub reference: Counts,
}

/// An algorithm and its reference on the whole set.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// Who is compared.
    pub pairing: Pairing,
    /// One row per problem, in the order of the set.
    pub rows: Vec<Row>,
}

/// What a comparison comes to at one precision.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Score {
    /// The number of problems that we solve.
    pub solved: usize,
    /// The number of problems that the reference solves.
    pub solved_by_reference: usize,
    /// Our median number of evaluations over the problems that both solve.
    pub median: f64,
    /// The reference's median over the same problems.
    pub median_of_reference: f64,
    /// The number of problems that both solve and we with fewer evaluations.
    pub fewer: usize,
    /// With as many evaluations.
    pub same: usize,
    /// With more evaluations.
    pub more: usize,
    /// The share of the problems that both solve in which both need the same number of evaluations.
    pub identical: f64,
    /// The share of the problems that both solve in which we need more than a tenth more evaluations.
    pub worse: f64,
    /// The problems that only the reference solves.
    pub lost: Vec<String>,
    /// The problems that only we solve.
    pub won: Vec<String>,
}

impl Score {
    /// Our median over the reference's.
    pub fn ratio(&self) -> f64 {
        self.median / self.median_of_reference
    }
}

impl Comparison {
    /// The scores at each of [`PRECISIONS`].
    pub fn scores(&self) -> [Score; 2] {
        [0, 1].map(|precision| self.score(precision))
    }

    fn score(&self, precision: usize) -> Score {
        let mut score = Score::default();
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for row in &self.rows {
            match (row.ours.evaluations[precision], row.reference.evaluations[precision]) {
                (Some(a), Some(b)) => {
                    ours.push(a as f64);
                    theirs.push(b as f64);
                }
                (Some(_), None) => score.won.push(row.problem.clone()),
                (None, Some(_)) => score.lost.push(row.problem.clone()),
                (None, None) => {}
            }
        }
        let pairs = || ours.iter().zip(&theirs);
        score.same = pairs().filter(|(a, b)| a == b).count();
        score.fewer = pairs().filter(|(a, b)| a < b).count();
        score.more = ours.len() - score.same - score.fewer;
        score.solved = ours.len() + score.won.len();
        score.solved_by_reference = ours.len() + score.lost.len();
        let worse = pairs().filter(|(a, b)| **a > 1.1 * **b).count();
        score.identical = score.same as f64 / ours.len() as f64;
        score.worse = worse as f64 / ours.len() as f64;
        score.median = median(ours);
        score.median_of_reference = median(theirs);
        score
    }
}

/// The median; NaN of nothing.
pub(crate) fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let middle = numbers.len() / 2;
    match numbers.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => numbers[middle],
        _ => (numbers[middle - 1] + numbers[middle]) / 2.0,
    }
}

/// Run our algorithm on the 54 problems of Moré and Wild, beside the reference counts.
///
/// # Errors
/// The algorithm or one of its options does not exist, or the reference counts do not cover the set.
pub fn compare(pairing: Pairing) -> Result<Comparison, CompareError> {
    let reference = reference::of_set("more_wild", pairing.reference)?;
    let mut rows = Vec::new();
    for problem in more_wild() {
        let theirs = reference
            .get(problem.name.as_str())
            .ok_or_else(|| CompareError::NoReference(format!("{pairing:?} on {}", problem.name)))?;
        let ours = measure(&pairing, &problem)?;
        rows.push(Row { problem: problem.name, ours, reference: theirs.clone() });
    }
    Ok(Comparison { pairing, rows })
}

/// Why a comparison cannot be made.
#[derive(Debug)]
pub enum CompareError {
    /// The run could not begin.
    Run(OptimizeError),
    /// There are no reference counts for this.
    NoReference(String),
}

impl std::fmt::Display for CompareError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            CompareError::Run(error) => write!(f, "{error}"),
            CompareError::NoReference(what) => write!(f, "there are no reference counts: {what}"),
        }
    }
}

impl std::error::Error for CompareError {}

/// Run our algorithm on one problem: on the residuals if it is made for them, or else on the sum of their squares.
fn measure(pairing: &Pairing, problem: &BenchmarkProblem) -> Result<Counts, CompareError> {
    let features = algorithms::find(pairing.algorithm).map(|entry| entry.spec.features);
    let kind = features.map(|features| features.kind);
    let start = problem.start.clone();
    let end = if kind == Some(SolverKind::LeastSquares) {
        let residuals = |x: &Vec<f64>| {
            let mut r = vec![0.0; problem.n_residuals().unwrap_or_default()];
            problem.residuals(x, &mut r);
            r
        };
        let mut run = least_squares(residuals, start)
            .derivative(|x, jacobian| problem.jacobian(x, jacobian))
            .algorithm(pairing.algorithm)
            .option("stopping_maxfun", pairing.max_evaluations);
        for (name, value) in pairing.options {
            run = run.option(name, *value);
        }
        run.run()
    } else {
        let mut run = minimize(|x: &Vec<f64>| problem.value(x), start)
            .derivative(|x, gradient| problem.gradient(x, gradient))
            .algorithm(pairing.algorithm)
            .option("stopping_maxfun", pairing.max_evaluations);
        if features.is_some_and(|features| features.needs_hessian) {
            run = run.hessian(|x, hessian| problem.hessian(x, hessian));
        }
        for (name, value) in pairing.options {
            run = run.option(name, *value);
        }
        run.run()
    };
    let mut values = values_of(end, kind != Some(SolverKind::LeastSquares))?;
    values.truncate(pairing.max_evaluations as usize);
    let best = values.iter().copied().fold(f64::INFINITY, f64::min);
    Ok(Counts::of(values.iter().map(|&value| problem.normalized_gap(value)), best))
}

/// The objective at every evaluation of a run. A run that failed on its way (at a derivative that is not finite, say) counts up to
/// there.
///
/// With `gradients_count`, a derivative that was asked for alone counts as an evaluation (of infinity), if it is at a point of its
/// own, where the references evaluate the objective as well. One at the point of the evaluation before has counted there; that of
/// residuals always has.
fn values_of(
    end: Result<FlatResult, OptimizeError>,
    gradients_count: bool,
) -> Result<Vec<f64>, CompareError> {
    let result = match end {
        Ok(result) => result,
        Err(OptimizeError::User { partial, .. }) => *partial,
        Err(error) => return Err(CompareError::Run(error)),
    };
    let history = result.history.unwrap_or_default();
    let mut last: &[f64] = &[];
    let rows = history.values().iter().zip(history.tasks()).zip(history.params());
    let values = rows.filter_map(|((value, task), x)| {
        let has_counted = std::mem::replace(&mut last, x) == x;
        match task {
            Task::Hess => None,
            Task::Jac => (gradients_count && !has_counted).then_some(f64::INFINITY),
            _ => Some(*value),
        }
    });
    Ok(values.collect())
}
