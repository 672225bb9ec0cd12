//! Runs whose objective falls without end within the constraints, which end at some point by a test on changes.

use super::subproblem::Point;

/// An objective that is this many times its first size below zero has fallen far.
const FAR: f64 = 1e6;
/// One that is farther away than this has fallen without end, on whichever side rounding has left it.
const TOO_FAR: f64 = 1e12;
/// The part of its slope at the start that the Lagrangian has left at most where it has a minimum.
const LEFT: f64 = 0.1;

/// How large the objective is at the start, and how steep the first Lagrangian.
#[derive(Debug)]
pub(super) struct Fall {
    size: f64,
    slope: Option<f64>,
    /// The lowest objective where the constraints were satisfied. An algorithm may end elsewhere, where rounding has left it, but
    /// what its user gets is the best point.
    lowest: f64,
}

impl Fall {
    pub fn from(start: &Point, slope: Option<f64>) -> Self {
        Fall { size: start.value.abs().max(1.0), slope, lowest: f64::INFINITY }
    }

    /// Take in the objective at a point that satisfies the constraints.
    pub fn note(&mut self, value: f64) {
        self.lowest = self.lowest.min(value);
    }

    /// Why a point with this value and slope is no solution.
    pub fn complaint(&self, value: f64, slope: Option<f64>) -> Option<String> {
        let is_steep = slope.zip(self.slope).is_some_and(|(slope, first)| slope > LEFT * first);
        let fell = -value / self.size;
        let is_too_far = fell.abs() > TOO_FAR || -self.lowest / self.size > TOO_FAR;
        (is_too_far || fell > FAR && is_steep).then(|| {
            format!(
                "the constraints are satisfied, but the objective has come to {:.1e} from a size of {:.1e}: it seems to be \
                 unbounded within the constraints",
                if fell.abs() > TOO_FAR { value } else { value.min(self.lowest) },
                self.size
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use thalweg_core::{Values, Want};

    #[test]
    fn far_down_a_slope_has_to_become_smaller() {
        let values = Values { values: vec![-20.0], ..Values::default() };
        let mut fall = Fall::from(&Point::new(&[1.0], Want::VALUE, &values), Some(3.0));
        assert_eq!(fall.complaint(-1e7, Some(3.0)), None, "not far enough");
        assert_eq!(fall.complaint(-1e8, Some(0.2)), None, "a minimum");
        assert_eq!(fall.complaint(-1e8, None), None, "nobody knows");
        assert!(fall.complaint(-1e14, None).is_some());
        let expected = "the constraints are satisfied, but the objective has come to -1.0e8 from a size of 2.0e1: it seems to be \
                        unbounded within the constraints";
        assert_eq!(fall.complaint(-1e8, Some(0.5)).as_deref(), Some(expected));
        // Wherever the algorithm ends then.
        fall.note(-1e12);
        assert_eq!(fall.complaint(3.0, Some(0.0)), None);
        fall.note(-4e14);
        let reason = fall.complaint(3.0, Some(0.0)).expect("a fall without end");
        assert!(reason.contains("has come to -4.0e14 from a size of 2.0e1"), "{reason}");
    }
}
