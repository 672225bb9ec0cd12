"""Parameter trees: what goes in comes out, in the documented order and types."""

import pickle
from collections import OrderedDict, namedtuple
from dataclasses import dataclass

import numpy as np
import pytest
from thalweg._thalweg import Tree
from thalweg.exceptions import InvalidBoundsError, InvalidFunctionError, InvalidParamsError

pd = pytest.importorskip("pandas")

Point = namedtuple("Point", ["u", "v"])


@dataclass(frozen=True)
class Model:
    slope: float
    knots: np.ndarray


def value_frame():
    index = pd.MultiIndex.from_tuples([("k", 1), ("l", 2)])
    return pd.DataFrame(
        {"value": [1, 2], "lower_bound": [0.0, np.nan], "note": ["x", "y"]}, index=index
    )


def everything():
    return {
        "b": 1,
        "a": np.arange(4).reshape(2, 2),
        "s": pd.Series([5, 6], index=["i", "j"], name="ser"),
        "df": value_frame(),
        "d2": pd.DataFrame([[1.0, 2.0], [3.0, 4.0]], columns=["c1", "c2"]),
        "l": [1, (2, 3)],
        "n": Point(1.0, {"z": 2}),
        "m": Model(0.5, np.ones(2)),
        "nothing": None,
        "e": np.array(7.0),
    }


def test_names_follow_the_documented_order():
    expected = (
        "b a_0_0 a_0_1 a_1_0 a_1_1 s_i s_j df_k_1 df_l_2 d2_0_c1 d2_0_c2 d2_1_c1 d2_1_c2 "
        "l_0 l_1_0 l_1_1 n_u n_v_z m_slope m_knots_0 m_knots_1 e"
    )
    tree = Tree(everything())
    assert tree.names == expected.split()
    assert tree.size == len(tree) == len(tree.names)
    assert Tree(np.arange(3)).names == ["0", "1", "2"]
    assert Tree(1.5).names == [""]


def test_round_trip_keeps_structure_types_and_labels():
    tree = Tree(everything())
    out = tree.unflatten(tree.start)
    assert list(out) == list(everything())
    assert type(out["b"]) is float and type(out["l"][1]) is tuple and out["nothing"] is None
    assert out["a"].dtype == float and out["a"].shape == (2, 2) and out["e"].shape == ()
    assert type(out["n"]) is Point and type(out["m"]) is Model
    pd.testing.assert_series_equal(out["s"], everything()["s"].astype(float))
    pd.testing.assert_frame_equal(out["df"], value_frame().astype({"value": float}))
    pd.testing.assert_frame_equal(out["d2"], everything()["d2"])
    np.testing.assert_array_equal(tree.flatten(out), tree.start)


def test_integers_numpy_scalars_and_numbers_become_floats():
    tree = Tree({"a": 1, "b": np.float32(2), "c": True, "d": np.int64(3)})
    out = tree.unflatten(tree.start + 0.5)
    assert out == {"a": 1.5, "b": 2.5, "c": 1.5, "d": 3.5}
    assert type(out["a"]) is float and type(out["b"]) is np.float64
    assert Tree(np.arange(5)).start.dtype == float


def test_the_users_objects_are_out_of_reach():
    params = {"x": np.array([1.0, 2.0]), "f": value_frame(), "s": pd.Series([1.0, 2.0])}
    frame, series = params["f"].copy(), params["s"].copy()
    tree = Tree(params)
    out = tree.unflatten(tree.start)
    out["x"][:] = 9
    out["f"]["note"] = "changed"
    out["f"].loc[("k", 1), "lower_bound"] = 7
    out["f"]["new"] = 1
    out["s"].iloc[0] = 9
    assert (params["x"] == [1, 2]).all()
    pd.testing.assert_frame_equal(params["f"], frame)
    pd.testing.assert_series_equal(params["s"], series)
    pd.testing.assert_frame_equal(tree.unflatten(tree.start)["f"], frame.astype({"value": float}))
    params["x"][:] = -1
    np.testing.assert_array_equal(tree.start[:2], [1, 2])


def test_ordered_dict_and_pickle():
    tree = Tree(OrderedDict(b=1.0, a=np.ones(2)))
    again = pickle.loads(pickle.dumps(tree))
    out = again.unflatten([3, 4, 5])
    assert type(out) is OrderedDict and list(out) == ["b", "a"] and out["b"] == 3.0


@pytest.mark.parametrize(
    ("params", "leaf"),
    [
        ({"a": 1.0, "b": "text"}, "b"),
        ({"a": [1.0, {2}]}, "a.1"),
        ({"a": np.array(["x"])}, "a"),
        ({"a": {"z": 1j}}, "a.z"),
        ({"s": pd.Series(["x"])}, "s.0"),
    ],
)
def test_non_numeric_leaves_are_named(params, leaf):
    with pytest.raises(InvalidParamsError, match=f"'{leaf}'"):
        Tree(params)


def test_a_tree_that_contains_itself_is_refused():
    params = []
    params.append(params)
    with pytest.raises(InvalidParamsError, match="contains itself"):
        Tree(params)


def test_gradients_are_matched_by_key_and_label():
    tree = Tree(
        {
            "a": 1.0,
            "b": np.ones(2),
            "s": pd.Series([1.0, 2.0], index=["i", "j"]),
            "f": value_frame(),
        }
    )
    gradient = {
        "s": pd.Series([6.0, 5.0], index=["j", "i"]),
        "f": np.array([7.0, 8.0]),
        "b": [3, 4],
        "a": np.float64(2),
    }
    np.testing.assert_array_equal(tree.flatten(gradient), [2, 3, 4, 5, 6, 7, 8])


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"a": 1.0}, "'b' is missing"),
        ({"a": 1.0, "b": np.ones(2), "c": 1}, "unknown key 'c'"),
        (
            {"a": 1.0, "b": np.ones(3)},
            r"at 'b': expected an array of shape \(2,\), got shape \(3,\)",
        ),
        ({"a": np.ones(1), "b": np.ones(2)}, "at 'a': expected a number, got ndarray of shape"),
        (np.ones(3), "expected a dict"),
    ],
)
def test_a_wrong_structure_is_refused(other, words):
    with pytest.raises(InvalidParamsError, match=words):
        Tree({"a": 1.0, "b": np.ones(2)}).flatten(other, "gradient")


def test_series_with_other_labels_are_refused():
    with pytest.raises(InvalidParamsError, match="labels"):
        Tree(pd.Series([1.0, 2.0], index=["a", "b"])).flatten(pd.Series([1.0, 2.0]))


nan = np.nan


@pytest.mark.parametrize(
    ("params", "side", "expected"),
    [
        ({"x": np.ones(2), "intercept": 3}, {"intercept": -2}, [nan, nan, -2]),
        ({"x": np.ones(2), "intercept": 3}, {"x": None, "intercept": -2}, [nan, nan, -2]),
        ({"x": np.ones(2), "intercept": 3}, {"x": 0}, [0, 0, nan]),
        (np.ones(2), -1.0, [-1, -1]),
        (np.ones(2), np.array([-1.0, nan]), [-1, nan]),
        (np.ones(2), [None, 4], [nan, 4]),
        ([1.0, (2.0, 3.0)], [None, (0, None)], [nan, 0, nan]),
        ([1.0, 2.0], np.array([3.0, 4.0]), [3, 4]),
        (pd.Series([1.0, 2.0], index=["a", "b"]), pd.Series([5.0, 4.0], index=["b", "a"]), [4, 5]),
        (pd.Series([1.0, 2.0], index=["a", "b"]), pd.Series([5.0], index=["b"]), [nan, 5]),
        (pd.Series([1.0, 2.0], index=["a", "b"]), {"b": 5}, [nan, 5]),
    ],
)
def test_partial_bounds(params, side, expected):
    np.testing.assert_array_equal(Tree(params).flatten_side(side, "lower"), expected)


@pytest.mark.parametrize(
    ("params", "side"),
    [
        (np.ones(2), np.array([3.0])),
        (np.ones(2), [1.0, 2.0, 3.0]),
        ({"a": 1.0}, {"b": 1.0}),
        ([1.0, 2.0], [1.0]),
        (pd.Series([1.0], index=["a"]), pd.Series([1.0], index=["z"])),
        ({"a": 1.0}, "text"),
    ],
)
def test_bounds_that_do_not_match(params, side):
    with pytest.raises(InvalidBoundsError, match="lower could not be matched"):
        Tree(params).flatten_side(side, "lower")


def test_bounds_in_columns_of_frames():
    tree = Tree({"z": 1.0, "f": value_frame()})
    assert tree.has_value_frame and tree.frame_column("upper_bound") is None
    np.testing.assert_array_equal(tree.frame_column("lower_bound"), [nan, 0, nan])


def test_blocks_of_a_dict_function():
    inner, outer = Tree({"a": 1.0, "b": np.ones(2)}), Tree({"o": 1.0, "v": np.ones(2)})
    matrix = np.arange(9.0).reshape(3, 3)
    blocks = inner.to_blocks(matrix, outer)
    assert blocks["o"]["a"] == 0.0 and blocks["o"]["a"].shape == ()
    np.testing.assert_array_equal(blocks["o"]["b"], [1, 2])
    np.testing.assert_array_equal(blocks["v"]["a"], [3, 6])
    np.testing.assert_array_equal(blocks["v"]["b"], [[4, 5], [7, 8]])
    np.testing.assert_array_equal(inner.from_blocks(blocks, outer), matrix)


def test_blocks_with_pandas():
    frame = value_frame()
    inner, outer = Tree(frame), Tree(pd.Series([1.0, 2.0], index=["r", "s"]))
    blocks = inner.to_blocks(np.array([[1.0, 2.0], [3.0, 4.0]]), outer)
    assert list(blocks.index) == ["r", "s"] and blocks.columns.equals(frame.index)
    gradient = inner.to_blocks(np.array([1.0, 2.0]))
    assert isinstance(gradient, pd.Series) and gradient.index.equals(frame.index)
    hessian = inner.hessian_to_blocks(np.eye(2))
    assert hessian.index.equals(frame.index) and hessian.columns.equals(frame.index)
    mixed = inner.to_blocks(np.ones((3, 2)), Tree(np.ones(3)))
    assert isinstance(mixed, pd.DataFrame) and list(mixed.index) == [0, 1, 2]


def test_blocks_keep_true_shapes():
    inner, outer = Tree(np.ones((2, 1))), Tree(np.ones((3, 1)))
    assert inner.to_blocks(np.ones((3, 2)), outer).shape == (3, 1, 2, 1)
    assert inner.hessian_to_blocks(np.ones((2, 2))).shape == (2, 1, 2, 1)
    assert inner.hessian_to_blocks(np.ones((3, 2, 2)), outer).shape == (3, 1, 2, 1, 2, 1)


def test_hessian_blocks_round_trip():
    inner, outer = Tree({"a": 1.0, "b": np.ones(2)}), Tree({"o": 1.0, "v": np.ones(2)})
    hessian = np.arange(9.0).reshape(3, 3)
    np.testing.assert_array_equal(
        inner.hessian_from_blocks(inner.hessian_to_blocks(hessian)), hessian
    )
    hessians = np.arange(27.0).reshape(3, 3, 3)
    blocks = inner.hessian_to_blocks(hessians, outer)
    np.testing.assert_array_equal(inner.hessian_from_blocks(blocks, outer), hessians)


def test_wrong_dimensions_are_named():
    with pytest.raises(ValueError, match="dimension 1 differs"):
        Tree(np.ones(2)).to_blocks(np.ones((3, 4)), Tree(np.ones(3)))
    with pytest.raises(InvalidFunctionError, match="same number of elements"):
        Tree(np.ones(2)).from_blocks(np.ones((2, 3)), Tree(np.ones(3)))


def test_jax_leaves_stay_jax():
    jax = pytest.importorskip("jax")
    tree = Tree({"x": jax.numpy.ones(2), "k": jax.numpy.asarray(3)})
    out = tree.unflatten(tree.start)
    assert isinstance(out["x"], jax.Array) and isinstance(out["k"], jax.Array)
    assert tree.names == ["x_0", "x_1", "k"]
    np.testing.assert_array_equal(tree.flatten(out), [1, 1, 3])
