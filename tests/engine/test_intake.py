"""What a host hands in holds what it declares, or nothing is done: what is appended can be read for ever."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from traceback import TracebackException

import pytest

from mentorcycle.domain import commands as c
from mentorcycle.domain.actor import Actor
from mentorcycle.domain.cycle import fold
from mentorcycle.domain.errors import InvalidInput
from mentorcycle.domain.events import Participant, Peers
from mentorcycle.domain.vocabulary import Audience, Role, TeachingArea, Unit
from mentorcycle.engine import Failed, Receipt

GOAL = c.SetGoal("c-1", TeachingArea.PLANNING, unit=Unit.COUNT, target=3.0, statement="secret plan")
HALF = "secret \ud83d plan"
NOON = datetime(2026, 9, 7, 12, tzinfo=UTC)
LAST = datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-5)))
FIRST = datetime(1, 1, 1, 1, tzinfo=timezone(timedelta(hours=5)))


class Hurried(c.LogContact):
    """What a host may think of: the rules know nothing of it."""


@pytest.mark.parametrize(
    ("command", "field", "why"),
    [
        (replace(GOAL, area="planning"), "area", "it is a str, not a TeachingArea"),
        (replace(GOAL, target="3"), "target", "it is a str, not a number"),
        (replace(GOAL, target=float("nan")), "target", "it is not a finite number"),
        (replace(GOAL, target=float("inf")), "target", "it is not a finite number"),
        (replace(GOAL, target=2**64), "target", "it is a int, not a number"),
        (replace(GOAL, due=NOON), "due", "it is a datetime, not a date"),
        (replace(GOAL, due="2026-09-07"), "due", "it is a str, not a date"),
        (replace(GOAL, measured=1), "measured", "it is a int, not yes or no"),
        (replace(GOAL, statement=HALF), "statement", "it holds half a character"),
        (replace(GOAL, statement=b"secret"), "statement", "it is a bytes, not a text"),
        (replace(GOAL, peers=Peers("secret", False, True, True, True)), "peers", "powerful: it is a str"),
        (replace(GOAL, peers=True), "peers", "it is a bool, not a Peers"),
        (c.AddPerson("é" * 1025), "name", "it is longer than 2048 bytes"),
        (c.AddPerson("Ann", subjects=("maths", "m" * 2049)), "subjects", "it is longer than 2048 bytes"),
        (c.LogContact("c-1", "30"), "minutes", "it is a str, not a whole number"),
        (c.LogContact("c-1", 30.0), "minutes", "it is a float, not a whole number"),
        (c.LogContact("c-1", True), "minutes", "it is a bool, not a whole number"),
        (c.LogContact("c-1", 2**63), "minutes", "it is too large to be stored"),
        (c.LogContact(None, 30), "cycle", "it is a NoneType, not a text"),
        (c.LogContact("c-1", 30, people=["p-1"]), "people", "it is a list, not a tuple"),
        (c.LogContact("c-1", 30, people=("p-1", 2)), "people", "it is a int, not a text"),
        (c.GiveConsent("c-1", "school"), "audience", "it is a str, not a Audience"),
        (c.ScheduleObservation("c-1", date(2026, 9, 7)), "at", "it is a date, not an instant"),
        (c.Correct("c-1", 3, c.course.CorrectionReason.TYPING_ERROR, ["minutes"]), "fields", "it is a list"),
        (c.Correct("c-1", 3, c.course.CorrectionReason.TYPING_ERROR, {"minutes": HALF}), "fields", "half"),
        (c.Correct("c-1", 3, c.course.CorrectionReason.TYPING_ERROR, {"a": [1]}), "fields", "it is a list"),
        (c.Correct("c-1", 3, c.course.CorrectionReason.TYPING_ERROR, {3: 1}), "fields", "it is a int"),
        (c.PublishPairing((("p-1", True),)), "participants", "it is a tuple, not a Participant"),
        (c.PublishPairing((Participant(1),)), "participants", "person: it is a int"),
        (c.AddPerson("secret \udcff"), "name", "it holds half a character"),
        (c.CloseSchool(("2026-09-07",)), "days", "it is a str, not a date"),
    ],
)
def test_a_field_that_does_not_hold_what_it_declares_is_named(story, command, field, why):
    head = story.engine.store.head()
    with pytest.raises(InvalidInput) as caught:
        story.engine.execute(command, story.ada, command_id="k1")
    assert caught.value.what == f"{field} of {type(command).__name__} cannot be taken"
    assert why in caught.value.why
    assert "secret" not in f"{caught.value!r}{caught.value.__context__!r}{caught.value.__cause__!r}"
    assert story.engine.store.head() == head


@pytest.mark.parametrize("words", [HALF, b"secret", ["secret"], {"secret": "secret"}, ("secret",)])
def test_no_frame_of_a_refused_command_holds_its_words(story, words):
    """Programs that report errors send the locals of every frame away."""
    for ask in (
        lambda: story.engine.execute(c.LogContact(story.cycle, 10, notes=words), story.ada),
        lambda: story.engine.execute(replace(GOAL, cycle=story.cycle, statement=words), story.ada),
        lambda: story.engine.execute_many([c.LogContact(story.cycle, 10, notes=words)], story.ada),
    ):
        try:
            answer = ask()
            error = answer.results[0].error
        except InvalidInput as caught:
            error = caught
        told = "".join(TracebackException.from_exception(error, capture_locals=True).format())
        here = told.rpartition(f'File "{__file__}"')
        ours = here[2].partition('  File "')[2]
        assert "mentorcycle" in ours or "/engine/" in ours
        assert "secret" not in ours


def test_every_value_of_the_declared_kind_is_taken(story):
    """Whole numbers where a number is declared, subclasses, far instants, every script."""
    for target in (0, -3, 2.5, 10**15):
        goal = c.SetGoal(story.cycle, TeachingArea.PLANNING, unit=Unit.COUNT, target=target)
        story.engine.execute(goal, story.ada).or_raise()
    words = "ü 学 🙂 \x00 \u202e"
    story.engine.execute(c.LogContact(story.cycle, 30, notes=words), story.bo).or_raise()
    opened = story.engine.history(story.cycle, story.bo, words=True)[-1].event.notes
    assert opened.text == words
    assert story.state == fold(story.engine.history(story.cycle, story.ada))


@pytest.mark.parametrize("what", ["command_id", "correlation", "causation", "batch"])
@pytest.mark.parametrize("value", ["", HALF, 7])
def test_what_is_said_about_a_command_can_be_stored(story, what, value):
    with pytest.raises(InvalidInput):
        story.engine.execute(c.LogContact(story.cycle, 30), story.bo, **{what: value})
    assert not story.state.contacts


def test_words_are_as_long_as_they_are(story):
    said = "é" * 100_000
    story.engine.execute(c.LogContact(story.cycle, 20, notes=said), story.bo).or_raise()
    with pytest.raises(InvalidInput, match="longer than 2048 bytes"):
        story.engine.execute(c.AddPerson("Ann"), Actor.coordinator(), command_id="c" * 2049)


def test_an_actor_has_an_id_that_can_be_stored(story):
    for id in ("", HALF):
        with pytest.raises(InvalidInput):
            story.engine.execute(c.LogContact(story.cycle, 30), Actor.coordinator(id))


def test_consent_is_taken_as_it_is_declared(story):
    story.engine.execute(c.GiveConsent(story.cycle, Audience.SCHOOL), story.ada).or_raise()
    assert story.state.consents == {story.ada.id: Audience.SCHOOL}


NO_COMMANDS = [
    ("secret", "it is a str, not one of the commands"),
    (None, "it is a NoneType, not one of the commands"),
    (c.AddPerson, "it is a type, not one of the commands"),
    (c.Command(), "it is a Command, not one of the commands"),
    (Hurried("c-1", 5), "it is a Hurried, not one of the commands"),
    (Participant("secret"), "it is a Participant, not one of the commands"),
    ({"cycle": "secret"}, "it is a dict, not one of the commands"),
]


@pytest.mark.parametrize(("thing", "why"), NO_COMMANDS)
def test_what_is_no_command_is_named_and_not_repeated(story, thing, why):
    for dry_run in (True, False):
        with pytest.raises(InvalidInput) as caught:
            story.engine.execute(thing, story.ada, dry_run=dry_run)
        assert (caught.value.what, caught.value.why) == ("this command cannot be taken", why)
        assert caught.value.fix
        assert "secret" not in f"{caught.value!r}{caught.value.__context__!r}"


def test_a_record_that_was_part_of_a_command_is_none_itself(story):
    """Its checks are known by then."""
    participant = Participant(story.di.id, mentee=True)
    story.engine.execute(c.PublishPairing((participant,)), story.coordinator)
    with pytest.raises(InvalidInput):
        story.engine.execute(participant, story.coordinator)


def test_what_is_no_command_fails_alone_in_a_batch(story):
    contact = c.LogContact(story.cycle, 5)
    things = [contact, *(thing for thing, _ in NO_COMMANDS), contact]
    for dry_run in (True, False):
        first, *others, last = story.engine.execute_many(things, story.bo, dry_run=dry_run).results
        assert isinstance(first, Receipt)
        assert isinstance(last, Receipt)
        assert [type(other) for other in others] == [Failed] * len(NO_COMMANDS)
        assert [other.error.why for other in others] == [why for _, why in NO_COMMANDS]
    assert len(story.state.contacts) == 2


@pytest.mark.parametrize(
    ("actor", "why"),
    [
        ("p-ada", "it is a str, not a Actor"),
        (None, "it is a NoneType, not a Actor"),
        (Actor, "it is a type, not a Actor"),
        (Actor(None, Role.COORDINATOR), "id: it is a NoneType, not a text"),
        (Actor("north", "coordinator"), "role: it is a str, not a Role"),
        (Actor("north", Role.COORDINATOR, "asserted"), "known: it is a str, not a Known"),
        (Actor("north", Role.COORDINATOR, programme=7), "programme: it is a int, not a text"),
    ],
)
def test_an_actor_is_one(story, actor, why):
    head = story.engine.store.head()
    contact = c.LogContact(story.cycle, 5)
    for send in (
        lambda: story.engine.execute(contact, actor),
        lambda: story.engine.execute(contact, actor, dry_run=True),
        lambda: story.engine.execute_many([contact], actor),
    ):
        with pytest.raises(InvalidInput) as caught:
            send()
        assert (caught.value.what, caught.value.why) == ("this actor cannot be taken", why)
        assert caught.value.fix
    assert story.engine.store.head() == head


@pytest.mark.parametrize("ids", ["a", b"a", 7, {"a"}, iter(["a"])])
def test_command_ids_are_a_list(story, ids):
    with pytest.raises(InvalidInput) as caught:
        story.engine.execute_many([c.LogContact(story.cycle, 5)], story.bo, command_ids=ids)
    assert caught.value.what == "these command ids cannot be taken"
    assert not story.state.contacts


def test_a_command_id_that_cannot_be_stored_fails_alone(story):
    contacts = [c.LogContact(story.cycle, minutes) for minutes in (1, 2, 3, 4)]
    batch = story.engine.execute_many(contacts, story.bo, command_ids=["a", 7, "", HALF])
    assert [type(result) for result in batch.results] == [Receipt, Failed, Failed, Failed]
    assert all(isinstance(result.error, InvalidInput) for result in batch.results[1:])


@pytest.mark.parametrize("size", ["3", 2.0, None, True, 0, -1])
def test_a_slice_has_a_size(story, size):
    with pytest.raises(InvalidInput) as caught:
        story.engine.execute_many([c.LogContact(story.cycle, 5)], story.bo, slice_size=size)
    assert caught.value.what == "a slice of this size cannot be taken"
    assert not story.state.contacts


@pytest.mark.parametrize("at", [True, False, None, "3", 3.0, date(2026, 9, 7), datetime(2026, 9, 7), LAST])  # noqa: DTZ001
def test_the_past_is_asked_by_position_or_aware_instant(story, at):
    with pytest.raises(InvalidInput) as caught:
        story.engine.as_of(story.cycle, at, story.ada)
    assert caught.value.what == "the position or instant to look back to cannot be taken"
    assert caught.value.why
    assert caught.value.fix


@pytest.mark.parametrize("moment", [FIRST, LAST])
def test_an_instant_that_utc_does_not_know_is_not_taken(story, moment):
    with pytest.raises(InvalidInput) as caught:
        story.engine.execute(c.LogContact(story.cycle, 5), story.bo, occurred_at=moment)
    assert caught.value.what == "the instant at which it happened cannot be taken"
    with pytest.raises(InvalidInput) as caught:
        story.engine.execute(c.ScheduleObservation(story.cycle, moment), story.bo)
    assert caught.value.what == "at of ScheduleObservation cannot be taken"


@pytest.mark.parametrize("commands", [c.AddPerson("Eve"), "AddPerson", None, 7])
def test_many_commands_are_a_list_of_them(story, commands):
    with pytest.raises(InvalidInput, match="these commands cannot be taken"):
        story.engine.execute_many(commands, story.coordinator)
