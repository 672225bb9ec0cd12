//! What covariances and correlations share: lower triangles stored row-wise, and factors of semidefinite matrices.

use thalweg_linalg::{Cholesky, SymEigen, dot};

use crate::transform::Transform;

/// Smallest eigenvalue, relative to the largest, that still counts as zero.
pub(super) const EIGENVALUE_TOLERANCE: f64 = 1e-8;

/// The dimension of the matrix whose lower triangle, with its diagonal, has `k` entries; `None` if there is none.
pub fn triangular_dimension(k: usize) -> Option<usize> {
    let dim = ((8.0 * k as f64 + 1.0).sqrt() as usize).saturating_sub(1) / 2;
    (k > 0 && triangular_number(dim) == k).then_some(dim)
}

/// How many entries a lower triangle with its diagonal has.
#[inline]
pub(super) fn triangular_number(dim: usize) -> usize {
    dim * (dim + 1) / 2
}

/// Where row `i`, column `j <= i` stands in a lower triangle stored row by row.
#[inline]
pub(super) fn at(i: usize, j: usize) -> usize {
    i * (i + 1) / 2 + j
}

/// Where the entries of a lower triangle stand in a longer vector.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Places {
    pub(super) dim: usize,
    /// The places in the order of [`at`].
    places: Vec<usize>,
}

impl Places {
    /// # Panics
    ///
    /// If the number of places is not triangular.
    pub(super) fn new(places: Vec<usize>) -> Self {
        let dim = triangular_dimension(places.len()).expect("a lower triangle");
        Places { dim, places }
    }

    /// The place of row `i`, column `j <= i`.
    #[inline]
    pub(super) fn of(&self, i: usize, j: usize) -> usize {
        self.places[at(i, j)]
    }

    /// The product of rows `i` and `j <= i` of a lower triangular factor, which is entry (i, j) of `L L^T`.
    #[inline]
    pub(super) fn product(&self, vector: &[f64], i: usize, j: usize) -> f64 {
        let (row, other) = (&self.places[at(i, 0)..], &self.places[at(j, 0)..=at(j, j)]);
        row.iter().zip(other).map(|(&a, &b)| vector[a] * vector[b]).sum()
    }

    /// The lower triangle at its places.
    pub(super) fn take(&self, vector: &[f64]) -> Vec<f64> {
        self.places.iter().map(|&place| vector[place]).collect()
    }

    /// Multiplies the factor `L` at these places, from the right, with a random lower triangular matrix, each entry from
    /// its own number in (0, 1): the diagonal between 1/2 and 2, the other entries between -1 and 1. So the matrix
    /// `L L^T` is drawn around what it is, like from a Wishart distribution, and stays definite. Rows whose own direction is
    /// missing get a small one, so that singular matrices have definite neighbours.
    pub(super) fn perturb(&self, unit: &[f64], vector: &mut [f64]) {
        for i in 0..self.dim {
            let size = self.product(vector, i, i).sqrt();
            let least = 0.1 * if size > 0.0 { size } else { 1.0 };
            vector[self.of(i, i)] = vector[self.of(i, i)].max(least);
        }
        let factor = |i: usize, j: usize| {
            let symmetric = 2.0 * unit[self.of(i, j)] - 1.0;
            if i == j { symmetric.exp2() } else { symmetric }
        };
        for i in 0..self.dim {
            // Entry j needs the entries from j on, which are still the old ones.
            for j in 0..=i {
                let sum = (j..=i).map(|k| vector[self.of(i, k)] * factor(k, j)).sum();
                vector[self.of(i, j)] = sum;
            }
        }
    }

    /// Whether a place is one of these.
    pub(super) fn contain(&self, place: usize) -> bool {
        self.places.contains(&place)
    }

    /// Draws the user entries at these places around `start` by [`perturb`](Places::perturb) on the internal side.
    pub(super) fn draw(&self, map: &dyn Transform, unit: &[f64], start: &[f64], user: &mut [f64]) {
        let mut internal = vec![0.0; map.n_internal()];
        map.to_internal(start, &mut internal);
        self.perturb(unit, &mut internal);
        let mut drawn = vec![0.0; map.n_user()];
        map.to_user(&internal, &mut drawn);
        self.places.iter().for_each(|&place| user[place] = drawn[place]);
    }

    /// Writes a lower triangle to its places.
    pub(super) fn put(&self, triangle: &[f64], vector: &mut [f64]) {
        self.places.iter().zip(triangle).for_each(|(&place, &value)| vector[place] = value);
    }
}

/// The lower triangular `L` with a nonnegative diagonal and `L L^T` equal to a semidefinite matrix, both as lower
/// triangles; of the nearest semidefinite matrix if it is not semidefinite.
///
/// Where Cholesky's recursion meets a pivot that is not positive, the square root `B = V sqrt(max(D, 0))` from the
/// eigenvectors takes over: rotations of its columns leave `B B^T` alone and make it triangular. So zero pivots need no
/// tolerance, and their columns no special treatment.
pub(super) fn factor_semidefinite(triangle: &[f64], dim: usize) -> Vec<f64> {
    if let Ok(cholesky) = Cholesky::factor(&full(triangle, dim), dim) {
        return lower(cholesky.lower(), dim);
    }
    let mut root = square_root(triangle, dim);
    for i in 0..dim {
        (i + 1..dim).for_each(|j| rotate_away(&mut root, dim, i, j));
        if root[i * dim + i] < 0.0 {
            (i..dim).for_each(|row| root[row * dim + i] *= -1.0);
        }
    }
    lower(&root, dim)
}

/// The semidefinite matrix nearest to `triangle` in the Frobenius norm: negative eigenvalues become zero.
pub(super) fn clip_eigenvalues(triangle: &[f64], dim: usize) -> Vec<f64> {
    let root = square_root(triangle, dim);
    let row = |i: usize| &root[i * dim..(i + 1) * dim];
    (0..dim).flat_map(|i| (0..=i).map(move |j| dot(row(i), row(j)))).collect()
}

/// The smallest and the largest eigenvalue; NaN if the matrix is not finite.
pub(super) fn extreme_eigenvalues(triangle: &[f64], dim: usize) -> (f64, f64) {
    SymEigen::factor(&full(triangle, dim), dim).map_or((f64::NAN, f64::NAN), |eigen| {
        let values = eigen.values();
        (values[0], values[dim - 1])
    })
}

/// `B = V sqrt(max(D, 0))`, row-major; NaN if the matrix is not finite.
fn square_root(triangle: &[f64], dim: usize) -> Vec<f64> {
    let Ok(eigen) = SymEigen::factor(&full(triangle, dim), dim) else {
        return vec![f64::NAN; dim * dim];
    };
    let entry = |i: usize, k: usize| eigen.vector(k)[i] * eigen.values()[k].max(0.0).sqrt();
    (0..dim * dim).map(|place| entry(place / dim, place % dim)).collect()
}

/// Rotates columns `i` and `j` of `b` so that entry (i, j) vanishes.
fn rotate_away(b: &mut [f64], dim: usize, i: usize, j: usize) {
    let (kept, gone) = (b[i * dim + i], b[i * dim + j]);
    if gone == 0.0 {
        return;
    }
    let length = kept.hypot(gone);
    let (cosine, sine) = (kept / length, gone / length);
    for row in b.chunks_exact_mut(dim).skip(i) {
        (row[i], row[j]) = (cosine * row[i] + sine * row[j], cosine * row[j] - sine * row[i]);
    }
    b[i * dim + j] = 0.0;
}

/// The symmetric matrix of a lower triangle, row-major.
fn full(triangle: &[f64], dim: usize) -> Vec<f64> {
    let entry = |i: usize, j: usize| triangle[at(i.max(j), i.min(j))];
    (0..dim * dim).map(|place| entry(place / dim, place % dim)).collect()
}

/// The lower triangle of a row-major matrix.
fn lower(matrix: &[f64], dim: usize) -> Vec<f64> {
    (0..dim).flat_map(|i| matrix[i * dim..=i * dim + i].iter().copied()).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The lower triangle of `L L^T`.
    pub(crate) fn square(l: &[f64], dim: usize) -> Vec<f64> {
        let places = Places::new((0..l.len()).collect());
        (0..dim)
            .flat_map(|i| (0..=i).map(move |j| (i, j)))
            .map(|(i, j)| places.product(l, i, j))
            .collect()
    }

    fn assert_close(actual: &[f64], expected: &[f64], tolerance: f64) {
        for (a, e) in actual.iter().zip(expected) {
            assert!((a - e).abs() <= tolerance, "{actual:?} {expected:?}");
        }
    }

    proptest! {
        #[test]
        fn factors_of_any_rank_multiply_to_the_matrix(
            dim in 1usize..6,
            rank in 0usize..6,
            entries in prop::collection::vec(-2.0..2.0, 36),
        ) {
            let b = |i: usize, k: usize| if k < rank { entries[6 * i + k] } else { 0.0 };
            let entry = |i: usize, j: usize| (0..dim).map(|k| b(i, k) * b(j, k)).sum::<f64>();
            let matrix: Vec<f64> =
                (0..dim).flat_map(|i| (0..=i).map(move |j| entry(i, j))).collect();
            let l = factor_semidefinite(&matrix, dim);
            prop_assert!((0..dim).all(|i| l[at(i, i)] >= 0.0));
            assert_close(&square(&l, dim), &matrix, 1e-13);
            assert_close(&clip_eigenvalues(&matrix, dim), &matrix, 1e-13);
        }
    }

    #[test]
    fn indefinite_matrices_lose_their_negative_part() {
        // Eigenvalues 3 and -1, eigenvectors (1, 1) and (1, -1).
        let nearest = [1.5, 1.5, 1.5];
        assert_close(&clip_eigenvalues(&[1.0, 2.0, 1.0], 2), &nearest, 1e-15);
        assert_close(&square(&factor_semidefinite(&[1.0, 2.0, 1.0], 2), 2), &nearest, 1e-15);
        let (smallest, largest) = extreme_eigenvalues(&[1.0, 2.0, 1.0], 2);
        assert_close(&[smallest, largest], &[-1.0, 3.0], 1e-15);
    }

    #[test]
    fn what_is_not_finite_stays_so() {
        assert!(factor_semidefinite(&[1.0, f64::NAN, 1.0], 2).iter().any(|l| l.is_nan()));
        assert!(extreme_eigenvalues(&[f64::INFINITY], 1).0.is_nan());
    }

    #[test]
    fn knows_triangular_numbers() {
        let dims: Vec<_> = (0..=10).map(triangular_dimension).collect();
        let (no, d) = (None, Some);
        assert_eq!(dims, [no, d(1), no, d(2), no, no, d(3), no, no, no, d(4)]);
        assert_eq!(triangular_dimension(500_500), d(1000));
    }
}
