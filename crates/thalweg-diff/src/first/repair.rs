//! Entries that failed, from other formulas and points.

use super::{FirstPlan, Values, formulas};
use crate::plan::Report;
use crate::richardson::Limit;

impl FirstPlan {
    /// The first finite estimate by any formula from any points of parameter `j`.
    fn repair(&mut self, j: usize, values: Values<'_>) -> Limit {
        let mut work = self.extrapolation.take();
        let own = std::iter::once(&self.stencils[j]);
        let added = self.extra.iter().filter(|placed| placed.parameter == j);
        let mut found = Limit::NONE;
        'search: for placed in own.chain(added) {
            for formula in formulas(&placed.stencil) {
                let limit = match &mut work {
                    Some(work) => self.limit(placed, formula, values, work),
                    None => Limit {
                        value: self.difference(placed, formula, 0, values),
                        error: f64::NAN,
                    },
                };
                if limit.value.is_finite() {
                    found = limit;
                    break 'search;
                }
            }
        }
        self.extrapolation = work;
        found
    }

    /// Replace the entries that are not finite, parameter by parameter.
    pub(super) fn repair_all(
        &mut self,
        damaged: &[usize],
        f0: Option<&[f64]>,
        evals: &[f64],
        m: usize,
        out: &mut [f64],
    ) -> Report {
        let n = self.x.len();
        let mut report = Report::default();
        self.retry.clear();
        for &j in damaged {
            let (mut failed, mut repaired, mut hopeful) = (false, false, false);
            for i in 0..m {
                if out[i * n + j].is_finite() {
                    continue;
                }
                let f0 = f0.map_or(f64::NAN, |f0| f0[i]);
                hopeful |= f0.is_finite();
                let limit = self.repair(j, Values { f0, evals, m, output: i });
                out[i * n + j] = limit.value;
                if let Some(work) = &mut self.extrapolation {
                    work.errors[i * n + j] = limit.error;
                }
                let sound = limit.value.is_finite();
                repaired |= sound;
                failed |= !sound;
            }
            if failed {
                report.failed.push(j);
                if hopeful {
                    self.retry.push(j);
                }
            }
            if repaired {
                report.repaired.push(j);
            }
        }
        report
    }
}
