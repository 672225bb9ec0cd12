"""Objectives of the golden traces: nothing but +, -, *, / in a fixed order, so that the same formulas in
crates/thalweg-algorithms/tests/objectives/mod.rs give the same bits."""


def sum_of_squares(residuals):
    total = 0.0
    for r in residuals:
        total += r * r
    return total


def sphere(x):
    return sum_of_squares(x)


def dict_sphere(x):
    a, b, c, d, e = x
    return a * a + b * b + (c * c + d * d + e * e)


def rosenbrock(x):
    pairs = zip(x[:-1], x[1:], strict=True)
    return sum_of_squares([r for a, b in pairs for r in (10.0 * (b - a * a), 1.0 - a)])


def powell_singular(x):
    a, b, c, d = x
    u, v = b - 2.0 * c, a - d
    return (
        (a + 10.0 * b) * (a + 10.0 * b)
        + 5.0 * ((c - d) * (c - d))
        + (u * u) * (u * u)
        + 10.0 * ((v * v) * (v * v))
    )


def freudenstein_roth(x):
    a, b = x
    return sum_of_squares(
        [-13.0 + a + ((5.0 - b) * b - 2.0) * b, -29.0 + a + ((b + 1.0) * b - 14.0) * b]
    )


BARD = [0.14, 0.18, 0.22, 0.25, 0.29, 0.32, 0.35, 0.39, 0.37, 0.58, 0.73, 0.96, 1.34, 2.1, 4.39]


def bard(x):
    residuals = []
    for i, y in enumerate(BARD):
        u = float(i + 1)
        v = 16.0 - u
        residuals.append(y - (x[0] + u / (v * x[1] + min(u, v) * x[2])))
    return sum_of_squares(residuals)


def brown_almost_linear(x):
    total, product = 0.0, 1.0
    for value in x:
        total += value
        product *= value
    n = float(len(x))
    return sum_of_squares([v + total - (n + 1.0) for v in x[:-1]] + [product - 1.0])


def absolute(x):
    total = 0.0
    for i, value in enumerate(x):
        total += float(i + 1) * abs(value - 0.5)
    return total
