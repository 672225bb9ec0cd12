"""Real workers of Dask, Ray and pathos, where they are installed: the same search as in threads. Skipped elsewhere: starting
their clusters takes seconds, and they are large to install.

    pip install 'dask[distributed]' ray pathos
"""

import sys
import time

import numpy as np
import pytest
import thalweg as om


def ackley(x):
    time.sleep(0.002)
    bowl = -20 * np.exp(-0.2 * np.sqrt(np.mean(x**2)))
    return bowl - np.exp(np.mean(np.cos(2 * np.pi * x))) + 20 + np.e


def search(batch_evaluator):
    return om.minimize(
        ackley,
        np.array([3.0, 2.0]),
        "lbfgsb",
        bounds=om.Bounds(np.full(2, -5.0), np.full(2, 5.0)),
        multistart=om.MultistartOptions(
            n_samples=30, seed=3, n_cores=2, batch_evaluator=batch_evaluator
        ),
        numdiff_options=om.NumdiffOptions(n_cores=2, batch_evaluator=batch_evaluator),
    )


def check(*batch_evaluators):
    expected = search("threading")
    for batch_evaluator in batch_evaluators:
        result = search(batch_evaluator)
        np.testing.assert_array_equal(result.params, expected.params)
        assert result.n_fun_evals == expected.n_fun_evals


def test_dask():
    distributed = pytest.importorskip("distributed")
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with distributed.Client(**options) as client:
        check(client, client.get_executor())


def test_ray():
    ray = pytest.importorskip("ray")
    # Ray's workers cannot import this module.
    pytest.importorskip("cloudpickle").register_pickle_by_value(sys.modules[__name__])
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        from ray.util.multiprocessing import Pool

        check(Pool(2))
    finally:
        ray.shutdown()


def test_pathos():
    pools = pytest.importorskip("pathos.pools")
    check("pathos", "pathos_mp", pools.ProcessPool(2))
