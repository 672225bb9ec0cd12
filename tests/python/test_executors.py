"""Whatever evaluates batches: names, executors, clients of Dask, pools as of Ray, functions; and what cannot be sent there."""

import builtins
import threading
import time
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing.pool import ThreadPool

import numpy as np
import pytest
import thalweg as om
from thalweg.batch_evaluators import (
    check_batch_evaluator,
    check_picklable,
    process_batch_evaluator,
)


def slow(x):
    time.sleep(0.002)
    return float(x @ x)


class Dask:
    """The protocol of dask.distributed.Client: `map` returns futures, `gather` their values."""

    def __init__(self):
        self.batches, self.pure = [], []

    def submit(self, func, *args, **kwargs):
        future = Future()
        try:
            future.set_result(func(*args))
        except Exception as error:
            future.set_exception(error)
        return future

    def map(self, func, *iterables, key=None, pure=True, **kwargs):
        self.pure.append(pure)
        futures = [self.submit(func, *args) for args in builtins.zip(*iterables, strict=True)]
        self.batches.append(len(futures))
        return futures

    def gather(self, futures):
        return [future.result() for future in futures]


class PlainDask(Dask):
    """The same, without keywords."""

    def map(self, func, iterable):
        self.batches.append(len(iterable))
        return [self.submit(func, argument) for argument in iterable]


class Ray:
    """The protocol of ray.util.multiprocessing.Pool, which is that of multiprocessing."""

    def __init__(self):
        self.batches = []

    def map(self, func, iterable, chunksize=None):
        points = list(iterable)
        self.batches.append(len(points))
        return [func(point) for point in points]

    def starmap(self, func, iterable, chunksize=None):
        return self.map(lambda arguments: func(*arguments), iterable)


def search(evaluator, fun=slow, n_cores=2):
    return om.minimize(
        fun,
        np.array([1.0, 2.0]),
        "scipy_lbfgsb",
        bounds=om.Bounds(lower=np.full(2, -3.0), upper=np.full(2, 4.0)),
        multistart={
            "n_samples": 20,
            "n_cores": n_cores,
            "batch_size": 2,
            "batch_evaluator": evaluator,
        },
    )


def everything():
    yield "joblib"
    yield "threading"
    yield ThreadPoolExecutor(2)
    yield ProcessPoolExecutor(2)
    yield ThreadPool(2)
    yield Dask()
    yield PlainDask()
    yield Ray()
    yield lambda func, arguments, **_: [func(argument) for argument in arguments]


def close(evaluator):
    for end in ("shutdown", "terminate"):
        if hasattr(evaluator, end):
            getattr(evaluator, end)()


def test_all_of_them_give_the_same_results():
    expected = search("threading", n_cores=1)
    for evaluator in everything():
        result = search(evaluator)
        assert result.fun == expected.fun, evaluator
        assert result.n_fun_evals == expected.n_fun_evals
        info, other = result.multistart_info, expected.multistart_info
        assert info.exploration_results == other.exploration_results
        close(evaluator)


@pytest.mark.parametrize("workers", [Dask(), PlainDask(), Ray()])
def test_batches_are_whole(workers):
    search(workers)
    # The exploration without the start and the point that looked twice, less what bowls suggest.
    assert max(workers.batches) >= 16
    assert getattr(workers, "pure", [False]) == [False] * len(getattr(workers, "pure", [1]))


@pytest.mark.parametrize(
    "make", [Dask, Ray, lambda: ThreadPoolExecutor(2), lambda: ThreadPool(2)]
)
def test_the_public_form(make):
    workers = make()
    evaluate = process_batch_evaluator(workers)
    assert evaluate(lambda a: a + 1, [1, 2, 3], n_cores=2) == [2, 3, 4]
    assert evaluate(lambda a, b: a * b, [(1, 2), (3, 4)], n_cores=2, unpack_symbol="*") == [2, 12]
    with pytest.warns(UserWarning, match="The following exception was caught"):
        values = evaluate(lambda a: 1 / a, [1, 0], n_cores=2)
    assert values[0] == 1
    assert "ZeroDivisionError" in values[1]
    with pytest.raises(ZeroDivisionError):
        evaluate(lambda a: 1 / a, [1, 0], n_cores=2, error_handling="raise")
    close(workers)


def test_errors_of_workers_are_left_out():
    def fun(x):
        time.sleep(0.002)
        if x[0] < 0:
            raise RuntimeError("negative")
        return float(x @ x)

    for workers in (Dask(), Ray()):
        with pytest.warns(UserWarning, match="of 20 points .* could not be evaluated"):
            result = search(workers, fun)
        assert all(x[0] >= 0 for x in result.multistart_info.exploration_sample)


def test_what_evaluates_batches_is_said():
    for evaluator in everything():
        assert check_batch_evaluator(evaluator) is None
        close(evaluator)
    assert check_batch_evaluator(3) == (
        "one of ['joblib', 'pathos', 'pathos_mp', 'threading'], an executor or a function"
    )
    with pytest.raises(TypeError) as caught:
        process_batch_evaluator(3)
    assert str(caught.value) == (
        "batch_evaluator must be a name, an executor, a pool, a client of Dask or a function, not of "
        "type int."
    )
    with pytest.raises(ValueError) as caught:
        process_batch_evaluator("slurm")
    assert str(caught.value) == (
        "Invalid batch_evaluator 'slurm'. It must be one of ['joblib', 'pathos', 'pathos_mp', "
        "'threading'], an executor, a pool, a client of Dask or a function."
    )


def test_what_cannot_be_sent_is_refused_before_the_run():
    lock, calls = threading.Lock(), []

    def fun(x):
        calls.append(1)
        with lock:
            return float(x @ x)

    executor = ProcessPoolExecutor(2)
    for evaluator, shown in (
        ("joblib", "'joblib'"),
        (executor, "ProcessPoolExecutor"),
        (Dask(), "Dask"),
        (Ray(), "Ray"),
    ):
        with pytest.raises(om.exceptions.InvalidFunctionError) as caught:
            search(evaluator, fun)
        text = str(caught.value)
        assert text.startswith(f"fun cannot be sent to the processes of the batch evaluator {shown}: ")
        assert text.endswith(
            ". Define it at the top level of a module, without what belongs to a process (open files, "
            "connections, locks), use batch_evaluator='threading', or install cloudpickle, which can "
            "send more functions than pickle."
        )
    executor.shutdown()
    assert not calls
    assert search("threading", fun).success
    assert search("joblib", fun, n_cores=1).success, "one worker sends nothing"
    with pytest.raises(om.exceptions.InvalidFunctionError, match="fun cannot be sent"):
        om.minimize(fun, np.ones(2), "scipy_lbfgsb", numdiff_options={"n_cores": 2})


def test_without_cloudpickle_functions_of_modules_are_sent(monkeypatch):
    monkeypatch.setattr("thalweg.batch_evaluators.find_spec", lambda name: None)
    with ProcessPoolExecutor(2) as executor:
        check_picklable(executor, {"fun": slow})
        with pytest.raises(om.exceptions.InvalidFunctionError, match="jac cannot be sent"):
            check_picklable(executor, {"fun": slow, "jac": lambda x: 2 * x})
        check_picklable("joblib", {"fun": lambda x: x})  # becomes threads
        check_picklable("pathos", {"fun": lambda x: x})  # says by itself that it is missing


def broken(func, arguments, *, n_cores=1, error_handling="raise", unpack_symbol=None):
    raise OSError("the workers are gone")


def forgetful(func, arguments, *, n_cores=1, error_handling="raise", unpack_symbol=None):
    return [func(argument) for argument in arguments][1:]


@pytest.mark.parametrize(
    ("evaluator", "error", "text"),
    [
        (broken, OSError, "the workers are gone"),
        (forgetful, om.exceptions.InvalidFunctionError, r"returned \d+ items for \d+ points"),
    ],
)
def test_a_broken_batch_evaluator_ends_the_run(evaluator, error, text):
    """It says nothing about the points of the batch: they are neither values nor failures of fun."""
    workers = {"n_cores": 2, "batch_evaluator": evaluator}
    arguments = {
        "bounds": om.Bounds(lower=np.full(2, -4.0), upper=np.full(2, 5.0)),
        "error_handling": "continue",
    }
    with pytest.raises(error, match=text):
        om.minimize(slow, np.ones(2), "lbfgsb", numdiff_options=workers, **arguments)
    with pytest.raises(error, match=text):
        om.minimize(slow, np.ones(2), "lbfgsb", multistart=workers, **arguments)
