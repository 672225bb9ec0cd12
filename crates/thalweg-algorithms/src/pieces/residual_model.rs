//! The linear model of each residual through the points of a set, and the Lagrange functions of the points.
//!
//! With n + 1 points the model interpolates; with more it is exact at the best point and a regression on the others, in which each
//! counts by its slope from the best one; with fewer it is the flattest one that interpolates. A point that takes the place of another
//! one changes an interpolating model and its Lagrange functions by matrices of rank one; after some of these they are computed afresh,
//! so that rounding does not pile up.
//!
//! Reference:
//! * C. Cartis, J. Fiala, B. Marteau, L. Roberts, Improving the flexibility and robustness of model-based derivative-free optimization
//!   solvers, ACM Transactions on Mathematical Software 45 (2019), sections 2 and 3, <https://doi.org/10.1145/3338517>

use thalweg_linalg::{QrPivot, Svd, axpy, dot, mul, mul_transposed, nrm2, solve_upper, transpose};

use super::bidiagonal_region::BidiagonalRegion;
use super::box_trust_region::BoxSearch;
use super::lsq_trust_region::LsqTrustRegion;
use super::residual_curvature::{LinearModels, ResidualCurvature};
use super::residual_rules::GrowthRules;
use super::residual_set::ResidualSet;
use super::residual_start::take_out;

mod steps;

/// Points whose directions are this close to dependent determine no model.
const DEPENDENT: f64 = 1e-13;
/// A point whose Lagrange function is smaller than this where its successor lies is not exchanged by an update.
const LEAST_PIVOT: f64 = 1e-4;
/// The fewest updates before a model is computed afresh; with more variables, one for each.
const FEW_UPDATES: usize = 4;

/// The model, a workspace that follows a set.
#[derive(Clone, Debug, Default)]
pub struct ResidualModel {
    /// The Jacobian in the scaled variables, column by column.
    columns: Vec<f64>,
    /// The gradient of the sum of squares.
    pub gradient: Vec<f64>,
    /// The gradient of the Lagrange function of each point.
    slopes: Vec<f64>,
    /// Whether they belong to the points as they are, and how many updates ago they were computed.
    known: bool,
    updates: usize,
    /// The columns of the last iteration.
    last: Option<Vec<f64>>,
    /// What the linear models leave out, and whether it belongs to the points as they are.
    curvature: ResidualCurvature,
    curvature_known: bool,
    region: BidiagonalRegion,
    svd: Option<LsqTrustRegion>,
    search: BoxSearch,
    qr: QrPivot,
    image: Vec<f64>,
    work: Vec<f64>,
}

impl ResidualModel {
    /// Make the model that of the points. `false` when they determine none.
    pub fn refresh(&mut self, set: &ResidualSet) -> bool {
        let n = set.dim();
        if !self.known {
            self.columns.clear();
            self.columns.resize(n * set.n_residuals(), 0.0);
            self.slopes.clear();
            self.slopes.resize(set.len() * n, 0.0);
            self.updates = 0;
            let fits = if set.len() > n { self.fit(set) } else { self.fit_flattest(set) };
            if fits.is_none() {
                return false;
            }
            self.known = true;
        }
        self.look_down(set);
        true
    }

    /// The gradient, and the curvature.
    fn look_down(&mut self, set: &ResidualSet) {
        self.gradient.resize(set.dim(), 0.0);
        mul(&self.columns, set.n_residuals(), set.residuals(set.best), &mut self.gradient);
        self.gradient.iter_mut().for_each(|g| *g *= 2.0);
        let models = LinearModels { columns: &self.columns, slopes: &self.slopes };
        if !std::mem::replace(&mut self.curvature_known, true) {
            self.curvature.fit(set, models);
        }
        self.curvature.correct(models, &mut self.gradient);
    }

    /// The model does not belong to the points any more.
    pub fn forget(&mut self) {
        (self.known, self.curvature_known) = (false, false);
    }

    /// Interpolation or regression.
    fn fit(&mut self, set: &ResidualSet) -> Option<()> {
        let n = set.dim();
        let others: Vec<usize> = (0..set.len()).filter(|&k| k != set.best).collect();
        self.work.clear();
        for &k in &others {
            let length = set.distance(k);
            self.work.extend(set.way(k).iter().map(|w| w / length));
        }
        self.qr.refactor(&self.work, others.len(), n).ok()?;
        if self.qr.rank(DEPENDENT) < n {
            return None;
        }
        let mut r = vec![0.0; n * n];
        self.qr.write_r(&mut r).ok()?;
        let mut unit = vec![0.0; others.len()];
        for (row, &k) in others.iter().enumerate() {
            unit.fill(0.0);
            unit[row] = 1.0 / set.distance(k);
            self.qr.apply_qt(&mut unit).ok()?;
            solve_upper(&r, n, &mut unit[..n]).ok()?;
            for (&column, entry) in self.qr.permutation().iter().zip(&unit) {
                self.slopes[k * n + column] = *entry;
            }
            self.add_point(set, k);
        }
        Some(())
    }

    /// The flattest model: all slopes are in the span of the ways.
    fn fit_flattest(&mut self, set: &ResidualSet) -> Option<()> {
        let n = set.dim();
        let (others, basis, triangle) = span(set)?;
        for row in 0..others.len() {
            // The way of this point has to lead to 1, those of the others to 0.
            let mut z = vec![0.0; others.len()];
            z[row] = 1.0;
            for i in row..z.len() {
                let known: f64 = (row..i).map(|j| triangle[i][j] * z[j]).sum();
                z[i] = (z[i] - known) / triangle[i][i];
            }
            let k = others[row];
            let slope = &mut self.slopes[k * n..(k + 1) * n];
            basis.iter().zip(&z).for_each(|(v, z)| axpy(*z, v, slope));
            self.add_point(set, k);
        }
        Some(())
    }

    /// Take a point with a known Lagrange function into the Jacobian, and its slope out of the best one's.
    fn add_point(&mut self, set: &ResidualSet, k: usize) {
        let (n, m) = (set.dim(), set.n_residuals());
        let (of_point, of_best) = (k * n, set.best * n);
        self.image.clear();
        let both = set.residuals(k).iter().zip(set.residuals(set.best));
        self.image.extend(both.map(|(r, center)| r - center));
        for i in 0..n {
            let slope = self.slopes[of_point + i];
            self.slopes[of_best + i] -= slope;
            axpy(slope, &self.image, &mut self.columns[i * m..(i + 1) * m]);
        }
    }

    /// Put the point after a step `d`, with its residuals, in the place of point `t`; the set has to do the same afterwards.
    pub fn exchange(&mut self, set: &ResidualSet, t: usize, d: &[f64], residuals: &[f64]) {
        let (n, m) = (set.dim(), set.n_residuals());
        let models = LinearModels { columns: &self.columns, slopes: &self.slopes };
        if self.known {
            self.curvature.judge(set, models, d, residuals);
        }
        self.curvature_known = false;
        let pivot = self.lagrange(set, t, d);
        self.known &= set.len() == n + 1
            && self.updates < n.max(FEW_UPDATES)
            && pivot.abs() >= LEAST_PIVOT
            && pivot.is_finite();
        if !self.known {
            return;
        }
        self.updates += 1;
        self.work.clear();
        self.work.extend(self.slopes[t * n..(t + 1) * n].iter().map(|slope| slope / pivot));
        for k in (0..=n).filter(|&k| k != t) {
            let there = self.lagrange(set, k, d);
            axpy(-there, &self.work, &mut self.slopes[k * n..(k + 1) * n]);
        }
        self.slopes[t * n..(t + 1) * n].copy_from_slice(&self.work);
        // By how much the old model is wrong there.
        self.image.resize(m, 0.0);
        mul_transposed(&self.columns, m, d, &mut self.image);
        let center = set.residuals(set.best);
        for (error, (r, center)) in self.image.iter_mut().zip(residuals.iter().zip(center)) {
            *error = (r - center) - *error;
        }
        for (column, slope) in self.columns.chunks_exact_mut(m).zip(&self.work) {
            axpy(*slope, &self.image, column);
        }
    }

    /// The Lagrange function of point `k` after a step from the best point.
    fn lagrange(&self, set: &ResidualSet, k: usize, d: &[f64]) -> f64 {
        let n = d.len();
        f64::from(u8::from(k == set.best)) + dot(&self.slopes[k * n..(k + 1) * n], d)
    }

    /// The decrease of the sum of squares after a step, as the model has it.
    pub fn decrease(&mut self, d: &[f64]) -> f64 {
        self.image.resize(self.columns.len() / d.len(), 0.0);
        mul_transposed(&self.columns, self.image.len(), d, &mut self.image);
        -dot(&self.gradient, d) - dot(&self.image, &self.image) - self.curvature.along(d)
    }

    /// What the linear models leave out of the sum of squares.
    #[cfg(test)]
    pub(super) fn curvature(&self) -> &ResidualCurvature {
        &self.curvature
    }

    /// The root of the sum of squares of the changes of the Jacobian since the last call, or none at the first.
    pub fn change(&mut self) -> Option<f64> {
        let before = self.last.replace(self.columns.clone())?;
        let pairs = self.columns.iter().zip(&before);
        Some(pairs.map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt())
    }

    /// The next change is not one from here.
    pub fn forget_changes(&mut self) {
        self.last = None;
    }

    /// The point whose exchange for that after a step `d` leaves the set in the best shape: far points weigh more.
    pub fn replaceable(
        &self,
        set: &ResidualSet,
        d: &[f64],
        improved: bool,
        radius: f64,
    ) -> Option<usize> {
        let mut best: Option<(usize, f64)> = None;
        for k in 0..set.len() {
            if !improved && k == set.best {
                continue;
            }
            let distance = if improved {
                let square = |(w, d): (&f64, &f64)| (w - d) * (w - d);
                set.way(k).iter().zip(d).map(square).sum::<f64>().sqrt()
            } else {
                set.distance(k)
            };
            let weight = (distance / radius).max(1.0).powi(4);
            let score = weight * self.lagrange(set, k, d).abs();
            if score > 0.0 && score.is_finite() && best.is_none_or(|(_, largest)| score > largest) {
                best = Some((k, score));
            }
        }
        best.map(|(k, _)| k)
    }

    /// Raise the singular values of a Jacobian that is not of full rank, of which the first `rank` are not zero, to the least ones that
    /// the rules allow. Only the model of the next step is changed.
    pub fn fill_rank(&mut self, set: &ResidualSet, rank: usize, rules: &GrowthRules) {
        let (n, m) = (set.dim(), set.n_residuals());
        let mut jacobian = vec![0.0; m * n];
        transpose(&self.columns, n, m, &mut jacobian);
        let Ok(svd) = Svd::factor(&jacobian, m, n) else { return };
        let values = svd.values();
        let Some(&last) = values.get(rank.wrapping_sub(1)) else { return };
        let (mut unit, mut left) = (vec![0.0; m], vec![0.0; values.len()]);
        let raised: Vec<f64> = (values.iter().enumerate())
            .map(|(k, value)| {
                let wanted = rules.floor * last * if k < rank { 1.0 } else { rules.scale };
                wanted.max(values[0] / rules.condition).max(*value) - value
            })
            .collect();
        for i in 0..m {
            unit.fill(0.0);
            unit[i] = 1.0;
            if svd.left_transposed_mul(&unit, &mut left).is_err() {
                return;
            }
            for (k, more) in raised.iter().enumerate().filter(|(_, more)| **more > 0.0) {
                let v = svd.right_vector(k);
                v.iter()
                    .enumerate()
                    .for_each(|(j, v)| self.columns[j * m + i] += more * left[k] * v);
            }
        }
        self.look_down(set);
        self.known = false;
    }
}

/// The points but the best one, an orthonormal basis of their ways, and the ways in this basis; none if they are dependent.
#[allow(clippy::type_complexity)] // three lists of the same length
pub(super) fn span(set: &ResidualSet) -> Option<(Vec<usize>, Vec<Vec<f64>>, Vec<Vec<f64>>)> {
    let others: Vec<usize> = (0..set.len()).filter(|&k| k != set.best).collect();
    let (mut basis, mut triangle): (Vec<Vec<f64>>, Vec<Vec<f64>>) = Default::default();
    for &k in &others {
        let mut rest = set.way(k).to_vec();
        take_out(&basis, &mut rest);
        let length = nrm2(&rest);
        if length.is_nan() || length <= DEPENDENT * set.distance(k) {
            return None;
        }
        rest.iter_mut().for_each(|r| *r /= length);
        basis.push(rest);
        triangle.push(basis.iter().map(|v| dot(v, set.way(k))).collect());
    }
    Some((others, basis, triangle))
}

#[cfg(test)]
mod tests;
