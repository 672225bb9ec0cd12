//! Figures of results, from outside.

use thalweg::plots::{
    CriterionOptions, Figure, Histories, PairKind, ParamsPlot, Projection, Slice3dOptions,
    SlicePlot, SlicePlot3d, criterion_plot, params_plot, slice_plot, slice_plot_3d,
};
use thalweg::view::{Line, Trace};
use thalweg::{
    LogReader, MultistartOptions, OptimizeResult, by, least_squares, maximize, minimize,
};

fn sphere(x: &[f64; 3]) -> f64 {
    x.iter().map(|x| x * x).sum()
}

fn run(algorithm: &str) -> OptimizeResult<[f64; 3]> {
    minimize(sphere, [1.0, 2.0, 3.0]).algorithm(algorithm).run().unwrap()
}

fn search() -> OptimizeResult<[f64; 3]> {
    minimize(sphere, [1.0, 2.0, 3.0])
        .algorithm("lbfgsb")
        .bounds(.., -5.0, 5.0)
        .multistart(MultistartOptions::default())
        .run()
        .unwrap()
}

fn lines(figure: &Figure) -> Vec<&Line> {
    let traces = figure.panels.iter().flat_map(|panel| &panel.traces);
    traces.filter_map(|t| if let Trace::Line(line) = t { Some(line) } else { None }).collect()
}

#[test]
fn lines_are_the_histories_with_their_names() {
    let (simplex, newton) = (run("neldermead"), run("lbfgsb"));
    let results = [("simplex", &simplex), ("newton", &newton)];
    let figure = criterion_plot(&results, &CriterionOptions::default()).unwrap();
    let drawn = lines(&figure);
    assert_eq!((drawn[0].name.as_str(), drawn[1].name.as_str()), ("simplex", "newton"));
    assert_eq!(drawn[0].y, simplex.history.as_ref().unwrap().values());
    assert!(figure.legend.is_some());

    let both = [simplex.clone(), newton.clone()];
    let figure = criterion_plot(&both[..], &CriterionOptions::default()).unwrap();
    assert_eq!(lines(&figure)[1].name, "1");
}

#[test]
fn results_of_different_types_share_a_figure() {
    let other = maximize(|x: &f64| -(x - 1.0).powi(2), 0.0).algorithm("lbfgsb").run().unwrap();
    let mut runs = (&run("lbfgsb")).runs().unwrap();
    runs.extend((&[("other", &other)]).runs().unwrap());
    let options = CriterionOptions { monotone: true, ..CriterionOptions::default() };
    let figure = criterion_plot(runs, &options).unwrap();
    let rising = &lines(&figure)[1].y;
    assert!(rising.windows(2).all(|pair| pair[0] <= pair[1]), "{rising:?}");
}

#[test]
fn searches_are_drawn_over_their_local_runs_or_stacked() {
    let result = search();
    let info = result.multistart.as_ref().unwrap();
    let figure = criterion_plot(&result, &CriterionOptions::default()).unwrap();
    assert_eq!(lines(&figure).len(), info.local_optima.len() + 1);
    assert_eq!(lines(&figure).last().unwrap().name, "best result");

    let options = CriterionOptions { show_exploration: true, ..CriterionOptions::default() };
    let figure = criterion_plot(&result, &options).unwrap();
    let stacked = lines(&figure)[0].y.clone();
    let local = |r: &OptimizeResult<[f64; 3]>| r.history.as_ref().unwrap().len();
    let all: usize = info.local_optima.iter().map(local).sum();
    assert_eq!(stacked.len(), info.exploration_results.len() + all);
    assert_eq!(stacked[0], *info.exploration_results.last().unwrap());

    let plot = ParamsPlot { show_exploration: true, ..ParamsPlot::default() };
    let figure = params_plot(&result, &plot).unwrap();
    let (drawn, worst) = (lines(&figure), info.exploration_sample.last().unwrap());
    assert_eq!(drawn[0].y.len(), stacked.len());
    assert_eq!([drawn[0].y[0], drawn[1].y[0], drawn[2].y[0]], *worst);
}

#[test]
fn parameters_are_selected_by_name_or_closure() {
    type Params = (f64, Vec<f64>);
    let fun = |p: &Params| (p.0 - 1.0).powi(2) + p.1.iter().map(|x| x * x).sum::<f64>();
    let result = minimize(fun, (0.0, vec![1.0, 2.0])).algorithm("neldermead").run().unwrap();
    let names = |plot: ParamsPlot<'_, Params>| {
        let figure = params_plot(&result, &plot).unwrap();
        lines(&figure).iter().map(|line| line.name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(ParamsPlot::default()), ["0", "1_0", "1_1"]);
    let closure = by(|p: &Params| (p.1[1], p.0));
    assert_eq!(
        names(ParamsPlot { selector: closure.into(), ..ParamsPlot::default() }),
        ["1_1", "0"]
    );
    assert_eq!(names(ParamsPlot { selector: "1_0".into(), ..ParamsPlot::default() }), ["1_0"]);
    let wrong = ParamsPlot { selector: "2".into(), ..ParamsPlot::default() };
    assert_eq!(
        params_plot(&result, &wrong).unwrap_err().to_string(),
        "selector: no parameter is called '2'; the names are '0', '1_0', '1_1'"
    );
}

#[test]
fn without_history_there_is_nothing_to_draw() {
    let run = minimize(sphere, [1.0; 3]).algorithm("lbfgsb").collect_history(false).run().unwrap();
    let message = "the result \"0\" has no history. Run it with .collect_history(true).";
    let error = criterion_plot(&run, &CriterionOptions::default()).unwrap_err();
    assert_eq!(error.to_string(), message);
    assert_eq!(params_plot(&run, &ParamsPlot::default()).unwrap_err().to_string(), message);
}

#[test]
fn slices_do_not_depend_on_threads_and_have_gaps_where_the_objective_fails() {
    let fun = |x: &[f64; 3]| if x[0] > 0.9 { Err("too large") } else { Ok(sphere(x)) };
    let draw = |threads: usize| {
        let run = minimize(fun, [0.5; 3]).bounds(.., -1.0, 1.0).threads(threads);
        slice_plot(run, &SlicePlot { selector: [0, 2].into(), ..SlicePlot::default() }).unwrap()
    };
    let (one, four) = (draw(1), draw(4));
    assert_eq!(one.to_json(), four.to_json());
    let y = &lines(&one)[0].y;
    assert!(y.last().unwrap().is_nan() && y[0] == 1.5, "{y:?}");
    assert_eq!(one.panels[1].x.label, "2");
}

#[test]
fn slices_of_sums_of_squares_and_soft_bounds() {
    let run = least_squares(|x: &[f64; 2]| [x[0] - 1.0, 2.0 * x[1]], [0.0, 1.0]);
    let run = run.lower(0, 0.0).soft_bounds(.., -1.0, 1.0);
    let figure = slice_plot(run, &SlicePlot::default()).unwrap();
    let first = lines(&figure)[0];
    assert_eq!((first.x[0], first.y[0]), (0.0, 5.0));
    assert_eq!(lines(&figure)[1].x[0], -1.0);

    let run = minimize(sphere, [0.0; 3]).lower(.., -1.0);
    assert_eq!(
        slice_plot(run, &SlicePlot::default()).unwrap_err().to_string(),
        "All selected parameters must have finite lower/upper bounds. These have none: 0 (upper), 1 (upper), 2 (upper)."
    );
}

#[test]
fn pairs_are_drawn_in_a_grid() {
    let projection =
        Projection::Pairs { lower: Some(PairKind::Contour), upper: Some(PairKind::Surface) };
    let look = Slice3dOptions { projection, ..Slice3dOptions::default() };
    let run = minimize(sphere, [0.5; 3]).bounds(.., -1.0, 1.0);
    let figure =
        slice_plot_3d(run, &SlicePlot3d { look, n_gridpoints: 5, ..SlicePlot3d::default() });
    let figure = figure.unwrap();
    assert_eq!(figure.panels.len(), 9);
    let svg = figure.to_svg();
    assert!(
        svg.matches("class=\"contour\"").count() == 3
            && svg.matches("class=\"surface\"").count() == 3
    );
}

#[test]
fn figures_are_written() {
    let folder = std::env::temp_dir().join(format!("thalweg-plots-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let figure = criterion_plot(&run("lbfgsb"), &CriterionOptions::default()).unwrap();
    figure.write_svg(folder.join("a.svg")).unwrap();
    figure.write_html(folder.join("a.html")).unwrap();
    assert!(std::fs::read_to_string(folder.join("a.svg")).unwrap().starts_with("<svg"));
    assert!(std::fs::read_to_string(folder.join("a.html")).unwrap().starts_with("<!DOCTYPE html>"));
    #[cfg(feature = "png")]
    {
        figure.write_png(folder.join("a.png")).unwrap();
        assert!(std::fs::read(folder.join("a.png")).unwrap().starts_with(b"\x89PNG"));
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn the_plot_of_a_log_is_that_of_the_result() {
    let folder = std::env::temp_dir().join(format!("thalweg-plots-log-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let single = |path| minimize(sphere, [1.0, 2.0, 3.0]).algorithm("neldermead").log(path).run();
    let search = |path| {
        let run = minimize(sphere, [1.0, 2.0, 3.0]).algorithm("lbfgsb").bounds(.., -5.0, 5.0);
        run.multistart(MultistartOptions::default()).log(path).run()
    };
    let (one, many) = (folder.join("one.db"), folder.join("many.db"));
    let results = [(single(one.clone()).unwrap(), one), (search(many.clone()).unwrap(), many)];
    for (result, path) in results {
        let log = LogReader::open(path).unwrap();
        for show_exploration in [false, true] {
            let options = CriterionOptions { show_exploration, ..CriterionOptions::default() };
            let (of_result, of_log) = (
                criterion_plot(&result, &options).unwrap(),
                criterion_plot(&log, &options).unwrap(),
            );
            assert_eq!(of_log.to_json(), of_result.to_json());
            let plot = ParamsPlot { show_exploration, ..ParamsPlot::default() };
            let of_log = params_plot((&log, &[0.0; 3]), &plot).unwrap();
            assert_eq!(of_log.to_json(), params_plot(&result, &plot).unwrap().to_json());
        }
        assert_eq!(
            params_plot((&log, &[0.0; 2]), &ParamsPlot::default()).unwrap_err().to_string(),
            "the log has 3 parameters, but those that give names are 2."
        );
    }
    std::fs::remove_dir_all(folder).unwrap();
}
