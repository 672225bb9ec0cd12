//! Constraints on the flat vector, as data.

use crate::error::SelectError;
use crate::select::{LeafTable, Selector};

/// A constraint, and where the user wrote it.
#[derive(Clone, Debug, PartialEq)]
pub struct Constraint {
    /// The position in the user's list of constraints, for messages.
    pub index: usize,
    /// What must hold.
    pub kind: ConstraintKind,
}

/// What a constraint asks of the flat vector `u`. Positions must be distinct; their order matters where it says so.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ConstraintKind {
    /// The parameters do not move.
    Fixed {
        /// Which parameters.
        positions: Vec<usize>,
        /// Where they are fixed, one value per position. They must agree with the start values (to 1e-5 relative or
        /// 1e-8 absolute) and replace them. `None`: at the start values.
        value: Option<Vec<f64>>,
    },
    /// All have the same value.
    Equality {
        /// Which parameters.
        positions: Vec<usize>,
    },
    /// The first parameters of all selections are equal, the second ones, and so on.
    PairwiseEquality {
        /// At least two selections of the same length, in order.
        selections: Vec<Vec<usize>>,
    },
    /// Each is at least as large as the one before it.
    Increasing {
        /// Which parameters, in order.
        positions: Vec<usize>,
    },
    /// Each is at most as large as the one before it.
    Decreasing {
        /// Which parameters, in order.
        positions: Vec<usize>,
    },
    /// `lower <= sum weights[k] * u[positions[k]] <= upper`. Equal limits are an equation.
    Linear {
        /// Which parameters, in the order of the weights.
        positions: Vec<usize>,
        /// One weight per position.
        weights: Vec<f64>,
        /// The lower limit; `-inf` for none.
        lower: f64,
        /// The upper limit; `inf` for none.
        upper: f64,
    },
    /// None is negative, and they sum to one.
    Probability {
        /// Which parameters.
        positions: Vec<usize>,
    },
    /// They are the lower triangle of a covariance matrix.
    Covariance {
        /// The lower triangle with the diagonal, row by row.
        positions: Vec<usize>,
        /// How far the matrix stays away from being singular: every pivot of its Cholesky factorization, squared, is
        /// at least this. Zero allows singular matrices.
        regularization: f64,
    },
    /// They are the standard deviations and the correlations of a covariance matrix.
    Sdcorr {
        /// The standard deviations, then the lower triangle of the correlations without the diagonal, row by row.
        positions: Vec<usize>,
        /// How far the matrix stays away from being singular: every pivot of its Cholesky factorization is at least
        /// this. Zero allows singular matrices.
        regularization: f64,
    },
}

impl Constraint {
    /// The constraint at the position `index` of the user's list.
    pub fn new(index: usize, kind: ConstraintKind) -> Self {
        Constraint { index, kind }
    }

    /// Fixes the selected parameters at their start values.
    ///
    /// # Errors
    ///
    /// What could not be found; the caller wraps the error into
    /// [`SpaceError::ConstraintSelection`](crate::SpaceError::ConstraintSelection).
    pub fn fixed(
        index: usize,
        leaves: &LeafTable,
        which: impl Into<Selector>,
    ) -> Result<Self, SelectError> {
        let positions = leaves.select(&which.into())?;
        Ok(Constraint::new(index, ConstraintKind::Fixed { positions, value: None }))
    }

    /// The word for the kind in messages.
    pub fn word(&self) -> &'static str {
        self.kind.word()
    }
}

impl ConstraintKind {
    /// The word for the kind in messages.
    pub fn word(&self) -> &'static str {
        match self {
            ConstraintKind::Fixed { .. } => "fixed",
            ConstraintKind::Equality { .. } => "equality",
            ConstraintKind::PairwiseEquality { .. } => "pairwise_equality",
            ConstraintKind::Increasing { .. } => "increasing",
            ConstraintKind::Decreasing { .. } => "decreasing",
            ConstraintKind::Linear { .. } => "linear",
            ConstraintKind::Probability { .. } => "probability",
            ConstraintKind::Covariance { .. } => "covariance",
            ConstraintKind::Sdcorr { .. } => "sdcorr",
        }
    }

    /// The selections that the constraint is about: one, but for pairwise equality.
    pub fn selections(&self) -> &[Vec<usize>] {
        match self {
            ConstraintKind::PairwiseEquality { selections } => selections,
            ConstraintKind::Fixed { positions, .. }
            | ConstraintKind::Equality { positions }
            | ConstraintKind::Increasing { positions }
            | ConstraintKind::Decreasing { positions }
            | ConstraintKind::Linear { positions, .. }
            | ConstraintKind::Probability { positions }
            | ConstraintKind::Covariance { positions, .. }
            | ConstraintKind::Sdcorr { positions, .. } => std::slice::from_ref(positions),
        }
    }

    /// All selected positions, in order.
    pub fn positions(&self) -> Vec<usize> {
        self.selections().concat()
    }
}
