//! Bounds that hold at every evaluation, and parameters that stay where they are.

use thalweg::params::Params;

#[derive(Clone, Debug, Params)]
struct Model {
    level: f64,
    slopes: [f64; 3],
    noise: f64,
}

fn main() -> Result<(), thalweg::OptimizeError> {
    let start = Model { level: 1.0, slopes: [1.0, 2.0, 3.0], noise: 0.5 };
    let fun = |m: &Model| {
        let slopes: f64 = m.slopes.iter().map(|s| s * s).sum();
        m.level * m.level + slopes + (m.noise - 2.0).powi(2)
    };

    // By the name of a container, of a leaf, or by position in the flat vector.
    let result = thalweg::minimize(fun, start.clone())
        .algorithm("lbfgsb")
        .lower("slopes", 0.5)
        .bounds("noise", 0.1, 1.0)
        .fix("slopes_2")
        .run()?;
    println!("bounded and fixed: {:.4?}", result.params);
    println!("fun {:.4}, {} free parameters", result.fun, result.n_free);

    // Every parameter fixed: nothing to do, and no evaluation beyond the start.
    let result = thalweg::minimize(fun, start.clone())
        .algorithm("lbfgsb")
        .fix(["level", "slopes", "noise"])
        .run()?;
    println!("all fixed: {} ({})", result.message, result.status);

    // A mistake is found before the first evaluation, by name, value and bound.
    let error = thalweg::minimize(fun, start).algorithm("lbfgsb").lower("noise", 0.7).run();
    println!("start outside its bounds: {}", error.err().map_or("?".into(), |e| e.to_string()));
    Ok(())
}
