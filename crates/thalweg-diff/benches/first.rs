//! The cost of a numerical derivative without its evaluations.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use thalweg_diff::{Bounds, DiffOptions, FirstPlan, Method, Plan};

fn update_and_finish(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("update + finish");
    for n in [2, 10, 100] {
        let x: Vec<f64> = (0..n).map(|j| 1.0 + j as f64).collect();
        let (lower, upper) = (vec![0.0; n], vec![1e3; n]);
        for (name, bounds) in [("free", Bounds::NONE), ("bounds", Bounds::new(&lower, &upper))] {
            for method in [Method::Forward, Method::Central] {
                let mut plan = FirstPlan::new(n, bounds, &DiffOptions::new(method)).unwrap();
                let mut out = vec![0.0; n];
                let evals = vec![1.5; 2 * n];
                let id = BenchmarkId::new(format!("{method}, {name}"), n);
                group.bench_function(id, |bencher| {
                    bencher.iter(|| {
                        plan.update(black_box(&x)).unwrap();
                        let evals = &evals[..plan.n_points()];
                        plan.finish(Some(&[1.0]), black_box(evals), 1, &mut out).unwrap();
                        black_box(&out);
                    });
                });
            }
        }
    }
    group.finish();
}

criterion_group!(benches, update_and_finish);
criterion_main!(benches);
