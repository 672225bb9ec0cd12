//! The start as a flat vector.

use std::any::type_name;

use thalweg_space::SpaceError;
use thalweg_space::params::{LeafTable, Params};

use super::Optimization;
use crate::error::{InvalidKind, OptimizeError};

/// Up to this many parameters, counting the leaves that are described costs nothing to speak of.
const FEW: usize = 1000;

impl<P: Params, O> Optimization<'_, P, O> {
    /// The start as a flat vector, after a look at whether the methods of [`Params`] agree on how many numbers there are: it may have
    /// been implemented by hand.
    pub(crate) fn flat_start(&self) -> Result<Vec<f64>, OptimizeError> {
        let flat = self.start.to_flat();
        let n = flat.len();
        let read = match self.start.with_flat(&flat) {
            Err(SpaceError::FlatLength { expected, .. }) => expected,
            _ => n,
        };
        let counted = self.start.n_values();
        // Where nothing is marked as fixed, nobody asks for descriptions of many parameters.
        let is_described = P::MAY_HAVE_FIXED || n <= FEW;
        let described = if is_described { LeafTable::of(&self.start).paths().len() } else { n };
        if [counted, described, read] == [n; 3] {
            return Ok(flat);
        }
        let message = format!(
            "The implementation of Params for {} contradicts itself: flatten_into gives {n} numbers, n_values says {counted}, \
             describe announces {described}, and read_from reads {read}. All of them have to agree.",
            type_name::<P>(),
        );
        Err(OptimizeError::invalid(InvalidKind::Params, message))
    }
}
