"""A rebuild goes on beside the rows that serve, is compared, and switches; killed, it can be started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from mentorcycle.domain.events import PersonReturned
from mentorcycle.engine.readers import Readers
from mentorcycle.projections import MODELS, PEOPLE, ReadModel


def tables(connection) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}


def test_a_rebuild_gives_the_same_rows(story):
    story.names("ada", "bo")
    readers = Readers(story.store)
    readers.catch_up()
    before = {status.name: status.generation for status in readers.status()}
    for model in MODELS:
        rebuilt = readers.rebuild(model.name)
        assert (rebuilt.equal, rebuilt.generation, rebuilt.position) == (True, before[model.name] + 1, 2)
    with readers.view() as view:
        assert view.people.count("default") == 2
        left = [table for model in MODELS for table in model.table_names(before[model.name])]
        if readers.tables.shared:  # they are there to be filled again
            counts = " + ".join(f"(SELECT count(*) FROM {table})" for table in left)
            assert view.connection.execute(f"SELECT {counts}").fetchone() == (0,)
        else:
            assert not tables(view.connection).intersection(left)


def test_who_reads_while_it_is_rebuilt_reads_to_the_end(shared, seen):
    """Tables are not emptied under those who still see them serve."""
    shared.names("ada", "bo")
    readers = Readers(shared.store, models=[seen.model()])
    others = Readers(shared.store, models=[seen.model()])
    with readers.view() as view:
        table = f"seen_event_{view.serving('seen').generation}"
        others.rebuild("seen")
        assert view.connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (2,)
    others.rebuild("seen")
    with readers.view() as view:
        assert view.serving("seen").generation == 1
        assert view.connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (2,)


def test_rebuilt_again_and_again_it_is_filled_where_it_was_before(story, seen, rows):
    readers = Readers(story.store, models=[seen.model()])
    for n in range(4):
        story.names(f"n{n}")
        assert readers.rebuild("seen").equal is True
    assert rows(readers) == [(n + 1, f"n{n}") for n in range(4)]


def test_a_rebuild_of_rows_that_were_tampered_with_says_different_and_mends_them(filed):
    filed.names("ada", "bo")
    readers = Readers(filed.store)
    readers.catch_up()
    with filed.store.writer() as connection:
        connection.execute("UPDATE people_person_1 SET name = 'eve' WHERE person = 'ada'")
    assert readers.rebuild("people").equal is False
    with readers.view() as view:
        assert view.people.one("default", "ada").name == "ada"


def test_while_a_rebuild_goes_on_the_old_rows_serve_and_follow_the_log(story, seen, rows):
    story.names(*(f"n{n}" for n in range(5)))
    readers = Readers(story.store, models=[seen.model()])
    readers.catch_up()
    served: list[int] = []

    def meanwhile(position: int, target: int) -> None:
        if len(served) < 3:
            story.names(f"late{len(served)}")
        served.append(len(rows(readers)))

    rebuilt = readers.rebuild("seen", meanwhile)
    assert served[:3] == [6, 7, 8]
    assert (rebuilt.equal, rebuilt.position) == (True, 8)
    assert len(rows(readers)) == 8


def test_a_rebuild_that_has_caught_up_is_fed_with_the_one_that_serves(story, seen):
    story.names("ada")
    readers = Readers(story.store, models=[seen.model()])
    fed = []

    def meanwhile(position: int, target: int) -> None:
        if position == target and not fed:
            story.names("bo")
            readers.catch_up()
            fed.append(readers.status()[0].rebuilding)

    assert readers.rebuild("seen", meanwhile).position == 2
    assert fed == [2]


def test_a_rebuild_that_set_something_aside_and_was_interrupted_begins_anew(story, seen, rows):
    story.names("ada", "bo", "cy")
    readers = Readers(story.store, models=[seen.model()], batch=1, largest=1)
    readers.catch_up()
    seen.poison = {"bo"}

    def interrupt(position: int, target: int) -> None:
        if position == 2:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        readers.rebuild("seen", interrupt)
    seen.poison = set()
    assert readers.rebuild("seen").equal is True
    assert rows(readers) == [(1, "ada"), (2, "bo"), (3, "cy")]


def test_a_rebuild_takes_up_what_was_set_aside_when_the_cause_is_mended(story, seen, rows):
    seen.poison = {"bo"}
    story.names("ada", "bo")
    readers = Readers(story.store, models=[seen.model()])
    readers.catch_up()
    seen.poison = set()
    assert readers.rebuild("seen").equal is False
    assert rows(readers) == [(1, "ada"), (2, "bo")]
    assert readers.dead_letters() == []


def test_a_new_version_is_built_beside_the_old_one_which_serves_older_programs(filed, seen, rows):
    filed.names("ada", "bo", "cy")
    older = Readers(filed.store, models=[seen.model(version=1)])
    older.catch_up()
    served = []

    def watched(connection, g, events):
        served.append((older.status()[0].state, newer.status()[0].state, len(rows(older))))
        seen.model().apply(connection, g, events)

    model = ReadModel("seen", 2, seen.model().tables, watched)
    newer = Readers(filed.store, models=[model], batch=1)
    newer.catch_up(upto=1)
    assert served == [("active", "building", 3)] * 2
    assert [(s.state, s.version, s.generation) for s in newer.status()] == [("active", 2, 2)]
    assert len(rows(newer)) == 3
    with filed.store.reader() as connection:
        assert "seen_event_1" not in tables(connection)


REBUILD = """
import os, signal, sys
from mentorcycle.engine.readers import Readers
from mentorcycle.engine.stores.sqlite_reader import SQLiteReader
with SQLiteReader(sys.argv[1]) as store:
    def progress(position, target):
        if position >= 50:
            os.kill(os.getpid(), signal.SIGKILL)
    Readers(store, batch=10, largest=10).rebuild("people", progress)
"""


def test_a_rebuild_killed_half_way_goes_on_when_it_is_started_again(filed):
    filed.names(*(f"n{n}" for n in range(100)))
    readers = Readers(filed.store)
    readers.catch_up()
    killed = subprocess.run([sys.executable, "-c", REBUILD, filed.store.path], check=False)
    assert killed.returncode == -signal.SIGKILL
    people = next(status for status in readers.status() if status.name == "people")
    assert (people.state, people.generation, people.rebuilding) == ("active", 1, 50)
    filed.tell("person:n1", PersonReturned())
    with readers.view() as view:
        assert view.people.count("default") == 100
    begun: list[int] = []
    rebuilt = readers.rebuild("people", lambda position, target: begun.append(position))
    assert begun[0] == 50
    assert (rebuilt.equal, rebuilt.position, rebuilt.generation) == (True, 101, 2)


def test_a_comparison_names_the_rows_that_are_not_what_the_log_says(filed):
    filed.names("ada", "bo", "cy")
    readers = Readers(filed.store)
    readers.catch_up()
    assert [readers.compare(model.name).equal for model in MODELS] == [True] * 4
    with filed.store.writer() as connection:
        connection.execute("UPDATE people_person_1 SET capacity = 9 WHERE person = 'ada'")
        connection.execute("DELETE FROM people_word_1 WHERE word = 'bo'")
        connection.execute("INSERT INTO people_handle_1 VALUES ('default', 'eve', 3)")
    compared = readers.compare("people")
    assert not compared.equal
    assert compared.differences == (
        ("people_person", (1,), "other"),
        ("people_word", ("default", "bo", 2), "missing"),
        ("people_handle", ("default", "eve", 3), "extra"),
    )


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_deleted_and_rebuilt_they_are_equal_row_for_row(filed, model):
    filed.names("ada", "bo")
    readers = Readers(filed.store, models=[model])
    before = readers.digests()
    with filed.store.writer() as connection:
        connection.execute("DELETE FROM read_models")
        model.drop(connection, 1)
    assert [digest.sha256 for digest in readers.digests()] == [digest.sha256 for digest in before]


def test_two_processes_may_rebuild_the_same_read_model(filed):
    filed.names(*(f"n{n}" for n in range(60)))
    Readers(filed.store).catch_up()
    script = REBUILD.replace("position >= 50", "False")
    running = [subprocess.Popen([sys.executable, "-c", script, filed.store.path]) for _ in range(2)]
    assert [process.wait(timeout=60) for process in running] == [0, 0]
    readers = Readers(filed.store, models=[PEOPLE])
    assert readers.compare("people").equal
    (status,) = readers.status()
    assert (status.state, status.rebuilding, status.dead_letters) == ("active", None, 0)
    assert os.path.exists(filed.store.path)


def test_a_comparison_sets_aside_what_the_read_model_set_aside(story, seen):
    seen.poison = {"bo"}
    story.names("ada", "bo")
    readers = Readers(story.store, models=[seen.model()], batch=1, largest=1)
    readers.catch_up()
    story.tell("person:bo", PersonReturned())
    story.names("cy")
    seen.poison_positions = {2}
    seen.poison = set()
    assert readers.compare("seen").equal
    assert [letter.position for letter in readers.dead_letters()] == [2]
