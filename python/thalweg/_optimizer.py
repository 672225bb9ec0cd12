"""Ask/tell: an optimization whose objective is evaluated by the user, wherever that happens."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from thalweg._bounds import convert_bounds, flatten_bounds, flatten_soft_bounds
from thalweg._checks import constraint_handling_mode
from thalweg._resolve_algorithm import resolve_algorithm
from thalweg._result import OptimizeResult
from thalweg._scaling import convert_scaling
from thalweg._thalweg import AskTell, Tree
from thalweg._warnings import warn_renamed, warn_user
from thalweg.exceptions import InvalidArgumentError, NotAvailableError, OptimagicError

if TYPE_CHECKING:
    from thalweg._algorithm import Algorithm
    from thalweg._augmented_lagrangian import AugmentedLagrangianOptions
    from thalweg._bounds import Bounds
    from thalweg._constraints import Constraint
    from thalweg._numdiff_options import NumdiffOptions
    from thalweg._scaling import ScalingOptions
    from thalweg._thalweg import RawResult
    from thalweg.typing import PyTree

Want = Literal["fun", "jac", "fun_and_jac"]


class Request:
    """What an optimizer wants to know.

    Attributes:
        params: The points, each structured like the start parameters.
        want: "fun" for values, "jac" for derivatives, "fun_and_jac" for pairs of both.
    """

    __slots__ = ("params", "want")

    def __init__(self, params: list[PyTree], want: Want) -> None:
        self.params, self.want = params, want

    def __len__(self) -> int:
        """The number of points."""
        return len(self.params)

    def __repr__(self) -> str:
        return f"Request({self.want} at {len(self.params)} points)"


class Optimizer:
    """An optimization that asks for points and is told what was found there.

    It can be pickled at any time to go on later, or elsewhere: what it was told is kept and told
    again, which takes no evaluations. Without a history nothing is kept, and there is no pickling.

    >>> import numpy as np
    >>> import thalweg as om
    >>> optimizer = om.Optimizer(np.ones(2), "neldermead")
    >>> while (request := optimizer.ask()) is not None:
    ...     optimizer.tell([float(x @ x) for x in request.params])
    >>> optimizer.result().success
    True

    Args:
        params: Start parameters.
        algorithm: A name, a class such as `algos.lbfgsb`, or an instance of one with options.
        bounds: As in `minimize`.
        constraints: As in `minimize`.
        repair_start: As in `minimize`.
        constraint_handling: As in `minimize`. Nonlinear constraints are evaluated here; requests
            are for the objective alone.
        algo_options: Options of the algorithm by name.
        direction: "minimize" or "maximize".
        kind: "scalar" if values are numbers, "least_squares" for residuals, "likelihood" for
            contributions.
        derivatives: Whether you answer requests for derivatives; otherwise they are computed from
            values.
        numdiff_options: How derivatives are computed from values.
        scaling: As in `minimize`.
        collect_history: Whether the result has a history.

    Raises:
        OptimagicError: Something is wrong with the problem; see `thalweg.exceptions`.
    """

    def __init__(
        self,
        params: PyTree,
        algorithm: str | Algorithm | type[Algorithm],
        *,
        bounds: Bounds | Any = None,
        constraints: Constraint | Sequence[Constraint] | None = None,
        repair_start: bool = False,
        constraint_handling: Literal["native", "augmented_lagrangian"]
        | AugmentedLagrangianOptions = "native",
        algo_options: dict[str, Any] | None = None,
        direction: Literal["minimize", "maximize"] = "minimize",
        kind: Literal["scalar", "least_squares", "likelihood"] = "scalar",
        derivatives: bool = False,
        numdiff_options: NumdiffOptions | dict[str, Any] | None = None,
        scaling: bool | ScalingOptions | dict[str, Any] | None = False,
        collect_history: bool = True,
    ) -> None:
        if direction not in ("minimize", "maximize"):
            raise InvalidArgumentError(
                f"direction must be 'minimize' or 'maximize', not {direction!r}."
            )
        if kind not in ("scalar", "least_squares", "likelihood"):
            raise InvalidArgumentError(
                f"kind must be 'scalar', 'least_squares' or 'likelihood', not {kind!r}."
            )
        renamed: list[tuple[str, str]] = []
        notes: list[str] = []
        self._arguments = {
            key: value for key, value in locals().items() if key not in ("self", "renamed", "notes")
        }
        self._told: list[list[Any]] = []
        self._start_params, self._direction = params, direction
        self._tree = Tree(params)
        lower, upper = flatten_bounds(convert_bounds(bounds), self._tree)
        soft_lower, soft_upper = flatten_soft_bounds(convert_bounds(bounds), self._tree)
        options = convert_scaling(scaling)
        space, nonlinear = None, None
        if constraints is not None or repair_start:
            from thalweg._constraints.prepare import prepare

            prepared = prepare(
                constraints, self._tree, params, lower, upper, renamed, bool(repair_start)
            )
            self._start_params, self._tree = prepared.params, prepared.tree
            space = prepared.space
            if prepared.flat.nonlinear:
                from thalweg._nonlinear import flatten_nonlinear

                nonlinear = flatten_nonlinear(prepared)
        self._algorithm = resolve_algorithm(algorithm, algo_options, renamed, notes)
        self._algorithm.prepare(self._tree)
        numdiff = None
        if numdiff_options is not None:
            from thalweg._numdiff_options import convert_numdiff_options

            numdiff = convert_numdiff_options(numdiff_options, renamed)._flat(self._tree)
        warn_renamed(renamed)
        for note in notes:
            warn_user(note)
        self._run = AskTell(
            self._tree,
            self._algorithm.target,
            self._algorithm.options,
            kind=kind,
            derivatives=bool(derivatives),
            maximize=direction == "maximize",
            lower=lower,
            upper=upper,
            space=space,
            scaling=None if options is None else options._flat(),
            soft_lower=soft_lower,
            soft_upper=soft_upper,
            numdiff=numdiff,
            collect_history=bool(collect_history),
            nonlinear=nonlinear,
            constraint_handling=constraint_handling_mode(constraint_handling),
        )
        self._request: Request | None = None

    def ask(self) -> Request | None:
        """What to evaluate next; None when the run has ended.

        The same request until it is answered with `tell`.
        """
        if self._request is None:
            asked = self._run.ask()
            if asked is not None:
                want, points = asked
                self._request = Request(points, want)
        return self._request

    def tell(self, values: Sequence[Any] | Any) -> None:
        """Answer the request: one value per point, in order.

        For "fun_and_jac" a pair of value and derivative.

        An exception in the place of a value says that its evaluation failed. With a single point,
        the bare value will do; numbers may come as an array.

        Raises:
            InvalidArgumentError: Nothing was asked, or the number of values is wrong.
        """
        request = self.ask()
        if request is None:
            raise InvalidArgumentError("The optimization has ended: there is nothing to tell.")
        # An array of numbers is a list of values wherever a single one is a number.
        is_number = self._arguments["kind"] == "scalar" and request.want == "fun"
        if is_number and isinstance(values, np.ndarray) and values.ndim == 1:
            values = values.tolist()
        several = isinstance(values, (list, tuple)) or (
            len(request) > 1 and hasattr(values, "__len__")
        )
        answers = list(values) if several and len(values) == len(request) else [values]
        # A list of another length is the answer for a single point where that has several numbers.
        if len(answers) != len(request) or (is_number and several and len(values) != len(request)):
            asked, needed = (
                ("1 point was", "the value")
                if len(request) == 1
                else (f"{len(request)} points were", f"a list of {len(request)} values")
            )
            raise InvalidArgumentError(
                f"{asked} asked for, so tell needs {needed}, not {values!r}."
            )
        self._request = None
        if self._arguments["collect_history"]:
            self._told.append(answers)
        try:
            self._run.tell(answers)
        except Exception as error:
            partial = getattr(error, "partial_result", None)
            if partial is not None:
                error.partial_result = self._result_of(partial)  # type: ignore[attr-defined]
            raise

    @property
    def done(self) -> bool:
        """Whether the run has ended."""
        return self.ask() is None

    def result(self) -> OptimizeResult:
        """The result, when the run has ended.

        Raises:
            NotAvailableError: It has not.
        """
        if not self.done:
            raise NotAvailableError(
                "The optimization has not ended: answer `ask` with `tell` until it returns None."
            )
        return self._result_of(self._run.result())

    def __repr__(self) -> str:
        state = "has ended" if self.done else f"waits for {self.ask()!r}"
        return f"<Optimizer with {self._algorithm.name} that {state}>"

    def __getstate__(self) -> dict[str, Any]:
        """What the run began with and what it was told since."""
        if not self._arguments["collect_history"]:
            raise TypeError(
                "An Optimizer with collect_history=False does not keep what it was told, so it "
                "cannot be pickled. Use collect_history=True."
            )
        return {"arguments": self._arguments, "told": self._told}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Begin again and repeat all answers."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they were given when it was made
            self.__init__(**state["arguments"])  # type: ignore[misc]
        for answers in state["told"]:
            with contextlib.suppress(OptimagicError):  # it was raised when it was told
                self.tell(answers)

    def _result_of(self, raw: RawResult) -> OptimizeResult:
        return OptimizeResult._from_run(
            raw,
            self._direction,
            self._algorithm.name,
            self._start_params,
            self._tree,
        )
