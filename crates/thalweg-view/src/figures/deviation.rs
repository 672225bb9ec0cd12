//! How far algorithms are from the solutions on average over problems.

use crate::error::FigureError;
use crate::figure::{Axis, Figure, LegendPosition, Panel};
use crate::figures::benchmark::{DistanceMeasure, Looks, RuntimeMeasure};
use crate::figures::counted;
use crate::palette::Palette;
use crate::trace::{Line, Trace};

/// The normalized deviations of an algorithm.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Deviations {
    /// The algorithm's name.
    pub name: String,
    /// For each problem, the deviation after every evaluation: 1 at the start, 0 at the solution.
    pub problems: Vec<Vec<f64>>,
}

/// How deviations are drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct DeviationOptions {
    /// What the deviation measures.
    pub distance_measure: DistanceMeasure,
    /// Whether it is the best so far.
    pub monotone: bool,
    /// What the effort is.
    pub runtime_measure: RuntimeMeasure,
    /// The colours of the lines, in turn.
    pub palette: Palette,
    /// Whether more than three lines are told apart by dashes, too.
    pub dashes: bool,
    /// Above the figure.
    pub title: Option<String>,
}

impl Default for DeviationOptions {
    fn default() -> Self {
        DeviationOptions {
            distance_measure: DistanceMeasure::Criterion,
            monotone: true,
            runtime_measure: RuntimeMeasure::Evaluations,
            palette: Palette::default(),
            dashes: true,
            title: None,
        }
    }
}

/// The average deviation of every algorithm over its problems, sorted by name. Where a history has ended, or has no value, its last
/// value counts.
///
/// # Errors
/// There is no algorithm, or one has no problem.
pub fn deviation_figure(
    algorithms: &[Deviations],
    options: &DeviationOptions,
) -> Result<Figure, FigureError> {
    if algorithms.is_empty() {
        return Err(FigureError::invalid(
            "results is empty. It has to have at least one algorithm.",
        ));
    }
    if let Some(empty) = algorithms.iter().find(|a| a.problems.iter().all(Vec::is_empty)) {
        return Err(FigureError::invalid(format!("\"{}\" has no evaluations.", empty.name)));
    }
    let longest = algorithms.iter().flat_map(|a| &a.problems).map(Vec::len).max().unwrap_or(0);
    let mut algorithms: Vec<&Deviations> = algorithms.iter().collect();
    algorithms.sort_by(|a, b| a.name.cmp(&b.name));
    let names = algorithms.iter().map(|algorithm| algorithm.name.as_str());
    let looks = Looks::new(names, &options.palette, options.dashes);
    let line = |algorithm: &&Deviations| {
        let (color, dash) = looks.of(&algorithm.name);
        let mean = mean_deviation(&algorithm.problems, longest);
        Trace::Line(Line { dash, ..Line::new(&algorithm.name, counted(longest), mean, color) })
    };
    let x = Axis::new(options.runtime_measure.label());
    let label = options.distance_measure.label(options.monotone, true);
    let label = format!("Average {label}");
    let y = Axis::new(label);
    let panel = Panel::xy(0, 0, x, y, algorithms.iter().map(line).collect());
    let figure = Figure::single(panel);
    Ok(Figure { title: options.title.clone(), ..figure }
        .with_legend(LegendPosition::TopRightInside))
}

/// The mean over problems after each of `n` evaluations.
fn mean_deviation(problems: &[Vec<f64>], n: usize) -> Vec<f64> {
    let (mut sums, mut counts) = (vec![0.0; n], vec![0.0; n]);
    for deviations in problems {
        let mut last = f64::NAN;
        for i in 0..n {
            last = deviations.get(i).copied().filter(|value| !value.is_nan()).unwrap_or(last);
            if !last.is_nan() {
                sums[i] += last;
                counts[i] += 1.0;
            }
        }
    }
    sums.iter().zip(counts).map(|(sum, count)| sum / count).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn algorithm(name: &str, problems: &[&[f64]]) -> Deviations {
        Deviations { name: name.into(), problems: problems.iter().map(|p| p.to_vec()).collect() }
    }

    #[test]
    fn short_histories_are_carried_forward() {
        let algorithms = [
            algorithm("b", &[&[1.0, 0.5, f64::NAN, 0.0], &[1.0, 0.25]]),
            algorithm("a", &[&[1.0]]),
        ];
        let figure = deviation_figure(&algorithms, &DeviationOptions::default()).unwrap();
        let [Trace::Line(a), Trace::Line(b)] = &figure.panels[0].traces[..] else { panic!() };
        assert_eq!((a.name.as_str(), &a.y[..]), ("a", &[1.0; 4][..]));
        assert_eq!(b.y, [1.0, 0.375, 0.375, 0.125]);
    }

    #[test]
    fn what_cannot_be_drawn_is_said() {
        let message = |algorithms: &[Deviations]| {
            deviation_figure(algorithms, &DeviationOptions::default()).unwrap_err().to_string()
        };
        assert_eq!(message(&[]), "results is empty. It has to have at least one algorithm.");
        assert_eq!(message(&[algorithm("a", &[&[]])]), "\"a\" has no evaluations.");
    }
}
