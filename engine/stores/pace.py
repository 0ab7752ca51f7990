"""How those who share an engine wait: threads by standing still, tasks by letting their event loop go on.

The one thing that differs between `Engine` and `AsyncEngine`. Whatever is held or slept through while a store is
asked comes from here; a lock that is held between two lines alone need not.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from threading import Lock as ThreadLock
from threading import RLock, Thread
from typing import Protocol, runtime_checkable


class Lock(AbstractContextManager[object], Protocol):
    """What `threading.Lock` is: whoever likes may release it."""

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take it, waiting at most `timeout` seconds (-1: for ever); whether it was had."""

    def release(self) -> None:
        """Give it to the next."""

    def locked(self) -> bool:
        """Whether somebody has it."""


class Companion(Protocol):
    """Work that goes on beside."""

    def join(self) -> None:
        """Wait for its end."""


class Pace(Protocol):
    """The ways to wait."""

    def lock(self) -> Lock:
        """A new lock."""

    def rlock(self) -> AbstractContextManager[object]:
        """A new lock that whoever has it may take again."""

    def sleep(self, seconds: float) -> None:
        """Do nothing for a while."""

    def breathe(self) -> None:
        """Let others go on, if they have waited for long: to be called between two pieces of much work."""

    def start(self, work: Callable[[], None], name: str) -> Companion:
        """Begin some work that goes on beside, and does not keep the process from ending."""


class _OfThreads:
    """Threads stand still, and the interpreter lets all of them breathe."""

    def lock(self) -> Lock:
        return ThreadLock()

    def rlock(self) -> AbstractContextManager[object]:
        return RLock()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def breathe(self) -> None:
        pass

    def start(self, work: Callable[[], None], name: str) -> Companion:
        thread = Thread(target=work, name=name, daemon=True)
        thread.start()
        return thread


THREADS: Pace = _OfThreads()


@runtime_checkable
class Paced(Protocol):
    """A store that is not, or not only, for threads."""

    @property
    def pace(self) -> Pace:
        """How those who share it wait."""


def pace_of(store: object) -> Pace:
    """How those who share a store wait for each other."""
    return store.pace if isinstance(store, Paced) else THREADS
