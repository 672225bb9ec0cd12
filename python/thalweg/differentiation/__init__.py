"""Derivatives, by the names of optimagic's modules; everything is in `thalweg` itself, too."""

from thalweg._modules import imported_on_demand as _imported_on_demand

__all__ = ["derivatives", "numdiff_options"]

__getattr__ = _imported_on_demand(__name__, __all__)
