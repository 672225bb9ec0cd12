//! A least-squares benchmark problem: minimize `f(x) = sum_i r_i(x)^2` from a given start.

/// A vector-valued function and its exact Jacobian.
///
/// Both members are plain functions. Families of any size read `n` from the length of `x` and `m` from the output.
#[derive(Clone, Copy, Debug)]
pub struct ResidualFunction {
    /// `residuals(x, r)`: writes the `m` residuals at `x` (length `n`) into `r`.
    pub residuals: fn(&[f64], &mut [f64]),
    /// `jacobian(x, jac)`: writes the row-major `m x n` matrix of `d r_i / d x_j` into `jac`, every entry of it.
    pub jacobian: fn(&[f64], &mut [f64]),
}

/// One problem of a benchmark set. The objective is the sum of squared residuals (without a factor of one half).
#[derive(Clone, Debug)]
pub struct Problem {
    /// The name, unique within its set.
    pub name: &'static str,
    /// The number of parameters.
    pub n: usize,
    /// The number of residuals.
    pub m: usize,
    /// The start point, length `n`.
    pub start: Vec<f64>,
    /// The objective value at the start, to about seven digits.
    pub start_value: f64,
    /// The published objective value of the minimum that counts as the solution. It is the global minimum of all
    /// problems but `freudenstein_roth`, whose usual target is a local one; lower values then count as solved, too.
    pub optimum: f64,
    /// The minimizer, length `n`; `None` where it is not unique.
    pub solution: Option<Vec<f64>>,
    /// The residuals and their Jacobian.
    pub function: ResidualFunction,
}

impl Problem {
    /// Writes the residuals at `x` (length `n`) into `r` (length `m`).
    ///
    /// # Panics
    /// If a length is wrong.
    pub fn residuals(&self, x: &[f64], r: &mut [f64]) {
        assert_eq!((x.len(), r.len()), (self.n, self.m), "{}", self.name);
        (self.function.residuals)(x, r);
    }

    /// Writes the Jacobian at `x` (length `n`) into `jac` (length `m * n`, row-major, one row per residual).
    ///
    /// # Panics
    /// If a length is wrong.
    pub fn jacobian(&self, x: &[f64], jac: &mut [f64]) {
        assert_eq!((x.len(), jac.len()), (self.n, self.m * self.n), "{}", self.name);
        (self.function.jacobian)(x, jac);
    }

    /// The objective at `x` (length `n`): the sum of squared residuals.
    ///
    /// # Panics
    /// If the length is wrong.
    pub fn value(&self, x: &[f64]) -> f64 {
        let mut r = vec![0.0; self.m];
        self.residuals(x, &mut r);
        r.iter().map(|r| r * r).sum()
    }

    /// Writes the gradient `2 J^T r` of the objective at `x` (length `n`) into `gradient` (length `n`).
    ///
    /// # Panics
    /// If a length is wrong.
    pub fn gradient(&self, x: &[f64], gradient: &mut [f64]) {
        assert_eq!(gradient.len(), self.n, "{}", self.name);
        let mut r = vec![0.0; self.m];
        let mut jac = vec![0.0; self.m * self.n];
        self.residuals(x, &mut r);
        self.jacobian(x, &mut jac);
        gradient.fill(0.0);
        for (row, r) in jac.chunks_exact(self.n).zip(&r) {
            for (g, d) in gradient.iter_mut().zip(row) {
                *g += 2.0 * d * r;
            }
        }
    }

    /// The part of the possible decrease that `value` has left to go: `(f - f*) / (f0 - f*)`, clipped below at zero.
    /// A problem counts as solved to a precision once this is at most that precision. NaN stays NaN (never solved).
    pub fn normalized_gap(&self, value: f64) -> f64 {
        let gap = (value - self.optimum) / (self.start_value - self.optimum);
        if gap < 0.0 { 0.0 } else { gap }
    }
}
