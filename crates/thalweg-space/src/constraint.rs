//! Constraints that a reparametrization enforces, as data on the flat vector, and their checks.

use crate::error::{Offender, Offenders, SelectError, SpaceError};
use crate::select::{LeafTable, Selector};
use crate::space::Names;

/// Relative and absolute distance from the start values that a `value` to be fixed at may have.
const VALUE_TOLERANCE: (f64, f64) = (1e-5, 1e-8);

/// A constraint on the flat vector that holds at every evaluation.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Constraint {
    /// The parameters do not move.
    Fixed {
        /// Which parameters.
        positions: Vec<usize>,
        /// Where they are fixed, one value per position. They must agree with the start values (to 1e-5 relative or
        /// 1e-8 absolute) and replace them. `None`: at the start values.
        value: Option<Vec<f64>>,
    },
}

impl Constraint {
    /// Fixes the selected parameters at their start values.
    ///
    /// # Errors
    ///
    /// What could not be found; the caller knows the constraint's place in the user's list and wraps the error into
    /// [`SpaceError::ConstraintSelection`].
    pub fn fixed(leaves: &LeafTable, which: impl Into<Selector>) -> Result<Self, SelectError> {
        Ok(Constraint::Fixed { positions: leaves.select(&which.into())?, value: None })
    }

    /// The word for the kind in messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Constraint::Fixed { .. } => "fixed",
        }
    }

    /// Which parameters the constraint is about.
    pub fn positions(&self) -> &[usize] {
        match self {
            Constraint::Fixed { positions, .. } => positions,
        }
    }

    /// Checks the selection: every position exists, and none comes twice. `index` is the place in the user's list.
    pub(crate) fn check_selection(
        &self,
        index: usize,
        n: usize,
        names: Names<'_>,
    ) -> Result<(), SpaceError> {
        let kind = self.kind();
        if let Some(&position) = self.positions().iter().find(|&&position| position >= n) {
            let error = SelectError::OutOfRange { position, n };
            return Err(SpaceError::ConstraintSelection { constraint: index, kind, error });
        }
        let mut sorted = self.positions().to_vec();
        sorted.sort_unstable();
        let mut repeated: Vec<usize> =
            sorted.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
        repeated.dedup();
        if repeated.is_empty() {
            return Ok(());
        }
        let names = repeated.into_iter().map(|position| names.of(position)).collect();
        Err(SpaceError::DuplicateSelection { constraint: index, kind, names })
    }
}

/// Checks the values of a fixed constraint against the start values.
pub(crate) fn check_fixed_values(
    index: usize,
    positions: &[usize],
    values: &[f64],
    start: &[f64],
    names: Names<'_>,
) -> Result<(), SpaceError> {
    let (selected, found) = (positions.len(), values.len());
    if selected != found {
        return Err(SpaceError::FixedValueLength { constraint: index, selected, found });
    }
    let (relative, absolute) = VALUE_TOLERANCE;
    let differs = |k: usize| {
        let distance = (start[positions[k]] - values[k]).abs();
        distance.is_nan() || distance > absolute + relative * values[k].abs()
    };
    let describe = |k: usize| {
        let (position, required) = (positions[k], values[k]);
        let (name, value) = (names.of(position), start[position]);
        Offender { name, position, value, lower: required, upper: required }
    };
    Offenders::find(0..selected, differs, describe).map_or(Ok(()), |offenders| {
        Err(SpaceError::FixedElsewhere { constraint: index, offenders })
    })
}
