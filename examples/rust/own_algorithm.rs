//! An algorithm of your own: a struct of options and a plain loop.
//!
//! Limits, bounds, history, derivatives, sign, fixed parameters and the result are the library's concern.

use thalweg::Options;
use thalweg::core::{Algorithm, Finish, Problem, Stop, Test};

/// Compass search: try a step up and down along every axis; halve the step when none is better.
#[derive(Clone, Debug, Options)]
#[algorithm(name = "compass", kind = Scalar, supports(bounds, parallel))]
struct Compass {
    /// The first step.
    #[option(default = 1.0, above = 0.0)]
    initial_step: f64,
    /// Stop when the step is shorter than this.
    #[option(default = 1e-6, above = 0.0, overrides = "the step itself is the measure")]
    convergence_xtol_abs: f64,
}

impl Algorithm for Compass {
    fn solve(&self, problem: &mut Problem<'_>, x0: &[f64]) -> Result<Finish, Stop> {
        let (n, mut step) = (problem.dim(), self.initial_step);
        let mut x = x0.to_vec();
        let mut best = problem.value(&x)?;
        while step > self.convergence_xtol_abs {
            // Independent points are one batch: they are evaluated in parallel.
            let mut points = x.repeat(2 * n);
            for (i, point) in points.chunks_exact_mut(n).enumerate() {
                point[i / 2] += if i % 2 == 0 { step } else { -step };
                problem.clip(point);
            }
            let values = problem.values(&points)?;
            let (i, value) =
                values.iter().enumerate().min_by(|a, b| a.1.total_cmp(b.1)).unwrap_or((0, &best));
            if *value < best {
                best = *value;
                x.copy_from_slice(&points[i * n..(i + 1) * n]);
            } else {
                step *= 0.5;
            }
            problem.iteration(&x, best)?;
        }
        let test = Test {
            measure: "step",
            value: step,
            tolerance: self.convergence_xtol_abs,
            option: "convergence_xtol_abs",
        };
        Ok(Finish::converged(x, best, test))
    }
}

fn main() -> Result<(), thalweg::OptimizeError> {
    let fun = |x: &[f64; 3]| (x[0] - 1.0).powi(2) + (x[1] + 2.0).powi(2) + x[2].abs();
    let result = thalweg::minimize(fun, [5.0, 5.0, 5.0])
        .algorithm(Compass { initial_step: 0.5, ..Compass::default() })
        .bounds(1, 0.0, 10.0)
        .fix(2)
        .run()?;
    println!("{:.5?}: {}", result.params, result.message);

    // Limits are obeyed without a line in the algorithm.
    let result = thalweg::maximize(|x: &[f64; 2]| -x[0] * x[0] - x[1] * x[1], [3.0, 4.0])
        .algorithm(Compass::default())
        .option("stopping_maxfun", 20)
        .run()?;
    println!("{:.5?}: {}", result.params, result.message);
    Ok(())
}
