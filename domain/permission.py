"""Who may do and see what. The definition says who may record which work; this adds what no definition may loosen.

A coordinator records facts without words, never an agreement or a reflection; words are for the pair alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from .actor import Actor
from .change import change
from .cycle.state import Cycle
from .decision import Context
from .definition import PERSONAL, Activity, Capacity
from .refusal import Refusal
from .vocabulary import Role


def capacities(cycle: Cycle, actor: Actor) -> frozenset[Capacity]:
    """What an actor is in a cycle; nothing for strangers and auditors."""
    match actor.role:
        case Role.COORDINATOR:
            return frozenset({Capacity.COORDINATOR}) if in_programme(actor, cycle.programme) else frozenset()
        case Role.SYSTEM:
            return frozenset({Capacity.SYSTEM})
        case Role.AUDITOR:
            return frozenset()
        case Role.PARTICIPANT:
            held = set()
            for p in cycle.participants:
                if actor.goes_by(p.person):
                    held |= {Capacity.MENTEE} if p.mentee else set()
                    held |= {Capacity.MENTOR} if p.mentor else set()
            return frozenset(held)


def in_programme(actor: Actor, programme: str) -> bool:
    """Whether a programme lies within what the actor is bounded to."""
    return actor.programme is None or actor.programme == programme


def is_coordinator(actor: Actor, programme: str) -> bool:
    return actor.role is Role.COORDINATOR and in_programme(actor, programme)


def acting(cycle: Cycle, actor: Actor) -> Actor:
    """The actor under the id that a merged person has in this cycle: what they agree counts for that participant."""
    if actor.id in cycle.people or not (known := actor.also.intersection(cycle.people)):
        return actor
    id = min(known)
    return change(actor, id=id, also=actor.also - {id} | {actor.id})


def may_read_facts(cycle: Cycle, actor: Actor) -> bool:
    """Participants read their own cycle (also one they left), the others what is in their programme."""
    if actor.role is Role.PARTICIPANT:
        return any(actor.goes_by(member.person) for member in cycle.members)
    return actor.role is Role.SYSTEM or in_programme(actor, cycle.programme)


def may_read_words(cycle: Cycle, actor: Actor) -> bool:
    """Only participants, and only while they are in the cycle."""
    return actor.role is Role.PARTICIPANT and any(actor.goes_by(person) for person in cycle.people)


def readable_words(cycle: Cycle, actor: Actor) -> Callable[[int, str], bool]:
    """Which words the actor may read, by the version of the cycle's stream and the field.

    Who came in by a rematch reads the goals as they were last said and what was written since, not what is older.
    """
    if not may_read_words(cycle, actor):
        return lambda version, field: False
    spans = [(m.since, m.until) for m in cycle.members if actor.goes_by(m.person)]
    goals = {(goal.statement, "statement") for goal in cycle.goals}
    goals |= {(goal.measure, "measure") for goal in cycle.goals}
    return lambda version, field: (
        (version, field) in goals
        or any(since <= version and (until is None or version < until) for since, until in spans)
    )


def work_not_permitted(
    cycle: Cycle, activity: Activity, context: Context, *, words: bool, what: str
) -> Iterator[Refusal]:
    """Why this actor may not record such work, if so. `words` says that the command carries texts."""
    actor = context.actor
    held = capacities(cycle, actor)
    allowed = set(context.definition.permitted(activity))
    if activity in PERSONAL:
        allowed &= {Capacity.MENTEE, Capacity.MENTOR}
    if not held & allowed:
        yield _not_permitted(what, activity, actor, allowed)
    elif words and not held & {Capacity.MENTEE, Capacity.MENTOR}:
        yield Refusal(
            "words-of-others",
            what,
            f"a {actor.role.value} records that and when something happened, never the words",
            "leave the texts out, or let a participant record it",
            {"activity": activity.value},
            permission=True,
        )


def _not_permitted(what: str, activity: Activity, actor: Actor, allowed: set[Capacity]) -> Refusal:
    who = " or ".join(c.value for c in Capacity if c in allowed)
    those = f"only {who}" if who else "nobody"
    why = f"{those} of this cycle may record {activity.value}; {actor.id} acts as {actor.role.value}"
    fix = f"let a {who} do it" if who else "publish a definition that says who records it"
    if activity in PERSONAL:
        fix = "each participant does this for themselves"
    facts = {"activity": activity.value, "actor": actor.id, "role": actor.role.value}
    return Refusal("not-permitted", what, why, fix, facts, permission=True)
