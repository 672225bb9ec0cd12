//! Scaling of the parameters of a least-squares problem by the columns of its Jacobian.
//!
//! A trust region |D p| <= radius is invariant under a change of the parameters' units when D holds the norms of the
//! Jacobian's columns. The scale never falls (Moré 1978, section 7), so that a column that vanishes for a while does not
//! open the region.
//!
//! Reference: J. J. Moré, Lecture Notes in Mathematics 630 (1978) 105-116, doi:10.1007/BFb0067700.

use thalweg_macros::Choice;

/// How the parameters are scaled in the trust region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum Scaling {
    /// By the largest norm so far of the parameter's column of the Jacobian.
    #[choice(word = "jac")]
    Jacobian,
    /// Not at all.
    #[choice(word = "none")]
    Unit,
}

/// The diagonal of D: n positive numbers.
#[derive(Clone, Debug)]
pub struct ColumnScale {
    scaling: Scaling,
    diagonal: Vec<f64>,
}

impl ColumnScale {
    /// The scale at the start, from the norms of the Jacobian's columns there; 1 for a column of zeros.
    pub fn start(scaling: Scaling, norms: &[f64]) -> Self {
        let entry = |&norm: &f64| if scaling == Scaling::Unit || norm == 0.0 { 1.0 } else { norm };
        ColumnScale { scaling, diagonal: norms.iter().map(entry).collect() }
    }

    /// Take note of the norms of the columns at the next point.
    pub fn grow(&mut self, norms: &[f64]) {
        if self.scaling == Scaling::Jacobian {
            for (d, &norm) in self.diagonal.iter_mut().zip(norms) {
                *d = d.max(norm);
            }
        }
    }

    /// The diagonal of D.
    pub fn diagonal(&self) -> &[f64] {
        &self.diagonal
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_only_and_replaces_zero_at_the_start() {
        let mut scale = ColumnScale::start(Scaling::Jacobian, &[0.0, 4.0]);
        scale.grow(&[0.5, 3.0]);
        assert_eq!(scale.diagonal(), [1.0, 4.0]);
        scale.grow(&[2.0, 5.0]);
        assert_eq!(scale.diagonal(), [2.0, 5.0]);
        let mut unit = ColumnScale::start(Scaling::Unit, &[3.0]);
        unit.grow(&[7.0]);
        assert_eq!(unit.diagonal(), [1.0]);
    }
}
