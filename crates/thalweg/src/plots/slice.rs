//! The objective along one parameter, or over pairs of them.

use thalweg_space::Bounds;
use thalweg_space::params::{Params, Selector};
use thalweg_view::Figure;
use thalweg_view::figures::{
    Slice3dOptions, SliceOptions, SliceSpace, slice_3d_figure, slice_3d_points, slice_figure,
    slice_points,
};

use crate::aggregate::total;
use crate::builder::{Optimization, Selection};
use crate::error::{InvalidKind, OptimizeError};
use crate::objective::{Answer, Batch, Failure, Objective};

/// Points of the grid for each parameter.
const GRIDPOINTS: usize = 20;

/// Which parameters are varied one at a time, and how that is drawn.
#[derive(Debug)]
pub struct SlicePlot<'a, P> {
    /// The parameters: all of them, positions, names, or what a closure made by [`by`](crate::by) picks.
    pub selector: Selection<'a, P>,
    /// Points of the grid for each.
    pub n_gridpoints: usize,
    /// How they are drawn.
    pub look: SliceOptions,
}

/// Which parameters are varied, alone or in pairs, and how that is drawn.
#[derive(Debug)]
pub struct SlicePlot3d<'a, P> {
    /// The parameters: all of them, positions, names, or what a closure made by [`by`](crate::by) picks.
    pub selector: Selection<'a, P>,
    /// Points of the grid for each: a pair needs the square of it.
    pub n_gridpoints: usize,
    /// What is drawn, and how.
    pub look: Slice3dOptions,
}

impl<P> Default for SlicePlot<'_, P> {
    fn default() -> Self {
        SlicePlot {
            selector: Selection::Selector(Selector::All),
            n_gridpoints: GRIDPOINTS,
            look: SliceOptions::default(),
        }
    }
}

impl<P> Default for SlicePlot3d<'_, P> {
    fn default() -> Self {
        SlicePlot3d {
            selector: Selection::Selector(Selector::All),
            n_gridpoints: GRIDPOINTS,
            look: Slice3dOptions::default(),
        }
    }
}

/// Draw the objective of a run in the making along each selected parameter, the others at the start. The function is evaluated on as many
/// threads as the run is told to use; where it fails, lines have gaps.
///
/// ```
/// use thalweg::plots::{SlicePlot, slice_plot};
///
/// let rosenbrock = |x: &[f64; 2]| 100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2);
/// let run = thalweg::minimize(rosenbrock, [-1.2, 1.0]).bounds(.., -2.0, 2.0).threads(2);
/// let figure = slice_plot(run, &SlicePlot::default())?;
/// assert_eq!(figure.panels.len(), 2);
/// # Ok::<(), thalweg::OptimizeError>(())
/// ```
///
/// # Errors
/// A selected parameter has no finite bounds (nor soft bounds instead), or the objective fails at the start.
pub fn slice_plot<P: Params, O: Objective>(
    run: Optimization<'_, P, O>,
    plot: &SlicePlot<'_, P>,
) -> Result<Figure, OptimizeError> {
    let space = slice_space(&run, &plot.selector, plot.n_gridpoints)?;
    let values = values(run, &slice_points(&space)?)?;
    Ok(slice_figure(&space, &values, &plot.look)?)
}

/// Draw the objective of a run in the making along each selected parameter, or over pairs of them as contours or surfaces.
///
/// ```
/// use thalweg::plots::{Projection, Slice3dOptions, SlicePlot3d, slice_plot_3d};
///
/// let rosenbrock = |x: &[f64; 2]| 100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2);
/// let run = thalweg::minimize(rosenbrock, [-1.2, 1.0]).bounds(.., -2.0, 2.0);
/// let look = Slice3dOptions { projection: Projection::CONTOUR, ..Slice3dOptions::default() };
/// let figure = slice_plot_3d(run, &SlicePlot3d { look, ..SlicePlot3d::default() })?;
/// assert!(figure.to_svg().contains("contour"));
/// # Ok::<(), thalweg::OptimizeError>(())
/// ```
///
/// # Errors
/// As [`slice_plot`], or pairs are asked for and only one parameter is selected.
pub fn slice_plot_3d<P: Params, O: Objective>(
    run: Optimization<'_, P, O>,
    plot: &SlicePlot3d<'_, P>,
) -> Result<Figure, OptimizeError> {
    let space = slice_space(&run, &plot.selector, plot.n_gridpoints)?;
    let values = values(run, &slice_3d_points(&space, plot.look.projection)?)?;
    Ok(slice_3d_figure(&space, &values, &plot.look)?)
}

/// What is varied, between the bounds of the run.
fn slice_space<P: Params, O>(
    run: &Optimization<'_, P, O>,
    selector: &Selection<'_, P>,
    n_gridpoints: usize,
) -> Result<SliceSpace, OptimizeError> {
    let start = run.start.to_flat();
    let n = start.len();
    let positions = selector.positions(&run.start, n).map_err(|error| {
        OptimizeError::invalid(InvalidKind::Argument, format!("selector: {error}"))
    })?;
    let (hard, soft) = (run.hard_bounds_of(n)?, run.soft_bounds_of(n)?);
    let Bounds { lower, upper } = hard;
    let leaf_names = run.start.leaf_names();
    Ok(SliceSpace {
        start,
        lower: with_soft(lower, soft.lower),
        upper: with_soft(upper, soft.upper),
        names: positions.iter().map(|&i| leaf_names[i].clone()).collect(),
        positions,
        n_gridpoints,
    })
}

/// Hard bounds, and soft ones where there is none.
fn with_soft(hard: Option<Vec<f64>>, soft: Option<Vec<f64>>) -> Option<Vec<f64>> {
    match (hard, soft) {
        (Some(mut hard), Some(soft)) => {
            let missing = hard.iter_mut().zip(soft).filter(|(bound, _)| !bound.is_finite());
            missing.for_each(|(bound, soft)| *bound = soft);
            Some(hard)
        }
        (hard, soft) => hard.or(soft),
    }
}

/// The scalar objective at flat `points`, the first of which is the start. NaN where it fails.
fn values<P: Params, O: Objective>(
    mut run: Optimization<'_, P, O>,
    points: &[f64],
) -> Result<Vec<f64>, OptimizeError> {
    let dim = run.start.to_flat().len();
    let objective = &mut run.objective;
    let at_start = objective.start(&points[..dim]).map_err(OptimizeError::Start)?;
    objective.keep_going(true);
    let (kind, m) = (objective.kind(), objective.n_outputs());
    let points = &points[dim..];
    let mut outputs = vec![0.0; points.len() / dim * m];
    let mut failures: Vec<Failure> = Vec::new();
    let batch =
        Batch { points, dim, wants_outputs: true, n_cores: run.n_cores, ..Batch::default() };
    let answer = Answer { outputs: &mut outputs, ..Answer::default() };
    objective.evaluate(&batch, answer, &mut failures);
    let mut values = vec![total(kind, &at_start.outputs)];
    values.extend(outputs.chunks_exact(m.max(1)).map(|outputs| total(kind, outputs)));
    for failure in failures {
        values[failure.index + 1] = f64::NAN;
    }
    Ok(values)
}
