//! The Python module of thalweg: translation only.
