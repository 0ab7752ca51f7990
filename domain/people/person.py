"""A person: profile, pairings, and whom they may not be paired with. The fold of a person's stream."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .. import events as e
from ..change import change
from ..events import Participant
from ..ids import subject_of
from ..recorded import Recorded
from ..vocabulary import PairingKind, TeachingArea


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
    """One pairing as everyone in it knows it; `cycle` is the one that went on with it after a rematch."""

    id: str
    kind: PairingKind
    participants: tuple[Participant, ...]
    cycle: str | None = None

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
    """A person who was never added is the default value. `pairings` holds the open ones by id."""

    id: str = ""
    version: int = 0
    profile: Profile = field(default_factory=Profile)
    active: bool = True
    merged_into: str | None = None
    duplicates: tuple[str, ...] = ()
    evaluators: frozenset[str] = frozenset()
    not_with: frozenset[str] = frozenset()
    pairings: Mapping[str, Pairing] = field(default_factory=dict)

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
    def load(self) -> int:
        """How many mentees this person has now, over all open pairings."""
        return sum(
            sum(1 for p in pairing.participants if p.mentee and p.person != self.id)
            for pairing in self.pairings.values()
            if pairing.has(self.id, mentor=True)
        )


def profile_of(event: e.PersonAdded | e.PersonChanged) -> Profile:
    """The profile that an event states."""
    return Profile(
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
    """The person after one more event of their stream."""
    now = {"id": subject_of(recorded.stream), "version": recorded.version}
    match recorded.event:
        case e.PersonAdded() | e.PersonChanged() as event:
            return change(person, **now, profile=profile_of(event))
        case e.EvaluatorNamed(evaluator=other):
            return change(person, **now, evaluators=person.evaluators | {other})
        case e.EvaluatorRemoved(evaluator=other):
            return change(person, **now, evaluators=person.evaluators - {other})
        case e.PersonLeft():
            return change(person, **now, active=False)
        case e.PersonReturned():
            return change(person, **now, active=True)
        case e.PersonMerged(into=other):
            return change(person, **now, active=False, merged_into=other)
        case e.PersonAbsorbed(duplicate=other):
            return change(person, **now, duplicates=(*person.duplicates, other))
        case e.DoNotPair(other=other):
            return change(person, **now, not_with=person.not_with | {other})
        case e.PairingPublished(pairing=id) as event:
            pairing = Pairing(id, event.kind, event.participants, event.cycle)
            return change(person, **now, pairings={**person.pairings, id: pairing})
        case e.PairingEnded(pairing=ended):
            return change(person, **now, pairings={id: p for id, p in person.pairings.items() if id != ended})
        case other:
            raise KeyError(type(other))


def fold_person(history: Iterable[Recorded[Any]], person: Person | None = None) -> Person:
    """The person after a whole history."""
    state = person or Person()
    for recorded in history:
        state = evolve_person(state, recorded)
    return state
