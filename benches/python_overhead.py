"""What the library adds to a Python objective, per evaluation and per call, beside the peers in the same run.

    python benches/python_overhead.py [--quick]

Time added = (time of the run - evaluations x time of the bare objective) / evaluations; each figure is the minimum over
several runs. Peers that are not installed (optimagic, scipy, nlopt) are left out.
"""

import argparse
import importlib.util
import subprocess
import sys
import time

import numpy as np

import thalweg as om


def installed(name):
    return importlib.util.find_spec(name) is not None


class Rosenbrock:
    """A chained Rosenbrock function that counts its calls and costs little."""

    def __init__(self, n):
        self.start = np.tile([-1.2, 1.0], n)[:n]
        self.calls = 0

    def fun(self, x):
        self.calls += 1
        a = x[1:] - x[:-1] * x[:-1]
        b = 1.0 - x[:-1]
        return 100.0 * float(a.dot(a)) + float(b.dot(b))

    def jac(self, x):
        a = x[1:] - x[:-1] * x[:-1]
        g = np.zeros(len(x))
        g[:-1] = -400.0 * a * x[:-1] - 2.0 * (1.0 - x[:-1])
        g[1:] += 200.0 * a
        return g


def bare(problem, with_jac):
    """Seconds of the objective itself."""
    x, n = problem.start, 2000
    best = np.inf
    for _ in range(5):
        begin = time.perf_counter()
        for _ in range(n):
            problem.fun(x)
            if with_jac:
                problem.jac(x)
        best = min(best, (time.perf_counter() - begin) / n)
    return best


def added(run, n, with_jac, repetitions):
    """Microseconds added per evaluation by `run(problem)`."""
    best = np.inf
    for _ in range(repetitions):
        problem = Rosenbrock(n)
        own = bare(problem, with_jac)
        problem.calls = 0
        begin = time.perf_counter()
        run(problem)
        total = time.perf_counter() - begin
        best = min(best, (total - problem.calls * own) / problem.calls)
    return 1e6 * best


MAXFUN = 2000


def thalweg_lbfgsb(p):
    om.minimize(p.fun, p.start, "scipy_lbfgsb", jac=p.jac, algo_options={"stopping.maxfun": MAXFUN})


def thalweg_neldermead(p):
    om.minimize(p.fun, p.start, "scipy_neldermead", algo_options={"stopping.maxfun": MAXFUN})


def optimagic_lbfgsb(p):
    import optimagic

    optimagic.minimize(p.fun, p.start, "scipy_lbfgsb", jac=p.jac, algo_options={"stopping.maxfun": 200})


def optimagic_neldermead(p):
    import optimagic

    optimagic.minimize(p.fun, p.start, "scipy_neldermead", algo_options={"stopping.maxfun": 500})


def scipy_lbfgsb(p):
    from scipy.optimize import minimize

    minimize(p.fun, p.start, jac=p.jac, method="L-BFGS-B", options={"maxfun": MAXFUN})


def scipy_neldermead(p):
    from scipy.optimize import minimize

    minimize(p.fun, p.start, method="Nelder-Mead", options={"maxfev": MAXFUN, "fatol": 1e-8, "xatol": 1e-8})


def nlopt_run(p, name, with_jac):
    import nlopt

    def objective(x, grad):
        if grad.size > 0:
            grad[:] = p.jac(x)
        return p.fun(x)

    optimizer = nlopt.opt(getattr(nlopt, name), len(p.start))
    optimizer.set_min_objective(objective)
    optimizer.set_maxeval(MAXFUN)
    optimizer.set_ftol_rel(1e-14)
    try:
        optimizer.optimize(p.start)
    except Exception:  # nlopt reports roundoff limits as exceptions
        pass


def table_of_evaluations(sizes, repetitions):
    algorithms = {
        "L-BFGS-B with gradient": {
            "thalweg": thalweg_lbfgsb,
            "nlopt": lambda p: nlopt_run(p, "LD_LBFGS", True),
            "scipy": scipy_lbfgsb,
            "optimagic": optimagic_lbfgsb,
        },
        "Nelder-Mead": {
            "thalweg": thalweg_neldermead,
            "nlopt": lambda p: nlopt_run(p, "LN_NELDERMEAD", False),
            "scipy": scipy_neldermead,
            "optimagic": optimagic_neldermead,
        },
    }
    print("Time added per evaluation, numpy params (us), and how many times the peers add")
    print(f"{'':24}{'n':>5}{'thalweg':>10}{'nlopt':>10}{'scipy':>10}{'optimagic':>11}{'x nlopt':>9}{'x scipy':>9}{'x optim.':>9}")
    for title, runs in algorithms.items():
        for n in sizes:
            row = {}
            for name, run in runs.items():
                if name == "thalweg" or installed(name):
                    row[name] = added(run, n, title.startswith("L-BFGS"), repetitions)
            ratios = [row[p] / row["thalweg"] if p in row else np.nan for p in ("nlopt", "scipy", "optimagic")]
            figures = [row.get(p, np.nan) for p in ("thalweg", "nlopt", "scipy", "optimagic")]
            print(
                f"{title:24}{n:>5}{figures[0]:>10.2f}{figures[1]:>10.2f}{figures[2]:>10.2f}{figures[3]:>11.2f}"
                f"{ratios[0]:>9.1f}{ratios[1]:>9.1f}{ratios[2]:>9.1f}"
            )


def best_time(call, repetitions, n=200):
    call()
    best = np.inf
    for _ in range(repetitions):
        begin = time.perf_counter()
        for _ in range(n):
            call()
        best = min(best, (time.perf_counter() - begin) / n)
    return 1e6 * best


def constant_objectives():
    """Shapes of ten parameters, each with an objective that looks at nothing: all of the time is the library's."""
    keys = [f"p{i}" for i in range(10)]
    shapes = {"numpy": np.arange(10.0), "dict of floats": {k: float(i) for i, k in enumerate(keys)}}
    shapes["dict of arrays"] = {"a": np.arange(5.0), "b": np.arange(5.0)}
    if installed("pandas"):
        import pandas as pd

        shapes["DataFrame"] = pd.DataFrame({"value": np.arange(10.0), "lower_bound": -1e6}, index=keys)
    return shapes


def table_of_shapes(repetitions):
    print("\nTime per Nelder-Mead evaluation by shape of ten parameters, objective without work (us)")
    budget = 1000
    for name, params in constant_objectives().items():
        counter = iter(range(10**9))

        def fun(_, counter=counter):
            return float(next(counter) % 7)

        options = {"stopping.maxfun": budget, "stopping.maxiter": budget}
        own = best_time(lambda: om.minimize(fun, params, "scipy_neldermead", algo_options=options), repetitions, 3)
        line = f"{name:20}{own / budget:>8.2f}"
        if installed("optimagic"):
            import optimagic

            options = {"stopping.maxfun": 200, "stopping.maxiter": 200}
            peer = best_time(
                lambda: optimagic.minimize(fun, params, "scipy_neldermead", algo_options=options), 3, 1
            )
            line += f"   optimagic {peer / 200:>8.2f}   ratio {peer / 200 / (own / budget):>7.1f}"
        print(line)


def table_of_calls(repetitions):
    zero = np.zeros(3)
    call = best_time(lambda: om.minimize(lambda x: 1.0, zero, "scipy_lbfgsb", jac=np.zeros_like), repetitions)
    print(f"\nA minimize call that ends after one evaluation: {call:.1f} us")
    n = 100
    x0 = np.arange(float(n))
    calls = 0

    def fun(x):
        nonlocal calls
        calls += 1
        return 1.0

    def run():
        om.minimize(fun, x0, "scipy_lbfgsb")

    run()
    calls = 0
    total = best_time(run, repetitions, 20)
    per_run = calls / (20 * repetitions + 1)
    print(f"Numerical gradient, n = {n}: {total / per_run:.2f} us per evaluation, {per_run:.0f} evaluations a run")


def import_times():
    def seconds(statement):
        best = np.inf
        for _ in range(7):
            begin = time.perf_counter()
            subprocess.run([sys.executable, "-c", statement], check=True)
            best = min(best, time.perf_counter() - begin)
        return best

    nothing, numpy, own = seconds("pass"), seconds("import numpy"), seconds("import thalweg")
    print(
        f"\nImport: numpy {1e3 * (numpy - nothing):.0f} ms, thalweg with numpy {1e3 * (own - nothing):.0f} ms, "
        f"ratio {(own - nothing) / (numpy - nothing):.2f}"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer repetitions")
    repetitions = 3 if parser.parse_args().quick else 7
    table_of_evaluations([2, 10, 100], repetitions)
    table_of_shapes(repetitions)
    table_of_calls(repetitions)
    import_times()


if __name__ == "__main__":
    main()
