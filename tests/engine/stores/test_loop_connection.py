"""A connection for tasks does all that one for threads does, and lets its loop go on."""

from __future__ import annotations

import asyncio
from typing import Any

import psycopg
import pytest

from mentorcycle.engine.aio.bridge import run
from mentorcycle.engine.aio.connection import connect


def everything(url: str) -> list[Any]:
    """What stores and read models ask of a connection."""
    said: list[Any] = []
    with connect(url, {"autocommit": True}) as connection:
        connection.execute("CREATE TABLE numbers (n bigint PRIMARY KEY, name text)")
        with connection.transaction(), connection.cursor() as cursor:
            cursor.executemany("INSERT INTO numbers VALUES (%s, %s)", [(n, f"n{n}") for n in range(5)])
            with cursor.copy("COPY numbers FROM STDIN") as copy:
                for n in range(5, 300):
                    copy.write_row((n, None))
        with pytest.raises(psycopg.ProgrammingError, match="produce"), connection.transaction():
            connection.execute("DELETE FROM numbers").fetchone()
        with connection.pipeline():
            one = connection.execute("SELECT name FROM numbers WHERE n = 3", prepare=True, binary=True)
            other = connection.execute("SELECT count(*) FROM numbers")
        said += [one.fetchone(), other.fetchall(), list(connection.execute("SELECT 1 UNION SELECT 2"))]
        raw = psycopg.RawCursor(connection).execute("SELECT name FROM numbers WHERE n = $1", [4])
        said.append(raw.fetchone())
        with connection.transaction(), psycopg.RawServerCursor(connection, "some") as some:
            some.execute("SELECT n FROM numbers ORDER BY n")
            said.append([len(some.fetchmany(120)) for _ in range(4)])
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("INSERT INTO numbers VALUES (1, '')")
        connection.execute("LISTEN here")
        connection.execute("NOTIFY here, 'you'")
        said += [note.payload for note in connection.notifies(timeout=10, stop_after=1)]
        said.append(list(connection.notifies(timeout=0.01)))
        said.append(connection.info.transaction_status.name)
    return [*said, connection.closed]


async def test_it_does_what_is_asked_of_one_for_threads(database: str, monkeypatch: Any) -> None:
    monkeypatch.setattr(psycopg.Connection, "connect", None)
    monkeypatch.setattr(psycopg.waiting, "wait", None)
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            await asyncio.sleep(0)
            beats += 1

    beating = asyncio.create_task(beat())
    assert await run(everything, database) == [
        ("n3",), [(300,)], [(1,), (2,)], ("n4",), [120, 120, 60, 0], "you", [], "IDLE", True,
    ]  # fmt: skip
    assert beats > 10
    beating.cancel()
