//! Problems in two parameters: 1 to 24.

use super::{Hs, INF, PI, hs};
use crate::dual::Dual;

/// Rosenbrock's function, the objective of several problems.
fn rosenbrock(x: &[Dual]) -> Dual {
    100.0 * (x[1] - x[0].square()).square() + (1.0 - x[0]).square()
}

pub(super) fn problems() -> Vec<Hs> {
    let root3 = 3.0_f64.sqrt();
    let root7 = 7.0_f64.sqrt();
    vec![
        hs(1, &[-2.0, 1.0], rosenbrock).bounds(&[-INF, -1.5], &[INF, INF]).solved(&[1.0, 1.0], 0.0),
        hs(2, &[-2.0, 1.0], rosenbrock)
            .bounds(&[-INF, 1.5], &[INF, INF])
            .solved(&hs2(), 0.050426187893607),
        hs(3, &[10.0, 1.0], |x| x[1] + 1e-5 * (x[1] - x[0]).square())
            .bounds(&[-INF, 0.0], &[INF, INF])
            .solved(&[0.0, 0.0], 0.0),
        hs(4, &[1.125, 0.125], |x| (x[0] + 1.0).powi(3) / 3.0 + x[1])
            .bounds(&[1.0, 0.0], &[INF, INF])
            .solved(&[1.0, 0.0], 8.0 / 3.0),
        hs(5, &[0.0, 0.0], |x| {
            (x[0] + x[1]).sin() + (x[0] - x[1]).square() - 1.5 * x[0] + 2.5 * x[1] + 1.0
        })
        .bounds(&[-1.5, -3.0], &[4.0, 3.0])
        .solved(&[0.5 - PI / 3.0, -0.5 - PI / 3.0], -root3 / 2.0 - PI / 3.0),
        hs(6, &[-1.2, 1.0], |x| (1.0 - x[0]).square())
            .equations(|x| [10.0 * (x[1] - x[0].square())])
            .solved(&[1.0, 1.0], 0.0),
        hs(7, &[2.0, 2.0], |x| (1.0 + x[0].square()).ln() - x[1])
            .equations(|x| [(1.0 + x[0].square()).square() + x[1].square() - 4.0])
            .solved(&[0.0, root3], -root3),
        hs(9, &[0.0, 0.0], |x| (PI * x[0] / 12.0).sin() * (PI * x[1] / 16.0).cos())
            .equations(|x| [4.0 * x[0] - 3.0 * x[1]])
            .solved(&[-3.0, -4.0], -0.5),
        hs(10, &[-10.0, 10.0], |x| x[0] - x[1])
            .inequalities(|x| [-3.0 * x[0].square() + 2.0 * x[0] * x[1] - x[1].square() + 1.0])
            .solved(&[0.0, 1.0], -1.0),
        hs(11, &[4.9, 0.1], |x| (x[0] - 5.0).square() + x[1].square() - 25.0)
            .inequalities(|x| [x[1] - x[0].square()])
            .solved(&hs11(), -8.4984642231547),
        hs(12, &[0.0, 0.0], |x| {
            0.5 * x[0].square() + x[1].square() - x[0] * x[1] - 7.0 * x[0] - 7.0 * x[1]
        })
        .inequalities(|x| [25.0 - 4.0 * x[0].square() - x[1].square()])
        .solved(&[2.0, 3.0], -30.0),
        hs(14, &[2.0, 2.0], |x| (x[0] - 2.0).square() + (x[1] - 1.0).square())
            .inequalities(|x| [1.0 - 0.25 * x[0].square() - x[1].square()])
            .equations(|x| [x[0] - 2.0 * x[1] + 1.0])
            .solved(&[0.5 * (root7 - 1.0), 0.25 * (root7 + 1.0)], 9.0 - 2.875 * root7),
        hs(15, &[-2.0, 1.0], rosenbrock)
            .bounds(&[-INF, -INF], &[0.5, INF])
            .inequalities(|x| [x[0] * x[1] - 1.0, x[0] + x[1].square()])
            .solved(&[0.5, 2.0], 306.5),
        hs(16, &[-2.0, 1.0], rosenbrock)
            .bounds(&[-0.5, -INF], &[0.5, 1.0])
            .inequalities(|x| [x[0] + x[1].square(), x[0].square() + x[1]])
            .solved(&[0.5, 0.25], 0.25),
        hs(17, &[-2.0, 1.0], rosenbrock)
            .bounds(&[-0.5, -INF], &[0.5, 1.0])
            .inequalities(|x| [x[1].square() - x[0], x[0].square() - x[1]])
            .solved(&[0.0, 0.0], 1.0),
        hs(18, &[2.0, 2.0], |x| 0.01 * x[0].square() + x[1].square())
            .bounds(&[2.0, 0.0], &[50.0, 50.0])
            .inequalities(|x| [x[0] * x[1] - 25.0, x[0].square() + x[1].square() - 25.0])
            .solved(&[250.0_f64.sqrt(), 2.5_f64.sqrt()], 5.0),
        hs(19, &[20.1, 5.84], |x| (x[0] - 10.0).powi(3) + (x[1] - 20.0).powi(3))
            .bounds(&[13.0, 0.0], &[100.0, 100.0])
            .inequalities(|x| {
                [
                    (x[0] - 5.0).square() + (x[1] - 5.0).square() - 100.0,
                    82.81 - (x[1] - 5.0).square() - (x[0] - 6.0).square(),
                ]
            })
            .solved(&[14.095, 0.84296078921547], -6961.8138755801),
        hs(20, &[-2.0, 1.0], rosenbrock)
            .bounds(&[-0.5, -INF], &[0.5, INF])
            .inequalities(|x| {
                [x[0] + x[1].square(), x[0].square() + x[1], x[0].square() + x[1].square() - 1.0]
            })
            .solved(&[0.5, root3 / 2.0], 81.5 - 25.0 * root3),
        hs(21, &[-1.0, -1.0], |x| 0.01 * x[0].square() + x[1].square() - 100.0)
            .bounds(&[2.0, -50.0], &[50.0, 50.0])
            .inequalities(|x| [10.0 * x[0] - x[1] - 10.0])
            .solved(&[2.0, 0.0], -99.96),
        hs(22, &[2.0, 2.0], |x| (x[0] - 2.0).square() + (x[1] - 1.0).square())
            .inequalities(|x| [2.0 - x[0] - x[1], x[1] - x[0].square()])
            .solved(&[1.0, 1.0], 1.0),
        hs(23, &[3.0, 1.0], |x| x[0].square() + x[1].square())
            .within(-50.0, 50.0)
            .inequalities(|x| {
                [
                    x[0] + x[1] - 1.0,
                    x[0].square() + x[1].square() - 1.0,
                    9.0 * x[0].square() + x[1].square() - 9.0,
                    x[0].square() - x[1],
                    x[1].square() - x[0],
                ]
            })
            .solved(&[1.0, 1.0], 2.0),
        hs(24, &[1.0, 0.5], |x| {
            ((x[0] - 3.0).square() - 9.0) * x[1].powi(3) / (27.0 * 3.0_f64.sqrt())
        })
        .within(0.0, INF)
        .inequalities(|x| {
            let root3 = 3.0_f64.sqrt();
            [x[0] / root3 - x[1], x[0] + root3 * x[1], 6.0 - x[0] - root3 * x[1]]
        })
        .solved(&[3.0, root3], -1.0),
    ]
}

fn hs2() -> [f64; 2] {
    let a = (598.0_f64 / 1200.0).sqrt();
    [2.0 * a * ((1.0 / (400.0 * a.powi(3))).acos() / 3.0).cos(), 1.5]
}

fn hs11() -> [f64; 2] {
    let a = 7.5 * 6.0_f64.sqrt() + 338.5_f64.sqrt();
    let a = a.cbrt();
    [(a - 1.0 / a) / 6.0_f64.sqrt(), (a * a - 2.0 + 1.0 / (a * a)) / 6.0]
}
