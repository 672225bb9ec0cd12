//! You evaluate, wherever and whenever you like: the run waits.

use thalweg::core::SolverKind;
use thalweg::drivers::{Blueprint, Tell, lockstep};
use thalweg::{Bounds, OptimizeError, resolve};

fn fun(x: &[f64]) -> f64 {
    (x[0] - 1.0).powi(2) + (x[0] * x[1] - 2.0).powi(2)
}

fn main() -> Result<(), OptimizeError> {
    // One run. Here the answer comes at once; it may come from a cluster, a laboratory, or tomorrow.
    let mut run =
        thalweg::ask_tell([3.0, 3.0]).algorithm("lbfgsb").bounds([0, 1], -5.0, 5.0).suspend()?;
    let mut rounds = 0;
    while let Some(points) = run.ask() {
        let values: Vec<f64> = points.iter().map(|x| fun(x)).collect();
        run.tell(&values)?;
        rounds += 1;
    }
    let result = run.finish()?;
    println!("one run: {:.4?} after {rounds} requests, {}", result.params, result.message);

    // Many runs in lockstep: one merged batch per round, for objectives that like many points at once.
    let starts = [[3.0, 3.0], [-1.0, 4.0], [0.5, -2.0], [4.0, 0.1]];
    let mut runs = Vec::new();
    for start in &starts {
        let bounds = Bounds::new(vec![-5.0; 2], vec![5.0; 2]);
        let blueprint = Blueprint::new(SolverKind::Scalar, start.to_vec(), resolve("neldermead")?);
        runs.push(Blueprint { bounds, ..blueprint });
    }
    let mut widest = 0;
    let results = lockstep(runs, |round| {
        widest = widest.max(round.runs.len());
        Tell::outputs(round.iter().map(|(_run, x)| fun(x)).collect())
    });
    for (start, result) in starts.iter().zip(results) {
        let result = result?;
        println!("from {start:?}: {:.4?}, fun {:.1e}", result.params, result.fun);
    }
    println!("up to {widest} points per round");
    Ok(())
}
