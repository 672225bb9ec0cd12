//! Standard deviations and correlations: first the deviations, then the strict lower triangle of the correlation matrix
//! row by row, as the Cholesky factor of the covariance matrix `S = D R D = L L^T`.
//!
//! With `l_i` row `i` of `L`, `sd_i = |l_i|` and `r_ij = l_i . l_j / (sd_i sd_j)`, so
//!
//! `d sd_i / d l_ib = l_ib / sd_i`, `d r_ij / d l_ib = l_jb / (sd_i sd_j) - r_ij l_ib / sd_i^2`, the same for `l_jb`,
//! and all other derivatives are zero.
//!
//! `l_ii` stands in the place of `sd_i` and `l_ij` in that of `r_ij`. The diagonal of `L` is at least the
//! regularization, and with it every standard deviation, since `sd_i >= l_ii`.

use super::triangle::{
    EIGENVALUE_TOLERANCE, Places, at, clip_eigenvalues, extreme_eigenvalues, factor_semidefinite,
    triangular_dimension,
};
use crate::transform::{Sampling, Transform};

/// Rounds of alternating projections at most; they converge linearly.
const PROJECTIONS: usize = 200;

/// Keeps some entries standard deviations and correlations.
#[derive(Clone, Debug, PartialEq)]
pub struct SdCorr {
    n: usize,
    /// The places of the factor: the deviations on the diagonal, the correlations below it.
    places: Places,
    /// The lower bound of the diagonal of the factor.
    floor: f64,
}

impl SdCorr {
    /// Keeps the entries at `positions` of a vector of `n` entries standard deviations and correlations.
    ///
    /// # Panics
    ///
    /// If the number of positions is not triangular, see
    /// [`triangular_dimension`](crate::transforms::triangular_dimension).
    pub fn new(n: usize, positions: &[usize], regularization: f64) -> Self {
        SdCorr { n, places: Places::new(triangle_of(positions)), floor: regularization }
    }

    /// Why `values` are not standard deviations and correlations, if they are not.
    pub fn violation(values: &[f64]) -> Option<String> {
        let Some(dim) = triangular_dimension(values.len()) else {
            let k = values.len();
            return Some(format!(
                "{k} parameters cannot be standard deviations and a lower triangle of correlations"
            ));
        };
        let (sds, correlations) = values.split_at(dim);
        if let Some(sd) = sds.iter().find(|sd| sd.is_nan() || **sd < 0.0) {
            return Some(format!("standard deviations must not be negative, but one is {sd:?}"));
        }
        if let Some(r) = correlations.iter().find(|r| !(-1.0..=1.0).contains(*r)) {
            return Some(format!("correlations must be between -1 and 1, but one is {r:?}"));
        }
        let (smallest, largest) = extreme_eigenvalues(&correlation_matrix(correlations, dim), dim);
        let fine = smallest >= -EIGENVALUE_TOLERANCE * largest;
        (!fine).then(|| {
            format!(
                "the correlation matrix must be positive semidefinite, but its smallest eigenvalue is {smallest:.3e}"
            )
        })
    }

    /// Valid values near `values`: deviations below zero become zero, and the correlation matrix becomes the nearest
    /// one in the Frobenius norm by alternating projections on the semidefinite matrices and those with a unit diagonal,
    /// the former with Dykstra's correction: Higham (2002), <https://doi.org/10.1093/imanum/22.3.329>.
    ///
    /// # Panics
    ///
    /// If the number of values is not triangular.
    pub fn project(values: &[f64]) -> Vec<f64> {
        let dim = triangular_dimension(values.len()).expect("standard deviations and correlations");
        let (sds, correlations) = values.split_at(dim);
        let mut unit = correlation_matrix(correlations, dim);
        let mut semidefinite = clip_eigenvalues(&unit, dim);
        let mut correction = vec![0.0; unit.len()];
        for _ in 0..PROJECTIONS {
            let corrected: Vec<f64> = unit.iter().zip(&correction).map(|(x, c)| x - c).collect();
            semidefinite = clip_eigenvalues(&corrected, dim);
            correction = semidefinite.iter().zip(&corrected).map(|(x, r)| x - r).collect();
            let before = unit;
            unit = semidefinite.clone();
            (0..dim).for_each(|i| unit[at(i, i)] = 1.0);
            if unit.iter().zip(&before).all(|(a, b)| (a - b).abs() < 1e-12) {
                break;
            }
        }
        // Semidefinite to rounding, and exactly one on the diagonal: the deviations are divided out.
        let mut projected: Vec<f64> = sds.iter().map(|sd| sd.max(0.0)).collect();
        for i in 1..dim {
            for j in 0..i {
                let scale = semidefinite[at(i, i)].sqrt() * semidefinite[at(j, j)].sqrt();
                projected.push((semidefinite[at(i, j)] / scale).clamp(-1.0, 1.0));
            }
        }
        projected
    }

    /// `sd_i = |l_i|`.
    #[inline]
    fn sd(&self, internal: &[f64], i: usize) -> f64 {
        self.places.product(internal, i, i).sqrt()
    }

    /// The bounds of the factor: those of the first deviation, the diagonal, the others.
    fn bounds(&self, user: &[f64], first: f64, diagonal: f64, other: f64) -> Vec<f64> {
        let mut internal = user.to_vec();
        for i in 0..self.places.dim {
            (0..i).for_each(|j| internal[self.places.of(i, j)] = other);
            internal[self.places.of(i, i)] = if i == 0 { first } else { diagonal };
        }
        internal
    }
}

/// Deviations and correlations in the order of a lower triangle, the deviations on its diagonal.
fn triangle_of<T: Copy>(values: &[T]) -> Vec<T> {
    let dim = triangular_dimension(values.len()).expect("standard deviations and correlations");
    let correlation = |i: usize, j: usize| values[dim + i * (i - 1) / 2 + j];
    let entry = |i: usize, j: usize| if i == j { values[i] } else { correlation(i, j) };
    (0..dim).flat_map(|i| (0..=i).map(move |j| entry(i, j))).collect()
}

/// The lower triangle, with the diagonal, of a correlation matrix.
fn correlation_matrix(correlations: &[f64], dim: usize) -> Vec<f64> {
    triangle_of(&[&vec![1.0; dim], correlations].concat())
}

impl Transform for SdCorr {
    fn n_user(&self) -> usize {
        self.n
    }

    fn n_internal(&self) -> usize {
        self.n
    }

    /// The correlations with a standard deviation of zero are zero.
    fn to_user(&self, internal: &[f64], user: &mut [f64]) {
        user.copy_from_slice(internal);
        let places = &self.places;
        for i in 0..places.dim {
            user[places.of(i, i)] = self.sd(internal, i);
            for j in 0..i {
                let scale = user[places.of(i, i)] * user[places.of(j, j)];
                let product = places.product(internal, i, j);
                user[places.of(i, j)] =
                    if scale == 0.0 { 0.0 } else { (product / scale).clamp(-1.0, 1.0) };
            }
        }
    }

    /// The factor, with its diagonal raised to the floor.
    fn to_internal(&self, user: &[f64], internal: &mut [f64]) {
        internal.copy_from_slice(user);
        let (places, dim) = (&self.places, self.places.dim);
        // The factor of R, which may be singular, then its rows times the deviations, which may differ in size.
        let mut correlations = places.take(user);
        (0..dim).for_each(|i| correlations[at(i, i)] = 1.0);
        let mut l = factor_semidefinite(&correlations, dim);
        for i in 0..dim {
            let sd = user[places.of(i, i)];
            (0..=i).for_each(|j| l[at(i, j)] *= sd);
            l[at(i, i)] = l[at(i, i)].max(self.floor);
        }
        places.put(&l, internal);
    }

    fn pull_back(&self, internal: &[f64], gradient_user: &[f64], gradient_internal: &mut [f64]) {
        gradient_internal.copy_from_slice(gradient_user);
        let places = &self.places;
        for a in 0..places.dim {
            (0..=a).for_each(|b| gradient_internal[places.of(a, b)] = 0.0);
            let sd = self.sd(internal, a);
            if sd == 0.0 {
                // At this corner the deviation is |l_aa|, whose derivative within the bounds is one.
                gradient_internal[places.of(a, a)] = gradient_user[places.of(a, a)];
                continue;
            }
            // The factor of row a itself: from sd_a, and from every correlation with a.
            let mut own = gradient_user[places.of(a, a)] / sd;
            for j in (0..places.dim).filter(|&j| j != a) {
                let (low, high) = (a.min(j), a.max(j));
                let (weight, other) = (gradient_user[places.of(high, low)], self.sd(internal, j));
                if weight == 0.0 || other == 0.0 {
                    continue;
                }
                let weight = weight / (sd * other);
                own -= weight * places.product(internal, high, low) / (sd * sd);
                for b in 0..=low {
                    gradient_internal[places.of(a, b)] += weight * internal[places.of(j, b)];
                }
            }
            for b in 0..=a {
                gradient_internal[places.of(a, b)] += own * internal[places.of(a, b)];
            }
        }
    }

    /// Only the first deviation can have bounds other than those that the kind has by itself.
    fn internal_bounds(&self, lower: &[f64], upper: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let first = self.places.of(0, 0);
        (
            self.bounds(lower, lower[first].max(self.floor), self.floor, f64::NEG_INFINITY),
            self.bounds(upper, upper[first], f64::INFINITY, f64::INFINITY),
        )
    }

    fn user_position(&self, internal: usize) -> usize {
        internal
    }

    fn sampling(&self, internal: usize) -> Sampling {
        if self.places.contain(internal) { Sampling::Own } else { Sampling::Internal }
    }

    fn draw(&self, unit: &[f64], start: &[f64], user: &mut [f64]) {
        self.places.draw(self, unit, start, user);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::transforms::laws::{check_bounds, check_map, placed};
    use crate::transforms::triangle::triangular_number;

    fn through(transform: &SdCorr, user: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let (mut internal, mut back) = (user.to_vec(), user.to_vec());
        transform.to_internal(user, &mut internal);
        transform.to_user(&internal, &mut back);
        (internal, back)
    }

    proptest! {
        #[test]
        fn obeys_the_laws(
            (n, positions) in placed(triangular_number),
            entries in prop::collection::vec(-2.0..2.0, 12),
            room in 0.1..1.0,
        ) {
            let transform = SdCorr::new(n, &positions, 0.1);
            let dim = transform.places.dim;
            let mut internal = entries[..n].to_vec();
            for i in 0..dim {
                let diagonal: &mut f64 = &mut internal[positions[i]];
                *diagonal = 0.2 + diagonal.abs();
            }
            check_map(&transform, &internal);
            let mut user = vec![f64::NAN; n];
            transform.to_user(&internal, &mut user);
            let values: Vec<f64> = positions.iter().map(|&p| user[p]).collect();
            prop_assert_eq!(SdCorr::violation(&values), None);
            prop_assert!(values[..dim].iter().all(|sd| *sd >= 0.1));
            let bounded = |p: usize| p == positions[0] || !positions.contains(&p);
            let side = |sign: f64| -> Vec<f64> {
                let bound = |p: usize| if bounded(p) { user[p] + sign * room } else { sign * f64::INFINITY };
                (0..n).map(bound).collect()
            };
            check_bounds(&transform, &internal, &side(-1.0), &side(1.0));
        }

        #[test]
        fn projects_onto_the_correlation_matrices(values in prop::collection::vec(-1.5..1.5, 10)) {
            for k in [1, 3, 6, 10] {
                let nearest = SdCorr::project(&values[..k]);
                prop_assert_eq!(SdCorr::violation(&nearest), None);
            }
        }
    }

    #[test]
    fn the_first_deviation_stands_for_itself() {
        let transform = SdCorr::new(3, &[0, 1, 2], 0.0);
        let (no, yes) = (f64::NEG_INFINITY, f64::INFINITY);
        let (lower, upper) = transform.internal_bounds(&[2.0, 0.0, -1.0], &[2.0, yes, 1.0]);
        assert_eq!(lower, [2.0, 0.0, no]);
        assert_eq!(upper, [2.0, yes, yes]);
        let (internal, back) = through(&transform, &[2.0, 5.0, 0.6]);
        assert_eq!(internal, [2.0, 4.0, 3.0]);
        assert_eq!(back, [2.0, 5.0, 0.6]);
    }

    #[test]
    fn singular_starts_are_kept_or_raised_to_the_regularization() {
        for start in [[1.0, 2.0, 1.0], [1.0, 2.0, -1.0], [0.0, 2.0, 0.0], [0.0; 3]] {
            let (_, back) = through(&SdCorr::new(3, &[0, 1, 2], 0.0), &start);
            assert!(back.iter().zip(&start).all(|(a, b)| (a - b).abs() < 1e-15), "{back:?}");
        }
        let (internal, back) = through(&SdCorr::new(3, &[0, 1, 2], 0.1), &[0.0, 2.0, 0.0]);
        assert_eq!(internal, [0.1, 2.0, 0.0]);
        assert_eq!(back, [0.1, 2.0, 0.0]);
    }

    #[test]
    fn derivatives_are_finite_where_a_deviation_is_zero() {
        let transform = SdCorr::new(3, &[0, 1, 2], 0.0);
        let mut gradient = [f64::NAN; 3];
        transform.pull_back(&[0.0, 2.0, 0.0], &[3.0, 5.0, 7.0], &mut gradient);
        assert_eq!(gradient, [3.0, 5.0, 0.0]);
    }

    #[test]
    fn projects_to_the_nearest_correlation_matrix() {
        // Higham (2002), section 4: the nearest to the matrix (1 1 0; 1 1 1; 0 1 1).
        let nearest = SdCorr::project(&[-1.0, 2.0, 3.0, 1.0, 0.0, 1.0]);
        let expected = [0.0, 2.0, 3.0, 0.7607, 0.1573, 0.7607];
        assert!(nearest.iter().zip(&expected).all(|(a, e)| (a - e).abs() < 5e-5), "{nearest:?}");
        assert_eq!(SdCorr::project(&[1.0, 1.0, 1.5]), [1.0, 1.0, 1.0]);
    }

    #[test]
    fn says_what_is_violated() {
        assert_eq!(SdCorr::violation(&[1.0, 2.0, 1.0]), None);
        let said = |values: &[f64]| SdCorr::violation(values).unwrap();
        assert_eq!(
            said(&[1.0, -2.0, 0.1]),
            "standard deviations must not be negative, but one is -2.0"
        );
        assert_eq!(said(&[1.0, 2.0, 1.5]), "correlations must be between -1 and 1, but one is 1.5");
        assert_eq!(
            said(&[1.0, 1.0, 1.0, 0.9, -0.9, 0.9]),
            "the correlation matrix must be positive semidefinite, but its smallest eigenvalue is -8.000e-1"
        );
        assert_eq!(
            said(&[1.0; 4]),
            "4 parameters cannot be standard deviations and a lower triangle of correlations"
        );
    }
}
