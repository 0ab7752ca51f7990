"""What tests of one store need beside a log: stores opened as other processes would, and writers that dawdle."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, cast

import psycopg
import pytest

from mentorcycle.engine.stores.postgres import PostgresStore
from mentorcycle.engine.stores.postgres_locks import locks


class OfTasks:
    """A store for tasks, as one for threads: each call is a task of one loop, whichever thread it comes from."""

    def __init__(self, loop: Any, *args: Any, **options: Any) -> None:
        from mentorcycle.engine.aio.bridge import run
        from mentorcycle.engine.aio.postgres import LoopStore

        async def in_task(work: Callable[..., Any], *args: Any, **options: Any) -> Any:
            return await run(work, *args, **options)

        self._call = partial(loop.call, in_task)
        self._store = self._call(LoopStore, *args, **options)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        return partial(self._call, found) if callable(found) else found


@pytest.fixture
def of_tasks(loop: Any) -> Callable[..., PostgresStore]:
    """Opens stores for tasks that threads can call."""
    return cast(Callable[..., PostgresStore], partial(OfTasks, loop))


@pytest.fixture
def open_store(log_url: str, request: pytest.FixtureRequest) -> Iterator[Callable[..., PostgresStore]]:
    """Opens stores on one log, as other processes would, and closes them in the end; `tasks` asks for theirs."""
    opened: list[PostgresStore] = []
    tasks = getattr(request, "param", "threads") == "tasks"
    make = request.getfixturevalue("of_tasks") if tasks else PostgresStore

    def open_(url: str = log_url, **options: Any) -> PostgresStore:
        opened.append(make(url, **options))
        return opened[-1]

    yield open_
    for store in opened:
        store.close()


class Slow:
    """A writer that takes its time: what an append does, statement by statement, on a connection of its own."""

    def __init__(self, url: str, **options: Any) -> None:
        self.connection = psycopg.connect(url, **options)

    def write(self, stream: str, version: int, *, command: str | None = None, events: int = 1) -> None:
        """Write events of one stream in the open transaction; nobody sees them before `commit`."""
        many, key = list(range(events)), ("north", stream)
        self.connection.execute(
            "SELECT mentorcycle.hold(%s::bigint[], %s::bool[])", locks("mentorcycle", [key], {key})
        )
        self.connection.execute(
            "SELECT mentorcycle.write(NULL, %s::text[], %s::text[], %s::int[], %s::text[], %s::bytea[],"
            " '{north}', %s::text[], '{h}', '{0}', %s::int[], '{}', '{}', '{}', '{}', '{}', '{}', '{}')",
            (
                ["north"] * events,
                [stream] * events,
                [version + n for n in many],
                ["A.1"] * events,
                [b"s"] * events,
                [command or f"{stream}-{version}"],
                [events],
            ),
        )

    def commit(self) -> None:
        self.connection.commit()

    def rollback(self) -> None:
        self.connection.rollback()

    def any_transaction(self) -> None:
        """Take a transaction number for something that has nothing to do with the log."""
        self.connection.execute("SELECT pg_current_xact_id()")


@pytest.fixture
def slow(log_url: str) -> Iterator[Callable[..., Slow]]:
    """Makes writers that stop between any two statements."""
    made: list[Slow] = []

    def make(url: str = log_url, **options: Any) -> Slow:
        made.append(Slow(url, **options))
        return made[-1]

    yield make
    for writer in made:
        writer.connection.close()
