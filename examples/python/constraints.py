"""High and low years of the Nile: a mixture of two normal distributions, with constraints that hold all the way."""

import data
import numpy as np
import thalweg as om

FLOW = data.columns("nile.csv")["volume"] / 100


@om.mark.likelihood
def contributions(p):
    """The log-likelihood of each year's flow, which is low or high by chance."""
    assert abs(p["shares"].sum() - 1) < 1e-12 and p["means"][0] <= p["means"][1]
    z = (FLOW[:, np.newaxis] - p["means"]) / p["sds"]
    densities = np.exp(-0.5 * z**2) / (np.sqrt(2 * np.pi) * p["sds"])
    return np.log(densities @ p["shares"])


def main():
    start = {"shares": np.array([0.5, 0.5]), "means": np.array([8.0, 11.0]), "sds": np.ones(2)}
    constraints = [
        om.ProbabilityConstraint(selector=lambda p: p["shares"]),
        om.IncreasingConstraint(selector=lambda p: p["means"]),
        om.EqualityConstraint(selector=lambda p: p["sds"]),
    ]
    for algorithm in ["lbfgsb", "neldermead"]:
        result = om.maximize(
            contributions,
            start,
            algorithm=algorithm,
            bounds=om.Bounds(lower={"sds": 0.2}),
            constraints=constraints,
        )
        share, mean, sd = (result.params[key].round(3) for key in ("shares", "means", "sds"))
        print(f"{algorithm}: log-likelihood {result.fun:.6f}, {result.n_free} free parameters")
        print(f"  {share[0]:.2f} of the years around {mean[0]:.2f}, {share[1]:.2f} around {mean[1]:.2f}")
        print(f"  standard deviations {sd[0]:.2f} and {sd[1]:.2f}")
    print(result.constraint_plan)


if __name__ == "__main__":
    main()
