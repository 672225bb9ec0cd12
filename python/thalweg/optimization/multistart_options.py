"""Options of searches from many starts."""

from thalweg._multistart import MultistartOptions

__all__ = ["MultistartOptions"]
