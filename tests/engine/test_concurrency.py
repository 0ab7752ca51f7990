"""Many write at once: nothing is lost, nothing is written twice, and whoever comes second decides anew."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from mentorcycle.domain import commands as c
from mentorcycle.domain.errors import Conflict
from mentorcycle.domain.refusal import Refused
from mentorcycle.domain.vocabulary import CancelReason, PauseReason, ReopenReason, TeachingArea
from mentorcycle.engine import Receipt
from mentorcycle.engine.audit import verify

THREADS = 8

WRITER = """
import json, sys
from mentorcycle.domain import commands as c
from mentorcycle.domain.actor import Actor
from mentorcycle.engine import Engine, Receipt
url, cycle, ada, bo, number = sys.argv[1:]
ada, bo = Actor.participant(ada), Actor.participant(bo)
contacts, moves = [], []
with Engine.open(url) as engine:
    sys.stdin.readline()
    for minutes in range(1, 16):
        contacts.append(engine.execute(c.LogContact(cycle, minutes, notes=number), bo).or_raise().first)
        for command, actor in ((c.AgreeGoals(cycle), ada), (c.AgreeGoals(cycle), bo), (c.Advance(cycle), ada)):
            result = engine.execute(command, actor)
            if isinstance(result, Receipt) and result.events:
                moves.append([type(result.events[0].event).__name__, result.first])
print(json.dumps([contacts, moves]))
"""


def at_once(*works):
    """What each of some works comes to, when all begin at the same moment."""
    ready = Barrier(len(works))

    def run(work):
        ready.wait()
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def test_contacts_of_many_threads_are_all_there_once(story):
    def work(number):
        return lambda: [story.contact(number) for _ in range(20)]

    receipts = [receipt for some in at_once(*map(work, range(1, THREADS + 1))) for receipt in some]
    contacts = story.state.contacts
    assert Counter(contact.minutes for contact in contacts) == dict.fromkeys(range(1, THREADS + 1), 20)
    assert len({contact.id for contact in contacts}) == len(receipts) == 20 * THREADS
    stored = {recorded.position: recorded for recorded in story.engine.history(story.cycle, story.bo)}
    assert all(stored[receipt.first] == receipt.events[0] for receipt in receipts)
    assert verify(story.engine.store).holds


def test_contacts_of_many_engines_on_one_file_are_all_there_once(on_file, open_engine):
    def work(number):
        engine = open_engine()
        return lambda: [engine.execute(c.LogContact(on_file.cycle, number), on_file.bo) for _ in range(10)]

    for results in at_once(*map(work, range(1, THREADS + 1))):
        assert all(isinstance(result, Receipt) for result in results)
    minutes = Counter(contact.minutes for contact in on_file.state.contacts)
    assert minutes == dict.fromkeys(range(1, THREADS + 1), 10)


@pytest.mark.parametrize("stage", ["observe", "debrief", "reflect", "celebrate"])
def test_of_many_who_advance_one_does_and_the_others_see_it_done(story, stage):
    story.to(stage)
    story.engine.execute(c.UndoAdvance(story.cycle), story.coordinator).or_raise()
    before = story.state.version
    results = at_once(
        *[lambda: story.engine.execute(c.Advance(story.cycle, stage), story.bo) for _ in range(THREADS)]
    )
    assert Counter(len(result.events) for result in results) == {1: 1, 0: THREADS - 1}
    assert story.state.version == before + 1
    assert story.state.stage == stage


def test_of_many_who_take_the_forward_edge_no_one_skips_a_stage(story):
    story.to("debrief")
    story.engine.execute(c.UndoAdvance(story.cycle), story.coordinator).or_raise()
    results = at_once(
        *[lambda: story.engine.execute(c.Advance(story.cycle), story.bo) for _ in range(THREADS)]
    )
    assert sum(isinstance(result, Receipt) for result in results) == 1
    assert story.state.stage == "debrief"


def test_both_agree_at_once_and_each_agreement_is_kept(story):
    for number in range(1, 6):
        story.engine.execute(
            c.SetGoal(story.cycle, TeachingArea.PLANNING, f"g{number}"), story.ada
        ).or_raise()
        both = (story.ada, story.bo)
        at_once(*[lambda who=who: story.engine.execute(c.AgreeGoals(story.cycle), who) for who in both])
        assert set(story.state.goals[-1].agreed) == {story.ada.id, story.bo.id}


def test_a_mentor_takes_no_more_mentees_than_their_capacity_from_many_at_once(on_file, open_engine):
    """The load is decided on the mentor's own stream, whoever asks."""
    co, cy = on_file.coordinator, on_file.cy.id
    added = on_file.engine.execute_many([c.AddPerson(f"New {n}") for n in range(THREADS)], co)

    def work(mentee):
        pair = (c.people.Participant(mentee, mentee=True), c.people.Participant(cy, mentor=True))
        engine = open_engine()
        return lambda: engine.execute(c.PublishPairing(pair), co)

    results = at_once(*[work(receipt.subject) for receipt in added.receipts])
    assert sum(isinstance(result, Receipt) for result in results) == 3
    assert on_file.engine.person(cy, on_file.coordinator).load == 3


def test_a_place_given_back_is_not_taken_by_two_at_once(on_file, slow_engine):
    """Whether a cycle is over is read from its own stream, which must not have changed until the append."""
    co, bo, cycle = on_file.coordinator, on_file.bo.id, on_file.cycle
    do = on_file.engine.execute
    do(c.ChangePerson(bo, "Bo", capacity=1), co).or_raise()
    do(c.Cancel(cycle, CancelReason.WITHDREW), co).or_raise()
    reopen = c.Reopen(cycle, ReopenReason.WORK_CONTINUES)
    pair = (
        c.people.Participant(on_file.cy.id, mentee=True),
        c.people.Participant(bo, mentor=True),
    )
    overtaken = slow_engine(lambda: do(reopen, co).or_raise()).execute(c.PublishPairing(pair), co)
    assert [refusal.code for refusal in overtaken.refusals] == ["over-capacity"]

    do(c.Cancel(cycle, CancelReason.WITHDREW), co).or_raise()
    overtaken = slow_engine(lambda: do(c.PublishPairing(pair), co).or_raise()).execute(reopen, co)
    assert [refusal.code for refusal in overtaken.refusals] == ["over-capacity"]


def test_a_pairing_opens_one_cycle_however_many_open_it(on_file, open_engine):
    co = on_file.coordinator
    pair = (
        c.people.Participant(on_file.cy.id, mentee=True),
        c.people.Participant(on_file.di.id, mentor=True),
    )
    on_file.engine.execute(c.PublishPairing(pair), co).or_raise()
    engines = [open_engine() for _ in range(4)]
    results = at_once(*[lambda e=e: e.execute(c.OpenCycle(on_file.cy.id), co).or_raise() for e in engines])
    assert len({result.subject for result in results}) == 1
    assert Counter(len(result.events) for result in results) == {1: 1, 0: 3}


def test_the_same_command_id_from_many_threads_is_one_command(story):
    command = c.LogContact(story.cycle, 30, notes="by phone")
    results = at_once(
        *[lambda: story.engine.execute(command, story.bo, command_id="k1") for _ in range(THREADS)]
    )
    assert len(story.state.contacts) == 1
    assert all(result == results[0] for result in results)
    assert sorted(result.repeated for result in results) == [False] + [True] * (THREADS - 1)


def test_threads_share_commits(open_engine, begin):
    engine = open_engine()
    stories = [begin(engine, f" {number}") for number in range(THREADS)]
    before = engine.store.commits
    at_once(*[lambda s=s: [s.contact() for _ in range(25)] for s in stories])
    assert sum(len(story.state.contacts) for story in stories) == 25 * THREADS
    assert engine.store.commits - before < 25 * THREADS


def test_without_retakes_the_second_gets_a_conflict(on_file, slow_engine):
    slow = slow_engine(on_file.contact, retakes=0)
    before = on_file.state.version
    with pytest.raises(Conflict) as caught:
        slow.execute(c.LogContact(on_file.cycle, 20), on_file.bo)
    assert (caught.value.expected, caught.value.actual) == (before, before + 1)
    assert len(on_file.state.contacts) == 1


def test_a_decision_that_is_overtaken_is_taken_anew(on_file, slow_engine):
    slow = slow_engine(on_file.contact)
    slow.execute(c.LogContact(on_file.cycle, 20), on_file.bo).or_raise()
    assert [contact.minutes for contact in on_file.state.contacts] == [30, 20]
    assert [contact.id for contact in slow.cycle(on_file.cycle, on_file.bo).contacts] == ["k1", "k2"]


def test_a_decision_that_is_overtaken_is_refused_when_it_no_longer_holds(on_file, slow_engine):
    pause = c.Pause(on_file.cycle, PauseReason.LEAVE)
    slow = slow_engine(lambda: on_file.engine.execute(pause, on_file.coordinator))
    result = slow.execute(c.LogContact(on_file.cycle, 20), on_file.bo)
    assert isinstance(result, Refused)
    assert result.refusals[0].code == "cycle-paused"


def test_a_command_that_another_process_sent_meanwhile_is_answered_with_its_receipt(on_file, slow_engine):
    command = c.LogContact(on_file.cycle, 20, notes="by phone")
    first = []
    engine = on_file.engine
    slow = slow_engine(lambda: first.append(engine.execute(command, on_file.bo, command_id="k1")))
    assert slow.execute(command, on_file.bo, command_id="k1") == first[0]
    assert len(on_file.state.contacts) == 1


def test_four_processes_on_one_cycle_lose_nothing(on_file, file):
    on_file.to("observe")
    on_file.engine.execute(c.UndoAdvance(on_file.cycle), on_file.coordinator).or_raise()
    arguments = [file, on_file.cycle, on_file.ada.id, on_file.bo.id]
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, *arguments, str(number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(4)
    ]
    outputs = [writer.communicate("go\n", timeout=60)[0] for writer in writers]
    acknowledged = [json.loads(output) for output in outputs]
    contacts = [position for some, _ in acknowledged for position in some]
    moves = [tuple(move) for _, some in acknowledged for move in some]
    history = on_file.engine.history(on_file.cycle, on_file.ada)
    kinds = {recorded.position: recorded.event.event_name for recorded in history}
    assert len(set(contacts)) == len(contacts) == 60
    assert all(kinds[position] == "ContactLogged" for position in contacts)
    assert len(on_file.state.contacts) == 60
    assert [kind for kind, _ in moves] == ["CycleAdvanced"]
    assert all(kinds[position] == kind for kind, position in moves)
    assert verify(on_file.engine.store).holds
