"""Plain Sobol and Halton sequences by scipy, as oracle values for crates/thalweg-algorithms.

Sobol points are sums of powers of two and agree to the last bit; sums of digits to other bases are
rounded differently. The Rust twin is crates/thalweg-algorithms/tests/golden_sequences.rs.

Usage (with scipy installed):
    python scripts/reference/golden_sequences.py > crates/thalweg-algorithms/tests/golden/sequences.json
"""

import json
import warnings

import scipy
from scipy.stats import qmc

SIZES = [(1, 1), (7, 2), (20, 5), (33, 30)]


def sobol(count, dim):
    sampler = qmc.Sobol(d=dim, scramble=False)
    sampler.fast_forward(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # numbers of points that are not powers of two
        return sampler.random(count)


def halton(count, dim):
    return qmc.Halton(d=dim, scramble=False).random(count)


samples = [
    {"method": name, "count": count, "dim": dim, "points": sampler(count, dim).ravel().tolist()}
    for name, sampler in (("sobol", sobol), ("halton", halton))
    for count, dim in SIZES
]
print(json.dumps({"scipy": scipy.__version__, "samples": samples}))
