"""Who is paired with whom in the simulated year, as a coordinator would do it by hand: near subject, within capacity.

Not the matching of the product: that one is optimal, explained and proposed for review.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from mentorcycle.domain.events import Participant
from mentorcycle.domain.people import Person

from .roster import LEADERSHIP

Together = tuple[Participant, ...]

GROUPS = (3, 2, 2)
"""Mentees of each group; each group has one mentor."""
RECIPROCAL = 6
NEWCOMERS = 6
"""Novices who begin in January."""


def is_novice(person: Person) -> bool:
    """Offers no teaching area and leads no school."""
    return not person.profile.areas and LEADERSHIP not in person.profile.subjects


def takes_mentees(person: Person) -> bool:
    return bool(person.profile.capacity)


def in_august(people: Sequence[Person]) -> tuple[Together, ...]:
    """Groups, pairs of novice and mentor, and reciprocal pairs of mentors who are still free."""
    return tuple(_in_august(people))


def in_january(people: Sequence[Person]) -> tuple[Together, ...]:
    """Pairs for the newcomers, with the mentors who have room left."""
    room = _Room(people)
    return tuple(_pair(mentor, novice) for novice in newcomers(people) if (mentor := room.nearest(novice)))


def newcomers(people: Sequence[Person]) -> tuple[Person, ...]:
    return tuple(person for person in people if is_novice(person))[-NEWCOMERS:]


def replacement(mentee: Person, people: Sequence[Person], unwanted: Sequence[str]) -> Person | None:
    """The nearest mentor with room for this mentee; `unwanted` are the ids of those in the cycle already."""
    return _Room(people, [*unwanted, *sorted(mentee.not_with)]).nearest(mentee)


def full(people: Sequence[Person], unwanted: Sequence[str]) -> Person | None:
    """Some mentor with as many pairings as they take; there is room after all where a cycle of theirs is over."""
    mentors = (p for p in people if takes_mentees(p) and p.active and p.id not in unwanted)
    return next((p for p in mentors if p.load >= (p.profile.capacity or 0)), None)


class _Room:
    """How many mentees everybody can still take; each choice takes one place."""

    def __init__(self, people: Sequence[Person], unwanted: Sequence[str] = ()) -> None:
        mentors = [p for p in people if takes_mentees(p) and p.active and p.id not in unwanted]
        self._mentors = {person.id: person for person in mentors}
        self._free = {person.id: (person.profile.capacity or 0) - person.load for person in mentors}

    def nearest(
        self, person: Person, places: int = 1, also: Callable[[Person], bool] = lambda _: True
    ) -> Person | None:
        """The best mentor with that many places free, which are taken; nobody's own mentor is themselves."""
        able = [
            mentor
            for id, mentor in self._mentors.items()
            if self._free[id] >= places and id != person.id and also(mentor)
        ]
        best = max(able, key=lambda mentor: nearness(person, mentor), default=None)
        if best is not None:
            self._free[best.id] -= places
        return best

    def unused(self) -> Iterator[Person]:
        """Those who have all their places."""
        for id, mentor in self._mentors.items():
            if self._free[id] == (mentor.profile.capacity or 0):
                yield mentor

    def take(self, person: Person) -> None:
        self._free[person.id] -= 1


def nearness(one: Person, other: Person) -> int:
    """Shared subjects weigh most, then grades, then the school."""
    subjects = len(set(one.profile.subjects) & set(other.profile.subjects))
    grades = len(set(one.profile.grades) & set(other.profile.grades))
    return 6 * subjects + grades + 2 * (one.profile.school == other.profile.school)


def _in_august(people: Sequence[Person]) -> Iterator[Together]:
    room = _Room(people)
    novices = [p for p in people if is_novice(p)]
    open_ = novices[: len(novices) - NEWCOMERS]
    for size in GROUPS:
        first = open_.pop(0)
        near = sorted(open_, key=lambda novice: -nearness(first, novice))[: size - 1]
        if mentor := room.nearest(first, places=size):
            open_ = [novice for novice in open_ if novice not in near]
            yield (
                Participant(mentor.id, mentor=True),
                *(Participant(m.id, mentee=True) for m in (first, *near)),
            )
    for novice in open_:
        if mentor := room.nearest(novice):
            yield _pair(mentor, novice)
    for _ in range(RECIPROCAL):
        one = next(room.unused(), None)
        other = one and room.nearest(one, also=lambda mentor: mentor in tuple(room.unused()))
        if one is None or other is None:
            return
        room.take(one)
        yield tuple(Participant(person.id, mentee=True, mentor=True) for person in (one, other))


def _pair(mentor: Person, mentee: Person) -> Together:
    return Participant(mentee.id, mentee=True), Participant(mentor.id, mentor=True)
