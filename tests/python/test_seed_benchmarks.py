"""The benchmark examples of the slides and tutorials of 2022, as printed there."""

import numpy as np
import pytest

import thalweg as em

pytest.importorskip("pandas")


@pytest.fixture(scope="module")
def estimagic():
    problems = em.get_benchmark_problems("estimagic")
    results = em.run_benchmark(
        problems=problems,
        optimize_options=["scipy_lbfgsb", "nag_dfols", "nlopt_bobyqa", "scipy_neldermead"],
        n_cores=4,
        max_criterion_evaluations=150,
    )
    return problems, results


def test_c16_a_run(estimagic):
    problems, results = estimagic
    assert len(problems) == 32 and len(results) == 128
    assert em.traceback_report(problems, results, return_type="text") == []
    solved = (em.convergence_report(problems, results) == "success").sum()
    # More evaluations put nag_dfols ahead of scipy_lbfgsb, which gets exact derivatives here.
    assert solved["nag_dfols"] > solved["nlopt_bobyqa"] > solved["scipy_neldermead"]


def test_c17_profile_plot(estimagic):
    pytest.importorskip("plotly")
    figure = em.profile_plot(*estimagic)
    assert len(figure.data) == 4
    assert [(shape.type, shape.y0, shape.y1) for shape in figure.layout.shapes] == [("line", 1, 1)]
    for line in figure.data:
        heights = np.asarray(line.y, dtype=float)
        assert np.all((heights >= 0) & (heights <= 1)) and heights[-1] > 0


def test_c18_convergence_plot(estimagic):
    pytest.importorskip("plotly")
    problems, results = estimagic
    figure = em.convergence_plot(
        problems,
        results,
        problem_subset=["chebyquad_10", "chnrsbne", "penalty_1", "bdqrtic_8"],
    )
    assert {line.xaxis or "x" for line in figure.data} == {"x", "x2", "x3", "x4"}


def test_d19_noise_and_scaling():
    problems = em.get_benchmark_problems(
        "example",
        additive_noise=True,
        additive_noise_options={"distribution": "normal", "std": 0.2},
        scaling=True,
        scaling_options={"min_scale": 0.1, "max_scale": 1000},
    )
    assert len(problems) == 10 and all(problem["noisy"] for problem in problems.values())
    np.testing.assert_allclose(problems["box_3d"]["inputs"]["params"], [0, 5000.5, 20_000])


def test_c29_bad_scaling():
    plain = em.get_benchmark_problems("estimagic")
    problems = em.get_benchmark_problems(
        name="estimagic", scaling=True, scaling_options={"min_scale": 1, "max_scale": 1_000}
    )
    assert len(problems) == 32
    for name, problem in problems.items():
        x = plain[name]["inputs"]["params"]
        factors = np.linspace(1, 1000, len(x))
        np.testing.assert_allclose(problem["inputs"]["params"], x * factors)
        residuals = plain[name]["inputs"]["fun"](x)
        np.testing.assert_allclose(
            problem["inputs"]["fun"](x * factors),
            residuals,
            rtol=1e-6,
            atol=1e-9 * np.abs(residuals).max(),
        )


def test_t6_tutorial():
    pytest.importorskip("plotly")
    problems = em.get_benchmark_problems("example")
    with pytest.warns(FutureWarning, match="nlopt_lbfgs"):
        results = em.run_benchmark(
            problems, ["scipy_neldermead", "nlopt_lbfgs", "nag_dfols"], n_cores=2
        )
    names = {line.name for line in em.profile_plot(problems, results).data}
    assert names == {"scipy_neldermead", "nlopt_lbfgs", "nag_dfols"}


def test_t10_scaling_of_a_problem():
    problems = em.get_benchmark_problems(
        "example", scaling=True, scaling_options={"min_scale": 1, "max_scale": 100}
    )
    problem = problems["rosenbrock_good_start"]
    criterion, start = problem["inputs"]["criterion"], problem["inputs"]["params"]
    lower, upper = start - 50, start + 50
    with pytest.warns(FutureWarning):
        em.slice_plot(criterion, params=start, lower_bounds=lower, upper_bounds=upper)
    runs = {}
    for label, scaling in (("unscaled", False), ("scaled", True)):
        with pytest.warns(FutureWarning):
            runs[label] = em.minimize(
                criterion=criterion,
                params=start,
                algorithm="nlopt_bobyqa",
                lower_bounds=lower,
                upper_bounds=upper,
                scaling=scaling,
                algo_options={"stopping_maxfun": 300},
            )
    # Both end at the radius of the region, at values that differ by less than a ten-thousandth of what was gained.
    assert runs["scaled"].fun <= runs["unscaled"].fun + 1e-4
    em.criterion_plot(runs)
