//! The convergence report: how much the last accepted steps changed, independent of the algorithm's own tests.

use crate::history::History;

/// Below this size, changes are taken relative to it.
const FLOOR: f64 = 0.1;

/// Changes over the last step and over the last five accepted steps.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct ConvergenceReport {
    /// The last accepted step.
    pub one_step: Changes,
    /// The last five accepted steps.
    pub five_steps: Changes,
}

/// Changes between accepted evaluations.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Changes {
    /// |f_last - f_first| / max(|f_last|, 0.1).
    pub relative_criterion_change: f64,
    /// The largest distance from the last point, entries divided by max(|x_last|, 0.1).
    pub relative_params_change: f64,
    /// |f_last - f_first|.
    pub absolute_criterion_change: f64,
    /// The largest distance from the last point.
    pub absolute_params_change: f64,
}

impl Changes {
    /// The rows of the report with their names.
    pub fn rows(&self) -> [(&'static str, f64); 4] {
        [
            ("relative_criterion_change", self.relative_criterion_change),
            ("relative_params_change", self.relative_params_change),
            ("absolute_criterion_change", self.absolute_criterion_change),
            ("absolute_params_change", self.absolute_params_change),
        ]
    }

    fn over(window: &[(f64, &[f64])]) -> Self {
        let (Some(&(f_first, _)), Some(&(f_last, x_last))) = (window.first(), window.last()) else {
            return Changes::default();
        };
        let absolute = (f_last - f_first).abs();
        let distance = |x: &[f64], scale: &dyn Fn(f64) -> f64| {
            x.iter()
                .zip(x_last)
                .map(|(x, last)| ((x - last) / scale(*last)).powi(2))
                .sum::<f64>()
                .sqrt()
        };
        let largest = |scale: &dyn Fn(f64) -> f64| {
            window.iter().map(|(_, x)| distance(x, scale)).fold(0.0, f64::max)
        };
        Changes {
            relative_criterion_change: absolute / f_last.abs().max(FLOOR),
            relative_params_change: largest(&|last| last.abs().max(FLOOR)),
            absolute_criterion_change: absolute,
            absolute_params_change: largest(&|_| 1.0),
        }
    }
}

impl ConvergenceReport {
    /// The report of a history, or `None` when fewer than two evaluations were accepted.
    pub fn new(history: &History, maximize: bool) -> Option<Self> {
        let accepted = history.is_accepted(maximize);
        // A derivative at a point that was evaluated before is not a step.
        let keep =
            accepted.into_iter().zip(history.tasks()).map(|(a, &task)| a && task.is_evaluation());
        let rows = history.values().iter().copied().zip(history.params()).zip(keep);
        let kept: Vec<(f64, &[f64])> = rows.filter(|(_, keep)| *keep).map(|(row, _)| row).collect();
        Self::of_accepted(&kept)
    }

    /// The report of a sequence of values and points, of which those that are at least as good as all before count.
    pub(crate) fn of_steps<'a>(
        rows: impl Iterator<Item = (f64, &'a [f64])>,
        maximize: bool,
    ) -> Option<Self> {
        let mut best = f64::NAN;
        let accepted = rows.filter(|(value, _)| {
            best = if maximize { best.max(*value) } else { best.min(*value) };
            *value == best
        });
        Self::of_accepted(&accepted.collect::<Vec<_>>())
    }

    fn of_accepted(kept: &[(f64, &[f64])]) -> Option<Self> {
        (kept.len() >= 2).then(|| ConvergenceReport {
            one_step: Changes::over(&kept[kept.len() - 2..]),
            five_steps: Changes::over(&kept[kept.len() - kept.len().min(6)..]),
        })
    }
}
