"""Read models: what follows from the log, in tables made for questions."""

from .cycles import CYCLES
from .minutes import MINUTES
from .people import PEOPLE
from .projection import ReadModel
from .trail import TRAIL

MODELS: tuple[ReadModel, ...] = (CYCLES, PEOPLE, MINUTES, TRAIL)

__all__ = ["CYCLES", "MINUTES", "MODELS", "PEOPLE", "TRAIL", "ReadModel"]
