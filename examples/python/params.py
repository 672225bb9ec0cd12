"""Parameters of any shape: dicts, lists, tuples, arrays, data frames, nested at will."""

from typing import NamedTuple

import numpy as np
import thalweg as om


class Taste(NamedTuple):
    sweet: float
    sour: float


def fun(p):
    prices = np.sum((p["prices"] + 1) ** 2)
    regions = sum((r - 2) ** 2 for r in p["regions"].values())
    taste = (p["taste"].sweet - p["taste"].sour - 1) ** 2 + p["taste"].sour ** 2
    return (p["intercept"] - 3) ** 2 + prices + regions + taste


def main():
    start = {
        "intercept": 0,
        "prices": np.array([[1.0, 2.0], [3.0, 4.0]]),
        "taste": Taste(sweet=0.5, sour=0.5),
        "regions": {"north": 3.0, "south": 4.0},
    }
    # The function sees its own structure; the result has it, too.
    result = om.minimize(fun, start, algorithm="lbfgsb")
    for name, value in result.params.items():
        print(f"{name}: {value}")

    # So does a derivative: a tree of the same shape.
    gradient = om.first_derivative(fun, start).derivative
    print("gradient:", gradient["taste"], gradient["regions"])

    try:
        import pandas as pd
    except ImportError:
        print("(pandas is not installed: no data frames here)")
        return
    frame = pd.DataFrame({"value": [1.0, 2.0, 3.0], "unit": ["m", "m", "kg"]}, index=list("abc"))
    result = om.minimize(lambda p: (p["value"] ** 2).sum(), frame, algorithm="lbfgsb")
    print(result.params.round(6))


if __name__ == "__main__":
    main()
