"""Parameters, by the names of optimagic's modules; everything is in `thalweg` itself, too."""

from thalweg._modules import imported_on_demand as _imported_on_demand

__all__ = ["bounds", "constraint_tools", "scaling"]

__getattr__ = _imported_on_demand(__name__, __all__)
