"""What a host hands in holds what it declares, or nothing is done: what is appended can be read for ever."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from mentorcycle.domain import commands as c
from mentorcycle.domain.actor import Actor
from mentorcycle.domain.cycle import fold
from mentorcycle.domain.errors import InvalidInput
from mentorcycle.domain.events import Participant, Peers
from mentorcycle.domain.vocabulary import Audience, TeachingArea, Unit

GOAL = c.SetGoal("c-1", TeachingArea.PLANNING, unit=Unit.COUNT, target=3.0, statement="secret plan")
HALF = "secret \ud83d plan"
NOON = datetime(2026, 9, 7, 12, tzinfo=UTC)


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


def test_an_actor_has_an_id_that_can_be_stored(story):
    for id in ("", HALF):
        with pytest.raises(InvalidInput):
            story.engine.execute(c.LogContact(story.cycle, 30), Actor.coordinator(id))


def test_consent_is_taken_as_it_is_declared(story):
    story.engine.execute(c.GiveConsent(story.cycle, Audience.SCHOOL), story.ada).or_raise()
    assert story.state.consents == {story.ada.id: Audience.SCHOOL}
