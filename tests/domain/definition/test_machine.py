"""The table says what a real machine does: on random walks, and for every pair of trigger and stage."""

import itertools
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transitions import Machine

from mentorcycle.domain.definition import (
    COMPLETED,
    Capacity,
    Definition,
    Edge,
    Stage,
    Trigger,
    compile_edges,
    load,
    shipped,
)
from mentorcycle.domain.definition.machine import build_machine

LESSON_STUDY = load(Path(__file__).parent / "data" / "lesson-study.toml")
NAMES = ("plan", "goal-set", "observe", "debrief", "reflect", "celebrate")


@st.composite
def arrangements(draw: st.DrawFn) -> Definition:
    """Any order of some stages, one forward edge each, and returns wherever they may be."""
    order = draw(st.permutations(NAMES))[: draw(st.integers(1, len(NAMES)))]
    by = (Capacity.MENTOR,)
    forward = [Edge(a, b, Trigger.ADVANCE, by) for a, b in itertools.pairwise([*order, COMPLETED])]
    others = [(a, b) for a, b in itertools.permutations(order, 2) if order.index(b) != order.index(a) + 1]
    back = draw(st.lists(st.sampled_from(others), unique=True)) if others else []
    edges = draw(st.permutations([*forward, *(Edge(a, b, Trigger.RETURN, by) for a, b in back)]))
    stages = tuple(Stage(name, name, 1, 1, ()) for name in order)
    return replace(shipped(), initial=order[0], stages=stages, edges=tuple(edges), digest=repr(edges))


def pairs(definition: Definition) -> list[tuple[str, Trigger]]:
    names = [*(stage.name for stage in definition.stages), COMPLETED]
    return list(itertools.product(names, Trigger))


@given(arrangements())
def test_every_pair_of_trigger_and_stage_leads_where_the_machine_says(definition: Definition) -> None:
    table, machine = compile_edges(definition), build_machine(definition)
    for name, trigger in pairs(definition):
        moves = machine.get_transitions(trigger.value, name)
        assert [e.target for e in table.get((name, trigger), ())] == [move.dest for move in moves]


@given(arrangements())
def test_the_table_and_the_lookups_agree(definition: Definition) -> None:
    table = compile_edges(definition)
    for name, trigger in pairs(definition):
        edges = tuple(e for e in definition.edges_from(name) if e.trigger is trigger)
        assert table.get((name, trigger), ()) == edges
        assert all(definition.edge(e.source, e.target) is e for e in edges)
    for stage in definition.stages:
        assert table[stage.name, Trigger.ADVANCE] == (definition.forward(stage.name),)
    assert sum(map(len, table.values())) == len(definition.edges)


@given(arrangements(), st.lists(st.sampled_from(Trigger), max_size=30))
def test_a_walk_by_the_table_is_a_walk_of_a_machine(definition: Definition, walk: list[Trigger]) -> None:
    table = compile_edges(definition)
    machine = Machine(
        states=[*(stage.name for stage in definition.stages), COMPLETED],
        initial=definition.initial,
        transitions=[[e.trigger.value, e.source, e.target] for e in definition.edges],
        auto_transitions=False,
        ignore_invalid_triggers=True,
    )
    here = definition.initial
    for trigger in walk:
        edges = table.get((here, trigger), ())
        moved = trigger.value in machine.get_triggers(here) and machine.trigger(trigger.value)
        here = edges[0].target if edges else here
        assert (machine.state, bool(moved)) == (here, bool(edges))


@given(arrangements())
def test_forward_edges_lead_from_the_initial_stage_to_completion(definition: Definition) -> None:
    table, here = compile_edges(definition), definition.initial
    for _ in definition.stages:
        (edge,) = table[here, Trigger.ADVANCE]
        here = edge.target
    assert here == COMPLETED


@pytest.mark.parametrize("definition", [shipped(), LESSON_STUDY], ids=lambda d: d.name)
def test_the_machine_has_no_model_no_callback_and_no_guard(definition: Definition) -> None:
    machine = build_machine(definition)
    assert machine.models == []
    for event in machine.events.values():
        for move in itertools.chain.from_iterable(event.transitions.values()):
            assert move.conditions + move.prepare + move.before + move.after == []
    for state in machine.states.values():
        assert state.on_enter + state.on_exit == []


def test_a_table_is_compiled_once_and_cannot_be_changed() -> None:
    assert compile_edges(shipped()) is compile_edges(replace(shipped(), source=""))
    with pytest.raises(TypeError):
        compile_edges(shipped())["observe", Trigger.ADVANCE] = ()  # type: ignore[index]
