//! Closed-form and numerical derivatives, in a run and on their own.

use thalweg::diff::{Bounds, DiffOptions, Method, StepRule, gradient, hessian, jacobian};
use thalweg::{least_squares, minimize};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let fun = |x: &[f64; 2]| 100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2);
    let run = || minimize(fun, [-1.2, 1.0]).algorithm("lbfgsb").option("convergence_ftol_rel", 0.0);

    // By default: forward differences, n + 1 evaluations per gradient.
    let forward = run().run()?;
    // Central differences: twice the evaluations, more digits.
    let options = DiffOptions { step_rule: StepRule::Optimal, ..DiffOptions::new(Method::Central) };
    let central = run().numerical_derivatives(options).run()?;
    // Closed form, returned in the shape of the parameters; `derivative` writes it into a slice instead.
    let closed = run()
        .gradient(|x| {
            let gap = x[1] - x[0] * x[0];
            [-400.0 * x[0] * gap - 2.0 * (1.0 - x[0]), 200.0 * gap]
        })
        .run()?;
    for (name, result) in [("forward", forward), ("central", central), ("closed form", closed)] {
        let error = result.params.iter().fold(0.0_f64, |e, x| e.max((x - 1.0).abs()));
        println!("{name:12} error {error:.1e} after {} evaluations", result.n_fun_evals);
    }

    // Least squares: the Jacobian of the residuals, row by row.
    let result =
        least_squares(|p: &[f64; 2]| vec![p[0] - 1.0, p[0] * p[1], p[1] - 2.0], [3.0, 3.0])
            .algorithm("levenberg_marquardt")
            .derivative(|p, jac| jac.copy_from_slice(&[1.0, 0.0, p[1], p[0], 0.0, 1.0]))
            .run()?;
    println!("least squares: {:.4?} after {} Jacobians", result.params, result.n_jac_evals);

    // On their own, and within bounds: nothing is evaluated below zero.
    let root = |x: &[f64]| x[0].sqrt() * x[1];
    let (x, bounds) = ([1e-9, 2.0], Bounds { lower: Some(&[0.0, 0.0]), upper: None });
    println!("gradient {:?}", gradient(root, &x, bounds, &DiffOptions::default())?.values);
    let product = |x: &[f64]| x[0] * x[1] * x[1];
    let curvature = hessian(product, &[1.0, 2.0], Bounds::NONE, &DiffOptions::for_hessian())?;
    println!("hessian {:.4?}", curvature.values);

    // Richardson extrapolation buys digits with evaluations, and estimates the error.
    let options = DiffOptions { n_steps: 4, ..DiffOptions::default() };
    let result = jacobian(|x: &[f64]| vec![x[0].exp()], &[1.0], Bounds::NONE, &options)?;
    let errors = result.errors.unwrap_or_default();
    println!("d exp(1) = {:.12}, estimated error {:.0e}", result.values[0], errors[0]);
    Ok(())
}
