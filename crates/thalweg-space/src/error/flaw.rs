//! What can be wrong with a constraint in itself.

use super::count;

/// What is wrong with one constraint, whatever the values of the parameters are. The texts continue `constraints[0] (kind) ...`.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Flaw {
    /// Weights that are not one per selected parameter.
    #[error(
        "selects {}, but has {}. Give one weight per selected parameter.",
        count(*selected, "parameter", "parameters"), count(*found, "weight", "weights")
    )]
    WeightsLength {
        /// The number of selected parameters.
        selected: usize,
        /// The number of weights.
        found: usize,
    },

    /// Weights that are NaN or infinite.
    #[error("has the weight {value:?} for '{name}'. Weights must be finite numbers.")]
    WeightNotFinite {
        /// The parameter's name.
        name: String,
        /// Its weight.
        value: f64,
    },

    /// Limits that allow everything.
    #[error("has neither a lower nor an upper limit. Give at least one finite limit, or a value.")]
    NoLimits,

    /// Limits that are NaN, or that allow nothing.
    #[error(
        "has the lower limit {lower:?} and the upper limit {upper:?}, and no value lies between. The lower limit must \
         be below inf and must not exceed the upper one, which must be above -inf; none may be NaN."
    )]
    EmptyLimits {
        /// The lower limit.
        lower: f64,
        /// The upper limit.
        upper: f64,
    },

    /// A number of parameters that is not that of a lower triangle.
    #[error(
        "selects {}, which cannot form a lower triangle. A {} x {} matrix has {}, a {} x {} matrix has {}.",
        count(*found, "parameter", "parameters"),
        rows, rows, rows * (rows + 1) / 2, rows + 1, rows + 1, (rows + 1) * (rows + 2) / 2
    )]
    NotTriangular {
        /// The number of selected parameters.
        found: usize,
        /// The rows of the largest triangle that has fewer.
        rows: usize,
    },

    /// A regularization that is negative or not finite.
    #[error("has the regularization {value:?}. It must be a finite number that is not negative.")]
    Regularization {
        /// The regularization.
        value: f64,
    },

    /// Pairwise equality of less than two selections.
    #[error("has {}. Give at least two.", count(*found, "selection", "selections"))]
    TooFewSelections {
        /// The number of selections.
        found: usize,
    },

    /// Pairwise equality of selections of different lengths.
    #[error(
        "selects {} parameters. All selections must have the same length.",
        lengths.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ")
    )]
    SelectionLengths {
        /// The length of each selection.
        lengths: Vec<usize>,
    },
}
