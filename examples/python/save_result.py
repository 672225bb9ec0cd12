"""A result as JSON: written here, read back here, or in Rust with `OptimizeResult::from_json`.

Say where to write it as an argument.
"""

import sys

import numpy as np
import thalweg as om


def fun(model):
    return (model["slope"] - 3.0) ** 2 + float(np.sum((model["weights"] - 1.0) ** 4))


def main():
    start = {"slope": 0.0, "weights": np.array([2.0, 0.5])}
    bounds = om.Bounds(lower={"slope": 0.0}, upper={"slope": 2.5})
    result = om.minimize(fun, start, algorithm="lbfgsb", bounds=bounds)

    text = result.to_json()
    if len(sys.argv) > 1:
        result.to_json(sys.argv[1])

    # The parameters get back the structure that they had.
    again = om.OptimizeResult.from_json(text)
    assert again.fun == result.fun
    assert again.history.flat_params == result.history.flat_params
    print(f"{len(text)} characters of JSON hold {again.params}")
    print(again)


if __name__ == "__main__":
    main()
