"""Which runner a store needs, and how something for threads is opened in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ..url import is_postgres, on_loop
from .in_threads import InThreads
from .runner import LongRunner

T = TypeVar("T")


async def opened(url: str, open_: Callable[[], T]) -> tuple[T, LongRunner]:
    """What opening the store at a URL gives, and the runner that it lives in."""
    runner: LongRunner = on_loop() if is_postgres(url) else InThreads()
    try:
        return await runner.write(open_), runner
    except BaseException:
        await runner.close(_nothing)
        raise


def _nothing() -> None:
    """There is nothing to close."""
