"""Hears when events were placed by any process, and rings a bell, so that who waits need not ask all the time.

A hint and no more: who wakes up looks into the log, and looks now and then without being woken.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Lock, Thread

import psycopg
from psycopg import sql

from mentorcycle.domain.errors import StoreUnavailable

from .bell import Bell
from .postgres_connections import Connection

_GLANCE_SECONDS = 0.1  # how late a `close` may be heard
_AGAIN_SECONDS = 0.5


class Listener:
    """One connection and one thread for all who wait in this process, begun when the first of them waits."""

    def __init__(self, connect: Callable[[], Connection], channel: str, lock: int, bell: Bell) -> None:
        self._connect = connect
        self._channel = channel
        self._lock_number = lock
        self._bell = bell
        self._stopped = Event()
        self._lock = Lock()
        self._thread: Thread | None = None

    def start(self) -> None:
        """Listen, unless it does so already; the bell rings once it has begun."""
        with self._lock:
            if self._thread is None and not self._stopped.is_set():
                self._thread = Thread(target=self._run, name=f"listens to {self._channel}", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        """Give the connection back."""
        self._stopped.set()
        with self._lock:
            if self._thread is not None:
                self._thread.join()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                with self._connect() as connection:
                    # It is told only while somebody keeps this lock.
                    connection.execute("SELECT pg_advisory_lock_shared(%s)", (self._lock_number,))
                    connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(self._channel)))
                    self._bell.ring()  # what came before is not told
                    while not self._stopped.is_set():
                        for _ in connection.notifies(timeout=_GLANCE_SECONDS, stop_after=1):
                            self._bell.ring()
            except (psycopg.Error, StoreUnavailable):
                self._bell.ring()  # who waits looks for themselves, and finds what is wrong
                self._stopped.wait(_AGAIN_SECONDS)
