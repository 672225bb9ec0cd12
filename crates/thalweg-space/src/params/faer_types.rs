//! `faer` columns, rows and matrices as parameters, row by row (faer stores matrices column by column).

use faer::{Col, Mat, Row};

use super::{Leaves, Params, Values};

macro_rules! vector {
    ($($type:ty;)*) => {$(
        impl Params for $type {
            const MAY_HAVE_FIXED: bool = false;

            fn n_values(&self) -> usize {
                self.nrows() * self.ncols()
            }

            fn flatten_into(&self, flat: &mut Vec<f64>) {
                flat.extend(self.iter());
            }

            fn read_from(&mut self, values: &mut Values<'_>) {
                self.iter_mut().for_each(|number| *number = values.next_value());
            }

            fn describe(&self, leaves: &mut Leaves<'_>) {
                (0..self.n_values()).for_each(|i| leaves.leaf_at(i));
            }
        }
    )*};
}

vector! {
    Col<f64>;
    Row<f64>;
}

/// A leaf's path goes through the row and the column.
impl Params for Mat<f64> {
    const MAY_HAVE_FIXED: bool = false;

    fn n_values(&self) -> usize {
        self.nrows() * self.ncols()
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
        for i in 0..self.nrows() {
            leaves.child(i, |leaves| (0..self.ncols()).for_each(|j| leaves.leaf_at(j)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_and_rows_have_one_index() {
        let column = Col::from_fn(3, |i| i as f64);
        assert_eq!(column.leaf_names(), ["0", "1", "2"]);
        assert_eq!(column.with_flat(&[3.0, 4.0, 5.0]).unwrap().to_flat(), [3.0, 4.0, 5.0]);
        let row = Row::from_fn(2, |i| i as f64);
        assert_eq!(row.leaf_names(), ["0", "1"]);
        assert_eq!(row.with_flat(&[3.0, 4.0]).unwrap().to_flat(), [3.0, 4.0]);
    }

    #[test]
    fn matrices_flatten_row_by_row() {
        let matrix = Mat::from_fn(2, 3, |i, j| (3 * i + j) as f64);
        assert_eq!(matrix.to_flat(), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
        assert_eq!(matrix.leaf_names(), ["0_0", "0_1", "0_2", "1_0", "1_1", "1_2"]);
        let moved = matrix.with_flat(&[5.0, 4.0, 3.0, 2.0, 1.0, 0.0]).unwrap();
        assert_eq!(moved, Mat::from_fn(2, 3, |i, j| (5 - 3 * i - j) as f64));
    }
}
