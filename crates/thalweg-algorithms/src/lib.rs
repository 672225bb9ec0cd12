//! The optimization algorithms of thalweg, one file each.
