"""Events of a person and of the pairings they are in.

A pairing is recorded on the stream of everyone in it, in one append: the hard rules are decided there.
"""

from __future__ import annotations

from ..vocabulary import LeaveReason, PairingKind, TeachingArea
from ..words import public
from .course import Participant
from .registry import Event, event


@event("PersonAdded")
class PersonAdded(Event):
    """`capacity` is how many mentees the person takes at a time; None leaves it to the definition."""

    name: str = public()
    external_id: str | None = None
    source: str | None = None
    username: str | None = None
    email: str | None = None
    school: str | None = None
    subjects: tuple[str, ...] = ()
    grades: tuple[str, ...] = ()
    areas: tuple[TeachingArea, ...] = ()
    capacity: int | None = None


@event("PersonChanged")
class PersonChanged(Event):
    """The whole profile as it is from now on."""

    name: str = public()
    external_id: str | None = None
    source: str | None = None
    username: str | None = None
    email: str | None = None
    school: str | None = None
    subjects: tuple[str, ...] = ()
    grades: tuple[str, ...] = ()
    areas: tuple[TeachingArea, ...] = ()
    capacity: int | None = None


@event("EvaluatorNamed")
class EvaluatorNamed(Event):
    """`evaluator` evaluates this person, and so never mentors or observes them."""

    evaluator: str


@event("EvaluatorRemoved")
class EvaluatorRemoved(Event):
    evaluator: str


@event("PersonLeft")
class PersonLeft(Event):
    reason: LeaveReason


@event("PersonReturned")
class PersonReturned(Event):
    pass


@event("PersonMerged")
class PersonMerged(Event):
    """This person is the same as `into`; this id resolves to that one for ever."""

    into: str


@event("PersonAbsorbed")
class PersonAbsorbed(Event):
    """`duplicate` was another id of this person."""

    duplicate: str


@event("DoNotPair")
class DoNotPair(Event):
    """This person and `other` are not to be paired again. No reason is kept, by design."""

    other: str


@event("PairingPublished")
class PairingPublished(Event):
    """`cycle` is the one that goes on with this pairing after a rematch; a new pairing has none yet."""

    pairing: str
    kind: PairingKind
    participants: tuple[Participant, ...]
    cycle: str | None = None


@event("PairingEnded")
class PairingEnded(Event):
    pairing: str
