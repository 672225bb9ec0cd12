"""How failures behave: when they are found, what they keep, what they chain, and what only warns."""

import importlib.util
import warnings

import numpy as np
import pandas as pd
import pytest
import thalweg as om
from thalweg import exceptions

START = np.ones(2)


def sphere(x):
    return x @ x


def fails(*args, **kwargs):
    raise RuntimeError("broken model")


def test_bad_input_is_refused_before_the_first_evaluation():
    evaluations = []

    def counted(x):
        evaluations.append(x)
        return x @ x

    for kwargs in (
        {"bounds": om.Bounds(lower=np.full(2, 3.0))},
        {"algo_options": {"stopping.maxfun": "x"}},
        {"constraints": [3]},
        {"numdiff_options": {"method": "x"}},
        {"algorithm": "no"},
    ):
        with pytest.raises(exceptions.OptimagicError):
            om.minimize(**{"fun": counted, "params": START, "algorithm": "scipy_lbfgsb", **kwargs})
    assert evaluations == []


def test_the_start_outside_bounds_names_parameter_value_and_bound():
    with pytest.raises(exceptions.InvalidParamsError) as caught:
        om.minimize(
            lambda p: p["a"] ** 2, {"a": 1.5}, "lbfgsb", bounds=om.Bounds(lower={"a": 2.25})
        )
    assert all(part in str(caught.value) for part in ("a", "1.5", "2.25"))


def test_the_original_exception_is_chained_at_the_start():
    with pytest.raises(exceptions.InvalidFunctionError) as caught:
        om.minimize(fails, START, "lbfgsb")
    assert isinstance(caught.value.__cause__, RuntimeError)
    assert str(caught.value.__cause__) == "broken model"


def test_a_failure_during_the_run_keeps_what_was_found():
    evaluations = []

    def breaks_later(x):
        evaluations.append(x)
        if len(evaluations) > 20:
            raise ZeroDivisionError("after hours")
        return x @ x

    with pytest.raises(
        exceptions.UserFunctionRuntimeError, match="when evaluating fun during optimization"
    ) as caught:
        om.minimize(breaks_later, {"a": 3.0, "b": np.ones(2)}["b"], "scipy_neldermead")
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    partial = caught.value.partial_result
    assert isinstance(partial, om.OptimizeResult)
    assert partial.success is False
    assert partial.fun <= 2.0
    assert len(partial.history) >= 19
    assert np.isclose(partial.params @ partial.params, partial.fun)


def test_continue_warns_and_goes_on():
    evaluations = []

    def sometimes(x):
        evaluations.append(x)
        if len(evaluations) in (5, 9):
            raise ValueError("out of the model's domain")
        return (x[0] - 1) ** 2 + x[1] ** 2

    start = np.array([3.0, 3.0])
    with pytest.warns(UserWarning, match="out of the model's domain"):
        result = om.minimize(sometimes, start, "scipy_neldermead", error_handling="continue")
    assert np.allclose(result.params, [1, 0], atol=1e-2)


@pytest.mark.parametrize("algorithm", ["lbfgsb", "bfgs", "fides", "scipy_slsqp", "trust_ncg"])
@pytest.mark.parametrize("numerical", [False, True])
def test_no_derivative_at_the_start_is_no_convergence_there(algorithm, numerical):
    def only_at_the_start(x):
        if not np.array_equal(x, START):
            raise ValueError("out of the model's domain")
        return x @ x

    jac = {} if numerical else {"jac": lambda x: np.full(2, np.nan)}
    with pytest.warns(UserWarning, match="a penalty takes the place"):
        result = om.minimize(
            only_at_the_start, START, algorithm, error_handling="continue", **jac
        )
    assert not result.success
    assert np.array_equal(result.params, START)
    assert result.fun == START @ START
    assert "the derivative failed where the algorithm ended, and that of a penalty" in result.message


@pytest.mark.parametrize(
    "algorithm",
    [
        "nlopt_bobyqa",
        "powell",
        "scipy_cobyla",
        "nag_pybobyqa",
        "scipy_neldermead",
        "nlopt_praxis",
    ],
)
def test_failures_everywhere_but_at_the_start_are_no_success(algorithm):
    def only_at_the_start(x):
        if not np.array_equal(x, START):
            raise ValueError("out of the model's domain")
        return x @ x

    with pytest.warns(UserWarning, match="a penalty takes the place"):
        result = om.minimize(only_at_the_start, START, algorithm, error_handling="continue")
    assert not result.success
    if algorithm == "scipy_neldermead":
        why = "no further progress: the simplex is a single point but for rounding"
    else:
        why = "the objective failed or was not finite wherever it was evaluated but at the start; "
    assert result.message.startswith(why)
    assert np.array_equal(result.params, START)


@pytest.mark.parametrize(
    "algorithm",
    ["neldermead", "powell", "scipy_cobyla", "nag_pybobyqa", "nlopt_praxis", "nlopt_sbplx"],
)
@pytest.mark.parametrize("is_raised", [True, False])
def test_an_objective_that_fails_from_some_evaluation_on_is_no_success(algorithm, is_raised):
    values = []

    def dies(x):
        if len(values) >= 60 and is_raised:
            raise ValueError("the server is gone")
        values.append(np.nan if len(values) >= 60 else (x[0] - 1) ** 2 + 10 * (x[1] - x[0] ** 2) ** 2)
        return values[-1]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        result = om.minimize(
            dies, np.array([-1.2, 1.0]), algorithm, error_handling="continue"
        )
    assert not result.success
    assert result.fun == min(values[:60])
    assert result.n_fun_evals < 2000


def test_no_derivative_at_the_start_of_least_squares_is_no_convergence_there():
    jac = om.mark.least_squares(lambda x: np.full((2, 2), np.inf))
    residuals = om.mark.least_squares(lambda x: x)
    for algorithm in ("scipy_ls_lm", "scipy_ls_trf", "scipy_ls_dogbox"):
        with pytest.warns(UserWarning, match="a penalty takes the place"):
            result = om.minimize(residuals, START, algorithm, jac=jac, error_handling="continue")
        assert not result.success


def test_keyboard_interrupt_and_system_exit_pass_at_the_start():
    def leave(x):
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        om.minimize(leave, START, "lbfgsb")


def test_a_derivative_that_is_not_finite_names_its_origin():
    def jac(x):
        return np.full_like(x, np.nan) if x[0] != 1.0 else 2 * x

    with pytest.raises(exceptions.UserFunctionRuntimeError, match="jac"):
        om.minimize(sphere, START, "lbfgsb", jac=jac)


def test_unmatched_marks_fall_back_with_a_warning():
    with pytest.warns(UserWarning, match="falling back to numerical derivatives"):
        om.minimize(sphere, START, "lbfgsb", jac=[om.mark.least_squares(lambda x: np.eye(2))])


def test_unknown_options_are_ignored_with_one_warning():
    with pytest.warns(
        UserWarning,
        match=r"ignored because scipy_lbfgsb does not have them: \['trust_radius', 'noise_level'\]",
    ):
        om.minimize(
            sphere, START, "scipy_lbfgsb", algo_options={"trust.radius": 1, "noise.level": 2}
        )


def test_an_empty_selection_warns():
    with pytest.warns(UserWarning, match="selects no parameters"):
        om.minimize(sphere, START, "lbfgsb", constraints=om.FixedConstraint(lambda x: x[:0]))


def test_frames_need_numbers():
    frame = pd.DataFrame({"value": ["a", "b"]})
    with pytest.raises(exceptions.InvalidParamsError):
        om.minimize(lambda p: 0.0, frame, "lbfgsb")


def test_missing_packages_are_named():
    if importlib.util.find_spec("pathos") is not None:
        pytest.skip("pathos is installed")
    with pytest.raises(exceptions.NotInstalledError, match="pip install pathos"):
        om.batch_evaluators.pathos_mp_batch_evaluator(
            abs, [1, 2], n_cores=2, error_handling="raise"
        )


@pytest.mark.parametrize(
    "options",
    [
        {"numdiff_options": {"n_cores": 2, "batch_evaluator": "pathos"}},
        {
            "multistart": {"n_samples": 4, "n_cores": 2, "batch_evaluator": "pathos"},
            "bounds": om.Bounds(lower=-START, upper=START),
        },
    ],
)
def test_a_missing_batch_evaluator_is_refused_before_the_first_evaluation(options, monkeypatch):
    monkeypatch.setattr(om.batch_evaluators, "find_spec", lambda name: None)
    evaluations = []

    def counted(x):
        evaluations.append(x)
        return x @ x

    with pytest.raises(exceptions.NotInstalledError, match="pip install pathos"):
        om.minimize(counted, START, "scipy_lbfgsb", **options)
    assert evaluations == []


@pytest.mark.parametrize("method", ["raise", "interrupt"])
def test_a_batch_that_fails_keeps_what_it_evaluated_and_ends_at_once(method):
    calls = []

    def fun(x):
        calls.append(x.copy())
        if len(calls) == 4:
            raise KeyboardInterrupt if method == "interrupt" else ValueError("no such luck")
        return x @ x

    # Nelder-Mead asks for its first simplex of 21 points as one batch.
    with pytest.raises((exceptions.UserFunctionRuntimeError, KeyboardInterrupt)) as caught:
        om.minimize(fun, np.ones(20), "scipy_neldermead")
    partial = caught.value.partial_result
    assert len(calls) == 4
    assert partial.n_fun_evals == 3
    assert np.array_equal(partial.history.params, calls[:3])
    assert partial.fun == 20


def test_messages_and_warnings_show_the_users_exception():
    with pytest.raises(
        exceptions.InvalidFunctionError, match="at start params: RuntimeError: broken model"
    ):
        om.minimize(fails, START, "lbfgsb")
    later = lambda x: fails() if x[0] < 0.9 else x @ x  # noqa: E731
    with pytest.raises(exceptions.UserFunctionRuntimeError, match="RuntimeError: broken model"):
        om.minimize(later, START, "neldermead")
    with pytest.warns(UserWarning, match=r"Traceback(.|\n)*in fails\n(.|\n)*broken model"):
        om.minimize(
            later, START, "neldermead", error_handling="continue", algo_options={"stopping_maxfun": 20}
        )


def test_a_derivative_that_is_not_finite_is_shown_with_its_params():
    jac = lambda x: 4 * x**3 if x[0] == 1 else np.full(2, np.nan)  # noqa: E731
    with pytest.raises(
        exceptions.UserFunctionRuntimeError, match=r"is not finite: \[NaN, NaN\] at params \[0\.\d+, "
    ):
        om.minimize(lambda x: (x**4).sum(), START, "lbfgsb", jac=jac)


def test_nothing_is_evaluated_after_a_failure_in_a_numerical_derivative():
    calls = []

    def fun(x):
        calls.append(x)
        if len(calls) == 3:
            raise ValueError("no such luck")
        return x @ x

    with pytest.raises(exceptions.UserFunctionRuntimeError) as caught:
        om.minimize(fun, np.ones(20), "lbfgsb", numdiff_options={"method": "central"})
    assert len(calls) == 3
    assert str(caught.value) == (
        "An error occurred when evaluating a numerical derivative during optimization: "
        "ValueError: no such luck"
    )
    assert isinstance(caught.value.__cause__, ValueError)


def test_a_wrong_type_in_a_numerical_derivative_is_of_fun():
    calls = []

    def fun(x):
        calls.append(x)
        return "a word" if len(calls) == 3 else x @ x

    with pytest.raises(exceptions.UserFunctionRuntimeError, match="^fun returned something unex"):
        om.minimize(fun, np.ones(20), "lbfgsb")


def test_the_value_beside_a_derivative_is_checked_at_the_start():
    residuals = om.mark.least_squares(lambda x: x - 1)
    both = om.mark.least_squares(lambda x: (x @ x, np.eye(2)))
    message = (
        "^The value of fun_and_jac does not fit: The output of fun has another structure than at the "
        r"start: expected an array of shape \(2,\), got shape \(\)\."
    )
    with pytest.raises(exceptions.InvalidFunctionError, match=message):
        om.minimize(residuals, START, "scipy_ls_lm", fun_and_jac=both)


def test_a_wrong_answer_to_ask_can_be_corrected_and_a_failure_keeps_the_result():
    optimizer = om.Optimizer(np.arange(3.0), "lbfgsb")
    with pytest.raises(exceptions.InvalidArgumentError, match="1 point was asked for"):
        optimizer.tell([1, 2, 3])
    for wrong in ("a", None):
        with pytest.raises(exceptions.InvalidFunctionError, match="instead of a number"):
            optimizer.tell(wrong)
    while (request := optimizer.ask()) is not None:
        optimizer.tell([x @ x for x in request.params])
    assert np.allclose(optimizer.result().params, 0, atol=1e-5)

    optimizer = om.Optimizer(np.arange(3.0), "neldermead")
    optimizer.tell([x @ x for x in optimizer.ask().params])
    with pytest.raises(exceptions.UserFunctionRuntimeError, match="ValueError: lost") as caught:
        optimizer.tell([ValueError("lost")] * len(optimizer.ask()))
    assert isinstance(caught.value.partial_result, om.OptimizeResult)
    assert optimizer.done
