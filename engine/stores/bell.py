"""Wakes everybody who waits for something to have happened, whatever happens to them.

What `threading.Condition` does, but safe when Ctrl-C comes between any two lines: its methods are Python, and
an interrupt inside one can leave its lock held for ever. `with` on a plain lock cannot be interrupted halfway.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from threading import Lock as ThreadLock
from time import monotonic

from .pace import THREADS, Lock, Pace


class Bell:
    """`rings` counts how often it rang, so that nobody misses what happens just before they wait."""

    def __init__(self, pace: Pace = THREADS) -> None:
        self.rings = 0
        self._pace = pace
        self._lock = ThreadLock()
        self._ears: list[Lock] = []

    def ring(self) -> None:
        """Wake everybody who waits."""
        with self._lock:
            self.rings += 1
            while self._ears:
                self._ears.pop().release()

    def wait(self, rings: int, timeout: float) -> None:
        """Wait at most `timeout` seconds, unless it has rung since there were `rings`."""
        ear = self._pace.lock()
        ear.acquire()
        try:
            with self._lock:
                if self.rings != rings:
                    return
                self._ears.append(ear)
            ear.acquire(timeout=timeout)
        finally:
            with self._lock, suppress(ValueError):
                self._ears.remove(ear)


def head_past(
    bell: Bell,
    head: Callable[[], int],
    after: int,
    timeout: float,
    stopped: Callable[[], bool],
    glance: float,
    before: Callable[[], None] = lambda: None,
) -> int:
    """The head once it has passed `after`, `timeout` seconds are over or `stopped()` is true after a ring.

    Without a ring it is looked every `glance` seconds; `before` is called before each wait.
    """
    deadline = monotonic() + timeout
    while True:
        rings = bell.rings
        now = head()
        left = deadline - monotonic()
        if now > after or left <= 0 or stopped():
            return now
        before()
        bell.wait(rings, min(left, glance))
