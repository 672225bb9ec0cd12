"""Every kind of constraint, with params of every shape, holds at every evaluation of every algorithm."""

import warnings

import numpy as np
import pandas as pd
import pytest
import thalweg as om

NAMES = [f"p{i}" for i in range(6)]
SCALES = np.array([1.0, 2.0, 3.0, 1.0, 2.0, 3.0])


def covariance(flat):
    matrix = np.zeros((3, 3))
    matrix[np.tril_indices(3)] = flat
    return matrix + np.tril(matrix, -1).T


def covariance_of_sdcorr(flat):
    correlations = np.eye(3)
    correlations[np.tril_indices(3, -1)] = flat[3:]
    correlations += np.tril(correlations, -1).T
    return np.diag(flat[:3]) @ correlations @ np.diag(flat[:3])


def smallest_eigenvalue(matrix):
    return np.linalg.eigvalsh(matrix)[0]


class Kind:
    """A constraint on vectors of six parameters, start values that satisfy it, and what it says.

    `center` is where the objective would go without the constraint, which it violates.
    """

    def __init__(self, make, start, center, holds, n_free, **bounds):
        self.make, self.holds, self.n_free = make, holds, n_free
        self.start, self.center = np.array(start, dtype=float), np.array(center, dtype=float)
        self.bounds = bounds


KINDS = {
    "fixed": Kind(
        lambda select: om.FixedConstraint(select([1, 4])),
        [1, 2, 3, 4, 5, 6],
        [0, 0, 0, 0, 0, 0],
        lambda x: x[1] == 2 and x[4] == 5,
        4,
    ),
    "equality": Kind(
        lambda select: om.EqualityConstraint(select([0, 2, 5])),
        [1, 2, 1, 4, 5, 1],
        [0, 1, 2, 3, 4, 5],
        lambda x: x[0] == x[2] == x[5],
        4,
    ),
    "pairwise_equality": Kind(
        lambda select: om.PairwiseEqualityConstraint([select([0, 1]), select([3, 2])]),
        [1, 2, 2, 1, 5, 6],
        [0, 1, 2, 3, 4, 5],
        lambda x: x[0] == x[3] and x[1] == x[2],
        4,
    ),
    "increasing": Kind(
        lambda select: om.IncreasingConstraint(select([0, 1, 3])),
        [1, 2, 0, 3, 5, 6],
        [3, 2, 1, 0, 1, 2],
        lambda x: x[0] <= x[1] <= x[3],
        6,
    ),
    "decreasing": Kind(
        lambda select: om.DecreasingConstraint(select([0, 1, 3])),
        [3, 2, 0, 1, 5, 6],
        [0, 2, 1, 3, 1, 2],
        lambda x: x[0] >= x[1] >= x[3],
        6,
    ),
    "linear": Kind(
        lambda select: om.LinearConstraint(
            select([0, 1, 2]), weights=[1.0, 2.0, -1.0], upper_bound=3.0
        ),
        [1, 1, 1, 1, 1, 1],
        [3, 4, 0, 1, 2, 3],
        lambda x: x[0] + 2 * x[1] - x[2] <= 3 + 1e-12,
        6,
    ),
    "linear with a value": Kind(
        lambda select: om.LinearConstraint(select([0, 1, 2]), weights=0.5, value=1.5),
        [1, 1, 1, 1, 1, 1],
        [3, 4, 0, 1, 2, 3],
        lambda x: abs(0.5 * x[:3].sum() - 1.5) <= 1e-12 * max(1, abs(x[:3]).max()),
        5,
    ),
    "probability": Kind(
        lambda select: om.ProbabilityConstraint(select([0, 1, 2, 3])),
        [0.1, 0.2, 0.3, 0.4, 5, 6],
        [0.9, 0.1, -0.3, 0.5, 1, 2],
        lambda x: abs(x[:4].sum() - 1) <= 1e-12 and (x[:4] >= 0).all(),
        5,
    ),
    "covariance": Kind(
        lambda select: om.FlatCovConstraint(select(range(6))),
        [1, 0.1, 2, 0.2, 0.3, 3],
        [1, 2, 2, -1, 0.5, 1],
        lambda x: smallest_eigenvalue(covariance(x)) >= -1e-9 * max(1, abs(x).max()),
        6,
    ),
    "sdcorr": Kind(
        lambda select: om.FlatSDCorrConstraint(select(range(6))),
        [1, 2, 3, 0.1, 0.2, 0.3],
        [1.5, 1, 2, 0.9, -0.9, 0.9],
        lambda x: (
            smallest_eigenvalue(covariance_of_sdcorr(x)) >= -1e-9 * max(1, abs(x).max())
            and (x[:3] >= 0).all()
            and (abs(x[3:]) <= 1).all()
        ),
        6,
    ),
}


class Shape:
    """Params of one shape: how they are made from a vector, read, and selected from."""

    def __init__(self, make, read, select):
        self.make, self.read, self.select = make, read, select


SHAPES = {
    "array": Shape(np.array, np.asarray, lambda which: lambda x: x[list(which)]),
    "dict": Shape(
        lambda flat: {"a": flat[0], "b": np.array(flat[1:4]), "c": list(flat[4:])},
        lambda p: np.array([p["a"], *p["b"], *p["c"]]),
        lambda which: lambda p: [[p["a"], *p["b"], *p["c"]][i] for i in which],
    ),
    "series": Shape(
        lambda flat: pd.Series(flat, index=NAMES),
        lambda p: p.to_numpy(),
        lambda which: lambda p: p.loc[[NAMES[i] for i in which]],
    ),
    "frame": Shape(
        lambda flat: pd.DataFrame({"value": flat, "note": "n"}, index=NAMES),
        lambda p: p["value"].to_numpy(),
        lambda which: lambda p: p.loc[[NAMES[i] for i in which], "value"],
    ),
    "names": Shape(
        lambda flat: dict(zip(NAMES, map(float, flat), strict=True)),
        lambda p: np.array(list(p.values())),
        lambda which: [NAMES[i] for i in which],
    ),
}


def run(kind, shape, algorithm, *, with_jac=False, least_squares=False, bounds=None, **options):
    """The result, and all points at which the objective was evaluated, as vectors."""
    points = []

    def residuals(params):
        flat = shape.read(params).astype(float)
        points.append(flat)
        return SCALES * (flat - kind.center)

    def jac(params):
        flat = shape.read(params).astype(float)
        return shape.make(2 * SCALES**2 * (flat - kind.center))

    fun = om.mark.least_squares(residuals) if least_squares else lambda p: (residuals(p) ** 2).sum()
    result = om.minimize(
        fun,
        shape.make(kind.start),
        algorithm,
        constraints=kind.make(shape.select),
        jac=jac if with_jac else None,
        bounds=bounds,
        algo_options=options,
    )
    return result, np.array(points)


def best_of(name):
    """The solution by the algorithm that is most exact."""
    kind = KINDS[name]
    result, _ = run(kind, SHAPES["array"], "lbfgsb", with_jac=True, convergence_ftol_rel=1e-14)
    return result


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("with_jac", [True, False])
def test_lbfgsb(name, shape, with_jac):
    kind, shape = KINDS[name], SHAPES[shape]
    result, points = run(kind, shape, "lbfgsb", with_jac=with_jac)
    assert all(map(kind.holds, points))
    assert kind.holds(shape.read(result.params))
    assert type(result.params) is type(shape.make(kind.start))
    assert result.success
    assert result.n_free == kind.n_free
    assert result.fun == pytest.approx(best_of(name).fun, rel=1e-5)
    assert np.allclose(shape.read(result.params), best_of(name).params, atol=2e-3)


@pytest.mark.parametrize("name", KINDS)
def test_neldermead(name):
    kind = KINDS[name]
    result, points = run(kind, SHAPES["array"], "neldermead", stopping_maxfun=20_000)
    assert all(map(kind.holds, points))
    assert result.fun == pytest.approx(best_of(name).fun, rel=1e-3)


@pytest.mark.parametrize("name", KINDS)
def test_trf(name):
    kind = KINDS[name]
    result, points = run(kind, SHAPES["dict"], "trf", least_squares=True)
    assert all(map(kind.holds, points))
    assert result.fun == pytest.approx(best_of(name).fun, rel=1e-4)


@pytest.mark.parametrize("name", ["fixed", "equality", "pairwise_equality", "linear with a value"])
def test_levenberg_marquardt(name):
    kind = KINDS[name]
    result, points = run(kind, SHAPES["series"], "levenberg_marquardt", least_squares=True)
    assert all(map(kind.holds, points))
    assert result.fun == pytest.approx(best_of(name).fun, rel=1e-6)


@pytest.mark.parametrize("name", ["fixed", "equality", "pairwise_equality"])
def test_differential_evolution(name):
    kind = KINDS[name]
    bounds = om.Bounds(lower=np.full(6, -10.0), upper=np.full(6, 10.0))
    result, points = run(
        kind,
        SHAPES["array"],
        "differential_evolution",
        bounds=bounds,
        seed=1,
        stopping_maxiter=400,
        stopping_maxfun=20_000,
    )
    assert all(map(kind.holds, points))
    assert (abs(points) <= 10).all()
    assert result.fun == pytest.approx(best_of(name).fun, rel=1e-2)


def test_numerical_derivatives_never_leave_the_constraints():
    """Also central differences, at solutions where constraints are active."""
    for name, kind in KINDS.items():
        points = []

        def fun(x, points=points, kind=kind):
            points.append(x.copy())
            return ((x - kind.center) ** 2).sum()

        om.minimize(
            fun,
            kind.start,
            "lbfgsb",
            constraints=kind.make(SHAPES["array"].select),
            numdiff_options=om.NumdiffOptions(method="central"),
        )
        assert all(map(kind.holds, points)), name


@pytest.mark.parametrize("name", KINDS)
def test_maximize(name):
    kind, points = KINDS[name], []

    def fun(x):
        points.append(x.copy())
        return -((SCALES * (x - kind.center)) ** 2).sum()

    result = om.maximize(fun, kind.start, "lbfgsb", constraints=kind.make(SHAPES["array"].select))
    assert all(map(kind.holds, points))
    assert result.fun == pytest.approx(-best_of(name).fun, rel=1e-5)


@pytest.mark.parametrize("name", KINDS)
def test_ask_tell(name):
    kind = KINDS[name]
    optimizer = om.Optimizer(
        kind.start, "neldermead", constraints=kind.make(SHAPES["array"].select)
    )
    while (request := optimizer.ask()) is not None:
        assert all(map(kind.holds, request.params))
        optimizer.tell([((SCALES * (x - kind.center)) ** 2).sum() for x in request.params])
    assert optimizer.result().constraint_plan is not None
    assert kind.holds(optimizer.result().params)


@pytest.mark.parametrize("name", KINDS)
def test_history_and_result_are_in_the_users_terms(name):
    kind = KINDS[name]
    result, _ = run(kind, SHAPES["dict"], "lbfgsb")
    read = SHAPES["dict"].read
    assert all(kind.holds(read(params)) for params in result.history.params)
    assert result.history.params[0].keys() == {"a", "b", "c"}
    assert result.max_constraint_violation <= 1e-10


# 2022's dicts say the same.

IN_2022 = {
    "fixed": {"type": "fixed", "loc": [1, 4]},
    "equality": {"type": "equality", "loc": [0, 2, 5]},
    "pairwise_equality": {"type": "pairwise_equality", "locs": [[0, 1], [3, 2]]},
    "increasing": {"type": "increasing", "loc": [0, 1, 3]},
    "decreasing": {"type": "decreasing", "loc": [0, 1, 3]},
    "linear": {"type": "linear", "loc": [0, 1, 2], "weights": [1, 2, -1], "upper_bound": 3},
    "linear with a value": {"type": "linear", "loc": [0, 1, 2], "weights": 0.5, "value": 1.5},
    "probability": {"type": "probability", "loc": [0, 1, 2, 3]},
    "covariance": {"type": "covariance", "loc": slice(None)},
    "sdcorr": {"type": "sdcorr", "selector": lambda x: x},
}


def in_2022(kind, params, constraint):
    with pytest.warns(FutureWarning) as warned:
        result = om.minimize(
            lambda p: ((SCALES * (np.asarray(getattr(p, "value", p)) - kind.center)) ** 2).sum(),
            params,
            "lbfgsb",
            constraints=[constraint, constraint] if constraint["type"] == "fixed" else constraint,
        )
    assert len(warned) == 1
    assert f'{{"type": "{constraint["type"]}", ...}} -> ' in str(warned[0].message)
    return result


@pytest.mark.parametrize("name", KINDS)
def test_dicts_of_2022_for_arrays(name):
    kind = KINDS[name]
    result = in_2022(kind, kind.start, IN_2022[name])
    assert result.fun == pytest.approx(best_of(name).fun, rel=1e-5)


@pytest.mark.parametrize("labels", [NAMES, [5, 4, 3, 2, 1, 0]])
@pytest.mark.parametrize("name", KINDS)
def test_dicts_of_2022_for_series_go_by_label(name, labels):
    kind, constraint = KINDS[name], dict(IN_2022[name])
    label = lambda which: [labels[i] for i in which]  # noqa: E731
    if isinstance(constraint.get("loc"), list):
        constraint["loc"] = label(constraint["loc"])
    if "locs" in constraint:
        constraint["locs"] = list(map(label, constraint["locs"]))
    result = in_2022(kind, pd.Series(kind.start, index=labels), constraint)
    assert result.fun == pytest.approx(best_of(name).fun, rel=1e-5)


@pytest.mark.parametrize("name", KINDS)
def test_dicts_of_2022_for_frames(name):
    kind, constraint = KINDS[name], dict(IN_2022[name])
    frame = pd.DataFrame({"value": kind.start, "group": range(6)}, index=NAMES)
    for field, query in (("loc", "query"), ("locs", "queries")):
        if field in constraint:
            which = constraint.pop(field)
            say = lambda part: f"group in {list(range(6)) if isinstance(part, slice) else part}"  # noqa: E731
            constraint[query] = list(map(say, which)) if query == "queries" else say(which)
    if "queries" in constraint:  # rows come in the frame's order, whatever the query's
        constraint["queries"] = ["group in [0, 1]", "group in [2, 3]"]
        frame["value"] = [1.0, 2.0, 1.0, 2.0, 5.0, 6.0]
        result = in_2022(kind, frame, constraint)
        values = result.params["value"].to_numpy()
        assert values[0] == values[2]
        assert values[1] == values[3]
        return
    result = in_2022(kind, frame, constraint)
    assert result.fun == pytest.approx(best_of(name).fun, rel=1e-5)
    assert list(result.params["group"]) == list(range(6))


def test_queries_see_the_users_values():
    frame = pd.DataFrame({"value": [1.0, 30.0, 2.0]}, index=["a", "b", "c"])
    with pytest.warns(FutureWarning):
        result = om.minimize(
            lambda p: (p["value"] ** 2).sum(),
            frame,
            "lbfgsb",
            constraints={"type": "fixed", "query": "value > 10"},
        )
    assert np.allclose(result.params["value"], [0, 30, 0], atol=1e-5)


def test_one_location_is_one_parameter():
    for params, loc in ((np.array([1.0, 2.0]), 1), (pd.Series([1.0, 2.0], index=[7, 1]), 1)):
        with pytest.warns(FutureWarning):
            result = om.minimize(
                lambda p: (p**2).sum(),
                params,
                "lbfgsb",
                constraints={"type": "fixed", "loc": loc, "value": 2.0},
            )
        assert np.allclose(np.asarray(result.params), [0, 2], atol=1e-5)


def test_one_warning_lists_everything_that_is_outdated():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        om.minimize(
            criterion=lambda x: x @ x,
            params=np.array([0.5, 0.5, 1.0, 1.0]),
            algorithm="lbfgsb",
            lower_bounds=np.array([-np.inf, -np.inf, 0, 0]),
            constraints=[
                {"type": "probability", "loc": [0, 1]},
                {"type": "equality", "loc": [2, 3]},
                {"type": "equality", "loc": [3, 2]},
            ],
        )
    assert [warning.category for warning in caught] == [FutureWarning]
    assert str(caught[0].message).splitlines()[1:] == [
        "  criterion -> fun",
        "  lower_bounds -> bounds=Bounds(lower=...)",
        '  {"type": "probability", ...} -> ProbabilityConstraint(...)',
        '  {"type": "equality", ...} -> EqualityConstraint(...)',
    ]


# Ways to say it.


@pytest.mark.parametrize(
    "several",
    [
        lambda c: [c],
        lambda c: (c,),
        lambda c: np.array([c], dtype=object),
        lambda c: pd.Series([c]),
        lambda c: {"only": c}.values(),
        lambda c: c,
    ],
)
def test_any_sequence_of_constraints(several):
    constraint = om.FixedConstraint([0])
    result = om.minimize(lambda x: x @ x, np.ones(2), "lbfgsb", constraints=several(constraint))
    assert np.allclose(result.params, [1, 0], atol=1e-5)


@pytest.mark.parametrize(
    "selector",
    [
        ["b_0", "b_1"],
        ["b"],
        [("b",)],
        [("b", "0"), ("b", 1)],
        [1, 2],
        [-3, -2],
        (1, 2),
        range(1, 3),
        np.array([1, 2]),
        lambda p: p["b"],
        lambda p: [p["b"][1], {"u": p["b"][0]}],
    ],
)
def test_selectors(selector):
    params = {"a": 1.0, "b": np.ones(2), "c": {"d": 1.0}}
    result = om.minimize(
        lambda p: p["a"] ** 2 + p["b"] @ p["b"] + p["c"]["d"] ** 2,
        params,
        "lbfgsb",
        constraints=om.FixedConstraint(selector),
    )
    assert result.params["b"].tolist() == [1, 1]
    assert abs(result.params["a"]) < 1e-5
    assert abs(result.params["c"]["d"]) < 1e-5


def test_selectors_may_pick_nothing():
    with pytest.warns(
        UserWarning, match=r"constraints\[1\].* selects no parameters and has no eff"
    ):
        om.minimize(
            lambda x: x @ x,
            np.ones(2),
            "lbfgsb",
            constraints=[om.FixedConstraint([0]), om.EqualityConstraint(lambda x: x[:0])],
        )


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize(
    ("kind", "start", "expected"),
    [
        ("covariance", [1, 0.1, 2, 0.2, 0.3, 3], [0.1, 0, 0.1, 0, 0, 0.1]),
        ("sdcorr", [1, 2, 3, 0.1, 0.2, 0.3], [0.1, 0.1, 0.1, 0, 0, 0]),
    ],
)
def test_the_distance_of_2022_from_singular_matrices(kind, start, expected):
    constraint = {"type": kind, "selector": lambda x: x, "bounds_distance": 0.1}
    result = om.minimize(lambda x: x @ x, np.array(start), "scipy_lbfgsb", constraints=constraint)
    assert np.allclose(result.params, expected, atol=1e-4)
    with pytest.raises(
        om.exceptions.InvalidConstraintError, match="both 'bounds_distance' and 'regularization'"
    ):
        om.minimize(
            lambda x: x @ x,
            np.array(start),
            "scipy_lbfgsb",
            constraints=constraint | {"regularization": 0.1},
        )


@pytest.mark.parametrize("kind", [om.FlatCovConstraint, om.FlatSDCorrConstraint])
@pytest.mark.parametrize("kinds", ["scalar", "least_squares"])
def test_a_singular_start_is_where_the_regularization_moves_it(kind, kinds):
    target = np.array([1.0, 0.8, 0.6, 0.4])
    calls = []

    def residuals(x):
        calls.append(x)
        return x - target

    fun = om.mark.least_squares(residuals)
    if kinds == "scalar":
        fun = lambda x: residuals(x) @ residuals(x)  # noqa: E731
    constraint = kind(lambda x: x[:3], regularization=0.1)
    start = np.ones(4)
    result = om.minimize(fun, start, "lbfgsb", constraints=constraint)
    free = om.minimize(fun, [1.5, 0.9, 0.7, 1], "lbfgsb", constraints=constraint)
    assert np.allclose(result.params, free.params, atol=1e-4)
    assert result.success
    # The run says where it began, and what the objective is there.
    assert not np.allclose(result.start_params, start)
    assert np.array_equal(result.start_params, result.history.params[0])
    gap = result.start_params - target
    assert result.start_fun == pytest.approx(gap @ gap, rel=1e-14)
    assert start.tolist() == [1, 1, 1, 1]


def test_a_start_that_is_moved_by_less_than_it_shows_is_evaluated_where_the_run_begins():
    seen = []

    def fun(x):
        seen.append(x.copy())
        return 1e6 * (x[0] - 0.5) + (x[1] - 1) ** 2

    bounds = om.Bounds(lower=[0.5, -5], upper=[0.5, 5])
    result = om.minimize(fun, np.array([0.5 + 5e-11, 3.0]), "lbfgsb", bounds=bounds)
    assert np.allclose(result.params, [0.5, 1], atol=1e-6)
    assert result.n_jac_evals <= 4
    assert all(x[0] == 0.5 for x in seen)
