"""What a decision is taken on and what it comes to: the context and the outcome.

The context carries everything impure that a rule needs; rules themselves are beside their state.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from .actor import Actor
from .cycle.state import Cycle
from .definition import Definition
from .events import Event
from .people.person import Person
from .programme import Programme
from .refusal import Fact, Refusal, Refused


@dataclass(frozen=True, slots=True)
class Decided:
    """An event that a decision adds to a stream."""

    stream: str
    event: Event


@dataclass(frozen=True, slots=True)
class Accepted:
    """The command is taken; no events mean that it is already so."""

    events: tuple[Decided, ...] = ()


Outcome = Accepted | Refused


@dataclass(frozen=True, slots=True)
class Context:
    """What a decision may know besides the state.

    `now` and `occurred_at` are aware UTC. `people` holds everyone whom the command concerns, by id, read from
    their own streams; `cycles`, in the same way, whatever other cycle a rule asks for. `definition` is the one that
    the cycle is pinned to; for a pairing, the programme's default.
    """

    now: datetime
    occurred_at: datetime
    actor: Actor
    programme: Programme
    definition: Definition
    people: Mapping[str, Person] = field(default_factory=dict)
    batch: str | None = None
    cycles: Mapping[str, Cycle] = field(default_factory=dict)

    @property
    def today(self) -> date:
        """When it happened, as a date of the programme."""
        return self.programme.day(self.occurred_at)

    def person(self, id: str) -> Person:
        """The person of that id; a person without history when nobody has it."""
        return self.people.get(id, Person())

    def cycle(self, id: str) -> Cycle:
        """The cycle of that id; one without history when it was never opened."""
        return self.cycles.get(id, Cycle())

    def name(self, id: str) -> str:
        """How to call a person in a sentence."""
        person = self.people.get(id)
        return person.name if person is not None and person.exists else id


def accepted(stream: str, *events: Event) -> Accepted:
    """Accepted with events of one stream."""
    return Accepted(tuple(Decided(stream, event) for event in events))


def refused(code: str, what: str, why: str, fix: str = "", **facts: Fact) -> Refused:
    """Refused by a rule, for one reason."""
    return Refused((Refusal(code, what, why, fix, facts),))


def forbidden(what: str, why: str, fix: str = "", code: str = "not-permitted", **facts: Fact) -> Refused:
    """Refused because this actor may not."""
    return Refused((Refusal(code, what, why, fix, facts, permission=True),))


def future(context: Context, what: str, **facts: Fact) -> Iterator[Refusal]:
    """Nothing is recorded as having happened after today."""
    today = context.programme.day(context.now)
    if context.today > today:
        yield Refusal(
            "in-the-future",
            what,
            f"{context.today} is after today, {today}",
            "say when it happened",
            {**facts, "on": str(context.today), "today": str(today)},
        )


def all_of(refusals: Iterable[Refusal]) -> Refused | None:
    """Every reason at once; None when there is none."""
    collected = tuple(refusals)
    return Refused(collected) if collected else None
