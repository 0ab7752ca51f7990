"""One cycle at a moment, with all that its page shows: stages, what is missing and who must act, work, minutes.

Folded from the log alone, so the past is shown like the present. Words are opened for those who may read them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from mentorcycle.domain.actor import Actor
from mentorcycle.domain.cycle import Cycle
from mentorcycle.domain.cycle.visits import Visit, visits
from mentorcycle.domain.definition import Definition
from mentorcycle.domain.errors import MentorcycleError, NotFound
from mentorcycle.domain.permission import may_read_words
from mentorcycle.domain.programme import Programme
from mentorcycle.domain.recorded import Recorded
from mentorcycle.domain.requirements import Unmet, unmet
from mentorcycle.domain.vocabulary import Status
from mentorcycle.domain.words import Words

from .definitions import Definitions
from .queries import Queries


class NotYet(NotFound):
    """There is such a cycle, but it was opened later than the moment that was asked for."""

    def __init__(self, cycle: str, position: int, opened: int) -> None:
        super().__init__("cycle", cycle)
        MentorcycleError.__init__(
            self,
            f"{cycle} was not there yet",
            f"it was opened with event {opened}, and event {position} was the last one then",
            "ask for a later moment",
        )
        self.position = position
        self.opened = opened


@dataclass(frozen=True, slots=True)
class Note:
    """One text of a participant, opened for its reader."""

    version: int
    event: str
    occurred_at: datetime
    by: str
    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Overview:
    """A cycle as of a position of the log, seen on a day; `head` is where the log ends.

    `missing` is what keeps it from going forward, `who` must act, by person id. `may_read` says whether the
    words are for this actor; `notes` are empty unless they were asked for.
    """

    cycle: Cycle
    programme: Programme
    definition: Definition
    day: date
    position: int
    head: int
    visits: tuple[Visit, ...]
    missing: tuple[Unmet, ...]
    who: tuple[str, ...]
    names: Mapping[str, str]
    may_read: bool
    notes: tuple[Note, ...]

    @property
    def minutes(self) -> dict[str, int]:
        """Minutes that were given, by kind of act."""
        done = [o for o in self.cycle.observations if o.completion is not None]
        return {
            "observations": sum(o.completion.minutes for o in done if o.completion),
            "debriefs": sum(o.debrief.minutes for o in done if o.debrief),
            "contacts": sum(contact.minutes for contact in self.cycle.contacts),
        }


def overview(
    queries: Queries,
    cycle: str,
    actor: Actor,
    day: date,
    *,
    at: int | datetime | None = None,
    words: bool = False,
) -> Overview:
    """The page of a cycle; raise `NotFound` when it was not there and `RefusedError` when it is not shown."""
    head = queries.head()
    position = head if at is None else min(head, queries.position(at) or 0)
    present = queries.as_of(cycle, head, actor)
    then = queries.as_of(cycle, position, actor)
    assert isinstance(present, Cycle)
    assert isinstance(then, Cycle)
    if not then.exists:
        raise NotYet(cycle, position, queries.history(cycle, actor)[0].position)
    history = queries.history(cycle, actor, upto=position, words=words)
    programme = queries.programme(then.programme, at=position)
    definition = Definitions().pinned(then.definition, programme)
    names = queries.names({member.person for member in present.members})
    missing = _missing(then, definition, names)
    return Overview(
        then,
        programme,
        definition,
        day,
        position,
        head,
        visits(history, definition, programme, day),
        missing,
        tuple(dict.fromkeys(person for one in missing for person in one.who)),
        names,
        may_read_words(present, queries.with_all_ids(actor)),
        tuple(note for recorded in history for note in _notes(recorded)) if words else (),
    )


def _missing(cycle: Cycle, definition: Definition, names: Mapping[str, str]) -> tuple[Unmet, ...]:
    edge = definition.forward(cycle.stage)
    if edge is None or cycle.status in (Status.CANCELLED, Status.COMPLETED):
        return ()
    return unmet(edge, cycle, lambda person: names.get(person, person))


def _notes(recorded: Recorded[Any]) -> list[Note]:
    event, notes = recorded.event, []
    for name in event.pair_fields:
        value = getattr(event, name)
        for one in (value,) if isinstance(value, Words) else value or ():
            if one.text is not None:
                notes.append(
                    Note(
                        recorded.version,
                        event.event_name,
                        recorded.occurred_at,
                        recorded.actor.id,
                        name,
                        one.text,
                    )
                )
    return notes
