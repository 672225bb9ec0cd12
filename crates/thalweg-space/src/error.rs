//! What can be wrong with start values, bounds and constraints, said with names, values and what would be right.

mod clash;
mod flaw;
mod violation;

use std::fmt;

use crate::leaf::Path;
pub use clash::{Clash, Named};
pub use flaw::Flaw;
pub use violation::Violation;

/// How many offenders a message lists at most.
const LISTED: usize = 10;

/// Which argument of the user an error is about; each front door has one exception class or variant per kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The start values, or a valid constraint that they violate.
    InvalidParams,
    /// Bounds that contradict themselves or do not fit the parameters.
    InvalidBounds,
    /// An ill-formed constraint.
    InvalidConstraint,
}

/// One parameter that breaks a rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Offender {
    /// The joined name; `params` for a single number without a name.
    pub name: String,
    /// Its position in the flat vector.
    pub position: usize,
    /// Its start value.
    pub value: f64,
    /// Its lower bound, `-inf` for none; the required value if that is fixed.
    pub lower: f64,
    /// Its upper bound, `inf` for none; the required value if that is fixed.
    pub upper: f64,
}

impl Offender {
    /// The bounds in words, as far as they are finite.
    fn bounds(&self) -> String {
        match (self.lower.is_finite(), self.upper.is_finite()) {
            _ if self.lower == self.upper => format!("fixed at {:?} by equal bounds", self.lower),
            (true, false) => format!("lower bound {:?}", self.lower),
            (false, true) => format!("upper bound {:?}", self.upper),
            _ => format!("bounds [{:?}, {:?}]", self.lower, self.upper),
        }
    }
}

/// The parameters that break one rule: how many there are, and the first ten.
#[derive(Clone, Debug, PartialEq)]
pub struct Offenders {
    /// The first offenders in the order of the flat vector, at most ten.
    pub listed: Vec<Offender>,
    /// How many there are in all.
    pub total: usize,
    /// How many parameters were looked at.
    pub of: usize,
}

impl Offenders {
    /// Looks at the candidates; `describe` gives name and numbers of those that are listed.
    pub(crate) fn find(
        candidates: impl ExactSizeIterator<Item = usize>,
        offends: impl Fn(usize) -> bool,
        describe: impl Fn(usize) -> Offender,
    ) -> Option<Self> {
        let mut offenders = Offenders { listed: Vec::new(), total: 0, of: candidates.len() };
        for position in candidates.filter(|&position| offends(position)) {
            if offenders.total < LISTED {
                offenders.listed.push(describe(position));
            }
            offenders.total += 1;
        }
        (offenders.total > 0).then_some(offenders)
    }

    /// "2 of 5 values are" or "1 of 5 values is".
    fn count(&self, singular: &str, plural: &str) -> String {
        let verb = if self.total == 1 { singular } else { plural };
        let noun = if self.of == 1 { "value" } else { "values" };
        format!("{} of {} {noun} {verb}", self.total, self.of)
    }

    fn list(&self, describe: impl Fn(&Offender) -> String) -> String {
        let described = self
            .listed
            .iter()
            .map(|offender| format!("'{}' {}", offender.name, describe(offender)));
        listing(described, self.total)
    }
}

/// Bounds of one side, for messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Lower bounds.
    Lower,
    /// Upper bounds.
    Upper,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Side::Lower => "lower",
            Side::Upper => "upper",
        })
    }
}

/// What is wrong with the user's parameters, bounds or constraints.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SpaceError {
    /// A flat vector has not one number per leaf.
    #[error(
        "the parameters have {}, but the flat vector has {}. Give one number per leaf.",
        count(*expected, "leaf", "leaves"), count(*found, "number", "numbers")
    )]
    FlatLength {
        /// The number of leaves.
        expected: usize,
        /// The length of the flat vector.
        found: usize,
    },

    /// Start values that are NaN or infinite.
    #[error(
        "start params must be finite, but {} not: {}. Replace them by finite numbers.",
        .0.count("is", "are"), .0.list(|o| format!("= {:?}", o.value))
    )]
    NonFiniteStart(Offenders),

    /// Start values outside their bounds, or different from the value at which equal bounds fix them.
    #[error(
        "start params must lie within the bounds, but {} not: {}. Move the start values inside, widen the bounds, or let repair_start move the start values.",
        .0.count("does", "do"), .0.list(|o| format!("= {:?} ({})", o.value, o.bounds()))
    )]
    StartOutsideBounds(Offenders),

    /// Bounds of one side that are not one per parameter.
    #[error(
        "there must be one {side} bound per parameter, but there are {} and {}. Use {} or NaN where there is no bound.",
        count(*found, &format!("{side} bound"), &format!("{side} bounds")),
        count(*expected, "parameter", "parameters"),
        match side { Side::Lower => "-inf", Side::Upper => "inf" }
    )]
    BoundsLength {
        /// The side in question.
        side: Side,
        /// The number of parameters.
        expected: usize,
        /// The number of bounds.
        found: usize,
    },

    /// Lower bounds above upper bounds; also a lower bound of `inf` or an upper bound of `-inf`.
    #[error(
        "no value lies between the bounds of {}: {}. Lower bounds must be below inf and must not exceed upper bounds, \
         which must be above -inf.",
        count(.0.total, "parameter", "parameters"),
        .0.list(|o| format!("has lower bound {:?} and upper bound {:?}", o.lower, o.upper))
    )]
    EmptyBounds(Offenders),

    /// Bounds for parameters that do not exist.
    #[error("bounds could not be matched to the params: {0}")]
    BoundsSelection(#[source] SelectError),

    /// A constraint on parameters that do not exist.
    #[error("constraints[{constraint}] ({kind}): {error}")]
    ConstraintSelection {
        /// The position of the constraint in the user's list.
        constraint: usize,
        /// The kind of the constraint.
        kind: &'static str,
        /// What could not be found.
        #[source]
        error: SelectError,
    },

    /// A constraint that selects a parameter more than once.
    #[error("constraints[{constraint}] ({kind}) selects {} more than once. Select each parameter once.",
        listing(names.iter().map(|name| format!("'{name}'")), names.len()))]
    DuplicateSelection {
        /// The position of the constraint in the user's list.
        constraint: usize,
        /// The kind of the constraint.
        kind: &'static str,
        /// The names of the parameters.
        names: Vec<String>,
    },

    /// A constraint that is wrong in itself, whatever the parameters are.
    #[error("constraints[{constraint}] ({kind}) {flaw}")]
    IllFormed {
        /// The position of the constraint in the user's list.
        constraint: usize,
        /// The kind of the constraint.
        kind: &'static str,
        /// What is wrong.
        flaw: Flaw,
    },

    /// A constraint that the start values violate.
    #[error("{0}")]
    Violated(Box<Violation>),

    /// Constraints, fixed parameters and bounds that do not go together.
    #[error("{0}")]
    Clash(Box<Clash>),

    /// A fixed constraint whose values are not one per selected parameter.
    #[error(
        "constraints[{constraint}] (fixed) selects {}, but gives {}. Give one value per selected parameter, or none to \
         fix them at their start values.",
        count(*selected, "parameter", "parameters"), count(*found, "value", "values")
    )]
    FixedValueLength {
        /// The position of the constraint in the user's list.
        constraint: usize,
        /// The number of selected parameters.
        selected: usize,
        /// The number of values.
        found: usize,
    },

    /// A fixed constraint whose values are not the start values.
    #[error(
        "constraints[{constraint}] (fixed) is violated at the start params: {}. Parameters are fixed at their start \
         values: start there, or leave out `value`.",
        offenders.list(|o| format!("starts at {:?}, but should be fixed at {:?}", o.value, o.lower))
    )]
    FixedElsewhere {
        /// The position of the constraint in the user's list.
        constraint: usize,
        /// The parameters; their bounds are the required value.
        offenders: Offenders,
    },
}

impl SpaceError {
    /// Which of the user's arguments is wrong.
    pub fn kind(&self) -> ErrorKind {
        match self {
            SpaceError::FlatLength { .. }
            | SpaceError::NonFiniteStart(_)
            | SpaceError::StartOutsideBounds(_)
            | SpaceError::Violated(_)
            | SpaceError::FixedElsewhere { .. } => ErrorKind::InvalidParams,
            SpaceError::BoundsLength { .. }
            | SpaceError::EmptyBounds(_)
            | SpaceError::BoundsSelection(_) => ErrorKind::InvalidBounds,
            SpaceError::ConstraintSelection { .. }
            | SpaceError::IllFormed { .. }
            | SpaceError::Clash(_)
            | SpaceError::DuplicateSelection { .. }
            | SpaceError::FixedValueLength { .. } => ErrorKind::InvalidConstraint,
        }
    }
}

/// A selector that finds no leaf, or more than it should.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SelectError {
    /// A position beyond the last parameter.
    #[error("position {position} is out of range: there {}", match n {
        0 => "are no parameters".to_string(),
        1 => "is 1 parameter, at 0".to_string(),
        n => format!("are {n} parameters, 0 to {}", n - 1),
    })]
    OutOfRange {
        /// The position.
        position: usize,
        /// The number of parameters.
        n: usize,
    },

    /// A name that no leaf and no container has.
    #[error("no parameter is called '{name}'; the names are {}",
        listing(available.iter().map(|name| format!("'{name}'")), *n))]
    UnknownName {
        /// The name.
        name: String,
        /// The first names that exist.
        available: Vec<String>,
        /// How many leaves there are.
        n: usize,
    },

    /// A name that more than one path has.
    #[error("the name '{name}' is ambiguous: {} both have it; select by path instead",
        candidates.iter().map(|path| format!("{path:?}")).collect::<Vec<_>>().join(" and "))]
    AmbiguousName {
        /// The name.
        name: String,
        /// The paths with this name.
        candidates: Vec<Path>,
    },

    /// A selecting function that returned something else than a position.
    #[error(
        "the selecting function returned {value:?} where a position (a whole number from 0 to {}) should be: selectors \
         may only select and rearrange, not compute",
        n.saturating_sub(1)
    )]
    Computed {
        /// What it returned.
        value: f64,
        /// The number of parameters.
        n: usize,
    },

    /// A path with no leaf at or below it.
    #[error("there is no parameter at or below {path:?}; the paths are {}",
        listing(available.iter().map(|path| format!("{path:?}")), *n))]
    UnknownPath {
        /// The path.
        path: Path,
        /// The first paths that exist.
        available: Vec<Path>,
        /// How many leaves there are.
        n: usize,
    },
}

/// "1 value", "2 values".
fn count(n: usize, singular: &str, plural: &str) -> String {
    format!("{n} {}", if n == 1 { singular } else { plural })
}

/// 'a', 'b' and 3 more.
fn quoted(names: &[String]) -> String {
    listing(names.iter().map(|name| format!("'{name}'")), names.len())
}

/// The first ten items, and how many of `total` are left out.
fn listing(items: impl Iterator<Item = String>, total: usize) -> String {
    let shown: Vec<String> = items.take(LISTED).collect();
    let more = match total.saturating_sub(shown.len()) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    shown.join(", ") + &more
}
