//! Constraints, fixed parameters and bounds that do not go together.

use std::fmt;

use super::{listing, quoted};

/// A constraint's position in the user's list and its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named {
    /// The position in the user's list.
    pub constraint: usize,
    /// The kind.
    pub kind: &'static str,
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "constraints[{}] ({})", self.constraint, self.kind)
    }
}

/// What does not go together.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Clash {
    /// Parameters in two constraints that each need parameters of their own.
    #[error(
        "{first} and {second} share {}, perhaps because of parameters that must be equal. A parameter can belong to one \
         of the kinds probability, covariance and sdcorr only once: drop one of the two, or select other parameters.",
        quoted(names)
    )]
    Overlap {
        /// The earlier constraint.
        first: Named,
        /// The later one.
        second: Named,
        /// The shared parameters.
        names: Vec<String>,
    },

    /// Members of one constraint that have to be equal.
    #[error(
        "the parameters {} of {constraint} must be equal because of another constraint, which is not possible within \
         a constraint of this kind. Drop one of the two.",
        quoted(names)
    )]
    EqualMembers {
        /// The constraint of which they are members.
        constraint: Named,
        /// The parameters.
        names: Vec<String>,
    },

    /// Fixed members of a constraint that must be free.
    #[error("{} of {constraint} must not be fixed: {rule}.", quoted(names))]
    FixedMembers {
        /// The constraint of which they are members.
        constraint: Named,
        /// The parameters.
        names: Vec<String>,
        /// What is allowed.
        rule: &'static str,
    },

    /// Members of a constraint with bounds that it cannot keep.
    #[error(
        "{constraint} cannot keep the bounds of its parameters: {}. {rule}.",
        listing(bounds.iter().map(|(name, l, u)| format!("'{name}' has [{l:?}, {u:?}]")), bounds.len())
    )]
    BoundedMembers {
        /// The constraint of which they are members.
        constraint: Named,
        /// Names, lower and upper bounds.
        bounds: Vec<(String, f64, f64)>,
        /// What is allowed.
        rule: &'static str,
    },

    /// Parameters that must be equal, but are fixed at different values.
    #[error(
        "parameters that must be equal are fixed at different values: {}. Fix them at the same value, or only one.",
        listing(values.iter().map(|(name, value)| format!("'{name}' at {value:?}")), values.len())
    )]
    FixedDifferently {
        /// Names and values.
        values: Vec<(String, f64)>,
    },

    /// Parameters that must be equal, but have bounds without a common value.
    #[error(
        "no value lies between the bounds of {}, which must be equal: the largest lower bound is {lower:?}, the \
         smallest upper bound {upper:?}. Widen the bounds, or let the parameters differ.",
        quoted(names)
    )]
    EqualBounds {
        /// The parameters.
        names: Vec<String>,
        /// The largest lower bound.
        lower: f64,
        /// The smallest upper bound.
        upper: f64,
    },

    /// Bounds that leave no room, once what constraints ask for is added to them.
    #[error(
        "no value is left for '{name}': bounds and constraints together ask for a lower bound of {lower:?} and an upper \
         bound of {upper:?}. Widen the bound, or lower the regularization."
    )]
    NoRoom {
        /// The parameter.
        name: String,
        /// Its lower bound.
        lower: f64,
        /// Its upper bound.
        upper: f64,
    },

    /// Conditions that no values satisfy together.
    #[error(
        "no values of {} satisfy {}{} together. Drop one of them, or change its limits.",
        quoted(names),
        constraints.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and "),
        if *with_bounds { " and the bounds" } else { "" }
    )]
    Infeasible {
        /// The constraints.
        constraints: Vec<Named>,
        /// Whether bounds or fixed parameters are part of it.
        with_bounds: bool,
        /// The parameters.
        names: Vec<String>,
    },
}
