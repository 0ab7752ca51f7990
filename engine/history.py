"""The past, read from the log alone: events of one stream, and its state at any position or instant.

Every question is asked by an actor; who may not see gets a refusal, and words only ever reach the pair.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from mentorcycle.domain.actor import Actor
from mentorcycle.domain.change import change
from mentorcycle.domain.cycle import Cycle
from mentorcycle.domain.decision import forbidden
from mentorcycle.domain.errors import NotFound
from mentorcycle.domain.ids import CYCLE, PERSON, cycle_stream, person_stream, programme_stream
from mentorcycle.domain.people import Person
from mentorcycle.domain.permission import acting, may_read_facts, may_read_words, readable_words
from mentorcycle.domain.recorded import Recorded
from mentorcycle.domain.refusal import Refused
from mentorcycle.domain.vocabulary import Role

from .actors import check_actor
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


def elsewhere(id: str, programme: str) -> Refused:
    """Why staff of one programme are not shown what happened in another."""
    return forbidden(
        f"what happened to {id} is not shown",
        f"it is not of the programme {programme}, to which this actor is bounded",
        "ask somebody of its programme, or of all programmes",
        id=id,
        programme=programme,
    )


def as_come(actor: Actor) -> Actor:
    """The actor without other ids: which they go by, the log alone says, and never whoever asks."""
    return change(actor, also=frozenset()) if actor.also else actor


def with_all_ids(actor: Actor, load: Load) -> Actor:
    """The participant with every id they go by: merged duplicates and the one they were merged into are one person."""
    if actor.role is not Role.PARTICIPANT:
        return actor
    person = load(person_stream(actor.id))
    while isinstance(person, Person) and person.merged_into:
        person = load(person_stream(person.merged_into))
    assert isinstance(person, Person)
    also = person.ids - {actor.id}
    return actor if also == actor.also else change(actor, also=also)


def known_in(cycle: Cycle, actor: Actor, load: Load) -> Actor:
    """The actor as a cycle knows them; only one whom it does not have under this id is looked up."""
    if actor.role is not Role.PARTICIPANT or actor.id in cycle.people:
        return as_come(actor)
    return acting(cycle, with_all_ids(actor, load))


class History:
    """The past of one tenant's streams; `concerns` says whether that of a stream is a programme's business."""

    def __init__(
        self,
        store: Log,
        tenant: str,
        concerns: Callable[[str, str], bool],
        load: Load | None = None,
    ) -> None:
        self._store = store
        self._tenant = tenant
        self._concerns = concerns
        self._load = load or self._from_log

    def readable(self, cycle: Cycle, actor: Actor) -> Cycle:
        """The cycle itself; raise `NotFound` when there is none and `RefusedError` when it is not for this actor."""
        check_actor(actor)
        if not cycle.exists:
            raise NotFound("cycle", cycle.id)
        if not may_read_facts(cycle, known_in(cycle, actor, self._load)):
            not_shown(cycle, actor).or_raise()
        return cycle

    def readable_person(self, person: Person, actor: Actor) -> Person:
        """The person themself; raise `NotFound` when there is none and `RefusedError` when it is not for this actor."""
        check_actor(actor)
        if not person.exists:
            raise NotFound("person", person.id)
        mine = actor.role is not Role.PARTICIPANT or actor.id == person.id
        if not (mine or with_all_ids(actor, self._load).goes_by(person.id)):
            forbidden(
                f"the record of {person.id} is not shown",
                "only the person, coordinators and auditors see it",
                "ask a coordinator",
                person=person.id,
            ).or_raise()
        return person

    def position(self, at: int | datetime) -> int:
        """The last position that counts at a position or an aware instant of recording."""
        if isinstance(at, int) and not isinstance(at, bool):
            return at
        return self._store.position_at(to_micros(instant(at, "the position or instant to look back to")))

    def events(
        self, ref: str, actor: Actor, *, upto: int | None = None, words: bool = False
    ) -> tuple[Recorded[Any], ...]:
        """See `Engine.history`."""
        check_actor(actor)
        stream = stream_of(ref)
        present, events = nothing(stream), []
        for row in self._store.read_stream(self._tenant, stream):
            recorded = decode(row)
            present = refolded(present, recorded, row)
            if upto is None or row.position <= upto:
                events.append(recorded)
        self._permit(present, stream, actor)
        if words and isinstance(present, Cycle):
            reader = with_all_ids(actor, self._load)
            if may_read_words(present, reader):
                return self._opened(events, present, reader, stream)
        return tuple(events)

    def as_of(self, ref: str, at: int | datetime, actor: Actor) -> State:
        """See `Engine.as_of`. Who may look is decided by the present, not by the past."""
        check_actor(actor)
        stream = stream_of(ref)
        position = self.position(at)
        rows = self._store.read_stream(self._tenant, stream)
        then = replayed(stream, (row for row in rows if row.position <= position))
        present = replayed(stream, (row for row in rows if row.position > position), then)
        self._permit(present, stream, actor)
        return then

    def _from_log(self, stream: str) -> State:
        return replayed(stream, self._store.read_stream(self._tenant, stream))

    def _permit(self, state: State, stream: str, actor: Actor) -> None:
        if isinstance(state, Cycle):
            self.readable(state, actor)
            return
        if isinstance(state, Person):
            self.readable_person(state, actor)
        elif not state.exists:
            raise NotFound("programme", state.id)
        if actor.programme is not None and not self._concerns(actor.programme, stream):
            elsewhere(state.id, actor.programme).or_raise()

    def _opened(
        self, events: Iterable[Recorded[Any]], cycle: Cycle, actor: Actor, stream: str
    ) -> tuple[Recorded[Any], ...]:
        may_read = readable_words(cycle, actor)
        words = {
            (kept.version, kept.field): kept
            for kept in self._store.read_words(self._tenant, stream)
            if may_read(kept.version, kept.field)
        }
        return tuple(change(r, event=open_words(r.event, r.version, words)) for r in events)
