"""When the machine fails: disks that are full, files that may not be written, processes killed in the middle."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest

from mentorcycle.domain import commands as c
from mentorcycle.domain.actor import Actor
from mentorcycle.domain.errors import StoreUnavailable
from mentorcycle.domain.events import ContactLogged, GoalSet, PairingPublished, PersonAdded
from mentorcycle.domain.ids import subject_of
from mentorcycle.domain.recorded import Recorded
from mentorcycle.engine import Engine, Settings
from mentorcycle.engine.audit import verify, verify_all

CO = Actor.coordinator("north")
SLICE = 12
"""Commands of every batch; each comes to one event, or two where a pair is published: one for each of them."""
ROUNDS_A_FILE = 10
"""A new file then: proving it takes as long as its log is."""

WRITER = """
import sys
from mentorcycle.domain import commands as c
from mentorcycle.domain.actor import Actor
from mentorcycle.domain.events import Participant
from mentorcycle.domain.vocabulary import PauseReason, TeachingArea, Unit
from mentorcycle.engine import Engine

url, size = sys.argv[1], int(sys.argv[2])
office = Actor.coordinator()
with Engine.open(url) as engine:
    engine.ensure_programme(office)
    print("ready", flush=True)

    def ask():
        engine.queries.cycles(office), engine.queries.counts(office), engine.queries.people(office)
        engine.queries.minutes(office), engine.queries.trail(office)

    def bulk(commands, actor=office):
        batch = engine.execute_many(commands, actor)
        assert len(batch.receipts) == size, batch.results
        print("batch", batch.id, batch.receipts[0].first, batch.receipts[-1].last, flush=True)
        ask()
        return [receipt.subject for receipt in batch.receipts]

    def single(command, actor):
        receipt = engine.execute(command, actor).or_raise()
        print("single", receipt.subject, receipt.first, receipt.last, flush=True)
        ask()

    while True:
        mark = engine.store.head()
        mentees = bulk([c.AddPerson(f"Mentee {mark} {n}") for n in range(size)])
        mentors = bulk([c.AddPerson(f"Mentor {mark} {n}") for n in range(size)])
        two = [(Participant(a, mentee=True), Participant(b, mentor=True)) for a, b in zip(mentees, mentors)]
        bulk([c.PublishPairing(pair) for pair in two])
        cycles = bulk([c.OpenCycle(mentee) for mentee in mentees])
        goal = dict(unit=Unit.PERCENT, target=80, statement="More speak " * 9, measure=f"Hands {mark}")
        for cycle, mentee, mentor in zip(cycles, map(Actor.participant, mentees), map(Actor.participant, mentors)):
            single(c.SetGoal(cycle, TeachingArea.ENGAGEMENT, **goal), mentee)
            bulk([c.LogContact(cycle, n + 1, notes=f"We talked {n} " * 9) for n in range(size)], mentor)
            single(c.AgreeGoals(cycle), mentee)
            single(c.LogContact(cycle, 20, notes=f"Again {mark}"), mentor)
            single(c.Pause(cycle, PauseReason.LEAVE), office)
"""


def killed_in_the_middle(url: str, after: float) -> list[list[str]]:
    """What a process that writes and asks had acknowledged when it was killed; the last line may have been cut."""
    writer = subprocess.Popen([sys.executable, "-c", WRITER, url, str(SLICE)], stdout=subprocess.PIPE)
    assert writer.stdout is not None
    assert writer.stdout.readline() == b"ready\n"
    time.sleep(after)
    writer.send_signal(signal.SIGKILL)
    output = writer.stdout.read().decode()
    assert writer.wait() == -signal.SIGKILL, "it ended by itself"
    writer.stdout.close()
    return [line.split() for line in output.splitlines(keepends=True) if line.endswith("\n")]


def survives(folder: Path, rounds: int, seed: int) -> None:
    """After every kill the log, the words and the read models hold, and know all that was acknowledged, once."""
    chance, behind = Random(seed), 0
    acknowledged: list[list[str]] = []
    for number in range(rounds):
        url = f"sqlite:///{folder / f'{number // ROUNDS_A_FILE}.db'}"
        if number % ROUNDS_A_FILE == 0:
            acknowledged = []
        acknowledged.extend(killed_in_the_middle(url, chance.uniform(0.0, 0.25)))
        with Engine.open(url, create=False) as engine:
            readers = engine.queries.readers
            behind += any(model.lag_events for model in readers.status())
            holds(engine, acknowledged)
            assert {one.name for one in readers.models} == {"cycles", "minutes", "people", "trail"}
            for model in readers.models:
                rebuilt = readers.rebuild(model.name)
                assert (rebuilt.equal, rebuilt.before) == (True, rebuilt.after)
            assert engine.execute(c.AddPerson(f"Survivor {number}"), CO).or_raise().events
    assert acknowledged, "nothing was written: the machine is too slow for this test"
    assert behind, "no kill came between an append and the read models that follow it"


def holds(engine: Engine, acknowledged: list[list[str]]) -> None:
    """Every batch is there as a whole, once; every text is the one that was written; every read model is a replay."""
    events = everything(engine)
    assert [recorded.position for recorded in events] == list(range(1, len(events) + 1))
    batches = Counter((r.batch, type(r.event)) for r in events if r.batch)
    whole = {kind: 2 * SLICE if kind is PairingPublished else SLICE for _, kind in batches}
    assert {(kind, number) for (_, kind), number in batches.items()} == set(whole.items())
    names = Counter(r.event.name for r in events if isinstance(r.event, PersonAdded))
    assert set(names.values()) <= {1}
    for kind, id, first, last in acknowledged:
        written = events[int(first) - 1 : int(last)]
        assert len(written) == (batches[id, type(written[0].event)] if kind == "batch" else 1)
        assert {r.batch if kind == "batch" else subject_of(r.stream) for r in written} == {id}
    report = verify_all(engine.queries.readers)
    assert report.findings == []
    assert [model.equal for model in report.models] == [True] * 4
    texts = Counter(type(r.event) for r in events)
    assert report.words == 2 * texts[GoalSet] + texts[ContactLogged]


def everything(engine: Engine) -> list[Recorded[Any]]:
    with engine.subscribe() as subscription:
        return [next(subscription) for _ in range(engine.store.head())]


def test_a_process_killed_at_work_loses_nothing_acknowledged_and_no_read_model_differs(tmp_path):
    survives(tmp_path, rounds=4, seed=1)


@pytest.mark.soak
def test_two_hundred_processes_killed_at_work_lose_nothing_and_no_read_model_differs(tmp_path):
    survives(tmp_path, rounds=200, seed=2)


@pytest.fixture
def small_disk(tmp_path):
    """A file system of one megabyte, and how to mount it anew with other options."""
    disk = tmp_path / "disk"
    disk.mkdir()
    try:
        mounted = mount("size=1m", "-t", "tmpfs", "tmpfs", str(disk))
    except FileNotFoundError:
        pytest.skip("there is no mount command here")
    if mounted.returncode != 0:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def mount(options: str, *where: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["mount", "-o", options, *where], capture_output=True, text=True)


def fill(story, acknowledged: list[int]) -> None:
    """Contacts without end; the minutes of those that were acknowledged."""
    while True:
        receipt = story.engine.execute(
            c.LogContact(story.cycle, len(acknowledged) % 500 + 1, notes="z" * 2000), story.bo
        ).or_raise()
        acknowledged.append(receipt.events[0].event.minutes)


def test_on_a_full_disk_nothing_is_half_written_and_with_room_all_goes_on(small_disk, clock, begin):
    url = f"sqlite:///{small_disk / 'north.db'}"
    acknowledged: list[int] = []
    with Engine.open(url, settings=Settings(clock=clock)) as engine:
        story = begin(engine)
        with pytest.raises(StoreUnavailable, match="disk is full"):
            fill(story, acknowledged)
        assert len(acknowledged) > 10
        assert [contact.minutes for contact in story.state.contacts] == acknowledged
        mount("remount,size=64m", str(small_disk))
        story.contact(77)
        assert [contact.minutes for contact in story.state.contacts] == [*acknowledged, 77]
        assert verify(engine.store).holds
    with Engine.open(url, create=False) as again:
        assert len(again.cycle(story.cycle, story.ada).contacts) == len(acknowledged) + 1


def test_a_batch_on_a_full_disk_is_taken_by_whole_slices_and_repeats(small_disk, clock, begin):
    with Engine.open(f"sqlite:///{small_disk / 'north.db'}", settings=Settings(clock=clock)) as engine:
        begin(engine)
        people = [c.AddPerson(f"Person {n}", school="North " * 20) for n in range(3000)]
        ids = [f"k{n}" for n in range(3000)]
        with pytest.raises(StoreUnavailable, match="disk is full"):
            engine.execute_many(people, CO, command_ids=ids, slice_size=100)
        added = sum(recorded.batch is not None for recorded in everything(engine))
        assert added
        assert added % 100 == 0
        mount("remount,size=64m", str(small_disk))
        batch = engine.execute_many(people, CO, command_ids=ids, slice_size=100)
        assert sum(receipt.repeated for receipt in batch.receipts) == added
        assert len(batch.receipts) == 3000
        assert verify(engine.store).holds


def test_on_a_disk_that_may_not_be_written_questions_are_answered_and_nothing_is_taken(
    small_disk, clock, begin
):
    url = f"sqlite:///{small_disk / 'north.db'}"
    with Engine.open(url, settings=Settings(clock=clock)) as engine:
        story = begin(engine)
    mount("remount,ro", str(small_disk))
    with Engine.open(url, read_only=True) as engine:
        assert engine.cycle(story.cycle, story.ada).stage == "goal-set"
        assert verify(engine.store).holds
    with pytest.raises(StoreUnavailable) as caught, Engine.open(url) as engine:
        engine.execute(c.LogContact(story.cycle, 30), story.bo)
    assert "write" in str(caught.value)
    mount("remount,rw", str(small_disk))
