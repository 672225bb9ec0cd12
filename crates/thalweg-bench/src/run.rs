//! Runs of algorithms on benchmark problems.

mod columns;
mod entrant;
mod objective;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use thalweg::core::OptionValue;
use thalweg::{
    BuildOptions, Clock, ConstraintHandling, Direction, ErrorHandling, FlatResult, NonlinearLimits,
    NumericalDerivatives, OptimizeError, PenaltyOptions, Resolved, Specification, optimize,
};

pub use entrant::Entrant;

use crate::error::BenchmarkError;
use crate::problem::BenchmarkProblem;
use crate::results::{Evaluations, Results, Run, Target};
use objective::ProblemObjective;

/// The tolerances that are tightened so that runs go on until the budget is spent, and the value that they get.
const TIGHTENED: [&str; 3] =
    ["convergence_ftol_rel", "convergence_xtol_rel", "convergence_gtol_rel"];
const TIGHT: f64 = 1e-14;

/// How algorithms are run.
#[derive(Clone)]
pub struct RunOptions<'a> {
    /// The number of runs at the same time. Nothing but times depends on it.
    pub n_threads: usize,
    /// The largest number of evaluations of each run; `None` leaves it to the algorithms.
    pub max_evaluations: Option<u64>,
    /// The largest number of seconds of each run. With a limit, results depend on the machine.
    pub max_seconds: Option<f64>,
    /// Tighten relative tolerances to 1e-14, so that runs go on to the end of the budget.
    pub disable_convergence: bool,
    /// Whether to end everything at the first run that fails, instead of keeping its error and going on.
    pub stop_at_failure: bool,
    /// A flag that ends everything when it is set.
    pub interrupt: Option<Arc<AtomicBool>>,
    /// Told the number of runs that are done, and of all.
    pub progress: Option<&'a (dyn Fn(usize, usize) + Sync)>,
}

impl Default for RunOptions<'_> {
    fn default() -> Self {
        RunOptions {
            n_threads: 1,
            max_evaluations: Some(1000),
            max_seconds: None,
            disable_convergence: true,
            stop_at_failure: false,
            interrupt: None,
            progress: None,
        }
    }
}

/// Run every algorithm on every problem.
///
/// Algorithms get exact derivatives, unless the problem is noisy: then they are numerical, of the noisy function. Options of an
/// entrant win over those that follow from `options`.
///
/// ```
/// use thalweg_bench::{RunOptions, SetOptions, get_benchmark_problems, run_benchmark};
/// use thalweg_bench::results::Solved;
///
/// let problems = get_benchmark_problems("example", &SetOptions::default())?;
/// let options = RunOptions { n_threads: 2, ..RunOptions::default() };
/// let results = run_benchmark(&problems, ["lbfgsb", "neldermead"], &options)?;
/// println!("{}", results.convergence_report(&Solved::default())?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// There are no problems or no algorithms, a label is there twice, an algorithm or one of its options does not exist: all before
/// the first run. Or a run fails and `options.stop_at_failure` is set, or `options.interrupt`.
pub fn run_benchmark<E: Into<Entrant>>(
    problems: &[BenchmarkProblem],
    entrants: impl IntoIterator<Item = E>,
    options: &RunOptions<'_>,
) -> Result<Results, BenchmarkError> {
    let entrants: Vec<Entrant> = entrants.into_iter().map(Into::into).collect();
    entrant::check_labels(&entrants)?;
    let resolved: Vec<Resolved> =
        entrants.iter().map(|entrant| entrant.resolve(options)).collect::<Result<_, _>>()?;
    let jobs: Vec<(&BenchmarkProblem, &Entrant, &Resolved)> = problems
        .iter()
        .flat_map(|problem| entrants.iter().zip(&resolved).map(move |(e, r)| (problem, e, r)))
        .collect();
    let runs = on_threads(options, jobs.len(), |job| {
        let (problem, entrant, resolved) = jobs[job];
        let outcome = run_one(problem, resolved.clone(), options.interrupt.clone());
        let (problem, label) = (problem.name.clone(), entrant.label.clone());
        match outcome.failure {
            Some(error) if options.stop_at_failure => {
                Err(BenchmarkError::Run { problem, label, error: Box::new(error) })
            }
            failure => {
                let failure = failure.map(|error| error.to_string());
                let (evaluations, result) = (outcome.evaluations, outcome.result);
                Ok((problem, label, Run { evaluations, result, failure }))
            }
        }
    })?;
    Results::new(problems.iter().map(Target::of).collect(), runs)
}

/// What one run ended with.
pub struct Outcome {
    /// What was evaluated.
    pub evaluations: Evaluations,
    /// The result without its history, which is in `evaluations`.
    pub result: Option<FlatResult>,
    /// Why there is none.
    pub failure: Option<OptimizeError>,
}

/// Run one algorithm on one problem.
pub fn run_one(
    problem: &BenchmarkProblem,
    resolved: Resolved,
    interrupt: Option<Arc<AtomicBool>>,
) -> Outcome {
    match optimize_problem(problem, resolved, interrupt) {
        Ok(mut result) => {
            let history = result.history.take().unwrap_or_default();
            let evaluations = columns::evaluations(problem, &history);
            Outcome { evaluations, result: Some(result), failure: None }
        }
        Err(error) => {
            let evaluations = Evaluations::failed(&Target::of(problem));
            Outcome { evaluations, result: None, failure: Some(error) }
        }
    }
}

fn optimize_problem(
    problem: &BenchmarkProblem,
    resolved: Resolved,
    interrupt: Option<Arc<AtomicBool>>,
) -> Result<FlatResult, OptimizeError> {
    let nonlinear = problem.constraints.iter().map(|constraints| {
        let (lower, upper) = (constraints.lower.clone(), constraints.upper.clone());
        NonlinearLimits { has_derivative: true, ..NonlinearLimits::new(lower, upper) }
    });
    let is_able = resolved.algorithm().spec().features.nonlinear_constraints;
    let constraint_handling =
        if is_able { ConstraintHandling::Native } else { ConstraintHandling::AugmentedLagrangian };
    optimize(Specification {
        objective: &mut ProblemObjective::new(problem),
        start: &problem.start,
        names: &|position| position.to_string(),
        direction: Direction::Minimize,
        success_message: resolved.success_message(),
        limits: resolved.limits,
        n_cores: resolved.n_cores,
        seed: resolved.seed,
        algorithm_name: resolved.name,
        algorithm: resolved.algorithm,
        bounds: problem.bounds.clone(),
        constraints: Vec::new(),
        nonlinear: nonlinear.collect(),
        extra_rows: Vec::new(),
        constraint_handling,
        space: BuildOptions::default(),
        scaling: None,
        soft_bounds: thalweg::Bounds::none(),
        numerical_derivatives: NumericalDerivatives::default(),
        error_handling: ErrorHandling::Raise,
        penalty: PenaltyOptions::default(),
        collect_history: true,
        callback: None,
        on_failure: None,
        sinks: Vec::new(),
        interrupt,
        multistart: None,
        log: None,
        on_space: None,
        clock: Clock::start(),
        step: 0,
    })
}

/// The options that follow from how algorithms are run: those that an algorithm does not have are left out.
fn general_options(options: &RunOptions<'_>) -> Vec<(&'static str, OptionValue)> {
    let mut general = Vec::new();
    if let Some(count) = options.max_evaluations {
        general.push(("stopping_maxfun", count.into()));
        general.push(("stopping_maxiter", count.into()));
    }
    if let Some(seconds) = options.max_seconds {
        general.push(("stopping_maxtime", seconds.into()));
    }
    if options.disable_convergence {
        general.extend(TIGHTENED.map(|name| (name, TIGHT.into())));
    }
    general
}

/// Do jobs on threads, each of which takes the next one when it is done with one; their results in the order of the jobs.
fn on_threads<T: Send>(
    options: &RunOptions<'_>,
    n_jobs: usize,
    job: impl Fn(usize) -> Result<T, BenchmarkError> + Sync,
) -> Result<Vec<T>, BenchmarkError> {
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let results: Mutex<Vec<Option<T>>> = Mutex::new((0..n_jobs).map(|_| None).collect());
    let failed: Mutex<Option<(usize, BenchmarkError)>> = Mutex::new(None);
    let interrupted =
        || options.interrupt.as_ref().is_some_and(|flag| flag.load(Ordering::Relaxed));
    let work = || {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= n_jobs || interrupted() {
                break;
            }
            match job(number) {
                Ok(result) => lock(&results)[number] = Some(result),
                Err(error) => {
                    next.store(n_jobs, Ordering::Relaxed);
                    // The first of all jobs that fail, whoever is faster.
                    let mut failed = lock(&failed);
                    if failed.as_ref().is_none_or(|(other, _)| number < *other) {
                        *failed = Some((number, error));
                    }
                }
            }
            if let Some(progress) = options.progress {
                progress(done.fetch_add(1, Ordering::Relaxed) + 1, n_jobs);
            }
        }
    };
    let n_threads = options.n_threads.clamp(1, n_jobs.max(1));
    if n_threads == 1 {
        work();
    } else {
        std::thread::scope(|scope| (0..n_threads).for_each(|_| drop(scope.spawn(work))));
    }
    if let Some((_, error)) = failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(error);
    }
    let results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.into_iter().map(|result| result.ok_or(BenchmarkError::Interrupted)).collect()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Target {
    /// What reports have to know of a problem.
    pub fn of(problem: &BenchmarkProblem) -> Self {
        Target {
            name: problem.name.clone(),
            start: problem.start.clone(),
            start_value: problem.start_value,
            optimum: problem.solution.value.unwrap_or(f64::NAN),
            solution: problem.solution.params.clone(),
        }
    }
}
