"""A person: profile, pairings, and whom they may not be paired with. The fold of a person's stream."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .. import events as e
from ..change import change, maker
from ..events import Participant
from ..ids import subject_of
from ..recorded import Recorded
from ..vocabulary import LeaveReason, PairingKind, TeachingArea

Changes = dict[str, Any]
"""What an event alters of a person, by field."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known of a person outside mentoring; two equal profiles make an import a no-op."""

    name: str = ""
    external_id: str | None = None
    source: str | None = None
    username: str | None = None
    email: str | None = None
    school: str | None = None
    subjects: tuple[str, ...] = ()
    grades: tuple[str, ...] = ()
    areas: tuple[TeachingArea, ...] = ()
    capacity: int | None = None


@dataclass(frozen=True, slots=True)
class Pairing:
    """One pairing as everyone in it knows it; `cycle` is the one that went on with it after a rematch.

    `since` is when it was published, as far as that is known.
    """

    id: str
    kind: PairingKind
    participants: tuple[Participant, ...]
    cycle: str | None = None
    since: datetime | None = field(default=None, compare=False)

    @property
    def people(self) -> tuple[str, ...]:
        return tuple(p.person for p in self.participants)

    def has(self, person: str, *, mentee: bool = False, mentor: bool = False) -> bool:
        """Whether the person is in it, and (when asked) as a mentee or as a mentor."""
        return any(
            p.person == person and (p.mentee or not mentee) and (p.mentor or not mentor)
            for p in self.participants
        )


@dataclass(frozen=True, slots=True)
class Person:
    """A person who was never added is the default value. `pairings` holds the open ones by id.

    `ended` has those that were, by id; `left` is the reason of somebody who has left.
    """

    id: str = ""
    version: int = 0
    profile: Profile = field(default_factory=Profile)
    active: bool = True
    merged_into: str | None = None
    duplicates: tuple[str, ...] = ()
    evaluators: frozenset[str] = frozenset()
    not_with: frozenset[str] = frozenset()
    pairings: Mapping[str, Pairing] = field(default_factory=dict)
    ended: Mapping[str, Pairing] = field(default_factory=dict)
    left: LeaveReason | None = None

    @property
    def exists(self) -> bool:
        return self.version > 0

    @property
    def name(self) -> str:
        return self.profile.name or self.id

    @property
    def ids(self) -> frozenset[str]:
        """Every id of this person: what was said of a duplicate was said of them."""
        return frozenset((self.id, *self.duplicates))

    @property
    def pairing_as_mentee(self) -> Pairing | None:
        """The one open pairing in which this person is a mentee."""
        return next((p for p in self.pairings.values() if p.has(self.id, mentee=True)), None)

    @property
    def mentors(self) -> tuple[str, ...]:
        """Who mentors this person in an open pairing."""
        return tuple(
            p.person
            for pairing in self.pairings.values()
            if pairing.has(self.id, mentee=True)
            for p in pairing.participants
            if p.mentor and p.person != self.id
        )

    @property
    def mentees(self) -> tuple[str, ...]:
        """Whom this person mentors in an open pairing."""
        return tuple(
            p.person
            for pairing in self.pairings.values()
            if pairing.has(self.id, mentor=True)
            for p in pairing.participants
            if p.mentee and p.person != self.id
        )

    @property
    def load(self) -> int:
        """How many mentees this person has now, over all open pairings."""
        return len(self.mentees)


def survivor(person: Person, find: Callable[[str], Person]) -> Person:
    """Who somebody is today: whoever they were merged into."""
    while person.merged_into is not None:
        person = find(person.merged_into)
    return person


_profile = maker(Profile)
_pairing = maker(Pairing)


def profile_of(event: e.PersonAdded | e.PersonChanged) -> Profile:
    """The profile that an event states."""
    return _profile(
        event.name,
        event.external_id,
        event.source,
        event.username,
        event.email,
        event.school,
        event.subjects,
        event.grades,
        event.areas,
        event.capacity,
    )


def evolve_person(person: Person, recorded: Recorded[Any]) -> Person:
    """The person after one more event of their stream; raises KeyError for an event of another kind of stream."""
    changes = _HANDLERS[type(recorded.event)](person, recorded.event, recorded.occurred_at)
    return change(person, id=person.id or subject_of(recorded.stream), version=recorded.version, **changes)


def _described(person: Person, event: e.PersonAdded | e.PersonChanged, at: datetime) -> Changes:
    return {"profile": profile_of(event)}


def _published(person: Person, event: e.PairingPublished, at: datetime) -> Changes:
    pairing = _pairing(event.pairing, event.kind, event.participants, event.cycle, at)
    return {"pairings": {**person.pairings, event.pairing: pairing}}


def _ended(person: Person, event: e.PairingEnded, at: datetime) -> Changes:
    left = {id: pairing for id, pairing in person.pairings.items() if id != event.pairing}
    ended = person.pairings.get(event.pairing)
    if ended is None:
        return {"pairings": left}
    return {"pairings": left, "ended": {**person.ended, event.pairing: ended}}


_HANDLERS: dict[type[e.Event], Callable[[Person, Any, datetime], Changes]] = {
    e.PersonAdded: _described,
    e.PersonChanged: _described,
    e.EvaluatorNamed: lambda person, event, at: {"evaluators": person.evaluators | {event.evaluator}},
    e.EvaluatorRemoved: lambda person, event, at: {"evaluators": person.evaluators - {event.evaluator}},
    e.PersonLeft: lambda person, event, at: {"active": False, "left": event.reason},
    e.PersonReturned: lambda person, event, at: {"active": True, "left": None},
    e.PersonMerged: lambda person, event, at: {"active": False, "merged_into": event.into},
    e.PersonAbsorbed: lambda person, event, at: {"duplicates": (*person.duplicates, event.duplicate)},
    e.DoNotPair: lambda person, event, at: {"not_with": person.not_with | {event.other}},
    e.PairingPublished: _published,
    e.PairingEnded: _ended,
}


def fold_person(history: Iterable[Recorded[Any]], person: Person | None = None) -> Person:
    """The person after a whole history."""
    state = person or Person()
    for recorded in history:
        state = evolve_person(state, recorded)
    return state
