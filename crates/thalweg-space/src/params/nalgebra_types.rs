//! `nalgebra` vectors and matrices as parameters, row by row (nalgebra stores them column by column).

use nalgebra::allocator::Allocator;
use nalgebra::{DefaultAllocator, Dim, OMatrix};

use super::{Leaves, Params, Values};

/// A leaf's path goes through the row and the column; through one index where the type says that it is a vector.
impl<R: Dim, C: Dim> Params for OMatrix<f64, R, C>
where
    DefaultAllocator: Allocator<R, C>,
{
    const MAY_HAVE_FIXED: bool = false;

    fn n_values(&self) -> usize {
        self.len()
    }

    fn flatten_into(&self, flat: &mut Vec<f64>) {
        for i in 0..self.nrows() {
            flat.extend(self.row(i).iter());
        }
    }

    fn read_from(&mut self, values: &mut Values<'_>) {
        for i in 0..self.nrows() {
            for j in 0..self.ncols() {
                self[(i, j)] = values.next_value();
            }
        }
    }

    fn describe(&self, leaves: &mut Leaves<'_>) {
        let is_vector = R::try_to_usize() == Some(1) || C::try_to_usize() == Some(1);
        if is_vector {
            (0..self.len()).for_each(|i| leaves.leaf_at(i));
            return;
        }
        for i in 0..self.nrows() {
            leaves.child(i, |leaves| (0..self.ncols()).for_each(|j| leaves.leaf_at(j)));
        }
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::{DMatrix, DVector, Matrix2x3, RowVector2, Vector3};

    use super::*;

    #[test]
    fn vectors_have_one_index() {
        assert_eq!(Vector3::new(1.0, 2.0, 3.0).leaf_names(), ["0", "1", "2"]);
        assert_eq!(RowVector2::new(1.0, 2.0).leaf_names(), ["0", "1"]);
        let vector = DVector::from_vec(vec![1.0, 2.0]);
        assert_eq!(vector.leaf_names(), ["0", "1"]);
        assert_eq!(vector.with_flat(&[3.0, 4.0]).unwrap(), DVector::from_vec(vec![3.0, 4.0]));
    }

    #[test]
    fn matrices_flatten_row_by_row() {
        let matrix = Matrix2x3::new(1.0, 2.0, 3.0, 4.0, 5.0, 6.0);
        assert_eq!(matrix.to_flat(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        assert_eq!(matrix.leaf_names(), ["0_0", "0_1", "0_2", "1_0", "1_1", "1_2"]);
        let moved = matrix.with_flat(&[6.0, 5.0, 4.0, 3.0, 2.0, 1.0]).unwrap();
        assert_eq!(moved, Matrix2x3::new(6.0, 5.0, 4.0, 3.0, 2.0, 1.0));
        // One column, but not by its type: it may have more in the next run, so both indices are named.
        assert_eq!(DMatrix::from_vec(2, 1, vec![1.0, 2.0]).leaf_names(), ["0_0", "1_0"]);
    }
}
