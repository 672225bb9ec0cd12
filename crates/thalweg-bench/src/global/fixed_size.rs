//! Functions of a fixed number of parameters.

use std::f64::consts::{PI, TAU};

use super::problem;
use crate::dual::Dual;
use crate::problem::BenchmarkProblem;

/// The problems in two parameters, then the others.
pub(super) fn problems() -> Vec<BenchmarkProblem> {
    let mut problems = smooth();
    problems.extend(with_many_minima());
    problems.extend(larger());
    problems
}

/// A square box.
fn square(half: f64) -> [(f64, f64); 2] {
    [(-half, half); 2]
}

fn smooth() -> Vec<BenchmarkProblem> {
    vec![
        problem(
            "beale",
            |x| {
                let term =
                    |target: f64, power: i32| (target - x[0] + x[0] * x[1].powi(power)).square();
                term(1.5, 1) + term(2.25, 2) + term(2.625, 3)
            },
            &square(4.5),
            vec![3.0, 0.5],
            0.0,
        ),
        problem(
            "booth",
            |x| (x[0] + 2.0 * x[1] - 7.0).square() + (2.0 * x[0] + x[1] - 5.0).square(),
            &square(10.0),
            vec![1.0, 3.0],
            0.0,
        ),
        problem(
            "branin",
            |x| {
                let curve = x[1] - 5.1 / (4.0 * PI * PI) * x[0].square() + 5.0 / PI * x[0] - 6.0;
                curve.square() + 10.0 * (1.0 - 1.0 / (8.0 * PI)) * x[0].cos() + 10.0
            },
            &[(-5.0, 10.0), (0.0, 15.0)],
            vec![PI, 2.275],
            5.0 / (4.0 * PI),
        ),
        problem(
            "goldstein_price",
            |x| {
                let (a, b) = (x[0], x[1]);
                let first = 19.0 - 14.0 * a + 3.0 * a * a - 14.0 * b + 6.0 * a * b + 3.0 * b * b;
                let second =
                    18.0 - 32.0 * a + 12.0 * a * a + 48.0 * b - 36.0 * a * b + 27.0 * b * b;
                (1.0 + (a + b + 1.0).square() * first)
                    * (30.0 + (2.0 * a - 3.0 * b).square() * second)
            },
            &square(2.0),
            vec![0.0, -1.0],
            3.0,
        ),
        problem(
            "himmelblau",
            |x| (x[0].square() + x[1] - 11.0).square() + (x[0] + x[1].square() - 7.0).square(),
            &square(5.0),
            vec![3.0, 2.0],
            0.0,
        ),
        problem(
            "matyas",
            |x| 0.26 * (x[0].square() + x[1].square()) - 0.48 * x[0] * x[1],
            &square(10.0),
            vec![0.0, 0.0],
            0.0,
        ),
        problem(
            "mccormick",
            |x| (x[0] + x[1]).sin() + (x[0] - x[1]).square() - 1.5 * x[0] + 2.5 * x[1] + 1.0,
            &[(-1.5, 4.0), (-3.0, 4.0)],
            vec![0.5 - PI / 3.0, -0.5 - PI / 3.0],
            -(3.0_f64.sqrt()) / 2.0 - PI / 3.0,
        ),
        problem(
            "six_hump_camel",
            |x| {
                let square = x[0].square();
                (4.0 - 2.1 * square + square.square() / 3.0) * square
                    + x[0] * x[1]
                    + (4.0 * x[1].square() - 4.0) * x[1].square()
            },
            &[(-3.0, 3.0), (-2.0, 2.0)],
            vec![0.0898420131003181, -0.712656403020740],
            -1.03162845348988,
        ),
        problem(
            "three_hump_camel",
            |x| {
                2.0 * x[0].square() - 1.05 * x[0].powi(4)
                    + x[0].powi(6) / 6.0
                    + x[0] * x[1]
                    + x[1].square()
            },
            &square(5.0),
            vec![0.0, 0.0],
            0.0,
        ),
    ]
}

fn with_many_minima() -> Vec<BenchmarkProblem> {
    vec![
        problem(
            "bohachevsky",
            |x| {
                x[0].square() + 2.0 * x[1].square()
                    - 0.3 * (3.0 * PI * x[0]).cos()
                    - 0.4 * (4.0 * PI * x[1]).cos()
                    + 0.7
            },
            &square(100.0),
            vec![0.0, 0.0],
            0.0,
        ),
        problem(
            "drop_wave",
            |x| {
                let square = x[0].square() + x[1].square();
                -(1.0 + (12.0 * square.sqrt()).cos()) / (0.5 * square + 2.0)
            },
            &square(5.12),
            vec![0.0, 0.0],
            -1.0,
        ),
        problem(
            "easom",
            |x| {
                let distance = (x[0] - PI).square() + (x[1] - PI).square();
                -x[0].cos() * x[1].cos() * (-distance).exp()
            },
            &square(100.0),
            vec![PI, PI],
            -1.0,
        ),
        problem(
            "eggholder",
            |x| {
                let shifted = x[1] + 47.0;
                -shifted * (0.5 * x[0] + shifted).abs().sqrt().sin()
                    - x[0] * (x[0] - shifted).abs().sqrt().sin()
            },
            &square(512.0),
            vec![512.0, 404.231805123817],
            -959.640662720851,
        ),
        problem(
            "holder_table",
            |x| {
                let radius = (x[0].square() + x[1].square()).sqrt();
                -(x[0].sin() * x[1].cos() * (1.0 - radius / PI).abs().exp()).abs()
            },
            &square(10.0),
            vec![8.05502347605060, 9.66459002016969],
            -19.2085025678868,
        ),
        problem(
            "levy_n13",
            |x| {
                (3.0 * PI * x[0]).sin().square()
                    + (x[0] - 1.0).square() * (1.0 + (3.0 * PI * x[1]).sin().square())
                    + (x[1] - 1.0).square() * (1.0 + (TAU * x[1]).sin().square())
            },
            &square(10.0),
            vec![1.0, 1.0],
            0.0,
        ),
        problem(
            "schaffer_n2",
            |x| {
                let (a, b) = (x[0].square(), x[1].square());
                0.5 + ((a - b).sin().square() - 0.5) / (1.0 + 0.001 * (a + b)).square()
            },
            &square(100.0),
            vec![0.0, 0.0],
            0.0,
        ),
        problem(
            "shubert",
            |x| {
                let sum = |x: Dual| -> Dual {
                    (1..6).map(f64::from).map(|i| i * ((i + 1.0) * x + i).cos()).sum()
                };
                sum(x[0]) * sum(x[1])
            },
            &square(10.0),
            vec![-7.08350640759825, 4.85805687849957],
            -186.730908831024,
        ),
        problem(
            "trefethen",
            |x| {
                let (a, b) = (x[0], x[1]);
                (50.0 * a).sin().exp()
                    + (60.0 * b.exp()).sin()
                    + (70.0 * a.sin()).sin()
                    + (80.0 * b).sin().sin()
                    - (10.0 * (a + b)).sin()
                    + (a * a + b * b) / 4.0
            },
            &square(1.0),
            vec![-0.0244030796943785, 0.210612427155355],
            -3.30686864747524,
        ),
    ]
}

fn larger() -> Vec<BenchmarkProblem> {
    vec![
        problem(
            "colville",
            |x| {
                100.0 * (x[0].square() - x[1]).square()
                    + (x[0] - 1.0).square()
                    + (x[2] - 1.0).square()
                    + 90.0 * (x[2].square() - x[3]).square()
                    + 10.1 * ((x[1] - 1.0).square() + (x[3] - 1.0).square())
                    + 19.8 * (x[1] - 1.0) * (x[3] - 1.0)
            },
            &[(-10.0, 10.0); 4],
            vec![1.0; 4],
            0.0,
        ),
        problem(
            "hartmann_3",
            |x| hartmann(x, &HARTMANN_3),
            &[(0.0, 1.0); 3],
            vec![0.1146143386, 0.5556488499, 0.8525469535],
            -3.86278214782076,
        ),
        problem(
            "hartmann_6",
            |x| hartmann(x, &HARTMANN_6),
            &[(0.0, 1.0); 6],
            vec![0.201689511, 0.150010691, 0.476873978, 0.275332428, 0.311651617, 0.657300531],
            -3.32236801141551,
        ),
        problem(
            "shekel_5",
            |x| shekel(x, 5),
            &[(0.0, 10.0); 4],
            vec![4.00003715, 4.00013327, 4.00003715, 4.00013327],
            -10.1531996790582,
        ),
        problem(
            "shekel_7",
            |x| shekel(x, 7),
            &[(0.0, 10.0); 4],
            vec![4.00057291, 4.00068936, 3.99948971, 3.99960616],
            -10.4029405668187,
        ),
        problem(
            "shekel_10",
            |x| shekel(x, 10),
            &[(0.0, 10.0); 4],
            vec![4.00074653, 4.00059293, 3.99966339, 3.99950981],
            -10.5364098166920,
        ),
    ]
}

/// The heights of Hartmann's four wells.
const HARTMANN_HEIGHTS: [f64; 4] = [1.0, 1.2, 3.0, 3.2];

/// Steepness and place of each well in three dimensions.
const HARTMANN_3: [([f64; 3], [f64; 3]); 4] = [
    ([3.0, 10.0, 30.0], [0.3689, 0.1170, 0.2673]),
    ([0.1, 10.0, 35.0], [0.4699, 0.4387, 0.7470]),
    ([3.0, 10.0, 30.0], [0.1091, 0.8732, 0.5547]),
    ([0.1, 10.0, 35.0], [0.03815, 0.5743, 0.8828]),
];

/// The same in six.
const HARTMANN_6: [([f64; 6], [f64; 6]); 4] = [
    ([10.0, 3.0, 17.0, 3.5, 1.7, 8.0], [0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886]),
    ([0.05, 10.0, 17.0, 0.1, 8.0, 14.0], [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991]),
    ([3.0, 3.5, 1.7, 10.0, 17.0, 8.0], [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650]),
    ([17.0, 8.0, 0.05, 10.0, 0.1, 14.0], [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381]),
];

fn hartmann<const N: usize>(x: &[Dual], wells: &[([f64; N], [f64; N]); 4]) -> Dual {
    let well = |(height, (steepness, place)): (f64, &([f64; N], [f64; N]))| {
        let distance: Dual = (0..N).map(|j| steepness[j] * (x[j] - place[j]).square()).sum();
        -height * (-distance).exp()
    };
    HARTMANN_HEIGHTS.into_iter().zip(wells).map(well).sum()
}

/// Places and widths of Shekel's foxholes.
const FOXHOLES: [([f64; 4], f64); 10] = [
    ([4.0, 4.0, 4.0, 4.0], 0.1),
    ([1.0, 1.0, 1.0, 1.0], 0.2),
    ([8.0, 8.0, 8.0, 8.0], 0.2),
    ([6.0, 6.0, 6.0, 6.0], 0.4),
    ([3.0, 7.0, 3.0, 7.0], 0.4),
    ([2.0, 9.0, 2.0, 9.0], 0.6),
    ([5.0, 5.0, 3.0, 3.0], 0.3),
    ([8.0, 1.0, 8.0, 1.0], 0.7),
    ([6.0, 2.0, 6.0, 2.0], 0.5),
    ([7.0, 3.6, 7.0, 3.6], 0.5),
];

fn shekel(x: &[Dual], holes: usize) -> Dual {
    let hole = |(place, width): &([f64; 4], f64)| {
        let distance: Dual = x.iter().zip(place).map(|(x, p)| (*x - *p).square()).sum();
        -1.0 / (distance + *width)
    };
    FOXHOLES[..holes].iter().map(hole).sum()
}
