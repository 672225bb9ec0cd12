"""Every message about constraints, with the text that a user reads."""

import functools
import pickle

import numpy as np
import pandas as pd
import pytest
import thalweg as om
from thalweg.exceptions import (
    InvalidArgumentError,
    InvalidConstraintError,
    InvalidParamsError,
)

ALL_KINDS = [
    om.FixedConstraint,
    om.IncreasingConstraint,
    om.DecreasingConstraint,
    om.EqualityConstraint,
    om.ProbabilityConstraint,
    om.FlatCovConstraint,
    om.FlatSDCorrConstraint,
    functools.partial(om.LinearConstraint, weights=1, value=1),
]


def minimize(constraints, params=(1.0, 1.0), **options):
    start = np.array(params) if isinstance(params, tuple) else params
    return om.minimize(lambda x: 0.0, start, "lbfgsb", constraints=constraints, **options)


# Classes, when they are made.


@pytest.mark.parametrize("kind", ALL_KINDS)
@pytest.mark.parametrize("selector", [3, "a", {"a": 1}, None])
def test_selectors_are_functions_or_lists(kind, selector):
    with pytest.raises(InvalidConstraintError) as caught:
        kind(selector)
    name = getattr(kind, "func", kind).__name__
    assert str(caught.value) == (
        f"The selector of a {name} has to be a function of the params or a list of names or "
        f"positions, not {selector!r}."
    )


@pytest.mark.parametrize(
    ("selectors", "message"),
    [
        (lambda x: x, "selectors of a PairwiseEqualityConstraint have to be a list of at least"),
        (3, "selectors of a PairwiseEqualityConstraint have to be a list of at least two"),
        ([], "PairwiseEqualityConstraint needs at least two selectors, but there are none"),
        ([lambda x: x], "PairwiseEqualityConstraint needs at least two selectors, but there is on"),
        (["a", "b"], "selector at position 0 of a PairwiseEqualityConstraint has to be a function"),
        ([lambda x: x, 1], "The selector at position 1 of a PairwiseEqualityConstraint has to be"),
    ],
)
def test_pairwise_needs_two_selectors(selectors, message):
    with pytest.raises(InvalidConstraintError, match=message):
        om.PairwiseEqualityConstraint(selectors)


@pytest.mark.parametrize("kind", [om.FlatCovConstraint, om.FlatSDCorrConstraint])
@pytest.mark.parametrize("regularization", [-0.1, "a", None, np.nan, np.inf, [1], True])
def test_regularization(kind, regularization):
    with pytest.raises(InvalidConstraintError) as caught:
        kind(regularization=regularization)
    assert str(caught.value) == (
        f"The regularization of a {kind.__name__} has to be a number that is not negative, not "
        f"{regularization!r}."
    )
    assert kind(regularization=np.int64(1)).regularization == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"weights": 1}, "^A LinearConstraint needs a lower_bound, an upper_bound, or a value.$"),
        (
            {"weights": 1, "value": 1, "lower_bound": 0},
            r"has either a value \(1\) or bounds \(0, None\), not both",
        ),
        ({"value": 1}, "LinearConstraint needs weights: a number, a list, an array or a Series"),
        (
            {"weights": "a", "value": 1},
            "weights of a LinearConstraint have to be a number, a list.*, not 'a'",
        ),
        ({"weights": {"a": "b"}, "value": 1}, "weights of a LinearConstraint have to be a number"),
        ({"weights": len, "value": 1}, "weights of a LinearConstraint have to be a number"),
        ({"weights": True, "value": 1}, "weights of a LinearConstraint have to be a number"),
        (
            {"weights": [1, np.nan], "value": 1},
            r"weights of a .* have to be finite, not \[1, nan\]",
        ),
        ({"weights": 1, "value": "a"}, "value of a .* has to be a finite number, not 'a'"),
        ({"weights": 1, "value": np.inf}, "value of a .* has to be a finite number, not inf"),
        ({"weights": 1, "lower_bound": "a"}, "lower_bound of a .* has to be a number, not 'a'"),
        ({"weights": 1, "lower_bound": np.nan}, "lower_bound of a .* has to be a number, not nan"),
        ({"weights": 1, "upper_bound": {"a": 1}}, "upper_bound of a .* has to be a number, not {"),
        ({"weights": 1, "upper_bound": True}, "upper_bound of a .* has to be a number, not True"),
        ({"weights": 1, "upper_bound": [[1], [1, 2]]}, "upper_bound of a .* has to be a number"),
    ],
)
def test_linear(options, message):
    with pytest.raises(InvalidConstraintError, match=message):
        om.LinearConstraint(lambda x: x, **options)


def test_constraints_are_frozen_and_compare():
    constraint = om.FlatCovConstraint(regularization=1)
    with pytest.raises(AttributeError):
        constraint.regularization = 2
    with pytest.raises(TypeError):
        om.FlatCovConstraint(lambda x: x, 1.0)
    with pytest.raises(TypeError):
        om.LinearConstraint(lambda x: x, 1.0, 1.0)
    assert constraint == om.FlatCovConstraint(regularization=1)
    assert constraint != om.FlatCovConstraint(regularization=2)
    assert om.FixedConstraint() != om.IncreasingConstraint()
    one, other = (om.LinearConstraint(weights=np.ones(2), value=value) for value in (1, 2))
    assert one != other
    assert len({one, other, om.FixedConstraint(), om.FixedConstraint()}) == 3


@pytest.mark.parametrize(
    "constraint",
    [
        om.FixedConstraint(["a"]),
        om.PairwiseEqualityConstraint([["a"], ["b"]]),
        om.FlatCovConstraint([0, 1, 2], regularization=0.5),
        om.LinearConstraint([0, 1], weights=[1, 2], value=3),
    ],
)
def test_constraints_are_pickled(constraint):
    assert vars(pickle.loads(pickle.dumps(constraint))) == vars(constraint)


FRAME = pd.DataFrame({"value": [1.0, 2.0], "kind": ["u", "v"]}, index=["a", "b"])
SERIES = pd.Series([1.0, 2.0], index=["a", "b"])


# What is no list of constraints.


@pytest.mark.parametrize(
    ("constraints", "message"),
    [
        (1, r"\(1 of type int\)"),
        ("fixed", r"\('fixed' of type str\)"),
        (
            [om.FixedConstraint(), 3, {"type": "fixed"}, "a"],
            r"\(position 1: 3 of type int; position 3: 'a' of type str\)",
        ),
        (om.FixedConstraint, r"of type type\)"),
    ],
)
def test_what_is_no_constraint(constraints, message):
    with pytest.raises(InvalidConstraintError, match=message) as caught:
        minimize(constraints)
    assert str(caught.value).endswith(
        "Constraints are objects such as thalweg.FixedConstraint or scipy.optimize.LinearConstraint, "
        "dicts with a key 'type', or sequences of these."
    )


# Selectors, when they meet the params.


@pytest.mark.parametrize(
    ("selector", "message"),
    [
        (lambda x: x["a"], "the selector failed with IndexError: .*`lambda params: params"),
        (lambda x: x[:2].sum(), "may only select and rearrange params, not compute with them"),
        (lambda x: x + 0.5, "may only select and rearrange params, not compute with them"),
        (lambda x: -x - 1, "may only select and rearrange params, not compute with them"),
        (lambda x: x + 1, "may only select and rearrange params, not compute with them"),
        (lambda x: x / 0, "may only select and rearrange params, not compute with them"),
        (lambda x: "a", "the selector returned something that is not a part of the params"),
        (["a"], r"selects 'a', but the parameters are \['0', '1'\]"),
        ([2], r"selects 2, but the parameters are \['0', '1'\]"),
        ([-3], r"selects -3, but the parameters are \['0', '1'\]"),
        ([0.5], r"selects 0.5, but the parameters are \['0', '1'\]"),
        ([("a", "b")], r"selects \('a', 'b'\), but the parameters are \['0', '1'\]"),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero", "ignore:invalid value")
def test_selectors_that_do_not_fit(selector, message):
    with pytest.raises(InvalidConstraintError, match=message) as caught:
        minimize([om.FixedConstraint([0]), om.EqualityConstraint(selector)])
    assert str(caught.value).startswith("constraints[1] (EqualityConstraint(selector=")


def test_the_cause_of_a_failing_selector_is_kept():
    with pytest.raises(InvalidConstraintError) as caught:
        minimize(om.FixedConstraint(lambda x: x["a"]))
    assert isinstance(caught.value.__cause__, IndexError)


def test_names_that_several_parameters_have():
    params = {"a": {"b_c": 1.0}, "a_b": {"c": 1.0}}
    with pytest.raises(
        InvalidConstraintError, match="several parameters have this name: .*by path"
    ):
        minimize(om.FixedConstraint(["a_b_c"]), params)
    assert minimize(om.FixedConstraint([("a_b", "c")]), params).n_free == 1


def test_long_lists_of_names_and_constraints_are_cut():
    with pytest.raises(InvalidConstraintError) as caught:
        minimize(om.FixedConstraint([*range(100), "z"]), tuple(range(100)))
    assert "..." in str(caught.value)
    assert "'19'] and 80 more" in str(caught.value)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1, 2], "has 2 weights for 3 selected parameters"),
        (np.ones((2, 2)), "has 4 weights for 3 selected parameters"),
        ({"a": 1, "b": 1, "c": 1}, "has 3 weights for 3 selected parameters, or in another struct"),
    ],
)
def test_weights_that_do_not_fit(weights, message):
    constraint = om.LinearConstraint(lambda x: x[:3], weights=weights, value=3)
    with pytest.raises(InvalidConstraintError, match=message) as caught:
        minimize([constraint], (1.0, 1.0, 1.0, 1.0))
    assert str(caught.value).startswith("constraints[0] (LinearConstraint(")


def test_weights_with_other_labels():
    weights = pd.Series([1.0, 2.0], index=["a", "z"])
    constraint = om.LinearConstraint(weights=weights, value=3)
    with pytest.raises(InvalidConstraintError, match="has 2 weights for 2 .* in another structure"):
        minimize(constraint, SERIES)


@pytest.mark.parametrize(
    ("weights", "value", "message"),
    [
        (1, [1, 2], "has 2 numbers as value, but a weighted sum has one. Several sums need a mat"),
        (np.ones((2, 3)), [1, 2, 3], "has 3 numbers as value, .* has one and there are 2 of them"),
    ],
)
def test_values_that_do_not_fit(weights, value, message):
    constraint = om.LinearConstraint(lambda x: x[:3], weights=weights, value=value)
    with pytest.raises(InvalidConstraintError, match=message):
        minimize(constraint, (1.0, 1.0, 1.0, 1.0))


# Dicts.


@pytest.mark.parametrize(
    ("constraint", "params", "message"),
    [
        ({"loc": [0]}, SERIES, r"has no key 'type'. Known types: \['fixed', 'increasing'"),
        (
            {"type": "fixd", "loc": [0]},
            SERIES,
            r"unknown type 'fixd'. Did you mean \['fixed',.*Known types: \['fixed', 'increasing'",
        ),
        (
            {"type": "fixed"},
            SERIES,
            r"needs exactly one of the keys \['selector', 'loc', 'query'\] besides 'type'",
        ),
        ({"type": "fixed", "loc": 0, "query": "x"}, FRAME, "needs exactly one of the keys"),
        (
            {"type": "fixed", "locs": [[0], [1]]},
            SERIES,
            r"needs exactly one of the keys \['selecto",
        ),
        (
            {"type": "pairwise_equality", "loc": [0, 1]},
            SERIES,
            r"needs exactly one of the keys \['selectors', 'locs', 'queries'\]",
        ),
        (
            {"type": "pairwise_equality", "locs": "ab"},
            SERIES,
            "locs has to be a list, not 'ab'",
        ),
        (
            {"type": "fixed", "query": "a == 1"},
            np.ones(2),
            r"by 'query', but params of type ndarray can only be selected by \['selector', 'loc'\]",
        ),
        (
            {"type": "fixed", "query": "a == 1"},
            SERIES,
            r"by 'query', but params of type Series can only be selected by \['selector', 'loc'\]",
        ),
        (
            {"type": "fixed", "loc": "a"},
            {"a": 1.0},
            r"by 'loc', but params of type dict can only be selected by \['selector'\]",
        ),
        (
            {"type": "pairwise_equality", "queries": ["a == 1"] * 2},
            np.ones(2),
            r"by 'queries', .* ndarray can only be selected by \['selectors', 'locs'\]",
        ),
        ({"type": "fixed", "loc": "z"}, SERIES, "the selector failed with KeyError: 'z'"),
        ({"type": "fixed", "loc": [5]}, np.ones(2), "the selector failed with IndexError"),
        ({"type": "fixed", "query": "z == 1"}, FRAME, "the selector failed with UndefinedVariable"),
        (
            {"type": "fixed", "loc": "a", "weights": 3},
            SERIES,
            r"has the unknown keys \['weights'\]. A constraint of type 'fixed' may have the keys \[",
        ),
        (
            {"type": "linear", "loc": "a", "weights": 1},
            SERIES,
            r"^constraints\[0\] \(.*\): A LinearConstraint needs a lower_bound, an upper_bound, or",
        ),
        (
            {"type": "covariance", "loc": "a", "regularization": -1},
            SERIES,
            r"^constraints\[0\] .*: The regularization of a FlatCovConstraint has to be a number",
        ),
        (
            {"type": "fixed", "selector": 3},
            SERIES,
            r"^constraints\[0\] .*: The selector of a .* has to be a function",
        ),
        ({"type": "fixed", "loc": ["a"], "value": [1, 2]}, SERIES, "has 2 value for 1 selected"),
    ],
)
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_dicts(constraint, params, message):
    with pytest.raises(InvalidConstraintError, match=message) as caught:
        minimize([constraint], params)
    assert str(caught.value).startswith("constraints[0] (")


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_fixing_elsewhere():
    with pytest.raises(InvalidParamsError) as caught:
        minimize([{"type": "fixed", "loc": ["b"], "value": 3.0}], SERIES)
    message = str(caught.value)
    assert "constraints[0] (fixed)" in message
    assert "'b'" in message
    assert "2.0" in message
    assert "3.0" in message


def test_repair_start_is_a_boolean():
    with pytest.raises(InvalidArgumentError, match="repair_start must be a boolean, not 'yes'"):
        minimize(None, repair_start="yes")
