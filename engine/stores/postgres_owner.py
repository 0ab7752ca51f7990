"""The connection on which the owner makes the tables of a log, or brings them up to date: one transaction that ends.

Locks are waited for as long as `patience` says, and so is a server of which nothing is heard while a statement is
short. One that may take long (over all rows of a large log) is waited for as long as the server's host answers at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mentorcycle.domain.errors import StoreUnavailable

from .postgres_connection import KEEPALIVES, KEEPALIVES_OF_THE_SERVER, MARGIN_SECONDS, LogConnection
from .postgres_errors import AGAIN, parsed, translated

CONNECT_SECONDS = 10
PATIENCE_SECONDS = 30.0


@contextmanager
def owning(conninfo: str, work: str, patience: float = PATIENCE_SECONDS) -> Iterator[LogConnection]:
    """A connection in a transaction that the block's end commits; what goes wrong is said in our words."""
    given = parsed(conninfo)
    options: dict[str, Any] = {name: given.get(name) or seconds for name, seconds in KEEPALIVES.items()}
    wait = f"{max(1, round(patience * 1000))}ms"
    settings = {
        **KEEPALIVES_OF_THE_SERVER,
        "lock_timeout": wait,
        "idle_in_transaction_session_timeout": wait,  # or who was cut off would keep the locks
    }
    try:
        with (
            translated(conninfo, connecting=True),  # it can be done again
            LogConnection.connect(
                conninfo,
                application_name=f"mentorcycle {work}",
                connect_timeout=given.get("connect_timeout") or CONNECT_SECONDS,
                **options,
            ) as connection,
        ):
            connection.silence = patience + MARGIN_SECONDS
            connection.execute(
                "SELECT count(set_config(name, value, false)) FROM unnest(%s::text[], %s::text[]) s(name, value)",
                (list(settings), list(settings.values())),
            )
            yield connection
    except StoreUnavailable as error:
        if AGAIN not in error.fix:
            raise
        fix = error.fix.replace(AGAIN, f"run it again: mentorcycle {work}")
        raise StoreUnavailable(error.what, error.why, fix) from error.__cause__


@contextmanager
def taking_long(connection: LogConnection) -> Iterator[None]:
    """Let a server be silent for as long as a statement takes."""
    silence, connection.silence = connection.silence, None
    try:
        yield
    finally:
        connection.silence = silence
