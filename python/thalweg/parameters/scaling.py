"""Options of scaling."""

from thalweg._scaling import ScalingOptions

__all__ = ["ScalingOptions"]
