"""Searches from many starts: options in every spelling, results, workers, failures."""

import pickle
import threading
import time
import warnings

import numpy as np
import pytest
import thalweg as om
from thalweg._multistart import MultistartInfo

BOX = om.Bounds(lower=np.full(2, -4.0), upper=np.full(2, 5.0))


def sphere(x):
    return x @ x


def rastrigin(x):
    return float(np.sum(x * x + 10 * (1 - np.cos(2 * np.pi * x))))


def search(fun=rastrigin, start=(3.1, -2.9), algorithm="scipy_neldermead", **kwargs):
    options = {"n_samples": 60, "seed": 1, **kwargs.pop("multistart", {})}
    kwargs = {"bounds": BOX, **kwargs}
    return om.minimize(fun, np.array(start), algorithm, multistart=options, **kwargs)


# ------------------------------------------------------------------------------------------------------------- the result


def test_the_result_tells_of_the_search():
    calls = []

    def fun(x):
        calls.append(x.copy())
        return rastrigin(x)

    result = search(fun)
    info = result.multistart_info
    assert isinstance(info, MultistartInfo)
    assert result.algorithm == "multistart_scipy_neldermead"
    assert result.start_fun == rastrigin(np.array([3.1, -2.9]))
    assert result.start_params.tolist() == [3.1, -2.9]
    assert len(info.exploration_sample) == len(info.exploration_results) == 60
    assert info.exploration_results == sorted(info.exploration_results)
    assert [rastrigin(x) for x in info.exploration_sample] == info.exploration_results
    assert info.n_optimizations == len(info.local_optima) == len(info.start_parameters)
    for name in ("n_fun_evals", "n_iterations"):
        assert getattr(result, name) == sum(getattr(run, name) for run in info.local_optima)
    assert len(calls) == info.n_exploration_evals + result.n_fun_evals
    best = min(info.local_optima, key=lambda run: run.fun)
    assert result.fun == best.fun
    assert np.array_equal(result.params, best.params)
    assert result.history.fun == best.history.fun
    for run, start in zip(info.local_optima, info.start_parameters, strict=True):
        assert run.start_fun is None
        assert np.array_equal(run.start_params, start)
        assert run.algorithm == "scipy_neldermead"


def test_the_report_and_its_table_are_about_the_search():
    result = search()
    text = repr(result)
    info = result.multistart_info
    assert (
        f"Multistart explored {info.n_exploration_evals} points and made {info.n_optimizations} "
        f"local optimizations; the best optimum was found {info.n_discoveries} times."
    ) in text
    assert "The multistart_scipy_neldermead algorithm reported: " in text
    optima = [run.fun for run in info.local_optima]
    accepted = [fun for i, fun in enumerate(optima) if fun == min(optima[: i + 1])]
    change = abs(accepted[-1] - accepted[-2])
    assert result.convergence_report["one_step"]["absolute_criterion_change"] == change
    assert "<td" in result._repr_html_()


def test_a_result_can_be_pickled_and_read_like_a_dict():
    result = pickle.loads(pickle.dumps(search()))
    info = result.multistart_info
    assert len(info.exploration_sample) == 60
    assert "multistart_info" in result
    with pytest.warns(FutureWarning, match="Please use attributes, such as multistart_info.local_optima"):
        assert len(info["local_optima"]) == info.n_optimizations
    with pytest.raises(KeyError):
        info["no_such_key"]
    assert list(info.keys())[:4] == [
        "start_parameters",
        "local_optima",
        "exploration_sample",
        "exploration_results",
    ]
    assert repr(info).startswith("MultistartInfo(n_optimizations=")
    assert result.to_json().startswith("{")


def test_single_runs_have_no_search():
    for off in (None, False):
        result = om.minimize(sphere, np.ones(2), "scipy_lbfgsb", multistart=off)
        assert result.multistart_info is None
        assert result.algorithm == "scipy_lbfgsb"


def test_parameters_keep_their_form():
    result = om.minimize(
        lambda p: p["a"] ** 2 + p["b"] @ p["b"],
        {"a": 1.0, "b": np.array([2.0, 3.0])},
        "scipy_lbfgsb",
        bounds=om.Bounds(
            soft_lower={"a": -3.0, "b": np.full(2, -5)}, soft_upper={"a": 3.0, "b": np.full(2, 5)}
        ),
        multistart=True,
    )
    info = result.multistart_info
    assert len(info.exploration_sample) == 300
    for params in (info.exploration_sample[0], info.start_parameters[0], result.params):
        assert isinstance(params["a"], float)
        assert params["b"].shape == (2,)
    assert all(abs(p["a"]) <= 3 and np.all(np.abs(p["b"]) <= 5) for p in info.exploration_sample)
    assert result.fun == pytest.approx(0, abs=1e-8)


def test_soft_bounds_may_be_columns():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(
        {"value": [1.0, 2.0], "soft_lower_bound": [-1.0, 0.0], "soft_upper_bound": [2.0, 3.0]}
    )
    result = om.minimize(
        lambda p: float((p["value"] ** 2).sum()),
        frame,
        "scipy_lbfgsb",
        multistart={"n_samples": 50},
    )
    values = np.array([p["value"] for p in result.multistart_info.exploration_sample])
    assert np.all((values >= [-1, 0]) & (values <= [2, 3]))


def test_fixed_parameters_stay():
    result = search(
        lambda x: rastrigin(x[:2]) + x[2],
        (3.1, -2.9, 7.0),
        bounds=om.Bounds(lower=np.array([-4.0, -4, -9]), upper=np.array([5.0, 5, 9])),
        constraints=om.FixedConstraint(lambda x: x[2]),
    )
    assert all(x[2] == 7.0 for x in result.multistart_info.exploration_sample)
    assert result.params[2] == 7.0


def test_maximization_and_residuals():
    result = om.maximize(
        lambda x: 7 - rastrigin(x), np.ones(2), "scipy_lbfgsb", bounds=BOX, multistart={"seed": 2}
    )
    results = result.multistart_info.exploration_results
    assert results == sorted(results, reverse=True)
    assert result.fun == max(run.fun for run in result.multistart_info.local_optima)
    result = search(
        om.mark.least_squares(lambda x: np.array([x[0] ** 2 - 2, x[0] + x[1]])),
        algorithm="scipy_ls_lm",
        bounds=om.Bounds(soft_lower=np.full(2, -4.0), soft_upper=np.full(2, 5.0)),
    )
    assert result.fun == pytest.approx(0, abs=1e-12)


def test_the_slides_search_finds_the_minimum_five_times():
    # C28: a dotted key, integer soft bounds.
    start = np.arange(3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = om.minimize(
            sphere,
            start,
            "scipy_neldermead",
            bounds=om.Bounds(soft_lower=np.full(3, -5), soft_upper=np.full(3, 15)),
            multistart={"convergence.max_discoveries": 5, "n_samples": 1000},
        )
    assert np.allclose(result.params, 0, atol=1e-6)
    assert result.multistart_info.n_discoveries == 5
    assert result.multistart_info.n_optimizations == 5
    assert len(result.multistart_info.exploration_sample) == 1000


def test_the_slides_search_in_the_spelling_of_2022():
    with pytest.warns(FutureWarning) as caught:
        result = om.minimize(
            criterion=sphere,
            params=np.arange(3),
            algorithm="scipy_neldermead",
            soft_lower_bounds=np.full(3, -5),
            soft_upper_bounds=np.full(3, 15),
            multistart=True,
            multistart_options={"convergence.max_discoveries": 5, "n_samples": 1000},
        )
    assert len(caught) == 1
    assert "multistart_options -> multistart" in str(caught[0].message)
    assert result.multistart_info.n_discoveries == 5
    with pytest.warns(UserWarning, match="multistart_options was ignored"):
        result = om.minimize(
            sphere, np.ones(2), "scipy_lbfgsb", multistart_options={"n_samples": 50}
        )
    assert result.multistart_info is None


# --------------------------------------------------------------------------------------------------------------- failures


def fails_left(x):
    if x[0] < -1:
        raise RuntimeError("no value here")
    return sphere(x - 1)


@pytest.mark.parametrize("handling", ["raise", "continue"])
def test_errors_in_the_exploration_are_left_out(handling):
    with pytest.warns(UserWarning, match="of 60 points of the exploration could not be evaluated"):
        result = search(fails_left, error_handling=handling)
    assert result.success
    assert np.allclose(result.params, 1, atol=1e-4)
    info = result.multistart_info
    assert len(info.exploration_sample) < 60
    assert all(x[0] >= -1 for x in info.exploration_sample)


def test_an_exploration_without_any_value_is_an_error():
    with pytest.raises(RuntimeError) as caught:
        search(
            lambda x: 1.0 if x[0] == 3.1 else np.nan,
            multistart={"sample": [np.ones(2)], "n_samples": None},
        )
    assert isinstance(caught.value, om.exceptions.ExplorationError)
    assert str(caught.value) == (
        "All function evaluations of the exploration phase (1) are invalid: no value is a finite "
        "number"
    )


class WornOut:
    """A function that works so often."""

    def __init__(self, calls):
        self.left = calls

    def __call__(self, x):
        self.left -= 1
        if self.left < 0:
            raise RuntimeError("worn out")
        return sphere(x)


@pytest.mark.parametrize("batch_size", [1, 3])
def test_without_a_successful_run_the_best_explored_point_is_returned(batch_size):
    result = search(WornOut(60), multistart={"batch_size": batch_size})
    info = result.multistart_info
    assert result.success is False
    assert result.fun == info.exploration_results[0]
    assert np.array_equal(result.params, info.exploration_sample[0])
    assert [number for number, _ in info.failures] == list(range(6))
    assert "none of the 6 local runs succeeded" in result.message
    assert "worn out" in result.message


@pytest.mark.parametrize("batch_size", [1, 3])
def test_failing_runs_end_the_search_if_asked_to(batch_size):
    with pytest.raises(om.exceptions.UserFunctionRuntimeError, match="worn out") as caught:
        search(WornOut(70), multistart={"error_handling": "raise", "batch_size": batch_size})
    assert caught.value.__cause__.args == ("worn out",)
    partial = caught.value.partial_result
    assert partial.success is False
    assert partial.algorithm == "multistart_scipy_neldermead"
    assert len(partial.multistart_info.exploration_sample) == 60


def test_some_failing_runs_are_warned_of():
    def fun(x):
        if np.max(np.abs(x - 2)) < 0.5:
            raise RuntimeError("a hole")
        return sphere(x + 2)

    sample = [np.array(x) for x in ([2.6, 2.0], [-3.0, 1.0], [-1.0, -1.0])]
    with pytest.warns(UserWarning, match="1 of 3 local runs failed and are left out"):
        result = search(
            fun,
            bounds=None,
            multistart={
                "sample": sample,
                "n_samples": None,
                "stopping_maxopt": 3,
                "mixing_weight_method": lambda *_: 0.0,
                "convergence_max_discoveries": 9,
            },
        )
    info = result.multistart_info
    assert info.n_optimizations == 2
    assert len(info.start_parameters) == 3
    assert all(
        np.array_equal(run.start_params, run.history.params[0]) for run in info.local_optima
    )
    assert "2 local optimizations, 1 more failed" in repr(result)


def test_fewer_points_than_runs_are_warned_of():
    with pytest.warns(UserWarning, match="1 point of the exploration to start from, fewer than"):
        search(multistart={"sample": [np.ones(2)], "n_samples": None, "stopping_maxopt": 4})


def test_a_callback_ends_the_search():
    for batch_size in (1, 3):
        seen = []

        def callback(step, seen=seen):
            seen.append(step.fun)
            return len(seen) == 5

        result = search(callback=callback, multistart={"batch_size": batch_size})
        assert len(seen) in (5, 6, 7)
        assert result.success is False
        assert result.status == "callback"


def test_an_exception_of_a_callback_passes():
    for batch_size in (1, 3):
        with pytest.raises(ZeroDivisionError):
            search(callback=lambda step: 1 / 0, multistart={"batch_size": batch_size})


@pytest.mark.parametrize(("batch_size", "calls"), [(1, 20), (1, 100), (3, 100)])
def test_keyboard_interrupts_and_requests_to_stop(batch_size, calls):
    for exception in (om.exceptions.StopOptimizationError("enough"), KeyboardInterrupt()):
        count = [0]

        def fun(x, exception=exception, count=count):
            count[0] += 1
            if count[0] >= calls:
                raise exception
            return rastrigin(x)

        options = {"batch_size": batch_size}
        if isinstance(exception, KeyboardInterrupt):
            with pytest.raises(KeyboardInterrupt):  # the user's own, not by Ctrl-C
                search(fun, multistart=options)
        else:
            result = search(fun, multistart=options)
            assert result.success is False
            assert result.status == "interrupted"
            assert result.fun < result.start_fun
        assert count[0] == calls


def test_target_and_limits():
    result = search(algo_options={"convergence.target_value": 1.0}, multistart={"seed": 3})
    assert result.success
    assert result.status == "target_reached"
    result = search(algo_options={"stopping.maxfun": 20})
    assert result.success is False
    assert all(run.n_fun_evals <= 20 for run in result.multistart_info.local_optima)
    result = search(lambda x: time.sleep(0.002) or rastrigin(x), algo_options={"stopping.maxtime": 0.1})
    assert result.status == "max_seconds"
    assert result.n_fun_evals <= 60


# ---------------------------------------------------------------------------------------------------------------- workers


def slow(x):
    time.sleep(0.002)
    return rastrigin(x)


@pytest.mark.parametrize("algorithm", ["scipy_lbfgsb", "scipy_neldermead"])
@pytest.mark.parametrize("batch_size", [None, 4])
def test_results_do_not_depend_on_the_number_of_workers(algorithm, batch_size):
    def run(n_cores):
        options = {"n_cores": n_cores, "batch_size": batch_size, "batch_evaluator": "threading"}
        result = search(slow, algorithm=algorithm, multistart={**options, "n_samples": 40})
        info = result.multistart_info
        optima = [(run.fun, run.params.tolist(), run.n_fun_evals) for run in info.local_optima]
        return result.fun, result.n_fun_evals, info.exploration_results, optima

    one = run(1)
    assert run(2) == one
    assert run(4) == one


def test_workers_work_at_the_same_time_and_never_more_than_asked_for():
    lock = threading.Lock()
    at_work, most = [0], [0]

    def fun(x):
        with lock:
            at_work[0] += 1
            most[0] = max(most[0], at_work[0])
        time.sleep(0.003)
        with lock:
            at_work[0] -= 1
        return rastrigin(x)

    search(
        fun,
        algorithm="scipy_lbfgsb",
        multistart={"n_cores": 3, "batch_evaluator": "threading", "n_samples": 30},
        numdiff_options={"n_cores": 3, "batch_evaluator": "threading"},
    )
    assert most[0] == 3


def test_processes_work():
    result = search(slow, multistart={"n_cores": 2, "n_samples": 20})
    here = search(slow, multistart={"n_samples": 20})
    assert result.fun == here.fun
    assert result.multistart_info.exploration_results == here.multistart_info.exploration_results


# ---------------------------------------------------------------------------------------------------- algorithms of the user


@om.mark.minimizer(
    name="walk",
    solver_type="scalar",
    is_available=True,
    is_global=False,
    needs_jac=False,
    needs_hess=False,
    needs_bounds=False,
    supports_parallelism=False,
    supports_bounds=True,
    supports_infinite_bounds=True,
    supports_linear_constraints=False,
    supports_nonlinear_constraints=False,
)
class Walk(om.Algorithm):
    """Steps toward the origin; fails on the far right."""

    def _solve_internal_problem(self, problem, x0):
        if x0[0] > 2:
            raise OverflowError("too far right")
        for _ in range(5):
            x0 = x0 / 2
            value = problem.fun(x0)
        return om.optimization.algorithm.InternalOptimizeResult(x=x0, fun=value, success=True)


@pytest.mark.parametrize("batch_size", [1, 2])
def test_user_defined_algorithms_run_one_after_the_other(batch_size):
    sample = [np.array(x) for x in ([3.0, 0.1], [1.0, 1.0], [2.0, 4.0])]
    with pytest.warns(UserWarning, match="1 of 3 local runs failed .*too far right"):
        result = search(
            sphere,
            algorithm=Walk(),
            bounds=None,
            multistart={
                "sample": sample,
                "n_samples": None,
                "stopping_maxopt": 3,
                "batch_size": batch_size,
                "mixing_weight_method": lambda *_: 0.0,
                "convergence_max_discoveries": 9,
            },
        )
    assert result.success
    assert result.fun == sphere(np.ones(2) / 32)
    assert result.algorithm == "multistart_walk"
