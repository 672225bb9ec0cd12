"""The main job, on real data, by several algorithms (`make demo`).

1. A nonlinear least-squares fit: electron mobility of semiconductors (NIST's data set Thurber), compared with NIST's certified estimates.
2. A maximum-likelihood fit: when did the flow of the Nile change? Parameters in a dict, bounds, a fixed parameter.

`examples/rust/demo.rs` is the same in Rust.
"""

from time import perf_counter

import data
import numpy as np
import thalweg as om
from likelihood_fit import contributions

THURBER = data.columns("nist_thurber.csv")
CERTIFIED = data.columns("nist_thurber_certified.csv")
POWERS = np.vander(THURBER["x"], 4, increasing=True)  # 1, x, x^2, x^3


@om.mark.least_squares
def residuals(b):
    """A ratio of two cubic polynomials, less what was observed."""
    return POWERS @ b[:4] / (1 + POWERS[:, 1:] @ b[4:]) - THURBER["y"]


@om.mark.least_squares
def residuals_jac(b):
    denominator = 1 + POWERS[:, 1:] @ b[4:]
    ratio = POWERS @ b[:4] / denominator
    return np.hstack([POWERS, -POWERS[:, 1:] * ratio[:, None]]) / denominator[:, None]


def least_squares_fit():
    tight = {"convergence.ftol_rel": 1e-13}
    jobs = {
        "levenberg_marquardt": ("levenberg_marquardt", tight, None),
        "levenberg_marquardt, closed-form jac": ("levenberg_marquardt", tight, residuals_jac),
        "trf": ("trf", tight, None),
        "trf, closed-form jac": ("trf", tight, residuals_jac),
        "scipy_ls_lm (optimagic's name)": ("scipy_ls_lm", {}, None),
        "lbfgsb (sum of squares only)": ("lbfgsb", tight, None),
        "neldermead (sum of squares only)": ("neldermead", {"stopping.maxfun": 20_000}, None),
    }
    rows = []
    for name, (algorithm, options, jac) in jobs.items():
        fun, calls = counted(residuals)
        begin = perf_counter()
        result = om.minimize(
            fun, CERTIFIED["start_1"], algorithm=algorithm, algo_options=options, jac=jac
        )
        seconds = perf_counter() - begin
        if not rows:
            print(result, "\n")
            print("  parameter        estimate       certified   standard deviation")
            for row in zip(*CERTIFIED.values(), result.params):
                print(f"  {row[0]:9} {row[5]:15.8f} {row[3]:15.8f} {row[4]:20.8f}")
        agreed = data.digits(result.params, CERTIFIED["certified"])
        rows.append([name, result, calls, seconds, f"{agreed:.1f}"])
    table(rows, "digits")
    print("(digits: in which all seven estimates agree with NIST's, at most 11)")


def likelihood_fit():
    def start(year):
        return {
            "level": 1000.0,
            "break": {"year": year, "shift": -100.0, "width": 1.0},
            "noise": {"sd": 150.0, "autocorrelation": 0.0},
        }

    bounds = om.Bounds(
        lower={
            "level": 500,
            "break": {"year": 1875, "shift": -600},
            "noise": {"sd": 20, "autocorrelation": -0.9},
        },
        upper={
            "level": 1500,
            "break": {"year": 1965, "shift": 600},
            "noise": {"sd": 400, "autocorrelation": 0.9},
        },
    )
    jobs = {
        "lbfgsb": ("lbfgsb", 1890.0),
        "neldermead": ("neldermead", 1890.0),
        "neldermead_parallel": ("neldermead_parallel", 1890.0),
        "lbfgsb from 1920": ("lbfgsb", 1920.0),
        "differential_evolution from 1920": ("differential_evolution", 1920.0),
    }
    rows = []
    for name, (algorithm, year) in jobs.items():
        fun, calls = counted(contributions)
        begin = perf_counter()
        result = om.maximize(
            fun,
            start(year),
            algorithm=algorithm,
            bounds=bounds,
            constraints=om.FixedConstraint(selector=lambda p: p["break"]["width"]),
        )
        rows.append([name, result, calls, perf_counter() - begin])
        if len(rows) == 1:
            print(result, "\n")
            for key, value in result.params.items():
                print(f"  {key}: {value}")
    best = max(result.fun for _, result, *_ in rows)
    table([[*row, f"{best - row[1].fun:.1e}"] for row in rows], "short of best")
    print("(The likelihood has a second peak: a local algorithm that starts in 1920 stays there.)")


def counted(fun):
    """`fun`, with a list whose length is the number of its calls, those for numerical derivatives included."""
    calls = []

    def wrapped(params):
        calls.append(None)
        return fun(params)

    wrapped.__dict__.update(fun.__dict__)  # the mark
    return wrapped, calls


def table(rows, measure):
    print(
        f"\n{'algorithm':37}{'fun':>18}{'evaluations':>13}{'derivatives':>13}{'calls':>7}{'ms':>7}"
        f"{measure:>15}  end"
    )
    for name, result, calls, seconds, distance in rows:
        print(
            f"{name:37}{result.fun:18.9f}{result.n_fun_evals:13}{result.n_jac_evals or 0:13}{len(calls):7}"
            f"{1000 * seconds:7.1f}{distance:>15}  {'ok' if result.success else result.message}"
        )


def main():
    print("1. Least squares: NIST's Thurber, from the far start\n")
    least_squares_fit()
    print("\n\n2. Maximum likelihood: the flow of the Nile, 1871-1970\n")
    likelihood_fit()


if __name__ == "__main__":
    main()
