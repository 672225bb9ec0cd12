//! The parameters over the evaluations of a result.

use thalweg_log::LogReader;
use thalweg_space::params::{Params, Selector};
use thalweg_view::Figure;
use thalweg_view::figures::{ParamsOptions, params_figure};

use super::log::Recorded;
use super::no_history;
use crate::builder::Selection;
use crate::error::{InvalidKind, OptimizeError};
use crate::result::OptimizeResult;

/// Which parameters are drawn, and how.
#[derive(Debug)]
pub struct ParamsPlot<'a, P> {
    /// The parameters: all of them, positions, names, or what a closure made by [`by`](crate::by) picks.
    pub selector: Selection<'a, P>,
    /// Begin with the exploration of a search from many starts, worst first.
    pub show_exploration: bool,
    /// How they are drawn.
    pub look: ParamsOptions,
}

impl<P> Default for ParamsPlot<'_, P> {
    fn default() -> Self {
        ParamsPlot {
            selector: Selection::Selector(Selector::All),
            show_exploration: false,
            look: ParamsOptions::default(),
        }
    }
}

/// Draw a line over evaluations for every selected parameter. The local runs of a search from many starts follow each other.
///
/// ```
/// use thalweg::by;
/// use thalweg::plots::{ParamsPlot, params_plot};
///
/// let fun = |p: &(f64, Vec<f64>)| (p.0 - 1.0).powi(2) + p.1.iter().map(|x| x * x).sum::<f64>();
/// let result = thalweg::minimize(fun, (0.0, vec![1.0, 2.0])).algorithm("lbfgsb").run()?;
/// let second = by(|p: &(f64, Vec<f64>)| p.1.clone());
/// let figure = params_plot(&result, &ParamsPlot { selector: second.into(), ..ParamsPlot::default() })?;
/// assert_eq!(figure.panels[0].traces.len(), 2);
/// # Ok::<(), thalweg::OptimizeError>(())
/// ```
///
/// The plot of a log is that of `(&reader, &start)`, the start being what gives parameters their names.
///
/// # Errors
/// The result has no history, or the selector selects nothing or what does not exist.
pub fn params_plot<P: Params>(
    history: impl ParamsHistory<P>,
    plot: &ParamsPlot<'_, P>,
) -> Result<Figure, OptimizeError> {
    let template = history.template();
    let names = template.leaf_names();
    let positions = plot.selector.positions(template, names.len()).map_err(|error| {
        OptimizeError::invalid(InvalidKind::Argument, format!("selector: {error}"))
    })?;
    let mut columns = vec![Vec::new(); positions.len()];
    history.for_each_row(plot.show_exploration, &mut |row| {
        columns.iter_mut().zip(&positions).for_each(|(column, &i)| column.push(row[i]));
    })?;
    let selected: Vec<String> = positions.iter().map(|&i| names[i].clone()).collect();
    Ok(params_figure(&selected, &columns, &plot.look)?)
}

/// What has parameters to draw: a result, or a log together with parameters of the shape of its own.
pub trait ParamsHistory<P> {
    /// Parameters of the same shape.
    fn template(&self) -> &P;

    /// Hand out the flat parameters of every evaluation, those of the exploration first, worst first, if they are wanted.
    ///
    /// # Errors
    /// There is no history, or it does not fit the template.
    fn for_each_row(
        &self,
        with_exploration: bool,
        visit: &mut dyn FnMut(&[f64]),
    ) -> Result<(), OptimizeError>;
}

impl<P: Params> ParamsHistory<P> for &OptimizeResult<P> {
    fn template(&self) -> &P {
        &self.start_params
    }

    fn for_each_row(
        &self,
        with_exploration: bool,
        visit: &mut dyn FnMut(&[f64]),
    ) -> Result<(), OptimizeError> {
        let Some(info) = &self.multistart else {
            let history = self.history.as_ref().ok_or_else(|| no_history("0"))?;
            history.params().for_each(visit);
            return Ok(());
        };
        if with_exploration {
            info.exploration_sample.iter().rev().for_each(|point| visit(&point.to_flat()));
        }
        for local in &info.local_optima {
            let history = local.history.as_ref().ok_or_else(|| no_history("0"))?;
            history.params().for_each(&mut *visit);
        }
        Ok(())
    }
}

impl<P: Params> ParamsHistory<P> for (&LogReader, &P) {
    fn template(&self) -> &P {
        self.1
    }

    fn for_each_row(
        &self,
        with_exploration: bool,
        visit: &mut dyn FnMut(&[f64]),
    ) -> Result<(), OptimizeError> {
        let recorded = Recorded::new(self.0)?;
        let (n, expected) = (self.0.problem(-1)?.start.len(), self.1.to_flat().len());
        if n != expected {
            return Err(OptimizeError::invalid(
                InvalidKind::Params,
                format!("the log has {n} parameters, but those that give names are {expected}."),
            ));
        }
        if let Some(exploration) = recorded.exploration.filter(|_| with_exploration) {
            let rows: Vec<&[f64]> = exploration.rows().collect();
            rows.into_iter().rev().for_each(&mut *visit);
        }
        for run in &recorded.runs {
            run.rows().for_each(&mut *visit);
        }
        Ok(())
    }
}
