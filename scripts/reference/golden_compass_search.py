"""Golden traces of compass search, from pygmo's compass_search on a population of one, the start.

Writes crates/thalweg-algorithms/tests/golden/compass_search.json. Numbers are written as text, because JSON readers may round.

Run from the root of the repository with pygmo 2.20.0 installed: python scripts/reference/golden_compass_search.py
"""

import json
import pathlib

import pygmo
from objectives import absolute, bard, powell_singular, rosenbrock, sphere

N_TRACED = 100  # evaluations kept of each run, beside its counts and its end


class Traced:
    def __init__(self, function, lower, upper):
        self.function, self.bounds, self.points = function, (lower, upper), []

    def fitness(self, x):
        x = [float(value) for value in x]
        self.points.append(x)
        return [self.function(x)]

    def get_bounds(self):
        return self.bounds


def text(values):
    return [repr(float(value)) for value in values]


def case(function, x0, lower, upper, start_range=0.1, stop_range=0.01, reduction_coeff=0.5):
    problem = pygmo.problem(Traced(function, lower, upper))
    population = pygmo.population(problem, 0)
    population.push_back(x0)
    method = pygmo.compass_search(10**6, start_range, stop_range, reduction_coeff)
    population = pygmo.algorithm(method).evolve(population)
    points = population.problem.extract(Traced).points
    return {
        "function": function.__name__,
        "x0": text(x0),
        "lower": text(lower),
        "upper": text(upper),
        "start_range": repr(start_range),
        "stop_range": repr(stop_range),
        "reduction_coeff": repr(reduction_coeff),
        "nfev": len(points),
        "x": text(population.champion_x),
        "fun": repr(float(population.champion_f[0])),
        "trace": [text(x) for x in points[:N_TRACED]],
    }


CASES = [
    case(sphere, [3], [-4], [5]),
    case(sphere, [1, 2, 3], [0.5, -1, -8], [1.5, 5, 3.5], stop_range=1e-5),
    case(rosenbrock, [-1.2, 1], [-2, -2], [3, 4]),
    case(rosenbrock, [-1.2, 1, 0.3], [-2, -1, -0.1], [0.9, 1.01, 0.4], start_range=0.5, stop_range=1e-4),
    case(powell_singular, [3, -1, 0, 1], [-5, -5, -5, -5], [5, 5, 5, 5], reduction_coeff=0.25),
    case(bard, [1, 1, 1], [0.1, 0, 2e-5], [50, 100, 1.02], stop_range=1e-3),
    case(absolute, [1.0, -2.0, 0.25], [-3, -3, -3], [3, 3, 3], start_range=1.0),
]

target = pathlib.Path("crates/thalweg-algorithms/tests/golden/compass_search.json")
lines = ",\n".join(json.dumps(record) for record in CASES)
target.write_text(f'{{"pygmo": "{pygmo.__version__}", "cases": [\n{lines}\n]}}\n')
for record in CASES:
    print(record["function"], record["x0"], record["nfev"], record["fun"])
