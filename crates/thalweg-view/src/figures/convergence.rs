//! How algorithms approach the solution: a panel for each problem, a line for each algorithm.

use crate::error::FigureError;
use crate::figure::{Axis, Figure, LegendPosition, Panel};
use crate::figures::benchmark::{DistanceMeasure, Looks, RuntimeMeasure};
use crate::palette::Palette;
use crate::trace::{Dash, Hline, Line, Trace};

const PANEL: [u32; 2] = [500, 320];

/// A problem, and the way of every algorithm to its solution.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConvergencePanel {
    /// The problem's name.
    pub problem: String,
    /// The algorithms.
    pub lines: Vec<ConvergenceLine>,
    /// The criterion at the solution, where the lines are not shares of the distance to it.
    pub true_solution: Option<f64>,
}

/// The way of an algorithm.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConvergenceLine {
    /// The algorithm's name.
    pub name: String,
    /// The effort up to each point.
    pub x: Vec<f64>,
    /// The distance or the criterion there.
    pub y: Vec<f64>,
}

/// How convergence is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct ConvergenceOptions {
    /// Panels beside each other.
    pub n_cols: usize,
    /// What the lines measure.
    pub distance_measure: DistanceMeasure,
    /// Whether they are the best so far.
    pub monotone: bool,
    /// Whether they are shares of the distance at the start.
    pub normalize_distance: bool,
    /// What the effort is.
    pub runtime_measure: RuntimeMeasure,
    /// Whether the axis of distances is logarithmic.
    pub log_y: bool,
    /// The colours of the algorithms, in turn.
    pub palette: Palette,
    /// Whether more than three lines are told apart by dashes, too.
    pub dashes: bool,
    /// Above the figure.
    pub title: Option<String>,
}

impl Default for ConvergenceOptions {
    fn default() -> Self {
        ConvergenceOptions {
            n_cols: 2,
            distance_measure: DistanceMeasure::Criterion,
            monotone: true,
            normalize_distance: true,
            runtime_measure: RuntimeMeasure::Evaluations,
            log_y: false,
            palette: Palette::default(),
            dashes: true,
            title: None,
        }
    }
}

/// A grid of panels, one per problem. An algorithm looks the same in all panels, and the legend lists it once.
///
/// # Errors
/// There is no problem, or a line has not as many points as it has distances.
pub fn convergence_figure(
    problems: &[ConvergencePanel],
    options: &ConvergenceOptions,
) -> Result<Figure, FigureError> {
    let mut panels = panels(problems, options)?;
    let cols = options.n_cols.clamp(1, panels.len());
    let rows = panels.len().div_ceil(cols);
    let mut listed: Vec<String> = Vec::new();
    for (i, panel) in panels.iter_mut().enumerate() {
        (panel.row, panel.col) = (i / cols, i % cols);
        for trace in &mut panel.traces {
            if let Trace::Line(line) = trace {
                line.in_legend = !listed.contains(&line.name);
                listed.push(line.name.clone());
            }
        }
    }
    let size = [PANEL[0] * cols as u32, PANEL[1] * rows as u32];
    let figure = Figure::grid(size, rows, cols, panels);
    Ok(Figure { title: options.title.clone(), ..figure }.with_legend(LegendPosition::Below))
}

/// The panels of [`convergence_figure`], each as a figure of its own under its title in small letters, with underscores for
/// spaces: the name of a problem of the benchmark sets.
///
/// # Errors
/// As [`convergence_figure`].
pub fn convergence_figures(
    problems: &[ConvergencePanel],
    options: &ConvergenceOptions,
) -> Result<Vec<(String, Figure)>, FigureError> {
    let alone = |panel: Panel| {
        let key = panel.title.as_deref().unwrap_or_default().to_lowercase().replace(' ', "_");
        let figure = Figure::grid(PANEL, 1, 1, vec![panel]);
        (key, figure.with_legend(LegendPosition::TopRightInside))
    };
    Ok(panels(problems, options)?.into_iter().map(alone).collect())
}

fn panels(
    problems: &[ConvergencePanel],
    options: &ConvergenceOptions,
) -> Result<Vec<Panel>, FigureError> {
    if problems.is_empty() {
        return Err(FigureError::invalid(
            "problems is empty. It has to have at least one problem.",
        ));
    }
    let lines = problems.iter().flat_map(|problem| &problem.lines);
    if let Some(line) = lines.clone().find(|line| line.x.len() != line.y.len()) {
        let (n, m) = (line.x.len(), line.y.len());
        return Err(FigureError::invalid(format!(
            "\"{}\" has {n} points, but {m} values.",
            line.name
        )));
    }
    let names = lines.map(|line| line.name.as_str());
    let looks = Looks::new(names, &options.palette, options.dashes);
    Ok(problems.iter().map(|problem| panel(problem, &looks, options)).collect())
}

fn panel(problem: &ConvergencePanel, looks: &Looks<'_>, options: &ConvergenceOptions) -> Panel {
    let mut traces: Vec<Trace> = Vec::new();
    if let Some(y) = problem.true_solution {
        let label = Some("true solution".into());
        traces.push(Trace::Hline(Hline { y, color: "#7a7a7a".into(), dash: Dash::Dash, label }));
    }
    let mut lines: Vec<&ConvergenceLine> = problem.lines.iter().collect();
    lines.sort_by(|a, b| a.name.cmp(&b.name));
    traces.extend(lines.into_iter().map(|line| {
        let (color, dash) = looks.of(&line.name);
        let drawn = Line::new(&line.name, line.x.clone(), line.y.clone(), color);
        Trace::Line(Line { dash, connect_gaps: true, ..drawn })
    }));
    let label = options.distance_measure.label(options.monotone, options.normalize_distance);
    let x = Axis::new(options.runtime_measure.label());
    let y = Axis { log: options.log_y, ..Axis::new(label) };
    Panel { title: Some(title_case(&problem.problem)), ..Panel::xy(0, 0, x, y, traces) }
}

/// "a_name" becomes "A Name".
fn title_case(name: &str) -> String {
    let mut begins = true;
    let change = |c: char| {
        let c = if c == '_' { ' ' } else { c };
        let changed: String =
            if begins { c.to_uppercase().collect() } else { c.to_lowercase().collect() };
        begins = !c.is_alphabetic();
        changed
    };
    name.chars().map(change).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(name: &str, y: &[f64]) -> ConvergenceLine {
        ConvergenceLine { name: name.into(), x: crate::figures::counted(y.len()), y: y.to_vec() }
    }

    fn problems() -> Vec<ConvergencePanel> {
        let problem = |name: &str, lines| ConvergencePanel {
            problem: name.into(),
            lines,
            true_solution: Some(0.0),
        };
        vec![
            problem("rosenbrock_good_start", vec![line("b", &[1.0, 0.5])]),
            problem("box_3d", vec![line("b", &[1.0, 0.2]), line("a", &[1.0, 0.1])]),
            problem("bard", vec![line("a", &[1.0])]),
        ]
    }

    #[test]
    fn algorithms_look_the_same_in_all_panels_and_are_listed_once() {
        let figure = convergence_figure(&problems(), &ConvergenceOptions::default()).unwrap();
        assert_eq!((figure.rows, figure.cols, figure.width, figure.height), (2, 2, 1000, 640));
        let mut colors = std::collections::BTreeMap::new();
        let mut listed = Vec::new();
        for trace in figure.panels.iter().flat_map(|panel| &panel.traces) {
            if let Trace::Line(line) = trace {
                assert_eq!(colors.entry(&line.name).or_insert(&line.color), &&line.color);
                if line.in_legend {
                    listed.push(line.name.as_str());
                }
            }
        }
        assert_eq!(listed, ["b", "a"]);
        let titles: Vec<_> = figure.panels.iter().map(|p| p.title.clone().unwrap()).collect();
        assert_eq!(titles, ["Rosenbrock Good Start", "Box 3D", "Bard"]);
    }

    #[test]
    fn panels_alone_are_called_by_their_title() {
        let figures = convergence_figures(&problems(), &ConvergenceOptions::default()).unwrap();
        assert_eq!(figures[0].0, "rosenbrock_good_start");
        assert!(figures[1].1.legend.is_some() && figures[0].1.legend.is_none());
    }

    #[test]
    fn what_cannot_be_drawn_is_said() {
        let message = |problems: &[ConvergencePanel]| {
            convergence_figure(problems, &ConvergenceOptions::default()).unwrap_err().to_string()
        };
        assert_eq!(message(&[]), "problems is empty. It has to have at least one problem.");
        let mut wrong = problems();
        wrong[0].lines[0].x.pop();
        assert_eq!(message(&wrong), "\"b\" has 1 points, but 2 values.");
    }
}
