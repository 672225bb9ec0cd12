"""Golden traces of the parallel Nelder-Mead method, from optimagic's neldermead_parallel with 1 to 3 moving vertices.

Writes crates/thalweg-algorithms/tests/golden/neldermead_parallel.json. Numbers are written as text, because JSON readers may round.

Run from the root of the repository with optimagic 0.5.3 installed: python scripts/reference/golden_neldermead_parallel.py
"""

import json
import pathlib
import warnings
from importlib.metadata import version

import numpy as np
import optimagic as om
from objectives import absolute, bard, brown_almost_linear, freudenstein_roth, powell_singular, rosenbrock

N_TRACED = 80  # evaluations of each run


def one_after_the_other(func, arguments, unpack_symbol=None, **_):
    """A batch evaluator whose order is known."""
    assert unpack_symbol is None
    return [func(argument) for argument in arguments]


def text(values):
    return [repr(float(value)) for value in values]


def case(function, x0, n_cores=1, **options):
    points = []

    def traced(x):
        points.append([float(value) for value in x])
        return function(points[-1])

    options |= {"n_cores": n_cores, "batch_evaluator": one_after_the_other, "stopping_maxiter": N_TRACED}
    om.minimize(traced, np.array(x0, dtype=float), "neldermead_parallel", algo_options=options)
    return {
        "function": function.__name__,
        "x0": text(x0),
        "n_cores": n_cores,
        "adaptive": options.get("adaptive", True),
        "init_simplex_method": options.get("init_simplex_method", "gao_han"),
        "trace": [text(x) for x in points[:N_TRACED]],
    }


warnings.simplefilter("ignore")
CASES = [
    case(rosenbrock, [1.2, 1]),
    case(rosenbrock, [1.2, -1, 0.3, 2, -0.5]),
    case(rosenbrock, [1.2, -1, 0.3, 2, -0.5], n_cores=2),
    case(rosenbrock, [1.2, -1, 0.3, 2, -0.5], n_cores=3, adaptive=False),
    case(powell_singular, [3, -1, 0, 1], n_cores=2),
    case(freudenstein_roth, [0.5, -1], init_simplex_method="pfeffer"),
    case(brown_almost_linear, [0.5] * 6, init_simplex_method="varadhan_borchers"),
    case(bard, [1, 1, 1], n_cores=2, init_simplex_method="nash"),
    case(absolute, [1.0, -2.0, 0.25, 3.0], n_cores=3),
]

target = pathlib.Path("crates/thalweg-algorithms/tests/golden/neldermead_parallel.json")
lines = ",\n".join(json.dumps(record) for record in CASES)
target.write_text(f'{{"optimagic": "{version("optimagic")}", "cases": [\n{lines}\n]}}\n')
for record in CASES:
    print(record["function"], record["x0"], record["n_cores"], len(record["trace"]))
