//! Numerical derivatives within bounds: stencils, Richardson extrapolation, first and second order.
