//! How each constraint of the user's list is handled, for reports and for whoever takes the rows that are left over.

use std::fmt;

/// How one constraint is handled.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Handling {
    /// It asks for nothing, because it selects nothing, too little, or only what is fixed.
    Idle {
        /// The reason, as the end of a sentence.
        reason: &'static str,
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
        how: &'static str,
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

/// One constraint of the user's list and how it is handled.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedConstraint {
    /// The position of the constraint in the user's list.
    pub index: usize,
    /// The word for its kind.
    pub kind: &'static str,
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
            kind: "nonlinear",
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
