"""Logs of runs. There is one kind of log, so that the general names mean SQLite's."""

from thalweg._log_reader import SQLiteLogReader
from thalweg._logging import SQLiteLogOptions

LogOptions = SQLiteLogOptions
LogReader = SQLiteLogReader

__all__ = ["LogOptions", "LogReader", "SQLiteLogOptions", "SQLiteLogReader"]
