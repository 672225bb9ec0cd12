"""Benchmarks: sets of problems, runs of algorithms on them, reports and plots.

* `problems`: the sets as dicts.
* `run`, `_entrants`, `_one_run`: from algorithms in any form to results, native where both sides are.
* `reports`, `plots`, `_data`: from results to tables and figures, which the core computes.
"""
