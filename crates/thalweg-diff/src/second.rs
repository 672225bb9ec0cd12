//! Second derivatives: Hessians by finite differences within bounds.
//!
//! *Formulas* for entry (j, k), with `f(+j -k) = f(x + h_j e_j - h_k e_k)` and so on:
//!
//! | method | entry | points |
//! |---|---|---|
//! | forward | `[f(+j+k) - f(+k) - (f(+j) - f0)] / (h_j h_k)` | n + n(n+1)/2 |
//! | backward | the same with minus | n + n(n+1)/2 |
//! | central_average | (forward + backward numerator) `/ (2 h_j h_k)` | 2n + n(n+1) |
//! | central_cross | `[f(+j+k) - f(+j-k) - (f(-j+k) - f(-j-k))] / (4 h_j h_k)` | 2n + 2n(n-1) |
//!
//! plus f0. On the diagonal of central_cross both mixed points are `x` itself, so it is
//! `[f(x + 2h) - f0 - (f0 - f(x - 2h))] / (4 h^2)`. The order of the brackets limits cancellation.
//!
//! *Bounds and failures.* Each entry goes down the same list, from the method over its relatives to
//! one-sided differences, and ends with one-sided differences of unequal signs (upwards in j,
//! downwards in k), and uses the first formula whose points are inside the bounds and, in the second
//! round, have values.
//!
//! *Differences from optimagic.* Only the points of the chosen method are evaluated; others only when
//! something failed ([`Plan::extend`]). The points at distance 2h respect the bounds, too. Corners
//! (one parameter at its upper, another at its lower bound) get an entry instead of NaN. Results are
//! symmetric to the last bit.
//!
//! Reference: Dennis & Schnabel (1996), doi:10.1137/1.9781611971200, section 5.6.

use std::ops::Range;

use crate::error::DiffError;
use crate::options::{DiffOptions, SecondMethod};
use crate::placement::{Sides, Spot, place};
use crate::plan::{Plan, Report, check_shapes};
use crate::steps::{Accuracy, Bounds, Limits, StepSizes, check_point};

/// Steps must fit twice because of the diagonal.
const MULTIPLES: [f64; 1] = [2.0];

/// Steps below this would underflow when multiplied; such an interval counts as a point.
const SMALLEST_STEP: f64 = 1e-150;

/// A point that is not part of the plan.
const ABSENT: usize = usize::MAX;

/// A direction along one coordinate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    Plus,
    Minus,
}

impl Sign {
    fn value(self) -> f64 {
        if self == Self::Plus { 1.0 } else { -1.0 }
    }

    fn index(self) -> usize {
        usize::from(self == Self::Minus)
    }
}

/// A point, by its displacement from `x`.
#[derive(Debug, Clone, Copy)]
enum Place {
    /// `x` itself.
    Origin,
    /// `x + s h_j e_j`.
    One(usize, Sign),
    /// `x + 2 s h_j e_j`.
    Two(usize, Sign),
    /// `x + s h_j e_j + t h_k e_k`, j < k.
    Pair(usize, Sign, usize, Sign),
}

/// A difference formula for one entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Formula {
    Cross,
    Average,
    OneSided(Sign, Sign),
}

const UP: Formula = Formula::OneSided(Sign::Plus, Sign::Plus);
const DOWN: Formula = Formula::OneSided(Sign::Minus, Sign::Minus);
const UP_DOWN: Formula = Formula::OneSided(Sign::Plus, Sign::Minus);
const DOWN_UP: Formula = Formula::OneSided(Sign::Minus, Sign::Plus);

/// The points a, b, c, d of `(f(a) - f(b)) - (f(c) - f(d))`.
#[derive(Debug, Clone, Copy)]
struct Bracket([Place; 4]);

/// The step of one parameter and the sides on which it fits once and twice.
#[derive(Debug, Clone, Copy)]
struct Reach {
    step: f64,
    once: [bool; 2],
    twice: [bool; 2],
}

/// The evaluations for one second derivative, and their use. Reusable for other points `x`.
///
/// ```
/// use thalweg_diff::{Bounds, DiffOptions, Plan, SecondPlan};
///
/// let fun = |x: &[f64]| x[0] * x[0] * x[1];
/// let x = [1.0, 2.0];
/// let mut plan = SecondPlan::new(2, Bounds::NONE, &DiffOptions::for_hessian())?;
/// plan.update(&x)?;
/// let evals: Vec<f64> = plan.to_points().chunks_exact(2).map(fun).collect();
/// let mut hessian = [0.0; 4];
/// plan.finish(Some(&[fun(&x)]), &evals, 1, &mut hessian)?;
/// for (entry, exact) in hessian.iter().zip([4.0, 2.0, 2.0, 0.0]) {
///     assert!((entry - exact).abs() < 1e-4);
/// }
/// # Ok::<(), thalweg_diff::DiffError>(())
/// ```
#[derive(Debug, Clone)]
pub struct SecondPlan {
    method: SecondMethod,
    sizes: StepSizes,
    limits: Option<Limits>,
    fixed: Vec<usize>,
    x: Vec<f64>,
    reach: Vec<Reach>,
    points: Vec<Place>,
    /// Number of each possible point, or `ABSENT`; see `slot`.
    numbers: Vec<usize>,
    /// Entries (j, k) that failed in the last `finish`.
    retry: Vec<(usize, usize)>,
    /// No value at `x` was finite.
    f0_failed: bool,
    extended: bool,
}

impl SecondPlan {
    /// A plan for `n` parameters. Call [`update`](Self::update) with a point before anything else.
    ///
    /// # Errors
    /// Invalid options (see [`DiffOptions::validate_second`]), bounds or steps of the wrong length,
    /// crossed bounds, explicit steps not above `min_steps`.
    pub fn new(n: usize, bounds: Bounds<'_>, options: &DiffOptions) -> Result<Self, DiffError> {
        options.validate_second()?;
        let method = SecondMethod::try_from(options.method)?;
        let error_order = match method {
            SecondMethod::Forward | SecondMethod::Backward => 1,
            SecondMethod::CentralAverage | SecondMethod::CentralCross => 2,
        };
        let accuracy = Accuracy { derivative_order: 2, error_order };
        Ok(Self {
            method,
            sizes: StepSizes::new(options, accuracy, n)?,
            limits: Limits::new(bounds, n)?,
            fixed: Vec::new(),
            x: vec![0.0; n],
            reach: Vec::with_capacity(n),
            points: Vec::new(),
            numbers: Vec::new(),
            retry: Vec::new(),
            f0_failed: false,
            extended: false,
        })
    }

    /// Plan the derivative at `x`. The order of the points follows the upper triangle, row by row.
    ///
    /// # Errors
    /// `x` has the wrong length, is not finite, or is outside the bounds; the plan has no points then.
    pub fn update(&mut self, x: &[f64]) -> Result<(), DiffError> {
        let n = self.x.len();
        self.points.clear();
        self.retry.clear();
        self.reach.clear();
        self.fixed.clear();
        self.extended = false;
        check_point(x, n)?;
        if let Some(limits) = &self.limits {
            limits.check(x)?;
        }
        self.x.copy_from_slice(x);
        for j in 0..n {
            let reach = self.reach_of(j);
            if reach.twice == [false; 2] {
                self.fixed.push(j);
            }
            self.reach.push(reach);
        }
        self.numbers.clear();
        self.numbers.resize(4 * n + 2 * n * n.saturating_sub(1), ABSENT);
        for j in 0..n {
            for k in j..n {
                let first = self.chain().into_iter().find(|f| self.is_feasible(*f, j, k));
                if let Some(formula) = first {
                    self.add_points(formula, j, k);
                }
            }
        }
        Ok(())
    }

    /// The step of parameter `j`; 0 if it is fixed.
    ///
    /// # Panics
    /// If `j` is not a parameter, or [`update`](Self::update) was not called.
    pub fn step(&self, j: usize) -> f64 {
        self.reach[j].step
    }

    fn reach_of(&self, j: usize) -> Reach {
        let (x, step) = (self.x[j], self.sizes.at(j, self.x[j]));
        let Some(limits) = &self.limits else {
            return Reach { step, once: [true; 2], twice: [true; 2] };
        };
        let (lower, upper) = (limits.lower[j], limits.upper[j]);
        let min_step = self.sizes.min_step(j);
        let spot = Spot { x, lower, upper, step, min_step, multiples: &MULTIPLES };
        let sides = match self.method {
            SecondMethod::Forward => Sides::Plus,
            SecondMethod::Backward => Sides::Minus,
            SecondMethod::CentralAverage | SecondMethod::CentralCross => Sides::Both,
        };
        let stencil = place(sides, &spot);
        let mut step = stencil.step;
        if stencil.shortened || self.sizes.exact {
            let sign = if stencil.plus > 0 { 1.0 } else { -1.0 };
            step = (spot.point(sign * step) - x).abs();
        }
        let usable = step > SMALLEST_STEP;
        let fits = |room: f64, multiple: f64| usable && step * multiple <= room;
        let (up, down) = (upper - x, x - lower);
        Reach {
            step,
            once: [fits(up, 1.0), fits(down, 1.0)],
            // The placement guarantees its side; rounding must not take it away.
            twice: [
                usable && (stencil.plus > 0 || fits(up, 2.0)),
                usable && (stencil.minus > 0 || fits(down, 2.0)),
            ],
        }
    }

    /// The formulas in the order in which they are tried.
    fn chain(&self) -> [Formula; 6] {
        use Formula::{Average, Cross};
        match self.method {
            SecondMethod::CentralCross => [Cross, Average, UP, DOWN, UP_DOWN, DOWN_UP],
            SecondMethod::CentralAverage => [Average, Cross, UP, DOWN, UP_DOWN, DOWN_UP],
            SecondMethod::Forward => [UP, DOWN, Average, Cross, UP_DOWN, DOWN_UP],
            SecondMethod::Backward => [DOWN, UP, Average, Cross, UP_DOWN, DOWN_UP],
        }
    }

    /// All points of the formula are inside the bounds.
    fn is_feasible(&self, formula: Formula, j: usize, k: usize) -> bool {
        let fits = |l: usize, sign: Sign| {
            let reach = &self.reach[l];
            let sides = if j == k { reach.twice } else { reach.once };
            sides[sign.index()]
        };
        match formula {
            Formula::OneSided(s, t) if j == k => s == t && fits(j, s),
            Formula::OneSided(s, t) => fits(j, s) && fits(k, t),
            Formula::Cross | Formula::Average => {
                [Sign::Plus, Sign::Minus].into_iter().all(|s| fits(j, s) && fits(k, s))
            }
        }
    }

    /// The brackets whose sum is the numerator, and their number.
    fn brackets(formula: Formula, j: usize, k: usize) -> ([Bracket; 2], usize) {
        use Sign::{Minus, Plus};
        let both =
            |s: Sign, t: Sign| if j == k { doubled(j, s, t) } else { Place::Pair(j, s, k, t) };
        let one_sided = |s: Sign, t: Sign| {
            Bracket([both(s, t), Place::One(k, t), Place::One(j, s), Place::Origin])
        };
        match formula {
            Formula::OneSided(s, t) => ([one_sided(s, t); 2], 1),
            Formula::Average => ([one_sided(Plus, Plus), one_sided(Minus, Minus)], 2),
            Formula::Cross => {
                let cross =
                    [both(Plus, Plus), both(Plus, Minus), both(Minus, Plus), both(Minus, Minus)];
                ([Bracket(cross); 2], 1)
            }
        }
    }

    fn divisor(&self, formula: Formula, j: usize, k: usize) -> f64 {
        let product = self.reach[j].step * self.reach[k].step;
        match formula {
            Formula::OneSided(s, t) => s.value() * t.value() * product,
            Formula::Average => 2.0 * product,
            Formula::Cross => 4.0 * product,
        }
    }

    /// Where the number of a point is kept; `None` for `x` itself.
    fn slot(&self, place: Place) -> Option<usize> {
        let n = self.x.len();
        match place {
            Place::Origin => None,
            Place::One(j, s) => Some(4 * j + s.index()),
            Place::Two(j, s) => Some(4 * j + 2 + s.index()),
            Place::Pair(j, s, k, t) => {
                let pair = j * (2 * n - j - 1) / 2 + (k - j - 1);
                Some(4 * n + 4 * pair + 2 * s.index() + t.index())
            }
        }
    }

    fn add_points(&mut self, formula: Formula, j: usize, k: usize) {
        let (brackets, count) = Self::brackets(formula, j, k);
        for place in brackets[..count].iter().flat_map(|bracket| bracket.0) {
            let Some(slot) = self.slot(place) else { continue };
            if self.numbers[slot] == ABSENT {
                self.numbers[slot] = self.points.len();
                self.points.push(place);
            }
        }
    }

    /// The rows of the brackets' values; `None` if a point was not evaluated. `x` itself has the
    /// number `ABSENT`.
    fn rows(&self, formula: Formula, j: usize, k: usize) -> Option<([[usize; 4]; 2], usize)> {
        if !self.is_feasible(formula, j, k) {
            return None;
        }
        let (brackets, count) = Self::brackets(formula, j, k);
        let mut rows = [[ABSENT; 4]; 2];
        for (row, bracket) in rows.iter_mut().zip(&brackets) {
            for (number, place) in row.iter_mut().zip(bracket.0) {
                if let Some(slot) = self.slot(place) {
                    *number = self.numbers[slot];
                    if *number == ABSENT {
                        return None;
                    }
                }
            }
        }
        Some((rows, count))
    }

    /// Fill entry (j, k) of all outputs (`entry`, m numbers). Returns whether some were repaired and
    /// whether some failed.
    fn fill(
        &self,
        (j, k): (usize, usize),
        f0: &[f64],
        evals: &[f64],
        entry: &mut [f64],
    ) -> (bool, bool) {
        let m = entry.len();
        entry.fill(f64::NAN);
        let mut repaired = false;
        let chain = self.chain();
        let feasible = chain.into_iter().filter(|f| self.is_feasible(*f, j, k));
        for (rank, formula) in feasible.enumerate() {
            let Some((rows, count)) = self.rows(formula, j, k) else { continue };
            let divisor = self.divisor(formula, j, k);
            for i in 0..m {
                if entry[i].is_finite() {
                    continue;
                }
                let at = |row: usize| if row == ABSENT { f0[i] } else { evals[row * m + i] };
                let bracket = |[a, b, c, d]: [usize; 4]| (at(a) - at(b)) - (at(c) - at(d));
                let numerator: f64 = rows[..count].iter().map(|row| bracket(*row)).sum();
                let value = numerator / divisor;
                if value.is_finite() {
                    entry[i] = value;
                    repaired |= rank > 0;
                }
            }
            if entry.iter().all(|v| v.is_finite()) {
                return (repaired, false);
            }
        }
        (repaired, true)
    }
}

/// `x` displaced twice along the same coordinate.
fn doubled(j: usize, s: Sign, t: Sign) -> Place {
    if s == t { Place::Two(j, s) } else { Place::Origin }
}

impl Plan for SecondPlan {
    fn n_params(&self) -> usize {
        self.x.len()
    }

    fn n_points(&self) -> usize {
        self.points.len()
    }

    fn write_point(&self, i: usize, point: &mut [f64]) {
        point.copy_from_slice(&self.x);
        let mut displace = |j: usize, sign: Sign| {
            let moved = point[j] + sign.value() * self.reach[j].step;
            point[j] = match &self.limits {
                Some(limits) => moved.clamp(limits.lower[j], limits.upper[j]),
                None => moved.clamp(-f64::MAX, f64::MAX),
            };
        };
        match self.points[i] {
            Place::Origin => {}
            Place::One(j, s) => displace(j, s),
            // Step by step, as the reference does: x + h + h is not x + 2h in the last bit.
            Place::Two(j, s) => {
                displace(j, s);
                displace(j, s);
            }
            Place::Pair(j, s, k, t) => {
                displace(j, s);
                displace(k, t);
            }
        }
    }

    fn needs_f0(&self) -> bool {
        !self.points.is_empty()
    }

    fn derivative_len(&self, m: usize) -> usize {
        m * self.x.len() * self.x.len()
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
        let n = self.x.len();
        let f0 = f0.unwrap_or(&[]);
        self.f0_failed = !f0.iter().any(|v| v.is_finite());
        self.retry.clear();
        let mut entry = vec![0.0; m];
        let (mut failed, mut repaired) = (vec![false; n], vec![false; n]);
        for j in 0..n {
            for k in j..n {
                let is_fixed = |j: usize| self.reach[j].twice == [false; 2];
                if is_fixed(j) || is_fixed(k) {
                    entry.fill(0.0);
                } else {
                    let (was_repaired, has_failed) = self.fill((j, k), f0, evals, &mut entry);
                    for l in [j, k] {
                        repaired[l] |= was_repaired;
                        failed[l] |= has_failed;
                    }
                    if has_failed {
                        self.retry.push((j, k));
                    }
                }
                for (i, value) in entry.iter().enumerate() {
                    out[(i * n + j) * n + k] = *value;
                    out[(i * n + k) * n + j] = *value;
                }
            }
        }
        let list = |flags: Vec<bool>| (0..n).filter(|j| flags[*j]).collect();
        Ok(Report { failed: list(failed), repaired: list(repaired) })
    }

    fn extend(&mut self) -> Range<usize> {
        let start = self.points.len();
        if !self.extended {
            self.extended = true;
            for (j, k) in std::mem::take(&mut self.retry) {
                for formula in self.chain() {
                    // Off the diagonal, the cross formula is the only one without f0.
                    let possible = !self.f0_failed || (formula == Formula::Cross && j != k);
                    if possible && self.is_feasible(formula, j, k) {
                        self.add_points(formula, j, k);
                    }
                }
            }
        }
        start..self.points.len()
    }
}
