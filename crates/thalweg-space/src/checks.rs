//! What is wrong with a constraint in itself: its selection and its numbers.

use crate::constraint::{Constraint, ConstraintKind};
use crate::error::{Flaw, Offender, Offenders, SelectError, SpaceError};
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

/// Checks numbers and lengths of a constraint.
pub(crate) fn check_form(constraint: &Constraint, names: Names<'_>) -> Result<(), SpaceError> {
    let flaw = match &constraint.kind {
        ConstraintKind::Linear { positions, weights, lower, upper } => {
            linear_flaw(positions, weights, (*lower, *upper), names)
        }
        ConstraintKind::PairwiseEquality { selections } => pairwise_flaw(selections),
        ConstraintKind::Covariance { positions, regularization }
        | ConstraintKind::Sdcorr { positions, regularization } => {
            triangle_flaw(positions.len(), *regularization)
        }
        _ => None,
    };
    let (constraint, kind) = (constraint.index, constraint.word());
    flaw.map_or(Ok(()), |flaw| Err(SpaceError::IllFormed { constraint, kind, flaw }))
}

fn linear_flaw(
    positions: &[usize],
    weights: &[f64],
    (lower, upper): (f64, f64),
    names: Names<'_>,
) -> Option<Flaw> {
    let (selected, found) = (positions.len(), weights.len());
    if selected != found {
        return Some(Flaw::WeightsLength { selected, found });
    }
    let mut pairs = positions.iter().zip(weights);
    if let Some((&position, &value)) = pairs.find(|(_, weight)| !weight.is_finite()) {
        return Some(Flaw::WeightNotFinite { name: names.of(position), value });
    }
    if lower == f64::NEG_INFINITY && upper == f64::INFINITY {
        return Some(Flaw::NoLimits);
    }
    let ordered = lower <= upper && lower < f64::INFINITY && upper > f64::NEG_INFINITY;
    (!ordered).then_some(Flaw::EmptyLimits { lower, upper })
}

fn pairwise_flaw(selections: &[Vec<usize>]) -> Option<Flaw> {
    let lengths: Vec<usize> = selections.iter().map(Vec::len).collect();
    if lengths.len() < 2 {
        return Some(Flaw::TooFewSelections { found: lengths.len() });
    }
    let differ = lengths.iter().any(|&length| length != lengths[0]);
    differ.then_some(Flaw::SelectionLengths { lengths })
}

fn triangle_flaw(found: usize, regularization: f64) -> Option<Flaw> {
    if !(regularization.is_finite() && regularization >= 0.0) {
        return Some(Flaw::Regularization { value: regularization });
    }
    let rows = triangle_rows(found);
    (rows * (rows + 1) / 2 != found).then_some(Flaw::NotTriangular { found, rows })
}

/// The rows of the largest lower triangle with at most `n` entries.
pub(crate) fn triangle_rows(n: usize) -> usize {
    (0..).take_while(|rows| rows * (rows + 1) / 2 <= n).last().unwrap_or(0)
}
