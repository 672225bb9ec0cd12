//! Probabilities: entries that are not negative and sum to one, as ratios to the largest start value.
//!
//! With `r` the reference, `z_i = u_i / u_r` and, because `z_r = 1`,
//!
//! `u_i = t z_i / s`, `s = 1 + sum_{i != r} z_i`, `du_i/dz_j = (t [i = j] - u_i) / s`,
//!
//! so pulling back is `(t g_i - g^T u) / s`, where the total `t` is one unless other entries have a share. The coordinates are
//! `w_i` with `z_i = sinh w_i` (why: see `ratio.rs`), which multiplies by `sqrt(1 + z_i^2)`. The reference is left out of the
//! internal vector. Any positive start value could be the reference; the largest one keeps all ratios in [0, 1] at the start,
//! and works when others are zero. The coordinates are bounded below by 0, so probabilities of zero can be reached, and
//! `s >= 1` cannot vanish.

use super::ratio::{coordinate, ratio, slope};
use crate::transform::{Sampling, Transform};

/// How far from one the sum of start values may be.
const SUM_TOLERANCE: f64 = 1e-8;

/// Keeps some entries on the simplex.
#[derive(Clone, Debug, PartialEq)]
pub struct Probability {
    n: usize,
    /// The place of the reference.
    reference: usize,
    /// The places of the other entries.
    others: Vec<usize>,
    /// What the entries sum to.
    total: f64,
}

impl Probability {
    /// Keeps the entries at `positions` (at least one) of a vector of `n` entries on the simplex. `start` are their
    /// start values.
    pub fn new(n: usize, positions: &[usize], start: &[f64]) -> Self {
        Probability::with_total(n, positions, start, 1.0)
    }

    /// The same for entries that sum to a positive `total`, because others have the rest.
    pub fn with_total(n: usize, positions: &[usize], start: &[f64], total: f64) -> Self {
        let largest =
            (1..start.len()).fold(0, |best, i| if start[i] > start[best] { i } else { best });
        let mut others = positions.to_vec();
        let reference = others.remove(largest);
        Probability { n, reference, others, total }
    }

    /// Everything in which `values` are not shares of `total`; empty if nothing.
    pub fn violations(values: &[f64], total: f64) -> Vec<String> {
        let mut found = Vec::new();
        let sum: f64 = values.iter().sum();
        let off = sum - total;
        if off.is_nan() || off.abs() > SUM_TOLERANCE {
            let side = if off < 0.0 { "too little" } else { "too much" };
            found.push(format!(
                "the values must sum to {total:?}, but sum to {sum:?}, {:.3e} {side}",
                off.abs()
            ));
        }
        let mut list = |what: &str, offends: &dyn Fn(f64) -> bool| {
            let offenders: Vec<f64> = values.iter().copied().filter(|&v| offends(v)).collect();
            if !offenders.is_empty() {
                found.push(format!("none may be {what}, but {offenders:?} are"));
            }
        };
        list("negative", &|value| value < 0.0);
        list("larger than 1", &|value| value > 1.0 + SUM_TOLERANCE);
        found
    }

    /// The shares of a positive `total` that are nearest to `values` (at least one), in the Euclidean norm.
    ///
    /// It is `max(values - t, 0)` with the threshold `t` at which the sum is `total`: Held, Wolfe & Crowder (1974),
    /// Validation of subgradient optimization, <https://doi.org/10.1007/BF01580223>.
    pub fn project(values: &[f64], total: f64) -> Vec<f64> {
        let mut descending = values.to_vec();
        descending.sort_by(|a, b| b.total_cmp(a));
        let (mut sum, mut threshold) = (0.0, 0.0);
        for (k, value) in descending.iter().enumerate() {
            sum += value;
            let candidate = (sum - total) / (k + 1) as f64;
            if *value <= candidate {
                break;
            }
            threshold = candidate;
        }
        let clipped: Vec<f64> = values.iter().map(|value| (value - threshold).max(0.0)).collect();
        // The subtraction rounds; the division leaves the right sum to rounding.
        let sum: f64 = clipped.iter().sum();
        clipped.iter().map(|value| value * (total / sum)).collect()
    }

    /// Where an entry other than the reference stands once the reference is taken out.
    #[inline]
    fn inside(&self, position: usize) -> usize {
        position - usize::from(position > self.reference)
    }

    /// The ratio of an entry other than the reference.
    #[inline]
    fn ratio(&self, internal: &[f64], position: usize) -> f64 {
        ratio(internal[self.inside(position)])
    }

    /// Copies all entries but the reference.
    #[inline]
    fn take_out(&self, user: &[f64], internal: &mut [f64]) {
        internal[..self.reference].copy_from_slice(&user[..self.reference]);
        internal[self.reference..].copy_from_slice(&user[self.reference + 1..]);
    }

    fn bounds(&self, user: &[f64], bound: f64) -> Vec<f64> {
        let mut internal = vec![0.0; self.n_internal()];
        self.take_out(user, &mut internal);
        self.others.iter().for_each(|&position| internal[self.inside(position)] = bound);
        internal
    }
}

impl Transform for Probability {
    fn n_user(&self) -> usize {
        self.n
    }

    fn n_internal(&self) -> usize {
        self.n - 1
    }

    fn to_user(&self, internal: &[f64], user: &mut [f64]) {
        let reference = self.reference;
        user[..reference].copy_from_slice(&internal[..reference]);
        user[reference + 1..].copy_from_slice(&internal[reference..]);
        let mut sum = 1.0;
        for &position in &self.others {
            user[position] = self.ratio(internal, position);
            sum += user[position];
        }
        let shrink = self.total / sum;
        self.others.iter().for_each(|&position| user[position] *= shrink);
        user[reference] = shrink;
    }

    fn to_internal(&self, user: &[f64], internal: &mut [f64]) {
        self.take_out(user, internal);
        for &position in &self.others {
            internal[self.inside(position)] = coordinate(user[position] / user[self.reference]);
        }
    }

    fn pull_back(&self, internal: &[f64], gradient_user: &[f64], gradient_internal: &mut [f64]) {
        self.take_out(gradient_user, gradient_internal);
        // The ratios wait in the places of the results.
        let (mut sum, mut along) = (1.0, gradient_user[self.reference]);
        for &position in &self.others {
            let ratio = self.ratio(internal, position);
            sum += ratio;
            along += ratio * gradient_user[position];
            gradient_internal[self.inside(position)] = ratio;
        }
        let (shrink, mean) = (self.total / sum, along / sum);
        for &position in &self.others {
            let slope = slope(gradient_internal[self.inside(position)]);
            gradient_internal[self.inside(position)] =
                (gradient_user[position] - mean) * shrink * slope;
        }
    }

    /// Probabilities have the bounds 0 and 1 by themselves; others are not looked at.
    fn internal_bounds(&self, lower: &[f64], upper: &[f64]) -> (Vec<f64>, Vec<f64>) {
        (self.bounds(lower, 0.0), self.bounds(upper, f64::INFINITY))
    }

    fn user_position(&self, internal: usize) -> usize {
        internal + usize::from(internal >= self.reference)
    }

    fn sampling(&self, internal: usize) -> Sampling {
        let own = self.others.contains(&self.user_position(internal));
        if own { Sampling::Own } else { Sampling::Internal }
    }

    /// Uniformly on the simplex: the spacings between sorted uniform numbers.
    fn draw(&self, unit: &[f64], _start: &[f64], user: &mut [f64]) {
        let mut cuts: Vec<f64> = self.others.iter().map(|&position| unit[position]).collect();
        cuts.sort_by(f64::total_cmp);
        let mut from = 0.0;
        for (&position, cut) in self.others.iter().zip(cuts) {
            user[position] = self.total * (cut - from);
            from = cut;
        }
        user[self.reference] = self.total * (1.0 - from);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::transforms::laws::{check_bounds, check_map, placed};

    fn of(transform: &Probability, internal: &[f64]) -> Vec<f64> {
        let mut user = vec![f64::NAN; transform.n_user()];
        transform.to_user(internal, &mut user);
        user
    }

    proptest! {
        #[test]
        fn obeys_the_laws(
            (n, positions) in placed(|k| k),
            weights in prop::collection::vec(0.0..1.0, 12),
            rest in prop::collection::vec(-5.0..5.0, 12),
        ) {
            let k = positions.len();
            let start: Vec<f64> = weights[..k].to_vec();
            let transform = Probability::new(n, &positions, &start);
            let mut internal = rest[..n - 1].to_vec();
            for (i, &position) in transform.others.iter().enumerate() {
                // Some probabilities are zero, some ratios above one.
                internal[transform.inside(position)] = (2.0 * weights[i] - 0.3).max(0.0);
            }
            check_map(&transform, &internal);
            let user = of(&transform, &internal);
            let side = |bound: f64, own: f64| -> Vec<f64> {
                (0..n).map(|i| if positions.contains(&i) { bound } else { user[i] + own }).collect()
            };
            check_bounds(&transform, &internal, &side(0.0, 0.0), &side(1.0, 0.5));
            let sum: f64 = positions.iter().map(|&p| user[p]).sum();
            prop_assert!((sum - 1.0).abs() <= 1e-15 * k as f64, "{sum:?}");
            prop_assert!(positions.iter().all(|&p| (0.0..=1.0).contains(&user[p])));
        }

        #[test]
        fn projects_onto_the_simplex(values in prop::collection::vec(-3.0..3.0, 1..8), toward in 0usize..8) {
            let nearest = Probability::project(&values, 1.0);
            prop_assert!(Probability::violations(&nearest, 1.0).is_empty());
            // Variational inequality of the projection: (v - p)^T (q - p) <= 0 for each vertex q.
            let along: f64 = (0..values.len())
                .map(|i| {
                    let vertex = if i == toward % values.len() { 1.0 } else { 0.0 };
                    (values[i] - nearest[i]) * (vertex - nearest[i])
                })
                .sum();
            prop_assert!(along <= 1e-12, "{along}");
            let again = Probability::project(&nearest, 1.0);
            prop_assert!(again.iter().zip(&nearest).all(|(a, b)| (a - b).abs() < 1e-15));
        }
    }

    #[test]
    fn zeros_at_the_start_and_at_the_end_are_allowed() {
        let transform = Probability::new(3, &[0, 1, 2], &[0.4, 0.6, 0.0]);
        let mut internal = [f64::NAN; 2];
        transform.to_internal(&[0.4, 0.6, 0.0], &mut internal);
        assert_eq!(internal, [coordinate(0.4 / 0.6), 0.0]);
        assert_eq!(of(&transform, &[0.0, 0.0]), [0.0, 1.0, 0.0]);
    }

    /// The derivative shrinks no faster than what the reference share can still change.
    #[test]
    fn a_vanishing_reference_keeps_its_gradient() {
        let transform = Probability::new(3, &[0, 1, 2], &[0.2, 0.2, 0.6]);
        for share in [1e-3, 1e-6, 1e-9] {
            let mut internal = [f64::NAN; 2];
            transform.to_internal(&[0.5, 0.5 - share, share], &mut internal);
            let mut gradient = [f64::NAN; 2];
            transform.pull_back(&internal, &[0.0, 0.0, 1.0], &mut gradient);
            assert!(gradient.iter().all(|g| (g / share + 0.5).abs() < 1e-2), "{gradient:?}");
        }
    }

    #[test]
    fn a_single_probability_is_one() {
        let transform = Probability::new(2, &[0], &[1.0]);
        assert_eq!(of(&transform, &[7.0]), [1.0, 7.0]);
        assert_eq!(Probability::project(&[-4.0], 1.0), [1.0]);
    }

    #[test]
    fn says_what_is_violated() {
        let said = |values: &[f64]| Probability::violations(values, 1.0).join("; ");
        assert_eq!(said(&[0.5, 0.5]), "");
        assert_eq!(said(&[0.1; 10]), "");
        assert_eq!(
            said(&[0.5, 0.75]),
            "the values must sum to 1.0, but sum to 1.25, 2.500e-1 too much"
        );
        assert_eq!(
            said(&[1.5, -0.5, -0.25]),
            "the values must sum to 1.0, but sum to 0.75, 2.500e-1 too little; none may be negative, but \
             [-0.5, -0.25] are; none may be larger than 1, but [1.5] are"
        );
    }

    #[test]
    fn shares_of_less_than_one_are_possible() {
        let transform = Probability::with_total(3, &[0, 2], &[0.1, 0.2], 0.3);
        check_map(&transform, &[0.4, 7.0]);
        let user = of(&transform, &[0.4, 7.0]);
        assert!((user[0] + user[2] - 0.3).abs() < 1e-16 && user[1] == 7.0);
        assert_eq!(Probability::project(&[0.5, 0.5], 0.3), [0.15, 0.15]);
    }
}
