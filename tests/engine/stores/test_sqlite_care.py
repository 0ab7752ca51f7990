"""Backups are whole, checks see damage, and scrubbing leaves no trace of deleted words."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from mentorcycle.domain.errors import StoreUnavailable
from mentorcycle.engine.stores.port import NewWords
from mentorcycle.engine.stores.sqlite import SQLiteStore
from mentorcycle.engine.testing.store_contract import command, event


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SQLiteStore]:
    with SQLiteStore(tmp_path / "log.db", patience=0.2) as store:
        for n in range(40):
            words = NewWords(f"s{n}", 1, "statement", b"c" * 32, b"salt", f"secret-{n} " * (n * 20))
            store.append(command(f"c{n}", event(f"s{n}", 1), words=(words,)))
        yield store


def test_a_backup_is_a_log_of_that_moment_in_one_file(store: SQLiteStore, tmp_path: Path) -> None:
    to = tmp_path / "copies" / "monday.db"
    to.parent.mkdir()
    assert store.backup(to) == 40
    store.append(command("later", event("later", 1)))
    assert [file.name for file in to.parent.iterdir()] == ["monday.db"]
    assert to.stat().st_mode & 0o777 == 0o600
    with SQLiteStore(to, create=False) as copy:
        assert copy.read_log(0, 99) == store.read_log(0, 99, upto=40)
        assert copy.read_words("north", "s7") == store.read_words("north", "s7")
        assert copy.append(command("c1", event("s1", 1))).repeated
        assert copy.append(command("new", event("new", 1))).first == 41
        assert copy.findings() == []


def test_a_backup_can_be_taken_while_others_append(store: SQLiteStore, tmp_path: Path) -> None:
    done = threading.Event()

    def append() -> None:
        n = 0
        while not done.is_set():
            store.append(command(f"more-{n}", event("more", n + 1)))
            n += 1

    thread = threading.Thread(target=append)
    thread.start()
    heads = [store.backup(tmp_path / f"copy-{n}.db") for n in range(3)]
    done.set()
    thread.join(60)
    assert heads == sorted(heads)
    for n, head in enumerate(heads):
        with SQLiteStore(tmp_path / f"copy-{n}.db") as copy:
            assert copy.read_log(0, 10**6) == store.read_log(0, 10**6, upto=head)
            assert copy.findings() == []


def test_a_backup_never_overwrites_and_leaves_nothing_when_it_fails(
    store: SQLiteStore, tmp_path: Path
) -> None:
    taken = tmp_path / "taken.db"
    taken.write_text("mine")
    with pytest.raises(StoreUnavailable, match="never overwrites"):
        store.backup(taken)
    assert taken.read_text() == "mine"
    with pytest.raises(StoreUnavailable, match="check the directory"):
        store.backup(tmp_path / "nowhere" / "copy.db")


@pytest.mark.parametrize("quick", [False, True])
def test_a_sound_log_has_no_findings(store: SQLiteStore, quick: bool) -> None:
    assert store.findings(quick=quick) == []


def test_a_trigger_made_harmless_is_found(store: SQLiteStore) -> None:
    with closing(sqlite3.connect(store.path)) as attacker:
        attacker.execute("DROP TRIGGER events_are_never_deleted")
        attacker.execute(
            "CREATE TRIGGER events_are_never_deleted BEFORE DELETE ON events BEGIN SELECT 1; END"
        )
    assert store.findings() == ["the trigger events_are_never_deleted is changed: events are not protected"]


def test_an_index_that_is_not_one_is_found(store: SQLiteStore) -> None:
    with closing(sqlite3.connect(store.path)) as attacker, attacker:
        attacker.execute("PRAGMA writable_schema = ON")
        attacker.execute(
            "UPDATE sqlite_master SET rootpage = (SELECT rootpage FROM sqlite_master WHERE name = 'meta')"
            " WHERE name = 'sqlite_autoindex_events_1'"
        )
    with SQLiteStore(store.path) as again:
        assert any("damaged" in finding for finding in again.findings())


def test_scrubbing_leaves_no_trace_of_deleted_words(store: SQLiteStore) -> None:
    with store.writer() as connection:
        connection.execute("DELETE FROM words WHERE position <> 8")
    store.scrub()
    for name in ("log.db", "log.db-wal"):
        content = Path(store.path).with_name(name).read_bytes()
        assert not any(f"secret-{n} ".encode() in content for n in range(40) if n != 7)
    assert store.read_words("north", "s7")[0].text.startswith("secret-7 ")
    assert [row.position for row in store.read_log(0, 99)] == list(range(1, 41))
    assert store.append(command("new", event("new", 1))).first == 41


def test_scrubbing_says_when_a_reader_keeps_it_from_being_complete(store: SQLiteStore) -> None:
    with store.reader() as connection:
        connection.execute("SELECT count(*) FROM words").fetchone()
        with pytest.raises(StoreUnavailable, match="traces of deleted rows"):
            store.scrub()
    store.scrub()


TRACES = {
    "positions were given": "DELETE FROM commands WHERE last > 37; DELETE FROM words WHERE position > 37",
    "commands were answered": "UPDATE sqlite_sequence SET seq = 37; DELETE FROM words WHERE position > 37",
    "texts are kept": "UPDATE sqlite_sequence SET seq = 37; DELETE FROM commands WHERE last > 37",
}


@pytest.mark.parametrize(("trace", "wiped"), TRACES.items(), ids=TRACES)
def test_a_tail_that_was_cut_off_is_found_by_any_trace_of_it(
    store: SQLiteStore, trace: str, wiped: str
) -> None:
    with closing(sqlite3.connect(store.path, isolation_level=None)) as attacker:
        query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        triggers = attacker.execute(query).fetchall()
        for name, _ in triggers:
            attacker.execute(f"DROP TRIGGER {name}")
        attacker.execute("DELETE FROM events WHERE position > 37")
        attacker.executescript(wiped)
        for _, sql in triggers:
            attacker.execute(sql)
    assert store.findings() == [f"events after 37 are missing: {trace} up to 40"]
