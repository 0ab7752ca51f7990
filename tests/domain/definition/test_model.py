"""A definition answers the same questions from its lookups as from its parts."""

import itertools
from dataclasses import replace
from pathlib import Path

import pytest

from mentorcycle.domain.definition import COMPLETED, Activity, Definition, Trigger, load, shipped

LESSON_STUDY = load(Path(__file__).parent / "data" / "lesson-study.toml")
both = pytest.mark.parametrize("definition", [shipped(), LESSON_STUDY], ids=lambda d: d.name)


@both
def test_every_stage_is_found_by_name_and_nothing_else(definition: Definition) -> None:
    assert all(definition.stage(stage.name) is stage for stage in definition.stages)
    assert definition.stage(COMPLETED) is definition.stage("obsrve") is None


@both
def test_a_stage_accepts_what_it_lists(definition: Definition) -> None:
    for stage, activity in itertools.product(definition.stages, Activity):
        assert definition.accepts(stage.name, activity) == (activity in stage.activities)
        assert (stage.name in definition.stages_accepting(activity)) == (activity in stage.activities)
    assert not definition.accepts(COMPLETED, Activity.CONTACT)


@both
def test_edges_are_found_by_their_ends(definition: Definition) -> None:
    names = [*(stage.name for stage in definition.stages), COMPLETED]
    for source, target in itertools.product(names, names):
        expected = [e for e in definition.edges if (e.source, e.target) == (source, target)]
        found = definition.edge(source, target)
        assert [found] == expected if found else not expected


@both
def test_the_edges_of_a_stage_are_its_forward_edge_and_its_returns(definition: Definition) -> None:
    for stage in definition.stages:
        edges = definition.edges_from(stage.name)
        assert edges == tuple(e for e in definition.edges if e.source == stage.name)
        assert [e for e in edges if e.trigger is Trigger.ADVANCE] == [definition.forward(stage.name)]
    assert definition.edges_from(COMPLETED) == ()
    assert definition.forward(COMPLETED) is None


def test_an_activity_that_is_not_mentioned_is_permitted_to_nobody() -> None:
    assert replace(shipped(), permissions={}).permitted(Activity.GOAL) == ()


def test_definitions_are_equal_by_content_and_serve_as_keys() -> None:
    assert replace(shipped(), source="") == shipped()
    assert len({shipped(), replace(shipped(), source=""), LESSON_STUDY}) == 2
