//! A quadratic model of every residual through the best point and others near it, r_i + g_i's + s'H_i s / 2, whose second derivatives
//! change by as little as possible in the Frobenius norm from one fit to the next.
//!
//! With n points whose ways d_k from the best one span the space, and p further ones, the change D of a Hessian has to satisfy
//! g'd_k + d_k'D d_k / 2 = e_k, where e_k is by how much the old Hessian is wrong. Combinations of these conditions in which the
//! gradient drops out, one for each further point, are conditions <Q_j, D> = 2 v_j'e with Q_j = sum v_jk d_k d_k' for a null vector v_j
//! of the ways. The least D is a combination of the Q_j, found from their Gram matrix. A further point is taken if its Q_j is clearly
//! outside of the span of the others, which is seen from the pivot of the Gram matrix's Cholesky factor.
//!
//! Symmetric matrices are held as vectors of their lower triangles, the elements off the diagonal times the root of two, so that
//! inner products of matrices are those of vectors.
//!
//! References:
//! * S. M. Wild, Solving derivative-free nonlinear least squares problems with POUNDERS, in Advances and Trends in Optimization with
//!   Engineering Applications (2017), chapter 40, <https://doi.org/10.1137/1.9781611974683.ch40>
//! * S. M. Wild, MNH: a derivative-free optimization algorithm using minimal norm Hessians (2008), Tenth Copper Mountain Conference

use thalweg_linalg::{
    QrPivot, add_mul_transposed, axpy, dot, mul, mul_transposed, nrm2, solve_upper,
};

use super::residual_history::{Independent, ResidualHistory};

/// Ways whose triangular factor falls below this, relative to the largest, do not span the space.
const DEPENDENT: f64 = 1e-13;

/// The models around the best point, in the scaled variables.
#[derive(Clone, Debug)]
pub struct ResidualQuadratics {
    n: usize,
    /// g_i, m x n.
    pub jacobian: Vec<f64>,
    /// H_i as vectors, m x n (n + 1) / 2.
    hessians: Vec<f64>,
}

/// A quadratic model of the sum of squares.
#[derive(Clone, Debug)]
pub struct MainModel {
    /// 2 J'r.
    pub gradient: Vec<f64>,
    /// 2 (J'J + sum r_i H_i), without the sum in the Gauss-Newton model; n x n.
    pub hessian: Vec<f64>,
}

/// Which further points a fit may use.
#[derive(Clone, Copy, Debug)]
pub struct Further {
    /// How far away they may be.
    pub reach: f64,
    /// How clearly they have to determine second derivatives.
    pub apart: f64,
    /// The largest number of points, the best and the independent ones included.
    pub most: usize,
}

impl ResidualQuadratics {
    /// Linear models without slopes, to begin with.
    pub fn new(n: usize, m: usize) -> Self {
        ResidualQuadratics { n, jacobian: vec![0.0; m * n], hessians: vec![0.0; m * triangle(n)] }
    }

    /// Fit the models to the residuals at the best point, the independent ones, of which there have to be n, and further ones. Lengths
    /// are measured in `radius`. `false` when the points turn out not to span the space.
    pub fn fit(
        &mut self,
        history: &ResidualHistory,
        independent: &Independent,
        radius: f64,
        further: Further,
    ) -> bool {
        let n = self.n;
        let ways: Vec<f64> =
            independent.points.iter().flat_map(|&k| scaled(history.way(k), radius)).collect();
        let Some(inverse) = inverse(&ways, n) else { return false };
        let mut design = Design::new(&ways, n);
        let most = further.most.saturating_sub(n + 1);
        for (k, way) in history.others(independent, further.reach) {
            if design.points.len() >= most {
                break;
            }
            design.add(k, scaled(way, radius), &inverse, further.apart);
        }
        let slopes_of_conditions = design.slopes_of_conditions();
        let points: Vec<usize> = independent.points.iter().chain(&design.points).copied().collect();
        let (size, square) = (triangle(n), radius * radius);
        let (mut errors, mut slopes) = (vec![0.0; points.len()], vec![0.0; n]);
        for (i, center) in history.residuals(history.best()).iter().enumerate() {
            let hessian = &mut self.hessians[i * size..(i + 1) * size];
            mul(&design.squares, size, hessian, &mut errors);
            for (error, &k) in errors.iter_mut().zip(&points) {
                *error = history.residuals(k)[i] - center - 0.5 * square * *error;
            }
            let weights = design.least_change(&errors);
            mul_transposed(&slopes_of_conditions, n, &weights, &mut slopes);
            slopes.iter_mut().zip(&errors).for_each(|(slope, e)| *slope = (e - *slope) / radius);
            mul(&inverse, n, &slopes, &mut self.jacobian[i * n..(i + 1) * n]);
            let weights: Vec<f64> = weights.iter().map(|w| w / square).collect();
            add_mul_transposed(&design.conditions, size, &weights, hessian);
        }
        true
    }

    /// The Gauss-Newton model of the sum of squares, which leaves out the second derivatives of the residuals.
    pub fn gauss_newton(&self, residuals: &[f64]) -> MainModel {
        let n = self.n;
        let mut gradient = vec![0.0; n];
        mul_transposed(&self.jacobian, n, residuals, &mut gradient);
        gradient.iter_mut().for_each(|g| *g *= 2.0);
        let mut hessian = vec![0.0; n * n];
        for row in self.jacobian.chunks_exact(n) {
            for (line, g) in hessian.chunks_exact_mut(n).zip(row) {
                axpy(2.0 * g, row, line);
            }
        }
        MainModel { gradient, hessian }
    }

    /// The decrease of the sum of the squared models after a step.
    pub fn decrease(&self, residuals: &[f64], d: &[f64]) -> f64 {
        let square = square_of(d);
        let slopes = self.jacobian.chunks_exact(self.n);
        let terms = residuals.iter().zip(slopes).zip(self.hessians.chunks_exact(square.len()));
        terms
            .map(|((r, slope), hessian)| {
                let change = dot(slope, d) + 0.5 * dot(hessian, &square);
                -change * (2.0 * r + change)
            })
            .sum()
    }

    /// The full model of the sum of squares, for the residuals at the best point.
    pub fn full(&self, residuals: &[f64]) -> MainModel {
        let (n, size) = (self.n, triangle(self.n));
        let mut model = self.gauss_newton(residuals);
        let mut curvature = vec![0.0; size];
        mul_transposed(&self.hessians, size, residuals, &mut curvature);
        let mut entries = curvature.iter();
        for i in 0..n {
            for j in 0..=i {
                let entry = 2.0 * entries.next().expect("a triangle has an entry per pair");
                if i == j {
                    model.hessian[i * n + i] += entry;
                } else {
                    let entry = entry * std::f64::consts::FRAC_1_SQRT_2;
                    model.hessian[i * n + j] += entry;
                    model.hessian[j * n + i] += entry;
                }
            }
        }
        model
    }
}

impl MainModel {
    /// The decrease of the sum of squares after a step, as the model has it.
    pub fn decrease(&self, d: &[f64]) -> f64 {
        let mut product = vec![0.0; d.len()];
        mul(&self.hessian, d.len(), d, &mut product);
        -dot(&self.gradient, d) - 0.5 * dot(&product, d)
    }
}

/// The conditions on the change of a Hessian, one for each further point of a fit.
struct Design {
    n: usize,
    /// The further points.
    points: Vec<usize>,
    /// d d' of the independent points and of the further ones as vectors, one after the other.
    squares: Vec<f64>,
    /// v of each further point: the weights of the independent points and, last, that of its own.
    weights: Vec<Vec<f64>>,
    /// Q of each further point as a vector, one after the other.
    conditions: Vec<f64>,
    /// The Cholesky factor of the Gram matrix of the conditions, row by row.
    factor: Vec<Vec<f64>>,
}

impl Design {
    fn new(ways: &[f64], n: usize) -> Self {
        let squares = ways.chunks_exact(n).flat_map(square_of).collect();
        let (points, weights, conditions, factor) = Default::default();
        Design { n, points, squares, weights, conditions, factor }
    }

    /// Take a further point if it tells of second derivatives what the others do not.
    fn add(&mut self, point: usize, way: Vec<f64>, inverse: &[f64], apart: f64) {
        let (n, size) = (self.n, triangle(self.n));
        // d = sum lambda_k d_k, lambda' = d' D^-1 with the independent ways as the rows of D.
        let mut weights = vec![0.0; n];
        mul_transposed(inverse, n, &way, &mut weights);
        weights.iter_mut().for_each(|w| *w = -*w);
        weights.push(1.0);
        let length = nrm2(&weights);
        weights.iter_mut().for_each(|w| *w /= length);
        let square_of_way = square_of(&way);
        let mut condition: Vec<f64> = square_of_way.iter().map(|q| q * weights[n]).collect();
        add_mul_transposed(&self.squares[..n * size], size, &weights[..n], &mut condition);
        let mut line = vec![0.0; self.points.len()];
        mul(&self.conditions, size, &condition, &mut line);
        for i in 0..line.len() {
            line[i] = (line[i] - dot(&self.factor[i][..i], &line[..i])) / self.factor[i][i];
        }
        let pivot = (dot(&condition, &condition) - dot(&line, &line)).max(0.0).sqrt();
        if pivot >= apart * nrm2(&condition).max(1.0) {
            line.push(pivot);
            self.factor.push(line);
            self.points.push(point);
            self.squares.extend(square_of_way);
            self.weights.push(weights);
            self.conditions.extend(condition);
        }
    }

    /// d'Q d / 2 of every condition at every independent point, one row for each condition.
    fn slopes_of_conditions(&self) -> Vec<f64> {
        let (n, size) = (self.n, triangle(self.n));
        let mut all = vec![0.0; n * self.points.len()];
        for (row, condition) in all.chunks_exact_mut(n).zip(self.conditions.chunks_exact(size)) {
            mul(&self.squares[..n * size], size, condition, row);
            row.iter_mut().for_each(|slope| *slope *= 0.5);
        }
        all
    }

    /// The least change of a Hessian that removes the errors at the independent points and the further ones: the weights of the
    /// conditions in it.
    fn least_change(&self, errors: &[f64]) -> Vec<f64> {
        let (near, far) = errors.split_at(self.n);
        let p = self.points.len();
        let mut weights: Vec<f64> = (self.weights.iter().zip(far))
            .map(|(weights, far)| 2.0 * (dot(&weights[..self.n], near) + weights[self.n] * far))
            .collect();
        for i in 0..p {
            weights[i] =
                (weights[i] - dot(&self.factor[i][..i], &weights[..i])) / self.factor[i][i];
        }
        for i in (0..p).rev() {
            let later: f64 = (i + 1..p).map(|j| self.factor[j][i] * weights[j]).sum();
            weights[i] = (weights[i] - later) / self.factor[i][i];
        }
        weights
    }
}

/// The number of elements of a symmetric matrix.
fn triangle(n: usize) -> usize {
    n * (n + 1) / 2
}

fn scaled(mut way: Vec<f64>, radius: f64) -> Vec<f64> {
    way.iter_mut().for_each(|w| *w /= radius);
    way
}

/// d d' as a vector.
fn square_of(d: &[f64]) -> Vec<f64> {
    let mut square = vec![0.0; triangle(d.len())];
    add_square(1.0, d, &mut square);
    square
}

fn add_square(weight: f64, d: &[f64], out: &mut [f64]) {
    let mut entries = out.iter_mut();
    for (i, a) in d.iter().enumerate() {
        for (b, entry) in d[..i].iter().zip(&mut entries) {
            *entry += weight * std::f64::consts::SQRT_2 * a * b;
        }
        if let Some(entry) = entries.next() {
            *entry += weight * a * a;
        }
    }
}

/// The inverse of an n x n matrix, `None` if it has none.
fn inverse(matrix: &[f64], n: usize) -> Option<Vec<f64>> {
    let qr = QrPivot::factor(matrix, n, n).ok()?;
    if qr.rank(DEPENDENT) < n {
        return None;
    }
    let mut r = vec![0.0; n * n];
    qr.write_r(&mut r).ok()?;
    let mut inverse = vec![0.0; n * n];
    let mut unit = vec![0.0; n];
    for k in 0..n {
        unit.fill(0.0);
        unit[k] = 1.0;
        qr.apply_qt(&mut unit).ok()?;
        solve_upper(&r, n, &mut unit).ok()?;
        for (&row, entry) in qr.permutation().iter().zip(&unit) {
            inverse[row * n + k] = *entry;
        }
    }
    Some(inverse)
}

#[cfg(test)]
mod tests {
    use thalweg_core::{Problem, ProblemSpec, testing::FunctionOracle};

    use super::*;

    /// Two quadratics, the second with a mixed term.
    fn residuals(x: &[f64], out: &mut [f64]) {
        out[0] = 1.0 + x[0] - 2.0 * x[1] + x[0] * x[0];
        out[1] = 3.0 - x[0] + 0.5 * x[1] + 2.0 * x[0] * x[1] - x[1] * x[1];
    }

    fn history(points: &[f64]) -> ResidualHistory {
        let mut oracle = FunctionOracle::least_squares(2, residuals);
        let spec = ProblemSpec { n_outputs: 2, ..ProblemSpec::unconstrained(2) };
        let mut problem = Problem::new(&mut oracle, &spec);
        let mut history = ResidualHistory::new(&problem, 1.0);
        history.evaluate(&mut problem, points, f64::INFINITY).unwrap();
        history
    }

    const POINTS: [f64; 12] = [1.0, 1.0, 1.1, 1.0, 1.0, 1.3, 1.2, 1.2, 0.9, 0.8, 1.4, 0.9];

    fn fit(points: &[f64], most: usize) -> (ResidualHistory, ResidualQuadratics, MainModel) {
        let history = history(points);
        let mut independent = Independent::default();
        history.add_independent(&mut independent, 1.0, 1e-3);
        let mut models = ResidualQuadratics::new(2, 2);
        let further = Further { reach: 2.0, apart: 1e-4, most };
        assert!(models.fit(&history, &independent, 0.5, further));
        let main = models.full(history.residuals(history.best()));
        (history, models, main)
    }

    #[test]
    fn six_points_determine_quadratics_in_the_plane_exactly() {
        let (history, models, main) = fit(&POINTS, 6);
        let x = history.best_point();
        let exact = [1.0 + 2.0 * x[0], -2.0, -1.0 + 2.0 * x[1], 0.5 + 2.0 * x[0] - 2.0 * x[1]];
        for (slope, exact) in models.jacobian.iter().zip(exact) {
            assert!((slope - exact).abs() < 1e-11, "{:?}", models.jacobian);
        }
        let mut r = [0.0; 2];
        residuals(x, &mut r);
        let of = |i: usize, j: usize, second: f64| {
            2.0 * (exact[i] * exact[j] + exact[2 + i] * exact[2 + j] + second)
        };
        let expected = [
            of(0, 0, 2.0 * r[0]),
            of(0, 1, 2.0 * r[1]),
            of(0, 1, 2.0 * r[1]),
            of(1, 1, -2.0 * r[1]),
        ];
        for (entry, expected) in main.hessian.iter().zip(expected) {
            assert!((entry - expected).abs() < 1e-9, "{:?} {expected:?}", main.hessian);
        }
        let slope = 2.0 * (exact[0] * r[0] + exact[2] * r[1]);
        assert!((main.gradient[0] - slope).abs() < 1e-10, "{:?}", main.gradient);
    }

    #[test]
    fn fewer_points_are_interpolated_all_the_same() {
        for most in 3..6 {
            let (history, models, _) = fit(&POINTS, most);
            let best = history.best();
            let mut met = 0;
            for k in 0..history.len() {
                let d = history.way(k);
                let square = square_of(&d);
                met += usize::from((0..2).all(|i| {
                    let slope = dot(&models.jacobian[2 * i..2 * i + 2], &d);
                    let bend = 0.5 * dot(&models.hessians[3 * i..3 * i + 3], &square);
                    let there = history.residuals(best)[i] + slope + bend;
                    (there - history.residuals(k)[i]).abs() < 1e-12
                }));
            }
            assert_eq!(met, most);
        }
    }

    #[test]
    fn points_that_tell_nothing_new_are_left_out_and_curvatures_kept() {
        let (_, mut models, _) = fit(&POINTS, 6);
        let before = models.hessians.clone();
        // Two independent points and the best one determine no curvature, but with the known ones the slopes exactly.
        let history = history(&[1.0, 1.0, 1.1, 1.0, 1.0, 1.3]);
        let mut independent = Independent::default();
        history.add_independent(&mut independent, 1.0, 1e-3);
        assert!(models.fit(
            &history,
            &independent,
            0.5,
            Further { reach: 2.0, apart: 1e-4, most: 6 }
        ));
        assert_eq!(models.hessians, before);
        assert_eq!(history.best_point(), [1.0, 1.3]);
        for (slope, exact) in models.jacobian.iter().zip([3.0, -2.0, 1.6, -0.1]) {
            assert!((slope - exact).abs() < 1e-10, "{:?}", models.jacobian);
        }
    }

    #[test]
    fn matrices_as_vectors_have_the_inner_products_of_matrices() {
        let (a, b) = (square_of(&[1.0, 2.0, 3.0]), square_of(&[0.5, -1.0, 2.0]));
        assert!((dot(&a, &b) - 4.5_f64.powi(2)).abs() < 1e-12);
        assert!(inverse(&[1.0, 2.0, 2.0, 4.0], 2).is_none());
    }
}
