//! Benchmark problems for thalweg and comparisons with reference implementations.
