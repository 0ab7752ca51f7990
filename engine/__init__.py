"""What a platform imports: the engine, its settings, and what it answers. Resolved when first asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .engine import Engine
    from .queries import Queries
    from .readers.worker import Worker
    from .receipt import Batch, Failed, Receipt
    from .settings import Settings
    from .subscription import Subscription

__all__ = ["Batch", "Engine", "Failed", "Queries", "Receipt", "Settings", "Subscription", "Worker"]

_HOMES = {
    "Batch": "receipt",
    "Engine": "engine",
    "Failed": "receipt",
    "Queries": "queries",
    "Receipt": "receipt",
    "Settings": "settings",
    "Subscription": "subscription",
    "Worker": "readers.worker",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
