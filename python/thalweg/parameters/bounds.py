"""Bounds on parameters."""

from thalweg._bounds import Bounds

__all__ = ["Bounds"]
