//! Runs, what is read off them, and every message about what does not fit.

use thalweg::algorithms::lbfgsb::Lbfgsb;
use thalweg::view::figures::{ConvergenceOptions, DeviationOptions, ProfileOptions};
use thalweg::view::{Figure, Trace};
use thalweg_bench::results::{
    Distance, DistanceMeasure, Evaluations, Results, Run, RuntimeMeasure, Solved,
    StoppingCriterion, Target,
};
use thalweg_bench::{
    BenchmarkProblem, Entrant, Function, NoiseOptions, RunOptions, SetOptions, Solution,
    get_benchmark_problems, run_benchmark,
};

fn example() -> Vec<BenchmarkProblem> {
    get_benchmark_problems("example", &SetOptions::default()).unwrap()
}

fn columns(results: &Results) -> Vec<(Vec<f64>, Vec<f64>, Vec<u64>)> {
    let pairs =
        (0..results.targets().len()).flat_map(|p| (0..results.labels().len()).map(move |l| (p, l)));
    let of = |(p, l)| {
        let Evaluations { params, criterion, batches, .. } = results.at(p, l).evaluations.clone();
        (params, criterion, batches)
    };
    pairs.map(of).collect()
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let noise = NoiseOptions { std: 0.1, ..NoiseOptions::default() };
    let noisy = SetOptions { additive_noise: Some(noise), seed: 3, ..SetOptions::default() };
    for options in [SetOptions::default(), noisy] {
        let problems = get_benchmark_problems("example", &options).unwrap();
        let names = ["lbfgsb", "neldermead", "dfols", "differential_evolution"];
        let run = |n_threads| {
            let options =
                RunOptions { n_threads, max_evaluations: Some(150), ..RunOptions::default() };
            columns(&run_benchmark(&problems, names, &options).unwrap())
        };
        let alone = run(1);
        assert_eq!(alone.len(), 40);
        for n_threads in [2, 3, 64] {
            assert!(alone == run(n_threads), "{n_threads} threads");
        }
    }
}

#[test]
fn budgets_and_columns() {
    let problems = example();
    let options = RunOptions { max_evaluations: Some(60), ..RunOptions::default() };
    let results =
        run_benchmark(&problems, ["neldermead", "lbfgsb", "neldermead_parallel"], &options)
            .unwrap();
    for (p, problem) in problems.iter().enumerate() {
        for (run, label) in results.of_problem(p).iter().zip(results.labels()) {
            let columns = &run.evaluations;
            assert!(run.failure.is_none() && run.result.as_ref().unwrap().history.is_none());
            assert!(!columns.is_empty() && columns.len() <= 60, "{}", columns.len());
            assert_eq!(columns.params.len(), columns.len() * problem.n_params());
            if label != "neldermead_parallel" {
                assert_eq!(columns.params[..problem.n_params()], problem.start); // its simplex is around the start
            }
            assert!(columns.seconds[0] >= 0.0 && columns.seconds.is_sorted());
            assert!(columns.batches.is_sorted());
            let points = columns.params.chunks_exact(problem.n_params());
            for (x, criterion) in points.zip(&columns.criterion) {
                assert_eq!(problem.value(x).max(problem.solution.value.unwrap()), *criterion);
            }
        }
    }
    assert!(results.run("bard_good_start", "lbfgsb").is_some());
    assert!(results.run("bard_good_start", "bfgs").is_none());
}

#[test]
fn noise_is_seen_by_algorithms_but_not_by_reports() {
    let noise = NoiseOptions { std: 0.5, ..NoiseOptions::default() };
    let options = SetOptions { additive_noise: Some(noise), ..SetOptions::default() };
    let problems = get_benchmark_problems("example", &options).unwrap();
    let results = run_benchmark(&problems, ["neldermead"], &RunOptions::default()).unwrap();
    for (problem, clean) in problems.iter().zip(example()) {
        let run = results.run(&problem.name, "neldermead").unwrap();
        let fun = run.result.as_ref().unwrap().fun;
        let row = &run.evaluations.params[..problem.n_params()];
        assert_eq!(run.evaluations.criterion[0], clean.value(row));
        assert!(!run.evaluations.criterion.contains(&fun), "{fun} has noise");
    }
}

#[test]
fn entrants_have_labels_and_options() {
    let short = Lbfgsb { limited_memory_storage_length: 2, ..Lbfgsb::default() };
    let entrants = [
        Entrant::from("lbfgsb"),
        Entrant::labelled("short", short),
        Entrant::labelled("few", "lbfgsb").option("stopping.maxfun", 7),
    ];
    let results = run_benchmark(&example(), entrants, &RunOptions::default()).unwrap();
    assert_eq!(results.labels(), ["lbfgsb", "short", "few"]);
    let lengths = |label: &str| -> Vec<usize> {
        let l = results.labels().iter().position(|known| known == label).unwrap();
        (0..10).map(|p| results.at(p, l).evaluations.len()).collect()
    };
    assert!(lengths("few").iter().all(|&length| length <= 7));
    assert_ne!(lengths("short"), lengths("lbfgsb"));
}

fn failing() -> BenchmarkProblem {
    let value = |x: &[f64]| if x[0] < 2.0 { f64::NAN } else { x[0] * x[0] };
    let solution = Solution { params: None, value: Some(4.0) };
    let function = Function::scalar(value, |x, g| g[0] = if x[0] < 2.0 { f64::NAN } else { x[0] });
    BenchmarkProblem::new("cliff", function, vec![3.0], solution)
}

#[test]
fn failures_are_kept_as_text() {
    let problems = [failing()];
    // Least-squares algorithms cannot minimize a number.
    let results =
        run_benchmark(&problems, ["dfols", "neldermead"], &RunOptions::default()).unwrap();
    let run = results.run("cliff", "dfols").unwrap();
    assert!(run.result.is_none() && run.evaluations.seconds == [f64::INFINITY]);
    assert!(run.failure.as_ref().unwrap().starts_with("dfols"), "{:?}", run.failure);
    let report = results.convergence_report(&Solved::default()).unwrap();
    assert_eq!(report.column("dfols"), Some(vec!["error"]));
    assert_eq!(report.columns, ["problem", "dfols", "neldermead", "dimensionality"]);
    let tracebacks = results.traceback_report();
    assert_eq!(tracebacks.rows.len(), 1);
    assert_eq!(tracebacks.rows[0][..2], ["dfols", "cliff"]);
    let options = RunOptions { stop_at_failure: true, ..RunOptions::default() };
    let error = run_benchmark(&problems, ["neldermead", "dfols"], &options).unwrap_err();
    assert!(
        error.to_string().starts_with("the run of 'dfols' on 'cliff' failed: dfols"),
        "{error}"
    );
}

#[test]
fn wrong_algorithms_and_options_are_refused_before_the_first_run() {
    let problems = example();
    let message = |entrants: Vec<Entrant>| {
        run_benchmark(&problems, entrants, &RunOptions::default()).unwrap_err().to_string()
    };
    assert!(
        message(vec!["lbfgs_b".into()])
            .starts_with("Invalid algorithm: lbfgs_b. Did you mean [\"lbfgsb\"")
    );
    assert_eq!(
        message(vec![Entrant::from("lbfgsb").option("stopping_maxfn", 3)]),
        "'lbfgsb' has no option 'stopping_maxfn'. Did you mean [\"stopping_maxfun\", \"stopping_maxiter\", \"stopping_maxtime\"]?"
    );
    assert_eq!(
        message(vec!["lbfgsb".into(), "lbfgsb".into()]),
        "two algorithms have the label 'lbfgsb': give one of them a label of its own."
    );
    assert_eq!(message(Vec::new()), "results is empty: nothing to report.");
    let options = RunOptions { max_evaluations: Some(0), ..RunOptions::default() };
    let error = run_benchmark(&problems, ["lbfgsb"], &options).unwrap_err().to_string();
    assert!(error.contains("stopping_maxfun"), "{error}");
}

#[test]
fn interrupts_and_progress() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    let flag = Arc::new(AtomicBool::new(false));
    let calls = AtomicUsize::new(0);
    let progress = |done: usize, all: usize| {
        assert!(done <= all && all == 10);
        calls.fetch_add(1, Ordering::Relaxed);
        flag.store(done == 3, Ordering::Relaxed);
    };
    let options = RunOptions {
        interrupt: Some(Arc::clone(&flag)),
        progress: Some(&progress),
        ..RunOptions::default()
    };
    let error = run_benchmark(&example(), ["lbfgsb"], &options).unwrap_err();
    assert_eq!(error.to_string(), "the benchmark was interrupted.");
    assert_eq!(calls.into_inner(), 3);
}

/// Two problems with optimum 0 from 1, two algorithms; distances halve, or never change.
fn small() -> Results {
    let target = |name: &str| Target {
        name: name.into(),
        start: vec![1.0],
        start_value: 1.0,
        optimum: 0.0,
        solution: Some(vec![0.0]),
    };
    let run = |values: &[f64], batch: u64| Run {
        evaluations: Evaluations {
            params: values.iter().map(|v| v.sqrt()).collect(),
            criterion: values.to_vec(),
            seconds: (1..=values.len()).map(|row| row as f64 / 4.0).collect(),
            batches: (0..values.len() as u64).map(|row| row / batch).collect(),
        },
        result: None,
        failure: None,
    };
    let halving: Vec<f64> = (0..20).map(|k| 0.5_f64.powi(k)).collect();
    let runs = [
        ("a", "slow", run(&[1.0, 2.0, 0.5, 0.25, 0.0], 1)),
        ("a", "fast", run(&[1.0, 0.0, 3.0], 2)),
        ("b", "slow", run(&halving, 1)),
        ("b", "fast", run(&[1.0, 1.0, 1.0], 2)),
    ];
    let runs = runs.map(|(problem, label, run)| (problem.to_string(), label.to_string(), run));
    Results::new(vec![target("a"), target("b")], runs).unwrap()
}

#[test]
fn profiles_by_hand() {
    let results = small();
    let profile =
        |measure, normalize| results.profile(measure, normalize, &Solved::default()).unwrap();
    let lines = profile(RuntimeMeasure::Evaluations, false);
    assert_eq!(lines.iter().map(|line| line.name.as_str()).collect::<Vec<_>>(), ["fast", "slow"]);
    // On a: 2 and 5; on b: never, and 15 (2^-14 < 1e-4).
    assert_eq!(lines[0].x, [2.0, 5.0, 15.0]);
    assert_eq!((&lines[0].y[..], &lines[1].y[..]), (&[0.5; 3][..], &[0.0, 0.5, 1.0][..]));
    let lines = profile(RuntimeMeasure::Evaluations, true);
    assert_eq!(lines[0].x, [1.0, 2.5]);
    assert_eq!((&lines[0].y[..], &lines[1].y[..]), (&[0.5; 2][..], &[0.5, 1.0][..]));
    assert_eq!(profile(RuntimeMeasure::Batches, false)[0].x, [1.0, 5.0, 15.0]);
    assert_eq!(profile(RuntimeMeasure::Walltime, false)[0].x, [0.5, 1.25, 3.75]);
}

/// The points of the lines of a figure with one panel.
fn drawn(figure: &Figure) -> Vec<(&[f64], &[f64])> {
    let lines = figure.panels[0].traces.iter().filter_map(|trace| match trace {
        Trace::Line(line) => Some((&line.x[..], &line.y[..])),
        _ => None,
    });
    lines.collect()
}

#[test]
fn figures_show_what_was_computed() {
    let results = small();
    let figure = results.profile_figure(&ProfileOptions::default(), &Solved::default()).unwrap();
    assert_eq!(figure.panels[0].x.label, "Number of Function Evaluations");
    assert_eq!(drawn(&figure)[1], (&[0.0, 5.0, 15.0, 15.75][..], &[0.0, 0.5, 1.0, 1.0][..]));

    let figure =
        results.convergence_figure(&ConvergenceOptions::default(), &Solved::default()).unwrap();
    assert_eq!((figure.rows, figure.cols, figure.panels.len()), (1, 2, 2));
    assert_eq!(drawn(&figure)[0], (&[1.0, 2.0][..], &[1.0, 0.0][..]));
    let single =
        results.convergence_figures(&ConvergenceOptions::default(), &Solved::default()).unwrap();
    assert_eq!(single.iter().map(|(title, _)| title.as_str()).collect::<Vec<_>>(), ["a", "b"]);

    let whole = results.convergence_figures(&ConvergenceOptions::default(), None).unwrap();
    assert!(drawn(&whole[0].1)[0].0.len() > drawn(&single[0].1)[0].0.len(), "never cut");

    let runtime_measure = RuntimeMeasure::Walltime;
    let options = DeviationOptions { runtime_measure, ..DeviationOptions::default() };
    let figure = results.deviation_figure(&options).unwrap();
    assert_eq!((drawn(&figure)[0].0[0], drawn(&figure)[0].0[999]), (0.0, 5.0));
}

#[test]
fn nothing_solved_is_drawn_at_zero() {
    let unsolvable =
        Solved { criterion: StoppingCriterion::X, x_precision: 1e-300, y_precision: 1.0 };
    let results = small().select(Some(&["b"]), None).unwrap();
    for normalize_runtime in [false, true] {
        let options = ProfileOptions { normalize_runtime, ..ProfileOptions::default() };
        let figure = results.profile_figure(&options, &unsolvable).unwrap();
        assert_eq!(drawn(&figure).len(), 2);
        for (x, y) in drawn(&figure) {
            assert!(x[0] < x[1] && *y == [0.0, 0.0], "{x:?} {y:?}");
        }
    }
}

#[test]
fn convergence_by_hand() {
    let results = small();
    let convergence = |measure, distance: Distance| {
        results.convergence(measure, &distance, &Solved::default()).unwrap()
    };
    let panels = convergence(RuntimeMeasure::Evaluations, Distance::default());
    assert_eq!((panels.len(), panels[0].problem.as_str()), (2, "a"));
    assert_eq!(panels[0].lines[1].x, [1.0, 2.0, 3.0, 4.0, 5.0]);
    assert_eq!(panels[0].lines[1].y, [1.0, 1.0, 0.5, 0.25, 0.0]);
    assert_eq!(panels[0].lines[0].y, [1.0, 0.0]); // cut where it is solved
    assert_eq!(panels[0].true_solution, None);

    let distance = Distance { monotone: false, normalize: false, ..Distance::default() };
    let panels = convergence(RuntimeMeasure::Evaluations, distance);
    assert_eq!(panels[0].lines[1].y, [1.0, 2.0, 0.5, 0.25, 0.0]);
    assert_eq!(panels[0].true_solution, Some(0.0));

    let measure = DistanceMeasure::ParameterDistance;
    let panels = convergence(RuntimeMeasure::Batches, Distance { measure, ..Distance::default() });
    assert_eq!(panels[0].lines[0].x, [1.0]);
    assert_eq!(panels[0].lines[0].y, [0.0]); // the smallest of the batch
}

#[test]
fn deviations_by_hand() {
    let lines =
        small().deviation(RuntimeMeasure::Evaluations, DistanceMeasure::Criterion, true).unwrap();
    assert_eq!(lines[0].x.len(), 20);
    assert_eq!(lines[0].y[..3], [1.0, 0.5, 0.5]); // what has ended goes on
    assert_eq!(lines[1].y[..5], [1.0, 0.75, 0.375, 0.1875, 0.03125]);
    let seconds =
        small().deviation(RuntimeMeasure::Walltime, DistanceMeasure::Criterion, false).unwrap();
    assert_eq!((seconds[0].x[0], seconds[0].y[0]), (0.0, 1.0)); // nothing is known yet
    let last = seconds[0].y.last().unwrap();
    assert_eq!(*last, 0.5);
}

#[test]
fn reports_by_hand() {
    let results = small();
    let solved = Solved::default();
    assert_eq!(
        results.convergence_report(&solved).unwrap().to_string(),
        "problem  slow     fast     dimensionality\n\
         a        success  success  1\n\
         b        success  failed   1\n"
    );
    assert_eq!(
        results.rank_report(RuntimeMeasure::Evaluations, &solved).unwrap().to_csv(),
        "problem,slow,fast,dimensionality\na,1,0,1\nb,0,failed,1\n"
    );
    assert!(results.traceback_report().rows.is_empty());
}

#[test]
fn tidy_columns() {
    let tidy = small().tidy(&Solved::default()).unwrap();
    assert_eq!(tidy.len(), 5 + 2 + 15 + 3);
    let names: Vec<&str> = tidy.columns.iter().map(|(name, _)| name.as_str()).collect();
    let expected = "n_evaluations n_batches walltime criterion criterion_normalized monotone_criterion \
                    monotone_criterion_normalized parameter_distance parameter_distance_normalized \
                    monotone_parameter_distance monotone_parameter_distance_normalized";
    assert_eq!(names.join(" "), expected);
    assert_eq!(tidy.column("criterion").unwrap()[..3], [1.0, 2.0, 0.5]);
    assert_eq!(tidy.column("monotone_criterion").unwrap()[..3], [1.0, 1.0, 0.5]);
    let csv = small().tidy_csv(&Solved::default()).unwrap();
    assert!(csv.lines().nth(1).unwrap().starts_with("a,slow,1,1,0.25,1,1,1,1,"), "{csv}");
}

#[test]
fn what_does_not_fit_is_named() {
    let results = small();
    let message = |r: Result<Results, thalweg_bench::BenchmarkError>| r.unwrap_err().to_string();
    assert_eq!(
        message(results.select(Some(&["aa"]), None)),
        "problem_subset names 'aa', which is not in the results. Did you mean [\"a\", \"b\"]?"
    );
    assert_eq!(
        message(results.select(None, Some(&["fst"]))),
        "algorithm_subset names 'fst', which is not in the results. Did you mean [\"fast\", \"slow\"]?"
    );
    assert_eq!(
        message(results.select::<&str>(Some(&[]), None)),
        "problem_subset is empty: name one or more of [\"a\", \"b\"], or leave it out for all of them."
    );
    let targets = results.targets().to_vec();
    let run = |p: &str, l: &str| (p.to_string(), l.to_string(), results.run(p, l).unwrap().clone());
    assert_eq!(
        message(Results::new(targets[..1].to_vec(), [run("a", "fast"), run("b", "fast")])),
        "the results have runs on 'b', which is none of the problems. Did you mean [\"a\"]?"
    );
    assert_eq!(
        message(Results::new(
            targets.clone(),
            [run("a", "fast"), run("a", "slow"), run("b", "fast")]
        )),
        "problems and results do not match: there is no run of 'slow' on 'b'. Pass the problems that run_benchmark was called with."
    );
    assert_eq!(
        message(Results::new(targets.clone(), [run("a", "fast"), run("a", "fast")])),
        "there are two runs of 'fast' on 'a'."
    );
    assert_eq!(message(Results::new(Vec::new(), [])), "problems is empty: nothing to report.");
    let mut wide = targets.clone();
    wide[0].start = vec![1.0, 1.0];
    assert_eq!(
        message(Results::new(wide, [run("a", "fast")])),
        "problems and results do not match: the run of 'fast' on 'a' has 3 numbers in 3 points, but the problem has 2 parameters."
    );
    let mut short = run("a", "fast");
    short.2.evaluations.seconds.pop();
    assert_eq!(
        message(Results::new(targets.clone(), [short])),
        "the columns of the run of 'fast' on 'a' differ in length: 3 values, 2 times, 3 batches."
    );
    let mut unknown = targets;
    unknown.iter_mut().for_each(|target| target.optimum = f64::NAN);
    let runs = ["a", "b"].map(|p| run(p, "fast"));
    let results = Results::new(unknown, runs).unwrap();
    let error = results.deviation(RuntimeMeasure::Evaluations, DistanceMeasure::Criterion, true);
    assert_eq!(
        error.unwrap_err().to_string(),
        "no problem has a known solution: there is no distance to average."
    );
}

#[test]
fn constrained_problems_are_solved_at_feasible_points_only() {
    let problems = get_benchmark_problems("hock_schittkowski", &SetOptions::default()).unwrap();
    let options = RunOptions { max_evaluations: Some(300), n_threads: 2, ..RunOptions::default() };
    let results = run_benchmark(&problems, ["slsqp"], &options).unwrap();
    let solved = Solved::to(1e-6);
    let costs = results.solution_costs(RuntimeMeasure::Evaluations, &solved).unwrap();
    let n_solved = costs.iter().filter(|costs| costs[0].is_finite()).count();
    assert!(n_solved * 10 >= problems.len() * 8, "{n_solved} of {}", problems.len());
    for (p, problem) in problems.iter().enumerate() {
        let Some(constraints) = &problem.constraints else { continue };
        let columns = &results.at(p, 0).evaluations;
        let points = columns.params.chunks_exact(problem.n_params());
        for (x, criterion) in points.zip(&columns.criterion).filter(|(_, c)| c.is_finite()) {
            let mut values = vec![0.0; constraints.lower.len()];
            (constraints.values)(x, &mut values);
            let limits = constraints.lower.iter().zip(&constraints.upper);
            for ((lower, upper), value) in limits.zip(&values) {
                assert!(lower - 1e-6 <= *value && *value <= upper + 1e-6, "{}", problem.name);
            }
            assert!(*criterion >= problem.solution.value.unwrap());
        }
    }
}
