"""When the machine fails: disks that are full, files that may not be written, processes killed in the middle."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections import Counter
from random import Random
from typing import Any

import pytest

from mentorcycle.domain import commands as c
from mentorcycle.domain.actor import Actor
from mentorcycle.domain.errors import StoreUnavailable
from mentorcycle.domain.recorded import Recorded
from mentorcycle.engine import Engine, Settings
from mentorcycle.engine.audit import verify

CO = Actor.coordinator("north")
SLICE = 40

WRITER = """
import sys
from mentorcycle.domain import commands as c
from mentorcycle.domain.actor import Actor
from mentorcycle.engine import Engine
url, size = sys.argv[1], int(sys.argv[2])
with Engine.open(url) as engine:
    print("ready", flush=True)
    number = engine.store.head()
    while True:
        names = [f"{number} {n}" for n in range(size)]
        batch = engine.execute_many([c.AddPerson(name, school="North " * 9) for name in names], Actor.coordinator())
        assert len(batch.receipts) == size
        receipt = engine.execute(c.AddPerson(f"{number} single"), Actor.coordinator()).or_raise()
        number += size + 1
        print(batch.id, batch.receipts[0].first, batch.receipts[-1].last, receipt.first, flush=True)
"""


def killed_in_the_middle(url: str, after: float) -> list[list[str]]:
    """What a writing process had acknowledged when it was killed; the last line may have been cut."""
    writer = subprocess.Popen([sys.executable, "-c", WRITER, url, str(SLICE)], stdout=subprocess.PIPE)
    assert writer.stdout is not None
    assert writer.stdout.readline() == b"ready\n"
    time.sleep(after)
    writer.send_signal(signal.SIGKILL)
    output = writer.stdout.read().decode()
    writer.wait()
    writer.stdout.close()
    return [line.split() for line in output.splitlines(keepends=True) if line.endswith("\n")]


def survives(url: str, rounds: int, seed: int) -> None:
    """After every kill: all that was acknowledged is there, no slice is there in part, and the log holds."""
    chance, acknowledged = Random(seed), []
    for _ in range(rounds):
        acknowledged.extend(killed_in_the_middle(url, chance.uniform(0.0, 0.2)))
        with Engine.open(url, create=False) as engine:
            events = everything(engine)
            assert [recorded.position for recorded in events] == list(range(1, len(events) + 1))
            assert set(Counter(r.batch for r in events if r.batch).values()) <= {SLICE}
            for batch, first, last, single in acknowledged:
                assert {r.batch for r in events[int(first) - 1 : int(last)]} == {batch}
                assert events[int(single) - 1].event.name.endswith("single")
            assert verify(engine.store).holds
            assert engine.execute(c.AddPerson("Survivor"), CO).or_raise().events
    assert acknowledged, "nothing was written: the machine is too slow for this test"


def everything(engine: Engine) -> list[Recorded[Any]]:
    with engine.subscribe() as subscription:
        return [next(subscription) for _ in range(engine.store.head())]


def test_a_process_killed_in_the_middle_of_a_batch_loses_nothing_acknowledged(file):
    survives(file, rounds=3, seed=1)


@pytest.mark.soak
def test_two_hundred_processes_killed_in_the_middle_lose_nothing_acknowledged(file):
    survives(file, rounds=200, seed=2)


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
