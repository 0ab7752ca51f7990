"""A read model in the stock library's way: a projection with a view, each event and its tracking in one commit.

`ProjectionRunner` itself cannot run on SQLite (its recorder has no subscriptions), so `follow` is its loop: next
notification, mapper, `process_event`. The view keeps two small tables; ours keep a good many more.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

from eventsourcing.dispatch import singledispatchmethod
from eventsourcing.persistence import InfrastructureFactory, Tracking
from eventsourcing.projection import Projection
from eventsourcing.sqlite import SQLiteTrackingRecorder
from eventsourcing.utils import Environment

from .stock import Cycle, Mentoring


class CyclesView(SQLiteTrackingRecorder):
    """Where cycles stand, and the minutes of contacts."""

    def construct_create_table_statements(self) -> list[str]:
        return [
            *super().construct_create_table_statements(),
            "CREATE TABLE IF NOT EXISTS cycles (id TEXT PRIMARY KEY, stage TEXT, status TEXT) WITHOUT ROWID",
            "CREATE TABLE IF NOT EXISTS minutes (id TEXT, contact TEXT, minutes INTEGER, PRIMARY KEY (id, contact))",
        ]

    def write(self, tracking: Tracking, statement: str = "", values: tuple[object, ...] = ()) -> None:
        """One row and the progress, in one commit."""
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            if statement:
                cursor.execute(statement, values)


class Cycles(Projection[CyclesView]):
    """Fills the view."""

    @singledispatchmethod
    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        self.view.write(tracking)

    @process_event.register
    def opened(self, domain_event: Cycle.Opened, tracking: Tracking) -> None:  # type: ignore[name-defined]
        values = (domain_event.originator_id.hex, domain_event.stage)
        self.view.write(tracking, "INSERT INTO cycles VALUES (?, ?, 'active')", values)

    @process_event.register
    def advanced(self, domain_event: Cycle.Advanced, tracking: Tracking) -> None:  # type: ignore[name-defined]
        self._update(domain_event.originator_id, "stage", domain_event.target, tracking)

    @process_event.register
    def paused(self, domain_event: Cycle.Paused, tracking: Tracking) -> None:  # type: ignore[name-defined]
        self._update(domain_event.originator_id, "status", "paused", tracking)

    @process_event.register
    def resumed(self, domain_event: Cycle.Resumed, tracking: Tracking) -> None:  # type: ignore[name-defined]
        self._update(domain_event.originator_id, "status", "active", tracking)

    @process_event.register
    def cancelled(self, domain_event: Cycle.Cancelled, tracking: Tracking) -> None:  # type: ignore[name-defined]
        self._update(domain_event.originator_id, "status", "cancelled", tracking)

    @process_event.register
    def contact(self, domain_event: Cycle.ContactLogged, tracking: Tracking) -> None:  # type: ignore[name-defined]
        values = (domain_event.originator_id.hex, domain_event.contact, domain_event.minutes)
        self.view.write(tracking, "INSERT OR REPLACE INTO minutes VALUES (?, ?, ?)", values)

    def _update(self, id: UUID, column: str, value: str, tracking: Tracking) -> None:
        self.view.write(tracking, f"UPDATE cycles SET {column} = ? WHERE id = ?", (value, id.hex))


def open_projection(path: Path) -> Cycles:
    """The projection with its view in a file of its own."""
    env = {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(path)}
    factory = InfrastructureFactory[CyclesView].construct(Environment("Cycles", env))
    return Cycles(factory.tracking_recorder(CyclesView))


def follow(app: Mentoring, projection: Cycles, count: int) -> int:
    """Take that many events after those taken before, one commit each."""
    done = projection.view.max_tracking_id(app.name) or 0
    for notification in app.recorder.select_notifications(done + 1, count):
        tracking = Tracking(app.name, notification.id)
        projection.process_event(app.mapper.to_domain_event(notification), tracking)
    return count
