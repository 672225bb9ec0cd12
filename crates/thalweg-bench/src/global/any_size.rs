//! Functions of any number of parameters.

use std::f64::consts::{E, PI, TAU};

use super::GlobalFamily;
use crate::dual::Dual;

/// A function with the same interval and the same coordinate of the minimizer for all parameters, and the minimum 0.
macro_rules! to_zero {
    ($name:literal, [$lower:expr, $upper:expr], $minimizer:expr, $formula:expr) => {
        GlobalFamily {
            name: $name,
            multiple_of: 1,
            formula: $formula,
            interval: |_| ($lower, $upper),
            minimum: |n| (vec![$minimizer; n], 0.0),
        }
    };
}

pub(crate) const FAMILIES: &[GlobalFamily] = &[
    to_zero!("ackley", [-32.768, 32.768], 0.0, ackley),
    GlobalFamily {
        name: "dixon_price",
        multiple_of: 1,
        formula: |x| {
            let link = |i: usize| (i + 1) as f64 * (2.0 * x[i].square() - x[i - 1]).square();
            (x[0] - 1.0).square() + (1..x.len()).map(link).sum::<Dual>()
        },
        interval: |_| (-10.0, 10.0),
        minimum: |n| ((1..=n).map(|i| (0.5_f64.powi(i as i32 - 1) - 1.0).exp2()).collect(), 0.0),
    },
    GlobalFamily {
        name: "exponential",
        multiple_of: 1,
        formula: |x| -(-0.5 * squares(x)).exp(),
        interval: |_| (-1.0, 1.0),
        minimum: |n| (vec![0.0; n], -1.0),
    },
    to_zero!("griewank", [-600.0, 600.0], 0.0, |x| {
        let wave = |(i, x): (usize, &Dual)| (*x / ((i + 1) as f64).sqrt()).cos();
        squares(x) / 4000.0 - x.iter().enumerate().map(wave).product::<Dual>() + 1.0
    }),
    to_zero!("hyper_ellipsoid", [-65.536, 65.536], 0.0, |x| {
        let n = x.len();
        x.iter().enumerate().map(|(i, x)| (n - i) as f64 * x.square()).sum()
    }),
    to_zero!("levy", [-10.0, 10.0], 1.0, levy),
    GlobalFamily {
        name: "michalewicz",
        multiple_of: 1,
        formula: |x| -x.iter().enumerate().map(|(i, x)| valley(i, *x)).sum::<Dual>(),
        interval: |_| (0.0, PI),
        minimum: michalewicz,
    },
    GlobalFamily {
        name: "powell",
        multiple_of: 4,
        formula: |x| {
            let block = |x: &[Dual]| {
                (x[0] + 10.0 * x[1]).square()
                    + 5.0 * (x[2] - x[3]).square()
                    + (x[1] - 2.0 * x[2]).powi(4)
                    + 10.0 * (x[0] - x[3]).powi(4)
            };
            x.chunks_exact(4).map(block).sum()
        },
        interval: |_| (-4.0, 5.0),
        minimum: |n| (vec![0.0; n], 0.0),
    },
    GlobalFamily {
        name: "qing",
        multiple_of: 1,
        formula: |x| {
            x.iter().enumerate().map(|(i, x)| (x.square() - (i + 1) as f64).square()).sum()
        },
        interval: |_| (-500.0, 500.0),
        minimum: |n| ((1..=n).map(|i| (i as f64).sqrt()).collect(), 0.0),
    },
    to_zero!("rastrigin", [-5.12, 5.12], 0.0, |x| {
        x.iter().map(|x| x.square() + 10.0 * (1.0 - (TAU * *x).cos())).sum()
    }),
    to_zero!("rosenbrock", [-5.0, 10.0], 1.0, |x| {
        x.windows(2).map(|x| 100.0 * (x[1] - x[0].square()).square() + (1.0 - x[0]).square()).sum()
    }),
    to_zero!("salomon", [-100.0, 100.0], 0.0, |x| {
        let radius = squares(x).sqrt();
        1.0 - (TAU * radius).cos() + 0.1 * radius
    }),
    GlobalFamily {
        name: "schwefel",
        multiple_of: 1,
        formula: |x| x.iter().map(|x| SCHWEFEL_VALUE - *x * x.abs().sqrt().sin()).sum(),
        interval: |_| (-500.0, 500.0),
        minimum: |n| (vec![SCHWEFEL; n], 0.0),
    },
    to_zero!("sphere", [-5.12, 5.12], 0.0, squares),
    GlobalFamily {
        name: "styblinski_tang",
        multiple_of: 1,
        formula: |x| x.iter().map(|x| 0.5 * (x.powi(4) - 16.0 * x.square() + 5.0 * *x)).sum(),
        interval: |_| (-5.0, 5.0),
        minimum: |n| (vec![STYBLINSKI; n], STYBLINSKI_VALUE * n as f64),
    },
    to_zero!("sum_of_powers", [-1.0, 1.0], 0.0, |x| {
        x.iter().enumerate().map(|(i, x)| x.abs().powi(i as i32 + 2)).sum()
    }),
    GlobalFamily {
        name: "trid",
        multiple_of: 1,
        formula: |x| {
            let bowl: Dual = x.iter().map(|x| (*x - 1.0).square()).sum();
            bowl - x.windows(2).map(|x| x[0] * x[1]).sum::<Dual>()
        },
        interval: |n| (-((n * n) as f64), (n * n) as f64),
        minimum: |n| {
            let minimizer = (1..=n).map(|i| (i * (n + 1 - i)) as f64).collect();
            (minimizer, -((n * (n + 4) * (n - 1)) as f64) / 6.0)
        },
    },
    to_zero!("zakharov", [-5.0, 10.0], 0.0, |x| {
        let sum: Dual = x.iter().enumerate().map(|(i, x)| 0.5 * (i + 1) as f64 * *x).sum();
        squares(x) + sum.square() + sum.powi(4)
    }),
];

/// Coordinates of minimizers with all digits, and the values there per dimension.
const SCHWEFEL: f64 = 420.968_746_359_982;
const SCHWEFEL_VALUE: f64 = 418.982_887_272_433_8;
const STYBLINSKI: f64 = -2.903_534_027_771_177;
const STYBLINSKI_VALUE: f64 = -39.166_165_703_771_42;

fn squares(x: &[Dual]) -> Dual {
    x.iter().map(|x| x.square()).sum()
}

fn ackley(x: &[Dual]) -> Dual {
    let n = x.len() as f64;
    let radius = (squares(x) / n).sqrt();
    let waves = x.iter().map(|x| (TAU * *x).cos()).sum::<Dual>() / n;
    20.0 - 20.0 * (-0.2 * radius).exp() + E - waves.exp()
}

fn levy(x: &[Dual]) -> Dual {
    let w = |i: usize| 1.0 + (x[i] - 1.0) / 4.0;
    let last = x.len() - 1;
    let inner = |i: usize| (w(i) - 1.0).square() * (1.0 + 10.0 * (PI * w(i) + 1.0).sin().square());
    (PI * w(0)).sin().square()
        + (0..last).map(inner).sum::<Dual>()
        + (w(last) - 1.0).square() * (1.0 + (TAU * w(last)).sin().square())
}

/// The contribution of parameter `i` to Michalewicz's function, with the usual steepness.
fn valley(i: usize, x: Dual) -> Dual {
    x.sin() * ((i + 1) as f64 * x.square() / PI).sin().powi(20)
}

/// The parameters do not meet: each is sought by itself. The second factor is 1 at the points `sqrt((k + 1/2) pi^2 / i)`, so near
/// the best of them is the minimizer: by bisection of the derivative between the zeros of the factor on both sides.
fn michalewicz(n: usize) -> (Vec<f64>, f64) {
    let coordinate = |i: usize| {
        let at = |half: f64| (half * PI * PI / (i + 1) as f64).sqrt();
        let peaks = (0..=i).map(|k| k as f64 + 0.5);
        let height = |half: &f64| at(*half).sin();
        let best = peaks.max_by(|a, b| height(a).total_cmp(&height(b))).unwrap_or(0.5);
        let (mut low, mut high) = (at(best - 0.25), at(best + 0.25).min(PI));
        for _ in 0..100 {
            let middle = f64::midpoint(low, high);
            let slope = valley(i, Dual { value: middle, slope: 1.0 }).slope;
            if slope > 0.0 { low = middle } else { high = middle }
        }
        low
    };
    let minimizer: Vec<f64> = (0..n).map(coordinate).collect();
    let heights = minimizer.iter().enumerate().map(|(i, x)| valley(i, Dual::constant(*x)).value);
    let value = -heights.sum::<f64>();
    (minimizer, value)
}
