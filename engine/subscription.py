"""Every event in order, as it is appended, for whoever keeps something of their own up to date.

At least once, from a position that the subscriber keeps. Events carry no words.
"""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event as Signal
from types import TracebackType
from typing import Any, Self

from mentorcycle.domain.recorded import Recorded

from .codec import decode
from .stores.port import Store

BATCH = 500
LISTEN_SECONDS = 0.5


class Subscription(Iterator[Recorded[Any]]):
    """Iterating waits for the next event of the tenant; `stop` (from any thread) ends it.

    `position` is the last position looked at, also of other tenants' events: what to subscribe after next time.
    """

    def __init__(self, store: Store, tenant: str, after: int) -> None:
        self.position = after
        self._store = store
        self._tenant = tenant
        self._stopped = Signal()
        self._waiting: list[Recorded[Any]] = []

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Recorded[Any]:
        while not self._waiting:
            if self._stopped.is_set():
                raise StopIteration
            self._fill()
        recorded = self._waiting.pop(0)
        self.position = recorded.position
        return recorded

    def _fill(self) -> None:
        rows = self._store.read_log(self.position, BATCH)
        if not rows:
            self._store.wait(self.position, LISTEN_SECONDS)
            return
        self._waiting = [decode(row) for row in rows if row.tenant == self._tenant]
        if not self._waiting:
            self.position = rows[-1].position

    def stop(self) -> None:
        """End the iteration, within half a second."""
        self._stopped.set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
