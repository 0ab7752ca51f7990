"""Commands about people and pairings."""

from __future__ import annotations

from ..events import Participant
from ..ids import MAIN_PROGRAMME
from ..vocabulary import LeaveReason, TeachingArea
from .registry import Command, command, fresh


@command
class AddPerson(Command):
    """Add a person; one who is there already with the same profile is left as they are.

    With `external_id` and `source` the id follows from them, so that two imports meet the same person. An id that is
    given is `p-` and at most 100 ASCII letters, digits, or any of `_ . : -`.
    """

    name: str
    person: str = fresh("p", default="")
    external_id: str | None = None
    source: str | None = None
    username: str | None = None
    email: str | None = None
    school: str | None = None
    subjects: tuple[str, ...] = ()
    grades: tuple[str, ...] = ()
    areas: tuple[TeachingArea, ...] = ()
    capacity: int | None = None


@command
class ChangePerson(Command):
    """Replace a person's whole profile."""

    person: str
    name: str
    external_id: str | None = None
    source: str | None = None
    username: str | None = None
    email: str | None = None
    school: str | None = None
    subjects: tuple[str, ...] = ()
    grades: tuple[str, ...] = ()
    areas: tuple[TeachingArea, ...] = ()
    capacity: int | None = None


@command
class NameEvaluator(Command):
    """`evaluator` evaluates `person`, and so may neither mentor nor observe them."""

    person: str
    evaluator: str


@command
class RemoveEvaluator(Command):
    person: str
    evaluator: str


@command
class MarkLeft(Command):
    person: str
    reason: LeaveReason


@command
class MarkReturned(Command):
    person: str


@command
class MergePeople(Command):
    """`duplicate` and `person` are one: both ids resolve to `person` for ever."""

    person: str
    duplicate: str


@command
class ForbidPairing(Command):
    """The two are not to be paired again; no reason is kept."""

    person: str
    other: str


@command
class PublishPairing(Command):
    """Pair people: one mentee and one mentor, two who are both, or a group of three or more.

    An id that is given is `q-` and at most 100 ASCII letters, digits, or any of `_ . : -`, and was never given before.
    """

    participants: tuple[Participant, ...]
    pairing: str = fresh("q", default="")
    programme: str = MAIN_PROGRAMME


@command
class EndPairing(Command):
    """End a pairing for everyone in it; `person` is any one of them."""

    person: str
    pairing: str
    do_not_pair_again: bool = False
