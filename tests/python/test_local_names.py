"""The names of optimagic's local algorithms of least squares, Powell's family, fides, migrad, simplices and populations.

Every option that optimagic has under these names: its default, its effect, and what is said of wrong values.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

import thalweg as om
from thalweg.exceptions import InvalidAlgoOptionError

START = np.array([-1.2, 1.0])
BOX = om.Bounds(lower=np.full(2, -5.0), upper=np.full(2, 5.0))
DE = "scipy_differential_evolution"

OPTIMAGIC = list(csv.reader((Path(__file__).parent / "golden" / "local_names.csv").open()))
"""Name, option and default of optimagic 0.5.3."""

DIFFERENT_DEFAULTS = {
    ("fides", "stopping_max_seconds"): None,
    ("pounders", "convergence_gtol_scaled"): None,
}
"""What optimagic writes as infinity or False is None here; its own spelling is accepted."""


@om.mark.least_squares
def valley(x):
    return np.concatenate([10 * (x[1:] - x[:-1] ** 2), 1 - x[:-1]])


def solve(name, **options):
    return om.minimize(valley, START, name, algo_options=options, bounds=BOX if name == DE else None)


@pytest.mark.parametrize(("name", "option", "default"), OPTIMAGIC)
def test_optimagics_options_are_fields_with_its_defaults(name, option, default):
    value = eval(default, {"inf": np.inf})
    algorithm = getattr(om.algos, name)
    expected = DIFFERENT_DEFAULTS.get((name, option), value)
    assert getattr(algorithm(), option) == expected
    assert getattr(algorithm(**{option: value}), option) in (value, expected)
    assert getattr(algorithm().with_option(**{option: value}), option) in (value, expected)


NO_EFFECT = {
    "batch_evaluator",
    "clip_criterion_if_overflowing",
    "display",
    "interpolation_rounding_error",
    "relative_step_size_diff_approx",
    "trustregion_precondition_interpolation",
}

LOOSE = {
    "fides": {
        "convergence_ftol_abs": 1.0,
        "convergence_ftol_rel": 0.3,
        "convergence_xtol_abs": 0.3,
        "convergence_gtol_abs": 1.0,
        "convergence_gtol_rel": 5.0,
    },
    "scipy_ls_dogbox": {"convergence_ftol_rel": 0.3, "convergence_gtol_rel": 1.0},
    "scipy_ls_trf": {"convergence_ftol_rel": 0.3, "convergence_gtol_rel": 1.0},
    "scipy_ls_lm": {"convergence_ftol_rel": 0.3, "convergence_gtol_rel": 0.5},
    "nag_dfols": {
        "convergence_minimal_trustregion_radius_tolerance": 0.3,
        "convergence_ftol_scaled": 0.1,
    },
    "nag_pybobyqa": {
        "convergence_minimal_trustregion_radius_tolerance": 0.05,
        "convergence_criterion_value": 1.0,
    },
    "pounders": {
        "convergence_gtol_abs": 1.0,
        "convergence_gtol_rel": 0.5,
        "convergence_gtol_scaled": 0.1,
        "trustregion_minimal_radius": 0.3,
    },
    "tao_pounders": {
        "convergence_gtol_abs": 1.0,
        "convergence_gtol_rel": 1.0,
        "convergence_gtol_scaled": 0.1,
    },
    "scipy_cobyla": {"convergence_xtol_rel": 0.01},
    "neldermead_parallel": {"convergence_xtol_abs": 1e-3},
    "scipy_neldermead": {"convergence_xtol_abs": 1e-3},
    "scipy_lbfgsb": {"convergence_ftol_rel": 0.01, "convergence_gtol_abs": 1.0},
    DE: {"convergence_ftol_rel": 1.0, "convergence_ftol_abs": 0.1},
}
LOOSE |= {
    name: {
        "convergence_xtol_rel": 0.01,
        "convergence_xtol_abs": 0.01,
        "convergence_ftol_rel": 0.01,
        "convergence_ftol_abs": 0.01,
    }
    for name in ("nlopt_bobyqa", "nlopt_newuoa", "nlopt_cobyla")
}
LOOSE["nlopt_newuoa"]["convergence_ftol_rel"] = 0.1


@pytest.mark.parametrize(
    ("name", "option", "value"),
    [(name, *item) for name, options in LOOSE.items() for item in options.items()],
)
def test_looser_tolerances_end_runs_sooner_and_say_so(name, option, value):
    tight, loose = solve(name), solve(name, **{option: value})
    assert loose.success
    assert loose.n_fun_evals < tight.n_fun_evals
    own_words = {
        "scipy_neldermead": "Optimization terminated successfully.",
        "nag_pybobyqa": option.replace("criterion_value", "target_value"),
    }
    told = {"convergence_xtol_abs": "convergence_ftol_abs"} if "parallel" in name else {}
    assert own_words.get(name, told.get(option, option)) in loose.message


OTHER = {
    "fides": {
        "hessian_update_strategy": "sr1",
        "trustregion_initial_radius": 0.1,
        "trustregion_subspace_dimension": "scg",
        "trustregion_decrease_threshold": 0.6,
        "trustregion_increase_threshold": 0.3,
        "trustregion_decrease_factor": 0.01,
        "trustregion_increase_factor": 5.0,
    },
    "scipy_ls_trf": {"tr_solver": "lsmr"},
    "nag_dfols": {
        "noise_additive_level": 1e-3,
        "noise_multiplicative_level": 0.01,
        "noise_n_evals_per_point": 2,
        "threshold_for_safety_step": 0.01,
        "trustregion_expansion_factor_successful": 5.0,
        "trustregion_expansion_factor_very_successful": 10.0,
        "trustregion_initial_radius": 0.5,
        "trustregion_n_interpolation_points": 5,
        "trustregion_shrinking_factor_not_successful": 0.3,
        "trustregion_shrinking_factor_lower_radius": 0.3,
        "trustregion_shrinking_factor_upper_radius": 0.2,
        "trustregion_threshold_successful": 0.6,
        "trustregion_threshold_very_successful": 0.2,
        "trustregion_fast_start_options": {"min_inital_points": 1},
    },
    "nag_pybobyqa": {
        "initial_directions": "random",
        "noise_additive_level": 1e-3,
        "noise_n_evals_per_point": 2,
        "seek_global_optimum": True,
        "threshold_for_safety_step": 0.01,
        "trustregion_expansion_factor_successful": 5.0,
        "trustregion_expansion_factor_very_successful": 10.0,
        "trustregion_initial_radius": 0.5,
        "trustregion_minimum_change_hession_for_underdetermined_interpolation": False,
        "trustregion_n_interpolation_points": 6,
        "trustregion_shrinking_factor_not_successful": 0.3,
        "trustregion_shrinking_factor_lower_radius": 0.3,
        "trustregion_shrinking_factor_upper_radius": 0.2,
        "trustregion_threshold_successful": 0.6,
        "trustregion_threshold_very_successful": 0.3,
    },
    "scipy_cobyla": {"trustregion_initial_radius": 0.5},
    "pounders": {
        "max_interpolation_points": 7,
        "trustregion_initial_radius": 0.5,
        "trustregion_maximal_radius": 0.3,
        "trustregion_shrinking_factor_not_successful": 0.1,
        "trustregion_expansion_factor_successful": 5.0,
        "theta1": 0.3,
        "theta2": 0.3,
        "trustregion_threshold_acceptance": 0.3,
        "trustregion_threshold_successful": 0.6,
        "c2": 1.5,
    },
    "tao_pounders": {"trustregion_initial_radius": 0.5},
    "neldermead_parallel": {"init_simplex_method": "pfeffer"},
    "scipy_lbfgsb": {"limited_memory_storage_length": 2, "max_line_search_steps": 2},
    DE: {
        "strategy": "rand1exp",
        "population_size_multiplier": 5,
        "mutation_constant": (0.2, 0.9),
        "recombination_constant": 0.4,
        "seed": 7,
        "polish": False,
        "sampling_method": "halton",
    },
}


@pytest.mark.parametrize(
    ("name", "option", "value"),
    [(name, *item) for name, options in OTHER.items() for item in options.items()],
)
def test_other_values_make_other_runs(name, option, value):
    usual, other = solve(name), solve(name, **{option.replace("_", ".", 1): value})
    assert not np.array_equal(usual.history.flat_params, other.history.flat_params)
    assert other.fun < 1e-2


@pytest.mark.parametrize(
    "name", sorted({name for name, option, _ in OPTIMAGIC if option == "adaptive"})
)
def test_steps_of_simplices_adapt_to_many_variables(name):
    runs = [
        om.minimize(lambda x: x @ x, np.arange(1.0, 7), name, algo_options={"adaptive": adaptive})
        for adaptive in (True, False)
    ]
    assert runs[0].n_fun_evals != runs[1].n_fun_evals


LIMITS = [(n, o) for n, o, _ in OPTIMAGIC if o in ("stopping_maxfun", "stopping_maxiter")]


@pytest.mark.parametrize(("name", "option"), LIMITS)
def test_limits_end_runs_without_success(name, option):
    result = solve(name, **{option: 3})
    assert not result.success
    assert result.message.startswith("stopped: 3 ")
    counts_evaluations = option == "stopping_maxfun" or name == "scipy_cobyla"
    assert (result.n_fun_evals if counts_evaluations else result.n_iterations) == 3


def wrong_values():
    for name in dict.fromkeys(name for name, *_ in OPTIMAGIC):
        specs = getattr(om.algos, name)._option_specs
        for option, spec in specs.items():
            if option == "batch_evaluator":
                continue
            yield name, option, object()
            if spec.kind in ("int", "float"):
                yield name, option, "many"
                yield name, option, float("nan")
                yield name, option, True
            if spec.kind == "int":
                yield name, option, 2.5
            if spec.min > -np.inf:
                yield name, option, spec.min - 1
            if spec.max < np.inf:
                yield name, option, spec.max + 1
            if spec.kind == "choice":
                yield name, option, f"{spec.choices[0]}_"


@pytest.mark.parametrize("name", list(dict.fromkeys(name for name, *_ in OPTIMAGIC)))
def test_wrong_values_are_refused_before_the_first_evaluation(name):
    def unreachable(x):
        raise AssertionError

    for wrong_name, option, value in wrong_values():
        if wrong_name != name:
            continue
        for run in (
            lambda o=option, v=value: om.minimize(unreachable, START, name, algo_options={o: v}),
            lambda o=option, v=value: getattr(om.algos, name)(**{o: v}),
        ):
            with pytest.raises(InvalidAlgoOptionError) as caught:
                run()
            text = str(caught.value)
            assert f"option '{option}' of {name} is {value!r}, but has to be " in text, text


@pytest.mark.parametrize(
    ("name", "option"),
    [
        (name, "trustregion_initial_radius")
        for name in (
            "fides",
            "nag_dfols",
            "nag_pybobyqa",
            "scipy_cobyla",
            "pounders",
            "tao_pounders",
        )
    ],
)
def test_radii_are_finite(name, option):
    with pytest.raises(
        InvalidAlgoOptionError, match="is inf, but has to be a number above 0 and finite"
    ):
        solve(name, **{option: np.inf})


def test_misspelled_options_are_ignored_with_a_proposal():
    with pytest.warns(UserWarning) as caught:
        result = solve("fides", convergence_ftol_relative=1, population_size=5)
    assert result.success
    assert str(caught[0].message) == (
        "The following algo_options were ignored because fides does not have them: "
        "['convergence_ftol_relative', 'population_size']. Did you mean 'convergence_ftol_rel' "
        "by 'convergence_ftol_relative'?"
    )


def test_outdated_names_are_options_of_classes_too():
    with pytest.warns(FutureWarning, match="stopping_max_criterion_evaluations -> stopping_maxfun"):
        algorithm = om.algos.nag_pybobyqa(stopping_max_criterion_evaluations=20)
    assert algorithm.stopping_maxfun == 20
    with pytest.warns(FutureWarning, match="convergence_relative_criterion_tolerance"):
        changed = om.algos.fides().with_option(convergence_relative_criterion_tolerance=0.1)
    assert changed.convergence_ftol_rel == 0.1


def test_what_is_switched_off_may_be_false():
    algorithm = om.algos.pounders(convergence_gtol_scaled=False)
    assert algorithm.convergence_gtol_scaled is None
    assert om.algos.nag_dfols(noise_additive_level=False).noise_additive_level is None


@pytest.mark.parametrize("name", ["nag_dfols", "nag_pybobyqa"])
def test_no_noise_is_a_level_of_noise(name):
    usual, silent = solve(name), solve(name, noise_additive_level=0, noise_multiplicative_level=0)
    assert usual.n_fun_evals == silent.n_fun_evals


@pytest.mark.parametrize("name", ["nag_dfols", "nag_pybobyqa"])
def test_means_of_several_evaluations_end_with_success(name):
    rng = np.random.default_rng(0)
    noise = 0.03

    @om.mark.least_squares
    def noisy(x):
        return x - 1 + noise * rng.standard_normal(2)

    options = {"noise_additive_level": noise**2, "noise_n_evals_per_point": 3}
    result = om.minimize(noisy, np.array([3.0, -2.0]), name, algo_options=options)
    assert result.success, result.message
    assert np.allclose(result.params, 1, atol=0.1)


def test_options_of_lsmr_come_in_a_dictionary():
    def count(**inner):
        options = {"tr_solver": "lsmr", "tr_solver_options": inner}
        return solve("scipy_ls_trf", **options, stopping_maxfun=100).n_fun_evals

    assert count() < count(maxiter=1)
    assert count(maxiter=5, atol=1e-12, btol=1e-12, conlim=1e12, regularize=False, show=False) < 50
    with pytest.raises(InvalidAlgoOptionError, match=r"has no key 'max_iter'. Did you mean \['maxi"):
        count(max_iter=1)
    with pytest.raises(InvalidAlgoOptionError, match="scipy_ls_dogbox has no key 'regularize'"):
        solve("scipy_ls_dogbox", tr_solver_options={"regularize": False})
    with pytest.raises(
        InvalidAlgoOptionError, match="damp' of scipy_ls_trf is 1.0, but has to be 0.0: how much"
    ):
        count(damp=1)


def test_options_of_steps_that_pounders_does_not_need_are_known():
    usual = solve("pounders")
    inner = {"conjugate_gradient_method": "trsbox", "maxiter": 5, "gtol_abs": 1e-3, "k_easy": 0.2}
    other = solve("pounders", trustregion_subsolver_options=inner)
    assert usual.n_fun_evals == other.n_fun_evals
    with pytest.raises(InvalidAlgoOptionError, match="has no key 'max_iter'. Did you mean"):
        solve("pounders", trustregion_subsolver_options={"max_iter": 5})


def test_intervals_may_begin_with_the_larger_end():
    runs = [solve(DE, mutation_constant=pair) for pair in ((0.4, 0.9), (0.9, 0.4))]
    assert runs[0].n_fun_evals == runs[1].n_fun_evals


def test_long_values_are_cut_off_in_messages():
    with pytest.raises(InvalidAlgoOptionError) as caught:
        solve(DE, sampling_method=np.arange(300.0).reshape(100, 3))
    assert len(str(caught.value)) < 450
    assert "..., but has to be one of" in str(caught.value)


def test_messages_have_the_names_that_users_know():
    assert "(convergence_xtol_rel)" in solve("scipy_cobyla").message
    assert "(convergence_xtol_abs)" in solve("cobyla", convergence_xtol_abs=1e-3).message


def test_fides_tells_of_its_hessian():
    def fun(x):
        return 3 * (x[0] - 1) ** 2 + x[0] * x[1] + x[1] ** 2

    result = om.minimize(fun, START, "fides", algo_options={"convergence_gtol_abs": 1e-6})
    assert np.allclose(result.hess, [[6, 1], [1, 2]], atol=0.3)
    largest = om.maximize(lambda x: -fun(x), START, "fides")
    assert largest.hess[0, 0] < 0


@pytest.mark.parametrize("name", [DE, "differential_evolution"])
def test_differential_evolution_keeps_nonlinear_constraints(name):
    def fun(x):
        return (x[0] - 2) ** 2 + (x[1] - 1) ** 2 + np.sin(5 * x[0])

    def run(**limits):
        constraint = om.NonlinearConstraint(selector=lambda x: x, func=lambda x: x @ x, **limits)
        options = {"stopping_maxiter": 300, "stopping_maxfun": 20_000, "seed": 1}
        return om.minimize(
            fun, np.zeros(2), name, algo_options=options, bounds=BOX, constraints=constraint
        )

    assert getattr(om.algos, name).algo_info.supports_nonlinear_constraints
    ring = run(lower_bound=0.5, upper_bound=0.9)
    assert ring.success
    assert np.allclose(ring.params, [0.88835, 0.33292], atol=1e-3)
    assert ring.max_constraint_violation <= 1e-5
    nowhere = run(upper_bound=-1.0)
    assert not nowhere.success
    assert "it is violated by 1.000e0" in nowhere.message
