//! The main job: a nonlinear least-squares fit to NIST's data set Thurber, and a maximum-likelihood fit to the flow of the
//! Nile, each by several algorithms, with a comparison. `examples/python/demo.py` is the same in Python.
fn main() {}
