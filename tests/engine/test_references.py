"""What a typed reference finds, for each who types it."""

from __future__ import annotations

import pytest

from mentorcycle.domain import commands as c
from mentorcycle.domain.actor import Actor
from mentorcycle.domain.definition import shipped
from mentorcycle.domain.events import Participant


@pytest.fixture
def queries(story):
    """Beside Ada and Bo in `main` there are Cy and Di in `south`, with a batch of each programme."""
    engine, office = story.engine, story.coordinator
    engine.execute(c.CreateProgramme("South", programme="south"), office).or_raise()
    engine.execute(c.PublishDefinition(shipped().source, "south"), office).or_raise()
    pair = (Participant(story.cy.id, mentee=True), Participant(story.di.id, mentor=True))
    engine.execute(c.PublishPairing(pair, programme="south"), office).or_raise()
    engine.execute(c.OpenCycle(story.cy.id, programme="south"), office).or_raise()
    engine.execute_many([c.LogContact(story.cycle, 5)], office)
    return engine.queries


def names(found) -> list[str]:
    return [one.name for one in found]


STAFF = ("coordinator", "auditor", "system")


def test_staff_find_every_cycle_and_person(story, queries, everyone):
    for hat in STAFF:
        actor = everyone(story)[hat]
        assert names(queries.find_cycles("ada", actor)) == ["Ada / Bo"]
        assert names(queries.find_cycles("cy", actor)) == ["Cy / Di"]
        assert names(queries.find_cycles(story.cycle[:6], actor)) == ["Ada / Bo"]
        assert names(queries.find_people("d", actor)) == ["Di"]


@pytest.mark.parametrize("hat", ["coordinator elsewhere", "auditor elsewhere"])
def test_those_who_are_bounded_find_cycles_of_their_programme(story, queries, everyone, hat):
    actor = everyone(story)[hat]
    for text in ("ada", "bo", story.cycle[:6], story.ada.id):
        assert queries.find_cycles(text, actor) == []
    (found,) = queries.find_cycles("cy", actor)
    assert found.name == "Cy / Di"
    assert names(queries.find_cycles(found.id[:6], actor)) == ["Cy / Di"]
    assert names(queries.find_people("ada", actor)) == [
        "Ada"
    ]  # to be paired, whose programme nobody is of yet


def test_those_who_are_bounded_find_batches_of_their_programme(story, queries, everyone):
    (batch,) = (row.batch for row in queries.batches(story.coordinator))
    assert queries.find_batches(batch[:6], story.coordinator) == [batch]
    for hat in ("coordinator elsewhere", "auditor elsewhere", "mentee"):
        assert queries.find_batches(batch[:6], everyone(story)[hat]) == []
        assert queries.find_batches(batch, everyone(story)[hat]) == [batch]


def test_participants_find_their_own_cycles_and_the_people_in_them(story, queries):
    for actor in (story.ada, story.bo):
        assert names(queries.find_cycles("ada", actor)) == ["Ada / Bo"]
        assert names(queries.find_cycles(story.cycle[:6], actor)) == ["Ada / Bo"]
        assert names(queries.find_people("ada", actor)) == ["Ada"]
        assert names(queries.find_people(story.bo.id[:8], actor)) == ["Bo"]
        for text in ("cy", "di", "c", "d", story.di.id[:6]):
            assert queries.find_cycles(text, actor) == []
            assert queries.find_people(text, actor) == []


def test_a_whole_id_is_found_without_a_name(story, queries):
    for actor in (story.di, Actor.participant("p-nobody")):
        (cycle,) = queries.find_cycles(story.cycle, actor)
        (person,) = queries.find_people(story.ada.id, actor)
        assert (cycle.id, cycle.name, cycle.other_names) == (story.cycle, "", ())
        assert (person.id, person.name, person.other_names) == (story.ada.id, "", ())
        assert queries.find_cycles("c-0000000000000000", actor) == []
        assert queries.find_people("p-0000000000000000", actor) == []


def test_a_handle_of_somebody_else_does_not_hide_a_companions_name(story, queries):
    story.engine.execute(c.AddPerson("Zoe", username="bo"), story.coordinator).or_raise()
    assert names(queries.find_people("bo", story.coordinator)) == ["Zoe"]
    assert names(queries.find_people("bo", story.ada)) == ["Bo"]


def test_a_companion_is_found_by_a_handle(story, queries):
    story.engine.execute(c.ChangePerson(story.bo.id, "Bo", email="B.K@north.example"), story.coordinator)
    assert names(queries.find_people("b.k@north.example", story.ada)) == ["Bo"]
    assert queries.find_people("b.k@north.example", story.cy) == []


def test_those_who_were_in_a_cycle_and_those_who_came_find_each_other(story, queries):
    story.engine.execute(c.Rematch(story.cycle, story.bo.id, story.di.id), story.coordinator).or_raise()
    assert names(queries.find_cycles("ada", story.bo)) == ["Ada / Di"]
    assert names(queries.find_people("bo", story.di)) == ["Bo"]


def test_a_cycle_is_found_by_both_names_of_a_merged_person(story, queries):
    engine, office = story.engine, story.coordinator
    (pairing,) = queries.person_row(story.bo.id, office).pairings
    engine.execute(c.EndPairing(story.bo.id, pairing.id), office).or_raise()
    new = engine.execute(c.AddPerson("Robert"), office).or_raise().subject
    engine.execute(c.MergePeople(new, story.bo.id), office).or_raise()
    for actor in (office, story.ada, story.bo, Actor.participant(new)):
        for name in ("robert", "bo"):
            (found,) = queries.find_cycles(name, actor)
            assert found.id == story.cycle
            assert "Robert" in found.other_names
            assert [one.id for one in queries.find_people(name, actor)] == [new]
