//! The catalog: one line per algorithm. To be listed here is to be tested, documented and offered to users.

use thalweg_core::CatalogEntry;

use crate::algorithms::neldermead::NelderMead;

/// Every algorithm, in alphabetical order.
pub const CATALOG: &[CatalogEntry] = &[
    CatalogEntry::of::<NelderMead>(),
];

/// The algorithm of this name.
///
/// ```
/// assert!(thalweg_algorithms::find("no_such_algorithm").is_none());
/// ```
pub fn find(name: &str) -> Option<&'static CatalogEntry> {
    CATALOG.iter().find(|entry| entry.spec.name == name)
}
