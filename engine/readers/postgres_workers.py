"""Who works for the read models in a PostgreSQL database, and what each of them holds: the server's own locks say it.

A worker is whoever holds the lock of those who are willing to feed a read model, with a session that lives. What the
table says of it (a name, a heartbeat) is for people to read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from mentorcycle.projections.moments import from_micros
from mentorcycle.projections.projection import ReadModel

from ..stores.postgres_connections import Connection
from ..stores.postgres_locks import lock_number
from .postgres_tables import unit_lock
from .registry import SERVER_CLOCK
from .sharing import Unit, Workers, WorkerStatus

LOCKED = """
SELECT l.pid, (l.classid::bigint << 32) | l.objid::bigint FROM pg_locks l
WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted
AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())"""
WORKERS = (
    f"SELECT backend, name, started_at, {SERVER_CLOCK} - heartbeat_at FROM workers ORDER BY heartbeat_at"
)


class Picture(NamedTuple):
    """Who is willing to feed which read models and who holds what, by the number of the server's process for them."""

    willing: dict[int, set[str]]
    held: dict[Unit, int]


def willing_lock(where: str, model: ReadModel) -> int:
    """The number of the lock that every worker shares who is willing to feed a version of a read model."""
    return lock_number(where, "worker", model.name, str(model.version))


def picture(connection: Connection, where: str, models: Sequence[ReadModel]) -> Picture:
    """What the server says now."""
    willing = {willing_lock(where, model): model.name for model in models}
    units = {
        unit_lock(where, model.name, model.version, part): (model.name, part)
        for model in models
        for part in range(model.parts)
    }
    found = Picture({}, {})
    for pid, key in connection.execute(LOCKED).fetchall():
        if key in willing:
            found.willing.setdefault(pid, set()).add(willing[key])
        elif key in units:
            found.held[units[key]] = pid
    return found


def workers(connection: Connection, where: str, models: Sequence[ReadModel]) -> Workers:
    """The same with what the workers say of themselves, which may be older than what they hold."""
    seen = picture(connection, where, models)
    held = Counter(seen.held.values())
    told = {row[0]: row for row in connection.execute(WORKERS).fetchall()}
    all_ = {
        backend: WorkerStatus(name, backend, from_micros(since), max(0.0, ago / 1_000_000), held[backend])
        for backend in seen.willing
        if backend in told  # it joins or leaves just now
        for _, name, since, ago in [told[backend]]
    }
    return Workers(
        tuple(all_.values()), {unit: all_[backend] for unit, backend in seen.held.items() if backend in all_}
    )
