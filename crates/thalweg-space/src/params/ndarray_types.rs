//! `ndarray` arrays of any dimension as parameters, in C order whatever their memory layout.

use ndarray::{Array, Dimension};

use super::{Leaves, Params, Values};

/// A leaf's path goes through one index per axis; an array without axes adds nothing.
impl<D: Dimension> Params for Array<f64, D> {
    const MAY_HAVE_FIXED: bool = false;

    fn n_values(&self) -> usize {
        self.len()
    }

    fn flatten_into(&self, flat: &mut Vec<f64>) {
        match self.as_slice() {
            Some(numbers) => flat.extend_from_slice(numbers),
            None => flat.extend(self.iter()),
        }
    }

    fn read_from(&mut self, values: &mut Values<'_>) {
        match self.as_slice_mut() {
            Some(numbers) => values.copy_to(numbers),
            None => self.iter_mut().for_each(|number| *number = values.next_value()),
        }
    }

    fn describe(&self, leaves: &mut Leaves<'_>) {
        describe_axes(self.shape(), leaves);
    }
}

fn describe_axes(shape: &[usize], leaves: &mut Leaves<'_>) {
    match shape {
        [] => leaves.leaf(),
        [length, inner @ ..] => {
            for index in 0..*length {
                leaves.child(index, |leaves| describe_axes(inner, leaves));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use ndarray::{Array2, ArrayD, arr0, arr1, arr2};

    use super::*;

    #[test]
    fn arrays_flatten_in_c_order_whatever_their_layout() {
        let matrix = arr2(&[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
        assert_eq!(matrix.to_flat(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        assert_eq!(matrix.leaf_names(), ["0_0", "0_1", "0_2", "1_0", "1_1", "1_2"]);

        let transposed: Array2<f64> = matrix.reversed_axes();
        assert_eq!(transposed.to_flat(), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
        let moved = transposed.with_flat(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]).unwrap();
        assert_eq!(moved, arr2(&[[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]));
    }

    #[test]
    fn zero_dimensional_and_dynamic_arrays() {
        assert_eq!(arr0(3.0).leaf_names(), [""]);
        assert_eq!(BTreeMap::from([("e", arr0(3.0))]).leaf_names(), ["e"]);
        assert_eq!(arr1(&[1.0, 2.0]).leaf_names(), ["0", "1"]);
        let cube = ArrayD::from_shape_fn(vec![2, 1, 2], |index| index[0] as f64 + index[2] as f64);
        assert_eq!(cube.leaf_names(), ["0_0_0", "0_0_1", "1_0_0", "1_0_1"]);
        assert_eq!(cube.with_flat(&cube.to_flat()).unwrap(), cube);
    }
}
