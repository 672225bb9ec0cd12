"""You evaluate, wherever and whenever you like: the run waits."""

import numpy as np
import thalweg as om


def fun(x):
    return (x[0] - 1) ** 2 + (x[0] * x[1] - 2) ** 2


def main():
    # Here the answer comes at once; it may come from a cluster, a laboratory, or tomorrow.
    bounds = om.Bounds(lower=np.full(2, -5.0), upper=np.full(2, 5.0))
    optimizer = om.Optimizer(np.array([3.0, 3.0]), "lbfgsb", bounds=bounds)
    rounds = 0
    while (request := optimizer.ask()) is not None:
        optimizer.tell([fun(x) for x in request.params])
        rounds += 1
    result = optimizer.result()
    print("one run:", result.params, "after", rounds, "requests,", result.message)

    # Many runs side by side: one merged batch per round, for objectives that like many points at once.
    starts = np.array([[3.0, 3.0], [-1.0, 4.0], [0.5, -2.0], [4.0, 0.1]])
    runs = [om.Optimizer(start, "neldermead", bounds=bounds) for start in starts]
    widest = 0
    while requests := [(run, asked) for run in runs if (asked := run.ask()) is not None]:
        points = np.array([x for _, asked in requests for x in asked.params])
        values = list(fun(points.T))
        widest = max(widest, len(points))
        for run, asked in requests:
            run.tell([values.pop(0) for _ in asked.params])
    for start, run in zip(starts, runs):
        print(f"from {start}: {run.result().params}, fun {run.result().fun:.1e}")
    print(f"up to {widest} points per round")


if __name__ == "__main__":
    main()
