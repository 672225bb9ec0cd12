"""Closed-form and numerical derivatives, in a run and on their own."""

import numpy as np
import thalweg as om


def fun(x):
    return 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2


def gradient(x):
    gap = x[1] - x[0] ** 2
    return np.array([-400 * x[0] * gap - 2 * (1 - x[0]), 200 * gap])


@om.mark.least_squares
def residuals(p):
    return np.array([p[0] - 1, p[0] * p[1], p[1] - 2])


@om.mark.least_squares
def residuals_jac(p):
    return np.array([[1, 0], [p[1], p[0]], [0, 1]])


def main():
    start = np.array([-1.2, 1.0])
    central = om.NumdiffOptions(method="central", step_rule="optimal")
    # By default: forward differences, n + 1 evaluations per gradient.
    for name, how in {
        "forward": {},
        "central": {"numdiff_options": central},
        "closed form": {"jac": gradient},
    }.items():
        result = om.minimize(
            fun, start, algorithm="lbfgsb", algo_options={"convergence.ftol_rel": 0}, **how
        )
        error = np.abs(result.params - 1).max()
        print(f"{name:12} error {error:.1e} after {result.n_fun_evals} evaluations")

    # Least squares: the Jacobian of the residuals.
    result = om.minimize(
        residuals, np.array([3.0, 3.0]), algorithm="levenberg_marquardt", jac=residuals_jac
    )
    print("least squares:", result.params, "after", result.n_jac_evals, "Jacobians")

    # A check before a long run.
    print(om.check_jac(fun, start, gradient))

    # On their own, and within bounds: nothing is evaluated below zero.
    root = om.first_derivative(
        lambda x: np.sqrt(x[0]) * x[1], np.array([1e-9, 2.0]), bounds=om.Bounds(lower=np.zeros(2))
    )
    print("gradient", root.derivative)
    print("hessian\n", om.second_derivative(lambda x: x[0] * x[1] ** 2, np.array([1.0, 2.0])).derivative)


if __name__ == "__main__":
    main()
