//! Derive macros of thalweg: algorithm options, and user structs as parameters.
