//! A quadratic model of every residual through the best point and others near it, r_i + g_i's + s'H_i s / 2, whose second derivatives
//! change by as little as possible in the Frobenius norm from one fit to the next.
//!
//! With n points whose ways d_k from the best one span the space, and p further ones, the change D of a Hessian has to satisfy
//! g'd_k + d_k'D d_k / 2 = e_k, where e_k is by how much the old Hessian is wrong. Combinations of these conditions in which the
//! gradient drops out, one for each further point, are conditions <Q_j, D> = 2 v_j'e with Q_j = sum v_jk d_k d_k' for a null vector v_j
//! of the ways. The least D is a combination of the Q_j, found from their Gram matrix. A further point is taken if its Q_j is clearly
//! outside of the span of the others, which is seen from the pivot of the Gram matrix's Cholesky factor.
//!
//! A point that the old models met as well has no error. So of the right-hand sides of these conditions only few differ from one residual
//! to the next by more than a factor: those of the points that are new. The change of all models is found for each of these once, and
//! then added to every model as often as it is wrong there. After some fits, all points count as new, so that rounding does not pile up.
//!
//! Symmetric matrices are held as vectors of their lower triangles, the elements off the diagonal times the root of two, so that
//! inner products of matrices are those of vectors.
//!
//! References:
//! * S. M. Wild, Solving derivative-free nonlinear least squares problems with POUNDERS, in Advances and Trends in Optimization with
//!   Engineering Applications (2017), chapter 40, <https://doi.org/10.1137/1.9781611974683.ch40>
//! * S. M. Wild, MNH: a derivative-free optimization algorithm using minimal norm Hessians (2008), Tenth Copper Mountain Conference

use thalweg_linalg::{add_mul_transposed, axpy, dot, mul, mul_transposed};

use super::residual_design::{Design, Response, add_square, triangle};
use super::residual_history::{Independent, ResidualHistory};

/// The models around the best point, in the scaled variables.
#[derive(Clone, Debug)]
pub struct ResidualQuadratics {
    n: usize,
    /// g_i, m x n.
    pub jacobian: Vec<f64>,
    /// H_i as vectors, m x n (n + 1) / 2.
    hessians: Vec<f64>,
    /// What the models say at their center, that center, and which points they meet.
    constants: Vec<f64>,
    center: Vec<f64>,
    met: Vec<u64>,
    /// Fits since all points were new.
    age: usize,
    design: Design,
    response: Response,
    square: Vec<f64>,
    image: Vec<f64>,
}

/// A quadratic model of the sum of squares.
#[derive(Clone, Debug, Default)]
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
        ResidualQuadratics {
            n,
            jacobian: vec![0.0; m * n],
            hessians: vec![0.0; m * triangle(n)],
            constants: vec![0.0; m],
            center: Vec::new(),
            met: Vec::new(),
            age: 0,
            design: Design::default(),
            response: Response::default(),
            square: vec![0.0; triangle(n)],
            image: vec![0.0; m],
        }
    }

    /// Fit the models to the residuals at the best point, the independent ones, of which there have to be n, and further ones. Lengths
    /// are measured in `radius`.
    pub fn fit(
        &mut self,
        history: &ResidualHistory,
        independent: &Independent,
        radius: f64,
        further: Further,
    ) {
        let most = further.most.saturating_sub(self.n + 1);
        self.design.begin(history, independent, radius);
        history.others(independent, further.reach, |k, way| {
            if self.design.n_further() < most {
                self.design.add(k, way, further.apart);
            }
            self.design.n_further() < most
        });
        self.move_to(history);
        if self.age >= self.n {
            self.met.clear();
        }
        self.age = if self.met.is_empty() { 0 } else { self.age + 1 };
        self.correct(history);
        self.met.clear();
        self.met.push(history.id(history.best()));
        self.met.extend(self.design.points.iter().map(|&k| history.id(k)));
    }

    /// Put the center of the models where the best point is.
    fn move_to(&mut self, history: &ResidualHistory) {
        let best = history.best_point();
        if self.center.len() == self.n && self.center != best {
            let size = triangle(self.n);
            let s = history.way_from(&self.center);
            self.square.fill(0.0);
            add_square(0.5, &s, &mut self.square);
            mul(&self.hessians, size, &self.square, &mut self.image);
            axpy(1.0, &self.image, &mut self.constants);
            mul(&self.jacobian, self.n, &s, &mut self.image);
            axpy(1.0, &self.image, &mut self.constants);
            let hessians = self.hessians.chunks_exact(size);
            for (slope, hessian) in self.jacobian.chunks_exact_mut(self.n).zip(hessians) {
                add_product(hessian, &s, slope);
            }
        }
        self.center.clear();
        self.center.extend_from_slice(best);
    }

    /// Make the models right at all points of the design.
    fn correct(&mut self, history: &ResidualHistory) {
        let center = history.residuals(history.best());
        // By how much the models are too low at the center, which they leave for the new value there.
        for (constant, r) in self.constants.iter_mut().zip(center) {
            *constant = r - *constant;
        }
        let count = self.design.points.len();
        let is_met = |k: usize| self.met.contains(&history.id(k));
        let met: Vec<bool> = self.design.points.iter().map(|&k| is_met(k)).collect();
        let mut pattern: Vec<f64> = met.iter().map(|met| if *met { -1.0 } else { 0.0 }).collect();
        let mut changes: Vec<(Vec<f64>, Response)> = Vec::new();
        if met.contains(&true) && self.constants.iter().any(|error| *error != 0.0) {
            self.design.respond(&pattern, &mut self.response);
            changes.push((self.constants.clone(), self.response.clone()));
        }
        for a in (0..count).filter(|&a| !met[a]) {
            pattern.fill(0.0);
            pattern[a] = 1.0;
            self.design.respond(&pattern, &mut self.response);
            let mut errors = vec![0.0; center.len()];
            self.errors(history, self.design.points[a], &mut errors);
            changes.push((errors, self.response.clone()));
        }
        let (n, size) = (self.n, triangle(self.n));
        for (errors, response) in &changes {
            for (i, error) in errors.iter().enumerate() {
                axpy(*error, &response.slope, &mut self.jacobian[i * n..(i + 1) * n]);
                axpy(*error, &response.hessian, &mut self.hessians[i * size..(i + 1) * size]);
            }
        }
        self.constants.copy_from_slice(center);
    }

    /// By how much the models, with the new value at the center, are too low at a point.
    fn errors(&mut self, history: &ResidualHistory, k: usize, errors: &mut [f64]) {
        let d = history.way(k);
        self.square.fill(0.0);
        add_square(0.5, &d, &mut self.square);
        mul(&self.hessians, triangle(self.n), &self.square, &mut self.image);
        mul(&self.jacobian, self.n, &d, errors);
        let center = history.residuals(history.best());
        let there = history.residuals(k).iter().zip(center);
        for ((error, bend), (r, center)) in errors.iter_mut().zip(&self.image).zip(there) {
            *error = r - center - *error - bend;
        }
    }

    /// The Gauss-Newton model of the sum of squares, which leaves out the second derivatives of the residuals.
    pub fn gauss_newton(&self, residuals: &[f64], model: &mut MainModel) {
        let n = self.n;
        model.gradient.resize(n, 0.0);
        mul_transposed(&self.jacobian, n, residuals, &mut model.gradient);
        model.gradient.iter_mut().for_each(|g| *g *= 2.0);
        model.hessian.clear();
        model.hessian.resize(n * n, 0.0);
        for row in self.jacobian.chunks_exact(n) {
            for (i, g) in row.iter().enumerate() {
                axpy(2.0 * g, &row[..=i], &mut model.hessian[i * n..i * n + i + 1]);
            }
        }
        for i in 0..n {
            for j in 0..i {
                model.hessian[j * n + i] = model.hessian[i * n + j];
            }
        }
    }

    /// The decrease of the sum of the squared models after a step.
    pub fn decrease(&mut self, residuals: &[f64], d: &[f64]) -> f64 {
        let size = triangle(self.n);
        self.square.fill(0.0);
        add_square(0.5, d, &mut self.square);
        mul(&self.hessians, size, &self.square, &mut self.image);
        let slopes = self.jacobian.chunks_exact(self.n);
        let terms = residuals.iter().zip(slopes).zip(&self.image);
        terms
            .map(|((r, slope), bend)| {
                let change = dot(slope, d) + bend;
                -change * (2.0 * r + change)
            })
            .sum()
    }

    /// Make of the Gauss-Newton model the full one, for the residuals at the best point.
    pub fn add_curvature(&self, residuals: &[f64], model: &mut MainModel) {
        let (n, size) = (self.n, triangle(self.n));
        let mut curvature = vec![0.0; size];
        add_mul_transposed(&self.hessians, size, residuals, &mut curvature);
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

/// out += H s.
fn add_product(hessian: &[f64], s: &[f64], out: &mut [f64]) {
    let mut start = 0;
    for i in 0..s.len() {
        let row = &hessian[start..start + i];
        out[i] += dot(row, &s[..i]) * std::f64::consts::FRAC_1_SQRT_2 + hessian[start + i] * s[i];
        axpy(s[i] * std::f64::consts::FRAC_1_SQRT_2, row, &mut out[..i]);
        start += i + 1;
    }
}

#[cfg(test)]
mod tests {
    use thalweg_core::{Problem, ProblemSpec, testing::FunctionOracle};

    use super::*;
    use crate::pieces::residual_design::square_of;

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
        models.fit(&history, &independent, 0.5, further);
        let mut main = MainModel::default();
        let center = history.residuals(history.best());
        models.gauss_newton(center, &mut main);
        models.add_curvature(center, &mut main);
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
        models.met.clear();
        models.fit(&history, &independent, 0.5, Further { reach: 2.0, apart: 1e-4, most: 6 });
        assert_eq!(models.hessians, before);
        assert_eq!(history.best_point(), [1.0, 1.3]);
        for (slope, exact) in models.jacobian.iter().zip([3.0, -2.0, 1.6, -0.1]) {
            assert!((slope - exact).abs() < 1e-10, "{:?}", models.jacobian);
        }
    }

    /// Fit after fit, new points are met, old ones as far as they are still used, and rounding does not grow.
    #[test]
    fn models_follow_the_points_of_a_run() {
        let cubic = |x: &[f64], out: &mut [f64]| {
            residuals(x, out);
            out[0] += x[0] * x[0] * x[1];
            out[1] -= x[1] * x[1] * x[1];
        };
        let mut oracle = FunctionOracle::least_squares(2, cubic);
        let spec = ProblemSpec { n_outputs: 2, ..ProblemSpec::unconstrained(2) };
        let mut problem = Problem::new(&mut oracle, &spec);
        let mut history = ResidualHistory::new(&problem, 1.0);
        history.evaluate(&mut problem, &POINTS[..6], f64::INFINITY).unwrap();
        let mut models = ResidualQuadratics::new(2, 2);
        for step in 0..20 {
            let angle = 2.4 * f64::from(step);
            let x = [1.0 - 0.02 * f64::from(step) + 0.2 * angle.cos(), 1.0 + 0.2 * angle.sin()];
            history.evaluate(&mut problem, &x, f64::INFINITY).unwrap();
            let mut independent = Independent::default();
            history.add_independent(&mut independent, 1.0, 1e-3);
            assert_eq!(independent.points.len(), 2);
            models.fit(&history, &independent, 0.3, Further { reach: 2.0, apart: 1e-4, most: 5 });
            let (best, used) = (history.best(), models.design.points.clone());
            assert_eq!(used.len(), 4.min(history.len() - 1));
            for k in used {
                let d = history.way(k);
                for i in 0..2 {
                    let slope = dot(&models.jacobian[2 * i..2 * i + 2], &d);
                    let bend = 0.5 * dot(&models.hessians[3 * i..3 * i + 3], &square_of(&d));
                    let there = history.residuals(best)[i] + slope + bend;
                    assert!((there - history.residuals(k)[i]).abs() < 1e-11, "step {step}");
                }
            }
        }
    }

    #[test]
    fn products_with_matrices_as_vectors() {
        let mut out = [1.0, 0.0];
        add_product(&square_of(&[1.0, 2.0]), &[3.0, -1.0], &mut out);
        assert!((out[0] - 2.0).abs() < 1e-15 && (out[1] - 2.0).abs() < 1e-15, "{out:?}");
    }
}
