//! Results as JSON: what is written is read back bit for bit, and what is no result is refused with a reason.

use std::collections::BTreeMap;

use proptest::prelude::*;
use thalweg::core::Extra;
use thalweg::params::Params;
use thalweg::{
    FlatResult, MultistartOptions, OptimizeResult, Status, least_squares, maximize, minimize,
};

#[derive(Clone, Debug, PartialEq, Params)]
struct Model {
    slope: f64,
    weights: [f64; 2],
    levels: BTreeMap<String, Vec<f64>>,
}

fn model() -> Model {
    let levels = BTreeMap::from([("low".to_string(), vec![0.5]), ("high".into(), vec![1.5, 2.0])]);
    Model { slope: 3.0, weights: [1.0, -1.0], levels }
}

fn sum_of_squares<P: Params>(params: &P) -> f64 {
    params.to_flat().iter().map(|x| (x - 0.3).powi(2)).sum()
}

/// Comparison by bits: NaN is NaN, and -0.0 is not 0.0.
fn same<P: Params + std::fmt::Debug>(a: &OptimizeResult<P>, b: &OptimizeResult<P>) {
    assert_eq!(format!("{a:?}"), format!("{b:?}"));
}

fn again<P: Params + std::fmt::Debug>(result: &OptimizeResult<P>) {
    let read = OptimizeResult::from_json_like(&result.to_json(), &result.start_params).unwrap();
    same(&read, result);
}

#[test]
fn results_of_every_kind_come_back() {
    again(&minimize(sum_of_squares, model()).algorithm("lbfgsb").run().unwrap());
    again(&minimize(sum_of_squares, 1.0).algorithm("neldermead").run().unwrap());
    again(&maximize(|x: &[f64; 2]| -sum_of_squares(x), [1.0; 2]).algorithm("bfgs").run().unwrap());
    let residuals = |p: &[f64; 2]| [p[0] - 1.0, p[1] - 2.0, p[0] * p[1]];
    again(&least_squares(residuals, [3.0, 4.0]).algorithm("levenberg_marquardt").run().unwrap());
    let limited = minimize(sum_of_squares, vec![1.0; 3]).algorithm("neldermead");
    let limited = limited.option("stopping_maxfun", 10).collect_history(false).run().unwrap();
    assert_eq!(limited.status, Status::MaxEvaluations);
    again(&limited);
}

#[test]
fn constraints_and_their_plan_come_back() {
    let result = minimize(sum_of_squares, vec![0.5, 0.25, 0.25, 4.0, 5.0])
        .algorithm("slsqp")
        .probability([0, 1, 2])
        .fix(4)
        .nonlinear(|x: &Vec<f64>| x[3] * x[0], 1.0, f64::INFINITY)
        .run()
        .unwrap();
    assert_eq!(result.constraint_plan.constraints.len(), 3);
    again(&result);
}

#[test]
fn searches_come_back_with_their_local_optima() {
    let options = MultistartOptions { n_samples: Some(20), ..Default::default() };
    let fun = |x: &[f64; 2]| x.iter().map(|x| x * x - (6.0 * x).cos()).sum::<f64>();
    let result = minimize(fun, [2.0, 1.0])
        .algorithm("lbfgsb")
        .bounds(.., -3.0, 3.0)
        .multistart(options)
        .run()
        .unwrap();
    assert!(result.multistart.as_ref().unwrap().local_optima.len() > 1);
    again(&result);
}

#[test]
fn the_report_survives_without_the_history() {
    let result = minimize(sum_of_squares, [1.0, 2.0]).algorithm("lbfgsb").run().unwrap();
    let text = result.to_json_without_history();
    assert!(text.len() < result.to_json().len());
    let read = OptimizeResult::from_json(&text).unwrap();
    assert_eq!(read.history, None);
    assert_eq!(read.convergence_report(), result.convergence_report());
    assert_eq!(read.to_string(), result.to_string());
    again(&read);
}

fn any_number() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>().prop_filter("NaN has one form", |x| !x.is_nan()),
        Just(f64::NAN),
        Just(-0.0),
        Just(f64::MIN_POSITIVE / 3.0),
    ]
}

proptest! {
    #[test]
    fn numbers_come_back_to_the_bit(
        params in prop::collection::vec(any_number(), 2),
        numbers in prop::collection::vec(any_number(), 6),
        text in ".*",
        count in any::<u64>(),
    ) {
        let mut result: FlatResult =
            minimize(sum_of_squares, vec![1.0, 2.0]).algorithm("lbfgsb").run().unwrap();
        result.params = params;
        result.fun = numbers[0];
        result.max_constraint_violation = numbers[1];
        result.message = text.clone();
        result.extras.insert("number".into(), Extra::Number(numbers[2]));
        result.extras.insert("vector".into(), Extra::Vector(numbers.clone()));
        result.extras.insert("matrix".into(), Extra::Matrix(numbers.clone(), 3));
        result.extras.insert("empty".into(), Extra::Vector(Vec::new()));
        result.extras.insert("text".into(), Extra::Text(text));
        result.extras.insert("count".into(), Extra::Count(count));
        let read = FlatResult::from_json(&result.to_json()).unwrap();
        same(&read, &result);
        let bits = |values: &[f64]| values.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        let finite = |x: &&f64| !x.is_nan();
        let params: Vec<f64> = result.params.iter().filter(finite).copied().collect();
        let found: Vec<f64> = read.params.iter().filter(finite).copied().collect();
        prop_assert_eq!(bits(&found), bits(&params));
    }
}

fn refusal(text: &str) -> String {
    FlatResult::from_json(text).unwrap_err().to_string()
}

#[test]
fn what_is_no_result_is_refused_with_a_reason() {
    let result = minimize(sum_of_squares, [1.0, 2.0]).algorithm("lbfgsb").run().unwrap();
    let text = result.to_json();
    assert_eq!(
        refusal("a,b\n1,2\n"),
        "This is no result of thalweg, which would be a JSON object: expected value at line 1 column 1."
    );
    assert_eq!(
        refusal("{\"x\": 1}"),
        "This is no result of thalweg: \"format\" is missing, but has to be \"thalweg-result\"."
    );
    assert_eq!(
        refusal("{\"format\": \"x\"}"),
        "This is no result of thalweg: \"format\" is \"x\", but has to be \"thalweg-result\"."
    );
    assert_eq!(
        refusal(&text.replacen("\"version\":1", "\"version\":2", 1)),
        "This result has version 2 of the format, and this thalweg (0.1.0) reads versions up to 1: use a newer one."
    );
    assert_eq!(
        refusal(&text.replacen("\"version\":1", "\"version\":\"1\"", 1)),
        "This result is damaged: \"version\" is \"1\", but has to be a whole number from 1 to 1."
    );
    let half = &text[..text.len() / 2];
    let column = half.len();
    assert_eq!(
        refusal(half),
        format!(
            "This result is incomplete: the text ends in the middle of it (line 1, column {column})."
        )
    );
    let missing = refusal(&text.replacen("\"n_free\"", "\"free\"", 1));
    assert!(missing.starts_with("This result is damaged: missing field `n_free`"), "{missing}");
    assert_eq!(
        refusal(&text.replacen("\"status\":\"converged\"", "\"status\":\"fine\"", 1)),
        "This result is damaged: \"fine\" is no status."
    );
    assert_eq!(
        refusal(&text.replacen("\"direction\":\"minimize\"", "\"direction\":\"down\"", 1)),
        "This result is damaged: direction is \"down\", but has to be \"minimize\" or \"maximize\"."
    );
    assert_eq!(
        refusal(&text.replacen("\"fun_and_jac\"", "\"value\"", 1)),
        "This result is damaged: \"value\" in the history is no task."
    );
    let longer =
        text.replacen("\"start_params\":{\"values\":[", "\"start_params\":{\"values\":[1.0,", 1);
    assert_eq!(
        refusal(&longer),
        "This result is damaged: start_params has 3 entries, but there are 2 parameters."
    );
    let batches = text.replacen("\"batches\":[0,", "\"batches\":[", 1);
    let rows = result.history.as_ref().unwrap().len();
    assert_eq!(
        refusal(&batches),
        format!(
            "This result is damaged: the history's column batches has {} entries, but its column params has {rows}.",
            rows - 1
        )
    );
    assert_eq!(
        OptimizeResult::from_json_like(&text, &[0.0; 3]).unwrap_err().to_string(),
        "The result has 2 parameters, but the template has 3."
    );
}

#[test]
fn what_only_python_has_becomes_words() {
    let result = minimize(sum_of_squares, [1.0, 2.0]).algorithm("lbfgsb").run().unwrap();
    let text = result.to_json().replacen(
        "\"algorithm_output\":{",
        "\"algorithm_output\":{\"list\":[1,2],\"flag\":true,\"n\":{\"number\":\"NaN\"},",
        1,
    );
    let read = FlatResult::from_json(&text).unwrap();
    assert_eq!(read.extras["list"], Extra::Text("[1,2]".into()));
    assert_eq!(read.extras["flag"], Extra::Text("true".into()));
    assert!(matches!(read.extras["n"], Extra::Number(x) if x.is_nan()));
    let custom = result.to_json().replacen("\"status\":\"converged\"", "\"status\":17", 1);
    assert_eq!(FlatResult::from_json(&custom).unwrap().status, Status::Converged);
}

/// Written by examples/python/save_result.py.
#[test]
fn results_of_python_are_read() {
    let text = include_str!("../../../tests/python/golden/result_python.json");
    let template = (0.0, [0.0; 2]);
    let read = OptimizeResult::from_json_like(text, &template).unwrap();
    assert!(read.success && read.is_feasible && read.status == Status::Converged);
    assert_eq!((read.params.0, read.algorithm.as_str()), (2.5, "lbfgsb"));
    let history = read.history.as_ref().unwrap();
    assert_eq!(history.row(0), Some(&[0.0, 2.0, 0.5][..]));
    assert!(history.values().contains(&read.fun));
    assert_eq!(read.gradient().map(<[f64]>::len), Some(3));
    again(&read);
}
