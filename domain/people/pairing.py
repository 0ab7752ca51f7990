"""The hard rules of pairing, decided on the people's own streams.

No self-mentoring; one open pairing as a mentee; mentors within capacity, counted in open cycles; no evaluator as
mentor; nobody with whom they are not to be paired. Proposals and scores are not here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations, permutations

from ..cycle.of_pairing import is_used, keeps_its_place
from ..decision import Context, Decided
from ..events import DoNotPair, Participant
from ..ids import PAIRING, is_given_id, person_stream
from ..refusal import Refusal
from ..vocabulary import PairingKind
from .person import Pairing, Person


def kind_of(participants: tuple[Participant, ...]) -> PairingKind:
    """A pair, a reciprocal pair, or a group of three or more."""
    if len(participants) > 2:
        return PairingKind.GROUP
    if all(p.mentee and p.mentor for p in participants):
        return PairingKind.RECIPROCAL
    return PairingKind.PAIR


def pairing_refusals(
    new: Pairing, context: Context, what: str, *, replaces: str | None = None
) -> Iterator[Refusal]:
    """Every rule that a new pairing breaks; the pairing that it `replaces` no longer counts."""
    yield from bad_id(PAIRING, new.id, what)
    yield from _shape(new, what)
    if any(new.id in context.person(person).pairings for person in new.people):
        why = f"{new.id} is an open pairing already"
        yield Refusal("pairing-exists", what, why, "leave the id out", {"pairing": new.id})
    elif is_used(new, context.cycle):
        why = f"{new.id} is the id of another pairing, which has a cycle"
        yield Refusal("pairing-id-used", what, why, "leave the id out", {"pairing": new.id})
    for participant in new.participants:
        person = context.person(participant.person)
        yield from _available(participant, person, what)
        if participant.mentee:
            yield from _one_pairing(person, replaces, what)
    yield from over_capacity(new, context, what, replaces=replaces)
    for mentor, mentee in permutations(new.participants, 2):
        if mentor.mentor and mentee.mentee:
            yield from _evaluates(context.person(mentor.person), context.person(mentee.person), what)
    for one, other in combinations(new.people, 2):
        yield from _apart(context.person(one), context.person(other), what)


def bad_id(letter: str, id: str, what: str) -> Iterator[Refusal]:
    """An id that was given and is not of its kind; it is not told again, since it may hold anything."""
    if not is_given_id(letter, id):
        why = f"its id is not {letter}- and then at most 100 letters (a-z, A-Z), digits, or any of _ . : -"
        yield Refusal("bad-id", what, why, "give such an id, or leave it out")


def _shape(new: Pairing, what: str) -> Iterator[Refusal]:
    mentors = {p.person for p in new.participants if p.mentor}
    mentees = {p.person for p in new.participants if p.mentee}
    alone = any(mentors == {mentee} for mentee in mentees)
    if len(set(new.people)) < len(new.participants) or len(new.participants) < 2 or alone:
        yield Refusal("self-mentoring", what, "nobody is their own mentor", "name two different people")
    if not mentees or not mentors or not mentees | mentors >= set(new.people):
        why = "a pairing has a mentee and a mentor, and everybody in it is one of them"
        yield Refusal("no-roles", what, why, "say who is which")


def _available(participant: Participant, person: Person, what: str) -> Iterator[Refusal]:
    if not person.exists:
        why = f"nobody has the id {participant.person}"
        yield Refusal("no-such-person", what, why, "add the person first", {"person": participant.person})
    elif person.merged_into is not None:
        why = f"{person.name} was merged into {person.merged_into}"
        yield Refusal("person-merged", what, why, "name that person", {"person": person.id})
    elif not person.active:
        why = f"{person.name} has left"
        yield Refusal("person-left", what, why, "record the return first", {"person": person.id})


def _one_pairing(person: Person, replaces: str | None, what: str) -> Iterator[Refusal]:
    for pairing in person.pairings.values():
        if pairing.id != replaces and pairing.has(person.id, mentee=True):
            yield Refusal(
                "already-paired",
                what,
                f"{person.name} is a mentee in another open pairing",
                "end that pairing first, or change the partner in its cycle",
                {"person": person.id, "pairing": pairing.id},
            )


def over_capacity(
    new: Pairing, context: Context, what: str, *, replaces: str | None = None
) -> Iterator[Refusal]:
    """Mentors who would have more mentees in open cycles than they take; whom they had in `replaces` does not count.

    Cycles are looked at only where the open pairings would be too many.
    """
    for participant in new.participants:
        person = context.person(participant.person)
        if not participant.mentor:
            continue
        own = person.profile.capacity
        capacity = context.definition.mentor_capacity if own is None else own
        others = [p for p in person.pairings.values() if p.id != replaces and p.has(person.id, mentor=True)]
        load = _mentees([*others, new], participant.person)
        if load > capacity:
            load = _mentees([*_open(others, context), new], participant.person)
        if load > capacity:
            yield Refusal(
                "over-capacity",
                what,
                f"{person.name} would have {load} mentee{'' if load == 1 else 's'} and takes {capacity}",
                "choose another mentor, or raise their capacity",
                {"person": person.id, "load": load, "capacity": capacity},
            )


def _open(pairings: Iterable[Pairing], context: Context) -> Iterator[Pairing]:
    return (pairing for pairing in pairings if keeps_its_place(pairing, context.cycle))


def _mentees(pairings: Iterable[Pairing], besides: str) -> int:
    return sum(1 for pairing in pairings for p in pairing.participants if p.mentee and p.person != besides)


def _evaluates(mentor: Person, mentee: Person, what: str) -> Iterator[Refusal]:
    if mentor.ids & mentee.evaluators:
        yield Refusal(
            "mentor-is-evaluator",
            what,
            f"{mentor.name} evaluates {mentee.name}",
            "choose a mentor who does not evaluate them",
            {"mentor": mentor.id, "mentee": mentee.id},
        )


def _apart(one: Person, other: Person, what: str) -> Iterator[Refusal]:
    if one.ids & other.not_with or other.ids & one.not_with:
        yield Refusal(
            "not-to-be-paired",
            what,
            f"{one.name} and {other.name} are not to be paired",
            "choose somebody else",
            {"person": one.id, "other": other.id},
        )


def are_together(one: str, other: str, context: Context) -> bool:
    """Whether two are in one open pairing."""
    return bool(context.person(one).pairings.keys() & context.person(other).pairings.keys())


def keeping_apart(pairs: Iterable[tuple[str, str]], context: Context) -> Iterator[Decided]:
    """What keeps each two apart from now on, without what does already."""
    for one, other in pairs:
        for id, whom in ((one, other), (other, one)):
            if whom not in context.person(id).not_with:
                yield Decided(person_stream(id), DoNotPair(other=whom))
