//! How each constraint of the user's list is handled, for reports and for whoever takes the rows that are left over.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// How one constraint is handled.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Handling {
    /// It asks for nothing, because it selects nothing, too little, or only what is fixed.
    Idle {
        /// The reason, as the end of a sentence.
        reason: Cow<'static, str>,
    },
    /// Its parameters leave the internal vector.
    Fixed,
    /// Parameters are copies of others.
    Copies {
        /// How many coordinates it saves.
        saved: usize,
    },
    /// Plain bounds of parameters say the same.
    Bounds,
    /// A change of variables makes it hold everywhere.
    Reparametrized {
        /// The change of variables in words.
        how: Cow<'static, str>,
    },
    /// Other constraints and bounds imply it.
    Implied,
    /// Rows of it are [left over](crate::Space::surplus_rows): no change of variables makes them hold.
    Surplus {
        /// How many of its rows.
        rows: usize,
        /// Of how many.
        of: usize,
        /// Who keeps them.
        keeper: Keeper,
    },
    /// It is nonlinear: no change of variables is looked for.
    Nonlinear {
        /// Who keeps it.
        keeper: Keeper,
    },
}

/// Who keeps what no change of variables does. It is violated on the way, and holds within its tolerance in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeper {
    /// Whoever is chosen later.
    Open,
    /// The algorithm itself.
    Algorithm,
    /// An augmented Lagrangian around the algorithm.
    AugmentedLagrangian,
}

impl fmt::Display for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Keeper::Open => "left to the algorithm",
            Keeper::Algorithm => "kept by the algorithm",
            Keeper::AugmentedLagrangian => "kept by an augmented Lagrangian",
        })
    }
}

impl Handling {
    /// How the constraint is handled in one word.
    pub fn word(&self) -> &'static str {
        match self {
            Handling::Idle { .. } => "idle",
            Handling::Fixed => "fixed",
            Handling::Copies { .. } => "copies",
            Handling::Bounds => "bounds",
            Handling::Reparametrized { .. } => "reparametrized",
            Handling::Implied => "implied",
            Handling::Surplus { keeper, .. } | Handling::Nonlinear { keeper } => match keeper {
                Keeper::Open => "open",
                Keeper::Algorithm => "native",
                Keeper::AugmentedLagrangian => "augmented",
            },
        }
    }
}

impl fmt::Display for Handling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Handling::Idle { reason } => write!(f, "asks for nothing: {reason}"),
            Handling::Fixed => f.write_str("fixed: its parameters are not moved"),
            Handling::Copies { saved: 1 } => f.write_str("1 parameter is a copy of another"),
            Handling::Copies { saved } => write!(f, "{saved} parameters are copies of others"),
            Handling::Bounds => f.write_str("turned into bounds"),
            Handling::Reparametrized { how } => write!(f, "reparametrized: {how}"),
            Handling::Implied => f.write_str("implied by the other constraints and the bounds"),
            Handling::Surplus { rows, of, keeper } => write!(f, "{rows} of {of} rows {keeper}"),
            Handling::Nonlinear { keeper } => keeper.fmt(f),
        }
    }
}

/// A text that describes no [`Handling`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownHandling(pub String);

impl fmt::Display for UnknownHandling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is no way in which a constraint is handled", self.0)
    }
}

impl std::error::Error for UnknownHandling {}

/// Reads what `Display` wrote.
impl FromStr for Handling {
    type Err = UnknownHandling;

    fn from_str(text: &str) -> Result<Self, UnknownHandling> {
        let unknown = || UnknownHandling(text.to_string());
        let simple = [Handling::Fixed, Handling::Bounds, Handling::Implied];
        if let Some(handling) = simple.into_iter().find(|handling| handling.to_string() == text) {
            return Ok(handling);
        }
        if let Some(reason) = text.strip_prefix("asks for nothing: ") {
            return Ok(Handling::Idle { reason: reason.to_string().into() });
        }
        if let Some(how) = text.strip_prefix("reparametrized: ") {
            return Ok(Handling::Reparametrized { how: how.to_string().into() });
        }
        let ending = |keeper: Keeper| Some((keeper, text.strip_suffix(&keeper.to_string())?));
        let keepers = [Keeper::Open, Keeper::Algorithm, Keeper::AugmentedLagrangian];
        if let Some((keeper, rest)) = keepers.into_iter().find_map(ending) {
            if rest.is_empty() {
                return Ok(Handling::Nonlinear { keeper });
            }
            let counts = rest.strip_suffix(" rows ").and_then(|rest| rest.split_once(" of "));
            let (rows, of) = counts.ok_or_else(unknown)?;
            let number = |digits: &str| digits.parse().map_err(|_| unknown());
            return Ok(Handling::Surplus { rows: number(rows)?, of: number(of)?, keeper });
        }
        let copies = text.split_once(" parameter").filter(|(_, rest)| rest.contains("cop"));
        let saved = copies.and_then(|(saved, _)| saved.parse().ok()).ok_or_else(unknown)?;
        Ok(Handling::Copies { saved })
    }
}

/// One constraint of the user's list and how it is handled.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedConstraint {
    /// The position of the constraint in the user's list.
    pub index: usize,
    /// The word for its kind.
    pub kind: Cow<'static, str>,
    /// How it is handled.
    pub handling: Handling,
}

/// How every constraint is handled, in the order of the list that [`Space::build`](crate::Space::build) got.
///
/// Its text has one line per constraint.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConstraintPlan {
    /// One entry per constraint.
    pub constraints: Vec<PlannedConstraint>,
}

impl ConstraintPlan {
    /// The plan of a run: who keeps what the space leaves over, and the nonlinear constraints at these positions of the list.
    #[must_use]
    pub fn with_keeper(
        mut self,
        by: Keeper,
        nonlinear: impl IntoIterator<Item = usize>,
    ) -> ConstraintPlan {
        for planned in &mut self.constraints {
            if let Handling::Surplus { keeper, .. } = &mut planned.handling {
                *keeper = by;
            }
        }
        let handling = Handling::Nonlinear { keeper: by };
        self.constraints.extend(nonlinear.into_iter().map(|index| PlannedConstraint {
            index,
            kind: "nonlinear".into(),
            handling: handling.clone(),
        }));
        self.constraints.sort_by_key(|planned| planned.index);
        self
    }
}

impl fmt::Display for ConstraintPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.constraints.is_empty() {
            return f.write_str("no constraints");
        }
        for (i, PlannedConstraint { index, kind, handling }) in self.constraints.iter().enumerate()
        {
            let separator = if i == 0 { "" } else { "\n" };
            write!(f, "{separator}constraints[{index}] ({kind}): {handling}")?;
        }
        Ok(())
    }
}

/// A linear condition on the user vector, `lower <= sum weights[k] * user[positions[k]] <= upper`, that no change of
/// variables enforces.
#[derive(Clone, Debug, PartialEq)]
pub struct LinearRow {
    /// The position of the constraint in the user's list.
    pub constraint: usize,
    /// Which parameters.
    pub positions: Vec<usize>,
    /// Their weights.
    pub weights: Vec<f64>,
    /// The lower limit, `-inf` for none.
    pub lower: f64,
    /// The upper limit, `inf` for none; equal limits are an equation.
    pub upper: f64,
}

/// A start value that was moved so that the constraints hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Repair {
    /// The parameter's position in the flat vector.
    pub position: usize,
    /// Its name.
    pub name: String,
    /// The user's start value.
    pub from: f64,
    /// The start value that is used.
    pub to: f64,
}

impl fmt::Display for Repair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}' from {:?} to {:?}", self.name, self.from, self.to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let keepers = [Keeper::Open, Keeper::Algorithm, Keeper::AugmentedLagrangian];
        let mut all = vec![
            Handling::Idle { reason: "it selects no parameters".into() },
            Handling::Fixed,
            Handling::Copies { saved: 1 },
            Handling::Copies { saved: 12 },
            Handling::Bounds,
            Handling::Reparametrized { how: "linear combinations are coordinates".into() },
            Handling::Implied,
        ];
        for keeper in keepers {
            all.extend([
                Handling::Surplus { rows: 2, of: 3, keeper },
                Handling::Nonlinear { keeper },
            ]);
        }
        for handling in all {
            assert_eq!(handling.to_string().parse(), Ok(handling));
        }
    }

    #[test]
    fn what_nobody_wrote_is_refused() {
        for text in
            ["", "ignored", "x of 3 rows left to the algorithm", "many parameters are copies"]
        {
            let error = Handling::from_str(text).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("{text:?} is no way in which a constraint is handled")
            );
        }
    }
}
