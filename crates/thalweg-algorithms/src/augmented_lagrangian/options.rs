//! Options of the augmented Lagrangian.

/// How an augmented Lagrangian goes on from one subproblem to the next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AugmentedLagrangianOptions {
    /// The penalty at the beginning (rho); chosen from the values at the start by default.
    pub initial_penalty: Option<f64>,
    /// By how much the penalty grows (gamma).
    pub penalty_growth: f64,
    /// The fall of infeasibility and complementarity from one subproblem to the next that is good enough for the penalty to stay
    /// as it is (tau).
    pub sufficient_fall: f64,
    /// The largest number of subproblems.
    pub max_subproblems: usize,
}

impl Default for AugmentedLagrangianOptions {
    fn default() -> Self {
        AugmentedLagrangianOptions {
            initial_penalty: None,
            penalty_growth: 10.0,
            // The references' half leaves more subproblems: the error of the multipliers falls by a factor that is inversely
            // proportional to the penalty (Bertsekas 1982, section 2.2).
            sufficient_fall: 0.1,
            max_subproblems: 60,
        }
    }
}

impl AugmentedLagrangianOptions {
    /// Whether the options make sense.
    ///
    /// # Errors
    /// The first option that does not: its name, its value, and what would be right.
    pub fn check(&self) -> Result<(), String> {
        let is_positive = |number: f64| number > 0.0 && number.is_finite();
        let wrong = |name: &str, expected: &str, value: &dyn std::fmt::Debug| {
            Err(format!("{name} has to be {expected}, not {value:?}"))
        };
        match *self {
            Self { initial_penalty: Some(rho), .. } if !is_positive(rho) => {
                wrong("initial_penalty", "a finite number above 0, or none", &rho)
            }
            Self { penalty_growth: growth, .. } if !(is_positive(growth) && growth > 1.0) => {
                wrong("penalty_growth", "a finite number above 1", &growth)
            }
            Self { sufficient_fall: fall, .. } if !(fall > 0.0 && fall < 1.0) => {
                wrong("sufficient_fall", "a number between 0 and 1", &fall)
            }
            Self { max_subproblems: 0, .. } => wrong("max_subproblems", "at least 1", &0),
            _ => Ok(()),
        }
    }
}
