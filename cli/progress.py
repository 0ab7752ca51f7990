"""How far a long piece of work is: one line on stderr, only on a terminal and only after a second."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TextIO, TypeVar

T = TypeVar("T")

PATIENCE = 1.0
"""Seconds of silence before the first line."""
_PERIOD = 0.1
_BAR = 24


@contextmanager
def counting(
    doing: str,
    *,
    stream: TextIO | None = None,
    quiet: bool = False,
    clock: Callable[[], float] = monotonic,
) -> Iterator[Callable[[int, int], None]]:
    """A function to be told how much of how much is done; the line is gone when the block ends."""
    stream = stream or sys.stderr
    if quiet or stream is None or not stream.isatty() or os.environ.get("TERM") == "dumb":
        yield lambda done, total: None
        return
    line = _Line(doing, stream, clock)
    try:
        yield line.draw
    finally:
        line.clear()


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
    with counting(doing, stream=stream, quiet=quiet, clock=clock) as draw:
        for done, item in enumerate(items):
            draw(done, total)
            yield item


class _Line:
    def __init__(self, doing: str, stream: TextIO, clock: Callable[[], float]) -> None:
        self._doing, self._stream, self._clock = doing, stream, clock
        self._next, self._drawn = clock() + PATIENCE, False

    def draw(self, done: int, total: int) -> None:
        """Draw the line, unless it was drawn a moment ago; remove it when all is done."""
        if done >= total:
            self.clear()
        elif (now := self._clock()) >= self._next:
            self._stream.write(f"\r\x1b[K{_bar(done, total)} {self._doing}")
            self._stream.flush()
            self._next, self._drawn = now + _PERIOD, True

    def clear(self) -> None:
        """Leave no trace."""
        if self._drawn:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
            self._drawn = False


def _bar(done: int, total: int) -> str:
    full = _BAR * min(done, total) // max(total, 1)
    return f"{'█' * full}{'░' * (_BAR - full)} {done} of {total}"
