"""Histories of runs."""

from thalweg._history import History, HistoryEntry

__all__ = ["History", "HistoryEntry"]
