//! The Levenberg-Marquardt step and its damping parameter.
//!
//! Given `J P = Q R` and residuals r, finds `par >= 0` and the minimizer p of |J p + r|^2 + par |D p|^2 such that either
//! `par = 0` and |D p| <= 1.1 radius, or |D p| is within a tenth of the radius. The scalar equation |D p(par)| = radius
//! is solved by Newton's method on its reciprocal form (Hebden 1973), kept inside an interval that shrinks
//! (Moré 1978, section 5); the minimizer comes from R by Givens rotations, without another factorization of J.
//! A rank-deficient or wide J needs no special case: its R is padded with zero rows.
//!
//! | code | paper | meaning |
//! |---|---|---|
//! | `par` | alpha | damping parameter |
//! | `excess` | phi(alpha) | abs(D p) - radius |
//! | `lower`, `upper` | l, u | interval that contains the solution |
//!
//! Reference: J. J. Moré, Lecture Notes in Mathematics 630 (1978) 105-116, doi:10.1007/BFb0067700.

use thalweg_linalg::{axpy, dot, nrm2, nrm2_scaled, solve_upper_transposed};

/// The accepted relative error of |D p| against the radius (sigma in the paper).
const TOLERANCE: f64 = 0.1;
/// Newton steps per call; Moré reports fewer than two on average.
const MAX_STEPS: usize = 10;

/// A linear least-squares problem in triangular form.
#[derive(Clone, Copy, Debug)]
pub struct Triangular<'a> {
    /// R, n x n row-major, upper.
    pub r: &'a [f64],
    /// Column k of `J P` is column `permutation[k]` of J.
    pub permutation: &'a [usize],
    /// The first n entries of `Q' r`, padded with zeros when there are fewer residuals.
    pub qtr: &'a [f64],
}

/// Finds Levenberg-Marquardt steps; a reusable workspace.
#[derive(Clone, Debug)]
pub struct LmParameter {
    /// The triangle S of the damped problem: `S' S = R' R + par P' D^2 P`; R itself while `par = 0`.
    s: Vec<f64>,
    rhs: Vec<f64>,
    work: Vec<f64>,
    step: Vec<f64>,
}

impl LmParameter {
    /// A workspace for n parameters.
    pub fn new(n: usize) -> Self {
        let zeros = vec![0.0; n];
        LmParameter { s: vec![0.0; n * n], rhs: zeros.clone(), work: zeros.clone(), step: zeros }
    }

    /// The step of the last [`LmParameter::solve`], in the order of the parameters.
    pub fn step(&self) -> &[f64] {
        &self.step
    }

    /// Finds the step within `radius` in the norm |D p|, D = diag(`scale`) positive, and returns its `par`.
    ///
    /// `guess` is the `par` of the previous step, or 0.
    pub fn solve(
        &mut self,
        system: &Triangular<'_>,
        scale: &[f64],
        radius: f64,
        guess: f64,
    ) -> f64 {
        let full_rank = self.damped_step(system, scale, 0.0);
        let mut length = nrm2_scaled(scale, &self.step);
        let mut excess = length - radius;
        if excess <= TOLERANCE * radius {
            return 0.0;
        }

        let bounded = full_rank && length.is_finite();
        let mut lower =
            if bounded { self.newton(system, scale, length, excess / radius) } else { 0.0 };
        let gradient = self.scaled_gradient_norm(system, scale);
        let mut upper = gradient / radius;
        if upper == 0.0 {
            upper = f64::MIN_POSITIVE / radius.min(TOLERANCE);
        }
        let mut par = guess.max(lower).min(upper);
        if par == 0.0 && length.is_finite() {
            par = gradient / length;
        }
        for remaining in (0..MAX_STEPS).rev() {
            if par == 0.0 {
                par = f64::MIN_POSITIVE.max(0.001 * upper);
            }
            self.damped_step(system, scale, par);
            length = nrm2_scaled(scale, &self.step);
            let previous = std::mem::replace(&mut excess, length - radius);
            // With a singular J the curve may stay below the radius however small par becomes.
            let flat = lower == 0.0 && excess <= previous && previous < 0.0;
            if excess.abs() <= TOLERANCE * radius || flat || remaining == 0 {
                break;
            }
            let correction = self.newton(system, scale, length, excess / radius);
            if excess > 0.0 {
                lower = lower.max(par);
            } else {
                upper = upper.min(par);
            }
            par = lower.max(par + correction);
        }
        par
    }

    /// The Newton correction of par, -(phi + radius) / radius * phi / phi': with w = S^-T P' D^2 p / |D p| it is
    /// (phi / radius) / |w|^2 (equation 5.8 of the paper and its use in 5.5).
    fn newton(
        &mut self,
        system: &Triangular<'_>,
        scale: &[f64],
        length: f64,
        relative_excess: f64,
    ) -> f64 {
        for (w, &j) in self.work.iter_mut().zip(system.permutation) {
            *w = scale[j] * (scale[j] * self.step[j] / length);
        }
        let n = self.step.len();
        match solve_upper_transposed(&self.s, n, &mut self.work) {
            Ok(()) => {
                let slope = nrm2(&self.work);
                relative_excess / slope / slope
            }
            Err(_) => 0.0, // S is singular only without damping
        }
    }

    /// |D^-1 J' r|, from R.
    fn scaled_gradient_norm(&mut self, system: &Triangular<'_>, scale: &[f64]) -> f64 {
        let n = self.step.len();
        self.work.fill(0.0);
        for (i, &weight) in system.qtr.iter().enumerate() {
            axpy(weight, &system.r[i * n + i..(i + 1) * n], &mut self.work[i..]);
        }
        for (w, &j) in self.work.iter_mut().zip(system.permutation) {
            *w /= scale[j];
        }
        nrm2(&self.work)
    }

    /// Minimizes |J p + r|^2 + par |D p|^2; false when J is exactly rank-deficient and `par` 0, in which case the
    /// step is zero in the directions that do not matter.
    fn damped_step(&mut self, system: &Triangular<'_>, scale: &[f64], par: f64) -> bool {
        let n = self.step.len();
        self.s.copy_from_slice(system.r);
        self.rhs.copy_from_slice(system.qtr);
        for (j, &column) in system.permutation.iter().enumerate() {
            let diagonal = par.sqrt() * scale[column];
            if diagonal != 0.0 {
                self.rotate_in(j, diagonal);
            }
        }
        let rank = (0..n).take_while(|&k| self.s[k * n + k] != 0.0).count();
        self.step.fill(0.0);
        for k in (0..rank).rev() {
            let row = &self.s[k * n + k..k * n + rank];
            self.rhs[k] = (self.rhs[k] - dot(&row[1..], &self.rhs[k + 1..rank])) / row[0];
            self.step[system.permutation[k]] = -self.rhs[k];
        }
        rank == n
    }

    /// Annihilates the row `diagonal` e_j of the damping by Givens rotations with the rows of S from j on.
    fn rotate_in(&mut self, j: usize, diagonal: f64) {
        let n = self.step.len();
        let extra = &mut self.work;
        extra[j..].fill(0.0);
        extra[j] = diagonal;
        let mut extra_rhs = 0.0;
        for k in j..n {
            if extra[k] == 0.0 {
                continue;
            }
            let row = &mut self.s[k * n..(k + 1) * n];
            let radius = row[k].hypot(extra[k]);
            let (cosine, sine) = (row[k] / radius, extra[k] / radius);
            row[k] = radius;
            for (s, e) in row[k + 1..].iter_mut().zip(&mut extra[k + 1..]) {
                (*s, *e) = (cosine * *s + sine * *e, cosine * *e - sine * *s);
            }
            let rhs = &mut self.rhs[k];
            (*rhs, extra_rhs) =
                (cosine * *rhs + sine * extra_rhs, cosine * extra_rhs - sine * *rhs);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use thalweg_linalg::{QrPivot, mul, mul_transposed};

    #[derive(Debug)]
    struct Case {
        m: usize,
        n: usize,
        jac: Vec<f64>,
        residuals: Vec<f64>,
        scale: Vec<f64>,
    }

    fn case() -> impl Strategy<Value = Case> {
        (1usize..7, 1usize..6).prop_flat_map(|(m, n)| {
            let numbers = |len, low: f64| proptest::collection::vec(low..3.0, len);
            (numbers(m * n, -3.0), numbers(m, -3.0), numbers(n, 0.1))
                .prop_map(move |(jac, residuals, scale)| Case { m, n, jac, residuals, scale })
        })
    }

    fn solve(case: &Case, radius: f64) -> (f64, Vec<f64>) {
        let qr = QrPivot::factor(&case.jac, case.m, case.n).unwrap();
        let mut r = vec![0.0; case.n * case.n];
        qr.write_r(&mut r).unwrap();
        let mut qtr = case.residuals.clone();
        qr.apply_qt(&mut qtr).unwrap();
        qtr.resize(case.n, 0.0);
        let mut lm = LmParameter::new(case.n);
        let system = Triangular { r: &r, permutation: qr.permutation(), qtr: &qtr };
        let par = lm.solve(&system, &case.scale, radius, 0.0);
        (par, lm.step().to_vec())
    }

    proptest! {
        /// (J'J + par D^2) p = -J'r, and the length is right.
        #[test]
        fn step_is_optimal(case in case(), radius in 0.01f64..5.0) {
            let (par, p) = solve(&case, radius);
            let mut rows = vec![0.0; case.m];
            mul(&case.jac, case.n, &p, &mut rows);
            axpy(1.0, &case.residuals, &mut rows);
            let mut gradient = vec![0.0; case.n];
            mul_transposed(&case.jac, case.n, &rows, &mut gradient);
            let length = nrm2(&p.iter().zip(&case.scale).map(|(p, d)| p * d).collect::<Vec<_>>());
            let wide_or_nearly_singular = length > 1.1 * radius * (1.0 + 1e-9);
            prop_assert!(!wide_or_nearly_singular);
            if par > 0.0 {
                prop_assert!(length >= 0.9 * radius * (1.0 - 1e-9) || case.m < case.n);
            }
            for j in 0..case.n {
                let stationarity = gradient[j] + par * case.scale[j].powi(2) * p[j];
                prop_assert!(stationarity.abs() < 1e-8, "{stationarity}");
            }
        }
    }
}
