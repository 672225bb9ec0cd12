//! Problems with known solutions: W. Hock, K. Schittkowski, Test Examples for Nonlinear Programming Codes, 1981.

pub const INF: f64 = f64::INFINITY;

type Function = fn(&[f64]) -> Vec<f64>;

/// A problem: minimize `fun` within bounds and limits of `constraints`.
pub struct Classic {
    pub name: &'static str,
    pub start: &'static [f64],
    pub fun: fn(&[f64]) -> f64,
    pub constraints: Function,
    pub lower: &'static [f64],
    pub upper: &'static [f64],
    /// Bounds of all parameters.
    pub bounds: (f64, f64),
    pub solution: &'static [f64],
    pub value: f64,
}

pub const CLASSICS: &[Classic] = &[
    Classic {
        name: "HS6",
        start: &[-1.2, 1.0],
        fun: |x| (1.0 - x[0]).powi(2),
        constraints: |x| vec![10.0 * (x[1] - x[0].powi(2))],
        lower: &[0.0],
        upper: &[0.0],
        bounds: (-INF, INF),
        solution: &[1.0, 1.0],
        value: 0.0,
    },
    Classic {
        name: "HS7",
        start: &[2.0, 2.0],
        fun: |x| (1.0 + x[0].powi(2)).ln() - x[1],
        constraints: |x| vec![(1.0 + x[0].powi(2)).powi(2) + x[1].powi(2)],
        lower: &[4.0],
        upper: &[4.0],
        bounds: (-INF, INF),
        solution: &[0.0, 1.7320508075688772],
        value: -1.7320508075688772,
    },
    Classic {
        name: "HS26",
        start: &[-2.6, 2.0, 2.0],
        fun: |x| (x[0] - x[1]).powi(2) + (x[1] - x[2]).powi(4),
        constraints: |x| vec![(1.0 + x[1].powi(2)) * x[0] + x[2].powi(4)],
        lower: &[3.0],
        upper: &[3.0],
        bounds: (-INF, INF),
        // The valley is flat: a quartic term decides.
        solution: &[1.0, 1.0, 1.0],
        value: 0.0,
    },
    Classic {
        name: "HS35",
        start: &[0.5, 0.5, 0.5],
        fun: |x| {
            let squares = 2.0 * x[0].powi(2) + 2.0 * x[1].powi(2) + x[2].powi(2);
            let mixed = 2.0 * x[0] * x[1] + 2.0 * x[0] * x[2];
            9.0 - 8.0 * x[0] - 6.0 * x[1] - 4.0 * x[2] + squares + mixed
        },
        constraints: |x| vec![x[0] + x[1] + 2.0 * x[2]],
        lower: &[-INF],
        upper: &[3.0],
        bounds: (0.0, INF),
        solution: &[4.0 / 3.0, 7.0 / 9.0, 4.0 / 9.0],
        value: 1.0 / 9.0,
    },
    Classic {
        name: "HS39",
        start: &[2.0, 2.0, 2.0, 2.0],
        fun: |x| -x[0],
        constraints: |x| {
            vec![x[1] - x[0].powi(3) - x[2].powi(2), x[0].powi(2) - x[1] - x[3].powi(2)]
        },
        lower: &[0.0, 0.0],
        upper: &[0.0, 0.0],
        bounds: (-INF, INF),
        solution: &[1.0, 1.0, 0.0, 0.0],
        value: -1.0,
    },
    Classic {
        name: "HS43",
        start: &[0.0, 0.0, 0.0, 0.0],
        fun: |x| {
            let squares = x[0].powi(2) + x[1].powi(2) + 2.0 * x[2].powi(2) + x[3].powi(2);
            squares - 5.0 * x[0] - 5.0 * x[1] - 21.0 * x[2] + 7.0 * x[3]
        },
        constraints: |x| {
            let squares = x.iter().map(|x| x * x).collect::<Vec<_>>();
            vec![
                squares.iter().sum::<f64>() + x[0] - x[1] + x[2] - x[3],
                squares.iter().sum::<f64>() + squares[1] + squares[3] - x[0] - x[3],
                2.0 * squares[0] + squares[1] + squares[2] + 2.0 * x[0] - x[1] - x[3],
            ]
        },
        lower: &[-INF, -INF, -INF],
        upper: &[8.0, 10.0, 5.0],
        bounds: (-INF, INF),
        solution: &[0.0, 1.0, 2.0, -1.0],
        value: -44.0,
    },
    Classic {
        name: "HS71",
        start: &[1.0, 5.0, 5.0, 1.0],
        fun: |x| x[0] * x[3] * (x[0] + x[1] + x[2]) + x[2],
        constraints: |x| vec![x.iter().product(), x.iter().map(|x| x * x).sum()],
        lower: &[25.0, 40.0],
        upper: &[INF, 40.0],
        bounds: (1.0, 5.0),
        solution: &[1.0, 4.742999637, 3.821149984, 1.379408294],
        value: 17.0140172892,
    },
    Classic {
        name: "HS100",
        start: &[1.0, 2.0, 0.0, 4.0, 0.0, 1.0, 1.0],
        fun: |x| {
            (x[0] - 10.0).powi(2)
                + 5.0 * (x[1] - 12.0).powi(2)
                + x[2].powi(4)
                + 3.0 * (x[3] - 11.0).powi(2)
                + 10.0 * x[4].powi(6)
                + 7.0 * x[5].powi(2)
                + x[6].powi(4)
                - 4.0 * x[5] * x[6]
                - 10.0 * x[5]
                - 8.0 * x[6]
        },
        constraints: |x| {
            let first =
                2.0 * x[0].powi(2) + 3.0 * x[1].powi(4) + x[2] + 4.0 * x[3].powi(2) + 5.0 * x[4];
            let second = 7.0 * x[0] + 3.0 * x[1] + 10.0 * x[2].powi(2) + x[3] - x[4];
            let third = 23.0 * x[0] + x[1].powi(2) + 6.0 * x[5].powi(2) - 8.0 * x[6];
            let fourth = 4.0 * x[0].powi(2) + x[1].powi(2) - 3.0 * x[0] * x[1]
                + 2.0 * x[2].powi(2)
                + 5.0 * x[5]
                - 11.0 * x[6];
            vec![first, second, third, fourth]
        },
        lower: &[-INF, -INF, -INF, -INF],
        upper: &[127.0, 282.0, 196.0, 0.0],
        bounds: (-INF, INF),
        solution: &[2.330499, 1.951372, -0.4775414, 4.365726, -0.6244870, 1.038131, 1.594227],
        value: 680.6300573,
    },
    Classic {
        name: "Rosenbrock on a disc",
        start: &[0.0, 0.0],
        fun: |x| 100.0 * (x[1] - x[0].powi(2)).powi(2) + (1.0 - x[0]).powi(2),
        constraints: |x| vec![x[0].powi(2) + x[1].powi(2)],
        lower: &[-INF],
        upper: &[1.0],
        bounds: (-INF, INF),
        solution: &[0.786415154, 0.617698317],
        value: 0.04567480872,
    },
    Classic {
        name: "C27",
        start: &[1.0, 1.0, 1.0, 1.0, 1.0, 1.0],
        fun: |x| {
            let offset = [1.0, 0.8, 0.6, 0.4, 0.2, 0.0];
            x.iter().zip(offset).map(|(x, o)| (x - o).powi(2)).sum()
        },
        constraints: |x| vec![x[..5].iter().product()],
        lower: &[1.0],
        upper: &[1.0],
        bounds: (-INF, INF),
        solution: &[1.31, 1.16, 1.01, 0.87, 0.75, 0.0],
        value: 0.9158,
    },
];
