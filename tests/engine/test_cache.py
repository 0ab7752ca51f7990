"""Kept states make the engine quick and never wrong: nothing is kept before it is durable, nothing is trusted alone."""

from __future__ import annotations

import sqlite3
import subprocess
import sys

import pytest

from mentorcycle.domain import commands as c
from mentorcycle.domain.errors import HistoryUnreadable, NotFound, StoreUnavailable
from mentorcycle.domain.events import Participant
from mentorcycle.domain.refusal import Refused
from mentorcycle.domain.vocabulary import PauseReason
from mentorcycle.engine import Engine, Receipt, Settings

PAUSE = """
import sys
from mentorcycle.domain import commands as c
from mentorcycle.domain.actor import Actor
from mentorcycle.domain.vocabulary import PauseReason
from mentorcycle.engine import Engine
with Engine.open(sys.argv[1]) as engine:
    engine.execute(c.Pause(sys.argv[2], PauseReason.LEAVE), Actor.coordinator()).or_raise()
"""


@pytest.fixture
def full(on_file, file):
    """A file that takes no more events, for as long as the trigger is there."""
    database = sqlite3.connect(file.removeprefix("sqlite:///"), isolation_level=None)
    database.execute(
        "CREATE TRIGGER full BEFORE INSERT ON commands BEGIN SELECT RAISE(ABORT, 'no more'); END"
    )
    yield lambda: database.execute("DROP TRIGGER full")
    database.close()


def test_a_state_whose_events_were_not_written_is_not_kept(on_file, full):
    """The contact that failed has not happened: neither now nor for the next decision."""
    before = on_file.state
    with pytest.raises(StoreUnavailable):
        on_file.contact()
    assert on_file.state == before
    full()
    assert on_file.contact().events[0].version == before.version + 1
    assert [contact.id for contact in on_file.state.contacts] == ["k1"]


def test_a_batch_whose_slice_was_not_written_leaves_nothing_kept(on_file, full):
    co = on_file.coordinator
    commands = [c.Pause(on_file.cycle, PauseReason.LEAVE), c.AddPerson("Eve", "p-eve")]
    with pytest.raises(StoreUnavailable):
        on_file.engine.execute_many(commands, co)
    full()
    assert on_file.contact().events
    with pytest.raises(NotFound):
        on_file.engine.person("p-eve", co)
    assert all(isinstance(result, Receipt) for result in on_file.engine.execute_many(commands, co).results)


def test_slices_before_the_one_that_failed_are_taken_and_their_commands_repeat(on_file, file):
    """The caller sends the batch again with the same ids and gets the first receipts for what was taken."""
    database = sqlite3.connect(file.removeprefix("sqlite:///"), isolation_level=None)
    database.execute(
        "CREATE TRIGGER full BEFORE INSERT ON commands WHEN NEW.command_id = 'k3'"
        " BEGIN SELECT RAISE(ABORT, 'no more'); END"
    )
    contacts = [c.LogContact(on_file.cycle, minutes) for minutes in (1, 2, 3, 4)]
    ids = ["k1", "k2", "k3", "k4"]
    with pytest.raises(StoreUnavailable):
        on_file.engine.execute_many(contacts, on_file.bo, command_ids=ids, slice_size=2)
    assert [contact.minutes for contact in on_file.state.contacts] == [1, 2]
    database.execute("DROP TRIGGER full")
    database.close()
    batch = on_file.engine.execute_many(contacts, on_file.bo, command_ids=ids, slice_size=2)
    assert [receipt.repeated for receipt in batch.receipts] == [True, True, False, False]
    assert [contact.minutes for contact in on_file.state.contacts] == [1, 2, 3, 4]


def test_what_another_process_wrote_counts_at_once(on_file, file):
    on_file.contact()
    pause = [sys.executable, "-c", PAUSE, file, on_file.cycle]
    subprocess.run(pause, check=True)
    result = on_file.engine.execute(c.LogContact(on_file.cycle, 30), on_file.bo)
    assert isinstance(result, Refused)
    assert on_file.state.status.value == "paused"
    assert result.refusals[0].code == "cycle-paused"


def test_what_another_engine_wrote_counts_at_once_for_every_question(on_file, open_engine):
    other = open_engine()
    engine = on_file.engine
    pair = (Participant(on_file.cy.id, mentee=True), Participant(on_file.di.id, mentor=True))
    engine.person(on_file.cy.id, on_file.cy), engine.programme(), engine.cycle(on_file.cycle, on_file.ada)
    other.execute(c.PublishPairing(pair), on_file.coordinator).or_raise()
    other.execute(c.ChangeProgramme("North", "Europe/Oslo"), on_file.coordinator).or_raise()
    other.execute(c.LogContact(on_file.cycle, 5), on_file.bo).or_raise()
    assert engine.person(on_file.cy.id, on_file.cy).pairings
    assert engine.programme().zone == "Europe/Oslo"
    assert len(engine.cycle(on_file.cycle, on_file.ada).contacts) == 1
    assert len(engine.history(on_file.cycle, on_file.ada)) == 2


@pytest.mark.parametrize("most", [0, 1, 2])
def test_few_kept_states_are_enough(clock, begin, most):
    with Engine.open("memory://", settings=Settings(clock=clock, cached_streams=most)) as engine:
        story = begin(engine).to("celebrate")
        assert len(engine.history(story.cycle, story.ada)) == story.state.version


def test_a_history_that_cannot_be_read_is_said_where_and_takes_no_commands(on_file, file, open_engine):
    with sqlite3.connect(file.removeprefix("sqlite:///")) as database:
        database.execute("DROP TRIGGER events_are_never_updated")
        database.execute("UPDATE events SET state = x'00' WHERE stream LIKE 'cycle:%'")
    database.close()
    fresh = open_engine()
    for ask in (
        lambda: fresh.cycle(on_file.cycle, on_file.ada),
        lambda: fresh.history(on_file.cycle, on_file.ada),
        lambda: fresh.execute(c.LogContact(on_file.cycle, 5), on_file.bo),
    ):
        with pytest.raises(HistoryUnreadable, match=r"CycleOpened\.1"):
            ask()
    failed = fresh.execute_many([c.LogContact(on_file.cycle, 5), c.AddPerson("Eve")], on_file.coordinator)
    assert isinstance(failed.results[1], Receipt)
    assert isinstance(failed.results[0].error, HistoryUnreadable)
