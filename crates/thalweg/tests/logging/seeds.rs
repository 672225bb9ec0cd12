//! The example of the slides (C8) in Rust, and what a log says of a search from many starts.

use thalweg::{LogReader, MultistartOptions, minimize};

#[test]
fn the_second_evaluation_of_the_slides() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("my_log.db");
    let sphere = |x: &Vec<f64>| x.iter().map(|x| x * x).sum::<f64>();
    let start = vec![0.0, 1.0, 2.0, 3.0, 4.0];
    let result = minimize(sphere, start.clone()).algorithm("lbfgsb").log(&path).run().unwrap();

    let reader = LogReader::open(&path).unwrap();
    let second = reader.read_iteration(1, -1).unwrap().params;
    for (found, expected) in second.iter().zip([0.0, 0.817, 1.635, 2.452, 3.27]) {
        assert!((found - expected).abs() < 1e-3, "{second:?}");
    }
    assert_eq!(reader.read_start_params(-1).unwrap(), start);
    let logged = reader.read_history(-1).unwrap();
    let history = result.history.unwrap();
    assert_eq!(logged.rows().collect::<Vec<_>>(), history.params().collect::<Vec<_>>());
    assert_eq!(logged.fun, history.values());
    assert_eq!(logged.start, history.start_times());
}

#[test]
fn the_steps_of_a_search() {
    for cores in [1, 3] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.db");
        let waves = |x: &[f64; 2]| {
            x.iter().map(|x| x * x + 10.0 * (1.0 - (std::f64::consts::TAU * x).cos())).sum::<f64>()
        };
        let result = minimize(waves, [3.0, -2.0])
            .algorithm("lbfgsb")
            .bounds(.., -5.0, 5.0)
            .multistart(MultistartOptions {
                n_samples: Some(100),
                n_cores: cores,
                ..Default::default()
            })
            .log(&path)
            .run()
            .unwrap();
        let info = result.multistart.unwrap();
        let reader = LogReader::open(&path).unwrap();
        let log = reader.read_multistart_history(-1).unwrap();
        assert_eq!(log.exploration.fun, info.exploration_results);
        assert_eq!(log.local.len() + 1, info.n_optimizations(), "{cores}");
        let best = result.history.unwrap();
        assert_eq!(log.best.rows().collect::<Vec<_>>(), best.params().collect::<Vec<_>>());
        let steps = reader.steps(-1).unwrap();
        assert_eq!(steps[0].kind, "exploration");
        assert_eq!(
            steps.iter().filter(|step| step.status == "complete").count(),
            1 + info.n_optimizations()
        );
        assert!(steps.iter().all(|step| ["complete", "skipped"].contains(&step.status.as_str())));
    }
}
