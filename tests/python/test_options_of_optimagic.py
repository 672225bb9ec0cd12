"""The options and flags of optimagic's names for line searches, direct search, SQP and BHHH: names, defaults, effects, errors."""

import ast
import csv
import re
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import thalweg as om
from thalweg.exceptions import InvalidAlgoOptionError, UnsupportedArgumentError

TABLE = Path(__file__).parent / "golden" / "options_of_optimagic.tsv"
with TABLE.open() as lines:
    ROWS = {row["name"]: row for row in csv.DictReader(lines, delimiter="\t")}
NAMES = [*ROWS]
TRUST_REGION = [f"scipy_{name}" for name in ("dogleg", "trust_exact", "trust_krylov", "trust_ncg")]
CLASSES = {name: getattr(om.algos, name) for name in [*NAMES, *TRUST_REGION]}


def read(text):
    return np.inf if text == "inf" else ast.literal_eval(text)


def defaults_of(name):
    return {key: read(text) for key, text in re.findall(r"(\w+)=([^;]*)", ROWS[name]["options"])}


def rosenbrock(x):
    return float(1 + np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2))


def gradient(x):
    valley, slope = x[1:] - x[:-1] ** 2, np.zeros_like(x)
    slope[:-1] = -400 * x[:-1] * valley - 2 * (1 - x[:-1])
    slope[1:] += 200 * valley
    return slope


def never(x):
    raise AssertionError("evaluated")


def sphere(x):
    return float(x @ x)


@om.mark.likelihood
def normal(params):
    return -params[1] - 0.5 * ((np.arange(9.0) - params[0]) / np.exp(params[1])) ** 2


def run(name, fun=rosenbrock, start=(-1.2, 1.0, 0.5), jac=gradient, **options):
    """The algorithm on a curved valley; bhhh on a likelihood."""
    if name == "nlopt_sbplx":  # which follows valleys of more dimensions with many evaluations
        start = start[:2]
    call = {"algo_options": options, "fun": fun, "params": np.array(start), "algorithm": name}
    info = CLASSES[name].algo_info
    if name == "bhhh":
        return om.maximize(**call | {"fun": normal, "params": np.array([0.0, 0.0])})
    if info.needs_jac and jac is not None:
        call["jac"] = jac
    if info.needs_bounds:
        call["bounds"] = [(-6, 6)] * len(start)
    return om.minimize(**call)


# ----------------------------------------------------------------------------------- names, defaults, flags


@pytest.mark.parametrize("name", NAMES)
def test_every_option_is_there_with_its_default_in_every_way_to_pass_it(name):
    cls = CLASSES[name]
    ours = {field.name: field.default for field in fields(cls)}
    for option, default in defaults_of(name).items():
        if option == "converence_gtol_abs":  # misspelled by optimagic
            with pytest.warns(FutureWarning, match="converence_gtol_abs -> convergence_gtol_abs"):
                assert cls(**{option: default}) == cls().with_option(convergence_gtol_abs=default)
            option = "convergence_gtol_abs"
        assert ours[option] == default, option
        assert cls(**{option: default}) == cls().with_option(**{option: default}) == cls()
        for spelling in (option, option.replace("_", ".", 1)):
            options = {spelling: default, **({} if "maxfun" in option else {"stopping_maxfun": 3})}
            assert run(name, sphere, jac=lambda x: 2 * x, **options).n_fun_evals


@pytest.mark.parametrize("name", NAMES)
def test_flags_are_those_of_optimagic(name):
    info, row = CLASSES[name].algo_info, ROWS[name]
    flags = [flag for flag, text in row.items() if text in ("True", "False")]
    differing = [flag for flag in flags if getattr(info, flag) != (row[flag] == "True")]
    # Its first points and shrunken simplices are batches.
    assert differing == (["supports_parallelism"] if name == "nlopt_neldermead" else [])
    assert info.solver_type.value == row["solver_type"]
    assert CLASSES[name].__name__ == row["class"]


@pytest.mark.parametrize("name", NAMES)
def test_names_of_2022_are_taken_with_a_warning_in_dicts_and_on_classes(name):
    for pair in ROWS[name]["renamed_options_2022_to_now"].split(" ; "):
        old = pair.split("->")[0]
        new = {
            "stopping_max_iterations": "stopping_maxiter",
            "convergence_relative_criterion_tolerance": "convergence_ftol_rel",
            "finitie_difference_precision": "finite_difference_precision",
        }.get(old) or pair.split("->")[1].split(" ")[0].replace("converence", "convergence")
        value = 4 if new.startswith("stopping") else 1e-3
        with pytest.warns(FutureWarning, match=f"{old} -> {new}"):
            algorithm = CLASSES[name](**{old: value})
        assert getattr(algorithm, new) == value
        with pytest.warns(FutureWarning, match=f"{old} -> {new}"):
            by_dict = run(name, **{old: value})
        assert by_dict.n_fun_evals == run(name, **{new: value}).n_fun_evals


# --------------------------------------------------------------------------------------------------- effects

FTOL_ABS, FTOL_REL = ("convergence_ftol_abs", 0.1), ("convergence_ftol_rel", 0.1)
XTOL_ABS, XTOL_REL = ("convergence_xtol_abs", 0.1), ("convergence_xtol_rel", 0.1)
NLOPT = [FTOL_ABS, FTOL_REL, XTOL_ABS, XTOL_REL]
LARGER_ENDS_EARLIER = {
    "bhhh": [("convergence_gtol_abs", 0.1)],
    "nlopt_neldermead": NLOPT,
    **{f"nlopt_{name}": NLOPT for name in ("lbfgsb", "praxis", "sbplx", "slsqp", "tnewton", "var")},
    "pygmo_compass_search": [("stop_range", 0.09)],
    "scipy_bfgs": [("convergence_gtol_abs", 1.0), XTOL_REL],
    "scipy_conjugate_gradient": [("convergence_gtol_abs", 1.0)],
    "scipy_newton_cg": [XTOL_REL],
    "scipy_powell": [FTOL_REL, XTOL_REL],
    "scipy_slsqp": [FTOL_ABS],
    "scipy_truncated_newton": [FTOL_ABS, XTOL_ABS, ("convergence_gtol_abs", 1.0)],
    **dict.fromkeys(TRUST_REGION, [("convergence_gtol_abs", 0.1)]),
}


@pytest.mark.parametrize("name", CLASSES)
def test_a_larger_tolerance_ends_the_run_earlier_and_is_named_in_the_message(name):
    usual = run(name)
    assert usual.success, usual.message
    for option, value in LARGER_ENDS_EARLIER[name]:
        early = run(name, **{option: value})
        assert early.success, (option, early.message)
        assert early.n_fun_evals < usual.n_fun_evals, option
        message = early.algorithm_output.get("termination", early.message)
        if name not in ("scipy_powell", "scipy_slsqp", *TRUST_REGION):  # which say scipy's words
            assert option in message, (option, message)


@pytest.mark.parametrize("name", CLASSES)
def test_limits_end_the_run_without_success(name):
    for option, word in (("stopping_maxfun", "evaluations"), ("stopping_maxiter", "iterations")):
        result = run(name, **{option: 2})
        assert not result.success
        assert result.message == f"stopped: 2 {word} are used up ({option})"
        assert (result.n_fun_evals if option == "stopping_maxfun" else result.n_iterations) == 2


CHANGES = [
    ("pygmo_compass_search", "discard_start_params", True),
    ("pygmo_compass_search", "population_size", 7),
    ("pygmo_compass_search", "reduction_coeff", 0.3),
    ("pygmo_compass_search", "seed", 7),
    ("pygmo_compass_search", "start_range", 0.02),
    ("scipy_bfgs", "armijo_condition", 0.4),
    ("scipy_bfgs", "curvature_condition", 0.1),
    ("scipy_trust_krylov", "inexact", False),
    ("scipy_truncated_newton", "finite_difference_precision", 1e-3),
    ("scipy_truncated_newton", "func_min_estimate", 45.0),
    ("scipy_truncated_newton", "line_search_severity", 0.05),
    ("scipy_truncated_newton", "max_hess_evaluations_per_iteration", 2),
    ("scipy_truncated_newton", "max_step_for_line_search", 0.05),
    *((name, "trustregion_initial_radius", 0.2) for name in TRUST_REGION),
    *((name, "trustregion_maximal_radius", 0.2) for name in TRUST_REGION),
]


@pytest.mark.parametrize(("name", "option", "value"), CHANGES)
def test_what_shapes_the_search_changes_its_points(name, option, value):
    usual, changed = (run(name, **options).history.fun for options in ({}, {option: value}))
    assert list(usual) != list(changed)


def test_rank_one_and_rank_two_updates_differ_when_there_are_more_variables_than_columns():
    start = np.tile([-1.2, 1.0], 30)
    usual, changed = (run("nlopt_var", start=start, rank_1_update=rank) for rank in (True, False))
    assert usual.success and changed.success
    assert usual.n_fun_evals != changed.n_fun_evals


@pytest.mark.parametrize("name", ["scipy_bfgs", "scipy_conjugate_gradient", *TRUST_REGION])
def test_the_gradient_is_measured_in_the_norm_that_was_asked_for(name):
    for norm in (1, 2, np.inf):
        result = run(name, norm=norm, convergence_gtol_abs=1e-2, **xtol_off(name))
        assert np.linalg.norm(gradient(result.params), norm) <= 1e-2


def xtol_off(name):
    return {"convergence_xtol_rel": 0} if name == "scipy_bfgs" else {}


def test_the_longest_step_is_kept():
    points = run("scipy_truncated_newton", max_step_for_line_search=0.05).history.params
    steps = np.linalg.norm(np.diff(np.array([*points]), axis=0), axis=1)
    assert steps.max() <= 0.05 * (1 + 1e-9)


def test_the_population_of_the_compass_search_grows_with_the_problem():
    for n, size in ((2, 100), (12, 130)):
        usual, sized = (
            run("pygmo_compass_search", sphere, np.ones(n), **options).history.fun
            for options in ({}, {"population_size": size})
        )
        assert np.array_equal(usual, sized)


# ---------------------------------------------------------------------------------------------------- errors

WRONG = [
    ("scipy_bfgs", "convergence_gtol_abs", -1, "a number at least 0"),
    ("scipy_bfgs", "norm", 0.5, "a number at least 1"),
    ("scipy_bfgs", "armijo_condition", 1.5, "a number above 0 and below 1"),
    ("scipy_conjugate_gradient", "stopping_maxiter", 1.5, "a whole number at least 1"),
    ("scipy_newton_cg", "convergence_xtol_rel", "x", "a number at least 0"),
    ("scipy_truncated_newton", "max_hess_evaluations_per_iteration", -2, "a whole number at least -1"),
    ("scipy_truncated_newton", "line_search_severity", 1.0, "a number at least -1 and below 1"),
    ("nlopt_var", "rank_1_update", "perhaps", "True or False"),
    ("nlopt_slsqp", "stopping_maxfun", 0, "a whole number at least 1"),
    ("nlopt_neldermead", "convergence_xtol_abs", None, "a number at least 0"),
    ("nlopt_praxis", "convergence_ftol_abs", float("nan"), "a number at least 0"),
    ("pygmo_compass_search", "population_size", 0, "a whole number at least 1 or None"),
    ("pygmo_compass_search", "reduction_coeff", 1, "a number above 0 and below 1"),
    ("scipy_powell", "display", "loud", "True or False"),
    ("bhhh", "convergence_gtol_abs", [1], "a number at least 0"),
    ("scipy_trust_ncg", "trustregion_threshold_acceptance", 0.3, "a number at least 0 and below 0.25"),
    ("scipy_trust_krylov", "inexact", 2, "True or False"),
]


@pytest.mark.parametrize(("name", "option", "value", "expected"), WRONG)
def test_impossible_values_are_refused_before_the_first_evaluation(name, option, value, expected):
    message = f"option '{option}' of {name} is {value!r}, but has to be {expected}."
    with pytest.raises(InvalidAlgoOptionError, match=re.escape(message)):
        om.minimize(never, np.ones(2), name, algo_options={option: value})
    with pytest.raises(InvalidAlgoOptionError, match=re.escape(message)):
        CLASSES[name](**{option: value})


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        (
            name,
            {"armijo_condition": 0.4, "curvature_condition": 0.3},
            f"option 'armijo_condition' of {name} is 0.4, but has to be less than "
            "curvature_condition, which is 0.3",
        )
        for name in ("bfgs", "scipy_bfgs", "conjugate_gradient")
    ]
    + [
        (
            name,
            {"start_range": 0.01, "stop_range": 0.2},
            f"option 'stop_range' of {name} is 0.2, but has to be less than start_range, which is "
            "0.01",
        )
        for name in ("compass_search", "pygmo_compass_search")
    ]
    + [
        (
            "fides",
            {"trustregion_decrease_threshold": 0.8},
            "option 'trustregion_decrease_threshold' of fides is 0.8, but has to be less than "
            "trustregion_increase_threshold, which is 0.75",
        ),
        (
            "pounders",
            {"trustregion_minimal_radius": 2.0, "trustregion_maximal_radius": 1.0},
            "option 'trustregion_minimal_radius' of pounders is 2.0, but has to be less than "
            "trustregion_maximal_radius, which is 1.0",
        ),
        (
            "scipy_cobyla",
            {"trustregion_initial_radius": 1e-7, "convergence_xtol_rel": 1e-5},
            "option 'convergence_xtol_rel' of scipy_cobyla is 1e-5, but has to be less than "
            "trustregion_initial_radius, which is 1e-7",
        ),
    ]
    + [
        (
            name,
            {"trustregion_initial_radius": 1e-9},
            "option 'convergence_minimal_trustregion_radius_tolerance' of "
            f"{name} is 1e-8, but has to be less than trustregion_initial_radius, which is 1e-9",
        )
        for name in ("nag_dfols", "nag_pybobyqa")
    ]
    + [
        (
            name,
            {"trustregion_threshold_successful": 0.8},
            f"option 'trustregion_threshold_successful' of {name} is 0.8, but has to be less than "
            "trustregion_threshold_very_successful, which is 0.7",
        )
        for name in ("nag_dfols", "nag_pybobyqa")
    ],
)
def test_options_that_contradict_each_other_are_refused_before_the_first_evaluation(
    name, options, message
):
    bounds = [(-2, 2)] * 2 if "compass" in name else None
    for algorithm, algo_options in ((name, options), (getattr(om.algos, name)(**options), None)):
        with pytest.raises(InvalidAlgoOptionError, match=re.escape(message)):
            om.minimize(never, np.ones(2), algorithm, algo_options=algo_options, bounds=bounds)


@pytest.mark.parametrize("name", CLASSES)
def test_misspelled_options_are_named_with_what_may_be_meant(name):
    option = next(field.name for field in fields(CLASSES[name]) if "_" in field.name)
    misspelled = option[:-1]
    with pytest.raises(InvalidAlgoOptionError, match=rf"{misspelled}: did you mean \['{option}'"):
        CLASSES[name](**{misspelled: 1})
    with pytest.warns(UserWarning, match=f"Did you mean '{option}' by '{misspelled}'?"):
        run(name, stopping_maxfun=2, **{misspelled: 1})
    # Options of others are no misspelled ones: one set of options may serve several algorithms.
    text = f"were ignored because {name} does not have them: \\['adaptive'\\]\\.$"
    with pytest.warns(UserWarning, match=text):
        run(name, stopping_maxfun=2, adaptive=True)


def test_an_option_that_is_given_twice_is_refused():
    options = {"stopping.maxfun": 3, "stopping_maxfun": 5}
    with pytest.raises(InvalidAlgoOptionError, match="holds the option stopping_maxfun twice"):
        om.minimize(never, np.ones(2), "lbfgsb", algo_options=options)


def test_options_without_their_prefix_are_recognized():
    text = "Did you mean 'stopping_maxiter' by 'maxiter', 'convergence_gtol_abs' by 'gtol_abs'?"
    with pytest.warns(UserWarning, match=re.escape(text)):
        run("scipy_bfgs", maxiter=3, gtol_abs=1e-3)


@pytest.mark.parametrize(
    ("method", "options", "instead"),
    [
        ("BFGS", {"gtol": 0.1, "maxiter": 5, "c2": 0.5}, "'convergence_gtol_abs': 0.1, "
         "'stopping_maxiter': 5, 'curvature_condition': 0.5"),
        ("SLSQP", {"ftol": 0.1, "disp": True}, "'convergence_ftol_abs': 0.1, 'display': True"),
        ("Powell", {"ftol": 0.1, "xtol": 0.2}, "'convergence_ftol_rel': 0.1, "
         "'convergence_xtol_rel': 0.2"),
        ("TNC", {"eta": 0.1, "maxCGit": 3}, "'line_search_severity': 0.1, "
         "'max_hess_evaluations_per_iteration': 3"),
        ("trust-ncg", {"eta": 0.1, "unknown": 3}, "'trustregion_threshold_acceptance': 0.1"),
    ],
)  # fmt: skip
def test_options_of_scipy_are_refused_with_what_to_write_instead(method, options, instead):
    text = f"Please use the algo_options argument instead: algo_options={{{instead}}}."
    with pytest.raises(UnsupportedArgumentError, match=re.escape(text)):
        om.minimize(never, x0=np.ones(2), method=method, options=options)


def test_tolerances_and_words_for_derivatives_of_scipy_are_refused_with_what_to_write_instead():
    text = "set convergence criteria, for example algo_options={'convergence.gtol_abs': 0.001}."
    with pytest.raises(UnsupportedArgumentError, match=re.escape(text)):
        om.minimize(never, x0=np.ones(2), method="BFGS", tol=1e-3)
    for word, instead in (
        ("2-point", ": numdiff_options={'method': 'forward'}, which is the default, for this method."),
        ("3-point", ": numdiff_options={'method': 'central'} for this method."),
        ("cs", ", but none by complex steps."),
    ):
        text = (
            f"jac must be a function or a list of functions, not '{word}'. Without it there are "
            f"numerical derivatives{instead}"
        )
        with pytest.raises(om.exceptions.InvalidArgumentError, match=re.escape(text)):
            om.minimize(never, x0=np.ones(2), method="BFGS", jac=word)


# -------------------------------------------------------------------------- ends of runs on simple problems

A = np.array([[2.0, 1.0, 0.0], [1.0, 4.0, 0.0], [0.0, 0.0, 2.0]])
B = np.array([2.0, -4.0, 1.0])
SMOOTH = [n for n in CLASSES if CLASSES[n].algo_info.needs_jac and n != "bhhh"]


def quadratic(x):
    return float(0.5 * x @ A @ x - B @ x + 3.25)


@pytest.mark.parametrize("jac", [True, False], ids=["gradient", "differences"])
@pytest.mark.parametrize("name", SMOOTH)
def test_simple_problems_end_with_success_however_exactly_they_are_solved(name, jac):
    gradients = {"jac": lambda x: A @ x - B} if jac else {}
    for arguments in (
        {},
        {"scaling": True},
        {"constraints": om.FixedConstraint(lambda x: x[1])},
        {"constraints": om.EqualityConstraint(lambda x: x[:2])},
    ):
        start = np.array([3.0, 3.0, -2.0])
        result = om.minimize(quadratic, start, name, **gradients, **arguments)
        assert result.success, (arguments, result.message)
    for start in ([1.0, 2, 3, 4], [0.0, 1, 2, 3], [5.0], [1e-3, 2]):
        result = run(name, sphere, np.array(start), (lambda x: 2 * x) if jac else None)
        assert result.success, (start, result.message)
        assert result.fun <= 1e-8


@pytest.mark.parametrize("name", ["scipy_bfgs", "scipy_newton_cg", "scipy_truncated_newton"])
def test_values_so_large_that_no_decrease_can_be_seen_are_no_failure(name):
    result = run(
        name, lambda x: 1e12 * quadratic(x) + 1e15, [3.0, 1, -2], lambda x: 1e12 * (A @ x - B)
    )
    assert result.success, result.message
    assert np.allclose(result.params, np.linalg.solve(A, B), atol=1e-2)


@pytest.mark.parametrize("name", SMOOTH)
def test_a_gradient_of_the_wrong_sign_is_no_success(name):
    result = run(name, quadratic, [3.0, 1, -2], lambda x: B - A @ x, stopping_maxfun=2000)
    assert not result.success


def test_a_simplex_that_has_become_a_single_point_has_converged():
    for start in (np.zeros(3), np.array([0.0, 1, 2])):
        result = om.minimize(sphere, start, "nlopt_neldermead")
        assert result.success, result.message
