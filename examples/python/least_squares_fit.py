"""Fit a sum of two exponentials to NIST's data set MGH17, and compare with the certified estimates."""

import data
import numpy as np
import thalweg as om

OBSERVATIONS = data.columns("nist_mgh17.csv")
CERTIFIED = data.columns("nist_mgh17_certified.csv")


@om.mark.least_squares
def residuals(p):
    x, y = OBSERVATIONS["x"], OBSERVATIONS["y"]
    return p["constant"] + np.exp(-np.outer(x, p["rates"])) @ p["amplitudes"] - y


def flat(p):
    return np.concatenate([[p["constant"]], p["amplitudes"], p["rates"]])


def main():
    near = CERTIFIED["start_2"]
    start = {"constant": float(near[0]), "amplitudes": near[1:3], "rates": near[3:]}

    for algorithm in ["levenberg_marquardt", "trf"]:
        result = om.minimize(
            residuals, start, algorithm=algorithm, algo_options={"convergence.ftol_rel": 1e-14}
        )
        agreed = data.digits(flat(result.params), CERTIFIED["certified"])
        print(f"{algorithm}: {result.params}")
        print(f"  sum of squares {result.fun:.10e}, {agreed:.1f} certified digits")
        print(f"  {result.message} after {result.n_fun_evals} evaluations")

    # An algorithm that knows nothing of residuals gets their sum of squares.
    result = om.minimize(
        residuals, start, algorithm="neldermead", algo_options={"stopping.maxfun": 5000}
    )
    print(f"neldermead: sum of squares {result.fun:.10e}, {result.message}")


if __name__ == "__main__":
    main()
