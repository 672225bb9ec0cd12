//! Fletcher's models of distillation columns: hydrocarbons in 6 and 20 stages, methanol in 8 stages from two starts (Fletcher,
//! problem 2 of Moré 1990; CUTEst HYDCAR6, HYDCAR20, METHANB8, METHANL8).
//!
//! Stage `i` of `N` has a temperature `T_i`, mole fractions `x_ij` of the components in its liquid, and sends a stream `V_i` of vapour
//! up, whose mole fractions are `y_ij = x_ij K_j(T_i) / pi_i`, `K_j = exp(a_j + b_j / (c_j + T))`. The liquid flows down,
//! `L_i = V_i + B` from stage `i + 1` to `i` below the feed and `V_i - D` above it. Equations, in Fletcher's numbers:
//! balances of each component (2.1, 2.2), no change at the condenser (2.3), fractions that add up (2.7), balances of heat (2.8, 2.9).
//!
//! As in optimagic's set, so that results compare, the liquid that leaves the hydrocarbons' feed stage has the enthalpy of the
//! temperature one stage below.

use crate::Function;

/// Constants of a component.
pub(super) struct Component {
    /// `a, b, c` of Antoine's equation.
    pub antoine: [f64; 3],
    /// Coefficients of the enthalpy of the liquid, a polynomial in the temperature.
    pub liquid: [f64; 3],
    /// The same of the vapour.
    pub vapour: [f64; 3],
    /// The feed.
    pub feed: f64,
}

/// A column.
pub(super) struct Column {
    pub components: &'static [Component],
    pub stages: usize,
    /// The stage that is fed.
    pub feed_stage: usize,
    pub feed_temperature: f64,
    /// The bottom product.
    pub bottom: f64,
    /// The distillate.
    pub distillate: f64,
    /// The heat that is brought in.
    pub heat: f64,
    /// The pressure of a stage.
    pub pressure: fn(usize) -> f64,
    /// Whether the temperature of a stage stands before its fractions (or all temperatures after all fractions), and whether the
    /// equations of a component stand together (or those of a stage).
    pub by_stage: bool,
    /// Whether the heat of the liquid from the feed stage is that of the temperature one stage below.
    pub feed_heat_from_below: bool,
}

/// The scales of the balances of components and of heat.
const AMOUNTS: f64 = 1e2;
const HEATS: f64 = 1e5;

const HYDROCARBONS: [Component; 3] = [
    Component {
        antoine: [9.647, -2998.0, 230.66],
        liquid: [0.0, 37.6, 0.0],
        vapour: [8425.0, 24.2, 0.0],
        feed: 30.0,
    },
    Component {
        antoine: [9.953, -3448.1, 235.88],
        liquid: [0.0, 48.2, 0.0],
        vapour: [9395.0, 35.6, 0.0],
        feed: 30.0,
    },
    Component {
        antoine: [9.466, -3347.25, 215.31],
        liquid: [0.0, 45.4, 0.0],
        vapour: [10466.0, 31.9, 0.0],
        feed: 40.0,
    },
];

const METHANOL_AND_WATER: [Component; 2] = [
    Component {
        antoine: [18.5751, -3632.649, 239.2],
        liquid: [0.0, 15.97, 0.0422],
        vapour: [9566.67, -1.59, 0.0422],
        feed: 451.25,
    },
    Component {
        antoine: [18.3443, -3841.2203, 228.0],
        liquid: [0.0, 18.1, 0.0],
        vapour: [10834.67, 8.74, 0.0],
        feed: 684.25,
    },
];

/// Hydrocarbons.
pub(super) fn hydrocarbons(stages: usize, feed_stage: usize) -> Function {
    function(Column {
        components: &HYDROCARBONS,
        stages,
        feed_stage,
        feed_temperature: 100.0,
        bottom: 40.0,
        distillate: 60.0,
        heat: 2.5e6,
        pressure: |_| 1.0,
        by_stage: false,
        feed_heat_from_below: true,
    })
}

/// Methanol and water in 8 stages.
pub(super) fn methanol() -> Function {
    function(Column {
        components: &METHANOL_AND_WATER,
        stages: 8,
        feed_stage: 2,
        feed_temperature: 89.0,
        bottom: 693.37,
        distillate: 442.13,
        heat: 8_386_200.0,
        pressure: |stage| 1210.0 - 10.0 * stage as f64,
        by_stage: true,
        feed_heat_from_below: false,
    })
}

fn function(column: Column) -> Function {
    let n = column.size();
    Function::with_parameter(column, n, residuals, jacobian)
}

fn polynomial([a, b, c]: [f64; 3], t: f64) -> (f64, f64) {
    (a + t * (b + t * c), b + 2.0 * t * c)
}

/// A stream into or out of a stage.
struct Stream {
    /// Out (1) or in (-1).
    sign: f64,
    vapour: bool,
    /// The stage that it comes from.
    stage: usize,
    /// The stage whose temperature it has.
    temperature: usize,
    /// The stage whose vapour sets its size, if any, and what comes on top.
    follows: Option<usize>,
    extra: f64,
}

/// A fraction with its derivatives with respect to that of the liquid and to the temperature, times an enthalpy if heat counts.
struct Content {
    value: f64,
    by_fraction: f64,
    by_temperature: f64,
}

impl Stream {
    fn vapour(sign: f64, stage: usize) -> Self {
        let follows = Some(stage);
        Stream { sign, vapour: true, stage, temperature: stage, follows, extra: 0.0 }
    }
}

impl Column {
    fn size(&self) -> usize {
        self.stages * (self.components.len() + 2) - 1
    }

    fn fraction(&self, stage: usize, component: usize) -> usize {
        let width = self.components.len();
        if self.by_stage { stage * (width + 1) + 1 + component } else { stage * width + component }
    }

    fn temperature(&self, stage: usize) -> usize {
        let width = self.components.len();
        if self.by_stage { stage * (width + 1) } else { self.stages * width + stage }
    }

    fn vapour(&self, stage: usize) -> usize {
        self.stages * (self.components.len() + 1) + stage
    }

    /// The row of a component's balance at stages 0 to N - 2; that of N - 1 is the condenser's.
    fn component_row(&self, stage: usize, component: usize) -> usize {
        let (width, condenser) = (self.components.len(), stage == self.stages - 1);
        if self.by_stage {
            // The bottom, the condenser, then all other stages of a component.
            let place = if condenser { 1 } else { stage + usize::from(stage > 0) };
            component * self.stages + place
        } else {
            let place = if condenser { 1 } else { stage + usize::from(stage > 0) };
            place * width + component
        }
    }

    /// The rows of the sums of fractions, after which those of the balances of heat follow.
    fn sum_row(&self, stage: usize) -> usize {
        self.stages * self.components.len() + stage
    }

    fn heat_row(&self, stage: usize) -> usize {
        self.stages * (self.components.len() + 1) + stage
    }

    /// The liquid that flows down from stage `i + 1`, on top of the vapour of stage `i`.
    fn extra_liquid(&self, i: usize) -> f64 {
        if i < self.feed_stage { self.bottom } else { -self.distillate }
    }

    /// The streams of stages 0 to N - 2: out as vapour and liquid, in as vapour and liquid.
    fn streams(&self, i: usize) -> impl Iterator<Item = Stream> {
        let below = i.checked_sub(1);
        let colder = self.feed_heat_from_below && i == self.feed_stage;
        let liquid_out = Stream {
            sign: 1.0,
            vapour: false,
            stage: i,
            temperature: i - usize::from(colder),
            follows: below,
            extra: below.map_or(self.bottom, |below| self.extra_liquid(below)),
        };
        let liquid_in = Stream {
            sign: -1.0,
            vapour: false,
            stage: i + 1,
            temperature: i + 1,
            follows: Some(i),
            extra: self.extra_liquid(i),
        };
        let vapour_in = below.map(|below| Stream::vapour(-1.0, below));
        [Some(Stream::vapour(1.0, i)), Some(liquid_out), vapour_in, Some(liquid_in)]
            .into_iter()
            .flatten()
    }

    fn flow(&self, x: &[f64], stream: &Stream) -> f64 {
        stream.follows.map_or(0.0, |stage| x[self.vapour(stage)]) + stream.extra
    }

    /// The vapour's fraction of a component.
    fn vapour_content(&self, x: &[f64], stage: usize, j: usize) -> Content {
        self.content(x, &Stream::vapour(1.0, stage), j, false)
    }

    /// What there is of a component in a stream, as an amount or as heat.
    fn content(&self, x: &[f64], stream: &Stream, j: usize, heat: bool) -> Content {
        let component = &self.components[j];
        let Stream { vapour, stage, temperature, .. } = *stream;
        let (fraction, t) = (x[self.fraction(stage, j)], x[self.temperature(temperature)]);
        let (mut factor, mut slope) = (1.0, 0.0);
        if vapour {
            let [a, b, c] = component.antoine;
            factor = (a + b / (c + t)).exp() / (self.pressure)(stage);
            slope = -factor * b / ((c + t) * (c + t));
        }
        if heat {
            let coefficients = if vapour { component.vapour } else { component.liquid };
            let (enthalpy, change) = polynomial(coefficients, t);
            slope = slope * enthalpy + factor * change;
            factor *= enthalpy;
        }
        Content { value: fraction * factor, by_fraction: factor, by_temperature: fraction * slope }
    }

    /// The enthalpy of the feed.
    fn feed_heat(&self) -> f64 {
        let heats = self.components.iter().map(|component| {
            component.feed * polynomial(component.liquid, self.feed_temperature).0
        });
        heats.sum()
    }
}

fn residuals(column: &Column, x: &[f64], r: &mut [f64]) {
    let (width, top) = (column.components.len(), column.stages - 1);
    for i in 0..top {
        let fed = f64::from(u8::from(i == column.feed_stage));
        let boiler = f64::from(u8::from(i == 0));
        let mut heat = -fed * column.feed_heat() - boiler * column.heat;
        for j in 0..width {
            let mut amount = -fed * column.components[j].feed;
            for stream in column.streams(i) {
                let flow = stream.sign * column.flow(x, &stream);
                let of = |heat| column.content(x, &stream, j, heat).value;
                amount += flow * of(false);
                heat += flow * of(true);
            }
            r[column.component_row(i, j)] = amount / AMOUNTS;
        }
        r[column.heat_row(i)] = heat / HEATS;
    }
    for j in 0..width {
        let vapour = column.vapour_content(x, top - 1, j).value;
        r[column.component_row(top, j)] = vapour - x[column.fraction(top, j)];
    }
    for i in 0..=top {
        let sum: f64 = (0..width).map(|j| column.vapour_content(x, i, j).value).sum();
        r[column.sum_row(i)] = sum - 1.0;
    }
}

fn jacobian(column: &Column, x: &[f64], jac: &mut [f64]) {
    let (n, width, top) = (x.len(), column.components.len(), column.stages - 1);
    jac.fill(0.0);
    for i in 0..top {
        for j in 0..width {
            let rows =
                [(column.component_row(i, j), false, AMOUNTS), (column.heat_row(i), true, HEATS)];
            for stream in column.streams(i) {
                let flow = column.flow(x, &stream);
                for (row, heat, scale) in rows {
                    let row = &mut jac[row * n..][..n];
                    let weight = stream.sign / scale;
                    let content = column.content(x, &stream, j, heat);
                    row[column.fraction(stream.stage, j)] += weight * flow * content.by_fraction;
                    row[column.temperature(stream.temperature)] +=
                        weight * flow * content.by_temperature;
                    if let Some(stage) = stream.follows {
                        row[column.vapour(stage)] += weight * content.value;
                    }
                }
            }
        }
    }
    for j in 0..width {
        let row = &mut jac[column.component_row(top, j) * n..][..n];
        let vapour = column.vapour_content(x, top - 1, j);
        row[column.fraction(top, j)] = -1.0;
        row[column.fraction(top - 1, j)] = vapour.by_fraction;
        row[column.temperature(top - 1)] = vapour.by_temperature;
    }
    for i in 0..=top {
        let row = &mut jac[column.sum_row(i) * n..][..n];
        for j in 0..width {
            let vapour = column.vapour_content(x, i, j);
            row[column.fraction(i, j)] = vapour.by_fraction;
            row[column.temperature(i)] += vapour.by_temperature;
        }
    }
}
