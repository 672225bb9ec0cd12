"""What the user's function may do with the params that it gets, and what happens around it meanwhile."""

import threading
import time

import numpy as np
import pytest
import thalweg as om

STARTS = {
    "array": np.arange(3.0),
    "dict": {"a": 1.0, "b": 2.0, "c": 3.0},
    "dict of arrays": {"a": np.arange(2.0), "b": 3.0},
    "dict of dicts": {"a": {"x": 1.0, "y": np.arange(2.0)}, "b": {"x": 3.0}},
    "list": [1.0, 2.0, np.arange(2.0)],
    "tuple": (1.0, {"a": 2.0}, np.arange(2.0)),
    "matrix": np.arange(4.0).reshape(2, 2),
    "number": 2.0,
}


def leaves(params):
    if isinstance(params, dict | list | tuple):
        parts = params.values() if isinstance(params, dict) else params
        return [leaf for part in parts for leaf in leaves(part)]
    return [params]


def numbers(params):
    return np.concatenate([np.ravel(leaf) for leaf in leaves(params)])


def value(params):
    return float(((numbers(params) - 0.5) ** 2).sum())


def trial_points(fun, start):
    seen = []

    def noting(params):
        seen.append(numbers(params).copy())
        return fun(params)

    options = {"stopping_maxfun": 60}
    om.minimize(noting, start, "scipy_neldermead", algo_options=options)
    return np.array(seen)


@pytest.mark.parametrize("name", STARTS)
def test_params_that_are_kept_do_not_change(name):
    kept, copies = [], []

    def fun(params):
        kept.append(params)
        copies.append(numbers(params).copy())
        return value(params)

    om.minimize(fun, STARTS[name], "scipy_neldermead", algo_options={"stopping_maxfun": 60})
    assert len(kept) == 60
    for params, copy in zip(kept, copies, strict=True):
        assert np.array_equal(numbers(params), copy)


@pytest.mark.parametrize("name", STARTS)
@pytest.mark.parametrize("which", [0, -1])
def test_a_part_of_params_that_is_kept_does_not_change(name, which):
    kept, copies = [], []

    def fun(params):
        kept.append(leaves(params)[which])
        copies.append(np.copy(kept[-1]))
        return value(params)

    om.minimize(fun, STARTS[name], "scipy_neldermead", algo_options={"stopping_maxfun": 60})
    assert all(np.array_equal(leaf, copy) for leaf, copy in zip(kept, copies, strict=True))
    assert len({np.copy(leaf).tobytes() for leaf in kept}) > 10


@pytest.mark.parametrize(
    ("start", "gradient", "least"),
    [(2.0, 1.0, -1.0), ({"a": 2.0, "b": 3.0}, {"a": 1.0, "b": 0.0}, {"a": -1.0, "b": 3.0})],
)
def test_a_parameter_may_be_the_value(start, gradient, least):
    seen = []

    def fun(params):
        seen.append(leaves(params)[0])
        return seen[-1]

    def jac(params):
        return gradient

    result = om.minimize(fun, start, "lbfgsb", jac=jac, bounds=om.Bounds(lower=least))
    assert result.params == least
    assert (seen[0], result.fun) == (2.0, -1.0)


def overwrite(params):
    if isinstance(params, dict | list | np.ndarray):
        for key in params if isinstance(params, dict) else range(len(params)):
            if isinstance(params[key], dict):
                overwrite(params[key])
            else:
                params[key] = params[key] * 0.0 - 7.0


def add_and_remove(params):
    if isinstance(params, dict):
        params["extra"] = params.pop("a")


def turn_around(params):
    if isinstance(params, dict):
        for key in reversed(list(params)):
            params[key] = params.pop(key)


def exchange(params):
    if isinstance(params, dict):
        first = next(iter(params))
        number = params.pop(first)
        params["other"] = number


def clear(params):
    if isinstance(params, dict | list):
        params.clear()


def lend(params):
    """Put other objects where the parameters were, some of which others own."""
    if isinstance(params, dict):
        for key, part in params.items():
            params[key] = [part] if isinstance(part, dict) else LENT[: np.size(part)]


LENT = np.full(10, -7.0)


def clear_parts(params):
    if isinstance(params, dict | tuple):
        for part in params.values() if isinstance(params, dict) else params:
            if isinstance(part, dict):
                part.clear()


def to_integers(params):
    if isinstance(params, dict):
        for key in params:
            params[key] = 1 if np.ndim(params[key]) == 0 else np.arange(2)


def arrays(params):
    return [leaf for leaf in leaves(params) if isinstance(leaf, np.ndarray)]


def lock(params):
    for array in arrays(params):
        array.flags.writeable = False


def reshape(params):
    for array in arrays(params):
        array.shape = (*array.shape[1:], array.shape[0], 1)


def retype(params):
    for array in arrays(params):
        array.dtype = np.int64


@pytest.mark.parametrize("name", STARTS)
@pytest.mark.parametrize(
    "change",
    [
        overwrite,
        add_and_remove,
        turn_around,
        exchange,
        clear,
        clear_parts,
        lend,
        to_integers,
        lock,
        reshape,
        retype,
    ],
)
@pytest.mark.filterwarnings("ignore:Setting the (shape|dtype):DeprecationWarning")
def test_what_the_function_does_to_its_params_is_its_own_business(name, change):
    def rude(params):
        number = value(params)
        change(params)
        assert (LENT == -7.0).all()
        return number

    def keys_in_order(params):
        if isinstance(params, dict):
            assert list(params) == list(STARTS[name])
        assert [type(leaf) for leaf in leaves(params)] == [type(leaf) for leaf in leaves(STARTS[name])]
        return value(params)

    assert np.array_equal(trial_points(rude, STARTS[name]), trial_points(value, STARTS[name]))
    rude_then_looking = [rude, keys_in_order]

    def alternating(params):
        rude_then_looking.reverse()
        return rude_then_looking[0](params)

    trial_points(alternating, STARTS[name])


def test_subclasses_of_dict_stay_what_they_are():
    class Labelled(dict):
        label = "mine"

    def fun(params):
        assert isinstance(params, Labelled)
        return value(params)

    assert om.minimize(fun, Labelled(a=1.0, b=2.0), "lbfgsb").success


@pytest.mark.parametrize(
    ("dim", "arguments"),
    [
        (300, {"algo_options": {"stopping_maxfun": 60_000, "convergence_ftol_abs": 0.0}}),
        (5, {"multistart": om.MultistartOptions(n_samples=300_000, stopping_maxopt=2, seed=0)}),
    ],
)
def test_other_threads_go_on_while_a_compiled_function_is_minimized(dim, arguments):
    """The objective is compiled code that never lets go of the interpreter by itself. A call takes some tenths of a second; on
    a busy machine the other thread may get few turns in one, so that several calls may be needed.
    """
    (problem,) = om.get_scalable_problems("griewank", dim).values()
    fun, start = problem["inputs"]["fun"], problem["inputs"]["params"]
    bounds = om.Bounds(np.full(dim, -1e3), np.full(dim, 1e3))
    ticks, over = [0], threading.Event()

    def tick():
        while not over.wait(0.001):
            ticks[0] += 1

    thread = threading.Thread(target=tick)
    thread.start()
    try:
        for _ in range(50):
            before = ticks[0]
            om.minimize(fun, start, "neldermead", bounds=bounds, collect_history=False, **arguments)
            if ticks[0] >= before + 8:
                break
        else:
            pytest.fail("another thread never ran more than a few times during a call")
    finally:
        over.set()
        thread.join()


def test_minimize_within_an_objective():
    def inner(x, level):
        return float((x[0] - level) ** 2 + 1.0)

    def outer(params):
        best = om.minimize(inner, np.zeros(1), "lbfgsb", fun_kwargs={"level": params["level"]})
        return best.fun + (params["level"] - 2.0) ** 2

    result = om.minimize(outer, {"level": 0.0}, "scipy_neldermead")
    assert result.params["level"] == pytest.approx(2.0, abs=1e-3)
