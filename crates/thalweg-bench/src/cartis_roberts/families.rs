//! The families that exist at many sizes.

use super::{
    artificial, arwhead, boundary_value, broyden, chained_rosenbrock, freudenstein_roth,
    freudenstein_roth_start, integral_equation, luksan_chains, luksan22_start,
    oscillating_gradient, oscillating_gradient_start, penalty, powell_singular, trigonometric,
    variable_dimension,
};
use crate::ResidualFunction;
use crate::function::Function;
use crate::problem::Solution;
use crate::scalable::{ANY, Family, root, value};

/// A family of any size, at least 2, with as many residuals as parameters.
const fn square(name: &'static str, build: fn(usize) -> (Function, Vec<f64>, Solution)) -> Family {
    Family { name, sizes: (2, ANY), multiple_of: 1, build }
}

fn system(function: ResidualFunction, start: Vec<f64>, solution: Solution) -> Parts {
    (Function::least_squares(function, start.len()), start, solution)
}

type Parts = (Function, Vec<f64>, Solution);

pub(crate) const FAMILIES: &[Family] = &[
    square("argtrig", |n| system(trigonometric::FUNCTION, vec![1.0 / n as f64; n], root(0.0, n))),
    square("artif", |n| system(artificial::FUNCTION, vec![1.0; n], root(0.0, n))),
    Family {
        name: "arwhdne",
        sizes: (2, ANY),
        multiple_of: 1,
        build: |n| {
            let function = Function::least_squares(arwhead::FUNCTION, 2 * (n - 1));
            (function, vec![1.0; n], Solution::default())
        },
    },
    square("bdvalues", |n| {
        let function = boundary_value::function(boundary_value::BDVALUES, n);
        (function, boundary_value::start(1000.0, n), value(0.0))
    }),
    square("broydn_3d", |n| system(broyden::TRIDIAGONAL, vec![-1.0; n], value(0.0))),
    square("broydn_bd", |n| system(broyden::BANDED, vec![1.0; n], root(0.0, n))),
    Family {
        name: "chnrsbne",
        sizes: (2, 50),
        multiple_of: 1,
        build: |n| {
            let function = Function::least_squares(chained_rosenbrock::FUNCTION, 2 * (n - 1));
            (function, vec![-1.0; n], root(1.0, n))
        },
    },
    Family {
        name: "freurone",
        sizes: (2, ANY),
        multiple_of: 1,
        build: |n| {
            let function = Function::least_squares(freudenstein_roth::FUNCTION, 2 * (n - 1));
            (function, freudenstein_roth_start(n), Solution::default())
        },
    },
    square("integreq", |n| {
        system(integral_equation::FUNCTION, boundary_value::start(1.0, n), value(0.0))
    }),
    Family {
        name: "luksan11",
        sizes: (2, ANY),
        multiple_of: 1,
        build: |n| {
            let function = Function::least_squares(luksan_chains::SERPENTINE, 2 * (n - 1));
            (function, vec![-0.8; n], root(1.0, n))
        },
    },
    square("luksan21", |n| {
        let function = boundary_value::function(boundary_value::LUKSAN, n);
        (function, boundary_value::start(1.0, n), value(0.0))
    }),
    Family {
        name: "luksan22",
        sizes: (3, ANY),
        multiple_of: 1,
        build: |n| {
            let function = Function::least_squares(luksan_chains::ATTRACTING, 2 * (n - 1));
            (function, luksan22_start(n), Solution::default())
        },
    },
    square("oscigrne", |n| {
        system(oscillating_gradient::FUNCTION, oscillating_gradient_start(n), root(1.0, n))
    }),
    Family {
        name: "penalty_1",
        sizes: (1, ANY),
        multiple_of: 1,
        build: |n| {
            let start = (1..=n).map(|i| i as f64).collect();
            (Function::least_squares(penalty::ONE, n + 1), start, Solution::default())
        },
    },
    Family {
        name: "penalty_2",
        sizes: (2, ANY),
        multiple_of: 1,
        build: |n| {
            let function = Function::least_squares(penalty::TWO, 2 * n);
            (function, vec![0.5; n], Solution::default())
        },
    },
    Family {
        name: "powellse",
        sizes: (4, ANY),
        multiple_of: 4,
        build: |n| {
            let start = [3.0, -1.0, 0.0, 1.0].repeat(n / 4);
            system(powell_singular::FUNCTION, start, root(0.0, n))
        },
    },
    Family {
        name: "vardimne",
        sizes: (1, ANY),
        multiple_of: 1,
        build: |n| {
            let function = Function::least_squares(variable_dimension::FUNCTION, n + 2);
            (function, variable_dimension::start(n), root(1.0, n))
        },
    },
];
