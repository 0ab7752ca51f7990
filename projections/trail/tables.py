"""Tables of the audit trail: every event of the log without what it says, and the batches it came in.

It is the widest table there is, so its indexes are narrow and grow at few ends: `kind` is the number of an event's
name in its tenant, `who` that of its actor; participants, who are many, share 128 heaps, all others have one of
their own. A stream has no index here: the log itself knows where a stream's events lie. An index whose condition
holds for every row is for questions that say it alone (see `people.tables`).
"""

from __future__ import annotations

from functools import lru_cache
from zlib import crc32

from ..projection import Table

HEAPS = 128

EVENT = Table(
    "trail_event",
    "position",
    """CREATE TABLE trail_event_{g} (
         position INTEGER PRIMARY KEY,
         tenant TEXT NOT NULL,
         stream TEXT NOT NULL,
         version INTEGER NOT NULL,
         name TEXT NOT NULL,
         kind INTEGER NOT NULL,
         actor TEXT NOT NULL,
         who INTEGER NOT NULL,
         heap INTEGER NOT NULL,
         role TEXT NOT NULL,
         known TEXT NOT NULL,
         occurred_at INTEGER NOT NULL,
         recorded_at INTEGER NOT NULL,
         batch TEXT,
         command TEXT NOT NULL
       )""",
    (
        "CREATE INDEX trail_by_actor_{g} ON trail_event_{g} (heap, position, who)",
        "CREATE INDEX trail_by_kind_{g} ON trail_event_{g} (kind, position)",
        "CREATE INDEX trail_by_batch_{g} ON trail_event_{g} (tenant, batch) WHERE batch IS NOT NULL",
    ),
)

KIND = Table(
    "trail_kind",
    "kind",
    """CREATE TABLE trail_kind_{g} (
         kind INTEGER PRIMARY KEY,
         tenant TEXT NOT NULL,
         name TEXT NOT NULL
       )""",
    ("CREATE INDEX trail_kinds_{g} ON trail_kind_{g} (tenant)",),
)

BATCH = Table(
    "trail_batch",
    "tenant, batch",
    """CREATE TABLE trail_batch_{g} (
         tenant TEXT NOT NULL,
         batch TEXT NOT NULL,
         first INTEGER NOT NULL,
         last INTEGER NOT NULL,
         events INTEGER NOT NULL,
         actor TEXT NOT NULL,
         recorded_at INTEGER NOT NULL,
         PRIMARY KEY (tenant, batch)
       ) WITHOUT ROWID""",
    ("CREATE INDEX trail_batches_{g} ON trail_batch_{g} (tenant, first) WHERE first > 0",),
)

TABLES = (EVENT, KIND, BATCH)


@lru_cache(maxsize=4096)
def kind_of(tenant: str, name: str) -> int:
    """The number that stands for events of a name in a tenant."""
    return crc32(f"{tenant}\x1f{name}".encode())


@lru_cache(maxsize=4096)
def who_is(tenant: str, actor: str) -> int:
    """The number of an actor of a tenant; another actor may have it too, though that is rare."""
    return crc32(f"{tenant}\x1f{actor}".encode())


def heaps_of(who: int) -> tuple[int, int]:
    """Where events of an actor lie: as a participant, and with any other hat."""
    return who % HEAPS, HEAPS + who
