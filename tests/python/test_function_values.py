"""What an algorithm of any type sees of the values of objectives."""

import numpy as np
import pytest

import thalweg as om
from thalweg.exceptions import InvalidFunctionError
from thalweg.typing import AggregationLevel

RESIDUALS = om.LeastSquaresFunctionValue({"a": 1.0, "b": np.array([2.0, 3.0])})
CONTRIBUTIONS = om.LikelihoodFunctionValue([1.0, 2.0])


@pytest.mark.parametrize(
    ("value", "solver_type", "expected"),
    [
        (om.ScalarFunctionValue(3), "scalar", 3.0),
        (RESIDUALS, "least_squares", [1.0, 2.0, 3.0]),
        (RESIDUALS, "likelihood", [1.0, 4.0, 9.0]),
        (RESIDUALS, "scalar", 14.0),
        (CONTRIBUTIONS, "likelihood", [1.0, 2.0]),
        (CONTRIBUTIONS, "scalar", 3.0),
    ],
)
def test_values_in_the_terms_of_an_algorithm(value, solver_type, expected):
    for kind in (solver_type, AggregationLevel(solver_type)):
        internal = value.internal_value(kind)
        assert np.array_equal(internal, expected)
        assert isinstance(internal, np.ndarray if isinstance(expected, list) else float)


@pytest.mark.parametrize(
    ("value", "solver_type", "kind"),
    [
        (om.ScalarFunctionValue(3.0), "least_squares", "scalar"),
        (om.ScalarFunctionValue(3.0), "likelihood", "scalar"),
        (CONTRIBUTIONS, "least_squares", "likelihood"),
    ],
)
def test_values_that_say_too_little(value, solver_type, kind):
    message = f"The value of a {kind} objective is none for a {solver_type} algorithm."
    with pytest.raises(InvalidFunctionError, match=message):
        value.internal_value(solver_type)
