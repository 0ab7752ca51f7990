"""One pairing through the year: who is in it, how quickly they go, and what they know of their cycle."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from random import Random

from mentorcycle.domain.actor import Actor
from mentorcycle.domain.commands import Command, LogContact
from mentorcycle.domain.cycle import Cycle
from mentorcycle.domain.vocabulary import Status
from mentorcycle.engine import Receipt

from .agenda import Agenda, Later
from .desk import Desk


@dataclass(frozen=True, slots=True)
class Temperament:
    """How a pair goes about it: `pace` stretches every wait; the others are chances between 0 and 1.

    `late`: a debrief comes late; `eager`: they try to advance too early; `alone`: they advance on their own and
    do not wait for the coordinator; `again`: they go on with a next cycle.
    """

    name: str
    pace: float
    late: float
    eager: float
    alone: float
    again: float


BRISK = Temperament("brisk", 1.7, 0.05, 0.35, 0.85, 1.0)
STEADY = Temperament("steady", 2.6, 0.15, 0.2, 0.6, 0.6)
SLOW = Temperament("slow", 4.0, 0.5, 0.12, 0.4, 0.3)
STUCK = Temperament("stuck", 3.0, 0.6, 0.3, 0.3, 0.0)

MIXTURE = ((BRISK, 26), (STEADY, 36), (SLOW, 24), (STUCK, 14))


class Pair:
    """People who share a pairing, and later its cycle. `held` while it is paused, `over` when nothing follows.

    Who is `on_paper` notes contacts on a `sheet`, which the coordinator collects.
    """

    def __init__(
        self, desk: Desk, agenda: Agenda, mentee: str, temperament: Temperament, rng: Random
    ) -> None:
        self.desk = desk
        self.agenda = agenda
        self.mentee = mentee
        self.temperament = temperament
        self.rng = rng
        self.id = ""
        self.plain = True
        self.stops_in = ""
        self.always_late = False
        self.waives = ""
        self.on_paper = rng.random() < 0.4
        self.sheet: list[LogContact] = []
        self.ready = False
        self.wants_next = False
        self.held = False
        self.over = False

    @property
    def cycle(self) -> Cycle:
        """The present state of the cycle."""
        return self.desk.cycle(self.id)

    def is_in(self, *stages: str) -> bool:
        """Whether the cycle is open, active and in one of the stages (in any, when none is named)."""
        if not self.id or self.over or self.held:
            return False
        cycle = self.cycle
        return cycle.status is Status.ACTIVE and (not stages or cycle.stage in stages)

    def someone(self) -> str:
        """Any participant."""
        return self.rng.choice(self.cycle.people)

    def observer_of(self, observed: str) -> str:
        """Who observes this person's lessons: a mentor who is somebody else."""
        return next(person for person in self.cycle.mentors if person != observed)

    def does(self, person: str, command: Command, *, occurred_at: datetime | None = None) -> Receipt:
        """A participant does something that goes through, and needs a few minutes for it."""
        self.desk.clock.on(self.rng.randint(1, 6))
        return self.desk.do(command, Actor.participant(person), occurred_at=occurred_at)

    def tries(self, person: str, command: Command) -> bool:
        """A participant does something that may be refused; whether it was taken."""
        self.desk.clock.on(self.rng.randint(1, 3))
        return self.desk.attempt(command, Actor.participant(person))

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def wait(self, least: float, most: float) -> Later:
        """Between so many school days for an ordinary pair; brisk ones need less, slow ones more."""
        days = self.rng.uniform(least, most) * self.temperament.pace
        return Later(max(1, round(days)))
