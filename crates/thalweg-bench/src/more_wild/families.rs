//! The functions that exist at many sizes.

use super::{bdqrtic, brown_almost_linear, chebyquad, cube, linear, mancino, watson};
use crate::function::Function;
use crate::problem::Solution;
use crate::scalable::{ANY, Family, root, value};

/// The linear ones with five residuals per parameter, as in the set.
pub(crate) const FAMILIES: &[Family] = &[
    Family {
        name: "linear_full_rank",
        sizes: (1, ANY),
        multiple_of: 1,
        build: |n| {
            let function = Function::least_squares(linear::FULL_RANK, 5 * n);
            let solution = Solution { value: Some(4.0 * n as f64), ..root(-1.0, n) };
            (function, vec![1.0; n], solution)
        },
    },
    Family {
        name: "linear_rank_one",
        sizes: (1, ANY),
        multiple_of: 1,
        build: |n| {
            let m = 5.0 * n as f64;
            let function = Function::least_squares(linear::RANK_ONE, 5 * n);
            (function, vec![1.0; n], value(m * (m - 1.0) / (2.0 * (2.0 * m + 1.0))))
        },
    },
    Family {
        name: "linear_rank_one_zero_columns_rows",
        sizes: (3, ANY),
        multiple_of: 1,
        build: |n| {
            let m = 5.0 * n as f64;
            let function = Function::least_squares(linear::RANK_ONE_ZERO, 5 * n);
            let least = (m * m + 3.0 * m - 6.0) / (2.0 * (2.0 * m - 3.0));
            (function, vec![1.0; n], value(least))
        },
    },
    Family {
        name: "watson",
        sizes: (2, 31),
        multiple_of: 1,
        build: |n| {
            let function = Function::least_squares(watson::FUNCTION, 31);
            (function, vec![0.5; n], Solution::default())
        },
    },
    Family {
        name: "chebyquad",
        sizes: (1, ANY),
        multiple_of: 1,
        build: |n| {
            let function = Function::least_squares(chebyquad::FUNCTION, n);
            (function, chebyquad::start(n), Solution::default())
        },
    },
    Family {
        name: "brown_almost_linear",
        sizes: (2, ANY),
        multiple_of: 1,
        build: |n| {
            let function = Function::least_squares(brown_almost_linear::FUNCTION, n);
            (function, vec![0.5; n], root(1.0, n))
        },
    },
    Family {
        name: "bdqrtic",
        sizes: (5, ANY),
        multiple_of: 1,
        build: |n| {
            let function = Function::least_squares(bdqrtic::FUNCTION, 2 * (n - 4));
            (function, vec![1.0; n], Solution::default())
        },
    },
    Family {
        name: "cube",
        sizes: (2, ANY),
        multiple_of: 1,
        build: |n| {
            let function = Function::least_squares(cube::FUNCTION, n);
            (function, vec![0.5; n], root(1.0, n))
        },
    },
    Family {
        name: "mancino",
        sizes: (2, ANY),
        multiple_of: 1,
        build: |n| {
            let function = Function::least_squares(mancino::FUNCTION, n);
            (function, mancino::start(n), value(0.0))
        },
    },
];
