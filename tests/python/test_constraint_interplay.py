"""Constraints beside each other and beside bounds: what is merged, what is accepted, what is refused."""

import numpy as np
import pytest
import thalweg as om
from thalweg.exceptions import (
    IncompleteBoundsError,
    InvalidBoundsError,
    InvalidConstraintError,
    InvalidParamsError,
)

INF = np.inf
SIMPLEX = om.ProbabilityConstraint([0, 1, 2])
SHARES = (0.2, 0.3, 0.5)
TRIANGLE = (1.0, 0.1, 2.0, 0.2, 0.3, 3.0)
SDCORR = (1.0, 2.0, 3.0, 0.1, 0.2, 0.3)


def run(params, constraints, lower=None, upper=None, center=0.0, algorithm="lbfgsb", **options):
    """The quadratic around `center`; the result, and every point of the run."""
    points, bounds = [], None
    if lower is not None or upper is not None:
        bounds = om.Bounds(
            lower=None if lower is None else np.array(lower, dtype=float),
            upper=None if upper is None else np.array(upper, dtype=float),
        )

    def fun(x):
        points.append(x.copy())
        return float((x - center) @ (x - center))

    result = om.minimize(
        fun, np.array(params), algorithm, bounds=bounds, constraints=constraints, **options
    )
    return result, np.array(points)


# Bounds that a constraint implies are nothing to complain about.


@pytest.mark.parametrize(
    ("params", "constraint", "lower", "upper"),
    [
        (SHARES, SIMPLEX, [0, 0, 0], [1, 1, 1]),
        (SHARES, SIMPLEX, [0, -1, -INF], [1, 5, INF]),
        (TRIANGLE, om.FlatCovConstraint(), [0, -INF, 0, -INF, -INF, 0], [INF] * 6),
        (SDCORR, om.FlatSDCorrConstraint(), [0, 0, 0, -1, -1, -1], [INF, INF, INF, 1, 1, 1]),
    ],
)
def test_implied_bounds_are_accepted(params, constraint, lower, upper):
    result, points = run(params, constraint, lower, upper, center=0.1)
    assert result.success
    assert (points >= np.array(lower) - 1e-15).all()
    assert (points <= np.array(upper) + 1e-15).all()
    free, _ = run(params, constraint, center=0.1)
    assert result.fun == pytest.approx(free.fun, abs=1e-6)


@pytest.mark.parametrize(
    ("params", "constraint", "lower", "upper", "names"),
    [
        (SHARES, SIMPLEX, [0.1, 0, 0], [1, 1, 1], ["'0'"]),
        (SHARES, SIMPLEX, None, [1, 0.4, 1], ["'1'"]),
        (TRIANGLE, om.FlatCovConstraint(), None, [INF, 5, INF, INF, INF, INF], ["'1'"]),
        (SDCORR, om.FlatSDCorrConstraint(), [0, 0.5, 0, -1, -1, -1], None, ["'1'"]),
    ],
)
def test_other_bounds_are_refused(params, constraint, lower, upper, names):
    with pytest.raises(InvalidConstraintError) as caught:
        run(params, constraint, lower, upper)
    message = str(caught.value)
    assert "constraints[0]" in message
    assert all(name in message for name in names)


@pytest.mark.parametrize(("kind", "params"), [("covariance", TRIANGLE), ("sdcorr", SDCORR)])
def test_the_first_variance_may_be_bounded(kind, params):
    """Whose square root is an entry of the Cholesky factor: 0.5 <= variance, not 0.5 <= factor."""
    constraint = om.FlatCovConstraint() if kind == "covariance" else om.FlatSDCorrConstraint()
    lower, upper = [0.5] + [-INF] * 5, [0.8] + [INF] * 5
    start = (0.7, *params[1:])
    for center, expected in ((0.0, 0.5), (5.0, 0.8)):
        result, points = run(start, constraint, lower, upper, center=center)
        assert (points[:, 0] >= 0.5 - 1e-12).all()
        assert (points[:, 0] <= 0.8 + 1e-12).all()
        assert result.params[0] == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(("kind", "params"), [("covariance", TRIANGLE), ("sdcorr", SDCORR)])
def test_the_first_variance_may_be_fixed(kind, params):
    constraint = om.FlatCovConstraint() if kind == "covariance" else om.FlatSDCorrConstraint()
    start = (2.0, *params[1:])
    result, points = run(start, [constraint, om.FixedConstraint([0])], center=0.5)
    assert points[:, 0] == pytest.approx(2.0, abs=1e-12)
    assert result.n_free == 5


def test_bounds_of_equal_parameters_are_the_strictest():
    result, points = run(
        [3.0, 3.0, 3.0], om.EqualityConstraint(), [1, 2, -INF], [INF, 5, 4], center=-1
    )
    assert result.params.tolist() == [2, 2, 2]
    result, _ = run([3.0, 3.0, 3.0], om.EqualityConstraint(), [1, 2, -INF], [INF, 5, 4], center=9)
    assert result.params.tolist() == [4, 4, 4]
    assert ((points >= 2) & (points <= 4)).all()


def test_bounds_of_equal_parameters_that_exclude_each_other():
    with pytest.raises((InvalidBoundsError, InvalidConstraintError, InvalidParamsError)) as caught:
        run([3.0, 3.0], om.EqualityConstraint(), [3, -INF], [INF, 2])
    assert "'1'" in str(caught.value)


# Fixed and equal.


def test_a_fixed_parameter_fixes_its_equals():
    result, points = run([1.0, 1.0, 5.0], [om.EqualityConstraint([0, 1]), om.FixedConstraint([1])])
    assert (points[:, :2] == 1).all()
    assert result.n_free == 1


def test_overlapping_equalities_are_one():
    constraints = [om.EqualityConstraint([2, 1]), om.EqualityConstraint([0, 1])]
    result, points = run([1.0, 1.0, 1.0, 5.0], constraints, center=[1, 2, 3, 4])
    assert (points[:, 0] == points[:, 1]).all()
    assert (points[:, 0] == points[:, 2]).all()
    assert np.allclose(result.params, [2, 2, 2, 4], atol=1e-5)
    assert result.n_free == 2


@pytest.mark.parametrize(
    ("constraint", "params"),
    [
        (SIMPLEX, SHARES),
        (om.FlatCovConstraint(), TRIANGLE),
        (om.FlatSDCorrConstraint(), SDCORR),
        (om.IncreasingConstraint(), (1.0, 2.0, 3.0)),
        (om.LinearConstraint(weights=1, value=6), (1.0, 2.0, 3.0)),
    ],
)
def test_constraints_on_what_is_fixed_altogether_are_dropped(constraint, params):
    fixed = om.FixedConstraint(list(range(len(params))))
    result, points = run([*params, 5.0], [_on(constraint, len(params)), fixed])
    assert (points[:, :-1] == params).all()
    assert result.n_free == 1
    assert result.params[-1] == pytest.approx(0, abs=1e-6)


def _on(constraint, n):
    """The constraint on the first n parameters."""
    options = dict(vars(constraint), selector=list(range(n)))
    return type(constraint)(**options)


def test_a_violated_constraint_on_fixed_parameters_is_an_error():
    with pytest.raises(InvalidParamsError, match=r"constraints\[0\]"):
        run([0.5, 0.6, 1.0], [om.ProbabilityConstraint([0, 1]), om.FixedConstraint([0, 1])])


def test_a_probability_of_zero_may_be_fixed():
    start = [0.0, 0.25, 0.75, 1.0]
    result, points = run(start, [SIMPLEX, om.FixedConstraint([0])], center=0.0)
    assert (points[:, 0] == 0).all()
    assert np.allclose(result.params, [0, 0.5, 0.5, 0], atol=1e-4)


def test_a_fixed_share_leaves_the_rest_to_the_others():
    result, points = run(SHARES, [SIMPLEX, om.FixedConstraint([0])])
    assert (points[:, 0] == 0.2).all()
    assert np.allclose(points.sum(axis=1), 1, atol=1e-12)
    assert np.allclose(result.params, [0.2, 0.4, 0.4], atol=1e-4)
    assert result.n_free == 1


def test_a_zero_at_the_start_may_grow():
    result, points = run([0.5, 0.5, 0.0], SIMPLEX, center=[0, 0, 0.3])
    assert np.allclose(points.sum(axis=1), 1, atol=1e-12)
    assert np.allclose(result.params, [0.7 / 3, 0.7 / 3, 0.3 + 0.7 / 3], atol=1e-3)


# Overlaps.


@pytest.mark.parametrize(
    ("constraints", "params"),
    [
        ([SIMPLEX, om.ProbabilityConstraint([2, 3])], [0.3, 0.3, 0.4, 0.6]),
        ([om.FlatCovConstraint([0, 1, 2]), om.FlatCovConstraint([2, 3, 4])], [1, 0, 1, 0, 1]),
        ([om.FlatCovConstraint([0, 1, 2]), SIMPLEX], [0.4, 0.2, 0.4]),
        ([om.FlatCovConstraint(), om.FixedConstraint([2])], TRIANGLE),
    ],
)
def test_what_does_not_go_together(constraints, params):
    with pytest.raises(InvalidConstraintError) as caught:
        run([float(value) for value in params], constraints)
    assert "constraints[" in str(caught.value)
    assert "'" in str(caught.value)  # names


def test_rows_on_members_of_a_simplex_are_kept_by_an_augmented_lagrangian():
    shares = np.array([0.3, 0.3, 0.4])
    order = om.IncreasingConstraint([0, 1])
    result, points = run(shares, [SIMPLEX, order], center=[0.6, 0.2, 0.2])
    assert result.success
    assert result.max_constraint_violation <= 1e-5
    np.testing.assert_allclose(result.params, [0.4, 0.4, 0.2], atol=1e-4)
    np.testing.assert_allclose(points.sum(axis=1), 1, atol=1e-14)  # the simplex always holds
    assert [entry.handling for entry in result.constraint_plan] == ["reparametrized", "augmented"]
    assert repr(result.constraint_plan).splitlines()[1] == (
        "constraints[1] (increasing): 1 of 1 rows kept by an augmented Lagrangian"
    )


@pytest.mark.parametrize("k", [2, 4, 5])
@pytest.mark.parametrize("kind", [om.FlatCovConstraint, om.FlatSDCorrConstraint])
def test_what_is_no_triangle(kind, k):
    with pytest.raises(InvalidConstraintError) as caught:
        run(np.ones(k), kind())
    message = str(caught.value)
    assert "constraints[0]" in message
    assert str(k) in message
    assert "triangle" in message


def test_selections_of_different_length():
    with pytest.raises(InvalidConstraintError) as caught:
        run(np.ones(5), om.PairwiseEqualityConstraint([[0, 1], [2, 3, 4]]))
    message = str(caught.value)
    assert "constraints[0]" in message
    assert "2" in message
    assert "3" in message


def test_selecting_twice():
    with pytest.raises(InvalidConstraintError) as caught:
        run(np.ones(3), [om.FixedConstraint([0]), om.EqualityConstraint([1, 1, 2])])
    message = str(caught.value)
    assert "constraints[1]" in message
    assert "more than once" in message
    assert "'1'" in message


# Linear constraints.


def test_more_rows_than_parameters_are_no_error():
    """x0 + x1 >= 0 with both bounded below: the reference gives up."""
    constraint = om.LinearConstraint(weights=1, lower_bound=0.0)
    result, points = run([1.0, 1.0], constraint, [0.0, 0.0], None, center=[-1, 2])
    assert (points >= 0).all()
    assert np.allclose(result.params, [0, 2], atol=1e-5)
    assert result.constraint_plan[0].handling == "implied"


def test_contradicting_values():
    constraints = [
        om.LinearConstraint(weights=1, value=2),
        om.LinearConstraint(weights=2, value=5),
    ]
    with pytest.raises((InvalidConstraintError, InvalidParamsError), match=r"constraints\[1\]"):
        run([1.0, 1.0], constraints)


def test_lower_above_upper():
    constraint = om.LinearConstraint(weights=1, lower_bound=3, upper_bound=2)
    with pytest.raises((InvalidConstraintError, InvalidParamsError)) as caught:
        run([1.0, 1.0], constraint)
    message = str(caught.value)
    assert "constraints[0]" in message
    assert "3" in message
    assert "2" in message


@pytest.mark.parametrize(
    ("constraint", "params", "says"),
    [
        (om.ProbabilityConstraint(), [1.0, 2.0], ["probability", "sum", "3", "'0'", "'1'"]),
        (om.ProbabilityConstraint(), [1.5, -0.5], ["probability", "'1'", "-0.5"]),
        (om.EqualityConstraint(), [1.0, 2.0], ["equality", "'0'", "'1'", "1.0", "2.0"]),
        (om.IncreasingConstraint(), [2.0, 1.0], ["increasing", "'0'", "'1'", "2.0", "1.0"]),
        (om.DecreasingConstraint(), [1.0, 2.0], ["decreasing", "'0'", "'1'", "1.0", "2.0"]),
        (om.LinearConstraint(weights=1, value=5), [1.0, 2.0], ["linear", "'0'", "'1'", "3", "5"]),
        (om.LinearConstraint(weights=1, lower_bound=4), [1.0, 2.0], ["linear", "3", "4"]),
        (om.LinearConstraint(weights=1, upper_bound=2), [1.0, 2.0], ["linear", "3", "2"]),
        (om.FlatCovConstraint(), [1.0, 2.0, 1.0], ["covariance", "semidefinite", "'1'", "2.0"]),
        (om.FlatSDCorrConstraint(), [1.0, 1.0, 1.5], ["sdcorr", "'2'", "1.5"]),
        (om.PairwiseEqualityConstraint([[0], [1]]), [1.0, 2.0], ["pairwise", "'0'", "'1'"]),
    ],
)
def test_violated_at_the_start(constraint, params, says):
    with pytest.raises(InvalidParamsError) as caught:
        run(params, [constraint])
    message = str(caught.value)
    assert "constraints[0]" in message
    missing = [word for word in says if word not in message]
    assert not missing, message


def test_rounding_at_the_start_is_forgiven():
    third = 1 / 3
    shares = [0.1 + 0.2, 0.3, 0.4]  # sums to 1.0000000000000002
    run(shares, om.ProbabilityConstraint())
    run([third, third, 1 - 2 * third], om.ProbabilityConstraint())
    run([0.1 + 0.2, 0.3], om.EqualityConstraint())
    run([0.1, 0.2], om.LinearConstraint(weights=1, value=0.3))
    run([0.3, 0.1 + 0.2], om.DecreasingConstraint())


# Algorithms that cannot.


@om.mark.least_squares
def residuals(x):
    return x


@pytest.mark.parametrize(
    ("constraint", "kind"), [(SIMPLEX, "probability"), (om.IncreasingConstraint(), "increasing")]
)
def test_an_algorithm_without_bounds_refuses_what_needs_them(constraint, kind):
    with pytest.raises(InvalidConstraintError) as caught:
        om.minimize(residuals, np.array(SHARES), "levenberg_marquardt", constraints=[constraint])
    message, algorithms = str(caught.value).split(" Algorithms that do: ")
    assert message == (
        f"levenberg_marquardt does not support bounds, by which constraints[0] ({kind}) would be "
        "kept."
    )
    assert {"lbfgsb", "neldermead", "trf"} <= set(algorithms.removesuffix(".").split(", "))
    result = om.minimize(residuals, np.array(SHARES), "trf", constraints=constraint)
    assert result.success


def test_the_users_own_bounds_are_named_as_such():
    bounds = om.Bounds(lower=np.array([-INF, -INF, -INF, 0.0]))
    start = np.array([*SHARES, 1.0])
    fixed = om.FixedConstraint([0])
    with pytest.raises(InvalidBoundsError, match=r"but parameter '3' has bounds \[0, inf\]"):
        om.minimize(residuals, start, "levenberg_marquardt", bounds=bounds, constraints=fixed)


def test_an_algorithm_that_needs_bounds_says_that_constraints_have_none():
    with pytest.raises(IncompleteBoundsError) as caught:
        run(SHARES, SIMPLEX, [0, 0, 0], [1, 1, 1], algorithm="differential_evolution")
    assert str(caught.value).endswith(
        "The coordinates by which constraints[0] (probability) would be kept have no such bounds: "
        "use an algorithm that needs none."
    )
