"""Searches from many starts: their options, and what they tell of themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from thalweg._same import same_fields
from thalweg._warnings import warn_user
from thalweg.exceptions import InvalidMultistartError
from thalweg.typing import BatchEvaluator, BatchEvaluatorLiteral, DictLikeAccess

if TYPE_CHECKING:
    import numpy as np

    from thalweg._bounds import Bounds
    from thalweg._result import OptimizeResult
    from thalweg._thalweg import RawMultistart, Tree

_DISTRIBUTIONS = ("uniform", "triangular")
_METHODS = ("sobol", "random", "halton", "latin_hypercube")
_WEIGHTS = ("tiktak", "linear")
_ERROR_HANDLING = ("raise", "continue")


@dataclass(frozen=True, eq=False)
class MultistartOptions:
    """Options of a search from many starts.

    Attributes:
        n_samples: The number of points of the exploration, the start among them; None for 100 per
            free parameter, or 10 per local optimization if `stopping_maxopt` is given.
        stopping_maxopt: The largest number of local optimizations; None for a tenth of the sample.
        sampling_distribution: "uniform", or "triangular" with its mode at the start.
        sampling_method: "random", "latin_hypercube", or one of the sequences "sobol" and "halton",
            in which the seed has no part.
        sample: A list of parameters to explore instead of a drawn sample.
        mixing_weight_method: How much of the best optimum is mixed into the next start: "tiktak"
            (the root of the share of optimizations done), "linear", or a function of the number of
            optimizations done and of all, the smallest and the largest weight.
        mixing_weight_bounds: The smallest and the largest weight.
        convergence_xtol_rel: How near two optima are, relative to max(|x|, 0.1), that are the same;
            None for 0.01.
        convergence_max_discoveries: The search ends when the best optimum was found so often.
        n_cores: The number of evaluations at the same time.
        batch_evaluator: "joblib", "pathos", "threading", an executor or a function; see
            `thalweg.batch_evaluators`.
        batch_size: The number of local optimizations that start from the same knowledge and run at
            the same time. None lets each know of all before it; with several cores, the next ones
            begin all the same, and again if one before them changed what they should have known.
            Results depend on it, but not on `n_cores`.
        seed: The seed of the sample: a whole number, a generator of numpy, or None for 0.
        error_handling: Whether a local optimization that fails is left out ("continue", also None)
            or ends the search ("raise").
        share_optimization: Outdated: the share of the sample from which optimizations start.
        convergence_relative_params_tolerance: Outdated name of `convergence_xtol_rel`.
        optimization_error_handling: Outdated name of `error_handling`.
        exploration_error_handling: Outdated; errors in the exploration never end the search.
        n_fitted_points: How many points of the sample, at most 3, are the minima of bowls that are
            fitted to the others. 0 for none, and for a search without suggestions by the local
            optima: by the formulas of tiktak alone.

    Raises:
        InvalidMultistartError: An option has an impossible value.
    """

    n_samples: int | None = None
    stopping_maxopt: int | None = None
    sampling_distribution: Literal["uniform", "triangular"] = "uniform"
    sampling_method: Literal["sobol", "random", "halton", "latin_hypercube"] = "random"
    sample: Sequence[Any] | None = None
    mixing_weight_method: (
        Literal["tiktak", "linear"] | Callable[[int, int, float, float], float]
    ) = "tiktak"
    mixing_weight_bounds: tuple[float, float] = (0.1, 0.995)
    convergence_xtol_rel: float | None = None
    convergence_max_discoveries: int | float = 2
    n_cores: int = 1
    batch_evaluator: BatchEvaluatorLiteral | BatchEvaluator | Any = "joblib"
    batch_size: int | None = None
    seed: int | np.random.Generator | None = None
    error_handling: Literal["raise", "continue"] | None = None
    share_optimization: float | None = None
    convergence_relative_params_tolerance: float | None = None
    optimization_error_handling: Literal["raise", "continue"] | None = None
    exploration_error_handling: Literal["raise", "continue"] | None = None
    n_fitted_points: int = 3

    def __post_init__(self) -> None:
        """Replace outdated options and check all of them."""
        if isinstance(self.mixing_weight_bounds, list):
            object.__setattr__(self, "mixing_weight_bounds", tuple(self.mixing_weight_bounds))
        self._replace_outdated()
        for name in ("n_samples", "stopping_maxopt", "batch_size"):
            value = getattr(self, name)
            expected = "a positive whole number or None"
            _require(value is None or (_is_whole(value) and value >= 1), name, value, expected)
        _require(
            _is_whole(self.n_cores) and self.n_cores >= 1,
            "n_cores",
            self.n_cores,
            "a positive whole number",
        )
        _require(
            _is_whole(self.n_fitted_points) and 0 <= self.n_fitted_points <= 3,
            "n_fitted_points",
            self.n_fitted_points,
            "0, 1, 2 or 3",
        )
        self._check_words()
        self._check_numbers()
        self._check_batches()

    def __eq__(self, other: object) -> bool:
        """Whether all options are the same."""
        return same_fields(self, other)

    def __hash__(self) -> int:
        """Consistent with `==`."""
        return hash((self.n_samples, self.stopping_maxopt, self.sampling_method))

    def _replace_outdated(self) -> None:
        for old, new in _OUTDATED.items():
            value = getattr(self, old)
            if value is None:
                continue
            warn_user(
                f"The option {old} of multistart is outdated. "
                + (f"Please use {new} instead." if new else "Please leave it out."),
                FutureWarning,
            )
            if new in ("convergence_xtol_rel", "error_handling") and getattr(self, new) is None:
                object.__setattr__(self, new, value)
        self._check_outdated()

    def _check_outdated(self) -> None:
        share = self.share_optimization
        _require(
            share is None or (_is_number(share) and 0 <= share <= 1),
            "share_optimization",
            share,
            "a number from 0 to 1 or None",
        )
        handling = self.exploration_error_handling
        _require(
            handling is None or handling in _ERROR_HANDLING,
            "exploration_error_handling",
            handling,
            f"one of {list(_ERROR_HANDLING)} or None",
        )

    def _check_words(self) -> None:
        for name, words in (
            ("sampling_distribution", _DISTRIBUTIONS),
            ("sampling_method", _METHODS),
        ):
            value = getattr(self, name)
            _require(_is_word(value, words), name, value, f"one of {list(words)}")
        method = self.mixing_weight_method
        _require(
            callable(method) or _is_word(method, _WEIGHTS),
            "mixing_weight_method",
            method,
            f"one of {list(_WEIGHTS)} or a function",
        )
        _require(
            self.error_handling is None or _is_word(self.error_handling, _ERROR_HANDLING),
            "error_handling",
            self.error_handling,
            f"one of {list(_ERROR_HANDLING)} or None",
        )
        _require(
            self.sample is None
            or (isinstance(self.sample, Sequence) and not isinstance(self.sample, (str, bytes))),
            "sample",
            self.sample,
            "a list of parameters or None",
        )
        _require(
            self.sample is None or len(self.sample) > 0, "sample", self.sample, "not empty"
        )

    def _check_numbers(self) -> None:
        bounds = self.mixing_weight_bounds
        pair = isinstance(bounds, tuple) and len(bounds) == 2 and all(map(_is_number, bounds))
        _require(
            pair and 0 <= bounds[0] <= bounds[1] <= 1,
            "mixing_weight_bounds",
            bounds,
            "two numbers with 0 <= lower <= upper <= 1",
        )
        tolerance = self.convergence_xtol_rel
        _require(
            tolerance is None or (_is_number(tolerance) and tolerance >= 0),
            "convergence_xtol_rel",
            tolerance,
            "a number that is not negative, or None",
        )
        discoveries = self.convergence_max_discoveries
        _require(
            (_is_whole(discoveries) and discoveries >= 1) or discoveries == float("inf"),
            "convergence_max_discoveries",
            discoveries,
            "a positive whole number or infinity",
        )
        seed: Any = self.seed
        _require(
            seed is None or (_is_whole(seed) and seed >= 0) or hasattr(seed, "integers"),
            "seed",
            seed,
            "a whole number that is not negative, a generator of numpy, or None",
        )

    def _check_batches(self) -> None:
        if self.n_samples is not None and self.stopping_maxopt is not None:
            _require(
                self.n_samples >= self.stopping_maxopt,
                "n_samples",
                self.n_samples,
                f"at least stopping_maxopt ({self.stopping_maxopt}): every local optimization "
                "needs a point of the sample",
            )
        _require(
            self.batch_size is None or self.batch_size >= self.n_cores,
            "batch_size",
            self.batch_size,
            f"at least n_cores ({self.n_cores}), or None",
        )
        from thalweg.batch_evaluators import check_batch_evaluator

        complaint = check_batch_evaluator(self.batch_evaluator)
        _require(complaint is None, "batch_evaluator", self.batch_evaluator, str(complaint))

    def _flat(self, tree: Tree, bounds: Bounds | None) -> dict[str, Any]:
        """The options as the core takes them, with the soft bounds."""
        from thalweg._bounds import flatten_soft_bounds

        flat = {name: getattr(self, name) for name in _PASSED_ON}
        flat["soft_lower"], flat["soft_upper"] = flatten_soft_bounds(bounds, tree)
        if flat["convergence_max_discoveries"] == float("inf"):
            flat["convergence_max_discoveries"] = -1  # no number of discoveries is enough
        generator: Any = self.seed
        if hasattr(generator, "integers"):
            flat["seed"] = int(generator.integers(2**63))
        if self.sample is not None:
            flat["sample"] = [
                _flat_point(point, number, tree) for number, point in enumerate(self.sample)
            ]
        flat["share"] = self.share_optimization
        return flat


_OUTDATED = {
    "share_optimization": "stopping_maxopt",
    "convergence_relative_params_tolerance": "convergence_xtol_rel",
    "optimization_error_handling": "error_handling",
    "exploration_error_handling": None,
}

_PASSED_ON = (
    "n_samples",
    "stopping_maxopt",
    "sampling_distribution",
    "sampling_method",
    "sample",
    "mixing_weight_method",
    "mixing_weight_bounds",
    "convergence_xtol_rel",
    "convergence_max_discoveries",
    "n_cores",
    "batch_size",
    "seed",
    "error_handling",
    "n_fitted_points",
)

_KEYS = tuple(
    name for name in MultistartOptions.__dataclass_fields__ if name not in _OUTDATED
)

_MEANINGS = {
    "n_samples": "number of samples",
    "stopping_maxopt": "number of optimizations",
    "n_cores": "number of cores",
    "convergence_xtol_rel": "relative params tolerance",
    "convergence_max_discoveries": "max discoveries",
}
"""What an option is in words, where its name does not say it."""

_KEYS_OF_2022 = {
    "n_sample": "n_samples",
    "share_optimizations": "share_optimization",
    "convergence_relative_params_tolerance": "convergence_xtol_rel",
    "optimization_error_handling": "error_handling",
}


def convert_multistart_options(
    options: Any, renamed: list[tuple[str, str]]
) -> MultistartOptions | None:
    """Turn whatever users may pass as `multistart` into options; None for a single run.

    In dicts, dots may stand for underscores, and names of 2022 are replaced and added to `renamed`.

    Raises:
        InvalidMultistartError: The options are of another type, unknown or impossible.
    """
    if options is None or options is False:
        return None
    if options is True:
        return MultistartOptions()
    if isinstance(options, MultistartOptions):
        return options
    if not isinstance(options, Mapping):
        raise InvalidMultistartError(
            f"Invalid multistart options of type {type(options).__name__}. multistart must be "
            "True, False, thalweg.MultistartOptions, or a dictionary with a subset of the keys "
            f"{list(_KEYS)}."
        )
    given: dict[str, Any] = {}
    for key, value in options.items():
        plain = str(key).replace(".", "_")
        name = _KEYS_OF_2022.get(plain, plain)
        if name in _OUTDATED:
            renamed.append((str(key), _OUTDATED[name] or "nothing: leave it out"))
        elif name != plain:
            renamed.append((str(key), name))
        if name not in MultistartOptions.__dataclass_fields__:
            from thalweg.utilities import propose_alternatives

            raise InvalidMultistartError(
                f"Invalid multistart options: unknown key {key!r}. Did you mean "
                f"{propose_alternatives(plain, _KEYS)}? A dictionary may have a subset of the "
                f"keys {list(_KEYS)}."
            )
        if name in given:
            raise InvalidMultistartError(
                f"Invalid multistart options: {name} is given twice, the second time as {key!r}."
            )
        given[name] = value
    # They are said among the other replaced names: one warning for one call.
    outdated = {name: given.pop(name) for name in _OUTDATED if name in given}
    converted = MultistartOptions(**given)
    for name, value in outdated.items():
        object.__setattr__(converted, name, value)
    converted._check_outdated()
    return converted


class MultistartInfo(DictLikeAccess):
    """The exploration and the local optimizations behind a result.

    Attributes:
        start_parameters: Where the local optimizations began.
        local_optima: Their results.
        exploration_sample: The points of the exploration, best first.
        exploration_results: The objective there, in the user's sign, best first.
        n_exploration_evals: The number of evaluations in the exploration.
        n_discoveries: How often the best optimum was found.
        failures: Numbers and messages of local optimizations that failed.
    """

    def __init__(
        self,
        start_parameters: Any,
        local_optima: list[OptimizeResult],
        exploration_sample: Any,
        exploration_results: list[float],
        n_exploration_evals: int | None = None,
        n_discoveries: int | None = None,
        failures: list[tuple[int, str]] | None = None,
    ) -> None:
        self._start_parameters = start_parameters
        self._local_optima = local_optima
        self._exploration_sample = exploration_sample
        self._exploration_results = exploration_results
        self._n_optimizations: int | None = None
        self._from: tuple[RawMultistart, Callable[[], list[OptimizeResult]], Tree] | None = None
        self.n_exploration_evals = n_exploration_evals
        self.n_discoveries = n_discoveries
        self.failures = [] if failures is None else failures

    @classmethod
    def _from_run(
        cls, raw: RawMultistart, local_optima: Callable[[], list[OptimizeResult]], tree: Tree
    ) -> MultistartInfo:
        """What a run tells; parameters and results are made when one of them is asked for."""
        info = cls([], [], [], [], raw.n_exploration_evals, raw.n_discoveries, raw.failures)
        info._n_optimizations = raw.n_optimizations
        info._from = (raw, local_optima, tree)
        return info

    @property
    def start_parameters(self) -> list[Any]:
        """Where the local optimizations began."""
        self._build()
        return self._start_parameters

    @property
    def local_optima(self) -> list[OptimizeResult]:
        """The results of the local optimizations that did not fail."""
        self._build()
        return self._local_optima

    @property
    def exploration_sample(self) -> list[Any]:
        """The points of the exploration, best first."""
        self._build()
        return self._exploration_sample

    @property
    def exploration_results(self) -> list[float]:
        """The objective at the points of the exploration, in the user's sign, best first."""
        self._build()
        return self._exploration_results

    @property
    def n_optimizations(self) -> int:
        """The number of local optimizations that did not fail."""
        known = self._n_optimizations
        return len(self.local_optima) if known is None else known

    def _build(self) -> None:
        if self._from is not None:
            (raw, local_optima, tree), self._from = self._from, None
            self._start_parameters = [tree.unflatten(flat) for flat in raw.start_params]
            self._local_optima = local_optima()
            self._exploration_sample = [tree.unflatten(flat) for flat in raw.exploration_sample]
            self._exploration_results = raw.exploration_results.tolist()

    def __getitem__(self, key: str) -> Any:
        """The attribute of this name; outdated."""
        value = super().__getitem__(key)
        warn_user(
            "Reading multistart_info like a dictionary is outdated. Please use attributes, such "
            f"as multistart_info.{key}.",
            FutureWarning,
        )
        return value

    def __getstate__(self) -> dict[str, Any]:
        """Pickle parameters, not the way to make them."""
        self._build()
        return self.__dict__

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore what `__getstate__` kept."""
        self.__dict__ = state

    def _as_dict(self) -> dict[str, Any]:
        names = (
            "start_parameters",
            "local_optima",
            "exploration_sample",
            "exploration_results",
            "n_exploration_evals",
            "n_discoveries",
            "failures",
        )
        return {name: getattr(self, name) for name in names}

    def __repr__(self) -> str:
        return (
            f"MultistartInfo(n_optimizations={self.n_optimizations}, "
            f"n_discoveries={self.n_discoveries}, n_exploration_evals={self.n_exploration_evals})"
        )


def _flat_point(point: Any, number: int, tree: Tree) -> Any:
    try:
        return tree.flatten(point, f"point {number} of sample")
    except ValueError as error:
        raise InvalidMultistartError(f"Invalid multistart options: {error}") from error


def _is_number(value: Any) -> bool:
    return (
        hasattr(value, "__float__")
        and not hasattr(value, "__len__")
        and not isinstance(value, bool)
    )


def _is_whole(value: Any) -> bool:
    return hasattr(value, "__index__") and not isinstance(value, bool)


def _is_word(value: Any, words: tuple[str, ...]) -> bool:
    return isinstance(value, str) and value in words


def _require(condition: bool, name: str, value: Any, expected: str) -> None:
    if not condition:
        meaning = _MEANINGS.get(name, name.replace("_", " "))
        raise InvalidMultistartError(
            f"Invalid {meaning} in multistart options: {name} must be {expected}, not {value!r}."
        )
