//! Figures of benchmark runs.

use thalweg::view::figures::{
    ConvergenceOptions, DeviationOptions, Deviations, ProfileOptions, SolutionTimes,
    convergence_figure, convergence_figures, deviation_figure, profile_figure,
};
use thalweg::view::{Figure, Trace};

use crate::error::BenchmarkError;
use crate::results::{ConvergencePanel, Distance, Results, Solved};

impl Results {
    /// The share of the problems that each algorithm solves within a budget.
    ///
    /// # Errors
    /// A precision is not positive.
    pub fn profile_figure(
        &self,
        options: &ProfileOptions,
        solved: &Solved,
    ) -> Result<Figure, BenchmarkError> {
        let costs = self.solution_costs(options.runtime_measure, solved)?;
        let times = |(l, name): (usize, &String)| {
            let times = costs.iter().map(|costs| costs[l]).collect();
            SolutionTimes { name: name.clone(), times }
        };
        let algorithms: Vec<_> = self.labels().iter().enumerate().map(times).collect();
        Ok(profile_figure(&algorithms, options)?)
    }

    /// How each algorithm approaches the solution of each problem, in a grid. Lines end where the problem is solved; without
    /// [`Solved`], with the run.
    ///
    /// # Errors
    /// A precision is not positive.
    pub fn convergence_figure<'a>(
        &self,
        options: &ConvergenceOptions,
        solved: impl Into<Option<&'a Solved>>,
    ) -> Result<Figure, BenchmarkError> {
        Ok(convergence_figure(&self.panels(options, solved.into())?, options)?)
    }

    /// The panels of [`Results::convergence_figure`] as figures of their own, with their titles in small letters.
    ///
    /// # Errors
    /// A precision is not positive.
    pub fn convergence_figures<'a>(
        &self,
        options: &ConvergenceOptions,
        solved: impl Into<Option<&'a Solved>>,
    ) -> Result<Vec<(String, Figure)>, BenchmarkError> {
        Ok(convergence_figures(&self.panels(options, solved.into())?, options)?)
    }

    fn panels(
        &self,
        options: &ConvergenceOptions,
        solved: Option<&Solved>,
    ) -> Result<Vec<ConvergencePanel>, BenchmarkError> {
        let &ConvergenceOptions { distance_measure, monotone, normalize_distance, .. } = options;
        let distance =
            Distance { measure: distance_measure, monotone, normalize: normalize_distance };
        self.convergence(options.runtime_measure, &distance, solved)
    }

    /// How far each algorithm is from the solutions on average.
    ///
    /// # Errors
    /// The solution of no problem is known.
    pub fn deviation_figure(&self, options: &DeviationOptions) -> Result<Figure, BenchmarkError> {
        let &DeviationOptions { runtime_measure, distance_measure, monotone, .. } = options;
        let lines = self.deviation(runtime_measure, distance_measure, monotone)?;
        let x = lines.first().map(|line| line.x.clone()).unwrap_or_default();
        let means = lines.into_iter().map(|l| Deviations { name: l.name, problems: vec![l.y] });
        let mut figure = deviation_figure(&means.collect::<Vec<_>>(), options)?;
        // The figure counts evaluations; here it may be seconds.
        for trace in figure.panels.iter_mut().flat_map(|panel| &mut panel.traces) {
            if let Trace::Line(line) = trace {
                line.x.clone_from(&x);
            }
        }
        Ok(figure)
    }
}
