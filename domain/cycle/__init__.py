"""A mentorship cycle: its state, how events change it, and what may be done with it."""

from .decide import Move, decide, moves
from .evolve import evolve, fold
from .state import Cycle

__all__ = ["Cycle", "Move", "decide", "evolve", "fold", "moves"]
