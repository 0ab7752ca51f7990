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
from mentorcycle.domain.definition import shipped
from mentorcycle.domain.errors import CommandReused
from mentorcycle.domain.refusal import Refused
from mentorcycle.domain.vocabulary import CollectionMethod, LeaveReason, TeachingArea
from mentorcycle.domain.words import Words
from mentorcycle.engine import Engine, Failed, Receipt, Settings
from mentorcycle.engine.ledger import content_of

REPEAT = """
import sys
from mentorcycle.domain import commands as c
from mentorcycle.domain.actor import Actor
from mentorcycle.domain.definition import shipped
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


def with_words(story):
    """What the id of Bo's contact of five minutes without words does not stand for: (command, actor)."""
    contact = c.LogContact(story.cycle, 5, notes="other day")
    return [
        (contact, story.bo),
        (contact, story.ada),
        (replace(contact, minutes=50), story.bo),
        (replace(contact, minutes=50), story.ada),
        (c.SetGoal(story.cycle, TeachingArea.PLANNING, statement="Plan ahead"), story.di),
    ]


@pytest.mark.parametrize("number", range(5))
def test_the_id_of_a_command_without_words_is_not_used_for_one_with_words(story, number):
    story.engine.execute(c.LogContact(story.cycle, 5), story.bo, command_id="k1").or_raise()
    command, actor = with_words(story)[number]
    for dry_run in (True, False):
        with pytest.raises(CommandReused):
            story.engine.execute(command, actor, command_id="k1", dry_run=dry_run)
        batch = story.engine.execute_many([command], actor, command_ids=["k1"], dry_run=dry_run)
        assert isinstance(batch.results[0].error, CommandReused)
    assert [contact.minutes for contact in story.state.contacts] == [5]


def test_nobody_gets_what_another_command_came_to(story):
    """An id that was found out opens no event to a stranger."""
    story.engine.execute(c.AddPerson("Eve", email="eve@north"), story.coordinator, command_id="k1").or_raise()
    goal = c.SetGoal(story.cycle, TeachingArea.PLANNING, statement="Plan ahead")
    for send in (
        lambda: story.engine.execute(goal, story.di, command_id="k1"),
        lambda: story.engine.execute_many([goal], story.di, command_ids=["k1"]).results[0].or_raise(),
    ):
        with pytest.raises(CommandReused):
            send()


@pytest.mark.parametrize("number", range(4))
def test_two_who_use_one_id_at_once_are_told_apart(on_file, slow_engine, number):
    """The second has decided when the first is written: the store knows the id before the executor does."""
    contact = c.LogContact(on_file.cycle, 5)
    command, actor = with_words(on_file)[number]
    slow = slow_engine(lambda: on_file.engine.execute(contact, on_file.bo, command_id="k1").or_raise())
    with pytest.raises(CommandReused):
        slow.execute(command, actor, command_id="k1")
    assert [contact.minutes for contact in on_file.state.contacts] == [5]


def test_a_command_repeats_itself_when_two_send_it_at_once(on_file, slow_engine):
    """Each has salted it in its own way."""
    command = c.LogContact(on_file.cycle, 5, notes="by phone")
    firsts = []
    slow = slow_engine(lambda: firsts.append(on_file.engine.execute(command, on_file.bo, command_id="k1")))
    again = slow.execute(command, on_file.bo, command_id="k1").or_raise()
    assert again.repeated
    assert [again] == firsts


def test_blank_words_are_none(story):
    first = story.engine.execute(c.LogContact(story.cycle, 5), story.bo, command_id="k1").or_raise()
    for notes in ("", "  \n"):
        blank = c.LogContact(story.cycle, 5, notes=notes)
        assert story.engine.execute(blank, story.bo, command_id="k1") == first


def test_an_id_that_comes_again_in_a_batch_with_other_words_fails_alone(story):
    plain, said = c.LogContact(story.cycle, 30), c.LogContact(story.cycle, 30, notes="by phone")
    for first, second in ((plain, said), (said, plain), (said, replace(said, notes="by mail"))):
        id = f"{first.notes} {second.notes}"
        for dry_run in (True, False):
            batch = story.engine.execute_many(
                [first, second, first], story.bo, command_ids=[id] * 3, dry_run=dry_run
            )
            assert isinstance(batch.results[1].error, CommandReused)
            assert batch.results[2] == batch.results[0]


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


def test_without_its_words_all_the_rest_of_a_command_is_compared(on_file, file, open_engine, clock):
    command = c.SetGoal(on_file.cycle, TeachingArea.PLANNING, statement="Plan ahead")
    on_file.engine.execute(command, on_file.ada, command_id="k1").or_raise()
    with sqlite3.connect(file.removeprefix("sqlite:///")) as database:
        database.execute("DELETE FROM words")
    database.close()
    engine = open_engine()
    for other in (
        replace(command, area=TeachingArea.ENGAGEMENT),
        replace(command, measured=True),
        replace(command, statement=None),
        replace(command, measure="Plans"),
        replace(command, statement=None, measure="Plan ahead"),
        c.LogContact(on_file.cycle, 30, notes="Plan ahead"),
    ):
        with pytest.raises(CommandReused):
            engine.execute(other, on_file.ada, command_id="k1")
    for actor in (on_file.bo, on_file.di, on_file.coordinator):
        with pytest.raises(CommandReused):
            engine.execute(command, actor, command_id="k1")
    with pytest.raises(CommandReused):
        engine.execute(command, on_file.ada, command_id="k1", occurred_at=clock.now)


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
    assert salted[:32] == other_salted[:32]
    assert salted[32:] != other_salted[32:]


def test_what_is_kept_without_a_salt_is_the_same_whatever_the_words(story, every_command):
    """So that it confirms no guess, not even of which method out of six was agreed."""
    commands = [command for command in every_command(story, "yes").values() if command.pair_fields]
    others = every_command(story, "something else")
    methods = [replace(others["AgreeFocus"], method=method) for method in CollectionMethod]
    for one, other in [
        *((command, others[command.command_name]) for command in commands),
        *((methods[0], method) for method in methods[1:]),
    ]:
        assert one != other
        kept, also = content_of(one, story.ada, None), content_of(other, story.ada, None)
        assert kept.plain == also.plain
        assert kept.words != also.words
        assert "yes" not in repr(kept)
    assert len(commands) >= 8


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


def test_a_cycle_opened_again_by_the_name_of_its_definition_is_so_whatever_was_published_since(story):
    newer = shipped().source.replace("version = 1 ", "version = 2 ", 1)
    story.engine.execute(c.PublishDefinition(newer), story.coordinator).or_raise()
    again = story.engine.execute(c.OpenCycle(story.ada.id, "peer-cycle"), story.coordinator).or_raise()
    assert (again.subject, again.events) == (story.cycle, ())
    named = story.engine.execute(c.OpenCycle(story.ada.id, "peer-cycle@2"), story.coordinator)
    assert isinstance(named, Refused)
    assert [refusal.code for refusal in named.refusals] == ["opened-otherwise"]
