//! The builder's part of logs.

use thalweg_log::LogOptions;
use thalweg_space::params::Params;

use super::Optimization;
use crate::error::{InvalidKind, OptimizeError};
use crate::logging::Log;

impl<P: Params, O> Optimization<'_, P, O> {
    /// Log every evaluation into an SQLite file: a path, or [`LogOptions`]. It can be read while the run is on
    /// ([`LogReader`](crate::LogReader)), keeps what is finished when the process dies, and [`resume`](Optimization::resume) goes
    /// on from it.
    ///
    /// ```
    /// use thalweg::{IfExists, LogOptions, LogReader, minimize};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("my_log.db");
    /// let sphere = |x: &Vec<f64>| x.iter().map(|x| x * x).sum::<f64>();
    /// let options = LogOptions { if_exists: IfExists::Replace, ..LogOptions::new(&path) };
    /// let result = minimize(sphere, vec![1.0, 2.0]).algorithm("lbfgsb").log(options).run()?;
    ///
    /// let history = LogReader::open(&path)?.read_history(-1)?;
    /// assert_eq!(history.len() as u64, result.n_fun_evals);
    /// assert_eq!(history.fun, result.history.expect("collected").values());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn log(mut self, options: impl Into<LogOptions>) -> Self {
        self.log = Some(options.into());
        self
    }

    /// Go on with the run that is in the log, which has to be the same one: no evaluation that is in the log is made again, and
    /// the result is that of a run without interruption, to the last bit. Where there is no file yet, the run begins.
    ///
    /// ```
    /// use thalweg::minimize;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("my_log.db");
    /// let count = std::cell::Cell::new(0);
    /// let fun = |x: &[f64; 2]| {
    ///     count.set(count.get() + 1);
    ///     (x[0] - 1.0).powi(2) + x[1].powi(4)
    /// };
    /// let run = || minimize(fun, [3.0, 2.0]).algorithm("neldermead").log(path.as_path()).resume(true);
    /// let first = run().option("stopping_maxfun", 30).run()?;
    /// let asked = count.replace(0);
    ///
    /// // Limits may change: this goes on where the first session ended.
    /// let second = run().run()?;
    /// assert!(second.success && second.fun < first.fun);
    /// assert_eq!(second.history.expect("collected").len(), asked + count.get());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn resume(mut self, resume: bool) -> Self {
        self.resume = resume;
        self
    }

    /// The log that was asked for.
    pub(crate) fn take_log(&mut self) -> Result<Option<Log>, OptimizeError> {
        match self.log.take() {
            Some(options) => Ok(Some(Log { resume: self.resume, ..Log::new(options) })),
            None if self.resume => {
                let message = "resume needs a log to resume from: say where it is with .log(..).";
                Err(OptimizeError::invalid(InvalidKind::Argument, message))
            }
            None => Ok(None),
        }
    }
}
