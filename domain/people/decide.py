"""Decisions on people and pairings: add, change, leave, return, merge, publish and end pairings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Any, TypeVar

from .. import commands as c
from .. import events as e
from ..commands import Command
from ..cycle.of_pairing import is_of, newest_cycle
from ..decision import Accepted, Context, Decided, Outcome, accepted, all_of, forbidden, future, refused
from ..ids import MAIN_PROGRAMME, PERSON, person_stream
from ..permission import is_coordinator
from ..refusal import Fact, Refusal
from .pairing import are_together, bad_id, keeping_apart, kind_of, pairing_refusals
from .person import Pairing, Person, Profile, survivor

ALREADY_SO = Accepted()
MOST_MENTEES = 100

Decider = Callable[[Person, Any, Context], Outcome]
DECIDERS: dict[type[Command], Decider] = {}
D = TypeVar("D", bound=Decider)


def decide_person(person: Person, command: Command, context: Context) -> Outcome:
    """What a command about people comes to. `person` is the one it names first; the others are in the context."""
    if not is_coordinator(context.actor, _programme(person, command, context)):
        of = " of its programme" if context.actor.programme else ""
        return forbidden(
            "people and pairings are not changed",
            f"only a coordinator{of} does this; {context.actor.id} acts as {context.actor.role.value}",
            "let a coordinator do it",
            actor=context.actor.id,
        )
    early = all_of(future(context, "people and pairings are not changed"))
    return early or DECIDERS[type(command)](person, command, context)


def _programme(person: Person, command: Command, context: Context) -> str:
    """Whose business it is: people are the main programme's; a pairing that has a cycle is of the cycle's."""
    if isinstance(command, c.EndPairing) and (
        pairing := person.pairings.get(command.pairing) or person.ended.get(command.pairing)
    ):
        cycle = newest_cycle(pairing, context.cycle)
        if cycle.exists and is_of(pairing, cycle):
            return cycle.programme
    return context.programme.id or getattr(command, "programme", MAIN_PROGRAMME)


def _decides(kind: type[Command]) -> Callable[[D], D]:
    def register(decider: D) -> D:
        DECIDERS[kind] = decider
        return decider

    return register


def _profile(command: c.AddPerson | c.ChangePerson) -> Profile:
    return Profile(
        command.name.strip(),
        command.external_id,
        command.source,
        command.username,
        command.email,
        command.school,
        command.subjects,
        command.grades,
        command.areas,
        command.capacity,
    )


def _profile_refusals(profile: Profile, what: str) -> Iterator[Refusal]:
    if not profile.name:
        yield Refusal("no-name", what, "the name is empty", "give a name")
    if profile.capacity is not None and not 0 <= profile.capacity <= MOST_MENTEES:
        why = f"a capacity of {profile.capacity} cannot be right"
        yield Refusal("bad-value", what, why, f"give 0 to {MOST_MENTEES}", {"capacity": profile.capacity})


def _fields(profile: Profile) -> dict[str, Any]:
    return {name: getattr(profile, name) for name in Profile.__slots__}


@_decides(c.AddPerson)
def add_person(person: Person, command: c.AddPerson, context: Context) -> Outcome:
    profile = _profile(command)
    if person.exists:
        if person.profile == profile:
            return ALREADY_SO
        why = f"{person.name} has that id"
        return refused(
            "person-exists", f"{profile.name} is not added", why, "change that person", person=person.id
        )
    what = "the person is not added"
    problem = all_of((*bad_id(PERSON, person.id, what), *_profile_refusals(profile, what)))
    return problem or accepted(person_stream(person.id), e.PersonAdded(**_fields(profile)))


@_decides(c.ChangePerson)
def change_person(person: Person, command: c.ChangePerson, context: Context) -> Outcome:
    what = f"{context.name(command.person)} is not changed"
    if not person.exists:
        return _unknown(command.person, what)
    profile = _profile(command)
    if person.profile == profile:
        return ALREADY_SO
    problem = all_of(_profile_refusals(profile, what))
    return problem or accepted(person_stream(person.id), e.PersonChanged(**_fields(profile)))


def _unknown(person: str, what: str) -> Outcome:
    return refused(
        "no-such-person", what, f"nobody has the id {person}", "add the person first", person=person
    )


@_decides(c.NameEvaluator)
def name_evaluator(person: Person, command: c.NameEvaluator, context: Context) -> Outcome:
    what = f"the evaluator of {context.name(command.person)} is not named"
    for id in (command.person, command.evaluator):
        if not context.person(id).exists:
            return _unknown(id, what)
    if command.evaluator in person.evaluators:
        return ALREADY_SO
    evaluator = survivor(context.person(command.evaluator), context.person)

    def refusals() -> Iterator[Refusal]:
        if person.merged_into is not None:
            yield _merged(person, what)
        if evaluator.id == survivor(person, context.person).id:
            yield Refusal("self-evaluation", what, "nobody evaluates themselves", "name somebody else")
        if evaluator.id in person.mentors:
            why = f"{evaluator.name} mentors {person.name} in an open pairing"
            yield _mentors(evaluator, person, what, why)

    return all_of(refusals()) or accepted(
        person_stream(person.id), e.EvaluatorNamed(evaluator=command.evaluator)
    )


def _merged(person: Person, what: str) -> Refusal:
    why = f"{person.name} was merged into {person.merged_into}"
    return Refusal("person-merged", what, why, "name that person", {"person": person.id})


def _mentors(mentor: Person, mentee: Person, what: str, why: str) -> Refusal:
    fix = "change the partner in its cycle, or end the pairing, first"
    facts: dict[str, Fact] = {"mentor": mentor.id, "mentee": mentee.id}
    return Refusal("evaluator-is-mentor", what, why, fix, facts)


@_decides(c.RemoveEvaluator)
def remove_evaluator(person: Person, command: c.RemoveEvaluator, context: Context) -> Outcome:
    if not person.exists:
        return _unknown(command.person, "no evaluator is removed")
    if command.evaluator not in person.evaluators:
        return ALREADY_SO
    return accepted(person_stream(person.id), e.EvaluatorRemoved(evaluator=command.evaluator))


@_decides(c.MarkLeft)
def mark_left(person: Person, command: c.MarkLeft, context: Context) -> Outcome:
    if not person.exists:
        return _unknown(command.person, "no leave is recorded")
    if person.active:
        return accepted(person_stream(person.id), e.PersonLeft(reason=command.reason))
    if person.left in (None, command.reason):
        return ALREADY_SO
    what = f"that {person.name} has left is not recorded again"
    why = f"it is recorded already, and the reason is {person.left.value}"
    fix = "if that was wrong, record the return, and that they leave"
    return refused("other-reason", what, why, fix, person=person.id)


@_decides(c.MarkReturned)
def mark_returned(person: Person, command: c.MarkReturned, context: Context) -> Outcome:
    what = f"the return of {context.name(command.person)} is not recorded"
    if not person.exists:
        return _unknown(command.person, what)
    if person.merged_into is not None:
        why = f"they were merged into {person.merged_into}"
        return refused("person-merged", what, why, "name that person", person=person.id)
    if person.active:
        return ALREADY_SO
    return accepted(person_stream(person.id), e.PersonReturned())


@_decides(c.MergePeople)
def merge_people(person: Person, command: c.MergePeople, context: Context) -> Outcome:
    duplicate = context.person(command.duplicate)
    what = f"{context.name(command.duplicate)} is not merged into {context.name(command.person)}"
    if person.exists and duplicate.merged_into == person.id:
        return ALREADY_SO

    def refusals() -> Iterator[Refusal]:
        for id, known in ((command.person, person), (command.duplicate, duplicate)):
            if not known.exists:
                yield Refusal("no-such-person", what, f"nobody has the id {id}", "", {"person": id})
            if known.merged_into is not None:
                yield _merged(known, what)
        if command.person == command.duplicate:
            yield Refusal("same-person", what, "both are the same id", "name two ids")
        if duplicate.pairings:
            why = f"{duplicate.name} is in an open pairing"
            fix = "end it, or change the partner in its cycle, first"
            yield Refusal("still-paired", what, why, fix, {"person": duplicate.id})
        if command.person != command.duplicate:
            yield from _would_evaluate(person, duplicate, context, what)

    return all_of(refusals()) or Accepted(
        (
            *(Decided(person_stream(person.id), event) for event in _taken_over(person, duplicate)),
            Decided(person_stream(duplicate.id), e.PersonMerged(into=person.id)),
        )
    )


def _would_evaluate(person: Person, duplicate: Person, context: Context, what: str) -> Iterator[Refusal]:
    """Nobody becomes the evaluator of whom they mentor because two records become one."""
    for mentor in map(context.person, person.mentors):
        if mentor.ids & duplicate.evaluators:
            why = f"{mentor.name} mentors {person.name} in an open pairing and evaluates {duplicate.name}"
            yield _mentors(mentor, person, what, why)
    for mentee in map(context.person, person.mentees):
        if duplicate.ids & mentee.evaluators:
            why = (
                f"{person.name} mentors {mentee.name} in an open pairing, and {duplicate.name} evaluates them"
            )
            yield _mentors(person, mentee, what, why)


def _taken_over(person: Person, duplicate: Person) -> Iterator[e.Event]:
    """The duplicate's ids, and whom it may not be paired with: a merge does not lift a hard rule."""
    same = person.ids | duplicate.ids
    for id in (duplicate.id, *duplicate.duplicates):
        yield e.PersonAbsorbed(duplicate=id)
    for other in sorted(duplicate.evaluators - person.evaluators - same):
        yield e.EvaluatorNamed(evaluator=other)
    for other in sorted(duplicate.not_with - person.not_with - same):
        yield e.DoNotPair(other=other)


@_decides(c.ForbidPairing)
def forbid_pairing(person: Person, command: c.ForbidPairing, context: Context) -> Outcome:
    what = "the two are not kept apart"
    other = context.person(command.other)
    for id in (command.person, command.other):
        if not context.person(id).exists:
            return _unknown(id, what)
    if command.person == command.other:
        return refused("same-person", what, "both are the same person", "name two people")
    if command.other in person.not_with:
        return ALREADY_SO
    return Accepted(
        (
            Decided(person_stream(person.id), e.DoNotPair(other=other.id)),
            Decided(person_stream(other.id), e.DoNotPair(other=person.id)),
        )
    )


@_decides(c.PublishPairing)
def publish_pairing(person: Person, command: c.PublishPairing, context: Context) -> Outcome:
    names = " and ".join(context.name(p.person) for p in command.participants)
    new = Pairing(command.pairing, kind_of(command.participants), command.participants)
    if _same_pairing(person, new):
        return ALREADY_SO
    if not context.programme.exists and command.programme != MAIN_PROGRAMME:
        what, why = f"{names} cannot be paired", f"there is no programme {command.programme}"
        return refused("no-such-programme", what, why, "create it first", programme=command.programme)
    event = e.PairingPublished(pairing=new.id, kind=new.kind, participants=new.participants)
    return all_of(pairing_refusals(new, context, f"{names} cannot be paired")) or Accepted(
        tuple(Decided(person_stream(id), event) for id in new.people)
    )


def _same_pairing(person: Person, new: Pairing) -> bool:
    return any(set(known.participants) == set(new.participants) for known in person.pairings.values())


@_decides(c.EndPairing)
def end_pairing(person: Person, command: c.EndPairing, context: Context) -> Outcome:
    if not person.exists:
        return _unknown(command.person, "no pairing is ended")
    pairing = person.pairings.get(command.pairing)
    if pairing is None:
        return _ended_already(person, command, context)
    if pairing.since is not None and context.today < (since := context.programme.day(pairing.since)):
        what, why = "the pairing is not ended", f"{context.today} is before it was published, {since}"
        return refused("before-pairing", what, why, "say when it ended", pairing=pairing.id)
    ended = [
        Decided(person_stream(id), e.PairingEnded(pairing=pairing.id))
        for id in pairing.people
        if pairing.id in context.person(id).pairings
    ]
    apart = [
        Decided(person_stream(id), e.DoNotPair(other=other))
        for id in pairing.people
        for other in pairing.people
        if command.do_not_pair_again and other != id
    ]
    return Accepted((*ended, *apart))


def _ended_already(person: Person, command: c.EndPairing, context: Context) -> Outcome:
    """Those of a pairing that has ended can still be kept apart, but for those who are together in another."""
    if not command.do_not_pair_again:
        return ALREADY_SO
    ended = person.ended.get(command.pairing)
    if ended is None:
        what, why = "nobody is kept apart", f"{person.name} was in no pairing {command.pairing}".rstrip()
        return refused("no-such-pairing", what, why, "name the two to keep apart", person=person.id)
    apart = (
        (one, other) for one, other in combinations(ended.people, 2) if not are_together(one, other, context)
    )
    return Accepted(tuple(keeping_apart(apart, context)))
