"""How far a long piece of work is: one line on stderr, only on a terminal and only after a second."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from time import monotonic
from typing import TextIO, TypeVar

T = TypeVar("T")

PATIENCE = 1.0
"""Seconds of silence before the first line."""
_PERIOD = 0.1
_BAR = 24


def progress(
    items: Iterable[T],
    total: int,
    doing: str,
    *,
    stream: TextIO | None = None,
    quiet: bool = False,
    clock: Callable[[], float] = monotonic,
) -> Iterator[T]:
    """Give the items, drawing meanwhile; the line is gone when the work ends or fails."""
    stream = stream or sys.stderr
    if quiet or stream is None or not stream.isatty() or os.environ.get("TERM") == "dumb":
        yield from items
        return
    next_drawing, drawn = clock() + PATIENCE, False
    try:
        for done, item in enumerate(items):
            if (now := clock()) >= next_drawing:
                stream.write(f"\r\x1b[K{_bar(done, total)} {doing}")
                stream.flush()
                next_drawing, drawn = now + _PERIOD, True
            yield item
    finally:
        if drawn:
            stream.write("\r\x1b[K")
            stream.flush()


def _bar(done: int, total: int) -> str:
    full = _BAR * min(done, total) // max(total, 1)
    return f"{'█' * full}{'░' * (_BAR - full)} {done} of {total}"
