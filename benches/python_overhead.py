"""What the library adds to a Python objective, per evaluation and per call, beside the peers in the same run.

    python benches/python_overhead.py [--quick]

Time added = (time of a long run - time of a run of two evaluations) / (their difference in evaluations) - time of the bare
objective, its functions called in turn as in a run; each time is the minimum over many runs, the three in turn. Nothing needs to be taken
off where the objective only hands out what it returned in an earlier run, one value after the other: the second table. Peers that are
not installed (optimagic, scipy, nlopt) are left out.
"""

import argparse
import importlib.util
import os
import resource
import subprocess
import sys
import time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # scipy's L-BFGS-B suffers from threads at these sizes

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

    def both(self, x):
        return self.fun(x), self.jac(x)


class Recorded:
    """What the functions of a problem returned in one run, handed out again without a look at the parameters."""

    def __init__(self, problem, run):
        self.start, self.calls, self.values, self.gradients = problem.start, 0, [], []
        self.fun = lambda x: self.noted(self.values, problem.fun(x))
        self.jac = lambda x: self.noted(self.gradients, problem.jac(x))
        run(self)
        self.calls = len(self.values)

    @staticmethod
    def noted(notes, returned):
        notes.append(returned)
        return returned

    def rewind(self):
        value, gradient = iter(self.values).__next__, iter(self.gradients).__next__
        self.fun = lambda x: value()
        self.jac = lambda x: gradient()
        return self


def best_time(call, seconds=0.3, chunk=1):
    """The shortest time of `call`, in seconds, over many chunks of calls: what other work on the machine adds is left out."""
    call()
    best, end = np.inf, time.perf_counter() + seconds
    while time.perf_counter() < end:
        begin = time.perf_counter()
        for _ in range(chunk):
            call()
        best = min(best, (time.perf_counter() - begin) / chunk)
    return best


def best_times(calls, seconds):
    """The same for several calls in turn, so that a slow moment of the machine meets all of them."""
    best, end = np.full(len(calls), np.inf), time.perf_counter() + seconds
    for call in calls:
        call()
    while time.perf_counter() < end:
        for i, call in enumerate(calls):
            begin = time.perf_counter()
            call()
            best[i] = min(best[i], time.perf_counter() - begin)
    return best


class Case:
    """An algorithm with what it is given: derivatives by a function of their own or beside the value, bounds."""

    def __init__(self, title, names, jac=None, bounds=False):
        self.title, self.jac, self.bounds = title, jac, bounds
        self.runs = dict(zip(("nlopt", "scipy"), names, strict=True))

    def functions(self, problem):
        """The arguments that are functions, by optimagic's names."""
        if self.jac == "both":
            return {"fun_and_jac": problem.both}
        return {"fun": problem.fun} | ({"jac": problem.jac} if self.jac else {})

    def box(self, problem):
        return (np.full(len(problem.start), -5.0), np.full(len(problem.start), 5.0)) if self.bounds else None

    def added(self, library, n):
        """Microseconds added per evaluation, without the fixed cost of the call."""
        problem = Rosenbrock(n)
        functions, run, calls = list(self.functions(problem).values()), LIBRARIES[library], []
        for budget in (BUDGET, 2):
            problem.calls = 0
            run(self, problem, budget)
            calls.append(problem.calls)

        def own():
            for _ in range(50):
                for function in functions:
                    function(problem.start)

        runs = [lambda budget=budget: run(self, problem, budget) for budget in (BUDGET, 2)]
        of_functions, long, short = best_times([own, *runs], 3 * SECONDS)
        return 1e6 * ((long - short) / (calls[0] - calls[1]) - of_functions / 50)

    def recorded(self, library, n):
        """Microseconds per evaluation where the objective has nothing to do, without the fixed cost of the call."""
        run, problems, calls = LIBRARIES[library], [], []
        for budget in (BUDGET, 2):
            problems.append(Recorded(Rosenbrock(n), lambda problem, budget=budget: run(self, problem, budget)))
            calls.append(lambda problem=problems[-1], budget=budget: run(self, problem.rewind(), budget))
        long, short = best_times(calls, 2 * SECONDS)
        return 1e6 * (long - short) / (problems[0].calls - problems[1].calls)


BUDGET = 1000
SECONDS = 2.0


def as_optimagic(library, case, problem, budget):
    box = case.box(problem)
    bounds = {} if box is None else {"bounds": library.Bounds(lower=box[0], upper=box[1])}
    name = {"L-BFGS-B": "scipy_lbfgsb", "Nelder-Mead": "scipy_neldermead"}[case.runs["scipy"]]
    library.minimize(
        **case.functions(problem), params=problem.start, algorithm=name, algo_options={"stopping.maxfun": budget}, **bounds
    )


def by_optimagic(case, problem, budget):
    import optimagic

    as_optimagic(optimagic, case, problem, budget)


def by_scipy(case, problem, budget):
    from scipy.optimize import minimize

    method, box = case.runs["scipy"], case.box(problem)
    options = {"maxfun": budget, "ftol": 2e-9} if case.jac else {"maxfev": budget, "fatol": 1e-8, "xatol": 1e-8}
    bounds = None if box is None else list(zip(*box, strict=True))
    fun = problem.both if case.jac == "both" else problem.fun
    jac = {None: None, "jac": problem.jac, "both": True}[case.jac]
    minimize(fun, problem.start, jac=jac, method=method, bounds=bounds, options=options)


def by_nlopt(case, problem, budget):
    import nlopt

    def separate(x, grad):
        if grad.size > 0:
            grad[:] = problem.jac(x)
        return problem.fun(x)

    def together(x, grad):
        value, jac = problem.both(x)
        if grad.size > 0:
            grad[:] = jac
        return value

    optimizer = nlopt.opt(getattr(nlopt, case.runs["nlopt"]), len(problem.start))
    optimizer.set_min_objective(together if case.jac == "both" else separate)
    if case.bounds:
        low, high = case.box(problem)
        optimizer.set_lower_bounds(low)
        optimizer.set_upper_bounds(high)
    optimizer.set_maxeval(budget)
    optimizer.set_ftol_rel(1e-12)
    try:
        optimizer.optimize(problem.start)
    except Exception:  # nlopt reports roundoff limits as exceptions
        pass


LIBRARIES = {
    "thalweg": lambda case, problem, budget: as_optimagic(om, case, problem, budget),
    "nlopt": by_nlopt,
    "scipy": by_scipy,
    "optimagic": by_optimagic,
}

CASES = [
    Case("L-BFGS-B with gradient", ("LD_LBFGS", "L-BFGS-B"), jac="jac"),
    Case("the same by fun_and_jac", ("LD_LBFGS", "L-BFGS-B"), jac="both"),
    Case("the same within bounds", ("LD_LBFGS", "L-BFGS-B"), jac="jac", bounds=True),
    Case("Nelder-Mead", ("LN_NELDERMEAD", "Nelder-Mead")),
]


def table_of_evaluations(title, sizes, cases, measure):
    print(title)
    print(f"{'':24}{'n':>5}{'thalweg':>10}{'nlopt':>10}{'scipy':>10}{'optimagic':>11}{'x nlopt':>9}{'x scipy':>9}{'x optim.':>9}")
    for case in cases:
        for n in sizes:
            row = {name: measure(case, name, n) for name in LIBRARIES if name == "thalweg" or installed(name)}
            ratios = [row[p] / row["thalweg"] if p in row else np.nan for p in ("nlopt", "scipy", "optimagic")]
            figures = [row.get(p, np.nan) for p in ("thalweg", "nlopt", "scipy", "optimagic")]
            print(
                f"{case.title:24}{n:>5}{figures[0]:>10.2f}{figures[1]:>10.2f}{figures[2]:>10.2f}{figures[3]:>11.2f}"
                f"{ratios[0]:>9.1f}{ratios[1]:>9.1f}{ratios[2]:>9.1f}",
                flush=True,
            )


def constant_objectives():
    """Shapes of ten parameters, each with an objective that looks at nothing: all of the time is the library's."""
    keys = [f"p{i}" for i in range(10)]
    shapes = {"numpy": np.arange(10.0), "dict of floats": {k: float(i) for i, k in enumerate(keys)}}
    shapes["dict of arrays"] = {"a": np.arange(5.0), "b": np.arange(5.0)}
    if installed("pandas"):
        import pandas as pd

        shapes["DataFrame"] = pd.DataFrame({"value": np.arange(10.0), "lower_bound": -1e6}, index=keys)
    return shapes


def table_of_shapes():
    print("\nTime per Nelder-Mead evaluation by shape of ten parameters, objective without work (us)")
    budget = 1000
    for name, params in constant_objectives().items():
        counter = iter(range(10**9))

        def fun(_, counter=counter):
            return float(next(counter) % 7)

        options = {"stopping.maxfun": budget, "stopping.maxiter": budget}
        own = best_time(lambda: om.minimize(fun, params, "scipy_neldermead", algo_options=options), SECONDS) / budget
        line = f"{name:20}{1e6 * own:>8.2f}"
        if installed("optimagic"):
            import optimagic

            options = {"stopping.maxfun": 200, "stopping.maxiter": 200}
            peer = best_time(lambda: optimagic.minimize(fun, params, "scipy_neldermead", algo_options=options), SECONDS)
            line += f"   optimagic {1e6 * peer / 200:>8.2f}   ratio {peer / 200 / own:>7.1f}"
        print(line)


def table_of_calls():
    zero = np.zeros(3)

    def one():
        om.minimize(lambda x: 1.0, zero, "scipy_lbfgsb", jac=lambda x: zero)

    print(f"\nA minimize call that ends after one evaluation: {1e6 * best_time(one, SECONDS, 10):.1f} us")
    x0 = np.arange(100.0)
    calls = 0

    def fun(x):
        nonlocal calls
        calls += 1
        return 1.0

    def run():
        om.minimize(fun, x0, "scipy_lbfgsb")

    run()
    per_run = calls
    own = best_time(lambda: fun(x0), 0.1, 50)
    total = best_time(run, SECONDS)
    print(f"Numerical gradient, n = 100: {1e6 * (total / per_run - own):.2f} us added per evaluation")


def import_times():
    def spent():
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    def seconds(statement):
        """Processor time, which other work on the machine hardly changes."""
        best = np.inf
        for _ in range(15):
            before = spent()
            subprocess.run([sys.executable, "-c", statement], check=True, env=environment)
            best = min(best, spent() - before)
        return best

    # Compiled once, as after an installation.
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    nothing, numpy = seconds("pass"), seconds("import numpy")
    # What a user's script needs: numpy for the parameters, and minimize, which is imported when it is first used.
    own = seconds("import numpy; from thalweg import minimize")
    print(
        f"\nImport (processor time): numpy {1e3 * (numpy - nothing):.0f} ms, numpy and thalweg.minimize "
        f"{1e3 * (own - nothing):.0f} ms, ratio {(own - nothing) / (numpy - nothing):.2f}"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="shorter measurements")
    if parser.parse_args().quick:
        global SECONDS
        SECONDS = 0.5
    sizes = [2, 10, 100]
    added = "Time added per evaluation, numpy params (us), and how many times the peers add"
    table_of_evaluations(added, sizes, CASES, Case.added)
    without_work = "\nTime per evaluation of an objective that hands out recorded values (us)"
    table_of_evaluations(without_work, sizes, [case for case in CASES if case.jac == "jac"], Case.recorded)
    table_of_shapes()
    table_of_calls()
    import_times()


if __name__ == "__main__":
    main()
