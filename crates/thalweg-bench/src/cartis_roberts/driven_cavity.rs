//! The stream function of an incompressible flow in a square cavity whose upper wall moves (Brown, Saad 1990, with the boundary
//! conditions of Kaporin, Axelsson 1995; CUTEst DRCAVTY1, DRCAVTY2, DRCAVTY3). n = m = side^2.
//!
//! At each grid point, the biharmonic operator and the Reynolds number times the advection of the vorticity. Two layers of grid
//! points around the square hold the boundary conditions.
//!
//! Three coefficients are those of optimagic's set, so that results compare: the operator and the vorticity along the first axis have
//! the point `(1, 0)` for `(1, -1)`, and the next point counts `-4` in both vorticities (CUTEst: 4).

use crate::Function;

/// The system for a Reynolds number on `side` x `side` points.
pub(super) fn function(reynolds: f64, side: usize) -> Function {
    let flow = Flow { reynolds, side };
    Function::with_parameter(flow, side * side, residuals, jacobian)
}

struct Flow {
    reynolds: f64,
    side: usize,
}

/// A point relative to another one, and a coefficient.
type Term = (isize, isize, f64);

const BIHARMONIC: [Term; 13] = [
    (0, 0, 20.0),
    (-1, 0, -8.0),
    (1, 0, -8.0),
    (0, -1, -8.0),
    (0, 1, -8.0),
    (-1, 1, 2.0),
    (1, 0, 2.0),
    (-1, -1, 2.0),
    (1, 1, 2.0),
    (-2, 0, 1.0),
    (2, 0, 1.0),
    (0, -2, 1.0),
    (0, 2, 1.0),
];

/// An advection: the velocity across an axis, and the difference of the vorticity along it (up to signs and factors).
struct Advection {
    velocity: [Term; 2],
    vorticity: [Term; 8],
    sign: f64,
}

const FIRST: Advection = Advection {
    velocity: [(0, 1, 1.0), (0, -1, -1.0)],
    vorticity: [
        (-2, 0, 1.0),
        (-1, -1, 1.0),
        (-1, 1, 1.0),
        (-1, 0, -4.0),
        (1, 0, -4.0),
        (1, 0, -1.0),
        (1, 1, -1.0),
        (2, 0, -1.0),
    ],
    sign: 1.0,
};

const SECOND: Advection = Advection {
    velocity: [(1, 0, 1.0), (-1, 0, -1.0)],
    vorticity: [
        (0, -2, 1.0),
        (-1, -1, 1.0),
        (1, -1, 1.0),
        (0, -1, -4.0),
        (0, 1, -4.0),
        (-1, 1, -1.0),
        (1, 1, -1.0),
        (0, 2, -1.0),
    ],
    sign: -1.0,
};

impl Flow {
    /// The value at a point of the grid, or at one of the two layers around it.
    fn at(&self, y: &[f64], i: isize, j: isize) -> f64 {
        match self.index(i, j) {
            Some(k) => y[k],
            // The wall that moves.
            None if i == self.side as isize => -0.5 / (self.side + 2) as f64,
            None if i == self.side as isize + 1 => 0.5 / (self.side + 2) as f64,
            None => 0.0,
        }
    }

    /// The parameter at a point; `None` on the boundary.
    fn index(&self, i: isize, j: isize) -> Option<usize> {
        let inside = 0..self.side as isize;
        (inside.contains(&i) && inside.contains(&j)).then(|| i as usize * self.side + j as usize)
    }

    fn sum(&self, y: &[f64], (i, j): (isize, isize), terms: &[Term]) -> f64 {
        terms.iter().map(|&(a, b, factor)| factor * self.at(y, i + a, j + b)).sum()
    }

    /// Adds `weight` times the derivatives of a sum to a row.
    fn add(&self, row: &mut [f64], (i, j): (isize, isize), terms: &[Term], weight: f64) {
        for &(a, b, factor) in terms {
            if let Some(k) = self.index(i + a, j + b) {
                row[k] += weight * factor;
            }
        }
    }

    fn points(&self) -> impl Iterator<Item = (isize, isize)> {
        let side = self.side as isize;
        (0..side).flat_map(move |i| (0..side).map(move |j| (i, j)))
    }
}

fn residuals(flow: &Flow, y: &[f64], r: &mut [f64]) {
    for (point, r) in flow.points().zip(r) {
        let advection = |of: &Advection| {
            of.sign * flow.sum(y, point, &of.velocity) * flow.sum(y, point, &of.vorticity)
        };
        let advections = advection(&FIRST) + advection(&SECOND);
        *r = flow.sum(y, point, &BIHARMONIC) + flow.reynolds / 4.0 * advections;
    }
}

fn jacobian(flow: &Flow, y: &[f64], jac: &mut [f64]) {
    jac.fill(0.0);
    for (point, row) in flow.points().zip(jac.chunks_exact_mut(y.len())) {
        flow.add(row, point, &BIHARMONIC, 1.0);
        for of in [&FIRST, &SECOND] {
            let weight = of.sign * flow.reynolds / 4.0;
            let velocity = flow.sum(y, point, &of.velocity);
            let vorticity = flow.sum(y, point, &of.vorticity);
            flow.add(row, point, &of.velocity, weight * vorticity);
            flow.add(row, point, &of.vorticity, weight * velocity);
        }
    }
}
