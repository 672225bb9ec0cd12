//! The options of optimagic's `nag_dfols`, with its dicts.

use super::nag::{SLOW_PROGRESS, resets};
use super::options::{group, no_effect, own, refused, renamed, with};
use super::{Default, PresetOption};

/// The options of `nag_dfols`.
pub(super) const OPTIONS: &[PresetOption] = &[
    no_effect("clip_criterion_if_overflowing", Default::Bool(true)),
    own("convergence_minimal_trustregion_radius_tolerance"),
    own("convergence_noise_corrected_criterion_tolerance"),
    // The original tests the objective itself, relative to the start, not its change.
    renamed("convergence_ftol_scaled", "convergence_value_scaled"),
    group("convergence_slow_progress", SLOW_PROGRESS),
    own("initial_directions"),
    no_effect("interpolation_rounding_error", Default::Float(0.1)),
    own("noise_additive_level"),
    own("noise_multiplicative_level"),
    own("noise_n_evals_per_point"),
    own("random_directions_orthogonal"),
    own("stopping_maxfun"),
    own("threshold_for_safety_step"),
    own("trustregion_expansion_factor_successful"),
    own("trustregion_expansion_factor_very_successful"),
    group("trustregion_fast_start_options", FAST_START),
    own("trustregion_initial_radius"),
    own("trustregion_method_to_replace_extra_points"),
    own("trustregion_n_extra_points_to_replace_successful"),
    own("trustregion_n_interpolation_points"),
    no_effect("trustregion_precondition_interpolation", Default::Bool(true)),
    group("trustregion_reset_options", RESETS),
    own("trustregion_shrinking_factor_not_successful"),
    own("trustregion_shrinking_factor_lower_radius"),
    own("trustregion_shrinking_factor_upper_radius"),
    own("trustregion_threshold_successful"),
    own("trustregion_threshold_very_successful"),
    own("n_restarts"),
    with("convergence_value_abs", Default::Float(1e-12)),
];

const FAST_START: &[PresetOption] = &[
    // Spelled so in the defaults of the original, and so in its documentation.
    renamed("min_inital_points", "fast_start_min_initial_points"),
    renamed("min_initial_points", "fast_start_min_initial_points"),
    renamed("method", "fast_start_method"),
    renamed(
        "scale_of_trustregion_step_perturbation",
        "fast_start_scale_of_trustregion_step_perturbation",
    ),
    renamed(
        "scale_of_jacobian_components_perturbation",
        "fast_start_scale_of_jacobian_components_perturbation",
    ),
    renamed("floor_of_jacobian_singular_values", "fast_start_floor_of_jacobian_singular_values"),
    renamed("jacobian_max_condition_number", "fast_start_jacobian_max_condition_number"),
    renamed("geometry_improving_steps", "fast_start_geometry_improving_steps"),
    renamed("safety_steps", "fast_start_safety_steps"),
    renamed(
        "shrink_upper_radius_in_safety_steps",
        "fast_start_shrink_upper_radius_in_safety_steps",
    ),
    renamed("full_geometry_improving_step", "fast_start_full_geometry_improving_step"),
    renamed("reset_trustregion_radius_after_fast_start", "fast_start_reset_trustregion_radius"),
    renamed(
        "reset_min_trustregion_radius_after_fast_start",
        "fast_start_reset_min_trustregion_radius",
    ),
    renamed("shrinking_factor_not_successful", "fast_start_shrinking_factor_not_successful"),
    renamed(
        "n_extra_search_directions_per_iteration",
        "fast_start_n_extra_search_directions_per_iteration",
    ),
];

const RESETS: &[PresetOption] = &resets([
    refused(
        "max_iterations_without_new_best_after_soft_reset",
        Default::None,
        "steps to points that are worse than the best of earlier runs are not counted",
    ),
    refused("max_unsuccessful_resets", Default::None, ONLY_PYBOBYQA),
    refused("trust_region_scaling_at_unsuccessful_reset", Default::None, ONLY_PYBOBYQA),
    renamed("max_interpolation_points", "restart_max_n_points"),
    renamed("n_extra_interpolation_points_per_soft_reset", "restart_n_added_points_soft"),
    renamed("n_extra_interpolation_points_per_hard_reset", "restart_n_added_points_hard"),
    renamed("n_additional_extra_points_to_replace_per_reset", "restart_n_added_moves"),
]);

const ONLY_PYBOBYQA: &str = "it is an option of nag_pybobyqa";

#[cfg(test)]
mod tests {
    use thalweg_core::OptionValue;

    use crate::resolve::resolve;

    fn refusal(name: &str, value: impl Into<OptionValue>) -> String {
        resolve("nag_dfols").unwrap().set(name, &value.into()).unwrap_err().to_string()
    }

    #[test]
    fn entries_of_dicts_are_options() {
        let mut dfols = resolve("nag_dfols").unwrap();
        for (name, value, native) in [
            ("trustregion_reset_options.reset_type", "hard".into(), "restart_type"),
            ("trustregion_reset_options.use_resets", true.into(), "use_restarts"),
            (
                "trustregion_fast_start_options.min_inital_points",
                3.into(),
                "fast_start_min_initial_points",
            ),
            (
                "convergence_slow_progress.comparison_period",
                7.into(),
                "convergence_slow_progress_period",
            ),
        ] {
            let value: OptionValue = value;
            dfols.set(name, &value).unwrap();
            assert_eq!(dfols.algorithm().option(native), Some(value), "{name}");
        }
        dfols.set("trustregion_reset_options", &OptionValue::None).unwrap();
        dfols.set("trustregion_reset_options.move_center_at_soft_reset", &true.into()).unwrap();
        assert_eq!(dfols.get("convergence_slow_progress"), Some(OptionValue::None));
    }

    #[test]
    fn every_entry_stands_for_an_option_that_there_is() {
        for group in [super::SLOW_PROGRESS, super::FAST_START, super::RESETS] {
            for entry in group {
                if let crate::names::Target::Native(native) = entry.target {
                    let dfols = resolve("dfols").unwrap();
                    assert!(dfols.get(native).is_some(), "{native}");
                }
            }
        }
    }

    #[test]
    fn what_has_no_counterpart_is_refused() {
        assert_eq!(
            refusal(
                "trustregion_reset_options.max_iterations_without_new_best_after_soft_reset",
                5
            ),
            "option 'trustregion_reset_options_max_iterations_without_new_best_after_soft_reset' of nag_dfols is 5, but has to be \
             none: steps to points that are worse than the best of earlier runs are not counted"
        );
        assert_eq!(
            refusal("convergence_slow_progress.threshold", 1.0),
            "The option 'convergence_slow_progress' of nag_dfols has no key 'threshold'. Did you mean \
             [\"threshold_to_characterize_as_slow\", \"max_insufficient_improvements\", \"comparison_period\"]?"
        );
        assert_eq!(
            refusal("trustregion_reset_options.reset_type", "warm"),
            "option 'trustregion_reset_options_reset_type' of nag_dfols is \"warm\", but has to be one of [\"soft\", \"hard\"]"
        );
    }
}
