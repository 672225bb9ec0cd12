"""Types of logs."""

from thalweg._logging import ExistenceStrategy

__all__ = ["ExistenceStrategy"]
