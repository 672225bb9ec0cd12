"""The reader of logs by its name of 2022."""

from thalweg._log_reader import OptimizeLogReader

__all__ = ["OptimizeLogReader"]
