//! From a function to a result.

fn main() -> Result<(), thalweg::OptimizeError> {
    let rosenbrock = |x: &[f64; 2]| 100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2);

    // A smooth function: L-BFGS-B with numerical derivatives.
    let result = thalweg::minimize(rosenbrock, [-1.2, 1.0]).algorithm("lbfgsb").run()?;
    println!("{result}\n");
    println!("params {:?}", result.params);
    println!("fun {:e}, {} after {} evaluations", result.fun, result.status, result.n_fun_evals);

    // The same function without derivatives, with options.
    let result = thalweg::minimize(rosenbrock, [-1.2, 1.0])
        .algorithm("neldermead")
        .option("stopping_maxfun", 500)
        .option("convergence_xtol_abs", 1e-8)
        .run()?;
    println!("Nelder-Mead: {:?} after {} evaluations", result.params, result.n_fun_evals);

    // Maximization is the same with another name, and `fun` keeps your sign.
    let result = thalweg::maximize(|x: &f64| x.sin(), 1.0).algorithm("lbfgsb").run()?;
    println!("The largest sine is {:.6} at {:.6}", result.fun, result.params);
    Ok(())
}
