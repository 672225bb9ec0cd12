"""The result of a numerical derivative."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from thalweg._warnings import warn_user
from thalweg.exceptions import NotAvailableError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class NumdiffResult:
    """A numerical derivative.

    Attributes:
        derivative: The derivative, as a tree of blocks.
        func_value: The raw output of the function at the params; None if its evaluation failed.
        error_estimate: With extrapolation, an estimate of the error of each entry, structured like
            the derivative.
    """

    derivative: Any
    func_value: Any = None
    error_estimate: Any = None
    _evaluations: tuple[np.ndarray, np.ndarray, np.ndarray] | None = field(default=None, repr=False)
    _candidates: list[tuple[Any, ...]] | None = field(default=None, repr=False)

    @property
    def func_evals(self) -> pd.DataFrame:
        """All evaluations of a first derivative, by sign of the step, step, parameter and output.

        Columns step and eval.

        Raises:
            NotAvailableError: The derivative is of second order.
        """
        import pandas as pd

        if self._evaluations is None:
            raise NotAvailableError("func_evals is only available for first derivatives.")
        start, points, rows = self._evaluations
        steps = points - start
        parameter = np.argmax(np.abs(steps), axis=1)
        step = steps[np.arange(len(steps)), parameter]
        number = [
            int(np.sum((parameter == j) & (np.sign(step) == np.sign(h)) & (np.abs(step) < abs(h))))
            for j, h in zip(parameter, step, strict=True)
        ]
        index = [
            (1 if h > 0 else -1, k, int(j), output)
            for h, k, j in zip(step, number, parameter, strict=True)
            for output in range(rows.shape[1])
        ]
        frame = pd.DataFrame(
            {"step": np.repeat(np.abs(step), rows.shape[1]), "eval": rows.ravel()},
            index=pd.MultiIndex.from_tuples(index, names=["sign", "step_number", "dim_x", "dim_f"]),
        )
        return frame.sort_index(
            level=["sign", "step_number", "dim_x"], ascending=[False, True, True]
        )

    @property
    def derivative_candidates(self) -> pd.DataFrame | None:
        """What extrapolation chose from, by formula, number of error terms removed, parameter, output.

        Columns der and err. The derivative has the entries with the smallest errors among those of
        the method that was asked for. None without extrapolation.
        """
        if self._candidates is None:
            return None
        import pandas as pd

        names = ["method", "num_term", "dim_x", "dim_f"]
        return pd.DataFrame(self._candidates, columns=[*names, "der", "err"]).set_index(names)

    def __getitem__(self, key: str) -> Any:
        """The attribute of this name; the form of 2022."""
        if key.startswith("_") or not hasattr(self, key):
            raise KeyError(key)
        warn_user(f"Please replace result[{key!r}] by result.{key}.", FutureWarning)
        return getattr(self, key)
