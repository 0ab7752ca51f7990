"""The given/when/then kit holds what it promises: it compares everything, and a failure shows what was found."""

import doctest
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from mentorcycle.domain.actor import Actor
from mentorcycle.domain.commands import (
    AddPerson,
    Advance,
    LogContact,
    OpenCycle,
    Pause,
    PublishPairing,
    SetGoal,
)
from mentorcycle.domain.decision import Decided
from mentorcycle.domain.definition import load
from mentorcycle.domain.events import (
    CyclePaused,
    DoNotPair,
    GoalSet,
    PairingEnded,
    Participant,
    PersonAdded,
    SchoolClosed,
)
from mentorcycle.domain.vocabulary import PauseReason, TeachingArea
from mentorcycle.domain.words import Words
from mentorcycle.engine.testing import Scenario, specification

PAIR = (Participant("ada", mentee=True), Participant("bo", mentor=True))
PAUSED = CyclePaused(reason=PauseReason.LEAVE)
OPENED = Scenario.of({"ada": "Ada", "bo": "Bo"}).given(PublishPairing(PAIR), OpenCycle("ada"))
ID = OPENED.cycle.id


def test_its_example_runs() -> None:
    found = doctest.testmod(specification)
    assert (found.failed, found.attempted > 5) == (0, True)


def test_an_unexpected_event_is_shown() -> None:
    with pytest.raises(AssertionError, match=r"(?s)expected\n  nothing\nfound\n  CyclePaused\(reason="):
        OPENED.when(Pause(ID, PauseReason.LEAVE)).then_nothing()


def test_an_event_of_another_stream_is_not_the_expected_one() -> None:
    paused = OPENED.when(Pause(ID, PauseReason.LEAVE))
    paused.then(Decided(f"cycle:{ID}", PAUSED))
    with pytest.raises(AssertionError):
        paused.then(Decided("cycle:c-2", PAUSED))


def test_texts_are_compared_and_never_shown() -> None:
    said = OPENED.when(SetGoal(ID, TeachingArea.PLANNING, statement="secret"), by="ada")
    said.then(GoalSet(goal="g1", area=TeachingArea.PLANNING, statement=Words(text="secret")))
    with pytest.raises(AssertionError) as failure:
        said.then(GoalSet(goal="g1", area=TeachingArea.PLANNING, statement=Words(text="other")))
    assert "secret" not in str(failure.value)


def test_a_refusal_is_shown_with_its_reasons() -> None:
    with pytest.raises(
        AssertionError, match=r"(?s)expected\n  nothing\nfound\n  refused: goals-set: no goal is set"
    ):
        OPENED.when(Advance(ID)).then_nothing()
    with pytest.raises(AssertionError, match="refused: goals-agreed"):
        OPENED.when(Advance(ID)).then_refused("goals-agreed")
    with pytest.raises(AssertionError, match="there are goals"):
        OPENED.when(Advance(ID)).then_refused("goals-set", because=["there are goals"])
    with pytest.raises(AssertionError, match="not permitted"):
        OPENED.when(Advance(ID)).then_not_permitted()
    with pytest.raises(AssertionError, match="the command is taken"):
        OPENED.given(Advance(ID))


def test_what_is_taken_is_not_refused() -> None:
    for compare in ("then_refused", "then_not_permitted"):
        with pytest.raises(AssertionError):
            getattr(OPENED.when(Pause(ID, PauseReason.LEAVE)), compare)()


def test_a_scenario_is_never_changed() -> None:
    before = (OPENED.history, dict(OPENED.states), OPENED.now)
    OPENED.given(Pause(ID, PauseReason.LEAVE), on="2026-04-01")
    assert (OPENED.history, dict(OPENED.states), OPENED.now) == before


def test_days_go_on_from_the_latest_and_late_entries_keep_today() -> None:
    later = OPENED.given(LogContact(ID, 10), on="2026-03-05")
    late = later.given(LogContact(ID, 10), on="2026-03-03")
    assert [r.occurred_at.date() for r in late.history[-2:]] == [date(2026, 3, 5), date(2026, 3, 3)]
    assert [r.recorded_at.date() for r in late.history[-2:]] == [date(2026, 3, 5)] * 2
    at = datetime(2026, 3, 6, 8, tzinfo=UTC)
    assert later.given(LogContact(ID, 10), on=at).now == at
    assert later.given(LogContact(ID, 10), on="2026-03-06T08:00").now == at


def test_a_day_is_noon_in_the_programmes_zone() -> None:
    assert Scenario.of(zone="Europe/Stockholm").now == datetime(2026, 3, 2, 11, tzinfo=UTC)
    berlin = Scenario.of(["ada"], zone="Europe/Berlin")
    assert berlin.given(AddPerson("Bo"), on="2026-03-02T13:00").now == datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_facts_find_their_streams() -> None:
    ended = OPENED.given(PairingEnded(pairing="q-1"), SchoolClosed(days=(date(2026, 3, 3),)))
    assert ended.person("ada").pairings == ended.person("bo").pairings == {}
    assert not ended.programme.calendar.is_school_day(date(2026, 3, 3))
    assert ended.given(PersonAdded(name="Cy"), of="cy").person("cy").name == "Cy"
    with pytest.raises(AssertionError, match="say whom DoNotPair is about"):
        OPENED.given(DoNotPair(other="bo"))


def test_actors_are_people_or_whoever_is_given() -> None:
    scenario = OPENED.given(LogContact(ID, 10), by="bo").given(LogContact(ID, 10))
    assert [r.actor for r in scenario.history[-2:]] == [Actor.participant("bo"), Actor.coordinator()]


def test_a_cycle_is_decided_under_the_definition_it_is_pinned_to() -> None:
    other = load(Path(__file__).parent / "definition" / "data" / "lesson-study.toml")
    study = Scenario.of(["ada", "bo"], definition=other).given(
        PublishPairing(PAIR), OpenCycle("ada", "lesson-study")
    )
    assert (study.cycle.stage, study.definition.ref) == ("plan", other.ref)
    with pytest.raises(AssertionError, match="no definition 'unknown' is published"):
        study.when(OpenCycle("ada", "unknown"))
