//! Scaling: an affine map of every entry, so that steps of equal size matter about equally.
//!
//! `u_i = z_i f_i + o_i` with factor `f_i > 0` and offset `o_i`. The derivative is the diagonal matrix of the factors.

use crate::transform::Transform;

/// Multiplies every entry with a factor and adds an offset.
#[derive(Clone, Debug, PartialEq)]
pub struct Scale {
    factor: Vec<f64>,
    offset: Vec<f64>,
    /// The bounds that no user vector leaves, not even by rounding.
    lower: Vec<f64>,
    upper: Vec<f64>,
    /// A user vector that is met exactly, and its internal vector: entries that do not move do not change by rounding.
    anchor: (Vec<f64>, Vec<f64>),
}

impl Scale {
    /// `u = z factor + offset`, entry by entry, kept within `lower` and `upper`. Factors must be positive. The entries of
    /// `start` are met exactly.
    pub fn new(
        factor: Vec<f64>,
        offset: Vec<f64>,
        (lower, upper): (Vec<f64>, Vec<f64>),
        start: &[f64],
    ) -> Self {
        assert!(factor.iter().all(|factor| *factor > 0.0), "factors are positive: {factor:?}");
        let anchor = (start.to_vec(), vec![0.0; start.len()]);
        let mut scale = Scale { factor, offset, lower, upper, anchor };
        let mut internal = vec![0.0; start.len()];
        scale.to_internal(start, &mut internal);
        scale.anchor.1 = internal;
        scale
    }

    fn map(&self, user: &[f64], mut write: impl FnMut(usize, f64)) {
        for (i, value) in user.iter().enumerate() {
            write(i, (value - self.offset[i]) / self.factor[i]);
        }
    }
}

impl Transform for Scale {
    fn is_affine(&self) -> bool {
        true
    }

    fn n_user(&self) -> usize {
        self.factor.len()
    }

    fn n_internal(&self) -> usize {
        self.factor.len()
    }

    fn to_user(&self, internal: &[f64], user: &mut [f64]) {
        for (i, target) in user.iter_mut().enumerate() {
            let value = internal[i] * self.factor[i] + self.offset[i];
            // Not `clamp`, which would take offence at bounds of NaN; a NaN must stay one.
            *target = if internal[i] == self.anchor.1[i] {
                self.anchor.0[i]
            } else if value < self.lower[i] {
                self.lower[i]
            } else if value > self.upper[i] {
                self.upper[i]
            } else {
                value
            };
        }
    }

    fn to_internal(&self, user: &[f64], internal: &mut [f64]) {
        self.map(user, |i, value| internal[i] = value);
    }

    fn pull_back(&self, _internal: &[f64], gradient_user: &[f64], gradient_internal: &mut [f64]) {
        for (i, target) in gradient_internal.iter_mut().enumerate() {
            *target = gradient_user[i] * self.factor[i];
        }
    }

    fn internal_bounds(&self, lower: &[f64], upper: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let side = |user: &[f64]| {
            let mut internal = vec![0.0; user.len()];
            self.map(user, |i, bound| internal[i] = bound);
            internal
        };
        (side(lower), side(upper))
    }

    fn user_position(&self, internal: usize) -> usize {
        internal
    }

    fn scale(&self) -> Option<&[f64]> {
        Some(&self.factor)
    }

    fn factors(&self) -> Option<Vec<f64>> {
        Some(self.factor.clone())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::transforms::laws::{check_laws, number};

    proptest! {
        #[test]
        fn obeys_the_laws(entries in prop::collection::vec((number(), 0.01..100.0, number()), 0..8)) {
            let (offset, factor): (Vec<f64>, Vec<f64>) = entries.iter().map(|e| (e.0, e.1)).unzip();
            let n = entries.len();
            let open = (vec![f64::NEG_INFINITY; n], vec![f64::INFINITY; n]);
            let scale = Scale::new(factor, offset, open, &vec![1.0; n]);
            let internal: Vec<f64> = entries.iter().map(|e| e.2).collect();
            check_laws(&scale, &internal);
        }

        #[test]
        fn never_leaves_the_bounds(lower in number(), width in 1e-3..1e3f64, magnitude in 0.1..10.0) {
            let upper = lower + width;
            let factor = width / magnitude;
            let scale = Scale::new(vec![factor], vec![lower], (vec![lower], vec![upper]), &[lower]);
            let (low, high) = scale.internal_bounds(&[lower], &[upper]);
            let mut user = [f64::NAN];
            for (bound, expected) in [(low[0], lower), (high[0], upper)] {
                for nudged in [bound.next_down(), bound, bound.next_up()] {
                    scale.to_user(&[nudged], &mut user);
                    prop_assert!(lower <= user[0] && user[0] <= upper);
                    prop_assert!((user[0] - expected).abs() <= 1e-12 * (1.0 + expected.abs()));
                }
            }
        }
    }

    #[test]
    fn the_start_is_met_exactly() {
        let open = (vec![f64::NEG_INFINITY; 50], vec![f64::INFINITY; 50]);
        let start: Vec<f64> = (0..50).map(|i| 0.001 * f64::from(i)).collect();
        let scale = Scale::new(vec![0.1 / 3.0; 50], vec![0.0; 50], open, &start);
        let (mut internal, mut back) = (vec![0.0; 50], vec![0.0; 50]);
        scale.to_internal(&start, &mut internal);
        scale.to_user(&internal, &mut back);
        assert_eq!(back, start);
    }

    #[test]
    fn nan_stays_nan() {
        let scale = Scale::new(vec![2.0], vec![0.0], (vec![-1.0], vec![1.0]), &[0.5]);
        let mut user = [0.0];
        scale.to_user(&[f64::NAN], &mut user);
        assert!(user[0].is_nan());
    }
}
