//! What follows from the end of a subproblem.

use thalweg_core::{Test, Verdict};

use super::penalty::Penalty;
use super::subproblem::Point;

/// As often in a row may the penalty grow without a fall of the violation before the constraints count as contradictory.
const FRUITLESS: usize = 5;
/// As often in a row may a subproblem end without convergence at a point that is good enough otherwise.
const STALLS: usize = 2;

/// The power of the algorithm's own tolerances with which the first subproblem is solved.
const FIRST_POWER: f64 = 0.6;
/// The fall that is expected of the next subproblem.
const EXPECTED_FALL: f64 = 0.1;

/// What to do next.
#[derive(Debug)]
pub(super) enum Step {
    Converged(Test),
    Stalled(String),
    Infeasible(String),
    MorePenalty,
    Again,
}

/// How infeasibility and complementarity have fallen so far, in units of the tolerances.
#[derive(Debug)]
pub(super) struct Progress<'a> {
    tolerances: &'a [f64],
    /// The power of the algorithm's own tolerances with which the next subproblem is solved.
    exponent: f64,
    measure: f64,
    violation: f64,
    fruitless: usize,
    stalls: usize,
}

impl<'a> Progress<'a> {
    pub fn new(tolerances: &'a [f64]) -> Self {
        let (measure, violation) = (f64::INFINITY, f64::INFINITY);
        let exponent = FIRST_POWER;
        Progress { tolerances, exponent, measure, violation, fruitless: 0, stalls: 0 }
    }

    pub fn exponent(&self) -> f64 {
        self.exponent
    }

    /// Whether all constraints are satisfied within their tolerances.
    pub fn is_feasible(&self, point: &Point, penalty: &Penalty) -> bool {
        let sizes = point.constraints.iter().enumerate();
        self.largest(sizes.map(|(i, &c)| (i, penalty.violation(i, c)))).in_units <= 1.0
    }

    /// What follows from a subproblem that ended at `point`; `penalty` still has the multipliers that it was solved with.
    pub fn judge(
        &mut self,
        point: &Point,
        penalty: &Penalty,
        verdict: &Verdict,
        sufficient_fall: f64,
    ) -> Step {
        let sizes = point.constraints.iter().enumerate();
        let measure = self.largest(sizes.clone().map(|(i, &c)| (i, penalty.measure(i, c).abs())));
        let violation = self.largest(sizes.map(|(i, &c)| (i, penalty.violation(i, c))));
        let (former, former_violation) = (self.measure, self.violation);
        (self.measure, self.violation) = (measure.in_units, violation.in_units);
        let was_exact = self.exponent >= 1.0;
        self.exponent = self.exponent.max(power(&measure, self.tolerances[measure.of]));

        if measure.in_units <= 1.0 {
            self.exponent = 1.0;
            self.fruitless = 0;
            if !was_exact {
                return Step::Again;
            }
            if verdict.is_success() {
                return Step::Converged(Test {
                    measure: "largest violation of a nonlinear constraint",
                    value: violation.size,
                    tolerance: self.tolerances[violation.of],
                    option: "",
                });
            }
            self.stalls += 1;
            if self.stalls >= STALLS {
                return Step::Stalled(format!("the constraints are satisfied, but {verdict}"));
            }
            return Step::Again;
        }
        self.stalls = 0;
        // Only a penalty that outweighs the objective should have had an effect.
        let weighs = penalty.rho() * violation.size.powi(2) > point.value.abs().max(1.0);
        if weighs && violation.in_units > 1.0 && violation.in_units > 0.9 * former_violation {
            self.fruitless += 1;
        } else {
            self.fruitless = 0;
        }
        if self.fruitless > FRUITLESS {
            let (i, c) = (violation.of, point.constraints[violation.of]);
            let (lower, upper) = penalty.limits()[i];
            return Step::Infeasible(format!(
                "constraint value {i} stays at {c:e}, outside its limits [{lower}, {upper}], although the penalty was \
                 raised to {:.1e}: the end is a stationary point of the violation, or the constraints contradict each \
                 other",
                penalty.rho()
            ));
        }
        if measure.in_units > sufficient_fall * former { Step::MorePenalty } else { Step::Again }
    }

    /// The largest of some sizes in units of their tolerances.
    fn largest(&self, sizes: impl Iterator<Item = (usize, f64)>) -> Largest {
        let mut largest = Largest { of: 0, size: 0.0, in_units: 0.0 };
        for (of, size) in sizes {
            // Constraints that must hold exactly hold up to rounding errors.
            let in_units = size / self.tolerances[of].max(1e-14);
            if in_units > largest.in_units || in_units.is_nan() {
                largest = Largest { of, size, in_units };
            }
        }
        largest
    }
}

/// The power of the tolerances for the next subproblem: on the logarithmic scale from 1 to the tolerance of the constraints, as far as
/// what it is expected to leave of the largest infeasibility or complementarity has come, so far from the first power to 1. More
/// precision would be for multipliers that are still wrong.
fn power(measure: &Largest, tolerance: f64) -> f64 {
    let scale = -tolerance.clamp(1e-14, 0.5).ln();
    let left = (EXPECTED_FALL * measure.in_units).max(1.0).ln() / scale;
    1.0 - (1.0 - FIRST_POWER) * left.min(1.0)
}

struct Largest {
    of: usize,
    size: f64,
    in_units: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subproblems_are_as_exact_as_the_constraints_are_satisfied() {
        let left = |size: f64| power(&Largest { of: 0, size, in_units: size / 1e-6 }, 1e-6);
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} is not {b}");
        close(left(1e3), FIRST_POWER);
        close(left(10.0), FIRST_POWER);
        close(left(1e-2), 1.0 - (1.0 - FIRST_POWER) / 2.0);
        close(left(1e-5), 1.0);
        close(left(0.0), 1.0);
        // Without a tolerance, or with one that is larger than all violations.
        assert_eq!(power(&Largest { of: 0, size: 0.0, in_units: 0.0 }, 0.0), 1.0);
        assert_eq!(power(&Largest { of: 0, size: 1.0, in_units: 0.1 }, 10.0), 1.0);
    }

    #[test]
    fn the_penalty_grows_unless_the_violation_falls_to_the_wanted_part_and_precision_never_falls() {
        use thalweg_core::Values;
        let penalty = Penalty::new(&[(0.0, 0.0)], 1.0);
        let verdict = Verdict::Stalled("at a limit of the algorithm".to_string());
        let mut progress = Progress::new(&[1e-6]);
        let mut step = |violation: f64| {
            let answer = Values { constraints: vec![violation], ..Values::default() };
            let point = Point::new(&[0.0], thalweg_core::Want::CONSTRAINTS, &answer);
            let step = progress.judge(&point, &penalty, &verdict, 0.1);
            (matches!(step, Step::MorePenalty), progress.exponent())
        };
        let (grows, first) = step(1.0);
        assert!(!grows, "nothing to compare with");
        let (grows, second) = step(0.09);
        assert!(!grows && second > first);
        let (grows, third) = step(0.01);
        assert!(grows && third > second);
        assert_eq!(step(0.5), (true, third));
    }
}
