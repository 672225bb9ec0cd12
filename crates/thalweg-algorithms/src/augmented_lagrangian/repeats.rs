//! Subproblems that end before they are solved are begun again.
//!
//! Tests on changes take a short step for the last one. The first steps of a subproblem are short where the penalty is large and the
//! algorithm knows nothing of the curvature yet. Multipliers from such an end are wrong: the violation does not fall, the penalty
//! grows, and the next steps are shorter still.

use thalweg_core::Verdict;

/// The part of the slope at its start that a solved subproblem leaves at most.
const LEFT: f64 = 0.1;
/// How often in a row a subproblem is begun again.
const MOST: usize = 3;
/// The power by which tolerances are tightened each time, and at most.
const TIGHTER: f64 = 1.5;
const TIGHTEST: f64 = 2.0;

/// How often the current subproblem has been begun again, and what came of it.
#[derive(Debug)]
pub(super) struct Repeats {
    count: usize,
    /// The slope where the subproblem began first.
    slope: f64,
    precision: f64,
}

impl Repeats {
    pub fn new() -> Self {
        Repeats { count: 0, slope: 0.0, precision: 1.0 }
    }

    /// The power of the tolerances for the next subproblem, from the one with which a subproblem would usually be solved. Once they were
    /// too loose they stay tighter.
    pub fn exponent(&self, usual: f64) -> f64 {
        usual * self.precision
    }

    /// Whether the subproblem is to be begun again where it ended; `slopes` are the largest entries of the projected gradient at its
    /// beginning and end, if they are known.
    pub fn asks_for_another(&mut self, slopes: [Option<f64>; 2], verdict: &Verdict) -> bool {
        let [Some(before), Some(left)] = slopes else { return false };
        if self.count == 0 {
            self.slope = before;
        }
        let is_early = ended_by_change(verdict) && left > LEFT * self.slope && self.count < MOST;
        if is_early {
            self.count += 1;
            self.precision = (TIGHTER * self.precision).min(TIGHTEST);
        } else {
            self.count = 0;
        }
        is_early
    }
}

fn ended_by_change(verdict: &Verdict) -> bool {
    let Verdict::Converged(test) = verdict else { return false };
    ["convergence_ftol", "convergence_xtol"].iter().any(|prefix| test.option.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;
    use thalweg_core::Test;

    fn ended_by(option: &'static str) -> Verdict {
        Verdict::Converged(Test { measure: "it", value: 0.0, tolerance: 1.0, option })
    }

    #[test]
    fn a_small_change_where_it_is_still_steep_is_no_end() {
        let mut repeats = Repeats::new();
        let change = ended_by("convergence_ftol_rel");
        assert!(!repeats.asks_for_another([Some(100.0), Some(9.0)], &change), "it has flattened");
        assert!(!repeats.asks_for_another([None, Some(90.0)], &change), "nobody knows");
        let flat = ended_by("convergence_gtol_abs");
        assert!(!repeats.asks_for_another([Some(100.0), Some(90.0)], &flat), "the algorithm knows");
        let stalled = Verdict::Stalled("at a limit".into());
        assert!(!repeats.asks_for_another([Some(100.0), Some(90.0)], &stalled));
        assert_eq!(repeats.exponent(0.75), 0.75);
        assert!(repeats.asks_for_another([Some(100.0), Some(90.0)], &change));
        assert_eq!(repeats.exponent(0.75), 1.125);
        // Steepness is measured from where the subproblem began first.
        assert!(repeats.asks_for_another([Some(90.0), Some(10.5)], &change));
        assert!(!repeats.asks_for_another([Some(10.5), Some(9.5)], &change));
        assert_eq!(repeats.exponent(1.0), 2.0, "tolerances stay tight");
    }

    #[test]
    fn it_is_not_begun_again_without_end() {
        let mut repeats = Repeats::new();
        let change = ended_by("convergence_xtol_rel");
        for k in 0..8 {
            let again = repeats.asks_for_another([Some(1.0), Some(1.0)], &change);
            assert_eq!(again, k % 4 < MOST, "{k}");
        }
    }
}
