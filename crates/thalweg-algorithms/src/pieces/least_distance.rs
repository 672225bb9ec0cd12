//! Least distance: the point of a polyhedron that is nearest to the origin.
//!
//! Minimizes `|u|^2 / 2` subject to `lower_i <= w_i'u <= upper_i`, the problem LDP of Lawson and Hanson, to which every strictly
//! convex quadratic program can be brought by a Cholesky factorization. Begins at the origin, where no condition holds perforce, and
//! takes in one violated condition after the other: along the part of its normal that is orthogonal to the normals of the active
//! ones, until it holds or the multiplier of an active one falls to zero, which is then let go. This dual method needs no feasible
//! point, and it finds out exactly when there is none: the normal depends on the active ones, and none of them can be let go. (The
//! way over non-negative least squares has to tell that from a residual of size 1 / (1 + |u|^2).)
//!
//! Cost: 4 n q operations for each condition that is taken in or let go, with q active ones, and a product with all normals.
//!
//! References:
//! * D. Goldfarb, A. Idnani, A numerically stable dual method for solving strictly convex quadratic programs, Mathematical
//!   Programming 27 (1983), <https://doi.org/10.1007/BF02591962>
//! * C. L. Lawson, R. J. Hanson, Solving Least Squares Problems (1974), chapter 23, <https://doi.org/10.1137/1.9781611971217>

use thalweg_linalg::{axpy, dot, nrm2};

/// A normal whose part orthogonal to the active ones is at most this long depends on them; all normals have length 1.
const DEPENDENT: f64 = 1e-10;
/// A violation of at most this, relative to the numbers it is computed from, is rounding.
const ROUNDING: f64 = 1e-12;

/// The nearest point.
#[derive(Clone, Debug, PartialEq)]
pub struct Nearest {
    /// The point, which is the sum of the normals times their multipliers.
    pub point: Vec<f64>,
    /// A multiplier for each condition: positive where its lower limit holds the point, negative where its upper limit does.
    pub multipliers: Vec<f64>,
}

/// The point nearest to the origin within the `limits` of its products with the normals (row-major, `dim` numbers each; lower
/// and upper limit, equal for an equation). `None` if there is no such point.
pub fn nearest(normals: &[f64], limits: &[(f64, f64)], dim: usize) -> Option<Nearest> {
    let mut search = Search::new(normals, limits, dim)?;
    for row in 0..limits.len() {
        let (lower, upper) = search.limits[row];
        if lower == upper && lower.is_finite() {
            let sign = if dot(search.normal(row), &search.point) > lower { -1.0 } else { 1.0 };
            search.enter(row, sign)?;
        }
    }
    // In exact arithmetic the distance grows with each condition, so that no active set comes twice.
    for _ in 0..50 * (limits.len() + dim) {
        let Some((row, sign)) = search.most_violated() else { return Some(search.finish()) };
        search.enter(row, sign)?;
    }
    None
}

/// An active condition: `sign` is 1 at its lower limit and -1 at its upper one.
#[derive(Clone, Copy, Debug)]
struct Active {
    row: usize,
    sign: f64,
    multiplier: f64,
}

struct Search {
    dim: usize,
    /// Of length 1; zero for a condition that says nothing.
    normals: Vec<f64>,
    lengths: Vec<f64>,
    limits: Vec<(f64, f64)>,
    point: Vec<f64>,
    active: Vec<Active>,
    /// The signed normals of the active conditions are the orthonormal `basis` times the columns of `triangle`.
    basis: Vec<Vec<f64>>,
    triangle: Vec<Vec<f64>>,
}

impl Search {
    /// Normals of length 1. A normal that is zero is a condition on nothing: it is left out if it holds.
    fn new(normals: &[f64], limits: &[(f64, f64)], dim: usize) -> Option<Self> {
        let mut search = Search {
            dim,
            normals: normals.to_vec(),
            lengths: vec![0.0; limits.len()],
            limits: limits.to_vec(),
            point: vec![0.0; dim],
            active: Vec::new(),
            basis: Vec::new(),
            triangle: Vec::new(),
        };
        for (row, limit) in search.limits.iter_mut().enumerate() {
            let normal = &mut search.normals[row * dim..(row + 1) * dim];
            let length = nrm2(normal);
            if length == 0.0 {
                if limit.0 > ROUNDING || limit.1 < -ROUNDING {
                    return None;
                }
                *limit = (f64::NEG_INFINITY, f64::INFINITY);
                continue;
            }
            normal.iter_mut().for_each(|w| *w /= length);
            *limit = (limit.0 / length, limit.1 / length);
            search.lengths[row] = length;
        }
        Some(search)
    }

    fn normal(&self, row: usize) -> &[f64] {
        &self.normals[row * self.dim..(row + 1) * self.dim]
    }

    /// How far inside its limit on this side the point is.
    fn slack(&self, row: usize, sign: f64) -> f64 {
        let (lower, upper) = self.limits[row];
        let limit = if sign > 0.0 { lower } else { upper };
        sign * (dot(self.normal(row), &self.point) - limit)
    }

    fn rounding(&self, row: usize, sign: f64) -> f64 {
        let (lower, upper) = self.limits[row];
        let limit = if sign > 0.0 { lower } else { upper };
        ROUNDING * (limit.abs() + nrm2(&self.point))
    }

    fn most_violated(&self) -> Option<(usize, f64)> {
        let mut most = None;
        let mut least_slack = 0.0;
        for row in 0..self.limits.len() {
            if self.limits[row].0 == self.limits[row].1 || self.active.iter().any(|a| a.row == row)
            {
                continue;
            }
            for sign in [1.0, -1.0] {
                let slack = self.slack(row, sign);
                if slack < least_slack && slack < -self.rounding(row, sign) {
                    (least_slack, most) = (slack, Some((row, sign)));
                }
            }
        }
        most
    }

    /// Take a condition in; `None` if it cannot hold together with those that cannot be let go.
    fn enter(&mut self, row: usize, sign: f64) -> Option<()> {
        let normal: Vec<f64> = self.normal(row).iter().map(|w| sign * w).collect();
        let mut multiplier = 0.0;
        loop {
            let (column, rest) = self.split(&normal);
            let length = nrm2(&rest);
            let change = self.solve_triangle(&column);
            let slack = self.slack(row, sign);
            let is_free = length > DEPENDENT;
            let whole = if is_free { -slack / (length * length) } else { f64::INFINITY };
            let (blocking, largest) = self.blocking(&change);
            let step = whole.min(largest);
            if step.is_infinite() {
                return (slack >= -self.rounding(row, sign)).then_some(());
            }
            for (active, change) in self.active.iter_mut().zip(&change) {
                active.multiplier -= step * change;
            }
            multiplier += step;
            if is_free {
                axpy(step, &rest, &mut self.point);
            }
            if whole <= largest {
                self.active.push(Active { row, sign, multiplier });
                self.push_column(column, rest, length);
                return Some(());
            }
            self.let_go(blocking);
        }
    }

    /// The active condition whose multiplier falls to zero first, and the step at which it does.
    fn blocking(&self, change: &[f64]) -> (usize, f64) {
        let mut first = (0, f64::INFINITY);
        for (k, (active, &change)) in self.active.iter().zip(change).enumerate() {
            let (lower, upper) = self.limits[active.row];
            if lower != upper && change > 1e-14 {
                let step = active.multiplier.max(0.0) / change;
                if step < first.1 {
                    first = (k, step);
                }
            }
        }
        first
    }

    /// The coefficients of a vector in the basis, and the rest, orthogonalized twice.
    fn split(&self, vector: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let mut rest = vector.to_vec();
        let mut column = vec![0.0; self.basis.len()];
        for _ in 0..2 {
            for (coefficient, q) in column.iter_mut().zip(&self.basis) {
                let part = dot(q, &rest);
                axpy(-part, q, &mut rest);
                *coefficient += part;
            }
        }
        (column, rest)
    }

    fn push_column(&mut self, mut column: Vec<f64>, mut rest: Vec<f64>, length: f64) {
        rest.iter_mut().for_each(|r| *r /= length);
        self.basis.push(rest);
        column.push(length);
        self.triangle.push(column);
    }

    /// Solves with the triangle, whose columns are stored.
    fn solve_triangle(&self, right: &[f64]) -> Vec<f64> {
        let mut solution = right.to_vec();
        for k in (0..solution.len()).rev() {
            solution[k] /= self.triangle[k][k];
            let value = solution[k];
            for (s, r) in solution.iter_mut().zip(&self.triangle[k][..k]) {
                *s -= value * r;
            }
        }
        solution
    }

    fn let_go(&mut self, k: usize) {
        self.active.remove(k);
        self.basis.truncate(k);
        self.triangle.truncate(k);
        for later in k..self.active.len() {
            let Active { row, sign, .. } = self.active[later];
            let normal: Vec<f64> = self.normal(row).iter().map(|w| sign * w).collect();
            let (column, rest) = self.split(&normal);
            let length = nrm2(&rest);
            self.push_column(column, rest, length);
        }
    }

    /// Point and multipliers computed anew from the active set, without the rounding errors of the way.
    fn finish(mut self) -> Nearest {
        let mut in_basis = vec![0.0; self.basis.len()];
        for (k, active) in self.active.iter().enumerate() {
            let (lower, upper) = self.limits[active.row];
            let limit = active.sign * if active.sign > 0.0 { lower } else { upper };
            in_basis[k] =
                (limit - dot(&self.triangle[k][..k], &in_basis[..k])) / self.triangle[k][k];
        }
        self.point.fill(0.0);
        for (q, coefficient) in self.basis.iter().zip(&in_basis) {
            axpy(*coefficient, q, &mut self.point);
        }
        let mut multipliers = vec![0.0; self.limits.len()];
        for (active, multiplier) in self.active.iter().zip(self.solve_triangle(&in_basis)) {
            let is_equation = self.limits[active.row].0 == self.limits[active.row].1;
            let multiplier = if is_equation { multiplier } else { multiplier.max(0.0) };
            multipliers[active.row] = active.sign * multiplier / self.lengths[active.row];
        }
        Nearest { point: self.point, multipliers }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INF: f64 = f64::INFINITY;

    #[track_caller]
    fn close(actual: &[f64], expected: &[f64]) {
        let near = |(a, e): (&f64, &f64)| (a - e).abs() < 1e-12;
        assert!(actual.iter().zip(expected).all(near), "{actual:?} is not {expected:?}");
    }

    #[test]
    fn without_violated_conditions_it_is_the_origin() {
        let found = nearest(&[1.0, 2.0], &[(-1.0, 1.0)], 2).unwrap();
        assert_eq!((found.point, found.multipliers), (vec![0.0, 0.0], vec![0.0]));
        assert_eq!(nearest(&[], &[], 2).unwrap().point, [0.0, 0.0]);
    }

    #[test]
    fn multipliers_have_the_sign_of_the_side() {
        let low = nearest(&[0.0, 2.0], &[(4.0, INF)], 2).unwrap();
        close(&low.point, &[0.0, 2.0]);
        close(&low.multipliers, &[1.0]);
        let high = nearest(&[0.0, 2.0], &[(-INF, -4.0)], 2).unwrap();
        close(&high.point, &[0.0, -2.0]);
        close(&high.multipliers, &[-1.0]);
        let equal = nearest(&[1.0, 1.0, 1.0, 0.0], &[(2.0, 2.0), (-INF, 0.0)], 2).unwrap();
        close(&equal.point, &[0.0, 2.0]);
        close(&equal.multipliers, &[2.0, -2.0]);
    }

    #[test]
    fn a_condition_that_is_no_longer_needed_is_let_go() {
        // x + y >= 3 is violated most and enters first, but not alone: the last one never matters.
        let normals = [1.0, 1.0, 1.0, 0.0, 1.5, 1.0];
        let limits = [(3.0, INF), (2.05, INF), (4.0, INF)];
        let found = nearest(&normals, &limits, 2).unwrap();
        close(&found.point, &[2.05, 0.95]);
        assert_eq!(found.multipliers[2], 0.0);
        let without = nearest(&normals, &[(3.0, INF), (3.1, INF), (4.0, INF)], 2).unwrap();
        close(&without.point, &[3.1, 0.0]);
        close(&without.multipliers, &[0.0, 3.1, 0.0]);
    }

    #[test]
    fn contradictions_are_found() {
        let contrary = [(1.0, INF), (-INF, 0.5)];
        assert_eq!(nearest(&[1.0, 0.0, 1.0, 0.0], &contrary, 2), None);
        assert_eq!(nearest(&[1.0, 1.0, 2.0, 2.0], &[(1.0, 1.0), (2.1, 2.1)], 2), None);
        assert_eq!(nearest(&[0.0, 0.0], &[(1.0, 2.0)], 2), None, "a condition on nothing");
        // Three half-planes without a common point.
        let normals = [1.0, 0.0, 0.0, 1.0, -1.0, -1.0];
        assert_eq!(nearest(&normals, &[(1.0, INF), (1.0, INF), (-1.9, INF)], 2), None);
        let found = nearest(&normals, &[(1.0, INF), (1.0, INF), (-2.0, INF)], 2).unwrap();
        close(&found.point, &[1.0, 1.0]);
    }

    #[test]
    fn conditions_that_repeat_others_do_no_harm() {
        let normals = [1.0, 1.0, 2.0, 2.0, 0.0, 0.0, 1.0, 0.0];
        let limits = [(1.0, 1.0), (2.0, 2.0), (0.0, 0.0), (0.5, INF)];
        close(&nearest(&normals, &limits, 2).unwrap().point, &[0.5, 0.5]);
    }

    #[test]
    fn points_far_away_are_as_exact_as_near_ones() {
        let scale = 1e9;
        let found = nearest(&[1.0, 0.0, 1.0, 1.0], &[(scale, INF), (3.0 * scale, INF)], 2).unwrap();
        close(&found.point.iter().map(|p| p / scale).collect::<Vec<_>>(), &[1.5, 1.5]);
    }

    #[test]
    fn random_problems_satisfy_the_conditions_of_optimality() {
        let mut rng = thalweg_core::Rng::new(3);
        for round in 0..300 {
            let (dim, rows) = (1 + round % 7, round % 12);
            let normals: Vec<f64> = (0..rows * dim).map(|_| rng.uniform() - 0.5).collect();
            // A point inside makes all of them compatible.
            let inside: Vec<f64> = (0..dim).map(|_| 6.0 * rng.uniform() - 3.0).collect();
            let limits: Vec<(f64, f64)> = (0..rows)
                .map(|i| {
                    let value = dot(&normals[i * dim..(i + 1) * dim], &inside);
                    let is_equation = i < dim / 2;
                    let (below, above) = (rng.uniform(), rng.uniform());
                    if is_equation { (value, value) } else { (value - below, value + above) }
                })
                .collect();
            let found = nearest(&normals, &limits, dim).expect("compatible");
            let mut sum = vec![0.0; dim];
            for (i, &(lower, upper)) in limits.iter().enumerate() {
                let normal = &normals[i * dim..(i + 1) * dim];
                let (value, y) = (dot(normal, &found.point), found.multipliers[i]);
                assert!(value >= lower - 1e-9 && value <= upper + 1e-9, "{round}");
                let held = if y > 0.0 { lower } else { upper };
                assert!(y == 0.0 || (value - held).abs() < 1e-9, "{round}");
                axpy(y, normal, &mut sum);
            }
            let error = sum.iter().zip(&found.point).map(|(a, b)| (a - b).abs());
            assert!(error.fold(0.0, f64::max) < 1e-8, "{round}");
        }
    }
}
