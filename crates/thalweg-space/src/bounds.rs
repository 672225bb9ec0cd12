//! Bounds on the flat vector, and their checks.

use crate::error::{Offender, Offenders, Side, SpaceError};
use crate::select::{LeafTable, Selector};
use crate::space::Names;

/// How far, relative to one plus its size, a start value may be from equal bounds that fix it.
const FIXED_TOLERANCE: f64 = 1e-10;

/// Lower and upper bounds, one per parameter in the order of the flat vector.
///
/// `None` for a side means no bounds there; within a side, `-inf` (`inf`) and NaN mean none for that parameter. Equal
/// bounds fix a parameter at that value, which its start value must then have.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bounds {
    /// Lower bounds.
    pub lower: Option<Vec<f64>>,
    /// Upper bounds.
    pub upper: Option<Vec<f64>>,
}

impl Bounds {
    /// No bounds at all.
    pub fn none() -> Self {
        Self::default()
    }

    /// Bounds on both sides.
    pub fn new(lower: impl Into<Vec<f64>>, upper: impl Into<Vec<f64>>) -> Self {
        Bounds { lower: Some(lower.into()), upper: Some(upper.into()) }
    }

    /// Lower bounds only.
    pub fn lower(lower: impl Into<Vec<f64>>) -> Self {
        Bounds { lower: Some(lower.into()), upper: None }
    }

    /// Upper bounds only.
    pub fn upper(upper: impl Into<Vec<f64>>) -> Self {
        Bounds { lower: None, upper: Some(upper.into()) }
    }

    /// Bounds from one pair (lower, upper) per parameter.
    pub fn from_pairs(pairs: impl IntoIterator<Item = (f64, f64)>) -> Self {
        let (lower, upper): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
        Self::new(lower, upper)
    }

    /// Bounds the selected parameters, leaving the others as they are.
    ///
    /// ```
    /// use thalweg_space::{Bounds, params::LeafTable};
    ///
    /// let leaves = LeafTable::of(&(0.5, vec![1.0, 2.0]));
    /// let mut bounds = Bounds::none();
    /// bounds.set(&leaves, "1", 0.0, f64::INFINITY)?;
    /// assert_eq!(bounds.lower, Some(vec![f64::NEG_INFINITY, 0.0, 0.0]));
    /// # Ok::<(), thalweg_space::SpaceError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`SpaceError::BoundsSelection`] for a parameter that does not exist, [`SpaceError::BoundsLength`] if the bounds
    /// that are there already are not as many as the leaves.
    pub fn set(
        &mut self,
        leaves: &LeafTable,
        which: impl Into<Selector>,
        lower: f64,
        upper: f64,
    ) -> Result<(), SpaceError> {
        let n = leaves.paths().len();
        self.check_lengths(n)?;
        let positions = leaves.select(&which.into()).map_err(SpaceError::BoundsSelection)?;
        let lowers = self.lower.get_or_insert_with(|| vec![f64::NEG_INFINITY; n]);
        let uppers = self.upper.get_or_insert_with(|| vec![f64::INFINITY; n]);
        for position in positions {
            lowers[position] = lower;
            uppers[position] = upper;
        }
        Ok(())
    }

    /// Whether there is nothing to check or to obey.
    pub(crate) fn is_none(&self) -> bool {
        self.lower.is_none() && self.upper.is_none()
    }

    /// The bounds of one parameter with "none" written as infinity.
    #[inline]
    pub(crate) fn at(&self, position: usize) -> (f64, f64) {
        let side = |bounds: &Option<Vec<f64>>, none: f64| match bounds {
            Some(bounds) if !bounds[position].is_nan() => bounds[position],
            _ => none,
        };
        (side(&self.lower, f64::NEG_INFINITY), side(&self.upper, f64::INFINITY))
    }

    /// Checks the bounds in themselves: one per parameter, and a value between each pair.
    pub(crate) fn check(&self, start: &[f64], names: Names<'_>) -> Result<(), SpaceError> {
        self.check_lengths(start.len())?;
        let empty = |i: usize| {
            let (lower, upper) = self.at(i);
            lower > upper || lower == f64::INFINITY || upper == f64::NEG_INFINITY
        };
        self.offenders(start, names, empty).map_or(Ok(()), |o| Err(SpaceError::EmptyBounds(o)))
    }

    /// Checks the start values against bounds that are in order.
    pub(crate) fn check_start(&self, start: &[f64], names: Names<'_>) -> Result<(), SpaceError> {
        let outside = |i: usize| {
            let (lower, upper) = self.at(i);
            if lower == upper {
                (start[i] - lower).abs() > FIXED_TOLERANCE * (1.0 + lower.abs())
            } else {
                start[i] < lower || start[i] > upper
            }
        };
        self.offenders(start, names, outside)
            .map_or(Ok(()), |o| Err(SpaceError::StartOutsideBounds(o)))
    }

    fn offenders(
        &self,
        start: &[f64],
        names: Names<'_>,
        offends: impl Fn(usize) -> bool,
    ) -> Option<Offenders> {
        Offenders::find(0..start.len(), offends, |position| {
            let (lower, upper) = self.at(position);
            Offender { name: names.of(position), position, value: start[position], lower, upper }
        })
    }

    fn check_lengths(&self, expected: usize) -> Result<(), SpaceError> {
        for (side, bounds) in [(Side::Lower, &self.lower), (Side::Upper, &self.upper)] {
            if let Some(found) = bounds.as_ref().map(Vec::len).filter(|&found| found != expected) {
                return Err(SpaceError::BoundsLength { side, expected, found });
            }
        }
        Ok(())
    }
}
