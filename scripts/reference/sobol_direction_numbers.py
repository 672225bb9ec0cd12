"""Write the table of Sobol direction numbers of Joe and Kuo (new-joe-kuo-6) for the first 256 dimensions.

They are read off scipy's unscrambled sequence: in Gray-code order, point 2^j is the XOR of the direction numbers whose bits are set
in the Gray code of 2^j, so that each v_j follows from two points. Every row is checked against the recurrence.

Run from the root of the repository with scipy installed: python scripts/reference/sobol_direction_numbers.py
"""

import pathlib

import numpy as np
from scipy.stats import qmc

DIM, BITS, ROWS = 256, 30, 14


def primitive_polynomials(degree):
    """The inner coefficients `a` of the primitive polynomials x^s + a_1 x^(s-1) + ... + 1 over GF(2), in increasing order."""
    for a in range(2 ** (degree - 1)):
        polynomial = (1 << degree) | (a << 1) | 1
        power, order = 1, 0
        while order == 0 or power != 1:
            power <<= 1
            if power >> degree:
                power ^= polynomial
            order += 1
            if power == 0 or order > 2**degree:
                break
        if order == 2**degree - 1:
            yield a


points = (qmc.Sobol(DIM, scramble=False, bits=BITS).random(2**ROWS) * 2**BITS).astype(np.int64)
directions = [points[1]]
for j in range(1, ROWS):
    directions.append(points[2**j] ^ directions[-1])
m = np.array([v >> (BITS - 1 - j) for j, v in enumerate(directions)])

polynomials = [(s, a) for s in range(1, 12) for a in primitive_polynomials(s)]
lines = []
for d, (s, a) in zip(range(1, DIM), polynomials, strict=False):
    row = [int(value) for value in m[:s, d]]
    full = list(row)
    for k in range(s, ROWS):
        new = full[k - s] ^ (full[k - s] << s)
        for i in range(1, s):
            if (a >> (s - 1 - i)) & 1:
                new ^= full[k - i] << i
        full.append(new)
    assert full == [int(value) for value in m[:, d]], d
    lines.append(" ".join(str(value) for value in [s, a, *row]))

target = pathlib.Path("crates/thalweg-algorithms/src/pieces/data/sobol_joe_kuo.txt")
target.write_text("\n".join(lines) + "\n")
