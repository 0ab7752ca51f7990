"""Repeating a command is safe: an id stands for one content for ever, from any engine and any process."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta

import pytest

from mentorcycle.domain import commands as c
from mentorcycle.domain.actor import Actor
from mentorcycle.domain.errors import CommandReused
from mentorcycle.domain.refusal import Refused
from mentorcycle.domain.vocabulary import LeaveReason, TeachingArea
from mentorcycle.domain.words import Words
from mentorcycle.engine import Engine, Failed, Receipt, Settings

REPEAT = """
import sys
from mentorcycle.domain import commands as c
from mentorcycle.domain.actor import Actor
from mentorcycle.engine import Engine
url, cycle, bo, minutes = sys.argv[1:]
with Engine.open(url) as engine:
    print(engine.execute(c.LogContact(cycle, int(minutes), notes="by phone"), Actor.participant(bo), command_id="k1"))
"""


def twice(engine, command, actor, again=None, **said):
    first = engine.execute(command, actor, command_id="k1", **said).or_raise()
    head = engine.store.head()
    second = (again or engine).execute(command, actor, command_id="k1", **said).or_raise()
    assert engine.store.head() == head
    return first, second


def test_a_repeated_command_gives_the_first_receipt_and_writes_nothing(story):
    first, second = twice(story.engine, c.LogContact(story.cycle, 30), story.bo)
    assert second == first
    assert (first.repeated, second.repeated) == (False, True)
    assert second.events[0].event == first.events[0].event


def test_a_repeated_command_with_words_gives_the_first_receipt(story):
    command = c.SetGoal(story.cycle, TeachingArea.PLANNING, statement="Plan ahead", measure="Plans")
    first, second = twice(story.engine, command, story.ada)
    assert second == first


def test_the_receipt_is_the_same_after_much_else_has_happened(story):
    command = c.LogContact(story.cycle, 30, notes="by phone")
    first = story.engine.execute(command, story.bo, command_id="k1").or_raise()
    story.to("debrief")
    assert story.engine.execute(command, story.bo, command_id="k1") == first


def test_another_engine_on_the_file_knows_the_command(on_file, open_engine):
    first, second = twice(on_file.engine, c.LogContact(on_file.cycle, 30), on_file.bo, open_engine())
    assert second == first


def test_another_process_knows_the_command(on_file, file):
    command = c.LogContact(on_file.cycle, 30, notes="by phone")
    first = on_file.engine.execute(command, on_file.bo, command_id="k1").or_raise()
    repeat = [sys.executable, "-c", REPEAT, file, on_file.cycle, on_file.bo.id]
    again = subprocess.run([*repeat, "30"], capture_output=True, text=True)
    other = subprocess.run([*repeat, "31"], capture_output=True, text=True)
    assert again.stdout == f"{replace(first, repeated=True)}\n"
    assert "CommandReused" in other.stderr


def already_so(story):
    """Commands that come to nothing, of every kind of subject: (command, what it is about)."""
    ada, bo = story.ada.id, story.bo.id
    pair = next(iter(story.engine.person(ada, story.coordinator).pairings.values()))
    return [
        (c.OpenCycle(ada), story.cycle),
        (c.Advance(story.cycle, "goal-set"), story.cycle),
        (c.PublishPairing(pair.participants), ada),
        (c.CreateProgramme("Mentoring programme"), "main"),
        (c.MarkReturned(bo), bo),
        (c.AddPerson("Eve", source="csv", external_id="7"), story.engine.execute(
            c.AddPerson("Eve", source="csv", external_id="7"), story.coordinator).or_raise().subject),
    ]  # fmt: skip


def test_what_was_already_so_has_a_receipt_that_repeats(story):
    for number, (command, about) in enumerate(already_so(story)):
        first = story.engine.execute(command, story.coordinator, command_id=f"n{number}").or_raise()
        assert first.already_so
        assert first.subject == about
        assert story.engine.execute(command, story.coordinator, command_id=f"n{number}") == first


def test_the_receipt_of_what_was_already_so_does_not_follow_what_happens_later(story):
    command, co = c.OpenCycle(story.ada.id), story.coordinator
    first = story.engine.execute(command, co, command_id="k1").or_raise()
    story.engine.execute(c.Rematch(story.cycle, story.bo.id, story.cy.id), co).or_raise()
    story.engine.execute(c.Cancel(story.cycle, c.course.CancelReason.WITHDREW), co).or_raise()
    assert story.engine.execute(command, co, command_id="k1") == first


def test_every_command_of_a_batch_repeats(story):
    contacts = [c.LogContact(story.cycle, minutes, notes=f"{minutes}") for minutes in (10, 20, 30)]
    contacts.append(c.LogContact(story.cycle, -1))
    ids = ["a", "b", "c", "d"]
    first = story.engine.execute_many(contacts, story.bo, command_ids=ids)
    again = story.engine.execute_many(contacts, story.bo, command_ids=ids)
    assert again.results == first.results
    assert [r.repeated for r in again.receipts] == [True, True, True]
    assert len(story.state.contacts) == 3
    one = story.engine.execute(contacts[1], story.bo, command_id="b")
    assert one == first.results[1]


def test_a_command_that_repeats_within_its_batch_is_taken_once(story):
    contact, other = c.LogContact(story.cycle, 30), c.LogContact(story.cycle, 40)
    advance = c.Advance(story.cycle, "observe")
    story.to("observe")
    for commands, ids in (
        ([contact, contact, other], ["a", "a", "b"]),
        ([c.Advance(story.cycle, "debrief"), contact, contact], ["x", "c", "c"]),
    ):
        for dry_run in (True, False):
            batch = story.engine.execute_many(commands, story.bo, command_ids=ids, dry_run=dry_run)
            for one, two in zip(batch.results, batch.results[1:], strict=False):
                if isinstance(one, Receipt) and isinstance(two, Receipt) and one.command_id == two.command_id:
                    assert two == one
                    assert two.repeated
    assert [contact.minutes for contact in story.state.contacts] == [30, 40, 30]
    assert isinstance(story.engine.execute(advance, story.bo).or_raise(), Receipt)


def test_an_id_that_comes_again_in_a_batch_with_other_content_fails_alone(story):
    commands = [c.LogContact(story.cycle, 30), c.LogContact(story.cycle, 40), c.LogContact(story.cycle, 50)]
    for dry_run in (True, False):
        batch = story.engine.execute_many(commands, story.bo, command_ids=["a", "a", "b"], dry_run=dry_run)
        assert isinstance(batch.results[1], Failed)
        assert isinstance(batch.results[1].error, CommandReused)
        assert len(batch.receipts) == 2


@pytest.mark.parametrize(
    ("field", "value"),
    [("minutes", 31), ("people", ("p-nobody",)), ("notes", "by mail"), ("notes", None)],
)
def test_an_id_is_not_used_for_other_content(story, field, value):
    command = c.LogContact(story.cycle, 30, notes="by phone")
    story.engine.execute(command, story.bo, command_id="k1").or_raise()
    with pytest.raises(CommandReused):
        story.engine.execute(replace(command, **{field: value}), story.bo, command_id="k1")


def test_an_id_is_not_used_by_another_actor_or_for_another_time(story, clock):
    command = c.LogContact(story.cycle, 30)
    story.engine.execute(command, story.bo, command_id="k1", occurred_at=clock.now).or_raise()
    for actor, when in (
        (story.ada, clock.now),
        (story.bo, None),
        (story.bo, clock.now - timedelta(minutes=1)),
    ):
        with pytest.raises(CommandReused):
            story.engine.execute(command, actor, command_id="k1", occurred_at=when)


def test_how_a_mapping_is_ordered_is_no_content(story):
    story.contact()
    version, wrong = story.state.version, c.course.CorrectionReason.TYPING_ERROR
    one = c.Correct(story.cycle, version, wrong, {"minutes": 20, "mode": "phone"})
    other = c.Correct(story.cycle, version, wrong, {"mode": "phone", "minutes": 20})
    first = story.engine.execute(one, story.bo, command_id="k1").or_raise()
    assert story.engine.execute(other, story.bo, command_id="k1") == first


def test_a_refusal_is_not_kept(story):
    advance = c.Advance(story.cycle)
    assert isinstance(story.engine.execute(advance, story.ada, command_id="k1"), Refused)
    story.to("observe")
    story.engine.execute(c.UndoAdvance(story.cycle), story.coordinator).or_raise()
    receipt = story.engine.execute(advance, story.ada, command_id="k1").or_raise()
    assert not receipt.repeated
    assert story.state.stage == "observe"


def test_a_person_who_was_merged_repeats_under_the_old_id(story):
    co = story.coordinator
    double = Actor.participant(story.engine.execute(c.AddPerson("Bo K."), co).or_raise().subject)
    triple = Actor.participant(story.engine.execute(c.AddPerson("B. K."), co).or_raise().subject)
    story.engine.execute(c.MergePeople(double.id, triple.id), co).or_raise()
    story.engine.execute(c.MergePeople(story.bo.id, double.id), co).or_raise()
    for actor in (double, triple):
        command = c.LogContact(story.cycle, 30, notes="by phone")
        first = story.engine.execute(command, actor, command_id=actor.id).or_raise()
        assert first.events[0].actor == story.bo
        assert story.engine.execute(command, actor, command_id=actor.id) == first


def test_a_dry_run_of_a_known_command_gives_the_first_receipt(story):
    command = c.LogContact(story.cycle, 30)
    first = story.engine.execute(command, story.bo, command_id="k1").or_raise()
    assert story.engine.execute(command, story.bo, command_id="k1", dry_run=True) == first
    batch = story.engine.execute_many([command], story.bo, command_ids=["k1"], dry_run=True)
    assert batch.results == (first,)


def test_without_its_words_a_command_is_still_known(on_file, file, open_engine):
    command = c.LogContact(on_file.cycle, 30, notes="by phone")
    first = on_file.engine.execute(command, on_file.bo, command_id="k1").or_raise()
    path = file.removeprefix("sqlite:///")
    with sqlite3.connect(path) as database:
        database.execute("DELETE FROM words")
    database.close()
    assert open_engine().execute(command, on_file.bo, command_id="k1") == first
    assert open_engine().execute(replace(command, notes="guess"), on_file.bo, command_id="k1") == first


def test_the_kept_digest_of_a_command_with_words_confirms_no_guess(story, settings):
    """Two engines that differ in entropy alone keep different digests; without words they keep the same."""
    digests = []
    for entropy in (random.Random(1).randbytes, random.Random(2).randbytes):
        with Engine.open("memory://", settings=Settings(clock=settings.clock, entropy=entropy)) as engine:
            engine.ensure_programme(story.coordinator)
            for person in ("p-a", "p-b"):
                engine.execute(c.AddPerson(person, person=person), story.coordinator).or_raise()
            pairing = c.PublishPairing(
                (c.people.Participant("p-a", mentee=True), c.people.Participant("p-b", mentor=True)), "q-1"
            )
            engine.execute(pairing, story.coordinator).or_raise()
            cycle = engine.execute(c.OpenCycle("p-a"), story.coordinator).or_raise().subject
            for id, notes in (("plain", None), ("words", "yes")):
                contact = c.LogContact(cycle, 30, notes=notes)
                engine.execute(contact, Actor.participant("p-b"), command_id=id).or_raise()
            digests.append(
                [engine.store.find_command("default", id).content_hash for id in ("plain", "words")]
            )
    (plain, salted), (other_plain, other_salted) = digests
    assert plain == other_plain
    assert salted != other_salted


def test_a_receipt_holds_commitments_and_no_words(story):
    command = c.LogContact(story.cycle, 30, notes="by phone")
    first, second = twice(story.engine, command, story.bo)
    for receipt in (first, second):
        assert isinstance(receipt.events[0].event.notes, Words)
        assert receipt.events[0].event.notes.text is None


def test_a_command_that_was_taken_is_not_decided_again(story):
    """Bo has left meanwhile: the repeat is answered, not refused."""
    co = story.coordinator
    pairing = c.EndPairing(
        story.ada.id, next(iter(story.engine.person(story.ada.id, story.coordinator).pairings))
    )
    first = story.engine.execute(pairing, co, command_id="k1").or_raise()
    story.engine.execute(c.MarkLeft(story.bo.id, LeaveReason.RETIRED), co).or_raise()
    assert story.engine.execute(pairing, co, command_id="k1") == first
