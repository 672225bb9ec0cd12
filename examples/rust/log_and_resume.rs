//! A run that can die at any moment and be started again: the log keeps it.

use std::cell::Cell;
use std::path::Path;

use thalweg::{LogReader, OptimizeError, OptimizeResult, minimize};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let evaluations = Cell::new(0);
    let ends_at = Cell::new(120);
    let fun = |x: &[f64; 3]| {
        evaluations.set(evaluations.get() + 1);
        if evaluations.get() == ends_at.get() {
            return Err("the licence server does not answer");
        }
        let pairs = x.windows(2);
        Ok(pairs.map(|w| 100.0 * (w[1] - w[0] * w[0]).powi(2) + (1.0 - w[0]).powi(2)).sum::<f64>())
    };
    let script = |path: &Path| -> Result<OptimizeResult<[f64; 3]>, OptimizeError> {
        minimize(fun, [-1.2, 1.0, 0.5]).algorithm("neldermead").log(path).resume(true).run()
    };

    let folder = std::env::temp_dir().join(format!("thalweg_log_{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let path = folder.join("my_log.db");
    if let Err(error) = script(&path) {
        println!("first session: {error}");
        let reader = LogReader::open(&path)?;
        println!("{} evaluations in the log", reader.read_history(-1)?.len());
        let last = reader.read_iteration(-1, -1)?;
        println!("the last of them: {:.4?} {:?}", last.params, last.fun);
    }

    evaluations.set(0);
    ends_at.set(0);
    let result = script(&path)?;
    println!("second session: {} evaluations of {}", evaluations.get(), result.n_fun_evals);
    println!("result: {:.6?}, {}", result.params, result.message);

    let whole = script(&folder.join("another_log.db"))?;
    println!("as without the failure: {}", result.params == whole.params);
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}
