//! Differences of several steps, extrapolated.

use super::{FirstPlan, Formula, Placed, Values, formulas};
use crate::richardson::{Limit, Sequence};

/// What Richardson extrapolation needs besides the differences.
#[derive(Debug, Clone)]
pub(super) struct Extrapolation {
    pub(super) ratio: f64,
    /// Error estimates of the last derivative, m x n.
    pub(super) errors: Vec<f64>,
    /// Differences of one entry, the longest step first.
    pub(super) differences: Vec<f64>,
    /// The best limits of one entry by the number of terms that were removed.
    pub(super) limits: Vec<Limit>,
}

impl FirstPlan {
    /// Extrapolated differences; returns the parameters with failed entries.
    pub(super) fn finish_extrapolated(
        &mut self,
        f0: Option<&[f64]>,
        evals: &[f64],
        m: usize,
        out: &mut [f64],
    ) -> Vec<usize> {
        let n = self.x.len();
        let Some(mut work) = self.extrapolation.take() else { return Vec::new() };
        work.errors.clear();
        work.errors.resize(m * n, f64::NAN);
        let mut damaged = Vec::new();
        for j in 0..n {
            let stencil = self.stencils[j].stencil;
            let formula = formulas(&stencil).next();
            for i in 0..m {
                let values = Values { f0: f0.map_or(f64::NAN, |f0| f0[i]), evals, m, output: i };
                let limit = match formula {
                    Some(formula) => self.limit(&self.stencils[j], formula, values, &mut work),
                    None => Limit { value: 0.0, error: 0.0 },
                };
                out[i * n + j] = limit.value;
                work.errors[i * n + j] = limit.error;
                if !limit.value.is_finite() && damaged.last() != Some(&j) {
                    damaged.push(j);
                }
            }
        }
        self.extrapolation = Some(work);
        damaged
    }

    /// Extrapolate one formula's differences; the plain difference where only one step exists or
    /// extrapolation fails.
    pub(super) fn limit(
        &self,
        placed: &Placed,
        formula: Formula,
        values: Values<'_>,
        work: &mut Extrapolation,
    ) -> Limit {
        let count = placed.stencil.plus.max(placed.stencil.minus);
        work.differences.clear();
        let differences = (0..count).rev().map(|k| self.difference(placed, formula, k, values));
        work.differences.extend(differences);
        let shortest = work.differences.iter().rev().find(|d| d.is_finite()).copied();
        let points = placed.first_point..placed.first_point + placed.stencil.n_points();
        let magnitudes = points.map(|point| values.at(point).abs()).filter(|v| v.is_finite());
        let sequence = Sequence {
            ratio: work.ratio,
            order: if formula == Formula::Central { 2 } else { 1 },
            noise: f64::EPSILON * magnitudes.fold(0.0, f64::max) / placed.stencil.step,
        };
        let limit = sequence.extrapolate(&mut work.differences, &mut work.limits);
        if limit.value.is_finite() {
            return limit;
        }
        shortest.map_or(Limit::NONE, |value| Limit { value, error: f64::NAN })
    }
}
