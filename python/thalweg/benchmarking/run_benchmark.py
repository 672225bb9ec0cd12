"""Runs of algorithms on benchmark problems."""

from thalweg._benchmark.run import run_benchmark

__all__ = ["run_benchmark"]
