//! Pictures of runs, and of what is optimized. They are written as SVG into the folder that is given, or a new one among the temporary
//! files: `cargo run --example plots -- docs/pictures` draws those of the pages.

use std::error::Error;
use std::path::PathBuf;

use thalweg::plots::{
    CriterionOptions, Figure, ParamsPlot, Projection, Slice3dOptions, SlicePlot, SlicePlot3d,
    criterion_plot, params_plot, slice_plot, slice_plot_3d,
};
use thalweg::{MultistartOptions, OptimizeResult, minimize};

/// A curved valley.
fn rosenbrock(x: &[f64; 2]) -> f64 {
    100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2)
}

/// Many valleys.
fn rastrigin(x: &[f64; 2]) -> f64 {
    let wave = |x: f64| x * x + 10.0 * (1.0 - (2.0 * std::f64::consts::PI * x).cos());
    x.iter().map(|x| wave(*x)).sum()
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args()
        .nth(1)
        .map_or_else(|| std::env::temp_dir().join("thalweg-plots"), PathBuf::from);
    std::fs::create_dir_all(&folder)?;
    for (name, figure) in figures()? {
        let path = folder.join(format!("plots-{name}.svg"));
        figure.write_svg(&path)?;
        println!("{}", path.display());
    }
    Ok(())
}

/// All pictures by name.
pub(crate) fn figures() -> Result<[(&'static str, Figure); 6], Box<dyn Error>> {
    Ok([
        ("criterion", criterion()?),
        ("multistart", multistart()?),
        ("params", params()?),
        ("slices", slices()?),
        ("contour", pairs(Projection::CONTOUR)?),
        ("surface", pairs(Projection::SURFACE)?),
    ])
}

/// Three algorithms on one problem: the best value so far.
fn criterion() -> Result<Figure, Box<dyn Error>> {
    let run = |algorithm| minimize(rosenbrock, [-1.2, 1.0]).algorithm(algorithm).run();
    let names = ["neldermead", "bobyqa", "lbfgsb"];
    let results: Vec<OptimizeResult<[f64; 2]>> =
        names.map(run).into_iter().collect::<Result<_, _>>()?;
    let named: Vec<(&str, &OptimizeResult<[f64; 2]>)> = names.into_iter().zip(&results).collect();
    let options =
        CriterionOptions { monotone: true, log_scale: true, ..CriterionOptions::default() };
    Ok(criterion_plot(&named, &options)?)
}

/// A search from many starts: the best local run over all others.
fn multistart() -> Result<Figure, Box<dyn Error>> {
    let result = minimize(rastrigin, [4.5, 3.5])
        .algorithm("neldermead")
        .bounds(.., -4.12, 6.12)
        .multistart(MultistartOptions { n_samples: Some(100), ..MultistartOptions::default() })
        .seed(6)
        .run()?;
    Ok(criterion_plot(&result, &CriterionOptions::default())?)
}

/// The way of the parameters.
fn params() -> Result<Figure, Box<dyn Error>> {
    let result = minimize(rosenbrock, [-1.2, 1.0]).algorithm("neldermead").run()?;
    Ok(params_plot(&result, &ParamsPlot::default())?)
}

/// The objective along each parameter.
fn slices() -> Result<Figure, Box<dyn Error>> {
    let run = minimize(rosenbrock, [-1.2, 1.0]).bounds(.., -2.0, 2.0).threads(2);
    Ok(slice_plot(run, &SlicePlot { n_gridpoints: 60, ..SlicePlot::default() })?)
}

/// The objective over both parameters.
fn pairs(projection: Projection) -> Result<Figure, Box<dyn Error>> {
    let run = minimize(rastrigin, [0.6, 0.7]).bounds(.., -1.5, 1.5).threads(2);
    let look = Slice3dOptions { projection, ..Slice3dOptions::default() };
    Ok(slice_plot_3d(run, &SlicePlot3d { look, n_gridpoints: 30, ..SlicePlot3d::default() })?)
}
