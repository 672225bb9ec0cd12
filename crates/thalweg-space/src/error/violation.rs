//! A constraint that the start values violate: how, by how much, and with which values.

use std::fmt;

use super::{LISTED, listing};

/// A constraint that the start values violate.
#[derive(Clone, Debug, PartialEq)]
pub struct Violation {
    /// The position of the constraint in the user's list.
    pub constraint: usize,
    /// The kind of the constraint.
    pub kind: &'static str,
    /// Everything that is wrong, each with the amount.
    pub problems: Vec<String>,
    /// The first selected parameters with their start values.
    pub values: Vec<(String, f64)>,
    /// How many parameters are selected.
    pub selected: usize,
}

impl Violation {
    /// Names the selected parameters, as many as a message lists.
    pub(crate) fn new(
        (constraint, kind): (usize, &'static str),
        problems: Vec<String>,
        positions: &[usize],
        named: impl Fn(usize) -> (String, f64),
    ) -> Self {
        let values = positions.iter().take(LISTED).map(|&position| named(position)).collect();
        Violation { constraint, kind, problems, values, selected: positions.len() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Violation { constraint, kind, problems, values, selected } = self;
        let problems = listing(problems.iter().cloned(), problems.len());
        let values = values.iter().map(|(name, value)| format!("'{name}' = {value:?}"));
        write!(
            f,
            "constraints[{constraint}] ({kind}) is violated at the start params: {problems}. The start values are {}. \
             Start where the constraint holds, or let repair_start move the start values there.",
            listing(values, *selected)
        )
    }
}
