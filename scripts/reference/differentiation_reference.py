"""Numerical derivatives by optimagic, as oracle values for crates/thalweg-diff.

The functions use +, -, *, / and sqrt only: IEEE arithmetic gives the same bits in Python and Rust,
so that derivatives can be compared to the last bit. The Rust twins are in
crates/thalweg-diff/tests/reference.rs.

Usage (with optimagic 0.5 installed):
    python scripts/reference/differentiation_reference.py > crates/thalweg-diff/tests/data/reference.tsv
"""

import math
import warnings

import numpy as np
import optimagic as om

POINTS = {
    "interior": [0.3, -1.2, 2.5],
    "mixed_scales": [1e-3, 250.0, -0.05],
    "zero": [0.0, 0.0, 0.0],
}


def scalar(x):
    a, b, c = (float(v) for v in x)
    return 100.0 * (b - a * a) * (b - a * a) + (1.0 - a) * (1.0 - a) + c / (1.0 + c * c) + a * b * c


def vector(x):
    a, b, c = (float(v) for v in x)
    return np.array([math.sqrt(1.0 + a * a) * b, c * c * c - a / (2.0 + b * b)])


FUNCS = {"scalar": scalar, "vector": vector}


def rows():
    bounds = {
        "at_upper": lambda x: om.Bounds(lower=x - 1, upper=x),
        "at_lower": lambda x: om.Bounds(lower=x, upper=x + 1),
    }
    for func_name, func in FUNCS.items():
        for point_name, point in POINTS.items():
            x = np.array(point)
            for method in ("forward", "backward", "central"):
                key = ("first", func_name, point_name, method)
                yield *key, "default", om.first_derivative(func, x, method=method)
                yield *key, "step_1e-4", om.first_derivative(func, x, method=method, step_size=1e-4)
                yield *key, "factor_2", om.first_derivative(func, x, method=method, scaling_factor=2)
                yield *key, "min_1e-6", om.first_derivative(func, x, method=method, min_steps=1e-6)
                for name, build in bounds.items():
                    yield *key, name, om.first_derivative(func, x, method=method, bounds=build(x))
            for n_steps in (2, 3, 4):
                result = om.first_derivative(
                    func, x, method="central", n_steps=n_steps, step_ratio=2, step_size=1e-3
                )
                yield "first", func_name, point_name, "central", f"richardson_{n_steps}", result
            for method in ("forward", "backward", "central_average", "central_cross"):
                key = ("second", func_name, point_name, method)
                yield *key, "default", om.second_derivative(func, x, method=method)
                yield *key, "factor_2", om.second_derivative(func, x, method=method, scaling_factor=2)
                for name, build in bounds.items():
                    # Here optimagic evaluates outside the bounds (step 2h on the diagonal)
                    # unless the point is on the bound, as it is.
                    yield *key, name, om.second_derivative(func, x, method=method, bounds=build(x))


def main():
    warnings.simplefilter("ignore")
    print("# optimagic", om.__version__, "- written by scripts/reference/differentiation_reference.py")
    print("order", "func", "point", "method", "case", "values", sep="\t")
    for *key, result in rows():
        values = np.asarray(result.derivative, dtype=float).ravel()
        print(*key, " ".join(repr(float(v)) for v in values), sep="\t")


if __name__ == "__main__":
    main()
