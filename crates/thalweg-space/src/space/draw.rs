//! Random points of a space, for searches from many starts.
//!
//! A point is made from one number in (0, 1) per free coordinate, so any sequence will do: random, Sobol, Halton. Where a
//! coordinate is drawn is what the transform in whose hands it is says (see [`Sampling`]): plain ones between their bounds;
//! entries of linear combinations between the bounds of the user's parameters; probabilities, covariances and
//! correlations by a recipe of their own, without bounds. Every point obeys all bounds and constraints: the coordinates of
//! combinations are moved toward the start as far as it takes, which the start and the convex set between their limits allow.

use std::fmt;

use super::{Names, Space};
use crate::bounds::Bounds;
use crate::transform::Sampling;

/// How coordinates between bounds are distributed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Distribution {
    /// Every value is as likely as any other: `l + u (b - l)`.
    #[default]
    Uniform,
    /// The density falls linearly from the start value to zero at the bounds.
    Triangular,
}

impl Distribution {
    /// The quantile of a number `u` in (0, 1), with `mode` as the start value.
    ///
    /// Triangular: with `w = b - l` and `c = (mode - l) / w`, `l + w sqrt(u c)` if `u < c`, and
    /// `l + w (1 - sqrt((1 - u)(1 - c)))` otherwise. A start value outside counts as the nearest bound.
    pub fn quantile(self, u: f64, lower: f64, upper: f64, mode: f64) -> f64 {
        let width = upper - lower;
        let share = match self {
            Distribution::Uniform => u,
            Distribution::Triangular => {
                let c = if width > 0.0 { ((mode - lower) / width).clamp(0.0, 1.0) } else { 0.0 };
                if u < c { (u * c).sqrt() } else { 1.0 - ((1.0 - u) * (1.0 - c)).sqrt() }
            }
        };
        (lower + share * width).clamp(lower, upper)
    }
}

/// Why points cannot be drawn.
#[derive(Clone, Debug, PartialEq)]
pub enum SamplingError {
    /// Parameters without finite bounds, and which bounds they lack.
    Missing(Vec<String>),
    /// Parameters whose bounds leave no value between them, with the bounds.
    Empty(Vec<String>),
}

impl fmt::Display for SamplingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |items: &[String]| match items.len() {
            0..=10 => items.join(", "),
            n => format!("{} and {} more", items[..10].join(", "), n - 10),
        };
        match self {
            SamplingError::Missing(items) => write!(
                f,
                "random start values are drawn between bounds or soft bounds, which have to be finite; these are \
                 missing: {}.",
                list(items)
            ),
            SamplingError::Empty(items) => write!(
                f,
                "no value lies between the bounds and soft bounds of these parameters: {}. Soft bounds must overlap \
                 with bounds.",
                list(items)
            ),
        }
    }
}

impl std::error::Error for SamplingError {}

/// One side of a transform: its start values and the bounds for sampling there.
struct Level {
    start: Vec<f64>,
    lower: Vec<f64>,
    upper: Vec<f64>,
    /// The place of every free coordinate.
    places: Vec<usize>,
}

impl Level {
    /// Start value, lower and upper bound of a free coordinate.
    fn of(&self, k: usize) -> (f64, f64, f64) {
        let place = self.places[k];
        (self.start[place], self.lower[place], self.upper[place])
    }
}

impl Space {
    /// Whether every coordinate can be drawn: whether those that need bounds have finite ones. `sampling` are bounds of
    /// the user's parameters, usually the tighter of bounds and soft bounds.
    ///
    /// # Errors
    ///
    /// [`SamplingError`] with the names of the parameters that lack bounds, or whose bounds contradict each other.
    pub fn check_sampling(
        &self,
        sampling: &Bounds,
        names: &dyn Fn(usize) -> String,
    ) -> Result<(), SamplingError> {
        let levels = self.levels(sampling);
        let (mut missing, mut empty) = (Vec::new(), Vec::new());
        for k in 0..self.n_free() {
            let (level, sampling) = self.drawn_at(k, &levels);
            let (_, lower, upper) = levels[level].of(k);
            let name = || Names(names).of(self.user_position(k));
            match (lower.is_finite(), upper.is_finite()) {
                _ if sampling == Sampling::Own => {}
                (true, true) if lower <= upper => {}
                (true, true) => empty.push(format!("'{}' [{lower:?}, {upper:?}]", name())),
                (true, false) => missing.push(format!("'{}' (upper)", name())),
                (false, true) => missing.push(format!("'{}' (lower)", name())),
                (false, false) => missing.push(format!("'{}' (lower and upper)", name())),
            }
        }
        match (missing.is_empty(), empty.is_empty()) {
            (false, _) => Err(SamplingError::Missing(missing)),
            (true, false) => Err(SamplingError::Empty(empty)),
            (true, true) => Ok(()),
        }
    }

    /// The internal point that belongs to `unit`, which has a number in (0, 1) for every free coordinate. It obeys all
    /// bounds and constraints; `None` if there is no such point, which only numbers beyond all bounds can bring about.
    ///
    /// # Panics
    ///
    /// If `unit` does not have [`n_free`](Space::n_free) entries.
    pub fn draw(
        &self,
        unit: &[f64],
        sampling: &Bounds,
        distribution: Distribution,
    ) -> Option<Vec<f64>> {
        assert_eq!(unit.len(), self.n_free());
        let levels = self.levels(sampling);
        let drawn_at: Vec<(usize, Sampling)> =
            (0..self.n_free()).map(|k| self.drawn_at(k, &levels)).collect();
        let mut point = levels[0].start.clone();
        for (s, level) in levels.iter().enumerate() {
            let mut units = vec![0.5; point.len()];
            for (k, &(at, sampling)) in drawn_at.iter().enumerate() {
                units[level.places[k]] = unit[k];
                if at == s && sampling != Sampling::Own {
                    let (start, lower, upper) = level.of(k);
                    let value = distribution.quantile(unit[k], lower, upper, start);
                    point[level.places[k]] = value;
                }
            }
            if let Some(stage) = self.stages.get(s) {
                stage.draw(&units, &level.start, &mut point);
                let mut internal = vec![0.0; stage.n_internal()];
                stage.to_internal(&point, &mut internal);
                point = internal;
            }
        }
        let bound_to_each_other = |k: usize| drawn_at[k].1 != Sampling::Internal;
        self.move_inside(&mut point, bound_to_each_other);
        let mut user = vec![0.0; self.n_user()];
        self.to_user(&point, &mut user, &mut self.workspace());
        user.iter().chain(&point).all(|value| value.is_finite()).then_some(point)
    }

    /// All sides from the user's inwards.
    fn levels(&self, sampling: &Bounds) -> Vec<Level> {
        let inner = (0..self.n_free()).collect();
        let (mut starts, mut places) = (vec![self.start.clone()], vec![inner]);
        for stage in self.stages.iter().rev() {
            let mut user = vec![0.0; stage.n_user()];
            stage.to_user(&starts[starts.len() - 1], &mut user);
            starts.push(user);
            let inside: &Vec<usize> = &places[places.len() - 1];
            places.push(inside.iter().map(|&place| stage.user_position(place)).collect());
        }
        let (mut lower, mut upper): (Vec<f64>, Vec<f64>) =
            (0..self.n_user()).map(|position| sampling.at(position)).unzip();
        let sides = starts.into_iter().zip(places).rev().enumerate();
        sides
            .map(|(s, (start, places))| {
                if s > 0 {
                    (lower, upper) = self.stages[s - 1].internal_bounds(&lower, &upper);
                }
                Level { start, lower: lower.clone(), upper: upper.clone(), places }
            })
            .collect()
    }

    /// The level at which a coordinate is drawn: the outermost whose transform asks for it, or else the innermost.
    fn drawn_at(&self, k: usize, levels: &[Level]) -> (usize, Sampling) {
        let ask = |s: usize| (s, self.stages[s].sampling(levels[s + 1].places[k]));
        let innermost = (self.stages.len(), Sampling::Internal);
        (0..self.stages.len())
            .map(ask)
            .find(|(_, sampling)| *sampling != Sampling::Internal)
            .unwrap_or(innermost)
    }

    /// Moves a point into the internal bounds: single coordinates to the nearest bound, those that are bound to each other
    /// along the way to the start, as far as the first of them needs.
    fn move_inside(&self, point: &mut [f64], bound_to_each_other: impl Fn(usize) -> bool) {
        let limits = |k: usize| {
            let lower = self.lower.as_ref().map_or(f64::NEG_INFINITY, |lower| lower[k]);
            (lower, self.upper.as_ref().map_or(f64::INFINITY, |upper| upper[k]))
        };
        let share_inside = |k: usize, value: f64| {
            let (start, (lower, upper)) = (self.start[k], limits(k));
            if value < lower {
                (start - lower) / (start - value)
            } else if value > upper {
                (upper - start) / (value - start)
            } else {
                1.0
            }
        };
        let share = (0..point.len())
            .filter(|&k| bound_to_each_other(k))
            .fold(1.0, |share: f64, k| share.min(share_inside(k, point[k])));
        for (k, value) in point.iter_mut().enumerate() {
            let (lower, upper) = limits(k);
            if share < 1.0 && bound_to_each_other(k) {
                *value = self.start[k] + share * (*value - self.start[k]);
            }
            *value = value.max(lower).min(upper);
        }
    }
}

#[cfg(test)]
mod tests;
