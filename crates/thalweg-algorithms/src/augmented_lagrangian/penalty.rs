//! The penalty of the augmented Lagrangian: limits, multipliers and rho.

use thalweg_core::Problem;

use super::subproblem::Point;

/// Multipliers are kept within these limits: for larger ones there is no convergence theory.
const LARGEST_MULTIPLIER: f64 = 1e20;

/// The limits of the first penalty.
const SMALLEST_FIRST: f64 = 1e-6;
const LARGEST_FIRST: f64 = 10.0;
/// The first penalty at a feasible start whose derivatives are known: derivatives show when it is too small.
const CAUTIOUS_FIRST: f64 = 3.0;

/// Limits a <= c <= b with multipliers y and the penalty rho.
#[derive(Clone, Debug)]
pub(super) struct Penalty {
    limits: Vec<(f64, f64)>,
    multipliers: Vec<f64>,
    rho: f64,
}

impl Penalty {
    pub fn new(limits: &[(f64, f64)], rho: f64) -> Self {
        Penalty { limits: limits.to_vec(), multipliers: vec![0.0; limits.len()], rho }
    }

    /// The penalty that weighs objective and violations at the start alike, within limits; a small one at a feasible start, which can be
    /// gone back to.
    pub fn first_rho(problem: &Problem<'_>, start: &Point) -> f64 {
        let limits = problem.constraint_limits();
        let squares = start.constraints.iter().zip(limits);
        let squares: f64 = squares.map(|(&c, &limits)| outside(c, limits).powi(2)).sum();
        let size = start.value.abs().max(1.0);
        if squares > 0.0 {
            (2.0 * size / squares).clamp(SMALLEST_FIRST, LARGEST_FIRST)
        } else if start.knows_derivatives() {
            CAUTIOUS_FIRST
        } else {
            LARGEST_FIRST
        }
    }

    /// Whether a feasible start may need a larger penalty.
    pub fn is_cautious(&self) -> bool {
        self.rho < LARGEST_FIRST
    }

    /// The penalty for another run from a feasible start, after a smaller one has led astray.
    pub fn usual(&self) -> Self {
        Penalty::new(&self.limits, LARGEST_FIRST)
    }

    pub fn rho(&self) -> f64 {
        self.rho
    }

    pub fn multipliers(&self) -> &[f64] {
        &self.multipliers
    }

    pub fn limits(&self) -> &[(f64, f64)] {
        &self.limits
    }

    pub fn grow(&mut self, factor: f64) {
        self.rho *= factor;
    }

    /// r_i = z_i - clamp(z_i, a_i, b_i) with z_i = c_i + y_i / rho.
    pub fn residuals(&self, constraints: &[f64], residuals: &mut Vec<f64>) {
        residuals.clear();
        let shifted = constraints.iter().zip(&self.multipliers).map(|(c, y)| c + y / self.rho);
        residuals.extend(shifted.zip(&self.limits).map(|(z, &limits)| outside(z, limits)));
    }

    /// Whether r_i changes with c_i near a point where it is `residual`.
    pub fn is_active(&self, i: usize, residual: f64) -> bool {
        residual != 0.0 || self.limits[i].0 == self.limits[i].1
    }

    /// V_i = c_i - clamp(z_i, a_i, b_i): infeasibility where a constraint holds, complementarity where it does not.
    pub fn measure(&self, i: usize, c: f64) -> f64 {
        let z = c + self.multipliers[i] / self.rho;
        // Exactly c minus the limit, however large the multiplier.
        let (lower, upper) = self.limits[i];
        if z < lower {
            c - lower
        } else if z > upper {
            c - upper
        } else {
            c - z
        }
    }

    /// How far a value is outside its limits.
    pub fn violation(&self, i: usize, c: f64) -> f64 {
        outside(c, self.limits[i]).abs()
    }

    /// y_i := rho r_i.
    pub fn update_multipliers(&mut self, constraints: &[f64]) {
        let mut residuals = Vec::new();
        self.residuals(constraints, &mut residuals);
        for (y, r) in self.multipliers.iter_mut().zip(residuals) {
            *y = (self.rho * r).clamp(-LARGEST_MULTIPLIER, LARGEST_MULTIPLIER);
        }
    }
}

/// z minus the nearest point within the limits.
fn outside(z: f64, (lower, upper): (f64, f64)) -> f64 {
    if z < lower {
        z - lower
    } else if z > upper {
        z - upper
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INF: f64 = f64::INFINITY;

    #[test]
    fn one_signed_multiplier_stands_for_both_limits() {
        let mut penalty = Penalty::new(&[(1.0, 1.0), (-INF, 2.0), (2.0, INF), (-1.0, 1.0)], 10.0);
        penalty.update_multipliers(&[1.5, 2.5, 1.5, -1.5]);
        assert_eq!(penalty.multipliers(), [5.0, 5.0, -5.0, -5.0]);
        // Satisfied limits: an inequality's multiplier falls with the slack, to zero and not beyond.
        penalty.update_multipliers(&[1.0, 1.75, 2.25, 3.0]);
        assert_eq!(penalty.multipliers(), [5.0, 2.5, -2.5, 15.0]);
        penalty.update_multipliers(&[0.0, 0.0, 9.0, 0.0]);
        assert_eq!(penalty.multipliers(), [-5.0, 0.0, 0.0, 5.0]);
    }

    #[test]
    fn the_measure_is_infeasibility_or_complementarity() {
        let mut penalty = Penalty::new(&[(-INF, 2.0)], 10.0);
        assert_eq!((penalty.measure(0, 2.5), penalty.measure(0, 1.5)), (0.5, 0.0));
        penalty.update_multipliers(&[2.5]); // y = 5, y / rho = 0.5
        assert_eq!(penalty.measure(0, 1.75), -0.25);
        assert_eq!(penalty.measure(0, 1.0), -0.5);
    }

    #[test]
    fn the_first_penalty_weighs_violations_and_objective_alike_within_limits() {
        use thalweg_core::testing::FunctionOracle;
        use thalweg_core::{ProblemSpec, Values, Want};
        let spec =
            ProblemSpec { constraint_limits: vec![(-INF, 1.0)], ..ProblemSpec::unconstrained(1) };
        let mut oracle = FunctionOracle::scalar(|x| x[0]);
        let problem = Problem::new(&mut oracle, &spec);
        let first = |value: f64, constraint: f64| {
            let constraints = vec![constraint];
            let answer = Values { values: vec![value], constraints, ..Values::default() };
            let point = Point::new(&[0.0], Want::VALUE | Want::CONSTRAINTS, &answer);
            Penalty::first_rho(&problem, &point)
        };
        assert_eq!(first(-8.0, 3.0), 4.0, "rho / 2 times 2^2 is 8");
        assert_eq!(first(0.0, 3.0), 0.5, "as if the objective were 1");
        assert_eq!((first(-8.0, 1.1), first(1.0, 1e9), first(-8.0, 1.0)), (10.0, 1e-6, 10.0));
        let want = Want::VALUE | Want::GRADIENT | Want::CONSTRAINTS | Want::CONSTRAINT_JACOBIAN;
        let answer = Values { values: vec![1.0], constraints: vec![0.5], ..Values::default() };
        let cautious = Penalty::first_rho(&problem, &Point::new(&[0.0], want, &answer));
        assert_eq!(cautious, 3.0, "with derivatives");
    }

    #[test]
    fn a_value_that_is_infinitely_good_costs_nothing() {
        let mut residuals = Vec::new();
        Penalty::new(&[(-INF, 2.0)], 10.0).residuals(&[-INF], &mut residuals);
        assert_eq!(residuals, [0.0]);
    }
}
