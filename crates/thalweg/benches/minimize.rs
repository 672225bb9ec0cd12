//! Whole runs through the front door, L-BFGS-B on Rosenbrock functions: time per evaluation, history on and off.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};

fn value_and_gradient(x: &[f64], g: &mut [f64]) -> f64 {
    g.fill(0.0);
    let mut value = 0.0;
    for i in 0..x.len() - 1 {
        let (a, b) = (x[i + 1] - x[i] * x[i], 1.0 - x[i]);
        value += 100.0 * a * a + b * b;
        g[i] += -400.0 * a * x[i] - 2.0 * b;
        g[i + 1] += 200.0 * a;
    }
    value
}

fn run(n: usize, history: bool) -> u64 {
    let start: Vec<f64> = (0..n).map(|i| if i % 2 == 0 { -1.2 } else { 1.0 }).collect();
    let result =
        thalweg::minimize(|x: &Vec<f64>| value_and_gradient(x, &mut vec![0.0; x.len()]), start)
            .value_and_gradient(|x, g| value_and_gradient(x, g))
            .algorithm("lbfgsb")
            .collect_history(history)
            .run();
    result.map_or(0, |result| result.n_fun_evals)
}

fn benches(criterion: &mut Criterion) {
    for history in [false, true] {
        let mut group = criterion.benchmark_group(if history { "history" } else { "no_history" });
        for n in [2, 10, 100, 1000] {
            let evaluations = run(n, history);
            group.throughput(criterion::Throughput::Elements(evaluations));
            group.bench_with_input(BenchmarkId::from_parameter(n), &n, |b, &n| {
                b.iter(|| run(n, history))
            });
        }
        group.finish();
    }
}

criterion_group!(all, benches);
criterion_main!(all);
