"""Events stay as they are: every way of rewriting them through SQL is refused, and positions are for ever."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from mentorcycle.engine.stores.sqlite import SQLiteStore
from mentorcycle.engine.stores.sqlite_schema import TRIGGERS
from mentorcycle.engine.testing.store_contract import command, event

ROW = "'north', 'a', {version}, 'Forged.1', 0, x'00'"
ATTACKS = {
    "change a payload": "UPDATE events SET state = x'00' WHERE position = 2",
    "change a position": "UPDATE events SET position = 9 WHERE position = 3",
    "replace by update": "UPDATE OR REPLACE events SET version = 1 WHERE position = 3",
    "delete in the middle": "DELETE FROM events WHERE position = 2",
    "delete the last": "DELETE FROM events WHERE position = 3",
    "delete all": "DELETE FROM events",
    "replace a position": f"INSERT OR REPLACE INTO events VALUES (2, {ROW.format(version=9)})",
    "replace the last position": f"INSERT OR REPLACE INTO events VALUES (3, {ROW.format(version=9)})",
    "replace a version at the end": f"INSERT OR REPLACE INTO events VALUES (4, {ROW.format(version=2)})",
    "replace, position left open": f"REPLACE INTO events VALUES (NULL, {ROW.format(version=2)})",
    "upsert": f"INSERT INTO events VALUES (2, {ROW.format(version=2)}) ON CONFLICT DO UPDATE SET state = x'00'",
    "insert below the end": f"INSERT INTO events VALUES (0, {ROW.format(version=9)})",
    "insert far below": f"INSERT INTO events VALUES (-7, {ROW.format(version=9)})",
}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SQLiteStore]:
    with SQLiteStore(tmp_path / "log.db") as store:
        store.append(command("c1", event("a", 1), event("a", 2), event("a", 3)))
        yield store


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_sql_that_rewrites_events_is_refused(store: SQLiteStore, attack: str) -> None:
    before = store.read_log(0, 9)
    with closing(sqlite3.connect(store.path)) as attacker, pytest.raises(sqlite3.IntegrityError):
        attacker.execute(attack)
    assert store.read_log(0, 9) == before


def test_a_new_version_can_still_be_added_at_the_end(store: SQLiteStore) -> None:
    with closing(sqlite3.connect(store.path)) as other, other:
        other.execute(f"INSERT INTO events VALUES (4, {ROW.format(version=4)})")
    assert store.head() == 4


def test_a_position_is_not_given_again_after_its_event_was_deleted(store: SQLiteStore) -> None:
    _drop_triggers(store.path)
    with closing(sqlite3.connect(store.path)) as attacker, attacker:
        attacker.execute("DELETE FROM events WHERE position >= 2")
    assert store.append(command("c2", event("b", 1))).first == 4
    recorded = store.recorder("north")
    assert [n.id for n in recorded.select_notifications(None, 9)] == [1, 4]
    assert store.findings() == [
        *(f"the trigger {name} is missing: events are not protected" for name in TRIGGERS),
        "2 of 4 events are missing: positions have gaps",
    ]


def test_an_instant_has_a_position_also_where_events_are_missing(tmp_path: Path) -> None:
    now = [0]
    with SQLiteStore(tmp_path / "log.db", clock=lambda: now[0]) as store:
        for n in range(1, 13):
            now[0] = n
            store.append(command(f"c{n}", event("a", n)))
        _drop_triggers(store.path)
        left = [4, 5, 9, 12]
        with closing(sqlite3.connect(store.path)) as attacker, attacker:
            attacker.execute("DELETE FROM events WHERE position NOT IN (4, 5, 9, 12)")
        for instant in range(14):
            assert store.position_at(instant) == max((at for at in left if at <= instant), default=0)


def test_positions_survive_dump_and_restore(store: SQLiteStore, tmp_path: Path) -> None:
    store.append(command("c2", event("b", 1)))
    _drop_triggers(store.path)
    restored = tmp_path / "restored.db"
    with closing(sqlite3.connect(store.path)) as source:
        with source:
            source.execute("DELETE FROM events WHERE position IN (2, 4)")
        dump = "\n".join(source.iterdump())
    with closing(sqlite3.connect(restored)) as target:
        target.executescript(dump)
    with SQLiteStore(restored) as again:
        assert again.read_log(0, 9) == store.read_log(0, 9)
        assert again.append(command("c3", event("c", 1))).first == 5
        assert again.append(command("c1", event("a", 1))).repeated


def _drop_triggers(path: str) -> None:
    with closing(sqlite3.connect(path)) as attacker:
        for name in TRIGGERS:
            attacker.execute(f"DROP TRIGGER {name}")
