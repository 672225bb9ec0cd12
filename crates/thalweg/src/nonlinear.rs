//! Nonlinear constraints: what is known about them besides their functions, which belong to the objective.

use std::fmt;
use std::ops::Range;

use thalweg_algorithms::AugmentedLagrangianOptions;
use thalweg_space::LinearRow;

use crate::error::{InvalidKind, OptimizeError};
use crate::objective::StartValues;

/// How far a value may violate its limits where the user says nothing.
pub const DEFAULT_TOLERANCE: f64 = 1e-5;

/// How nonlinear constraints reach an algorithm.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum ConstraintHandling {
    /// The algorithm itself keeps them; one that cannot is refused.
    #[default]
    Native,
    /// An augmented Lagrangian around the algorithm keeps them.
    AugmentedLagrangian,
    /// The same, with these options.
    AugmentedLagrangianWith(AugmentedLagrangianOptions),
}

impl ConstraintHandling {
    /// The options of the augmented Lagrangian, where one is needed.
    pub(crate) fn options(self) -> AugmentedLagrangianOptions {
        match self {
            ConstraintHandling::AugmentedLagrangianWith(options) => options,
            _ => AugmentedLagrangianOptions::default(),
        }
    }

    pub(crate) fn check(self) -> Result<(), OptimizeError> {
        self.options().check().map_err(|wrong| {
            let message = format!("Invalid options of the augmented Lagrangian: {wrong}.");
            OptimizeError::invalid(InvalidKind::Argument, message)
        })
    }
}

/// A lower or upper limit of the values of a constraint.
#[derive(Clone, Debug, PartialEq)]
pub enum Limit {
    /// The same for every value.
    Same(f64),
    /// One for each value.
    Each(Vec<f64>),
}

impl Limit {
    fn at(&self, i: usize) -> f64 {
        match self {
            Limit::Same(limit) => *limit,
            Limit::Each(limits) => limits[i],
        }
    }

    fn numbers(&self) -> &[f64] {
        match self {
            Limit::Same(limit) => std::slice::from_ref(limit),
            Limit::Each(limits) => limits,
        }
    }
}

impl From<f64> for Limit {
    fn from(limit: f64) -> Self {
        Limit::Same(limit)
    }
}

impl From<Vec<f64>> for Limit {
    fn from(limits: Vec<f64>) -> Self {
        Limit::Each(limits)
    }
}

impl<const N: usize> From<[f64; N]> for Limit {
    fn from(limits: [f64; N]) -> Self {
        Limit::Each(limits.to_vec())
    }
}

/// One nonlinear constraint `lower <= g(params) <= upper`, but for its function g.
#[derive(Clone, Debug, PartialEq)]
pub struct NonlinearLimits {
    /// Its name; may be empty.
    pub name: String,
    /// Its position in the user's list of constraints.
    pub position: usize,
    /// The lower limits, `-inf` where there is none.
    pub lower: Limit,
    /// The upper limits, `inf` where there is none.
    pub upper: Limit,
    /// By how much a value may violate its limits.
    pub tol: f64,
    /// Whether there is a closed-form derivative.
    pub has_derivative: bool,
    /// The number of values where it cannot be learnt from the function at the start: in suspended runs.
    pub n_values: usize,
}

impl NonlinearLimits {
    /// Limits of a single value (in suspended runs) or of however many the function returns.
    pub fn new(lower: impl Into<Limit>, upper: impl Into<Limit>) -> Self {
        let (lower, upper) = (lower.into(), upper.into());
        let n_values = match (&lower, &upper) {
            (Limit::Each(limits), _) | (_, Limit::Each(limits)) => limits.len(),
            _ => 1,
        };
        NonlinearLimits {
            name: String::new(),
            position: 0,
            lower,
            upper,
            tol: DEFAULT_TOLERANCE,
            has_derivative: false,
            n_values,
        }
    }

    /// What is wrong with limits and tolerance, if anything.
    pub(crate) fn check(&self) -> Result<(), OptimizeError> {
        let refuse = |text: String| {
            Err(OptimizeError::invalid(InvalidKind::Constraint, format!("{self}: {text}")))
        };
        let (lower, upper) = (self.lower.numbers(), self.upper.numbers());
        if !(self.tol >= 0.0 && self.tol.is_finite()) {
            let tol = self.tol;
            return refuse(format!("the tolerance is {tol}, but has to be finite and at least 0."));
        }
        if let Some(limit) = lower.iter().chain(upper).find(|limit| limit.is_nan()) {
            return refuse(format!("a limit is {limit}, but has to be a number."));
        }
        if lower.iter().chain(upper).all(|limit| limit.is_infinite()) {
            return refuse(
                "there is no limit. Give a lower limit, an upper limit, or a value that it has to be equal to."
                    .into(),
            );
        }
        if lower.len() != upper.len() && lower.len() != 1 && upper.len() != 1 {
            let (l, u) = (lower.len(), upper.len());
            return refuse(format!("there are {l} lower limits, but {u} upper limits."));
        }
        for i in 0..lower.len().max(upper.len()) {
            let pair = (lower[i.min(lower.len() - 1)], upper[i.min(upper.len() - 1)]);
            if pair.0 > pair.1 || pair.0 == f64::INFINITY || pair.1 == f64::NEG_INFINITY {
                let which = if lower.len().max(upper.len()) > 1 {
                    format!(" of value {i}")
                } else {
                    String::new()
                };
                return refuse(format!(
                    "the lower limit {}{which} has to be at most the upper limit {}, and there has to be a number \
                     between them.",
                    pair.0, pair.1
                ));
            }
        }
        Ok(())
    }

    fn check_count(&self, found: usize) -> Result<(), OptimizeError> {
        for (side, limit) in [("lower", &self.lower), ("upper", &self.upper)] {
            if let Limit::Each(limits) = limit
                && limits.len() != found
            {
                let n = limits.len();
                let message = format!(
                    "{self} has {n} {side} limits, but its function returned {found} values at start params. Give one \
                     limit for all values, or one for each."
                );
                return Err(OptimizeError::invalid(InvalidKind::Constraint, message));
            }
        }
        Ok(())
    }
}

impl fmt::Display for NonlinearLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.name.is_empty() {
            write!(f, "constraints[{}] (nonlinear)", self.position)
        } else {
            write!(f, "constraints[{}] (nonlinear '{}')", self.position, self.name)
        }
    }
}

/// All constraint values that an algorithm sees: those of the user's functions in order, then the linear rows.
#[derive(Clone, Debug, Default)]
pub(crate) struct ConstraintSet {
    functions: Vec<NonlinearLimits>,
    /// Where the values of each function are.
    ranges: Vec<Range<usize>>,
    rows: Vec<LinearRow>,
    limits: Vec<(f64, f64)>,
    tolerances: Vec<f64>,
}

/// The value of a linear constraint at a point of the user.
pub(crate) fn value_of(row: &LinearRow, params: &[f64]) -> f64 {
    row.positions.iter().zip(&row.weights).map(|(&i, weight)| weight * params[i]).sum()
}

/// How far a point is from satisfying the constraints.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Violation {
    /// The largest violation of a limit.
    pub largest: f64,
    /// The largest violation beyond its tolerance; 0 if the point is feasible.
    pub excess: f64,
    /// The constraint value with the largest excess, or else the largest violation.
    pub worst: usize,
}

impl Violation {
    pub fn is_feasible(&self) -> bool {
        self.excess == 0.0
    }
}

impl ConstraintSet {
    /// The constraints of a run, given their values at the start.
    ///
    /// # Errors
    /// The values do not fit the limits, or are not finite.
    pub fn new(
        functions: Vec<NonlinearLimits>,
        rows: Vec<LinearRow>,
        start: &StartValues,
    ) -> Result<Self, OptimizeError> {
        let mut set = ConstraintSet::default();
        if start.constraints.len() != functions.len() {
            let (found, expected) = (start.constraints.len(), functions.len());
            let message =
                format!("the objective knows {found} nonlinear constraints, not {expected}.");
            return Err(OptimizeError::invalid(InvalidKind::Constraint, message));
        }
        for (function, values) in functions.iter().zip(&start.constraints) {
            let invalid = |text| Err(OptimizeError::invalid(InvalidKind::Function, text));
            if values.is_empty() {
                return invalid(format!(
                    "the function of {function} returned no numbers at start params."
                ));
            }
            function.check_count(values.len())?;
            if let Some(value) = values.iter().find(|value| !value.is_finite()) {
                return invalid(format!(
                    "the function of {function} returned {value} at start params; it has to be finite there."
                ));
            }
            let first = set.limits.len();
            let limits = (0..values.len()).map(|i| (function.lower.at(i), function.upper.at(i)));
            set.limits.extend(limits);
            set.tolerances.resize(set.limits.len(), function.tol);
            set.ranges.push(first..set.limits.len());
        }
        for row in &rows {
            set.limits.push((row.lower, row.upper));
            let scale = row.weights.iter().fold(1.0, |most: f64, weight| most.max(weight.abs()));
            set.tolerances.push(DEFAULT_TOLERANCE * scale);
        }
        (set.functions, set.rows) = (functions, rows);
        Ok(set)
    }

    /// The values of all constraints at the start.
    pub fn at_start(&self, start: &StartValues, params: &[f64]) -> Vec<f64> {
        let rows = self.rows.iter().map(|row| value_of(row, params));
        start.constraints.iter().flatten().copied().chain(rows).collect()
    }

    /// The number of values of all constraints.
    pub fn len(&self) -> usize {
        self.limits.len()
    }

    pub fn is_empty(&self) -> bool {
        self.limits.is_empty()
    }

    /// The number of values that the user's functions return.
    pub fn n_function_values(&self) -> usize {
        self.len() - self.rows.len()
    }

    pub fn rows(&self) -> &[LinearRow] {
        &self.rows
    }

    pub fn limits(&self) -> &[(f64, f64)] {
        &self.limits
    }

    /// How many values each constraint has; linear rows have one.
    pub fn sizes(&self) -> Vec<usize> {
        let functions = self.ranges.iter().map(ExactSizeIterator::len);
        functions.chain(self.rows.iter().map(|_| 1)).collect()
    }

    pub fn tolerances(&self) -> &[f64] {
        &self.tolerances
    }

    /// The values whose closed-form derivative is known, or not known.
    pub fn ranges(&self, closed_form: bool) -> impl Iterator<Item = Range<usize>> {
        let functions = self.functions.iter().zip(&self.ranges);
        let chosen = functions.filter(move |(function, _)| function.has_derivative == closed_form);
        chosen.map(|(_, range)| range.clone())
    }

    /// The constraint that a value belongs to, as messages call it.
    pub fn describe(&self, value: usize) -> String {
        match self.ranges.iter().position(|range| range.contains(&value)) {
            Some(i) if self.ranges[i].len() > 1 => {
                format!("value {} of {}", value - self.ranges[i].start, self.functions[i])
            }
            Some(i) => self.functions[i].to_string(),
            None => {
                let row = &self.rows[value - self.n_function_values()];
                format!("constraints[{}] (linear)", row.constraint)
            }
        }
    }

    /// How far the values of one point are from their limits.
    pub fn violation(&self, values: &[f64]) -> Violation {
        let mut found = Violation::default();
        for (i, (value, (lower, upper))) in values.iter().zip(&self.limits).enumerate() {
            let violation = (lower - value).max(value - upper).max(0.0);
            let excess = (violation - self.tolerances[i]).max(0.0);
            if excess > found.excess || (found.excess == 0.0 && violation > found.largest) {
                found.worst = i;
            }
            found.largest = found.largest.max(violation);
            found.excess = found.excess.max(excess);
        }
        found
    }

    /// A value that is not a number violates its constraint by as much as can be.
    pub fn tame(&self, values: &mut [f64]) {
        let limits = self.limits.iter().cycle();
        for (value, (lower, _)) in values.iter_mut().zip(limits).filter(|(value, _)| value.is_nan())
        {
            *value = if lower.is_finite() { f64::NEG_INFINITY } else { f64::INFINITY };
        }
    }

    /// The largest violation in words and numbers.
    pub fn explain(&self, violation: &Violation, values: &[f64]) -> String {
        let i = violation.worst;
        let (lower, upper) = self.limits[i];
        let wanted = match (lower.is_finite(), upper.is_finite()) {
            _ if lower == upper => format!("equal to {lower}"),
            (true, true) => format!("between {lower} and {upper}"),
            (true, false) => format!("at least {lower}"),
            _ => format!("at most {upper}"),
        };
        let off = (lower - values[i]).max(values[i] - upper);
        format!(
            "{} is {} but has to be {wanted}: it is violated by {off:.3e}, more than its tolerance {:.1e}",
            self.describe(i),
            values[i],
            self.tolerances[i]
        )
    }
}
