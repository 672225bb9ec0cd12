//! A result as JSON: written here, read back here, or in Python with `OptimizeResult.from_json`. Say where to write it as an argument.

use std::error::Error;

use thalweg::OptimizeResult;
use thalweg::params::Params;

#[derive(Clone, Debug, PartialEq, Params)]
struct Model {
    slope: f64,
    weights: [f64; 2],
}

fn fun(model: &Model) -> f64 {
    let weights: f64 = model.weights.iter().map(|w| (w - 1.0).powi(4)).sum();
    (model.slope - 3.0).powi(2) + weights
}

fn main() -> Result<(), Box<dyn Error>> {
    let start = Model { slope: 0.0, weights: [2.0, 0.5] };
    let result = thalweg::minimize(fun, start.clone())
        .algorithm("lbfgsb")
        .lower("slope", 0.0)
        .upper("slope", 2.5)
        .run()?;

    let text = result.to_json();
    if let Some(path) = std::env::args().nth(1) {
        std::fs::write(path, &text)?;
    }

    // The parameters get the shape of a template; without one they are a flat vector.
    let again = OptimizeResult::from_json_like(&text, &start)?;
    assert_eq!(again, result);
    let flat = OptimizeResult::from_json(&text)?;
    println!(
        "{} characters of JSON hold {:?}, which was {:?}",
        text.len(),
        flat.params,
        again.params
    );
    println!("{again}");
    Ok(())
}
