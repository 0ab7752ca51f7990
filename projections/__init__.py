"""Read models: what follows from the log, in tables made for questions."""

from .cycles import CYCLES
from .projection import ReadModel

MODELS: tuple[ReadModel, ...] = (CYCLES,)

__all__ = ["CYCLES", "MODELS", "ReadModel"]
