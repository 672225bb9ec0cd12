//! A region that is a simplex, by the shares of its corners.
//!
//! With the corners `v_i` (k + 1 of them in d entries, k <= d) and shares `p_i >= 0` that sum to one, `u = sum p_i v_i`. As for
//! [probabilities](crate::transforms::Probability), the internal coordinates are those of ratios to a reference,
//! `z_i = sinh w_i = p_i / p_r`, so
//!
//! `p_i = z_i / s`, `p_r = 1 / s`, `s = 1 + sum z_i`, and pulling back is `(v_i - u) . g sqrt(1 + z_i^2) / s`.
//!
//! The coordinates stand in the places of the first k of the d entries.

use super::ratio::{coordinate, ratio, slope};
use crate::transform::{Sampling, Transform};

/// Keeps some entries within a simplex.
#[derive(Clone, Debug, PartialEq)]
pub struct Simplex {
    n: usize,
    /// The places of the d entries, ascending.
    places: Vec<usize>,
    /// Where the ratios stand in the internal vector.
    ratios: Vec<usize>,
    /// The corners, the reference last.
    corners: Vec<Vec<f64>>,
    /// The share of each corner as weights over the entries and a constant.
    shares: Vec<(Vec<f64>, f64)>,
}

impl Simplex {
    /// Keeps the entries at `places` (ascending) of a vector of `n` entries within the simplex of `corners`. `shares` are the
    /// weights and the constant of each corner's share; `start` are the entries' start values.
    pub fn new(
        n: usize,
        places: Vec<usize>,
        mut corners: Vec<Vec<f64>>,
        mut shares: Vec<(Vec<f64>, f64)>,
        start: &[f64],
    ) -> Self {
        let at_start: Vec<f64> = shares.iter().map(|share| share_of(share, start)).collect();
        let largest = (1..at_start.len())
            .fold(0, |best, i| if at_start[i] > at_start[best] { i } else { best });
        let reference = corners.remove(largest);
        corners.push(reference);
        let reference = shares.remove(largest);
        shares.push(reference);
        let gone = &places[corners.len() - 1..];
        let inside = |&place: &usize| place - gone.partition_point(|&other| other < place);
        let ratios = places[..corners.len() - 1].iter().map(inside).collect();
        Simplex { n, places, ratios, corners, shares }
    }

    /// The number of ratios.
    #[inline]
    fn k(&self) -> usize {
        self.corners.len() - 1
    }

    /// The places that the ratios do not need.
    #[inline]
    fn gone(&self) -> &[usize] {
        &self.places[self.k()..]
    }

    /// Copies all entries that are not gone.
    fn take_out(&self, user: &[f64], internal: &mut [f64]) {
        let (mut target, mut gone) = (0, self.gone().iter().peekable());
        for (place, &value) in user.iter().enumerate() {
            if gone.next_if(|&&next| next == place).is_none() {
                internal[target] = value;
                target += 1;
            }
        }
    }

    /// The ratio of corner `k`.
    #[inline]
    fn ratio(&self, internal: &[f64], k: usize) -> f64 {
        ratio(internal[self.ratios[k]])
    }

    fn bounds(&self, user: &[f64], bound: f64) -> Vec<f64> {
        let mut internal = vec![0.0; self.n_internal()];
        self.take_out(user, &mut internal);
        self.ratios.iter().for_each(|&place| internal[place] = bound);
        internal
    }
}

fn share_of((weights, constant): &(Vec<f64>, f64), values: &[f64]) -> f64 {
    weights.iter().zip(values).map(|(w, x)| w * x).sum::<f64>() + constant
}

impl Transform for Simplex {
    fn n_user(&self) -> usize {
        self.n
    }

    fn n_internal(&self) -> usize {
        self.n - self.gone().len()
    }

    fn to_user(&self, internal: &[f64], user: &mut [f64]) {
        let (mut source, mut gone) = (0, self.gone().iter().peekable());
        for (place, target) in user.iter_mut().enumerate() {
            if gone.next_if(|&&next| next == place).is_none() {
                *target = internal[source];
                source += 1;
            }
        }
        let reference = &self.corners[self.k()];
        self.places.iter().zip(reference).for_each(|(&place, &v)| user[place] = v);
        let mut sum = 1.0;
        for (k, corner) in self.corners[..self.k()].iter().enumerate() {
            let ratio = self.ratio(internal, k);
            sum += ratio;
            self.places.iter().zip(corner).for_each(|(&place, v)| user[place] += ratio * v);
        }
        self.places.iter().for_each(|&place| user[place] /= sum);
    }

    fn to_internal(&self, user: &[f64], internal: &mut [f64]) {
        self.take_out(user, internal);
        let values: Vec<f64> = self.places.iter().map(|&place| user[place]).collect();
        let share = |i: usize| share_of(&self.shares[i], &values).max(0.0);
        let reference = share(self.k());
        for (i, &place) in self.ratios.iter().enumerate() {
            internal[place] = coordinate(share(i) / reference);
        }
    }

    fn pull_back(&self, internal: &[f64], gradient_user: &[f64], gradient_internal: &mut [f64]) {
        self.take_out(gradient_user, gradient_internal);
        let along = |corner: &[f64]| -> f64 {
            self.places.iter().zip(corner).map(|(&place, v)| gradient_user[place] * v).sum()
        };
        let (mut sum, mut mean) = (1.0, along(&self.corners[self.k()]));
        for (k, &place) in self.ratios.iter().enumerate() {
            let ratio = self.ratio(internal, k);
            gradient_internal[place] = along(&self.corners[k]);
            sum += ratio;
            mean += ratio * gradient_internal[place];
        }
        mean /= sum;
        for (k, &place) in self.ratios.iter().enumerate() {
            let slope = slope(self.ratio(internal, k));
            gradient_internal[place] = (gradient_internal[place] - mean) * slope / sum;
        }
    }

    /// The simplex has its bounds by itself; others are not looked at.
    fn internal_bounds(&self, lower: &[f64], upper: &[f64]) -> (Vec<f64>, Vec<f64>) {
        (self.bounds(lower, 0.0), self.bounds(upper, f64::INFINITY))
    }

    fn user_position(&self, internal: usize) -> usize {
        self.gone().iter().fold(internal, |place, &gone| place + usize::from(gone <= place))
    }

    fn sampling(&self, internal: usize) -> Sampling {
        let own = self.places[..self.k()].contains(&self.user_position(internal));
        if own { Sampling::Own } else { Sampling::Internal }
    }

    /// Uniformly: the shares are the spacings between sorted uniform numbers.
    fn draw(&self, unit: &[f64], _start: &[f64], user: &mut [f64]) {
        let mut cuts: Vec<f64> = self.places[..self.k()].iter().map(|&place| unit[place]).collect();
        cuts.push(1.0);
        cuts.sort_by(f64::total_cmp);
        for (j, &place) in self.places.iter().enumerate() {
            let mut from = 0.0;
            user[place] = 0.0;
            for (corner, cut) in self.corners.iter().zip(&cuts) {
                user[place] += (cut - from) * corner[j];
                from = *cut;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::transforms::laws::check_map;

    /// The triangle x >= 0, y >= 0, x + y <= 2 at the places 1 and 3 of five entries.
    fn triangle() -> Simplex {
        let corners = vec![vec![2.0, 0.0], vec![0.0, 2.0], vec![0.0, 0.0]];
        let shares = vec![(vec![0.5, 0.0], 0.0), (vec![0.0, 0.5], 0.0), (vec![-0.5, -0.5], 1.0)];
        Simplex::new(5, vec![1, 3], corners, shares, &[1.0, 0.2])
    }

    /// The probabilities of three outcomes, at the places 0, 2 and 3 of four entries.
    fn probabilities() -> Simplex {
        let unit = |i: usize| (0..3).map(|j| f64::from(u8::from(i == j))).collect::<Vec<f64>>();
        let shares = (0..3).map(|i| (unit(i), 0.0)).collect();
        Simplex::new(4, vec![0, 2, 3], (0..3).map(unit).collect(), shares, &[0.2, 0.3, 0.5])
    }

    proptest! {
        #[test]
        fn obeys_the_laws(ratios in prop::collection::vec(0.01..3.0, 2), rest in prop::collection::vec(-5.0..5.0, 3)) {
            check_map(&triangle(), &[rest[0], ratios[0], rest[1], ratios[1], rest[2]]);
            check_map(&probabilities(), &[ratios[0], rest[0], ratios[1]]);
            let mut user = [0.0; 5];
            triangle().to_user(&[rest[0], ratios[0], rest[1], ratios[1], rest[2]], &mut user);
            prop_assert!(user[1] >= 0.0 && user[3] >= 0.0 && user[1] + user[3] <= 2.0 + 1e-15);
        }
    }

    #[test]
    fn keeps_what_it_is_not_about() {
        let transform = probabilities();
        assert_eq!([0, 1, 2].map(|i| transform.user_position(i)), [0, 1, 2]);
        let (lower, upper) = transform.internal_bounds(&[-9.0; 4], &[9.0; 4]);
        assert_eq!((lower, upper), (vec![0.0, -9.0, 0.0], vec![f64::INFINITY, 9.0, f64::INFINITY]));
    }
}
