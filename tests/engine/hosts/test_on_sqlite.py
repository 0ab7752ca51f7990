"""A host's transaction in the SQLite file of the log: its locks, its ways of reading rows, and read models in it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

import pytest

from mentorcycle.domain.errors import CannotJoin, NotFound, StoreUnavailable
from mentorcycle.engine import Engine
from mentorcycle.engine.readers import Readers

Contact = Callable[..., Any]
Minutes = Callable[..., list[int]]


@pytest.fixture
def host(on_sqlite: Any) -> Any:
    return on_sqlite


@pytest.mark.parametrize("level", ["", "DEFERRED", "IMMEDIATE", "EXCLUSIVE"])
def test_a_transaction_is_begun_where_the_module_would_begin_one(
    engine: Engine, host: Any, contact: Contact, minutes: Minutes, level: str
) -> None:
    connection = host.connect(isolation_level=level)
    with engine.join(connection) as unit:
        contact(unit, 30)
        assert connection.in_transaction
    connection.rollback()
    with engine.join(connection) as unit:
        contact(unit, 40)
    connection.commit()
    assert minutes() == [40]


def test_what_was_read_before_others_wrote_cannot_be_written_upon(
    engine: Engine, host: Any, contact: Contact, minutes: Minutes
) -> None:
    connection = host.connect(isolation_level=None)
    connection.execute("BEGIN")
    connection.execute("SELECT * FROM notes").fetchall()
    contact(engine, 20)
    with engine.join(connection) as unit:
        assert contact(unit, 30, dry_run=True).events[0].version
        with pytest.raises(CannotJoin, match="BEGIN IMMEDIATE"):
            contact(unit, 30)
        connection.execute("ROLLBACK")
        connection.execute("BEGIN IMMEDIATE")
        contact(unit, 30)
        connection.execute("COMMIT")
    assert minutes() == [20, 30]


def test_while_another_writes_the_host_is_told_that_the_store_is_busy(
    engine: Engine, host: Any, contact: Contact, minutes: Minutes
) -> None:
    connection = host.connect(timeout=0.05)
    with host.elsewhere() as other, engine.join(connection) as unit:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match="write lock"):
            contact(unit, 30)
        other.execute("ROLLBACK")
        contact(unit, 40)
        connection.commit()
    assert minutes() == [40]


def test_the_connection_reads_rows_as_before_and_however_it_does(
    engine: Engine, host: Any, contact: Contact, minutes: Minutes
) -> None:
    connection = host.connect()
    connection.row_factory = sqlite3.Row
    connection.text_factory = bytes
    connection.execute("PRAGMA cache_size = 77")
    seen: list[Any] = []

    def keep(connection: Any, events: Any) -> None:
        seen.append(connection.execute("SELECT 'x' AS letter").fetchone()["letter"])

    with engine.join(connection, models=["cycles"], projections=[keep]) as unit:
        contact(unit, 30, command_id="visit")
        contact(unit, 30, command_id="visit")
    assert seen == [b"x"]
    assert connection.row_factory is sqlite3.Row
    assert connection.text_factory is bytes
    assert connection.execute("PRAGMA cache_size").fetchone()["cache_size"] == 77
    connection.commit()
    assert minutes() == [30]


def read_upto(engine: Engine) -> dict[str, int]:
    """How far each read model has read, without bringing it any further."""
    return {
        lineup.model.name: lineup.active.position if lineup.active else 0
        for lineup in Readers(engine.store).lineups()
    }


def test_read_models_that_the_host_asked_for_are_committed_with_the_events(
    engine: Engine, host: Any, contact: Contact, story: Any
) -> None:
    assert engine.queries.cycles(story.coordinator).rows
    head = engine.store.head()
    before = read_upto(engine)
    assert set(before.values()) == {head}
    connection = host.connect()
    with engine.join(connection, models=["cycles", "minutes"]) as unit:
        contact(unit, 30)
        contact(unit, 40)
        assert read_upto(engine) == before
    connection.rollback()
    assert read_upto(engine) == before
    with engine.join(connection, models=["cycles", "minutes"]) as unit:
        contact(unit, 30)
        connection.execute("SAVEPOINT lunch")
        contact(unit, 40)
        connection.execute("ROLLBACK TO lunch")
    connection.commit()
    assert read_upto(engine) == {**before, "cycles": head + 1, "minutes": head + 1}
    readers = Readers(engine.store)
    readers.catch_up()
    assert all(not readers.compare(name).differences for name in ("cycles", "minutes"))


def test_read_models_that_were_never_made_are_made_in_the_transaction(
    engine: Engine, host: Any, contact: Contact
) -> None:
    connection = host.connect()
    assert read_upto(engine)["cycles"] == 0
    with engine.join(connection, models=["cycles"]) as unit:
        contact(unit, 30)
        assert read_upto(engine)["cycles"] == 0
    connection.commit()
    assert read_upto(engine) == {name: engine.store.head() * (name == "cycles") for name in read_upto(engine)}


def test_a_read_model_that_is_not_there_is_an_error(engine: Engine, host: Any) -> None:
    with pytest.raises(NotFound, match="cycels"):
        engine.join(host.connect(), models=["cycels"])


def test_whoever_opened_the_store_read_only_joins_nothing(
    host: Any, engine: Engine, contact: Contact
) -> None:
    with (
        Engine.open(host.url, read_only=True) as reading,
        reading.join(host.connect()) as unit,
        pytest.raises(StoreUnavailable, match="read-only"),
    ):
        contact(unit, 30)


def test_a_host_that_commits_in_a_projection_is_told_and_has_what_it_committed(
    engine: Engine, host: Any, contact: Contact, minutes: Minutes
) -> None:
    connection = host.connect()
    with (
        engine.join(connection, projections=[lambda connection, events: connection.commit()]) as unit,
        pytest.raises(StoreUnavailable, match="no such savepoint"),
    ):
        contact(unit, 30)
    assert minutes() == [30]


def test_closing_the_engine_leaves_the_connection_open(host: Any, engine: Engine, contact: Contact) -> None:
    connection = host.connect()
    with engine.join(connection) as unit:
        contact(unit, 30)
    engine.close()
    connection.commit()
    with Engine.open(host.url) as other:
        assert other.store.head()
    assert connection.execute("SELECT count(*) FROM notes").fetchone() == (0,)
