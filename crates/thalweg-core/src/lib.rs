//! The contract between thalweg's algorithms and everything around them.
