//! The parameters over the evaluations of a result.

use thalweg_space::params::{Params, Selector};
use thalweg_view::Figure;
use thalweg_view::figures::{ParamsOptions, params_figure};

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
/// # Errors
/// The result has no history, or the selector selects nothing or what does not exist.
pub fn params_plot<P: Params>(
    result: &OptimizeResult<P>,
    plot: &ParamsPlot<'_, P>,
) -> Result<Figure, OptimizeError> {
    let names = result.start_params.leaf_names();
    let positions =
        plot.selector.positions(&result.start_params, names.len()).map_err(|error| {
            OptimizeError::invalid(InvalidKind::Argument, format!("selector: {error}"))
        })?;
    let mut columns = vec![Vec::new(); positions.len()];
    let mut add = |row: &[f64]| {
        columns.iter_mut().zip(&positions).for_each(|(column, &i)| column.push(row[i]));
    };
    match &result.multistart {
        Some(info) => {
            if plot.show_exploration {
                info.exploration_sample.iter().rev().for_each(|point| add(&point.to_flat()));
            }
            for local in &info.local_optima {
                let history = local.history.as_ref().ok_or_else(|| no_history("0"))?;
                history.params().for_each(&mut add);
            }
        }
        None => {
            let history = result.history.as_ref().ok_or_else(|| no_history("0"))?;
            history.params().for_each(&mut add);
        }
    }
    let selected: Vec<String> = positions.iter().map(|&i| names[i].clone()).collect();
    Ok(params_figure(&selected, &columns, &plot.look)?)
}
