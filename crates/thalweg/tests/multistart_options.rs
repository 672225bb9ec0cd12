//! What a search from many starts refuses, and says.

use thalweg::{
    InvalidKind, MixingWeight, MultistartOptions, OptimizeError, StartSampling, Status, minimize,
};

fn sphere(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum()
}

fn options() -> MultistartOptions {
    MultistartOptions { n_samples: Some(60), seed: Some(1), ..Default::default() }
}

/// The message of a run of the sphere in [-5, 5]^2 with these options.
fn refusal(options: MultistartOptions) -> String {
    let run =
        minimize(|x: &[f64; 2]| sphere(x), [1.0, 2.0]).algorithm("lbfgsb").bounds(.., -5.0, 5.0);
    let error = run.multistart(options).run().expect_err("is refused");
    assert!(matches!(error, OptimizeError::Invalid { kind: InvalidKind::Multistart, .. }));
    error.to_string()
}

#[test]
fn impossible_options_are_refused() {
    let none = options;
    let two = |low, high| MultistartOptions { mixing_weight_bounds: (low, high), ..none() };
    let cases = [
        (
            MultistartOptions { n_samples: Some(0), ..none() },
            "n_samples is 0, but has to be a positive number.",
        ),
        (
            MultistartOptions { stopping_maxopt: Some(0), ..none() },
            "stopping_maxopt is 0, but has to be a positive number.",
        ),
        (
            MultistartOptions { batch_size: Some(0), ..none() },
            "batch_size is 0, but has to be a positive number.",
        ),
        (
            MultistartOptions { n_cores: 0, ..none() },
            "n_cores is 0, but has to be a positive number.",
        ),
        (
            MultistartOptions { convergence_max_discoveries: 0, ..none() },
            "convergence_max_discoveries is 0, but has to be a positive number.",
        ),
        (
            MultistartOptions { n_samples: Some(3), stopping_maxopt: Some(4), ..none() },
            "n_samples (3) has to be at least as large as stopping_maxopt (4): every local run needs a point of the sample.",
        ),
        (
            two(0.5, 0.2),
            "mixing_weight_bounds is (0.5, 0.2), but has to be two numbers with 0 <= lower <= upper <= 1.",
        ),
        (
            two(f64::NAN, 0.2),
            "mixing_weight_bounds is (NaN, 0.2), but has to be two numbers with 0 <= lower <= upper <= 1.",
        ),
        (
            MultistartOptions { convergence_xtol_rel: -1.0, ..none() },
            "convergence_xtol_rel is -1.0, but has to be at least 0.",
        ),
        (
            MultistartOptions { share: 1.5, ..none() },
            "share is 1.5, but has to be a number from 0 to 1.",
        ),
        (
            MultistartOptions { batch_size: Some(2), n_cores: 4, ..none() },
            "batch_size is 2, but has to be at least n_cores (4).",
        ),
        (
            MultistartOptions { sample: Some(vec![]), ..none() },
            "sample is empty, but has to be a list of at least one point.",
        ),
        (
            MultistartOptions { sample: Some(vec![vec![1.0]]), ..none() },
            "point 0 of sample has 1 numbers, but there are 2 parameters.",
        ),
        (
            MultistartOptions { sample: Some(vec![vec![1.0, 1.0], vec![1.0, f64::NAN]]), ..none() },
            "parameter '1' of point 1 of sample is NaN, but has to be finite.",
        ),
        (
            MultistartOptions { sample: Some(vec![vec![1.0, 9.0]]), ..none() },
            "parameter '1' of point 0 of sample is 9.0, outside its bounds [-5.0, 5.0].",
        ),
        (
            MultistartOptions { mixing_weight: MixingWeight::custom(|_, _, _, _| 1.5), ..none() },
            "mixing_weight_method returned 1.5 for iteration 0, but has to return a number from 0 to 1.",
        ),
    ];
    for (options, expected) in cases {
        assert_eq!(refusal(options), format!("Invalid multistart options: {expected}"));
    }
    let options = MultistartOptions { sampling_method: StartSampling::Sobol, ..none() };
    let run = minimize(|x: &Vec<f64>| sphere(x), vec![1.0; 300]).algorithm("lbfgsb").bounds(
        ..,
        -5.0,
        5.0,
    );
    assert_eq!(
        run.multistart(options).run().expect_err("too many").to_string(),
        "Invalid multistart options: sampling_method is sobol, which has points for up to 256 free parameters, but there \
         are 300. Use random, halton or latin_hypercube."
    );
}

#[test]
fn bounds_for_the_sample_are_needed() {
    let run =
        || minimize(|x: &[f64; 2]| sphere(x), [1.0, 2.0]).algorithm("lbfgsb").multistart(options());
    let error = run().bounds([0], -5.0, 5.0).upper([1], 4.0).run().expect_err("is refused");
    assert!(matches!(error, OptimizeError::Invalid { kind: InvalidKind::IncompleteBounds, .. }));
    assert_eq!(
        error.to_string(),
        "Multistart: random start values are drawn between bounds or soft bounds, which have to be finite; these are missing: \
         '1' (lower)."
    );
    let error = run().bounds(.., -5.0, 5.0).soft_bounds([1], 7.0, 9.0).run().expect_err("no room");
    assert!(
        error.to_string().starts_with("Multistart: no value lies between the bounds"),
        "{error}"
    );
    let error = run().soft_bounds([7], 7.0, 9.0).run().expect_err("no such parameter");
    assert!(error.to_string().starts_with("soft_bounds: "), "{error}");
    let warnings =
        run().soft_bounds(.., -5.0, 1.5).run().expect("runs").multistart.expect("details").warnings;
    assert_eq!(
        warnings,
        [
            "The start values of these parameters lie outside the soft bounds, between which the sample is drawn: '1'."
        ]
    );
}

#[test]
fn a_search_cannot_be_suspended() {
    let run = thalweg::ask_tell([1.0]).algorithm("lbfgsb").multistart(options());
    let Err(error) = run.suspend() else { panic!("is refused") };
    assert!(error.to_string().starts_with("multistart cannot be used with ask_tell"), "{error}");
}

#[test]
fn fixed_parameters_leave_nothing_to_search() {
    let run = minimize(|x: &[f64; 1]| sphere(x), [1.0]).algorithm("lbfgsb").fix([0]);
    let result = run.multistart(options()).run().expect("runs");
    assert_eq!(result.status, Status::NothingToOptimize);
}
