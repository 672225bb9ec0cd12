"""What an objective may return instead of a bare value."""

from thalweg._function_value import (
    FunctionValue,
    LeastSquaresFunctionValue,
    LikelihoodFunctionValue,
    ScalarFunctionValue,
)

__all__ = [
    "FunctionValue",
    "LeastSquaresFunctionValue",
    "LikelihoodFunctionValue",
    "ScalarFunctionValue",
]
