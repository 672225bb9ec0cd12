//! A run with a log: opened before the first evaluation, kept up to date, closed with how the run ended.

use std::path::PathBuf;
use std::sync::Arc;

use thalweg_core::Sink;
use thalweg_log::{
    IfExists, LogError, LogOptions, LogProblem, LogReader, ProblemHeader, Writer, is_blank,
};
use thalweg_space::Space;

use super::identity::{header, is_known};
use super::journal::{Journal, LogSink};
use super::journaled::Journaled;
use super::tape::Tape;
use crate::error::OptimizeError;
use crate::multistart::LocalErrors;
use crate::pipeline::Specification;
use crate::policy::ErrorHandling;
use crate::result::FlatResult;
use crate::status::Status;

/// The log that a run keeps.
pub struct Log {
    /// Where and how it is written.
    pub options: LogOptions,
    /// Whether to go on with the run that is in the file. Where there is no file, the run begins.
    pub resume: bool,
    /// The structure of the parameters as JSON, for readers that want to rebuild them.
    pub structure: Option<String>,
    /// Further fields that define the run and that the specification does not know, with their values.
    pub identity: Vec<(String, String)>,
    /// Told, at most once, that the log cannot be written. By default the message goes to the standard error stream.
    pub warn: Option<Warn>,
}

impl Log {
    /// A log of a new run, with defaults for the rest.
    pub fn new(options: impl Into<LogOptions>) -> Self {
        Log {
            options: options.into(),
            resume: false,
            structure: None,
            identity: Vec::new(),
            warn: None,
        }
    }

    /// Whether the file can be written as asked for, without a change to anything: [`crate::optimize`] does the same, but after
    /// it has checked the rest of the specification.
    ///
    /// # Errors
    /// There is a file that is in the way, no folder, or no permission.
    pub fn check(&self) -> Result<(), LogError> {
        Writer::check(&self.options, self.resume)
    }
}

/// Tells the user something.
type Warn = Box<dyn FnMut(&str) + Send>;

/// Run a specification with a log. `run` is told the specification in which the log is.
pub(crate) fn keep(
    spec: Specification<'_>,
    log: Log,
    space: &Space,
    run: impl FnOnce(Specification<'_>) -> Result<FlatResult, OptimizeError>,
) -> Result<FlatResult, OptimizeError> {
    let header = header(&spec, space, &log);
    let (writer, tape) = open(&log, &header, spec.multistart.is_some())?;
    let journal = Arc::new(Journal::new(writer, tape));
    let continues = spec.error_handling == ErrorHandling::Continue;
    let mut objective = Journaled {
        objective: spec.objective,
        journal: Arc::clone(&journal),
        ends_at_failure: !continues,
        keeps_failures: continues
            || spec
                .multistart
                .as_ref()
                .is_some_and(|search| search.local_errors() == LocalErrors::Continue),
        keeps_going: false,
        seconds_per_point: 0.0,
        warn: log.warn.unwrap_or_else(|| Box::new(|text| eprintln!("warning: {text}"))),
    };
    let clock = spec.clock.with_journal(&journal);
    let mut sink = LogSink(Arc::clone(&journal));
    let mut sinks: Vec<&mut dyn Sink> = vec![&mut sink];
    sinks.extend(spec.sinks.into_iter().map(|sink| sink as &mut dyn Sink));
    let ended = run(Specification {
        objective: &mut objective,
        clock: clock.clone(),
        sinks,
        log: None,
        on_space: spec.on_space.map(|announce| announce as _),
        start: spec.start,
        names: spec.names,
        direction: spec.direction,
        algorithm: spec.algorithm,
        algorithm_name: spec.algorithm_name,
        wording: spec.wording,
        limits: spec.limits,
        bounds: spec.bounds,
        constraints: spec.constraints,
        nonlinear: spec.nonlinear,
        extra_rows: spec.extra_rows,
        constraint_handling: spec.constraint_handling,
        space: spec.space,
        scaling: spec.scaling,
        soft_bounds: spec.soft_bounds,
        numerical_derivatives: spec.numerical_derivatives,
        n_cores: spec.n_cores,
        error_handling: spec.error_handling,
        penalty: spec.penalty,
        collect_history: spec.collect_history,
        callback: match spec.callback {
            Some(callback) => Some(callback),
            None => None,
        },
        on_failure: match spec.on_failure {
            Some(notify) => Some(notify),
            None => None,
        },
        interrupt: spec.interrupt,
        seed: spec.seed,
        multistart: spec.multistart,
        step: spec.step,
    });
    objective.pass_on_warning();
    let seconds = clock.seconds();
    let Journaled { mut warn, journal: of_objective, .. } = objective;
    let (status, message) = ending(&ended);
    drop((sink, clock, of_objective));
    if let Some(journal) = Arc::into_inner(journal)
        && let Some(warning) = journal.writer.finish(&status, &message, seconds)
    {
        warn(&warning);
    }
    ended
}

/// How a run ended, for the log.
fn ending(ended: &Result<FlatResult, OptimizeError>) -> (String, String) {
    match ended {
        Ok(result) => (result.status.as_str().to_string(), result.message.clone()),
        Err(error) => (Status::Failed.as_str().to_string(), error.to_string()),
    }
}

/// Open the file for a new run, or for one that goes on; with what it holds of that.
fn open(
    log: &Log,
    header: &ProblemHeader,
    is_search: bool,
) -> Result<(Writer, Option<Tape>), LogError> {
    let options = &log.options;
    if !log.resume {
        return Ok((Writer::begin(options, header)?, None));
    }
    Writer::check(options, true)?;
    if is_blank(&options.path) {
        return Ok((Writer::resume(options, header, None)?, None));
    }
    let reader = LogReader::open(&options.path)?;
    match matching(&reader, options, header)? {
        None => Ok((Writer::resume(options, header, None)?, None)),
        Some(problem) => {
            let mut tape = Tape::new(&reader.columns(&problem)?, reader.answers(&problem)?);
            tape.end =
                if problem.status == "running" { 0.0 } else { problem.seconds.unwrap_or(0.0) };
            tape.is_strict = !is_search;
            Ok((Writer::resume(options, header, Some(problem.id))?, Some(tape)))
        }
    }
}

/// The last problem of the log that is the one of `header`. A file that may be extended need not have one.
fn matching(
    reader: &LogReader,
    options: &LogOptions,
    header: &ProblemHeader,
) -> Result<Option<LogProblem>, LogError> {
    let mut first = None;
    for problem in reader.problems()?.into_iter().rev() {
        let mut differences = problem.fingerprint.differences(&header.fingerprint, &header.names);
        differences.retain(|difference| !is_known(reader, &problem, &difference.field));
        if differences.is_empty() {
            return Ok(Some(problem));
        }
        // Another algorithm has other options, which say nothing more.
        if differences.iter().any(|difference| difference.field == "algorithm") {
            differences.retain(|difference| !difference.field.starts_with("option "));
        }
        first.get_or_insert(differences);
    }
    match first {
        Some(differences) if options.if_exists == IfExists::Raise => {
            let path: PathBuf = options.path.clone();
            Err(LogError::Differs { path, differences })
        }
        _ => Ok(None),
    }
}
