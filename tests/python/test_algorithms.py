"""The namespace `algos`, algorithms as immutable options, and conversion of option values."""

import subprocess
import sys
from dataclasses import FrozenInstanceError, dataclass
from pathlib import Path

import numpy as np
import pytest
import thalweg as om
from thalweg.exceptions import InvalidAlgoInfoError, InvalidAlgoOptionError
from thalweg.optimization.algorithm import Algorithm
from thalweg.typing import AggregationLevel, GtOneFloat, PositiveInt


def test_filters_chain_in_any_order():
    assert om.algos.GradientBased.Bounded.Scalar == om.algos.Scalar.GradientBased.Bounded
    assert "scipy_lbfgsb" in om.algos.Bounded.GradientBased.AllNames
    assert set(om.algos.LeastSquares.AllNames) == {
        "dfols",
        "dogbox",
        "levenberg_marquardt",
        "nag_dfols",
        "pounders",
        "tao_pounders",
        "trf",
        "scipy_ls_dogbox",
        "scipy_ls_lm",
        "scipy_ls_trf",
    }
    assert set(om.algos.Global.AllNames) == {
        "differential_evolution",
        "pygmo_compass_search",
        "scipy_differential_evolution",
    }
    assert set(om.algos.AllNames) == set(om.algos.Global.AllNames) | set(om.algos.Local.AllNames)
    assert set(om.algos.AllNames) == set(om.algos.GradientBased.AllNames) | set(
        om.algos.GradientFree.AllNames
    )
    assert om.algos.Available == om.algos.All
    assert om.algos.AvailableNames == om.algos.AllNames


def test_only_filters_that_leave_something_exist():
    assert "LeastSquares" not in dir(om.algos.Scalar)
    assert "Scalar" not in dir(om.algos.Scalar)
    with pytest.raises(AttributeError, match="No algorithm passes"):
        om.algos.Scalar.LeastSquares  # noqa: B018
    with pytest.raises(AttributeError):
        om.algos.Scalar.Scalar  # noqa: B018
    for name in dir(om.algos.GradientFree):
        getattr(om.algos.GradientFree, name)


def test_classes_and_instances_know_their_name():
    cls = om.algos.scipy_lbfgsb
    assert repr(cls) == "om.algos.scipy_lbfgsb"
    assert cls.name == cls().name == "scipy_lbfgsb"
    assert cls.algo_info.solver_type is AggregationLevel.SCALAR
    assert cls().algo_info.needs_jac
    assert cls is om.algos.Bounded.scipy_lbfgsb
    assert cls.__name__ == "ScipyLBFGSB"
    assert repr(cls()).startswith(
        "ScipyLBFGSB(convergence_ftol_rel=2e-09, convergence_gtol_abs=1e-05, stopping_maxfun=1000000, "
        "stopping_maxiter=1000000, limited_memory_storage_length=10, max_line_search_steps=20"
    )
    assert "convergence_ftol_rel" in cls.__doc__


def test_algorithms_are_immutable():
    algorithm = om.algos.scipy_neldermead(stopping_maxfun=10)
    with pytest.raises(FrozenInstanceError):
        algorithm.stopping_maxfun = 20
    changed = algorithm.with_stopping(maxfun=20, stopping_maxiter=5).with_convergence(ftol_abs=1e-3)
    assert (algorithm.stopping_maxfun, changed.stopping_maxfun, changed.stopping_maxiter) == (
        10,
        20,
        5,
    )
    assert changed.convergence_ftol_abs == 1e-3
    assert changed.with_option(adaptive=True).adaptive is True
    assert changed == om.algos.scipy_neldermead(
        stopping_maxfun=20, stopping_maxiter=5, convergence_ftol_abs=1e-3
    )


def test_with_option_if_applicable_warns_and_goes_on():
    with pytest.warns(UserWarning, match=r"\['a', 'b'\]"):
        algorithm = om.algos.scipy_neldermead().with_option_if_applicable(a=1, b=2, adaptive="yes")
    assert algorithm.adaptive is True


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"stopping_maxiter": "1e3"}, 1000),
        ({"stopping_maxiter": 1e3}, 1000),
        ({"stopping_maxiter": np.int32(7)}, 7),
        ({"convergence_ftol_abs": "1e-3"}, 1e-3),
        ({"convergence_ftol_abs": 1}, 1.0),
        ({"adaptive": "yes"}, True),
        ({"adaptive": "FALSE"}, False),
        ({"adaptive": 1}, True),
        ({"adaptive": np.bool_(False)}, False),
    ],
)
def test_values_are_converted(options, expected):
    algorithm = om.algos.scipy_neldermead(**options)
    (name,) = options
    assert getattr(algorithm, name) == expected
    assert type(getattr(algorithm, name)) is type(expected)


@pytest.mark.parametrize(
    "options",
    [
        {"stopping_maxiter": "many"},
        {"stopping_maxiter": 1.5},
        {"stopping_maxiter": -1},
        {"stopping_maxiter": None},
        {"convergence_ftol_abs": -1e-3},
        {"convergence_ftol_abs": float("nan")},
        {"convergence_ftol_abs": [1]},
        {"adaptive": "maybe"},
        {"adaptive": 2},
    ],
)
def test_values_that_cannot_be_converted_name_the_option(options):
    (name,) = options
    with pytest.raises(InvalidAlgoOptionError, match=f"the field {name} to the expected type"):
        om.algos.scipy_neldermead(**options)
    with pytest.raises(InvalidAlgoOptionError, match=name):
        om.minimize(lambda x: x @ x, np.ones(2), "scipy_neldermead", algo_options=options)


def test_choices_and_seeds():
    cls = om.algos.scipy_differential_evolution
    assert cls(strategy="rand1bin", seed=np.random.RandomState(1)).seed >= 0
    assert cls(mutation_constant=(0.3, 0.9)).mutation_constant == (0.3, 0.9)
    with pytest.raises(InvalidAlgoOptionError, match="one of"):
        cls(strategy="best9bin")


class _Update:
    """Stands for an instance of a class of fides, which need not be installed."""


def _update_of_fides(name, **attributes):
    update = type(name, (_Update,), {"__module__": "fides.hessian_approximation"})()
    vars(update).update(attributes)
    return update


@pytest.mark.parametrize(
    ("given", "word", "phi"),
    [
        ("BFGS", "bfgs", 0.5),
        ("Bb", "bb", 0.5),
        (_update_of_fides("SR1"), "sr1", 0.5),
        (_update_of_fides("Broyden", phi=0.25), "broyden", 0.25),
    ],
)
def test_updates_of_fides_are_words_in_any_spelling_or_its_own_objects(given, word, phi):
    algorithm = om.algos.fides(hessian_update_strategy=given)
    assert (algorithm.hessian_update_strategy, algorithm.broyden_phi) == (word, phi)
    changed = om.algos.fides().with_option(hessian_update_strategy=given)
    assert changed == algorithm
    by_name = om.minimize(
        lambda x: x @ x + x[0] ** 4,
        np.array([3.0, 1.0]),
        "fides",
        algo_options={"hessian_update_strategy": given},
    )
    by_words = om.minimize(lambda x: x @ x + x[0] ** 4, np.array([3.0, 1.0]), algorithm)
    assert by_name.n_fun_evals == by_words.n_fun_evals
    assert by_name.fun == by_words.fun < 1e-6


def test_what_is_no_update_is_refused_before_the_first_evaluation():
    def never(x):
        raise AssertionError("evaluated")

    for wrong in ("SSM", _update_of_fides("FX"), object()):
        options = {"hessian_update_strategy": wrong}
        with pytest.raises(InvalidAlgoOptionError, match="'bfgs', 'dfp', 'sr1', 'bb', 'bg', 'broyden'"):
            om.minimize(never, np.ones(2), "fides", algo_options=options)
    message = "option 'hessian_update_strategy' of fides is 'SSM', which needs residuals, but has"
    with pytest.raises(NotImplementedError, match=message) as raised:  # as in optimagic
        om.algos.fides(hessian_update_strategy="SSM")
    assert isinstance(raised.value, InvalidAlgoOptionError)


@pytest.mark.parametrize("n_cores", [1, 2])
def test_a_batch_evaluator_that_does_not_exist_is_refused(n_cores):
    options = {"batch_evaluator": "joblob", "n_cores": n_cores}
    with pytest.raises(om.exceptions.InvalidArgumentError, match="joblob"):
        om.minimize(lambda x: x @ x, np.ones(2), "neldermead_parallel", algo_options=options)


def test_every_way_to_pass_options_is_the_same():
    def run(algorithm, **kwargs):
        return om.minimize(lambda x: x @ x, np.ones(2), algorithm, **kwargs).n_fun_evals

    options = {"stopping_maxfun": 15}
    expected = run("scipy_neldermead", algo_options=options)
    assert expected == 15
    assert run(om.algos.scipy_neldermead(**options)) == expected
    assert run(om.algos.scipy_neldermead, algo_options={"stopping.maxfun": 15}) == expected
    assert run(om.algos.scipy_neldermead(stopping_maxfun=99), algo_options=options) == expected
    with pytest.warns(FutureWarning):
        assert (
            run("scipy_neldermead", algo_options={"stopping.max_criterion_evaluations": 15})
            == expected
        )


@pytest.mark.parametrize("name", [*om.algos.AllNames])
def test_every_algorithm_of_the_catalog(name):
    cls = getattr(om.algos, name)
    assert cls().name == name
    info = cls.algo_info
    bounds = (
        om.Bounds(lower=np.full(2, -5.0), upper=np.full(2, 4.0)) if info.supports_bounds else None
    )
    fun = om.mark.least_squares(lambda x: x - 0.5)
    result = om.minimize(fun, np.ones(2), cls().with_stopping(maxfun=2000), bounds=bounds)
    # By optimagic's default the compass search ends with steps of a hundredth of the box.
    atol = 0.1 if name == "pygmo_compass_search" else 1e-2
    assert np.allclose(result.params, 0.5, atol=atol)
    assert result.algorithm == name


def test_user_defined_options_are_validated_by_their_annotations():
    @om.mark.minimizer(
        "mine", "scalar", True, False, False, False, False, False, False, False, False, False
    )
    @dataclass(frozen=True)
    class Mine(Algorithm):
        n_starts: "PositiveInt" = 3
        factor: "GtOneFloat | None" = None
        anything: object = None

    assert repr(Mine) == "om.algos.mine"
    assert Mine(n_starts="4", factor="1.5").factor == 1.5
    for options in ({"n_starts": 0}, {"factor": 1.0}, {"n_starts": "x"}):
        with pytest.raises(InvalidAlgoOptionError, match=next(iter(options))):
            Mine(**options)


def test_undecorated_algorithms_say_what_is_missing():
    @dataclass(frozen=True)
    class Bare(Algorithm):
        pass

    with pytest.raises(InvalidAlgoInfoError, match="mark.minimizer"):
        om.minimize(lambda x: x @ x, np.ones(2), Bare)


def test_stubs_are_up_to_date():
    script = Path(__file__).parents[2] / "scripts" / "generate_stubs.py"
    done = subprocess.run(
        [sys.executable, script, "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("unlimited", [10**30, 1e20, 2**63, np.inf, "1e300"])
def test_limits_beyond_all_counts_are_none(unlimited):
    algorithm = om.algos.scipy_lbfgsb(stopping_maxfun=unlimited, stopping_maxiter=unlimited)
    assert algorithm.stopping_maxfun == algorithm.stopping_maxiter == 2**63 - 1
    assert om.minimize(lambda x: x @ x, np.ones(2), algorithm).success


def test_a_seed_may_be_longer_than_64_bits():
    entropy = np.random.SeedSequence(1).generate_state(4).tolist()
    long = sum(part << 32 * i for i, part in enumerate(entropy))
    first, again, other = (
        om.algos.scipy_differential_evolution(seed=seed).seed for seed in (long, long, long + 1)
    )
    assert first == again != other


def test_counts_that_are_no_limits_have_to_fit():
    with pytest.raises(InvalidAlgoOptionError, match="option 'n_cores' of neldermead_parallel is 1e"):
        om.algos.neldermead_parallel(n_cores=1e30)
