//! Parameters of any shape: your own struct, with names that bounds and messages use.

use std::collections::BTreeMap;

use thalweg::params::Params;

#[derive(Clone, Debug, Params)]
struct Utility {
    intercept: f64,
    prices: Vec<f64>,
    taste: Taste,
    /// By region; a map with an order.
    regions: BTreeMap<String, f64>,
    /// Held at its start value in every run.
    #[params(fixed)]
    scale: f64,
    /// Not a parameter.
    #[params(skip)]
    label: String,
}

#[derive(Clone, Debug, Params)]
struct Taste {
    sweet: f64,
    sour: f64,
}

fn main() -> Result<(), thalweg::OptimizeError> {
    let start = Utility {
        intercept: 0.0,
        prices: vec![1.0, 2.0],
        taste: Taste { sweet: 0.5, sour: 0.5 },
        regions: [("north".to_string(), 3.0), ("south".to_string(), 4.0)].into(),
        scale: 2.0,
        label: "first try".to_string(),
    };
    println!("names: {:?}", start.leaf_names());
    println!("flat:  {:?}", start.to_flat());

    // The function sees the struct; the algorithm sees the flat vector of its free leaves.
    let fun = |u: &Utility| {
        let prices: f64 = u.prices.iter().map(|p| (p + 1.0).powi(2)).sum();
        let regions: f64 = u.regions.values().map(|r| (r - u.scale).powi(2)).sum();
        let taste = (u.taste.sweet - u.taste.sour - 1.0).powi(2) + u.taste.sour.powi(2);
        (u.intercept - 3.0).powi(2) + prices + regions + taste
    };
    let result = thalweg::minimize(fun, start).algorithm("lbfgsb").run()?;
    println!("{}: {:.4?}", result.params.label, result.params);
    println!("{} free parameters, {}", result.n_free, result.message);

    // Numbers, tuples, arrays and vectors are parameters as they are.
    let fun = |(a, b): &(f64, [f64; 2])| (a - 1.0).powi(2) + (b[0] - a).powi(2) + b[1].powi(2);
    let result = thalweg::minimize(fun, (0.0, [5.0, 5.0])).algorithm("lbfgsb").run()?;
    println!("{:.4?}", result.params);
    Ok(())
}
