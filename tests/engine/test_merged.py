"""Two records that turn out to be one person: nothing that either of them had is lost, and nothing more is gained."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from mentorcycle.domain import commands as c
from mentorcycle.domain.actor import Actor
from mentorcycle.domain.events import Participant
from mentorcycle.domain.refusal import Refused, RefusedError
from mentorcycle.domain.vocabulary import Audience, PauseReason, TeachingArea
from mentorcycle.domain.words import Words
from mentorcycle.engine import Engine, Settings
from mentorcycle.engine.overview import overview
from mentorcycle.engine.stores.memory import MemoryStore
from mentorcycle.engine.stores.port import StoredRow

SECRET = "between the two of us"


@dataclass
class Merged:
    """Bo mentored Ada until the pairing ended; then he was merged into Bo II, a record of his that came later."""

    story: Any
    engine: Engine
    cycle: str
    ada: Actor
    old: Actor
    new: Actor
    stranger: Actor


@pytest.fixture
def merged(story) -> Merged:
    engine, office = story.engine, story.coordinator
    story.to("observe")
    engine.execute(c.LogContact(story.cycle, 5, notes=SECRET), story.bo).or_raise()
    (pairing,) = engine.queries.person_row(story.bo.id, office).pairings
    engine.execute(c.EndPairing(story.bo.id, pairing.id), office).or_raise()
    new = engine.execute(c.AddPerson("Bo II"), office).or_raise().subject
    engine.execute(c.MergePeople(new, story.bo.id), office).or_raise()
    return Merged(story, engine, story.cycle, story.ada, story.bo, Actor.participant(new), story.cy)


@pytest.fixture(params=["old", "new"])
def bo(request: pytest.FixtureRequest, merged: Merged) -> Actor:
    """Bo, under the id that was merged and under the one that it was merged into."""
    actor: Actor = getattr(merged, request.param)
    return actor


def texts(engine: Engine, cycle: str, actor: Actor) -> set[str]:
    history = engine.history(cycle, actor, words=True)
    values = [getattr(r.event, name) for r in history for name in r.event.pair_fields]
    return {v.text for v in values if isinstance(v, Words) and v.text is not None}


def test_a_merged_person_reads_the_facts_of_their_earlier_cycle(merged, bo):
    engine, cycle = merged.engine, merged.cycle
    assert engine.cycle(cycle, bo) == engine.cycle(cycle, merged.ada)
    assert engine.history(cycle, bo) == engine.history(cycle, merged.ada)
    head = engine.queries.head()
    assert engine.as_of(cycle, head, bo) == engine.as_of(cycle, head, merged.ada)
    assert engine.queries.history(cycle, bo) == engine.history(cycle, merged.ada)


def test_a_merged_person_is_shown_every_cycle_that_their_list_names(merged, bo):
    queries = merged.engine.queries
    assert [row.cycle for row in queries.cycles(bo).rows] == [merged.cycle]
    assert queries.cycle(merged.cycle, bo).cycle == merged.cycle
    assert queries.course(merged.cycle, bo) == queries.course(merged.cycle, merged.ada)
    assert {row.stream for row in queries.trail(bo, ref=merged.cycle)} == {f"cycle:{merged.cycle}"}
    assert [total.minutes for total in queries.minutes(bo)] == [5]
    assert [act.minutes for act in queries.acts(bo)] == [5]


def test_a_merged_person_reads_the_words_that_were_theirs(merged, bo):
    assert SECRET in texts(merged.engine, merged.cycle, bo)
    day = merged.story.clock.now.date()
    page = overview(merged.engine.queries, merged.cycle, bo, day, words=True)
    assert page.may_read
    assert SECRET in {note.text for note in page.notes}


def test_a_merged_person_reads_their_own_record_under_either_id(merged, bo):
    for id in (merged.old.id, merged.new.id):
        assert merged.engine.history(id, bo)
    with pytest.raises(RefusedError):
        merged.engine.history(merged.ada.id, bo)


def test_a_merged_person_acts_as_the_participant_they_are_in_the_cycle(merged, bo):
    """What they agree is the agreement that the cycle waits for."""
    engine, cycle, ada = merged.engine, merged.cycle, merged.ada
    engine.execute(c.UndoAdvance(cycle), merged.story.coordinator).or_raise()
    goal = c.SetGoal(cycle, TeachingArea.PLANNING, "g2", statement="anew")
    engine.execute(goal, ada).or_raise()
    assert [move.edge.target for move in engine.can(cycle, bo)] == ["observe"]
    receipt = engine.execute(c.AgreeGoals(cycle, "g2"), bo).or_raise()
    assert [r.event.person for r in receipt.events] == [merged.old.id]
    assert receipt.events[0].actor == merged.old
    assert engine.history(cycle, ada)[-1] == receipt.events[0]
    (agreed,) = (goal.agreed for goal in engine.cycle(cycle, ada).goals if goal.id == "g2")
    assert agreed == (merged.old.id,)
    assert engine.execute(c.AgreeGoals(cycle, "g2"), bo).or_raise().already_so


def test_what_was_a_mentors_stays_a_mentors(merged, bo):
    """Being two records makes nobody a coordinator, and the words of a later mentor are not theirs."""
    result = merged.engine.execute(c.Pause(merged.cycle, PauseReason.LEAVE), bo)
    assert isinstance(result, Refused)
    assert result.not_permitted
    engine, cycle, di = merged.engine, merged.cycle, merged.story.di
    engine.execute(c.Rematch(cycle, merged.old.id, di.id), merged.story.coordinator).or_raise()
    engine.execute(c.LogContact(cycle, 5, notes="of Di"), di).or_raise()
    assert texts(engine, cycle, bo) == set()
    assert engine.cycle(cycle, bo).people == (merged.ada.id, di.id)
    assert engine.execute(c.LogContact(cycle, 5), bo).not_permitted


def test_somebody_else_learns_nothing_of_it(merged):
    for actor in (merged.stranger, Actor.participant("p-nobody")):
        with pytest.raises(RefusedError):
            merged.engine.cycle(merged.cycle, actor)
        with pytest.raises(RefusedError):
            merged.engine.queries.cycle(merged.cycle, actor)
        assert merged.engine.queries.cycles(actor).rows == ()


def test_both_times_of_a_mentor_who_came_back_as_another_record_are_theirs(story):
    """Bo, then Cy, then Bo II, who turns out to be Bo."""
    engine, office, cycle = story.engine, story.coordinator, story.cycle
    say = lambda who, text: engine.execute(c.LogContact(cycle, 5, notes=text), who).or_raise()  # noqa: E731
    again = Actor.participant(engine.execute(c.AddPerson("Bo II"), office).or_raise().subject)
    say(story.bo, "first")
    engine.execute(c.Rematch(cycle, story.bo.id, story.cy.id), office).or_raise()
    say(story.cy, "of Cy")
    engine.execute(c.Rematch(cycle, story.cy.id, again.id), office).or_raise()
    say(again, "second")
    assert texts(engine, cycle, again) == {"second"}
    engine.execute(c.MergePeople(again.id, story.bo.id), office).or_raise()
    for actor in (story.bo, again):
        assert texts(engine, cycle, actor) == {"first", "second"}
        assert engine.execute(c.LogContact(cycle, 5), actor).or_raise().events[0].actor == again


def test_a_pairing_and_cycle_after_the_merge_are_theirs_under_either_id(merged, bo):
    engine, office = merged.engine, merged.story.coordinator
    pair = (Participant(merged.stranger.id, mentee=True), Participant(merged.new.id, mentor=True))
    engine.execute(c.PublishPairing(pair), office).or_raise()
    later = engine.execute(c.OpenCycle(merged.stranger.id), office).or_raise().subject
    assert {row.cycle for row in engine.queries.cycles(bo).rows} == {merged.cycle, later}
    assert engine.cycle(later, bo).mentors == (merged.new.id,)


class Noting(MemoryStore):
    """A store that notes which streams were read from it."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[str] = []

    def read_stream(
        self, tenant: str, stream: str, *, after: int = 0, position: int | None = None
    ) -> list[StoredRow]:
        self.read.append(stream)
        return super().read_stream(tenant, stream, after=after, position=position)


@pytest.fixture
def noting(clock: Any, begin: Callable[..., Any]) -> Iterator[Any]:
    with Engine(Noting(), settings=Settings(clock=clock)) as engine:
        yield begin(engine)


def test_nobody_else_is_looked_up_for_an_actor_whom_the_cycle_knows(noting):
    store = noting.engine.store
    fresh = Engine(store, settings=noting.engine.settings)  # that has kept no state
    store.read.clear()
    fresh.execute(c.LogContact(noting.cycle, 5), noting.bo).or_raise()
    fresh.cycle(noting.cycle, noting.bo)
    assert set(store.read) == {f"cycle:{noting.cycle}", "programme:main", f"person:{noting.bo.id}"}
    fresh.execute(c.LogContact(noting.cycle, 5), noting.cy)
    assert f"person:{noting.cy.id}" in store.read


def test_no_stored_or_returned_event_carries_the_other_ids(merged, bo):
    receipt = merged.engine.execute(c.LogContact(merged.cycle, 5), bo).or_raise()
    assert receipt.events[0].actor.also == frozenset()
    assert merged.engine.history(merged.cycle, bo)[-1] == receipt.events[0]


def test_nobody_goes_by_an_id_because_they_say_so(story):
    """`also` is the engine's to fill: neither may it be used for the say of another, nor to read of them."""
    engine = story.engine
    engine.execute(c.SetGoal(story.cycle, TeachingArea.PLANNING), story.ada).or_raise()
    bo = replace(story.bo, also=frozenset({story.ada.id}))
    stranger = replace(story.cy, also=frozenset({story.ada.id}))

    agreement, contact = c.AgreeGoals(story.cycle), c.LogContact(story.cycle, 5)
    refused = [engine.execute(agreement, stranger), *engine.execute_many([contact], stranger).results]
    assert [isinstance(one, Refused) and one.not_permitted for one in refused] == [True, True]
    for ask in (engine.cycle, engine.can, engine.history):
        with pytest.raises(RefusedError):
            ask(story.cycle, stranger)
    with pytest.raises(RefusedError):
        engine.person(story.ada.id, stranger)

    story.to("celebrate")
    engine.execute(c.GiveConsent(story.cycle, Audience.PUBLIC), bo).or_raise()
    assert set(engine.cycle(story.cycle, bo).consents) == {story.bo.id}
    assert engine.can(story.cycle, bo) == engine.can(story.cycle, story.bo)
    assert texts(engine, story.cycle, bo) == texts(engine, story.cycle, story.bo)
