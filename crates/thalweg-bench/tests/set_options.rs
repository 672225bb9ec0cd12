//! Noise, bad scaling, sizes, and what is said when something asked for is not there.

use thalweg_bench::{
    BenchmarkProblem, MultiplicativeNoiseOptions, NoiseDistribution, NoiseOptions, ScalingOptions,
    SetOptions, Solution, get_benchmark_problems, scalable_problem, scalable_problems,
};

fn problem(name: &str, options: &SetOptions) -> BenchmarkProblem {
    let mut problems = get_benchmark_problems("more_wild", options).unwrap().into_iter();
    problems.find(|problem| problem.name == name).unwrap()
}

fn additive(noise: NoiseOptions) -> SetOptions {
    SetOptions { additive_noise: Some(noise), seed: 3, ..SetOptions::default() }
}

fn message(set: &str, options: &SetOptions) -> String {
    get_benchmark_problems(set, options).unwrap_err().to_string()
}

/// The noise of a linear problem with 45 residuals at many points: one row per point.
fn sample(options: &SetOptions, points: usize) -> Vec<Vec<f64>> {
    let (noisy, exact) = (
        problem("linear_full_rank_good_start", options),
        problem("linear_full_rank_good_start", &SetOptions::default()),
    );
    let at = |k: usize| {
        let mut x = noisy.start.clone();
        x[0] += k as f64;
        let (mut with, mut without) = (vec![0.0; 45], vec![0.0; 45]);
        noisy.residuals(&x, &mut with);
        exact.residuals(&x, &mut without);
        with.iter().zip(&without).map(|(a, b)| a - b).collect()
    };
    (0..points).map(at).collect()
}

fn moments(numbers: &[f64]) -> (f64, f64) {
    let n = numbers.len() as f64;
    let mean = numbers.iter().sum::<f64>() / n;
    (mean, (numbers.iter().map(|z| (z - mean).powi(2)).sum::<f64>() / n).sqrt())
}

#[test]
fn noise_has_the_mean_and_the_spread_that_are_asked_for() {
    for distribution in NoiseDistribution::ALL {
        let noise = NoiseOptions { distribution, std: 0.5, mean: 0.2, correlation: 0.0 };
        let (mean, std) = moments(&sample(&additive(noise), 1000).concat());
        assert!((mean - 0.2).abs() < 0.01, "{distribution}: mean {mean}");
        assert!((std - 0.5).abs() < 0.01, "{distribution}: standard deviation {std}");
    }
}

#[test]
fn distributions_have_their_shapes() {
    // The share within one standard deviation of the mean, and that below the mean.
    let shapes = [
        (NoiseDistribution::Normal, 0.6827, 0.5),
        (NoiseDistribution::Gumbel, 0.7237, 0.5704),
        (NoiseDistribution::Uniform, 0.5774, 0.5),
        (NoiseDistribution::Logistic, 0.7197, 0.5),
        (NoiseDistribution::Laplace, 0.7569, 0.5),
    ];
    for (distribution, within, below) in shapes {
        let noise = NoiseOptions { distribution, std: 1.0, ..NoiseOptions::default() };
        let numbers = sample(&additive(noise), 1000).concat();
        let share = |holds: &dyn Fn(f64) -> bool| {
            numbers.iter().filter(|z| holds(**z)).count() as f64 / numbers.len() as f64
        };
        let (inner, lower) = (share(&|z| z.abs() < 1.0), share(&|z| z < 0.0));
        assert!((inner - within).abs() < 0.01, "{distribution}: {inner}");
        assert!((lower - below).abs() < 0.01, "{distribution}: {lower}");
    }
}

#[test]
fn noise_of_an_evaluation_is_correlated() {
    for correlation in [0.0, 0.4, 1.0] {
        let noise = NoiseOptions { std: 1.0, correlation, ..NoiseOptions::default() };
        let rows = sample(&additive(noise), 4000);
        for (i, j) in [(0, 1), (3, 40), (43, 44)] {
            let products: f64 = rows.iter().map(|row| row[i] * row[j]).sum();
            let found = products / rows.len() as f64;
            assert!((found - correlation).abs() < 0.06, "{correlation}: {found} of {i}, {j}");
            let (_, std) = moments(&rows.iter().map(|row| row[j]).collect::<Vec<_>>());
            assert!((std - 1.0).abs() < 0.05, "{correlation}: standard deviation {std}");
        }
    }
}

#[test]
fn multiplicative_noise_grows_with_the_residuals_above_the_clipping_value() {
    let noise = MultiplicativeNoiseOptions {
        noise: NoiseOptions { std: 0.1, ..NoiseOptions::default() },
        clipping_value: 2.0,
    };
    let options = SetOptions { multiplicative_noise: Some(noise), ..SetOptions::default() };
    // At x = (1 + k, 1, ...), residual 1 is k - 0.4 - 2 k / 45 and residual 10 is -1.4 - 2 k / 45.
    let rows = sample(&options, 2000);
    let std = |i: usize, range: std::ops::Range<usize>| {
        let factors = range.map(|k| {
            let exact = if i == 0 { k as f64 - 0.4 } else { -1.4 } - 2.0 * k as f64 / 45.0;
            rows[k][i] / exact.abs().max(2.0)
        });
        moments(&factors.collect::<Vec<_>>()).1
    };
    assert!((std(0, 0..2000) - 0.1).abs() < 0.01);
    assert!((std(9, 0..2000) - 0.1).abs() < 0.01);
}

#[test]
fn noise_depends_on_seed_problem_and_point_only() {
    let options = additive(NoiseOptions::default());
    let all = problem("bard_good_start", &options);
    let exclude = vec!["rosenbrock_good_start".to_string()];
    let fewer = problem("bard_good_start", &SetOptions { exclude, ..options.clone() });
    assert_eq!(all.value(&all.start), fewer.value(&all.start));
    assert_eq!(all.value(&all.start), all.value(&all.start));
    assert!(all.noisy && all.value(&all.start) != all.start_value);
    let other_seed = problem("bard_good_start", &SetOptions { seed: 4, ..options.clone() });
    assert_ne!(all.value(&all.start), other_seed.value(&all.start));
    // The same function under another name: bard's other start.
    let other_name = problem("bard_bad_start", &options);
    assert_ne!(all.value(&all.start), other_name.value(&all.start));
    assert_eq!(all.value(&[0.0, 1.0, 1.0]), all.value(&[-0.0, 1.0, 1.0]));
}

#[test]
fn the_function_without_noise_is_in_the_same_space() {
    let scaling = Some(ScalingOptions::default());
    let options = SetOptions { scaling, ..additive(NoiseOptions::default()) };
    let plain = problem("brown_dennis_good_start", &SetOptions::default());
    let scaled = problem("brown_dennis_good_start", &options);
    let factors = [0.1, 3.4, 6.7, 10.0];
    for (j, factor) in factors.into_iter().enumerate() {
        assert!((scaled.start[j] - factor * plain.start[j]).abs() < 1e-13);
        let (ours, theirs) = (&scaled.solution.params, &plain.solution.params);
        let difference = ours.as_ref().unwrap()[j] - factor * theirs.as_ref().unwrap()[j];
        assert!(difference.abs() < 1e-13);
    }
    let mut scratch = thalweg_bench::Scratch::default();
    let value = scaled.noise_free.value(&scaled.start, &mut scratch);
    assert!((value - plain.start_value).abs() < 1e-9 * value, "{value}");
    assert_eq!(scaled.start_value, plain.start_value);
    assert_eq!(scaled.solution.value, plain.solution.value);
    assert_ne!(scaled.value(&scaled.start), value);
    let (mut gradient, mut expected) = (vec![0.0; 4], vec![0.0; 4]);
    scaled.noise_free.value_and_gradient(&scaled.start, &mut gradient, &mut scratch);
    plain.gradient(&plain.start, &mut expected);
    for j in 0..4 {
        let exact = expected[j] / factors[j];
        assert!((gradient[j] - exact).abs() < 1e-9 * exact.abs(), "{gradient:?}");
    }
}

#[test]
fn families_exist_at_several_sizes_and_agree_with_the_sets() {
    let sets = ["more_wild", "cartis_roberts", "global"];
    let all = sets.map(|set| get_benchmark_problems(set, &SetOptions::default()).unwrap()).concat();
    for name in scalable_problems() {
        for n in [8, 24] {
            let p = scalable_problem(name, n).unwrap();
            assert_eq!((p.n_params(), p.name.clone()), (n, format!("{name}_{n}")));
            assert!(p.start_value.is_finite(), "{}", p.name);
            if let Solution { params: Some(x), value: Some(value) } = &p.solution {
                let error = (p.value(x) - value).abs();
                assert!(error <= 1e-11 * (1.0 + value.abs()), "{}: {error}", p.name);
            }
        }
        let members = all.iter().filter(|p| {
            p.name.strip_prefix(name).is_some_and(|rest| {
                let size = rest.strip_prefix('_').is_some_and(|size| size.parse::<u32>().is_ok());
                rest.is_empty() || rest == "_good_start" || size
            })
        });
        for p in members {
            let ours = scalable_problem(name, p.n_params()).unwrap();
            if ours.n_residuals().is_some() != p.n_residuals().is_some() {
                continue; // another problem that has the same name
            }
            assert_eq!(ours.start_value, p.start_value, "{}", p.name);
            assert_eq!(ours.start, p.start, "{}", p.name);
        }
    }
}

#[test]
fn errors_name_what_is_wrong_and_what_would_be_right() {
    let none = SetOptions::default();
    assert_eq!(
        message("more_wilde", &none),
        "There is no benchmark set 'more_wilde'. Did you mean [\"more_wild\", \"cartis_roberts\", \"estimagic\"]?"
    );
    let exclude = vec!["rosenbrok_good_start".to_string()];
    assert_eq!(
        message("example", &SetOptions { exclude, ..none.clone() }),
        "There is no problem to exclude 'rosenbrok_good_start'. Did you mean \
         [\"rosenbrock_good_start\", \"brown_dennis_good_start\", \"bard_good_start\"]?"
    );
    assert_eq!(
        NoiseDistribution::by_name("gauss").unwrap_err().to_string(),
        "There is no distribution 'gauss'. Did you mean [\"normal\", \"gumbel\", \"uniform\"]?"
    );
    let noise = |noise| message("example", &additive(noise));
    assert_eq!(
        noise(NoiseOptions { std: -1.0, ..NoiseOptions::default() }),
        "std of the additive noise is -1; it must be a finite number that is not negative."
    );
    assert_eq!(
        noise(NoiseOptions { mean: f64::NAN, ..NoiseOptions::default() }),
        "mean of the additive noise is NaN; it must be a finite number."
    );
    assert_eq!(
        noise(NoiseOptions { correlation: 1.5, ..NoiseOptions::default() }),
        "correlation of the additive noise is 1.5; it must be between 0 and 1."
    );
    let clipped = MultiplicativeNoiseOptions {
        clipping_value: -2.0,
        ..MultiplicativeNoiseOptions::default()
    };
    assert_eq!(
        message("example", &SetOptions { multiplicative_noise: Some(clipped), ..none.clone() }),
        "clipping_value of the multiplicative noise is -2; it must be a finite number that is not negative."
    );
    let scaling = |min_scale, max_scale| {
        let scaling = Some(ScalingOptions { min_scale, max_scale });
        message("example", &SetOptions { scaling, ..SetOptions::default() })
    };
    assert_eq!(
        scaling(0.0, 1.0),
        "min_scale of the scaling is 0; it must be a finite positive number."
    );
    assert_eq!(
        scaling(2.0, 1.0),
        "min_scale of the scaling is 2, which is more than max_scale, 1."
    );
    let sized = |name, n| scalable_problem(name, n).unwrap_err().to_string();
    assert_eq!(sized("watson", 32), "n of watson is 32; it must be from 2 to 31.");
    assert_eq!(
        sized("powellse", 6),
        "n of powellse is 6; it must be at least 4 and a multiple of 4."
    );
    assert_eq!(
        sized("chebyquadd", 6),
        "There is no scalable problem 'chebyquadd'. Did you mean [\"chebyquad\", \"sphere\", \"chnrsbne\"]?"
    );
}
