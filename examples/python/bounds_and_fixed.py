"""Bounds that hold at every evaluation, and parameters that stay where they are."""

import numpy as np
import thalweg as om


def fun(p):
    return p["level"] ** 2 + np.sum(p["slopes"] ** 2) + (p["noise"] - 2) ** 2


def main():
    start = {"level": 1.0, "slopes": np.array([1.0, 2.0, 3.0]), "noise": 0.5}

    # Bounds say only what they are about; a number is for everything under its name.
    result = om.minimize(
        fun,
        start,
        algorithm="lbfgsb",
        bounds=om.Bounds(lower={"slopes": 0.5, "noise": 0.1}, upper={"noise": 1.0}),
        constraints=om.FixedConstraint(selector=lambda p: p["slopes"][2]),
    )
    print("bounded and fixed:", result.params)
    print(f"fun {result.fun:.4f}, {result.n_free} free parameters")

    # Every parameter fixed: nothing to do, and no evaluation beyond the start.
    result = om.minimize(
        fun, start, algorithm="lbfgsb", constraints=om.FixedConstraint(selector=lambda p: p)
    )
    print("all fixed:", result.message)

    # A mistake is found before the first evaluation, by name, value and bound.
    try:
        om.minimize(fun, start, algorithm="lbfgsb", bounds=om.Bounds(lower={"noise": 0.7}))
    except om.exceptions.InvalidParamsError as error:
        print("start outside its bounds:", error)


if __name__ == "__main__":
    main()
