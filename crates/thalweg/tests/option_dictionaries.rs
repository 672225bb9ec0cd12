//! Options that optimagic puts in dictionaries, and those that are refused; values that are means of several evaluations.

use std::cell::{Cell, RefCell};

use thalweg::core::OptionValue;
use thalweg::{describe, minimize, resolve};

#[test]
fn an_entry_of_a_dictionary_sets_the_native_option() {
    let mut resolved = resolve("nag_pybobyqa").unwrap();
    let entries = [
        ("trustregion_reset_options.reset_type", "restart_type", OptionValue::from("hard")),
        ("trustregion.reset_options.use_resets", "use_restarts", true.into()),
        ("trustregion_reset_options_max_unsuccessful_resets", "n_restarts_in_vain", 7.into()),
        (
            "convergence_slow_progress.comparison_period",
            "convergence_slow_progress_period",
            9.into(),
        ),
    ];
    for (name, native, value) in entries {
        resolved.set(name, &value).unwrap();
        assert_eq!(resolved.algorithm().option(native), Some(value.clone()), "{name}");
        assert_eq!(resolved.get(&name.replace('.', "_")), Some(value));
    }
    resolved.set("trustregion_reset_options", &OptionValue::None).unwrap();
    let described = describe("nag_pybobyqa").unwrap();
    let group = described.options.iter().find(|o| o.name == "trustregion_reset_options").unwrap();
    let names: Vec<_> = group.entries.iter().map(|entry| entry.name).collect();
    assert!(names.contains(&"points_to_replace_at_soft_reset"), "{names:?}");
}

#[test]
fn what_is_wrong_with_a_dictionary_is_said() {
    let mut resolved = resolve("nag_pybobyqa").unwrap();
    let cases: [(&str, OptionValue, &str); 4] = [
        (
            "trustregion_reset_options.reset_typ",
            "hard".into(),
            "The option 'trustregion_reset_options' of nag_pybobyqa has no key 'reset_typ'. Did you mean [\"reset_type\", \
             \"use_resets\", \"points_to_replace_at_soft_reset\"]?",
        ),
        (
            "convergence_slow_progress",
            1.into(),
            "option 'convergence_slow_progress' of nag_pybobyqa is 1, but has to be a dictionary with some of the keys \
             threshold_to_characterize_as_slow, max_insufficient_improvements, comparison_period, or none",
        ),
        (
            "trustregion_reset_options.reset_type",
            "medium".into(),
            "option 'restart_type' of pybobyqa is \"medium\", but has to be one of [\"soft\", \"hard\"]",
        ),
        (
            "trustregion_reset_options.max_interpolation_points",
            9.into(),
            "option 'trustregion_reset_options_max_interpolation_points' of nag_pybobyqa is 9, but has to be none: only nag_dfols \
             has points beyond those that its model needs",
        ),
    ];
    for (name, value, expected) in cases {
        assert_eq!(resolved.set(name, &value).unwrap_err().to_string(), expected);
    }
    let none = OptionValue::None;
    resolved.set("trustregion_reset_options.max_interpolation_points", &none).unwrap();
}

#[test]
fn among_repeated_evaluations_the_mean_counts_and_not_the_luckiest() {
    let calls = Cell::new(0_u64);
    let seen = RefCell::new(Vec::<(Vec<f64>, f64)>::new());
    // Every fourth evaluation is off by -12, whatever the point: the mean is off by -3.
    let objective = |x: &Vec<f64>| {
        calls.set(calls.get() + 1);
        let luck = if calls.get().is_multiple_of(4) { -12.0 } else { 0.0 };
        let value = x.iter().map(|x| (x - 1.0) * (x - 1.0)).sum::<f64>() + luck;
        seen.borrow_mut().push((x.clone(), value));
        value
    };
    let result = minimize(objective, vec![0.0, 3.0])
        .algorithm("nag_pybobyqa")
        .option("noise_n_evals_per_point", 4)
        .run()
        .unwrap();
    assert!((result.fun + 3.0).abs() < 1e-8, "{}", result.fun);
    assert!(result.params.iter().all(|x| (x - 1.0).abs() < 1e-4), "{:?}", result.params);
    let luckiest = seen.borrow().iter().map(|(_, value)| *value).fold(f64::INFINITY, f64::min);
    assert!(luckiest < -11.9);
}

#[test]
fn restarts_have_the_same_names_under_both_methods() {
    let known = |name: &str| -> Vec<_> {
        describe(name).unwrap().options.iter().map(|option| option.name).collect()
    };
    let (pybobyqa, dfols) = (known("pybobyqa"), known("dfols"));
    let (shared, own): (Vec<&str>, Vec<&str>) = dfols
        .iter()
        .copied()
        .filter(|name| name.contains("restart"))
        .partition(|name| pybobyqa.contains(name));
    assert_eq!(shared.len(), 11, "{shared:?}");
    assert_eq!(
        own,
        [
            "restart_n_added_points_soft",
            "restart_n_added_points_hard",
            "restart_max_n_points",
            "restart_n_added_moves"
        ]
    );
    assert!(!dfols.iter().any(|name| name.starts_with("reset_")), "{dfols:?}");
    // Under optimagic's name, its own spelling reaches them.
    let mut resolved = resolve("nag_dfols").unwrap();
    resolved.set("trustregion_reset_options.max_interpolation_points", &9.into()).unwrap();
    resolved.set("trustregion_reset_options.use_resets", &true.into()).unwrap();
    assert_eq!(resolved.algorithm().option("restart_max_n_points"), Some(9.into()));
    assert_eq!(resolved.algorithm().option("use_restarts"), Some(true.into()));
}
