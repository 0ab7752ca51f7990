"""A host's transaction in the PostgreSQL database of the log: conflicts, its isolation, its settings and its rights."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import psycopg
import pytest
from psycopg.adapt import Loader
from psycopg.rows import dict_row
from psycopg.types.json import JsonbDumper

from mentorcycle.domain import commands as c
from mentorcycle.domain.actor import Actor
from mentorcycle.domain.errors import CannotJoin, Conflict, StoreUnavailable
from mentorcycle.engine import Engine, Settings
from mentorcycle.engine.stores.postgres_schema import grants
from mentorcycle.engine.vault import SALT_BYTES

Contact = Callable[..., Any]
Minutes = Callable[..., list[int]]
OFFICE = Actor.coordinator()


@pytest.fixture
def host(on_postgres: Any) -> Any:
    return on_postgres


@pytest.fixture
def overtaken(host: Any, story: Any, contact: Contact) -> Iterator[tuple[Engine, list[int]]]:
    """An engine that is overtaken each time it has read for a decision with words, and how often that was."""
    times: list[int] = []

    def entropy(size: int) -> bytes:
        if size == SALT_BYTES:
            times.append(size)
            contact(story.engine, 20)
        return os.urandom(size)

    with Engine.open(host.url, settings=Settings(clock=story.clock, entropy=entropy)) as engine:
        yield engine, times


def test_a_conflict_is_told_at_once_and_the_host_may_go_on(
    host: Any, overtaken: Any, contact: Contact, minutes: Minutes, story: Any
) -> None:
    connection, (engine, times) = host.connect(), overtaken
    with engine.join(connection) as unit:
        assert connection.execute("SELECT count(*) FROM notes").fetchone() == (0,)
        with pytest.raises(Conflict) as caught:
            unit.execute(c.LogContact(story.cycle, 30, notes="words"), story.bo)
        assert len(times) == 1  # it is not decided again
        assert caught.value.actual == caught.value.expected + 1
        host.note(connection, "after")
        contact(unit, 40)
    connection.commit()
    assert (host.notes(), minutes()) == (["after"], [20, 40])


def test_many_commands_with_a_conflict_are_undone_together(
    host: Any, overtaken: Any, contact: Contact, minutes: Minutes, story: Any
) -> None:
    connection, (engine, _) = host.connect(), overtaken
    commands = [c.LogContact(story.cycle, 30), c.LogContact(story.cycle, 35, notes="words")]
    with engine.join(connection) as unit:
        with pytest.raises(Conflict):
            unit.execute_many(commands, story.bo)
        contact(unit, 40)
    connection.commit()
    assert minutes() == [20, 40]
    assert len(unit.receipts()) == 1


@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
def test_a_transaction_that_sees_only_the_past_is_refused(host: Any, engine: Engine, level: str) -> None:
    connection = host.connect()
    connection.execute(f"SET TRANSACTION ISOLATION LEVEL {level}")
    with pytest.raises(CannotJoin, match="READ COMMITTED"), engine.join(connection):
        pass
    assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_transaction_that_failed_is_refused(host: Any, engine: Engine, contact: Contact) -> None:
    connection = host.connect()
    with engine.join(connection) as unit:
        with pytest.raises(psycopg.Error):
            connection.execute("SELECT 1/0")
        with pytest.raises(CannotJoin, match="has failed"):
            contact(unit, 30)
        connection.rollback()
        contact(unit, 40)


def test_a_connection_that_is_in_the_middle_of_something_or_at_its_end_is_refused(
    host: Any, engine: Engine, contact: Contact
) -> None:
    connection = host.connect()
    with engine.join(connection) as unit:
        with connection.cursor().copy("COPY notes TO STDOUT") as copy:
            with pytest.raises(CannotJoin, match="in the middle"):
                contact(unit, 30)
            assert list(copy) == []
        with connection.pipeline(), pytest.raises(CannotJoin, match="in the middle"):
            contact(unit, 30)
        contact(unit, 40)
        connection.close()
        with pytest.raises(CannotJoin, match="closed"):
            contact(unit, 30)


def test_a_connection_of_another_encoding_is_refused(host: Any, engine: Engine) -> None:
    with (
        pytest.raises(CannotJoin, match="client_encoding"),
        engine.join(host.connect(client_encoding="latin1")),
    ):
        pass


def test_what_fails_while_it_is_read_or_in_a_projection_that_says_nothing_leaves_the_transaction_usable(
    host: Any, engine: Engine, contact: Contact, minutes: Minutes
) -> None:
    def careless(connection: Any, events: Any) -> None:
        if events[0].event.minutes == 40:
            with suppress(psycopg.Error):
                connection.execute("SELECT 1/0")

    connection, other = host.connect(), host.connect()
    other.execute("LOCK TABLE mentorcycle.events")
    connection.execute("SET statement_timeout = '100ms'")
    with engine.join(connection, projections=[careless]) as unit:
        with pytest.raises(StoreUnavailable, match="statement_timeout"):
            contact(unit, 20)
        other.rollback()
        connection.execute("SET statement_timeout = 0")
        contact(unit, 30)
        with pytest.raises(StoreUnavailable, match="aborted"):
            contact(unit, 40)
        host.note(connection, "kept")
    connection.commit()
    assert (host.notes(), minutes()) == (["kept"], [30])


class Shouting(Loader):
    """A host's own way to read texts and numbers."""

    def load(self, data: Any) -> Any:
        return bytes(data).decode().upper() + "!"


SETTINGS = """SELECT current_setting('lock_timeout') AS lock_timeout, current_setting('search_path') AS search_path,
  current_setting('statement_timeout') AS statement_timeout, current_setting('enable_seqscan') AS enable_seqscan"""


def test_what_the_host_set_on_its_connection_is_not_used_and_not_changed(
    host: Any, engine: Engine, contact: Contact, minutes: Minutes
) -> None:
    connection = host.connect(row_factory=dict_row, cursor_factory=psycopg.ClientCursor, prepare_threshold=0)
    connection.execute("SET lock_timeout = '7s'; SET search_path = pg_temp; SET statement_timeout = '50s'")
    connection.commit()
    connection.execute("SET LOCAL lock_timeout = '8s'")
    for name in ("text", "int4", "int8", "bytea"):
        connection.adapters.register_loader(name, Shouting)
    connection.adapters.register_dumper(list, JsonbDumper)
    before = connection.execute(SETTINGS).fetchone()
    assert before["lock_timeout"] == "8S!"
    seen: list[Any] = []

    def keep(connection: Any, events: Any) -> None:
        seen.append(connection.execute(SETTINGS).fetchone())

    prepared = connection.execute("SELECT count(*) AS many FROM pg_prepared_statements").fetchone()
    with engine.join(connection, projections=[keep]) as unit:
        for _ in range(8):
            contact(unit, 30, command_id="visit")
        contact(unit, 40)
        unit.execute_many([c.AddPerson("Cy"), c.AddPerson("Di")], OFFICE)
    again = connection.execute("SELECT count(*) AS many FROM pg_prepared_statements").fetchone()
    assert seen == [before] * 3
    assert connection.execute(SETTINGS).fetchone() == before
    assert int(again["many"].rstrip("!")) <= int(prepared["many"].rstrip("!")) + 2  # those of this test
    connection.commit()
    assert connection.execute(SETTINGS).fetchone()["lock_timeout"] == "7S!"
    assert minutes() == [30, 40]


def test_a_host_that_does_not_wait_for_the_disk_waits_for_it_with_a_command(
    host: Any, engine: Engine, contact: Contact
) -> None:
    connection = host.connect()
    connection.execute("SET synchronous_commit = off")
    connection.commit()
    with engine.join(connection) as unit:
        contact(unit, 30)
    assert connection.execute("SHOW synchronous_commit").fetchone() == ("on",)
    connection.commit()
    assert connection.execute("SHOW synchronous_commit").fetchone() == ("off",)


def test_a_log_from_another_cluster_is_adopted_and_the_host_told_to_do_it_again(
    host: Any, engine: Engine, contact: Contact, minutes: Minutes
) -> None:
    with host.elsewhere() as other:
        for table in ("events", "commands", "arrivals", "positions"):
            other.execute(f"ALTER TABLE mentorcycle.{table} DISABLE TRIGGER ALL")
            other.execute(f"UPDATE mentorcycle.{table} SET tx = tx + 10000000")
            other.execute(f"ALTER TABLE mentorcycle.{table} ENABLE TRIGGER ALL")
    connection = host.connect()
    with engine.join(connection) as unit, pytest.raises(StoreUnavailable, match="from another cluster"):
        contact(unit, 30)
    with engine.join(connection) as unit:
        contact(unit, 40)
    connection.commit()
    assert minutes() == [40]


def test_blocks_of_psycopg_are_transactions_and_savepoints(
    host: Any, engine: Engine, contact: Contact, minutes: Minutes
) -> None:
    connection = host.connect(autocommit=True)
    with connection.transaction(), engine.join(connection) as unit:
        contact(unit, 30)
        with connection.transaction() as lunch:
            contact(unit, 40)
            raise psycopg.Rollback(lunch)
        contact(unit, 50)
    assert minutes() == [30, 50]
    assert [receipt.events[0].event.minutes for receipt in unit.receipts()] == [30, 50]


def test_a_lock_that_others_keep_is_waited_for_as_long_as_the_engine_waits(
    host: Any, engine: Engine, contact: Contact, minutes: Minutes, story: Any
) -> None:
    first, second = host.connect(), host.connect()
    with (
        Engine.open(host.url, settings=Settings(clock=story.clock, patience=0.2)) as hasty,
        engine.join(first) as one,
        hasty.join(second) as two,
    ):
        contact(one, 30)
        host.note(second, "kept")
        with pytest.raises(StoreUnavailable, match="kept a lock"):
            contact(two, 40)
        first.rollback()
        contact(two, 50)
        second.commit()
    assert (host.notes(), minutes()) == (["kept"], [50])


def test_a_role_with_the_rights_of_an_engine_joins_with_them(
    host: Any, engine: Engine, contact: Contact, minutes: Minutes, server: Any
) -> None:
    server.sql("DROP ROLE IF EXISTS host_role", "CREATE ROLE host_role LOGIN")
    with host.elsewhere() as owner:
        for statement in grants("host_role", tenant="default"):
            owner.execute(statement)
        owner.execute("GRANT ALL ON notes TO host_role")
    connection = psycopg.connect(host.url.replace("postgres:@", "host_role:@", 1))
    try:
        with engine.join(connection) as unit:
            host.note(connection, "by a role")
            contact(unit, 30)
            contact(unit, 40)
        connection.commit()
    finally:
        connection.close()
    assert (host.notes(), minutes()) == (["by a role"], [30, 40])
    with host.elsewhere() as owner:
        owner.execute("DROP OWNED BY host_role")
    server.sql("DROP ROLE host_role")


def test_read_models_hang_on_positions_so_none_can_go_along(host: Any, engine: Engine) -> None:
    with pytest.raises(CannotJoin, match="after the commit") as caught:
        engine.join(host.connect(), models=["cycles"])
    assert "receipts" in caught.value.fix


def test_receipts_are_there_before_positions_only_as_something_to_wait_for(
    host: Any, engine: Engine, contact: Contact, story: Any
) -> None:
    told: list[int] = []
    connection, older = host.connect(), host.connect()
    older.execute("SELECT pg_current_xact_id()")
    with engine.join(connection) as unit:
        contact(unit, 30)
        unit.on_commit(lambda: told.append(30))
    connection.commit()
    assert unit.committed()  # which waits for nobody
    assert told == [30]
    waiting = threading.Timer(0.1, older.rollback)
    waiting.start()
    (receipt,) = unit.receipts()
    waiting.join()
    assert receipt.last == engine.store.head()


def test_a_log_that_was_replaced_is_noticed_by_the_next_command(
    host: Any, engine: Engine, contact: Contact
) -> None:
    connection = host.connect()
    with engine.join(connection) as unit:
        contact(unit, 30)
        connection.commit()
        with host.elsewhere() as owner:
            owner.execute(
                "UPDATE mentorcycle.origin SET shift = shift + 1000"
            )  # as after a restore elsewhere
        contact(unit, 40)  # the store looks again: it is its own log that has another name now
        connection.commit()
    assert unit.committed()
