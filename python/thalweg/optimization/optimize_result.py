"""Results."""

from thalweg._multistart import MultistartInfo
from thalweg._result import OptimizeResult

__all__ = ["MultistartInfo", "OptimizeResult"]
