"""The readers of the log: what keeps read models up to date, and how they are asked."""

from .letters import DeadLetter, LeftOut
from .readers import Readers
from .view import Digest, View

__all__ = ["DeadLetter", "Digest", "LeftOut", "Readers", "View"]
