"""Options of searches from many starts, in every spelling, and what is wrong with them."""

import numpy as np
import pytest
import thalweg as om
from thalweg._multistart import convert_multistart_options

BOX = om.Bounds(lower=np.full(2, -4.0), upper=np.full(2, 5.0))


def sphere(x):
    return x @ x


def rastrigin(x):
    return float(np.sum(x * x + 10 * (1 - np.cos(2 * np.pi * x))))


def search(fun=rastrigin, start=(3.1, -2.9), algorithm="scipy_neldermead", **kwargs):
    options = {"n_samples": 60, "seed": 1, **kwargs.pop("multistart", {})}
    kwargs = {"bounds": BOX, **kwargs}
    return om.minimize(fun, np.array(start), algorithm, multistart=options, **kwargs)


def test_options_in_every_form_are_the_same():
    direct = om.MultistartOptions(n_samples=50, convergence_max_discoveries=3, seed=4)
    keys = {"n_samples": 50, "convergence.max_discoveries": 3, "seed": 4}
    results = [search(multistart={"n_samples": 50, "convergence_max_discoveries": 3, "seed": 4})]
    for options in (direct, keys):
        results.append(
            om.minimize(
                rastrigin, np.array([3.1, -2.9]), "scipy_neldermead", bounds=BOX, multistart=options
            )
        )
    assert len({(result.fun, result.n_fun_evals) for result in results}) == 1


def test_names_of_2022_are_replaced():
    renamed = []
    options = convert_multistart_options(
        {
            "n_sample": 70,
            "share_optimizations": 0.3,
            "convergence.relative_params_tolerance": 0.02,
            "optimization_error_handling": "raise",
            "exploration_error_handling": "continue",
        },
        renamed,
    )
    assert (options.n_samples, options.convergence_xtol_rel) == (70, 0.02)
    assert options.share_optimization == 0.3
    assert options.error_handling == "raise"
    assert dict(renamed) == {
        "n_sample": "n_samples",
        "share_optimizations": "stopping_maxopt",
        "exploration_error_handling": "nothing: leave it out",
        "convergence.relative_params_tolerance": "convergence_xtol_rel",
        "optimization_error_handling": "error_handling",
    }


@pytest.mark.parametrize(
    ("option", "value", "advice"),
    [
        ("share_optimization", 0.5, "Please use stopping_maxopt instead."),
        ("convergence_relative_params_tolerance", 0.1, "Please use convergence_xtol_rel instead."),
        ("optimization_error_handling", "raise", "Please use error_handling instead."),
        ("exploration_error_handling", "raise", "Please leave it out."),
    ],
)
def test_outdated_options_warn(option, value, advice):
    with pytest.warns(
        FutureWarning, match=f"{option} of multistart is outdated. {advice}"
    ) as caught:
        options = om.MultistartOptions(**{option: value})
    assert caught[0].filename == __file__
    if option == "convergence_relative_params_tolerance":
        assert options.convergence_xtol_rel == 0.1
    if option == "optimization_error_handling":
        assert options.error_handling == "raise"


def test_a_dict_of_2022_gives_one_warning():
    with pytest.warns(FutureWarning) as caught:
        result = om.minimize(
            sphere,
            np.ones(2),
            "scipy_lbfgsb",
            lower_bounds=np.full(2, -5.0),
            upper_bounds=np.full(2, 5.0),
            multistart=True,
            multistart_options={
                "n_samples": 40,
                "share_optimizations": 0.5,
                "convergence.max_discoveries": 100,
            },
        )
    assert len(caught) == 1
    assert "share_optimizations -> stopping_maxopt" in str(caught[0].message)
    assert result.multistart_info.n_optimizations == 20


def test_the_share_of_optimizations_works():
    with pytest.warns(FutureWarning):
        options = om.MultistartOptions(
            n_samples=40, share_optimization=0.5, convergence_max_discoveries=float("inf")
        )
    result = om.minimize(sphere, np.ones(2), "scipy_lbfgsb", bounds=BOX, multistart=options)
    assert result.multistart_info.n_optimizations == 20


WRONG = [
    ({"n_samples": 0}, "n_samples must be a positive whole number or None, not 0."),
    ({"n_samples": 2.5}, "n_samples must be a positive whole number or None, not 2.5."),
    ({"stopping_maxopt": 0}, "stopping_maxopt must be a positive whole number or None, not 0."),
    ({"batch_size": 0}, "batch_size must be a positive whole number or None, not 0."),
    ({"n_cores": 0}, "n_cores must be a positive whole number, not 0."),
    ({"n_cores": True}, "n_cores must be a positive whole number, not True."),
    ({"n_fitted_points": 4}, "n_fitted_points must be 0, 1, 2 or 3, not 4."),
    (
        {"n_samples": 3, "stopping_maxopt": 4},
        "n_samples must be at least stopping_maxopt (4): every local optimization needs a point of "
        "the sample, not 3.",
    ),
    (
        {"sampling_distribution": "normal"},
        "sampling_distribution must be one of ['uniform', 'triangular'], not 'normal'.",
    ),
    (
        {"sampling_method": "grid"},
        "sampling_method must be one of ['sobol', 'random', 'halton', 'latin_hypercube'], not "
        "'grid'.",
    ),
    ({"sample": 3}, "sample must be a list of parameters or None, not 3."),
    ({"sample": []}, "sample must be not empty, not []."),
    (
        {"mixing_weight_method": "best"},
        "mixing_weight_method must be one of ['tiktak', 'linear'] or a function, not 'best'.",
    ),
    (
        {"mixing_weight_bounds": (0.5,)},
        "mixing_weight_bounds must be two numbers with 0 <= lower <= upper <= 1, not (0.5,).",
    ),
    (
        {"mixing_weight_bounds": [0.9, 0.1]},
        "mixing_weight_bounds must be two numbers with 0 <= lower <= upper <= 1, not (0.9, 0.1).",
    ),
    (
        {"convergence_xtol_rel": -1},
        "convergence_xtol_rel must be a number that is not negative, or None, not -1.",
    ),
    (
        {"convergence_max_discoveries": 0},
        "convergence_max_discoveries must be a positive whole number or infinity, not 0.",
    ),
    (
        {"convergence_max_discoveries": 1.5},
        "convergence_max_discoveries must be a positive whole number or infinity, not 1.5.",
    ),
    ({"batch_size": 2, "n_cores": 4}, "batch_size must be at least n_cores (4), or None, not 2."),
    (
        {"batch_evaluator": "slurm"},
        "batch_evaluator must be one of ['joblib', 'pathos', 'pathos_mp', 'threading'], an "
        "executor or a function, not 'slurm'.",
    ),
    (
        {"seed": "a"},
        "seed must be a whole number that is not negative, a generator of numpy, or None, not 'a'.",
    ),
    (
        {"error_handling": "ignore"},
        "error_handling must be one of ['raise', 'continue'] or None, not 'ignore'.",
    ),
    ({"share_optimization": 2}, "share_optimization must be a number from 0 to 1 or None, not 2."),
    (
        {"exploration_error_handling": "x"},
        "exploration_error_handling must be one of ['raise', 'continue'] or None, not 'x'.",
    ),
]


IN_WORDS = {
    "n_samples": "number of samples",
    "stopping_maxopt": "number of optimizations",
    "n_cores": "number of cores",
    "convergence_xtol_rel": "relative params tolerance",
    "convergence_max_discoveries": "max discoveries",
}


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize(("options", "message"), WRONG, ids=[str(wrong) for wrong, _ in WRONG])
def test_impossible_options_are_refused(options, message):
    with pytest.raises(om.exceptions.InvalidMultistartError) as caught:
        om.MultistartOptions(**options)
    meaning = IN_WORDS.get(message.split()[0], message.split()[0].replace("_", " "))
    assert str(caught.value) == f"Invalid {meaning} in multistart options: {message}"
    with pytest.raises(ValueError):
        search(multistart=options)


def test_unknown_keys_and_types_are_refused():
    with pytest.raises(om.exceptions.InvalidMultistartError) as caught:
        search(multistart={"n_sampels": 3})
    assert "Invalid multistart options: unknown key 'n_sampels'. Did you mean ['n_samples'" in str(
        caught.value
    )
    with pytest.raises(om.exceptions.InvalidMultistartError, match="n_samples is given twice"):
        search(multistart={"n_sample": 3})
    with pytest.raises(om.exceptions.InvalidMultistartError) as caught:
        om.minimize(sphere, np.ones(2), "scipy_lbfgsb", multistart="yes")
    assert str(caught.value).startswith(
        "Invalid multistart options of type str. multistart must be True, False, "
        "thalweg.MultistartOptions, or a dictionary with a subset of the keys ['n_samples', "
    )
    with pytest.raises(om.exceptions.InvalidMultistartError) as caught:
        search(multistart={"sample": [np.ones(2), np.ones(3)]})
    assert "Invalid multistart options: The structure of point 1 of sample differs" in str(
        caught.value
    )


def test_bounds_for_the_sample_are_needed():
    with pytest.raises(om.exceptions.IncompleteBoundsError, match="these are missing: '1' .upper."):
        search(bounds=om.Bounds(lower=np.full(2, -4.0), upper=np.array([5.0, np.inf])))
    with pytest.raises(om.exceptions.InvalidBoundsError, match="no value lies between the bounds"):
        search(bounds=om.Bounds(BOX.lower, BOX.upper, soft_lower=np.full(2, 6.0)))
    with pytest.raises(om.exceptions.InvalidBoundsError, match="soft_lower_bound could not be"):
        search(bounds=om.Bounds(BOX.lower, BOX.upper, soft_lower={"a": 3}))
    with pytest.warns(UserWarning, match="outside the soft bounds, .* is drawn: '0'"):
        search(bounds=om.Bounds(BOX.lower, BOX.upper, soft_upper=np.full(2, 2.0)))


def test_seeds():
    def sample(seed):
        return np.array(search(multistart={"seed": seed}).multistart_info.exploration_sample)

    assert np.array_equal(sample(3), sample(3))
    assert np.array_equal(sample(None), sample(0))
    assert not np.array_equal(sample(3), sample(4))
    generator = np.random.default_rng
    assert np.array_equal(sample(generator(5)), sample(generator(5)))
    assert not np.array_equal(sample(generator(5)), sample(generator(6)))


def test_a_given_sample_is_explored_as_it_is():
    sample = [np.array([1.0, 2.0]), np.array([-3.0, 0.5])]
    options = {"sample": sample, "n_samples": None}
    result = search(multistart=options, bounds=None)
    assert np.array_equal(result.multistart_info.exploration_sample, sample)


def test_weights_may_be_a_function():
    seen = []

    def weight(iteration, n_iterations, min_weight, max_weight):
        seen.append((iteration, n_iterations, min_weight, max_weight))
        return 1.0

    result = search(
        multistart={"mixing_weight_method": weight, "convergence_max_discoveries": 4}, fun=sphere
    )
    assert seen == [(i, 6, 0.1, 0.995) for i in range(4)]
    assert result.multistart_info.n_optimizations == 4

    def broken(*_):
        raise KeyError("weight")

    with pytest.raises(om.exceptions.UserFunctionRuntimeError) as caught:
        search(multistart={"mixing_weight_method": broken})
    assert "evaluating mixing_weight_method during optimization" in str(caught.value)
    assert isinstance(caught.value.__cause__, KeyError)
    assert caught.value.partial_result.multistart_info.n_optimizations == 0
    with pytest.raises(om.exceptions.InvalidMultistartError, match="returned 2.0 for iteration 0"):
        search(multistart={"mixing_weight_method": lambda *_: 2.0})


def test_equal_options_are_equal():
    assert om.MultistartOptions(n_samples=5) == om.MultistartOptions(n_samples=5)
    assert om.MultistartOptions(n_samples=5) != om.MultistartOptions(n_samples=6)
    assert len({om.MultistartOptions(n_samples=5), om.MultistartOptions(n_samples=5)}) == 1
