//! Covariance matrices: the lower triangle, row by row, as the lower triangle of its Cholesky factor.
//!
//! `S = L L^T`, entry by entry `s_ij = sum_{k <= j} l_ik l_jk` for `j <= i`. With `g_ij` the gradient with respect to
//! `s_ij`, pulling back is
//!
//! `dl_ab = sum_{b <= j <= a} g_aj l_jb + sum_{i >= a} g_ia l_ib`,
//!
//! which is `J^T g` with `J = E (I + K) (L x I) E^T`: Magnus & Neudecker (1980), The elimination matrix,
//! <https://doi.org/10.1137/0601049>. The diagonal of `L` is at least the square root of the regularization, which keeps
//! the determinant away from zero; the other entries are free.

use super::triangle::{
    EIGENVALUE_TOLERANCE, Places, at, clip_eigenvalues, extreme_eigenvalues, factor_semidefinite,
    triangular_dimension,
};
use crate::transform::{Sampling, Transform};

/// Keeps the matrix, whose lower triangle some entries are, positive semidefinite.
#[derive(Clone, Debug, PartialEq)]
pub struct Covariance {
    n: usize,
    places: Places,
    /// The lower bound of the diagonal of the factor.
    floor: f64,
}

impl Covariance {
    /// Keeps the entries at `positions` of a vector of `n` entries, the lower triangle row by row, semidefinite.
    ///
    /// # Panics
    ///
    /// If the number of positions is not triangular, see
    /// [`triangular_dimension`](crate::transforms::triangular_dimension).
    pub fn new(n: usize, positions: &[usize], regularization: f64) -> Self {
        Covariance { n, places: Places::new(positions.to_vec()), floor: regularization.sqrt() }
    }

    /// Why `values` are not the lower triangle of a covariance matrix, if they are not.
    pub fn violation(values: &[f64]) -> Option<String> {
        let Some(dim) = triangular_dimension(values.len()) else {
            return Some(format!("{} parameters cannot form a lower triangle", values.len()));
        };
        let variances = (0..dim).map(|i| values[at(i, i)]);
        if let Some(variance) = variances.clone().find(|&v| v.is_nan() || v < 0.0) {
            return Some(format!("variances must not be negative, but one is {variance:?}"));
        }
        let (smallest, largest) = extreme_eigenvalues(values, dim);
        let fine = smallest >= -EIGENVALUE_TOLERANCE * largest;
        (!fine).then(|| {
            format!(
                "the covariance matrix must be positive semidefinite, but its smallest eigenvalue is {smallest:.3e}"
            )
        })
    }

    /// The positive semidefinite matrix that is nearest to `values` in the Frobenius norm.
    ///
    /// # Panics
    ///
    /// If the number of values is not triangular.
    pub fn project(values: &[f64]) -> Vec<f64> {
        clip_eigenvalues(values, triangular_dimension(values.len()).expect("a lower triangle"))
    }

    /// The bounds of the factor: those of the first variance through the square root, the diagonal, the others.
    fn bounds(&self, user: &[f64], first: f64, diagonal: f64, other: f64) -> Vec<f64> {
        let mut internal = user.to_vec();
        for i in 0..self.places.dim {
            (0..i).for_each(|j| internal[self.places.of(i, j)] = other);
            internal[self.places.of(i, i)] = if i == 0 { first } else { diagonal };
        }
        internal
    }
}

impl Transform for Covariance {
    fn n_user(&self) -> usize {
        self.n
    }

    fn n_internal(&self) -> usize {
        self.n
    }

    fn to_user(&self, internal: &[f64], user: &mut [f64]) {
        user.copy_from_slice(internal);
        for i in 0..self.places.dim {
            for j in 0..=i {
                user[self.places.of(i, j)] = self.places.product(internal, i, j);
            }
        }
    }

    /// The factor, with its diagonal raised to the floor.
    fn to_internal(&self, user: &[f64], internal: &mut [f64]) {
        internal.copy_from_slice(user);
        let mut l = factor_semidefinite(&self.places.take(user), self.places.dim);
        (0..self.places.dim).for_each(|i| l[at(i, i)] = l[at(i, i)].max(self.floor));
        self.places.put(&l, internal);
    }

    fn pull_back(&self, internal: &[f64], gradient_user: &[f64], gradient_internal: &mut [f64]) {
        gradient_internal.copy_from_slice(gradient_user);
        let (places, dim) = (&self.places, self.places.dim);
        for a in 0..dim {
            for b in 0..=a {
                let row =
                    (b..=a).map(|j| gradient_user[places.of(a, j)] * internal[places.of(j, b)]);
                let column =
                    (a..dim).map(|i| gradient_user[places.of(i, a)] * internal[places.of(i, b)]);
                gradient_internal[places.of(a, b)] = row.sum::<f64>() + column.sum::<f64>();
            }
        }
    }

    /// Only the first variance can have bounds other than those that a covariance matrix has by itself.
    fn internal_bounds(&self, lower: &[f64], upper: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let first = self.places.of(0, 0);
        let lowest = lower[first].max(0.0).sqrt().max(self.floor);
        let highest = upper[first].sqrt();
        (
            self.bounds(lower, lowest, self.floor, f64::NEG_INFINITY),
            self.bounds(upper, highest, f64::INFINITY, f64::INFINITY),
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

    fn through(transform: &Covariance, user: &[f64]) -> (Vec<f64>, Vec<f64>) {
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
            let transform = Covariance::new(n, &positions, 0.01);
            let mut internal = entries[..n].to_vec();
            for i in 0..transform.places.dim {
                let diagonal: &mut f64 = &mut internal[positions[at(i, i)]];
                *diagonal = 0.1 + diagonal.abs();
            }
            check_map(&transform, &internal);
            let mut user = vec![f64::NAN; n];
            transform.to_user(&internal, &mut user);
            let matrix: Vec<f64> = positions.iter().map(|&p| user[p]).collect();
            prop_assert_eq!(Covariance::violation(&matrix), None);
            // The first variance and the entries outside the matrix have bounds.
            let bounded = |p: usize| p == positions[0] || !positions.contains(&p);
            let side = |sign: f64| -> Vec<f64> {
                let bound = |p: usize| if bounded(p) { user[p] + sign * room } else { sign * f64::INFINITY };
                (0..n).map(bound).collect()
            };
            check_bounds(&transform, &internal, &side(-1.0), &side(1.0));
        }
    }

    #[test]
    fn bounds_on_the_first_variance_are_those_of_its_root() {
        let transform = Covariance::new(3, &[0, 1, 2], 0.04);
        let (no, yes) = (f64::NEG_INFINITY, f64::INFINITY);
        let (lower, upper) = transform.internal_bounds(&[3.0, no, 0.0], &[9.0, yes, yes]);
        assert_eq!(lower, [3f64.sqrt(), no, 0.2]);
        assert_eq!(upper, [3.0, yes, yes]);
        assert_eq!(transform.internal_bounds(&[no; 3], &[yes; 3]).0, [0.2, no, 0.2]);
    }

    #[test]
    fn a_singular_start_is_kept_or_raised_to_the_regularization() {
        let singular = [1.0, 2.0, 4.0];
        let (internal, back) = through(&Covariance::new(3, &[0, 1, 2], 0.0), &singular);
        assert!(internal[2].abs() < 1e-7 && internal[2] >= 0.0, "{internal:?}");
        assert!(back.iter().zip(&singular).all(|(a, b)| (a - b).abs() < 1e-14), "{back:?}");
        let (internal, _) = through(&Covariance::new(3, &[0, 1, 2], 0.01), &singular);
        assert_eq!(internal[2], 0.1);
        assert_eq!(through(&Covariance::new(3, &[0, 1, 2], 0.0), &[0.0; 3]).1, [0.0; 3]);
    }

    #[test]
    fn projects_onto_the_semidefinite_matrices() {
        let nearest = Covariance::project(&[1.0, 2.0, 1.0]);
        assert!(nearest.iter().all(|entry| (entry - 1.5).abs() < 1e-15), "{nearest:?}");
        assert_eq!(Covariance::violation(&nearest), None);
    }

    #[test]
    fn says_what_is_violated() {
        assert_eq!(Covariance::violation(&[1.0, 0.5, 2.0]), None);
        assert_eq!(Covariance::violation(&[1.0, 1.0, 1.0]), None);
        let said = |values: &[f64]| Covariance::violation(values).unwrap();
        assert_eq!(
            said(&[1.0, 2.0, 1.0]),
            "the covariance matrix must be positive semidefinite, but its smallest eigenvalue is -1.000e0"
        );
        assert_eq!(said(&[1.0, 0.0, -0.5]), "variances must not be negative, but one is -0.5");
        assert_eq!(said(&[1.0, 0.0]), "2 parameters cannot form a lower triangle");
    }
}
