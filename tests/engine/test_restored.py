"""A restored backup is another log: who had the old one open goes on with it, and nothing of the old one is left."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread

import pytest

from mentorcycle.domain import commands as c
from mentorcycle.domain.errors import Conflict, NotFound, StoreUnavailable
from mentorcycle.domain.refusal import Refused
from mentorcycle.domain.vocabulary import PauseReason
from mentorcycle.engine import Engine, Receipt, Settings
from mentorcycle.engine.audit import verify
from mentorcycle.engine.maintenance import restore
from mentorcycle.engine.queries import Queries

RESTORE = """
import sys
from mentorcycle.engine.maintenance import restore
restore(sys.argv[1], sys.argv[2], sys.argv[3])
"""
CONTACT = """
import sys
from mentorcycle.domain import commands as c
from mentorcycle.domain.actor import Actor
from mentorcycle.engine import Engine
with Engine.open(sys.argv[1]) as engine:
    engine.execute(c.LogContact(sys.argv[2], 30), Actor.participant(sys.argv[3])).or_raise()
"""
ADD = """
import sys
from itertools import count
from mentorcycle.domain import commands as c
from mentorcycle.domain.actor import Actor
from mentorcycle.engine import Engine
with Engine.open(sys.argv[1]) as engine:
    for number in count():
        engine.execute(c.AddPerson(f"N{number}", f"p-{number}"), Actor.coordinator()).or_raise()
        print(f"p-{number}", flush=True)
"""


def process(code, *arguments):
    subprocess.run([sys.executable, "-c", code, *map(str, arguments)], check=True)


@pytest.fixture
def backup(on_file, file, tmp_path):
    """A backup of the story as it began."""
    to = tmp_path / "backup.db"
    on_file.engine.store.backup(to)
    return to


@pytest.fixture
def put_back(file, backup):
    """Restores the backup, each time under another stamp."""
    stamps = iter(range(99))
    return lambda: restore(file, str(backup), f"stamp-{next(stamps)}")


def test_a_decision_is_never_taken_on_a_state_the_log_never_had(on_file, file, backup):
    """The kept state and the restored log agree in the version, and in nothing else."""
    engine, co = on_file.engine, on_file.coordinator
    before = on_file.state.version
    engine.execute(c.Pause(on_file.cycle, PauseReason.LEAVE), co).or_raise()
    process(RESTORE, file, backup, "stamp")
    process(CONTACT, file, on_file.cycle, on_file.bo.id)
    resumed = engine.execute(c.Resume(on_file.cycle), co)
    assert isinstance(resumed, Refused) or not resumed.events
    assert (on_file.state.version, on_file.state.status.value) == (before + 1, "active")
    assert len(engine.history(on_file.cycle, co)) == before + 1
    assert verify(engine.store).holds


def test_an_open_engine_goes_on_with_the_restored_log(on_file, put_back):
    engine, co = on_file.engine, on_file.coordinator
    on_file.contact(5), on_file.contact(6)
    ghost = engine.execute(c.AddPerson("Eve"), co).or_raise().subject
    put_back()
    with pytest.raises(NotFound):
        engine.person(ghost, co)
    assert on_file.state.contacts == ()
    on_file.contact(7)
    assert [contact.minutes for contact in on_file.state.contacts] == [7]
    assert verify(engine.store).holds


def test_a_refusal_tells_of_the_restored_log(on_file, put_back):
    """Of the old one it was: the cycle is paused."""
    engine, co = on_file.engine, on_file.coordinator
    engine.execute(c.Pause(on_file.cycle, PauseReason.LEAVE), co).or_raise()
    put_back()
    on_file.contact(8)
    assert [contact.minutes for contact in on_file.state.contacts] == [8]


def test_a_batch_goes_on_with_the_restored_log(on_file, put_back):
    engine = on_file.engine
    on_file.contact(5), on_file.contact(6)
    put_back()
    contacts = [c.LogContact(on_file.cycle, minutes) for minutes in (7, 8)]
    batch = engine.execute_many(contacts, on_file.bo)
    assert all(isinstance(result, Receipt) for result in batch.results)
    assert [contact.minutes for contact in on_file.state.contacts] == [7, 8]
    assert verify(engine.store).holds


@pytest.mark.parametrize("many", [False, True])
def test_a_decision_overtaken_by_a_restore_is_taken_anew(on_file, slow_engine, file, put_back, many):
    """Read of one log and written to another, at the same version, both with nothing kept."""
    on_file.engine.execute(c.Pause(on_file.cycle, PauseReason.LEAVE), on_file.coordinator).or_raise()

    def overtake():
        put_back()
        with Engine.open(file, settings=Settings(clock=on_file.clock)) as other:
            other.execute(c.LogContact(on_file.cycle, 9), on_file.bo).or_raise()

    engine = slow_engine(overtake)
    resume = c.Resume(on_file.cycle)
    if many:
        (result,) = engine.execute_many([resume], on_file.coordinator).results
    else:
        result = engine.execute(resume, on_file.coordinator)
    assert isinstance(result, Refused) or not result.events
    assert [contact.minutes for contact in engine.cycle(on_file.cycle, on_file.coordinator).contacts] == [9]
    assert verify(engine.store).holds


def test_threads_that_share_commits_go_on_with_the_restored_log(on_file, put_back):
    """Restored again and again under four threads, the log stays one that can be read."""
    engine, co, stop, failed = on_file.engine, on_file.coordinator, Event(), []

    def work():
        while not stop.is_set():
            try:
                # A restore keeps the writer for a moment; of many who want one cycle somebody may lose every turn.
                with suppress(StoreUnavailable, Conflict):
                    on_file.contact(5)
                    engine.execute(c.Pause(on_file.cycle, PauseReason.LEAVE), co)
                    engine.execute(c.Resume(on_file.cycle), co)
            except Exception as error:
                failed.append(error)

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(5):
        put_back()
    stop.set()
    for thread in threads:
        thread.join()
    refused = [error for error in failed if "paused" not in str(error)]
    assert refused == []
    assert len(engine.history(on_file.cycle, co)) == on_file.state.version
    assert verify(engine.store).holds


def test_what_was_acknowledged_is_kept_or_in_the_restored_log(on_file, file, put_back):
    """Another process writes all the time; not one of its commands falls between the copy and the restored log."""
    add = [sys.executable, "-c", ADD, file]
    with subprocess.Popen(add, stdout=subprocess.PIPE, text=True) as writer:
        acknowledged = [writer.stdout.readline().strip() for _ in range(50)]
        kept = [put_back().kept for _ in range(3)]
        acknowledged += [writer.stdout.readline().strip() for _ in range(50)]
        writer.terminate()
        acknowledged += writer.stdout.read().splitlines()
    there = set()
    for path in (file.removeprefix("sqlite:///"), *kept):
        with Queries.open(f"sqlite:///{path}") as queries:
            assert verify(queries.store).holds
            there |= {row.stream.removeprefix("person:") for row in queries.store.read_log(0, 10**6)}
    assert set(acknowledged) - there == set()


def test_a_write_ahead_log_without_its_file_does_not_get_into_the_restored_log(on_file, tmp_path, backup):
    """Somebody has removed the file of a store, and not what lies beside it."""
    on_file.contact(5)
    left = tmp_path / "left"
    left.mkdir()
    wal = (tmp_path / "north.db-wal").read_bytes()
    assert wal
    (left / "north.db-wal").write_bytes(wal)
    made = restore(f"sqlite:///{left / 'north.db'}", str(backup), "stamp")
    assert (made.before, made.kept) == (None, None)
    with Engine.open(f"sqlite:///{left / 'north.db'}", settings=Settings(clock=on_file.clock)) as engine:
        assert engine.cycle(on_file.cycle, on_file.coordinator).contacts == ()
        assert engine.store.incarnation() != ""
        assert verify(engine.store).holds
    assert (left / "north.db.before-stamp-wal").read_bytes() == wal


def test_every_restore_is_another_incarnation_and_a_backup_is_none(on_file, file, backup, put_back):
    store = on_file.engine.store
    seen = [store.incarnation()]
    for _ in range(2):
        put_back()
        seen.append(store.incarnation())
    assert len(set(seen)) == 3
    with Queries.open(f"sqlite:///{backup}") as copy:
        assert copy.store.incarnation() == seen[0] == ""
    assert not list(Path(backup).parent.glob("*.restoring*"))
