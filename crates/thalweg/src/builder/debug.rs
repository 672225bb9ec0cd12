//! What a run in the making looks like while a program is debugged.

use std::fmt;

use super::Optimization;

impl<P, O: fmt::Debug> fmt::Debug for Optimization<'_, P, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Optimization");
        shown.field("objective", &self.objective).field("direction", &self.direction);
        if let Some(algorithm) = &self.algorithm {
            shown.field("algorithm", algorithm);
        }
        shown.field("options", &self.options).field("nonlinear", &self.nonlinear);
        shown.finish_non_exhaustive()
    }
}
