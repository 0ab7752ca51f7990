"""Rows of any log, through both kinds of store and back: equal to the last byte, in batches of any size."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from itertools import count, pairwise
from pathlib import Path
from threading import Thread
from time import sleep
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mentorcycle.domain.errors import (
    CopyUnfinished,
    InvalidInput,
    MentorcycleError,
    StoreUnavailable,
    VerificationFailed,
)
from mentorcycle.engine.stores.mark import Mark
from mentorcycle.engine.stores.port import NewWords, Slice, StoredRow
from mentorcycle.engine.stores.postgres import PostgresStore
from mentorcycle.engine.stores.postgres_copy import PostgresMoment
from mentorcycle.engine.stores.postgres_copy_target import PostgresTarget, as_transactions
from mentorcycle.engine.stores.postgres_schema import grants
from mentorcycle.engine.stores.sqlite import SQLiteStore
from mentorcycle.engine.stores.sqlite_copy import SQLiteMoment, SQLiteTarget
from mentorcycle.engine.stores.sqlite_reader import SQLiteReader
from mentorcycle.engine.stores.transfer import Batch, CommandRow, Moment, Target, batches
from mentorcycle.engine.testing.store_contract import HASH, NOON, command, event

Rows = tuple[list[Any], list[Any], list[Any]]

numbers = count()


def rows(moment: Moment, size: int = 1000) -> Rows:
    """Every row of a log."""
    found: Rows = ([], [], [])
    with closing(moment):
        for batch in batches(moment, 0, size):
            for all_, some in zip(found, batch.rows, strict=True):
                all_.extend(some)
    return found


def fill(moment: Moment, target: Target, size: int) -> Mark:
    """Copy all of a log, without a proof."""
    mark = Mark(moment.name, "f", 0, moment.head, 0)
    with closing(moment):
        target.begin(None, mark)
        for batch in batches(moment, 0, size):
            mark = target.write(batch, mark, moment.head)
        target.finish(mark, moment.discarded())
    return mark


HISTORIES = st.lists(
    st.tuples(
        st.sampled_from(["north", "south", "öst"]),
        st.integers(0, 4),
        st.sampled_from([0, 0, 1, 1000, -2]),
        st.booleans(),
    ),
    min_size=1,
    max_size=40,
)
"""Commands in order: of whom, how many events, how far the clock goes before it, and whether there are words."""


def lived(path: Path, history: list[tuple[str, int, int, bool]]) -> SQLiteStore:
    """A log of that history; commands between which the clock stood still share a commit and its instant."""
    now = NOON
    store = SQLiteStore(path, clock=lambda: now)
    at: dict[str, int] = {}
    mates: list[Slice] = []
    for number, (tenant, events, ahead, with_words) in enumerate(history):
        if ahead:
            store.append_many(mates)
            mates = []
            now += ahead
        stream = f"cycle:{number % 3}-{tenant}"
        first = at.get(stream, 0) + 1
        new = [event(stream, first + n, f"{number}/{n}".encode()) for n in range(events)]
        words = [
            NewWords(stream, one.version, field, b"c" * 32, b"salt", f"w {number} ü")
            for one in new
            for field in ("a", "b.0")
            if with_words
        ]
        # ids are not in the order of the log
        mates.append(command(f"k{number * 7 % 26:02}-{number}", *new, tenant=tenant, words=tuple(words)))
        at[stream] = first + events - 1
    store.append_many(mates)
    return store


@pytest.fixture
def folder(tmp_path: Path) -> Callable[[], Path]:
    """Paths that nobody used."""
    return lambda: tmp_path / f"{next(numbers)}.db"


@given(history=HISTORIES, size=st.integers(1, 9))
@settings(max_examples=5, deadline=None, database=None)
def test_every_row_comes_back_from_postgresql(
    logs: Any, tmp_path_factory: pytest.TempPathFactory, history: list[tuple[str, int, int, bool]], size: int
) -> None:
    folder = tmp_path_factory.mktemp("copies")
    with lived(folder / "a.db", history) as source, logs.one() as url:
        wanted = rows(SQLiteMoment(source))
        with closing(PostgresTarget(url)) as there:
            fill(SQLiteMoment(source), there, size)
            assert rows(PostgresMoment(there.log), size) == wanted
            assert there.log.head() == source.head()
            with closing(SQLiteTarget(str(folder / "b.db"))) as back:
                fill(PostgresMoment(there.log), back, size + 1)
                assert rows(SQLiteMoment(back.log)) == wanted
        with PostgresStore(url) as store:
            for tenant, id in {(row.tenant, row.command_id) for row in wanted[1]}:
                assert store.find_command(tenant, id) == source.find_command(tenant, id)
            last = store.head()
            assert store.append(command("new", event("fresh", 1), event("fresh", 2)))[:2] == (
                last + 1,
                last + 2,
            )
            new = store.read_log(0, 1000)
            assert [row.position for row in new] == list(range(1, last + 3))
            assert all(a.recorded_at <= b.recorded_at for a, b in pairwise(new))


@given(history=HISTORIES, last=st.integers(0, 1000))
@settings(max_examples=200, deadline=None)
def test_transactions_stand_for_every_row_of_a_batch_in_order(
    history: list[tuple[str, int, int, bool]], last: int
) -> None:
    events: list[StoredRow] = []
    commands: list[CommandRow] = []
    now = NOON
    for number, (tenant, many, ahead, _) in enumerate(history):
        now = max(now + ahead, events[-1].recorded_at if events else 0)
        first = len(events) + 1
        events += [StoredRow(first + n, tenant, "s", 1, "A.1", now, b"") for n in range(many)]
        commands.append(CommandRow(first, first + many - 1, tenant, f"{number}", HASH, now))
    made = as_transactions(Batch(0, len(events), events, commands, []), last)
    assert [one.tx for one in made] == list(range(last + 1, last + len(made) + 1))
    places = [(one.first + n, one.recorded_at) for one in made for n in range(one.events)]
    assert places == [(row.position, row.recorded_at) for row in events]
    assert [one.first for one in made] == sorted(one.first for one in made)
    assert {(one.first, one.recorded_at) for one in made if not one.events} == {
        (row.first, row.recorded_at) for row in commands if row.last < row.first
    }
    if made:
        assert made[-1].first + made[-1].events - 1 == len(events)


def test_a_log_of_postgresql_is_copied_as_it_was_written(open_store: Any, folder: Any) -> None:
    store = open_store()
    store.append_many([command(f"c{n}", event(f"s{n}", 1), event(f"s{n}", 2)) for n in range(5)])
    store.append(command("nothing"))
    store.append(command("c9", event("s9", 1), words=(NewWords("s9", 1, "f", b"c" * 32, b"s", "ü"),)))
    store.record("north", [("plain", 1, "A.1", b"x")])
    with closing(SQLiteTarget(str(folder()))) as target:
        fill(PostgresMoment(store), target, 3)
        assert rows(SQLiteMoment(target.log)) == rows(PostgresMoment(store))
        assert target.log.find_command("north", "nothing") == store.find_command("north", "nothing")


def test_a_command_is_never_cut_in_two(folder: Any) -> None:
    with SQLiteStore(folder()) as store:
        store.append(command("c1", *(event("a", n) for n in range(1, 8))))
        store.append(command("c2", event("b", 1)))
        with closing(SQLiteMoment(store)) as moment:
            assert [(one.after, one.upto) for one in batches(moment, 0, 3)] == [(0, 7), (7, 8)]


# An unfinished copy


@pytest.fixture(params=["sqlite", "postgres"])
def target(request: pytest.FixtureRequest, folder: Any, log_url: str) -> Iterator[Any]:
    """An empty target of each kind, and what opens its log as others do."""
    if request.param == "sqlite":
        path = folder()
        made: Any = SQLiteTarget(str(path))
        made.opened = lambda: SQLiteStore(path)
    else:
        made = PostgresTarget(log_url)
        made.opened = lambda: PostgresStore(log_url)
    with closing(made):
        yield made


@pytest.fixture
def source(folder: Any) -> Iterator[SQLiteStore]:
    with SQLiteStore(folder()) as store:
        for n in range(1, 7):
            store.append(command(f"c{n}", event("a", n)))
        yield store


def half(source: SQLiteStore, target: Target) -> Mark:
    """The first two events are copied."""
    with closing(SQLiteMoment(source)) as moment:
        mark = Mark(moment.name, "f", 0, moment.head, 0)
        target.begin(None, mark)
        return target.write(next(batches(moment, 0, 2)), mark, moment.head)


def test_an_unfinished_copy_cannot_be_opened_and_says_how_to_go_on(source: SQLiteStore, target: Any) -> None:
    half(source, target)
    with pytest.raises(
        CopyUnfinished, match=r"2 of 6 events of sqlite:.*db copy sqlite:\S+ \S+, which goes on"
    ):
        target.opened()


def test_who_had_the_target_open_adds_nothing_until_the_copy_is_finished(
    source: SQLiteStore, target: Any
) -> None:
    with target.opened() as engine:
        before = engine.incarnation()
        mark = half(source, target)
        for slice_ in (command("x", event("x", 1)), command("y")):
            with pytest.raises(StoreUnavailable, match="a copy is being made into this log"):
                engine.append(slice_)
        with pytest.raises(MentorcycleError):
            engine.append_many([command("z", event("z", 1))])
        with closing(SQLiteMoment(source)) as moment:
            for batch in batches(moment, 2, 10):
                mark = target.write(batch, mark, 6)
            target.finish(mark, [])
        with target.opened() as another:
            assert another.incarnation() != before
            assert another.append(command("x", event("x", 1))).first == 7
        assert engine.append(command("y", event("y", 1))).first == 8
        assert engine.append(command("c2", event("a", 2))).repeated


def test_of_two_copies_into_one_target_one_stops(source: SQLiteStore, target: Any) -> None:
    start = Mark("s", "f", 0, 6, 0)
    assert target.state().empty
    mark = half(source, target)
    with pytest.raises(StoreUnavailable, match="somebody else has written to it"):
        target.begin(None, start)
    with closing(SQLiteMoment(source)) as moment:
        batch = next(batches(moment, 2, 2))
        target.write(batch, mark, 6)
        for late in (lambda: target.write(batch, mark, 6), lambda: target.finish(mark, [])):
            with pytest.raises(StoreUnavailable, match="somebody else has written to it"):
                late()
    assert target.state().mark.position == 4


def test_what_somebody_appended_first_keeps_a_copy_from_beginning(source: SQLiteStore, target: Any) -> None:
    assert target.state().empty
    with target.opened() as engine:
        engine.append(command("nothing"))
    with pytest.raises(StoreUnavailable, match="somebody else has written to it"):
        half(source, target)
    with target.opened() as engine:
        assert engine.append(command("x", event("x", 1))).first == 1  # nothing stands in the way


def test_a_copy_waits_for_who_is_just_writing_and_then_leaves_the_log_alone(
    source: SQLiteStore, slow: Any, log_url: str
) -> None:
    writer, said = slow(), []
    writer.write("a", 1)

    def begin() -> None:
        with closing(PostgresTarget(log_url)) as target, suppress(StoreUnavailable):
            said.append(target.state().empty)
            half(source, target)
            said.append(True)

    copier = Thread(target=begin)
    copier.start()
    with psycopg.connect(log_url, autocommit=True) as connection:
        waiting = "SELECT FROM pg_locks WHERE relation = 'mentorcycle.arrivals'::regclass AND NOT granted"
        while copier.is_alive() and not connection.execute(waiting).rowcount:
            sleep(0.01)
    writer.commit()
    copier.join()
    assert said == [True]
    with PostgresStore(log_url) as store:
        assert store.append(command("x", event("x", 1))).first == 2


def test_a_finished_copy_leaves_the_target_as_if_it_had_been_written_there(
    source: SQLiteStore, log_url: str
) -> None:
    catalogue = """SELECT (SELECT array_agg(t.tgname::text ORDER BY 1) FROM pg_trigger t),
      (SELECT array_agg(p.proname::text ORDER BY 1) FROM pg_proc p
       WHERE p.pronamespace = 'mentorcycle'::regnamespace)"""
    with psycopg.connect(log_url) as connection:
        before = connection.execute(catalogue).fetchone()
    with closing(PostgresTarget(log_url)) as target:
        fill(SQLiteMoment(source), target, 4)
    with psycopg.connect(log_url) as connection:
        assert connection.execute(catalogue).fetchone() == before
        (shift, last) = connection.execute(
            "SELECT shift, (SELECT max(tx) FROM mentorcycle.arrivals) FROM mentorcycle.origin"
        ).fetchone() or (0, 0)
    assert shift >= last


# Roles


def test_only_the_owner_copies_from_or_to_postgresql(server: Any, source: SQLiteStore, log_url: str) -> None:
    server.sql("CREATE ROLE teller LOGIN")
    with psycopg.connect(log_url, autocommit=True) as connection:
        for statement in grants("teller"):
            connection.execute(statement)
    as_teller = log_url.replace("postgres:@", "teller:@", 1)
    try:
        with PostgresStore(as_teller) as store:
            store.append(command("c1", event("a", 1)))
            with pytest.raises(StoreUnavailable, match="the owner's work"):
                PostgresMoment(store)
        with (
            closing(PostgresTarget(as_teller)) as target,
            pytest.raises(StoreUnavailable, match="the owner's work"),
        ):
            half(source, target)
    finally:
        with psycopg.connect(log_url, autocommit=True) as connection:
            connection.execute("DROP OWNED BY teller")
        server.sql("DROP ROLE teller")


# Sources that somebody has changed

TAMPERED = {
    "event 3 of 6 is missing": "DELETE FROM events WHERE position = 3",
    "answered up to 6": "DELETE FROM events WHERE position > 4",
    "event 2 is not of the types": "UPDATE events SET state = 'text' WHERE position = 2",
    "text of event unknown is not of the types": "INSERT INTO words VALUES ('x', 'f', x'00', x'00', 'text')",
    "command of event unknown is not of the types": "INSERT INTO commands VALUES ('n', 'i', x'00', 'x', 'x', 0)",
    "text of event 4 is not of the types": "INSERT INTO words VALUES (4, 'f', x'00', 'salt', 'text')",
    "text of event 4 is not UTF-8": "INSERT INTO words VALUES (4, 'f', x'00', x'00', CAST(x'ff' AS TEXT))",
    "text of event 9 has no event": "INSERT INTO words VALUES (9, 'f', x'00', x'00', 'text')",
    "text of event 0 has no event": "INSERT INTO words VALUES (0, 'f', x'00', x'00', 'text')",
    "command of event -4 has no event": "INSERT INTO commands VALUES ('n', 'i', x'00', -4, -4, 0)",
}


@pytest.mark.parametrize("finding", TAMPERED)
def test_rows_that_do_not_fit_together_are_not_copied(source: SQLiteStore, folder: Any, finding: str) -> None:
    with closing(sqlite3.connect(source.path, isolation_level=None)) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(TAMPERED[finding])
    with closing(SQLiteTarget(str(folder()))) as target:
        with pytest.raises(VerificationFailed, match=finding):
            fill(SQLiteMoment(source), target, 2)
        assert target.state().unfinished


def test_a_damaged_source_is_named_and_nothing_of_sqlite_gets_out(source: SQLiteStore, folder: Any) -> None:
    with closing(sqlite3.connect(source.path, isolation_level=None)) as connection:
        connection.execute("ALTER TABLE words RENAME COLUMN salt TO pepper")
    with (
        SQLiteReader(source.path) as broken,
        closing(SQLiteTarget(str(folder()))) as target,
        pytest.raises(StoreUnavailable, match="unavailable"),
    ):
        fill(SQLiteMoment(broken), target, 2)


def test_text_that_postgresql_cannot_keep_is_refused_and_not_shown(folder: Any, log_url: str) -> None:
    with SQLiteStore(folder()) as source, closing(PostgresTarget(log_url)) as target:
        words = (NewWords("a", 1, "f", b"c" * 32, b"s", "my secret\0"),)
        source.append(command("c1", event("a", 1), words=words))
        with pytest.raises(InvalidInput, match="a text of event 1 cannot be copied to PostgreSQL") as refused:
            fill(SQLiteMoment(source), target, 2)
        assert "secret" not in str(refused.value)


def test_a_text_of_postgresql_without_its_event_is_found(open_store: Any, log_url: str, folder: Any) -> None:
    store = open_store()
    store.append(command("c1", event("a", 1)))
    with psycopg.connect(log_url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO mentorcycle.words (tenant, stream, version, field, commitment, salt, text)"
            " VALUES ('north', 'a', 2, 'f', '', '', 't')"
        )
    with (
        closing(SQLiteTarget(str(folder()))) as target,
        pytest.raises(VerificationFailed, match="belongs to no event"),
    ):
        fill(PostgresMoment(store), target, 2)


def test_a_moment_lasts_longer_than_its_role_gives_a_transaction(log_url: str) -> None:
    with psycopg.connect(log_url, autocommit=True) as connection:
        setting = "transaction_timeout" if connection.info.server_version >= 170000 else "statement_timeout"
        connection.execute(f"ALTER DATABASE {connection.info.dbname} SET {setting} = '300ms'")
    with PostgresStore(log_url) as store:
        store.append(command("c1", event("a", 1)))
        moment = PostgresMoment(store)
        sleep(0.5)
        events, commands, _ = rows(moment)
        assert (len(events), len(commands)) == (1, 1)
