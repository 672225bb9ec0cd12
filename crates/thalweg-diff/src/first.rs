//! First derivatives: gradients and Jacobians by finite differences within bounds.
//!
//! *Formulas*, with f0 = f(x):
//!
//! | method | entry j | evaluations |
//! |---|---|---|
//! | forward | `(f(x + h e_j) - f0) / h` | n + 1 |
//! | backward | `(f(x - h e_j) - f0) / (-h)` | n + 1 |
//! | central | `(f(x + h e_j) - f(x - h e_j)) / (2 h)` | 2n (+ 1 for f0) |
//!
//! Where bounds leave no room for the method, or evaluations fail, the next formula for which all
//! values exist is used: central, forward, backward, in the order that starts with the method.
//! With `n_steps > 1` the differences are extrapolated, see `richardson.rs`.
//!
//! *Differences from optimagic.* When a one-sided difference fails, the other side can be evaluated
//! in a second round ([`Plan::extend`]); central derivatives do not need f0. For steps in bounds, see
//! the head of `placement.rs`.
//!
//! *Cost.* [`FirstPlan::update`] and [`Plan::finish`] touch each parameter once and do not allocate
//! unless something fails; a point differs from `x` in one coordinate ([`FirstPlan::shifts`]).

use std::ops::Range;

use crate::error::DiffError;
use crate::options::{DiffOptions, FirstMethod};
use crate::placement::{Sides, Spot, Stencil, place, place_one_sided};
use crate::plan::{Plan, Report, check_shapes};
use crate::steps::{Accuracy, Bounds, Limits, StepSizes, check_point};

mod candidates;
mod extrapolated;
mod repair;

pub use candidates::Candidate;
use extrapolated::Extrapolation;

/// A point that differs from `x` in one coordinate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shift {
    /// The coordinate.
    pub parameter: usize,
    /// Its value at the point; it is inside the bounds.
    pub value: f64,
}

/// A stencil and the numbers of its points: first all above `x` by increasing step, then all below.
#[derive(Debug, Clone, Copy)]
struct Placed {
    parameter: usize,
    first_point: usize,
    stencil: Stencil,
}

/// The evaluations for one first derivative, and their use. Reusable for other points `x` without
/// allocation.
///
/// ```
/// use thalweg_diff::{Bounds, DiffOptions, FirstPlan, Method, Plan};
///
/// let fun = |x: &[f64]| x[0] * x[0] + 3.0 * x[1];
/// let mut plan = FirstPlan::new(2, Bounds::NONE, &DiffOptions::new(Method::Forward))?;
/// let x = [1.0, 2.0];
/// plan.update(&x)?;
/// let mut point = [0.0; 2];
/// let mut evals = Vec::new();
/// for i in 0..plan.n_points() {
///     plan.write_point(i, &mut point);
///     evals.push(fun(&point));
/// }
/// let mut gradient = [0.0; 2];
/// let report = plan.finish(Some(&[fun(&x)]), &evals, 1, &mut gradient)?;
/// assert!(report.is_complete());
/// assert!((gradient[0] - 2.0).abs() < 1e-7 && (gradient[1] - 3.0).abs() < 1e-7);
/// # Ok::<(), thalweg_diff::DiffError>(())
/// ```
#[derive(Debug, Clone)]
pub struct FirstPlan {
    method: FirstMethod,
    sizes: StepSizes,
    limits: Option<Limits>,
    fixed: Vec<usize>,
    /// Powers of the step ratio, from 1 upwards; one per step.
    multiples: Vec<f64>,
    /// Present with more than one step.
    extrapolation: Option<Extrapolation>,
    x: Vec<f64>,
    shifts: Vec<Shift>,
    /// One per parameter, in order.
    stencils: Vec<Placed>,
    /// Parameters with failed entries that other points may replace.
    retry: Vec<usize>,
    /// Added by `extend`.
    extra: Vec<Placed>,
}

/// The values of one output at all points.
#[derive(Clone, Copy)]
struct Values<'a> {
    f0: f64,
    evals: &'a [f64],
    m: usize,
    output: usize,
}

impl Values<'_> {
    #[inline]
    fn at(&self, point: usize) -> f64 {
        self.evals[point * self.m + self.output]
    }
}

/// A difference formula for one entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Formula {
    Forward,
    Backward,
    Central,
}

impl FirstPlan {
    /// A plan for `n` parameters. Call [`update`](Self::update) with a point before anything else.
    ///
    /// # Errors
    /// Invalid options (see [`DiffOptions::validate_first`]), bounds or steps of the wrong length,
    /// crossed bounds, explicit steps not above `min_steps`.
    pub fn new(n: usize, bounds: Bounds<'_>, options: &DiffOptions) -> Result<Self, DiffError> {
        options.validate_first()?;
        let method = FirstMethod::try_from(options.method)?;
        let accuracy = Accuracy { derivative_order: 1, error_order: method.error_order() };
        let limits = Limits::new(bounds, n)?;
        let extrapolation = (options.n_steps > 1).then(|| Extrapolation {
            ratio: options.step_ratio,
            errors: Vec::new(),
            differences: Vec::with_capacity(options.n_steps),
            limits: Vec::with_capacity(options.n_steps),
        });
        Ok(Self {
            method,
            sizes: StepSizes::new(options, accuracy, n)?,
            fixed: limits.as_ref().map_or(Vec::new(), Limits::fixed),
            limits,
            multiples: (0..options.n_steps).map(|k| options.step_ratio.powi(k as i32)).collect(),
            extrapolation,
            x: vec![0.0; n],
            shifts: Vec::with_capacity(2 * n * options.n_steps),
            stencils: Vec::with_capacity(n),
            retry: Vec::new(),
            extra: Vec::new(),
        })
    }

    /// Plan the derivative at `x`. The order of the points is: parameter by parameter, above `x` by
    /// increasing step, then below.
    ///
    /// # Errors
    /// `x` has the wrong length, is not finite, or is outside the bounds; the plan has no points then.
    pub fn update(&mut self, x: &[f64]) -> Result<(), DiffError> {
        self.shifts.clear();
        self.stencils.clear();
        self.retry.clear();
        self.extra.clear();
        check_point(x, self.x.len())?;
        if let Some(limits) = &self.limits {
            limits.check(x)?;
        }
        self.x.copy_from_slice(x);
        let sides = match self.method {
            FirstMethod::Forward => Sides::Plus,
            FirstMethod::Backward => Sides::Minus,
            FirstMethod::Central => Sides::Both,
        };
        self.place_all(sides);
        Ok(())
    }

    /// Place all stencils. One step that fits is what optimizers want all day and has its own branch,
    /// in which everything stays in registers; the rest is careful, and slower.
    fn place_all(&mut self, sides: Sides) {
        let one_step = self.multiples.len() == 1;
        let (above, below) = (sides != Sides::Minus, sides != Sides::Plus);
        for parameter in 0..self.x.len() {
            let spot = self.spot(parameter);
            if !(one_step && spot.has_room(sides)) {
                self.place_carefully(sides, parameter);
                continue;
            }
            let (first_point, step) = (self.shifts.len(), spot.step);
            let (up, down) = (spot.point(step), spot.point(-step));
            if above {
                self.shifts.push(Shift { parameter, value: up });
            }
            if below {
                self.shifts.push(Shift { parameter, value: down });
            }
            let stencil = Stencil::full(sides, 1, step);
            self.stencils.push(Placed { parameter, first_point, stencil });
        }
    }

    #[cold]
    #[inline(never)]
    fn place_carefully(&mut self, sides: Sides, parameter: usize) {
        let mut shifts = std::mem::take(&mut self.shifts);
        let spot = self.spot(parameter);
        let stencil = place(sides, &spot);
        let placed = add_points(&mut shifts, parameter, stencil, &spot, self.sizes.exact);
        self.shifts = shifts;
        self.stencils.push(placed);
    }

    /// The points, each as its difference from `x`. The cheapest way to evaluate in place: set one
    /// coordinate, evaluate, set it back.
    pub fn shifts(&self) -> &[Shift] {
        &self.shifts
    }

    /// Where the differences of parameter `j` are taken.
    ///
    /// # Panics
    /// If `j` is not a parameter, or [`update`](Self::update) was not called.
    pub fn stencil(&self, j: usize) -> Stencil {
        self.stencils[j].stencil
    }

    /// Error estimates of the last derivative (m x n); `None` without extrapolation. NaN where an
    /// entry was not extrapolated because bounds or failures left one step only.
    pub fn errors(&self) -> Option<&[f64]> {
        self.extrapolation.as_ref().map(|extrapolation| extrapolation.errors.as_slice())
    }

    #[inline(always)]
    fn spot(&self, j: usize) -> Spot<'_> {
        let (lower, upper) = match &self.limits {
            Some(limits) => (limits.lower[j], limits.upper[j]),
            None => (-f64::MAX, f64::MAX),
        };
        let x = self.x[j];
        let step = self.sizes.at(j, x);
        let min_step = self.sizes.min_step(j);
        Spot { x, lower, upper, step, min_step, multiples: &self.multiples }
    }

    /// Plain differences of the requested method; the indices of parameters with failed entries
    /// go to `damaged`.
    fn finish_plain(
        &self,
        f0: Option<&[f64]>,
        evals: &[f64],
        m: usize,
        out: &mut [f64],
    ) -> Vec<usize> {
        let n = self.x.len();
        let mut damaged = Vec::new();
        for (j, placed) in self.stencils.iter().enumerate() {
            let stencil = placed.stencil;
            if stencil.is_fixed() {
                (0..m).for_each(|i| out[i * n + j] = 0.0);
                continue;
            }
            let row = |point: usize| &evals[point * m..(point + 1) * m];
            let first = row(placed.first_point);
            let mut sound = true;
            let (minuend, subtrahend, divisor) = match f0 {
                _ if stencil.is_central() => {
                    (first, row(placed.first_point + stencil.plus), 2.0 * stencil.step)
                }
                Some(f0) if stencil.plus > 0 => (first, f0, stencil.step),
                Some(f0) => (first, f0, -stencil.step),
                None => continue,
            };
            for i in 0..m {
                let entry = (minuend[i] - subtrahend[i]) / divisor;
                sound &= entry.is_finite();
                out[i * n + j] = entry;
            }
            if !sound {
                damaged.push(j);
            }
        }
        damaged
    }

    /// Step `k` of a formula's differences.
    fn difference(&self, placed: &Placed, formula: Formula, k: usize, values: Values<'_>) -> f64 {
        let step = placed.stencil.step * self.multiples[k];
        let above = placed.first_point + k;
        let below = placed.first_point + placed.stencil.plus + k;
        match formula {
            Formula::Forward => (values.at(above) - values.f0) / step,
            Formula::Backward => (values.at(below) - values.f0) / -step,
            Formula::Central => (values.at(above) - values.at(below)) / (2.0 * step),
        }
    }
}

/// The formulas for which a stencil has points, the best first. One-sided methods never have
/// points on both sides, so that the order serves all methods.
fn formulas(stencil: &Stencil) -> impl Iterator<Item = Formula> + use<> {
    let (plus, minus) = (stencil.plus > 0, stencil.minus > 0);
    [Formula::Central, Formula::Forward, Formula::Backward].into_iter().filter(move |formula| {
        match formula {
            Formula::Forward => plus,
            Formula::Backward => minus,
            Formula::Central => plus && minus,
        }
    })
}

/// Append the points of a stencil, and make the step agree with the points where it must.
fn add_points(
    shifts: &mut Vec<Shift>,
    parameter: usize,
    mut stencil: Stencil,
    spot: &Spot<'_>,
    exact: bool,
) -> Placed {
    let first_point = shifts.len();
    if stencil.shortened || exact {
        let sign = if stencil.plus > 0 { 1.0 } else { -1.0 };
        let rounded = (spot.point(sign * stencil.step) - spot.x).abs();
        if rounded > 0.0 {
            stencil.step = rounded;
        }
    }
    for (sign, count) in [(1.0, stencil.plus), (-1.0, stencil.minus)] {
        for multiple in &spot.multiples[..count] {
            let value = spot.point(sign * stencil.step * multiple);
            shifts.push(Shift { parameter, value });
        }
    }
    Placed { parameter, first_point, stencil }
}

impl Plan for FirstPlan {
    fn n_params(&self) -> usize {
        self.x.len()
    }

    fn n_points(&self) -> usize {
        self.shifts.len()
    }

    fn write_point(&self, i: usize, point: &mut [f64]) {
        point.copy_from_slice(&self.x);
        let Shift { parameter, value } = self.shifts[i];
        point[parameter] = value;
    }

    fn needs_f0(&self) -> bool {
        let one_sided = |placed: &Placed| placed.stencil.plus != placed.stencil.minus;
        self.stencils.iter().any(one_sided)
    }

    fn derivative_len(&self, m: usize) -> usize {
        m * self.x.len()
    }

    fn fixed(&self) -> &[usize] {
        &self.fixed
    }

    fn finish(
        &mut self,
        f0: Option<&[f64]>,
        evals: &[f64],
        m: usize,
        out: &mut [f64],
    ) -> Result<Report, DiffError> {
        check_shapes(self, f0, evals, m, out)?;
        let damaged = if self.extrapolation.is_some() {
            self.finish_extrapolated(f0, evals, m, out)
        } else {
            self.finish_plain(f0, evals, m, out)
        };
        if damaged.is_empty() {
            self.retry.clear();
            return Ok(Report::default());
        }
        Ok(self.repair_all(&damaged, f0, evals, m, out))
    }

    fn extend(&mut self) -> Range<usize> {
        let start = self.shifts.len();
        if !self.extra.is_empty() {
            return start..start;
        }
        let mut shifts = std::mem::take(&mut self.shifts);
        let mut extra = Vec::new();
        for &j in &self.retry {
            let stencil = self.stencils[j].stencil;
            let side = match (stencil.plus > 0, stencil.minus > 0) {
                (true, false) => Sides::Minus,
                (false, true) => Sides::Plus,
                _ => continue,
            };
            let spot = self.spot(j);
            let mirrored = place_one_sided(side, &spot);
            if !mirrored.is_fixed() {
                extra.push(add_points(&mut shifts, j, mirrored, &spot, self.sizes.exact));
            }
        }
        self.shifts = shifts;
        self.extra = extra;
        start..self.shifts.len()
    }
}
