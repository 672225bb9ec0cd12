//! You evaluate, wherever and whenever you like: the run waits.

use thalweg::core::SolverKind;
use thalweg::drivers::{Backend, Blueprint, Suspended, Tell, lockstep};
use thalweg::{Bounds, OptimizeError, resolve};

fn fun(x: &[f64]) -> f64 {
    (x[0] - 1.0).powi(2) + (x[0] * x[1] - 2.0).powi(2)
}

fn blueprint(start: [f64; 2], algorithm: &str) -> Result<Blueprint, OptimizeError> {
    let resolved = resolve(algorithm)?;
    let bounds = Bounds::new(vec![-5.0; 2], vec![5.0; 2]);
    Ok(Blueprint { bounds, ..Blueprint::new(SolverKind::Scalar, start.to_vec(), resolved) })
}

fn main() -> Result<(), OptimizeError> {
    // One run. Here the answer comes at once; it may come from a cluster, a laboratory, or tomorrow.
    let mut run = Suspended::start(blueprint([3.0, 3.0], "lbfgsb")?, Backend::Coroutine)?;
    let mut rounds = 0;
    while let Some(ask) = run.ask() {
        let values = ask.iter().map(fun).collect();
        run.tell(Tell::outputs(values))?;
        rounds += 1;
    }
    let result = run.finish()?;
    println!("one run: {:.4?} after {rounds} batches, {}", result.params, result.message);

    // Many runs in lockstep: one merged batch per round, for objectives that like many points at once.
    let starts = [[3.0, 3.0], [-1.0, 4.0], [0.5, -2.0], [4.0, 0.1]];
    let runs = starts.map(|start| blueprint(start, "neldermead"));
    let runs = runs.into_iter().collect::<Result<Vec<_>, _>>()?;
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
