//! Time per iteration of `lbfgsb` on the Rosenbrock function, and the parts of it that are not the algorithm's own.
//!
//! `cargo bench -p thalweg-algorithms --bench lbfgsb`: for n = 2, 10, 100, 1000 and 10^6 it prints the time of one iteration (all
//! of its evaluations included), without bounds and with some, and of one evaluation alone. `benches/peers-rust` compares the
//! first with other crates, and at 10^6 with the time of reading the stored pairs.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use thalweg_algorithms::algorithms::lbfgsb::Lbfgsb;
use thalweg_core::{
    Algorithm, Iteration, OptionCall, Oracle, Problem, ProblemSpec, Request, Stop, Values, Want,
};

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

fn start(n: usize) -> Vec<f64> {
    (0..n).map(|i| if i % 2 == 0 { -1.2 } else { 1.0 }).collect()
}

/// Evaluates directly, and times a range of iterations.
struct Timed {
    skip: u64,
    last: u64,
    n_iterations: u64,
    began: Instant,
}

impl Oracle for Timed {
    fn answer(&mut self, request: &Request<'_>, values: &mut Values) -> Result<(), Stop> {
        values.prepare(Want::VALUE | Want::GRADIENT, 1, request.dim, 1, 0);
        values.values[0] = rosenbrock(request.points, &mut values.gradients);
        Ok(())
    }

    fn iteration(&mut self, _: &Iteration<'_>) -> Result<(), Stop> {
        self.n_iterations += 1;
        if self.n_iterations == self.skip {
            self.began = Instant::now();
        }
        if self.n_iterations == self.last {
            return Err(Stop::MaxIterations(self.last));
        }
        Ok(())
    }

    fn call(&mut self, call: OptionCall) -> Result<Vec<f64>, Stop> {
        call.answer().map_err(|error| Stop::Failed(error.message))
    }
}

/// The time of one iteration, from iteration `skip` to `last` or the end of the run.
fn per_iteration(spec: &ProblemSpec, skip: u64, last: u64) -> Duration {
    let mut oracle = Timed { skip, last, n_iterations: 0, began: Instant::now() };
    let x0 = start(spec.lower.len());
    // Stopped or converged: either ends the measurement.
    let _ = black_box(Lbfgsb::default().solve(&mut Problem::new(&mut oracle, spec), &x0));

    oracle.began.elapsed() / (oracle.n_iterations - skip).max(1) as u32
}

fn bench(criterion: &mut Criterion) {
    for n in [2, 10, 100, 1000, 1_000_000] {
        let large = n > 1000;
        let mut group = criterion.benchmark_group(format!("rosenbrock_{n}"));
        group.sample_size(10);
        let (skip, last) = if large { (12, 32) } else { (0, u64::MAX) };
        for (name, bound) in [("iteration", f64::INFINITY), ("iteration_with_bounds", 1.1)] {
            let spec = ProblemSpec {
                upper: (0..n).map(|i| if i % 3 == 0 { bound } else { f64::INFINITY }).collect(),
                ..ProblemSpec::unconstrained(n)
            };
            group.bench_function(name, |bencher| {
                bencher.iter_custom(|times| {
                    (0..times).map(|_| per_iteration(&spec, skip, last)).sum()
                });
            });
        }
        let (x, mut gradient) = (start(n), vec![0.0; n]);
        group.bench_function("evaluation", |bencher| {
            bencher.iter(|| black_box(rosenbrock(black_box(&x), &mut gradient)));
        });
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
