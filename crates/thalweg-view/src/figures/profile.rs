//! Profiles: the share of problems that each algorithm solves within a budget.
//!
//! With t(p, a) the effort after which algorithm a solves problem p, infinite if it never does, the profile of a is
//! y(budget) = the share of problems p with t(p, a) <= budget. With normalization t(p, a) is divided by the smallest t(p, .) first:
//! E. D. Dolan and J. J. Moré, "Benchmarking optimization software with performance profiles", Mathematical Programming 91 (2002),
//! <https://doi.org/10.1007/s101070100263>. A profile is a step function, and is drawn as one.

use crate::error::FigureError;
use crate::figure::{Axis, Figure, LegendPosition, Panel};
use crate::figures::benchmark::{Looks, RuntimeMeasure};
use crate::palette::Palette;
use crate::trace::{Hline, Line, Trace};

const SIZE: [u32; 2] = [500, 300];
const LEGEND_ROW: u32 = 18;
/// How far the axis goes beyond the last solved problem.
const BEYOND: f64 = 1.05;

/// The efforts of an algorithm.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SolutionTimes {
    /// The algorithm.
    pub name: String,
    /// The effort for each problem; infinite or NaN where the problem is not solved.
    pub times: Vec<f64>,
}

/// How profiles are drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct ProfileOptions {
    /// What the effort is.
    pub runtime_measure: RuntimeMeasure,
    /// Whether efforts are divided by the smallest for the problem.
    pub normalize_runtime: bool,
    /// The colours of the lines, in turn.
    pub palette: Palette,
    /// Whether more than three lines are told apart by dashes, too.
    pub dashes: bool,
    /// Whether the axis of budgets is logarithmic.
    pub log_x: bool,
    /// Above the figure.
    pub title: Option<String>,
}

impl Default for ProfileOptions {
    fn default() -> Self {
        ProfileOptions {
            runtime_measure: RuntimeMeasure::Evaluations,
            normalize_runtime: false,
            palette: Palette::default(),
            dashes: true,
            log_x: false,
            title: None,
        }
    }
}

/// The profile of every algorithm over the same problems, sorted by name.
///
/// # Errors
/// There is no algorithm or no problem, or the numbers of problems differ.
pub fn profile_figure(
    algorithms: &[SolutionTimes],
    options: &ProfileOptions,
) -> Result<Figure, FigureError> {
    check(algorithms)?;
    let mut algorithms = algorithms.to_vec();
    if options.normalize_runtime {
        normalize(&mut algorithms);
    }
    algorithms.sort_by(|a, b| a.name.cmp(&b.name));
    let (first, last) = ends(&algorithms, options);
    let names = algorithms.iter().map(|algorithm| algorithm.name.as_str());
    let looks = Looks::new(names, &options.palette, options.dashes);
    let mut traces = vec![Trace::Hline(Hline {
        y: 1.0,
        color: "#c8c8c8".into(),
        dash: Default::default(),
        label: None,
    })];
    for algorithm in &algorithms {
        let (x, y) = steps(&algorithm.times, first, last);
        let (color, dash) = looks.of(&algorithm.name);
        let line = Line::new(&algorithm.name, x, y, color);
        traces.push(Trace::Line(Line { dash, step: true, ..line }));
    }
    let label = options.runtime_measure.budget_label(options.normalize_runtime);
    let x = Axis { range: Some([first, last]), log: options.log_x, ..Axis::new(label) };
    let y = Axis { range: Some([-0.02, 1.05]), ..Axis::new("Share of Problems Solved") };
    let panel = Panel::xy(0, 0, x, y, traces);
    // A legend of many names needs room.
    let height = SIZE[1].max(LEGEND_ROW * (algorithms.len() as u32 + 3));
    let figure = Figure::grid([SIZE[0], height], 1, 1, vec![panel]);
    Ok(Figure { title: options.title.clone(), ..figure }.with_legend(LegendPosition::Right))
}

fn check(algorithms: &[SolutionTimes]) -> Result<(), FigureError> {
    let Some(first) = algorithms.first() else {
        return Err(FigureError::invalid(
            "results is empty. It has to have at least one algorithm.",
        ));
    };
    if first.times.is_empty() {
        return Err(FigureError::invalid(
            "problems is empty. It has to have at least one problem.",
        ));
    }
    let n = first.times.len();
    match algorithms.iter().find(|algorithm| algorithm.times.len() != n) {
        None => Ok(()),
        Some(other) => Err(FigureError::invalid(format!(
            "\"{}\" has {} problems, but \"{}\" has {n}.",
            other.name,
            other.times.len(),
            first.name
        ))),
    }
}

/// Divide the efforts for each problem by the smallest.
fn normalize(algorithms: &mut [SolutionTimes]) {
    for problem in 0..algorithms[0].times.len() {
        let times = algorithms.iter().map(|algorithm| algorithm.times[problem]);
        let least = times.fold(f64::INFINITY, f64::min);
        for algorithm in algorithms.iter_mut() {
            let time = &mut algorithm.times[problem];
            // 0 / 0: nothing is as fast as the fastest.
            *time = if *time == least { 1.0 } else { *time / least };
            if least.is_infinite() {
                *time = f64::INFINITY;
            }
        }
    }
}

/// Where the axis of budgets begins and ends.
fn ends(algorithms: &[SolutionTimes], options: &ProfileOptions) -> (f64, f64) {
    let finite =
        || algorithms.iter().flat_map(|algorithm| &algorithm.times).filter(|t| t.is_finite());
    let last = finite().fold(f64::NAN, |last, &time| last.max(time));
    let first = match (options.normalize_runtime, options.log_x) {
        (true, _) => 1.0,
        (false, false) => 0.0,
        (false, true) => {
            let positive = finite().filter(|time| **time > 0.0);
            positive.fold(f64::NAN, |first, &time| first.min(time)).min(1.0)
        }
    };
    // Nothing is solved by anyone, or everything at once.
    let beyond = (first + BEYOND * (last - first)).min(f64::MAX);
    let last = if last > first { beyond } else { first + 1.0 };
    (first, last)
}

/// The corners of the share of `times` within a budget, from `first` to `last`.
fn steps(times: &[f64], first: f64, last: f64) -> (Vec<f64>, Vec<f64>) {
    let mut solved: Vec<f64> = times.iter().copied().filter(|time| time.is_finite()).collect();
    solved.sort_by(f64::total_cmp);
    let share =
        |budget: f64| solved.partition_point(|time| *time <= budget) as f64 / times.len() as f64;
    let (mut x, mut y) = (vec![first], vec![share(first)]);
    for &time in solved.iter().filter(|time| **time > first) {
        if x.last() != Some(&time) {
            x.push(time);
            y.push(share(time));
        }
    }
    x.push(last);
    y.push(share(last));
    (x, y)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn algorithm(name: &str, times: &[f64]) -> SolutionTimes {
        SolutionTimes { name: name.into(), times: times.to_vec() }
    }

    fn lines(figure: &Figure) -> Vec<&Line> {
        let traces = figure.panels[0].traces.iter();
        traces.filter_map(|t| if let Trace::Line(line) = t { Some(line) } else { None }).collect()
    }

    const NEVER: f64 = f64::INFINITY;

    #[test]
    fn a_profile_steps_up_at_every_solved_problem() {
        let algorithms = [
            algorithm("b", &[10.0, NEVER, 30.0, 10.0]),
            algorithm("a", &[40.0, 5.0, NEVER, NEVER]),
        ];
        let figure = profile_figure(&algorithms, &ProfileOptions::default()).unwrap();
        let lines = lines(&figure);
        assert_eq!((lines[0].name.as_str(), lines[1].name.as_str()), ("a", "b"));
        assert_eq!(lines[0].x, [0.0, 5.0, 40.0, 42.0]);
        assert_eq!(lines[0].y, [0.0, 0.25, 0.5, 0.5]);
        assert_eq!(lines[1].x, [0.0, 10.0, 30.0, 42.0]);
        assert_eq!(lines[1].y, [0.0, 0.5, 0.75, 0.75]);
        assert!(lines.iter().all(|line| line.step));
        assert_eq!(figure.panels[0].x.label, "Number of Function Evaluations");
    }

    #[test]
    fn normalized_profiles_begin_with_the_share_of_wins() {
        let algorithms =
            [algorithm("a", &[10.0, 5.0, NEVER, 0.0]), algorithm("b", &[20.0, 5.0, NEVER, NEVER])];
        let options = ProfileOptions { normalize_runtime: true, ..ProfileOptions::default() };
        let figure = profile_figure(&algorithms, &options).unwrap();
        let lines = lines(&figure);
        assert_eq!((lines[0].x[0], lines[0].y[0]), (1.0, 0.75));
        assert_eq!((&lines[1].x, &lines[1].y), (&vec![1.0, 2.0, 2.05], &vec![0.25, 0.5, 0.5]));
    }

    #[test]
    fn nothing_solved_is_a_line_at_zero() {
        for (normalize_runtime, log_x) in [(false, false), (true, false), (false, true)] {
            let options = ProfileOptions { normalize_runtime, log_x, ..ProfileOptions::default() };
            let times = [algorithm("a", &[NEVER, NEVER]), algorithm("b", &[f64::NAN, NEVER])];
            let figure = profile_figure(&times, &options).unwrap();
            assert!(lines(&figure).iter().all(|line| line.y == [0.0, 0.0]), "{figure:?}");
            let [first, last] = figure.panels[0].x.range.unwrap();
            assert!(first < last && first.is_finite());
        }
    }

    #[test]
    fn what_cannot_be_drawn_is_said() {
        let message = |algorithms: &[SolutionTimes]| {
            profile_figure(algorithms, &ProfileOptions::default()).unwrap_err().to_string()
        };
        assert_eq!(message(&[]), "results is empty. It has to have at least one algorithm.");
        assert_eq!(
            message(&[algorithm("a", &[])]),
            "problems is empty. It has to have at least one problem."
        );
        assert_eq!(
            message(&[algorithm("a", &[1.0]), algorithm("b", &[1.0, 2.0])]),
            "\"b\" has 2 problems, but \"a\" has 1."
        );
    }
}
