"""Tables of the audit trail: every event of the log without what it says, and the batches it came in.

It is the widest table there is, so a stream has no index here: the log itself knows where a stream's events lie.
"""

from __future__ import annotations

from ..projection import Table

EVENT = Table(
    "trail_event",
    "position",
    """CREATE TABLE trail_event_{g} (
         position INTEGER PRIMARY KEY,
         tenant TEXT NOT NULL,
         stream TEXT NOT NULL,
         version INTEGER NOT NULL,
         name TEXT NOT NULL,
         actor TEXT NOT NULL,
         role TEXT NOT NULL,
         known TEXT NOT NULL,
         occurred_at INTEGER NOT NULL,
         recorded_at INTEGER NOT NULL,
         batch TEXT,
         command TEXT NOT NULL
       )""",
    (
        "CREATE INDEX trail_by_actor_{g} ON trail_event_{g} (tenant, actor, position)",
        "CREATE INDEX trail_by_name_{g} ON trail_event_{g} (tenant, name, position)",
        "CREATE INDEX trail_by_batch_{g} ON trail_event_{g} (tenant, batch, position) WHERE batch IS NOT NULL",
    ),
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
    ("CREATE INDEX trail_batches_{g} ON trail_batch_{g} (tenant, first)",),
)

TABLES = (EVENT, BATCH)
