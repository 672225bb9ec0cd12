"""Parameters and bounds: see `thalweg.parameters.bounds`."""
