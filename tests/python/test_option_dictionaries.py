"""Dictionaries of options under optimagic's names."""

import numpy as np
import pytest

import thalweg as om
from thalweg.exceptions import InvalidAlgoOptionError


def rosenbrock(x):
    return 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2


def noisy_counts(**options):
    """The number of evaluations of a noisy run with these options."""
    rng = np.random.default_rng(5)
    result = om.minimize(
        lambda x: rosenbrock(x) + 1e-3 * rng.uniform(-1, 1),
        np.array([-1.2, 1.0]),
        om.algos.nag_pybobyqa(noise_additive_level=2e-3, **options),
    )
    assert rosenbrock(result.params) < 0.05
    return result.n_fun_evals


def test_dictionaries_of_options_have_their_meaning():
    plain = noisy_counts()
    never = noisy_counts(trustregion_reset_options={"use_resets": False})
    few = noisy_counts(trustregion_reset_options={"max_consecutive_unsuccessful_resets": 1})
    hard = noisy_counts(trustregion_reset_options={"reset_type": "hard", "auto_detect": False})
    assert never < few < plain
    assert hard != plain


def test_all_keys_of_optimagic_are_known():
    result = om.minimize(
        rosenbrock,
        np.array([-1.2, 1.0]),
        "nag_pybobyqa",
        algo_options={
            "trustregion.reset_options": {
                "use_resets": None,
                "minimal_trustregion_radius_tolerance_scaling_at_reset": 1.0,
                "reset_type": "soft",
                "move_center_at_soft_reset": True,
                "reuse_criterion_value_at_hard_reset": True,
                "max_iterations_without_new_best_after_soft_reset": None,
                "auto_detect": True,
                "auto_detect_history": 30,
                "auto_detect_min_jacobian_increase": 0.015,
                "auto_detect_min_correlations": 0.1,
                "points_to_replace_at_soft_reset": 3,
                "max_consecutive_unsuccessful_resets": 10,
                "max_unsuccessful_resets": None,
                "trust_region_scaling_at_unsuccessful_reset": None,
                "max_interpolation_points": None,
                "n_extra_interpolation_points_per_soft_reset": 0,
                "n_extra_interpolation_points_per_hard_reset": 0,
                "n_additional_extra_points_to_replace_per_reset": 0,
            },
            "convergence.slow_progress": {
                "threshold_to_characterize_as_slow": 1e-8,
                "max_insufficient_improvements": None,
                "comparison_period": 5,
            },
            "initial_directions": "random",
            "noise_n_evals_per_point": None,
        },
    )
    assert result.fun < 1e-10


def test_repeated_evaluations_are_averaged():
    rng = np.random.default_rng(1)
    seen = []

    def objective(x):
        seen.append(x.copy())
        return (x - 1) @ (x - 1) + 0.1 * rng.standard_normal()

    result = om.minimize(
        objective,
        np.zeros(2),
        om.algos.nag_pybobyqa(
            noise_additive_level=0.1, noise_n_evals_per_point=20, stopping_maxfun=2000
        ),
    )
    # The start is evaluated once before the algorithm begins.
    points = np.array(seen[len(seen) % 20 :]).reshape(-1, 20, 2)
    assert (points == points[:, :1]).all()
    # The luckiest of two thousand evaluations is about 0.3 too low; the mean of twenty has a noise of 0.02.
    assert result.fun > -0.12


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"trustregion_reset_options": {"reset_typ": "hard"}},
            r"The option 'trustregion_reset_options' of nag_pybobyqa has no key 'reset_typ'. "
            r"Did you mean \['reset_type'",
        ),
        (
            {"trustregion_reset_options": {"reset_type": "medium"}},
            r"option 'reset_type' of nag_pybobyqa is 'medium', but has to be one of "
            r"\['soft', 'hard'\]",
        ),
        (
            {"trustregion_reset_options": {"max_interpolation_points": 9}},
            "option 'trustregion_reset_options_max_interpolation_points' of nag_pybobyqa is 9.0, "
            "but has to be none: only nag_dfols has points beyond those that its model needs",
        ),
        (
            {"convergence_slow_progress": 3},
            "option 'convergence_slow_progress' of nag_pybobyqa is 3, but has to be a dictionary "
            "or None",
        ),
    ],
)
def test_what_is_wrong_is_said(options, message):
    with pytest.raises(InvalidAlgoOptionError, match=message):
        om.minimize(rosenbrock, np.zeros(2), "nag_pybobyqa", algo_options=options)
