"""Selections: stages that see the whole set once, one a file."""

from instructgen.selects.best import Best
from instructgen.selects.shuffle import Shuffle

__all__ = ["Best", "Shuffle"]
