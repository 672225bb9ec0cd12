//! What extrapolation chose from: the best limit of each number of error terms, by each formula.

use super::{FirstPlan, Formula, Values, formulas};
use crate::error::DiffError;
use crate::options::Method;
use crate::plan::check_values;
use crate::richardson::Limit;

/// A limit of the differences of one entry.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    /// The formula of the differences.
    pub method: Method,
    /// How many terms of the error were removed: one less than the steps that took part.
    pub terms: usize,
    /// The parameter.
    pub parameter: usize,
    /// The output.
    pub output: usize,
    /// The derivative; NaN where failures or bounds left too few steps.
    pub value: f64,
    /// The estimate of its error.
    pub error: f64,
}

impl From<Formula> for Method {
    fn from(formula: Formula) -> Self {
        match formula {
            Formula::Forward => Self::Forward,
            Formula::Backward => Self::Backward,
            Formula::Central => Self::Central,
        }
    }
}

impl FirstPlan {
    /// All limits of the differences between the points, from the values f0 (m) and evals (points x m)
    /// that [`finish`](crate::Plan::finish) takes: forward, backward, central, as far as there are
    /// points for them; by number of terms, parameter, output. Empty without extrapolation. The
    /// derivative has the best ones of the method that was asked for.
    ///
    /// # Errors
    /// Values of the wrong number.
    pub fn candidates(
        &self,
        f0: Option<&[f64]>,
        evals: &[f64],
        m: usize,
    ) -> Result<Vec<Candidate>, DiffError> {
        check_values(self, f0, evals, m)?;
        let Some(work) = &self.extrapolation else { return Ok(Vec::new()) };
        let mut work = work.clone();
        let mut found = Vec::new();
        for formula in [Formula::Forward, Formula::Backward, Formula::Central] {
            let of_formula = found.len();
            for placed in self.stencils.iter().chain(&self.extra) {
                if !formulas(&placed.stencil).any(|possible| possible == formula) {
                    continue;
                }
                for output in 0..m {
                    let f0 = f0.map_or(f64::NAN, |f0| f0[output]);
                    self.limit(placed, formula, Values { f0, evals, m, output }, &mut work);
                    found.extend(work.limits.iter().zip(1..).map(
                        |(&Limit { value, error }, terms)| Candidate {
                            method: formula.into(),
                            terms,
                            parameter: placed.parameter,
                            output,
                            value,
                            error,
                        },
                    ));
                }
            }
            found[of_formula..].sort_by_key(|c| (c.terms, c.parameter, c.output));
        }
        Ok(found)
    }
}
