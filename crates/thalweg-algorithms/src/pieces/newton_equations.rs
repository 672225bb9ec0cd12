//! Newton's equations of the variables that are not held at their bounds, solved approximately.
//!
//! Products with the Hessian are differences of gradients. The limited-memory BFGS matrix of past steps and products is the
//! preconditioner: where the Hessian changes little, it knows the solution after a few iterations. It is a matrix of all
//! variables; its part over those that are not held is positive definite as well.
//!
//! Variables may have scales: the preconditioner, the size of residuals and steepest descent are then those of the variables
//! divided by their scales, whose gradient is the gradient times the scales.
//!
//! Reference: J. L. Morales, J. Nocedal, Automatic preconditioning by limited memory quasi-Newton updating, SIAM J. Optim. 10
//! (2000), <https://doi.org/10.1137/S1052623497327854>

use thalweg_core::{Problem, Stop};
use thalweg_linalg::dot;

use super::bounded_search::{hold, leave_out};
use super::box_model::Bounds;
use super::descent::Descent;
use super::hessian_product::{Place, hessian_product};
use super::inverse_bfgs::InverseBfgs;
use super::step_pairs::NewPair;
use super::truncated_cg::{Ended, Newton, TruncatedCg};

/// The largest residual, relative to the gradient.
const LARGEST_RESIDUAL: f64 = 0.5;
/// A curvature below this part of the product of step and change counts as none.
const NEGLIGIBLE: f64 = 1e-12;

/// Newton's equations of the variables that are not held, and what is known of their solution.
#[derive(Clone, Debug)]
pub struct NewtonEquations {
    cg: TruncatedCg,
    memory: InverseBfgs,
    most_products: usize,
    relative_length: f64,
    scales: Vec<f64>,
    held: Vec<bool>,
    /// The gradient, zero for variables that are held.
    reduced: Vec<f64>,
    moved: Vec<f64>,
    /// The vectors and products of the last solution, one after the other.
    products: Vec<f64>,
    step: Vec<f64>,
    zero: Vec<f64>,
}

/// The Hessian where the point is, over the variables that are not held.
struct HessianAt<'p, 'o> {
    problem: &'p mut Problem<'o>,
    place: Place<'p>,
    held: &'p [bool],
    scales: &'p [f64],
    memory: &'p mut InverseBfgs,
    moved: &'p mut Vec<f64>,
    products: &'p mut Vec<f64>,
    scaled: &'p mut [f64],
}

impl Newton for HessianAt<'_, '_> {
    fn product(&mut self, d: &[f64], product: &mut Vec<f64>) -> Result<(), Stop> {
        hessian_product(self.problem, self.place, d, self.moved, product)?;
        leave_out(self.held, product);
        self.products.extend_from_slice(d);
        self.products.extend_from_slice(product);
        Ok(())
    }

    fn precondition(&mut self, r: &[f64], out: &mut [f64]) {
        for (scaled, (r, scale)) in self.scaled.iter_mut().zip(r.iter().zip(self.scales)) {
            *scaled = r * scale;
        }
        self.memory.direction(self.scaled, out);
        out.iter_mut().zip(self.scales).for_each(|(o, scale)| *o *= -scale);
        leave_out(self.held, out);
    }
}

impl NewtonEquations {
    /// The equations of `n` variables, with a preconditioner of `memory` pairs, at most `most_products` products per solution, and
    /// differences of gradients of this length relative to one and the length of the point.
    pub fn new(n: usize, memory: usize, most_products: usize, relative_length: f64) -> Self {
        let zero = vec![0.0; n];
        NewtonEquations {
            cg: TruncatedCg::default(),
            memory: InverseBfgs::new(n, memory),
            most_products,
            relative_length,
            scales: vec![1.0; n],
            held: vec![false; n],
            reduced: zero.clone(),
            moved: Vec::with_capacity(n),
            products: Vec::new(),
            step: zero.clone(),
            zero,
        }
    }

    /// The equations of variables with these scales.
    pub fn scaled_by(self, scales: Vec<f64>) -> Self {
        NewtonEquations { scales, ..self }
    }

    /// Forget the curvature.
    pub fn forget(&mut self) {
        self.memory.clear();
        self.products.clear();
    }

    /// Hold the variables that would leave their bound along steepest descent.
    pub fn hold(&mut self, point: &Descent, bounds: &Bounds<'_>) {
        hold(point, bounds, &mut self.held);
        self.reduced.copy_from_slice(&point.gradient);
        leave_out(&self.held, &mut self.reduced);
    }

    /// Take the direction of steepest descent, one unit long or as long as the gradient if that is shorter.
    pub fn steepest_descent(&self, point: &mut Descent) {
        let size = scaled_size(&self.reduced, &self.scales).max(1.0);
        let reduced = self.reduced.iter().zip(&self.scales);
        for (d, (g, scale)) in point.direction.iter_mut().zip(reduced) {
            *d = -scale * scale * g / size;
        }
    }

    /// Take the approximate solution of Newton's equations for the direction.
    ///
    /// # Errors
    /// [`Stop`] from an evaluation.
    pub fn newton_direction(
        &mut self,
        problem: &mut Problem<'_>,
        point: &mut Descent,
    ) -> Result<Ended, Stop> {
        let size = scaled_size(&self.reduced, &self.scales);
        let enough = size * LARGEST_RESIDUAL.min(size.sqrt());
        self.products.clear();
        let (x, gradient) = (&point.x[..], &point.gradient[..]);
        let mut newton = HessianAt {
            problem,
            place: Place { x, gradient, relative_length: self.relative_length },
            held: &self.held,
            scales: &self.scales,
            memory: &mut self.memory,
            moved: &mut self.moved,
            products: &mut self.products,
            scaled: &mut self.step,
        };
        let (g, p, scales) = (&self.reduced, &mut point.direction, &self.scales);
        let is_solved = |r: &[f64]| scaled_size(r, scales) <= enough;
        self.cg.solve(g, p, &mut newton, self.most_products, is_solved)
    }

    /// Take the products of the last solution and the last step into the preconditioner.
    pub fn learn(&mut self, point: &Descent) {
        let n = self.zero.len();
        let (x, x_old) = (point.x.iter(), &point.x_old);
        self.products.extend(x.zip(x_old).map(|(x, x_old)| x - x_old));
        let (gradient, before) = (point.gradient.iter(), &point.gradient_old);
        self.products.extend(gradient.zip(before).map(|(g, before)| g - before));
        for pair in self.products.chunks_exact_mut(2 * n) {
            let (step, change) = pair.split_at_mut(n);
            step.iter_mut().zip(&self.scales).for_each(|(s, scale)| *s /= scale);
            change.iter_mut().zip(&self.scales).for_each(|(y, scale)| *y *= scale);
            remember(&mut self.memory, step, (change, &self.zero));
        }
        self.products.clear();
    }
}

/// The length of a gradient with respect to scaled variables.
fn scaled_size(gradient: &[f64], scales: &[f64]) -> f64 {
    gradient.iter().zip(scales).map(|(g, scale)| (g * scale).powi(2)).sum::<f64>().sqrt()
}

/// Take in a step unless its curvature is negligible, negative or not finite.
fn remember(memory: &mut InverseBfgs, step: &[f64], (after, before): (&[f64], &[f64])) {
    let curvature = dot(step, after) - dot(step, before);
    let change: f64 = after.iter().zip(before).map(|(a, b)| (a - b).powi(2)).sum();
    let negligible = NEGLIGIBLE * (dot(step, step) * change).sqrt();
    if curvature > negligible && change.is_finite() {
        memory.update(&NewPair {
            step: 1.0,
            direction: step,
            gradient: after,
            previous_gradient: before,
            curvature,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pieces::hessian_product::RELATIVE_LENGTH;
    use thalweg_core::ProblemSpec;
    use thalweg_core::testing::FunctionOracle;
    use thalweg_linalg::nrm2;

    /// The gradient of a quadratic with Hessian [[4, 1, 0], [1, 3, -1], [0, -1, 2]].
    fn gradient(x: &[f64], g: &mut [f64]) {
        g[0] = 4.0 * x[0] + x[1] - 8.0;
        g[1] = x[0] + 3.0 * x[1] - x[2];
        g[2] = -x[1] + 2.0 * x[2] + 1.0;
    }

    #[test]
    fn variables_held_at_a_bound_stay_and_the_others_solve_their_equations() {
        let value = |x: &[f64]| 2.0 * x[0] * x[0] - 8.0 * x[0]; // never looked at
        let mut oracle = FunctionOracle::scalar(value).with_gradient(gradient);
        let spec = ProblemSpec {
            lower: vec![-9.0; 3],
            upper: vec![0.0, 9.0, 9.0],
            ..ProblemSpec::unconstrained(3)
        };
        let mut problem = Problem::new(&mut oracle, &spec);
        let bounds = Bounds::new(problem.lower(), problem.upper());
        let mut point = Descent::start(&mut problem, &[0.0, 1.0, 1.0]).unwrap();
        let mut equations = NewtonEquations::new(3, 5, 10, RELATIVE_LENGTH);
        equations.hold(&point, &bounds);
        equations.newton_direction(&mut problem, &mut point).unwrap();
        assert_eq!(point.direction[0], 0.0);
        // The residual of the second and third equation is at most half the gradient (2, 2).
        let (d1, d2) = (point.direction[1], point.direction[2]);
        let residual = (3.0 * d1 - d2 + 2.0).hypot(-d1 + 2.0 * d2 + 2.0);
        assert!(residual <= 0.5 * 8f64.sqrt() + 1e-6, "{residual}");
        equations.steepest_descent(&mut point);
        let expected = [0.0, -0.5f64.sqrt(), -0.5f64.sqrt()];
        assert!(point.direction.iter().zip(expected).all(|(d, e)| (d - e).abs() < 1e-15));
    }

    #[test]
    fn the_right_scales_need_one_product_and_make_steepest_descent_the_best() {
        // The Hessian is diag(10^4, 1, 10^-4), the minimizer 0.
        let curvatures = [1e4, 1.0, 1e-4];
        let mut oracle = FunctionOracle::scalar(|_| 0.0)
            .with_gradient(|x, g| (0..3).for_each(|i| g[i] = curvatures[i] * x[i]));
        let spec = ProblemSpec::unconstrained(3);
        let mut problem = Problem::new(&mut oracle, &spec);
        let bounds = Bounds::new(problem.lower(), problem.upper());
        let x0 = [0.01, -2.0, 300.0];
        let mut point = Descent::start(&mut problem, &x0).unwrap();
        let mut equations =
            NewtonEquations::new(3, 5, 1, RELATIVE_LENGTH).scaled_by(vec![1e-2, 1.0, 1e2]);
        equations.hold(&point, &bounds);
        equations.newton_direction(&mut problem, &mut point).unwrap();
        assert!(point.direction.iter().zip(x0).all(|(d, x)| (d / x + 1.0).abs() < 1e-4));
        equations.steepest_descent(&mut point);
        let size = 14f64.sqrt(); // of (1, -2, 3)
        assert!(point.direction.iter().zip(x0).all(|(d, x)| (d / x + 1.0 / size).abs() < 1e-12));
        // What is learned is learned of the scaled variables.
        point.x = vec![0.0; 3];
        point.gradient = vec![0.0; 3];
        point.x_old = x0.to_vec();
        point.gradient_old = (0..3).map(|i| curvatures[i] * x0[i]).collect();
        equations.learn(&point);
        let mut direction = vec![0.0; 3];
        equations.memory.direction(&[3.0, 5.0, 7.0], &mut direction);
        let expected = [-3.0, -5.0, -7.0];
        assert!(direction.iter().zip(expected).all(|(d, e)| (d - e).abs() < 1e-4), "{direction:?}");
    }

    #[test]
    fn what_was_learned_makes_the_next_solution_exact_at_once() {
        let mut oracle = FunctionOracle::scalar(|_| 0.0).with_gradient(gradient);
        let spec = ProblemSpec::unconstrained(3);
        let mut problem = Problem::new(&mut oracle, &spec);
        let bounds = Bounds::new(problem.lower(), problem.upper());
        let mut point = Descent::start(&mut problem, &[0.0, 1.0, 1.0]).unwrap();
        let mut equations = NewtonEquations::new(3, 9, 10, RELATIVE_LENGTH);
        for x in [[0.0, 1.0, 1.0], [1.0, 1.0, 1.0], [1.0, -1.0, 1.0], [0.3, 0.2, -1.0]] {
            std::mem::swap(&mut point.x, &mut point.x_old);
            std::mem::swap(&mut point.gradient, &mut point.gradient_old);
            point.x.copy_from_slice(&x);
            gradient(&point.x, &mut point.gradient);
            equations.hold(&point, &bounds);
            equations.learn(&point);
            equations.newton_direction(&mut problem, &mut point).unwrap();
        }
        let end: Vec<f64> = point.x.iter().zip(&point.direction).map(|(x, d)| x + d).collect();
        let mut g = [0.0; 3];
        gradient(&end, &mut g);
        assert!(nrm2(&g) < 0.05 * nrm2(&point.gradient), "{g:?}");
        equations.forget();
        assert!(equations.memory.is_empty());
    }
}
