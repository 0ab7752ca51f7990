"""Coordinators and auditors bounded to one programme: what happened in another is not theirs to read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from mentorcycle.domain import commands as c
from mentorcycle.domain.actor import Actor
from mentorcycle.domain.definition import shipped
from mentorcycle.domain.events import Participant
from mentorcycle.domain.refusal import Refused, RefusedError
from mentorcycle.domain.vocabulary import CancelReason
from mentorcycle.engine import Engine
from mentorcycle.engine.undo import work_of_batch

ELSEWHERE = ("coordinator elsewhere", "auditor elsewhere")
MAIN = Actor.auditor("main", programme="main")
MAIN_OFFICE = Actor.coordinator("main-office", programme="main")
SOUTH_OFFICE = Actor.coordinator("south-office", programme="south")


@dataclass
class Two:
    """Beside the story, which is of `main`, a cycle of Cy and Di in the programme `south`; and batches of each."""

    story: Any
    engine: Engine
    north: str
    south: str
    batches: dict[str, str]


@pytest.fixture
def two(story) -> Two:
    engine, office = story.engine, story.coordinator
    engine.execute(c.CreateProgramme("South", programme="south"), office).or_raise()
    engine.execute(c.PublishDefinition(shipped().source, "south"), office).or_raise()
    pair = (Participant(story.cy.id, mentee=True), Participant(story.di.id, mentor=True))
    engine.execute(c.PublishPairing(pair, programme="south"), office).or_raise()
    south = engine.execute(c.OpenCycle(story.cy.id, programme="south"), office).or_raise().subject
    say = {"north": c.LogContact(story.cycle, 10), "south": c.LogContact(south, 20)}
    batches = {
        name: engine.execute_many([say[one] for one in ones], office).id
        for name, ones in {"north": ["north"], "south": ["south"], "both": ["north", "south"]}.items()
    }
    return Two(story, engine, story.cycle, south, batches)


@pytest.fixture(params=ELSEWHERE)
def elsewhere(request: pytest.FixtureRequest, two: Two, everyone) -> Actor:
    actor: Actor = everyone(two.story)[request.param]
    return actor


def streams(rows: list[Any]) -> set[str]:
    return {row.stream for row in rows}


def test_the_trail_holds_what_concerns_the_programme(two, elsewhere):
    ours = {f"person:{two.story.cy.id}", f"person:{two.story.di.id}", f"cycle:{two.south}", "programme:south"}
    assert streams(two.engine.queries.trail(elsewhere, limit=1000)) == ours
    theirs = streams(two.engine.queries.trail(MAIN, limit=1000))
    everything = streams(two.engine.queries.trail(two.story.coordinator, limit=1000))
    assert everything - theirs == {f"cycle:{two.south}", "programme:south"}


@pytest.mark.parametrize("newest_first", [True, False])
def test_pages_of_a_bounded_trail_are_whole_and_in_order(two, elsewhere, newest_first):
    many = [c.LogContact(two.north, 1)] * 260  # so that what is shown lies more than a chunk apart
    two.engine.execute_many(many, two.story.coordinator)
    two.engine.execute(c.LogContact(two.south, 1), two.story.coordinator).or_raise()
    ask = lambda **more: two.engine.queries.trail(elsewhere, newest_first=newest_first, **more)  # noqa: E731
    everything = ask(limit=1000)
    assert len(everything) == 10
    pages, last = [], None
    while page := ask(limit=2, **({} if last is None else {"before" if newest_first else "after": last})):
        pages += page
        last = page[-1].position
    assert pages == everything
    assert [r.position for r in pages] == sorted((r.position for r in pages), reverse=newest_first)


def test_filters_do_not_widen_a_bounded_trail(two, elsewhere):
    trail, start = two.engine.queries.trail, two.story.clock.now - timedelta(days=1)
    for filters in (
        {"batch": two.batches["north"]},
        {"by": two.story.ada.id},
        {"names": ["EvaluatorNamed"]},
        {"since": start, "names": ["CycleOpened"], "by": two.story.coordinator.id, "after": 0},
    ):
        assert not streams(trail(elsewhere, **filters)) & {f"cycle:{two.north}", "programme:main"}
    assert streams(trail(elsewhere, batch=two.batches["both"])) == {f"cycle:{two.south}"}


def test_what_happened_to_something_of_another_programme_is_refused(two, elsewhere):
    queries, head = two.engine.queries, two.engine.queries.head()
    for ref in (two.north, two.story.ada.id, "main"):
        for ask in (
            lambda ref=ref: queries.trail(elsewhere, ref=ref),
            lambda ref=ref: queries.history(ref, elsewhere),
            lambda ref=ref: two.engine.history(ref, elsewhere),
            lambda ref=ref: two.engine.as_of(ref, head, elsewhere),
        ):
            with pytest.raises(RefusedError, match="is not shown") as refused:
                ask()
            assert refused.value.not_permitted
    for ref in (two.south, two.story.cy.id, "south"):
        rows = queries.trail(elsewhere, ref=ref, newest_first=False)
        assert [r.position for r in rows] == [r.position for r in two.engine.history(ref, elsewhere)]


def test_people_are_kept_in_the_main_programme(two):
    for person in (two.story.ada, two.story.cy):
        assert two.engine.queries.trail(MAIN, ref=person.id)
        assert two.engine.history(person.id, MAIN)
    with pytest.raises(RefusedError):
        two.engine.history(two.south, MAIN)
    with pytest.raises(RefusedError):
        two.engine.queries.trail(MAIN, ref=two.south)


def test_a_merged_record_concerns_the_programme_of_its_person(two, elsewhere):
    engine, office = two.engine, two.story.coordinator
    double = engine.execute(c.AddPerson("Cy II"), office).or_raise().subject
    with pytest.raises(RefusedError):
        engine.history(double, elsewhere)
    engine.execute(c.MergePeople(two.story.cy.id, double), office).or_raise()
    assert engine.history(double, elsewhere)


def test_batches_are_listed_as_far_as_they_concern_the_programme(two, elsewhere):
    told = {row.batch: row.events for row in two.engine.queries.batches(elsewhere)}
    assert told == {two.batches["south"]: 1, two.batches["both"]: 1}
    newest, *_ = two.engine.queries.batches(elsewhere, limit=1)
    older = two.engine.queries.batches(elsewhere, before=newest.first)
    assert [row.batch for row in (newest, *older)] == [two.batches["both"], two.batches["south"]]
    everything = {row.batch: row.events for row in two.engine.queries.batches(two.story.coordinator)}
    assert everything == {two.batches["north"]: 1, two.batches["south"]: 1, two.batches["both"]: 2}


def test_a_batch_is_shown_as_far_as_it_concerns_the_programme(two, elsewhere):
    row, members = two.engine.queries.batch(two.batches["both"], elsewhere)
    assert (row.events, [member.stream for member in members]) == (1, [f"cycle:{two.south}"])
    with pytest.raises(RefusedError, match="is not shown"):
        two.engine.queries.batch(two.batches["north"], elsewhere)
    with pytest.raises(RefusedError):
        work_of_batch(two.engine, two.batches["north"], elsewhere)
    assert set(work_of_batch(two.engine, two.batches["both"], elsewhere).others) == {two.south}
    row, members = two.engine.queries.batch(two.batches["both"], two.story.coordinator)
    assert (row.events, len(members)) == (2, 2)


def test_the_whole_log_is_verified_by_those_who_are_bounded_to_nothing(two, elsewhere):
    for actor in (elsewhere, MAIN):
        with pytest.raises(RefusedError, match=r"the log is not verified.*checked as a whole") as refused:
            two.engine.queries.verify(actor)
        assert refused.value.not_permitted
    for actor in (two.story.coordinator, Actor.auditor("state"), Actor.system()):
        assert two.engine.queries.verify(actor, replay=False).holds


def refusal(result: Any) -> Any:
    """The only reason why a command was not taken."""
    assert isinstance(result, Refused), result
    (one,) = result.refusals
    return one


def test_nobody_is_told_of_the_cycle_of_another_programme(two):
    """Nor does a coordinator bounded to one get the id of the other's cycle for an answer."""
    asked = {
        two.north: (c.OpenCycle(two.story.ada.id, programme="south"), SOUTH_OFFICE),
        two.south: (c.OpenCycle(two.story.cy.id), MAIN_OFFICE),
    }
    for cycle, (command, actor) in asked.items():
        one = refusal(two.engine.execute(command, actor))
        assert one.permission
        assert cycle not in repr(one)
        unbounded = refusal(two.engine.execute(command, two.story.coordinator))
        assert (unbounded.code, unbounded.facts["cycle"]) == ("opened-otherwise", cycle)
    own = two.engine.execute(c.OpenCycle(two.story.cy.id, programme="south"), SOUTH_OFFICE)
    assert (own.or_raise().subject, own.events) == (two.south, ())


def test_a_cycle_of_another_programme_stays_unknown_when_it_is_completed_or_cancelled(two):
    two.engine.execute(c.Cancel(two.south, CancelReason.WITHDREW), two.story.coordinator).or_raise()
    two.story.to("celebrate")
    two.engine.execute(c.Celebrate(two.north), two.story.ada).or_raise()
    two.engine.execute(c.Advance(two.north), two.story.ada).or_raise()
    one = refusal(two.engine.execute(c.OpenCycle(two.story.ada.id, programme="south"), SOUTH_OFFICE))
    assert one.permission
    assert two.north not in repr(one)


def test_a_pairing_that_has_a_cycle_is_ended_by_those_of_its_programme(two):
    (north,) = two.engine.person(two.story.ada.id, two.story.coordinator).pairings
    (south,) = two.engine.person(two.story.cy.id, two.story.coordinator).pairings
    ours = {
        SOUTH_OFFICE: c.EndPairing(two.story.cy.id, south),
        MAIN_OFFICE: c.EndPairing(two.story.ada.id, north),
    }
    for actor, theirs in ((SOUTH_OFFICE, ours[MAIN_OFFICE]), (MAIN_OFFICE, ours[SOUTH_OFFICE])):
        assert refusal(two.engine.execute(theirs, actor)).permission
    for actor, command in ours.items():
        assert two.engine.execute(command, actor).or_raise().events
        assert two.engine.execute(command, actor).or_raise().events == ()


def test_nobody_is_paired_in_a_programme_that_is_not_there(two):
    pair = (Participant(two.story.cy.id, mentor=True), Participant(two.story.di.id, mentee=True))
    nowhere = Actor.coordinator("nowhere", programme="nowhere")
    one = refusal(two.engine.execute(c.PublishPairing(pair, programme="nowhere"), nowhere))
    assert one.code == "no-such-programme"
