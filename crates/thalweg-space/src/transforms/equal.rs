//! Equal parameters: one representative on the internal side, its copies on the user side.
//!
//! `u_i = z_{r(i)}` with `r(i)` the representative of entry `i`. The derivative is a selection matrix, so pulling back adds
//! up the gradient over each set of equal entries.

use crate::transform::Transform;

/// Makes entries copies of others.
#[derive(Clone, Debug, PartialEq)]
pub struct Equal {
    /// Which internal entry each user entry is.
    sources: Vec<usize>,
    /// The places of the internal entries, ascending.
    representatives: Vec<usize>,
}

impl Equal {
    /// Makes every entry `i` a copy of entry `representative[i]`, which is its own representative and not behind `i`.
    pub fn new(representative: &[usize]) -> Self {
        let n = representative.len();
        let representatives: Vec<usize> = (0..n).filter(|&i| representative[i] == i).collect();
        let mut place = vec![0; n];
        representatives.iter().enumerate().for_each(|(k, &i)| place[i] = k);
        let sources = representative.iter().map(|&own| place[own]).collect();
        Equal { sources, representatives }
    }

    /// Of the entries of `user`, those of the representatives, each combined with its copies.
    fn combine(&self, user: &[f64], pick: impl Fn(f64, f64) -> f64) -> Vec<f64> {
        let mut own: Vec<f64> = self.representatives.iter().map(|&i| user[i]).collect();
        for (&source, &value) in self.sources.iter().zip(user) {
            own[source] = pick(own[source], value);
        }
        own
    }
}

impl Transform for Equal {
    fn is_affine(&self) -> bool {
        true
    }

    fn n_user(&self) -> usize {
        self.sources.len()
    }

    fn n_internal(&self) -> usize {
        self.representatives.len()
    }

    fn to_user(&self, internal: &[f64], user: &mut [f64]) {
        for (target, &source) in user.iter_mut().zip(&self.sources) {
            *target = internal[source];
        }
    }

    fn to_internal(&self, user: &[f64], internal: &mut [f64]) {
        for (target, &place) in internal.iter_mut().zip(&self.representatives) {
            *target = user[place];
        }
    }

    fn pull_back(&self, _internal: &[f64], gradient_user: &[f64], gradient_internal: &mut [f64]) {
        gradient_internal.fill(0.0);
        for (&source, &value) in self.sources.iter().zip(gradient_user) {
            gradient_internal[source] += value;
        }
    }

    /// The strictest of each set.
    fn internal_bounds(&self, lower: &[f64], upper: &[f64]) -> (Vec<f64>, Vec<f64>) {
        (self.combine(lower, f64::max), self.combine(upper, f64::min))
    }

    fn user_position(&self, internal: usize) -> usize {
        self.representatives[internal]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::transforms::laws::{check_laws, number};

    proptest! {
        #[test]
        fn obeys_the_laws(
            choices in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
            values in prop::collection::vec(number(), 8),
        ) {
            let mut representative: Vec<usize> = Vec::new();
            for (i, choice) in choices.iter().enumerate() {
                let earlier = choice.index(i + 1);
                representative.push(if earlier == i { i } else { representative[earlier] });
            }
            let equal = Equal::new(&representative);
            check_laws(&equal, &values[..equal.n_internal()]);
            let mut user = vec![f64::NAN; representative.len()];
            equal.to_user(&values[..equal.n_internal()], &mut user);
            for (i, &own) in representative.iter().enumerate() {
                prop_assert_eq!(user[i].to_bits(), user[own].to_bits());
            }
        }
    }

    #[test]
    fn bounds_are_the_strictest_of_each_set() {
        let equal = Equal::new(&[0, 1, 0]);
        let (lower, upper) = equal.internal_bounds(&[0.0, -1.0, 1.0], &[5.0, 9.0, 4.0]);
        assert_eq!((lower, upper), (vec![1.0, -1.0], vec![4.0, 9.0]));
    }
}
