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
    /// Whether the start values were moved already.
    pub moved: bool,
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
        let selected = positions.len();
        Violation { constraint, kind, problems, values, selected, moved: false }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Violation { constraint, kind, problems, values, selected, moved } = self;
        let problems = listing(problems.iter().cloned(), problems.len());
        let values = values.iter().map(|(name, value)| format!("'{name}' = {value:?}"));
        write!(
            f,
            "constraints[{constraint}] ({kind}) is violated at the start params: {problems}. The start values are {}. {}",
            listing(values, *selected),
            if *moved {
                "They were moved towards all constraints, but no point where all hold was found: fixed parameters and \
                 bounds may not leave one."
            } else {
                "Start where the constraint holds, or let repair_start move the start values there."
            }
        )
    }
}
