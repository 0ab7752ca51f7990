"""A mentorship cycle: its state, how events change it, and what may be done with it.

Resolved when first asked for: whoever only reads does without the deciding half.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .deciding import Move, decide, moves
    from .evolving import evolve, fold
    from .state import Cycle

__all__ = ["Cycle", "Move", "decide", "evolve", "fold", "moves"]

_HOMES = {
    "Cycle": "state",
    "Move": "deciding",
    "decide": "deciding",
    "evolve": "evolving",
    "fold": "evolving",
    "moves": "deciding",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found = globals()[name] = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    return found
