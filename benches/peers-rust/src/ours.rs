//! Runs of thalweg: the algorithm on a bare objective, and through the front door.

use std::time::Instant;

use thalweg_algorithms::algorithms::lbfgsb::Lbfgsb;
use thalweg_core::{
    Algorithm, Iteration, OptionCall, Oracle, Problem, ProblemSpec, Request, Stop, Values, Want,
};

use crate::run::{Count, GRADIENT_TOLERANCE, PAIRS, Run, VALUE_TOLERANCE, rosenbrock};

#[derive(Default)]
struct Direct {
    count: Count,
    iterations: u64,
}

impl Oracle for Direct {
    fn answer(&mut self, request: &Request<'_>, values: &mut Values) -> Result<(), Stop> {
        values.prepare(Want::VALUE | Want::GRADIENT, 1, request.dim, 1, 0);
        values.values[0] = rosenbrock(request.points, &mut values.gradients);
        self.count.note(values.values[0]);
        Ok(())
    }

    fn iteration(&mut self, _: &Iteration<'_>) -> Result<(), Stop> {
        self.iterations += 1;
        Ok(())
    }

    fn call(&mut self, call: OptionCall) -> Result<Vec<f64>, Stop> {
        call.answer().map_err(|error| Stop::Failed(error.message))
    }
}

/// The algorithm on a bare objective: what a peer's executor does, without counters, clock and history.
pub fn bare(x0: &[f64]) -> Run {
    let algorithm = Lbfgsb {
        convergence_ftol_rel: VALUE_TOLERANCE,
        convergence_gtol_abs: GRADIENT_TOLERANCE,
        limited_memory_storage_length: PAIRS,
        ..Lbfgsb::default()
    };
    let spec = ProblemSpec::unconstrained(x0.len());
    let mut oracle = Direct::default();
    let begun = Instant::now();
    let finish = algorithm.solve(&mut Problem::new(&mut oracle, &spec), x0);
    let time = begun.elapsed();
    let value = finish.expect("nothing stops the run").value;
    Run::new(time, oracle.count, oracle.iterations, value)
}

/// The same run by `thalweg::minimize`.
pub fn through_minimize(x0: &[f64], history: bool, max_evaluations: usize) -> Run {
    let begun = Instant::now();
    let result =
        thalweg::minimize(|x: &Vec<f64>| rosenbrock(x, &mut vec![0.0; x.len()]), x0.to_vec())
            .value_and_gradient(|x, gradient| rosenbrock(x, gradient))
            .algorithm("lbfgsb")
            .option("convergence_ftol_rel", VALUE_TOLERANCE)
            .option("convergence_gtol_abs", GRADIENT_TOLERANCE)
            .option("limited_memory_storage_length", PAIRS as f64)
            .option("stopping_maxfun", max_evaluations as f64)
            .collect_history(history)
            .run();
    let time = begun.elapsed();
    let result = result.expect("nothing fails");
    let count = Count { all: result.n_fun_evals, to_target: 0 };
    Run::new(time, count, result.n_iterations, result.fun)
}
