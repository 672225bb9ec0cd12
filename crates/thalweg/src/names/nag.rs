//! The options of the methods of the Numerical Algorithms Group, as optimagic names them, some of them in dictionaries.

use super::options::{Default, group, no_effect, own, refused, renamed};
use super::{PresetOption, Target};

/// The options of Py-BOBYQA.
pub(super) const PYBOBYQA: &[PresetOption] = &[
    no_effect("clip_criterion_if_overflowing", Default::Bool(true)),
    own("convergence_minimal_trustregion_radius_tolerance"),
    own("convergence_noise_corrected_criterion_tolerance"),
    PresetOption {
        name: "convergence_criterion_value",
        target: Target::Native("convergence_target_value"),
        default: Default::None,
    },
    group("convergence_slow_progress", SLOW_PROGRESS),
    own("initial_directions"),
    no_effect("interpolation_rounding_error", Default::Float(0.1)),
    own("noise_additive_level"),
    own("noise_multiplicative_level"),
    own("noise_n_evals_per_point"),
    own("random_directions_orthogonal"),
    own("seek_global_optimum"),
    own("stopping_maxfun"),
    own("threshold_for_safety_step"),
    own("trustregion_expansion_factor_successful"),
    own("trustregion_expansion_factor_very_successful"),
    own("trustregion_initial_radius"),
    renamed(
        "trustregion_minimum_change_hession_for_underdetermined_interpolation",
        "trustregion_minimum_change_hessian",
    ),
    own("trustregion_n_interpolation_points"),
    no_effect("trustregion_precondition_interpolation", Default::Bool(true)),
    group("trustregion_reset_options", RESETS),
    own("trustregion_shrinking_factor_not_successful"),
    own("trustregion_shrinking_factor_lower_radius"),
    own("trustregion_shrinking_factor_upper_radius"),
    own("trustregion_threshold_successful"),
    own("trustregion_threshold_very_successful"),
    own("n_restarts"),
    own("convergence_slow_progress_threshold"),
    own("convergence_slow_progress_steps"),
];

/// When progress is slow.
pub(super) const SLOW_PROGRESS: &[PresetOption] = &[
    renamed("threshold_to_characterize_as_slow", "convergence_slow_progress_threshold"),
    renamed("max_insufficient_improvements", "convergence_slow_progress_steps"),
    renamed("comparison_period", "convergence_slow_progress_period"),
];

/// When to restart, and how, as both methods say it: the rows of `own` are those that not both can follow.
pub(super) const fn resets(own: [PresetOption; 7]) -> [PresetOption; 18] {
    let [vain_steps, in_vain, radius, most, soft, hard, moves] = own;
    [
        renamed("use_resets", "use_restarts"),
        renamed(
            "minimal_trustregion_radius_tolerance_scaling_at_reset",
            "restart_last_radius_factor",
        ),
        renamed("reset_type", "restart_type"),
        renamed("move_center_at_soft_reset", "restart_moves_center"),
        renamed("reuse_criterion_value_at_hard_reset", "restart_reuses_value"),
        vain_steps,
        renamed("auto_detect", "restart_detection"),
        renamed("auto_detect_history", "restart_detection_iterations"),
        renamed("auto_detect_min_jacobian_increase", "restart_detection_slope"),
        renamed("auto_detect_min_correlations", "restart_detection_correlation"),
        renamed("points_to_replace_at_soft_reset", "restart_n_moved_points"),
        renamed("max_consecutive_unsuccessful_resets", "n_restarts"),
        in_vain,
        radius,
        most,
        soft,
        hard,
        moves,
    ]
}

const RESETS: &[PresetOption] = &resets([
    renamed("max_iterations_without_new_best_after_soft_reset", "restart_vain_steps"),
    renamed("max_unsuccessful_resets", "n_restarts_in_vain"),
    renamed("trust_region_scaling_at_unsuccessful_reset", "restart_radius_factor"),
    refused("max_interpolation_points", Default::None, ONLY_DFOLS),
    refused("n_extra_interpolation_points_per_soft_reset", Default::Integer(0), ONLY_DFOLS),
    refused("n_extra_interpolation_points_per_hard_reset", Default::Integer(0), ONLY_DFOLS),
    refused("n_additional_extra_points_to_replace_per_reset", Default::Integer(0), ONLY_DFOLS),
]);

const ONLY_DFOLS: &str = "only nag_dfols has points beyond those that its model needs";
