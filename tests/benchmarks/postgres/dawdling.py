"""Writers that dawdle and roll back, so that transactions end in another order than they began."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from time import sleep

import psycopg

from mentorcycle.engine.stores.port import NewEvent, Slice
from mentorcycle.engine.stores.postgres import PostgresStore
from mentorcycle.engine.stores.postgres_locks import locks
from mentorcycle.engine.stores.postgres_schema import DEFAULT_SCHEMA

TENANT = "north"
TOPIC = "Told.1"
MOST = 24
ROLLED_BACK = 0.2
HASTY = 0.4
LONGEST = 0.003


@dataclass(frozen=True, slots=True)
class Told:
    """What one writer is to write: so many events in its stream, by chance."""

    writer: int
    events: int


class Dawdler:
    """Writes by ordinary appends and, between them, step by step with delays; a part of it is rolled back."""

    def __init__(self, url: str) -> None:
        self._store = PostgresStore(url)
        self._connection = psycopg.connect(url)

    def prepared(self, share: Told) -> Callable[[], int]:
        return lambda: self._write(share)

    def _write(self, share: Told) -> int:
        chance, stream, version = Random(share.writer), f"told:{share.writer}", 0
        while version < share.events:
            count = min(chance.randint(1, MOST), share.events - version)
            if chance.random() < HASTY:
                events = [NewEvent(stream, version + n, TOPIC, b"told") for n in range(1, count + 1)]
                self._store.append(Slice(TENANT, f"{stream}-{version}", b"told", {}, events))
            elif not self._slowly(chance, stream, version, count):
                continue
            version += count
        return version

    def _slowly(self, chance: Random, stream: str, version: int, count: int) -> bool:
        """The same statement by statement; whether it was committed."""
        connection = self._connection
        connection.execute(
            "SELECT mentorcycle.hold(%s::bigint[], %s::bool[])",
            locks(DEFAULT_SCHEMA, [(TENANT, stream)], {(TENANT, stream)}),
        )
        sleep(chance.uniform(0, LONGEST))
        connection.execute(
            "SELECT mentorcycle.write(NULL, %s::text[], %s::text[], %s::int[], %s::text[], %s::bytea[],"
            " %s::text[], %s::text[], '{told}', '{0}', %s::int[], '{}', '{}', '{}', '{}', '{}', '{}', '{}')",
            (
                [TENANT] * count,
                [stream] * count,
                list(range(version + 1, version + count + 1)),
                [TOPIC] * count,
                [b"told"] * count,
                [TENANT],
                [f"{stream}-{version}"],
                [count],
            ),
        )
        sleep(chance.uniform(0, LONGEST))
        if chance.random() < ROLLED_BACK:
            connection.rollback()
            return False
        connection.commit()
        return True
