"""Objectives that fall without end: whatever test ends the run, the status says so."""

import numpy as np
import pytest
import thalweg as om


def falls(seed):
    """Objectives without a minimum, with a start each."""
    rng = np.random.default_rng(seed)
    for _ in range(5):
        n = int(rng.integers(1, 5))
        tilt = rng.normal(size=n) * 10 ** rng.uniform(-2, 3)
        start = rng.normal(size=n) * 10 ** rng.uniform(-1, 1)
        yield lambda x, c=tilt: c @ x, start
        yield lambda x: -np.exp(x).sum(), start
        yield lambda x: -(x**4).sum(), start
        yield lambda x, c=np.abs(tilt) + 0.01: (x - np.logaddexp(0, x) - c * x).sum(), start


@pytest.mark.parametrize("algorithm", ["newuoa", "slsqp", "lbfgsb", "truncated_newton"])
@pytest.mark.filterwarnings("ignore")
def test_falls_without_end_are_no_success(algorithm):
    n_told = 0
    for fun, start in falls(seed=1):
        result = om.minimize(fun, start, algorithm, algo_options={"stopping_maxfun": 2000})
        assert not result.success, f"{result} from {start}"
        n_told += result.status == "unbounded"
    assert n_told >= 10


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("algorithm", ["slsqp", "lbfgsb", "truncated_newton"])
def test_a_small_slope_that_stays_is_no_minimum(algorithm):
    # Steep at first; far away one part in a hundred of it is left, and stays.
    for start in ([1.0, 1.0], [0.3, -40.0]):
        result = om.minimize(
            lambda x: (np.sqrt(1 + x * x) - 1.01 * x).sum(),
            np.array(start),
            algorithm,
            algo_options={"stopping_maxfun": 2000},
        )
        assert not result.success


@pytest.mark.filterwarnings("ignore")
def test_a_run_that_has_fallen_by_a_hundred_orders_of_magnitude_is_ended():
    for algorithm in ("lbfgsb", "newuoa", "truncated_newton"):
        result = om.minimize(lambda x: -(x**4).sum(), np.array([2.0]), algorithm)
        assert result.status == "unbounded"
        assert result.n_fun_evals < 20_000
