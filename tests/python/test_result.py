"""Results: access, printed report, JSON."""

import numpy as np
import pytest
import thalweg as om


@pytest.fixture
def result():
    return om.minimize(lambda x: x @ x, np.ones(2), "scipy_lbfgsb", jac=lambda x: 2 * x)


def synthetic(**changes):
    fields = {
        "params": np.zeros(1),
        "fun": 1.0,
        "start_fun": 2.0,
        "start_params": np.ones(1),
        "algorithm": "abc",
        "direction": "minimize",
        "n_free": 1,
    }
    return om.OptimizeResult(**{**fields, **changes})


def test_items_and_attributes(result):
    assert result["params"] is result.params
    assert result["x"] is result.params
    assert "params" in result
    assert "nothing" not in result
    assert set(result.keys()) >= {
        "params",
        "fun",
        "success",
        "history",
        "convergence_report",
        "logger",
    }
    assert dict(result.items())["fun"] == result.fun
    with pytest.raises(KeyError):
        result["_history"]
    result.message = "changed"
    assert "changed" in str(result)


def test_first_sentence():
    assert str(synthetic()).startswith("Minimize with 1 free parameters terminated.\n")
    assert "terminated unsuccessfully after 3 criterion evaluations." in str(
        synthetic(success=False, n_fun_evals=3)
    )
    text = str(synthetic(success=True, n_fun_evals=3, n_jac_evals=2, n_iterations=1))
    assert (
        "successfully after 3 criterion evaluations, 2 derivative evaluations and 1 iterations."
        in text
    )
    assert "improved from 2.0 to 1.0" in text
    assert "reported" not in text


def test_changed_instead_of_improved():
    assert "criterion changed from 2.0 to 2.0" in str(synthetic(fun=2.0))
    assert "criterion changed from 2.0 to 3.0" in str(synthetic(fun=3.0))
    assert "criterion improved from 2.0 to 3.0" in str(synthetic(fun=3.0, direction="maximize"))


ROWS = [
    "relative_criterion_change",
    "relative_params_change",
    "absolute_criterion_change",
    "absolute_params_change",
]


@pytest.mark.parametrize(
    ("one_step", "five_steps", "lines"),
    [
        (
            [1, 2, 3, 4],
            [1, 2, 3, 4],
            [
                "                          one_step five_steps",
                "relative_criterion_change   1         1      ",
                "relative_params_change      2         2      ",
            ],
        ),
        (
            [1e-12, 1e-12, 1e-12, 1e-12],
            [1e-12, 1e-9, 1e-6, 1],
            [
                "                           one_step five_steps",
                "relative_criterion_change  1e-12***  1e-12*** ",
                "relative_params_change     1e-12***  1e-09**  ",
                "absolute_criterion_change  1e-12***  1e-06*   ",
                "absolute_params_change     1e-12***      1    ",
            ],
        ),
        (
            [1.2345e-12] * 4,
            [1.2345e-112] * 4,
            [
                "                             one_step     five_steps  ",
                "relative_criterion_change  1.235e-12***  1.234e-112***",
            ],
        ),
        (
            [123456789.0] * 4,
            [0] * 4,
            [
                "                             one_step   five_steps",
                "relative_criterion_change  1.235e+08       0***   ",
            ],
        ),
    ],
)
def test_the_table_to_the_space(one_step, five_steps, lines):
    report = {"one_step": dict(zip(ROWS, one_step)), "five_steps": dict(zip(ROWS, five_steps))}
    assert "\n".join(lines) in str(synthetic(convergence_report=report))


def test_convergence_report():
    history = om.History(
        "minimize",
        params=[np.array([float(x)]) for x in (4, 3, 5, 2, 2.5)],
        fun=[16.0, 9.0, 25.0, 4.0, None],
        start_time=[0.0] * 5,
        stop_time=[0.0] * 5,
        batches=range(5),
        task=["fun"] * 5,
    )
    report = synthetic(history=history).convergence_report
    assert report["one_step"]["absolute_criterion_change"] == 5.0
    assert report["one_step"]["relative_criterion_change"] == 1.25
    assert report["one_step"]["absolute_params_change"] == 1.0
    assert report["five_steps"]["absolute_criterion_change"] == 12.0
    assert report["five_steps"]["relative_params_change"] == 1.0
    assert synthetic(history=om.History("minimize")).convergence_report is None
    assert synthetic().convergence_report is None


@pytest.mark.filterwarnings("error")
def test_report_of_an_unbounded_run():
    history = om.History(
        "maximize",
        params=[np.ones(1), np.full(1, 1e200)],
        fun=[1.0, np.inf],
        start_time=[0.0] * 2,
        stop_time=[0.0] * 2,
        batches=[0, 1],
        task=["fun"] * 2,
    )
    assert "inf" in str(synthetic(history=history, fun=np.inf, direction="maximize"))


def test_html(result):
    html = result._repr_html_()
    assert "<table" in html and "relative_criterion_change" in html
    assert html.count("<svg") == 1 and "Best value so far" in html
    evil = "a < b <script>alert('x')</script>"
    html = synthetic(message=evil, algorithm=evil)._repr_html_()
    assert "<script" not in html and "&lt;script&gt;" in html
    assert "<svg" not in html and "<table" not in html


def test_pickle_file(result, tmp_path):
    result.to_pickle(tmp_path / "result.pkl")
    again = om.utilities.read_pickle(tmp_path / "result.pkl")
    assert str(again) == str(result)
    assert np.array_equal(again.history.flat_params, result.history.flat_params)


def test_a_better_value_within_the_tolerance_is_told():
    target = np.array([0.5, -1.0])

    def fun(x):
        return float(x.sum() + 0.1 * ((x - target) ** 4).sum())

    result = om.minimize(
        fun,
        np.ones(2) / np.sqrt(2),
        "scipy_slsqp",
        constraints=om.NonlinearConstraint(func=lambda x: x @ x, value=1.0, tol=1e-4),
    )
    best = result.algorithm_output["best_seen"]
    assert result.success and best["fun"] < result.fun
    assert best["fun"] == fun(best["params"])
    assert abs(best["params"] @ best["params"] - 1) <= 1e-4
    assert best["fun"] in result.history.fun
    unconstrained = om.minimize(fun, np.ones(2), "lbfgsb")
    assert "best_seen" not in unconstrained.algorithm_output
