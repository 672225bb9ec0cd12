//! The parameters over the evaluations of a run: one line per parameter.

use crate::error::FigureError;
use crate::figure::{Axis, Figure, LegendPosition, Panel};
use crate::figures::counted;
use crate::palette::Palette;
use crate::trace::{Line, Trace};

/// How parameters are drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct ParamsOptions {
    /// Draw only so many evaluations.
    pub max_evaluations: Option<usize>,
    /// The colours of the lines, in turn.
    pub palette: Palette,
    /// Whether more than three lines are told apart by dashes, too.
    pub dashes: bool,
    /// Above the figure.
    pub title: Option<String>,
}

impl Default for ParamsOptions {
    fn default() -> Self {
        ParamsOptions {
            max_evaluations: None,
            palette: Palette::default(),
            dashes: true,
            title: None,
        }
    }
}

/// A legend of more lines stands beside the panel, not over it.
const SHORT_LEGEND: usize = 12;

/// The parameters `names` over evaluations: `columns` has the values of each.
///
/// # Errors
/// There are not as many names as columns, or none.
pub fn params_figure(
    names: &[String],
    columns: &[Vec<f64>],
    options: &ParamsOptions,
) -> Result<Figure, FigureError> {
    if names.len() != columns.len() {
        let (n, m) = (names.len(), columns.len());
        return Err(FigureError::invalid(format!("there are {n} names for {m} parameters.")));
    }
    if names.is_empty() {
        return Err(FigureError::invalid(
            "no parameter is selected. selector has to select at least one.",
        ));
    }
    let n = options.max_evaluations.unwrap_or(usize::MAX);
    let lines = names.iter().zip(columns).enumerate().map(|(i, (name, column))| {
        let values = column[..column.len().min(n)].to_vec();
        let dash = if options.dashes { Palette::dash(i, names.len()) } else { Default::default() };
        let color = options.palette.color(i);
        Trace::Line(Line { dash, ..Line::new(name, counted(values.len()), values, color) })
    });
    let (x, y) = (Axis::new("No. of criterion evaluations"), Axis::new("Parameter value"));
    let figure = Figure::single(Panel::xy(0, 0, x, y, lines.collect()));
    let position = if names.len() <= SHORT_LEGEND {
        LegendPosition::TopRightInside
    } else {
        LegendPosition::Right
    };
    Ok(Figure { title: options.title.clone(), ..figure }.with_legend(position))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_is_a_line() {
        let names = ["a".to_string(), "b".to_string()];
        let columns = [vec![1.0, 2.0, 3.0], vec![0.0, 0.5, 0.25]];
        let options = ParamsOptions { max_evaluations: Some(2), ..ParamsOptions::default() };
        let figure = params_figure(&names, &columns, &options).unwrap();
        let [Trace::Line(a), Trace::Line(b)] = &figure.panels[0].traces[..] else { panic!() };
        assert_eq!((&a.x, &a.y), (&vec![0.0, 1.0], &vec![1.0, 2.0]));
        assert_eq!((b.name.as_str(), &b.y), ("b", &vec![0.0, 0.5]));
        assert_eq!(figure.panels[0].y.label, "Parameter value");
    }

    #[test]
    fn what_cannot_be_drawn_is_said() {
        let message = |names: &[String], columns: &[Vec<f64>]| {
            params_figure(names, columns, &ParamsOptions::default()).unwrap_err().to_string()
        };
        assert_eq!(message(&["a".into()], &[]), "there are 1 names for 0 parameters.");
        assert_eq!(
            message(&[], &[]),
            "no parameter is selected. selector has to select at least one."
        );
    }
}
