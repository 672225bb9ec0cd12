//! The criterion over the evaluations of one or more runs.
//!
//! One line per run. A search from many starts is drawn as the history of its best local run, with the other local runs in grey if it is
//! alone; or, on request, as everything that it evaluated, one local run after the other.

use crate::error::FigureError;
use crate::figure::{Axis, Figure, LegendPosition, Panel};
use crate::figures::counted;
use crate::palette::{GREY, Palette};
use crate::trace::{Line, Trace};

/// The criterion values of a run, in the user's sign. NaN where an evaluation has none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CriterionRun {
    /// The name in the legend.
    pub name: String,
    /// The values of every evaluation; of the best local run in a search from many starts.
    pub values: Vec<f64>,
    /// Whether larger is better.
    pub maximize: bool,
    /// The values of every local run of a search from many starts; empty for all other runs.
    pub local_values: Vec<Vec<f64>>,
    /// The values of the exploration of such a search, in any order.
    pub exploration: Vec<f64>,
}

impl CriterionRun {
    /// A run that minimizes from one start.
    pub fn new(name: impl Into<String>, values: Vec<f64>) -> Self {
        CriterionRun { name: name.into(), values, ..CriterionRun::default() }
    }

    /// Everything that a search from many starts evaluated: the exploration on request, worst first, then one local run after
    /// the other.
    fn stacked(&self, with_exploration: bool) -> Vec<f64> {
        let mut values = Vec::new();
        if with_exploration {
            values.extend(self.exploration.iter().filter(|value| !value.is_nan()));
            values
                .sort_by(|a: &f64, b| if self.maximize { a.total_cmp(b) } else { b.total_cmp(a) });
        }
        values.extend(self.local_values.iter().flatten());
        values
    }
}

/// How the criterion is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct CriterionOptions {
    /// The best value so far instead of every value.
    pub monotone: bool,
    /// Draw only so many evaluations.
    pub max_evaluations: Option<usize>,
    /// Draw everything that a search from many starts evaluated as one line.
    pub stack_multistart: bool,
    /// Begin that line with the exploration, worst first. Implies `stack_multistart`.
    pub show_exploration: bool,
    /// The colours of the lines, in turn.
    pub palette: Palette,
    /// Whether more than three lines are told apart by dashes, too.
    pub dashes: bool,
    /// Whether the criterion's axis is logarithmic. Values that are not positive are gaps then.
    pub log_scale: bool,
    /// Above the figure.
    pub title: Option<String>,
}

impl Default for CriterionOptions {
    fn default() -> Self {
        CriterionOptions {
            monotone: false,
            max_evaluations: None,
            stack_multistart: false,
            show_exploration: false,
            palette: Palette::default(),
            dashes: true,
            log_scale: false,
            title: None,
        }
    }
}

/// The criterion over the evaluations of `runs`.
///
/// # Errors
/// There is no run.
pub fn criterion_figure(
    runs: &[CriterionRun],
    options: &CriterionOptions,
) -> Result<Figure, FigureError> {
    if runs.is_empty() {
        return Err(FigureError::invalid("results is empty. It has to have at least one result."));
    }
    let stack = options.stack_multistart || options.show_exploration;
    let alone = runs.len() == 1 && !runs[0].local_values.is_empty() && !stack;
    let mut traces = Vec::new();
    if alone {
        traces.extend(runs[0].local_values.iter().enumerate().map(|(i, values)| {
            let name = format!("local optimization {i}");
            let line = line(name, values.clone(), runs[0].maximize, options);
            Trace::Line(Line { color: GREY.into(), width: 1.5, in_legend: false, ..line })
        }));
    }
    for (i, run) in runs.iter().enumerate() {
        let stacked = stack && !run.local_values.is_empty();
        let values =
            if stacked { run.stacked(options.show_exploration) } else { run.values.clone() };
        let name = if alone { "best result" } else { &run.name };
        let dash = if options.dashes { Palette::dash(i, runs.len()) } else { Default::default() };
        let line = line(name.into(), values, run.maximize, options);
        let color = options.palette.color(i).into();
        traces.push(Trace::Line(Line { color, dash, in_legend: !alone, ..line }));
    }
    let x = Axis::new("No. of criterion evaluations");
    let y = Axis { log: options.log_scale, ..Axis::new("Criterion value") };
    let figure = Figure::single(Panel::xy(0, 0, x, y, traces));
    let figure = Figure { title: options.title.clone(), ..figure };
    Ok(figure.with_legend(LegendPosition::TopRightInside))
}

/// The line of a column, without its colour.
fn line(name: String, mut values: Vec<f64>, maximize: bool, options: &CriterionOptions) -> Line {
    values.truncate(options.max_evaluations.unwrap_or(usize::MAX));
    if options.monotone {
        to_best_so_far(&mut values, maximize);
    }
    // A derivative without a value is no gap of the criterion.
    Line { connect_gaps: true, ..Line::new(name, counted(values.len()), values, GREY) }
}

/// The best value up to every row, also where the row itself has none; NaN before the first value.
pub(crate) fn to_best_so_far(values: &mut [f64], maximize: bool) {
    let mut best = f64::NAN;
    for value in values {
        // `min` and `max` pass over NaN.
        best = if maximize { best.max(*value) } else { best.min(*value) };
        *value = best;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(figure: &Figure) -> Vec<&Line> {
        let traces = figure.panels[0].traces.iter();
        traces.filter_map(|t| if let Trace::Line(line) = t { Some(line) } else { None }).collect()
    }

    fn search() -> CriterionRun {
        CriterionRun {
            local_values: vec![vec![5.0, 3.0], vec![4.0, 1.0]],
            exploration: vec![5.0, 9.0, f64::NAN, 7.0],
            ..CriterionRun::new("search", vec![4.0, 1.0])
        }
    }

    #[test]
    fn the_best_so_far_bridges_rows_without_value() {
        let run = CriterionRun::new("a", vec![f64::NAN, 3.0, f64::NAN, 4.0, 1.0]);
        let options = CriterionOptions { monotone: true, ..CriterionOptions::default() };
        let figure = criterion_figure(&[run], &options).unwrap();
        let y = &lines(&figure)[0].y;
        assert!(y[0].is_nan());
        assert_eq!(y[1..], [3.0, 3.0, 3.0, 1.0]);
        assert_eq!(figure.legend, None);
    }

    #[test]
    fn maximizing_runs_rise() {
        let run = CriterionRun { maximize: true, ..CriterionRun::new("a", vec![1.0, 3.0, 2.0]) };
        let options = CriterionOptions { monotone: true, ..CriterionOptions::default() };
        let figure = criterion_figure(&[run], &options).unwrap();
        assert_eq!(lines(&figure)[0].y, [1.0, 3.0, 3.0]);
    }

    #[test]
    fn a_search_alone_is_drawn_over_its_local_runs() {
        let figure = criterion_figure(&[search()], &CriterionOptions::default()).unwrap();
        let lines = lines(&figure);
        assert_eq!(lines.len(), 3);
        assert!(lines[..2].iter().all(|line| line.color == "#bab0ac" && !line.in_legend));
        assert_eq!((lines[2].name.as_str(), &lines[2].y[..]), ("best result", &[4.0, 1.0][..]));
        assert_eq!(figure.legend, None);
    }

    #[test]
    fn a_search_beside_others_is_its_best_run() {
        let runs = [search(), CriterionRun::new("other", vec![2.0])];
        let figure = criterion_figure(&runs, &CriterionOptions::default()).unwrap();
        let lines = lines(&figure);
        assert_eq!(
            lines.iter().map(|line| line.name.as_str()).collect::<Vec<_>>(),
            ["search", "other"]
        );
        assert!(figure.legend.is_some());
    }

    #[test]
    fn stacked_searches_begin_with_the_worst_of_the_exploration() {
        let options = CriterionOptions { show_exploration: true, ..CriterionOptions::default() };
        let figure = criterion_figure(&[search()], &options).unwrap();
        assert_eq!(lines(&figure)[0].y, [9.0, 7.0, 5.0, 5.0, 3.0, 4.0, 1.0]);
        let options = CriterionOptions {
            stack_multistart: true,
            max_evaluations: Some(3),
            ..CriterionOptions::default()
        };
        let figure = criterion_figure(&[search()], &options).unwrap();
        assert_eq!(lines(&figure)[0].y, [5.0, 3.0, 4.0]);
        assert_eq!(lines(&figure)[0].x, [0.0, 1.0, 2.0]);
    }

    #[test]
    fn no_result_is_an_error() {
        let error = criterion_figure(&[], &CriterionOptions::default()).unwrap_err();
        assert_eq!(error.to_string(), "results is empty. It has to have at least one result.");
    }
}
