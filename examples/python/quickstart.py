"""From a function to a result."""

import numpy as np
import thalweg as om


def rosenbrock(x):
    return 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2


def main():
    # A smooth function: L-BFGS-B with numerical derivatives.
    result = om.minimize(rosenbrock, params=np.array([-1.2, 1.0]), algorithm="lbfgsb")
    print(result)
    print("\nparams", result.params)
    print(f"fun {result.fun:.2e}, success {result.success} after {result.n_fun_evals} evaluations")

    # The same function without derivatives, with options.
    result = om.minimize(
        rosenbrock,
        params=np.array([-1.2, 1.0]),
        algorithm="neldermead",
        algo_options={"stopping.maxfun": 500, "convergence.xtol_abs": 1e-8},
    )
    print("Nelder-Mead:", result.params, "after", result.n_fun_evals, "evaluations")

    # Algorithms are also objects, with completion in your editor.
    result = om.minimize(
        rosenbrock,
        params=np.array([-1.2, 1.0]),
        algorithm=om.algos.lbfgsb(convergence_gtol_abs=1e-8),
    )
    print("with options:", result.message)

    # Maximization is the same with another name, and `fun` keeps your sign.
    result = om.maximize(lambda x: float(np.sin(x)), params=1.0, algorithm="lbfgsb")
    print(f"The largest sine is {result.fun:.6f} at {result.params:.6f}")


if __name__ == "__main__":
    main()
