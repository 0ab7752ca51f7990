"""The foundation's own recorder tests run on our recorders.

These do not run, by design:

- `AggregateRecorderTestCase`: its recorder returns no ids from `insert_events`, an application's must;
- `NonInterleavingNotificationIDsBaseCase` asks for several connections that insert at the same time, and SQLite
  has one writer: `test_concurrent_inserts_do_not_interleave` below says what it is about. On PostgreSQL it runs;
- the cases for tracking and process recorders: read models keep their own progress, with their rows.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from time import sleep
from typing import Any
from uuid import uuid4

import pytest
from eventsourcing.persistence import ApplicationRecorder, IntegrityError, OperationalError, StoredEvent
from eventsourcing.tests import persistence as upstream

from mentorcycle.engine.stores.memory import MemoryStore
from mentorcycle.engine.stores.postgres import PostgresStore
from mentorcycle.engine.stores.sqlite import SQLiteStore
from mentorcycle.engine.testing.store_contract import command, event


class JoiningThread(Thread):
    """`test_concurrent_no_conflicts` leaves two readers running, which can crash the interpreter at its end."""

    started: list[Thread] = []  # noqa: RUF012 -- emptied by each test

    def start(self) -> None:
        super().start()
        self.started.append(self)


class UpstreamCase(upstream.ApplicationRecorderTestCase[ApplicationRecorder]):
    def new_originator_id(self) -> str:
        return f"test-{uuid4()}"

    def test_concurrent_no_conflicts(self, initial_position: int = 0) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(upstream, "Thread", JoiningThread)
            super().test_concurrent_no_conflicts(initial_position)
            while JoiningThread.started:
                JoiningThread.started.pop().join()

    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


class TestMemoryRecorder(UpstreamCase):
    def create_recorder(self) -> ApplicationRecorder:
        return MemoryStore().recorder("north")


class TestSQLiteRecorder(UpstreamCase):
    def create_recorder(self) -> ApplicationRecorder:
        directory = TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        store = SQLiteStore(Path(directory.name) / "log.db")
        self.addCleanup(store.close)
        return store.recorder("o'north")


class OnPostgres:
    @pytest.fixture(autouse=True)
    def _log(self, log_url: str) -> None:
        self.url = log_url

    def new_originator_id(self) -> str:
        return f"test-{uuid4()}"

    def create_recorder(self) -> ApplicationRecorder:
        store = PostgresStore(self.url)
        self.addCleanup(store.close)
        return store.recorder("o'north")


class TestPostgresRecorder(OnPostgres, UpstreamCase):
    pass


class TestPostgresIdsDoNotInterleave(OnPostgres, upstream.NonInterleavingNotificationIDsBaseCase):
    pass


del UpstreamCase  # or it would be collected


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    store: Any
    if request.param == "postgres":
        store = PostgresStore(request.getfixturevalue("log_url"))
    else:
        store = MemoryStore() if request.param == "memory" else SQLiteStore(tmp_path / "log.db")
    yield store
    store.close()


def stored(version: int, stream: str = "a", topic: str = "A.1") -> StoredEvent:
    return StoredEvent(stream, version, topic, b"s")


def test_concurrent_inserts_do_not_interleave(store: Any) -> None:
    recorder = store.recorder("north")
    ids: list[list[int]] = []
    threads = [
        Thread(
            target=lambda n=n: ids.append(
                list(recorder.insert_events([stored(v, f"s{n}") for v in range(20)]))
            )
        )
        for n in range(5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(given == list(range(given[0], given[0] + 20)) for given in ids)
    assert sorted(position for given in ids for position in given) == list(range(1, 101))


def test_a_recorder_and_the_port_are_two_views_of_one_log(store: Any) -> None:
    recorder = store.recorder("north")
    store.append(command("c1", event("a", 1)))
    recorder.insert_events([stored(2)])
    store.append(command("c2", event("a", 3)))
    store.append(command("c3", event("a", 1), tenant="south"))
    assert [e.originator_version for e in recorder.select_events("a")] == [1, 2, 3]
    assert [row.version for row in store.read_stream("north", "a")] == [1, 2, 3]
    assert [n.id for n in recorder.select_notifications(None, 9)] == [1, 2, 3]
    assert recorder.max_notification_id() == 3
    assert store.recorder("south").max_notification_id() == 4
    with pytest.raises(IntegrityError):
        recorder.insert_events([stored(4), stored(3)])
    assert store.head() == 4


def test_a_subscription_gets_on_although_nothing_matches_its_topics(store: Any) -> None:
    recorder = store.recorder("north")
    recorder.insert_events([stored(n) for n in range(600)] + [stored(600, topic="B.1")])
    with recorder.subscribe(topics=["B.1"]) as subscription:
        assert next(subscription).originator_version == 600


def test_stopping_ends_a_subscription_that_waits(store: Any) -> None:
    subscription = store.recorder("north").subscribe()
    given: list[Any] = []
    waiting = Thread(target=lambda: given.extend(subscription))
    waiting.start()
    store.append(command("c1", event("a", 1)))
    while not given:
        sleep(0.001)
    subscription.stop()
    waiting.join(60)
    assert [n.id for n in given] == [1]


def test_a_recorder_of_a_closed_store_fails_with_the_errors_of_the_library(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "log.db")
    recorder = store.recorder("north")
    store.close()
    with pytest.raises(OperationalError, match="closed"):
        recorder.insert_events([stored(1)])


def test_readers_and_writers_of_the_engine_do_without_the_library(tmp_path: Path) -> None:
    import subprocess

    script = (
        "import sys; from mentorcycle.engine.stores.sqlite import SQLiteStore as S;"
        "from mentorcycle.engine.stores.port import NewEvent as E, Slice as C;"
        f"s = S({str(tmp_path / 'log.db')!r}); s.append(C('n', 'c', b'', {{}}, [E('a', 1, 'A.1', b'')]));"
        "s.read_log(0, 9); s.close(); sys.exit('eventsourcing' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
