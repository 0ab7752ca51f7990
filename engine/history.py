"""The past, read from the log alone: events of one stream, and its state at any position or instant.

Every question is asked by an actor; who may not see gets a refusal, and words only ever reach the pair.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from mentorcycle.domain.actor import Actor
from mentorcycle.domain.change import change
from mentorcycle.domain.cycle import Cycle
from mentorcycle.domain.decision import forbidden
from mentorcycle.domain.errors import NotFound
from mentorcycle.domain.ids import CYCLE, PERSON, cycle_stream, person_stream, programme_stream
from mentorcycle.domain.people import Person
from mentorcycle.domain.permission import may_read_facts, may_read_words, readable_words
from mentorcycle.domain.recorded import Recorded
from mentorcycle.domain.refusal import Refused
from mentorcycle.domain.vocabulary import Role

from .codec import decode, to_micros
from .intake import instant
from .states import Load, State, nothing, refolded, replayed
from .stores.port import Log
from .vault import open_words


def stream_of(ref: str) -> str:
    """The stream that a full id belongs to."""
    match ref.partition("-")[0]:
        case str(letter) if letter == CYCLE and "-" in ref:
            return cycle_stream(ref)
        case str(letter) if letter == PERSON and "-" in ref:
            return person_stream(ref)
        case _:
            return programme_stream(ref)


def not_shown(cycle: Cycle, actor: Actor) -> Refused:
    """Why this actor learns nothing of a cycle."""
    return forbidden(
        f"{cycle.id} is not shown",
        f"only its participants, its coordinators and auditors see it; {actor.id} is none of them",
        "ask a coordinator",
        cycle=cycle.id,
    )


def survivor(actor: Actor, load: Load) -> Actor:
    """A participant whose id was merged acts as the person they were merged into."""
    if actor.role is not Role.PARTICIPANT:
        return actor
    state = load(person_stream(actor.id))
    while isinstance(state, Person) and state.merged_into:
        state = load(person_stream(state.merged_into))
    return actor if state.id == actor.id else change(actor, id=state.id)


class History:
    """The past of one tenant's streams."""

    def __init__(self, store: Log, tenant: str) -> None:
        self._store = store
        self._tenant = tenant

    def readable(self, cycle: Cycle, actor: Actor) -> Cycle:
        """The cycle itself; raise `NotFound` when there is none and `RefusedError` when it is not for this actor."""
        if not cycle.exists:
            raise NotFound("cycle", cycle.id)
        if not may_read_facts(cycle, actor):
            not_shown(cycle, actor).or_raise()
        return cycle

    def position(self, at: int | datetime) -> int:
        """The last position that counts at a position or an aware instant of recording."""
        if isinstance(at, int) and not isinstance(at, bool):
            return at
        return self._store.position_at(to_micros(instant(at, "the position or instant to look back to")))

    def events(
        self, ref: str, actor: Actor, *, upto: int | None = None, words: bool = False
    ) -> tuple[Recorded[Any], ...]:
        """See `Engine.history`."""
        stream = stream_of(ref)
        present, events = nothing(stream), []
        for row in self._store.read_stream(self._tenant, stream):
            recorded = decode(row)
            present = refolded(present, recorded, row)
            if upto is None or row.position <= upto:
                events.append(recorded)
        actor = survivor(actor, self._load)
        self._permit(present, ref, actor)
        if words and isinstance(present, Cycle) and may_read_words(present, actor):
            return self._opened(events, present, actor, stream)
        return tuple(events)

    def as_of(self, ref: str, at: int | datetime, actor: Actor) -> State:
        """See `Engine.as_of`. Who may look is decided by the present, not by the past."""
        stream = stream_of(ref)
        position = self.position(at)
        rows = self._store.read_stream(self._tenant, stream)
        then = replayed(stream, (row for row in rows if row.position <= position))
        present = replayed(stream, (row for row in rows if row.position > position), then)
        self._permit(present, ref, survivor(actor, self._load))
        return then

    def _load(self, stream: str) -> State:
        return replayed(stream, self._store.read_stream(self._tenant, stream))

    def _permit(self, state: State, ref: str, actor: Actor) -> None:
        if isinstance(state, Cycle):
            self.readable(state, actor)
        elif not state.exists:
            raise NotFound("person" if isinstance(state, Person) else "programme", ref)
        elif isinstance(state, Person) and actor.role is Role.PARTICIPANT and not _is(state, actor):
            forbidden(
                f"the record of {ref} is not shown",
                "only the person, coordinators and auditors see it",
                "ask a coordinator",
                person=ref,
            ).or_raise()

    def _opened(
        self, events: Iterable[Recorded[Any]], cycle: Cycle, actor: Actor, stream: str
    ) -> tuple[Recorded[Any], ...]:
        may_read = readable_words(cycle, actor)
        words = {
            (kept.version, kept.field): kept
            for kept in self._store.read_words(self._tenant, stream)
            if may_read(kept.version)
        }
        return tuple(change(r, event=open_words(r.event, r.version, words)) for r in events)


def _is(person: Person, actor: Actor) -> bool:
    return actor.id in (person.id, person.merged_into)
