"""Results as JSON: bit for bit there and back, in the documented format, for Rust as for Python."""

import dataclasses
import json
import sys
from collections import namedtuple
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import thalweg as om
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from jsonschema import Draft202012Validator
from thalweg import OptimizeResult
from thalweg.exceptions import InvalidResultError

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).parent / "golden"
SCHEMA = json.loads((ROOT / "docs" / "result.schema.json").read_text())

Point = namedtuple("Point", ["x", "y"])


@dataclasses.dataclass
class Model:
    slope: float
    weights: np.ndarray


def bits(value):
    """A form of a value that is equal only to itself: type, structure, every bit; NaN is NaN."""
    if isinstance(value, (pd.Series, pd.DataFrame)):
        parts = [bits(part) for part in (value.index, getattr(value, "columns", None))]
        cells = [bits(value[c]) for c in value] if value.ndim == 2 else bits(value.to_numpy())
        name, dtype = getattr(value, "name", None), str(getattr(value, "dtype", ""))
        return (type(value).__name__, parts, cells, name, dtype)
    if isinstance(value, pd.Index):
        return (type(value).__name__, list(value), list(value.names), str(value.dtype))
    if isinstance(value, np.ndarray) and value.dtype == object:
        return [bits(cell) for cell in value]
    if isinstance(value, (np.ndarray, np.generic)):
        return (type(value).__name__, str(value.dtype), value.shape, value.tobytes())
    if isinstance(value, float):
        return ("float", "nan" if value != value else value.hex())
    if isinstance(value, dict):
        return {key: bits(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return (type(value).__name__, [bits(item) for item in value])
    return value


FIELDS = [
    "params",
    "fun",
    "start_params",
    "start_fun",
    "algorithm",
    "direction",
    "n_free",
    "message",
    "success",
    "status",
    "n_fun_evals",
    "n_jac_evals",
    "n_hess_evals",
    "n_iterations",
    "jac",
    "hess",
    "hess_inv",
    "max_constraint_violation",
    "is_feasible",
    "convergence_report",
    "algorithm_output",
]
COLUMNS = ["fun", "start_time", "stop_time", "batches", "task", "flat_params", "params"]


def assert_same(read, result):
    for field in FIELDS:
        assert bits(read[field]) == bits(result[field]), field
    assert repr(read) == repr(result)
    assert repr(read.constraint_plan) == repr(result.constraint_plan)
    assert (read.history is None) == (result.history is None)
    for column in COLUMNS if result.history is not None else []:
        assert bits(getattr(read.history, column)) == bits(getattr(result.history, column)), column


def again(result, **options):
    text = result.to_json()
    problems = list(Draft202012Validator(SCHEMA).iter_errors(json.loads(text)))
    assert not problems, problems[0]
    read = OptimizeResult.from_json(text, **options)
    assert_same(read, result)
    return read


def total(params):
    """A sum of squares over whatever numbers there are."""
    from thalweg._thalweg import Tree

    flat = Tree(params).start
    return float(((flat - 0.25) ** 2).sum())


FRAME = pd.DataFrame(
    {
        "value": [1.0, 2.0],
        "lower_bound": [-np.inf, 0.0],
        "group": ["a", None],
        "n": [1, 2],
        "flag": [True, False],
    },
    index=pd.MultiIndex.from_tuples([("u", 1), ("v", 2)], names=["letter", None]),
)
STRUCTURES = {
    "number": 1.0,
    "whole number": 3,
    "numpy number": np.float64(2.0),
    "array": np.arange(3.0),
    "integers": np.arange(3),
    "float32": np.ones(2, dtype=np.float32),
    "matrix": np.ones((2, 3)),
    "no dimensions": np.array(2.0),
    "dict": {"a": 1.0, "b": [2.0, (3, np.ones(1))], 5: None, ("c", 1): True},
    "namedtuple": {"p": Point(1.0, np.zeros(2))},
    "series": pd.Series([1.0, 2.0], index=["x", "y"], name="s"),
    "integer series": pd.Series([1, 2]),
    "frame": pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]}, index=[5, 7]),
    "value frame": FRAME,
}


@pytest.mark.parametrize("name", STRUCTURES)
def test_every_structure_comes_back(name):
    start = STRUCTURES[name]
    read = again(om.minimize(total, start, "lbfgsb", algo_options={"stopping.maxiter": 3}))
    if name == "namedtuple":
        assert read.params["p"]._fields == ("x", "y")


def test_runs_of_every_kind_come_back(tmp_path):
    result = om.minimize(lambda x: x @ x, np.ones(2), "scipy_bfgs", jac=lambda x: 2 * x)
    assert result.hess_inv is not None
    again(result)
    again(om.maximize(lambda x: -(x @ x), np.ones(2), "neldermead", collect_history=False))

    @om.mark.least_squares
    def residuals(x):
        return np.array([x[0] - 1, x[1] - 2, x[0] * x[1]])

    again(om.minimize(residuals, np.ones(2), "scipy_ls_lm"))
    constraints = [
        om.ProbabilityConstraint(lambda x: x[:3]),
        om.FixedConstraint(lambda x: x[3]),
        om.NonlinearConstraint(func=lambda x: x[0] * x[4], lower_bound=1.0),
    ]
    start = np.array([0.5, 0.25, 0.25, 4.0, 5.0])
    result = om.minimize(lambda x: x @ x, start, "scipy_slsqp", constraints=constraints)
    assert len(again(result).constraint_plan) == 3
    result.to_json(tmp_path / "result.json")
    assert_same(OptimizeResult.from_json(tmp_path / "result.json"), result)
    assert_same(OptimizeResult.from_json(str(tmp_path / "result.json")), result)
    assert_same(OptimizeResult.from_json((tmp_path / "result.json").read_bytes()), result)


def test_searches_come_back():
    result = om.minimize(
        lambda p: sum(x * x - np.cos(6 * x) for x in p.values()),
        {"a": 2.0, "b": 1.0},
        "lbfgsb",
        bounds=om.Bounds(lower=-3, upper=3),
        multistart=om.MultistartOptions(n_samples=20),
    )
    read = again(result).multistart_info
    info = result.multistart_info
    assert len(read.local_optima) == len(info.local_optima) > 1
    for one, other in zip(read.local_optima, info.local_optima, strict=True):
        assert_same(one, other)
    for name in ("start_parameters", "exploration_sample", "exploration_results"):
        assert bits(getattr(read, name)) == bits(getattr(info, name))
    assert (read.n_discoveries, read.failures) == (info.n_discoveries, info.failures)
    assert read.n_exploration_evals == info.n_exploration_evals == 20


def test_no_convergence_report_of_many_starts_stays_none():
    result = om.minimize(
        lambda x: x @ x,
        np.ones(2),
        "scipy_lbfgsb",
        bounds=om.Bounds(soft_lower=np.zeros(2), soft_upper=np.full(2, 2.0)),
        multistart=om.MultistartOptions(n_samples=4, stopping_maxopt=1),
    )
    read = again(result)
    assert read.convergence_report is result.convergence_report is None
    assert repr(read) == repr(result)


def test_without_history_the_report_stays():
    result = om.minimize(lambda x: x @ x, np.ones(2), "lbfgsb")
    text = result.to_json(include_history=False)
    read = OptimizeResult.from_json(text)
    assert read.history is None and '"history": null' in text
    assert repr(read) == repr(result)


def result_with(**changes):
    fields = {
        "params": np.zeros(2),
        "fun": 1.0,
        "start_fun": 2.0,
        "start_params": np.ones(2),
        "algorithm": "abc",
        "direction": "minimize",
        "n_free": 2,
    }
    return OptimizeResult(**{**fields, **changes})


numbers = st.floats(width=64).map(lambda x: float("nan") if x != x else x)
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), numbers, st.text()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.one_of(st.text(), st.integers()), inner, max_size=3),
    ),
    max_leaves=8,
)
arrays = hnp.arrays(
    np.float64, hnp.array_shapes(min_dims=1, max_dims=3, min_side=0), elements=numbers
)


@settings(max_examples=200, deadline=None)
@given(
    params=hnp.arrays(np.float64, 2, elements=numbers),
    fun=numbers,
    jac=arrays,
    output=st.dictionaries(st.text(), st.one_of(values, arrays), max_size=4),
    message=st.one_of(st.none(), st.text()),
    status=st.one_of(st.none(), st.integers()),
)
def test_every_number_and_value_comes_back(params, fun, jac, output, message, status):
    again(
        result_with(
            params=params, fun=fun, jac=jac, algorithm_output=output, message=message, status=status
        )
    )


def test_what_has_no_form_becomes_words():
    output = {"object": om.timing.fun_evaluations, "integers": np.arange(2), "z": np.array([1j])}
    read = OptimizeResult.from_json(result_with(algorithm_output=output).to_json())
    assert read.algorithm_output["object"] == repr(om.timing.fun_evaluations)
    assert read.algorithm_output["integers"].dtype == np.arange(2).dtype
    assert read.algorithm_output["z"] == repr(np.array([1j]))


def test_the_best_point_seen_comes_back_as_parameters():
    best = {"params": {"a": 1.0, "b": np.ones(2)}, "fun": 0.5}
    params = {"a": 2.0, "b": np.zeros(2)}
    result = result_with(params=params, start_params=params, algorithm_output={"best_seen": best})
    assert json.loads(result.to_json())["algorithm_output"]["best_seen_fun"] == 0.5
    again(result)


def test_other_structures_come_back_by_name_or_like_a_template():
    start = {"s": pd.Series([1.0, 2.0], index=pd.to_datetime(["2020-01-01", "2021-01-01"]))}
    result = om.minimize(total, start, "lbfgsb")
    text = result.to_json()
    assert json.loads(text)["params"]["structure"] is None
    by_name = OptimizeResult.from_json(text)
    assert list(by_name.params) == ["s_2020-01-01 00:00:00", "s_2021-01-01 00:00:00"]
    assert_same(OptimizeResult.from_json(text, like=start), result)

    model = Model(1.0, np.ones(2))
    result = om.minimize(total, model, "lbfgsb")
    read = OptimizeResult.from_json(result.to_json())
    assert read.params["slope"] == result.params.slope
    read = OptimizeResult.from_json(result.to_json(), like=model)
    assert isinstance(read.params, Model)
    assert np.array_equal(read.params.weights, result.params.weights)
    assert isinstance(read.history.params[0], Model)
    with pytest.raises(InvalidResultError, match="The result has 3 parameters, but `like` has 2"):
        OptimizeResult.from_json(result.to_json(), like=np.ones(2))


def test_pandas_objects_need_pandas(monkeypatch):
    text = om.minimize(total, pd.Series([1.0, 2.0]), "lbfgsb").to_json()
    monkeypatch.setitem(sys.modules, "pandas", None)
    message = "The parameters of this result are pandas objects. Install pandas to read it, or say"
    with pytest.raises(om.exceptions.NotInstalledError, match=message):
        OptimizeResult.from_json(text)


def test_jax_arrays_come_back_as_numpy_arrays():
    jax = pytest.importorskip("jax")
    result = om.minimize(total, jax.numpy.ones(2), "lbfgsb")
    read = OptimizeResult.from_json(result.to_json())
    assert type(read.params) is np.ndarray
    assert np.array_equal(read.params, np.asarray(result.params, dtype=float))


def test_results_of_rust():
    read = OptimizeResult.from_json(GOLDEN / "result_rust.json")
    assert read.success and read.status == "converged" and read.algorithm == "lbfgsb"
    assert set(read.params) == {"slope", "weights"}
    assert read.params["slope"] == 2.5
    assert read.params["weights"].shape == (2,)
    assert read.history.params[0] == {"slope": 0.0, "weights": pytest.approx([2.0, 0.5])}
    assert min(read.history.fun) == read.fun
    assert read.jac.shape == (3,)
    again(read)


def test_the_golden_result_for_rust_is_of_this_format():
    again(OptimizeResult.from_json(GOLDEN / "result_python.json"))


GOOD = result_with(
    history=om.History("minimize", [np.ones(2)], [1.0], [0.0], [1.0], [0], ["fun"])
).to_json()


def test_a_result_that_ends_anywhere_is_incomplete():
    for end in range(1, len(GOOD)):
        with pytest.raises(InvalidResultError, match="This result is incomplete"):
            OptimizeResult.from_json(GOOD[:end])


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{", "is incomplete: the text ends in the middle of it \\(line 1, column 2\\)"),
        (b"\xff\xfe{", "no result of thalweg, which would be JSON in UTF-8"),
        (b"a,b\n", "no result of thalweg, which would be a JSON object: Expecting value"),
        ("a,b\n1,2\n", "would be a JSON object, nor the path of one: 'a,b"),
        (b"[1]", "would be a JSON object, not list"),
        ('{"x": 1}', "'format' is missing, but has to be 'thalweg-result'"),
        ('{"format": "x"}', "'format' is 'x', but has to be 'thalweg-result'"),
        (
            GOOD.replace('"version": 1', '"version": 2'),
            "has version 2 of the format, and this thal",
        ),
        (GOOD.replace('"version": 1', '"version": "1"'), "'version' is '1', but has to be a whole"),
        (GOOD.replace('"version": 1,', ""), "'version' is missing, but has to be a whole"),
        (GOOD.replace('"n_free"', '"free"'), "the field 'n_free' is missing"),
        (GOOD.replace('"minimize"', '"down"'), "direction is 'down', but has to be 'minimize' or"),
        (GOOD.replace('"status": null', '"status": "fine"'), "'fine' is no status"),
        (GOOD.replace('["fun"]', '["value"]'), "'value' in the history is no task"),
        (GOOD.replace('"batches": [0]', '"batches": []'), "batches has 0 entries, but its column"),
        (GOOD.replace("[[1.0, 1.0]]", "[[1.0]]"), "row 0 of the history's column params has 1"),
        (GOOD.replace('["0", "1"]', '["0"]'), "names has 1 entries, but there are 2 parameters"),
        (GOOD.replace('"fun": 1.0', '"fun": "one"'), "damaged: 'one' is no number"),
        (
            GOOD.replace('"shape": [2]', '"shape": [3]'),
            "fewer values than its structure has leaves",
        ),
        (GOOD.replace('"shape": [2]', '"shape": [1]'), "more values than its structure has leaves"),
        (GOOD.replace('"kind": "array"', '"kind": "heap"'), "damaged: 'heap' is no kind"),
        (3, "needs the path of a file or the text of a result, not int"),
    ],
)
def test_what_is_no_result_is_refused_with_a_reason(source, message):
    with pytest.raises(InvalidResultError, match=message):
        OptimizeResult.from_json(source)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        OptimizeResult.from_json(tmp_path / "nothing.json")
    assert issubclass(InvalidResultError, ValueError)
