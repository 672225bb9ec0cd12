"""Every public object pickles."""

import pickle
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
import thalweg as om
from thalweg import exceptions
from thalweg.optimization.algorithm import AlgoInfo, Algorithm, InternalOptimizeResult
from thalweg.optimization.history import HistoryEntry


def again(value):
    return pickle.loads(pickle.dumps(value))


def residuals(x):
    return x


def first(params):
    return params["a"]


OBJECTS = [
    om.Bounds(lower=np.zeros(2)),
    om.FixedConstraint(first),
    om.FunctionValue(1.0, {"a": 1}),
    om.ScalarFunctionValue(1.0),
    om.LeastSquaresFunctionValue(np.ones(2)),
    om.LikelihoodFunctionValue(np.ones(2)),
    om.NumdiffOptions(n_cores=3),
    om.timing.evaluation_time,
    om.typing.EvalTask.FUN,
    om.mark.least_squares(residuals),
    om.mark.scalar(np.sin),
    om.algos,
    om.algos.GradientBased,
    om.algos.scipy_lbfgsb,
    om.algos.scipy_lbfgsb(stopping_maxfun=3),
    om.algos.scipy_lbfgsb.algo_info,
    InternalOptimizeResult(x=np.ones(1), fun=1.0),
    HistoryEntry(1.0, 2.0, 0.0, 1.0, om.typing.EvalTask.FUN),
    om.first_derivative(np.sin, 1.0),
    om.check_hess(np.sin, 1.0, lambda x: -np.sin(x)),
    om.check_jac(np.sin, 1.0, np.cos),
]


@pytest.mark.parametrize(
    "value", OBJECTS, ids=[f"{i}-{type(value).__name__}" for i, value in enumerate(OBJECTS)]
)
def test_objects(value):
    assert repr(again(value)) == repr(value)


def test_results_without_the_objective():
    start = {"a": 1.0, "s": pd.Series([1.0, 2.0])}
    result = om.minimize(lambda p: p["a"] ** 2 + (p["s"] ** 2).sum(), start, "lbfgsb")
    copy = again(result)
    assert str(copy) == str(result)
    assert copy.params["a"] == result.params["a"]
    assert copy.history.fun == result.history.fun
    assert copy.history.params[-1]["s"].equals(result.history.params[-1]["s"])
    assert copy.convergence_report == result.convergence_report


@pytest.mark.parametrize(
    "name", [name for name in vars(exceptions) if name.endswith("Error")]
)
def test_exceptions(name):
    error = again(getattr(exceptions, name)("what went wrong"))
    assert type(error).__name__ in (name, "OptimagicError")
    assert "what went wrong" in str(error)


def test_stop_optimization_error_keeps_both_arguments():
    error = again(exceptions.StopOptimizationError("enough", {"x": 1}))
    assert error.message == "enough"
    assert error.current_status == {"x": 1}


def test_partial_results_travel_with_their_exception():
    def fun(x):
        if x[0] < 0.9:
            raise ValueError("broken")
        return x @ x

    with pytest.raises(exceptions.UserFunctionRuntimeError) as caught:
        om.minimize(fun, np.ones(2), "lbfgsb")
    partial = again(caught.value).partial_result
    assert partial.success is False
    assert len(partial.history) >= 1


@om.mark.minimizer(
    "pickled", "scalar", True, False, False, False, False, False, False, False, False, False
)
@dataclass(frozen=True)
class Pickled(Algorithm):
    option: int = 1


def test_user_defined_algorithms():
    assert again(Pickled(2)) == Pickled(2)
    assert again(Pickled) is Pickled
    assert isinstance(again(Pickled.algo_info), AlgoInfo)


def test_marks_survive():
    from thalweg._functions import kind_of

    assert kind_of(again(om.mark.likelihood(np.cos))) == "likelihood"


@pytest.mark.parametrize(
    "name", ["scipy_neldermead", "scipy_lbfgsb", "scipy_differential_evolution"]
)
def test_an_optimizer_goes_on_after_pickling(name):
    def fun(params):
        return float((params["a"] - 1) ** 2 + (params["b"] @ params["b"]))

    def finish(optimizer):
        while (request := optimizer.ask()) is not None:
            optimizer.tell([fun(params) for params in request.params])
        return optimizer.result()

    start = {"a": 3.0, "b": np.ones(2)}
    optimizer = om.Optimizer(
        start,
        name,
        bounds=om.Bounds(lower=-4, upper=4),
        algo_options={"seed": 1} if "evolution" in name else None,
    )
    for _ in range(5):
        optimizer.tell([fun(params) for params in optimizer.ask().params])
    copy = again(optimizer)
    assert repr(copy) == repr(optimizer)
    ends = [finish(copy), finish(optimizer)]
    assert ends[0].fun == ends[1].fun
    assert ends[0].history.fun == ends[1].history.fun
    assert finish(again(optimizer)).fun == ends[0].fun


def test_an_optimizer_without_history_says_why_it_does_not_pickle():
    optimizer = om.Optimizer(np.ones(2), "neldermead", collect_history=False)
    with pytest.raises(TypeError, match="collect_history=False does not keep what it was told"):
        pickle.dumps(optimizer)
