//! The steps of a model: to where the sum of squares is small, and to where a point tells most.

use thalweg_linalg::{Cholesky, dot, mul, mul_transposed, scale, transpose};

use super::ResidualModel;
use crate::pieces::box_trust_region::BoxTrustRegion;
use crate::pieces::lsq_trust_region::LsqTrustRegion;
use crate::pieces::more_sorensen::{Accuracy, MoreSorensen};
use crate::pieces::residual_set::ResidualSet;

/// How exact the step is where the models bend.
const ACCURACY: Accuracy = Accuracy { length: 0.1, decrease: 0.01 };

impl ResidualModel {
    /// The step that makes the sum of the squared models small within the bounds and a ball, the exact one of the ball where the bounds
    /// allow it, into `d`, and the decrease that it promises.
    pub fn step(&mut self, set: &ResidualSet, radius: f64, d: &mut Vec<f64>) -> f64 {
        let (n, m) = (set.dim(), set.n_residuals());
        d.clear();
        d.resize(n, 0.0);
        self.svd = None;
        let known = if self.curvature.is_used() {
            self.step_by_curvature(radius, d)
        } else {
            self.step_of_linear_models(set, radius, d)
        };
        let inside = |(d, (low, high)): (&f64, (&f64, &f64))| low <= d && d <= high;
        if !known || !d.iter().zip(set.low.iter().zip(&set.high)).all(inside) {
            let (low, high) = (&set.low[..], &set.high[..]);
            let region = BoxTrustRegion { gradient: &self.gradient, low, high, radius };
            let (columns, curvature) = (&self.columns, &self.curvature);
            let image = std::cell::RefCell::new(std::mem::take(&mut self.image));
            self.search.solve(&region, |v, out| {
                let mut image = image.borrow_mut();
                image.resize(m, 0.0);
                mul_transposed(columns, m, v, &mut image);
                mul(columns, m, &image, out);
                out.iter_mut().for_each(|out| *out *= 2.0);
                curvature.apply(v, out);
            });
            self.image = image.into_inner();
            d.copy_from_slice(&self.search.step.d);
        }
        self.decrease(d)
    }

    /// The step of the linear models in the ball.
    fn step_of_linear_models(&mut self, set: &ResidualSet, radius: f64, d: &mut [f64]) -> bool {
        let center = set.residuals(set.best);
        if self.region.prepare(&self.columns, center, set.dim()) && self.region.step(radius, d) {
            return true;
        }
        // What is zero but for rounding has to stay below the rounding of one computation.
        if self.known && self.updates > 0 {
            self.known = false;
            self.refresh(set);
        }
        self.step_by_singular_values(set, radius, d)
    }

    /// The step of the models with their curvature in the ball.
    fn step_by_curvature(&self, radius: f64, d: &mut [f64]) -> bool {
        let mut region = MoreSorensen::new(self.hessian(), self.gradient.clone(), ACCURACY);
        let step = region.step(radius);
        if let Ok(step) = &step {
            d.copy_from_slice(&step.p);
        }
        step.is_ok()
    }

    /// The second derivatives of the model of the sum of squares.
    fn hessian(&self) -> Vec<f64> {
        let n = self.gradient.len();
        let m = self.columns.len() / n;
        let mut hessian = vec![0.0; n * n];
        for (row, column) in hessian.chunks_exact_mut(n).zip(self.columns.chunks_exact(m)) {
            mul(&self.columns, m, column, row);
        }
        scale(2.0, &mut hessian);
        self.curvature.add_to(&mut hessian);
        hessian
    }

    /// The step of a Jacobian with more columns than rows, or columns that are nearly dependent.
    fn step_by_singular_values(&mut self, set: &ResidualSet, radius: f64, d: &mut [f64]) -> bool {
        let (n, m) = (set.dim(), set.n_residuals());
        let mut jacobian = vec![0.0; m * n];
        transpose(&self.columns, n, m, &mut jacobian);
        let svd = self.svd.insert(LsqTrustRegion::default());
        svd.prepare(&jacobian, set.residuals(set.best), n).is_ok() && svd.step(radius, d).is_ok()
    }

    /// Whether the second derivative of the model of the last step is at least this along every direction.
    pub fn bends_at_least(&self, curvature: f64) -> bool {
        if self.curvature.is_used() {
            let (n, mut hessian) = (self.gradient.len(), self.hessian());
            hessian.iter_mut().step_by(n + 1).for_each(|h| *h -= curvature);
            return Cholesky::factor(&hessian, n).is_ok();
        }
        let bound = (0.5 * curvature).sqrt();
        match &self.svd {
            Some(svd) => svd.least_stretch(self.gradient.len()) >= bound,
            None => self.region.stretches_above(bound),
        }
    }

    /// The step from the best point, at most `radius` long, that makes the Lagrange function of point `t` largest in absolute value.
    pub fn geometry_step(&mut self, set: &ResidualSet, t: usize, radius: f64, d: &mut Vec<f64>) {
        let n = set.dim();
        let slope = &self.slopes[t * n..(t + 1) * n];
        let (low, high) = (&set.low[..], &set.high[..]);
        self.work.clear();
        self.work.extend(slope.iter().map(|g| -g));
        let up = BoxTrustRegion { gradient: &self.work, low, high, radius };
        self.search.solve(&up, |_, out| out.fill(0.0));
        d.clear();
        d.extend_from_slice(&self.search.step.d);
        let down = BoxTrustRegion { gradient: slope, low, high, radius };
        self.search.solve(&down, |_, out| out.fill(0.0));
        let down = &self.search.step.d;
        let (of_up, of_down) = (dot(d, slope).abs(), dot(down, slope).abs());
        // Where both are as good, the one on which the sum of squares falls.
        let falls = dot(down, &self.gradient) < dot(d, &self.gradient);
        let nearly = (of_up - of_down).abs() <= 1e-6 * of_up;
        if of_down > of_up && !nearly || nearly && falls {
            d.copy_from_slice(down);
        }
    }
}
