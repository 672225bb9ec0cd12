//! Problems in four and five parameters: 38 to 53 and 71 to 83.

use super::{Hs, INF, hs};
use crate::dual::Dual;

pub(super) fn problems() -> Vec<Hs> {
    let mut problems = four();
    problems.extend(five());
    problems.extend(four_from_71());
    problems.extend(five_from_77());
    problems
}

fn squares(x: &[Dual]) -> Dual {
    x.iter().map(|x| x.square()).sum()
}

fn product(x: &[Dual]) -> Dual {
    x.iter().copied().product()
}

fn four() -> Vec<Hs> {
    let root2 = 2.0_f64.sqrt();
    vec![
        hs(38, &[-3.0, -1.0, -3.0, -1.0], |x| {
            100.0 * (x[1] - x[0].square()).square()
                + (1.0 - x[0]).square()
                + 90.0 * (x[3] - x[2].square()).square()
                + (1.0 - x[2]).square()
                + 10.1 * ((x[1] - 1.0).square() + (x[3] - 1.0).square())
                + 19.8 * (x[1] - 1.0) * (x[3] - 1.0)
        })
        .within(-10.0, 10.0)
        .solved(&[1.0; 4], 0.0),
        hs(39, &[2.0; 4], |x| -x[0])
            .equations(|x| {
                [x[1] - x[0].powi(3) - x[2].square(), x[0].square() - x[1] - x[3].square()]
            })
            .solved(&[1.0, 1.0, 0.0, 0.0], -1.0),
        hs(40, &[0.8; 4], |x| -product(x))
            .equations(|x| {
                [
                    x[0].powi(3) + x[1].square() - 1.0,
                    x[0].square() * x[3] - x[2],
                    x[3].square() - x[1],
                ]
            })
            .solved(&[-1.0 / 3.0, -0.5, -11.0 / 12.0, -0.25].map(|power: f64| power.exp2()), -0.25),
        hs(41, &[2.0; 4], |x| 2.0 - product(&x[..3]))
            .bounds(&[0.0; 4], &[1.0, 1.0, 1.0, 2.0])
            .equations(|x| [x[0] + 2.0 * x[1] + 2.0 * x[2] - x[3]])
            .solved(&[2.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0, 2.0], 52.0 / 27.0),
        hs(42, &[1.0; 4], |x| {
            x.iter().zip([1.0, 2.0, 3.0, 4.0]).map(|(x, target)| (*x - target).square()).sum()
        })
        .equations(|x| [x[0] - 2.0, x[2].square() + x[3].square() - 2.0])
        .solved(&[2.0, 2.0, 0.6 * root2, 0.8 * root2], 28.0 - 10.0 * root2),
        hs(43, &[0.0; 4], |x| {
            squares(x) + x[2].square() - 5.0 * x[0] - 5.0 * x[1] - 21.0 * x[2] + 7.0 * x[3]
        })
        .inequalities(|x| {
            [
                8.0 - squares(x) - x[0] + x[1] - x[2] + x[3],
                10.0 - squares(x) - x[1].square() - x[3].square() + x[0] + x[3],
                5.0 - squares(&x[..3]) - x[0].square() - 2.0 * x[0] + x[1] + x[3],
            ]
        })
        .solved(&[0.0, 1.0, 2.0, -1.0], -44.0),
        hs(44, &[0.0; 4], |x| {
            x[0] - x[1] - x[2] - x[0] * x[2] + x[0] * x[3] + x[1] * x[2] - x[1] * x[3]
        })
        .within(0.0, INF)
        .inequalities(|x| {
            [
                8.0 - x[0] - 2.0 * x[1],
                12.0 - 4.0 * x[0] - x[1],
                12.0 - 3.0 * x[0] - 4.0 * x[1],
                8.0 - 2.0 * x[2] - x[3],
                8.0 - x[2] - 2.0 * x[3],
                5.0 - x[2] - x[3],
            ]
        })
        .solved(&[0.0, 3.0, 0.0, 4.0], -15.0),
    ]
}

/// The equations of 46, with the values that they have at the solution.
fn five() -> Vec<Hs> {
    vec![
        hs(45, &[2.0; 5], |x| 2.0 - product(x) / 120.0)
            .bounds(&[0.0; 5], &[1.0, 2.0, 3.0, 4.0, 5.0])
            .solved(&[1.0, 2.0, 3.0, 4.0, 5.0], 1.0),
        hs(46, &[0.5_f64.sqrt(), 1.75, 0.5, 2.0, 2.0], |x| {
            (x[0] - x[1]).square()
                + (x[2] - 1.0).square()
                + (x[3] - 1.0).powi(4)
                + (x[4] - 1.0).powi(6)
        })
        .equations(|x| {
            [
                x[0].square() * x[3] + (x[3] - x[4]).sin() - 1.0,
                x[1] + x[2].powi(4) * x[3].square() - 2.0,
            ]
        })
        .solved(&[1.0; 5], 0.0),
        hs(48, &[3.0, 5.0, -3.0, 2.0, -2.0], |x| {
            (x[0] - 1.0).square() + (x[1] - x[2]).square() + (x[3] - x[4]).square()
        })
        .equations(|x| [x[0] + x[1] + x[2] + x[3] + x[4] - 5.0, x[2] - 2.0 * (x[3] + x[4]) + 3.0])
        .solved(&[1.0; 5], 0.0),
        hs(49, &[10.0, 7.0, 2.0, -3.0, 0.8], |x| {
            (x[0] - x[1]).square()
                + (x[2] - 1.0).square()
                + (x[3] - 1.0).powi(4)
                + (x[4] - 1.0).powi(6)
        })
        .equations(|x| [x[0] + x[1] + x[2] + 4.0 * x[3] - 7.0, x[2] + 5.0 * x[4] - 6.0])
        .solved(&[1.0; 5], 0.0),
        hs(50, &[35.0, -31.0, 11.0, 5.0, -5.0], |x| {
            (x[0] - x[1]).square()
                + (x[1] - x[2]).square()
                + (x[2] - x[3]).powi(4)
                + (x[3] - x[4]).square()
        })
        .equations(|x| [0, 1, 2].map(|i| x[i] + 2.0 * x[i + 1] + 3.0 * x[i + 2] - 6.0))
        .solved(&[1.0; 5], 0.0),
        hs(51, &[2.5, 0.5, 2.0, -1.0, 0.5], |x| (x[0] - x[1]).square() + last_three(x))
            .equations(|x| [x[0] + 3.0 * x[1] - 4.0, x[2] + x[3] - 2.0 * x[4], x[1] - x[4]])
            .solved(&[1.0; 5], 0.0),
        hs(52, &[2.0; 5], |x| (4.0 * x[0] - x[1]).square() + last_three(x))
            .equations(|x| [x[0] + 3.0 * x[1], x[2] + x[3] - 2.0 * x[4], x[1] - x[4]])
            .solved(&[-33.0, 11.0, 180.0, -158.0, 11.0].map(|x| x / 349.0), 1859.0 / 349.0),
        hs(53, &[2.0; 5], |x| (x[0] - x[1]).square() + last_three(x))
            .within(-10.0, 10.0)
            .equations(|x| [x[0] + 3.0 * x[1], x[2] + x[3] - 2.0 * x[4], x[1] - x[4]])
            .solved(&[-33.0, 11.0, 27.0, -5.0, 11.0].map(|x| x / 43.0), 176.0 / 43.0),
    ]
}

/// What the objectives of 51 to 53 share.
fn last_three(x: &[Dual]) -> Dual {
    (x[1] + x[2] - 2.0).square() + (x[3] - 1.0).square() + (x[4] - 1.0).square()
}

fn four_from_71() -> Vec<Hs> {
    vec![
        hs(71, &[1.0, 5.0, 5.0, 1.0], |x| x[0] * x[3] * (x[0] + x[1] + x[2]) + x[2])
            .within(1.0, 5.0)
            .inequalities(|x| [product(x) - 25.0])
            .equations(|x| [squares(x) - 40.0])
            .solved(&[1.0, 4.7429996263606, 3.8211499984309, 1.3794082912011], 17.014017289156),
        hs(72, &[1.0; 4], |x| 1.0 + x[0] + x[1] + x[2] + x[3])
            .bounds(&[0.001; 4], &[4e5, 3e5, 2e5, 1e5])
            .inequalities(|x| {
                [
                    0.0401 - 4.0 / x[0] - 2.25 / x[1] - 1.0 / x[2] - 0.25 / x[3],
                    0.010085 - 0.16 / x[0] - 0.36 / x[1] - 0.64 / x[2] - 0.64 / x[3],
                ]
            })
            .solved(
                &[193.40742727765, 179.54707604118, 185.01806330414, 168.70679116664],
                727.67935778961,
            ),
        hs(73, &[1.0; 4], |x| 24.55 * x[0] + 26.75 * x[1] + 39.0 * x[2] + 40.5 * x[3])
            .within(0.0, INF)
            .inequalities(|x| {
                let variance = 0.28 * x[0].square()
                    + 0.19 * x[1].square()
                    + 20.5 * x[2].square()
                    + 0.62 * x[3].square();
                let mean = 12.0 * x[0] + 11.9 * x[1] + 41.8 * x[2] + 52.1 * x[3];
                [
                    2.3 * x[0] + 5.6 * x[1] + 11.1 * x[2] + 1.3 * x[3] - 5.0,
                    mean - 21.0 - 1.645 * variance.sqrt(),
                ]
            })
            .equations(|x| [x[0] + x[1] + x[2] + x[3] - 1.0])
            .solved(&[0.63552156863508, 0.0, 0.31270188075152, 0.051776550613405], 29.894378159143),
        power_flow(
            74,
            0.55,
            &[679.94531985121, 1026.0671326105, 0.1188763644931, -0.39623355320321],
            5126.4981095953,
        ),
        power_flow(
            75,
            0.48,
            &[776.15902658605, 925.1951384691, 0.051108928538357, -0.42889107146164],
            5174.4126953777,
        ),
        hs(76, &[0.5; 4], |x| {
            x[0].square() + 0.5 * x[1].square() + x[2].square() + 0.5 * x[3].square() - x[0] * x[2]
                + x[2] * x[3]
                - x[0]
                - 3.0 * x[1]
                + x[2]
                - x[3]
        })
        .within(0.0, INF)
        .inequalities(|x| {
            [
                5.0 - x[0] - 2.0 * x[1] - x[2] - x[3],
                4.0 - 3.0 * x[0] - x[1] - 2.0 * x[2] + x[3],
                x[1] + 4.0 * x[2] - 1.5,
            ]
        })
        .solved(&[3.0 / 11.0, 23.0 / 11.0, 0.0, 6.0 / 11.0], -103.0 / 22.0),
    ]
}

/// 74 and 75, which differ in the largest angle.
fn power_flow(number: usize, angle: f64, solution: &[f64], value: f64) -> Hs {
    let [lower, upper] = [-angle, angle];
    hs(number, &[0.0; 4], |x| {
        3.0 * x[0] + 1e-6 * x[0].powi(3) + 2.0 * x[1] + 2e-6 / 3.0 * x[1].powi(3)
    })
    .bounds(&[0.0, 0.0, lower, lower], &[1200.0, 1200.0, upper, upper])
    .limited(|x| [x[3] - x[2]], [lower], [upper])
    .equations(|x| {
        let flow = |angle: Dual| 1000.0 * (angle - 0.25).sin();
        [
            flow(-x[2]) + flow(-x[3]) + 894.8 - x[0],
            flow(x[2]) + flow(x[2] - x[3]) + 894.8 - x[1],
            flow(x[3]) + flow(x[3] - x[2]) + 1294.8,
        ]
    })
    .solved(solution, value)
}

/// The equations of 78, 80 and 81.
fn three_equations(x: &[Dual]) -> [Dual; 3] {
    [squares(x) - 10.0, x[1] * x[2] - 5.0 * x[3] * x[4], x[0].powi(3) + x[1].powi(3) + 1.0]
}

const OF_THREE_EQUATIONS: [f64; 5] =
    [-1.7171435703944, 1.5957096901836, 1.8272457529272, -0.76364307818413, -0.76364307818413];

fn five_from_77() -> Vec<Hs> {
    let box_80 = [2.3, 2.3, 3.2, 3.2, 3.2];
    vec![
        hs(77, &[2.0; 5], |x| {
            (x[0] - 1.0).square()
                + (x[0] - x[1]).square()
                + (x[2] - 1.0).square()
                + (x[3] - 1.0).powi(4)
                + (x[4] - 1.0).powi(6)
        })
        .equations(|x| {
            let root2 = 2.0_f64.sqrt();
            [
                x[0].square() * x[3] + (x[3] - x[4]).sin() - 2.0 * root2,
                x[1] + x[2].powi(4) * x[3].square() - 8.0 - root2,
            ]
        })
        .solved(
            &[1.1661721896785, 1.182111388291, 1.3802570431836, 1.5060362735867, 0.61092019575454],
            0.24150512879018,
        ),
        hs(78, &[-2.0, 1.5, 2.0, -1.0, -1.0], product)
            .equations(three_equations)
            .solved(&OF_THREE_EQUATIONS, -2.9197004089637),
        hs(79, &[2.0; 5], |x| {
            (x[0] - 1.0).square()
                + (x[0] - x[1]).square()
                + (x[1] - x[2]).square()
                + (x[2] - x[3]).powi(4)
                + (x[3] - x[4]).powi(4)
        })
        .equations(|x| {
            let root2 = 2.0_f64.sqrt();
            [
                x[0] + x[1].square() + x[2].powi(3) - 2.0 - 3.0 * root2,
                x[1] - x[2].square() + x[3] + 2.0 - 2.0 * root2,
                x[0] * x[4] - 2.0,
            ]
        })
        .solved(
            &[1.1911274563051, 1.3626031653909, 1.4728179313333, 1.6350166182121, 1.6790814361747],
            0.078776820871057,
        ),
        hs(80, &[-2.0, 2.0, 2.0, -1.0, -1.0], |x| product(x).exp())
            .bounds(&box_80.map(|x| -x), &box_80)
            .equations(three_equations)
            .solved(&OF_THREE_EQUATIONS, 0.053949847770272),
        hs(81, &[-2.0, 2.0, 2.0, -1.0, -1.0], |x| {
            product(x).exp() - 0.5 * (x[0].powi(3) + x[1].powi(3) + 1.0).square()
        })
        .bounds(&box_80.map(|x| -x), &box_80)
        .equations(three_equations)
        .solved(&OF_THREE_EQUATIONS, 0.053949847770272),
        hs(83, &[78.0, 33.0, 27.0, 27.0, 27.0], |x| {
            5.3578547 * x[2].square() + 0.8356891 * x[0] * x[4] + 37.293239 * x[0] - 40792.141
        })
        .bounds(&[78.0, 33.0, 27.0, 27.0, 27.0], &[102.0, 45.0, 45.0, 45.0, 45.0])
        .limited(
            |x| {
                [
                    85.334407 + 0.0056858 * x[1] * x[4] + 0.0006262 * x[0] * x[3]
                        - 0.0022053 * x[2] * x[4],
                    80.51249
                        + 0.0071317 * x[1] * x[4]
                        + 0.0029955 * x[0] * x[1]
                        + 0.0021813 * x[2].square(),
                    9.300961
                        + 0.0047026 * x[2] * x[4]
                        + 0.0012547 * x[0] * x[2]
                        + 0.0019085 * x[2] * x[3],
                ]
            },
            [0.0, 90.0, 20.0],
            [92.0, 110.0, 25.0],
        )
        .solved(&[78.0, 33.0, 29.995256025682, 45.0, 36.775812905788], -30665.538671783),
    ]
}
