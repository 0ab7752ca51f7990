"""What a platform imports: the engine, its settings, and what it answers. Resolved when first asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .aio.engine import AsyncEngine
    from .aio.queries import AsyncQueries
    from .aio.subscription import AsyncSubscription
    from .aio.unit import AsyncUnit
    from .aio.worker import AsyncWorker
    from .copying import Copied, copy
    from .engine import Engine
    from .queries import Queries
    from .readers.worker import Worker
    from .receipt import Batch, Failed, Pending, Receipt
    from .settings import Settings
    from .subscription import Subscription
    from .unit import Unit

__all__ = [
    "AsyncEngine",
    "AsyncQueries",
    "AsyncSubscription",
    "AsyncUnit",
    "AsyncWorker",
    "Batch",
    "Copied",
    "Engine",
    "Failed",
    "Pending",
    "Queries",
    "Receipt",
    "Settings",
    "Subscription",
    "Unit",
    "Worker",
    "copy",
]

_HOMES = {
    "AsyncEngine": "aio.engine",
    "AsyncQueries": "aio.queries",
    "AsyncSubscription": "aio.subscription",
    "AsyncUnit": "aio.unit",
    "AsyncWorker": "aio.worker",
    "Batch": "receipt",
    "Copied": "copying",
    "Engine": "engine",
    "Failed": "receipt",
    "Pending": "receipt",
    "Queries": "queries",
    "Receipt": "receipt",
    "Settings": "settings",
    "Subscription": "subscription",
    "Unit": "unit",
    "Worker": "readers.worker",
    "copy": "copying",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
