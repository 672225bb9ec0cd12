//! What is wrong with a constraint in itself: its selection and its numbers.

use crate::constraint::Constraint;
use crate::error::{Offender, Offenders, SelectError, SpaceError};
use crate::space::Names;

/// Relative and absolute distance from the start values that a `value` to be fixed at may have.
const VALUE_TOLERANCE: (f64, f64) = (1e-5, 1e-8);

/// Checks the selection: every position exists, and none comes twice.
pub(crate) fn check_selection(
    constraint: &Constraint,
    n: usize,
    names: Names<'_>,
) -> Result<(), SpaceError> {
    let (index, kind) = (constraint.index, constraint.word());
    let mut sorted = constraint.kind.positions();
    if let Some(&position) = sorted.iter().find(|&&position| position >= n) {
        let error = SelectError::OutOfRange { position, n };
        return Err(SpaceError::ConstraintSelection { constraint: index, kind, error });
    }
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
