"""A mentorship cycle: its state, how events change it, and what may be done with it.

The deciding half is resolved when it is first asked for: whoever only reads does without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .evolve import evolve, fold
from .state import Cycle

if TYPE_CHECKING:
    from .deciding import Move, decide, moves

__all__ = ["Cycle", "Move", "decide", "evolve", "fold", "moves"]


def __getattr__(name: str) -> Any:
    if name not in ("Move", "decide", "moves"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import deciding

    return getattr(deciding, name)
