//! Evaluations and final gaps of differential evolution on global test functions, one line per run, for
//! `scripts/reference/compare_differential_evolution.py`.

use std::f64::consts::{E, TAU};

use thalweg_algorithms::algorithms::differential_evolution::DifferentialEvolution;
use thalweg_core::{
    Algorithm, Configure, OptionValue, Problem, ProblemSpec, testing::FunctionOracle,
};

fn sphere(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum()
}

fn rosenbrock(x: &[f64]) -> f64 {
    x.windows(2).map(|w| 100.0 * (w[1] - w[0] * w[0]).powi(2) + (1.0 - w[0]).powi(2)).sum()
}

fn rastrigin(x: &[f64]) -> f64 {
    x.iter().map(|x| 10.0 + x * x - 10.0 * (TAU * x).cos()).sum()
}

fn ackley(x: &[f64]) -> f64 {
    let n = x.len() as f64;
    let cosines = x.iter().map(|x| (TAU * x).cos()).sum::<f64>() / n;
    20.0 + E - 20.0 * (-0.2 * (sphere(x) / n).sqrt()).exp() - cosines.exp()
}

type Objective = fn(&[f64]) -> f64;

fn main() {
    let seeds: u64 = std::env::args().nth(1).and_then(|word| word.parse().ok()).unwrap_or(15);
    let functions: [(&str, Objective); 4] = [
        ("sphere", sphere),
        ("rosenbrock", rosenbrock),
        ("rastrigin", rastrigin),
        ("ackley", ackley),
    ];
    let settings = [
        ("best1bin", "latinhypercube"),
        ("rand1exp", "latinhypercube"),
        ("currenttobest1bin", "sobol"),
        ("randtobest1exp", "halton"),
        ("best2bin", "random"),
        ("rand2bin", "latinhypercube"),
    ];
    for (strategy, sampling) in settings {
        let mut algorithm = DifferentialEvolution { polish: false, ..Default::default() };
        for (name, word) in [("strategy", strategy), ("sampling_method", sampling)] {
            let set = algorithm.set_option(name, &OptionValue::Text(word.to_string()));
            set.unwrap_or_else(|error| panic!("{error}"));
        }
        for (name, function) in functions {
            for n in [2, 5] {
                for seed in 0..seeds {
                    let spec = ProblemSpec {
                        lower: vec![-4.0; n],
                        upper: vec![6.0; n],
                        n_outputs: 1,
                        seed,
                        ..Default::default()
                    };
                    let mut oracle = FunctionOracle::scalar(function).with_budget(400_000);
                    let run = algorithm.solve(&mut Problem::new(&mut oracle, &spec), &vec![5.0; n]);
                    let value = run.map_or(f64::INFINITY, |finish| finish.value);
                    let evaluations = oracle.n_evaluations;
                    println!("{strategy} {sampling} {name} {n} {seed} {evaluations} {value:e}");
                }
            }
        }
    }
}
