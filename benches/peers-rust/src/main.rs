//! L-BFGS(-B) of thalweg, basin and argmin on the Rosenbrock function, in one run: time per iteration and evaluations.
//!
//!     cargo run --release --manifest-path benches/peers-rust/Cargo.toml
//!
//! All start from (-1.2, 1, -1.2, ..), keep ten pairs, have the same function with value and gradient in one pass, and stop at a
//! largest gradient entry of 1e-5 or a relative decrease of 2e-9. argmin knows a norm of the gradient and an absolute decrease
//! instead, and asks for value and gradient one by one; basin goes on to smaller values without bounds. Evaluations are therefore
//! also counted up to the first value of at most 1e-8. The least of many times counts, which noise touches least; the rounds of
//! the three alternate.

use std::cell::Cell;
use std::convert::Infallible;
use std::rc::Rc;
use std::time::{Duration, Instant};

use argmin::solver::linesearch::MoreThuenteLineSearch;
use argmin::solver::quasinewton::LBFGS;
use thalweg_algorithms::algorithms::lbfgsb::Lbfgsb;
use thalweg_core::{
    Algorithm, Iteration, OptionCall, Oracle, ProblemSpec, Request, Stop, Values, Want,
};

const PAIRS: usize = 10;
const GRADIENT_TOLERANCE: f64 = 1e-5;
const VALUE_TOLERANCE: f64 = 2e-9;
const TARGET: f64 = 1e-8;

fn rosenbrock(x: &[f64], gradient: &mut [f64]) -> f64 {
    let mut value = 0.0;
    gradient[0] = 0.0;
    for i in 0..x.len() - 1 {
        let (valley, shift) = (x[i + 1] - x[i] * x[i], 1.0 - x[i]);
        value += 100.0 * valley * valley + shift * shift;
        gradient[i] += -400.0 * x[i] * valley - 2.0 * shift;
        gradient[i + 1] = 200.0 * valley;
    }
    value
}

/// What one run gives.
#[derive(Clone, Copy)]
struct Run {
    time: Duration,
    evaluations: u64,
    /// Evaluations up to the first value of at most [`TARGET`]; 0 if there is none.
    to_target: u64,
    iterations: u64,
    value: f64,
}

impl Run {
    fn new(time: Duration, count: Count, iterations: u64, value: f64) -> Self {
        Run { time, evaluations: count.all, to_target: count.to_target, iterations, value }
    }

    fn time_per_iteration(&self) -> f64 {
        self.time.as_secs_f64() / self.iterations.max(1) as f64
    }
}

/// Counts evaluations.
#[derive(Clone, Copy, Default)]
struct Count {
    all: u64,
    to_target: u64,
}

impl Count {
    fn note(&mut self, value: f64) {
        self.all += 1;
        if value <= TARGET && self.to_target == 0 {
            self.to_target = self.all;
        }
    }
}

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

fn thalweg(x0: &[f64]) -> Run {
    let algorithm = Lbfgsb {
        convergence_ftol_rel: VALUE_TOLERANCE,
        convergence_gtol_abs: GRADIENT_TOLERANCE,
        limited_memory_storage_length: PAIRS,
        ..Lbfgsb::default()
    };
    let spec = ProblemSpec::unconstrained(x0.len());
    let mut oracle = Direct::default();
    let begun = Instant::now();
    let finish = algorithm.solve(&mut thalweg_core::Problem::new(&mut oracle, &spec), x0);
    let time = begun.elapsed();
    let value = finish.expect("nothing stops the run").value;
    Run::new(time, oracle.count, oracle.iterations, value)
}

/// The problem in the words of the other crates.
#[derive(Clone, Default)]
struct Rosenbrock {
    count: Rc<Cell<Count>>,
}

impl Rosenbrock {
    fn evaluate(&self, x: &[f64], gradient: &mut [f64]) -> f64 {
        let value = rosenbrock(x, gradient);
        let mut count = self.count.get();
        count.note(value);
        self.count.set(count);
        value
    }
}

impl basin::CostFunction for Rosenbrock {
    type Param = Vec<f64>;
    type Output = f64;
    type Error = Infallible;

    fn cost(&self, x: &Vec<f64>) -> Result<f64, Infallible> {
        Ok(self.evaluate(x, &mut vec![0.0; x.len()]))
    }
}

impl basin::Gradient for Rosenbrock {
    type Gradient = Vec<f64>;

    fn gradient(&self, x: &Vec<f64>) -> Result<Vec<f64>, Infallible> {
        let mut gradient = vec![0.0; x.len()];
        rosenbrock(x, &mut gradient);
        Ok(gradient)
    }

    fn cost_and_gradient(&self, x: &Vec<f64>) -> Result<(f64, Vec<f64>), Infallible> {
        let mut gradient = vec![0.0; x.len()];
        Ok((self.cost_and_gradient_into(x, &mut gradient)?, gradient))
    }

    fn cost_and_gradient_into(&self, x: &Vec<f64>, out: &mut Vec<f64>) -> Result<f64, Infallible> {
        out.resize(x.len(), 0.0);
        Ok(self.evaluate(x, out))
    }
}

fn basin(x0: &[f64]) -> Run {
    let problem = Rosenbrock::default();
    let solver = basin::Lbfgsb::new()
        .with_m_capacity(PAIRS)
        .with_absolute_projected_gradient_tolerance(GRADIENT_TOLERANCE)
        .with_relative_cost_reduction_tolerance(VALUE_TOLERANCE)
        .unbounded();
    let state = basin::FirstOrderState::new(x0.to_vec());
    let begun = Instant::now();
    let result = basin::Executor::new(problem.clone(), solver, state).max_iter(1_000_000).run();
    let time = begun.elapsed();
    let result = result.expect("nothing fails");
    Run::new(time, problem.count.get(), result.iter(), result.cost())
}

impl argmin::core::CostFunction for Rosenbrock {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, x: &Vec<f64>) -> Result<f64, argmin::core::Error> {
        Ok(self.evaluate(x, &mut vec![0.0; x.len()]))
    }
}

impl argmin::core::Gradient for Rosenbrock {
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;

    fn gradient(&self, x: &Vec<f64>) -> Result<Vec<f64>, argmin::core::Error> {
        let mut gradient = vec![0.0; x.len()];
        rosenbrock(x, &mut gradient);
        Ok(gradient)
    }
}

fn argmin(x0: &[f64]) -> Run {
    use argmin::core::State;
    let line_search = MoreThuenteLineSearch::new().with_c(1e-3, 0.9).expect("valid constants");
    let solver = LBFGS::new(line_search, PAIRS)
        .with_tolerance_grad(GRADIENT_TOLERANCE)
        .and_then(|solver| solver.with_tolerance_cost(VALUE_TOLERANCE))
        .expect("valid tolerances");
    let problem = Rosenbrock::default();
    let begun = Instant::now();
    let result = argmin::core::Executor::new(problem.clone(), solver)
        .configure(|state| state.param(x0.to_vec()).max_iters(1_000_000))
        .timer(false)
        .run();
    let time = begun.elapsed();
    let result = result.expect("nothing fails");
    let state = result.state();
    Run::new(time, problem.count.get(), state.get_iter(), state.get_best_cost())
}

fn main() {
    type Solver = fn(&[f64]) -> Run;
    let solvers: [(&str, Solver); 3] = [("thalweg", thalweg), ("basin", basin), ("argmin", argmin)];
    println!(
        "{:>6} {:>8} {:>13} {:>11} {:>12} {:>7} {:>11} {:>11} {:>9}",
        "n",
        "",
        "us/iteration",
        "to thalweg",
        "evaluations",
        "to 1e-8",
        "to thalweg",
        "iterations",
        "value"
    );
    for n in [2, 10, 100, 1000] {
        let x0: Vec<f64> = (0..n).map(|i| if i % 2 == 0 { -1.2 } else { 1.0 }).collect();
        let mut best = solvers.map(|(_, solve)| solve(&x0));
        let until = Instant::now() + Duration::from_secs(4);
        while Instant::now() < until {
            for (best, (_, solve)) in best.iter_mut().zip(solvers) {
                let run = solve(&x0);
                best.time = best.time.min(run.time);
            }
        }
        for (run, (name, _)) in best.iter().zip(solvers) {
            println!(
                "{n:>6} {name:>8} {:>13.3} {:>11.2} {:>12} {:>7} {:>11.2} {:>11} {:>9.1e}",
                run.time_per_iteration() * 1e6,
                run.time_per_iteration() / best[0].time_per_iteration(),
                run.evaluations,
                run.to_target,
                run.to_target as f64 / best[0].to_target as f64,
                run.iterations,
                run.value,
            );
        }
    }
}
