//! The sets with bounds and constraints: solutions are feasible, have their values, and are no worse than what algorithms find.

use thalweg::{ConstraintHandling, NonlinearConstraint, OptimizeError, OptimizeResult, minimize};
use thalweg_bench::{BenchmarkProblem, Scratch, SetOptions, get_benchmark_problems};

fn set(name: &str) -> Vec<BenchmarkProblem> {
    get_benchmark_problems(name, &SetOptions::default()).unwrap()
}

/// By how much a point violates bounds and constraints, relative to one plus the size of the limit.
fn violation(p: &BenchmarkProblem, x: &[f64]) -> f64 {
    let none = |limit: f64| vec![limit; x.len()];
    let mut values = x.to_vec();
    let mut lower = p.bounds.lower.clone().unwrap_or_else(|| none(f64::NEG_INFINITY));
    let mut upper = p.bounds.upper.clone().unwrap_or_else(|| none(f64::INFINITY));
    if let Some(constraints) = &p.constraints {
        let mut c = vec![f64::NAN; constraints.lower.len()];
        (constraints.values)(x, &mut c);
        values.extend(c);
        lower.extend(&constraints.lower);
        upper.extend(&constraints.upper);
    }
    let beyond = |i: usize| {
        let (below, above) = (lower[i] - values[i], values[i] - upper[i]);
        assert!(!values[i].is_nan(), "{}", p.name);
        let size = if below > above { lower[i] } else { upper[i] };
        below.max(above) / if size.is_finite() { 1.0 + size.abs() } else { 1.0 }
    };
    (0..values.len()).map(beyond).fold(0.0, f64::max)
}

/// Sequential quadratic programming from a start, with the problem's derivatives.
fn slsqp(p: &BenchmarkProblem, start: &[f64]) -> Result<OptimizeResult<Vec<f64>>, OptimizeError> {
    let value = |x: &Vec<f64>| p.function.value(x, &mut Scratch::default());
    let mut run = minimize(value, start.to_vec())
        .derivative(|x, gradient| {
            p.function.value_and_gradient(x, gradient, &mut Scratch::default());
        })
        .algorithm("scipy_slsqp")
        .constraint_handling(ConstraintHandling::Native)
        .option("convergence_ftol_abs", 1e-14);
    if let (Some(lower), Some(upper)) = (&p.bounds.lower, &p.bounds.upper) {
        for j in 0..start.len() {
            run = run.bounds(j, lower[j], upper[j]);
        }
    }
    if let Some(c) = &p.constraints {
        let values = |x: &Vec<f64>| {
            let mut values = vec![0.0; c.lower.len()];
            (c.values)(x, &mut values);
            values
        };
        let constraint = NonlinearConstraint::new(values)
            .lower(c.lower.clone())
            .upper(c.upper.clone())
            .tol(1e-7)
            .derivative(|x, jac| (c.jacobian)(x, jac));
        run = run.constraint(constraint);
    }
    run.run()
}

#[test]
fn there_are_as_many_problems_as_the_documentation_says() {
    assert_eq!(set("hock_schittkowski").len(), 76);
    assert_eq!(set("global").len(), 78);
}

#[test]
fn starts_and_solutions_lie_in_the_boxes() {
    for p in [set("hock_schittkowski"), set("global")].concat() {
        let x = p.solution.params.as_ref().unwrap();
        let bounds_only = BenchmarkProblem { constraints: None, ..p.clone() };
        assert_eq!(violation(&bounds_only, &p.start), 0.0, "{}", p.name);
        assert_eq!(violation(&bounds_only, x), 0.0, "{}", p.name);
        assert!(p.start.iter().zip(x).any(|(a, b)| (a - b).abs() > 1e-3), "{}", p.name);
    }
}

#[test]
fn solutions_are_feasible_and_attain_their_values() {
    for p in [set("hock_schittkowski"), set("global")].concat() {
        let x = p.solution.params.as_ref().unwrap();
        let (value, f) = (p.solution.value.unwrap(), p.value(x));
        assert!(violation(&p, x) < 1e-10, "{}: {}", p.name, violation(&p, x));
        assert!((f - value).abs() < 1e-10 * (1.0 + value.abs()), "{}: {f}, not {value}", p.name);
    }
}

#[test]
fn solutions_cannot_be_improved_from_start_or_solution() {
    for p in [set("hock_schittkowski"), set("global")].concat() {
        let value = p.solution.value.unwrap();
        for start in [&p.start, p.solution.params.as_ref().unwrap()] {
            let result = slsqp(&p, start).unwrap();
            let least = value - 1e-7 * (1.0 + value.abs());
            let feasible = result.max_constraint_violation <= 1e-7;
            assert!(!feasible || result.fun >= least, "{}: {} < {value}", p.name, result.fun);
        }
    }
}

#[test]
fn global_minima_are_not_beaten_by_random_points() {
    for p in set("global") {
        let (lower, upper) = (p.bounds.lower.clone().unwrap(), p.bounds.upper.clone().unwrap());
        let mut rng = thalweg::core::Rng::new(1);
        let (value, mut scratch) = (p.solution.value.unwrap(), Scratch::default());
        for _ in 0..2000 {
            let x: Vec<f64> =
                lower.iter().zip(&upper).map(|(l, u)| rng.uniform_in(*l, *u)).collect();
            assert!(p.function.value(&x, &mut scratch) >= value, "{}", p.name);
        }
    }
}
