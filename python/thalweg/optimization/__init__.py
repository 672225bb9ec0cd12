"""What authors of algorithms import: see `thalweg.optimization.algorithm`."""
