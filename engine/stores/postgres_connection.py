"""One connection to PostgreSQL: it never waits for ever, and knows when a commit did not reach the standby.

Of what is said on it, it knows nothing; lending connections is the part of `postgres_connections`.
"""

from __future__ import annotations

from time import monotonic
from typing import Any, TypeVar
from weakref import ref

import psycopg
from psycopg.abc import PQGen

RV = TypeVar("RV")

MARGIN_SECONDS = 2.0
"""How much longer than a lock we wait for an answer: the server is to say first that somebody kept the lock."""

# A server that is cut off says nothing; without these it would be waited for by the hour.
KEEPALIVES = {
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}

# The same for the server: of a host that is gone it hears nothing, and within a statement that waits for rows (COPY, or
# a message that came by half) no timeout for idle sessions counts, so locks and a transaction would stay for hours.
KEEPALIVES_OF_THE_SERVER = {
    "tcp_keepalives_idle": "30s",
    "tcp_keepalives_interval": "10s",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "60s",
}

_WAITS_FOR_STANDBY = "SyncRepWaitForLSN"


class Unanswered(psycopg.OperationalError):
    """Nothing was heard of the server in the time that it had; what was asked of it may have been done."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"the server has said nothing for {seconds:g} s")


class LogConnection(psycopg.Connection[tuple[Any, ...]]):
    """A connection that gives up, and closes, when nothing is heard for `silence` seconds (None: never).

    Keepalives do not show a network that takes everything and delivers nothing, nor a server that is stopped. It does
    not ask for the statement to be cancelled: a commit that waits for its standby would take that for consent to go on
    without. `unreplicated` is set when a commit did go on without, and is to be unset by who looks at it.
    """

    silence: float | None = None
    unreplicated = False

    def wait(self, gen: PQGen[RV], *args: Any, **kwargs: Any) -> RV:
        """Let what psycopg does on the wire go on until it is done."""
        return super().wait(self.heard(gen), *args, **kwargs)

    def heard(self, gen: PQGen[RV]) -> PQGen[RV]:
        """The same steps; raises `Unanswered` when nothing is heard for too long."""
        silence = self.silence
        if silence is None:
            return (yield from gen)
        deadline = monotonic() + silence
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if ready:
                    deadline = monotonic() + silence
                elif monotonic() > deadline:
                    self.pgconn.finish()
                    raise Unanswered(silence)
                wanted = gen.send(ready)
        except StopIteration as done:
            result: RV = done.value
            return result

    def hear_remarks(self) -> None:
        """Take notice of what the server remarks about commits."""
        here = ref(self)  # or the connection would be kept by its own handler

        def remarked(remark: psycopg.errors.Diagnostic) -> None:
            connection = here()
            if connection is not None and remark.source_function == _WAITS_FOR_STANDBY:
                connection.unreplicated = True  # by the place in its source: its words may be in any language

        self.add_notice_handler(remarked)

    def __del__(self, *_: object) -> None:
        """Without a warning when an interrupt came before anybody could keep it: what libpq holds closes itself, in
        the process that opened it."""
