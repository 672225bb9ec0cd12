//! An objective that fails: the run ends with what it has, or goes on with a penalty.

use std::cell::Cell;

use thalweg::{ErrorHandling, OptimizeError, minimize};

/// The logarithm's argument must be positive: an error value, as of any fallible function.
fn fun(x: &[f64; 2]) -> Result<f64, String> {
    match x[0] - x[1] {
        gap if gap > 0.0 => Ok(x[0] * x[0] + x[1] * x[1] - gap.ln()),
        gap => Err(format!("the gap is {gap:.3}, but has to be positive")),
    }
}

fn main() -> Result<(), OptimizeError> {
    // By default the error ends the run; the best point so far is not lost.
    match minimize(fun, [2.0, 1.5]).algorithm("neldermead").run() {
        Err(OptimizeError::User { failure, partial }) => {
            println!("failed: {}", failure.error.message);
            println!("  best so far {:.3?}, fun {:.4}", partial.params, partial.fun);
            println!("  {} evaluations in the history", partial.history.map_or(0, |h| h.len()));
        }
        Err(error) => return Err(error),
        Ok(result) => println!("no failure on the way to {:?}", result.params),
    }

    // Or a penalty stands in, larger the farther from the start, and the run goes on.
    let failures = Cell::new(0);
    let result = minimize(fun, [2.0, 1.5])
        .algorithm("neldermead")
        .error_handling(ErrorHandling::Continue)
        .on_failure(|_| failures.set(failures.get() + 1))
        .run()?;
    println!("continued past {} failures to {:.4?}", failures.get(), result.params);

    // What is wrong with a specification is said before anything is evaluated.
    let result = minimize(fun, [2.0, 1.5]).algorithm("nelder_mead").run();
    println!("{}", result.err().map_or("?".into(), |e| e.to_string()));
    let result =
        minimize(fun, [2.0, 1.5]).algorithm("neldermead").option("stoping_maxfun", 10).run();
    println!("{}", result.err().map_or("?".into(), |e| e.to_string()));

    // A limit is no error: a result without success, and the best point so far.
    let result =
        minimize(fun, [2.0, 1.5]).algorithm("lbfgsb").option("stopping_maxfun", 3).run()?;
    println!("{}: success {}, fun {:.4}", result.status, result.success, result.fun);
    Ok(())
}
