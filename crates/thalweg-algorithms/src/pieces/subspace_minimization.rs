//! Minimize a quadratic model over the variables that are free at the Cauchy point, then bring the minimizer into the bounds.
//!
//! The direct primal method: with Z the columns of the identity that belong to free variables and A the others, the step from
//! the Cauchy point is
//!
//!   d = r / theta + Z'W K^-1 W'Z r / theta^2,   K = | -D - Y'ZZ'Y / theta    (L_A - R_Z)' |
//!                                                   |      L_A - R_Z        theta S'AA'S  |
//!
//! with r the negative reduced gradient of the model at the Cauchy point, L_A the strictly lower triangle of S'AA'Y and R_Z the
//! upper triangle of S'ZZ'Y. The sums over free and over held variables are kept between calls: a call adds the newest
//! pair and the variables that changed sides.
//!
//! The minimizer is then projected onto the bounds; where that is no descent direction, the step is cut at the first bound.
//!
//! References:
//! * R. H. Byrd, P. Lu, J. Nocedal, C. Zhu, A limited memory algorithm for bound constrained optimization, SIAM J. Sci.
//!   Comput. 16 (1995), section 5.1, <https://doi.org/10.1137/0916069>
//! * C. Zhu, R. H. Byrd, P. Lu, J. Nocedal, Algorithm 778: L-BFGS-B, ACM Trans. Math. Softw. 23 (1997),
//!   <https://doi.org/10.1145/279232.279236>
//! * J. L. Morales, J. Nocedal, Remark on algorithm 778, ACM Trans. Math. Softw. 38 (2011),
//!   <https://doi.org/10.1145/2049662.2049669>

use thalweg_linalg::LinalgError;

use super::box_passes::move_within;
use super::cauchy_point::{BoxedPoint, CauchyPoint};
use super::compact_bfgs::{CompactBfgs, Included};
use super::quasi_definite::QuasiDefinite;
use super::step_pairs::{Products, drop_oldest};

/// The sums that K is made of, and workspaces.
#[derive(Clone, Debug)]
pub struct SubspaceMinimizer {
    sums: PartialSums,
    factor: QuasiDefinite,
    residual: Vec<f64>,
    step: Vec<f64>,
    /// W'Z r, then K^-1 W'Z r: entries of Y before those of theta S.
    small: Vec<f64>,
    product: Products,
}

impl SubspaceMinimizer {
    /// A workspace for `dim` variables and at most `capacity` pairs.
    pub fn new(dim: usize, capacity: usize) -> Self {
        SubspaceMinimizer {
            sums: PartialSums::new(dim, capacity),
            factor: QuasiDefinite::with_capacity(2 * capacity),
            residual: vec![0.0; dim],
            step: vec![0.0; dim],
            small: Vec::with_capacity(2 * capacity),
            product: Products::new(capacity),
        }
    }

    /// Find the minimizer, starting from the Cauchy point of the same model around `at.x`, into `target`: within the bounds.
    /// `model` is renewed and holds at least one pair.
    ///
    /// # Errors
    /// K is not indefinite in the way it has to be, in floating-point arithmetic.
    pub fn minimize(
        &mut self,
        model: &CompactBfgs,
        cauchy: &CauchyPoint,
        at: BoxedPoint<'_>,
        target: &mut [f64],
    ) -> Result<(), LinalgError> {
        self.sums.renew(model, &cauchy.free);
        self.factorize(model)?;
        self.find_residual(model, cauchy, at);
        self.find_step(model, &cauchy.free);
        self.finish(cauchy, at, target);
        Ok(())
    }

    /// The same where all variables are free at the Cauchy point and `newton`, the Newton direction from `at.x`, is known: the step
    /// from the Cauchy point ends where that does.
    pub fn minimize_freely(
        &mut self,
        newton: &[f64],
        cauchy: &CauchyPoint,
        at: BoxedPoint<'_>,
        target: &mut [f64],
    ) {
        for (i, d) in self.step.iter_mut().enumerate() {
            *d = newton[i] + (at.x[i] - cauchy.point[i]);
        }
        self.finish(cauchy, at, target);
    }

    /// Go the step as far as the bounds let it.
    fn finish(&self, cauchy: &CauchyPoint, at: BoxedPoint<'_>, target: &mut [f64]) {
        if !self.project(cauchy, at, target) {
            self.truncate(cauchy, at, target);
        }
    }

    fn factorize(&mut self, model: &CompactBfgs) -> Result<(), LinalgError> {
        let (m, len, theta) = (model.pairs().capacity(), model.pairs().len(), model.theta());
        let sums = &self.sums;
        self.factor.refactor(len, 2 * len, |i, row| {
            if i < len {
                let (own, coupling) = row.split_at_mut(len - i);
                own.iter_mut().zip(&sums.yy_free[i * m + i..]).for_each(|(k, yy)| *k = -yy / theta);
                own[0] -= model.curvature(i);
                for (j, k) in coupling.iter_mut().enumerate() {
                    let sum = sums.sy[j * m + i];
                    *k = if j > i { sum } else { -sum };
                }
            } else {
                let held = &sums.ss_held[(i - len) * m + i - len..];
                row.iter_mut().zip(held).for_each(|(k, ss)| *k = theta * ss);
            }
        })
    }

    /// r = -(g + theta (x^c - x) - W M c) in the free variables, 0 in the others (equation 5.4).
    fn find_residual(&mut self, model: &CompactBfgs, cauchy: &CauchyPoint, at: BoxedPoint<'_>) {
        let (len, theta) = (model.pairs().len(), model.theta());
        model.middle_product(&cauchy.displacement, &mut self.product);
        self.product.steps[..len].iter_mut().for_each(|v| *v *= theta);
        let (along_s, along_y) = (&self.product.steps[..len], &self.product.changes[..len]);
        model.pairs().combine(-1.0, at.gradient, along_s, along_y, &mut self.residual);
        for (i, r) in self.residual.iter_mut().enumerate() {
            *r = if cauchy.free[i] { *r - theta * (cauchy.point[i] - at.x[i]) } else { 0.0 };
        }
    }

    /// d = r / theta + Z'W K^-1 W'Z r / theta^2 (equation 5.11).
    fn find_step(&mut self, model: &CompactBfgs, free: &[bool]) {
        let (len, theta) = (model.pairs().len(), model.theta());
        model.project(&self.residual, &mut self.product);
        self.small.clear();
        self.small.extend_from_slice(&self.product.changes[..len]);
        self.small.extend_from_slice(&self.product.steps[..len]);
        self.factor.solve(&mut self.small);
        let (along_y, along_s) = self.small.split_at_mut(len);
        along_y.iter_mut().for_each(|u| *u /= theta * theta);
        along_s.iter_mut().for_each(|u| *u /= theta);
        model.pairs().combine(1.0 / theta, &self.residual, along_s, along_y, &mut self.step);
        self.step.iter_mut().zip(free).filter(|(_, free)| !**free).for_each(|(d, _)| *d = 0.0);
    }

    /// The minimizer, projected onto the bounds. Returns whether it can be used: no bound was crossed, or the model's first-order
    /// change from x is not an increase.
    fn project(&self, cauchy: &CauchyPoint, at: BoxedPoint<'_>, target: &mut [f64]) -> bool {
        if move_within(BoxedPoint { x: &cauchy.point, ..at }, &self.step, target) {
            return true;
        }
        let moves = target.iter().zip(at.x).zip(at.gradient);
        moves.map(|((target, x), g)| (target - x) * g).sum::<f64>() <= 0.0
    }

    /// The last point within the bounds on the way from the Cauchy point to the minimizer.
    fn truncate(&self, cauchy: &CauchyPoint, at: BoxedPoint<'_>, target: &mut [f64]) {
        let mut part = 1.0;
        let mut first_met = None;
        for (i, &d) in self.step.iter().enumerate().filter(|(_, d)| **d != 0.0) {
            let bound = if d > 0.0 { at.upper[i] } else { at.lower[i] };
            let to_bound = (bound - cauchy.point[i]) / d;
            if to_bound < part {
                part = to_bound.max(0.0);
                first_met = Some((i, bound));
            }
        }
        for i in 0..target.len() {
            let moved = cauchy.point[i] + part * self.step[i];
            target[i] = moved.max(at.lower[i]).min(at.upper[i]);
        }
        if let Some((i, bound)) = first_met {
            target[i] = bound;
        }
    }
}

/// Inner products of the pairs over the free or over the held variables only.
#[derive(Clone, Debug)]
struct PartialSums {
    free: Vec<bool>,
    /// The pairs in the sums.
    included: Included,
    /// Y'ZZ'Y.
    yy_free: Vec<f64>,
    /// S'AA'S.
    ss_held: Vec<f64>,
    /// On and above the diagonal S'ZZ'Y, below it S'AA'Y.
    sy: Vec<f64>,
    step_held: Vec<f64>,
    change_free: Vec<f64>,
    onto_step: Products,
    onto_change: Products,
    row: Products,
}

impl PartialSums {
    fn new(dim: usize, capacity: usize) -> Self {
        let square = vec![0.0; capacity * capacity];
        PartialSums {
            free: vec![true; dim],
            included: Included::default(),
            yy_free: square.clone(),
            ss_held: square.clone(),
            sy: square,
            step_held: vec![0.0; dim],
            change_free: vec![0.0; dim],
            onto_step: Products::new(capacity),
            onto_change: Products::new(capacity),
            row: Products::new(capacity),
        }
    }

    /// Bring the sums up to the pairs of `model` and to this set of free variables.
    fn renew(&mut self, model: &CompactBfgs, free: &[bool]) {
        let (m, len) = (model.pairs().capacity(), model.pairs().len());
        let (dropped, mut kept) = self.included.catch_up(len, model.n_updates());
        let n_changed = self.free.iter().zip(free).filter(|(old, new)| old != new).count();
        if kept == 0 || 2 * n_changed > free.len() {
            self.free.copy_from_slice(free);
            kept = 0;
        } else {
            for matrix in [&mut self.yy_free, &mut self.ss_held, &mut self.sy] {
                drop_oldest(matrix, m, dropped);
            }
            if n_changed > 0 {
                self.change_sides(model, free, kept);
            }
        }
        (kept..len).for_each(|j| self.add_pair(model, j));
    }

    /// First release variables, then hold others, in the sums over the first `len` pairs.
    fn change_sides(&mut self, model: &CompactBfgs, free: &[bool], len: usize) {
        for i in 0..free.len() {
            if free[i] && !self.free[i] {
                self.change_side(model, i, len);
            }
        }
        if self.free.iter().all(|free| *free) {
            // Nothing is held: let no rounding of the changes remain.
            let m = model.pairs().capacity();
            self.ss_held.fill(0.0);
            (0..len).for_each(|i| self.sy[i * m..i * m + i].fill(0.0));
        }
        for i in 0..free.len() {
            if !free[i] && self.free[i] {
                self.change_side(model, i, len);
            }
        }
    }

    /// The products of the `j`-th pair with itself and all older ones.
    fn add_pair(&mut self, model: &CompactBfgs, j: usize) {
        let (pairs, m) = (model.pairs(), model.pairs().capacity());
        let (step, change) = (pairs.step(j), pairs.change(j));
        for i in 0..self.free.len() {
            self.step_held[i] = if self.free[i] { 0.0 } else { step[i] };
            self.change_free[i] = if self.free[i] { change[i] } else { 0.0 };
        }
        let (onto_s, onto_y) = (&mut self.onto_step, &mut self.onto_change);
        pairs.project_two(&self.step_held, &self.change_free, onto_s, onto_y);
        for i in 0..=j {
            (self.yy_free[i * m + j], self.yy_free[j * m + i]) =
                (onto_y.changes[i], onto_y.changes[i]);
            (self.ss_held[i * m + j], self.ss_held[j * m + i]) = (onto_s.steps[i], onto_s.steps[i]);
            if i < j {
                self.sy[j * m + i] = onto_s.changes[i];
            }
            self.sy[i * m + j] = onto_y.steps[i];
        }
    }

    /// Move variable `i` to the other side, in the sums over the first `len` pairs.
    fn change_side(&mut self, model: &CompactBfgs, i: usize, len: usize) {
        let m = model.pairs().capacity();
        model.pairs().row(i, &mut self.row.steps, &mut self.row.changes);
        self.free[i] = !self.free[i];
        let sign = if self.free[i] { 1.0 } else { -1.0 };
        let (s, y) = (&self.row.steps[..len], &self.row.changes[..len]);
        for a in 0..len {
            for b in 0..len {
                self.yy_free[a * m + b] += sign * y[a] * y[b];
                self.ss_held[a * m + b] -= sign * s[a] * s[b];
                self.sy[a * m + b] += if a <= b { sign } else { -sign } * s[a] * y[b];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::compact_bfgs::tests::example;
    use super::*;
    use thalweg_linalg::dot;

    /// The gradient of the model at `z`: g + B (z - x).
    fn model_gradient(b: &[f64], at: BoxedPoint<'_>, z: &[f64]) -> Vec<f64> {
        let n = z.len();
        let step: Vec<f64> = z.iter().zip(at.x).map(|(z, x)| z - x).collect();
        (0..n).map(|i| at.gradient[i] + dot(&b[i * n..(i + 1) * n], &step)).collect()
    }

    #[test]
    fn model_is_stationary_in_the_free_variables() {
        let (n, m) = (8, 4);
        let mut solver = SubspaceMinimizer::new(n, m);
        let mut cauchy = CauchyPoint::new(n, m);
        // One solver over growing models and changing sets of free variables, once all: the kept sums have to follow.
        for count in 1..12 {
            let (model, b) = example(n, m, count);
            let x = vec![0.0; n];
            let g: Vec<f64> = (0..n).map(|i| ((i * count) as f64 + 0.4).cos()).collect();
            let lower: Vec<f64> = (0..n)
                .map(|i| if (i + count) % 3 == 0 && count != 5 { -1e-3 } else { -1e9 })
                .collect();
            let upper: Vec<f64> = lower.iter().map(|low| -low).collect();
            let at = BoxedPoint { x: &x, gradient: &g, lower: &lower, upper: &upper };
            cauchy.find(&model, at);
            let mut target = vec![0.0; n];
            solver.minimize(&model, &cauchy, at, &mut target).unwrap();

            let slopes = model_gradient(&b, at, &target);
            let met_no_bound = (0..n).all(|i| !cauchy.free[i] || target[i].abs() < upper[i]);
            for i in 0..n {
                assert!((lower[i]..=upper[i]).contains(&target[i]));
                if !cauchy.free[i] {
                    assert_eq!(target[i], cauchy.point[i]);
                } else if met_no_bound {
                    assert!(slopes[i].abs() < 1e-8, "{count} updates, variable {i}: {}", slopes[i]);
                }
            }
            assert!(dot(&g, &target) < 0.0, "{count} updates: a descent direction");
        }
    }
}
