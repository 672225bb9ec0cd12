//! Natural convection in an upright enclosure: vorticity, temperature and stream function on a grid of 5 x 5 points, with the stream
//! function known on the boundary (Shadid 1989, problem SP2; CUTEst FLOSP2HH to FLOSP2TM). n = m = 59.
//!
//! The names' next letter says what is known at the walls (`H`: the flux of heat, `T`: the temperature), the last one the Rayleigh
//! number (high, medium, low). As in optimagic's set, the walls' constants count with the other sign than in CUTEst.

use crate::Function;

/// What is known at the walls `y = 1` and `y = -1`: factors of the flux and of the temperature, and the constants.
#[derive(Clone, Copy)]
pub(super) struct Walls {
    flux: f64,
    temperature: f64,
    top: f64,
    bottom: f64,
}

pub(super) const FLUX: Walls = Walls { flux: 1.0, temperature: 0.0, top: -1.0, bottom: -1.0 };
pub(super) const TEMPERATURE: Walls = Walls { flux: 0.0, temperature: 1.0, top: 0.0, bottom: 1.0 };

/// The number of parameters and equations.
const SIZE: usize = 59;

/// The points along a side; twice the inverse of the grid's step is 4.
const SIDE: usize = 5;
const LAST: usize = SIDE - 1;

/// `1 / h^2`, and twice `1 / h`.
const INVERSE_SQUARE: f64 = 4.0;
const TWICE_INVERSE: f64 = 4.0;

/// The equations for a Rayleigh number.
pub(super) fn function(walls: Walls, rayleigh: f64) -> Function {
    Function::with_parameter((walls, rayleigh), SIZE, residuals, jacobian)
}

/// A point of the grid; the first coordinate is across the walls at `x = 1` and `x = -1`.
type At = (usize, usize);

fn vorticity((i, j): At) -> usize {
    SIDE * i + j
}

fn temperature(at: At) -> usize {
    SIDE * SIDE + vorticity(at)
}

/// The parameter of the stream function at a point; `None` on the boundary, where it is 1.
fn stream((i, j): At) -> Option<usize> {
    let inside = 1..LAST;
    (inside.contains(&i) && inside.contains(&j))
        .then(|| 2 * SIDE * SIDE + (SIDE - 2) * (i - 1) + j - 1)
}

fn stream_value(x: &[f64], at: At) -> f64 {
    stream(at).map_or(1.0, |k| x[k])
}

fn neighbours((i, j): At) -> [At; 4] {
    [(i + 1, j), (i - 1, j), (i, j + 1), (i, j - 1)]
}

fn inner() -> impl Iterator<Item = At> {
    (1..LAST).flat_map(|i| (1..LAST).map(move |j| (i, j)))
}

/// The points of the boundary in the order of their equations: the walls at `x = -1` and `x = 1` with the corners, then the inner
/// points of the walls at `y = -1` and `y = 1`.
fn boundary() -> impl Iterator<Item = At> {
    let whole = [0, LAST].into_iter().flat_map(|i| (0..SIDE).map(move |j| (i, j)));
    let between = [0, LAST].into_iter().flat_map(|j| (1..LAST).map(move |i| (i, j)));
    whole.chain(between)
}

/// The walls that a point of the boundary belongs to: the point itself and the one inside, upper (greater coordinate) first; and
/// which kind of wall.
fn walls((i, j): At) -> impl Iterator<Item = (At, At, Wall)> {
    let across = [
        (i == 0).then_some(((1, j), (0, j), Wall::Side)),
        (i == LAST).then_some(((LAST, j), (LAST - 1, j), Wall::Side)),
        (j == 0).then_some(((i, 1), (i, 0), Wall::Bottom)),
        (j == LAST).then_some(((i, LAST), (i, LAST - 1), Wall::Top)),
    ];
    across.into_iter().flatten()
}

#[derive(Clone, Copy, PartialEq)]
enum Wall {
    Side,
    Bottom,
    Top,
}

/// The constant in the equation of the temperature at a point of the boundary. Walls are gone along together, one coordinate after
/// the other, and the last one to come to a corner leaves its constant there.
fn wall_constant(given: &Walls, (i, j): At) -> f64 {
    match (i, j) {
        (LAST, 0) => given.bottom,
        (0 | LAST, _) => 0.0,
        (_, 0) => given.bottom,
        _ => given.top,
    }
}

fn residuals(&(given, rayleigh): &(Walls, f64), x: &[f64], r: &mut [f64]) {
    let mut r = r.iter_mut();
    let mut put = |value: f64| {
        if let Some(r) = r.next() {
            *r = value;
        }
    };
    let laplacian = |field: &dyn Fn(At) -> f64, at: At| {
        let around: f64 = neighbours(at).map(field).iter().sum();
        INVERSE_SQUARE * (around - 4.0 * field(at))
    };
    let omega = |at: At| x[vorticity(at)];
    let phi = |at: At| x[temperature(at)];
    let psi = |at: At| stream_value(x, at);
    for at in inner() {
        let [_, _, up, down] = neighbours(at);
        put(laplacian(&omega, at) - rayleigh / 2.0 * (phi(up) - phi(down)));
    }
    for at in inner() {
        put(laplacian(&psi, at) + omega(at) / 4.0);
    }
    for at in inner() {
        let [right, left, up, down] = neighbours(at);
        let advection = (psi(right) - psi(left)) * (phi(up) - phi(down))
            - (psi(up) - psi(down)) * (phi(right) - phi(left));
        put(laplacian(&phi, at) + INVERSE_SQUARE / 4.0 * advection);
    }
    for at in boundary() {
        let mut sum = wall_constant(&given, at);
        for (upper, lower, wall) in walls(at) {
            let (flux, value) = wall_factors(&given, wall);
            sum += flux * TWICE_INVERSE * (phi(upper) - phi(lower)) + value * phi(at);
        }
        put(sum);
    }
    for at in boundary() {
        let sum: f64 = walls(at).map(|(upper, lower, _)| inward(at, upper, &psi, lower)).sum();
        put(TWICE_INVERSE * sum);
    }
}

/// The factors of flux and temperature at a wall; there is no flux through the sides.
fn wall_factors(given: &Walls, wall: Wall) -> (f64, f64) {
    if wall == Wall::Side { (1.0, 0.0) } else { (given.flux, given.temperature) }
}

/// The difference of a field from the boundary point inwards.
fn inward(at: At, upper: At, field: &dyn Fn(At) -> f64, lower: At) -> f64 {
    let inside = if upper == at { lower } else { upper };
    field(inside) - field(at)
}

fn jacobian(&(given, rayleigh): &(Walls, f64), x: &[f64], jac: &mut [f64]) {
    jac.fill(0.0);
    let mut rows = jac.chunks_exact_mut(SIZE);
    let mut each = |write: &mut dyn FnMut(&mut [f64])| {
        if let Some(row) = rows.next() {
            write(row);
        }
    };
    let add = |row: &mut [f64], k: Option<usize>, d: f64| {
        if let Some(k) = k {
            row[k] += d;
        }
    };
    let laplacian = |row: &mut [f64], index: &dyn Fn(At) -> Option<usize>, at: At| {
        add(row, index(at), -4.0 * INVERSE_SQUARE);
        neighbours(at).into_iter().for_each(|next| add(row, index(next), INVERSE_SQUARE));
    };
    let phi = |at: At| Some(temperature(at));
    for at in inner() {
        let [_, _, up, down] = neighbours(at);
        each(&mut |row| {
            laplacian(row, &|at| Some(vorticity(at)), at);
            add(row, phi(up), -rayleigh / 2.0);
            add(row, phi(down), rayleigh / 2.0);
        });
    }
    for at in inner() {
        each(&mut |row| {
            laplacian(row, &stream, at);
            add(row, Some(vorticity(at)), 0.25);
        });
    }
    for at in inner() {
        let [right, left, up, down] = neighbours(at);
        let psi = |a: At, b: At| stream_value(x, a) - stream_value(x, b);
        let heat = |a: At, b: At| x[temperature(a)] - x[temperature(b)];
        let weight = INVERSE_SQUARE / 4.0;
        each(&mut |row| {
            laplacian(row, &phi, at);
            let pairs = [(right, left, up, down, weight), (up, down, right, left, -weight)];
            for (a, b, c, d, weight) in pairs {
                add(row, stream(a), weight * heat(c, d));
                add(row, stream(b), -weight * heat(c, d));
                add(row, phi(c), weight * psi(a, b));
                add(row, phi(d), -weight * psi(a, b));
            }
        });
    }
    for at in boundary() {
        each(&mut |row| {
            for (upper, lower, wall) in walls(at) {
                let (flux, value) = wall_factors(&given, wall);
                add(row, phi(upper), flux * TWICE_INVERSE);
                add(row, phi(lower), -flux * TWICE_INVERSE);
                add(row, phi(at), value);
            }
        });
    }
    for at in boundary() {
        each(&mut |row| {
            for (upper, lower, _) in walls(at) {
                // One of the two is on the boundary, where the stream function is known.
                add(row, stream(upper), TWICE_INVERSE);
                add(row, stream(lower), TWICE_INVERSE);
            }
        });
    }
}
