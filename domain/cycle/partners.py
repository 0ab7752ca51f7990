"""Decisions on who is in a cycle: open it for a pairing, change the partner, open the next one.

Rules of pairing itself are in `people.pairing`.
"""

from __future__ import annotations

from collections.abc import Iterator

from .. import commands as c
from .. import events as e
from ..decision import Accepted, Context, Decided, Outcome, forbidden, refused
from ..definition import DefinitionRef
from ..ids import cycle_after, cycle_of_pairing, cycle_stream, person_stream
from ..people.pairing import are_together, keeping_apart, over_capacity, pairing_refusals
from ..people.person import Pairing
from ..permission import in_programme, is_coordinator
from ..refusal import Fact, Refusal
from ..vocabulary import Assessment, Role, Status, StepOutcome
from .of_pairing import first_candidate, is_of
from .rules import (
    ALREADY_SO,
    add,
    course_not_permitted,
    decides,
    order_refusals,
    status_refusals,
    time_refusals,
    unless,
)
from .state import Cycle, Goal


def pairing_to_open(command: c.OpenCycle, context: Context) -> Pairing | None:
    """The pairing whose cycle the command opens."""
    return context.person(command.mentee).pairing_as_mentee


@decides(c.OpenCycle)
def open_cycle(cycle: Cycle, command: c.OpenCycle, context: Context) -> Outcome:
    """`cycle` is the pairing's newest one, or one without history; its id says where to open."""
    name = context.name(command.mentee)
    what = f"no cycle can be opened for {name}"
    pairing = pairing_to_open(command, context)
    if not is_coordinator(context.actor, command.programme):
        return forbidden(what, "only a coordinator opens cycles", "let a coordinator open it")
    if pairing is None:
        why = f"{name} is a mentee in no open pairing"
        return refused("not-paired", what, why, "publish the pairing first", person=command.mentee)
    if cycle.exists and not is_of(pairing, cycle):
        why = f"another pairing had the id {pairing.id} as well, and a cycle was opened for that one"
        fix = "end this pairing, and publish it anew without an id"
        return refused("cycle-of-others", what, why, fix, pairing=pairing.id)
    if cycle.exists and not in_programme(context.actor, cycle.programme):
        why = "the cycle of this pairing was opened in another programme"
        return forbidden(what, why, "ask somebody of that programme, or of all programmes")
    if cycle.exists and cycle.status is Status.COMPLETED:
        why = f"the cycle {cycle.id} of this pairing is completed"
        if cycle.next_cycle is not None:
            return refused("completed", what, why, f"go on in the next, {cycle.next_cycle}", cycle=cycle.id)
        return refused("completed", what, why, "open the next cycle", cycle=cycle.id)
    if cycle.exists:
        return unless(_opened_otherwise(cycle, command, context, what), lambda: ALREADY_SO)
    if pairing.cycle is not None and cycle.id == cycle_of_pairing(pairing.id):
        why = f"the cycle {pairing.cycle} went on with this pairing after a rematch"
        return refused("goes-on", what, why, "use that cycle", cycle=pairing.cycle)
    again = cycle.id != first_candidate(pairing)
    return unless(
        [
            *time_refusals(cycle, context, what),
            *_gone(pairing.people, context, what),
            *(over_capacity(pairing, context, what, replaces=pairing.id) if again else ()),
        ],
        lambda: add(cycle, _opened(pairing, context, command.programme, context.definition.ref)),
    )


def _opened_otherwise(cycle: Cycle, command: c.OpenCycle, context: Context, what: str) -> Iterator[Refusal]:
    """What the open cycle is not, of what is asked of it."""
    facts: dict[str, Fact] = {"cycle": cycle.id, "programme": cycle.programme}
    if cycle.programme != command.programme:
        why = f"its cycle {cycle.id} was opened in the programme {cycle.programme}"
        yield Refusal("opened-otherwise", what, why, "go on in that cycle", facts)
    elif command.definition and not _is_meant(cycle.definition, command.definition, context):
        why = f"its cycle {cycle.id} was opened on {cycle.definition}"
        yield Refusal("opened-otherwise", what, why, "go on in that cycle, or cancel it first", facts)


def _is_meant(opened: DefinitionRef | None, asked: str, context: Context) -> bool:
    """Of a name without a version, whichever the cycle was opened on."""
    wanted = context.definition.ref
    return opened == wanted or ("@" not in asked and opened is not None and opened.name == wanted.name)


def _gone(people: tuple[str, ...], context: Context, what: str) -> Iterator[Refusal]:
    """No cycle begins with somebody who has left."""
    for person in people:
        if not context.person(person).active:
            why = f"{context.name(person)} has left"
            fix = "record the return first, or pair the others anew"
            yield Refusal("person-left", what, why, fix, {"person": person})


def place_taken_again(cycle: Cycle, context: Context, what: str) -> Iterator[Refusal]:
    """Mentors who have other mentees by now may have no room for a cycle that was over and goes on."""
    pairing = Pairing(cycle.pairing, cycle.kind, cycle.participants)
    yield from over_capacity(pairing, context, what, replaces=cycle.pairing)


def _opened(
    pairing: Pairing,
    context: Context,
    programme: str,
    definition: DefinitionRef,
    follows: str | None = None,
    carried: tuple[e.Carried, ...] = (),
) -> e.CycleOpened:
    return e.CycleOpened(
        programme=programme,
        pairing=pairing.id,
        kind=pairing.kind,
        participants=pairing.participants,
        definition=definition.name,
        definition_version=definition.version,
        definition_digest=definition.digest,
        stage=context.definition.initial,
        follows=follows,
        carried=carried,
    )


@decides(c.OpenNextCycle)
def open_next_cycle(cycle: Cycle, command: c.OpenNextCycle, context: Context) -> Outcome:
    what = f"no cycle can follow {cycle.id} yet"
    allowed = list(course_not_permitted(cycle, context, what))
    if not allowed and cycle.next_cycle is not None:
        return ALREADY_SO
    following = cycle_after(cycle.id)

    def refusals() -> Iterator[Refusal]:
        yield from allowed
        yield from order_refusals(cycle, context, what)
        if cycle.status is not Status.COMPLETED:
            why = f"it is {cycle.status.value}, in {cycle.stage}"
            yield Refusal("not-completed", what, why, "complete it first", {"cycle": cycle.id})
        if any(cycle.pairing not in context.person(person).pairings for person in cycle.people):
            why = "the pairing has ended"
            yield Refusal(
                "not-paired", what, why, "publish a pairing and open its cycle", {"cycle": cycle.id}
            )
        yield from _gone(cycle.people, context, what)
        yield from place_taken_again(cycle, context, what)

    def opened() -> Outcome:
        pairing = Pairing(cycle.pairing, cycle.kind, cycle.participants)
        start = _opened(pairing, context, cycle.programme, context.definition.ref, cycle.id, _carried(cycle))
        goals = [Decided(cycle_stream(following), goal) for goal in _goals_again(cycle)]
        link = Decided(cycle_stream(cycle.id), e.CycleFollowed(next_cycle=following))
        return Accepted((link, Decided(cycle_stream(following), start), *goals))

    return unless(refusals(), opened)


def _open_goals(cycle: Cycle) -> list[Goal]:
    unfinished = (Assessment.PARTLY, Assessment.NOT_MET)
    return [g for g in cycle.goals if g.outcome is None or g.outcome.assessment in unfinished]


def _goals_again(cycle: Cycle) -> list[e.GoalSet]:
    return [
        e.GoalSet(
            goal=f"g{n}",
            area=goal.area,
            measured=goal.measured,
            unit=goal.unit,
            target=goal.target,
            direction=goal.direction,
        )
        for n, goal in enumerate(_open_goals(cycle), 1)
    ]


def _carried(cycle: Cycle) -> tuple[e.Carried, ...]:
    steps = [s for s in cycle.steps if s.outcome is not StepOutcome.DONE]
    return (
        *(e.Carried(f"g{n}", goal.id) for n, goal in enumerate(_open_goals(cycle), 1)),
        *(e.Carried(f"s{n}", step.id, step.owner, step.check_back) for n, step in enumerate(steps, 1)),
    )


@decides(c.AskRematch)
def ask_rematch(cycle: Cycle, command: c.AskRematch, context: Context) -> Outcome:
    what = f"a rematch of {cycle.id} cannot be asked for"
    if context.actor.role is not Role.PARTICIPANT or context.actor.id not in cycle.people:
        why = "only a participant of this cycle asks for a rematch"
        return forbidden(what, why, "let a participant ask", cycle=cycle.id)
    if context.actor.id in cycle.rematch_asked:
        return ALREADY_SO
    closed = cycle.status in (Status.CANCELLED, Status.COMPLETED)
    return unless(
        [*time_refusals(cycle, context, what), *(status_refusals(cycle, what) if closed else ())],
        lambda: add(cycle, e.RematchAsked(person=context.actor.id)),
    )


@decides(c.Rematch)
def rematch(cycle: Cycle, command: c.Rematch, context: Context) -> Outcome:
    leaves, joins = context.name(command.leaves), context.name(command.joins)
    what = f"{leaves} cannot be replaced by {joins} in {cycle.id}"
    allowed = list(course_not_permitted(cycle, context, what))
    if not allowed and (then := _changed_at(cycle, command.leaves, command.joins)):
        return unless(time_refusals(cycle, context, what), lambda: _kept_apart(cycle, then, command, context))
    leaving = next((p for p in cycle.participants if p.person == command.leaves), None)
    stays = tuple(p for p in cycle.participants if p.person != command.leaves)
    joining = e.Participant(command.joins, bool(leaving and leaving.mentee), bool(leaving and leaving.mentor))
    new = Pairing(command.pairing, cycle.kind, (*stays, joining))

    def refusals() -> Iterator[Refusal]:
        yield from allowed
        yield from time_refusals(cycle, context, what)
        if cycle.status in (Status.CANCELLED, Status.COMPLETED):
            yield from status_refusals(cycle, what)
        if leaving is None:
            yield Refusal(
                "not-in-cycle",
                what,
                f"{leaves} is not in this cycle",
                f"those in it are {', '.join(context.name(person) for person in cycle.people)}",
                {"cycle": cycle.id, "person": command.leaves},
            )
        if command.joins in cycle.people:
            why = f"{joins} is in this cycle already"
            yield Refusal("already-in-cycle", what, why, "name somebody else", {"person": command.joins})
        elif leaving is not None:
            yield from pairing_refusals(new, context, what, replaces=cycle.pairing)

    def changed() -> Outcome:
        everyone = (*cycle.people, command.joins)
        published = e.PairingPublished(
            pairing=new.id, kind=new.kind, participants=new.participants, cycle=cycle.id
        )
        events: list[Decided] = []
        for person in everyone:
            stream = person_stream(person)
            if cycle.pairing in context.person(person).pairings:
                events.append(Decided(stream, e.PairingEnded(pairing=cycle.pairing)))
            if command.do_not_pair_again and person != command.joins:
                others = [p.person for p in stays] if person == command.leaves else [command.leaves]
                events.extend(Decided(stream, e.DoNotPair(other=other)) for other in others)
            if person != command.leaves:
                events.append(Decided(stream, published))
        partner = e.PartnerChanged(
            old_pairing=cycle.pairing,
            new_pairing=new.id,
            left=command.leaves,
            joined=command.joins,
            kind=cycle.kind,
            participants=new.participants,
        )
        return Accepted((Decided(cycle_stream(cycle.id), partner), *events))

    return unless(refusals(), changed)


def _changed_at(cycle: Cycle, leaves: str, joins: str) -> int | None:
    """The version at which this one joined in the place of that one, when it is so still."""
    here = {member.person: member.since for member in cycle.members if member.until is None}
    left = {member.until for member in cycle.members if member.person == leaves}
    since = here.get(joins)
    return since if since in left and leaves not in here else None


def _kept_apart(cycle: Cycle, changed: int, command: c.Rematch, context: Context) -> Outcome:
    """What is asked of a change of partner besides the change, as far as it is not so."""
    if not command.do_not_pair_again:
        return ALREADY_SO
    stayed = [m.person for m in cycle.members if m.since < changed and (m.until is None or m.until > changed)]
    apart = [
        (command.leaves, person) for person in stayed if not are_together(command.leaves, person, context)
    ]
    return Accepted(tuple(keeping_apart(apart, context)))
