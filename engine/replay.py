"""Replay of one stream: its state rebuilt from the log alone, beside what the read models say of it.

The fold of the domain and the folds of the read models are written apart, so each is a check of the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mentorcycle.domain.actor import Actor
from mentorcycle.domain.cycle import Cycle
from mentorcycle.domain.errors import NotFound
from mentorcycle.domain.people import Person
from mentorcycle.projections.cycles import CycleRow
from mentorcycle.projections.people import PersonRow

from .queries import Queries
from .states import State

OF_CYCLE = (
    "programme",
    "kind",
    "pairing",
    "mentees",
    "mentors",
    "stage",
    "status",
    "opened_at",
    "since",
    "extended",
    "extended_at",
    "rematch_asked",
    "follows",
    "next_cycle",
)
OF_PROFILE = ("name", "external_id", "source", "username", "email", "school", "subjects", "grades", "areas")


@dataclass(frozen=True, slots=True)
class Compared:
    """One field as the log says and as the read model has it."""

    field: str
    log: Any
    read_model: Any

    @property
    def equal(self) -> bool:
        return bool(self.log == self.read_model)


@dataclass(frozen=True, slots=True)
class Replay:
    """A state that was rebuilt from `events` events up to a position; programmes have no read model."""

    ref: str
    position: int
    events: int
    state: State
    fields: tuple[Compared, ...]

    @property
    def equal(self) -> bool:
        return all(one.equal for one in self.fields)


def replay(queries: Queries, ref: str, actor: Actor) -> Replay:
    """Rebuild a cycle, person or programme and compare; raise `NotFound` and `RefusedError` as a question does."""
    position = -1
    while position != queries.head():  # again, when others have written meanwhile
        position = queries.head()
        state = queries.as_of(ref, position, actor)
        fields = tuple(_compared(queries, state, actor))
    return Replay(ref, position, state.version, state, fields)


def _compared(queries: Queries, state: State, actor: Actor) -> Iterator[Compared]:
    try:
        match state:
            case Cycle():
                yield from _cycle(state, queries.cycle(state.id, actor))
            case Person():
                yield from _person(state, queries.person_row(state.id, actor))
    except NotFound:
        yield Compared("row", "there", "missing")


def _cycle(state: Cycle, row: CycleRow) -> Iterator[Compared]:
    for name in OF_CYCLE:
        yield Compared(name, getattr(state, name), getattr(row, name))
    yield Compared("definition", str(state.definition), f"{row.definition} v{row.definition_version}")
    pauses = [[(p.start, p.end) for p in one.pauses] for one in (state, row)]
    yield Compared("pauses", *pauses)


def _person(state: Person, row: PersonRow) -> Iterator[Compared]:
    for name in OF_PROFILE:
        yield Compared(name, getattr(state.profile, name), getattr(row, name))
    yield Compared("capacity", state.profile.capacity, row.capacity)
    for name in ("active", "merged_into", "duplicates", "load"):
        yield Compared(name, getattr(state, name), getattr(row, name))
    for name in ("evaluators", "not_with"):
        yield Compared(name, sorted(getattr(state, name)), sorted(getattr(row, name)))
    yield Compared("pairings", sorted(state.pairings), sorted(pairing.id for pairing in row.pairings))
