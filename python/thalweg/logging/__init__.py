"""Logs, under the module name that optimagic has for them."""

from thalweg._log_reader import OptimizeLogReader, SQLiteLogReader
from thalweg._logging import ExistenceStrategy, SQLiteLogOptions

__all__ = ["ExistenceStrategy", "OptimizeLogReader", "SQLiteLogOptions", "SQLiteLogReader"]
