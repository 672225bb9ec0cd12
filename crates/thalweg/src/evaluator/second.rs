//! Second derivatives of the value, in the algorithm's terms: closed forms pulled back, or differences (`second_differences.rs`).
//!
//! With the map u(x) from the algorithm's space to the user's, its derivative J, and first and second derivatives g and G of the
//! value with respect to u, the Hessian is
//!
//! ```text
//! H = J' G J + sum_k g_k d2u_k / dx2
//! ```
//!
//! The second term (the *bend*) vanishes where the map is affine. It is the derivative of J(x)' g at a fixed g, which differences of
//! pull-backs give without any call of the user's functions; where g is not given, differences with respect to x determine what
//! counts of it (`Space::lift_gradient`). Products with a direction d are `J' (G (J d))` plus that of the bend.

use thalweg_core::{SolverKind, Values, Want};

use super::Evaluator;
use crate::aggregate::Aggregate;
use crate::objective::{Answer, Batch, Failure, UserError, UserErrorKind};

/// The length of differences of pull-backs: the third root of the machine precision.
const LENGTH_FOR_MAPS: f64 = 6e-6;
/// By how much entries on either side of the diagonal may differ, relative to the largest entry: Hessians in single precision.
const ASYMMETRY: f64 = 1e-3;

/// What is known at the last point at which second derivatives were asked for. What is empty is not known.
#[derive(Default)]
pub(super) struct Local {
    pub(super) x: Vec<f64>,
    /// In the algorithm's terms.
    pub(super) gradient: Vec<f64>,
    /// With respect to the user's parameters, in the algorithm's sign.
    user_gradient: Vec<f64>,
    hessian: Vec<f64>,
    /// J, one row for each of the user's parameters.
    map: Vec<f64>,
    bend: Vec<f64>,
}

impl Local {
    fn move_to(&mut self, x: &[f64]) {
        if self.x != x {
            *self = Local { x: x.to_vec(), ..Local::default() };
        }
    }
}

impl Evaluator<'_> {
    /// Keep the gradient at a single point: the next request may be for second derivatives there.
    pub(super) fn remember_gradient(&mut self, points: &[f64], want: Want, values: &Values) {
        let single = points.len() == self.space.n_free() && self.scratch.failures.is_empty();
        if !self.uses_hessian || !single || !want.contains(Want::GRADIENT) {
            return;
        }
        let Local { x, gradient, user_gradient, .. } = {
            self.scratch.local.move_to(points);
            &mut self.scratch.local
        };
        debug_assert_eq!(x, points);
        gradient.clone_from(&values.gradients);
        if !self.space.is_affine() && self.objective.has_derivative() {
            user_gradient.clone_from(&self.scratch.own);
        }
    }

    /// Second derivatives at the points, into the columns of `values`; says whether anything had to be computed.
    pub(super) fn second_derivatives(
        &mut self,
        points: &[f64],
        directions: &[f64],
        want: Want,
        values: &mut Values,
    ) -> bool {
        let n = self.space.n_free();
        let before = self.counts.hess;
        let mut local = std::mem::take(&mut self.scratch.local);
        // Evaluations of single points, which follow, know no failures at others.
        let mut failures = std::mem::take(&mut self.scratch.failures);
        for (i, x) in points.chunks_exact(n).enumerate() {
            if failures.iter().any(|failure| self.error_handling.ends_run(failure)) {
                break; // the user's function is not called again
            }
            if failures.iter().any(|failure| failure.index == i) {
                continue; // nobody asks for the second derivative of a penalty
            }
            local.move_to(x);
            let mut answered = Ok(());
            if want.contains(Want::HESSIAN) {
                let out = &mut values.hessians[i * n * n..(i + 1) * n * n];
                out.fill(f64::NAN);
                answered = self.hessian(&mut local).map(|()| out.copy_from_slice(&local.hessian));
            }
            if want.contains(Want::HESSIAN_PRODUCT) && answered.is_ok() {
                let out = &mut values.products[i * n..(i + 1) * n];
                out.fill(f64::NAN);
                answered = self.product(&mut local, &directions[i * n..(i + 1) * n], out);
            }
            if let Err(failure) = answered {
                failures.push(Failure { index: i, ..failure });
            }
        }
        self.scratch.local = local;
        self.scratch.failures = failures;
        self.counts.hess > before
    }

    /// The Hessian, unless it is known.
    fn hessian(&mut self, local: &mut Local) -> Result<(), Failure> {
        if !local.hessian.is_empty() {
            return Ok(());
        }
        let n = self.space.n_free();
        let given = self.objective.second_derivatives();
        let mut hessian = vec![f64::NAN; n * n];
        if given.hessian {
            self.counts.hess += 1;
            self.closed_form_hessian(local, &mut hessian)?;
        } else if given.product {
            self.counts.hess += n as u64;
            self.hessian_of_products(local, &mut hessian)?;
        } else {
            self.counts.hess += 1;
            self.numerical_hessian(local, &mut hessian)?;
        }
        symmetrize(&mut hessian, n);
        if hessian.iter().all(|entry| entry.is_finite()) {
            local.hessian = hessian;
            return Ok(());
        }
        let source = match (given.hessian, given.product) {
            (true, _) => "the Hessian returned by hess",
            (_, true) => "what hessp returned",
            _ => "the numerical Hessian",
        };
        Err(self.not_finite(source, if given.product { "hessp" } else { "hess" }, &hessian, local))
    }

    /// The product of the Hessian with `d`.
    fn product(&mut self, local: &mut Local, d: &[f64], out: &mut [f64]) -> Result<(), Failure> {
        let given = self.objective.second_derivatives();
        if local.hessian.is_empty() && given.product {
            self.counts.hess += 1;
            self.closed_form_product(local, d, out)?;
        } else if given.hessian || !local.hessian.is_empty() {
            self.hessian(local)?;
            multiply(&local.hessian, d, out);
        } else {
            self.counts.hess += 1;
            self.product_by_difference(local, d, out)?;
        }
        if out.iter().all(|entry| entry.is_finite()) {
            return Ok(());
        }
        let source = match given.product {
            true => "what hessp returned",
            false => "the numerical product with the Hessian",
        };
        Err(self.not_finite(source, if given.product { "hessp" } else { "hess" }, out, local))
    }

    fn closed_form_hessian(&mut self, local: &mut Local, out: &mut [f64]) -> Result<(), Failure> {
        let n_user = self.space.n_user();
        let mut user = vec![0.0; n_user * n_user];
        self.call_second(&local.x, &[], &mut user)?;
        if let Some((i, j)) = asymmetry(&user, n_user) {
            let (a, b) = (user[i * n_user + j], user[j * n_user + i]);
            let text = format!(
                "the Hessian returned by hess is not symmetric: entry [{i}, {j}] is {a}, but entry [{j}, {i}] is {b}."
            );
            let error = UserError { kind: UserErrorKind::Fatal, ..UserError::new(text) };
            return Err(Failure { index: 0, what: "hess", error });
        }
        if self.space.is_identity() {
            out.copy_from_slice(&user);
            return Ok(());
        }
        let n = self.space.n_free();
        let mut half = vec![0.0; n_user * n];
        self.space.pull_back_jacobian(&local.x, &user, &mut half, &mut self.scratch.work);
        self.space.pull_back_jacobian(&local.x, &transposed(&half, n), out, &mut self.scratch.work);
        self.add_bend(local, out)
    }

    /// The Hessian from its products with all unit vectors.
    fn hessian_of_products(&mut self, local: &mut Local, out: &mut [f64]) -> Result<(), Failure> {
        let (n, n_user) = (self.space.n_free(), self.space.n_user());
        self.know_map(local);
        let directions = transposed(&local.map, n);
        let mut products = vec![0.0; n * n_user];
        self.call_second(&local.x, &directions, &mut products)?;
        self.space.pull_back_jacobian(&local.x, &products, out, &mut self.scratch.work);
        self.add_bend(local, out)
    }

    fn closed_form_product(
        &mut self,
        local: &mut Local,
        d: &[f64],
        out: &mut [f64],
    ) -> Result<(), Failure> {
        if self.space.is_identity() {
            return self.call_second(&local.x, d, out);
        }
        let n_user = self.space.n_user();
        self.know_map(local);
        let (mut direction, mut product) = (vec![0.0; n_user], vec![0.0; n_user]);
        multiply(&local.map, d, &mut direction);
        self.call_second(&local.x, &direction, &mut product)?;
        self.space.pull_back_gradient(&local.x, &product, out, &mut self.scratch.work);
        self.know_bend(local)?;
        if !local.bend.is_empty() {
            let mut bent = vec![0.0; out.len()];
            multiply(&local.bend, d, &mut bent);
            out.iter_mut().zip(&bent).for_each(|(out, bent)| *out += bent);
        }
        Ok(())
    }

    /// Call hess, or hessp with each of the directions (in the user's terms); in the algorithm's sign.
    fn call_second(
        &mut self,
        x: &[f64],
        directions: &[f64],
        out: &mut [f64],
    ) -> Result<(), Failure> {
        let n_user = self.space.n_user();
        let mut point = vec![0.0; n_user];
        self.space.to_user(x, &mut point, &mut self.scratch.work);
        let batch = Batch {
            points: &point.repeat((directions.len() / n_user).max(1)),
            dim: n_user,
            wants_hessian: directions.is_empty(),
            wants_product: !directions.is_empty(),
            directions,
            n_cores: self.n_cores,
            ..Batch::default()
        };
        let mut failures = Vec::new();
        let answer = Answer { derivatives: out, ..Answer::default() };
        self.objective.evaluate(&batch, answer, &mut failures);
        if let Some(failure) = failures.into_iter().next() {
            return Err(failure);
        }
        if self.maximize {
            out.iter_mut().for_each(|entry| *entry = -*entry);
        }
        Ok(())
    }

    fn know_map(&mut self, local: &mut Local) {
        if local.map.is_empty() {
            let (n, n_user) = (self.space.n_free(), self.space.n_user());
            let mut unit = vec![0.0; n_user * n_user];
            unit.iter_mut().step_by(n_user + 1).for_each(|entry| *entry = 1.0);
            local.map.resize(n_user * n, 0.0);
            self.space.pull_back_jacobian(&local.x, &unit, &mut local.map, &mut self.scratch.work);
        }
    }

    fn add_bend(&mut self, local: &mut Local, hessian: &mut [f64]) -> Result<(), Failure> {
        self.know_bend(local)?;
        hessian.iter_mut().zip(&local.bend).for_each(|(entry, bend)| *entry += bend);
        Ok(())
    }

    /// The bend of the map, which stays empty where the map is affine.
    fn know_bend(&mut self, local: &mut Local) -> Result<(), Failure> {
        if self.space.is_affine() || !local.bend.is_empty() {
            return Ok(());
        }
        self.know_user_gradient(local)?;
        let n = self.space.n_free();
        let mut bend = vec![0.0; n * n];
        let (mut above, mut below) = (vec![0.0; n], vec![0.0; n]);
        for (j, row) in bend.chunks_exact_mut(n).enumerate() {
            let length = LENGTH_FOR_MAPS * local.x[j].abs().max(1.0);
            let (lower, upper) = self.bounds_at(j);
            let (low, high) = ((local.x[j] - length).max(lower), (local.x[j] + length).min(upper));
            for (end, pulled) in [(low, &mut below), (high, &mut above)] {
                let mut moved = local.x.clone();
                moved[j] = end;
                let work = &mut self.scratch.work;
                self.space.pull_back_gradient(&moved, &local.user_gradient, pulled, work);
            }
            for ((entry, above), below) in row.iter_mut().zip(&above).zip(&below) {
                *entry = if high > low { (above - below) / (high - low) } else { 0.0 };
            }
        }
        symmetrize(&mut bend, n);
        local.bend = bend;
        Ok(())
    }

    /// The gradient with respect to the user's parameters: their own, or one that stands for it where derivatives are numerical,
    /// since no parameter is moved alone then.
    fn know_user_gradient(&mut self, local: &mut Local) -> Result<(), Failure> {
        if !local.user_gradient.is_empty() {
            return Ok(());
        }
        if self.objective.has_derivative() {
            self.counts.jac += 1;
            local.gradient = self.gradient_at(&local.x.clone())?;
            local.user_gradient.clone_from(&self.scratch.own);
            return Ok(());
        }
        if local.gradient.is_empty() {
            self.counts.jac += 1;
            self.know_gradient(local)?;
        }
        let lifted = self.space.lift_gradient(&local.x, &local.gradient, &mut self.scratch.work);
        local.user_gradient =
            lifted.map_err(|error| Failure::of_numerical_derivative(0, &error))?;
        Ok(())
    }

    pub(super) fn bounds_at(&self, j: usize) -> (f64, f64) {
        (
            self.space.lower().map_or(f64::NEG_INFINITY, |lower| lower[j]),
            self.space.upper().map_or(f64::INFINITY, |upper| upper[j]),
        )
    }

    /// The translation of the objective to one value.
    pub(super) fn scalar(&self) -> Aggregate {
        let (objective, m) = (self.objective.kind(), self.objective.n_outputs());
        Aggregate { objective, solver: SolverKind::Scalar, maximize: self.maximize, m }
    }

    fn not_finite(
        &mut self,
        source: &str,
        what: &'static str,
        entries: &[f64],
        local: &Local,
    ) -> Failure {
        let mut params = vec![0.0; self.space.n_user()];
        self.space.to_user(&local.x, &mut params, &mut self.scratch.work);
        let (entries, params) = (super::judge::shown(entries), super::judge::shown(&params));
        let text = format!("{source} is not finite: {entries} at params {params}");
        Failure { index: 0, what, error: UserError::new(text) }
    }
}

/// The mean of a square matrix and its transpose.
fn symmetrize(matrix: &mut [f64], n: usize) {
    for i in 0..n {
        for j in 0..i {
            let mean = 0.5 * (matrix[i * n + j] + matrix[j * n + i]);
            (matrix[i * n + j], matrix[j * n + i]) = (mean, mean);
        }
    }
}

/// The first entry whose opposite is another number.
fn asymmetry(matrix: &[f64], n: usize) -> Option<(usize, usize)> {
    let largest = matrix.iter().fold(0.0, |most: f64, entry| most.max(entry.abs()));
    let pairs = (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j)));
    let difference = |(i, j): (usize, usize)| (matrix[i * n + j] - matrix[j * n + i]).abs();
    pairs.into_iter().find(|&pair| difference(pair) > ASYMMETRY * largest)
}

/// A row-major matrix of n columns, transposed.
fn transposed(matrix: &[f64], n: usize) -> Vec<f64> {
    (0..n).flat_map(|j| matrix.iter().skip(j).step_by(n).copied()).collect()
}

/// `out = matrix d`.
fn multiply(matrix: &[f64], d: &[f64], out: &mut [f64]) {
    for (out, row) in out.iter_mut().zip(matrix.chunks_exact(d.len())) {
        *out = row.iter().zip(d).map(|(entry, d)| entry * d).sum();
    }
}
