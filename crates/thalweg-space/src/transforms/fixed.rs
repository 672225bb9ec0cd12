//! Fixed parameters: constants on the user side, absent on the internal side.
//!
//! `u = c + S z`, where `S` places the free entries and `c` holds the fixed values. The derivative is `S`, so pulling
//! back picks the free entries of the gradient.

use crate::transform::Transform;

/// Holds some entries at given values.
#[derive(Clone, Debug, PartialEq)]
pub struct Fixed {
    /// The fixed values at their places; what stands at the free places does not matter.
    values: Vec<f64>,
    /// The free places, ascending.
    free: Vec<usize>,
}

impl Fixed {
    /// Holds the entries for which `is_fixed` at what they are in `values`.
    pub fn new(values: Vec<f64>, is_fixed: impl Fn(usize) -> bool) -> Self {
        let free = (0..values.len()).filter(|&position| !is_fixed(position)).collect();
        Fixed { values, free }
    }

    fn pick(&self, user: &[f64], internal: &mut [f64]) {
        for (target, &position) in internal.iter_mut().zip(&self.free) {
            *target = user[position];
        }
    }
}

impl Transform for Fixed {
    fn is_affine(&self) -> bool {
        true
    }

    fn n_user(&self) -> usize {
        self.values.len()
    }

    fn n_internal(&self) -> usize {
        self.free.len()
    }

    fn to_user(&self, internal: &[f64], user: &mut [f64]) {
        user.copy_from_slice(&self.values);
        for (&position, &value) in self.free.iter().zip(internal) {
            user[position] = value;
        }
    }

    fn to_internal(&self, user: &[f64], internal: &mut [f64]) {
        self.pick(user, internal);
    }

    fn pull_back(&self, _internal: &[f64], gradient_user: &[f64], gradient_internal: &mut [f64]) {
        self.pick(gradient_user, gradient_internal);
    }

    fn internal_bounds(&self, lower: &[f64], upper: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let pick = |bounds: &[f64]| self.free.iter().map(|&position| bounds[position]).collect();
        (pick(lower), pick(upper))
    }

    fn user_position(&self, internal: usize) -> usize {
        self.free[internal]
    }

    fn factors(&self) -> Option<Vec<f64>> {
        Some(vec![1.0; self.free.len()])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::transforms::laws::{check_laws, number};

    proptest! {
        #[test]
        fn obeys_the_laws(entries in prop::collection::vec((number(), any::<bool>()), 0..8)) {
            let values: Vec<f64> = entries.iter().map(|entry| entry.0).collect();
            let fixed = Fixed::new(values.clone(), |i| entries[i].1);
            let free: Vec<f64> = entries.iter().filter(|e| !e.1).map(|e| e.0 + 1.0).collect();
            check_laws(&fixed, &free);
            let mut user = vec![0.0; values.len()];
            fixed.to_user(&free, &mut user);
            for i in 0..values.len() {
                prop_assert!(!entries[i].1 || user[i] == values[i]);
            }
        }
    }
}
