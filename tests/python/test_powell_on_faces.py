"""Powell's method where constraints become bounds that the minimum lies on."""

import numpy as np
import thalweg as om


def test_a_minimum_with_ties_of_ordered_parameters_is_found():
    target = np.array([0.1, -0.1, 0.6, 0.9, 0.3])
    result = om.minimize(
        lambda x: ((x - target) ** 2).sum(),
        np.array([0.0, 1.0, 2.0, 0.5, 0.5]),
        "powell",
        constraints=[
            om.IncreasingConstraint(lambda x: x[:3]),
            om.ProbabilityConstraint(lambda x: x[3:]),
        ],
    )
    assert result.success
    assert np.allclose(result.params, [0, 0, 0.6, 0.8, 0.2], atol=1e-3)
