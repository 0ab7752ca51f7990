"""Workers share read models, replace each other, and write nothing once they were replaced."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import Event, Thread
from typing import Any

import psycopg
import pytest

from mentorcycle.domain.errors import InvalidInput, NotFound, StoreUnavailable
from mentorcycle.domain.events import PersonReturned
from mentorcycle.engine import Engine, Settings
from mentorcycle.engine.readers import Readers
from mentorcycle.engine.readers.postgres_session import PostgresSession
from mentorcycle.engine.readers.worker import Worker
from mentorcycle.engine.stores.postgres import PostgresStore
from mentorcycle.engine.stores.postgres_locks import lock_number
from mentorcycle.engine.stores.postgres_upgrade import upgrade_schema
from mentorcycle.engine.stores.sqlite import SQLiteStore
from mentorcycle.projections import MODELS, PEOPLE

LEASE = 2
SECONDS = 60
"""Only so that a test that would wait for ever ends; nothing here takes long."""

Start = Callable[[], "subprocess.Popen[str]"]


def eventually(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < deadline, f"it never came to it: {what}"
        time.sleep(0.05)


@pytest.fixture
def start(shared_url: str) -> Iterator[Start]:
    """Starts `mentorcycle worker` as a process of its own."""
    command = [sys.executable, "-m", "mentorcycle.cli", "worker", "--db", shared_url, "--lease", str(LEASE)]
    started: list[subprocess.Popen[str]] = []

    def one() -> subprocess.Popen[str]:
        started.append(subprocess.Popen(command, stderr=subprocess.PIPE, text=True))
        return started[-1]

    yield one
    for process in started:
        process.kill()
        process.wait(SECONDS)
        if process.stderr is not None:
            process.stderr.close()


@pytest.fixture
def readers(shared: Any) -> Readers:
    return Readers(shared.store)


def shares(readers: Readers) -> list[int]:
    """How many parts each worker feeds; nobody's are left out."""
    return sorted(Counter(unit.backend for unit in readers.working().units if unit.backend).values())


def named(process: subprocess.Popen[str]) -> str:
    return f":{process.pid}"


def owned_by(readers: Readers, process: subprocess.Popen[str]) -> bool:
    """Whether one process feeds everything."""
    return all((unit.owner or "").endswith(named(process)) for unit in readers.working().units)


def equal_to_a_replay(readers: Readers) -> bool:
    return all(readers.compare(model.name).equal for model in readers.models)


# Processes


def test_processes_share_the_parts_and_whoever_is_killed_is_replaced(
    shared: Any, start: Start, readers: Readers
) -> None:
    shared.names("ada")
    first, second = start(), start()
    eventually(lambda: shares(readers) == [5, 6], "two workers, eleven parts")
    shared.names("bo", "cy")
    assert readers.wait_for(3) == 3
    first.kill()
    eventually(lambda: owned_by(readers, second), "the other one feeds all of it")
    shared.names("di")
    with readers.view() as view:
        assert view.people.count("default") == 4
    third = start()
    eventually(lambda: shares(readers) == [5, 6], "a new one takes its share")
    assert {worker.name.rpartition(":")[2] for worker in readers.working().workers} == {
        str(second.pid),
        str(third.pid),
    }
    assert equal_to_a_replay(readers)


def test_a_worker_that_is_told_to_stop_leaves_nothing_behind(
    shared: Any, start: Start, readers: Readers, shared_url: str
) -> None:
    shared.names("ada")
    worker = start()
    eventually(lambda: shares(readers) == [11], "one worker feeds all of it")
    worker.terminate()
    assert worker.wait(SECONDS) == 0
    assert "worker stopped" in worker.communicate()[1]
    found = readers.working()
    assert (found.workers, found.unowned, found.behind) == ((), 11, 0)
    with psycopg.connect(shared_url) as connection:
        assert connection.execute("SELECT count(*) FROM mentorcycle_models.workers").fetchone() == (0,)


def test_a_worker_that_stood_still_is_replaced_and_takes_part_again(
    shared: Any, start: Start, readers: Readers
) -> None:
    shared.names("ada")
    stopped = start()
    eventually(lambda: owned_by(readers, stopped), "it feeds all of it")
    other = start()
    eventually(lambda: shares(readers) == [5, 6], "they share")
    os.kill(stopped.pid, signal.SIGSTOP)
    try:
        shared.names(*(f"n{n}" for n in range(20)))
        eventually(lambda: owned_by(readers, other), "the other one took over")
        readers.wait_for(21)
    finally:
        os.kill(stopped.pid, signal.SIGCONT)
    eventually(lambda: shares(readers) == [5, 6], "it takes part again")
    shared.names("bo")
    readers.wait_for(22)
    stopped.terminate()
    said = stopped.communicate(timeout=SECONDS)[1]
    assert "is no longer among the workers" in said
    assert said.count("takes part") == 2
    assert equal_to_a_replay(readers)
    assert readers.dead_letters() == []


READ = """
import sys
from mentorcycle.engine import Engine
with Engine.open(sys.argv[1]) as engine:
    for line in sys.stdin:
        engine.wait_for(int(line))
        with engine.queries.readers.view() as view:
            print(view.people.count("default"), flush=True)
"""


@pytest.mark.parametrize("worked", [True, False], ids=["with a worker", "without"])
def test_a_position_that_was_told_to_another_process_can_be_waited_for_there(
    shared: Any, start: Start, shared_url: str, readers: Readers, worked: bool
) -> None:
    if worked:
        start()
        eventually(lambda: shares(readers) == [11], "a worker feeds all of it")
    command = [sys.executable, "-c", READ, shared_url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        for n in range(1, 6):
            print(shared.names(f"n{n}"), file=other.stdin, flush=True)
            assert other.stdout.readline() == f"{n}\n"
        other.stdin.close()


ASK = """
import sys
from mentorcycle.engine.readers import Readers
from mentorcycle.engine.stores.postgres import PostgresStore
from mentorcycle.engine.stores.postgres_upgrade import upgrade_schema
with PostgresStore(sys.argv[1]) as store:
    readers = Readers(store, batch=5)
    sys.stdin.readline()
    readers.catch_up()
    print([digest.sha256 for digest in readers.digests()])
"""


def test_processes_that_ask_without_a_worker_take_every_event_once(shared: Any, shared_url: str) -> None:
    shared.names(*(f"n{n}" for n in range(120)))
    running = [
        subprocess.Popen(
            [sys.executable, "-c", ASK, shared_url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    for process in running:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    digests = {process.communicate(timeout=SECONDS)[0] for process in running}
    assert len(digests) == 1
    readers = Readers(shared.store)
    assert equal_to_a_replay(readers)
    assert readers.dead_letters() == []


# Threads of this process, where it can be said when what happens


@contextmanager
def working(url: str, seen: Any, told: Callable[[str], None] | None = None, **given: Any) -> Iterator[Worker]:
    """A worker for `seen` in a thread, with a store of its own."""
    with PostgresStore(url) as store:
        worker = Worker(store, known=[seen.model()], lease=given.pop("lease", LEASE), told=told, **given)
        thread = Thread(target=worker.run)
        thread.start()
        try:
            yield worker
        finally:
            worker.stop()
            thread.join(SECONDS)
            assert not thread.is_alive()


def test_who_lost_ownership_in_the_midst_of_a_batch_writes_nothing_of_it(
    shared: Any, shared_url: str, seen: Any, rows: Any
) -> None:
    """The fold does not come back for longer than the lease: the database has ended its session meanwhile."""
    holding, go_on = Event(), Event()
    stuck = type(seen)()
    fold = stuck._apply

    def hangs(connection: Any, g: int, events: Any) -> None:
        fold(connection, g, events)
        if not go_on.is_set():
            holding.set()
            assert go_on.wait(SECONDS)

    stuck._apply = hangs
    told: list[str] = []
    readers = Readers(shared.store, models=[seen.model()])
    shared.names("ada", "bo")
    with working(shared_url, stuck, told.append, lease=1):
        assert holding.wait(SECONDS)
        with working(shared_url, seen, lease=1):
            eventually(lambda: readers.status()[0].position == 2, "the other one took over")
            shared.names("cy")
            readers.wait_for(3)
            go_on.set()
            eventually(lambda: any("no longer among" in text for text in told), "it notices")
            eventually(lambda: len(readers.working().workers) == 2, "and takes part again")
    assert rows(readers) == [(1, "ada"), (2, "bo"), (3, "cy")]
    assert readers.dead_letters() == []


def test_a_session_that_the_server_ended_is_replaced_by_a_new_one(
    shared: Any, shared_url: str, seen: Any, rows: Any
) -> None:
    told: list[str] = []
    readers = Readers(shared.store, models=[seen.model()])
    with working(shared_url, seen, told.append):
        for n in range(2):
            shared.names(f"n{n}")
            eventually(lambda: len(readers.working().workers) == 1, "it takes part")
            (worker,) = readers.working().workers
            with psycopg.connect(shared_url) as connection:
                connection.execute("SELECT pg_terminate_backend(%s, 5000)", (worker.backend,))
            eventually(lambda n=n: len(told) >= 2 * n + 3, "it takes part again")
    assert rows(readers) == [(1, "n0"), (2, "n1")]


def test_what_a_worker_cannot_take_is_set_aside_and_mended_beside_it(
    shared: Any, shared_url: str, seen: Any, rows: Any
) -> None:
    seen.poison = {"bo"}
    readers = Readers(shared.store, models=[seen.model()])
    with working(shared_url, seen):
        shared.names("ada", "bo", "cy")
        readers.wait_for(3)
        assert rows(readers) == [(1, "ada"), (3, "cy")]
        (letter,) = readers.dead_letters()
        assert (letter.position, letter.error) == (2, "ValueError")
        seen.poison = set()
        shared.tell("person:bo", PersonReturned())
        assert readers.retry(letter) is None
        assert rows(readers) == [(1, "ada"), (2, "bo"), (3, "cy"), (4, "bo")]
        assert readers.compare("seen").equal


def test_a_rebuild_goes_on_beside_a_worker(shared: Any, shared_url: str, seen: Any, rows: Any) -> None:
    shared.names(*(f"n{n}" for n in range(30)))
    readers = Readers(shared.store, models=[seen.model()], batch=5, largest=5)
    late = iter(range(3))

    def meanwhile(position: int, target: int) -> None:
        for n in [next(late, None)]:
            if n is not None:
                shared.names(f"late{n}")

    with working(shared_url, seen):
        eventually(lambda: readers.status()[0].position == 30, "it was read")
        rebuilt = readers.rebuild("seen", meanwhile)
        assert (rebuilt.equal, rebuilt.generation) == (True, 2)
        shared.names("last")
        assert len(rows(readers)) == 34
    assert readers.compare("seen").equal


def test_what_somebody_else_keeps_is_waited_for_and_then_said(shared: Any, shared_url: str) -> None:
    shared.names("ada")
    settings = Settings(patience=0.3)
    with Engine.open(shared_url, settings=settings) as engine, PostgresStore(shared_url) as idle:
        tables = idle.tables()
        assert tables is not None
        with PostgresSession(tables, MODELS, name="sleeper"):
            for ask in (lambda: engine.wait_for(1), engine.queries.readers.catch_up):
                with pytest.raises(StoreUnavailable, match="not up to date") as raised:
                    ask()
                assert "stands at event 0 of 1, and is kept by worker sleeper" in raised.value.why
                assert "; waited 0." in raised.value.why
            caught = engine.worker().run_once()
            assert len(caught.left) == 11
            with pytest.raises(StoreUnavailable, match="the log has no event 7 yet"):
                engine.wait_for(7, timeout=0.1)
        assert engine.wait_for(1) == 1
        assert engine.worker().run_once().left == ()


def test_a_lock_that_somebody_keeps_does_not_cost_a_patient_worker_its_place(shared_url: str) -> None:
    with PostgresStore(shared_url, patience=0.2) as store, psycopg.connect(shared_url) as other:
        tables = store.tables()
        assert tables is not None
        with PostgresSession(tables, MODELS, lease=SECONDS) as session:
            begins = lock_number(tables.where, "begin", MODELS[0].name)
            other.execute("SELECT pg_advisory_xact_lock(%s)", (begins,))
            with pytest.raises(StoreUnavailable) as raised, session.writer() as connection:
                session.alone(connection, MODELS[0])
            assert session.in_the_way(raised.value)
            assert session.held


def test_a_worker_for_some_read_models_leaves_the_others_alone(shared: Any, shared_url: str) -> None:
    shared.names("ada")
    readers = Readers(shared.store)
    with Engine.open(shared_url) as engine:
        with pytest.raises(NotFound):
            engine.worker(["nothing"])
        with pytest.raises(InvalidInput, match="cycles, people, minutes, trail"):
            engine.worker([])
        assert engine.worker(["people"]).run_once().left == ()
    assert [(one.name, one.position) for one in readers.status() if one.position] == [("people", 1)]


@pytest.mark.parametrize("other", ["for some read models", "of a newer program"])
def test_workers_that_know_different_read_models_leave_none_to_each_other(
    shared: Any, shared_url: str, other: str
) -> None:
    newer = [replace(model, version=99) if model.name == "cycles" else model for model in MODELS]
    some = [PEOPLE] if other == "for some read models" else newer
    tables = Readers(shared.store).tables
    with (
        PostgresSession(tables, MODELS, name="one") as one,
        PostgresSession(tables, MODELS, name="two") as two,
        PostgresSession(tables, some, name="three") as three,
    ):
        for session in (one, two, three) * 3:
            session.beat(now=True)
        kept = [unit for session in (one, two, three) for unit in session.held if unit[0] != "cycles"]
        assert sorted(kept) == [("minutes", 0), ("people", 0), ("trail", 0)]
        assert len([unit for unit in one.held | two.held if unit[0] == "cycles"]) == 8


def test_in_a_file_a_worker_keeps_all_of_it_up_to_date(tmp_path: Any, seen: Any) -> None:
    with SQLiteStore(tmp_path / "log.db") as store, Engine(store) as engine:
        engine.ensure_programme(actor())
        worker = engine.worker()
        thread = Thread(target=worker.run)
        thread.start()
        head = store.head()
        eventually(lambda: all(one.position == head for one in engine.queries.readers.status()), "it reads")
        worker.stop()
        thread.join(SECONDS)
        assert not thread.is_alive()
        assert engine.worker().run_once() == type(engine.worker().run_once())(head, ())


def actor() -> Any:
    from mentorcycle.domain.actor import Actor

    return Actor.coordinator()


def test_who_may_not_write_waits_for_those_who_do(shared: Any, shared_url: str, seen: Any, rows: Any) -> None:
    with PostgresStore(shared_url, read_only=True, patience=SECONDS) as store:
        readers = Readers(store, models=[seen.model()])
        Readers(shared.store, models=[seen.model()]).catch_up()
        shared.names("ada")
        with working(shared_url, seen):
            assert rows(readers) == [(1, "ada")]
    with PostgresStore(shared_url, read_only=True, patience=0.1) as store:
        shared.names("bo")
        with pytest.raises(StoreUnavailable, match="not up to date"):
            rows(Readers(store, models=[seen.model()]))


def test_programs_of_two_versions_each_keep_their_own(shared: Any, shared_url: str, seen: Any) -> None:
    """While a new version is rolled out, workers of both are at work, and neither takes the other's share."""
    upgrade_schema(shared_url, models=[seen.model(2)])
    shared.names("ada")
    older, newer = (Readers(shared.store, models=[seen.model(version)]) for version in (1, 2))
    older.catch_up()
    with working(shared_url, seen), PostgresStore(shared_url) as store:
        eventually(lambda: len(older.working().workers) == 1, "the older one is at work")
        worker = Worker(store, known=[seen.model(2)], lease=LEASE)
        thread = Thread(target=worker.run)
        thread.start()
        eventually(lambda: newer.status()[0].state == "active", "the newer one is not kept from it")
        worker.stop()
        thread.join(SECONDS)
    assert newer.compare("seen").equal
