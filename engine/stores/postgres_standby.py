"""Whether what was committed is on the standby that the server waits for: it goes on without when it is cancelled.

Where commits wait for none, there is nothing to be known, and nothing is asked.
"""

from __future__ import annotations

from mentorcycle.domain.errors import StoreUnavailable

from .postgres_connection import LogConnection
from .postgres_errors import AGAIN
from .postgres_statements import Statements

SEND_AGAIN = f"{AGAIN}, as soon as the standby has it; let no statement_timeout hold for those who append"


def check_replicated(connection: LogConnection, what: str, place: str, fix: str = SEND_AGAIN) -> None:
    """Raise when the server gave up waiting for its standby in the statements before."""
    if connection.unreplicated:
        connection.unreplicated = False
        raise StoreUnavailable(
            f"{what} is recorded in {place}, but not surely on its standby",
            "the server was made to stop waiting for the standby, by a statement_timeout or by somebody who"
            " cancelled the statement",
            fix,
        )


def wait_for_standby(
    connection: LogConnection, sql: Statements, what: str, place: str, fix: str = SEND_AGAIN
) -> None:
    """Return when the standby has everything that was committed before, by whomever; raise when that is not sure."""
    connection.unreplicated = False
    connection.execute(sql.replicate, prepare=True)
    check_replicated(connection, what, place, fix)
