//! Problems in three parameters: 25 to 37 and 60 to 66.

use super::{Hs, INF, hs};
use crate::dual::Dual;

fn volume(x: &[Dual]) -> Dual {
    -x[0] * x[1] * x[2]
}

pub(super) fn problems() -> Vec<Hs> {
    let mut problems = to_37();
    problems.extend(from_60());
    problems
}

fn to_37() -> Vec<Hs> {
    let (root2, root3) = (2.0_f64.sqrt(), 3.0_f64.sqrt());
    let ln10 = 10.0_f64.ln();
    vec![
        hs(25, &[100.0, 12.5, 3.0], hs25)
            .bounds(&[0.1, 0.0, 0.0], &[100.0, 25.6, 5.0])
            .solved(&[50.0, 25.0, 1.5], 0.0),
        hs(26, &[-2.6, 2.0, 2.0], |x| (x[0] - x[1]).square() + (x[1] - x[2]).powi(4))
            .equations(|x| [(1.0 + x[1].square()) * x[0] + x[2].powi(4) - 3.0])
            .solved(&[1.0; 3], 0.0),
        hs(27, &[2.0; 3], |x| 0.01 * (x[0] - 1.0).square() + (x[1] - x[0].square()).square())
            .equations(|x| [x[0] + x[2].square() + 1.0])
            .solved(&[-1.0, 1.0, 0.0], 0.04),
        hs(28, &[-4.0, 1.0, 1.0], |x| (x[0] + x[1]).square() + (x[1] + x[2]).square())
            .equations(|x| [x[0] + 2.0 * x[1] + 3.0 * x[2] - 1.0])
            .solved(&[0.5, -0.5, 0.5], 0.0),
        hs(29, &[1.0; 3], volume)
            .inequalities(|x| [48.0 - x[0].square() - 2.0 * x[1].square() - 4.0 * x[2].square()])
            .solved(&[4.0, 2.0 * root2, 2.0], -16.0 * root2),
        hs(30, &[1.0; 3], |x| x[0].square() + x[1].square() + x[2].square())
            .bounds(&[1.0, -10.0, -10.0], &[10.0; 3])
            .inequalities(|x| [x[0].square() + x[1].square() - 1.0])
            .solved(&[1.0, 0.0, 0.0], 1.0),
        hs(31, &[1.0; 3], |x| 9.0 * x[0].square() + x[1].square() + 9.0 * x[2].square())
            .bounds(&[-10.0, 1.0, -10.0], &[10.0, 10.0, 1.0])
            .inequalities(|x| [x[0] * x[1] - 1.0])
            .solved(&[1.0 / root3, root3, 0.0], 6.0),
        hs(32, &[0.1, 0.7, 0.2], |x| {
            (x[0] + 3.0 * x[1] + x[2]).square() + 4.0 * (x[0] - x[1]).square()
        })
        .within(0.0, INF)
        .inequalities(|x| [6.0 * x[1] + 4.0 * x[2] - x[0].powi(3) - 3.0])
        .equations(|x| [1.0 - x[0] - x[1] - x[2]])
        .solved(&[0.0, 0.0, 1.0], 1.0),
        hs(33, &[0.0, 0.0, 3.0], |x| (x[0] - 1.0) * (x[0] - 2.0) * (x[0] - 3.0) + x[2])
            .bounds(&[0.0; 3], &[INF, INF, 5.0])
            .inequalities(|x| {
                [
                    x[2].square() - x[1].square() - x[0].square(),
                    x[0].square() + x[1].square() + x[2].square() - 4.0,
                ]
            })
            .solved(&[0.0, root2, root2], root2 - 6.0),
        hs(34, &[0.0, 1.05, 2.9], |x| -x[0])
            .bounds(&[0.0; 3], &[100.0, 100.0, 10.0])
            .inequalities(|x| [x[1] - x[0].exp(), x[2] - x[1].exp()])
            .solved(&[ln10.ln(), ln10, 10.0], -ln10.ln()),
        hs(35, &[0.5; 3], |x| {
            9.0 - 8.0 * x[0] - 6.0 * x[1] - 4.0 * x[2]
                + 2.0 * x[0].square()
                + 2.0 * x[1].square()
                + x[2].square()
                + 2.0 * x[0] * x[1]
                + 2.0 * x[0] * x[2]
        })
        .within(0.0, INF)
        .inequalities(|x| [3.0 - x[0] - x[1] - 2.0 * x[2]])
        .solved(&[4.0 / 3.0, 7.0 / 9.0, 4.0 / 9.0], 1.0 / 9.0),
        hs(36, &[10.0; 3], volume)
            .bounds(&[0.0; 3], &[20.0, 11.0, 42.0])
            .inequalities(|x| [72.0 - x[0] - 2.0 * x[1] - 2.0 * x[2]])
            .solved(&[20.0, 11.0, 15.0], -3300.0),
        hs(37, &[10.0; 3], volume)
            .within(0.0, 42.0)
            .inequalities(|x| {
                let sum = x[0] + 2.0 * x[1] + 2.0 * x[2];
                [72.0 - sum, sum]
            })
            .solved(&[24.0, 12.0, 12.0], -3456.0),
    ]
}

/// A fit of 99 values of a Weibull-like curve.
fn hs25(x: &[Dual]) -> Dual {
    let residual = |i: usize| {
        let share = 0.01 * i as f64;
        let u = 25.0 + (-50.0 * share.ln()).powf(2.0 / 3.0);
        // The power of a difference that is zero at the bound of x[1] has no derivative, but is zero.
        let power = ((u - x[1]).ln() * x[2]).exp();
        (-power / x[0]).exp() - share
    };
    (1..100).map(|i| residual(i).square()).sum()
}

fn from_60() -> Vec<Hs> {
    vec![
        hs(60, &[2.0; 3], |x| {
            (x[0] - 1.0).square() + (x[0] - x[1]).square() + (x[1] - x[2]).powi(4)
        })
        .within(-10.0, 10.0)
        .equations(|x| [x[0] * (1.0 + x[1].square()) + x[2].powi(4) - 4.0 - 3.0 * 2.0_f64.sqrt()])
        .solved(&[1.1048590205241, 1.1966741802203, 1.5352622605702], 0.03256820025507),
        hs(61, &[0.0; 3], |x| {
            4.0 * x[0].square() + 2.0 * x[1].square() + 2.0 * x[2].square() - 33.0 * x[0]
                + 16.0 * x[1]
                - 24.0 * x[2]
        })
        .equations(|x| [3.0 * x[0] - 2.0 * x[1].square() - 7.0, 4.0 * x[0] - x[2].square() - 11.0])
        .solved(&[5.3267701355644, -2.1189986322191, 3.2104642253508], -143.64614219778),
        hs(62, &[0.7, 0.2, 0.1], |x| {
            let (b, c) = (x[1] + x[2] + 0.03, x[2] + 0.03);
            let first = ((x[0] + b) / (0.09 * x[0] + b)).ln();
            let second = (b / (0.07 * x[1] + c)).ln();
            let third = (c / (0.13 * x[2] + 0.03)).ln();
            -32.174 * (255.0 * first + 280.0 * second + 290.0 * third)
        })
        .within(0.0, 1.0)
        .equations(|x| [x[0] + x[1] + x[2] - 1.0])
        .solved(&[0.61781269081184, 0.32820222311935, 0.053985086067997], -26272.514487313),
        hs(63, &[2.0; 3], |x| {
            1000.0 - x[0].square() - 2.0 * x[1].square() - x[2].square() - x[0] * x[1] - x[0] * x[2]
        })
        .within(0.0, INF)
        .equations(|x| {
            [
                8.0 * x[0] + 14.0 * x[1] + 7.0 * x[2] - 56.0,
                x[0].square() + x[1].square() + x[2].square() - 25.0,
            ]
        })
        .solved(&[3.5121213418756, 0.21698794151516, 3.5521711548262], 961.71517213005),
        hs(64, &[1.0; 3], |x| {
            5.0 * x[0]
                + 50000.0 / x[0]
                + 20.0 * x[1]
                + 72000.0 / x[1]
                + 10.0 * x[2]
                + 144000.0 / x[2]
        })
        .within(1e-5, INF)
        .inequalities(|x| [1.0 - 4.0 / x[0] - 32.0 / x[1] - 120.0 / x[2]])
        .solved(&[108.73470480826, 85.126212849233, 204.32459653506], 6299.8424279215),
        hs(65, &[-5.0, 5.0, 0.0], |x| {
            (x[0] - x[1]).square() + (x[0] + x[1] - 10.0).square() / 9.0 + (x[2] - 5.0).square()
        })
        .bounds(&[-4.5, -4.5, -5.0], &[4.5, 4.5, 5.0])
        .inequalities(|x| [48.0 - x[0].square() - x[1].square() - x[2].square()])
        .solved(&[3.6504617252131, 3.6504617252131, 4.62041755532], 0.95352885680478),
        hs(66, &[0.0, 1.05, 2.9], |x| 0.2 * x[2] - 0.8 * x[0])
            .bounds(&[0.0; 3], &[100.0, 100.0, 10.0])
            .inequalities(|x| [x[1] - x[0].exp(), x[2] - x[1].exp()])
            .solved(&[0.18412648778838, 1.2021678730354, 3.3273223220612], 0.51816327418154),
    ]
}
