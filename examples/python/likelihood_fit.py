"""When did the Nile's flow change? Maximum likelihood with dict parameters, bounds and a fixed parameter."""

import data
import numpy as np
import thalweg as om

NILE = data.columns("nile.csv")


@om.mark.likelihood
def contributions(p):
    """The log-likelihood of each year: a level that shifts, and errors that remember the year before."""
    since = (NILE["year"] - p["break"]["year"]) / p["break"]["width"]
    mean = p["level"] + p["break"]["shift"] / (1 + np.exp(-since))
    sd, rho = p["noise"]["sd"], p["noise"]["autocorrelation"]
    u = NILE["volume"] - mean
    errors = np.append(u[0] * np.sqrt(1 - rho**2), u[1:] - rho * u[:-1])
    densities = -0.5 * np.log(2 * np.pi) - np.log(sd) - 0.5 * (errors / sd) ** 2
    densities[0] += 0.5 * np.log(1 - rho**2)
    return densities


def main():
    start = {
        "level": 1000.0,
        "break": {"year": 1890.0, "shift": -100.0, "width": 1.0},
        "noise": {"sd": 150.0, "autocorrelation": 0.0},
    }
    bounds = om.Bounds(
        lower={"break": {"year": 1875}, "noise": {"sd": 20, "autocorrelation": -0.9}},
        upper={"break": {"year": 1965}, "noise": {"sd": 400, "autocorrelation": 0.9}},
    )
    for algorithm in ["lbfgsb", "neldermead"]:
        result = om.maximize(
            contributions,
            start,
            algorithm=algorithm,
            bounds=bounds,
            constraints=om.FixedConstraint(selector=lambda p: p["break"]["width"]),
        )
        level, change, noise = result.params["level"], result.params["break"], result.params["noise"]
        print(f"{algorithm}: log-likelihood {result.fun:.6f}, {result.message}")
        print(
            f"  around {change['year']:.1f} the level changed from {level:.0f}"
            f" by {change['shift']:.0f} (width {change['width']:g})"
        )
        print(f"  noise: sd {noise['sd']:.1f}, autocorrelation {noise['autocorrelation']:.3f}")


if __name__ == "__main__":
    main()
