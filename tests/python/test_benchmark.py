"""Benchmarks: problems and runs, and every message about what does not fit; see also test_benchmark_reports.py."""

import pickle
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np
import pytest

import thalweg as om
from benchmark_runs import ALGORITHMS, Broken, problems, results, scalar_algorithm  # noqa: F401
from thalweg.exceptions import (
    InvalidAlgorithmError,
    InvalidAlgoOptionError,
    InvalidArgumentError,
    InvalidFunctionError,
)
from thalweg.optimization.algorithm import Algorithm, InternalOptimizeResult


@scalar_algorithm("walk")
@dataclass(frozen=True)
class Walk(Algorithm):
    """Never stops by itself."""

    step: float = 0.01

    def _solve_internal_problem(self, problem, x0):
        best, rng = x0, np.random.default_rng(0)
        value = problem.fun(x0)
        while True:
            x = best + self.step * rng.normal(size=len(x0))
            new = problem.fun(x)
            if new < value:
                best, value = x, new
        return InternalOptimizeResult(x=best, fun=value)


def same(left, right, but=("time_history", "solution")):
    assert list(left) == list(right)
    for key in left:
        for column in set(left[key]) - set(but):
            np.testing.assert_array_equal(left[key][column], right[key][column], err_msg=str(key))


# ------------------------------------------------------------------------------------- problems


def test_a_problem_looks_as_optimagics_does(problems):
    assert len(problems) == 10
    problem = problems["bard_good_start"]
    assert {"inputs", "noise_free_fun", "solution", "noisy", "info", "start_criterion"} == set(problem)
    fun, params = problem["inputs"]["fun"], problem["inputs"]["params"]
    assert problem["inputs"]["criterion"] is fun
    assert fun(params).shape == (15,) and params.dtype == float
    assert np.isclose(fun(params) @ fun(params), problem["start_criterion"], rtol=1e-12)
    assert problem["inputs"]["jac"](params).shape == (15, 3)
    at_solution = fun(problem["solution"]["params"])
    assert np.isclose(at_solution @ at_solution, problem["solution"]["value"])
    assert problem["info"] == {} and problem["noisy"] is False
    np.testing.assert_array_equal(fun(list(params)), fun(params))
    np.testing.assert_array_equal(problem["noise_free_fun"](params), fun(params))


def test_functions_are_marked_pickle_and_say_who_they_are(problems):
    fun = problems["box_3d"]["inputs"]["fun"]
    copy = pickle.loads(pickle.dumps(fun))
    x = np.array([1.0, 2.0, 3.0])
    np.testing.assert_array_equal(copy(x), fun(x))
    assert fun.__name__ == "box_3d" and repr(fun) == "<fun of the benchmark problem box_3d>"
    res = om.minimize(fun, problems["box_3d"]["inputs"]["params"], "scipy_ls_lm")
    assert res.fun < 1e-10
    with pytest.raises(ValueError, match="box_3d has 3 parameters, but got 2 numbers"):
        fun(np.ones(2))
    with pytest.raises(ValueError, match="a vector, not of 2 dimensions"):
        fun(np.ones((3, 1)))


def test_a_scalar_algorithm_uses_the_jacobian_of_residuals(problems):
    inputs = problems["bard_good_start"]["inputs"]
    calls = []

    def jac(x):
        calls.append(x)
        return inputs["jac"](x)

    res = om.minimize(
        inputs["fun"], inputs["params"], "scipy_lbfgsb", jac=om.mark.least_squares(jac)
    )
    assert len(calls) == res.n_jac_evals > 3
    assert np.isclose(res.fun, 0.008214877, rtol=1e-5)


def test_scaling_noise_seeds_and_exclusion():
    plain = om.get_benchmark_problems("example")
    scaled = om.get_benchmark_problems(
        name="example", scaling=True, scaling_options={"min_scale": 0.1, "max_scale": 1000}
    )
    np.testing.assert_allclose(scaled["box_3d"]["inputs"]["params"], [0, 5000.5, 20_000])
    noisy = {"additive_noise": True, "additive_noise_options": {"std": 0.2}}
    one = om.get_benchmark_problems("example", **noisy, seed=1)
    subset = om.get_benchmark_problems("example", **noisy, seed=1, exclude=["bard_good_start"])
    other = om.get_benchmark_problems("example", **noisy, seed=2)
    any_seed = om.get_benchmark_problems("example", **noisy)
    assert set(plain) - set(subset) == {"bard_good_start"}
    x = plain["box_3d"]["inputs"]["params"]
    values = [p["box_3d"]["inputs"]["fun"](x) for p in (one, subset, other, any_seed)]
    np.testing.assert_array_equal(values[0], values[1])
    assert np.all(values[0] != values[2]) and np.all(values[0] != values[3])
    assert "jac" not in one["box_3d"]["inputs"] and one["box_3d"]["noisy"] is True
    np.testing.assert_array_equal(
        one["box_3d"]["noise_free_fun"](x), plain["box_3d"]["inputs"]["fun"](x)
    )
    copy = pickle.loads(pickle.dumps(one["box_3d"]["inputs"]["fun"]))
    np.testing.assert_array_equal(copy(x), values[0])
    generator = om.get_benchmark_problems("example", **noisy, seed=np.random.default_rng(3))
    assert len(generator) == 10


def test_problems_at_any_size():
    problems = om.get_scalable_problems("chebyquad", [20, 50])
    assert list(problems) == ["chebyquad_20", "chebyquad_50"]
    inputs = problems["chebyquad_50"]["inputs"]
    assert inputs["jac"](inputs["params"]).shape == (50, 50)
    copy = pickle.loads(pickle.dumps(inputs["fun"]))
    np.testing.assert_array_equal(copy(inputs["params"]), inputs["fun"](inputs["params"]))
    results = om.run_benchmark(problems, ["lbfgsb"], max_criterion_evaluations=50)
    assert results["chebyquad_20", "lbfgsb"]["params_history"].shape[1] == 20
    noisy = om.get_scalable_problems("chebyquad", 20, additive_noise=True, seed=1)
    assert noisy["chebyquad_20"]["noisy"]
    for arguments, text in (
        (("chebiquad", 20), "There is no scalable problem 'chebiquad'. Did you mean [\"chebyquad\""),
        ((3, 20), "name must be one of ["),
        (("chebyquad", 0), "n must be a whole number of at least 1, or several of them, not 0."),
        (("watson", 50), "n of watson is 50; it must be from 2 to 31."),
    ):
        with pytest.raises(InvalidArgumentError) as error:
            om.get_scalable_problems(*arguments)
        assert str(error.value).startswith(text)


def test_wrong_sets_and_options():
    def message(*args, **kwargs):
        with pytest.raises(InvalidArgumentError) as error:
            om.get_benchmark_problems(*args, **kwargs)
        return str(error.value)

    assert message("more_wld").startswith(
        "There is no benchmark set 'more_wld'. Did you mean [\"more_wild\""
    )
    assert message(None).startswith("name must be one of [")
    assert "There is no problem to exclude 'bart'. Did you mean [\"bard" in message(
        "example", exclude="bart"
    )
    assert message("example", exclude=[3]) == "exclude must be names of problems, not [3]."
    assert (
        message("example", additive_noise=True, additive_noise_options={"sdt": 1})
        == "additive_noise_options has no key 'sdt'. Did you mean ['std', 'distribution', 'correlation']?"
    )
    assert (
        message("example", scaling=True, scaling_options={"min_scale": "a"})
        == "scaling_options['min_scale'] must be a number, not 'a'."
    )
    assert (
        message("example", additive_noise=True, additive_noise_options={"distribution": 1})
        == "additive_noise_options['distribution'] must be a string, not 1."
    )
    assert "There is no distribution 'norml'. Did you mean [\"normal\"" in message(
        "example", additive_noise=True, additive_noise_options={"distribution": "norml"}
    )
    assert message("example", scaling_options=3) == "scaling_options must be a dictionary or None, not 3."
    assert message("example", additive_noise=True, seed=-1) == "seed must not be negative, but is -1."
    with pytest.warns(UserWarning, match="scaling_options has no effect because scaling is False"):
        om.get_benchmark_problems("example", scaling_options={"min_scale": 1})


def test_constrained_and_global_problems():
    problems = om.get_benchmark_problems("hock_schittkowski")
    few = {name: problem for name, problem in problems.items() if "constraints" in problem["inputs"]}
    few = dict(list(few.items())[:8])
    native = om.run_benchmark(few, ["slsqp"], max_criterion_evaluations=200)
    scaled = {"slsqp": {"algorithm": "slsqp", "collect_history": True}}
    others = om.run_benchmark(few, scaled, max_criterion_evaluations=200)
    for results in (native, others):
        assert (om.convergence_report(few, results)["slsqp"] == "success").mean() >= 0.75
        assert not any(isinstance(result["solution"], str) for result in results.values())
    lagrangian = om.run_benchmark(few, ["lbfgsb"], max_criterion_evaluations=500)
    assert not any(isinstance(result["solution"], str) for result in lagrangian.values())
    boxes = om.get_benchmark_problems("global")
    problem = next(iter(boxes.values()))
    assert np.all(problem["inputs"]["bounds"].lower < problem["inputs"]["params"])
    one = dict([next(iter(boxes.items()))])
    results = om.run_benchmark(one, ["differential_evolution"], max_criterion_evaluations=500)
    assert len(next(iter(results.values()))["criterion_history"]) <= 500


# ----------------------------------------------------------------------------------------- runs


def test_results_have_the_documented_keys(problems, results):
    assert list(results) == [(name, label) for name in problems for label in ALGORITHMS]
    for (name, _), result in results.items():
        params = result["params_history"]
        k, n = params.shape
        assert n == len(problems[name]["inputs"]["params"]) and 0 < k <= 300
        for column in ("criterion_history", "time_history", "batches_history"):
            assert result[column].shape == (k,)
        assert isinstance(result["solution"], om.OptimizeResult)
        assert result["solution"].history is None
        value = problems[name]["solution"]["value"]
        assert np.all(result["criterion_history"] >= value)
        residuals = problems[name]["inputs"]["fun"](params[-1])
        last = max(residuals @ residuals, value)
        assert np.isclose(result["criterion_history"][-1], last, rtol=1e-12)
        assert result["time_history"][0] >= 0 and np.all(np.diff(result["time_history"]) >= 0)


def test_native_and_other_runs_are_the_same(problems, results):
    def own(fun):
        return om.mark.least_squares(lambda x: fun(x))

    changed = {}
    for name, problem in problems.items():
        inputs = {
            "fun": own(problem["inputs"]["fun"]),
            "jac": own(problem["inputs"]["jac"]),
            "params": problem["inputs"]["params"],
        }
        changed[name] = {**problem, "inputs": inputs}
    others = om.run_benchmark(changed, ALGORITHMS, max_criterion_evaluations=300)
    same(results, others)
    for key, result in others.items():
        assert result["solution"].fun == results[key]["solution"].fun
        assert result["solution"].message == results[key]["solution"].message


@pytest.mark.parametrize("n_cores", [1, 3])
@pytest.mark.parametrize("noise", [False, True])
def test_results_do_not_depend_on_the_workers(n_cores, noise):
    problems = om.get_benchmark_problems("example", additive_noise=noise, seed=5)
    few = dict(list(problems.items())[:4])
    options = {"native": "scipy_neldermead", "own": Walk}
    base = om.run_benchmark(few, options, max_criterion_evaluations=60)
    pytest.importorskip("joblib")
    for evaluator in ("threading", "joblib"):
        again = om.run_benchmark(
            few, options, n_cores=n_cores, batch_evaluator=evaluator, max_criterion_evaluations=60
        )
        same(base, again)
    with ThreadPoolExecutor(2) as pool:
        again = om.run_benchmark(
            few, options, n_cores=2, batch_evaluator=pool, max_criterion_evaluations=60
        )
    same(base, again)


def test_own_algorithms_are_stopped_at_the_budget(problems):
    results = om.run_benchmark(problems, [Walk, Walk(step=0.1)][:1], max_criterion_evaluations=25)
    for result in results.values():
        assert len(result["criterion_history"]) == 25
        assert "stopping_maxfun" in result["solution"].message or "evaluations" in result["solution"].message
    timed = om.run_benchmark(
        {"box_3d": problems["box_3d"]}, [Walk], max_criterion_evaluations=None, max_seconds=0.2
    )
    assert 0 < timed["box_3d", "walk"]["time_history"][-1] < 2


def test_every_form_of_an_algorithm(problems):
    few = {"bard_good_start": problems["bard_good_start"]}
    results = om.run_benchmark(few, ["lbfgsb", om.algos.scipy_neldermead, om.algos.nag_dfols(), Walk()])
    assert [label for _, label in results] == ["lbfgsb", "scipy_neldermead", "nag_dfols", "walk"]
    results = om.run_benchmark(
        few,
        {
            "short": {"algorithm": "scipy_lbfgsb", "algo_options": {"stopping.maxfun": 5}},
            "2022": {
                "algorithm": "scipy_lbfgsb",
                "algo_options": {"limited_memory_storage_length": 2},
            },
            "scaled": {"algorithm": "scipy_neldermead", "scaling": True},
            "own": om.algos.scipy_lbfgsb(stopping_maxfun=4),
            "numerical": {"algorithm": "scipy_lbfgsb", "jac": None},
        },
    )
    lengths = {label: len(result["criterion_history"]) for (_, label), result in results.items()}
    assert lengths["short"] == 5 and lengths["own"] == 4
    assert results["bard_good_start", "numerical"]["solution"].success is not None
    with pytest.warns(FutureWarning, match="stopping_max_criterion_evaluations"):
        results = om.run_benchmark(
            few,
            {
                "old": {
                    "algorithm": "scipy_neldermead",
                    "algo_options": {"stopping.max_criterion_evaluations": 7},
                }
            },
        )
    assert len(results["bard_good_start", "old"]["criterion_history"]) == 7


def test_names_of_the_tutorials(problems):
    few = {"bard_good_start": problems["bard_good_start"]}
    with pytest.warns(FutureWarning, match="nlopt_lbfgs -> nlopt_lbfgsb"):
        results = om.run_benchmark(few, ["nlopt_lbfgs", "nlopt_bobyqa"])
    assert ("bard_good_start", "nlopt_lbfgs") in results


def test_failures_are_kept_or_raised(problems):
    few = {name: problems[name] for name in ("box_3d", "bard_good_start")}
    results = om.run_benchmark(few, [Broken, "scipy_lbfgsb"])
    failed = results["box_3d", "broken"]
    assert "RuntimeError: out of luck" in failed["solution"] and "Traceback" in failed["solution"]
    assert failed["time_history"].tolist() == [np.inf]
    assert failed["criterion_history"].tolist() == [problems["box_3d"]["start_criterion"]]
    np.testing.assert_array_equal(failed["params_history"], [problems["box_3d"]["inputs"]["params"]])
    report = om.convergence_report(few, results)
    assert report["broken"].tolist() == ["error", "error"]
    assert report["scipy_lbfgsb"].tolist() == ["success", "success"]
    assert om.rank_report(few, results)["broken"].tolist() == ["error", "error"]
    if find_spec("matplotlib"):
        om.profile_plot(few, results, backend="matplotlib")
        om.convergence_plot(few, results, backend="matplotlib")
    with pytest.raises(RuntimeError, match="out of luck"):
        om.run_benchmark(few, [Broken], error_handling="raise")


def test_native_failures(problems):
    problem = problems["box_3d"]
    inputs = {**problem["inputs"], "params": np.array([np.nan, 0, 0])}
    wrong = {"wrong": {**problem, "inputs": inputs}}
    results = om.run_benchmark(wrong, ["scipy_lbfgsb"])
    assert isinstance(results["wrong", "scipy_lbfgsb"]["solution"], str)
    with pytest.raises((InvalidFunctionError, ValueError)):
        om.run_benchmark(wrong, ["scipy_lbfgsb"], error_handling="raise")


@scalar_algorithm("secret", disable_history=True)
@dataclass(frozen=True)
class Secret(Algorithm):
    """Keeps no history."""

    def _solve_internal_problem(self, problem, x0):
        return InternalOptimizeResult(x=x0, fun=problem.fun(x0))


def test_algorithms_without_history_cannot_be_compared(problems):
    few = {"box_3d": problems["box_3d"]}
    with pytest.raises(ValueError, match="secret keeps no history of its evaluations"):
        om.run_benchmark(few, [Secret], error_handling="raise")


def test_reports_need_pandas(problems, results, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(om.exceptions.NotInstalledError, match="need the package pandas: pip install"):
        om.convergence_report(problems, results)


def test_custom_problems():
    @om.mark.least_squares
    def fun(p):
        return np.array([p["a"] - 1, 2 * (p["b"] - 2)])

    problem = {
        "inputs": {"fun": fun, "params": {"a": 3.0, "b": 5.0}},
        "noise_free_fun": fun,
        "solution": {"params": {"a": 1.0, "b": 2.0}, "value": 0.0},
        "noisy": False,
        "info": {},
        "start_criterion": 40.0,
    }
    results = om.run_benchmark({"mine": problem}, ["scipy_lbfgsb", "scipy_ls_lm"])
    assert results["mine", "scipy_lbfgsb"]["params_history"].shape[1] == 2
    report = om.convergence_report({"mine": problem}, results, stopping_criterion="x_and_y")
    assert report.loc["mine"].tolist() == ["success", "success", 2]


@pytest.mark.parametrize("without_noise", ["noise_free_fun", "noise_free_criterion", None])
def test_problems_of_2022_need_no_value_at_the_start(without_noise):
    """Dictionaries instead of marked functions, `criterion` for `fun`, parameters as a DataFrame."""

    def criterion(params):
        x = params["value"].to_numpy()
        residuals = np.array([10 * (x[1] - x[0] ** 2), 1 - x[0]])
        return {"root_contributions": residuals, "value": residuals @ residuals}

    pd = pytest.importorskip("pandas")
    problem = {
        "inputs": {"criterion": criterion, "params": pd.DataFrame({"value": [-1.2, 1.0]})},
        "solution": {"params": pd.DataFrame({"value": [1.0, 1.0]}), "value": 0.0},
        "noisy": without_noise is not None,
        "info": {},
    }
    if without_noise:
        problem[without_noise] = criterion
    with pytest.warns(FutureWarning):
        results = om.run_benchmark({"mine": problem}, ["scipy_lbfgsb"])
    history = results["mine", "scipy_lbfgsb"]["criterion_history"]
    assert np.isclose(history[0], 24.2) and history.min() < 1e-6
    report = om.convergence_report({"mine": problem}, results)
    assert report.loc["mine"].tolist() == ["success", 2]
    failed = {"mine": {**problem, "inputs": {**problem["inputs"], "bounds": 1}}}
    failure = om.run_benchmark(failed, ["scipy_lbfgsb"])["mine", "scipy_lbfgsb"]
    assert "InvalidBoundsError" in failure["solution"]
    assert np.allclose(failure["criterion_history"], [24.2])


@pytest.mark.parametrize(
    ("returned", "value"),
    [
        (3, 3.0),
        (np.float64(3), 3.0),
        (np.array([1.0, 2.0]), 5.0),
        ({"a": 1.0, "b": np.ones((2, 2))}, 5.0),
        ({"value": 3.0, "contributions": np.ones(9)}, 3.0),
        ({"contributions": {"a": 1.0, "b": 2.0}}, 3.0),
        ({"root_contributions": np.array([1.0, 2.0])}, 5.0),
        (om.ScalarFunctionValue(3), 3.0),
        (om.LeastSquaresFunctionValue(np.array([1.0, 2.0])), 5.0),
        (om.LikelihoodFunctionValue(np.array([1.0, 2.0])), 3.0),
    ],
)
def test_value_at_the_start_of_every_kind_of_objective(returned, value):
    from thalweg._benchmark._data import start_criterion

    problem = {"inputs": {"fun": lambda x: returned, "params": np.ones(2)}}
    assert start_criterion(problem) == value
    assert np.isnan(start_criterion({"inputs": {"fun": lambda x: 1 / 0, "params": 1.0}}))


def test_progress(problems, capsys):
    few = {name: problems[name] for name in ("box_3d", "bard_good_start")}
    om.run_benchmark(few, ["scipy_lbfgsb", Walk], progress=True, max_criterion_evaluations=20)
    assert "4/4 runs" in capsys.readouterr().err


def test_wrong_arguments_of_runs(problems):
    def message(*args, exception=InvalidArgumentError, **kwargs):
        with pytest.raises(exception) as error:
            om.run_benchmark(*args, **kwargs)
        return str(error.value)

    few = {"box_3d": problems["box_3d"]}
    assert message(list(few), ["lbfgsb"]) == (
        "problems must be a dictionary of problems, as get_benchmark_problems returns it, not of type list."
    )
    assert message({}, ["lbfgsb"]) == "problems is empty: there is nothing to run or to report."
    assert message({"a": {"inputs": {}}}, ["lbfgsb"]) == "problems['a'] has no key 'solution'."
    assert (
        message({"a": {"inputs": {}, "solution": {}, "start_criteron": 1}}, ["lbfgsb"])
        == "problems['a'] has no key 'start_criterion'. Is 'start_criteron' meant to be it?"
    )
    without = {**few["box_3d"], "inputs": {"params": np.ones(3)}}
    assert message({"a": without}, ["lbfgsb"]) == "problems['a']['inputs'] has no 'fun'."
    assert message(few, []) == "optimize_options is empty: name at least one algorithm."
    assert message(few, "lbfgsb").startswith("optimize_options must be a list of algorithms, or a")
    assert message(few, ["lbfgsb", "lbfgsb"]) == (
        "two algorithms have the label 'lbfgsb': use a dictionary with labels of your own."
    )
    assert message(few, [{"algorithm": "lbfgsb"}]).startswith(
        "optimize_options is a list with a dictionary in it"
    )
    assert message(few, {3: "lbfgsb"}) == "the labels in optimize_options must be strings, not 3."
    assert message(few, {"a": {}}) == (
        "optimize_options['a'] has no 'algorithm', for example 'scipy_lbfgsb'."
    )
    assert message(few, {"a": {"algorithm": "lbfgsb", "params": 3}}) == (
        "optimize_options['a'] sets 'params', which the problems define."
    )
    assert message(few, {"a": {"algorithm": "lbfgsb", "algo_optins": {}}}).startswith(
        "optimize_options['a'] sets 'algo_optins', which is no argument of minimize. Did you mean "
        "['algo_options'"
    )
    assert message(few, {"a": {"algorithm": "lbfgsb", "algo_options": 3}}) == (
        "optimize_options['a']['algo_options'] must be a dictionary, not 3."
    )
    assert message(few, ["lbfgs_b"], exception=InvalidAlgorithmError).startswith(
        "Invalid algorithm: lbfgs_b. Did you mean ["
    )
    assert message(few, [3], exception=InvalidAlgorithmError).startswith(
        "Invalid algorithm of type int: 3."
    )
    wrong = {"a": {"algorithm": "scipy_lbfgsb", "algo_options": {"stopping_maxfn": 3}}}
    assert message(few, wrong, exception=InvalidAlgoOptionError).startswith(
        "'a' has no option 'stopping_maxfn'. Did you mean ['stopping_maxfun'"
    )
    wrong = {"a": {"algorithm": Walk, "algo_options": {"stp": 3}}}
    assert message(few, wrong, exception=InvalidAlgoOptionError).startswith(
        "'a' has no option 'stp'. Did you mean ['step'"
    )
    for name, value in (("n_cores", 0), ("n_cores", "2"), ("n_cores", True)):
        assert message(few, ["lbfgsb"], **{name: value}) == (
            f"{name} must be a whole number of at least 1, not {value!r}."
        )
    assert message(few, ["lbfgsb"], max_criterion_evaluations=-1) == (
        "max_criterion_evaluations must be a whole number of at least 1 or None, not -1."
    )
    assert message(few, ["lbfgsb"], max_seconds=0) == (
        "max_seconds must be a positive number or None, not 0."
    )
    assert message(few, ["lbfgsb"], error_handling="ignore") == (
        "error_handling must be 'raise' or 'continue', not 'ignore'."
    )
    assert message(few, ["lbfgsb"], batch_evaluator="jblib").startswith(
        "Invalid batch_evaluator 'jblib'"
    )
