"""An objective that fails: the run ends with what it has, or goes on with a penalty."""

import warnings

import numpy as np
import thalweg as om


def fun(x):
    gap = x[0] - x[1]
    if gap <= 0:
        raise ValueError(f"the gap is {gap:.3f}, but has to be positive")
    return x @ x - np.log(gap)


def main():
    start = np.array([2.0, 1.5])

    # By default the error ends the run; the best point so far is not lost.
    try:
        om.minimize(fun, start, algorithm="neldermead")
    except om.exceptions.UserFunctionRuntimeError as error:
        partial = error.partial_result
        print("failed:", error.__cause__)
        print("  best so far", partial.params, f"fun {partial.fun:.4f}")
        print(" ", len(partial.history.fun), "evaluations in the history")

    # Or a penalty stands in, larger the farther from the start, and the run goes on.
    with warnings.catch_warnings(record=True) as failures:
        warnings.simplefilter("always")
        result = om.minimize(fun, start, algorithm="neldermead", error_handling="continue")
    print("continued past", len(failures), "failures to", result.params)

    # What is wrong with a specification is said before anything is evaluated.
    try:
        om.minimize(fun, start, algorithm="nelder_mead")
    except ValueError as error:
        print(error)

    # A limit is no error: a result without success, and the best point so far.
    result = om.minimize(fun, start, algorithm="lbfgsb", algo_options={"stopping.maxfun": 3})
    print(f"{result.message}: success {result.success}, fun {result.fun:.4f}")


if __name__ == "__main__":
    main()
