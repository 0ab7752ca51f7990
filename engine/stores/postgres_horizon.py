"""Who keeps the log from being placed: the oldest transaction that is still open, anywhere in the cluster."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from psycopg import sql

from mentorcycle.domain.errors import StoreUnavailable

from .postgres_connections import Connection
from .postgres_errors import place_of

# pg_locks may be read by everybody; of pg_stat_activity a role without pg_read_all_stats sees only names of others.
_OLDEST = """
SELECT l.pid, a.application_name, a.datname, extract(epoch FROM coalesce(a.xact_start, x.prepared))::bigint,
       x.gid, a.state
FROM pg_locks l
LEFT JOIN pg_stat_activity a ON a.pid = l.pid
LEFT JOIN pg_prepared_xacts x ON x.transaction = l.transactionid
WHERE l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock' AND l.granted
ORDER BY age(l.transactionid) DESC LIMIT 1"""


_FOR_LONG = "coalesce(a.xact_start, x.prepared) < clock_timestamp() - make_interval(secs => %s)"


class HeldBack(StoreUnavailable):
    """Events are durable and have no position yet; `pid` is the backend that holds them back, when it is known."""

    def __init__(self, what: str, why: str, fix: str, pid: int | None) -> None:
        super().__init__(what, why, fix)
        self.pid = pid


def held_back(
    connection: Connection, conninfo: str, tx: int, waited: float, *, recorded: str | None
) -> HeldBack:
    """The error for a transaction that could not be placed in time; `recorded` names what is durable all the same."""
    row = connection.execute(_OLDEST).fetchone()
    pid, who = _who(row)
    if recorded is not None:
        what = f"{recorded} IS recorded in {place_of(conninfo)}, but has no position yet"
        fix = "send the command again with the same id: that gives its receipt as soon as that transaction ended"
    else:
        what = f"transaction {tx} of {place_of(conninfo)} is recorded, but has no position yet"
        fix = "try again when that transaction ended"
    if pid is not None:
        fix += f"; if nobody needs it: SELECT pg_terminate_backend({pid})"
    return HeldBack(what, f"{who}; waited {waited:.1f} s", fix, pid)


def holder(connection: Connection, seconds: float) -> tuple[str, str] | None:
    """Who has kept a transaction open for so long that wrote before all that is appended now, and what ends it."""
    rows = connection.execute(_OLDEST.replace("ORDER BY", f"AND {_FOR_LONG} ORDER BY"), (seconds,)).fetchall()
    for row in rows:
        pid, who = _who(row)
        end = f"SELECT pg_terminate_backend({pid})"
        if pid is None:
            end = f"ROLLBACK PREPARED {sql.Literal(row[4]).as_string(connection)}"
        return who, f"end it where it was begun, or let the server do it: {end}"
    return None


def _who(row: tuple[Any, ...] | None) -> tuple[int | None, str]:
    if row is None:
        return None, "an older transaction was open until just now"
    pid, name, database, since, prepared, state = row
    began = f", open since {_shown(since)}" if since else ""
    if prepared is not None:
        return None, f"the prepared transaction {prepared!r} is older{began}"
    called = f" ({name})" if name else ""
    where = f" in database {database}" if database else ""
    doing = f", {state}" if state else ""
    return pid, f"an older transaction is still open: backend {pid}{called}{where}{began}{doing}"


def _shown(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"
