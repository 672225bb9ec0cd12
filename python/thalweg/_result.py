"""The result of an optimization."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, overload

from thalweg.typing import DictLikeAccess

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from thalweg._constraints.plan import ConstraintPlan
    from thalweg._history import History
    from thalweg._thalweg import HistoryData, RawMultistart, RawResult, Tree

_NOT_COMPUTED = object()


class OptimizeResult(DictLikeAccess):
    """The result of an optimization: attributes that can also be read as the items of a dict.

    Attributes:
        params: The best parameters, structured like the start parameters.
        fun: The objective there, in the user's sign; sum of squares or of contributions.
        start_fun: The objective at the start.
        start_params: The start parameters.
        algorithm: The algorithm's name.
        direction: "minimize" or "maximize".
        n_free: The number of parameters that the algorithm could change.
        message: Why the run ended, with the numbers that decided it.
        success: Whether a convergence criterion was met; None if unknown.
        status: The algorithm's own code, if it has one.
        n_fun_evals: Evaluations of the objective; those for numerical derivatives do not count.
        n_jac_evals: Evaluations of its first derivative.
        n_hess_evals: Evaluations of its second derivative.
        n_iterations: Iterations of the algorithm.
        jac: The derivative at the end, if the algorithm has it.
        hess: The second derivative at the end, if the algorithm has it; methods of Newton in a trust
            region do if `hess` is given.
        hess_inv: The inverse of the second derivative at the end, if the algorithm has it.
        max_constraint_violation: The largest violation of a constraint.
        history: All evaluations, or None with `collect_history=False`.
        convergence_report: Changes in the last accepted steps, or None; the table of the printed
            report.
        multistart_info: `MultistartInfo` of a search from many starts; None for a single run.
        algorithm_output: Whatever else the algorithm returns; with "best_seen" (params and fun) where
            the run saw a better value at a point that satisfies the constraints within their
            tolerances, but less well than the point that is returned.
        logger: A `SQLiteLogReader` of the run's log; None without a log.
        constraint_plan: How each constraint was handled; None without constraints.
        is_feasible: Whether no bound and no constraint is violated by more than its tolerance.
    """

    def __init__(
        self,
        params: Any,
        fun: float,
        start_fun: float,
        start_params: Any,
        algorithm: str,
        direction: str,
        n_free: int,
        message: str | None = None,
        success: bool | None = None,
        n_fun_evals: int | None = None,
        n_jac_evals: int | None = None,
        n_hess_evals: int | None = None,
        n_iterations: int | None = None,
        status: int | None = None,
        jac: NDArray[Any] | None = None,
        hess: NDArray[Any] | None = None,
        hess_inv: NDArray[Any] | None = None,
        max_constraint_violation: float | None = None,
        history: History | None = None,
        convergence_report: Mapping[str, Mapping[str, float]] | None = None,
        multistart_info: Any = None,
        algorithm_output: dict[str, Any] | None = None,
        logger: Any = None,
        constraint_plan: ConstraintPlan | None = None,
        is_feasible: bool | None = None,
    ) -> None:
        self.params = params
        self.fun = fun
        self.start_fun = start_fun
        self.start_params = start_params
        self.algorithm = algorithm
        self.direction = direction
        self.n_free = n_free
        self.message = message
        self.success = success
        self.n_fun_evals = n_fun_evals
        self.n_jac_evals = n_jac_evals
        self.n_hess_evals = n_hess_evals
        self.n_iterations = n_iterations
        self.status = status
        self.jac = jac
        self.hess = hess
        self.hess_inv = hess_inv
        self.max_constraint_violation = max_constraint_violation
        self.multistart_info = multistart_info
        self.algorithm_output = algorithm_output
        self.logger = logger
        self.constraint_plan = constraint_plan
        self.is_feasible = is_feasible
        self._history: History | None = history
        self._recorded: tuple[Tree, HistoryData] | None = None
        self._convergence_report: Any = (
            _NOT_COMPUTED if convergence_report is None else convergence_report
        )

    @classmethod
    def _from_run(
        cls,
        raw: RawResult,
        direction: str,
        algorithm: str,
        start_params: Any,
        tree: Tree,
    ) -> OptimizeResult:
        """The result of a run, whose history and report are made when they are asked for."""
        result = cls(
            raw.params,
            raw.fun,
            raw.start_fun,
            start_params,
            algorithm,
            direction,
            raw.n_free,
            raw.message,
            raw.success,
            raw.n_fun_evals,
            raw.n_jac_evals or None,
            raw.n_hess_evals or None,
            raw.n_iterations,
            raw.status,
            raw.jac,
            raw.hess,
            raw.hess_inv,
            raw.max_constraint_violation,
            algorithm_output=raw.algorithm_output,
            is_feasible=raw.is_feasible,
        )
        if raw.constraint_plan:
            from thalweg._constraints.plan import plan_of

            result.constraint_plan = plan_of(raw, tree.size)
        recorded = raw.history
        if recorded is not None:
            result._recorded = (tree, recorded)
        if raw.multistart is not None:
            result._add_multistart(raw.multistart, direction, tree)
        return result

    def _add_multistart(self, info: RawMultistart, direction: str, tree: Tree) -> None:
        """Tell of the search behind the result. Each of its optima has a result of its own."""
        from thalweg._multistart import MultistartInfo

        algorithm = self.algorithm

        def optima() -> list[OptimizeResult]:
            failed = {number for number, _ in info.failures}
            starts = [x for number, x in enumerate(info.start_params) if number not in failed]
            results = []
            for run, start in zip(info.local_optima(tree), starts, strict=False):
                start_params = tree.unflatten(start)
                results.append(self._from_run(run, direction, algorithm, start_params, tree))
                results[-1].start_fun = None  # type: ignore[assignment]
            return results

        self.algorithm = f"multistart_{self.algorithm}"
        self.multistart_info = MultistartInfo._from_run(info, optima, tree)
        self._convergence_report = info.convergence_report

    @property
    def history(self) -> History | None:
        """All evaluations, or None with `collect_history=False`."""
        if self._history is None and self._recorded is not None:
            from thalweg._history import History

            tree, recorded = self._recorded
            self._history, self._recorded = History._from_run(self.direction, tree, recorded), None
        return self._history

    @history.setter
    def history(self, history: History | None) -> None:
        self._history, self._recorded = history, None

    @property
    def convergence_report(self) -> Any:
        """Changes in the last accepted steps, by column and row of the printed table.

        None without a history.
        """
        if self._convergence_report is _NOT_COMPUTED:
            history = self.history
            self._convergence_report = None if history is None else history._convergence_report()
        return self._convergence_report

    @convergence_report.setter
    def convergence_report(self, report: Any) -> None:
        self._convergence_report = report

    @property
    def x(self) -> Any:
        """The parameters, by scipy's name."""
        return self.params

    @property
    def x0(self) -> Any:
        """The start parameters, by scipy's name."""
        return self.start_params

    @property
    def nfev(self) -> int | None:
        """The number of evaluations of the objective, by scipy's name."""
        return self.n_fun_evals

    @property
    def njev(self) -> int | None:
        """The number of evaluations of its derivative, by scipy's name."""
        return self.n_jac_evals

    @property
    def nhev(self) -> int | None:
        """The number of evaluations of its second derivative, by scipy's name."""
        return self.n_hess_evals

    @property
    def nit(self) -> int | None:
        """The number of iterations, by scipy's name."""
        return self.n_iterations

    @property
    def criterion(self) -> float:
        """Outdated name of `fun`."""
        return self._outdated("criterion", "fun")

    @property
    def start_criterion(self) -> float:
        """Outdated name of `start_fun`."""
        return self._outdated("start_criterion", "start_fun")

    @property
    def n_criterion_evaluations(self) -> int | None:
        """Outdated name of `n_fun_evals`."""
        return self._outdated("n_criterion_evaluations", "n_fun_evals")

    @property
    def n_derivative_evaluations(self) -> int | None:
        """Outdated name of `n_jac_evals`."""
        return self._outdated("n_derivative_evaluations", "n_jac_evals")

    def to_pickle(self, path: str | Path) -> None:
        """Write the result to a file, to be read with `thalweg.utilities.read_pickle`."""
        from thalweg.utilities import to_pickle

        to_pickle(self, path)

    @overload
    def to_json(self, path: None = None, *, include_history: bool = True) -> str: ...

    @overload
    def to_json(self, path: str | Path, *, include_history: bool = True) -> None: ...

    def to_json(
        self, path: str | Path | None = None, *, include_history: bool = True
    ) -> str | None:
        """The result as JSON, which `OptimizeResult.from_json` and Rust read.

        Numbers come back bit for bit. The format is described in docs/result-json.md.

        Args:
            path: Where to write it; None returns the text.
            include_history: Whether to include histories.
        """
        from thalweg._json import write_result

        text = write_result(self, include_history)
        if path is None:
            return text
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return None

    @classmethod
    def from_json(cls, source: str | bytes | Path, like: Any = None) -> OptimizeResult:
        """The result that was written with `to_json`, in Python or in Rust.

        Args:
            source: The path of a file, or the text itself.
            like: Parameters whose structure those of the result should get, for instance the start
                parameters. Without it they get the structure that they had; JAX arrays come back
                as numpy arrays, dataclasses as dicts.

        Raises:
            InvalidResultError: This is no result, or a damaged one, or one of a newer version.
        """
        from thalweg._json import read_result

        return read_result(source, like)

    def __repr__(self) -> str:
        from thalweg._report import text_report

        return text_report(self)

    def _repr_html_(self) -> str:
        from thalweg._report import html_report

        return html_report(self)

    def __getstate__(self) -> dict[str, Any]:
        """Pickle everything but the markers of what is not computed yet."""
        state = dict(self.__dict__, _history=self.history, _recorded=None)
        if self._convergence_report is _NOT_COMPUTED:
            del state["_convergence_report"]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore what `__getstate__` kept."""
        self.__dict__ = {"_convergence_report": _NOT_COMPUTED, **state}

    def _as_dict(self) -> dict[str, Any]:
        shown = {name: value for name, value in self.__dict__.items() if not name.startswith("_")}
        return shown | {"history": self.history, "convergence_report": self.convergence_report}

    def _outdated(self, old: str, new: str) -> Any:
        from thalweg._warnings import warn_user

        warn_user(
            f"result.{old}: this attribute is deprecated. Please use result.{new} instead.",
            FutureWarning,
        )
        return getattr(self, new)


class IntermediateResult:
    """What a callback is given after each iteration.

    Attributes:
        params: The parameters accepted in the iteration, structured like the start parameters; also
            as `x`.
        fun: The objective there, in the user's sign.
        n_iterations: The number of iterations so far; also as `nit`.
    """

    __slots__ = ("fun", "n_iterations", "params")

    def __init__(self, params: Any, fun: float, n_iterations: int) -> None:
        self.params, self.fun, self.n_iterations = params, fun, n_iterations

    @property
    def x(self) -> Any:
        """The parameters, by scipy's name."""
        return self.params

    @property
    def nit(self) -> int:
        """The number of iterations, by scipy's name."""
        return self.n_iterations

    def __repr__(self) -> str:
        fields = (f"{name}={getattr(self, name)!r}" for name in ("params", "fun", "n_iterations"))
        return f"IntermediateResult({', '.join(fields)})"
