//! The same space with another start.

use super::Space;

impl Space {
    /// This space, transforms and all, with `internal` as its start values.
    ///
    /// # Panics
    ///
    /// If `internal` does not have [`n_free`](Space::n_free) entries.
    #[must_use]
    pub fn starting_at(&self, internal: &[f64]) -> Space {
        assert_eq!(internal.len(), self.n_free());
        Space { start: internal.to_vec(), ..self.clone() }
    }
}
