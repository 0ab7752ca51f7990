"""Read models know every event before a query; progress is what was scanned; nothing is taken twice."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from threading import Thread

import pytest

from mentorcycle.domain.errors import StoreNeedsUpgrade, StoreUnavailable
from mentorcycle.domain.events import PersonReturned
from mentorcycle.engine.readers import Readers
from mentorcycle.engine.stores.memory import MemoryStore
from mentorcycle.engine.stores.postgres import PostgresStore
from mentorcycle.engine.stores.sqlite_reader import SQLiteReader
from mentorcycle.projections import MODELS, PEOPLE, TRAIL

SECONDS = 30


def test_a_query_knows_what_was_appended_before_it(story):
    readers = Readers(story.store)
    for n in range(1, 4):
        story.names(f"ada{n}")
        with readers.view() as view:
            assert view.people.count("default") == n
            assert view.position == n


def test_a_log_without_events_gives_empty_answers(story):
    with Readers(story.store).view() as view:
        assert (view.position, view.people.page("default"), view.cycles.counts("default")) == (0, [], [])


def test_progress_is_what_was_scanned_not_the_last_match(story):
    story.names("ada", "bo")
    readers = Readers(story.store, models=[model for model in MODELS if model.name == "cycles"])
    readers.catch_up()
    (status,) = readers.status()
    assert (status.position, status.lag_events) == (2, 0)


def test_nothing_new_means_no_writing(filed):
    filed.names("ada")
    Readers(filed.store).catch_up()
    before = os.stat(filed.store.path + "-wal").st_size
    with Readers(filed.store).view() as view:
        assert view.position == 1
    assert os.stat(filed.store.path + "-wal").st_size == before


def test_batches_grow_when_far_behind(story, seen):
    story.names(*(f"n{n}" for n in range(70)))
    Readers(story.store, models=[seen.model()], batch=10).catch_up()
    assert seen.batches == [10, 20, 40]


def test_a_catch_up_can_stop_at_a_position(story, seen, rows):
    story.names("ada", "bo", "cy")
    readers = Readers(story.store, models=[seen.model()])
    readers.catch_up(upto=2)
    assert readers.status()[0].position == 2
    assert rows(readers) == [(1, "ada"), (2, "bo"), (3, "cy")]


def test_a_read_model_that_is_added_later_catches_up_alone(filed, seen):
    filed.names("ada", "bo")
    Readers(filed.store, models=[PEOPLE]).catch_up()
    filed.names("cy")
    readers = Readers(filed.store, models=[PEOPLE, seen.model()])
    readers.catch_up()
    assert [status.position for status in readers.status()] == [3, 3]
    assert sum(seen.batches) == 3


def test_state_and_lag_are_told_without_catching_up(story):
    clock = [0]
    readers = Readers(story.store, models=[TRAIL], clock=lambda: clock[0])
    assert [(s.state, s.position) for s in readers.status()] == [("new", 0)]
    readers.catch_up()
    story.names("ada", "bo")
    clock[0] = story.store.read_log(0, 1)[0].recorded_at + 5_000_000
    (status,) = readers.status()
    assert (status.state, status.lag_events) == ("active", 2)
    if readers.tables.shared:  # clocks of hosts differ, so there it is the server's
        assert 0 < status.lag_seconds < 3600
    else:
        assert status.lag_seconds == 5.0


def test_threads_that_catch_up_together_take_every_event_once(story, seen, rows):
    story.names(*(f"n{n}" for n in range(60)))
    readers = Readers(story.store, models=[seen.model()], batch=7)
    threads = [Thread(target=readers.catch_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(rows(readers)) == sum(seen.batches) == 60


CATCH_UP = """
import sys
from mentorcycle.engine.readers import Readers
from mentorcycle.engine.stores.sqlite_reader import SQLiteReader
with SQLiteReader(sys.argv[1]) as store:
    readers = Readers(store, batch=5)
    sys.stdin.readline()
    readers.catch_up()
    print([digest.sha256 for digest in readers.digests()])
"""


def test_processes_that_catch_up_together_take_every_event_once(filed):
    filed.names(*(f"n{n}" for n in range(300)))
    command = [sys.executable, "-c", CATCH_UP, filed.store.path]
    running = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    for process in running:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    digests = {process.communicate(timeout=60)[0] for process in running}
    assert len(digests) == 1
    readers = Readers(filed.store)
    assert all(readers.compare(model.name).equal for model in MODELS)
    assert readers.dead_letters() == []


def test_an_up_to_date_file_that_can_only_be_read_is_read(filed):
    filed.names("ada")
    Readers(filed.store).catch_up()
    with SQLiteReader(filed.store.path, read_only=True) as store, Readers(store).view() as view:
        assert view.people.count("default") == 1


def test_a_file_that_is_behind_and_can_only_be_read_says_what_to_do(filed):
    filed.names("ada")
    Readers(filed.store).catch_up()
    filed.names("bo")
    store = SQLiteReader(filed.store.path, read_only=True)
    with store, pytest.raises(StoreUnavailable) as raised, Readers(store).view():
        pass
    assert raised.value.what == "the read models are behind the log and cannot be brought up to date"
    assert raised.value.fix.endswith("where the store can be written")


def test_a_read_model_of_a_newer_program_is_left_alone(filed, seen):
    filed.names("ada")
    Readers(filed.store, models=[seen.model(version=2)]).catch_up()
    filed.names("bo")
    older = Readers(filed.store, models=[seen.model(version=1)])
    with older.view() as view, pytest.raises(StoreNeedsUpgrade):
        view.serving("seen")
    assert seen.batches == [1]


def test_a_full_disk_is_no_fault_of_an_event(filed):
    filed.names("ada")
    readers = Readers(filed.store)
    with filed.store.writer() as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreUnavailable) as raised:
        readers.catch_up()
    assert isinstance(raised.value.__cause__, sqlite3.OperationalError)
    with filed.store.writer() as connection:
        connection.execute("PRAGMA max_page_count = 1000000")
    readers.catch_up()
    assert readers.dead_letters() == []


READ = """
import sys
from mentorcycle.engine.readers import Readers
from mentorcycle.engine.stores.sqlite_reader import SQLiteReader
with SQLiteReader(sys.argv[1]) as store, Readers(store).view() as view:
    view.cycles.page("default"), view.people.page("default")
heavy = {"eventsourcing", "transitions", "click", "msgpack", "mentorcycle.engine.codec", "mentorcycle.domain.events"}
print(sorted(heavy & set(sys.modules)))
"""


def test_reading_what_is_up_to_date_loads_neither_codec_nor_events(filed):
    filed.names("ada")
    Readers(filed.store).catch_up()
    found = subprocess.run(
        [sys.executable, "-c", READ, filed.store.path], capture_output=True, text=True, check=True
    )
    assert found.stdout == "[]\n"


def test_catching_up_loads_neither_the_rules_nor_the_foundation(filed):
    filed.tell("person:ada", PersonReturned())
    found = subprocess.run(
        [sys.executable, "-c", READ, filed.store.path], capture_output=True, text=True, check=True
    )
    assert found.stdout == "['mentorcycle.domain.events', 'mentorcycle.engine.codec', 'msgpack']\n"


def test_who_waits_for_a_connection_keeps_no_other_store_from_answering(shared_url):
    with PostgresStore(shared_url, connections=1, patience=2 * SECONDS) as busy:
        waits = Thread(target=Readers(busy).lineups)
        with busy.connection():
            waits.start()
            while not busy._making_tables.locked():
                time.sleep(0.005)
            other = Thread(target=Readers(MemoryStore()).lineups)
            other.start()
            other.join(SECONDS)
            assert not other.is_alive()
        waits.join(SECONDS)
