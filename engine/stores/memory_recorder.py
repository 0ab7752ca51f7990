"""The memory log as a recorder of the `eventsourcing` library, for applications written with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from eventsourcing.persistence import (
    IntegrityError,
    Notification,
    StoredEvent,
)
from eventsourcing.popo import POPOApplicationRecorder

from .subscription import Subscribable

if TYPE_CHECKING:
    from .memory import MemoryStore


class MemoryLogRecorder(Subscribable, POPOApplicationRecorder):
    """What the library inserts and selects are the events of the store, of one tenant."""

    _store: MemoryStore

    def __init__(self, store: MemoryStore, tenant: str) -> None:
        super().__init__()
        self._store = store
        self._tenant = tenant

    def _insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int]:
        rows = [(str(e.originator_id), e.originator_version, e.topic, e.state) for e in stored_events]
        positions = self._store.record(self._tenant, rows)
        if positions is None:
            raise IntegrityError(f"a stored event exists already, or is given twice: {stored_events}")
        return positions

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        rows = [
            StoredEvent(row.stream, row.version, row.topic, row.state)
            for row in self._store.read_streams(self._tenant, [str(originator_id)])[str(originator_id)]
            if (gt is None or row.version > gt) and (lte is None or row.version <= lte)
        ]
        return (rows[::-1] if desc else rows)[:limit]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        after = (start or 0) - (1 if start and inclusive_of_start else 0)
        count = limit if not topics else self._store.head()
        rows = self._store.read_log(after, count, upto=stop, tenant=self._tenant)
        return [
            Notification(row.stream, row.version, row.topic, row.state, row.position)
            for row in rows
            if not topics or row.topic in topics
        ][:limit]

    def max_notification_id(self) -> int | None:
        rows = self._store.read_log(0, self._store.head(), tenant=self._tenant)
        return rows[-1].position if rows else None
