"""Tables of what algorithms solved."""

from thalweg._benchmark.reports import convergence_report, rank_report, traceback_report

__all__ = ["convergence_report", "rank_report", "traceback_report"]
