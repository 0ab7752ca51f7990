"""What every question shares: the store, the read models brought up to date, the clock, and who may ask."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Never

from mentorcycle.domain.actor import Actor
from mentorcycle.domain.change import change
from mentorcycle.domain.definition import Definition, DefinitionRef
from mentorcycle.domain.ids import MAIN_PROGRAMME, programme_stream
from mentorcycle.domain.programme import Programme, fold_programme
from mentorcycle.domain.refusal import Fact, Refusal, Refused
from mentorcycle.domain.vocabulary import Role
from mentorcycle.projections.cycles import CycleRow

from ..actors import check_actor
from ..codec import decode, from_micros, to_micros
from ..definitions import Definitions
from ..readers import Readers
from ..stores.port import Log
from .bounds import concerning

if TYPE_CHECKING:
    from ..history import History

At = int | datetime | None
"""A position of the log, an aware instant of recording, or None for now."""


class Asked:
    """The questions of one tenant to one store."""

    def __init__(self, store: Log, tenant: str, clock: Callable[[], datetime]) -> None:
        self.store = store
        self.tenant = tenant
        self.readers = Readers(store, clock=lambda: to_micros(clock()))
        self._definitions = Definitions()

    def head(self) -> int:
        """Position of the last event of the log."""
        return self.store.head()

    def position(self, at: At) -> int | None:
        """The last position that counts at a moment; None for now."""
        return self.store.position_at(to_micros(at)) if isinstance(at, datetime) else at

    def recorded_at(self, position: int) -> datetime | None:
        """When the last event up to a position was recorded; None before the first."""
        last = min(position, self.store.head())
        rows = self.store.read_log(last - 1, 1) if last > 0 else []
        return from_micros(rows[0].recorded_at) if rows else None

    def programme(self, programme: str = MAIN_PROGRAMME, *, at: At = None) -> Programme:
        """A programme with its calendar, from its own stream."""
        stream = programme_stream(programme)
        rows = self.store.read_stream(self.tenant, stream, position=self.position(at))
        return fold_programme(map(decode, rows), Programme(id=programme))

    def definition(self, row: CycleRow, programme: Programme) -> Definition:
        """The definition that a cycle pins."""
        pinned = (row.definition, row.definition_version)
        published = (ref for ref in programme.published if (ref.name, ref.version) == pinned)
        return self._definitions.pinned(next(published, DefinitionRef(*pinned, "")), programme)

    def published(self, programme: Programme) -> Iterator[Definition]:
        """Every definition of a programme, in the order of publishing."""
        return (self._definitions.pinned(ref, programme) for ref in programme.published)

    def find_definition(self, name: str, programme: Programme) -> Definition | None:
        """The published definition called `name` or `name@version`; empty asks for the programme's default."""
        return self._definitions.wanted(name, programme)

    def concerns(self, programme: str, stream: str) -> bool:
        """Whether what happened in a stream concerns a programme."""
        with self.readers.view() as view:
            return bool(concerning(view, self.tenant, programme, [stream]))

    def with_all_ids(self, actor: Actor) -> Actor:
        """The participant with every id they go by: merged duplicates and the one they were merged into."""
        check_actor(actor)
        if actor.role is not Role.PARTICIPANT:
            return actor
        with self.readers.view() as view:
            return change(actor, also=frozenset(view.people.ids_of(self.tenant, actor.id)) - {actor.id})

    @property
    def _past(self) -> History:
        from ..history import History  # loads what a list of cycles never needs

        return History(self.store, self.tenant, self.concerns)

    def _bounded(self, actor: Actor, programme: str | None) -> str | None:
        """The programme to filter by: an actor who is bounded to one sees no other."""
        return programme if actor.programme is None else actor.programme

    def _for_staff(self, actor: Actor, what: str) -> None:
        """Raise `RefusedError` for participants, and `InvalidInput` for what is no actor."""
        check_actor(actor)
        if actor.role is Role.PARTICIPANT:
            refuse(f"{what}: not shown", "participants see their own cycles", "ask a coordinator")


def refuse(what: str, why: str, fix: str, **facts: Fact) -> Never:
    """Raise `RefusedError`: it is not for this actor."""
    Refused((Refusal("not-permitted", what, why, fix, facts, permission=True),)).or_raise()
