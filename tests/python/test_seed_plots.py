"""The printed examples of the documentation, the slides and the tutorial that plot."""

import numpy as np
import pandas as pd
import pytest
import thalweg as om

pytest.importorskip("plotly")


def names(figure):
    return [trace.name for trace in figure.data]


@pytest.fixture
def shown(monkeypatch):
    """What `fig.show` draws; the browser behind it is not everywhere."""
    import plotly.io as pio

    calls = []
    monkeypatch.setattr(pio, "show", lambda fig, *args, **kwargs: calls.append((fig, kwargs)))
    return calls


def test_a6_algorithms_beside_each_other(shown):
    def sphere_gradient(params):
        return 2 * params

    @om.mark.least_squares
    def ls_sphere(params):
        return params

    @om.mark.least_squares
    def ls_sphere_jac(params):
        return np.eye(len(params))

    results = {}
    for algorithm in ["scipy_lbfgsb", "scipy_ls_lm"]:
        results[algorithm] = om.minimize(
            fun=ls_sphere,
            params=np.arange(5),
            algorithm=algorithm,
            jac=[sphere_gradient, ls_sphere_jac],
        )
    fig = om.criterion_plot(results)
    fig.show(renderer="png")
    assert shown == [(fig, {"renderer": "png"})]
    assert names(fig) == ["scipy_lbfgsb", "scipy_ls_lm"]
    for result in results.values():
        assert np.allclose(result.params, 0, atol=1e-6)
    assert len(fig.data[0].y) <= len(fig.data[1].y)


@pytest.fixture(scope="module")
def dict_result():
    def dict_sphere(x):
        return x["a"] ** 2 + x["b"] ** 2 + (x["c"] ** 2).sum()

    return om.minimize(dict_sphere, {"a": 0, "b": 1, "c": pd.Series([2, 3, 4])}, "scipy_neldermead")


def test_c9_criterion_plots(dict_result):
    assert len(om.criterion_plot(dict_result).data[0].y) == 805
    best = om.criterion_plot(dict_result, monotone=True).data[0].y
    assert len(best) == 805 and list(best) == sorted(best, reverse=True)
    assert len(om.criterion_plot(dict_result, max_evaluations=300).data[0].y) == 300


def test_c10_params_plots(dict_result):
    fig = om.params_plot(dict_result, max_evaluations=300)
    assert names(fig) == ["a", "b", "c_0", "c_1", "c_2"]
    assert {len(line.y) for line in fig.data} == {300}
    fig = om.params_plot(dict_result, max_evaluations=300, selector=lambda x: x["c"])
    assert names(fig) == ["c_0", "c_1", "c_2"]


def test_t3_a_selector_of_several_parts():
    def criterion(p):
        misses = (p["b"] - np.arange(3), p["c"] - np.eye(2))
        return (p["a"] - np.pi) ** 2 + sum((miss**2).sum() for miss in misses)

    start = {"a": 0, "b": np.zeros(3), "c": np.zeros((2, 2))}
    res = om.minimize(criterion, start, "scipy_neldermead")
    fig = om.params_plot(res, selector=lambda p: (p["a"], p["b"]))
    assert names(fig) == ["a", "b_0", "b_1", "b_2"]


def test_t10_slices_of_a_badly_scaled_problem():
    factors = np.linspace(1, 100, 5)

    def criterion(params):
        x = params / factors
        return {"value": float(np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2))}

    start = -0.5 * factors
    with pytest.warns(FutureWarning):
        fig = om.slice_plot(
            criterion, start, lower_bounds=start - 0.2 * factors, upper_bounds=start + factors
        )
    assert [trace.name for trace in fig.data if trace.mode == "lines"] == list("01234")
    with pytest.warns(FutureWarning):
        results = {
            name: om.minimize(
                criterion,
                start,
                "nlopt_bobyqa",
                scaling=scaling,
                bounds=om.Bounds(-2 * factors, 2 * factors),
            )
            for name, scaling in (("unscaled", False), ("scaled", True))
        }
    assert results["scaled"].fun <= results["unscaled"].fun + 1e-8
    assert names(om.criterion_plot(results, max_evaluations=300)) == ["unscaled", "scaled"]
