//! Convergence tests on what an iteration changed, in the form in which NLopt makes them.
//!
//! The relative change of the objective is measured against the mean of its absolute values before and after, so that it stays
//! relative near zero; that of the parameters is the 1-norm of the step against the 1-norm of the new point. A tolerance of zero
//! switches its test off.

use thalweg_core::Test;

/// The tolerances.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChangeTests {
    /// For the change of the objective, relative to the mean of its absolute values.
    pub ftol_rel: f64,
    /// For the change of the objective.
    pub ftol_abs: f64,
    /// For the 1-norm of the step, relative to that of the parameters.
    pub xtol_rel: f64,
    /// For the largest entry of the step.
    pub xtol_abs: f64,
}

impl ChangeTests {
    /// The test that an iteration from `x_old` with value `old` to `x` with value `new` meets.
    pub fn met(&self, (x_old, old): (&[f64], f64), (x, new): (&[f64], f64)) -> Option<Test> {
        let change = (old - new).abs();
        let mean = 0.5 * (old.abs() + new.abs());
        // A test that is switched off costs nothing: a pass over the point is much for a method that needs few.
        let size_of_step = if self.xtol_rel > 0.0 || self.xtol_abs > 0.0 {
            StepSize::between(x_old, x)
        } else {
            StepSize::default()
        };
        let tests = [
            (
                "relative change of the objective",
                relative(change, mean),
                self.ftol_rel,
                "convergence_ftol_rel",
            ),
            ("change of the objective", change, self.ftol_abs, "convergence_ftol_abs"),
            (
                "relative change of the parameters",
                relative(size_of_step.sum, size_of_step.sum_of_x),
                self.xtol_rel,
                "convergence_xtol_rel",
            ),
            (
                "largest change of a parameter",
                size_of_step.largest,
                self.xtol_abs,
                "convergence_xtol_abs",
            ),
        ];
        let met = tests
            .into_iter()
            .find(|(_, value, tolerance, _)| *tolerance > 0.0 && value <= tolerance);
        met.map(|(measure, value, tolerance, option)| Test { measure, value, tolerance, option })
    }
}

impl ChangeTests {
    /// The test on the parameters that the whole `step` from `x` would meet: where rounding or noise leaves no better point on the
    /// way, a model whose minimum is that near has converged.
    pub fn met_by_step(&self, x: &[f64], step: &[f64]) -> Option<Test> {
        let end: Vec<f64> = x.iter().zip(step).map(|(x, d)| x + d).collect();
        let only_parameters = ChangeTests { ftol_rel: 0.0, ftol_abs: 0.0, ..*self };
        only_parameters.met((x, 0.0), (&end, 0.0))
    }
}

/// Tests that two iterations in a row have to meet, as in Lukšan's programs, which NLopt has: one short step may be cut short, or the
/// first one into a valley. Steps of a model that knows nothing yet do not count: their length is arbitrary.
#[derive(Clone, Copy, Debug)]
pub struct RepeatedTests {
    tests: ChangeTests,
    was_met: bool,
}

impl RepeatedTests {
    /// The tests before the first iteration.
    pub fn new(tests: ChangeTests) -> Self {
        RepeatedTests { tests, was_met: false }
    }

    /// The test that this iteration and the last one meet; `knows_curvature` tells whether the model of this one did.
    pub fn met(
        &mut self,
        before: (&[f64], f64),
        after: (&[f64], f64),
        knows_curvature: bool,
    ) -> Option<Test> {
        let test = self.tests.met(before, after).filter(|_| knows_curvature);
        let was_met = std::mem::replace(&mut self.was_met, test.is_some());
        test.filter(|_| was_met)
    }

    /// The test on the parameters that the whole `step` from `x` would meet.
    pub fn met_by_step(&self, x: &[f64], step: &[f64]) -> Option<Test> {
        self.tests.met_by_step(x, step)
    }
}

fn relative(part: f64, whole: f64) -> f64 {
    if part == 0.0 { 0.0 } else { part / whole }
}

/// A step measured in several ways.
#[derive(Default)]
struct StepSize {
    sum: f64,
    largest: f64,
    sum_of_x: f64,
}

impl StepSize {
    fn between(x_old: &[f64], x: &[f64]) -> Self {
        let mut size = StepSize::default();
        for (x, x_old) in x.iter().zip(x_old) {
            let change = (x - x_old).abs();
            size.sum += change;
            // NaN stays, where `max` would pass it over.
            if change > size.largest || change.is_nan() {
                size.largest = change;
            }
            size.sum_of_x += x.abs();
        }
        size
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFF: ChangeTests =
        ChangeTests { ftol_rel: 0.0, ftol_abs: 0.0, xtol_rel: 0.0, xtol_abs: 0.0 };

    #[test]
    fn each_test_says_what_it_measured() {
        let (before, after) = ((&[1.0, 2.0][..], 4.0), (&[1.0, 2.5][..], 2.0));
        assert_eq!(OFF.met(before, after), None);
        assert_eq!(OFF.met(before, before), None, "zero switches a test off");
        let cases = [
            (
                ChangeTests { ftol_rel: 0.7, ..OFF },
                "relative change of the objective 6.667e-1 <= 7.000e-1 (convergence_ftol_rel)",
            ),
            (
                ChangeTests { ftol_abs: 2.0, ..OFF },
                "change of the objective 2.000e0 <= 2.000e0 (convergence_ftol_abs)",
            ),
            (
                ChangeTests { xtol_rel: 0.2, ..OFF },
                "relative change of the parameters 1.429e-1 <= 2.000e-1 (convergence_xtol_rel)",
            ),
            (
                ChangeTests { xtol_abs: 0.5, ..OFF },
                "largest change of a parameter 5.000e-1 <= 5.000e-1 (convergence_xtol_abs)",
            ),
        ];
        for (tests, text) in cases {
            assert_eq!(tests.met(before, after).unwrap().to_string(), text);
        }
        let tight = ChangeTests { ftol_rel: 0.6, ftol_abs: 1.9, xtol_rel: 0.1, xtol_abs: 0.4 };
        assert_eq!(tight.met(before, after), None);
    }

    #[test]
    fn changes_stay_relative_near_zero_and_nothing_at_zero_is_no_change() {
        let tests = ChangeTests { ftol_rel: 1e-3, xtol_rel: 1e-3, ..OFF };
        assert_eq!(tests.met((&[1e-9], 1e-9), (&[1e-10], 1e-10)), None);
        assert!(tests.met((&[0.0], 0.0), (&[0.0], 0.0)).is_some());
        assert_eq!(tests.met((&[f64::NAN], f64::NAN), (&[1.0], 1.0)), None);
    }

    #[test]
    fn a_step_meets_the_tests_on_parameters_only() {
        let tests = ChangeTests { ftol_rel: 1.0, ftol_abs: 1.0, xtol_rel: 1e-3, xtol_abs: 0.0 };
        assert_eq!(tests.met_by_step(&[1.0, 2.0], &[0.0, 0.1]), None);
        let test = tests.met_by_step(&[1.0, 2.0], &[1e-4, 0.0]).unwrap();
        assert_eq!(test.option, "convergence_xtol_rel");
        assert_eq!(tests.met_by_step(&[1.0], &[f64::NAN]), None);
        let absolute = ChangeTests { xtol_abs: 1.0, ..OFF };
        assert_eq!(absolute.met_by_step(&[1.0, 1.0], &[f64::NAN, 0.5]), None);
        assert!(absolute.met_by_step(&[1.0], &[0.5]).is_some());
    }

    #[test]
    fn one_short_step_alone_or_without_curvature_is_not_repeated() {
        let only_steps = ChangeTests { ftol_rel: 0.0, ftol_abs: 0.0, xtol_rel: 0.0, xtol_abs: 0.1 };
        let mut tests = RepeatedTests::new(only_steps);
        // Lengths of steps, whether the model knows the curvature, and whether the run ends.
        let steps = [
            (0.01, true, false),
            (1.0, true, false),
            (0.01, true, false),
            (0.01, false, false),
            (0.01, true, false),
            (0.01, true, true),
        ];
        for (length, knows_curvature, ends) in steps {
            let test = tests.met((&[1.0], 3.0), (&[1.0 + length], 2.0), knows_curvature);
            assert_eq!(test.is_some(), ends, "a step of {length}");
        }
    }
}
