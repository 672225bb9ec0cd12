//! Determinism, the order of parameters' scales, and what a result says.

use crate::support::{Probe, blueprint, catalog, expect, rosenbrock, run};

#[test]
fn the_same_seed_gives_the_same_points() {
    for entry in catalog() {
        let [(first, one), (second, two)] =
            [(); 2].map(|()| run(entry, &[-1.2, 1.0, 0.3], rosenbrock));
        assert_eq!(one.points, two.points, "{}", entry.spec.name);
        let mut pair = [first, second].map(|result| expect(entry, result));
        for result in &mut pair {
            result.history = None; // holds times
        }
        assert_eq!(pair[0], pair[1], "{}", entry.spec.name);
    }
}

#[test]
fn another_seed_gives_another_run_of_a_global_algorithm() {
    for entry in catalog().iter().filter(|entry| entry.spec.features.global) {
        let mut runs = [1, 2].map(|seed| {
            let mut probe = Probe::new(entry.spec.features.kind, rosenbrock);
            let mut blueprint = blueprint(entry, &[-1.2, 1.0, 0.3]);
            blueprint.resolved.seed = seed;
            expect(entry, blueprint.run(&mut probe));
            probe.points
        });
        assert_ne!(runs[0].pop(), runs[1].pop(), "{}", entry.spec.name);
    }
}

#[test]
fn badly_scaled_parameters_do_not_break_a_run() {
    for entry in catalog() {
        let scaled = |x: &[f64]| vec![x[0] / 1000.0 - 1.0, 10.0 * x[1] - 1.0, x[2] - 1.0];
        let mut probe = Probe::new(entry.spec.features.kind, scaled);
        let mut blueprint = blueprint(entry, &[500.0, 0.5, 3.0]);
        if entry.spec.features.needs_bounds {
            blueprint.bounds = thalweg::Bounds::new([0.0, 0.0, 0.0], [2000.0, 1.0, 5.0]);
        }
        let result = expect(entry, blueprint.run(&mut probe));
        assert!(result.fun < 0.1 * result.start_fun, "{}: {}", entry.spec.name, result.fun);
    }
}

#[test]
fn every_result_prints_as_a_report() {
    for entry in catalog() {
        let (result, _) = run(entry, &[-1.2, 1.0, 0.3], rosenbrock);
        let report = expect(entry, result).to_string();
        assert!(report.starts_with("Minimize with 3 free parameters terminated "), "{report}");
        assert!(
            report.contains(&format!("The {} algorithm reported: ", entry.spec.name)),
            "{report}"
        );
    }
}
