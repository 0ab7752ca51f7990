"""Nothing is forgotten: every event is folded once, every command decided once, every requirement judged."""

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentorcycle.domain.actor import Actor
from mentorcycle.domain.change import change
from mentorcycle.domain.commands import COMMANDS, Command
from mentorcycle.domain.cycle import Cycle, correction, evolve
from mentorcycle.domain.cycle.correction import CORRECTABLE
from mentorcycle.domain.cycle.evolving import HANDLERS
from mentorcycle.domain.cycle.rules import DECIDERS as OF_CYCLES
from mentorcycle.domain.cycle.state import (
    Advanced,
    Assessed,
    Baseline,
    Celebration,
    Completion,
    Contact,
    Debrief,
    Goal,
    Membership,
    Observation,
    Pause,
    Step,
)
from mentorcycle.domain.definition import CATALOGUE
from mentorcycle.domain.events import EVENTS, Event
from mentorcycle.domain.people import Person, evolve_person
from mentorcycle.domain.people.decide import DECIDERS as OF_PEOPLE
from mentorcycle.domain.programme import Programme, evolve_programme
from mentorcycle.domain.programme_rules import PROGRAMME_COMMANDS
from mentorcycle.domain.recorded import Recorded
from mentorcycle.domain.requirements import CHECKS
from mentorcycle.domain.typed import hints_of
from mentorcycle.engine.testing import Scenario

PEOPLE = {
    "PersonAdded", "PersonChanged", "EvaluatorNamed", "EvaluatorRemoved", "PersonLeft", "PersonReturned",
    "PersonMerged", "PersonAbsorbed", "DoNotPair", "PairingPublished", "PairingEnded",
}  # fmt: skip
PROGRAMMES = {"ProgrammeCreated", "ProgrammeChanged", "SchoolClosed", "SchoolOpened", "DefinitionPublished"}
FOLDS: list[tuple[str, Any, Callable[[Any, Recorded[Any]], Any]]] = [
    ("cycle", Cycle(), evolve),
    ("person", Person(), evolve_person),
    ("programme", Programme(), evolve_programme),
]


EMPTY = {"CycleCorrected": {"event": "ContactLogged"}}


def folds(event: type[Event]) -> list[str]:
    """The kinds of streams whose fold knows this event: the others raise KeyError."""
    known = []
    for kind, nothing, fold in FOLDS:
        values = dict.fromkeys(f.name for f in fields(event)) | EMPTY.get(event.event_name, {})  # type: ignore[arg-type]
        recorded = _recorded(event(**values))
        try:
            fold(nothing, recorded)
        except KeyError:
            continue
        except (TypeError, AttributeError, IndexError):
            pass  # it is known, and does not like empty values
        known.append(kind)
    return known


def _recorded(event: Event) -> Recorded[Any]:
    now = Scenario.of().now
    return Recorded(1, "t", "cycle:c", 1, now, now, Actor.coordinator(), "x", None, None, None, event)


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_every_event_is_folded_in_exactly_one_kind_of_stream(name: str) -> None:
    kind = "person" if name in PEOPLE else "programme" if name in PROGRAMMES else "cycle"
    assert folds(EVENTS[name]) == [kind]
    assert (EVENTS[name] in HANDLERS) == (kind == "cycle")


def test_every_command_is_decided_in_exactly_one_place() -> None:
    places = [set(OF_CYCLES), set(OF_PEOPLE), set[type[Command]](PROGRAMME_COMMANDS)]
    assert set.union(*places) == set(COMMANDS.values())
    assert sum(map(len, places)) == len(COMMANDS)


def test_what_is_about_a_cycle_names_it() -> None:
    for kind in OF_CYCLES:
        names = [field.name for field in fields(kind)]  # type: ignore[arg-type]
        assert names[0] == ("mentee" if kind is COMMANDS["OpenCycle"] else "cycle")


def test_every_requirement_of_the_catalogue_is_judged_and_no_other() -> None:
    assert set(CHECKS) == set(CATALOGUE)


def test_what_may_be_corrected_are_fields_of_the_event_and_never_words() -> None:
    for kind, names in CORRECTABLE.items():
        own = {field.name for field in fields(kind)}  # type: ignore[arg-type]
        assert set(names) - own <= {"occurred_at"}
        assert not set(names) & set(kind.pair_fields)
        assert correction.RECORDS[kind.event_name] is kind


def test_events_and_commands_are_stored_under_their_names() -> None:
    assert all(kind.event_name == name == kind.__name__ for name, kind in EVENTS.items())
    assert all(kind.topic == f"{name}.{kind.schema}" for name, kind in EVENTS.items())
    assert all(kind.command_name == name == kind.__name__ for name, kind in COMMANDS.items())


@pytest.mark.parametrize("kind", [*EVENTS.values(), *COMMANDS.values()], ids=lambda kind: kind.__name__)
def test_events_and_commands_are_frozen_and_slotted(kind: type[Any]) -> None:
    assert is_dataclass(kind)
    assert kind.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert "__slots__" in vars(kind)


RECORDS = [
    Cycle, Goal, Baseline, Assessed, Completion, Debrief, Observation, Step, Contact, Celebration, Pause,
    Advanced, Membership, Person, Programme, Recorded,
]  # fmt: skip


@given(st.sampled_from(RECORDS), st.data())
def test_a_changed_copy_is_what_replace_makes(kind: type[Any], data: st.DataObject) -> None:
    names = [field.name for field in fields(kind)]
    before = kind(**{name: f"{name} before" for name in names})
    changed = data.draw(st.lists(st.sampled_from(names), unique=True))
    new = {name: f"{name} after" for name in changed}
    assert change(before, **new) == replace(before, **new)
    assert before == kind(**{name: f"{name} before" for name in names})


def test_a_field_that_is_not_there_is_not_changed() -> None:
    with pytest.raises(KeyError, match="colour"):
        change(Cycle(), colour="green")


def test_every_type_hint_of_an_event_resolves() -> None:
    assert all(hints_of(kind) for kind in [*EVENTS.values(), *COMMANDS.values()])
