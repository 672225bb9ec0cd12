//! What is drawn, from outside: nothing leaves its place, and nothing breaks, whatever the numbers are.

use proptest::prelude::*;
use serde_json::Value;
use thalweg_view::figures::{
    CriterionOptions, CriterionRun, PairKind, ParamsOptions, ProfileOptions, Projection,
    Slice3dOptions, SliceOptions, SliceSpace, SolutionTimes, criterion_figure, params_figure,
    profile_figure, slice_3d_figure, slice_3d_points, slice_figure, slice_points,
};
use thalweg_view::{Axis, Dash, Figure, Hline, Line, Panel, Trace};

fn small() -> Figure {
    let runs = [
        CriterionRun::new("a <b>", vec![4.0, 1.0, f64::NAN, 0.5]),
        CriterionRun::new("second", vec![4.0, 2.0]),
    ];
    let options =
        CriterionOptions { title: Some("Two runs".into()), ..CriterionOptions::default() };
    Figure { width: 300, height: 200, ..criterion_figure(&runs, &options).unwrap() }
}

#[test]
fn a_small_figure_as_svg() {
    insta::assert_snapshot!(small().to_svg());
}

#[test]
fn a_small_figure_as_plotly_json() {
    insta::assert_snapshot!(serde_json::to_string_pretty(&small().to_plotly_json()).unwrap());
}

#[test]
fn a_small_figure_as_json_and_back() {
    let figure = small();
    insta::assert_snapshot!(figure.to_json());
    let again: Figure = figure.to_json().parse().unwrap();
    assert_eq!(again.to_json(), figure.to_json());
    assert!("[1]".parse::<Figure>().is_err());
    let later = figure.to_json().replacen("\"schema\":1", "\"schema\":2", 1);
    assert_eq!(
        later.parse::<Figure>().unwrap_err().to_string(),
        "the figure has schema 2, and this version of thalweg reads schema 1"
    );
}

/// Every number of pixels that a line or a circle has, in its panel's or the figure's coordinates.
fn places(svg: &str) -> Vec<(f64, f64)> {
    let mut places = Vec::new();
    let attribute = |tag: &str, name: &str| -> Option<String> {
        let rest = tag.split(&format!(" {name}=\"")).nth(1)?;
        rest.split('"').next().map(String::from)
    };
    for tag in svg.split('<') {
        if let Some(d) = attribute(tag, "d") {
            let numbers: Vec<f64> = (d.split(['M', 'L', 'Z', ' ', 'h']))
                .filter(|word| !word.is_empty())
                .map(|word| word.parse().unwrap_or_else(|_| panic!("{word} in {d}")))
                .collect();
            places.extend(numbers.chunks_exact(2).map(|pair| (pair[0], pair[1])));
        }
        if let (Some(x), Some(y)) = (attribute(tag, "cx"), attribute(tag, "cy")) {
            places.push((x.parse().unwrap(), y.parse().unwrap()));
        }
    }
    places
}

fn check(figure: &Figure) -> Result<(), TestCaseError> {
    let svg = figure.to_svg();
    prop_assert!(!svg.contains("NaN") && !svg.contains("inf\""), "{}", svg);
    let (width, height) = (f64::from(figure.width), f64::from(figure.height));
    for (x, y) in places(&svg) {
        prop_assert!((-0.01..=width + 0.01).contains(&x), "x = {} in {}", x, svg);
        prop_assert!((-0.01..=height + 0.01).contains(&y), "y = {} in {}", y, svg);
    }
    prop_assert!(figure.to_html().starts_with("<!DOCTYPE html>"));
    let plotly = figure.to_plotly_json();
    prop_assert!(plotly["data"].as_array().is_some_and(|data| !data.is_empty()));
    let again: Figure = figure.to_json().parse().unwrap();
    prop_assert_eq!(again.to_json(), figure.to_json());
    Ok(())
}

fn odd_numbers() -> impl Strategy<Value = Vec<f64>> {
    let number = prop_oneof![
        4 => -1e3..1e3,
        1 => any::<f64>(),
        1 => Just(f64::NAN),
        1 => Just(0.0),
        1 => 1.0..1.0 + 1e-13,
        1 => 0.0..1e-320,
    ];
    prop::collection::vec(number, 0..12)
}

#[test]
fn a_figure_that_is_narrower_than_its_labels_keeps_its_panel() {
    let runs = [CriterionRun::new("run".to_string(), vec![7e-321])];
    let options = CriterionOptions { log_scale: true, ..CriterionOptions::default() };
    for width in 60..140 {
        check(&Figure { width, ..criterion_figure(&runs, &options).unwrap() }).unwrap();
    }
}

#[test]
fn a_profile_reaches_as_far_as_numbers_do() {
    let times = |name: &str, time| SolutionTimes { name: name.into(), times: vec![time] };
    let algorithms = [times("quick", 2.54e-321), times("slow", 4.561895204687899e-13)];
    let options = ProfileOptions { normalize_runtime: true, ..ProfileOptions::default() };
    check(&profile_figure(&algorithms, &options).unwrap()).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn runs_stay_in_their_place(
        columns in prop::collection::vec(odd_numbers(), 1..5),
        monotone in any::<bool>(),
        log_scale in any::<bool>(),
        width in 120u32..700,
    ) {
        let runs: Vec<CriterionRun> = (columns.iter().enumerate())
            .map(|(i, values)| CriterionRun::new(format!("run {i}"), values.clone()))
            .collect();
        let options = CriterionOptions { monotone, log_scale, ..CriterionOptions::default() };
        check(&Figure { width, ..criterion_figure(&runs, &options).unwrap() })?;
        let names: Vec<String> = (0..columns.len()).map(|i| "parameter ".repeat(i + 1)).collect();
        check(&Figure { width, ..params_figure(&names, &columns, &ParamsOptions::default()).unwrap() })?;
        let times: Vec<SolutionTimes> = (columns.iter().enumerate())
            .map(|(i, times)| SolutionTimes {
                name: i.to_string(),
                times: (0..3).map(|k| times.get(k).map_or(f64::INFINITY, |t| t.abs())).collect(),
            })
            .collect();
        let options =
            ProfileOptions { normalize_runtime: monotone, log_x: log_scale, ..ProfileOptions::default() };
        check(&profile_figure(&times, &options).unwrap())?;
    }

    #[test]
    fn slices_stay_in_their_place(
        values in odd_numbers(),
        start in -2.0..2.0,
        size in prop_oneof![Just(1.0), Just(1e-12), Just(1e250)],
    ) {
        let space = SliceSpace {
            start: vec![start * size; 3],
            lower: Some(vec![-2.0 * size; 3]),
            upper: Some(vec![2.0 * size; 3]),
            positions: vec![0, 1, 2],
            names: ["a", "b", "c"].map(String::from).to_vec(),
            n_gridpoints: 4,
        };
        let some = |n: usize| -> Vec<f64> {
            (0..n).map(|i| values.get(i % values.len().max(1)).copied().unwrap_or(f64::NAN)).collect()
        };
        let n = slice_points(&space).unwrap().len() / 3;
        check(&slice_figure(&space, &some(n), &SliceOptions::default()).unwrap())?;
        let projection =
            Projection::Pairs { lower: Some(PairKind::Contour), upper: Some(PairKind::Surface) };
        let n = slice_3d_points(&space, projection).unwrap().len() / 3;
        let options = Slice3dOptions { projection, ..Slice3dOptions::default() };
        check(&slice_3d_figure(&space, &some(n), &options).unwrap())?;
    }
}

#[test]
fn plotly_has_the_same_numbers_and_names() {
    let line = Line {
        step: true,
        dash: Dash::Dot,
        ..Line::new("a", vec![1.0, 10.0], vec![1.0, 2.0], "red")
    };
    let hline =
        Hline { y: 0.0, color: "grey".into(), dash: Dash::Dash, label: Some("solution".into()) };
    let x = Axis { log: true, range: Some([1.0, 100.0]), ..Axis::new("budget{linebreak}used") };
    let traces = vec![Trace::Hline(hline), Trace::Line(line)];
    let left = Panel {
        title: Some("left".into()),
        ..Panel::xy(0, 0, x.clone(), Axis::new("y"), traces.clone())
    };
    let right = Panel::xy(0, 1, x, Axis::new("y"), traces);
    let figure = Figure { share_y: true, ..Figure::grid([600, 300], 1, 2, vec![left, right]) };
    let json = figure.to_plotly_json();
    let data = json["data"].as_array().unwrap();
    assert_eq!(data[0]["x"], serde_json::json!([1.0, 100.0]));
    assert_eq!(
        data[1]["line"],
        serde_json::json!({"color": "red", "dash": "dot", "shape": "hv", "width": 2.0})
    );
    let shown: Vec<&Value> = data.iter().map(|trace| &trace["showlegend"]).collect();
    assert_eq!(shown, [true, true, false, false]);
    let layout = &json["layout"];
    assert_eq!(layout["xaxis"]["range"], serde_json::json!([0.0, 2.0]));
    assert_eq!(layout["xaxis"]["title"]["text"], "budget<br>used");
    assert_eq!((&data[2]["xaxis"], &layout["yaxis2"]["matches"]), (&"x2".into(), &"y".into()));
    assert_eq!(layout["annotations"][0]["text"], "left");
}
