"""`minimize` and `maximize`."""

from thalweg._minimize import maximize, minimize

__all__ = ["maximize", "minimize"]
