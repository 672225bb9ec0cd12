//! A small first penalty, and how a subproblem shows that it is too small.
//!
//! A small penalty makes a subproblem easy. It is too small where the objective bends down faster outside the constraints than the penalty
//! bends up: the theory wants the Hessian of L to be positive definite along the constraints' gradients (Bertsekas 1982, proposition 2.4).
//! Where nothing bends back the subproblem ends far away, or never.

/// The points at which a subproblem with a small penalty has been.
#[derive(Debug, Default)]
pub(super) struct Caution {
    /// The value of L at the first point.
    first: Option<f64>,
    last: Option<(Vec<f64>, f64, Vec<f64>)>,
}

impl Caution {
    /// Whether the step from the last point to `x` shows that the penalty is too small: L has fallen, its slope along the step has become
    /// steeper, and a constraint is violated now.
    pub fn is_alarmed_by(
        &mut self,
        x: &[f64],
        (value, gradient): (f64, Vec<f64>),
        is_violated: bool,
    ) -> bool {
        let first = *self.first.get_or_insert(value);
        let last = self.last.replace((x.to_vec(), value, gradient));
        let Some((before, old, slopes)) = last else { return false };
        let Some((_, _, gradient)) = &self.last else { return false };
        let steps = x.iter().zip(&before).map(|(x, before)| x - before);
        let changes = gradient.iter().zip(&slopes).map(|(after, before)| after - before);
        let curvature: f64 = steps.zip(changes).map(|(step, change)| step * change).sum();
        is_violated && value < old && value < first && curvature < 0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fall_that_becomes_steeper_outside_the_constraints_is_alarming() {
        // -x^3 with violations beyond 1.
        let mut caution = Caution::default();
        let mut at = |x: f64, is_violated: bool| {
            caution.is_alarmed_by(&[x], (-x.powi(3), vec![-3.0 * x * x]), is_violated)
        };
        assert!(!at(0.1, false), "nothing to compare with");
        assert!(!at(0.9, false), "within the constraints");
        assert!(!at(0.5, true), "uphill");
        assert!(at(1.5, true));
        assert!(!at(1.2, true), "uphill");
    }

    #[test]
    fn a_fall_that_flattens_is_not() {
        let mut caution = Caution::default();
        let at = |x: f64| (x * x, vec![2.0 * x]);
        assert!(!caution.is_alarmed_by(&[4.0], at(4.0), true));
        assert!(!caution.is_alarmed_by(&[1.0], at(1.0), true));
        // Steeper, but higher than where it began.
        assert!(!caution.is_alarmed_by(&[0.5], (30.0, vec![9.0]), true));
        assert!(!caution.is_alarmed_by(&[0.0], (20.0, vec![90.0]), true));
    }
}
