"""Hears when events were placed by any process, and rings a bell, so that who waits need not ask all the time.

A hint and no more: who wakes up looks into the log, and looks now and then without being woken.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

import psycopg
from psycopg import sql

from mentorcycle.domain.errors import StoreUnavailable

from .bell import Bell
from .pace import Companion, Pace
from .postgres_connections import Connection

_GLANCE_SECONDS = 0.1  # how late a `close` may be heard
_AGAIN_SECONDS, _LONGEST_SECONDS = (
    0.5,
    30.0,
)  # a standby lets nobody listen; who waits looks once a second anyway


class Listener:
    """One connection for all who wait in this process, begun when the first of them waits."""

    def __init__(
        self, connect: Callable[[], Connection], channel: str, lock: int, bell: Bell, pace: Pace
    ) -> None:
        self._connect = connect
        self._channel = channel
        self._lock_number = lock
        self._bell = bell
        self._pace = pace
        self._stopped = Bell(pace)
        self._lock = Lock()
        self._running: Companion | None = None

    def start(self) -> None:
        """Listen, unless it does so already; the bell rings once it has begun."""
        with self._lock:
            if self._running is None and not self._stopped.rings:
                self._running = self._pace.start(self._run, f"listens to {self._channel}")

    def stop(self) -> None:
        """Give the connection back."""
        self._stopped.ring()
        with self._lock:
            running = self._running
        if running is not None:
            running.join()

    def _run(self) -> None:
        pause = _AGAIN_SECONDS
        while not self._stopped.rings:
            try:
                with self._connect() as connection:
                    # It is told only while somebody keeps this lock.
                    connection.execute("SELECT pg_advisory_lock_shared(%s)", (self._lock_number,))
                    connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(self._channel)))
                    self._bell.ring()  # what came before is not told
                    pause = _AGAIN_SECONDS
                    while not self._stopped.rings:
                        for _ in connection.notifies(timeout=_GLANCE_SECONDS, stop_after=1):
                            self._bell.ring()
            except (psycopg.Error, StoreUnavailable):
                self._bell.ring()  # who waits looks for themselves, and finds what is wrong
                self._stopped.wait(0, pause)
                pause = min(2 * pause, _LONGEST_SECONDS)
