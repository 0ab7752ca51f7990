"""Every event in order, as it is appended, for whoever keeps something of their own up to date.

At least once, from a position that the subscriber keeps. Events carry no words.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from threading import Event as Signal
from types import TracebackType
from typing import Any, Self

from mentorcycle.domain.recorded import Recorded

from .codec import decode
from .stores.port import Store, StoredRow

BATCH = 500
LISTEN_SECONDS = 0.5


class Arrived:
    """Rows that were read after a position and are yet to be given."""

    def __init__(self, tenant: str, after: int) -> None:
        self.position = after
        self._tenant = tenant
        self._rows: deque[StoredRow] = deque()

    def add(self, rows: Sequence[StoredRow]) -> None:
        """Rows that follow."""
        self._rows.extend(rows)

    def next(self) -> Recorded[Any] | None:
        """The next event of the tenant; None when more have to be read. One that cannot be read stays where it is."""
        while self._rows:
            row = self._rows[0]
            recorded = decode(row) if row.tenant == self._tenant else None
            self._rows.popleft()
            self.position = row.position
            if recorded is not None:
                return recorded
        return None


class Subscription(Iterator[Recorded[Any]]):
    """Iterating waits for the next event of the tenant; `stop` (from any thread) ends it.

    `position` is the last position looked at, also of other tenants' events: what to subscribe after next time.
    An event that cannot be read raises `HistoryUnreadable`, after all before it were given.
    """

    def __init__(self, store: Store, tenant: str, after: int) -> None:
        self._store = store
        self._arrived = Arrived(tenant, after)
        self._stopped = Signal()

    @property
    def position(self) -> int:
        """The last position looked at."""
        return self._arrived.position

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Recorded[Any]:
        while not self._stopped.is_set():
            recorded = self._arrived.next()
            if recorded is not None:
                return recorded
            rows = self._store.read_log(self.position, BATCH)
            self._arrived.add(rows)
            if not rows:
                self._store.wait(self.position, LISTEN_SECONDS)
        raise StopIteration

    def stop(self) -> None:
        """End the iteration, within half a second."""
        self._stopped.set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
