//! The reader that hands out the numbers of a flat vector one after the other.

use crate::error::SpaceError;

/// The numbers of a flat vector that have not been read yet.
///
/// Reading past the end gives NaN and is remembered, so that no implementation of
/// [`Params::read_from`](super::Params::read_from) has to handle it: [`finish`](Values::finish) reports it.
#[derive(Debug)]
pub struct Values<'a> {
    rest: &'a [f64],
    total: usize,
    missing: usize,
}

impl<'a> Values<'a> {
    /// A reader at the beginning of `flat`.
    pub fn new(flat: &'a [f64]) -> Self {
        Values { rest: flat, total: flat.len(), missing: 0 }
    }

    /// The next number, NaN past the end.
    #[inline]
    pub fn next_value(&mut self) -> f64 {
        match self.rest {
            [first, rest @ ..] => {
                self.rest = rest;
                *first
            }
            [] => {
                self.missing += 1;
                f64::NAN
            }
        }
    }

    /// Fills `target` with the next numbers, with NaN past the end.
    #[inline]
    pub fn copy_to(&mut self, target: &mut [f64]) {
        let n = target.len().min(self.rest.len());
        let (now, later) = self.rest.split_at(n);
        target[..n].copy_from_slice(now);
        target[n..].fill(f64::NAN);
        self.missing += target.len() - n;
        self.rest = later;
    }

    /// Checks that every number was read and none was missing.
    ///
    /// # Errors
    ///
    /// [`SpaceError::FlatLength`] otherwise.
    #[inline]
    pub fn finish(self) -> Result<(), SpaceError> {
        if self.missing == 0 && self.rest.is_empty() {
            return Ok(());
        }
        let expected = self.total - self.rest.len() + self.missing;
        Err(SpaceError::FlatLength { expected, found: self.total })
    }
}
