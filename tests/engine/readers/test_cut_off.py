"""A log that ends before its read models: nobody is answered from what is gone, and a rebuild ends where it ends."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from mentorcycle.domain.errors import StoreUnavailable
from mentorcycle.engine.audit import verify_all
from mentorcycle.engine.maintenance import restore
from mentorcycle.engine.readers import Readers
from mentorcycle.projections import MODELS


@pytest.fixture
def cut(filed):
    """Five events, read by every read model; the last two are cut off, and the protection is put back."""
    filed.names("ada", "bo", "cy", "di", "eve")
    readers = Readers(filed.store)
    readers.catch_up()
    with closing(sqlite3.connect(filed.store.path, isolation_level=None)) as attacker:
        query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        triggers = attacker.execute(query).fetchall()
        for name, _ in triggers:
            attacker.execute(f"DROP TRIGGER {name}")
        attacker.execute("DELETE FROM events WHERE position > 3")
        for _, sql in triggers:
            attacker.execute(sql)
    return readers


def test_a_query_is_not_answered_from_events_that_are_gone(cut):
    with pytest.raises(StoreUnavailable) as caught, cut.view():
        pass
    assert caught.value.why == "cycles has read up to event 5, and the log ends with event 3"
    assert "mentorcycle audit verify" in caught.value.fix


def test_the_audit_names_every_read_model_that_goes_beyond_the_log(cut):
    named = [finding.what.split()[0] for finding in verify_all(cut).of("read models")]
    assert named == [model.name for model in MODELS]


def test_a_rebuild_ends_where_the_log_ends(cut):
    for model in MODELS:
        rebuilt = cut.rebuild(model.name)
        assert (rebuilt.position, rebuilt.equal) == (3, None)
    with cut.view() as view:
        assert (view.position, view.people.count("default")) == (3, 3)
    report = verify_all(cut)
    assert not report.of("read models")
    assert [finding.what for finding in report.findings] == [
        "events after 3 are missing: positions were given up to 5",
        "events after 3 are missing: commands were answered up to 5",
    ]


def test_a_rebuild_that_was_begun_beyond_the_end_begins_anew(filed, cut, seen):
    """A generation that another program has built up to an event that is gone."""
    readers = Readers(filed.store, models=[seen.model()])
    with filed.store.writer() as connection:
        seen.model().create(connection, 1)
        row = ("seen", 1, 1, "failed", 5, 0, "ValueError")
        connection.execute("INSERT INTO read_models VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        seen.model().create(connection, 2)
        row = ("seen", 2, 1, "building", 5, 0, None)
        connection.execute("INSERT INTO read_models VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    rebuilt = readers.rebuild("seen")
    assert (rebuilt.generation, rebuilt.position) == (3, 3)


def test_a_restore_while_read_models_catch_up_takes_them_no_further_than_the_log(filed, tmp_path):
    filed.names(*(f"n{n}" for n in range(20)))
    filed.store.backup(tmp_path / "backup.db")
    filed.names(*(f"late{n}" for n in range(40)))
    readers = Readers(filed.store, batch=10, largest=10)
    restored = []

    def told(position, head):
        if not restored:
            restored.append(restore(f"sqlite:///{filed.store.path}", str(tmp_path / "backup.db"), "stamp"))

    readers.told = told
    with readers.view() as view:
        assert (view.position, view.people.count("default")) == (20, 20)
    filed.names("later")
    with readers.view() as view:
        assert (view.position, view.people.count("default")) == (21, 21)
