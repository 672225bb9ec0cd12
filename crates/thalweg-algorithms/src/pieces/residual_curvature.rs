//! The curvature that the linear models of residuals leave out of the sum of squares, from points that the set has lost.
//!
//! Linear models make the sum of squares |r + Jd|^2. Residuals that are not linear and do not vanish add d'Cd to it, where C is the sum
//! of their second derivatives, each times its residual at the best point. Without C the steps converge linearly, and the slower the
//! larger it is. Each earlier point y, seen from the best one, tells one number of it, e = 2 r'(r(y) - r - Jy) = y'Cy - sum_k l_k(y)
//! d_k'C d_k: the models are exact at the points d_k of the set, whose Lagrange functions are l_k. C is the matrix of least Frobenius
//! norm that fits these numbers, divided by |y|^2, where those of far points count less, since residuals are not quadratic either. The
//! gradient becomes 2 J'r - sum_k (d_k'C d_k) grad l_k.
//!
//! C is used only where it has foretold the numbers of new points far better than zero did, and computed only where they are not small
//! beside the squared changes of the residuals, |Jd|^2. In noise neither holds.
//!
//! References:
//! * J. E. Dennis, D. M. Gay, R. E. Welsch, An adaptive nonlinear least-squares algorithm, ACM Transactions on Mathematical Software 7
//!   (1981), <https://doi.org/10.1145/355958.355965> (the missing curvature, and that it has to prove itself)
//! * M. J. D. Powell, Least Frobenius norm updating of quadratic models that satisfy interpolation conditions, Mathematical Programming
//!   100 (2004), <https://doi.org/10.1007/s10107-003-0490-7>

use thalweg_linalg::{Cholesky, all_finite, axpy, dot, mul, mul_transposed, nrm2};

use super::residual_set::ResidualSet;

/// The part of the linear models' error that has to be left for C to be used.
const LEFT: f64 = 0.1;
/// The part of its weight that an error keeps when there is a new one.
const KEPT: f64 = 0.95;
/// The part of the squared changes of the residuals above which errors are worth a C.
const WORTH: f64 = 0.5;
/// The distance up to which earlier points count, in that of the set's farthest one.
const FAR: f64 = 10.0;
/// What is added to the diagonal of the equations, for all and for a point as far as the set's farthest one.
const RIDGE: (f64, f64) = (1e-5, 5e-3);

/// C, and how well it has done. A workspace that follows a set.
#[derive(Clone, Debug, Default)]
pub struct ResidualCurvature {
    /// C, row by row; empty where it was not worth it or not to be had.
    matrix: Vec<f64>,
    /// d'Cd on the way to each point of the set.
    of_points: Vec<f64>,
    errors: Errors,
    image: Vec<f64>,
}

/// Weighted sums over the points that were evaluated, each relative to the square of its distance.
#[derive(Clone, Copy, Debug, Default)]
struct Errors {
    /// The numbers e.
    linear: f64,
    /// What was left of them after C.
    curved: f64,
    /// The squared changes of the residuals.
    change: f64,
}

/// What the linear models say: the Jacobian column by column, and the gradient of the Lagrange function of each point.
#[derive(Clone, Copy)]
pub struct LinearModels<'a> {
    /// The Jacobian.
    pub columns: &'a [f64],
    /// The gradients.
    pub slopes: &'a [f64],
}

impl LinearModels<'_> {
    /// The number e of a way, and the square of the change of the residuals on it.
    fn unexplained(
        self,
        set: &ResidualSet,
        way: &[f64],
        residuals: &[f64],
        image: &mut Vec<f64>,
    ) -> (f64, f64) {
        image.resize(residuals.len(), 0.0);
        mul_transposed(self.columns, residuals.len(), way, image);
        let center = set.residuals(set.best);
        let both = residuals.iter().zip(&*image).zip(center);
        let error: f64 = both.map(|((r, change), center)| center * ((r - center) - change)).sum();
        (2.0 * error, dot(image, image))
    }

    /// The Lagrange function of a point that is not the best one.
    fn lagrange(self, k: usize, way: &[f64]) -> f64 {
        dot(&self.slopes[k * way.len()..(k + 1) * way.len()], way)
    }
}

/// The equations for C: C = sum_j x_j (sum_k w_jk d_k d_k' + y_j y_j' / |y_j|^2), one for each earlier point.
#[derive(Default)]
struct Equations {
    /// The ways y / |y| and the squares of the lengths.
    ways: Vec<f64>,
    squares: Vec<f64>,
    /// -l_k(y) / |y|^2 for each other point of the set, row by row.
    weights: Vec<f64>,
    /// e / |y|^2.
    numbers: Vec<f64>,
}

impl ResidualCurvature {
    /// Whether C takes part in the model.
    pub fn is_used(&self) -> bool {
        !self.matrix.is_empty() && self.errors.curved < LEFT * self.errors.linear
    }

    /// d'Cd, or zero where it takes no part.
    pub fn along(&self, d: &[f64]) -> f64 {
        if self.is_used() { self.value(d) } else { 0.0 }
    }

    fn value(&self, d: &[f64]) -> f64 {
        self.matrix.chunks_exact(d.len()).zip(d).map(|(row, d_i)| d_i * dot(row, d)).sum()
    }

    /// Add 2 C d to `out`.
    pub fn apply(&self, d: &[f64], out: &mut [f64]) {
        if self.is_used() {
            let rows = self.matrix.chunks_exact(d.len());
            out.iter_mut().zip(rows).for_each(|(out, row)| *out += 2.0 * dot(row, d));
        }
    }

    /// Add 2 C to a matrix.
    pub fn add_to(&self, matrix: &mut [f64]) {
        if self.is_used() {
            axpy(2.0, &self.matrix, matrix);
        }
    }

    /// Take from the gradient what belongs to C.
    pub fn correct(&self, models: LinearModels<'_>, gradient: &mut [f64]) {
        if self.is_used() {
            let slopes = models.slopes.chunks_exact(gradient.len());
            slopes.zip(&self.of_points).for_each(|(slope, value)| axpy(-value, slope, gradient));
        }
    }

    /// Take a new point into account, after a step from the best one, which the models, if they interpolate, do not know yet.
    pub fn judge(
        &mut self,
        set: &ResidualSet,
        models: LinearModels<'_>,
        d: &[f64],
        residuals: &[f64],
    ) {
        if set.len() != set.dim() + 1 {
            return;
        }
        let (error, change) = models.unexplained(set, d, residuals, &mut self.image);
        let others = (0..self.of_points.len()).filter(|&k| k != set.best);
        let foretold: f64 =
            self.value(d) - others.map(|k| models.lagrange(k, d) * self.of_points[k]).sum::<f64>();
        let square = dot(d, d);
        let news = [error.abs(), (error - foretold).abs(), change].map(|part| part / square);
        if !all_finite(&news) {
            return;
        }
        let Errors { linear, curved, change } = &mut self.errors;
        for (sum, new) in [linear, curved, change].into_iter().zip(news) {
            *sum = KEPT * *sum + new;
        }
    }

    /// Compute C for the points as they are, if it is worth it.
    pub fn fit(&mut self, set: &ResidualSet, models: LinearModels<'_>) {
        self.matrix.clear();
        self.of_points.clear();
        if set.len() != set.dim() + 1 {
            return;
        }
        if self.errors.linear < WORTH * self.errors.change {
            self.errors.curved = self.errors.linear;
            return;
        }
        let equations = Equations::gather(set, models);
        if let Some(parts) = equations.solve(set) {
            self.matrix = equations.matrix(set, &parts);
            self.of_points = (0..set.len()).map(|k| self.value(set.way(k))).collect();
            if !all_finite(&self.of_points) {
                self.matrix.clear();
                self.of_points.clear();
            }
        }
    }
}

impl Equations {
    fn gather(set: &ResidualSet, models: LinearModels<'_>) -> Self {
        let (mut equations, mut image) = (Equations::default(), Vec::new());
        let reach = FAR * set.farthest(0.0).map_or(0.0, |(_, distance)| distance);
        for (x, residuals) in set.past() {
            let mut way = set.way_to(x);
            let length = nrm2(&way);
            if length == 0.0 || length > reach || length.is_nan() {
                continue;
            }
            let square = length * length;
            let (error, _) = models.unexplained(set, &way, residuals, &mut image);
            let others = (0..set.len()).filter(|&k| k != set.best);
            equations.weights.extend(others.map(|k| -models.lagrange(k, &way) / square));
            equations.numbers.push(error / square);
            equations.squares.push(square);
            way.iter_mut().for_each(|w| *w /= length);
            equations.ways.extend(way);
        }
        equations
    }

    /// The part of each equation in C.
    fn solve(&self, set: &ResidualSet) -> Option<Vec<f64>> {
        let (n, p) = (set.dim(), self.numbers.len());
        let farthest = set.farthest(0.0)?.1;
        let ways_of_set: Vec<f64> = others(set).flatten().copied().collect();
        let square = |x: f64| x * x;
        let squared_products = |ways: &[f64]| {
            let mut products = vec![0.0; ways.len()];
            for (way, row) in ways.chunks_exact(n).zip(products.chunks_exact_mut(n)) {
                mul(&ways_of_set, n, way, row);
            }
            products.iter_mut().for_each(|product| *product *= *product);
            products
        };
        let (of_set, of_past) = (squared_products(&ways_of_set), squared_products(&self.ways));
        // The inner products of each equation's matrix with those of the set's points.
        let (mut with_set, mut of_weights) = (of_past.clone(), vec![0.0; n]);
        for (products, weights) in with_set.chunks_exact_mut(n).zip(self.weights.chunks_exact(n)) {
            mul(&of_set, n, weights, &mut of_weights);
            axpy(1.0, &of_weights, products);
        }
        let mut gram = vec![0.0; p * p];
        for i in 0..p {
            let [weights, way, past] =
                [&self.weights, &self.ways, &of_past].map(|all| row(all, n, i));
            for j in 0..=i {
                let product = dot(weights, row(&with_set, n, j))
                    + dot(row(&self.weights, n, j), past)
                    + square(dot(way, row(&self.ways, n, j)));
                (gram[i * p + j], gram[j * p + i]) = (product, product);
            }
            gram[i * p + i] += RIDGE.0 + RIDGE.1 * self.squares[i] / square(farthest);
        }
        let mut parts = self.numbers.clone();
        Cholesky::factor(&gram, p).ok()?.solve(&mut parts).ok()?;
        (p > 0).then_some(parts)
    }

    fn matrix(&self, set: &ResidualSet, parts: &[f64]) -> Vec<f64> {
        let n = set.dim();
        let mut matrix = vec![0.0; n * n];
        let mut add = |weight: f64, way: &[f64]| {
            for (row, w) in matrix.chunks_exact_mut(n).zip(way) {
                axpy(weight * w, way, row);
            }
        };
        parts.iter().zip(self.ways.chunks_exact(n)).for_each(|(part, way)| add(*part, way));
        for (k, way) in others(set).enumerate() {
            let weights = self.weights.iter().skip(k).step_by(n);
            add(parts.iter().zip(weights).map(|(part, weight)| part * weight).sum(), way);
        }
        matrix
    }
}

fn row(all: &[f64], n: usize, i: usize) -> &[f64] {
    &all[i * n..(i + 1) * n]
}

/// The ways to the points of a set but the best one.
fn others(set: &ResidualSet) -> impl Iterator<Item = &[f64]> {
    (0..set.len()).filter(|&k| k != set.best).map(|k| set.way(k))
}

#[cfg(test)]
mod tests;
