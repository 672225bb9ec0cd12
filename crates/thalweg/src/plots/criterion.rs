//! The criterion over the evaluations of results.

use thalweg_view::Figure;
use thalweg_view::figures::{CriterionOptions, CriterionRun, criterion_figure};

use super::no_history;
use crate::error::OptimizeError;
use crate::history::History;
use crate::result::{Direction, OptimizeResult};

/// Draw the criterion over the evaluations of a result, or of several with their names.
///
/// A search from many starts that is alone is drawn as its best local run over all others in grey;
/// [`CriterionOptions::stack_multistart`] draws all that it evaluated as one line.
///
/// ```
/// use thalweg::plots::{CriterionOptions, criterion_plot};
///
/// let fun = |x: &f64| (x - 2.0).powi(2);
/// let result = thalweg::minimize(fun, 0.0).algorithm("lbfgsb").run()?;
/// let figure = criterion_plot(&result, &CriterionOptions::default())?;
/// assert_eq!(figure.panels[0].y.label, "Criterion value");
/// # Ok::<(), thalweg::OptimizeError>(())
/// ```
///
/// # Errors
/// There is no result, or one has no history.
pub fn criterion_plot(
    results: impl Histories,
    options: &CriterionOptions,
) -> Result<Figure, OptimizeError> {
    Ok(criterion_figure(&results.runs()?, options)?)
}

/// What has criterion values to draw: a result, a list of results with names, a log
/// ([`LogReader`](crate::LogReader)), or lists of [`CriterionRun`] for results of
/// different types (`(&result).runs()` makes them).
pub trait Histories {
    /// The values of each run with its name.
    ///
    /// # Errors
    /// A result has no history.
    fn runs(self) -> Result<Vec<CriterionRun>, OptimizeError>;
}

impl<P> Histories for &OptimizeResult<P> {
    fn runs(self) -> Result<Vec<CriterionRun>, OptimizeError> {
        Ok(vec![run("0", self)?])
    }
}

/// With the names "0", "1", ...
impl<P> Histories for &[OptimizeResult<P>] {
    fn runs(self) -> Result<Vec<CriterionRun>, OptimizeError> {
        self.iter().enumerate().map(|(i, result)| run(&i.to_string(), result)).collect()
    }
}

impl<S: AsRef<str>, P> Histories for &[(S, &OptimizeResult<P>)] {
    fn runs(self) -> Result<Vec<CriterionRun>, OptimizeError> {
        self.iter().map(|(name, result)| run(name.as_ref(), result)).collect()
    }
}

impl<S: AsRef<str>, P, const N: usize> Histories for &[(S, &OptimizeResult<P>); N] {
    fn runs(self) -> Result<Vec<CriterionRun>, OptimizeError> {
        self.as_slice().runs()
    }
}

impl<S: AsRef<str>, P> Histories for &Vec<(S, &OptimizeResult<P>)> {
    fn runs(self) -> Result<Vec<CriterionRun>, OptimizeError> {
        self.as_slice().runs()
    }
}

impl Histories for Vec<CriterionRun> {
    fn runs(self) -> Result<Vec<CriterionRun>, OptimizeError> {
        Ok(self)
    }
}

fn run<P>(name: &str, result: &OptimizeResult<P>) -> Result<CriterionRun, OptimizeError> {
    let values = |history: &Option<History>| -> Result<Vec<f64>, OptimizeError> {
        history.as_ref().map(|history| history.values().to_vec()).ok_or_else(|| no_history(name))
    };
    let mut run = CriterionRun {
        maximize: result.direction == Direction::Maximize,
        ..CriterionRun::new(name, values(&result.history)?)
    };
    if let Some(info) = &result.multistart {
        run.local_values = info
            .local_optima
            .iter()
            .map(|local| values(&local.history))
            .collect::<Result<_, _>>()?;
        run.exploration = info.exploration_results.clone();
    }
    Ok(run)
}
