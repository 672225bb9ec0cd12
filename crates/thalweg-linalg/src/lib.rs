//! Small dense linear algebra for thalweg's algorithms: plain f64 slices in, results out.
