//! The models of objective and constraints around the best point.

use thalweg_linalg::axpy;

use super::{Curvature, LinearSet};

/// The models around the best point, in the scaled variables.
pub struct LinearModel {
    /// The gradient of the objective.
    pub gradient: Vec<f64>,
    /// The gradients of the constraints, row by row.
    pub jacobian: Vec<f64>,
    /// What the limits leave for the change of each constraint.
    pub limits: Vec<(f64, f64)>,
    /// The Hessians, unless the models are linear.
    pub curvature: Option<Curvature>,
}

impl LinearSet<'_> {
    /// The models around the best point, with the curvature that is known or linear.
    pub fn model(&self, curved: bool) -> LinearModel {
        let (n, m) = (self.n, self.limits.len());
        let (mut gradient, mut jacobian) = (vec![0.0; n], vec![0.0; n * m]);
        let center = self.best();
        let bends = curved.then(|| self.curvature.bends_of_all(&self.ways[n..]));
        for k in self.others() {
            let (known, lagrange) = (&self.known[k], self.lagrange(k));
            let bend = |i: usize| bends.as_ref().map_or(0.0, |bends| bends[i * n + k - 1]);
            let change = |i: usize| known.function(i) - center.function(i) - bend(i);
            axpy(change(0), lagrange, &mut gradient);
            for (i, row) in jacobian.chunks_exact_mut(n).enumerate() {
                axpy(change(i + 1), lagrange, row);
            }
        }
        let left = center.constraints.iter().zip(&self.limits).map(|(c, (low, high))| {
            // Equations stay equations.
            (low - c, if low == high { low - c } else { high - c })
        });
        let curvature = curved.then(|| self.curvature.clone());
        LinearModel { gradient, jacobian, limits: left.collect(), curvature }
    }
}
